"""Reversal effects on lines: the units that an entry appended are void again, never those that went on already."""

from __future__ import annotations

from ledger.core.entry import Entry, F, N
from ledger.core.errors import Conflict
from ledger.core.lines import Append, Change, Piece, UnitState
from ledger.rules.spec import Context


def void_appended(context: Context, entry: Entry[F, N], what: str) -> tuple[Change, ...]:
    """What takes all gifts of an entry off their lines; Conflict, as `what`, where some are bound or spent."""
    return tuple(
        void_free(context, given.line, (given.start, given.start + given.units), given.gift, what)
        for given in entry.operations
        if isinstance(given, Append)
    )


def void_free(context: Context, line: str, piece: Piece, ref: str, what: str) -> Change:
    """What takes units off a line; Conflict, as `what`, where some of them are bound or spent."""
    if any(span.state is not UnitState.FREE for span in context.books.lines.spans(line, *piece)):
        raise Conflict(f"entry: some of {what}; reverse what stands on it first")
    return Change(line, (piece,), UnitState.FREE, UnitState.VOID, ref)
