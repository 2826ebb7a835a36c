"""The budget check of orders: the free money that fits an order, coins and other currencies by dated quotes.

See docs/rules.md, 9 and 26. Two currencies are compared by what each was quoted at for one bitcoin, else by the rates
between currencies that are recorded or laid down.

It binds nothing; approving an order does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.money import DECIMALS
from ledger.core.names import FREE
from ledger.model.orders import OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.model.rates import RateRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.exchange_rates import exchange
from ledger.rules.rates import SATS, Priced, newest_price
from ledger.rules.wanting import free_and_held

Bound = dict[str, dict[str | None, int]]
"""By currency, by need (None: orders for any end): what approved orders bind and have not paid yet."""
_ANY_DAY = "9999-12-31"
NONE_LATER: Mapping[tuple[str, str], int] = {}


@dataclass(frozen=True, slots=True)
class Purse:
    """The free money of a campaign, but for what came too late: minor units of it, by asset and restriction."""

    books: Books
    campaign: str
    later: Mapping[tuple[str, str], int]

    def free(self, asset: str, restriction: str = FREE) -> int:
        units = free_and_held(self.books, self.campaign, asset, restriction)
        return max(0, units - self.later.get((asset, restriction), 0))


@dataclass(frozen=True, slots=True)
class _Scale:
    """What orders in several currencies are compared in on a day: in sats, or in minor units of `anchor`.

    An anchor is the currency of an order to which no quote of bitcoin leads: no coins count then.
    """

    purse: Purse
    date: str
    anchor: str | None

    def price(self, currency: str) -> Fraction | None:
        """Minor units of a currency that one unit of the scale is, by rates up to the day, else by later ones: what
        an order rests on it rests on as long as it is bound. None where no rate leads to it."""
        if currency == (self.anchor or "BTC"):
            return Fraction(1)
        books, campaign = self.purse.books, self.purse.campaign
        if self.anchor is not None:
            return _then_or_later(books, campaign, self.anchor, currency, self.date)
        return _for_one_sat(books, campaign, currency, self.date)

    def coins(self, restriction: str = FREE) -> int:
        """The coins behind a restriction, in units of the scale."""
        return self.purse.free("BTC", restriction) if self.anchor is None else 0


def spendable(
    books: Books,
    campaign: str,
    currency: str,
    date: str,
    need: str | None = None,
    *,
    by_rates: bool = True,
    later: Mapping[tuple[str, str], int] = NONE_LATER,
) -> int:
    """Free money for an order of `need` in a currency, minor units: in hand, less what is held, bound, or
    restricted to other needs; coins at the latest quote (docs/rules.md, 9). Without a quote sats count nothing.

    Coins that orders in other currencies rest on are bound too, at the quotes of those. Unrestricted money of other
    currencies that their own orders leave counts as well, by the quotes of both or a rate between them, less what
    orders rest on that neither their own money nor coins cover. `by_rates`: count what needs a rate at all. `later`:
    what came too late to be counted, by asset and restriction.
    """
    bound, purse = _bound(books, campaign), Purse(books, campaign, later)
    scale = _scale(purse, currency, date) if bound.keys() - {currency} else None
    spoken = defaultdict[str, int](int) if scale is None else _spoken_for(scale, currency, bound)
    price = price_of(books, campaign, currency, date) if by_rates else None

    def in_hand(restriction: str) -> int:
        money = purse.free(currency, restriction)
        if currency == "BTC":
            return money - spoken[restriction]
        coins = purse.free("BTC", restriction) - spoken[restriction]
        return money + (max(0, coins) * price.price // SATS if price else 0)

    here = bound.get(currency, {})
    # What a need's own money does not cover of its orders is covered by unrestricted money.
    others = sum(
        max(0, units - in_hand(other)) for other, units in here.items() if other is not None and other != need
    )
    free = in_hand(FREE) - here.get(None, 0) - others
    if currency != "BTC":
        if by_rates:
            free += _money_of_others(purse, currency, date, bound)
        if scale is not None:
            free -= _bound_by_others(scale, currency, spoken[FREE])
    if need is None:
        return free
    own = in_hand(need) - here.get(need, 0)
    return own + max(free, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order needs money for: so much of a currency, for a need or for any end."""

    currency: str
    total: int
    need: str | None


def covered_after(books: Books, campaign: str, wanted: Wanted, date: str, since: str) -> set[int]:
    """The entries of the first day after `since` whose money, with all that came before, covers what is wanted.

    None where money that came by then covers it, or none that there is does. `date`: the day of the rates.
    """
    lines = {str(line): (line.asset, line.restriction) for line in books.lines.money(campaign)}
    came = books.lines.free_since(lines, since)
    if not came:
        return set()
    days = sorted({one.date for one in came})

    def enough(count: int) -> bool:
        """Is there enough without what came after the first `count` of these days?"""
        later = defaultdict[tuple[str, str], int](int)
        for one in came:
            if not count or one.date > days[count - 1]:
                later[lines[one.line]] += one.units
        there = spendable(books, campaign, wanted.currency, date, wanted.need, later=later)
        return there >= wanted.total

    first = bisect_left(range(len(days) + 1), True, key=enough)
    return {one.entry for one in came if 0 < first <= len(days) and one.date == days[first - 1]}


def _bound_by_others(scale: _Scale, currency: str, spoken: int) -> int:
    """What orders in other currencies rest on beyond their own money and all coins, minor units of `currency`."""
    beyond = spoken - scale.coins() if spoken else 0
    price = scale.price(currency) if beyond > 0 else None
    return 0 if price is None else int(beyond * price)


def _money_of_others(purse: Purse, currency: str, date: str, bound: Bound) -> int:
    """Unrestricted money of other currencies that their own orders leave, in minor units of `currency`."""
    books, campaign, worth = purse.books, purse.campaign, 0
    for asset in _others(books, campaign, currency):
        rate = _rate_to(books, campaign, asset, currency, date)
        if rate is None:
            continue
        left = purse.free(asset)
        for need, units in bound.get(asset, {}).items():
            own = 0 if need is None else purse.free(asset, need)
            left -= max(0, units - own)
        worth += int(max(0, left) * rate.price)
    return worth


def _others(books: Books, campaign: str, currency: str) -> list[str]:
    """The currencies of unrestricted money but for one and for bitcoin."""
    return sorted({line.asset for line in books.lines.money(campaign, restriction=FREE)} - {currency, "BTC"})


@dataclass(frozen=True, slots=True)
class _Rate:
    """Minor units of one currency that a minor unit of another is, and what the rates are called that say so."""

    price: Fraction
    names: tuple[str, ...]


def _rate_to(books: Books, campaign: str, asset: str, currency: str, date: str) -> _Rate | None:
    """By the quotes of both for one bitcoin up to a day, else by rates between currencies that are not too old."""
    quoted = price_of(books, campaign, asset, date)
    wanted = None if quoted is None else price_of(books, campaign, currency, date)
    if quoted is not None and wanted is not None:
        return _Rate(Fraction(wanted.price, quoted.price), (quoted.number,))
    rate = exchange(books.session, campaign, asset, currency, date)
    return None if rate is None else _Rate(_minor(rate.price, asset, currency), rate.rates)


def rates_of_others(books: Books, campaign: str, currency: str, date: str) -> tuple[str, ...]:
    """The numbers of the rates by which unrestricted money of other currencies counts, by currency."""
    assets = _others(books, campaign, currency)
    rates = (_rate_to(books, campaign, asset, currency, date) for asset in assets)
    return tuple(dict.fromkeys(name for rate in rates if rate is not None for name in rate.names))


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


def _scale(purse: Purse, currency: str, date: str) -> _Scale:
    """What an order in a currency is compared with others in."""
    quoted = currency == "BTC" or _for_one_sat(purse.books, purse.campaign, currency, date) is not None
    return _Scale(purse, date, None if quoted else currency)


def _spoken_for(scale: _Scale, currency: str, bound: Bound) -> defaultdict[str, int]:
    """By restriction, in units of a scale, what approved orders in other currencies rest on: what money in their own
    currency does not cover. A need's orders rest on its own coins first.
    """
    spoken: defaultdict[str, int] = defaultdict(int)
    for other, needs in sorted(bound.items()):
        if other == currency:
            continue
        price = Fraction(1) if other == "BTC" and scale.anchor is None else scale.price(other)
        wanted = needs.get(None, 0)
        for need, units in needs.items():
            if need is not None:
                wanted += _beyond_own(scale, other, need, units, price, spoken)
        if other != "BTC":
            wanted -= scale.purse.free(other)
        if price is not None and wanted > 0:
            spoken[FREE] += -int(-wanted / price // 1)
    return spoken


def _beyond_own(
    scale: _Scale,
    currency: str,
    need: str,
    units: int,
    price: Fraction | None,
    spoken: dict[str, int],
) -> int:
    """What the money and the coins of a need do not cover of its orders; the coins are noted in `spoken`."""
    if currency != "BTC":
        units -= scale.purse.free(currency, need)
    if price is None or units <= 0:
        return max(0, units)
    coins = scale.coins(need) - spoken[need]
    taken = min(max(0, coins), -int(-units / price // 1))
    spoken[need] += taken
    return max(0, units - int(taken * price))


def _for_one_sat(books: Books, campaign: str, currency: str, date: str) -> Fraction | None:
    """Minor units of a currency that a sat was quoted at up to a day, else by the newest quote.

    Where it has no quote, by a rate between it and a currency that has one.
    """
    own = _quoted(books, campaign, currency, date)
    if own is not None:
        return own
    quoted = select(RateRow.currency).where(RateRow.campaign == campaign).distinct()
    for other in books.session.exec(quoted.order_by(col(RateRow.currency))).all():
        rate = _then_or_later(books, campaign, other, currency, date)
        through = None if rate is None else _quoted(books, campaign, other, date)
        if rate is not None and through is not None:
            return through * rate
    return None


def _quoted(books: Books, campaign: str, currency: str, date: str) -> Fraction | None:
    """Minor units of a currency that a sat was quoted at up to a day, else by the newest quote; None without one."""
    price = price_of(books, campaign, currency, date) or price_of(books, campaign, currency, _ANY_DAY)
    return None if price is None else Fraction(price.price, SATS)


def _then_or_later(books: Books, campaign: str, asset: str, currency: str, date: str) -> Fraction | None:
    """Minor units of a currency that one of another is, by the rates of a day, else of before it, else of after it."""
    for day, aged in ((date, True), (date, False), (_ANY_DAY, False)):
        price = exchange(books.session, campaign, asset, currency, day, aged=aged)
        if price is not None:
            return _minor(price.price, asset, currency)
    return None


def _minor(price: Fraction, asset: str, currency: str) -> Fraction:
    """What one unit of an asset is in a currency, as what a minor unit of the one is in minor units of the other."""
    return price * Fraction(10 ** DECIMALS[currency], 10 ** DECIMALS[asset])
