"""Killed with kill -9 at any point of a look and started again, the service loses nothing and counts nothing twice."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from ledger.checks.run import run_checks
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from service.wiring import build
from tests.tools.drawn import SEED, drawn, shown
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import ADDRESSES, POINTS, SLUG, config_of
from tests.tools.relief import CAMPAIGN, DEPTH, live_in, settled_on
from tests.tools.store_places import BOTH, fresh_url
from watchers.proof.block import parse_block

ROOT = Path(__file__).resolve().parents[2]


def drawn_points(kills: int, chance: random.Random) -> list[str]:
    """Each kind at least twice, the rest drawn, in a drawn order."""
    assert kills >= 2 * len(POINTS), "a run kills each kind at least twice"
    points = [*POINTS, *POINTS, *chance.choices(POINTS, k=kills - 2 * len(POINTS))]
    chance.shuffle(points)
    return points


def disturb(chain: FakeChain, turn: int, chance: random.Random) -> None:
    """New gifts in new blocks; now and then a reorganisation, deep enough to undo settled gifts at times."""
    if turn % 4 == 3:
        depth = 8 if turn % 8 == 7 else 2
        lost = [
            tx.raw
            for name in chain.active[-depth:]
            for tx in parse_block(chain.blocks[name])
            if not tx.coinbase
        ]
        chain.fork(depth, depth + 1)
        for raw in lost[:-1]:
            chain.send(raw)
    for number in range(chance.randint(1, 3)):
        outputs = [(script_no(chance.randrange(ADDRESSES)), chance.randint(2_000, 10**8)) for _ in range(2)]
        chain.send(transaction(outputs, [outpoint_no(turn * 10 + number)]))
    chain.mine(chance.randint(1, 3))


@contextmanager
def driving(url: str, source: str, kind: str = "esplora") -> Iterator[subprocess.Popen[str]]:
    """The process whose children look and are killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.kill_driver", url, kind, source],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as driver:  # fmt: skip
        yield driver
        assert driver.stdin is not None
        driver.stdin.close()


def looked(driver: subprocess.Popen[str], point: str | int, now: int, *url: str) -> int:
    """How a process ended that looked, into another database where one is named."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.write(" ".join([str(point), str(now), *url]) + "\n")
    driver.stdin.flush()
    return int(driver.stdout.readline())


def opened(url: str) -> Store:
    """A new ledger with the campaign."""
    store = Store.create(url)
    with store.write() as tx:
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
    return store


def books_of(store: Store) -> tuple[dict[str, int], list[bytes]]:
    """Settled gifts, and every entry's bytes; the ledger is whole."""
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []
        entries = [row.data for row in tx.journal.rows()]
    return live_in(store), entries


def test_killed_at_any_statement_between_a_reorganisation_and_what_it_settles_the_books_end_alike(
    tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """A settled gift leaves for good, another one is put into another block, two more settle, all in one look."""
    place, chain, counted = tmp_path / "aidtrail.db", FakeChain(), list[str]()
    store, settled = opened(f"sqlite:///{place}"), [(script_no(n), 10_000 + n) for n in range(4)]

    def count(*told: Any) -> None:
        counted.append(told[2])

    for number in (1, 2):
        chain.send(transaction([settled[number]], [outpoint_no(number)]))
    chain.mine(DEPTH)
    with EsploraServer(chain) as server, driving("", server.url) as driver:
        assert looked(driver, "none", chain.now, f"sqlite:///{place}") == 0
        assert len(live_in(store)) == 2
        store.close()
        chain.fork(DEPTH, 1)
        for number, spent in ((0, 1), (2, 2), (3, 3)):  # the first spends what the gift that leaves had spent
            chain.send(transaction([settled[number]], [outpoint_no(spent)]))
        chain.mine(DEPTH + 1)
        shutil.copy(place, tmp_path / "before.db")
        event.listen(Engine, "before_cursor_execute", count)
        whole = Store.open(f"sqlite:///{place}")
        build(whole, config_of(server.url), lambda: chain.now, {}, tmp_path).jobs.look()
        event.remove(Engine, "before_cursor_execute", count)
        truth = books_of(whole)
        whole.close()
        assert truth[0] == settled_on(chain)
        assert len(truth[0]) == 3
        few = max(3, pytestconfig.getoption("--kills") // 5)
        statements = drawn("statements of a reorganisation", range(1, len(counted)), few)
        for statement in shown("killed at a statement", statements, capsys):
            shutil.copy(tmp_path / "before.db", tmp_path / "killed.db")
            url = f"sqlite:///{tmp_path / 'killed.db'}"
            assert looked(driver, statement, chain.now, url) == -signal.SIGKILL, statement
            assert looked(driver, "none", chain.now, url) == 0
            killed = Store.open(url)
            assert books_of(killed) == truth, counted[statement - 1]
            killed.close()
            for end in ("", "-wal", "-shm"):
                (tmp_path / f"killed.db{end}").unlink(missing_ok=True)


@pytest.mark.parametrize("kind", BOTH)
def test_two_processes_on_one_database_watch_in_turn_and_count_nothing_twice(
    kind: str, tmp_path: Path
) -> None:
    """They look at the same moment: one leads and the other waits, through reorganisations too."""
    url, chain, chance = fresh_url(kind, tmp_path), FakeChain(), random.Random(f"{SEED} two")
    store = opened(url)
    with EsploraServer(chain) as server, driving(url, server.url) as driver:
        for turn in range(5):
            disturb(chain, turn, chance)
            assert looked(driver, "both", chain.now) == 0
        chain.mine(DEPTH)
        assert looked(driver, "both", chain.now) == 0
        assert looked(driver, "both", chain.now) == 0
    assert books_of(store)[0] == settled_on(chain) != {}
    store.close()


def test_kill_nine_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every kill the ledger is whole, and in the end it equals the chain's own list."""
    chance = random.Random(f"{SEED} kills")
    url = f"sqlite:///{tmp_path / 'aidtrail.db'}"
    store = opened(url)
    chain = FakeChain()
    disturb(chain, 0, chance)
    chain.mine(DEPTH)
    deaths = dict.fromkeys(POINTS, 0)
    with EsploraServer(chain) as server, driving(url, server.url) as driver:
        points = drawn_points(pytestconfig.getoption("--kills"), chance)
        for turn, point in enumerate(shown("killed", points, capsys), 1):
            disturb(chain, turn, chance)
            assert looked(driver, point, chain.now) == -signal.SIGKILL
            deaths[point] += 1
            with store.read() as tx:
                assert run_checks(tx) == []
        assert min(deaths.values()) >= 2
        chain.mine(DEPTH)
        again = build(store, config_of(server.url), lambda: chain.now, {}, tmp_path)
        for _ in range(10):
            again.jobs.look()
            assert again.jobs.trouble is None
            if live_in(store) == settled_on(chain):
                break
    truth = settled_on(chain)
    assert truth
    assert books_of(store)[0] == truth
    store.close()
