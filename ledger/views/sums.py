"""Sums that close: tables of coins, money and goods whose rows add up to their last row, from the accounts."""

from __future__ import annotations

from typing import Any

from ledger.core.accounts import AccountClass, account
from ledger.core.names import account_named, lot_named
from ledger.model.campaigns import Nature
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of
from ledger.views.campaign import SumRow, SumTable
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
    for _, asset, balance in books.balances(account(AccountClass.SUPPLIER, slug) + "/"):
        paid += balance.net if asset == "BTC" else 0
    rows: tuple[SumRow, ...] = (
        SumRow("converted", "", sold),
        SumRow("paid", "", paid),
        SumRow("network_fees", "", net(account(AccountClass.FEES, slug, "network"), "BTC")),
        SumRow("held", "", net(account(AccountClass.WALLET, slug), "BTC")),
        SumRow("unexplained", "", net(account(AccountClass.UNEXPLAINED, slug), "BTC")),
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
        rows = (*rows, SumRow("given_back", "", net(back, "BTC")))
    if blocked:
        rows = (*rows, SumRow("blocked", "", blocked))
    if undone:
        rows = (*rows, SumRow("undone_spends", "", undone))
    # Dust and undecided coins stand apart; what spends took of them is among the rows above.
    apart = (AccountClass.DUST, AccountClass.DUST_GIFTS, AccountClass.UNDECIDED, AccountClass.EXCESS)
    other = sum(net(account(kind, slug), "BTC") for kind in apart)
    if other:
        rows = (*rows, SumRow("other_coins", "", other))
    key = "received_with_others" if more else "received"
    tables.append(SumTable("BTC", "", key, rows, received + more))
    currencies = {line.asset for line in books.lines.money(slug)} - {"BTC"}
    for currency in sorted(currencies):
        spent = [
            SumRow("paid", account_named(name).detail[-1], balance.net)
            for name, asset, balance in books.balances(account(AccountClass.SUPPLIER, slug) + "/")
            if asset == currency
        ]
        charges = sum(
            balance.net
            for _, asset, balance in books.balances(account(AccountClass.FEES, slug) + "/")
            if asset == currency
        )
        at_bank = sum(
            balance.net
            for _, asset, balance in books.balances(account(AccountClass.BANK, slug) + "/")
            if asset == currency
        )
        if net(back, currency):
            spent.append(SumRow("given_back", "", net(back, currency)))
        money = (*spent, SumRow("charges", "", charges), SumRow("held", "", at_bank))
        converted = -net(account(AccountClass.TRADING, slug), currency)
        given = -net(account(AccountClass.GIFTS, slug), currency)
        key = "received" if given else "received_from_conversion"
        tables.append(SumTable(currency, "", key, money, converted + given))
    tables += carrying_tables(books, slug)
    goods = _goods_sums(books, slug)
    if goods is not None:
        tables.append(goods)
    return tables


def _goods_sums(books: Books, slug: str) -> SumTable | None:
    lots = lots_of(books, slug)
    if not lots:
        return None
    names = {asset for asset, _ in lots}
    product = lot_named(lots[0][0]).product
    rows: list[SumRow] = []
    for kind, key in (
        (AccountClass.DISTRIBUTED, "distributed"),
        (AccountClass.HANDED, "waiting"),
        (AccountClass.STOCK, "in_stock"),
        (AccountClass.TRANSIT, "in_transit"),
    ):
        places: dict[str, int] = {}
        for name, asset, balance in books.balances(account(kind, slug) + "/"):
            if asset in names:
                label = account_named(name).detail[-1]
                places[label] = places.get(label, 0) + balance.net
        if kind is AccountClass.DISTRIBUTED:
            rows.append(SumRow(key, "", sum(places.values())))
        else:
            rows.extend(SumRow(key, label, units) for label, units in places.items() if units)
    good = sum(counts["good"] for _, counts in lots)
    lost = sum(
        balance.net
        for name, asset, balance in books.balances(account(AccountClass.LOST, slug) + "/")
        if asset in names
    )
    at_receipt = sum(counts["damaged"] + counts["short"] for _, counts in lots)
    replaced = account(AccountClass.REPLACED, slug, "short")
    at_receipt -= sum(net.net for name, asset, net in books.balances(replaced) if asset in names)
    rows.append(SumRow("lost", "", lost - at_receipt))
    back = account(AccountClass.RETURNED, slug, "supplier")
    returned = sum(net.net for _, asset, net in books.balances(back) if asset in names)
    if returned:
        rows.append(SumRow("returned", "", returned))
    unit = product_of(books.session, slug, product).unit
    return SumTable(product, unit, "received_good", tuple(rows), good)
