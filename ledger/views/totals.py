"""The goods of a campaign in its headline, product by product: ordered, paid, received, and where each piece is.

From the picture, but for what was received; what came by no order stands apart. Nothing adds pieces of two products.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Frozen, Quantity
from ledger.core.lines import PartKind
from ledger.core.names import lot_named
from ledger.model.campaigns import Nature, ProductRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.rules.balances import CampaignBalances
from ledger.views.bars import APART
from ledger.views.flow import GOODS_LOST, Bar, Exit, ExitKind, Flow, Origin, StageKind
from ledger.views.known import Known
from ledger.views.sums import LotSums

UNDER_WAY = frozenset({ExitKind.IN_STOCK, ExitKind.IN_TRANSIT, ExitKind.WAITING})
NOT_COMING = frozenset({ExitKind.CANCELLED, ExitKind.CLAIM, ExitKind.REFUNDED})


class GoodsTotals(Frozen):
    """What was ordered, a product a row in each list, and where all of it is.

    `ordered` is the sum of `before`, `not_received`, `not_coming`, `sent_back`, `under_way`, `distributed` and `lost`.
    """

    ordered: tuple[Quantity, ...]
    """Pieces of approved orders."""
    paid: tuple[Quantity, ...]
    """Those that payments have reached, received or not."""
    received: tuple[Quantity, ...]
    """Those that came, good or bad, paid or not."""
    before: tuple[Quantity, ...]
    """Those that had come before the books begin: where they went is not in them."""
    not_received: tuple[Quantity, ...]
    """Those that are still to come."""
    not_coming: tuple[Quantity, ...]
    """Those that were cancelled, paid back, or are owed by the supplier of a closed order."""
    sent_back: tuple[Quantity, ...]
    """Those that went back to the supplier."""
    under_way: tuple[Quantity, ...]
    """Those on the way, in stock, or handed over and not distributed."""
    distributed: tuple[Quantity, ...]
    """Those that reached people."""
    places: int
    """In how many places, each counted once."""
    lost: tuple[Quantity, ...]
    """Those that were damaged, short, rejected, lost or written off."""


class ApartTotals(Frozen):
    """Goods that came by no order, a product a row in each list, and where all of it is.

    `came` is the sum of `sent_back`, `under_way`, `distributed` and `lost`.
    """

    came: tuple[Quantity, ...]
    """Pieces that were given in kind, or were there before the books begin."""
    sent_back: tuple[Quantity, ...]
    """Those that were returned."""
    under_way: tuple[Quantity, ...]
    """Those on the way, in stock, or handed over and not distributed."""
    distributed: tuple[Quantity, ...]
    """Those that reached people."""
    places: int
    """In how many places, each counted once."""
    lost: tuple[Quantity, ...]
    """Those that were damaged or lost."""


class ServiceRow(Frozen):
    """A service, in its own unit: never added to goods."""

    product: str
    """Code of the product."""
    name: str
    """What it is called: `Air freight`."""
    verb: str
    """What is done, as `carried`; empty where the unit says it, as `student trained`."""
    unit: str
    """What one of it is called."""
    ordered: int
    """How many of approved orders."""
    delivered: int
    """How many were rendered, given in kind or ordered."""


def quantities(counts: Counter[str], products: dict[str, ProductRow]) -> tuple[Quantity, ...]:
    """Pieces by product as rows, in order of products; those that are none are left out."""
    return tuple(
        Quantity(product=product, unit=products[product].unit, quantity=count)
        for product, count in sorted(counts.items())
        if count
    )


def goods_totals(known: Known, flow: Flow, lots: Sequence[LotSums]) -> GoodsTotals:
    """What was ordered of goods and where it is, from the picture; received as receipts say (`goods_of`)."""
    products = known.products
    ordered = bars_of(flow, StageKind.ORDERED)
    of_orders = {bar.key: bar.asset for bar in ordered}
    paid: Counter[str] = Counter()
    for band in flow.bands:
        if band.target in of_orders:
            paid[of_orders[band.target]] += band.target_end - band.target_start
    exits = _of_goods(flow, None)
    reached = distributed_of(flow)
    for origin in APART:
        reached.subtract(distributed_of(flow, origin))
    return GoodsTotals(
        ordered=quantities(_counted((bar.asset, bar.units) for bar in ordered), products),
        paid=quantities(paid, products),
        received=quantities(_received(known.held, lots), products),
        before=quantities(exits(lambda kind: kind is ExitKind.BEFORE), products),
        not_received=quantities(exits(lambda kind: kind is ExitKind.OPEN), products),
        not_coming=quantities(exits(NOT_COMING.__contains__), products),
        sent_back=quantities(exits(lambda kind: kind is ExitKind.RETURNED), products),
        under_way=quantities(exits(UNDER_WAY.__contains__), products),
        distributed=quantities(reached, products),
        places=_places(flow, None),
        lost=quantities(exits(GOODS_LOST.__contains__), products),
    )


def apart_totals(known: Known, flow: Flow, origin: Origin) -> ApartTotals:
    """What came of goods by no order, in one way of `APART`, and where it is, from the picture."""
    products = known.products
    came = [bar for bar in bars_of(flow, StageKind.STOCK) if bar.origin is origin]
    exits = _of_goods(flow, origin)
    return ApartTotals(
        came=quantities(_counted((bar.asset, bar.units) for bar in came), products),
        sent_back=quantities(exits(lambda kind: kind is ExitKind.RETURNED), products),
        under_way=quantities(exits(UNDER_WAY.__contains__), products),
        distributed=quantities(distributed_of(flow, origin), products),
        places=_places(flow, origin),
        lost=quantities(exits(GOODS_LOST.__contains__), products),
    )


def service_rows(
    known: Known, bound: Iterable[OrderRow], items: Mapping[int, Sequence[OrderItemRow]]
) -> tuple[ServiceRow, ...]:
    """The services of a campaign that were ordered (`bound` orders with their items) or rendered, by product."""
    ordered: Counter[str] = Counter()
    for order in bound:
        for item in items[order.entry]:
            ordered[item.product] += item.quantity
    rendered = _counted(
        (lot_named(balance.asset).product, balance.net) for balance in known.held.of(AccountClass.DELIVERED)
    )
    return tuple(
        ServiceRow(
            product=code,
            name=product.name,
            verb=product.verb or "",
            unit=product.unit,
            ordered=ordered[code],
            delivered=rendered[code],
        )
        for code, product in sorted(known.products.items())
        if product.nature is Nature.SERVICE and (ordered[code] or rendered[code])
    )


def bars_of(flow: Flow, kind: StageKind) -> list[Bar]:
    """The bars of all stages of a kind."""
    return [bar for stage in flow.stages if stage.kind is kind for bar in stage.bars]


def distributed_of(flow: Flow, origin: Origin | None = None) -> Counter[str]:
    """Pieces that reached people and were not had back or destroyed since, by product: all, or what came in one way."""
    reached = {bar.key: bar for bar in bars_of(flow, StageKind.DISTRIBUTED)}
    came = (
        _counted(
            (reached[band.target].asset, band.target_end - band.target_start)
            for band in flow.bands
            if band.apart is origin and band.target in reached
        )
        if origin is not None
        else _counted((bar.asset, bar.units) for bar in reached.values())
    )
    came.subtract(
        _counted(
            (reached[band.source].asset, band.source_end - band.source_start)
            for band in flow.bands
            if band.source in reached and origin in {None, band.apart}
        )
    )
    came.subtract(
        _counted(
            (row.asset, row.units)
            for row in flow.exits
            if row.source in reached and row.kind is not ExitKind.DISTRIBUTED and origin in {None, row.apart}
        )
    )
    return came


def _places(flow: Flow, origin: Origin | None) -> int:
    """In how many places people were reached, each counted once."""
    reached = {bar.key: bar.label for bar in bars_of(flow, StageKind.DISTRIBUTED)}
    return len(
        {reached[band.target] for band in flow.bands if band.apart is origin and band.target in reached}
    )


def _of_goods(flow: Flow, origin: Origin | None) -> Callable[[Callable[[ExitKind], bool]], Counter[str]]:
    rows: list[Exit] = [row for row in flow.exits if row.asset in flow.units and row.apart is origin]
    return lambda wanted: _counted((row.asset, row.units) for row in rows if wanted(row.kind))


def _counted(rows: Iterable[tuple[str, int]]) -> Counter[str]:
    """(product, pieces) added up product by product."""
    sums: Counter[str] = Counter()
    for product, pieces in rows:
        sums[product] += pieces
    return sums


def _received(held: CampaignBalances, lots: Sequence[LotSums]) -> Counter[str]:
    """Pieces of orders that came, by product: what replaces short ones too, and surplus that was bought."""
    came = _counted((row.lot.product, row.came) for row in lots)
    for balance in held.of(AccountClass.REPLACED, place=PartKind.SHORT.value):
        came[lot_named(balance.asset).product] += balance.net
    return came
