"""English: units in the plural, days, times and periods.

Latin digits, exact figures; nothing here knows a campaign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from api.languages.localised import Localisable
from api.pages.figures import count, moment, with_asset
from api.pages.messages import Cldr, Message, listed, worded
from api.pages.sentences.plurals import unit_of
from ledger.core.frozen import Amount, Quantity
from ledger.core.money import is_money

_NUMBER = Message("{number} {unit}", "{number}: a count", "{unit}: what is counted, as the campaign names it")


def number_of(number: int, unit: str) -> str:
    """`37 kits`: so many of a unit that the campaign names."""
    return worded(_NUMBER, number=number, unit=unit_of(unit, number))


def amount(value: Amount, unit: str) -> str:
    """`0.01 BTC` or `37 kits`."""
    if is_money(value.asset):
        return with_asset(value)
    return number_of(value.minor, unit) if unit else count(value.minor)


_OF_PRODUCT = Message("{pieces} of {product}", "{pieces}: a count with its unit", "{product}: its code")


def pieces(rows: Sequence[Quantity]) -> str:
    """`1,000 kits and 40 litres`: each product with its unit, those of one unit named by it; `0` for none.

    Two products may be counted in one unit: their pieces are then named by product as well.
    """
    units = [row.unit for row in rows]
    return listed([_pieces(row, named=units.count(row.unit) > 1) for row in rows]) or "0"


def _pieces(row: Quantity, *, named: bool) -> str:
    figure = number_of(row.quantity, row.unit)
    return worded(_OF_PRODUCT, pieces=figure, product=row.product) if named else figure


_MONTHS = (
    Cldr("January"),
    Cldr("February"),
    Cldr("March"),
    Cldr("April"),
    Cldr("May"),
    Cldr("June"),
    Cldr("July"),
    Cldr("August"),
    Cldr("September"),
    Cldr("October"),
    Cldr("November"),
    Cldr("December"),
)
_DAY = Cldr("{day} {month} {year}", "{day}: 1 to 31", "{month}: its name", "{year}: four digits")
_DAY_OF_MONTH = Cldr("{day} {month}", "a day of the same year", "{day}: 1 to 31", "{month}: its name")
_MONTH = Cldr("{month} {year}", "{month}: its name", "{year}: four digits")
_TIME = Message("{day}, {clock} UTC", "{day}: a day as 5 June 2020", "{clock}: hours and minutes, as 14:02")
_FROM_TO = Message("{first} to {last}", "a period", "{first}: its first day", "{last}: its last day")


def day(text: str) -> str:
    """`5 June 2020`; what is no date comes back as it is."""
    at = moment(text)
    if at is None:
        return text
    english = worded(_DAY, day=str(at.day), month=_month(at), year=str(at.year))
    return Localisable(english, lambda language: language.day(at))


def month(text: str) -> str:
    """`May 2020`, of `2020-05`."""
    at = dt.datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    english = worded(_MONTH, month=_month(at), year=str(at.year))
    return Localisable(english, lambda language: language.month(at))


def _month(at: dt.datetime) -> str:
    return str(_MONTHS[at.month - 1])


def time(text: str) -> str:
    """`29 May 2020, 14:02 UTC`, or the day where only a day is known."""
    at = moment(text)
    if at is None or at.tzinfo is None:
        return day(text)
    return worded(_TIME, day=day(text), clock=at.strftime("%H:%M"))


def period(start: str, end: str) -> str:
    """`1 to 30 June 2020`, `29 May to 20 June 2020`: what both days share is said once."""
    a, b = moment(start), moment(end)
    if a is None or b is None:
        days = [day(part) for part in (start, end) if part]
        return worded(_FROM_TO, first=days[0], last=days[1]) if len(days) > 1 else listed(days)
    first = day(start)
    if (a.year, a.month) == (b.year, b.month):
        first = Localisable(str(a.day), lambda language: language.day_of_month(a))
    elif a.year == b.year:
        english = worded(_DAY_OF_MONTH, day=str(a.day), month=_month(a))
        first = Localisable(english, lambda language: language.day_of_month(a))
    return worded(_FROM_TO, first=first, last=day(end))
