"""What one bitcoin cost in US dollars at a minute of the past, as exchanges tell it without a key.

Believes no single one: who asks compares at least two. No price is ever a float; far candles are no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from ledger.core.strict_json import NumberText
from watchers.net.errors import SourceGarbled, SourceMissing, SourceRefused
from watchers.net.guards import GuardRefused, array_of, item, json_of, object_of, text, whole
from watchers.net.http import HttpClient

NEAR = 300
"""The first trade at or after the minute counts if it came within so many seconds."""
MOST_BYTES = 256 * 1024
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,12}))?")
_MOST_CENTS = 10**13
_LAST_MOMENT = 10**11


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """The price of the first trade of a minute, US cents for one bitcoin, and what was asked and answered.

    `at` is when that candle begins or that trade was made, Unix seconds; `sha256` is of the answer's bytes.
    """

    source: str
    pair: str
    at: int
    cents: int
    sha256: str


class PriceSource(Protocol):
    """An exchange that tells prices of the past."""

    @property
    def name(self) -> str:
        """The name that is kept with a quote."""

    @property
    def requests(self) -> int:
        """Questions since this object was made."""

    @property
    def bytes_read(self) -> int:
        """Bytes of answers since this object was made, after decompression."""

    def look_price(self, at: int, *, deadline: float) -> PriceAnswer:
        """The first price at or after a minute (Unix seconds), asked for within `deadline` seconds in all.

        Raises a SourceError: SourceMissing where no trade came near it, SourceGarbled for a wrong shape.
        """


def cents_of(value: object, field: str) -> int:
    """A price in dollars, as decimal text or a JSON number read exactly, in whole cents, half to even.

    Refuses signs, exponents, NaN, zero, and what no bitcoin ever cost (a hundred billion dollars and more).
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise GuardRefused(field, "no decimal number")
    match = _DECIMAL.fullmatch(value) if len(value) <= 24 else None
    if match is None:
        raise GuardRefused(
            field,
            "{n} character that is no plain decimal above zero",
            many="{n} characters that are no plain decimal above zero",
            n=len(value),
        )
    digits = match[2] or ""
    scale: int = 10 ** len(digits)
    hundredfold = int(match[1] + digits) * 100
    cents, rest = divmod(hundredfold, scale)
    if 2 * rest > scale or (2 * rest == scale and cents % 2):
        cents += 1
    if not 0 < cents < _MOST_CENTS:
        raise GuardRefused(field, "a price that no bitcoin has")
    return cents


class _Asking:
    """What the exchanges have in common: one GET, read strictly, the first row at or after the minute."""

    name: str
    pair: str

    def __init__(self, url: str, http: HttpClient) -> None:
        self.requests = 0
        self.bytes_read = 0
        self._url = url.rstrip("/")
        self._http = http

    def _path(self, at: int) -> str:
        raise NotImplementedError

    def _rows(self, body: bytes) -> Iterator[tuple[int, int]]:
        """(Unix seconds, cents) of each candle or trade; raises GuardRefused."""
        raise NotImplementedError

    def look_price(self, at: int, *, deadline: float) -> PriceAnswer:
        """As PriceSource says."""
        self.requests += 1
        answer = self._http.request(
            "GET",
            self._url + self._path(at),
            max_bytes=MOST_BYTES,
            deadline=deadline,
            source=self.name,
            attempts=2,
        )
        self.bytes_read += len(answer.body)
        if answer.status != 200:
            raise SourceRefused(self.name, answer.status, "HTTP status {status}", status=answer.status)
        try:
            near = [row for row in self._rows(answer.body) if at <= row[0] < at + NEAR]
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from None
        if not near:
            raise SourceMissing(
                self.name,
                "no trade within {n} minute of the moment asked for",
                many="no trade within {n} minutes of the moment asked for",
                n=NEAR // 60,
            )
        moment, cents = min(near, key=lambda row: row[0])  # of equals the first
        return PriceAnswer(self.name, self.pair, moment, cents, sha256(answer.body).hexdigest())


class Coinbase(_Asking):
    """Coinbase Exchange: `/products/BTC-USD/candles`, rows of time, low, high, open, close, volume."""

    name = "Coinbase Exchange"
    pair = "BTC-USD"

    def _path(self, at: int) -> str:
        return f"/products/BTC-USD/candles?granularity=60&start={at}&end={at + NEAR}"

    def _rows(self, body: bytes) -> Iterator[tuple[int, int]]:
        for candle in array_of(json_of(body, "candles"), "candles", most=300):
            cells = array_of(candle, "candles[]", most=12)
            if len(cells) < 6:
                raise GuardRefused(
                    "candles[]", "{n} cell where six belong", many="{n} cells where six belong", n=len(cells)
                )
            moment = whole(cells[0], "candles[].time", least=0, most=_LAST_MOMENT)
            if isinstance(cells[3], str) and not isinstance(cells[3], NumberText):
                raise GuardRefused("candles[].open", "text where a number belongs")
            yield moment, cents_of(cells[3], "candles[].open")


class Bitstamp(_Asking):
    """Bitstamp: `/api/v2/ohlc/btcusd/`, candles with decimals and the timestamp as text."""

    name = "Bitstamp"
    pair = "btcusd"

    def _path(self, at: int) -> str:
        return f"/api/v2/ohlc/btcusd/?step=60&limit={NEAR // 60}&start={at}"

    def _rows(self, body: bytes) -> Iterator[tuple[int, int]]:
        data = object_of(item(object_of(json_of(body, "body"), "body"), "data", "body"), "data")
        for candle in array_of(item(data, "ohlc", "data"), "ohlc", most=1000):
            cells = object_of(candle, "ohlc[]")
            stamp = text(item(cells, "timestamp", "ohlc[]"), "ohlc[].timestamp", most=12)
            if not (stamp.isascii() and stamp.isdigit()):
                raise GuardRefused("ohlc[].timestamp", "no whole number of seconds")
            price = text(item(cells, "open", "ohlc[]"), "ohlc[].open", most=24)
            yield int(stamp), cents_of(price, "ohlc[].open")


class Kraken(_Asking):
    """Kraken: `/0/public/Trades` since a moment in nanoseconds, rows of price, volume, time and more."""

    name = "Kraken"
    pair = "XBTUSD"

    def _path(self, at: int) -> str:
        return f"/0/public/Trades?pair=XBTUSD&count=10&since={at * 10**9 - 1}"

    def _rows(self, body: bytes) -> Iterator[tuple[int, int]]:
        answer = object_of(json_of(body, "body"), "body")
        if array_of(item(answer, "error", "body"), "error", most=20):
            raise GuardRefused("error", "the exchange answers with an error")
        result = object_of(item(answer, "result", "body"), "result")
        pairs = [key for key in result if key != "last"]
        if len(pairs) != 1:
            raise GuardRefused(
                "result",
                "{n} pair where one was asked for",
                many="{n} pairs where one was asked for",
                n=len(pairs),
            )
        for trade in array_of(result[pairs[0]], "trades", most=1000):
            cells = array_of(trade, "trades[]", most=12)
            if len(cells) < 3:
                raise GuardRefused(
                    "trades[]",
                    "{n} cell; at least three belong there",
                    many="{n} cells; at least three belong there",
                    n=len(cells),
                )
            price = text(cells[0], "trades[].price", most=24)
            yield _whole_seconds(cells[2], "trades[].time"), cents_of(price, "trades[].price")


def _whole_seconds(value: object, field: str) -> int:
    """The whole seconds of a JSON number such as 1688669597.8277369."""
    if isinstance(value, NumberText):
        digits = value.partition(".")[0]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 11):
            raise GuardRefused(field, "no moment in seconds")
        return int(digits)
    return whole(value, field, least=0, most=_LAST_MOMENT)


PRICE_SOURCES: dict[str, type[Coinbase] | type[Bitstamp] | type[Kraken]] = {
    "coinbase": Coinbase,
    "bitstamp": Bitstamp,
    "kraken": Kraken,
}
"""Each kind of price source by its name in the configuration."""
