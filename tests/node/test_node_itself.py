"""The real node starts, keeps time as told, survives a kill, and its absence is never silent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.demo.node import RpcRefused
from tests.node.knots import Node

pytestmark = pytest.mark.node

ROOT = Path(__file__).resolve().parents[2]
DAY_IN_MAY = 1_590_000_000


def test_it_is_a_real_node_on_a_chain_of_its_own(node: Node) -> None:
    info = node.rpc("getblockchaininfo")
    assert (info["chain"], info["blocks"]) == ("regtest", 0)
    assert node.rpc("getpeerinfo") == []


def test_two_nodes_run_side_by_side(node: Node, bitcoind: Path) -> None:
    with Node(bitcoind) as other:
        node.mine()
        assert (node.rpc("getblockcount"), other.rpc("getblockcount")) == (1, 0)


def test_blocks_carry_the_time_that_the_node_is_told(bitcoind: Path) -> None:
    with Node(bitcoind, mock_time=DAY_IN_MAY) as node:
        node.set_time(DAY_IN_MAY + 86_400)
        (block,) = node.mine()
        assert node.rpc("getblockheader", block)["time"] == DAY_IN_MAY + 86_400


def test_a_payment_pays_exactly_the_sats_that_were_asked_for(node: Node) -> None:
    node.fund()
    address = node.miner_address()
    txid = node.pay({address: 20_001})
    node.mine()
    out = [
        o
        for o in node.rpc("getrawtransaction", txid, True)["vout"]
        if o["scriptPubKey"]["address"] == address
    ]
    assert [int(o["value"].scaleb(8)) for o in out] == [20_001]


def test_after_a_kill_it_starts_again_with_its_wallet(node: Node) -> None:
    node.mine(3)
    node.stop()
    node.start()
    node.kill()
    assert node.pid is None
    node.start()
    assert node.rpc("getblockcount") == 3
    assert node.rpc("listwallets") == ["miner"]


def test_a_refusal_is_told_in_the_nodes_own_words(node: Node) -> None:
    with pytest.raises(RpcRefused, match="getblockhash: Block height out of range"):
        node.rpc("getblockhash", 5)


def test_nothing_is_left_behind(bitcoind: Path) -> None:
    node = Node(bitcoind)
    with node:
        folder = node.folder
        assert folder.exists()
    assert node.pid is None
    assert not folder.exists()


def _without_a_node(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"CI", "AIDTRAIL_BITCOIND"}}
    environment |= {"PATH": str(tmp_path), "AIDTRAIL_NODE_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    test = f"{Path(__file__)}::test_it_is_a_real_node_on_a_chain_of_its_own"
    return subprocess.run(
        [sys.executable, "-m", "pytest", test],
        cwd=ROOT,
        env=environment | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def test_where_there_is_no_node_its_tests_are_skipped_with_one_line(tmp_path: Path) -> None:
    run = _without_a_node(tmp_path)
    assert run.returncode == 0
    assert run.stdout.count("python -m tests.node.install") == 1
    assert "1 skipped" in run.stdout


def test_in_ci_a_missing_node_is_a_failure(tmp_path: Path) -> None:
    run = _without_a_node(tmp_path, CI="true")
    assert run.returncode == 1
    assert "no bitcoind found" in run.stdout
