"""A gift's value: of its own minute, by two sources that agree; else the desk is asked, and nothing else fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.data import shapes
from ledger.books import Books
from ledger.desk import Outcome, act
from ledger.entry import Entry
from ledger.errors import Conflict, Refused
from ledger.kinds.rates import RATE as RATE_KIND
from ledger.kinds.rates import Quote, Rate, agreed_price, divided_half_even, minute_of
from ledger.kinds.spec import Role
from ledger.queries import campaign_report, donation_trails
from ledger.reconcile import books_state, reconciliation
from ledger.record import record
from ledger.store.database import Store
from ledger.valuing import (
    ASKED_AT_ONCE,
    DESK_SECONDS,
    DESK_TRIES,
    FIRST_PAUSE,
    GIVE_UP,
    RateWanted,
    note_refusal,
    rates_wanted,
)
from service.clock import Clock
from service.command import BadUse
from service.config import Config, Rates, parse_config
from service.valuing import Valuing, valuing_of
from tests.esplora_server import EsploraServer
from tests.fakes import FakeChain
from tests.kill_driver import SLUG as WATCHED_SLUG
from tests.ledgers import SLUG, START, Ledger, name, tx
from tests.price_servers import (
    BitstampServer,
    CoinbaseServer,
    EcbServer,
    KrakenServer,
    PriceServer,
    always,
    only,
)
from tests.test_service_intake import Scene as Watching
from tests.test_service_kill_nine import DEPTH
from watchers.ecb import EcbRates
from watchers.http import HttpClient
from watchers.http_policy import HttpPolicy
from watchers.prices import Bitstamp, Coinbase, Kraken

SATS = 1_000_000
MONTHS = 120 * 86_400


@dataclass
class Scene:
    """A ledger, and exchanges to ask."""

    ledger: Ledger
    servers: list[PriceServer]
    bank: EcbServer

    def client(self) -> HttpClient:
        policy = HttpPolicy(per_second=1e6, burst=1000, backoff=0.0, breaker_failures=10**6)
        return HttpClient(policy, monotonic=time.monotonic)

    def valuing(
        self,
        store: Store | None = None,
        clock: Clock | None = None,
        *,
        seconds: int = 20,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> Valuing:
        """Rounds on the scene's ledger, or on another one."""
        http = self.client()
        coinbase, bitstamp, kraken = (server.url for server in self.servers)
        sources = [Coinbase(coinbase, http), Bitstamp(bitstamp, http), Kraken(kraken, http)]
        bank = EcbRates(self.bank.url, http)
        return Valuing(
            store or self.ledger.store,
            clock or (lambda: self.ledger.now),
            sources,
            bank,
            seconds,
            lambda _tx: None,
            elapsed=elapsed,
        )

    def round(self) -> list[Entry]:
        """Ask and value, as after a look; the state is audited."""
        entries = self.valuing().run()
        self.ledger.audit()
        return entries

    def asked(self) -> list[str]:
        return [path for server in self.servers for path in server.asked]

    def give(self, label: str = "gift", sats: int = SATS) -> int:
        """A settled gift; the time of its block."""
        self.ledger.mine(f"block of {label}", tx(label, (0, sats)))
        moment = START + 600 * len(self.ledger.chain)
        self.ledger.bury(5)
        return moment

    def value(self, label: str = "gift") -> dict[str, Any] | None:
        with self.ledger.store.read() as reading:
            gift = Books(reading.shelf).documents.require("donation", SLUG, f"{name(label)}:0")
        valuation: dict[str, Any] | None = gift["notes"].get("valuation")
        return valuation

    def open(self) -> tuple[int, int]:
        """Gifts, and sats, that the desk has to decide."""
        with self.ledger.store.read() as reading:
            state = books_state(reading, SLUG, now=self.ledger.now)
        return state.unvalued, state.unvalued_sats


Open = Callable[..., Scene]
"""Opens a ledger whose campaign has the given facts."""


@pytest.fixture
def open_scene(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        kinds = (CoinbaseServer, BitstampServer, KrakenServer)
        prices: list[PriceServer] = [stack.enter_context(kind(always("30000.00"))) for kind in kinds]
        bank = stack.enter_context(EcbServer({"USD": "1.0904", "CNY": "7.7799"}))

        def open_one(**facts: Any) -> Scene:
            ledger = Ledger.new(tmp_path, **facts)
            stack.callback(ledger.store.close)
            return Scene(ledger, prices, bank)

        yield open_one


@pytest.fixture
def scene(open_scene: Open) -> Scene:
    return open_scene()


# ── two that agree ───────────────────────────────────────────────────────────────────────────────────────


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
        (trail,) = donation_trails(reading, name("gift"), now=scene.ledger.now)
    assert report.value == trail.value == 30_000 * 100 * SATS // 10**8
    assert trail.rate_sources == ("Coinbase Exchange", "Bitstamp")


# ── when they do not ─────────────────────────────────────────────────────────────────────────────────────


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
    for server in scene.servers:
        server.faults.status = None
    scene.ledger.now += FIRST_PAUSE * 64
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
        lines = dict(reconciliation(reading, SLUG, now=scene.ledger.now).lines)
        settled = Books(reading.shelf).documents.require("donation", SLUG, f"{name('gift')}:0")["at"]
    line = lines[f"{SLUG}: without a value since {settled}"]
    assert f"{SATS} sats in {name('gift')}:0" in line
    assert "0 of 2 price sources answered" in line
    with scene.ledger.store.read() as reading:
        told = shapes.books(books_state(reading, SLUG, now=scene.ledger.now))["unvalued"]
    assert (told["count"], told["minor"], told["since"]) == (1, SATS, settled)


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
            note_refusal(writing, wanted, f"try {turn}", now=scene.ledger.now)
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


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────


def day_of_gift(scene: Scene) -> str:
    with scene.ledger.store.read() as reading:
        gift = Books(reading.shelf).documents.require("donation", SLUG, f"{name('gift')}:0")
    return str(gift["date"])


def add_paper(scene: Scene) -> str:
    digest = name("paper")
    scene.ledger.do(
        "recorder", "evidence", "add", sha256=digest, title="Bank's letter", paper="letter", shows="The rate.",
        access="public", about="campaign", date="2023-11-20",
    )  # fmt: skip
    return digest


def figure(scene: Scene, value: int, paper: str, **more: Any) -> Outcome:
    outpoint = f"{name('gift')}:0"
    return scene.ledger.do(
        "recorder", "valuation", "add", outpoint=outpoint, value=value, paper=paper, **more
    )


def test_a_rate_of_the_day_by_hand_values_the_gifts_that_wait(scene: Scene) -> None:
    scene.give()
    quotes = [{"source": "Newspaper", "price": 2_900_000}, {"source": "Bank", "price": 2_900_000}]
    scene.ledger.do("recorder", "rate", "add", date=day_of_gift(scene), currency="USD", quotes=quotes)
    scene.round()
    value = scene.value()
    assert value is not None
    assert value["price"] == 2_900_000
    assert scene.asked() == []


def test_a_rate_never_changes_a_value_already_given(scene: Scene) -> None:
    scene.give()
    scene.round()
    before = scene.value()
    quotes = [{"source": "Newspaper", "price": 9_900_000}, {"source": "Bank", "price": 9_900_000}]
    scene.ledger.do("recorder", "rate", "add", date=day_of_gift(scene), currency="USD", quotes=quotes)
    assert scene.round() == []
    assert scene.value() == before != None  # noqa: E711 - it is there


def test_a_figure_with_its_paper_decides_what_sources_could_not(scene: Scene) -> None:
    scene.give()
    scene.servers[1].prices = always("40000.00")
    scene.round()
    figure(scene, 29_950, add_paper(scene))
    assert scene.open() == (0, 0)
    with scene.ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"), now=scene.ledger.now)
        report = campaign_report(reading, SLUG, now=scene.ledger.now)
    assert (trail.value, trail.rate_sources, report.value) == (29_950, ("Bank's letter",), 29_950)


def test_a_figure_without_its_paper_is_refused(scene: Scene) -> None:
    scene.give()
    with pytest.raises(Refused, match="paper"):
        figure(scene, 29_950, name("unknown paper"))
    with pytest.raises(Refused, match="value"):
        scene.ledger.do("recorder", "valuation", "add", outpoint=f"{name('gift')}:0")


def test_a_second_value_is_refused(scene: Scene) -> None:
    scene.give()
    scene.round()
    with pytest.raises(Conflict, match="recorded already"):
        figure(scene, 1, add_paper(scene))


def test_a_value_in_the_gifts_own_entry_is_as_final(scene: Scene) -> None:
    quotes = [{"source": "Newspaper", "price": 2_900_000}, {"source": "Bank", "price": 2_900_000}]
    scene.ledger.do("recorder", "rate", "add", date="2023-11-14", currency="USD", quotes=quotes)
    scene.give()
    assert scene.value() is not None
    with pytest.raises(Conflict, match="has a value"):
        figure(scene, 1, add_paper(scene))


def test_a_reversed_value_is_for_a_person_to_give_again(scene: Scene) -> None:
    scene.give()
    paper = add_paper(scene)
    wrong = figure(scene, 1, paper)
    scene.ledger.do("approver", "reversal", "add", entry=wrong.seq, reason="A slip.", date="2023-11-20")
    assert scene.value() is None
    entries = scene.round()
    assert [entry.kind for entry in entries] in ([], ["rate"])
    assert scene.value() is None
    with pytest.raises(Conflict, match="recorded already"):
        figure(scene, 29_950, paper)
    with pytest.raises(Refused, match="n:"):
        figure(scene, 29_950, paper, n=2)
    figure(scene, 29_950, paper, n=1)
    value = scene.value()
    assert value is not None
    assert value["value"] == 29_950


def test_a_void_takes_a_gift_off_the_list_and_a_restore_puts_it_back(scene: Scene) -> None:
    ledger = scene.ledger
    gift = tx("gift", (0, SATS))
    ledger.mine("a", gift)
    ledger.bury(5)
    ledger.now += DESK_SECONDS
    assert scene.open() == (1, SATS)
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    assert scene.open() == (0, 0)
    assert scene.round() == []
    ledger.mine("b", gift)
    ledger.bury(5)
    assert scene.open() == (1, SATS)
    scene.round()
    assert scene.value() is not None


def test_a_value_stands_when_the_gift_moves_to_another_block(scene: Scene) -> None:
    ledger = scene.ledger
    gift = tx("gift", (0, SATS))
    ledger.mine("a", gift)
    ledger.bury(5)
    scene.round()
    before = scene.value()
    ledger.reorg(6, ("other", (gift,)), *((f"other {n}", ()) for n in range(6)))
    assert "moved" in ledger.kinds()
    assert scene.value() == before != None  # noqa: E711 - it is there


# ── other currencies ─────────────────────────────────────────────────────────────────────────────────────


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


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────


def add_headers(ledger: Ledger) -> None:
    """The headers of the ledger's chain, as a look leaves them: only their time is read."""
    with ledger.store.write() as writing:
        for height in range(len(ledger.chain)):
            moment = START + 600 * (height + 1)
            writing.progress.add_headers([(height, bytes(68) + moment.to_bytes(4, "little") + bytes(8))])


def test_by_the_settlement_clock_the_block_that_buried_the_gift_tells_the_time(open_scene: Open) -> None:
    scene = open_scene(valuation="settlement")
    moment = scene.give()
    for server in scene.servers:
        server.prices = only({minute_of(moment): "1.00", minute_of(moment + 5 * 600): "32000.00"})
    assert scene.round() == []  # its header is not known yet
    add_headers(scene.ledger)
    scene.ledger.now += MONTHS
    scene.round()
    value = scene.value()
    assert value is not None
    assert value["price"] == 3_200_000


def convert(scene: Scene, *, spent: int, fee: int, proceeds: int, exchange_fee: int) -> None:
    ledger = scene.ledger
    ledger.mine("sale", tx("sale", (15, SATS - spent), spends=(("gift", 0),)))
    ledger.bury(5)
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=spent - fee, network_fee=fee,
        currency="USD", proceeds=proceeds, exchange_fee=exchange_fee, exchange="Exchange", bank="Bank",
        date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")


def test_by_the_conversion_clock_a_gift_is_worth_what_it_fetched_once_all_of_it_is_sold(
    open_scene: Open,
) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    assert scene.round() == []
    scene.ledger.now += 2 * DESK_SECONDS
    assert scene.open() == (0, 0)
    convert(scene, spent=SATS, fee=2_000, proceeds=29_000, exchange_fee=940)
    (entry,) = scene.round()
    # 299.40 USD for 998,000 sats; the 2,000 that miners took are worth as much a sat.
    assert entry.notes["valuation"] == {"currency": "USD", "value": 30_000, "conversions": ["C-1"]}
    assert scene.asked() == []
    with scene.ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"), now=scene.ledger.now)
    assert (trail.value, trail.rate_sources) == (30_000, ("C-1",))


def test_by_the_conversion_clock_half_a_gift_has_no_value(open_scene: Open) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    convert(scene, spent=SATS // 2, fee=0, proceeds=15_000, exchange_fee=0)
    assert scene.round() == []
    assert scene.value() is None


def test_a_value_falls_with_the_conversion_that_gave_it_and_comes_back_with_another(open_scene: Open) -> None:
    scene = open_scene(valuation="conversion")
    scene.give()
    convert(scene, spent=SATS, fee=0, proceeds=30_000, exchange_fee=0)
    scene.round()
    with scene.ledger.store.read() as reading:
        approved = next(row.seq for row in reading.journal.rows() if row.kind == "conversion.approved")
    scene.ledger.do("approver", "reversal", "add", entry=approved, reason="A slip.", date="2023-11-21")
    assert scene.value() is None
    assert scene.round() == []
    scene.ledger.do(
        "recorder", "conversion", "add", number="C-2", txid=name("sale"), sold=SATS, network_fee=0,
        currency="USD", proceeds=29_000, exchange_fee=0, exchange="Exchange", bank="Bank", date="2023-11-21",
    )  # fmt: skip
    scene.ledger.do("approver", "conversion", "approve", number="C-2", date="2023-11-21")
    scene.round()
    value = scene.value()
    assert value is not None
    assert (value["value"], value["conversions"]) == (29_000, ["C-2"])


# ── looks ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watching]:
    with EsploraServer(FakeChain()) as server:
        made = Watching(tmp_path, server)
        yield made
        made.store.close()


def values_in(watching: Watching) -> list[dict[str, Any] | None]:
    with watching.store.read() as reading:
        gifts = Books(reading.shelf).documents.all("donation", WATCHED_SLUG)
        return [gift["notes"].get("valuation") for _, gift in gifts]


def test_a_look_is_followed_by_a_round_that_values_what_settled(watched: Watching, scene: Scene) -> None:
    watched.give()
    jobs = watched.process().jobs
    jobs.value_gifts = scene.valuing(watched.store, watched.clock).run
    outcome = jobs.look()
    assert outcome is not None
    assert [entry.kind for entry in outcome.entries] == ["donation", "rate", "valuation"]
    assert [value["price"] for value in values_in(watched) if value] == [3_000_000]
    watched.audit()


@pytest.mark.parametrize("fault", ["down", "html", "bomb"])
def test_no_trouble_of_exchanges_fails_a_look(watched: Watching, scene: Scene, fault: str) -> None:
    for server in (*scene.servers, scene.bank):
        setattr(server.faults, fault, 10_000_000 if fault == "bomb" else True)
    watched.give()
    jobs = watched.process().jobs
    jobs.value_gifts = scene.valuing(watched.store, watched.clock).run
    outcome = jobs.look()
    assert outcome is not None
    assert jobs.trouble is None
    assert values_in(watched) == [None]
    watched.settled()


def test_while_behind_the_chain_nobody_is_asked(watched: Watching, scene: Scene) -> None:
    watched.give()
    for _ in range(3):
        watched.give()
    config = watched.config()
    jobs = watched.process(replace(config, watch=replace(config.watch, blocks_a_look=DEPTH + 1))).jobs
    jobs.value_gifts = scene.valuing(watched.store, watched.clock).run
    behind = []
    while True:
        outcome = jobs.look()
        assert outcome is not None
        behind.append(outcome.behind)
        if outcome.behind == 0:
            break
        assert scene.asked() == []
    assert max(behind) > 0
    assert scene.asked() != []


# ── wiring ───────────────────────────────────────────────────────────────────────────────────────────────


def test_coins_of_test_networks_have_no_price_so_nobody_is_asked(scene: Scene) -> None:
    scene.give()
    config = parse_config('[chain]\nnetwork = "regtest"\n')
    valuing_of(scene.ledger.store, config, lambda: scene.ledger.now, scene.client(), lambda _tx: None).run()
    assert scene.asked() == []
    assert scene.value() is None


def test_on_mainnet_the_configured_sources_are_asked(scene: Scene) -> None:
    scene.give()
    tables = "".join(
        f'[[rates.sources]]\nkind = "{kind}"\nurl = "{server.url}"\n'
        for kind, server in zip(("coinbase", "bitstamp"), scene.servers, strict=False)
    )
    config = parse_config(f"[rates]\ndeadline_seconds = 5\n{tables}")
    valuing_of(scene.ledger.store, config, lambda: scene.ledger.now, scene.client(), lambda _tx: None).run()
    assert scene.value() is not None


def test_one_source_cannot_agree_with_itself() -> None:
    one = '[[rates.sources]]\nkind = "kraken"\nurl = "https://api.kraken.com"\n'
    for text in (one, one + one):
        with pytest.raises(BadUse, match="at least two"):
            parse_config(text)
    assert not parse_config("[rates]\nenabled = false\n" + one).rates.enabled
    assert Config().rates == Rates()


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────


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
    assert RateWanted(SLUG, "USD", at, 20).key == f"{SLUG}:USD:{at}"
