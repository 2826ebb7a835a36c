"""Killed in looks while a real node leaves branches of up to a hundred blocks: the books end as its own list."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from ledger.checks.run import run_checks
from ledger.recording.rebuild import rebuild
from service.wiring import build
from tests.node.knots import Node
from tests.service.test_kill_nine import driving, looked, opened
from tests.tools.drawn import SEED, shown
from tests.tools.fake_chain import script_no
from tests.tools.kill_driver import ADDRESSES, POINTS, config_of
from tests.tools.relief import DEPTH, live_in
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of

pytestmark = pytest.mark.node

START = 1_590_000_000
SPACING = 600
OURS = [address_of(script_no(number), REGTEST) or "" for number in range(ADDRESSES)]
KIND = "bitcoin_core_rest"


class Story:
    """A node whose chain is disturbed by chance, by a clock that it is told."""

    def __init__(self, node: Node, chance: Random) -> None:
        self.node, self.chance, self.now = node, chance, START

    def mine(self, count: int) -> None:
        self.now += SPACING * count
        self.node.set_time(self.now)
        self.node.mine(count)

    def give(self) -> None:
        for _ in range(self.chance.randint(1, 2)):
            self.node.pay({self.chance.choice(OURS): self.chance.randint(2_000, 90_000)})

    def leave(self, depth: int) -> None:
        """The last blocks lose to as many and one more, of which the first is empty."""
        height: int = self.node.rpc("getblockcount")
        self.node.rpc("invalidateblock", self.node.rpc("getblockhash", height - depth + 1))
        self.node.rpc("generateblock", self.node.miner_address(), [])
        self.mine(depth)

    def nodes_list(self) -> dict[str, int]:
        """What the node itself says lies at our addresses, deep enough."""
        scan = self.node.rpc("scantxoutset", "start", [f"addr({address})" for address in OURS])
        return {
            f"{row['txid']}:{row['vout']}": int(row["amount"].scaleb(8))
            for row in scan["unspents"]
            if scan["height"] - row["height"] + 1 >= DEPTH
        }


def test_kills_and_branches_up_to_a_hundred_blocks_lose_nothing(
    bitcoind: Path, tmp_path: Path, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every kill the ledger is whole. A run kills once, over ten blocks; `--kills 200` twenty times, over 100."""
    chance = Random(f"{SEED} real kills")
    url = f"sqlite:///{tmp_path / 'aidtrail.db'}"
    store = opened(url)
    kills = max(1, pytestconfig.getoption("--kills") // 10)
    deepest = 100 if kills > 1 else 10
    points = [POINTS[turn % len(POINTS)] for turn in range(kills)]
    chance.shuffle(points)
    depths = [deepest, *(chance.randint(1, 20) for _ in points[1:])]
    chance.shuffle(depths)
    with Node(bitcoind, mock_time=START) as node:
        node.fund()
        story = Story(node, chance)
        for _ in range(5):
            story.give()
            story.mine(deepest // 5)
        with driving(url, node.url, KIND) as driver:
            assert looked(driver, "none", story.now) == 0
            ways = list(zip(points, depths, strict=True))
            for point, depth in shown("killed beside a node", ways, capsys):
                story.leave(depth)
                story.give()
                story.mine(2)
                assert looked(driver, point, story.now) == -signal.SIGKILL
                with store.read() as tx:
                    assert run_checks(tx) == []
        story.give()
        story.mine(DEPTH)
        again = build(store, config_of(node.url, KIND), lambda: story.now, {}, tmp_path)
        for _ in range(10):
            again.jobs.look()
            assert again.jobs.trouble is None
            if live_in(store) == story.nodes_list():
                break
        assert live_in(store) == story.nodes_list() != {}
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []
    store.close()
