"""Rates: what one bitcoin was worth at a moment or on a day, by whose quotes, and how they agree.

Nothing here asks anybody, and no price is ever a float: minor units, and exact decimal text for cross rates.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import BigInteger, Text, bindparam
from sqlmodel import Session, col, func, or_, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Decimals, Name, Number, Positive, Sha256
from ledger.core.money import DECIMALS
from ledger.model.campaigns import CampaignRow
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY
from ledger.model.rates import RateQuoteRow, RateRow
from ledger.rules.books import Books
from ledger.rules.campaigns import TOLERANCE_PERMILLE, require_campaign
from ledger.rules.spec import RECORDERS, Context, Kind

SATS = 10**8
MINUTE = 60
"""Rates of a moment are those of its minute, by the moment that the minute begins."""
LEAST_QUOTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price of one bitcoin in minor units of the currency, and who quoted it.

    What was asked is kept where a program did: the `pair`, the moment of the answer's trade or candle (`at`,
    Unix seconds), its price in US cents (`cents`) where that is another currency's, and the hash of its bytes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    source: Name
    price: Positive
    pair: Number | None = None
    at: Count | None = None
    cents: Positive | None = None
    sha256: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
    """What one euro was worth that day, in US dollars and in the currency, as the source wrote it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    source: Name
    date: Date
    dollars: Decimals
    currency: Decimals
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Quotes of a minute (`at`, Unix seconds) or, without it, of a day.

    A gift's value needs two that agree within the campaign's tolerance, else 2 % (docs/rules.md, 10).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    date: Date
    currency: Currency
    quotes: Annotated[tuple[Quote, ...], Field(min_length=1, max_length=10)]
    at: Count | None = None
    cross: Cross | None = None


def minute_of(moment: int) -> int:
    """The Unix seconds at which the minute of a moment begins."""
    return moment - moment % MINUTE


def day_of(moment: int) -> str:
    """The day of a moment, UTC."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).date().isoformat()


def crossed_price(cents: int, dollars: str, per_euro: str, currency: str) -> int:
    """A price in US cents as minor units of the currency, rounded half to even, exactly.

    `dollars` and `per_euro` say what one euro was worth, in US dollars and in the currency.
    """
    exact: Fraction = Fraction(cents, 100) * Fraction(per_euro) / Fraction(dollars) * 10 ** DECIMALS[currency]
    return divided_half_even(exact.numerator, exact.denominator)


def agreed_price(prices: list[int], tolerance_permille: int = TOLERANCE_PERMILLE) -> int | None:
    """The mean of at least two prices within the tolerance, rounded half to even; None: a person decides.

    Minor units of the currency for one bitcoin. docs/rules.md, 10.
    """
    if len(prices) < LEAST_QUOTES:
        return None
    low, high = min(prices), max(prices)
    if (high - low) * 1000 > tolerance_permille * low:
        return None
    return divided_half_even(sum(prices), len(prices))


def divided_half_even(amount: int, divisor: int) -> int:
    """Integer division that rounds half to even."""
    quotient, rest = divmod(amount, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1):
        quotient += 1
    return quotient


@dataclass(frozen=True, slots=True)
class Priced:
    """What one bitcoin was at, minor units of `currency`, by the quotes of a rate that agree; `rate` recorded it."""

    currency: str
    date: str
    at: int | None
    price: int
    quotes: tuple[Quote, ...]
    rate: int

    @property
    def number(self) -> str:
        """What people call the rate: its currency, its day, and the minute that it is of."""
        return rate_number(self.currency, self.date, self.at)


@dataclass(frozen=True, slots=True)
class Valued:
    """A value in minor units of `currency`, with the quotes kept, and the entry of the rate that they are of."""

    currency: str
    value: int
    price: int
    quotes: tuple[Quote, ...]
    rate: int


def rate_number(currency: str, date: str, at: int | None) -> str:
    """What people call a rate: its currency, its day, and the minute that it is of (Unix seconds), if any."""
    return f"{currency}:{date}" + ("" if at is None else f":{at}")


_currency = bindparam("of_currency", type_=Text)
_day = bindparam("of_day", type_=Text)
_QUOTES = select(RateQuoteRow).where(col(RateQuoteRow.rate) == OF_ENTRY).order_by(col(RateQuoteRow.n))
_RATES = select(RateRow).where(col(RateRow.campaign) == OF_CAMPAIGN, col(RateRow.currency) == _currency)
_RATES_OF_DAY = _RATES.where(col(RateRow.date) == _day)
_RATES_AT = _RATES_OF_DAY.where(
    or_(col(RateRow.at) == bindparam("of_minute", type_=BigInteger), col(RateRow.at).is_(None))
).order_by(col(RateRow.at).is_(None))
_NEWEST = (
    _RATES.where(col(RateRow.date) <= _day)
    .order_by(col(RateRow.date).desc(), func.coalesce(RateRow.at, -1).desc())
    .limit(bindparam("among", type_=BigInteger))
)
_NEWEST_OF_DAY = _RATES_OF_DAY.order_by(func.coalesce(RateRow.at, -1).desc())
_CURRENCIES = select(RateRow.currency).where(col(RateRow.campaign) == OF_CAMPAIGN).distinct()


def _agreed(session: Session, campaign: CampaignRow, rate: RateRow) -> Priced | None:
    """The price of a rate; None where its quotes do not agree within the campaign's tolerance."""
    rows = session.exec(_QUOTES, params={"of_entry": rate.entry}).all()
    price = agreed_price([row.price for row in rows], campaign.tolerance_permille)
    if price is None:
        return None
    quotes = tuple(
        Quote(
            source=row.source, price=row.price, pair=row.pair, at=row.at, cents=row.cents, sha256=row.sha256
        )
        for row in rows
    )
    return Priced(rate.currency, rate.date, rate.at, price, quotes, rate.entry)


def price_at(session: Session, campaign: CampaignRow, moment: int) -> Priced | None:
    """The price in the campaign's currency at a moment (Unix seconds); None where no rate decides.

    The rate of the minute comes first, then that of the day.
    """
    asked = {
        "of_campaign": campaign.slug,
        "of_currency": campaign.currency,
        "of_day": day_of(moment),
        "of_minute": minute_of(moment),
    }
    agreed = (_agreed(session, campaign, rate) for rate in session.exec(_RATES_AT, params=asked).all())
    return next((priced for priced in agreed if priced is not None), None)


def value_at(session: Session, campaign: CampaignRow, moment: int, sats: int) -> Valued | None:
    """The value of sats at a moment (Unix seconds) in the campaign's currency; None where no rate decides."""
    price = price_at(session, campaign, moment)
    if price is None:
        return None
    value = divided_half_even(sats * price.price, SATS)
    return Valued(price.currency, value, price.price, price.quotes, price.rate)


_LAST_LOOKED_AT = 20
"""Rates at most, the newest first, among which one is looked for whose quotes agree."""


def newest_price(
    session: Session, campaign: CampaignRow, currency: str, date: str, among: int = 1
) -> Priced | None:
    """The price by the newest rate up to a day whose quotes agree, of the `among` newest ones; None: of none.

    Of one day, rates of minutes are newer than that of the day.
    """
    rates = session.exec(
        _NEWEST,
        params={"of_campaign": campaign.slug, "of_currency": currency, "of_day": date, "among": among},
    )
    agreed = (_agreed(session, campaign, rate) for rate in rates.all())
    return next((priced for priced in agreed if priced is not None), None)


def last_prices(session: Session, campaign: CampaignRow, date: str) -> tuple[Priced, ...]:
    """The newest price of a bitcoin up to a day in each currency that the campaign has rates of, its own first."""
    known = session.exec(_CURRENCIES, params={"of_campaign": campaign.slug}).all()
    ordered = sorted(known, key=lambda currency: (currency != campaign.currency, currency))
    prices = (newest_price(session, campaign, currency, date, among=_LAST_LOOKED_AT) for currency in ordered)
    return tuple(priced for priced in prices if priced is not None)


def prices_of_day(session: Session, campaign: CampaignRow, currency: str, date: str) -> tuple[int, ...]:
    """The prices of a bitcoin that day, minor units, by each of its rates whose quotes agree; the newest first."""
    asked = {"of_campaign": campaign.slug, "of_currency": currency, "of_day": date}
    rates = session.exec(_NEWEST_OF_DAY, params=asked)
    agreed = (_agreed(session, campaign, rate) for rate in rates.all())
    return tuple(priced.price for priced in agreed if priced is not None)


def _post(context: Context, facts: Rate) -> Posting[None]:
    require_campaign(context)
    if facts.at is not None and facts.at % MINUTE:
        raise Refused.field("at", "must begin a minute; {at} does", at=minute_of(facts.at))
    if facts.at is not None and day_of(facts.at) != facts.date:
        raise Refused.field(
            "at", "is a moment of {at}; the date says {date}", at=day_of(facts.at), date=facts.date
        )
    for index, quote in enumerate(facts.quotes):
        if (quote.cents is None) != (facts.cross is None):
            raise Refused.field(
                f"quotes.{index}.cents", "goes with cross: both for a price that was quoted in US dollars"
            )
        if facts.cross is None or quote.cents is None:
            continue
        price = crossed_price(quote.cents, facts.cross.dollars, facts.cross.currency, facts.currency)
        if price != quote.price:
            raise Refused.field(
                f"quotes.{index}.price", "is {price} by the cross rate that is given", price=price
            )
    return Posting()


def _fold(books: Books, entry: Entry[Rate, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        RateRow(
            entry=entry.seq, campaign=entry.campaign, currency=facts.currency, date=facts.date, at=facts.at
        )
    )
    session.flush()
    for n, quote in enumerate(facts.quotes):
        session.add(
            RateQuoteRow(
                rate=entry.seq,
                n=n,
                source=quote.source,
                price=quote.price,
                pair=quote.pair,
                at=quote.at,
                cents=quote.cents,
                sha256=quote.sha256,
            )
        )


RATE = Kind(
    name="rate",
    noun="rate",
    verb="add",
    facts=Rate,
    notes=None,
    doc="Record the quotes of a day or a minute, one bitcoin in minor units of a currency, with their sources.",
    roles=RECORDERS,
    named="date",
    key=lambda campaign, facts: f"rate:{campaign}:{rate_number(facts.currency, facts.date, facts.at)}",
    post=_post,
    fold=_fold,
)
KINDS = (RATE,)
