"""Explorers down, slow, lying or answering HTML: what the chain holds settles, or the page says since when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.pages.sentences.units import time
from ledger.checks.run import run_checks
from ledger.core.times import rfc3339
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from service.clock import MovableClock
from service.config import Config, SourceConfig
from service.wiring import Service, build
from tests.tools.drawn import drawn
from tests.tools.esplora_lies import LIES
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import SLUG, config_of
from tests.tools.relief import CAMPAIGN, DEPTH, live_in, settled_on
from tests.tools.store_places import place

Spoil = Callable[[EsploraServer], None]
LOOKS = 10


def fault(name: str, value: object) -> Spoil:
    return lambda server: setattr(server.faults, name, value)


def lie(name: str, number: int = 0) -> Spoil:
    return lambda server: server.faults.lies.update({name: LIES[name][number]})


BAD: dict[str, Spoil] = {
    "down": fault("down", True),
    "slow": fault("drip", 0.5),
    "html": fault("html", True),
    "cut": fault("cut", True),
    **{f"lies in {name}": lie(name) for name in LIES if not name.startswith(("mempool", "tx"))},
    "lies in the last bytes of blocks": lie("block", 2),
}
STOPS = [
    "down", "html", "cut", "lies in block-height", "lies in blocks.id", "lies in blocks.nonce", "lies in block",
    "lies in the last bytes of blocks",
]  # fmt: skip
"""What stops the chain when there is nobody else to ask."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(place(tmp_path))
    with made.write() as tx:
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
    yield made
    made.close()


@pytest.fixture
def chain() -> FakeChain:
    made = FakeChain()
    for number in range(3):
        made.send(transaction([(script_no(number), 5_000 + number)], [outpoint_no(number)]))
        made.mine(1)
    made.mine(DEPTH)
    return made


def config(*urls: str) -> Config:
    base = config_of(urls[0])
    sources = tuple(SourceConfig(f"explorer-{n}", "esplora", url) for n, url in enumerate(urls))
    return replace(base, sources=sources, http=replace(base.http, deadline_seconds=1))


def audit(store: Store) -> None:
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []


def give_more(chain: FakeChain) -> None:
    chain.send(transaction([(script_no(4), 9_000)], [outpoint_no(40)]))
    chain.fork(2, 3)
    chain.mine(DEPTH)


@pytest.mark.parametrize("bad", drawn("bad beside an honest one", BAD, 5))
def test_beside_an_honest_explorer_all_settles_as_the_chain_says(
    bad: str, store: Store, chain: FakeChain, tmp_path: Path
) -> None:
    """The bad one is listed first; a reorganisation and another gift follow while it is bad."""
    with EsploraServer(chain) as bad_one, EsploraServer(chain) as honest:
        BAD[bad](bad_one)
        clock = MovableClock(chain.now)
        service = build(store, config(bad_one.url, honest.url), clock, {}, tmp_path)
        for _ in range(2):
            for _ in range(LOOKS):
                service.jobs.look()
                if live_in(store) == settled_on(chain):
                    break
            assert live_in(store) == settled_on(chain) != {}
            audit(store)
            give_more(chain)
            clock.move_to(chain.now)


@pytest.mark.parametrize("bad", drawn("bad alone", BAD, 5))
def test_with_only_the_liar_nothing_wrong_settles(
    bad: str, store: Store, chain: FakeChain, tmp_path: Path
) -> None:
    """What settles is on the chain; often it is nothing."""
    with EsploraServer(chain) as bad_one:
        BAD[bad](bad_one)
        service = build(store, config(bad_one.url), lambda: chain.now, {}, tmp_path)
        for _ in range(2):
            service.jobs.look()
            assert live_in(store).items() <= settled_on(chain).items()
            audit(store)
            if bad != "slow":
                chain.mine(1)


def said(service: Service) -> tuple[str, int, str, dict[str, object]]:
    """The campaign's page, whether the service is ready and why not, and the chain's state as JSON."""
    web = TestClient(service.app)
    page, ready = web.get(f"/c/{SLUG}"), web.get("/readyz")
    assert page.status_code == 200
    return page.text, ready.status_code, ready.text, web.get("/api/v1/chain").json()


@pytest.mark.parametrize("bad", drawn("stops", STOPS, 3))
def test_where_a_lie_stops_the_chain_everything_says_since_when(
    bad: str, store: Store, chain: FakeChain, tmp_path: Path
) -> None:
    """Page, readiness and API name the first look that found no agreed chain, and take it back when one is found."""
    with EsploraServer(chain) as only:
        clock = MovableClock(chain.now)
        service = build(store, config(only.url), clock, {}, tmp_path)
        service.jobs.look()
        page, ready, _, state = said(service)
        assert "No agreed chain" not in page
        assert (ready, state["agreed"], state["no_chain_since"]) == (200, True, None)
        before = live_in(store)

        chain.mine(DEPTH)
        clock.move_to(chain.now)
        BAD[bad](only)
        since = clock()
        for _ in range(3):
            service.jobs.look()
            clock.move_to(clock() + 60)
        page, ready, why, state = said(service)
        moment = str(state["no_chain_since"])
        assert state["agreed"] is False
        assert moment == rfc3339(since)
        assert f"No agreed chain since {time(moment)}" in page
        assert ready == 503
        assert f"no agreed chain since {moment}" in why
        assert live_in(store) == before

        only.faults.lies.clear()
        only.faults.down = only.faults.html = only.faults.cut = False
        clock.move_to(clock() + 86_400)
        if bad in (
            "down",
            "cut",
        ):  # for a minute of the machine's own time this process does not call it again
            service = build(store, config(only.url), clock, {}, tmp_path)
        service.jobs.look()
        page, ready, _, state = said(service)
        assert "No agreed chain" not in page
        assert (ready, state["agreed"], state["no_chain_since"]) == (200, True, None)
        assert live_in(store) == settled_on(chain)
        audit(store)
