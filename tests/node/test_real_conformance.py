"""The same stories against the real programs: a node by RPC and REST and as an explorer, and e-x by TCP and TLS."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from ledger.core.chain import Outpoint, Script
from tests.node.electrum import RealElectrum
from tests.node.esplora_front import EsploraFront
from tests.node.knots import Node
from tests.node.waiting import moments
from tests.tools.certificates import fingerprint
from tests.tools.source_stories import STORIES, Story
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources.bitcoin_core import BitcoinCore
from watchers.sources.bitcoin_core_rest import BitcoinCoreRest
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Can, Source

pytestmark = pytest.mark.node

GIVERS = "givers"
NODE = frozenset({Can.TIP, Can.HEADERS, Can.BLOCK, Can.MEMPOOL})
LEAST = 1_000
"""Sats that a node relays to any kind of address."""


class RealScene:
    """A node and a source that shows it; every scene has addresses of its own."""

    def __init__(
        self, node: Node, source: Source, can: frozenset[Can], electrum: RealElectrum | None = None
    ) -> None:
        self.node = node
        self.source = source
        self.can = can
        self._electrum = electrum
        self._addresses: dict[int, str] = {}

    def moments(self) -> Iterator[None]:
        return moments()

    @property
    def height(self) -> int:
        height: int = self.node.rpc("getblockcount")
        return height

    def hash(self, height: int) -> str:
        name: str = self.node.rpc("getblockhash", height)
        return name

    def block(self, name: str) -> bytes:
        return bytes.fromhex(self.node.rpc("getblock", name, 0))

    def address(self, number: int) -> str:
        if number not in self._addresses:
            self._addresses[number] = self.node.rpc("getnewaddress", wallet=GIVERS)
        return self._addresses[number]

    def script(self, number: int) -> Script:
        info = self.node.rpc("getaddressinfo", self.address(number), wallet=GIVERS)
        return Script(bytes.fromhex(info["scriptPubKey"]))

    def pay(self, number: int, sats: int = 50_000) -> str:
        return self.node.pay({self.address(number): sats})

    def spam(self, number: int, count: int) -> set[str]:
        return {self.pay(number, LEAST) for _ in range(count)}

    def spend(self, coin: Outpoint) -> str:
        value = self.node.rpc("gettxout", coin.txid, coin.vout)["value"]
        answer = self.node.rpc(
            "send", [{self.node.miner_address(): format(Decimal(value), "f")}], None, "unset", 20,
            {"inputs": [{"txid": coin.txid, "vout": coin.vout}], "subtract_fee_from_outputs": [0]},
            wallet=GIVERS,
        )  # fmt: skip
        txid: str = answer["txid"]
        return txid

    def mine(self, count: int = 1) -> list[str]:
        return self.node.mine(count)

    def mine_empty(self, count: int) -> list[str]:
        return [self.node.rpc("generateblock", self.node.miner_address(), [])["hash"] for _ in range(count)]

    def leave(self, below: int, length: int) -> list[str]:
        self.node.rpc("invalidateblock", self.hash(self.height - below + 1))
        return self.mine_empty(length)

    def show(self) -> None:
        if self._electrum is not None:
            self._electrum.follow()


@pytest.fixture(scope="module")
def node(bitcoind: Path) -> Iterator[Node]:
    """One node for all stories, with coins enough for the spam of several blocks."""
    with Node(bitcoind) as running:
        running.fund()
        running.mine(12)
        running.rpc("createwallet", GIVERS)
        yield running


@pytest.fixture(scope="module")
def server(node: Node, electrum_program: Path) -> Iterator[RealElectrum]:
    with RealElectrum(electrum_program, node) as running:
        yield running


def client() -> HttpClient:
    return HttpClient(HttpPolicy(per_second=1e6, burst=10_000, attempts=1), monotonic=monotonic)


def tell(told: Story, scene: RealScene) -> None:
    """The story, where the server can what it needs; what one story left waiting is no part of the next."""
    if told.needs <= scene.can:
        scene.mine()
        scene.show()
        told.tell(scene)


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
def test_story_by_rpc(node: Node, told: Story) -> None:
    tell(
        told, RealScene(node, BitcoinCore("rpc", node.url, node.user, node.password, client(), REGTEST), NODE)
    )


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
def test_story_by_rest(node: Node, told: Story) -> None:
    tell(told, RealScene(node, BitcoinCoreRest("rest", node.url, client(), REGTEST), NODE))


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
def test_story_by_an_explorer_in_front(node: Node, told: Story) -> None:
    """Without histories, which this front does not have."""
    with EsploraFront(node) as front:
        tell(told, RealScene(node, Esplora("f", front.url, client(), REGTEST, whole_mempool=True), NODE))


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
@pytest.mark.parametrize("over", ["tcp", "tls"])
def test_story_by_electrum(server: RealElectrum, over: str, told: Story) -> None:
    place = (server.tcp,) if over == "tcp" else (server.tls, fingerprint(server.certificate))
    source = server.source(*place)
    tell(told, RealScene(server.node, source, source.can, server))
    source.close()
