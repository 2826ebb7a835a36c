"""The REST interface of a real node, asked by the class that ships: the same facts as by RPC, byte for byte."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from tests.node.knots import Node
from watchers.net.errors import SourceDown, SourceMissing, SourceRefused
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources import bitcoin_core_rest
from watchers.sources.bitcoin_core import BitcoinCore
from watchers.sources.bitcoin_core_rest import BitcoinCoreRest

pytestmark = pytest.mark.node


def client() -> HttpClient:
    return HttpClient(HttpPolicy(per_second=1e6, burst=10_000, attempts=1), monotonic=monotonic)


def by_rest(node: Node) -> BitcoinCoreRest:
    return BitcoinCoreRest("rest", node.url, client(), REGTEST)


def by_rpc(node: Node) -> BitcoinCore:
    return BitcoinCore("rpc", node.url, node.user, node.password, client(), REGTEST)


def test_it_says_what_rpc_says(node: Node) -> None:
    """Tip, hashes, all headers, blocks, the mempool, confirmed and unconfirmed transactions."""
    node.fund()
    confirmed = node.pay({node.miner_address(): 50_000})
    node.mine()
    waiting = {node.pay({node.miner_address(): 20_000 + n}) for n in range(3)}
    rest, rpc = by_rest(node), by_rpc(node)
    tip = rest.look_tip()
    assert tip == rpc.look_tip()
    assert tip.height == 102
    assert rest.look_hash(50) == rpc.look_hash(50)
    assert rest.look_headers(0, 10_000) == rpc.look_headers(0, 10_000)
    assert rest.look_headers(90, 5) == rpc.look_headers(90, 5)
    assert rest.look_headers(tip.height + 1, 5) == []
    assert rest.look_block(tip.hash) == rpc.look_block(tip.hash)
    assert {tx.raw for tx in rest.look_mempool([])} == {tx.raw for tx in rpc.look_mempool([])}
    assert len(rest.look_mempool([])) == len(waiting)
    for txid in (confirmed, *waiting):
        assert rest.look_transaction(txid) == rpc.look_transaction(txid) is not None


def test_headers_go_on_beyond_one_answer(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are asked for at once, in order and whole; a node gives 2,000 at most, which take long to mine."""
    monkeypatch.setattr(bitcoin_core_rest, "_HEADERS_A_REQUEST", 50)
    node.mine(120)
    tip = node.rpc("getblockcount")
    headers = by_rest(node).look_headers(1, 5_000)
    assert [header.hash for header in headers] == [node.rpc("getblockhash", n) for n in range(1, tip + 1)]


def test_what_it_does_not_have_is_missing(node: Node) -> None:
    """Heights above the tip, unknown blocks and unknown transactions, as a real node words them."""
    node.mine(3)
    rest = by_rest(node)
    with pytest.raises(SourceMissing):
        rest.look_hash(4)
    with pytest.raises(SourceMissing):
        rest.look_block("ab" * 32)
    assert rest.look_transaction("ab" * 32) is None


def test_a_replaced_transaction_and_a_reorganisation_show(node: Node) -> None:
    """The mempool drops what was mined; the hash at a height is that of the branch that won."""
    node.fund()
    node.pay({node.miner_address(): 50_000})
    rest = by_rest(node)
    assert len(rest.look_mempool([])) == 1
    (first,) = node.mine()
    assert rest.look_mempool([]) == []
    node.rpc("invalidateblock", first)
    assert len(rest.look_mempool([])) == 1
    others = node.mine(2)
    assert rest.look_hash(102) == others[0] != first
    assert rest.look_block(first)


def test_a_node_without_rest_is_told_how(bitcoind: Path) -> None:
    """Whatever is asked first, the sentence names the setting."""
    with Node(bitcoind, extra=("[regtest]", "rest=0")) as off:
        with pytest.raises(SourceRefused, match="rest=1"):
            by_rest(off).look_tip()
        with pytest.raises(SourceRefused, match="rest=1"):
            by_rest(off).look_headers(0, 1)


def test_a_stopped_node_is_down(node: Node) -> None:
    """No connection is no empty answer."""
    rest = by_rest(node)
    node.stop()
    with pytest.raises(SourceDown):
        rest.look_mempool([])
