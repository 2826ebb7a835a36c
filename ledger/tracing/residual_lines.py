"""Residual lines: pieces that ended in a use (short, rejected) and are replaced, found or paid back later.

Such a remainder becomes a line of its own when it is first needed, and keeps its owners. Nothing here decides.
"""

from __future__ import annotations

from ledger.core.lines import Open, PartKind, Use
from ledger.core.names import EndedLine
from ledger.core.wording import WrongValue
from ledger.tracing.state import Lines


def _index_of(use: Use, kind: PartKind) -> int | None:
    return next((i for i, p in enumerate(use.parts) if p.kind is kind and p.line is None), None)


def ended_line_of(use: Use, kind: PartKind, asset: str) -> str:
    """The name of the line of what ended in a use as `kind`; empty where nothing did."""
    index = _index_of(use, kind)
    return "" if index is None else str(EndedLine(use.id, index, asset))


def still_ended(lines: Lines, use: Use, kind: PartKind, asset: str) -> int:
    """Units that ended in a use as `kind` and have not gone on since."""
    index = _index_of(use, kind)
    if index is None:
        return 0
    line = str(EndedLine(use.id, index, asset))
    return lines.free_units(line) if lines.exists(line) else use.parts[index].out


def reopened(lines: Lines, use: Use, kind: PartKind, asset: str) -> tuple[str, tuple[Open, ...]]:
    """The line of what ended in a use as `kind`, and the operation that opens it where nobody did before.

    Raises WrongValue where the use has no such end.
    """
    index = _index_of(use, kind)
    if index is None:
        raise WrongValue("use {use} has nothing {kind}", use=use.id, kind=kind.value)
    line = str(EndedLine(use.id, index, asset))
    return line, () if lines.exists(line) else (Open(line, asset, use.parts[index].out),)
