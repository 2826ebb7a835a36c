"""Sums that close: tables of coins, money and goods whose rows add up to their last row, from the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select as select_columns
from sqlmodel import Session, case, col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.lines import PartKind
from ledger.core.names import Lot
from ledger.model.campaigns import Nature
from ledger.model.goods import LotDeliveryRow, LotRow, OverDecision, OverDecisionRow
from ledger.rules.balances import CampaignBalances
from ledger.rules.bank_money import OVERDRAWN
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of, products_of
from ledger.rules.goods import lot_of_delivery
from ledger.views.campaign import SumRow, SumTable, SumTotal
from ledger.views.carrying import carrying_tables


@dataclass(frozen=True, slots=True)
class LotSums:
    """What came of a lot in all its deliveries, in pieces. `good`: surplus that was accepted or bought too.

    `is_over`: it came too much with another lot; `at_receipt`: damaged or short when it came.
    """

    lot: Lot
    is_over: bool
    noted: int  # but for what was delivered in the place of earlier pieces
    good: int
    at_receipt: int


def lots_of(session: Session, slug: str) -> list[LotSums]:
    """The campaign's lots that came, services included, by product and lot."""
    again = case((col(LotDeliveryRow.replaces).is_not(None), 0), else_=LotDeliveryRow.noted)
    query = (
        select_columns(
            col(LotDeliveryRow.product),
            col(LotDeliveryRow.lot),
            col(LotRow.over_of),
            func.sum(again),
            func.sum(LotDeliveryRow.good),
            func.sum(LotDeliveryRow.damaged + LotDeliveryRow.short),
        )
        .join(LotRow, lot_of_delivery())
        .where(col(LotDeliveryRow.campaign) == slug, col(LotDeliveryRow.reversed_by).is_(None))
        .group_by(col(LotDeliveryRow.product), col(LotDeliveryRow.lot), col(LotRow.over_of))
        .order_by(col(LotDeliveryRow.product), col(LotDeliveryRow.lot))
    )
    usable = _usable_surplus(session, slug)
    return [
        LotSums(
            Lot(product, lot),
            over is not None,
            int(noted),
            int(good) + usable.get(Lot(product, lot), 0),
            int(bad),
        )
        for product, lot, over, noted, good, bad in session.connection().execute(query)
    ]


def _usable_surplus(session: Session, slug: str) -> dict[Lot, int]:
    """Pieces that came too much and were accepted or bought, by lot."""
    query = (
        select(OverDecisionRow.product, OverDecisionRow.lot, func.sum(OverDecisionRow.quantity))
        .where(
            OverDecisionRow.campaign == slug,
            col(OverDecisionRow.decision).in_((OverDecision.ACCEPTED, OverDecision.BOUGHT)),
            col(OverDecisionRow.reversed_by).is_(None),
        )
        .group_by(col(OverDecisionRow.product), col(OverDecisionRow.lot))
    )
    return {Lot(product, lot): int(units) for product, lot, units in session.exec(query)}


def goods_of(books: Books, slug: str) -> list[LotSums]:
    """The campaign's lots that came, services aside."""
    products = products_of(books.session, slug)
    rows = lots_of(books.session, slug)
    return [row for row in rows if products[row.lot.product].nature is Nature.GOODS]


def sum_tables(books: Books, slug: str, goods: Sequence[LotSums]) -> list[SumTable]:
    """Tables whose rows add up to their last row, from the accounts (the flow comes from the lines).

    `goods`: the lots that came (`goods_of`).
    """
    tables: list[SumTable] = []
    held = CampaignBalances(books.session, slug)
    net = held.net
    sold = net(AccountClass.TRADING, "BTC")
    paid = sum(balance.net for balance in held.of(AccountClass.SUPPLIER, asset="BTC"))
    rows: tuple[SumRow, ...] = (
        SumRow(asset="BTC", key="converted", minor=sold),
        SumRow(asset="BTC", key="paid", minor=paid),
        SumRow(asset="BTC", key="network_fees", minor=net(AccountClass.FEES, "BTC", "network")),
        SumRow(asset="BTC", key="held", minor=net(AccountClass.WALLET, "BTC")),
        SumRow(asset="BTC", key="unexplained", minor=net(AccountClass.UNEXPLAINED, "BTC")),
    )
    gifts, others = (
        AccountClass.GIFTS,
        (AccountClass.TOP_UPS, AccountClass.OWN_COINS, AccountClass.BLOCKED_GIFTS),
    )
    received = -net(gifts, "BTC")
    more = -sum(net(kind, "BTC") for kind in others)
    undone = net(AccountClass.UNDONE, "BTC")
    blocked = net(AccountClass.BLOCKED, "BTC")
    back = AccountClass.GIVEN_BACK
    if net(back, "BTC"):
        rows = (*rows, SumRow(asset="BTC", key="given_back", minor=net(back, "BTC")))
    if blocked:
        rows = (*rows, SumRow(asset="BTC", key="blocked", minor=blocked))
    if undone:
        rows = (*rows, SumRow(asset="BTC", key="undone_spends", minor=undone))
    # Dust and undecided coins stand apart; what spends took of them is among the rows above.
    apart = (AccountClass.DUST, AccountClass.DUST_GIFTS, AccountClass.UNDECIDED, AccountClass.EXCESS)
    other = sum(net(kind, "BTC") for kind in apart)
    if other:
        rows = (*rows, SumRow(asset="BTC", key="other_coins", minor=other))
    key = "received_with_others" if more else "received"
    tables.append(
        SumTable(asset="BTC", unit="", rows=rows, total=SumTotal(asset="BTC", key=key, minor=received + more))
    )
    currencies = {line.asset for line in books.lines.money(slug)} - {"BTC"}
    for currency in sorted(currencies):
        spent = [
            SumRow(asset=currency, key="paid", label=balance.account.detail[-1], minor=balance.net)
            for balance in held.of(AccountClass.SUPPLIER, asset=currency)
        ]
        charges = sum(balance.net for balance in held.of(AccountClass.FEES, asset=currency))
        at_bank = sum(b.net for kind in OVERDRAWN for b in held.of(kind, asset=currency))
        if net(back, currency):
            spent.append(SumRow(asset=currency, key="given_back", minor=net(back, currency)))
        owed = net(AccountClass.TAX, currency)
        if owed:
            spent.append(SumRow(asset=currency, key="tax_owed", minor=owed))
        money = (
            *spent,
            SumRow(asset=currency, key="charges", minor=charges),
            SumRow(asset=currency, key="held", minor=at_bank),
        )
        converted = -net(AccountClass.TRADING, currency)
        given = -net(AccountClass.GIFTS, currency)
        more = -sum(net(kind, currency) for kind in (AccountClass.INTEREST, AccountClass.TOP_UPS))
        key = "received" if given else "received_from_conversion"
        if more:
            key = "received_with_others"
        tables.append(
            SumTable(
                asset=currency,
                unit="",
                rows=money,
                total=SumTotal(asset=currency, key=key, minor=converted + given + more),
            )
        )
    tables += carrying_tables(books, slug)
    by_product: dict[str, list[LotSums]] = {}
    for row in goods:
        by_product.setdefault(row.lot.product, []).append(row)
    tables += [_goods_sums(books, slug, held, product, lots) for product, lots in by_product.items()]
    return tables


def _goods_sums(
    books: Books, slug: str, held: CampaignBalances, product: str, lots: list[LotSums]
) -> SumTable:
    """The pieces of one product: what came good, and where it is."""
    names = {str(lot.lot) for lot in lots}
    rows: list[SumRow] = []

    def row(key: str, units: int, label: str = "") -> SumRow:
        return SumRow(asset=product, key=key, label=label, minor=units)

    for kind, key in (
        (AccountClass.DISTRIBUTED, "distributed"),
        (AccountClass.HANDED, "waiting"),
        (AccountClass.STOCK, "in_stock"),
        (AccountClass.TRANSIT, "in_transit"),
    ):
        places: dict[str, int] = {}
        for balance in held.of(kind):
            if balance.asset in names:
                label = balance.account.detail[-1]
                places[label] = places.get(label, 0) + balance.net
        if kind is AccountClass.DISTRIBUTED:
            rows.append(row(key, sum(places.values())))
        else:
            rows.extend(row(key, units, label) for label, units in places.items() if units)
    good = sum(lot.good for lot in lots)
    lost = sum(balance.net for balance in held.of(AccountClass.LOST) if balance.asset in names)
    at_receipt = sum(lot.at_receipt for lot in lots)
    replaced = held.of(AccountClass.REPLACED, place=PartKind.SHORT.value)
    at_receipt -= sum(balance.net for balance in replaced if balance.asset in names)
    rows.append(row("lost", lost - at_receipt))
    back = held.of(AccountClass.RETURNED, place="supplier")
    returned = sum(balance.net for balance in back if balance.asset in names)
    if returned:
        rows.append(row("returned", returned))
    unit = product_of(books.session, slug, product).unit
    total = SumTotal(asset=product, key="received_good", minor=good)
    return SumTable(asset=product, unit=unit, rows=tuple(rows), total=total)
