"""The budget check of orders: coins count once, whatever the currency of the orders that rest on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Refused
from ledger.rules.orders import require_order
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.needs import DAY, approve, contribute, with_needs
from tests.tools.needs import given as gifts
from tests.tools.stories import stories

BTC = 100_000_000
PRICES = {"USD": 2_000_000, "EUR": 1_500_000, "XOF": 10_000_000}
"""Of one bitcoin, minor units."""


def order(ledger: Ledger, number: str, value: int, currency: str = "USD", need: str | None = None) -> None:
    more = {} if need is None else {"need": need}
    ledger.do(
        "recorder", "purchase", "add", number=number, supplier="S", currency=currency, date=DAY,
        items=[{"item": "1", "product": "KIT", "quantity": 10, "value": value}], **more,
    )  # fmt: skip
    approve(ledger, "purchase", number)


def quote(ledger: Ledger) -> None:
    for currency, price in PRICES.items():
        quotes = [{"source": "a", "price": price}, {"source": "b", "price": price}]
        ledger.do("recorder", "rate", "add", date=DAY, currency=currency, quotes=quotes)


def with_coins(folder: Path, *coins: tuple[str | None, int]) -> Any:
    ledger = with_needs(folder)
    gifts(ledger, *coins)
    quote(ledger)
    return ledger


def test_coins_that_an_order_in_one_currency_rests_on_cover_no_order_in_another(tmp_path: Path) -> None:
    ledger = with_coins(tmp_path, (None, BTC))
    order(ledger, "PO-1", 1_500_000, "USD")
    with pytest.raises(Refused, match=r"only 3750\.00 [A-Z]{3} is free"):
        order(ledger, "PO-2", 375_001, "EUR")
    with pytest.raises(Refused, match=r"only 0\.25000000 [A-Z]{3} is free"):
        order(ledger, "PO-3", BTC // 4 + 1, "BTC")
    order(ledger, "PO-4", BTC // 4, "BTC")
    with pytest.raises(Refused, match=r"only 0 XOF is free"):
        order(ledger, "PO-5", 1, "XOF")


def test_money_in_an_orders_own_currency_leaves_the_coins_to_others(tmp_path: Path) -> None:
    ledger = with_coins(tmp_path, (None, BTC))
    contribute(ledger, "C-1", 1_500_000, None)
    order(ledger, "PO-1", 1_500_000, "USD")
    order(ledger, "PO-2", 1_500_000, "EUR")


def test_an_order_for_a_need_rests_on_the_coins_of_its_need_first(tmp_path: Path) -> None:
    ledger = with_coins(tmp_path, (None, BTC), ("N-1", BTC))
    order(ledger, "PO-1", 3_000_000, "USD", "N-1")
    with pytest.raises(Refused, match=r"only 7500\.00 [A-Z]{3} is free"):
        order(ledger, "PO-2", 750_001, "EUR")
    with pytest.raises(Refused, match=r"only 7500\.00 [A-Z]{3} is free"):
        order(ledger, "PO-3", 750_001, "EUR", "N-1")
    order(ledger, "PO-4", 750_000, "EUR")


def test_an_approval_that_rests_on_coins_names_the_dated_quote(tmp_path: Path) -> None:
    ledger = with_coins(tmp_path, (None, BTC))
    contribute(ledger, "C-1", 500, None)
    order(ledger, "PO-1", 500, "USD")
    assert _rate_behind(ledger, "PO-1") == (None, None)
    order(ledger, "PO-2", 1, "USD")
    assert _rate_behind(ledger, "PO-2") == (f"USD:{DAY}", 2_000_000)


def test_money_of_another_currency_backs_an_order_by_a_rate_between_the_two(tmp_path: Path) -> None:
    """By a recorded rate or a fixed parity, without a quote of bitcoin; what it backs is bound in its own currency."""
    ledger = with_needs(tmp_path)
    contribute(ledger, "C-1", 1_000_000, None)
    with pytest.raises(Refused, match=r"only 0\.00 CNY is free"):
        order(ledger, "PO-1", 280_000, "CNY")
    rate = {"source": "un", "date": DAY}
    ledger.do("recorder", "exchange-rate", "add", base="USD", currency="CNY", price="7", **rate)
    ledger.do("recorder", "exchange-rate", "add", base="EUR", currency="USD", price="1.25", **rate)
    order(ledger, "PO-1", 280_000, "CNY")
    assert _rate_behind(ledger, "PO-1") == (f"USD:CNY:{DAY}", None)
    with pytest.raises(Refused, match=r"only 9600\.00 USD is free"):
        order(ledger, "PO-2", 960_001, "USD")
    order(ledger, "PO-3", 524_766, "XOF")  # 800 euros and a franc: 1,000.01 dollars
    with pytest.raises(Refused, match=r"only 8599\.99 USD is free"):
        order(ledger, "PO-2", 960_000, "USD")
    with pytest.raises(Refused, match=r"only 60199\.9. CNY is free"):
        order(ledger, "PO-4", 6_020_000, "CNY")
    order(ledger, "PO-2", 859_999, "USD")


def _rate_behind(ledger: Ledger, number: str) -> tuple[str | None, int | None]:
    with ledger.store.read() as reading:
        order = require_order(reading.session, SLUG, number)
        return order.rate_number, order.rate_price


orders = st.lists(
    st.tuples(
        st.sampled_from(["USD", "EUR", "XOF", "BTC"]),
        st.sampled_from([None, "N-1", "N-2"]),
        st.integers(1, 100),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=stories(6), deadline=None, suppress_health_check=list(HealthCheck))
@given(told=orders)
def test_whatever_is_ordered_in_any_currency_all_coins_cover_all_of_it(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, str | None, int]]
) -> None:
    """In sats: what approved orders bind is never more than the coins that there are, nor a need's than fit it."""
    ledger = with_coins(tmp_path_factory.mktemp("b"), (None, BTC), ("N-1", BTC // 2))
    bound: dict[str | None, int] = {None: 0, "N-1": 0, "N-2": 0}
    for n, (currency, need, percent) in enumerate(told):
        price = PRICES.get(currency, BTC)
        try:
            order(ledger, f"PO-{n}", max(1, price * percent // 100), currency, need)
        except Refused:
            continue
        bound[need] += max(1, price * percent // 100) * BTC // price
    assert sum(bound.values()) <= BTC * 3 // 2
    assert bound[None] + bound["N-2"] <= BTC
