"""The flow of a campaign from its lines: its stages and bars, and what became of their units.

Reads lines only; no words of a language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.lines import Piece, Span, UnitState, Use
from ledger.core.names import (
    FREE,
    EndedLine,
    ExchangeLine,
    GoodsLine,
    LineKind,
    MoneyLine,
    OrderLine,
    UseCause,
    line_named,
    use_named,
)
from ledger.rules.came import Contributed, count_conversions, count_refunds
from ledger.rules.gift_sums import gift_sums
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import order_line
from ledger.rules.shipments import origins_of
from ledger.tracing.follow import Arrival, follow_runs
from ledger.views.bars import APART, STAGES, Axis, BarsOfLines, bar_of, is_refund
from ledger.views.flow import (
    Band,
    Bar,
    Exit,
    ExitKind,
    Flow,
    Origin,
    Stage,
    StageKind,
    StagePart,
    Substance,
    totals_of,
)
from ledger.views.strips import orders_of


def _left_the_bar(span: Span) -> bool:
    """Units that serve another end since: they are on the bar of that."""
    return span.state is UnitState.USED and use_named(span.ref).cause is UseCause.RECLASSIFICATION


@dataclass(frozen=True, slots=True)
class _Place:
    """A stage that lines of goods belong to."""

    kind: StageKind
    place: str


class _Here(NamedTuple):
    """Units `start..end` of a bar, and how they came that are goods and no order's."""

    bar: str
    start: int
    end: int
    apart: Origin | None = None


_MAIN = {
    StageKind.DONATED: Origin.GIVEN,
    StageKind.MONEY: Origin.CONVERTED,
    StageKind.ORDERED: Origin.SUPPLIED,
    StageKind.STOCK: Origin.SUPPLIED,
    StageKind.HANDED: Origin.SUPPLIED,
    StageKind.DISTRIBUTED: Origin.SUPPLIED,
}
"""How most of a stage came there: what its count counts."""

_STILL_OWED = frozenset({ExitKind.OPEN, ExitKind.CLAIM})
"""What of an order has not come, and was not settled otherwise."""


class CampaignFlow(BarsOfLines):
    """The whole picture: stages, bars, bands and exits of one campaign."""

    def __init__(self, papers: OrderPapers, contributed: Mapping[str, Contributed]) -> None:
        """`papers`: of all orders of the campaign; `contributed`: its gifts at banks, by currency."""
        super().__init__(papers.books, papers.campaign)
        self._papers = papers
        self._contributed = contributed
        self._stages: dict[_Place, list[Bar]] = {}
        self._bands: list[Band] = []
        self._exits: list[Exit] = []
        self._resumed: dict[tuple[str, int], str] = {}
        self._apart: dict[str, list[tuple[int, int, Origin]]] = {}
        self._shipped_from = origins_of(self._books.session, self._campaign)
        self._find_bars()

    def flow(self) -> Flow:
        """The picture as data."""
        self._bands.clear()
        self._exits.clear()
        drawn = [(line, axis) for line, axis in self._axes.items() if axis is not None]
        self._apart = self._came_apart()
        spans = self._lines.whole_of(line for line, _ in drawn)
        uses = self._uses_of(span for line, _ in drawn for span in spans[line])
        for line, axis in drawn:
            self._follow(line, axis, spans[line], uses)
        self._count_open()
        stages = tuple(self._stage(place) for place in sorted(self._stages, key=self._rank))
        units = {
            bar.asset: self._products[bar.asset].unit
            for stage in stages
            for bar in stage.bars
            if bar.substance is Substance.GOODS
        }
        names = {code: self._products[code].name for code in units}
        return Flow(
            units=units,
            names=names,
            stages=stages,
            bands=tuple(self._bands),
            exits=tuple(_merged(self._exits)),
        )

    def _stage(self, place: _Place) -> Stage:
        bars = self._stages[place]
        came: dict[Origin, list[Bar]] = {}
        for bar in bars:
            came.setdefault(bar.origin, []).append(bar)
        parts = tuple(
            StagePart(
                origin=origin, count=self._count(place, origin, came[origin]), totals=totals_of(came[origin])
            )
            for origin in Origin
            if origin in came
        )
        counted = [part.count for part in parts if part.origin is _MAIN.get(place.kind)]
        return Stage(
            kind=place.kind,
            place=place.place,
            # A receiver of two products has two bars, and is one receiver.
            count=counted[0] if counted else orders_of(bars),
            parts=parts,
            totals=totals_of(bar for bar in bars if not bar.origin.is_back),
            bars=tuple(bars),
        )

    def _count(self, place: _Place, origin: Origin, bars: list[Bar]) -> int:
        session, slug = self._books.session, self._campaign
        match place.kind, origin:
            case StageKind.DONATED, Origin.GIVEN:
                return gift_sums(session, slug).count
            case StageKind.MONEY, Origin.GIVEN:
                return self._contributed.get(place.place, Contributed()).gifts
            case StageKind.MONEY, Origin.CONVERTED:
                return count_conversions(session, slug, place.place)
            case StageKind.MONEY | StageKind.DONATED, Origin.REFUNDED:
                return count_refunds(session, slug, place.place or "BTC")
        return orders_of(bars)

    def _came_apart(self) -> dict[str, list[tuple[int, int, Origin]]]:
        """Where what came by no order lies and has lain, and how it came, by line, in order."""
        bars = {
            bar.key: bar.origin
            for bars in self._stages.values()
            for bar in bars
            if bar.substance is Substance.GOODS and bar.origin in APART
        }
        apart: dict[str, list[tuple[int, int, Origin]]] = defaultdict(list)
        for origin in dict.fromkeys(bars.values()):
            first = [
                (line, start, end)
                for line, axis in self._axes.items()
                if axis is not None and isinstance(line_named(line), GoodsLine)
                for start, end, bar, *_ in axis.segments(0, self._measure_of(line).length)
                if bars.get(bar) is origin
            ]
            for line, start, end in first:
                apart[line].append((start, end, origin))
            for visit in follow_runs(self._lines, first):
                if isinstance(visit, Arrival):
                    apart[visit.line].append((visit.start, visit.end, origin))
        return {line: sorted(runs) for line, runs in apart.items()}

    def _count_open(self) -> None:
        """What is not yet received of an order is what the rest of it leaves: a receipt takes whole pieces."""
        gone: dict[str, int] = defaultdict(int)
        for row in self._exits:
            if row.kind not in _STILL_OWED:
                gone[row.source] += row.units
        for band in self._bands:
            gone[band.source] += band.target_end - band.target_start
        left = {
            bar.key: bar.units - gone[bar.key] for bar in self._stages.get(_Place(StageKind.ORDERED, ""), ())
        }
        # The account knows what is open in whole pieces, whatever of its order's line a receipt took.
        opened = {
            balance.account.detail: balance.net
            for balance in self._books.balances(AccountClass.OPEN, self._campaign)
        }
        for bar in self._stages.get(_Place(StageKind.ORDERED, ""), ()):
            name = line_named(bar.key)
            if isinstance(name, OrderLine) and not self._order(name).is_closed:
                left[bar.key] = opened.get((name.order, name.item), 0)
        owed: list[Exit] = []
        for row in self._exits:
            if row.kind not in _STILL_OWED or row.source not in left:
                owed.append(row)
            elif left[row.source]:  # all of it, once
                units = left.pop(row.source)
                left[row.source] = 0
                taken = (row.start, row.start + units)
                owed.append(row.model_copy(update={"taken": taken, "amount": Amount.of(row.asset, units)}))
        self._exits = owed

    def _rank(self, place: _Place) -> tuple[int, int, str]:
        kinds = list(StageKind)
        depth = self._depth(place.place) if place.kind is StageKind.STOCK else 0
        return kinds.index(place.kind), depth, place.place

    def _depth(self, place: str) -> int:
        """How many shipments lie between a receipt and a place."""
        depth, here, seen = 0, place, {place}
        origins = self._shipped_from
        while here in origins and origins[here] not in seen:
            here = origins[here]
            seen.add(here)
            depth += 1
        return depth

    # bars

    def _find_bars(self) -> None:
        money = self._lines.money(self._campaign)
        lots = [goods for goods in self._lines.goods(self._campaign) if goods.at in STAGES]
        self.measure(map(str, (*money, *lots)))
        for name in sorted(money, key=lambda name: (name.restriction != FREE, str(name))):
            asset, need = name.asset, name.restriction
            coin = asset == "BTC"
            stage = _Place(StageKind.DONATED if coin else StageKind.MONEY, "" if coin else asset)
            label = asset if need == FREE else f"{asset} {need}"
            self._add_bars(stage, name, asset, Substance.COIN if coin else Substance.MONEY, label)
        for order in self._papers.bound:
            items = self._papers.items(order)
            self._orders[order.number] = order
            self._items |= {(order.number, item.item): item for item in items}
            for item in items:
                line = order_line(self._campaign, order.number, item.item, order.currency)
                if self._axis(line) is None:
                    continue
                label = order.number if len(items) == 1 else f"{order.number}/{item.item}"
                bar = Bar(
                    key=line,
                    label=label,
                    substance=Substance.GOODS,
                    origin=Origin.SUPPLIED,
                    amount=Amount.of(item.product, item.quantity),
                    order=order.number,
                )
                self._stages.setdefault(_Place(StageKind.ORDERED, ""), []).append(bar)
        for goods in lots:
            if not self._measures[str(goods)].length:
                continue
            stage_kind = STAGES[goods.at]
            place = "" if stage_kind is StageKind.DISTRIBUTED else goods.place
            bar_place = _Place(stage_kind, place)
            self._add_bars(bar_place, goods, goods.product, Substance.GOODS, goods.place)

    def _add_bars(
        self, stage: _Place, name: MoneyLine | GoodsLine, asset: str, substance: Substance, label: str
    ) -> None:
        """The bars of a line's units, one for each way in which they came; what is there already grows."""
        bars = self._stages.setdefault(stage, [])
        at = {bar.key: index for index, bar in enumerate(bars)}
        filled = {bar.key: bar.units for bar in bars}
        self._axes[str(name)] = self._measured(name, filled)
        for origin in Origin if isinstance(name, MoneyLine) else (Origin.SUPPLIED, Origin.RETURNED, *APART):
            key = bar_of(name, origin)
            if key not in filled and origin is not _MAIN[stage.kind]:
                continue
            units = Amount.of(asset, filled.get(key, 0))
            whole = Bar(key=key, label=label, substance=substance, origin=origin, amount=units)
            if key in at:
                bars[at[key]] = whole
            elif units.minor or not filled:
                at[key] = len(bars)
                bars.append(whole)

    # bands and exits

    def _uses_of(self, spans: Iterable[Span]) -> dict[str, Use]:
        """The uses that took units of some spans; what ended in them and went on after all is noted."""
        uses = self._lines.uses_in(spans)
        self._resumed |= self._lines.resumed(uses)
        return uses

    def _follow(self, line: str, axis: Axis, spans: Iterable[Span], uses: Mapping[str, Use]) -> None:
        asset = self._asset_on(line)
        for span in spans:
            if line_named(line).kind is LineKind.MONEY and _left_the_bar(span):
                continue
            if span.state is UnitState.USED:
                use = uses[span.ref]
                for first, last in use.pieces:
                    piece = max(first, span.start), min(last, span.end)
                    if piece[0] < piece[1]:
                        self._take(line, axis, asset, use, piece)
            elif span.state is not UnitState.VOID:
                kind = self.ending_of(line, span.ref if span.state is UnitState.HELD else "")
                for _, _, here in self._here(line, axis, span.start, span.end):
                    if kind is not None and here.start < here.end:
                        self._leave(here, kind, asset, here.end - here.start)

    def _take(self, line: str, axis: Axis, asset: str, use: Use, piece: Piece) -> None:
        """Units of a line that a use took, run by run.

        Of what it put back on the line, some may serve another end since: only what ended in the use is told then.
        """
        puts_back = any(part.line == line for part in use.parts)
        for first, last in self.contiguous(line, axis, *piece) if puts_back else (piece,):
            seen = list(self._here(line, axis, first, last))
            if puts_back and seen and sum(high - low for low, high, _ in seen) < last - first:
                here, low, high = seen[-1][2], use.count_at(first), use.count_at(first) + last - first
                for part, below, above in zip(
                    use.parts, use.shares_at(low), use.shares_at(high), strict=True
                ):
                    if part.line is None and below < above:
                        ended = here._replace(start=here.end - (above - below))
                        self._leave(ended, self.ended_as(use, part.kind), asset, above - below)
                continue
            for low, high, here in seen:
                count = use.count_at(low)
                self._expand(here, asset, use, count, count + high - low)

    def _here(self, line: str, axis: Axis, start: int, end: int) -> Iterator[tuple[int, int, _Here]]:
        """`start..end` of a line in runs that lie together on a bar: (start, end, where that is)."""
        runs = self._apart.get(line, ())
        for low, high, bar, first, _last in axis.segments(start, end) if runs else ():
            at = low
            for a, b, origin in runs:
                for upto, apart in ((min(max(a, at), high), None), (min(max(b, at), high), origin)):
                    if at < upto:
                        yield at, upto, _Here(bar, first + at - low, first + upto - low, apart)
                        at = upto
            if at < high:
                yield at, high, _Here(bar, first + at - low, first + high - low)
        for low, high, bar, first, last in () if runs else axis.segments(start, end):
            yield low, high, _Here(bar, first, last)

    def _leave(
        self, here: _Here, kind: ExitKind, asset: str, units: int, label: str = "", to: str = ""
    ) -> None:
        """Units of a bar stop there."""
        self._exits.append(
            Exit(
                source=here.bar,
                taken=(here.start, here.end),
                kind=kind,
                amount=Amount.of(asset, units),
                label=label,
                to=to,
                apart=here.apart,
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

    def _expand(self, here: _Here, asset: str, use: Use, low: int, high: int) -> None:
        """Counts `low..high` of a use are here: what goes on first, what ends after it."""
        failed = self.failed_in(use)
        if failed is not None:
            # What is bad stays told as bad, whatever is paid back for it (docs/rules.md, 23).
            # Pieces that ended are counted on their line: a bar that a receipt takes twice has floors of its own.
            pieces = isinstance(line_named(use.line), EndedLine)
            self._leave(here, self.ended_as(*failed), asset, high - low if pieces else here.end - here.start)
            return
        shares = [b - a for a, b in zip(use.shares_at(low), use.shares_at(high), strict=True)]
        outs = list(zip(use.outs_at(low), use.outs_at(high), strict=True))
        total = sum(shares)
        order = sorted(range(len(use.parts)), key=lambda i: use.parts[i].line is None)
        at, left = here.start, total
        for index in order:
            part, share = use.parts[index], shares[index]
            if share == 0:
                continue
            till = here.end if share == left else at + (here.end - at) * share // left
            left -= share
            there = here._replace(start=at, end=till)
            resumed = self._resumed.get((use.id, index))
            if part.line is None and resumed is not None:
                self._land(there, asset, resumed, *outs[index])
            elif part.line is None:
                # What a refund leaves unpaid on an order's line is counted in value; its bar in pieces.
                self._leave(
                    there, self.ended_as(use, part.kind), asset, till - at if is_refund(use) else share
                )
            elif is_refund(use):
                self._leave(there, ExitKind.REFUNDED, asset, till - at)
            elif use_named(use.id).cause is UseCause.REPAID:
                self._leave(there, ExitKind.REPAID, asset, till - at)
            else:
                self._land(there, asset, part.line, part.start + outs[index][0], part.start + outs[index][1])
            at = till

    def _land(self, here: _Here, asset: str, line: str, first: int, last: int) -> None:
        """Units of a bar became `first..last` of a line: a band to its bars, or what became of them there."""
        start, end, units = here.start, here.end, last - first
        target = self._axis(line)
        if not units and (target is not None or not isinstance(line_named(line), OrderLine)):
            # Sold for less than a cent, or the like: nothing of it goes on.
            self._leave(here, ExitKind.MISSING, asset, end - start)
            return
        if target is not None:
            at = first
            for low, high, bar, joined, until in target.segments(first, last):
                self._land_elsewhere(here, asset, line, (first, last), (at, low))
                at = high
                # A loss in stock appends what is left to its own line: it stays on its bar.
                if bar != here.bar:
                    part = (
                        start + (end - start) * (low - first) // units,
                        start + (end - start) * (high - first) // units,
                    )
                    self._bands.append(
                        Band(
                            source=here.bar,
                            taken=part,
                            target=bar,
                            joined=(joined, until),
                            apart=here.apart,
                        )
                    )
            self._land_elsewhere(here, asset, line, (first, last), (at, last))
            return
        there = line_named(line)
        if isinstance(there, OrderLine):
            name = self._products[self._item(there).product].name
            self._leave(here, ExitKind.SPENT, asset, end - start, name)
            return
        at = start
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
                        self._expand(here._replace(start=p, end=q), asset, use, count, count + high - low)
            elif span.state is not UnitState.VOID:
                kind = self.ending_of(line, span.ref if span.state is UnitState.HELD else "")
                if kind is not None:
                    label = there.place if isinstance(there, GoodsLine) else ""
                    label = there.exchange if isinstance(there, ExchangeLine) else label
                    left = span.end - span.start if isinstance(there, EndedLine) else till - at
                    to = self.destination_of(label) if kind is ExitKind.IN_TRANSIT else ""
                    self._leave(here._replace(start=at, end=till), kind, asset, left, label, to)
            at = till

    def _land_elsewhere(self, here: _Here, asset: str, line: str, whole: Piece, gap: Piece) -> None:
        """What of `whole` became units `gap` of a line that serve another end since: they are on the bar of that."""
        if gap[0] >= gap[1]:
            return
        first, last = whole
        spans = [span for span in self._lines.spans(line, *gap) if _left_the_bar(span)]
        uses = self._uses_of(spans)
        for span in spans:
            use = uses[span.ref]
            (part,) = use.parts
            for a, b in use.pieces:
                low, high = max(a, span.start), min(b, span.end)
                if low < high and part.line is not None:
                    count = part.start + use.count_at(low)
                    cut = [
                        here.start + (here.end - here.start) * (x - first) // (last - first)
                        for x in (low, high)
                    ]
                    there = here._replace(start=cut[0], end=cut[1])
                    self._land(there, asset, part.line, count, count + high - low)


def _merged(exits: Iterable[Exit]) -> list[Exit]:
    """Exits of one bar, kind and label as one row; units add up, the place is that of the first."""
    groups: dict[tuple[str, ExitKind, str, Origin | None], list[Exit]] = defaultdict(list)
    for row in exits:
        groups[row.source, row.kind, row.label, row.apart].append(row)
    return [
        Exit(
            source=first.source,
            taken=(first.start, first.start + sum(row.end - row.start for row in rows)),
            kind=first.kind,
            amount=Amount.of(first.asset, sum(row.units for row in rows)),
            label=first.label,
            to=first.to,
            apart=first.apart,
        )
        for rows in groups.values()
        for first in rows[:1]
    ]
