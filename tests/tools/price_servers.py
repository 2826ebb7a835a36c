"""Exchanges and the European Central Bank on loopback, in the shapes that each documents, and their lies.

Only for tests. A price is decimal text by minute; `faults.lies` names `open` or `price`, `time`, `value`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.tools.fake_chain import FakeChain
from tests.tools.fake_server import FakeServer, Reply

Prices = Callable[[int], str | None]
"""The first price of a minute (Unix seconds), as decimal text; None where nobody traded."""


def always(price: str) -> Prices:
    return lambda _minute: price


def only(prices: Mapping[int, str]) -> Prices:
    """These minutes alone have a price: whoever asks for another one gets none."""
    return prices.get


class PriceServer(FakeServer):
    """A server with a price for each minute; `asked` lists paths with their queries."""

    def __init__(self, prices: Prices) -> None:
        self.prices = prices
        self.asked: list[str] = []
        super().__init__(FakeChain())

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        self.asked.append(handler.path)
        query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
        return self.shown(path, query)

    def shown(self, path: str, query: Mapping[str, str]) -> Reply:
        raise NotImplementedError

    def minutes(self, first: int, last: int) -> list[tuple[int, str]]:
        """(time as told, price as told) of each minute that had a trade, lies included."""
        told = self.faults.told
        rows = []
        for minute in range(first - first % 60, last + 1, 60):
            price = self.prices(minute)
            if price is not None:
                rows.append((told("time", minute), told("price", price)))
        return rows


class CoinbaseServer(PriceServer):
    """`/products/BTC-USD/candles`: numbers, newest first; candles before `start` may come along."""

    def shown(self, path: str, query: Mapping[str, str]) -> Reply:
        if path != "/products/BTC-USD/candles" or query.get("granularity") != "60":
            return Reply(404, b'{"message":"NotFound"}', "application/json")
        rows = self.minutes(int(query["start"]) - 120, int(query["end"]))
        cells = [f"[{at},{price},{price},{price},{price},1.25]" for at, price in reversed(rows)]
        return Reply(200, ("[" + ",".join(cells) + "]").encode(), "application/json")


class BitstampServer(PriceServer):
    """`/api/v2/ohlc/btcusd/`: everything as text."""

    def shown(self, path: str, query: Mapping[str, str]) -> Reply:
        if path != "/api/v2/ohlc/btcusd/" or query.get("step") != "60":
            return Reply(404, b"<h1>Not found</h1>", "text/html")
        first = int(query["start"])
        rows = self.minutes(first, first + 60 * (int(query["limit"]) - 1))
        candles = [
            {"timestamp": str(at), "open": p, "high": p, "low": p, "close": p, "volume": "0.5"}
            for at, p in rows
        ]
        told = {"data": {"ohlc": candles, "pair": "BTC/USD"}}
        return Reply(200, json.dumps(told).encode(), "application/json")


class KrakenServer(PriceServer):
    """`/0/public/Trades` since nanoseconds, exclusive: price and volume as text, the time as a number."""

    def shown(self, path: str, query: Mapping[str, str]) -> Reply:
        if path != "/0/public/Trades" or query.get("pair") != "XBTUSD":
            return Reply(200, b'{"error":["EQuery:Unknown asset pair"]}', "application/json")
        first = (int(query["since"]) + 1) // 10**9
        rows = self.minutes(first, first + 86_400)[: int(query["count"])]
        trades = [
            f'["{price}","0.01","@","b","m","",{at}]'.replace('"@"', f"{at}.8277369") for at, price in rows
        ]
        body = '{"error":[],"result":{"XXBTZUSD":[' + ",".join(trades) + '],"last":"1688671969993150842"}}'
        return Reply(200, body.encode(), "application/json")


class EcbServer(PriceServer):
    """`/service/data/EXR` as CSV; `rates` is the value of one euro by currency, on working days only."""

    def __init__(self, rates: Mapping[str, str]) -> None:
        self.rates = rates
        super().__init__(always("1"))

    def shown(self, path: str, query: Mapping[str, str]) -> Reply:
        key = path.removeprefix("/service/data/EXR/").split(".")
        if len(key) != 5 or query.get("format") != "csvdata":
            return Reply(404, b"<mes:Error/>", "application/xml")
        lines = ["KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE"]
        day, last = (dt.date.fromisoformat(query[name]) for name in ("startPeriod", "endPeriod"))
        while day <= last:
            for currency in key[1].split("+"):
                if day.weekday() < 5 and currency in self.rates:
                    value = self.faults.told("value", self.rates[currency])
                    name = f"EXR.D.{currency}.EUR.SP00.A"
                    lines.append(f"{name},D,{currency},EUR,SP00,A,{self.faults.told('day', day)},{value}")
            day += dt.timedelta(days=1)
        if len(lines) == 1:
            return Reply(404, b"No results found.")
        return Reply(200, ("\r\n".join(lines) + "\r\n").encode(), "text/csv")
