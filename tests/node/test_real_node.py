"""The service follows a real node by every way there is: settled gifts are the node's own list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.checks.run import run_checks
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from service.config import Chain, Config, Http, SourceConfig, Wallet, Watch
from service.jobs import Jobs
from service.wiring import build
from tests.node.electrum import RealElectrum
from tests.node.esplora_front import EsploraFront
from tests.node.knots import WALLET, Node
from tests.tools.drawn import drawn
from tests.tools.gifts import gifts_of

pytestmark = pytest.mark.node

SLUG, CAMPAIGN = "relief", "campaign"
START = 1_590_000_000
DEPTH, LOOKS, SPACING = 6, 10, 600
KINDS = ("pkh(", "sh(wpkh(", "wpkh(", "wsh(", "tr(")
SCRIPT_TYPES = {
    "pubkeyhash",
    "scripthash",
    "witness_v0_keyhash",
    "witness_v0_scripthash",
    "witness_v1_taproot",
}


def public_descriptors(node: Node) -> dict[str, str]:
    """One public descriptor of the campaign's wallet for each kind; the wsh one is a 2-of-2 of its keys."""
    node.rpc("createwallet", CAMPAIGN)
    rows = node.rpc("listdescriptors", wallet=CAMPAIGN)["descriptors"]
    receive = [row["desc"] for row in rows if not row["internal"]]
    found = {
        kind: next(text for text in receive if text.startswith(kind)) for kind in KINDS if kind != "wsh("
    }
    inner = [found[kind].split("#")[0].rstrip(")").rpartition("(")[2] for kind in ("pkh(", "wpkh(")]
    joint = f"wsh(sortedmulti(2,{inner[0]},{inner[1]}))"
    found["wsh("] = f"{joint}#{node.rpc('getdescriptorinfo', joint)['checksum']}"
    return found


@dataclass
class Watched:
    """A node, a service that watches it, and the clock that both are handed."""

    node: Node
    store: Store
    jobs: Jobs
    addresses: dict[str, list[str]]
    now: int
    electrum: RealElectrum | None = None
    synced: int = 0

    def pass_time(self) -> None:
        self.now += SPACING
        self.node.set_time(self.now)

    def mine(self, count: int = 1) -> list[str]:
        blocks = []
        for _ in range(count):
            self.pass_time()
            blocks += self.node.mine()
        return blocks

    def look(self) -> None:
        """One look and a whole audit."""
        self.now += 60
        height = self.node.rpc("getblockcount")
        if self.electrum is not None and height > self.synced:
            self.electrum.follow()  # a block of the same height it notices with the next one
            self.synced = height
        self.jobs.look()
        assert self.jobs.trouble is None
        with self.store.read() as tx:
            assert run_checks(tx) == []
            assert rebuild(tx) == []

    def settle(self) -> None:
        """Look until the books are the node's own list, at most ten times."""
        for _ in range(LOOKS):
            self.look()
            if self.donations() == self.nodes_list():
                break
        assert self.donations() == self.nodes_list()

    def donations(self) -> dict[str, tuple[int, str]]:
        """Every settled donation: outpoint, sats and the block it is in."""
        with self.store.read() as tx:
            return {
                gift.outpoint: (gift.sats, gift.block) for gift in gifts_of(tx.session, SLUG) if gift.live
            }

    def nodes_list(self) -> dict[str, tuple[int, str]]:
        """What the node itself says lies at our addresses, deep enough: it scans its own set of unspent outputs."""
        ours = [f"addr({address})" for some in self.addresses.values() for address in some]
        scan = self.node.rpc("scantxoutset", "start", ours)
        return {
            f"{row['txid']}:{row['vout']}": (int(row["amount"].scaleb(8)), row["blockhash"])
            for row in scan["unspents"]
            if scan["height"] - row["height"] + 1 >= DEPTH
        }

    def pay(self, payments: dict[str, int]) -> str:
        return self.node.pay(payments)

    def script_type(self, outpoint: str) -> str:
        txid, _, vout = outpoint.partition(":")
        found: str = self.transaction(txid)["vout"][int(vout)]["scriptPubKey"]["type"]
        return found

    def transaction(self, txid: str) -> Any:
        return self.node.rpc("getrawtransaction", txid, True)


WAYS = ["the node's RPC", "the node's REST", "an explorer over HTTP", "histories of an Electrum server"]


@pytest.fixture(params=drawn("ways to a node", WAYS, 2))
def watched(
    request: pytest.FixtureRequest, bitcoind: Path, electrum_program: Path, tmp_path: Path
) -> Iterator[Watched]:
    with ExitStack() as stack:
        node = stack.enter_context(Node(bitcoind, mock_time=START))
        node.fund()
        electrum: RealElectrum | None = None
        descriptors = public_descriptors(node)
        addresses = {kind: node.rpc("deriveaddresses", text, [0, 3]) for kind, text in descriptors.items()}
        sources: tuple[SourceConfig, ...]
        if request.param == "the node's RPC":
            sources = (
                SourceConfig("node", "bitcoin_core", node.url, user=node.user, password_env="NODE_PASSWORD"),
            )
        elif request.param == "the node's REST":
            sources = (SourceConfig("node", "bitcoin_core_rest", node.url),)
        elif request.param == "an explorer over HTTP":
            front = stack.enter_context(EsploraFront(node))
            sources = (SourceConfig("explorer", "esplora", front.url, own=True),)
        else:
            electrum = stack.enter_context(RealElectrum(electrum_program, node))
            sources = (
                SourceConfig("plain", "electrum", electrum.tcp),
                SourceConfig("encrypted", "electrum", electrum.tls, tls="any"),
            )
        config = Config(
            chain=Chain(network="regtest"),
            watch=Watch(
                sightings="own-node" if electrum is None else "recent",
                mode="blocks" if electrum is None else "addresses",
            ),
            http=Http(requests_a_minute=60_000, burst=1_000),
            sources=sources,
            wallets=tuple(Wallet(SLUG, text, gap_limit=5) for text in descriptors.values()),
        )
        store = Store.create(f"sqlite:///{tmp_path / 'aidtrail.db'}")
        stack.callback(store.close)
        facts = {
            "slug": SLUG,
            "title": "Relief",
            "purpose": "Help",
            "start": "2020-05-01",
            "end": "2020-12-31",
        }
        with store.write() as tx:
            number = tx.desk.add_user("ada", "2020-05-01T00:00:00Z")
            act(tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", facts, now=START)
        service = build(store, config, lambda: following.now, {"NODE_PASSWORD": node.password}, tmp_path)
        following = Watched(node, store, service.jobs, addresses, START, electrum)
        following.pass_time()
        yield following


def test_settled_donations_equal_the_nodes_own_list(watched: Watched) -> None:
    """All five script types; one payment replaced by fee; one moved to another block by a reorganisation."""
    gifts = {kind: watched.pay({watched.addresses[kind][0]: 100_000 + n}) for n, kind in enumerate(KINDS)}
    together = {watched.addresses[kind][1]: 50_000 + n for n, kind in enumerate(KINDS)}
    many = watched.pay(together)
    old = watched.pay({watched.addresses["wpkh("][2]: 70_000})
    watched.look()
    assert watched.donations() == {}

    replacement = watched.node.rpc("bumpfee", old, {"fee_rate": 80}, wallet=WALLET)["txid"]
    watched.look()
    watched.mine()
    watched.look()
    assert watched.donations() == {}, "one block is not deep enough"
    watched.mine(DEPTH - 1)
    watched.settle()
    paid = {outpoint.partition(":")[0] for outpoint in watched.donations()}
    assert paid == {*gifts.values(), many, replacement}
    assert len(watched.donations()) == 2 * len(KINDS) + 1
    assert {watched.script_type(outpoint) for outpoint in watched.donations()} == SCRIPT_TYPES

    moved = watched.pay({watched.addresses["tr("][2]: 90_000})
    (stale,) = watched.mine()
    watched.look()
    assert watched.transaction(moved)["blockhash"] == stale
    watched.node.rpc("invalidateblock", stale)
    watched.pass_time()
    watched.node.rpc("generateblock", watched.node.miner_address(), [])
    watched.look()
    watched.mine(DEPTH)
    watched.settle()
    assert watched.transaction(moved)["blockhash"] != stale
    (block,) = {block for outpoint, (_, block) in watched.donations().items() if outpoint.startswith(moved)}
    assert block == watched.transaction(moved)["blockhash"]


def test_a_settled_gift_that_a_reorganisation_moves_is_where_the_node_says(watched: Watched) -> None:
    """A reorganisation deeper than settlement: void while it is out, restored in its other block, never twice."""
    kept = watched.pay({watched.addresses["pkh("][0]: 40_000})
    watched.mine()
    gift = watched.pay({watched.addresses["wsh("][0]: 60_000})
    (stale,) = watched.mine()
    watched.mine(DEPTH - 1)
    watched.settle()
    assert {outpoint.partition(":")[0] for outpoint in watched.donations()} == {kept, gift}

    watched.node.rpc("invalidateblock", stale)
    for _ in range(DEPTH + 1):
        watched.pass_time()
        watched.node.rpc("generateblock", watched.node.miner_address(), [])
    watched.look()
    assert watched.donations() == watched.nodes_list()
    assert {outpoint.partition(":")[0] for outpoint in watched.donations()} == {kept}

    watched.mine(DEPTH)
    watched.settle()
    assert {outpoint.partition(":")[0] for outpoint in watched.donations()} == {kept, gift}
