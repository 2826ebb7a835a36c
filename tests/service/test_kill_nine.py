"""Killed with kill -9 at any point of a look and started again, the service loses nothing and counts nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.checks.run import run_checks
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from service.wiring import build
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import ADDRESSES, POINTS, SLUG, config_of
from tests.tools.relief import CAMPAIGN, DEPTH, live_in, settled_on
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


def looked(driver: subprocess.Popen[str], point: str, now: int) -> int:
    """How a process ended that looked."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.write(f"{point} {now}\n")
    driver.stdin.flush()
    return int(driver.stdout.readline())


def test_kill_nine_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """After every kill the ledger is whole, and in the end it equals the chain's own list."""
    chance = random.Random(20_200_518)
    url = f"sqlite:///{tmp_path / 'aidtrail.db'}"
    store = Store.create(url)
    with store.write() as tx:
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
    chain = FakeChain()
    disturb(chain, 0, chance)
    chain.mine(DEPTH)
    deaths = dict.fromkeys(POINTS, 0)
    with EsploraServer(chain) as server, driving(url, server.url) as driver:
        for turn, point in enumerate(drawn_points(pytestconfig.getoption("--kills"), chance), 1):
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
    assert live_in(store) == truth
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []
    store.close()
