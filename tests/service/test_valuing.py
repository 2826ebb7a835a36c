"""A gift's value: of its own minute, by two sources that agree; else the desk is asked, and nothing else fails."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from api.pages.sentences import what_to_do
from ledger.core.errors import Conflict
from ledger.core.frozen import Amount
from ledger.core.wording import Wording
from ledger.recording.valuing import (
    ASKED_AT_ONCE,
    DESK_SECONDS,
    DESK_TRIES,
    FIRST_PAUSE,
    GIVE_UP,
    LONGEST_PAUSE,
    note_refusal,
    rates_wanted,
)
from ledger.rules.gift_records import gift_of
from ledger.rules.rates import minute_of
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.reconcile import books_state
from service.valuing import Valuing
from tests.tools.ledgers import SLUG, name, tx
from tests.tools.price_servers import always, only
from tests.tools.valuing_scene import MONTHS, SATS, Open, Scene, scenes
from watchers.sources.prices import Bitstamp, Coinbase


@pytest.fixture
def open_scene(tmp_path: Path) -> Iterator[Open]:
    with scenes(tmp_path) as opened:
        yield opened


@pytest.fixture
def scene(open_scene: Open) -> Scene:
    return open_scene()


def test_two_sources_that_agree_value_a_gift_by_their_mean(scene: Scene) -> None:
    scene.give()
    scene.servers[1].prices = always("30100.01")
    entries = scene.round()
    assert [entry.kind for entry in entries] == ["rate", "valuation"]
    value = scene.value()
    assert value is not None
    assert (value["currency"], value["price"]) == ("USD", 3_005_000)  # half a cent goes to the even one
    assert value["value"] == 3_005_000 * SATS // 10**8
    assert {entry.role for entry in entries} == {"system"}


def test_what_was_asked_and_answered_is_kept(scene: Scene) -> None:
    moment = scene.give()
    rate = scene.round()[0]
    assert rate.key == f"rate:{SLUG}:USD:{rate.date}:{minute_of(moment)}"
    quotes = rate.facts["quotes"]
    assert [(q["source"], q["pair"], q["at"], q["price"]) for q in quotes] == [
        ("Coinbase Exchange", "BTC-USD", minute_of(moment), 3_000_000),
        ("Bitstamp", "btcusd", minute_of(moment), 3_000_000),
    ]
    assert all(len(quote["sha256"]) == 64 for quote in quotes)
    assert "." not in json.dumps(rate.facts)  # whole numbers only


def test_the_gifts_own_minute_is_asked_for_when_the_look_is_months_later(scene: Scene) -> None:
    moment = scene.give()
    scene.ledger.now += MONTHS
    for server in scene.servers:
        server.prices = only({minute_of(moment): "31000.00", minute_of(scene.ledger.now): "99000.00"})
    scene.round()
    value = scene.value()
    assert value is not None
    assert value["price"] == 3_100_000


def test_a_gift_about_to_settle_has_its_value_in_its_own_entry(scene: Scene) -> None:
    scene.ledger.mine("block of gift", tx("gift", (0, SATS)))
    scene.ledger.bury(4)
    assert [entry.kind for entry in scene.round()] == ["rate"]
    scene.ledger.bury(1)
    assert scene.value() is not None
    assert "valuation" not in scene.ledger.kinds()


def test_gifts_of_one_block_share_one_question(scene: Scene) -> None:
    scene.ledger.mine("both", tx("one", (0, SATS)), tx("two", (1, SATS), position=2))
    scene.ledger.bury(5)
    scene.round()
    assert scene.value("one") == scene.value("two") != None  # noqa: E711 - both are there
    assert len(scene.asked()) == 2


def test_a_second_round_asks_and_records_nothing(scene: Scene) -> None:
    scene.give()
    scene.round()
    asked = len(scene.asked())
    assert scene.round() == []
    assert len(scene.asked()) == asked


def test_every_view_shows_a_later_value_like_another(scene: Scene) -> None:
    scene.give()
    scene.round()
    with scene.ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=scene.ledger.now)
        (trail,) = donation_trails(reading, name("gift"))
    assert report.value == trail.value == Amount.of("USD", 30_000 * 100 * SATS // 10**8)
    assert trail.rate_sources == ("Coinbase Exchange", "Bitstamp")


def test_one_source_down_and_the_next_is_asked(scene: Scene) -> None:
    scene.give()
    scene.servers[0].faults.down = True
    scene.round()
    value = scene.value()
    assert value is not None
    assert [quote["source"] for quote in value["quotes"]] == ["Bitstamp", "Kraken"]


def test_with_one_source_left_there_is_no_value_and_it_is_retried_with_backoff(scene: Scene) -> None:
    scene.give()
    for server in scene.servers[:2]:
        server.faults.status = 500
    assert scene.round() == []
    assert scene.value() is None
    times = []
    for server in scene.servers:
        server.asked.clear()
    for _ in range(60):
        scene.ledger.now += FIRST_PAUSE
        scene.round()
        if scene.servers[2].asked:
            times.append(scene.ledger.now)
            scene.servers[2].asked.clear()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == [FIRST_PAUSE * 4, FIRST_PAUSE * 16]
    scene.ledger.now += 365 * 86_400
    scene.round()
    scene.ledger.now -= 365 * 86_400  # that clock had run ahead
    scene.servers[2].asked.clear()
    scene.round()
    assert scene.servers[2].asked
    for server in scene.servers:
        server.faults.status = None
    scene.ledger.now += LONGEST_PAUSE
    scene.round()
    assert scene.value() is not None


def test_after_five_tries_the_desk_is_asked_with_age_amount_and_reason(scene: Scene) -> None:
    scene.give()
    for server in scene.servers:
        server.faults.status = 500
    for turn in range(DESK_TRIES):
        assert scene.open() == (0, 0), turn
        scene.round()
        scene.ledger.now += FIRST_PAUSE * 4**turn
    assert scene.open() == (1, SATS)
    with scene.ledger.store.read() as reading:
        (row,) = decisions(reading, SLUG, now=scene.ledger.now)
        settled = gift_of(reading.session, SLUG, f"{name('gift')}:0").at
    assert (row.kind, row.since, row.subject) == (OpenItemKind.UNVALUED_GIFT, settled, f"{name('gift')}:0")
    assert row.amount == Amount.of("BTC", SATS)
    assert "0 of 2 price sources answered" in what_to_do(row.to_do)
    with scene.ledger.store.read() as reading:
        told = books_state(reading, SLUG, now=scene.ledger.now).unvalued
    assert (told.count, told.minor, told.since) == (1, SATS, settled)


def test_sources_that_disagree_beyond_the_tolerance_ask_the_desk_at_once(scene: Scene) -> None:
    scene.give()
    scene.servers[1].prices = always("30601.00")
    assert scene.round() == []
    assert scene.value() is None
    assert scene.open() == (1, SATS)
    assert scene.servers[2].asked == []


def test_the_tolerance_is_the_campaigns(open_scene: Open) -> None:
    scene = open_scene(tolerance_permille=50)
    scene.give()
    scene.servers[1].prices = always("30601.00")
    scene.round()
    assert scene.value() is not None


def test_a_campaign_without_tolerance_is_recorded_in_the_bytes_that_it_always_had(scene: Scene) -> None:
    with scene.ledger.store.read() as reading:
        rows = [row for row in reading.journal.rows() if row.kind == "campaign"]
    assert b"tolerance" not in rows[0].data


def test_without_any_source_a_day_without_value_asks_the_desk(scene: Scene) -> None:
    scene.give()
    silent = Valuing(scene.ledger.store, lambda: scene.ledger.now, [], None, 20, lambda _tx: None)
    assert silent.run() == []
    assert scene.open() == (0, 0)
    scene.ledger.now += DESK_SECONDS
    assert scene.open() == (1, SATS)


def test_dust_is_neither_valued_nor_asked_about(scene: Scene) -> None:
    scene.give(sats=999)
    scene.ledger.now += DESK_SECONDS
    assert scene.round() == []
    assert scene.asked() == []
    assert scene.open() == (0, 0)


def test_a_refused_moment_does_not_hold_up_the_others(scene: Scene) -> None:
    first, second = scene.give("first"), scene.give("second")
    for server in scene.servers:
        server.prices = only({minute_of(second): "30000.00"})
    scene.round()
    assert scene.value("first") is None
    assert scene.value("second") is not None
    assert first != second


def test_a_round_asks_for_a_few_moments_only(scene: Scene) -> None:
    for number in range(ASKED_AT_ONCE + 2):
        scene.ledger.mine(f"block {number}", tx(f"gift {number}", (0, SATS)))
    scene.ledger.bury(5)
    scene.round()
    assert len(scene.asked()) == 2 * ASKED_AT_ONCE
    scene.round()
    assert all(scene.value(f"gift {number}") for number in range(ASKED_AT_ONCE + 2))


def test_the_deadline_ends_a_round_and_what_was_not_asked_is_not_counted_as_tried(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    ticks = iter(range(0, 1000, 9))
    scene.valuing(seconds=20, elapsed=lambda: next(ticks)).run()
    assert scene.asked() != []
    unvalued = [label for label in ("first", "second") if scene.value(label) is None]
    assert unvalued
    with scene.ledger.store.read() as reading:
        assert len(rates_wanted(reading, now=scene.ledger.now)) == len(unvalued)


def test_a_slow_source_costs_its_own_time_only(scene: Scene) -> None:
    scene.give()
    scene.servers[0].faults.drip = 0.2
    begun = time.monotonic()
    scene.valuing(seconds=3).run()
    assert time.monotonic() - begun < 5


def test_a_lost_lease_undoes_the_round_and_raises_nothing(scene: Scene) -> None:
    scene.give()

    def lost(_tx: object) -> None:
        raise Conflict("lease: this process does not lead")

    http = scene.client()
    sources = [Coinbase(scene.servers[0].url, http), Bitstamp(scene.servers[1].url, http)]
    assert Valuing(scene.ledger.store, lambda: scene.ledger.now, sources, None, 20, lost).run() == []
    assert scene.value() is None
    scene.ledger.audit()


def test_after_many_tries_the_sources_are_left_alone(scene: Scene) -> None:
    scene.give()
    with scene.ledger.store.read() as reading:
        (wanted,) = rates_wanted(reading, now=scene.ledger.now)
    with scene.ledger.store.write() as writing:
        for turn in range(GIVE_UP):
            note_refusal(writing, wanted, Wording("try {turn}", {"turn": turn}), now=scene.ledger.now)
    scene.ledger.now += 10 * DESK_SECONDS
    with scene.ledger.store.read() as reading:
        assert rates_wanted(reading, now=scene.ledger.now) == []
    assert scene.open() == (1, SATS)


@pytest.mark.parametrize("price", ["NaN", "1e999", "-30000.00", "0", "99999999999"])
def test_a_price_that_is_none_is_as_good_as_no_answer(scene: Scene, price: str) -> None:
    scene.give()
    scene.servers[0].faults.lies["price"] = lambda _: price
    scene.round()
    value = scene.value()
    assert value is not None
    assert [quote["source"] for quote in value["quotes"]] == ["Bitstamp", "Kraken"]
