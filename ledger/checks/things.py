"""Checks of orders, lots and people: what was ordered, noted and reached ties. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.core.accounts import AccountClass, account
from ledger.core.wording import Figure
from ledger.model.people import Dimension
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.closings import left_of
from ledger.rules.goods import MADE_LOTS, noted_of_lots
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import encumbered_account, open_account
from ledger.rules.results import cells_of, indicators_of
from ledger.store.transaction import Reading


def orders_tie(tx: Reading) -> Iterator[Finding]:
    """Per order item: ordered = received (good, damaged, short, rejected) + cancelled + open."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        received: dict[tuple[str, str], int] = defaultdict(int)
        papers = OrderPapers(books, slug)
        for of, came in papers.received.items():
            received[of] += came.noted
        for of, units in papers.bought.items():
            received[of] += units
        for order in papers.bound:
            for item in papers.items(order):
                opened = books.net(open_account(slug, order.number, item.item), item.product)
                gone = account(AccountClass.CANCELLED, slug, order.number, item.item)
                cancelled = books.net(gone, item.product)
                noted = received[order.number, item.item]
                if noted + cancelled + opened != item.quantity:
                    yield Finding.of(
                        "orders_tie",
                        f"{order.number}/{item.item}",
                        "{ordered} ordered, {noted} noted, {cancelled} cancelled and {open} open",
                        ordered=Figure(item.product, item.quantity),
                        noted=noted,
                        cancelled=cancelled,
                        open=opened,
                    )


def closed_orders_left_nothing(tx: Reading) -> Iterator[Finding]:
    """A closed order has no open pieces and no bound money, and each unit of its lines has an owner or is gone."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for order in OrderPapers(books, slug).bound:
            if not order.is_closed:
                continue
            number, currency = order.number, order.currency
            bound = books.net(encumbered_account(slug, number), currency)
            if bound:
                yield Finding.of(
                    "closed_orders_left_nothing",
                    number,
                    "{bound} is still bound",
                    bound=Figure(currency, bound),
                )
            for row in left_of(books, order):
                if row.pieces or row.cancelled or row.given:
                    yield Finding.of(
                        "closed_orders_left_nothing",
                        f"{number}/{row.item}",
                        "left of it: {n} piece and {money}",
                        many="left of it: {n} pieces and {money}",
                        n=row.pieces,
                        money=Figure(currency, row.cancellation + row.discount),
                    )


def lots_tie(tx: Reading) -> Iterator[Finding]:
    """Per lot: noted = stock + in transit + handed + distributed + delivered + lost + returned; lines agree."""
    books = Books(tx)
    where: dict[tuple[str, str], int] = defaultdict(int)
    on_lines: dict[tuple[str, str], int] = defaultdict(int)
    in_stock: dict[tuple[str, str], int] = defaultdict(int)
    places = {
        AccountClass.STOCK,
        AccountClass.TRANSIT,
        AccountClass.HANDED,
        AccountClass.DISTRIBUTED,
        AccountClass.DELIVERED,
    }
    for balance in books.balances():
        kind, asset = balance.account.kind, balance.asset
        if "#" in asset and kind not in MADE_LOTS:
            of = balance.account.campaign, asset
            where[of] += balance.net
            if kind in places:
                in_stock[of] += balance.net
    for line in books.lines.goods():
        on_lines[line.campaign, line.asset] += books.lines.free_units(str(line))
    noted = noted_of_lots(books.session)
    for of in sorted(noted.keys() | where.keys()):
        name = f"{of[0]}/{of[1]}"
        if where[of] != noted.get(of, 0):
            yield Finding.of(
                "lots_tie",
                name,
                "{noted} noted and {accounted} accounted for",
                noted=noted.get(of, 0),
                accounted=where[of],
            )
        if on_lines[of] != in_stock[of]:
            yield Finding.of(
                "lots_tie",
                name,
                "{places} in places and {lines} on lines",
                places=in_stock[of],
                lines=on_lines[of],
            )


def results_tie(tx: Reading) -> Iterator[Finding]:
    """Per indicator: people on its account = people reported, and no breakdown has more."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        for indicator in indicators_of(tx.session, slug):
            name = indicator.number
            reached = books.net(f"{AccountClass.REACHED.value}/{slug}/{name}", f"indicator:{name}")
            if reached != indicator.actual:
                yield Finding.of(
                    "results_tie",
                    name,
                    "{reached} reached and {reported} reported",
                    reached=reached,
                    reported=indicator.actual,
                )
            people: dict[Dimension, int] = defaultdict(int)
            for cell in cells_of(tx.session, indicator):
                people[cell.dimension] += cell.count
            for dimension, count in people.items():
                if count > indicator.actual:
                    yield Finding.of(
                        "results_tie",
                        name,
                        "{dimension} has more people than were reported",
                        dimension=dimension.value,
                    )
