"""One process watches at a time, a lost lease undoes the write, and a restart goes on from the stored headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.checks.run import run_checks
from ledger.core.errors import Conflict
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.recording.users import actor_named, add_user
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.clock import MovableClock
from service.config import Config, SourceConfig
from service.intake import Intake
from service.leader import SECONDS, Leader
from service.metrics import metrics_text
from service.pinning import restored_chain
from service.wiring import Service, build
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.gifts import gifts_of
from tests.tools.kill_driver import SLUG, config_of
from tests.tools.relief import CAMPAIGN, DEPTH, live_in, settled_on
from tests.tools.store_places import place
from watchers.proof.networks import REGTEST


class Scene:
    """A chain, an explorer that shows it, a store, a clock, and processes that watch."""

    def __init__(self, folder: Path, server: EsploraServer) -> None:
        self.folder, self.server, self.chain = folder, server, server.chain
        self.store = Store.create(place(folder))
        with self.store.write() as tx:
            number = add_user(tx, "ada", "admin", now=1_296_600_000, by=None)
            act(
                tx,
                Actor.everywhere(number, "ada", "admin"),
                SLUG,
                "campaign",
                "add",
                CAMPAIGN,
                now=1_296_700_000,
            )
        self.clock = MovableClock(self.chain.now)
        self.given = 0

    def config(self) -> Config:
        return config_of(self.server.url)

    def process(self, config: Config | None = None) -> Service:
        """Another process on the same ledger."""
        return build(self.store, config or self.config(), self.clock, {}, self.folder)

    def give(self) -> None:
        """A gift, buried deep enough."""
        self.given += 1
        self.chain.send(transaction([(script_no(self.given % 5), 5_000)], [outpoint_no(self.given)]))
        self.chain.mine(DEPTH)
        self.pass_time(0)

    def pass_time(self, seconds: int) -> None:
        self.clock.move_to(max(self.clock() + seconds, self.chain.now))

    def marks(self) -> tuple[object, ...]:
        with self.store.read() as tx:
            rows = len(tx.progress.headers())
            return tx.journal.head(), tx.observations.head(), tx.progress.load("scanned"), rows

    def audit(self) -> None:
        with self.store.read() as tx:
            assert run_checks(tx) == []
            assert rebuild(tx) == []

    def settled(self) -> None:
        assert live_in(self.store) == settled_on(self.chain)
        self.audit()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with EsploraServer(FakeChain()) as server:
        made = Scene(tmp_path, server)
        yield made
        made.store.close()


def test_while_one_process_watches_another_asks_nobody(scene: Scene) -> None:
    first, second = scene.process(), scene.process()
    scene.give()
    assert first.jobs.look() is not None
    asked, marks = len(scene.server.paths), scene.marks()
    assert second.jobs.look() is None
    assert second.jobs.trouble is None
    assert (len(scene.server.paths), scene.marks()) == (asked, marks)
    scene.settled()


def test_a_wallet_is_watched_from_the_look_after_its_campaign_was_opened(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Campaigns are opened while the service runs; what was paid to their addresses meanwhile is found."""
    config = scene.config()
    (wallet,) = config.wallets
    mine = replace(wallet, addresses=wallet.addresses[:4])
    later = replace(wallet, campaign="later", addresses=wallet.addresses[4:5])
    jobs = scene.process(replace(config, wallets=(mine, later))).jobs
    jobs.look()
    with scene.store.read() as tx:
        assert list(tx.addresses.of_campaign("later")) == []
    assert "addresses wait for their campaign and are not watched" in caplog.text
    for _ in range(5):
        scene.give()
    for _ in range(4):  # until nothing is new
        jobs.look()
    with scene.store.write() as tx:
        facts = {**CAMPAIGN, "slug": "later"}
        act(
            tx,
            actor_named(tx, "ada", now=scene.clock()),
            "later",
            "campaign",
            "add",
            facts,
            now=scene.clock(),
        )
    for _ in range(4):
        scene.chain.mine(1)
        scene.pass_time(0)
        jobs.look()
    with scene.store.read() as tx:
        assert len(list(tx.addresses.of_campaign("later"))) == 1
        found = [gift.live for gift in gifts_of(tx.session, "later")]
    assert found == [True]
    scene.audit()


def test_a_silent_leader_is_followed_by_the_other_which_goes_on_where_it_was(scene: Scene) -> None:
    first, second = scene.process(), scene.process()
    scene.give()
    first.jobs.look()
    scene.pass_time(SECONDS + 1)
    scene.give()
    assert second.jobs.look() is not None
    scene.settled()


def test_a_leader_that_comes_back_goes_on_from_what_the_other_recorded(scene: Scene) -> None:
    """The other one read blocks that the first has never seen."""
    first, second = scene.process(), scene.process()
    scene.give()
    first.jobs.look()
    scene.pass_time(SECONDS + 1)
    scene.give()
    second.jobs.look()
    scene.pass_time(SECONDS + 1)
    scene.give()
    first.jobs.look()
    assert first.jobs.trouble is None
    scene.settled()


def test_a_lease_lost_in_mid_write_undoes_the_write(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the fetch and the write another process took over: nothing of the look is kept."""
    first, second = scene.process(), scene.process()
    scene.give()
    first.jobs.look()
    scene.give()
    before = scene.marks()
    taken: list[bool] = []
    record = Intake.record

    def late(intake: Intake, *found: object) -> object:
        if not taken:
            scene.pass_time(SECONDS + 1)
            taken.append(second.jobs.leader.leads())
        return record(intake, *found)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "record", late)
    assert first.jobs.look() is None
    assert "lost to another process" in (first.jobs.trouble or "")
    assert taken == [True]
    assert scene.marks() == before
    assert second.jobs.look() is not None
    scene.settled()


def test_a_lease_given_back_need_not_be_waited_for(scene: Scene) -> None:
    first, second = scene.process(), scene.process()
    first.jobs.look()
    first.jobs.leader.release()
    assert second.jobs.look() is not None


def test_a_process_that_never_led_may_not_write(scene: Scene) -> None:
    with pytest.raises(Conflict, match="does not lead"), scene.store.write() as tx:
        Leader(scene.store, "b", scene.clock).check(tx)


def test_a_look_overtaken_by_another_records_nothing(scene: Scene) -> None:
    """Two looks fetched the same blocks; the second to record adds nothing."""
    service = scene.process()
    service.jobs.look()
    intake = service.jobs.pin()
    scene.give()
    fetched = intake.fetch(scene.clock())
    service.jobs.look()
    before = scene.marks()
    assert intake.record(fetched, scene.clock()).entries == []
    assert scene.marks() == before
    scene.settled()


def test_a_restart_restores_the_headers_and_goes_on(scene: Scene) -> None:
    """No block is read twice, across a reorganisation too."""
    scene.give()
    scene.process().jobs.look()
    scene.chain.fork(2, 3)
    scene.pass_time(SECONDS + 1)
    scene.process().jobs.look()
    chain = restored_chain(scene.store, REGTEST)
    assert chain is not None
    assert all(chain.height(name) == height for height, name in enumerate(scene.chain.active))
    scene.give()
    scene.pass_time(SECONDS + 1)
    del scene.server.paths[:]
    scene.process().jobs.look()
    assert sum(path.endswith("/raw") for path in scene.server.paths) == DEPTH
    scene.settled()


def test_blocks_are_taken_in_portions_until_caught_up(scene: Scene) -> None:
    """Each look reads at most `blocks_a_look`, a restart between any two changes nothing."""
    for _ in range(3):
        scene.give()
    config = replace(scene.config(), watch=replace(scene.config().watch, blocks_a_look=4))
    looks = 0
    while live_in(scene.store) != settled_on(scene.chain):
        looks += 1
        assert looks <= 5
        del scene.server.paths[:]
        scene.process(config).jobs.look()
        assert sum(path.endswith("/raw") for path in scene.server.paths) <= 4
        scene.audit()
        scene.pass_time(SECONDS + 1)
    assert looks == 5


def test_a_tip_that_goes_back_takes_nothing_away(scene: Scene) -> None:
    """An explorer that fell behind shows fewer blocks: less work undoes nothing, and the chain is not agreed."""
    service = scene.process()
    scene.give()
    service.jobs.look()
    before = scene.marks()
    donations = live_in(scene.store)
    scene.server.faults.stale = 3
    assert service.jobs.look() is not None
    assert (scene.marks(), live_in(scene.store)) == (before, donations)
    with scene.store.read() as tx:
        assert not chain_status(tx, now=scene.clock()).agreed
    scene.server.faults.stale = 0
    scene.give()
    service.jobs.look()
    scene.settled()


def test_two_explorers_of_which_one_is_behind_agree_with_the_longer(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says once that one is far behind, and that it is no more; a metric has the tip of each."""
    caplog.set_level("INFO", logger="aidtrail")

    def logged(event: str) -> int:
        return [record.getMessage() for record in caplog.records].count(event)

    with EsploraServer(scene.chain) as late:
        late.faults.stale = 6
        late_source = SourceConfig("late", "esplora", late.url)
        config = replace(scene.config(), sources=(late_source, *scene.config().sources))
        scene.give()
        service = scene.process(config)
        for _ in range(2):
            service.jobs.look()
        scene.settled()
        assert (logged("source is behind"), logged("source answers again")) == (1, 0)
        told, height = metrics_text(scene.store, (), scene.clock), scene.chain.height
        assert f'aidtrail_source_tip_height{{source="late"}} {height - 6}\n' in told
        assert f'aidtrail_source_tip_height{{source="honest"}} {height}\n' in told
        late.faults.stale = 1
        service.jobs.look()
        assert (logged("source is behind"), logged("source answers again")) == (1, 1)


def test_looks_walk_no_wallet_again_until_a_campaign_or_a_need_is_opened(scene: Scene) -> None:
    """What payments open is written with the look that found them; a list of 100,000 is not read for each gift."""
    jobs = scene.process().jobs
    jobs.look()
    walked: list[str] = []

    def walk() -> int:
        walked.append("walked")
        return 0

    jobs.add_addresses = walk
    scene.give()
    outcome = jobs.look()
    assert outcome is not None
    assert outcome.entries
    assert jobs.look() is not None
    assert walked == []
