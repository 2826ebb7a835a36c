"""What blocks hold: the free units of gifts that were blocked after they had settled, and what becomes free of them.

It reads and says what to hold; blocks themselves are recorded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.core.lines import Change, Piece, UnitState, Use
from ledger.core.names import HoldCause, HoldName, hold_named
from ledger.rules.books import Books
from ledger.rules.gift_records import given_money, standing_blocks
from ledger.tracing.state import Lines

Freed = tuple[str, tuple[Piece, ...]]
"""A line, and pieces of it that an entry frees."""


def held_by_block(lines: Lines, line: str, start: int, end: int) -> tuple[Piece, ...]:
    """The units of a gift that a block holds, on a line."""
    return tuple(
        (span.start, span.end)
        for span in lines.spans(line, start, end)
        if span.state is UnitState.HELD and hold_named(span.ref).cause is HoldCause.BLOCK
    )


def blocked_intervals(books: Books, campaign: str) -> Iterator[tuple[str, str, int, int]]:
    """(block, line, start, end) of each live gift on a line that a standing block is on."""
    for block in standing_blocks(books.session, campaign):
        gift = given_money(books.session, campaign, block.gift)
        if gift is not None and gift.live and gift.units is not None:
            yield block.number, *gift.units


def held_again(
    books: Books, campaign: str, freed: Iterable[Freed], taken: Iterable[Freed] = ()
) -> tuple[Change, ...]:
    """What holds units of blocked gifts that an entry frees and does not take again: nothing more of them is spent."""
    freed, taken = list(freed), list(taken)
    found = []
    for number, line, start, end in blocked_intervals(books, campaign):
        own = [piece for name, pieces in freed if name == line for piece in overlap(pieces, start, end)]
        gone = [piece for name, pieces in taken if name == line for piece in pieces]
        left = tuple(piece for a, b in sorted(own) for piece in _without(a, b, gone))
        if left:
            found.append(
                Change(line, left, UnitState.FREE, UnitState.HELD, str(HoldName(HoldCause.BLOCK, number)))
            )
    return tuple(found)


def freed_by(uses: Iterable[Use]) -> list[Freed]:
    """What is free again when uses are undone."""
    return [(use.line, use.pieces) for use in uses]


def overlap(pieces: Iterable[Piece], start: int, end: int) -> list[Piece]:
    """The parts of some pieces that lie in an interval."""
    return [(max(a, start), min(b, end)) for a, b in pieces if max(a, start) < min(b, end)]


def _without(start: int, end: int, gone: list[Piece]) -> Iterator[Piece]:
    at = start
    for a, b in sorted(overlap(gone, start, end)):
        if at < a:
            yield at, a
        at = max(at, b)
    if at < end:
        yield at, end
