"""Carrying value: what coins were worth when they were given, carried along the same units and floors as shares.

Gain is gross proceeds less the carrying value of what was given up (docs/rules.md, 10). Nothing is booked here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ledger.core.lines import Part, PartKind, Piece, Span, UnitState, Use
from ledger.core.names import LineKind, OrderLine, UseCause, line_named, use_named
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_values import Worth, line_value, worths
from ledger.rules.orders import item_of, require_order
from ledger.rules.reclassifications import RECLASSIFICATIONS, reclassified_by
from ledger.rules.sold import fetched_in
from ledger.views.given_value import carries_on
from ledger.views.sum_tables import SumKey, SumRow, SumTable, SumTotal

NOTHING = Worth(0, 0)


class _Where(Enum):
    """What became of units of coins."""

    VOID = auto()
    OTHER = auto()  # gone, by a noun that gives nothing up for them
    USED = auto()  # given up for something, by a use
    HELD = auto()
    AT_EXCHANGE = auto()
    UNEXPLAINED = auto()


@dataclass(frozen=True, slots=True)
class _Placed:
    """Intervals of one line of gifts, and what became of each, by the name of its noun or use."""

    pieces: list[Piece]
    places: list[tuple[_Where, str]]

    def add(self, where: _Where, name: str, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self.pieces.append(piece)
            self.places.append((where, name))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Coins that a conversion or a payment gave: at carrying value, their network fee apart.

    `gross` is what they fetched before the exchange's fee, None where that is in another currency.
    """

    noun: UseCause
    number: str
    worth: Worth
    fee: Worth
    gross: int | None

    @property
    def gain(self) -> int | None:
        """Negative for a loss; None where a value is not known."""
        if self.gross is None or self.worth.unvalued:
            return None
        return self.gross - self.worth.value


class Carrying:
    """The carrying values of one campaign's coins as they stand."""

    def __init__(self, books: Books, campaign: str) -> None:
        self._books = books
        self._campaign = campaign
        self.currency = campaign_of(books.session, campaign).currency
        self._sold: dict[str, int | None] = {}
        self._arrived: dict[str, list[Piece]] = {}
        coins = [str(line) for line in books.lines.money(campaign, asset="BTC")]
        given = {line: line_value(books.session, line) for line in coins}
        self.given = sum(filter(None, given.values()))
        self.held = self.at_exchange = self.unexplained = self.fees = self.void = NOTHING
        self.other: dict[UseCause, Worth] = defaultdict(lambda: NOTHING)
        self._given_up: dict[tuple[UseCause, str], GivenUp] = {}
        self._used: dict[str, Worth] = defaultdict(lambda: NOTHING)
        if any(value is not None for value in given.values()):
            self._sold = self._gross_of_sales()
            self._arrived = self._reclassified()
            for line in coins:
                placed = _Placed([], [])
                self._walk(line, placed)
                self._value(placed, worths(books.session, line, placed.pieces))
            for ref in sorted(self._used):
                self._give_up(books.lines.use(ref), self._used[ref])

    @property
    def given_up(self) -> tuple[GivenUp, ...]:
        return tuple(self._given_up[key] for key in sorted(self._given_up))

    def _gross_of_sales(self) -> dict[str, int | None]:
        """What each use of a conversion fetched, by its id."""
        return {
            use: sale.gross if sale.currency == self.currency else None
            for use, sale in fetched_in(self._books.session, self._campaign).items()
        }

    def _gross(self, use: Use) -> int | None:
        """What a use of coins fetched: at the exchange, or of an order's value where it is in our currency."""
        if use.id in self._sold:
            return self._sold[use.id]
        parts = [part for part in use.parts if part.kind is not PartKind.FEE]
        same = all(part.line is not None and line_named(part.line).asset == self.currency for part in parts)
        return sum(self._value_of(part) for part in parts) if same else None

    def _value_of(self, part: Part) -> int:
        """What a part of a use that went on is worth, in minor units."""
        name = line_named(str(part.line))
        if not isinstance(name, OrderLine):
            return part.out
        session = self._books.session
        item = item_of(session, require_order(session, name.campaign, name.order), name.item)
        return item.value_of(part.start, part.start + part.out)

    def _walk(self, line: str, placed: _Placed) -> None:
        at = 0
        for start, end in (*self._arrived.get(line, ()), (self._books.lines.length(line),) * 2):
            if at < start:
                self._spread(placed, line, at, start, ((at, start),))
            at = end

    def _reclassified(self) -> dict[str, list[Piece]]:
        """Units of lines that were given elsewhere on a line, where their values are; they are walked from there."""
        by_line: dict[str, list[Piece]] = defaultdict(list)
        for number, status in RECLASSIFICATIONS.statuses(self._books.session, self._campaign):
            use_id = reclassified_by(self._campaign, number)
            if status is ProposalStatus.APPROVED and self._books.lines.has_use(use_id):
                (part,) = self._books.lines.use(use_id).parts
                by_line[str(part.line)].append((part.start, part.start + part.out))
        coins = [str(line) for line in self._books.lines.money(self._campaign, asset="BTC")]
        for line, runs in self._books.lines.brought_by_uses(coins).items():
            back = [(start, end) for start, end, use in runs if use_named(use).cause is UseCause.WITHDRAWAL]
            by_line[line] += back
        return {line: sorted(pieces) for line, pieces in by_line.items()}

    def _spread(self, placed: _Placed, line: str, start: int, end: int, given: tuple[Piece, ...]) -> None:
        """Units `start..end` of a line, which were `given` as those: what a spend or a reclassification carried on
        is looked for where it lies now; all else is told by kind.
        """
        whole, kind = Use("", line, given, end - start, ()), line_named(line).kind
        money = kind is LineKind.MONEY
        for span in self._books.lines.spans(line, start, end):
            mine = tuple(whole.pieces_between(span.start - start, span.end - start))
            match span.state:
                case UnitState.VOID:
                    placed.add(_Where.VOID, "", mine)
                case UnitState.USED if carries_on(span.ref):
                    self._carry(placed, span, Use("", line, mine, span.end - span.start, ()))
                case UnitState.USED if money:
                    placed.add(_Where.OTHER, use_named(span.ref).cause, mine)
                case UnitState.USED:
                    # One explanation may take what two spends of a transaction, or of two lines, carried away.
                    placed.add(_Where.USED, span.ref, mine)
                case _ if money:
                    placed.add(_Where.HELD, "", mine)
                case _ if kind is LineKind.EXCHANGE:
                    placed.add(_Where.AT_EXCHANGE, "", mine)
                case _:
                    placed.add(_Where.UNEXPLAINED, "", mine)

    def _value(self, placed: _Placed, worth: Sequence[Worth]) -> None:
        """Add the values of what was found to where it lies."""
        for (where, name), value in zip(placed.places, worth, strict=True):
            match where:
                case _Where.VOID:
                    self.void += value
                case _Where.OTHER:
                    self.other[UseCause(name)] += value
                case _Where.USED:
                    self._used[name] += value
                case _Where.HELD:
                    self.held += value
                case _Where.AT_EXCHANGE:
                    self.at_exchange += value
                case _Where.UNEXPLAINED:
                    self.unexplained += value

    def _carry(self, placed: _Placed, span: Span, given: Use) -> None:
        """Units of a span that went on unchanged to the one line of their use."""
        use = self._books.lines.use(span.ref)
        (part,) = use.parts
        for first, last in use.pieces:
            low, high = max(first, span.start), min(last, span.end)
            if low < high and part.line is not None:
                at = part.start + use.count_at(low)
                pieces = tuple(given.pieces_between(low - span.start, high - span.start))
                self._spread(placed, part.line, at, at + high - low, pieces)

    def _give_up(self, use: Use, worth: Worth) -> None:
        """Part the fee off first, in proportion, as the use does with its units."""
        units = use.units
        charged = sum(part.share for part in use.parts if part.kind is PartKind.FEE)
        fee = Worth(worth.value * charged // units, worth.unvalued * charged // units)
        rest = Worth(worth.value - fee.value, worth.unvalued - fee.unvalued)
        self.fees += fee
        name = use_named(use.id)
        noun, number = name.cause, name.number
        if noun not in {UseCause.CONVERSION, UseCause.PAYMENT}:
            if charged < units:
                self.other[noun] += rest
            return
        gross = self._gross(use)
        before = self._given_up.get((noun, number))
        if before is not None:
            rest, fee = rest + before.worth, fee + before.fee
            gross = None if gross is None or before.gross is None else gross + before.gross
        self._given_up[noun, number] = GivenUp(noun, number, rest, fee, gross)


_GIVEN_UP: Mapping[UseCause, SumKey] = {
    UseCause.CONVERSION: SumKey.VALUE_CONVERTED,
    UseCause.PAYMENT: SumKey.VALUE_PAID,
}
_GONE: Mapping[UseCause, SumKey] = {
    UseCause.COVER: SumKey.VALUE_OF_COVER,
    UseCause.CUSTODY_FEE: SumKey.VALUE_OF_CUSTODY_FEE,
    UseCause.GIFT_RETURN: SumKey.VALUE_OF_GIFT_RETURN,
    UseCause.LOAN: SumKey.VALUE_OF_LOAN,
    UseCause.OPENING: SumKey.VALUE_OF_OPENING,
    UseCause.REPAYMENT: SumKey.VALUE_OF_REPAYMENT,
}


def carrying_tables(books: Books, campaign: str) -> list[SumTable]:
    """The value of gifts in coins by where they are now; then what they fetched: carrying value and gain.

    None before coins were given up, or where no gift has a value.
    """
    carrying = Carrying(books, campaign)
    given_up, currency = carrying.given_up, carrying.currency
    if not given_up or not carrying.given:
        return []
    rows = [
        SumRow(asset=currency, key=_GIVEN_UP[row.noun], label=row.number, minor=row.worth.value)
        for row in given_up
    ]
    rows.append(SumRow(asset=currency, key=SumKey.VALUE_OF_FEES, minor=carrying.fees.value))
    gone: Counter[SumKey] = Counter()
    for cause, worth in carrying.other.items():
        gone[_GONE.get(cause, SumKey.VALUE_OF_OTHER)] += worth.value
    rows += [SumRow(asset=currency, key=key, minor=value) for key, value in sorted(gone.items())]
    rows.append(SumRow(asset=currency, key=SumKey.VALUE_HELD, minor=carrying.held.value))
    if carrying.at_exchange.value:
        rows.append(SumRow(asset=currency, key=SumKey.VALUE_AT_EXCHANGE, minor=carrying.at_exchange.value))
    rows.append(SumRow(asset=currency, key=SumKey.VALUE_UNEXPLAINED, minor=carrying.unexplained.value))
    tables = [
        SumTable(
            asset=currency,
            unit="",
            rows=tuple(rows),
            total=SumTotal(
                asset=currency, key=SumKey.VALUE_GIVEN, minor=carrying.given - carrying.void.value
            ),
        )
    ]
    fetched: list[SumRow] = []
    total = 0
    for row in given_up:
        if row.gain is None or row.gross is None:
            continue
        fetched.append(
            SumRow(asset=currency, key=SumKey.CARRYING_VALUE, label=row.number, minor=row.worth.value)
        )
        fetched.append(
            SumRow(
                asset=currency,
                key=SumKey.GAIN if row.gain >= 0 else SumKey.LOSS,
                label=row.number,
                minor=row.gain,
            )
        )
        total += row.gross
    if fetched:
        tables.append(
            SumTable(
                asset=currency,
                unit="",
                rows=tuple(fetched),
                total=SumTotal(asset=currency, key=SumKey.GROSS_PROCEEDS, minor=total),
            )
        )
    return tables
