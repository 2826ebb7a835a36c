"""The flow of a campaign from its lines: which line is a bar of the picture, and what became of its units.

Reads lines only; no sums of accounts, no words of a language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import func, select

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.lines import PartKind, Span, UnitState, Use, units_in
from ledger.core.names import (
    FREE,
    EndedLine,
    GoodsLine,
    Line,
    LineKind,
    MoneyLine,
    OrderLine,
    UseCause,
    line_named,
    use_named,
)
from ledger.model.campaigns import Nature
from ledger.model.conversions import ConversionRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import products_of
from ledger.rules.gift_sums import gift_sums
from ledger.rules.orders import bound_orders, item_of, items_of_orders, order_line, require_order
from ledger.rules.shipments import origins_of
from ledger.views.flow import Band, Bar, Exit, ExitKind, Flow, Stage, StageKind, Substance
from ledger.views.returned_units import ReturnedRuns, placed, returned_runs

_ENDS = {
    PartKind.FEE: ExitKind.FEE,
    PartKind.SHORT: ExitKind.SHORT,
    PartKind.DAMAGED: ExitKind.DAMAGED,
    PartKind.REJECTED: ExitKind.REJECTED,
    PartKind.LOST: ExitKind.LOST,
    PartKind.CANCELLED: ExitKind.CANCELLED,
    PartKind.RETURNED: ExitKind.RETURNED,
}

_APART = {
    LineKind.MONEY: ExitKind.HELD,
    LineKind.SPENT: ExitKind.UNEXPLAINED,
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


def ended_as(use: Use, kind: PartKind) -> ExitKind:
    """What it is called when units ended in a use as `kind`: what a refund leaves is no loss of goods on their way."""
    if kind is PartKind.LOST and is_refund(use):
        return ExitKind.WRITTEN_OFF
    return _ENDS[kind]


@dataclass(frozen=True, slots=True)
class _Axis:
    """A line on a bar: `offset` is where it begins, `numerator/denominator` its scale, `void` is left out.

    `back`: (start, end, place) of units that a use put back on the line; they are at their old place on the bar.
    """

    bar: str
    offset: int
    numerator: int
    denominator: int
    void: tuple[tuple[int, int], ...]
    back: ReturnedRuns = ()

    def at(self, position: int) -> int:
        gone = sum(min(end, position) - start for start, end in self.void if start < position)
        return self.offset + (position - gone) * self.numerator // self.denominator

    def segments(self, start: int, end: int) -> list[tuple[int, int, int, int]]:
        """`start..end` of the line in runs that lie together: (start, end, first and last of the bar)."""
        return [
            (low, high, self.at(place), self.at(place + high - low))
            for low, high, place in placed(self.back, start, end)
        ]


@dataclass(frozen=True, slots=True)
class _Measure:
    """What an axis is made of: the length of a line, what of it is left out, and what was put back on it."""

    length: int
    void: tuple[tuple[int, int], ...]
    back: ReturnedRuns


def _left_the_bar(span: Span) -> bool:
    """Units that serve another end since: they are on the bar of that."""
    return span.state is UnitState.USED and use_named(span.ref).cause is UseCause.RECLASSIFICATION


@dataclass(frozen=True, slots=True)
class _Place:
    """A stage that lines of goods belong to."""

    kind: StageKind
    place: str


_STAGES = {
    AccountClass.STOCK: StageKind.STOCK,
    AccountClass.HANDED: StageKind.HANDED,
    AccountClass.DISTRIBUTED: StageKind.DISTRIBUTED,
}
"""The classes of places whose goods are bars of the picture."""


class BarsOfLines:
    """Where the lines of one campaign lie on the bars of its picture, line by line as they are asked for."""

    def __init__(self, books: Books, campaign: str) -> None:
        self._books = books
        self._lines = books.lines
        self._campaign = campaign
        self._axes: dict[str, _Axis | None] = {}
        self._measures: dict[str, _Measure] = {}
        self._products = products_of(books.session, campaign)
        self._orders: dict[str, OrderRow] = {}
        self._items: dict[tuple[str, str], OrderItemRow] = {}

    def on_bar(self, line: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """The runs of an interval of a line on its bar, none where the line is no bar."""
        axis = self._axis(line)
        return [] if axis is None else [(axis.bar, a, b) for _, _, a, b in axis.segments(start, end)]

    def ending_of(self, line: str) -> ExitKind | None:
        """What it is called when units stay on a line; None: they are where they were meant to go."""
        name = line_named(line)
        match name:
            case EndedLine():
                use = self._lines.use(name.use)
                return ended_as(use, use.parts[name.part].kind)
            case OrderLine():
                if self._is_service(name):
                    return ExitKind.SPENT
                return ExitKind.CLAIM if self._order(name).is_closed else ExitKind.OPEN
            case GoodsLine():
                return _WAITS.get(name.at)
        return _APART[name.kind]

    def order_item(self, line: str) -> tuple[str, OrderItemRow]:
        """(order number, item) of an order line."""
        name = line_named(line)
        if not isinstance(name, OrderLine):
            raise ValueError(f"line: {line} is no item of an order")
        return name.order, self._item(name)

    def units_waiting(self, line: str, kind: ExitKind | None, start: int, end: int) -> int:
        """`start..end` of a line in the units of what it is called there: what is still to come, in pieces."""
        name = line_named(line)
        if not isinstance(name, OrderLine):
            return end - start
        item = self._item(name)
        to_come = kind in {ExitKind.OPEN, ExitKind.CLAIM}
        return item.pieces_in(start, end) if to_come else item.value_of(start, end)

    def ended_units(self, use: Use, kind: PartKind, start: int, end: int) -> int:
        """`start..end` of what ended in a use in the units of its exit: of an order's value that a refund left, pieces.

        Floored at both ends, as everywhere on a line, so that what all donors read is what was written off.
        """
        line = line_named(use.line)
        if not (is_refund(use) and isinstance(line, OrderLine)):
            return end - start
        ended = next(part.out for part in use.parts if part.kind is kind)
        pieces = sum(self._item(line).pieces_in(*piece) for piece in use.pieces) * ended // use.units
        return end * pieces // ended - start * pieces // ended

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

    def _axis(self, line: str) -> _Axis | None:
        """The axis of a line; None where it is no bar."""
        if line not in self._axes:
            name = line_named(line)
            own = isinstance(name, MoneyLine | OrderLine | GoodsLine) and name.campaign == self._campaign
            self._axes[line] = self._find_axis(name) if own else None
        return self._axes[line]

    def _find_axis(self, name: Line) -> _Axis | None:
        match name:
            case MoneyLine():
                return self._measured(str(name), str(name), 0)[0]
            case OrderLine():
                return self._order_axis(name)
            case GoodsLine() if name.at in _STAGES:
                # Lots of a product at a place lie on one bar, one after the other.
                lots = self._lines.goods(self._campaign, name.at, place=name.place, product=name.product)
                first = [str(lot) for lot in lots if str(lot) < str(name)]
                self.measure((*first, str(name)))
                before = sum(self._measured(lot, "", 0)[1] for lot in first)
                return self._measured(str(name), _bar_of(name), before)[0]
        return None

    def _order_axis(self, name: OrderLine) -> _Axis | None:
        if self._is_service(name):
            return None
        item = self._item(name)
        return _Axis(str(name), 0, item.quantity, item.units, ())

    def measure(self, lines: Iterable[str]) -> None:
        """Ask about several lines at once what their axes are made of; what is not asked here is asked alone."""
        wanted = [line for line in dict.fromkeys(lines) if line not in self._measures]
        back = returned_runs(self._lines, wanted)
        void = self._lines.in_state(wanted, UnitState.VOID)
        # What was reclassified is counted where it lies since.
        moved = self._lines.taken_by(wanted, UseCause.RECLASSIFICATION)
        lengths = self._lines.lengths(wanted)
        for line in wanted:
            runs = back.get(line, ())
            left_out = (*void.get(line, ()), *moved.get(line, ()), *((start, end) for start, end, _ in runs))
            self._measures[line] = _Measure(lengths.get(line, 0), left_out, runs)

    def _measured(self, line: str, bar: str, offset: int) -> tuple[_Axis, int]:
        """The axis of a line that begins at `offset` of a bar, and how many units of the bar it is."""
        if line not in self._measures:
            self.measure((line,))
        told = self._measures[line]
        return _Axis(bar, offset, 1, 1, told.void, told.back), told.length - units_in(told.void)


def _bar_of(line: GoodsLine) -> str:
    return f"{line.at.value}:{line.place}:{line.product}"


class CampaignFlow(BarsOfLines):
    """The whole picture: stages, bars, bands and exits of one campaign."""

    def __init__(self, books: Books, campaign: str) -> None:
        super().__init__(books, campaign)
        self._stages: dict[_Place, list[Bar]] = {}
        self._bands: list[Band] = []
        self._exits: list[Exit] = []
        self._resumed: dict[tuple[str, int], str] = {}
        self._origins = origins_of(books.session, campaign)
        self._find_bars()

    def flow(self) -> Flow:
        """The picture as data."""
        self._bands.clear()
        self._exits.clear()
        drawn = [(line, axis) for line, axis in self._axes.items() if axis is not None]
        spans = self._lines.whole_of(line for line, _ in drawn)
        uses = self._uses_of(span for line, _ in drawn for span in spans[line])
        for line, axis in drawn:
            self._follow(line, axis, spans[line], uses)
        stages = tuple(
            Stage(
                kind=place.kind,
                place=place.place,
                count=self._count(place, self._stages[place]),
                totals=_totals(self._stages[place]),
                bars=tuple(self._stages[place]),
            )
            for place in sorted(self._stages, key=self._rank)
        )
        units = {
            bar.asset: self._products[bar.asset].unit
            for stage in stages
            for bar in stage.bars
            if bar.substance is Substance.GOODS
        }
        return Flow(units=units, stages=stages, bands=tuple(self._bands), exits=tuple(_merged(self._exits)))

    def _count(self, place: _Place, bars: list[Bar]) -> int:
        match place.kind:
            case StageKind.DONATED:
                return gift_sums(self._books.session, self._campaign).count
            case StageKind.CONVERTED:
                return self._books.session.exec(
                    select(func.count()).where(
                        ConversionRow.campaign == self._campaign,
                        ConversionRow.status == ProposalStatus.APPROVED,
                    )
                ).one()
        # A receiver of two products has two bars, and is one receiver.
        return len({bar.label for bar in bars})

    def _rank(self, place: _Place) -> tuple[int, int, str]:
        kinds = list(StageKind)
        depth = self._depth(place.place) if place.kind is StageKind.STOCK else 0
        return kinds.index(place.kind), depth, place.place

    def _depth(self, place: str) -> int:
        """How many shipments lie between a receipt and a place."""
        depth, here, seen = 0, place, {place}
        origins = self._origins
        while here in origins and origins[here] not in seen:
            here = origins[here]
            seen.add(here)
            depth += 1
        return depth

    # bars

    def _find_bars(self) -> None:
        money = self._lines.money(self._campaign)
        lots = [goods for goods in self._lines.goods(self._campaign) if goods.at in _STAGES]
        self.measure(map(str, (*money, *lots)))
        for name in sorted(money, key=lambda name: (name.restriction != FREE, str(name))):
            line, asset, need = str(name), name.asset, name.restriction
            coin = asset == "BTC"
            stage = _Place(StageKind.DONATED if coin else StageKind.CONVERTED, "" if coin else asset)
            label = asset if need == FREE else f"{asset} {need}"
            self._add_bar(stage, line, line, asset, Substance.COIN if coin else Substance.MONEY, label)
        items = items_of_orders(self._books.session, self._campaign)
        for order in bound_orders(self._books.session, self._campaign):
            self._orders[order.number] = order
            self._items |= {(order.number, item.item): item for item in items[order.entry]}
            for item in items[order.entry]:
                line = order_line(self._campaign, order.number, item.item, order.currency)
                if self._axis(line) is None:
                    continue
                label = order.number if len(items[order.entry]) == 1 else f"{order.number}/{item.item}"
                bar = Bar(
                    key=line,
                    label=label,
                    substance=Substance.GOODS,
                    amount=Amount.of(item.product, item.quantity),
                )
                self._stages.setdefault(_Place(StageKind.ORDERED, ""), []).append(bar)
        for goods in lots:
            line = str(goods)
            if not self._measures[line].length:
                continue
            stage_kind = _STAGES[goods.at]
            place = "" if stage_kind is StageKind.DISTRIBUTED else goods.place
            bar_place = _Place(stage_kind, place)
            self._add_bar(bar_place, _bar_of(goods), line, goods.product, Substance.GOODS, goods.place)

    def _add_bar(
        self, stage: _Place, key: str, line: str, asset: str, substance: Substance, label: str
    ) -> None:
        bars = self._stages.setdefault(stage, [])
        at = next((index for index, bar in enumerate(bars) if bar.key == key), None)
        before = 0 if at is None else bars[at].units
        self._axes[line], units = self._measured(line, key, before)
        whole = Bar(key=key, label=label, substance=substance, amount=Amount.of(asset, before + units))
        if at is None:
            bars.append(whole)
        else:
            bars[at] = whole

    # bands and exits

    def _uses_of(self, spans: Iterable[Span]) -> dict[str, Use]:
        """The uses that took units of some spans; what ended in them and went on after all is noted."""
        uses = self._lines.uses_in(spans)
        self._resumed |= self._lines.resumed(uses)
        return uses

    def _follow(self, line: str, axis: _Axis, spans: Iterable[Span], uses: Mapping[str, Use]) -> None:
        asset = self._asset_on(line)
        for span in spans:
            if line_named(line).kind is LineKind.MONEY and _left_the_bar(span):
                continue
            if span.state is UnitState.USED:
                use = uses[span.ref]
                for first, last in use.pieces:
                    for low, high, start, end in axis.segments(max(first, span.start), min(last, span.end)):
                        count = use.count_at(low)
                        self._expand(axis.bar, asset, use, count, count + high - low, start, end)
            elif span.state is not UnitState.VOID:
                kind = self.ending_of(line)
                for _, _, start, end in axis.segments(span.start, span.end):
                    if kind is not None and start < end:
                        self._exits.append(
                            Exit(
                                source=axis.bar,
                                taken=(start, end),
                                kind=kind,
                                amount=Amount.of(asset, end - start),
                                label="",
                            )
                        )

    def _asset_on(self, line: str) -> str:
        """What the units of a line's bar are: of an order and of a lot their product."""
        name = line_named(line)
        match name:
            case OrderLine():
                return self._item(name).product
            case GoodsLine():
                return name.product
        return name.asset

    def _expand(self, bar: str, asset: str, use: Use, low: int, high: int, start: int, end: int) -> None:
        """Counts `low..high` of a use are `start..end` of a bar: what goes on first, what ends after it."""
        shares = [b - a for a, b in zip(use.shares_at(low), use.shares_at(high), strict=True)]
        outs = list(zip(use.outs_at(low), use.outs_at(high), strict=True))
        total = sum(shares)
        order = sorted(range(len(use.parts)), key=lambda i: use.parts[i].line is None)
        at, left = start, total
        for index in order:
            part, share = use.parts[index], shares[index]
            if share == 0:
                continue
            till = end if share == left else at + (end - at) * share // left
            left -= share
            resumed = self._resumed.get((use.id, index))
            if part.line is None and resumed is not None:
                self._land(bar, asset, resumed, *outs[index], at, till)
            elif part.line is None:
                # What a refund leaves unpaid on an order's line is counted in value; its bar in pieces.
                units = till - at if is_refund(use) else share
                self._exits.append(
                    Exit(
                        source=bar,
                        taken=(at, till),
                        kind=ended_as(use, part.kind),
                        amount=Amount.of(asset, units),
                        label="",
                    )
                )
            elif is_refund(use):
                self._exits.append(
                    Exit(
                        source=bar,
                        taken=(at, till),
                        kind=ExitKind.REFUNDED,
                        amount=Amount.of(asset, till - at),
                        label="",
                    )
                )
            elif use_named(use.id).cause is UseCause.REPAID:
                self._exits.append(
                    Exit(
                        source=bar,
                        taken=(at, till),
                        kind=ExitKind.REPAID,
                        amount=Amount.of(asset, till - at),
                        label="",
                    )
                )
            else:
                first, last = part.start + outs[index][0], part.start + outs[index][1]
                self._land(bar, asset, part.line, first, last, at, till)
            at = till

    def _land(self, bar: str, asset: str, line: str, first: int, last: int, start: int, end: int) -> None:
        target = self._axis(line)
        if target is not None:
            # A loss in stock appends what is left to its own line: it stays on its bar.
            if target.bar != bar:
                band = Band(
                    source=bar,
                    taken=(start, end),
                    target=target.bar,
                    joined=(target.at(first), target.at(last)),
                )
                self._bands.append(band)
            return
        there = line_named(line)
        if isinstance(there, OrderLine):
            name = self._products[self._item(there).product].name
            self._exits.append(
                Exit(
                    source=bar,
                    taken=(start, end),
                    kind=ExitKind.SPENT,
                    amount=Amount.of(asset, end - start),
                    label=name,
                )
            )
            return
        at, units = start, last - first
        spans = self._lines.spans(line, first, last)
        uses = self._uses_of(spans)
        for span in spans:
            till = start + (end - start) * (span.end - first) // units
            if span.state is UnitState.USED:
                use = uses[span.ref]
                for a, b in use.pieces:
                    low, high = max(a, span.start), min(b, span.end)
                    if low < high:
                        count = use.count_at(low)
                        p = start + (end - start) * (low - first) // units
                        q = start + (end - start) * (high - first) // units
                        self._expand(bar, asset, use, count, count + high - low, p, q)
            elif span.state is not UnitState.VOID:
                kind = self.ending_of(line)
                if kind is not None:
                    here = line_named(line)
                    label = here.place if isinstance(here, GoodsLine) else ""
                    self._exits.append(
                        Exit(
                            source=bar,
                            taken=(at, till),
                            kind=kind,
                            amount=Amount.of(asset, till - at),
                            label=label,
                        )
                    )
            at = till


def _totals(bars: Iterable[Bar]) -> tuple[Amount, ...]:
    """What bars hold together, asset by asset."""
    sums: dict[str, int] = defaultdict(int)
    for bar in bars:
        sums[bar.asset] += bar.units
    return tuple(Amount.of(asset, units) for asset, units in sums.items())


def _merged(exits: Iterable[Exit]) -> list[Exit]:
    """Exits of one bar, kind and label as one row; units add up, the place is that of the first."""
    groups: dict[tuple[str, ExitKind, str], list[Exit]] = defaultdict(list)
    for row in exits:
        groups[row.source, row.kind, row.label].append(row)
    return [
        Exit(
            source=first.source,
            taken=(first.start, first.start + sum(row.end - row.start for row in rows)),
            kind=first.kind,
            amount=Amount.of(first.asset, sum(row.units for row in rows)),
            label=first.label,
        )
        for rows in groups.values()
        for first in rows[:1]
    ]
