"""Addresses from a CSV file: a column of them, perhaps one `need`, others ignored. A bad line is named by its number.

The column is the one whose heading is or ends in `address`; a file without headings has its addresses in one column.

Private keys of every form are refused before anything is read, and never repeated.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ledger.core.errors import Refused
from ledger.core.facts import facts_from
from ledger.core.pasted import pasted_key
from ledger.core.secret import secret_in
from ledger.core.wording import Wording
from ledger.recording.desk import Wish
from service.command import BadUse
from watchers.proof.networks import Network
from watchers.proof.scripts import AddressRefused, script_of

COLUMN, NEED_COLUMN = "address", "need"
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address and what its line says of its need: a number, "" for any end, None where no column says it.

    `where` is the line and the file, for refusals.
    """

    address: str
    need: str | None
    where: Wording


def addresses_in(path: Path, network: Network, field: str) -> tuple[ListedAddress, ...]:
    """The addresses of a file in its order; raises BadUse naming `field`, the line, what is wrong and the remedy.

    UTF-8 with or without a byte order mark; commas, semicolons or tabs. Addresses are told apart by their scripts.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadUse(
                "{field}: {path} is larger than {most} MB; split it.",
                field=field,
                path=path.name,
                most=_MOST_BYTES // 10**6,
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise BadUse(
            "{field}: {path} cannot be read ({reason}).",
            field=field,
            path=path.name,
            reason=str(failure.strerror),
        ) from None
    except UnicodeDecodeError:
        raise BadUse(
            "{field}: {path} is not UTF-8 text; save it as CSV in UTF-8.", field=field, path=path.name
        ) from None
    for number, line in enumerate(text.splitlines(), 1):
        secret = secret_in(line)
        if secret is not None:
            raise BadUse(
                "{field}: line {number} of {path} holds a private key ({secret}); aidtrail never takes one. "
                "Export the public addresses, and treat that key as seen.",
                field=field,
                number=number,
                path=path.name,
                secret=secret.wording,
            )
    return _read(text, path.name, network, field)


def _read(text: str, name: str, network: Network, field: str) -> tuple[ListedAddress, ...]:
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in (";", "\t") if mark in head), ",")
    first = next(csv.reader([head], delimiter=delimiter), [])
    bare = [n for n, cell in enumerate(first) if _is_address(cell, network)]
    names = [f"column {n}" for n in range(len(first))] if bare else None
    rows = csv.DictReader(io.StringIO(text), names, delimiter=delimiter)
    columns = {column.strip().lower(): column for column in rows.fieldnames or []}
    named = [column for column in columns if column.endswith(COLUMN)]
    chosen = [f"column {n}" for n in bare] or ([COLUMN] if COLUMN in columns else named)
    if len(chosen) != 1:
        raise BadUse(
            "{field}: {name} has no column {column} in its first line; name the columns there.",
            field=field,
            name=name,
            column=repr(COLUMN),
        )
    of_address = columns[chosen[0]]
    by_script: dict[bytes, tuple[ListedAddress, int]] = {}
    for row in rows:
        address = pasted_key(row.get(of_address) or "")
        where = Wording("line {line} of {file}", {"line": rows.line_num, "file": name})
        need = (row.get(columns[NEED_COLUMN]) or "").strip() if NEED_COLUMN in columns else None
        if not address and not need:
            continue
        if not address:
            raise BadUse(
                "{field}: {where}: {column} is empty beside a need; write it, or clear the line.",
                field=field,
                where=where,
                column=COLUMN,
            )
        try:
            script = bytes(script_of(address, network))
        except AddressRefused as refusal:
            raise BadUse(
                "{field}: {where}: {refusal}", field=field, where=where, refusal=refusal.wording
            ) from None
        if script in by_script:
            raise BadUse(
                "{field}: {where} repeats the address of line {line}; take one out.",
                field=field,
                where=where,
                line=by_script[script][1],
            )
        by_script[script] = (ListedAddress(address, _number(need, where, field), where), rows.line_num)
    if not by_script:
        raise BadUse(
            "{field}: {name} names no address; write one a line under {column}.",
            field=field,
            name=name,
            column=repr(COLUMN),
        )
    return tuple(listed for listed, _ in by_script.values())


def _is_address(cell: str, network: Network) -> bool:
    try:
        script_of(pasted_key(cell), network)
    except AddressRefused:
        return False
    return True


def _number(need: str | None, where: Wording, field: str) -> str | None:
    """The cell, where it is shaped like the number of a need; raises BadUse, and does not repeat it."""
    if need:
        try:
            facts_from(Wish, {"need": need})
        except Refused as refusal:
            raise BadUse(
                "{field}: {where}: {refusal}.",
                field=field,
                where=where,
                refusal=refusal.wording,
            ) from None
    return need
