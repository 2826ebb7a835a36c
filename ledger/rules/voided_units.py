"""Reversal effects on lines: the units that an entry appended are void again, never those that went on already."""

from __future__ import annotations

from ledger.core.entry import Entry, F, N
from ledger.core.errors import Conflict
from ledger.core.lines import Append, Change, Piece, UnitState
from ledger.core.wording import Wording
from ledger.rules.spec import Context


def void_appended(context: Context, entry: Entry[F, N], why: Wording) -> tuple[Change, ...]:
    """What takes all gifts of an entry off their lines; Conflict, told as `why`, where some are bound or spent."""
    return tuple(
        void_free(context, given.line, (given.start, given.start + given.units), given.gift, why)
        for given in entry.operations
        if isinstance(given, Append)
    )


def void_free(context: Context, line: str, piece: Piece, ref: str, why: Wording) -> Change:
    """What takes units off a line; Conflict, told as `why`, where some of them are bound or spent."""
    if any(span.state is not UnitState.FREE for span in context.books.lines.spans(line, *piece)):
        raise Conflict.of("entry", why)
    return Change(line, (piece,), UnitState.FREE, UnitState.VOID, ref)
