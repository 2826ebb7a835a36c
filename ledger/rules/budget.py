"""The budget check of orders: the free money that fits an order, coins and other currencies by dated quotes.

See docs/rules.md, 9 and 26. Two currencies are compared by what each was quoted at for one bitcoin.

It binds nothing; approving an order does.
"""

from __future__ import annotations

from collections import defaultdict

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.names import FREE
from ledger.model.orders import OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.rates import SATS, Priced, newest_price
from ledger.rules.wanting import free_and_held

Bound = dict[str, dict[str | None, int]]
"""By currency, by need (None: orders for any end): what approved orders bind and have not paid yet."""
_ANY_DAY = "9999-12-31"


def spendable(
    books: Books, campaign: str, currency: str, date: str, need: str | None = None, *, sats: bool = True
) -> int:
    """Free money for an order of `need` in a currency, minor units: in hand, less what is held, bound, or
    restricted to other needs; coins at the latest quote (docs/rules.md, 9). Without a quote sats count nothing.

    Coins that orders in other currencies rest on are bound too, at the quotes of those. Unrestricted money of other
    currencies that their own orders leave counts as well, by the quotes of both, less what orders rest on that neither
    their own money nor coins cover. `sats`: count what needs a quote at all.
    """
    bound = _bound(books, campaign)
    spoken = _sats_of_others(books, campaign, currency, date, bound)
    found = price_of(books, campaign, currency, date) if sats else None

    def in_hand(restriction: str) -> int:
        money = free_and_held(books, campaign, currency, restriction)
        if currency == "BTC":
            return money - spoken[restriction]
        coins = free_and_held(books, campaign, "BTC", restriction) - spoken[restriction]
        return money + (max(0, coins) * found.price // SATS if found else 0)

    here = bound.get(currency, {})
    # What a need's own money does not cover of its orders is covered by unrestricted money.
    others = sum(
        max(0, units - in_hand(other)) for other, units in here.items() if other is not None and other != need
    )
    free = in_hand(FREE) - here.get(None, 0) - others
    if currency != "BTC":
        if found is not None:
            free += _money_of_others(books, campaign, currency, date, bound, found)
        free -= _bound_by_others(books, campaign, currency, date, spoken[FREE])
    if need is None:
        return free
    own = in_hand(need) - here.get(need, 0)
    return own + max(free, 0)


def _bound_by_others(books: Books, campaign: str, currency: str, date: str, spoken: int) -> int:
    """What orders in other currencies rest on beyond their own money and all coins, minor units of `currency`."""
    beyond = spoken - free_and_held(books, campaign, "BTC")
    price = _price_then_or_later(books, campaign, currency, date) if beyond > 0 else None
    return 0 if price is None else beyond * price // SATS


def _money_of_others(
    books: Books, campaign: str, currency: str, date: str, bound: Bound, price: Priced
) -> int:
    """Unrestricted money of other currencies that their own orders leave, in minor units of `currency`."""
    worth = 0
    for line in books.lines.money(campaign, restriction=FREE):
        asset = line.asset
        quoted = None if asset in {currency, "BTC"} else price_of(books, campaign, asset, date)
        if quoted is None:
            continue
        left = free_and_held(books, campaign, asset)
        for need, units in bound.get(asset, {}).items():
            own = 0 if need is None else free_and_held(books, campaign, asset, need)
            left -= max(0, units - own)
        worth += max(0, left) * price.price // quoted.price
    return worth


def rates_of_others(books: Books, campaign: str, currency: str, date: str) -> tuple[str, ...]:
    """The numbers of the rates by which unrestricted money of other currencies counts, by currency."""
    assets = {line.asset for line in books.lines.money(campaign, restriction=FREE)} - {currency, "BTC"}
    found = (price_of(books, campaign, asset, date) for asset in sorted(assets))
    return tuple(priced.number for priced in found if priced is not None)


def price_of(books: Books, campaign: str, currency: str, date: str) -> Priced | None:
    """The price of one bitcoin by the latest rate up to a day; None where its sources do not agree."""
    return newest_price(books.session, campaign_of(books.session, campaign), currency, date)


def _bound(books: Books, campaign: str) -> Bound:
    bound: Bound = {}
    still_open = (OrderRow.status == ProposalStatus.APPROVED, col(OrderRow.closed_by).is_(None))
    orders = select(OrderRow.number, OrderRow.need).where(OrderRow.campaign == campaign, *still_open)
    needs = dict(books.session.exec(orders).all())
    for balance in books.balances(AccountClass.ENCUMBERED, campaign):
        if balance.net:
            need = needs[balance.account.detail[-1]]
            of_asset = bound.setdefault(balance.asset, {})
            of_asset[need] = of_asset.get(need, 0) + balance.net
    return bound


def _sats_of_others(
    books: Books, campaign: str, currency: str, date: str, bound: Bound
) -> defaultdict[str, int]:
    """By restriction, the sats that approved orders in other currencies rest on: those that money in their own
    currency does not cover. A need's orders rest on its own coins first.
    """
    spoken: defaultdict[str, int] = defaultdict(int)
    for other, needs in sorted(bound.items()):
        if other == currency:
            continue
        price = SATS if other == "BTC" else _price_then_or_later(books, campaign, other, date)
        wanted = needs.get(None, 0)
        for need, units in needs.items():
            if need is not None:
                wanted += _beyond_own(books, campaign, other, need, units, price, spoken)
        if other != "BTC":
            wanted -= free_and_held(books, campaign, other)
        if price is not None and wanted > 0:
            spoken[FREE] += -(-wanted * SATS // price)
    return spoken


def _beyond_own(
    books: Books,
    campaign: str,
    currency: str,
    need: str,
    units: int,
    price: int | None,
    spoken: dict[str, int],
) -> int:
    """What the money and the coins of a need do not cover of its orders; the coins are noted in `spoken`."""
    if currency != "BTC":
        units -= free_and_held(books, campaign, currency, need)
    if price is None or units <= 0:
        return max(0, units)
    coins = free_and_held(books, campaign, "BTC", need) - spoken[need]
    taken = min(max(0, coins), -(-units * SATS // price))
    spoken[need] += taken
    return max(0, units - taken * price // SATS)


def _price_then_or_later(books: Books, campaign: str, currency: str, date: str) -> int | None:
    """What a bitcoin was quoted at up to a day, else the newest quote: an order rests on one."""
    found = price_of(books, campaign, currency, date) or price_of(books, campaign, currency, _ANY_DAY)
    return None if found is None else found.price
