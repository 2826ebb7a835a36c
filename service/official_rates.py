"""Official monthly rates out of a file in the form of the UN operational rates of exchange: what a dollar is in others.

XML, `UN_OPERATIONAL_RATES_DATASET`, with a row a country; a currency of several countries stands there as often. All of
the file is read or nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.bank_files.camt import Node, xml_tree
from service.command import BadUse

BASE = "USD"
"""What the rates are of: so many units of a currency for one of this."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[A-Za-z]*[ -](\d{4})")
_CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class OfficialRate:
    """`price` units of `currency` for one dollar, a decimal as the file writes it, from `day` on."""

    currency: str
    price: str
    day: str


def official_rates(data: bytes) -> tuple[OfficialRate, ...]:
    """The newest rate of each currency, by its code; raises BadUse, which names row and field, for any other file."""
    rows = list(xml_tree(data).all("UN_OPERATIONAL_RATES_DATASET", "UN_OPERATIONAL_RATES"))
    if not rows:
        raise BadUse(
            "file: holds no UN operational rates of exchange (UN_OPERATIONAL_RATES_DATASET, UN_OPERATIONAL_RATES); "
            "take the XML file that the UN treasury publishes."
        )
    newest: dict[str, OfficialRate] = {}
    for number, rate in enumerate(_rates(rows), 1):
        newest_rate = newest.get(rate.currency)
        if newest_rate is not None and newest_rate.day == rate.day and newest_rate.price != rate.price:
            raise BadUse(
                "file: row {row}: {currency} has two rates of {day}; ask for the right file.",
                row=number,
                currency=rate.currency,
                day=rate.day,
            )
        if newest_rate is None or newest_rate.day < rate.day:
            newest[rate.currency] = rate
    return tuple(newest[code] for code in sorted(newest))


def _rates(rows: list[Node]) -> Iterator[OfficialRate]:
    for number, row in enumerate(rows, 1):
        code, price = row.word("f_curr_code"), row.word("rate")
        if _CODE.fullmatch(code) is None:
            raise BadUse("file: row {row}, f_curr_code: is no code of a currency, such as XOF.", row=number)
        if not price:
            raise BadUse("file: row {row}, rate: is empty; a rate is a decimal, such as 655.957.", row=number)
        yield OfficialRate(code, price, _day(row.word("eff_date"), number))


def _day(text: str, row: int) -> str:
    """`1 Jun 2020` as `2020-06-01`."""
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        month = _MONTHS.index(match[2].lower()) + 1
        return dt.date(int(match[3]), month, int(match[1])).isoformat()
    except ValueError:
        raise BadUse("file: row {row}, eff_date: is no day, such as 1 Jun 2020.", row=row) from None
