"""What an entry appended, taken off its lines again when that entry is reversed; never what went on already."""

from __future__ import annotations

from ledger.core.entry import Entry, F, N
from ledger.core.errors import Conflict
from ledger.core.lines import Append, Change, Piece, UnitState
from ledger.rules.spec import Context


def appended_off(context: Context, entry: Entry[F, N], told: str) -> tuple[Change, ...]:
    """What takes all gifts of an entry off their lines; Conflict, as `told`, where some are bound or spent."""
    return tuple(
        free_off(context, given.line, (given.start, given.start + given.units), given.gift, told)
        for given in entry.operations
        if isinstance(given, Append)
    )


def free_off(context: Context, line: str, piece: Piece, ref: str, told: str) -> Change:
    """What takes units off a line; Conflict, as `told`, where some of them are bound or spent."""
    if any(span.state is not UnitState.FREE for span in context.books.lines.spans(line, *piece)):
        raise Conflict(f"entry: some of {told}; reverse what stands on it first")
    return Change(line, (piece,), UnitState.FREE, UnitState.VOID, ref)
