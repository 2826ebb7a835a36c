"""What blocks hold: the free units of gifts that were blocked after they had settled, and what becomes free of them.

It reads and says what to hold; blocks themselves are recorded elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ledger.core.lines import Change, Piece, UnitState, Use, common, units_in, without
from ledger.core.names import (
    ExchangeLine,
    HoldCause,
    HoldName,
    LineKind,
    UseCause,
    hold_named,
    line_named,
    use_named,
)
from ledger.rules.books import Books
from ledger.rules.gift_records import given_money, standing_blocks
from ledger.tracing.state import Lines, Run

Freed = tuple[str, tuple[Piece, ...]]
"""A line, and pieces of it that an entry frees."""


_UNCHANGED = frozenset(
    {
        UseCause.SPEND,
        UseCause.MOVE,
        UseCause.OWN_MOVE,
        UseCause.RECLASSIFICATION,
        UseCause.DEPOSIT,
        UseCause.WITHDRAWAL,
        UseCause.CUSTODY_FEE,
    }
)
"""What leaves units that go on what they were, but for a fee."""


def held_by_block(lines: Lines, line: str, start: int, end: int) -> tuple[Piece, ...]:
    """The units of a gift that a block holds, on a line."""
    return tuple(
        (span.start, span.end)
        for span in lines.spans(line, start, end)
        if span.state is UnitState.HELD and hold_named(span.ref).cause is HoldCause.BLOCK
    )


def unspent_runs(lines: Lines, line: str, start: int, end: int) -> Iterator[Run]:
    """Where units of a gift lie, or lay, and are no less the gift's own: on its line, and where they went on unchanged
    as money of the same asset, to an exchange and back from there too.

    What spends carried away is followed, and waits there for its explanation.
    """
    lies = {LineKind.MONEY, LineKind.EXCHANGE}
    return (run for run in _unchanged_runs(lines, line, start, end) if line_named(run[0]).kind in lies)


def _unchanged_runs(lines: Lines, line: str, start: int, end: int) -> Iterator[Run]:
    """The same, and where spends carried them."""
    work = [(line, start, end)]
    while work:
        run = work.pop()
        yield run
        for span in lines.spans(*run):
            if span.state is UnitState.USED and use_named(span.ref).cause in _UNCHANGED:
                use = lines.use(span.ref)
                for first, last in common(use.pieces, ((span.start, span.end),)):
                    low = use.count_at(first)
                    work += [
                        (part.line, part.start + below, part.start + upto)
                        for part, below, upto in use.outs_between(low, low + last - first)
                        if part.line is not None and below < upto
                    ]


def blocked_intervals(books: Books, campaign: str) -> Iterator[tuple[str, str, int, int]]:
    """(block, line, start, end) of each run of units that a live gift has somewhere, which a standing block is on."""
    for block in standing_blocks(books.session, campaign):
        gift = given_money(books.session, campaign, block.gift)
        if gift is not None and gift.live and gift.units is not None:
            for run in unspent_runs(books.lines, *gift.units):
                yield block.number, *run


def blocked_at_exchanges(books: Books, campaign: str) -> Counter[tuple[str, str]]:
    """Sats of blocked gifts that lie at exchanges, by exchange and the number of the deposit that brought them."""
    blocked: Counter[tuple[str, str]] = Counter()
    for _, line, start, end in blocked_intervals(books, campaign):
        name = line_named(line)
        if isinstance(name, ExchangeLine):
            brought = books.lines.sources_of(((line, start, end),))[line, start, end]
            for source in brought:
                held = held_by_block(books.lines, line, max(start, source.start), min(end, source.end))
                if source.use is not None:
                    blocked[name.exchange, use_named(source.use).number] += units_in(held)
    return blocked


def held_again(
    books: Books, campaign: str, freed: Iterable[Freed], taken: Iterable[Freed] = ()
) -> tuple[Change, ...]:
    """What holds units of blocked gifts that an entry frees and does not take again: nothing more of them is spent."""
    freed, taken = list(freed), list(taken)
    changes = []
    for number, line, start, end in blocked_intervals(books, campaign):
        own = [piece for name, pieces in freed if name == line for piece in common(pieces, ((start, end),))]
        gone = [piece for name, pieces in taken if name == line for piece in pieces]
        left = without(own, gone)
        if left:
            changes.append(
                Change(line, left, UnitState.FREE, UnitState.HELD, str(HoldName(HoldCause.BLOCK, number)))
            )
    return tuple(changes)


def held_onward(books: Books, campaign: str, uses: Iterable[Use]) -> tuple[Change, ...]:
    """What holds units of blocked gifts that uses carry on, of what a spend had taken before it was explained."""
    uses, lines = list(uses), books.lines
    changes = []
    for block in standing_blocks(books.session, campaign):
        gift = given_money(books.session, campaign, block.gift)
        if gift is None or not gift.live or gift.units is None:
            continue
        for line, start, end in _unchanged_runs(lines, *gift.units):
            for use in uses:
                for first, last in common(use.pieces, ((start, end),)) if use.line == line else ():
                    low = use.count_at(first)
                    changes += [
                        Change(
                            part.line,
                            ((part.start + below, part.start + upto),),
                            UnitState.FREE,
                            UnitState.HELD,
                            str(HoldName(HoldCause.BLOCK, block.number)),
                        )
                        for part, below, upto in use.outs_between(low, low + last - first)
                        if part.line is not None and below < upto
                    ]
    return tuple(changes)


def let_go(books: Books, campaign: str, uses: Iterable[Use]) -> tuple[Change, ...]:
    """What frees units of blocked gifts that uses yielded, which are undone: `held_again` holds what is freed by it."""
    yielded = [
        (part.line, (part.start, part.start + part.out))
        for use in uses
        for part in use.parts
        if part.line is not None
    ]
    changes = []
    for _, line, start, end in blocked_intervals(books, campaign) if yielded else ():
        held = held_by_block(books.lines, line, start, end)
        back = tuple(piece for name, of in yielded if name == line for piece in common(held, (of,)))
        changes += [Change(line, back, UnitState.HELD, UnitState.FREE, "")] if back else []
    return tuple(changes)


def freed_by(uses: Iterable[Use]) -> list[Freed]:
    """What is free again when uses are undone."""
    return [(use.line, use.pieces) for use in uses]
