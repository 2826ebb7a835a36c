"""Addresses from a CSV file: a column `address`, other columns ignored. A bad line is named by its number.

Private keys of every form are refused before anything is read, and never repeated.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from service.command import BadUse
from watchers.networks import Network
from watchers.scripts import AddressRefused, script_of
from watchers.secret import secret_in

COLUMN = "address"
_MOST_BYTES = 64_000_000


def addresses_in(path: Path, network: Network, field: str) -> tuple[str, ...]:
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


def _read(text: str, name: str, network: Network, field: str) -> tuple[str, ...]:
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = next((mark for mark in (";", "\t") if mark in head), ",")
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = {column.strip().lower(): column for column in rows.fieldnames or []}
    if COLUMN not in columns:
        raise BadUse(f"{field}: {name} has no column {COLUMN!r} in its first line; name the columns there.")
    found: dict[bytes, tuple[str, int]] = {}
    for row in rows:
        address = (row.get(columns[COLUMN]) or "").strip()
        if not address:
            continue
        try:
            script = bytes(script_of(address, network))
        except AddressRefused as refusal:
            raise BadUse(f"{field}: line {rows.line_num} of {name}: {refusal}") from None
        if script in found:
            raise BadUse(
                f"{field}: line {rows.line_num} of {name} repeats the address of line {found[script][1]}; take one out."
            )
        found[script] = (address, rows.line_num)
    if not found:
        raise BadUse(f"{field}: {name} names no address; write one a line under {COLUMN!r}.")
    return tuple(address for address, _ in found.values())
