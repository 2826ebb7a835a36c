"""Restrictions: which money lines may pay for what, and in which order they are taken.

A restriction is a need's number; "free" is money for any end. Nothing here records anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ledger.core.errors import Refused
from ledger.core.lines import Piece, UnitState, Use, units_in
from ledger.core.names import FREE, ExchangeLine, MoneyLine, SpentLine, line_named
from ledger.core.wording import Figure, Wording
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.tracing.owners import owners
from ledger.tracing.state import Lines


@dataclass(frozen=True, slots=True)
class Taking:
    """Free units of one line, all of one restriction."""

    restriction: str
    line: str
    pieces: tuple[Piece, ...]

    @property
    def units(self) -> int:
        """Whole units of the line's asset."""
        return units_in(self.pieces)


def too_little(
    field: str, asset: str, wanted: int, free: int, bank: str, elsewhere: Sequence[Wording] = ()
) -> Refused:
    """That a bank holds less free money than is wanted, minor units of `asset`."""
    if elsewhere:
        return Refused.field(
            field,
            "{wanted} is wanted, fee included, and only {free} is free at {bank}; restricted to other needs, which "
            "this does not serve: {elsewhere}",
            wanted=Figure(asset, wanted),
            free=Figure(asset, free),
            bank=bank,
            elsewhere=elsewhere,
        )
    return Refused.field(
        field,
        "{wanted} is wanted, fee included, and only {free} is free at {bank}",
        wanted=Figure(asset, wanted),
        free=Figure(asset, free),
        bank=bank,
    )


def kept_for(books: Books, campaign: str, need: str) -> tuple[tuple[str, int], ...]:
    """(asset, minor units) of what is restricted to a need and not spent yet, held or not, at an exchange too."""
    kept: dict[str, int] = {}
    lines: list[MoneyLine | ExchangeLine] = [*books.lines.money(campaign, restriction=need)]
    lines += [line for line in books.lines.at_exchanges(campaign) if line.restriction == need]
    for line in lines:
        units = sum(
            span.end - span.start
            for span in books.lines.spans(str(line))
            if span.state in {UnitState.FREE, UnitState.HELD}
        )
        if units:
            kept[line.asset] = kept.get(line.asset, 0) + units
    return tuple(kept.items())


def restriction_of(line: str) -> str:
    """The restriction of a line of money, or of what a spend carried away of one, to an exchange or not."""
    match line_named(line):
        case (
            MoneyLine(restriction=restriction)
            | SpentLine(restriction=restriction)
            | ExchangeLine(restriction=restriction)
        ):
            return restriction
    return FREE


def fitting(need: str | None) -> tuple[str, ...]:
    """The restrictions that may pay for a need, in their order: its own money first (docs/rules.md, T3)."""
    return (FREE,) if need is None else (need, FREE)


def all_in_order(books: Books, campaign: str, asset: str, need: str | None = None) -> tuple[str, ...]:
    """Every restriction that money of the asset has: what fits first, then the others by number (docs/rules.md, 12)."""
    first = fitting(need)
    there = {line.restriction for line in books.lines.money(campaign, asset=asset)}
    return (*first, *sorted(there - set(first)))


def take(books: Books, campaign: str, asset: str, units: int, order: Iterable[str]) -> tuple[Taking, ...]:
    """The lowest free units of the lines, one line after the other; fewer where there are not so many."""
    takings = []
    for restriction in order:
        line = money_line(campaign, asset, restriction)
        pieces = books.lines.lowest_free(line, units) if units and books.lines.exists(line) else ()
        if pieces:
            taking = Taking(restriction, line, pieces)
            takings.append(taking)
            units -= taking.units
    return tuple(takings)


def take_alike(books: Books, campaign: str, asset: str, units: int, among: int) -> tuple[Taking, ...]:
    """`units` that the lowest `among` free units of the unrestricted line bear alike (docs/rules.md, T4).

    The boundary of each gift's run at count x is carried to `floor(x * units / n)`, so the shares sum exactly, and a
    run gives its own lowest units. Where the line has too few units, all of them and then those of other lines.
    """
    line, lines = money_line(campaign, asset), books.lines
    lowest = lines.lowest_free(line, among) if lines.exists(line) else ()
    if units_in(lowest) < units:
        return take(books, campaign, asset, units, all_in_order(books, campaign, asset))
    return (Taking(FREE, line, parted_alike(lines, line, lowest, units)[0]),)


def parted_alike(
    lines: Lines, line: str, pieces: tuple[Piece, ...], units: int
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """`units` of some pieces of a line that each gift's run in them bears alike, its lowest ones; and the others."""
    total, count = units_in(pieces), 0
    borne: list[Piece] = []
    left: list[Piece] = []
    for start, end in pieces:
        for run in owners(lines, line, start, end):
            below, count = count * units // total, count + run.end - run.start
            last = run.start + count * units // total - below
            borne.append((run.start, last))
            left.append((last, run.end))
    return _touching(borne), _touching(left)


def _touching(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Pieces in their order, those that touch as one, and none that is empty."""
    adjoining: list[Piece] = []
    for start, end in pieces:
        if adjoining and adjoining[-1][1] == start < end:
            adjoining[-1] = (adjoining[-1][0], end)
        elif start < end:
            adjoining.append((start, end))
    return tuple(adjoining)


def units_of(takings: Iterable[Taking]) -> int:
    return sum(taking.units for taking in takings)


def shares(total: int, takings: Sequence[Taking]) -> tuple[int, ...]:
    """What of a total each taking bears or gets: floors of cumulative counts, which sum to the total."""
    units, count, before, cut = units_of(takings), 0, 0, []
    for taking in takings:
        count += taking.units
        upto = total * count // units if units else total
        cut.append(upto - before)
        before = upto
    return tuple(cut)


def cut(taking: Taking, low: int, high: int) -> tuple[Piece, ...]:
    """The units that counts `low..high` of a taking are."""
    return tuple(Use("", taking.line, taking.pieces, taking.units, ()).pieces_between(low, high))


def bound_elsewhere(books: Books, campaign: str, asset: str, need: str | None) -> Iterator[Wording]:
    """What is free and restricted to other ends, for refusals."""
    for restriction in all_in_order(books, campaign, asset, need):
        units = books.lines.free_units(money_line(campaign, asset, restriction))
        if units and restriction not in fitting(need):
            yield Wording(
                "{bound} to {restriction}", {"bound": Figure(asset, units), "restriction": restriction}
            )


def within(lines: Lines, line: str, spans: Iterable[Piece]) -> tuple[Piece, ...]:
    """The free units of a line inside some intervals of it."""
    return tuple(
        piece for start, end in spans for piece in lines.lowest_free(line, end - start, within=(start, end))
    )
