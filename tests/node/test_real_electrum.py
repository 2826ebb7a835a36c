"""The Electrum source against a real server and a real node: the same chain, proofs that hold, over TCP and TLS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.core.chain import Header, Script
from tests.node.electrum import RealElectrum
from tests.node.knots import Node
from tests.node.waiting import moments
from tests.tools.certificates import fingerprint
from watchers.net.electrum import ElectrumConnection
from watchers.net.errors import SourceDown, SourceMissing
from watchers.proof.block import parse_block, parse_transaction
from watchers.proof.merkle import check_proof
from watchers.sources.electrum import Electrum
from watchers.sources.protocol import ClaimedTip, HistoryRow

pytestmark = pytest.mark.node

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(bitcoind: Path, electrum_program: Path) -> Iterator[RealElectrum]:
    """One node and one server for all tests here; each test mines what it needs on top."""
    with Node(bitcoind) as node:
        node.fund()
        with RealElectrum(electrum_program, node) as running:
            yield running


@pytest.fixture(params=["tcp", "tls"])
def source(request: pytest.FixtureRequest, server: RealElectrum) -> Iterator[Electrum]:
    place = (server.tcp,) if request.param == "tcp" else (server.tls, fingerprint(server.certificate))
    made = server.source(*place)
    yield made
    made.close()


def script_of(node: Node, address: str) -> Script:
    return Script(bytes.fromhex(node.rpc("getaddressinfo", address, wallet="miner")["scriptPubKey"]))


def tip_of(node: Node) -> ClaimedTip:
    return ClaimedTip(node.rpc("getblockcount"), node.rpc("getbestblockhash"))


def wait_until(true: Callable[[], bool]) -> None:
    for _ in moments():
        if true():
            return
    raise AssertionError("not within ten seconds")


def test_tip_hashes_and_headers_are_the_nodes(server: RealElectrum, source: Electrum) -> None:
    server.follow()
    node, tip = server.node, tip_of(server.node)
    assert source.look_tip() == tip
    assert source.look_hash(50) == node.rpc("getblockhash", 50)
    with pytest.raises(SourceMissing):
        source.look_hash(tip.height + 1)
    headers = source.look_headers(0, 2016)
    assert [h.hash for h in headers] == [node.rpc("getblockhash", n) for n in range(tip.height + 1)]
    assert source.look_headers(tip.height + 1, 5) == []
    assert source.requests <= 8


@pytest.mark.parametrize("highest", ["1.4", "1.4.2", "1.6"])
def test_every_protocol_gives_the_same_headers(
    server: RealElectrum, highest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real server speaks the old form of headers and the new one."""
    monkeypatch.setattr("watchers.net.electrum.PROTOCOLS", ("1.4", highest))
    source = server.source()
    assert [h.hash for h in source.look_headers(3, 4)] == [
        server.node.rpc("getblockhash", n) for n in range(3, 7)
    ]
    source.close()


def test_a_payment_from_the_mempool_to_its_proof(server: RealElectrum, source: Electrum) -> None:
    """Seen with its bytes, then in the history at its height, then proven against the block's header."""
    node = server.node
    address = node.miner_address()
    script = script_of(node, address)
    server.follow()
    assert source.look_history(script) == []
    txid = node.pay({address: 50_000})
    node.pay({node.miner_address(): 60_000})
    raw = bytes.fromhex(node.rpc("getrawtransaction", txid))
    wait_until(lambda: source.look_history(script) == [HistoryRow(txid, None)])
    assert [tx.raw for tx in source.look_mempool([script, Script(b"\x51")])] == [raw]
    assert source.look_height(txid) is None

    (block,) = node.mine()
    server.follow()
    height = node.rpc("getblockcount")
    assert source.look_tip() == ClaimedTip(height, block)
    assert source.look_history(script) == [HistoryRow(txid, height)]
    assert source.look_history(script, above=height) == []
    assert source.look_mempool([script]) == []
    assert source.look_height(txid) == height
    assert source.look_transaction(txid) == parse_transaction(raw)
    proof = source.look_proof(txid, height)
    (header,) = source.look_headers(height, 1)
    count = len(parse_block(bytes.fromhex(node.rpc("getblock", block, 0))))
    assert count == 3
    check_proof(proof, header.merkle_root, count, transaction=raw)
    with pytest.raises(SourceMissing):
        source.look_proof(txid, height - 1)


def test_what_the_server_does_not_have_is_missing(source: Electrum) -> None:
    assert source.look_transaction("ab" * 32) is None
    with pytest.raises(SourceMissing):
        source.look_height("ab" * 32)


def test_a_long_history_comes_whole(server: RealElectrum, source: Electrum) -> None:
    """The miner's first address has every block's reward."""
    node = server.node
    address = node.miner_address()
    blocks = node.mine(60, address)
    server.follow()
    rows = source.look_history(script_of(node, address))
    heights = [node.rpc("getblockheader", block)["height"] for block in blocks]
    assert [row.height for row in rows] == heights
    coinbase = source.look_transaction(rows[0].txid)
    assert coinbase is not None
    assert coinbase.coinbase


def test_many_histories_cost_few_round_trips(
    server: RealElectrum, source: Electrum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server holds short answers back; asked together they come at once, and are those of single questions."""
    node = server.node
    addresses = [node.miner_address() for _ in range(45)]
    node.pay(dict.fromkeys(addresses[:3], 30_000))
    node.mine()
    node.pay({addresses[3]: 40_000})
    server.follow()
    source.look_tip()
    sent: list[bytes] = []
    send = ElectrumConnection.send

    def counted(connection: ElectrumConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(ElectrumConnection, "send", counted)
    scripts = [script_of(node, address) for address in addresses]

    def shown() -> list[int]:
        return [len(rows) for rows in source.look_histories([(script, -1) for script in scripts])]

    wait_until(lambda: shown() == [1] * 4 + [0] * 41)
    sent.clear()
    server.source().look_histories([(script, -1) for script in scripts])
    assert len(sent) <= 10


def test_small_groups_grow_with_what_is_answered(
    server: RealElectrum, source: Electrum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that was made to ask for few at a time asks 60 histories in one round trip again."""
    sent: list[bytes] = []
    send = ElectrumConnection.send

    def counted(connection: ElectrumConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(ElectrumConnection, "send", counted)
    scripts = [(Script(bytes([0x51, 0x20, number]) + bytes(31)), -1) for number in range(60)]
    with monkeypatch.context() as small:
        small.setattr("watchers.net.electrum.A_GROUP", 10)
        few = server.source()
    few.look_tip()
    most = 0
    for number in range(12):  # others each time: what was asked once is known
        sent.clear()
        few.look_histories([(Script(bytes(script) + bytes([number])), -1) for script, _ in scripts])
        most = max(most, *(data.count(b"\n") for data in sent))
    few.close()
    assert most == 60


def test_a_reorganisation_is_followed(server: RealElectrum, source: Electrum) -> None:
    """Another branch wins: tip, headers, history and place are those of the new one, read over the same connection."""
    node = server.node
    address = node.miner_address()
    script = script_of(node, address)
    txid = node.pay({address: 70_000})
    (stale, _) = node.mine(2)
    server.follow()
    source.look_tip()
    height = node.rpc("getblockheader", stale)["height"]
    assert source.look_history(script) == [HistoryRow(txid, height)]

    node.rpc("invalidateblock", stale)
    for _ in range(2):
        node.rpc("generateblock", node.miner_address(), [])
    node.mine(1)
    server.follow()
    assert source.look_tip() == tip_of(node)
    assert source.look_hash(height) == node.rpc("getblockhash", height) != stale
    moved = node.rpc("getblockheader", node.rpc("getrawtransaction", txid, True)["blockhash"])["height"]
    assert moved == height + 2
    assert source.look_history(script) == [HistoryRow(txid, moved)]
    assert source.look_height(txid) == moved
    header = Header(bytes.fromhex(node.rpc("getblockheader", node.rpc("getblockhash", moved), False)))
    check_proof(source.look_proof(txid, moved), header.merkle_root, None)


def test_its_own_certificate_is_refused_unless_that_was_said(server: RealElectrum) -> None:
    with pytest.raises(SourceDown, match="self-signed"):
        server.source(server.tls, "verify").look_tip()
    assert server.source(server.tls, "any").look_tip() == tip_of(server.node)


def test_a_server_that_restarts_is_asked_again(server: RealElectrum, source: Electrum) -> None:
    """The source keeps its connection; a restart costs a new one and nothing else."""
    server.follow()
    source.look_tip()
    server.stop()
    server.start()
    assert source.look_tip() == tip_of(server.node)


def _without_a_server(bitcoind: Path, tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment |= {
        "AIDTRAIL_BITCOIND": str(bitcoind),
        "AIDTRAIL_NODE_CACHE": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    test = f"{Path(__file__)}::test_its_own_certificate_is_refused_unless_that_was_said"
    command = [sys.executable, "-m", "pytest", test]
    return subprocess.run(
        command, cwd=ROOT, env=environment | changes, capture_output=True, text=True, check=False
    )


def test_where_there_is_no_server_its_tests_are_skipped_with_one_line(bitcoind: Path, tmp_path: Path) -> None:
    run = _without_a_server(bitcoind, tmp_path)
    assert run.returncode == 0
    assert run.stdout.count("python -m tests.node.install_electrum") == 1
    assert "1 skipped" in run.stdout


def test_in_ci_a_missing_server_is_a_failure(bitcoind: Path, tmp_path: Path) -> None:
    run = _without_a_server(bitcoind, tmp_path, CI="true")
    assert run.returncode == 1
    assert "no Electrum server found" in run.stdout
