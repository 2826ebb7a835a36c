"""Rates: what one bitcoin was worth at a moment or on a day, by whose quotes, and how they agree.

Nothing here asks anybody, and no price is ever a float: minor units, and exact decimal text for cross rates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Decimals, Name, Number, Positive, Sha256
from ledger.core.money import DECIMALS
from ledger.rules.books import Books
from ledger.rules.spec import RECORDERS, Context, Kind, document_of, require_campaign

SATS = 10**8
MINUTE = 60
"""Rates of a moment are those of its minute, by the moment that the minute begins."""
TOLERANCE_PERMILLE = 20
"""Quotes that lie further apart are left to the desk, unless the campaign says otherwise (RULES 10)."""
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

    A gift's value needs two that agree within the campaign's tolerance, 2 % unless it says otherwise (RULES 10).
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

    Minor units of the currency for one bitcoin. RULES 10.
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


def tolerance_of(campaign: Mapping[str, Any]) -> int:
    """How far apart quotes may lie, in thousandths of the lower one, by the campaign's facts."""
    return int(campaign.get("tolerance_permille", TOLERANCE_PERMILLE))


def value_at(
    books: Books, slug: str, campaign: Mapping[str, Any], moment: int, sats: int
) -> dict[str, Any] | None:
    """The value of sats at a moment, minor units, with the quotes kept; None where no rate decides.

    The rate of the minute comes first, then that of the day. `campaign` is the facts of campaign `slug`.
    """
    currency, day = campaign["currency"], day_of(moment)
    for number in (f"{currency}:{day}:{minute_of(moment)}", f"{currency}:{day}"):
        document = books.documents.find("rate", slug, number)
        if document is None:
            continue
        quotes = document["facts"]["quotes"]
        price = agreed_price([quote["price"] for quote in quotes], tolerance_of(campaign))
        if price is not None:
            return {
                "currency": currency,
                "value": divided_half_even(sats * price, SATS),
                "price": price,
                "quotes": quotes,
                "rate": document["seq"],
            }
    return None


def _number(facts: Rate) -> str:
    return f"{facts.currency}:{facts.date}" + ("" if facts.at is None else f":{facts.at}")


def _post(context: Context, facts: Rate) -> Posting:
    require_campaign(context)
    if facts.at is not None and facts.at % MINUTE:
        raise Refused.field("at", f"must begin a minute; {minute_of(facts.at)} does")
    if facts.at is not None and day_of(facts.at) != facts.date:
        raise Refused.field("at", f"is a moment of {day_of(facts.at)}; the date says {facts.date}")
    for index, quote in enumerate(facts.quotes):
        if (quote.cents is None) != (facts.cross is None):
            raise Refused.field(
                f"quotes.{index}.cents", "goes with cross: both for a price that was quoted in US dollars"
            )
        if facts.cross is None or quote.cents is None:
            continue
        price = crossed_price(quote.cents, facts.cross.dollars, facts.cross.currency, facts.currency)
        if price != quote.price:
            raise Refused.field(f"quotes.{index}.price", f"is {price} by the cross rate that is given")
    return Posting()


def _fold(books: Books, entry: Entry) -> None:
    at = entry.facts.get("at")
    number = f"{entry.facts['currency']}:{entry.facts['date']}" + ("" if at is None else f":{at}")
    books.documents.save("rate", entry.campaign, number, document_of(entry))


RATE = Kind(
    name="rate",
    noun="rate",
    verb="add",
    facts=Rate,
    doc="Record the quotes of a day or a minute, one bitcoin in minor units of a currency, with their sources.",
    roles=RECORDERS,
    key=lambda campaign, facts: f"rate:{campaign}:{_number(facts)}",
    post=_post,
    fold=_fold,
)
KINDS = (RATE,)
