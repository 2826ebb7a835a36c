"""Jobs keep to what the configuration allows, by the clock and the database alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ledger.checks.finding import Finding
from ledger.core.errors import StorageFailed
from ledger.core.wording import Figure
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.budget import Budget, fetched_today, note_fetched
from service.clock import MovableClock, due_again
from service.config import Backup, SourceConfig, Watch
from service.scheduler import Job, Scheduler
from service.wiring import build, not_ready
from tests.tools.electrum_server import ElectrumServer, Session
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.fake_core import CoreServer
from tests.tools.fake_server import Reply
from tests.tools.kill_driver import config_of
from tests.tools.store_places import place

DAY = 86_400


def test_at_the_daily_cap_of_bytes_the_tip_is_followed_and_blocks_wait_for_the_next_day(
    tmp_path: Path,
) -> None:
    """What was fetched is counted with each look; how far behind we are is still told."""
    store = Store.create(place(tmp_path))
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
    store = Store.create(place(tmp_path))
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
    store = Store.create(place(tmp_path))
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


class HoldingExplorer(EsploraServer):
    """Answers nothing about headers, so that a look takes as long as it may."""

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        if "/blocks/tip" not in path:
            held.set()
            let_go.wait(30)
        return super().answer(handler, path, body)


class HoldingElectrum(ElectrumServer):
    """The same."""

    def answer_line(self, session: Session, line: bytes) -> bool:
        if b"block.header" in line:
            held.set()
            let_go.wait(30)
        return super().answer_line(session, line)


held, let_go = threading.Event(), threading.Event()


@pytest.mark.parametrize("kind", ["esplora", "electrum"])
def test_a_look_ends_at_once_when_the_program_does_and_nothing_of_it_is_recorded(
    kind: str, tmp_path: Path
) -> None:
    """However long a source takes to answer; that it was cut off is no trouble of the source."""
    store, chain = Store.create(place(tmp_path)), FakeChain()
    chain.mine(3)
    held.clear()
    let_go.clear()
    with HoldingExplorer(chain) if kind == "esplora" else HoldingElectrum(chain) as server:
        source = SourceConfig("slow", "esplora" if kind == "esplora" else "electrum", server.url)
        config = replace(config_of(server.url), sources=(source,), watch=Watch(sightings="off"))
        service = build(store, config, MovableClock(chain.now), {}, tmp_path)
        looking = threading.Thread(target=service.jobs.look)
        looking.start()
        assert held.wait(30)
        began = monotonic()
        service.stop_sources()
        looking.join(30)
        assert monotonic() - began < 1
        let_go.set()
        assert service.jobs.trouble is None
        with store.read() as tx:
            assert chain_status(tx, now=chain.now).looked_at is None
    store.close()


def test_hours_are_told_by_the_pace_and_by_the_cap() -> None:
    budget = Budget(megabytes_a_day=1_000, requests_a_day=1)
    assert budget.hours_for(0, 1.0, 1_700_000) == 0
    assert budget.hours_for(10, 1.0, 1_700_000) == 1
    assert budget.hours_for(500, 36.0, 1_700_000) == 5
    assert budget.hours_for(10_000, 1.0, 1_700_000) == 408


class Scene:
    """A service on a chain made by hand, its clock, and its jobs by name."""

    def __init__(self, folder: Path, server: EsploraServer, chain: FakeChain, **config: Any) -> None:
        self.chain, self.server, self.folder = chain, server, folder
        self.clock = MovableClock(chain.now)
        url = f"sqlite:///{folder / 'aidtrail.db'}"
        self.store = Store.open(url) if (folder / "aidtrail.db").exists() else Store.create(url)
        self.config = replace(config_of(server.url), **config)
        self.service = build(self.store, self.config, self.clock, {}, folder)

    def job(self, name: str) -> Job:
        return next(job for job in self.service.jobs.all() if job.name == name)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    chain = FakeChain()
    chain.mine(3)
    with EsploraServer(chain) as server:
        made = Scene(tmp_path, server, chain, watch=Watch(sightings="off"), backup=Backup("copies", keep=2))
        yield made
        made.store.close()


def test_a_look_is_due_by_the_last_one_of_any_process(scene: Scene) -> None:
    look = scene.job("look")
    assert look.due() == 0
    assert look.run() is False
    another = build(scene.store, scene.config, scene.clock, {}, scene.folder).jobs
    (due,) = {job.due() for job in another.all() if job.name == "look"}
    assert due == scene.clock() + Watch().look_seconds


def test_blocks_that_a_look_left_are_read_at_once_and_nobody_asks_for_rates_before(scene: Scene) -> None:
    scene.chain.mine(40)
    scene.clock.move_to(scene.chain.now)
    look = scene.job("look")
    assert look.run() is True
    assert scene.job("rates").run() == []
    assert look.run() is False


def test_checks_are_due_by_the_database_and_a_restart_forgets_neither_their_time_nor_their_findings(
    scene: Scene,
) -> None:
    """What is new daily, everything weekly; after everything there is nothing new."""
    new, everything = scene.job("check of what is new"), scene.job("check of everything")
    assert new.due() <= scene.clock() >= everything.due()
    everything.run()
    assert new.due() == scene.clock() + DAY
    assert everything.due() == scene.clock() + 7 * DAY
    scene.clock.move_to(scene.clock() + DAY)
    new.run()
    again = build(scene.store, scene.config, scene.clock, {}, scene.folder).jobs.checking
    assert (again.new_due(), again.all_due()) == (scene.clock() + DAY, scene.clock() + 6 * DAY)


def test_what_is_new_and_broken_is_found_by_the_daily_check_and_told_until_all_is_checked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking = scene.service.jobs.checking
    broken = Finding.of("bytes_hash", "7", "{entry} is matched for {sum}", entry=7, sum=Figure("USD", 5))
    monkeypatch.setattr("service.checking.run_new_checks", lambda _tx, _after: [broken])
    monkeypatch.setattr("service.checking.run_checks", lambda _tx: [])
    assert checking.check_new() == checking.check_new() == checking.findings() == (broken,)
    assert any(
        "invariant is broken" in line for line in not_ready(scene.store, scene.service.jobs, scene.clock)
    )
    checking.check_all()
    assert checking.findings() == ()


def test_backups_are_made_when_they_are_due_and_only_the_newest_and_what_is_not_ours_stay(
    scene: Scene,
) -> None:
    backup = scene.job("backup")
    copies = scene.folder / "copies"
    for _ in range(4):
        assert backup.due() <= scene.clock()
        backup.run()
        assert backup.due() == scene.clock() + DAY
        (copies / "aidtrail-before-the-move.db").touch()
        for number in (os.getpid(), os.getppid(), 2**30):  # of this process, of one that runs, of none
            (copies / f".aidtrail-2020-01-02T030405Z.db.{number}.part").touch()
        scene.clock.move_to(scene.clock() + DAY)
    backup.run()
    half, *names = sorted(path.name for path in copies.iterdir())
    assert half.endswith(f".{os.getppid()}.part"), "what a killed process left half of is removed"
    assert len(names) == 3
    assert names[-1] == "aidtrail-before-the-move.db"
    Store.restore(copies / names[1], scene.folder / "restored.db")


def test_without_a_folder_for_them_there_are_no_backups(tmp_path: Path) -> None:
    chain = FakeChain()
    with EsploraServer(chain) as server:
        made = Scene(tmp_path, server, chain)
        assert "backup" not in {job.name for job in made.service.jobs.all()}
        made.store.close()


class Counted:
    """A job that tells when it ran, at moments that a test decides."""

    def __init__(self, answers: list[object]) -> None:
        self.answers, self.ran = answers, threading.Semaphore(0)

    def run(self) -> object:
        self.ran.release()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def has_run(self, times: int) -> bool:
        return all(self.ran.acquire(timeout=20) for _ in range(times))


def test_each_job_runs_when_the_database_says_that_it_is_due_and_no_other_holds_it_up() -> None:
    """One waits for ever, one fails, one has more to do three times, one is due tomorrow."""
    waiting = threading.Event()
    failing, busy, tomorrow = Counted([ValueError("no")]), Counted([True, True, False]), Counted([])
    scheduler = Scheduler(
        (
            Job("waiting", waiting.wait, lambda: 0, 3_600, chain=True),
            Job("failing", failing.run, lambda: 0, 3_600),
            Job("busy", busy.run, lambda: 0, 3_600),
            Job("tomorrow", tomorrow.run, lambda: 1_000 + DAY, 1),
        ),
        lambda: 1_000,
    )
    scheduler.start()
    assert failing.has_run(1)
    assert busy.has_run(3)
    # Those that ran may still be putting their answer away.
    left = set(scheduler.stop(0.0)) - {"failing", "busy"}
    assert left == {"waiting"}, "a stop waits only so long, and says for what it did not"
    waiting.set()
    assert not busy.ran.acquire(blocking=False)
    assert not tomorrow.ran.acquire(blocking=False)


def test_a_database_that_cannot_say_what_is_due_stops_no_job() -> None:
    def unreadable() -> int:
        raise StorageFailed("the disk is away")

    other = Counted([])
    scheduler = Scheduler(
        (Job("unplanned", other.run, unreadable, 3_600), Job("other", other.run, lambda: 0, 9)), int
    )
    scheduler.start()
    assert other.has_run(1)
    scheduler.stop()


def test_a_clock_that_is_set_back_puts_no_job_off() -> None:
    """Planned for an hour hence by the old clock, it is due now by the new one."""
    now, ahead, job = [5_000], [0.0], Counted([])
    last = [5_000]
    scheduler = Scheduler(
        (Job("job", job.run, lambda: due_again(last[0], 3_600, now[0]), 1),), lambda: now[0], lambda: ahead[0]
    )
    scheduler.start()
    ahead[0] += 1.5
    scheduler.plan_again_after_jump()
    assert not job.ran.acquire(blocking=False)
    last[0], now[0], ahead[0] = 0, 3_600, -1_400.0
    scheduler.plan_again_after_jump()
    assert job.has_run(1)
    scheduler.stop()


def test_what_was_done_in_the_future_is_due_after_one_pause() -> None:
    assert due_again(1_000, 60, 1_030) == 1_060
    assert due_again(1_000_000, 60, 1_030) == 1_090


def test_blocks_that_no_source_gives_are_told_with_what_the_sources_say(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A pruned node below whose blocks the books begin: readiness and log name it, the log once, until it is over."""
    caplog.set_level("INFO", logger="aidtrail")
    with CoreServer(FakeChain()) as server:
        chain = server.chain
        chain.mine(12)
        source = SourceConfig("node", "bitcoin_core", server.url, user="user", password_env="SECRET")
        base = replace(config_of(server.url), sources=(source,))
        store, clock = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}"), MovableClock(chain.now)
        jobs = build(store, base, clock, {"SECRET": "secret"}, tmp_path).jobs

        def logged(event: str) -> int:
            return [record.getMessage() for record in caplog.records].count(event)

        server.keeps_from = 5
        for _ in range(3):
            jobs.look()
            clock.move_to(clock() + 400)
        (why,) = not_ready(store, jobs, clock)
        assert "12 blocks wait" in why
        assert "keeps blocks from 5 on" in why
        assert (logged("source fails"), logged("source answers again")) == (1, 0)
        server.keeps_from = None
        jobs.look()
        assert not_ready(store, jobs, clock) == []
        assert (logged("source fails"), logged("source answers again")) == (1, 1)
        server.syncs_to = 900_000
        jobs.look()
        assert any(
            "still reads the chain (block 12 of 900000)" in one for one in not_ready(store, jobs, clock)
        )
        assert logged("source fails") == 2
        server.password = "another"
        for _ in range(2):
            jobs.look()
        assert logged("source fails") == 3
        assert "password" in next(r.facts["why"] for r in reversed(caplog.records) if hasattr(r, "facts"))
        store.close()
