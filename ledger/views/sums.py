"""Sums that close: tables of coins, money and goods whose rows add up to their last row, from the accounts."""

from __future__ import annotations

from typing import Any

from ledger.core.accounts import AccountClass, account
from ledger.core.lines import PartKind
from ledger.core.names import lot_named
from ledger.model.campaigns import Nature
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of
from ledger.views.campaign import SumRow, SumTable, SumTotal
from ledger.views.carrying import carrying_tables


def lots_of(books: Books, slug: str) -> list[tuple[str, dict[str, Any]]]:
    """(asset, counts) of the campaign's lots of goods, services aside."""
    found = []
    for asset, document in books.documents.all("lot", ""):
        if document["campaign"] != slug:
            continue
        if product_of(books.session, slug, document["product"]).nature is Nature.GOODS:
            found.append((asset, document["facts"]))
    return found


def sum_tables(books: Books, slug: str) -> list[SumTable]:
    """Tables whose rows add up to their last row, from the accounts (the flow comes from the lines)."""
    tables: list[SumTable] = []
    net = books.net
    paid = 0
    sold = net(account(AccountClass.TRADING, slug), "BTC")
    for balance in books.balances(AccountClass.SUPPLIER, slug, asset="BTC"):
        paid += balance.net
    rows: tuple[SumRow, ...] = (
        SumRow(asset="BTC", key="converted", minor=sold),
        SumRow(asset="BTC", key="paid", minor=paid),
        SumRow(
            asset="BTC", key="network_fees", minor=net(account(AccountClass.FEES, slug, "network"), "BTC")
        ),
        SumRow(asset="BTC", key="held", minor=net(account(AccountClass.WALLET, slug), "BTC")),
        SumRow(asset="BTC", key="unexplained", minor=net(account(AccountClass.UNEXPLAINED, slug), "BTC")),
    )
    gifts, others = (
        AccountClass.GIFTS,
        (AccountClass.TOP_UPS, AccountClass.OWN_COINS, AccountClass.BLOCKED_GIFTS),
    )
    received = -net(account(gifts, slug), "BTC")
    more = -sum(net(account(kind, slug), "BTC") for kind in others)
    undone = net(account(AccountClass.UNDONE, slug), "BTC")
    blocked = net(account(AccountClass.BLOCKED, slug), "BTC")
    back = account(AccountClass.GIVEN_BACK, slug)
    if net(back, "BTC"):
        rows = (*rows, SumRow(asset="BTC", key="given_back", minor=net(back, "BTC")))
    if blocked:
        rows = (*rows, SumRow(asset="BTC", key="blocked", minor=blocked))
    if undone:
        rows = (*rows, SumRow(asset="BTC", key="undone_spends", minor=undone))
    # Dust and undecided coins stand apart; what spends took of them is among the rows above.
    apart = (AccountClass.DUST, AccountClass.DUST_GIFTS, AccountClass.UNDECIDED, AccountClass.EXCESS)
    other = sum(net(account(kind, slug), "BTC") for kind in apart)
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
            for balance in books.balances(AccountClass.SUPPLIER, slug, asset=currency)
        ]
        charges = sum(balance.net for balance in books.balances(AccountClass.FEES, slug, asset=currency))
        at_bank = sum(balance.net for balance in books.balances(AccountClass.BANK, slug, asset=currency))
        if net(back, currency):
            spent.append(SumRow(asset=currency, key="given_back", minor=net(back, currency)))
        money = (
            *spent,
            SumRow(asset=currency, key="charges", minor=charges),
            SumRow(asset=currency, key="held", minor=at_bank),
        )
        converted = -net(account(AccountClass.TRADING, slug), currency)
        given = -net(account(AccountClass.GIFTS, slug), currency)
        key = "received" if given else "received_from_conversion"
        tables.append(
            SumTable(
                asset=currency,
                unit="",
                rows=money,
                total=SumTotal(asset=currency, key=key, minor=converted + given),
            )
        )
    tables += carrying_tables(books, slug)
    by_product: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for asset, counts in lots_of(books, slug):
        by_product.setdefault(lot_named(asset).product, []).append((asset, counts))
    tables += [_goods_sums(books, slug, product, lots) for product, lots in by_product.items()]
    return tables


def _goods_sums(books: Books, slug: str, product: str, lots: list[tuple[str, dict[str, Any]]]) -> SumTable:
    """The pieces of one product: what came good, and where it is."""
    names = {asset for asset, _ in lots}
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
        for balance in books.balances(kind, slug):
            if balance.asset in names:
                label = balance.account.detail[-1]
                places[label] = places.get(label, 0) + balance.net
        if kind is AccountClass.DISTRIBUTED:
            rows.append(row(key, sum(places.values())))
        else:
            rows.extend(row(key, units, label) for label, units in places.items() if units)
    good = sum(counts["good"] for _, counts in lots)
    lost = sum(balance.net for balance in books.balances(AccountClass.LOST, slug) if balance.asset in names)
    at_receipt = sum(counts["damaged"] + counts["short"] for _, counts in lots)
    replaced = books.balances(AccountClass.REPLACED, slug, place=PartKind.SHORT.value)
    at_receipt -= sum(balance.net for balance in replaced if balance.asset in names)
    rows.append(row("lost", lost - at_receipt))
    back = books.balances(AccountClass.RETURNED, slug, place="supplier")
    returned = sum(balance.net for balance in back if balance.asset in names)
    if returned:
        rows.append(row("returned", returned))
    unit = product_of(books.session, slug, product).unit
    total = SumTotal(asset=product, key="received_good", minor=good)
    return SumTable(asset=product, unit=unit, rows=tuple(rows), total=total)
