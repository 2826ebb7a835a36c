"""Rates between currencies: what is recorded of them, and what an amount is worth in another currency on a day.

Fixed parities come first (ledger/core/parities.py), then the last rate that was recorded and is not too old, of bitcoin
by the quotes of `rates.py`. It decides nothing about limits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, or_, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Currency, Date, Decimals, Name
from ledger.core.money import DECIMALS
from ledger.core.parities import PARITIES, parity
from ledger.model.campaigns import CampaignRow
from ledger.model.exchange_rates import ExchangeRateRow
from ledger.model.limits import LimitRow
from ledger.model.rates import RateRow
from ledger.rules.balances import balances
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, require_campaign
from ledger.rules.rates import newest_price
from ledger.rules.rows import mark_reversed
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing

DAYS = 7
"""A rate counts so many days after its own."""
MONTHLY_DAYS = 35
"""And so many where it is an official one of a month."""
_STEPS = 3
"""An amount goes through so many rates at most, such as from francs to euros to dollars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """What one unit of `base` is in `currency`, by `source`, on a day: `price` is a decimal, such as 655.957.

    It counts for 7 days, an official one of a month (`monthly`) for 35. Bitcoin has rates of its own (`rate add`).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    base: Currency
    currency: Currency
    price: Decimals
    source: Name
    monthly: bool = False
    date: Date


Edge = tuple[str, Fraction, str]
"""A currency, how many of its units one unit of another is, and what the rate that says so is called."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one unit of a currency is in another, in whole units, and what the rates are called that say so."""

    price: Fraction
    rates: tuple[str, ...]


def _name_of(base: str, currency: str, *day: str) -> str:
    """What people call a rate of two currencies: what it is of, and its day; a fixed parity has none."""
    return ":".join((base, currency, *day))


def _days_before(day: str, days: int) -> str:
    return (dt.date.fromisoformat(day) - dt.timedelta(days=days)).isoformat()


def _by_parity(currency: str, day: str) -> Iterator[Edge]:
    fixed = parity(currency, day)
    if fixed is not None:
        yield "EUR", 1 / fixed, _name_of("EUR", currency)
    if currency == "EUR":
        for other in PARITIES:
            units = parity(other.currency, day)
            if units is not None:
                yield other.currency, units, _name_of("EUR", other.currency)


def _by_rate(
    session: Session, campaign: CampaignRow, currency: str, day: str, *, aged: bool = True
) -> Iterator[Edge]:
    """By what was recorded, the newest first; `aged`: of what is not too old only."""
    rows = session.exec(
        select(ExchangeRateRow)
        .where(
            ExchangeRateRow.campaign == campaign.slug,
            col(ExchangeRateRow.reversed_by).is_(None),
            or_(ExchangeRateRow.base == currency, ExchangeRateRow.currency == currency),
            ExchangeRateRow.rate_date <= day,
            ExchangeRateRow.rate_date >= (_days_before(day, MONTHLY_DAYS) if aged else ""),
        )
        .order_by(col(ExchangeRateRow.rate_date).desc(), col(ExchangeRateRow.entry).desc())
    )
    for row in rows:
        if not aged or row.monthly or row.rate_date >= _days_before(day, DAYS):
            price, name = Fraction(row.price), _name_of(row.base, row.currency, row.rate_date)
            yield (row.currency, price, name) if row.base == currency else (row.base, 1 / price, name)


def _by_bitcoin(session: Session, campaign: CampaignRow, currency: str, day: str) -> Iterator[Edge]:
    """By the quotes of bitcoin, from it and to it."""
    quoted = [currency]
    if currency == "BTC":
        since = (
            RateRow.campaign == campaign.slug,
            RateRow.date >= _days_before(day, DAYS),
            RateRow.date <= day,
        )
        quoted = list(
            session.exec(select(RateRow.currency).where(*since).distinct().order_by(RateRow.currency))
        )
    for money in quoted:
        newest = newest_price(session, campaign, money, day, among=5)
        if newest is not None and newest.date >= _days_before(day, DAYS):
            price = Fraction(newest.price, 10 ** DECIMALS[money])
            yield (money, price, newest.number) if currency == "BTC" else ("BTC", 1 / price, newest.number)


def worth(session: Session, slug: str, asset: str, minor: int, currency: str, day: str) -> int | None:
    """Minor units of a currency that an amount of another is on a day, rounded up; None where no rate says it."""
    if asset == currency:
        return minor
    rate = exchange(session, slug, asset, currency, day)
    return None if rate is None else _units(Fraction(minor, 10 ** DECIMALS[asset]) * rate.price, currency)


def exchange(
    session: Session, slug: str, asset: str, currency: str, day: str, *, aged: bool = True
) -> Exchange | None:
    """What one unit of an asset is in a currency on a day; None where no rate says it.

    By as few rates as there are; of those, a fixed parity before a rate that was recorded, and the newest. `aged`: a
    rate between two currencies counts for its days only.
    """
    campaign = campaign_of(session, slug)
    reached = {asset: Exchange(Fraction(1), ())}
    newest = [asset]
    for _ in range(_STEPS):
        here, newest = newest, []
        for money in here:
            for to, price, name in (
                *_by_parity(money, day),
                *_by_rate(session, campaign, money, day, aged=aged),
                *_by_bitcoin(session, campaign, money, day),
            ):
                if to not in reached:
                    reached[to] = Exchange(reached[money].price * price, (*reached[money].rates, name))
                    newest.append(to)
        if currency in reached:
            return reached[currency]
    return None


def rate_of_pair(session: Session, slug: str, asset: str, minor: int, currency: str, day: str) -> int | None:
    """Minor units of a currency that an amount of another is on a day by a rate of just these two; None without one."""
    direct = (*_by_parity(asset, day), *_by_rate(session, campaign_of(session, slug), asset, day))
    price = next((price for to, price, _ in direct if to == currency), None)
    return None if price is None else _units(Fraction(minor, 10 ** DECIMALS[asset]) * price, currency)


def currencies_in_use(session: Session, slug: str) -> list[str]:
    """The currencies that a campaign has to do with: its own, those of its money and orders, and of limits."""
    campaign = campaign_of(session, slug)
    currencies = {balance.asset for balance in balances(session, campaign=slug) if balance.asset in DECIMALS}
    limits = session.exec(select(LimitRow.currency).where(LimitRow.campaign == slug))
    return sorted({campaign.currency, *currencies, *limits} - {"BTC"})


def _units(amount: Fraction, currency: str) -> int:
    """An amount in minor units, rounded up."""
    units: Fraction = amount * 10 ** DECIMALS[currency]
    return -(-units.numerator // units.denominator)


def _post(context: Context, facts: ExchangeRate) -> Posting[None]:
    require_campaign(context)
    if "BTC" in {facts.base, facts.currency}:
        raise Refused.field("base", "is of bitcoin, whose quotes are `rate add`")
    if facts.base == facts.currency:
        raise Refused.field("currency", "is the base itself; name another")
    for currency in (facts.base, facts.currency):
        fixed = parity(currency, facts.date)
        if fixed is not None and {facts.base, facts.currency} == {currency, "EUR"}:
            raise Refused.field(
                "price", "{currency} is fixed to EUR by treaty; nothing is to be recorded", currency=currency
            )
    return Posting()


def _fold(books: Books, entry: Entry[ExchangeRate, None]) -> None:
    facts = entry.facts
    books.session.add(
        ExchangeRateRow(
            entry=entry.seq,
            campaign=entry.campaign,
            date=entry.date,
            base=facts.base,
            currency=facts.currency,
            price=facts.price,
            source=facts.source,
            monthly=facts.monthly,
            rate_date=facts.date,
        )
    )


def _unfold(books: Books, entry: Entry[ExchangeRate, None], seq: int) -> None:
    """The rate counts no more."""
    mark_reversed(books.session, ExchangeRateRow, entry.seq, seq)


def _times_reversed(books: Books, campaign: str, facts: ExchangeRate) -> int:
    gone = select(func.count()).where(
        ExchangeRateRow.campaign == campaign,
        ExchangeRateRow.base == facts.base,
        ExchangeRateRow.currency == facts.currency,
        ExchangeRateRow.rate_date == facts.date,
        col(ExchangeRateRow.reversed_by).is_not(None),
    )
    return books.session.exec(gone).one()


EXCHANGE_RATE = Kind(
    name="exchange-rate",
    noun="exchange-rate",
    verb="add",
    facts=ExchangeRate,
    notes=None,
    doc="Record what one unit of a currency is in another on a day, with its source.",
    roles=RECORDERS,
    named="date",
    key=lambda campaign, facts: f"exchange-rate:{campaign}:{facts.base}:{facts.currency}:{facts.date}",
    times_reversed=_times_reversed,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (EXCHANGE_RATE,)
