"""What one euro was worth on a day: the reference rates of the European Central Bank, as it wrote them.

Exact decimal text only; of a day without rates (a weekend) the last ones before it, within a week.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass
from hashlib import sha256

from watchers.net.errors import SourceGarbled, SourceMissing, SourceRefused
from watchers.net.guards import GuardRefused
from watchers.net.http import HttpClient

NAME = "European Central Bank"
MOST_DAYS_BACK = 7
MOST_BYTES = 64 * 1024
EURO = "EUR"
FIXED = {"XOF": "655.957"}
"""Francs to the euro by treaty, at the same parity since 1999."""
_MOST_ROWS = 200
_DECIMAL = re.compile(r"(?=[0-9.]*[1-9])(0|[1-9][0-9]{0,9})(\.[0-9]{1,10})?")
_COLUMNS = ("CURRENCY", "CURRENCY_DENOM", "TIME_PERIOD", "OBS_VALUE")


@dataclass(frozen=True, slots=True)
class CrossAnswer:
    """One euro in US dollars and in the currency asked for, on `date`; `sha256` is of the answer's bytes."""

    source: str
    date: str
    dollars: str
    currency: str
    sha256: str


class EcbRates:
    """The bank's data service, `EXR` in CSV: one row a currency and day."""

    name = NAME

    def __init__(self, url: str, http: HttpClient) -> None:
        self.requests = 0
        self.bytes_read = 0
        self._url = url.rstrip("/")
        self._http = http

    def look_cross(self, currency: str, day: str, *, deadline: float) -> CrossAnswer:
        """The rates of a day (ISO date), or the last before it. Raises a SourceError; SourceMissing: none."""
        if re.fullmatch(r"[A-Z]{3}", currency) is None or currency == "USD":
            raise SourceMissing(self.name, "only another currency than US dollars needs a cross rate")
        first = (dt.date.fromisoformat(day) - dt.timedelta(days=MOST_DAYS_BACK)).isoformat()
        asked = "USD" if currency == EURO or currency in FIXED else f"USD+{currency}"
        self.requests += 1
        answer = self._http.request(
            "GET",
            f"{self._url}/service/data/EXR/D.{asked}.EUR.SP00.A"
            f"?startPeriod={first}&endPeriod={day}&format=csvdata&detail=dataonly",
            max_bytes=MOST_BYTES,
            deadline=deadline,
            source=self.name,
            attempts=2,
        )
        self.bytes_read += len(answer.body)
        if answer.status == 404:
            raise SourceMissing(
                self.name,
                "no reference rates of {asked} on {day} or in the week before",
                asked=asked,
                day=day,
            )
        if answer.status != 200:
            raise SourceRefused(self.name, answer.status, "HTTP status {status}", status=answer.status)
        try:
            rates = _rates(answer.body)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from None
        days = rates.get("USD", {})
        theirs = days if currency == EURO or currency in FIXED else rates.get(currency, {})
        both = [one for one in days if one in theirs and first <= one <= day]
        if not both:
            raise SourceMissing(
                self.name,
                "no reference rate of {currency} on {day} or in the week before",
                currency=currency,
                day=day,
            )
        last = max(both)
        per_euro = "1" if currency == EURO else FIXED.get(currency) or theirs[last]
        return CrossAnswer(self.name, last, days[last], per_euro, sha256(answer.body).hexdigest())


def _rates(body: bytes) -> dict[str, dict[str, str]]:
    """Decimal text by currency and day; rows without a value (a holiday) are left out."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise GuardRefused(
            "csv",
            "{n} byte that is no table in UTF-8",
            many="{n} bytes that are no table in UTF-8",
            n=len(body),
        ) from None
    if not rows or not set(_COLUMNS) <= set(rows[0]) or len(rows) > _MOST_ROWS:
        raise GuardRefused(
            "csv",
            "{n} row without the columns {columns}",
            many="{n} rows without the columns {columns}",
            n=len(rows),
            columns=_COLUMNS,
        )
    places = [rows[0].index(column) for column in _COLUMNS]
    read: dict[str, dict[str, str]] = {}
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise GuardRefused("csv", "a row of another length than the heading")
        currency, base, day, value = (row[place] for place in places)
        if base != EURO or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) is None:
            raise GuardRefused("TIME_PERIOD", "a row that is not of a day and against the euro")
        if value in ("", "NaN"):
            continue
        if len(value) > 24 or _DECIMAL.fullmatch(value) is None:
            raise GuardRefused(
                "OBS_VALUE",
                "{n} character that is no plain decimal above zero",
                many="{n} characters that are no plain decimal above zero",
                n=len(value),
            )
        if day in read.setdefault(currency, {}):
            raise GuardRefused("TIME_PERIOD", "the same day twice")
        read[currency][day] = value
    return read
