"""Rates of a gift's minute and day: other currencies by cross rates, what is refused, and what quotes agree on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import Conflict, Refused
from ledger.core.roles import Role
from ledger.recording.desk import act
from ledger.recording.record import record
from ledger.recording.valuing import DESK_SECONDS
from ledger.rules.rates import RATE as RATE_KIND
from ledger.rules.rates import Quote, Rate, agreed_price, divided_half_even, minute_of
from tests.tools.ledgers import SLUG, START
from tests.tools.valuing_scene import SATS, Open, Scene, scenes


@pytest.fixture
def open_scene(tmp_path: Path) -> Iterator[Open]:
    with scenes(tmp_path) as opened:
        yield opened


@pytest.fixture
def scene(open_scene: Open) -> Scene:
    return open_scene()


def test_another_currency_follows_by_the_rates_of_the_gifts_day(open_scene: Open) -> None:
    scene = open_scene(currency="CNY")
    scene.give()
    scene.ledger.now += DESK_SECONDS
    rate = scene.round()[0]
    # 30000.00 / 1.0904 * 7.7799 = 214047.138
    assert [quote["price"] for quote in rate.facts["quotes"]] == [21_404_714, 21_404_714]
    assert [quote["cents"] for quote in rate.facts["quotes"]] == [3_000_000, 3_000_000]
    cross = rate.facts["cross"]
    assert (cross["dollars"], cross["currency"], cross["date"]) == ("1.0904", "7.7799", rate.date)
    value = scene.value()
    assert value is not None
    assert value["value"] == 214_047


def test_cross_rates_are_asked_for_once_the_day_has_them(open_scene: Open) -> None:
    """Else the same gift would be worth something else according to when we looked."""
    scene = open_scene(currency="CNY")
    scene.give()
    midnight = START - START % 86_400 + 86_400
    scene.ledger.now = midnight - 1  # the chain of these tests begins at 22:13
    scene.round()
    with_rate = scene.bank.asked
    assert all("endPeriod=2023-11-14" in path for path in with_rate)
    scene.give("next day")
    scene.ledger.now = midnight + 15 * 3600
    before = len(scene.bank.asked)
    scene.round()
    assert not any("endPeriod=2023-11-15" in path for path in scene.bank.asked[before:])
    scene.ledger.now = midnight + 17 * 3600
    scene.round()
    assert scene.value("next day") is not None


def test_without_a_cross_rate_no_exchange_is_asked_and_the_desk_decides(open_scene: Open) -> None:
    scene = open_scene(currency="NGN")
    scene.give()
    scene.ledger.now += DESK_SECONDS
    assert scene.round() == []
    assert scene.asked() == []
    assert scene.open() == (1, SATS)


def test_a_rate_whose_prices_do_not_follow_from_its_cross_rate_is_refused(scene: Scene) -> None:
    cross = {"source": "Bank", "date": "2023-11-14", "dollars": "1.0904", "currency": "1", "sha256": "0" * 64}
    quotes = [{"source": "Exchange", "price": 1, "cents": 3_000_000}]
    with pytest.raises(Refused, match="by the cross rate"):
        scene.ledger.do(
            "recorder", "rate", "add", date="2023-11-14", currency="EUR", quotes=quotes, cross=cross
        )


def test_a_rate_of_a_moment_is_of_a_whole_minute_of_its_day(scene: Scene) -> None:
    quotes = [{"source": "Exchange", "price": 1}]
    for at, wrong in ((START + 1, "minute"), (START - START % 60 + 10 * 86_400, "moment of")):
        with pytest.raises(Refused, match=wrong):
            scene.ledger.do(
                "recorder", "rate", "add", date="2023-11-14", currency="USD", quotes=quotes, at=at
            )


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=6), st.integers(0, 100))
def test_an_agreed_price_lies_within_the_tolerance_of_every_quote(prices: list[int], permille: int) -> None:
    price = agreed_price(prices, permille)
    spread = (max(prices) - min(prices)) * 1000 <= permille * min(prices)
    assert (price is not None) == spread
    if price is not None:
        assert min(prices) <= price <= max(prices)
        assert price == divided_half_even(sum(prices), len(prices))


def test_the_system_and_a_person_share_one_key_for_one_minute(scene: Scene) -> None:
    """So that nobody can tell another story of the same minute afterwards."""
    at = minute_of(START)
    rate = Rate(date="2023-11-14", currency="USD", at=at, quotes=(Quote(source="A", price=1),))
    other = Rate(date="2023-11-14", currency="USD", at=at, quotes=(Quote(source="A", price=2),))
    with scene.ledger.store.write() as writing:
        record(writing, RATE_KIND, SLUG, rate, now=scene.ledger.now, role=Role.SYSTEM)
    with scene.ledger.store.write() as writing, pytest.raises(Conflict):
        act(writing, scene.ledger.actors["recorder"], SLUG, "rate", "add", other, now=scene.ledger.now)
