"""Jobs keep to what the configuration allows, by the clock and the database alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.budget import Budget, fetched_today, note_fetched
from service.clock import MovableClock
from service.config import Watch
from service.wiring import build
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.kill_driver import config_of

DAY = 86_400


def test_at_the_daily_cap_of_bytes_the_tip_is_followed_and_blocks_wait_for_the_next_day(
    tmp_path: Path,
) -> None:
    """What was fetched is counted with each look; how far behind we are is still told."""
    store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
    chain = FakeChain()
    chain.mine(3)
    clock = MovableClock(chain.now)
    with EsploraServer(chain) as server:
        config = replace(config_of(server.url), watch=Watch(sightings="off", megabytes_a_day=1))
        jobs = build(store, config, clock, {}, tmp_path).jobs
        assert jobs.look() is not None
        with store.read() as tx:
            assert fetched_today(tx, clock()).bytes > 0
        with store.write() as tx:
            note_fetched(tx, 1_000_000, clock())
        chain.mine(2)
        assert jobs.look() is not None
        with store.read() as tx:
            status = chain_status(tx, now=clock())
        assert (status.tip_height, status.best_height, status.behind) == (3, 5, 2)
        clock.move_to(clock() + DAY)
        jobs.look()
        with store.read() as tx:
            assert chain_status(tx, now=clock()).tip_height == 5
    store.close()


def test_at_the_daily_cap_of_requests_nobody_is_asked_until_the_next_day(tmp_path: Path) -> None:
    store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
    chain = FakeChain()
    chain.mine(3)
    clock = MovableClock(chain.now)
    with EsploraServer(chain) as server:
        config = replace(config_of(server.url), watch=Watch(sightings="off", requests_a_day=100))
        jobs = build(store, config, clock, {}, tmp_path).jobs
        assert jobs.look() is not None
        with store.write() as tx:
            note_fetched(tx, 0, clock(), 100)
        asked = len(server.paths)
        assert jobs.look() is None
        assert "requests_a_day" in (jobs.trouble or "")
        assert len(server.paths) == asked
        clock.move_to(clock() + DAY)
        assert jobs.look() is not None
    store.close()


def test_many_blocks_are_caught_up_in_bounded_looks_that_resume(tmp_path: Path) -> None:
    """Small blocks here; each look takes at most its number of blocks, and a new process goes on."""
    store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
    chain = FakeChain()
    chain.mine(600)
    clock = MovableClock(chain.now)
    with EsploraServer(chain) as server:
        config = replace(config_of(server.url), watch=Watch(sightings="off", blocks_a_look=250))
        heights = []
        for _ in range(3):
            build(store, config, clock, {}, tmp_path).jobs.look()
            clock.move_to(clock() + 100)
            with store.read() as tx:
                status = chain_status(tx, now=clock())
            heights.append((status.tip_height, status.behind))
        assert heights == [(250, 350), (500, 100), (600, 0)]
        assert len([path for path in server.paths if path.endswith("/raw")]) == 600
        pages = [path for path in server.paths if "/blocks/" in path and "/tip/" not in path]
        assert len(pages) <= 61, "headers are read once, whatever process reads on"
    store.close()


def test_hours_are_told_by_the_pace_and_by_the_cap() -> None:
    budget = Budget(megabytes_a_day=1_000, requests_a_day=1)
    assert budget.hours_for(0, 1.0, 1_700_000) == 0
    assert budget.hours_for(10, 1.0, 1_700_000) == 1
    assert budget.hours_for(500, 36.0, 1_700_000) == 5
    assert budget.hours_for(10_000, 1.0, 1_700_000) == 408
