"""Jobs keep to what the configuration allows, by the clock and the database alone."""

from __future__ import annotations

from pathlib import Path

from ledger.store.database import Store
from service.budget import fetched_today, note_fetched
from service.clock import MovableClock
from service.wiring import build
from tests.esplora_server import EsploraServer
from tests.fakes import FakeChain
from tests.kill_driver import config_of

DAY = 86_400


def test_looks_stop_at_the_daily_cap_and_go_on_the_next_day(tmp_path: Path) -> None:
    """What was fetched is counted with each look; at the cap no source is asked until midnight UTC."""
    store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
    chain = FakeChain()
    chain.mine(3)
    clock = MovableClock(chain.now)
    with EsploraServer(chain) as server:
        jobs = build(store, config_of(server.url), clock, {}, tmp_path).jobs
        assert jobs.look() is not None
        with store.read() as tx:
            assert fetched_today(tx, clock()) > 0
        with store.write() as tx:
            note_fetched(tx, jobs.megabytes_a_day * 1_000_000, clock())
        asked = len(server.paths)
        assert jobs.look() is None
        assert "megabytes_a_day" in (jobs.trouble or "")
        assert len(server.paths) == asked
        clock.move_to(clock() + DAY)
        assert jobs.look() is not None
        assert jobs.trouble is None
    store.close()
