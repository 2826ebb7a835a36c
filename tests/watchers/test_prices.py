"""Prices of the past: each exchange in its documented shape, exact to the cent, near the minute or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.money import DECIMALS
from ledger.core.strict_json import NumberText
from ledger.rules.rates import crossed_price
from tests.tools.price_servers import (
    BitstampServer,
    CoinbaseServer,
    EcbServer,
    KrakenServer,
    PriceServer,
    always,
    only,
)
from watchers.net.errors import SourceDown, SourceError, SourceGarbled, SourceMissing, SourceRefused
from watchers.net.guards import GuardRefused, json_of
from watchers.net.http import HttpClient
from watchers.net.policy import HttpPolicy
from watchers.sources.ecb import EcbRates
from watchers.sources.prices import NEAR, Bitstamp, Coinbase, Kraken, PriceSource, cents_of

AT = 1_590_000_060 - 1_590_000_060 % 60
FRIDAY, SUNDAY = "2020-05-22", "2020-05-24"
EXCHANGES = ((CoinbaseServer, Coinbase), (BitstampServer, Bitstamp), (KrakenServer, Kraken))
NAMES = [source.name for _, source in EXCHANGES]


def client() -> HttpClient:
    return HttpClient(HttpPolicy(per_second=1e6, burst=1000, backoff=0.0), monotonic=time.monotonic)


@pytest.fixture(params=EXCHANGES, ids=NAMES)
def exchange(request: pytest.FixtureRequest) -> Iterator[tuple[PriceServer, PriceSource]]:
    server_kind, source_kind = request.param
    with server_kind(always("9712.34")) as server:
        yield server, source_kind(server.url, client())


def look(source: PriceSource, at: int = AT) -> tuple[int, int]:
    answer = source.look_price(at, deadline=5)
    return answer.at, answer.cents


def test_the_price_of_the_minute_is_told_to_the_cent(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.prices = only({AT - 60: "1.00", AT: "9712.34", AT + 60: "99999.00"})
    assert look(source) == (AT, 971_234)


def test_the_hash_is_of_the_bytes_of_the_answer() -> None:
    with CoinbaseServer(only({AT: "9712.34"})) as server:
        answer = Coinbase(server.url, client()).look_price(AT, deadline=5)
    body = f"[[{AT},9712.34,9712.34,9712.34,9712.34,1.25]]".encode()
    assert answer.sha256 == sha256(body).hexdigest()


def test_a_quiet_minute_takes_the_first_trade_within_five(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.prices = only({AT - 60: "1.00", AT + 120: "9712.00", AT + 180: "9800.00"})
    assert look(source) == (AT + 120, 971_200)


def test_a_far_candle_is_no_answer(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.prices = only({AT - 60: "9712.34", AT + NEAR: "9712.34"})
    with pytest.raises(SourceMissing):
        look(source)


def test_a_stale_candle_under_the_wrong_time_is_no_answer(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.faults.lies["time"] = lambda _: AT - 86_400
    with pytest.raises(SourceMissing):
        look(source)


NO_PRICES = (
    "NaN Infinity 1e999 1e3 -9712.34 0 0.00 0.001 99999999999 0009712 9712. .5 +9 true null [] {} ٩٧١٢"
)


@pytest.mark.parametrize("price", ["", "9" * 40, *NO_PRICES.split(" ")])
def test_what_is_no_price_is_refused(exchange: tuple[PriceServer, PriceSource], price: str) -> None:
    server, source = exchange
    server.faults.lies["price"] = lambda _: price
    with pytest.raises(SourceGarbled):
        look(source)


@pytest.mark.parametrize("price", ["9,712.34", " 9712", "9712.34 USD", "9712.34\x00"])
def test_text_that_is_no_plain_decimal_is_no_price(price: str) -> None:
    with BitstampServer(always(price)) as server, pytest.raises(SourceGarbled):
        look(Bitstamp(server.url, client()))


def test_coinbase_quotes_numbers_and_the_others_text() -> None:
    """A shape that changed is not read as if it had not."""
    with CoinbaseServer(always('"9712.34"')) as server, pytest.raises(SourceGarbled):
        look(Coinbase(server.url, client()))


@pytest.mark.parametrize("when", [float("nan"), "1e999", -5, None, True, "soon", 10**15])
def test_what_is_no_moment_is_refused(exchange: tuple[PriceServer, PriceSource], when: object) -> None:
    server, source = exchange
    server.faults.lies["time"] = lambda _: when
    with pytest.raises((SourceGarbled, SourceMissing)):
        look(source)


def test_an_html_page_or_an_error_status_is_no_price(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.faults.html = True
    with pytest.raises(SourceGarbled):
        look(source)
    server.faults.html, server.faults.status = False, 429
    with pytest.raises(SourceRefused):
        look(source)


def test_a_server_that_is_down_says_so(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.faults.down = True
    with pytest.raises(SourceDown):
        look(source)


def test_a_bomb_is_cut_off(exchange: tuple[PriceServer, PriceSource]) -> None:
    server, source = exchange
    server.faults.bomb = 50_000_000
    with pytest.raises(SourceError):
        look(source)


def test_an_error_of_kraken_is_no_price() -> None:
    with KrakenServer(always("1")) as server:
        source = Kraken(server.url, client())
        source._path = lambda at: "/0/public/Trades?pair=NONE"  # type: ignore[method-assign]
        with pytest.raises(SourceGarbled, match="error"):
            look(source)


@given(st.integers(1, 10**12), st.integers(0, 10))
def test_cents_equal_exact_decimal_arithmetic(units: int, places: int) -> None:
    exact = Decimal(units).scaleb(-places)
    text = f"{exact:f}"
    expected = int((exact * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    if expected == 0 or expected >= 10**13 or exact >= 10**9:
        with pytest.raises(GuardRefused):
            cents_of(text, "price")
    else:
        assert cents_of(text, "price") == cents_of(NumberText(text), "price") == expected


@given(st.from_regex(r"\A(0|[1-9][0-9]{0,8})\.[0-9]{1,10}\Z"))
def test_a_number_keeps_every_digit_that_the_answer_had(text: str) -> None:
    told = json_of(f"[{text}]".encode(), "body")
    assert told == [text]
    assert isinstance(told, list)
    assert isinstance(told[0], NumberText)


def test_exact_reading_refuses_what_ordinary_reading_refuses() -> None:
    for body in (b"[NaN]", b"[1e999]", b"[-Infinity]", b'{"a":1,"a":2}'):
        with pytest.raises(GuardRefused):
            json_of(body, "body")


# ── cross rates ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bank() -> Iterator[EcbServer]:
    with EcbServer({"USD": "1.0904", "CNY": "7.7799", "GBP": "0.89443"}) as server:
        yield server


def test_the_rates_of_the_day_are_taken_as_written(bank: EcbServer) -> None:
    found = EcbRates(bank.url, client()).look_cross("CNY", FRIDAY, deadline=5)
    assert (found.date, found.dollars, found.currency) == (FRIDAY, "1.0904", "7.7799")


def test_on_a_weekend_the_last_rates_before_it_hold(bank: EcbServer) -> None:
    assert EcbRates(bank.url, client()).look_cross("GBP", SUNDAY, deadline=5).date == FRIDAY


def test_a_euro_is_a_euro_and_a_franc_is_by_treaty(bank: EcbServer) -> None:
    rates = EcbRates(bank.url, client())
    assert rates.look_cross("EUR", SUNDAY, deadline=5).currency == "1"
    assert rates.look_cross("XOF", SUNDAY, deadline=5).currency == "655.957"


def test_a_currency_that_the_bank_does_not_quote_has_no_cross_rate(bank: EcbServer) -> None:
    with pytest.raises(SourceMissing):
        EcbRates(bank.url, client()).look_cross("NGN", FRIDAY, deadline=5)


@pytest.mark.parametrize("value", ["1e999", "-1.09", "0", "0.000", "Infinity", "1,09", "1.0904x", "9" * 30])
def test_what_is_no_cross_rate_is_refused(bank: EcbServer, value: str) -> None:
    bank.faults.lies["value"] = lambda _: value
    with pytest.raises(SourceGarbled):
        EcbRates(bank.url, client()).look_cross("CNY", FRIDAY, deadline=5)


@pytest.mark.parametrize("value", ["NaN", ""])
def test_a_holiday_without_a_value_is_no_rate(bank: EcbServer, value: str) -> None:
    bank.faults.lies["value"] = lambda _: value
    with pytest.raises(SourceMissing):
        EcbRates(bank.url, client()).look_cross("CNY", FRIDAY, deadline=5)


@pytest.mark.parametrize("day", ["2020-05-01", "2021-01-01"])
def test_a_rate_of_a_far_day_is_no_answer(bank: EcbServer, day: str) -> None:
    """However the server labels its rows."""
    seen: list[str] = []

    def far(_: object) -> str:
        seen.append(day)
        return f"{day[:8]}{len(seen) % 28 + 1:02d}"

    bank.rates = {"USD": "1.09"}
    bank.faults.lies["day"] = far
    with pytest.raises(SourceMissing):
        EcbRates(bank.url, client()).look_cross("EUR", FRIDAY, deadline=5)


def test_the_same_day_twice_is_refused(bank: EcbServer) -> None:
    bank.faults.lies["day"] = lambda _: FRIDAY
    with pytest.raises(SourceGarbled):
        EcbRates(bank.url, client()).look_cross("CNY", FRIDAY, deadline=5)


def test_a_page_that_is_no_table_is_refused(bank: EcbServer) -> None:
    bank.faults.html = True
    with pytest.raises(SourceGarbled):
        EcbRates(bank.url, client()).look_cross("CNY", FRIDAY, deadline=5)


decimals = st.builds(
    lambda whole, part: f"{whole}.{part:04d}", st.integers(0, 999_999), st.integers(1, 9_999)
)


@given(st.integers(1, 10**12), decimals, decimals, st.sampled_from(sorted(set(DECIMALS) - {"BTC", "USD"})))
def test_a_crossed_price_equals_the_fraction_rounded_half_to_even(
    cents: int, dollars: str, per_euro: str, currency: str
) -> None:
    exact = Fraction(cents, 100) / Fraction(dollars) * Fraction(per_euro) * 10 ** DECIMALS[currency]
    made = crossed_price(cents, dollars, per_euro, currency)
    assert type(made) is int
    assert abs(made - exact) <= Fraction(1, 2)
    if abs(made - exact) == Fraction(1, 2):
        assert made % 2 == 0


def test_exchanges_are_of_different_hosts_and_names() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(kind(always("9712.34"))) for kind, _ in EXCHANGES]
        sources = [kind(server.url, client()) for (_, kind), server in zip(EXCHANGES, servers, strict=True)]
        answers = [source.look_price(AT, deadline=5) for source in sources]
    assert len({answer.source for answer in answers}) == 3
    assert {answer.cents for answer in answers} == {971_234}
