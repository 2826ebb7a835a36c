"""The flow of a campaign from its lines: which line is a bar of the picture, and what became of its units.

Reads lines only; no sums of accounts, no words of a language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.lines import PartKind, Span, UnitState, Use, units_in
from ledger.core.names import FREE, EndedLine, GoodsLine, LineKind, OrderLine, UseCause, line_named, use_named
from ledger.model.campaigns import Nature
from ledger.model.orders import OrderItemRow, OrderRow
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


def _left_the_bar(span: Span) -> bool:
    """Units that serve another end since: they are on the bar of that."""
    return span.state is UnitState.USED and use_named(span.ref).cause is UseCause.RECLASSIFICATION


@dataclass(frozen=True, slots=True)
class _Place:
    """A stage that lines of goods belong to."""

    kind: StageKind
    place: str


class CampaignFlow:
    """Bars, bands and exits of one campaign, and where a line's units lie on them."""

    def __init__(self, books: Books, campaign: str) -> None:
        self._books = books
        self._lines = books.lines
        self._campaign = campaign
        self._axes: dict[str, _Axis] = {}
        self._ended = frozenset(self._lines.ended())
        self._stages: dict[_Place, list[Bar]] = {}
        self._bands: list[Band] = []
        self._exits: list[Exit] = []
        self._products = products_of(books.session, campaign)
        self._orders: dict[str, OrderRow] = {}
        self._items: dict[tuple[str, str], OrderItemRow] = {}
        self._origins = origins_of(books.session, campaign)
        self._find_bars()

    # where units are

    def axis(self, line: str) -> tuple[str, int, int] | None:
        """(bar, its first and last unit of this line), None where the line is no bar."""
        axis = self._axes.get(line)
        if axis is None:
            return None
        return axis.bar, axis.at(0), axis.at(self._lines.length(line))

    def on_bar(self, line: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """The runs of an interval of a line on its bar, none where the line is no bar."""
        axis = self._axes.get(line)
        return [] if axis is None else [(axis.bar, a, b) for _, _, a, b in axis.segments(start, end)]

    def ending_of(self, line: str) -> ExitKind | None:
        """What it is called when units stay on a line; None: they are where they were meant to go."""
        name = line_named(line)
        match name:
            case EndedLine():
                use = self._lines.use(name.use)
                return ended_as(use, use.parts[name.part].kind)
            case OrderLine():
                if self._is_service_order(line):
                    return ExitKind.SPENT
                return ExitKind.CLAIM if self._orders[name.order].is_closed else ExitKind.OPEN
            case GoodsLine():
                return _WAITS.get(name.at)
        return _APART[name.kind]

    def order_item(self, line: str) -> tuple[str, OrderItemRow]:
        """(order number, item) of an order line."""
        name = line_named(line)
        if not isinstance(name, OrderLine):
            raise ValueError(f"line: {line} is no item of an order")
        if name.campaign == self._campaign:
            return name.order, self._items[name.order, name.item]
        session = self._books.session
        return name.order, item_of(session, require_order(session, name.campaign, name.order), name.item)

    def _is_service_order(self, line: str) -> bool:
        _, item = self.order_item(line)
        return self._products[item.product].nature is Nature.SERVICE

    def flow(self) -> Flow:
        """The whole picture; who follows one gift needs only its bars."""
        self._bands.clear()
        self._exits.clear()
        for line in list(self._axes):
            self._follow(line)
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
        documents = self._books.documents
        match place.kind:
            case StageKind.DONATED:
                return gift_sums(self._books.session, self._campaign).count
            case StageKind.CONVERTED:
                done = documents.all("conversion", self._campaign)
                return sum(1 for _, d in done if d["status"] == "approved")
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
                if self._products[item.product].nature is Nature.SERVICE:
                    continue
                key = line
                self._axes[line] = _Axis(key, 0, item.quantity, item.value, ())
                label = order.number if len(items[order.entry]) == 1 else f"{order.number}/{item.item}"
                bar = Bar(
                    key=key,
                    label=label,
                    substance=Substance.GOODS,
                    amount=Amount.of(item.product, item.quantity),
                )
                self._stages.setdefault(_Place(StageKind.ORDERED, ""), []).append(bar)
        kinds = {
            AccountClass.STOCK: StageKind.STOCK,
            AccountClass.HANDED: StageKind.HANDED,
            AccountClass.DISTRIBUTED: StageKind.DISTRIBUTED,
        }
        for goods in self._lines.goods(self._campaign):
            line = str(goods)
            if goods.at not in kinds or self._lines.length(line) == 0:
                continue
            stage_kind = kinds[goods.at]
            place = "" if stage_kind is StageKind.DISTRIBUTED else goods.place
            key = f"{goods.at.value}:{goods.place}:{goods.product}"
            self._add_bar(_Place(stage_kind, place), key, line, goods.product, Substance.GOODS, goods.place)

    def _add_bar(
        self, stage: _Place, key: str, line: str, asset: str, substance: Substance, label: str
    ) -> None:
        back = returned_runs(self._lines, line, self._ended, self._asset_on(line))
        # What was reclassified is counted where it lies since.
        void = tuple(
            (s.start, s.end) for s in self._lines.spans(line) if s.state is UnitState.VOID or _left_the_bar(s)
        )
        void += tuple((start, end) for start, end, _ in back)
        units = self._lines.length(line) - units_in(void)
        bars = self._stages.setdefault(stage, [])
        for index, bar in enumerate(bars):
            if bar.key == key:
                self._axes[line] = _Axis(key, bar.units, 1, 1, void, back)
                longer = Amount.of(bar.asset, bar.units + units)
                bars[index] = bar.model_copy(update={"amount": longer})
                return
        self._axes[line] = _Axis(key, 0, 1, 1, void, back)
        bars.append(Bar(key=key, label=label, substance=substance, amount=Amount.of(asset, units)))

    def ended_units(self, use: Use, units: int) -> int:
        """What ended in a use in the units of its exit: what a refund left of an order's value, in pieces."""
        if not (is_refund(use) and line_named(use.line).kind is LineKind.ORDER):
            return units
        _, item = self.order_item(use.line)
        return units * item.quantity // item.value

    # bands and exits

    def _follow(self, line: str) -> None:
        axis = self._axes[line]
        asset = self._asset_on(line)
        spans = self._lines.spans(line)
        uses = self._lines.uses_in(spans)
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
        head = line.split("/", 1)[0]
        if head == "order":
            return self.order_item(line)[1].product
        asset = line.rsplit("/", 1)[1]
        return asset.split("#", 1)[0]

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
            resumed = EndedLine(use.id, index, asset)
            if part.line is None and resumed in self._ended:
                self._land(bar, asset, str(resumed), *outs[index], at, till)
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
        target = self._axes.get(line)
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
        if line_named(line).kind is LineKind.ORDER:
            _, item = self.order_item(line)
            name = self._products[item.product].name
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
        uses = self._lines.uses_in(spans)
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
