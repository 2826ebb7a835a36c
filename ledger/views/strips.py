"""A campaign's picture in parts that can be read: places beside each other share a column where there are many,
coins and money stand together, then a strip a product.

Each strip has its own unit and scale, since nothing compares masks with litres. One product alone stays in one picture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from ledger.core.frozen import Frozen
from ledger.views.flow import Bar, Exit, Flow, Stage, StageKind, Substance, totals_of

_BEFORE_GOODS = frozenset({StageKind.DONATED, StageKind.MONEY})


COLUMNS = 9
"""Most stages that are read side by side; with more, places that goods come to alike share one."""
_AT_PLACES = (StageKind.STOCK, StageKind.HANDED)


class Strip(Frozen):
    """A part of the picture that stands on its own."""

    product: str
    """What its product is called; empty for coins and money, and where there is one product only."""
    unit: str
    """What a piece is called."""
    flow: Flow
    """What is drawn."""


def strips_of(flow: Flow) -> tuple[Strip, ...]:
    """Coins and money up to the orders, then the products, the one of most pieces' worth of money first."""
    if len(flow.units) < 2:
        return (Strip(product="", unit="", flow=flow),)
    spent = _spent_on(flow)
    products = sorted(flow.units, key=lambda product: (-spent[product], product))
    parts = [
        Strip(product="", unit="", flow=_part(flow, [stage for stage in flow.stages if _is_money(stage)]))
    ]
    for product in products:
        stages = [
            _of_bars(stage, bars)
            for stage in flow.stages
            if stage.kind not in _BEFORE_GOODS
            and (bars := [bar for bar in stage.bars if bar.asset == product])
        ]
        parts.append(
            Strip(
                product=flow.names.get(product, product), unit=flow.units[product], flow=_part(flow, stages)
            )
        )
    return tuple(part for part in parts if part.flow.stages)


def in_columns(flow: Flow) -> Flow:
    """The same flow with no more stages than can be read side by side, as far as the way of the goods allows it.

    Where there are more than `COLUMNS`, places of one kind that lie as many places from where their goods came share a
    stage without a name, a bar each: a fund has some thirty organisations beside each other, and one way for its goods.
    """
    if len(flow.stages) <= COLUMNS:
        return flow
    stage_of = {bar.key: number for number, stage in enumerate(flow.stages) for bar in stage.bars}
    before: dict[int, set[int]] = defaultdict(set)
    for band in flow.bands:
        before[stage_of[band.target]].add(stage_of[band.source])
    depths: dict[int, int] = {}
    for number, stage in enumerate(flow.stages):
        alike = [depths[n] for n in before[number] if n in depths and flow.stages[n].kind is stage.kind]
        depths[number] = max(alike, default=-1) + 1
    columns: dict[tuple[StageKind, str | int], list[Stage]] = defaultdict(list)
    for number, stage in enumerate(flow.stages):
        columns[stage.kind, depths[number] if stage.kind in _AT_PLACES else stage.place].append(stage)
    return flow.model_copy(update={"stages": tuple(_shared(stages) for stages in columns.values())})


def _shared(stages: list[Stage]) -> Stage:
    """Places beside each other as one stage."""
    if len(stages) == 1:
        return stages[0]
    bars = tuple(bar for stage in stages for bar in stage.bars)
    totals = totals_of(bar for bar in bars if not bar.origin.is_back)
    return Stage(kind=stages[0].kind, place="", count=len(stages), totals=totals, bars=bars)


def orders_of(bars: Iterable[Bar]) -> int:
    """How many orders or places some bars are of, each counted once."""
    return len({bar.order or bar.label for bar in bars})


def _is_money(stage: Stage) -> bool:
    return stage.kind in _BEFORE_GOODS or stage.kind is StageKind.ORDERED


def _spent_on(flow: Flow) -> Counter[str]:
    """How large a part of each asset went to the orders of a product, in millionths, added up over assets."""
    bars = {bar.key: bar for bar in flow.nodes}
    wholes: Counter[str] = Counter()
    for bar in bars.values():
        if bar.substance is not Substance.GOODS:
            wholes[bar.asset] += bar.units
    spent: Counter[str] = Counter()
    for band in flow.bands:
        source, target = bars[band.source], bars[band.target]
        if target.substance is Substance.GOODS and wholes[source.asset]:
            spent[target.asset] += (band.source_end - band.source_start) * 1_000_000 // wholes[source.asset]
    return spent


def _of_bars(stage: Stage, bars: list[Bar]) -> Stage:
    """A stage with some of its bars only."""
    totals = totals_of(bar for bar in bars if not bar.origin.is_back)
    return Stage(kind=stage.kind, place=stage.place, count=orders_of(bars), totals=totals, bars=tuple(bars))


def _part(flow: Flow, stages: list[Stage]) -> Flow:
    """The stages with what lies between them; what leaves the last of them for a strip of its own is no exit."""
    bars = {bar.key: bar for stage in stages for bar in stage.bars}
    units = {bar.asset: flow.units[bar.asset] for bar in bars.values() if bar.asset in flow.units}
    money_only = len(units) > 1
    return Flow(
        units=units,
        stages=tuple(stages),
        bands=tuple(band for band in flow.bands if band.source in bars and band.target in bars),
        exits=tuple(row for row in flow.exits if _leaves(row, bars, money_only=money_only)),
    )


def _leaves(row: Exit, bars: dict[str, Bar], *, money_only: bool) -> bool:
    if row.source not in bars:
        return False
    return not money_only or bars[row.source].substance is not Substance.GOODS
