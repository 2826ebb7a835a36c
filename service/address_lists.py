"""Addresses from a CSV file: a column `address`, perhaps one `need`, others ignored. A bad line is named by its number.

Private keys of every form are refused before anything is read, and never repeated.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ledger.core.errors import Refused
from ledger.core.facts import facts_from
from ledger.recording.desk import Wish
from service.command import BadUse
from watchers.proof.networks import Network
from watchers.proof.scripts import AddressRefused, script_of
from watchers.proof.secret import secret_in

COLUMN, NEED_COLUMN = "address", "need"
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ListedAddress:
    """An address and what its line says of its need: a number, "" for any end, None where no column says it.

    `where` is the line and the file, for refusals.
    """

    address: str
    need: str | None
    where: str


def addresses_in(path: Path, network: Network, field: str) -> tuple[ListedAddress, ...]:
    """The addresses of a file in its order; raises BadUse naming `field`, the line, what is wrong and the remedy.

    UTF-8 with or without a byte order mark; commas, semicolons or tabs. Addresses are told apart by their scripts.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadUse(f"{field}: {path.name} is larger than {_MOST_BYTES // 10**6} MB; split it.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise BadUse(f"{field}: {path.name} cannot be read ({failure.strerror}).") from None
    except UnicodeDecodeError:
        raise BadUse(f"{field}: {path.name} is not UTF-8 text; save it as CSV in UTF-8.") from None
    for number, line in enumerate(text.splitlines(), 1):
        secret = secret_in(line)
        if secret is not None:
            raise BadUse(
                f"{field}: line {number} of {path.name} holds a private key ({secret.value}); aidtrail never takes "
                "one. Export the public addresses, and treat that key as seen."
            )
    return _read(text, path.name, network, field)


def _read(text: str, name: str, network: Network, field: str) -> tuple[ListedAddress, ...]:
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in (";", "\t") if mark in head), ",")
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = {column.strip().lower(): column for column in rows.fieldnames or []}
    if COLUMN not in columns:
        raise BadUse(f"{field}: {name} has no column {COLUMN!r} in its first line; name the columns there.")
    found: dict[bytes, tuple[ListedAddress, int]] = {}
    for row in rows:
        address, where = (row.get(columns[COLUMN]) or "").strip(), f"line {rows.line_num} of {name}"
        need = (row.get(columns[NEED_COLUMN]) or "").strip() if NEED_COLUMN in columns else None
        if not address and not need:
            continue
        if not address:
            raise BadUse(f"{field}: {where}: {COLUMN} is empty beside a need; write it, or clear the line.")
        try:
            script = bytes(script_of(address, network))
        except AddressRefused as refusal:
            raise BadUse(f"{field}: {where}: {refusal}") from None
        if script in found:
            raise BadUse(f"{field}: {where} repeats the address of line {found[script][1]}; take one out.")
        found[script] = (ListedAddress(address, _number(need, where, field), where), rows.line_num)
    if not found:
        raise BadUse(f"{field}: {name} names no address; write one a line under {COLUMN!r}.")
    return tuple(listed for listed, _ in found.values())


def _number(need: str | None, where: str, field: str) -> str | None:
    """The cell, where it is shaped like the number of a need; raises BadUse, and does not repeat it."""
    if need:
        try:
            facts_from(Wish, {"need": need})
        except Refused as refusal:
            raise BadUse(f"{field}: {where}: {refusal}.") from None
    return need
