"""Where the lines of a campaign lie on the bars of its picture, and what it is called when units stay on a line.

A bar is what came to a line in one way. Reads lines only; no sums of accounts, no words of a language.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.lines import PartKind, Piece, UnitState, Use, without
from ledger.core.names import (
    EndedLine,
    GoodsLine,
    HoldCause,
    Line,
    LineKind,
    Lot,
    MoneyLine,
    OrderLine,
    UseCause,
    UseName,
    hold_named,
    line_named,
    use_named,
)
from ledger.core.wording import WrongValue
from ledger.model.campaigns import Nature, ProductRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.deliveries import ArrivalRow, ArrivedLotRow, ShipmentRow
from ledger.model.goods import Cause, LossRow
from ledger.model.orders import OrderItemRow, OrderRow, RefundRow
from ledger.rules.books import Books
from ledger.rules.came import NotGifts
from ledger.rules.campaigns import products_of
from ledger.rules.orders import item_of, require_order
from ledger.views.flow import (
    ExitKind,
    Origin,
    StageKind,
)
from ledger.views.returned_units import ReturnedRuns, cut, placed, returned_runs

_EXIT_OF_PART = {
    PartKind.FEE: ExitKind.FEE,
    PartKind.SHORT: ExitKind.SHORT,
    PartKind.DAMAGED: ExitKind.DAMAGED,
    PartKind.REJECTED: ExitKind.REJECTED,
    PartKind.CLAIMED: ExitKind.CLAIM,
    PartKind.CANCELLED: ExitKind.CANCELLED,
    PartKind.RETURNED: ExitKind.RETURNED,
    PartKind.BEFORE: ExitKind.BEFORE,
}

_WHY = {
    Cause.DAMAGE: ExitKind.DAMAGED,
    Cause.EXPIRED: ExitKind.EXPIRED,
    Cause.STOLEN: ExitKind.STOLEN,
    Cause.COLD_CHAIN: ExitKind.SPOILED,
    Cause.CUSTOMS: ExitKind.CUSTOMS,
    Cause.RECALLED: ExitKind.RECALLED,
}
"""What lost pieces are called by the cause that is told; those that are only lost by where they were."""
APART = (Origin.GIVEN, Origin.BEFORE)
"""How goods came that are no order's, and are told apart wherever they go."""
_LEFT = {
    LineKind.MONEY: ExitKind.HELD,
    LineKind.SPENT: ExitKind.UNEXPLAINED,
    LineKind.EXCHANGE: ExitKind.AT_EXCHANGE,
    LineKind.LOAN: ExitKind.LENT,
    LineKind.REPAID: ExitKind.REPAID,
}
"""What it is called when units stay on a line of such a kind."""


_WAITS = {
    AccountClass.STOCK: ExitKind.IN_STOCK,
    AccountClass.TRANSIT: ExitKind.IN_TRANSIT,
    AccountClass.HANDED: ExitKind.WAITING,
}
"""What it is called when goods stay at a place of such a kind; elsewhere they are where they were meant to go."""


def is_refund(use: Use) -> bool:
    return use_named(use.id).cause is UseCause.REFUND


class _Run(NamedTuple):
    """Units `start..end` of a line, which begin at `at` of a bar."""

    start: int
    end: int
    bar: str
    at: int


@dataclass(frozen=True, slots=True)
class Axis:
    """A line on its bars: runs in order, those that are void left out; `numerator/denominator` is their scale.

    `back`: (start, end, place) of units that a use put back on the line; they are at their old place on the bar.
    """

    runs: tuple[_Run, ...]
    back: ReturnedRuns = ()
    numerator: int = 1
    denominator: int = 1

    def segments(self, start: int, end: int) -> list[tuple[int, int, str, int, int]]:
        """`start..end` of the line in runs that lie together: (start, end, bar, first and last unit there)."""
        segments = []
        for low, high, place in placed(self.back, start, end):
            at = max(0, bisect_right(self.runs, place, key=lambda run: run.start) - 1)
            end_of = place + high - low
            for run in self.runs[at:]:
                if run.start >= end_of:
                    break
                first, last = max(run.start, place), min(run.end, end_of)
                if first < last:
                    here = low + first - place
                    begin, stop = self._at(run, first), self._at(run, last)
                    segments.append((here, here + last - first, run.bar, begin, stop))
        return segments

    def _at(self, run: _Run, place: int) -> int:
        """Where a place of a run is on its bar; of an order's value, how many pieces' positions end by there."""
        return run.at + ((place - run.start + 1) * self.numerator - 1) // self.denominator


@dataclass(frozen=True, slots=True)
class _Measure:
    """What an axis is made of: the length of a line, what of it is left out in order, and what was put back on it.

    `used`: (start, end, use) of the units that uses brought.
    """

    length: int
    void: tuple[tuple[int, int], ...]
    back: ReturnedRuns
    used: tuple[tuple[int, int, str], ...]


STAGES = {
    AccountClass.STOCK: StageKind.STOCK,
    AccountClass.HANDED: StageKind.HANDED,
    AccountClass.DISTRIBUTED: StageKind.DISTRIBUTED,
}
"""The classes of places whose goods are bars of the picture."""


_GOES_TO = select(ShipmentRow.waybill, ShipmentRow.destination).where(
    col(ShipmentRow.campaign) == OF_CAMPAIGN
)
_TURNED_BACK = (
    select(ArrivalRow.number)
    .join(ShipmentRow, col(ShipmentRow.entry) == ArrivalRow.shipment)
    .where(col(ShipmentRow.campaign) == OF_CAMPAIGN, ArrivalRow.place == ShipmentRow.origin)
)


class BarsOfLines:
    """Where the lines of one campaign lie on the bars of its picture, line by line as they are asked for."""

    def __init__(self, books: Books, campaign: str) -> None:
        self._books = books
        self._lines = books.lines
        self._campaign = campaign
        self._axes: dict[str, Axis | None] = {}
        self._measures: dict[str, _Measure] = {}
        self._products = products_of(books.session, campaign)
        self._orders: dict[str, OrderRow] = {}
        self._items: dict[tuple[str, str], OrderItemRow] = {}
        self._came_by: dict[str, list[tuple[int, int, str | Origin]]] = {}
        self._reached: dict[str, str] = {}
        self._others: NotGifts | None = None
        self._causes: dict[tuple[UseCause, str, str], Cause] | None = None
        self._goes_to: dict[str, str] | None = None
        self._turned_back: frozenset[str] | None = None

    def on_bar(self, line: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """The runs of an interval of a line on its bar, none where the line is no bar."""
        axis = self._axis(line)
        return [] if axis is None else [(bar, a, b) for _, _, bar, a, b in axis.segments(start, end)]

    def is_bar(self, line: str) -> bool:
        """Do the units of a line lie on bars of the picture?"""
        return self._axis(line) is not None

    def product_on(self, line: str) -> ProductRow:
        """The product that an order's line is for."""
        return self._products[self.order_item(line)[1].product]

    def ending_of(self, line: str, held_by: str = "", *, closed: bool | None = None) -> ExitKind | None:
        """What it is called when units stay on a line; None: they are where they were meant to go.

        `held_by` names what holds them, if anything does. `closed` says whether an order's line is what its supplier
        owes; None: as the order is now.
        """
        name = line_named(line)
        if held_by and isinstance(name, MoneyLine) and hold_named(held_by).cause is HoldCause.BLOCK:
            return ExitKind.BLOCKED
        match name:
            case EndedLine():
                use = self._lines.use(name.use)
                return self.ended_as(use, use.parts[name.part].kind)
            case OrderLine():
                if self._order(name).is_closed if closed is None else closed:
                    return ExitKind.CLAIM
                return ExitKind.SPENT if self._is_service(name) else ExitKind.OPEN
            case GoodsLine():
                return _WAITS.get(name.at)
        return _LEFT[name.kind]

    def ended_as(self, use: Use, kind: PartKind) -> ExitKind:
        """What it is called when units ended in a use as `kind`: what a refund leaves is no loss of goods."""
        if kind is not PartKind.LOST:
            return _EXIT_OF_PART[kind]
        if is_refund(use):
            return ExitKind.WRITTEN_OFF
        name, line = use_named(use.id), line_named(use.line)
        if name.cause is UseCause.RECALL:
            return ExitKind.RECALLED
        cause = self._cause_of(name)
        if cause is not Cause.LOST:
            return _WHY[cause]
        stood = isinstance(line, GoodsLine) and line.at is not AccountClass.TRANSIT
        return ExitKind.MISSING if stood else ExitKind.LOST

    def _cause_of(self, use: UseName) -> Cause:
        """Why a loss or an arrival counted pieces off; those of a campaign are read at once when one is asked for."""
        if self._causes is None:
            self._causes = {
                (UseCause.LOSS, number, ""): Cause(cause)
                for number, cause in self._books.session.exec(
                    select(LossRow.number, LossRow.cause).where(LossRow.campaign == self._campaign)
                )
            }
            arrived = (
                select(ArrivalRow.number, ArrivedLotRow.product, ArrivedLotRow.lot, ArrivedLotRow.cause)
                .join(ArrivedLotRow, col(ArrivedLotRow.entry) == ArrivalRow.entry)
                .where(ArrivalRow.campaign == self._campaign, col(ArrivedLotRow.cause).is_not(None))
            )
            for number, product, lot, why in self._books.session.exec(arrived):
                self._causes[UseCause.ARRIVAL, number, str(Lot(product, lot))] = Cause(why or Cause.LOST)
        lot_of = use.detail[0] if use.cause is UseCause.ARRIVAL and use.detail else ""
        return self._causes.get((use.cause, use.number, lot_of), Cause.LOST)

    def service_of(self, use: Use) -> tuple[str, str] | None:
        """(product, place) of a service that a use delivered of an order; None for any other use."""
        line = line_named(use.line)
        if not isinstance(line, OrderLine) or use_named(use.id).cause is not UseCause.RECEIPT:
            return None
        for part in use.parts:
            there = None if part.line is None else line_named(part.line)
            if isinstance(there, GoodsLine) and there.at is AccountClass.DELIVERED:
                return there.product, there.place
        return None

    def destination_of(self, waybill: str) -> str:
        """Where what is on a waybill goes; empty for one of another campaign."""
        if self._goes_to is None:
            shipments = self._books.session.exec(_GOES_TO, params={"of_campaign": self._campaign})
            self._goes_to = dict(shipments.all())
        return self._goes_to.get(waybill, "")

    def may_show(self, bar: str, places: Collection[str]) -> bool:
        """May a bar be told to whose gift reached people at some places only? Every other bar may."""
        place = self._reached.get(bar)
        return place is None or place in places

    def order_item(self, line: str) -> tuple[str, OrderItemRow]:
        """(order number, item) of an order line."""
        name = line_named(line)
        if not isinstance(name, OrderLine):
            raise WrongValue("line: {line} is no item of an order", line=line)
        return name.order, self._item(name)

    def packs_ordered(self, order: str, product: str) -> list[tuple[int | None, int | None]]:
        """(packs, pieces in each) of those items of an order, of a product, that were followed."""
        return [
            (item.packs, item.pack_of)
            for (number, _), item in sorted(self._items.items())
            if (number, item.product) == (order, product)
        ]

    def units_waiting(self, line: str, kind: ExitKind | None, start: int, end: int) -> int:
        """`start..end` of a line in the units of what it is called there: goods still to come or owed, in pieces."""
        name = line_named(line)
        if not isinstance(name, OrderLine):
            return end - start
        item = self._item(name)
        to_come = kind in {ExitKind.OPEN, ExitKind.CLAIM} and not self._is_service(name)
        return item.pieces_in(start, end) if to_come else item.value_of(start, end)

    def ended_units(self, use: Use, kind: PartKind, start: int, end: int) -> int:
        """`start..end` of what ended in a use in the units of its exit: of an order's value that a refund left, pieces.

        Floored at both ends, as everywhere on a line, so that what all donors read is what was written off.
        """
        ended = next(part.out for part in use.parts if part.kind is kind)
        pieces = self._left_by_refund(use, kind) if is_refund(use) else None
        return end - start if pieces is None else end * pieces // ended - start * pieces // ended

    def _left_by_refund(self, use: Use, kind: PartKind) -> int | None:
        """The pieces that a refund for what never came left, as `kind`; None for what it left of failed pieces."""
        part = next(part for part in use.parts if part.kind is kind)
        line = line_named(use.line)
        if isinstance(line, OrderLine):
            pieces = sum(self._item(line).pieces_in(*piece) for piece in use.pieces)
        elif isinstance(line, EndedLine) and is_refund(before := self._lines.use(line.use)):
            left = self._left_by_refund(before, PartKind.CLAIMED)
            if left is None:
                return None
            pieces = left * use.units // before.parts[line.part].out
        else:
            return None
        return pieces * part.share // use.scale

    def failed_in(self, use: Use) -> tuple[Use, PartKind] | None:
        """The use in which pieces failed that a refund took, and as what; None where it took what never came.

        A refund of a rest takes money that is owed, and no pieces again.
        """
        line = line_named(use.line)
        if not (is_refund(use) and isinstance(line, EndedLine)):
            return None
        before = self._lines.use(line.use)
        return None if is_refund(before) else (before, before.parts[line.part].kind)

    def owed_on(self, use: Use) -> tuple[str, str]:
        """(order, asset) of what a refund left unpaid: the product of what never came, else the order's currency."""
        line = line_named(use.line)
        while isinstance(line, EndedLine) and is_refund(before := self._lines.use(line.use)):
            line = line_named(before.line)
        if isinstance(line, OrderLine):
            return line.order, self._item(line).product
        name = use_named(use.id)
        wanted = select(OrderRow).join(RefundRow, col(RefundRow.order_entry) == OrderRow.entry)
        row = self._books.session.exec(
            wanted.where(RefundRow.campaign == name.campaign, RefundRow.number == name.number)
        ).one()
        return row.number, row.currency

    def _order(self, line: OrderLine) -> OrderRow:
        if line.campaign != self._campaign:
            return require_order(self._books.session, line.campaign, line.order)
        if line.order not in self._orders:
            self._orders[line.order] = require_order(self._books.session, line.campaign, line.order)
        return self._orders[line.order]

    def _item(self, line: OrderLine) -> OrderItemRow:
        if line.campaign != self._campaign:
            return item_of(self._books.session, self._order(line), line.item)
        key = (line.order, line.item)
        if key not in self._items:
            self._items[key] = item_of(self._books.session, self._order(line), line.item)
        return self._items[key]

    def _is_service(self, line: OrderLine) -> bool:
        return self._products[self._item(line).product].nature is Nature.SERVICE

    def _axis(self, line: str) -> Axis | None:
        """The axis of a line; None where it is no bar."""
        if line not in self._axes:
            name = line_named(line)
            own = isinstance(name, MoneyLine | OrderLine | GoodsLine) and name.campaign == self._campaign
            self._axes[line] = self._find_axis(name) if own else None
        return self._axes[line]

    def _find_axis(self, name: Line) -> Axis | None:
        match name:
            case MoneyLine():
                return self._measured(name, {})
            case OrderLine():
                return self._order_axis(name)
            case GoodsLine() if name.at in STAGES:
                # Lots of a product at a place lie on one bar, one after the other.
                before: dict[str, int] = {}
                lots = self._lines.goods(self._campaign, name.at, place=name.place, product=name.product)
                first = [lot for lot in lots if str(lot) < str(name)]
                self.measure(map(str, (*first, name)))
                for lot in first:
                    self._measured(lot, before)
                return self._measured(name, before)
        return None

    def _order_axis(self, name: OrderLine) -> Axis | None:
        if self._is_service(name):
            return None
        item = self._item(name)
        return Axis((_Run(0, item.units, str(name), 0),), (), item.quantity, item.units)

    def measure(self, lines: Iterable[str]) -> None:
        """Ask about several lines at once what their axes are made of; what is not asked here is asked alone."""
        wanted = [line for line in dict.fromkeys(lines) if line not in self._measures]
        came = self._lines.brought_by_uses(wanted)
        void = self._lines.in_state(wanted, UnitState.VOID)
        # What was reclassified is counted where it lies since; what a bank took of gifts counts nowhere.
        moved = self._lines.taken_by(wanted, (UseCause.RECLASSIFICATION, UseCause.CHARGE_BACK))
        lengths = self._lines.lengths(wanted)
        for line in wanted:
            gone = tuple(void.get(line, ()))
            self._measures[line] = _Measure(lengths.get(line, 0), gone, (), tuple(came.get(line, ())))
        arrived = any(use_named(use).cause is UseCause.ARRIVAL for runs in came.values() for *_, use in runs)
        turned_back = self._arrivals_back() if arrived else frozenset[str]()
        back = returned_runs(self._lines, wanted, came, self._bounds, turned_back)
        for line in wanted:
            measured, runs = self._measures[line], back.get(line, ())
            elsewhere = [
                piece
                for first, last, cause in moved.get(line, ())
                for start, end, place in placed(runs, first, last)
                for piece in self._off_the_bar(line, (place, place + end - start), cause)
            ]
            returned = [(start, end) for start, end, _ in runs]
            left_out = tuple(sorted((*measured.void, *elsewhere, *returned)))
            self._measures[line] = _Measure(measured.length, left_out, runs, measured.used)

    def _off_the_bar(self, line: str, piece: Piece, cause: UseCause) -> Iterator[Piece]:
        """What of a piece that was reclassified or taken back by a bank is on no bar of its line.

        A bank may take of a gift what a supplier paid back of it: that came in by its refund, and leaves by that.
        """
        name = line_named(line)
        if cause is UseCause.RECLASSIFICATION or not isinstance(name, MoneyLine):
            yield piece
            return
        for start, end, origin in self._came(name, *piece):
            if origin is Origin.GIVEN:
                yield start, end

    def _arrivals_back(self) -> frozenset[str]:
        """Numbers of the arrivals of goods that came where their waybill began, asked for once."""
        if self._turned_back is None:
            arrivals = self._books.session.exec(_TURNED_BACK, params={"of_campaign": self._campaign})
            self._turned_back = frozenset(arrivals)
        return self._turned_back

    def _bounds(self, line: str) -> list[int]:
        """Where units of a line that came in one way end and those that came in another begin."""
        name = line_named(line)
        if not isinstance(name, MoneyLine | GoodsLine):
            return []
        return [start for start, _, _ in self._origins(name, 0, self._measures[line].length)]

    def contiguous(self, line: str, axis: Axis, start: int, end: int) -> Iterator[Piece]:
        """`start..end` of a line in runs that came in one way, also where some of them are on no bar any more."""
        return cut(axis.back, (start, end), self._bounds(line))

    def _measure_of(self, line: str) -> _Measure:
        if line not in self._measures:
            self.measure((line,))
        return self._measures[line]

    def _measured(self, name: MoneyLine | GoodsLine, filled: dict[str, int]) -> Axis:
        """The axis of a line whose units go on where its bars are `filled` up to; they are filled further."""
        axis = self._measure_of(str(name))
        runs: list[_Run] = []
        if isinstance(name, GoodsLine) and name.at is AccountClass.DISTRIBUTED:
            self._reached[bar_of(name, Origin.SUPPLIED)] = name.place
        for start, end, origin in self._origins(name, 0, axis.length):
            bar = bar_of(name, origin)
            for low, high in without(((start, end),), axis.void):
                runs.append(_Run(low, high, bar, filled.get(bar, 0)))
                filled[bar] = filled.get(bar, 0) + high - low
        return Axis(tuple(runs), axis.back)

    def _origins(
        self, name: MoneyLine | GoodsLine, start: int, end: int
    ) -> Iterator[tuple[int, int, Origin]]:
        """How the units `start..end` of a line came there, in runs; those of one origin that touch are one."""
        before: tuple[int, int, Origin] | None = None
        for low, high, origin in self._came(name, start, end):
            if before is not None and before[1:] == (low, origin):
                before = (before[0], high, origin)
                continue
            if before is not None:
                yield before
            before = (low, high, origin)
        if before is not None:
            yield before

    def _came(self, name: MoneyLine | GoodsLine, start: int, end: int) -> Iterator[tuple[int, int, Origin]]:
        if isinstance(name, GoodsLine) and name.at is not AccountClass.STOCK:
            yield (
                start,
                end,
                Origin.SUPPLIED,
            )  # what came by no order begins in stock, and is no bar of its own then
            return
        at = start
        for first, last, use in self._not_given(name):
            low, high = max(first, start), min(last, end)
            if low >= high:
                continue
            if at < low:
                yield at, low, Origin.GIVEN
            at = high
            if isinstance(use, Origin):
                yield low, high, use
            elif use_named(use).cause is UseCause.RECLASSIFICATION:
                yield from self._reclassified(use, low, low - first, high - first)
            else:
                yield low, high, _origin_of(name, use)
        if at < end:
            yield at, end, Origin.GIVEN

    def _reclassified(
        self, use_id: str, start: int, low: int, high: int
    ) -> Iterator[tuple[int, int, Origin]]:
        """Money that serves another end since keeps its origin: counts `low..high` of the use are here from `start`."""
        use = self._lines.use(use_id)
        behind = line_named(use.line)
        at = start
        for first, last in use.pieces_between(low, high):
            if not isinstance(behind, MoneyLine):
                raise LookupError(f"reclassification: {use_id} took units of {use.line}, which is no money")
            for start, end, place in placed(self._measure_of(str(behind)).back, first, last):
                for here, there, origin in self._came(behind, place, place + end - start):
                    yield at, at + there - here, origin
                    at += there - here

    def _not_given(self, name: MoneyLine | GoodsLine) -> list[tuple[int, int, str | Origin]]:
        """(start, end, by) of the units of a line that no gift brought, in order: by a use, or how they came else."""
        line = str(name)
        if line not in self._came_by:
            intervals: list[tuple[int, int, str | Origin]] = [*self._measure_of(line).used]
            if self._others is None:
                self._others = NotGifts(self._books, self._campaign)
            if isinstance(name, MoneyLine):
                intervals += [(start, end, Origin.OTHER) for start, end in self._others.on(name)]
            intervals += [(start, end, Origin.BEFORE) for start, end in self._others.before(name)]
            self._came_by[line] = sorted(intervals, key=lambda row: row[0])
        return self._came_by[line]


def _origin_of(name: MoneyLine | GoodsLine, use: str) -> Origin:
    """How a use brought units to a line."""
    if isinstance(name, GoodsLine):
        return Origin.RETURNED if use_named(use).cause is UseCause.RETURN else Origin.SUPPLIED
    return _CAME.get(use_named(use).cause, Origin.OTHER)


_CAME = {
    UseCause.CONVERSION: Origin.CONVERTED,
    UseCause.EXCHANGE: Origin.CONVERTED,
    UseCause.REFUND: Origin.REFUNDED,
    UseCause.REPAID: Origin.REPAID,
}


def bar_of(name: MoneyLine | GoodsLine, origin: Origin) -> str:
    """The key of the bar that units of a line lie on: a line of its own, lots of a product at a place together."""
    if isinstance(name, MoneyLine):
        return f"{name}:{origin.value}"
    came = "" if origin is Origin.SUPPLIED else f":{origin.value}"
    return f"{name.at.value}:{name.place}:{name.product}{came}"
