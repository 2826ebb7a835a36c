"""Requests and bytes of one look with one new block, by the number of addresses, beside polling each address.

Everything is asked of servers on loopback that show a made block as large and as full as mainnet's usual one. `bit`
is asked through its own `NetworkAPI`, its explorer's URLs pointed at the same server; bodies are counted on both
sides. No address was ever paid: the least that any of the ways can cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import localcontext
from http.server import BaseHTTPRequestHandler
from time import monotonic
from typing import Any

from bench.measuring import Line, times
from ledger.core.chain import Header
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_server import Reply
from watchers.address_look import AddressWatcher
from watchers.look import Watcher
from watchers.net.http import HttpClient
from watchers.net.policy import HttpPolicy
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.proof.scripts import address_of
from watchers.sources.esplora import Esplora

with localcontext():
    from bit.network import NetworkAPI
    from bit.network.services import BlockstreamAPI

COUNTS = (1, 20, 1_000, 100_000)
BLOCK_BYTES = 1_381_836
"""Of mainnet's block 702,861, 2,500 transactions."""

TXS = 2_500
FIRST_OF_OURS = 1_000_000
SOURCES = 2
"""The addresses mode asks so many; the blocks mode is given as many, and reads the block from one."""


class Explorer(EsploraServer):
    """Also knows `/address/…/txs/chain/…`, which `bit` asks, and counts the bytes of what it sends."""

    sent = 0

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        parts = path.removeprefix("/api/").split("/")
        bare = parts[0] == "address" and parts[2:4] == ["txs", "chain"]
        reply = Reply(200, b"[]") if bare else super().answer(handler, path, body)
        self.sent += len(reply.body)
        return reply


class EmptyHistories(FakeChain):
    """A chain that touches no script that is asked about, without reading all of it for each."""

    def touching(self, scripthash: str, top: int | None = None) -> tuple[list[str], list[tuple[int, str]]]:
        return [], []


def full_block(txs: int = TXS, size: int = BLOCK_BYTES) -> list[bytes]:
    """Transactions of two inputs and two outputs that fill a block of that size, or nearly."""

    def made(number: int, witness: int) -> bytes:
        outputs = [(script_no(2 * number), 10_000), (script_no(2 * number + 1), 20_000)]
        return transaction(
            outputs, [outpoint_no(2 * number), outpoint_no(2 * number + 1)], witness=bytes(witness)
        )

    witness = max(1, (size // txs - len(made(0, 1))) // 2)
    return [made(number, witness) for number in range(txs)]


def scripts_of(count: int) -> frozenset[bytes]:
    return frozenset(script_no(FIRST_OF_OURS + n) for n in range(count))


def sources_at(servers: Sequence[EsploraServer]) -> list[Esplora]:
    policy = HttpPolicy(per_second=1e6, burst=1_000_000, attempts=1)
    http = HttpClient(policy, monotonic=monotonic)
    return [Esplora(f"explorer {n}", server.url, http, REGTEST) for n, server in enumerate(servers)]


def look_cost(kind: type[Watcher] | type[AddressWatcher], count: int, txs: list[bytes]) -> tuple[int, int]:
    """Requests and bytes of the second look, one block after the first."""
    chain = EmptyHistories()
    chain.mine(1)
    servers = [Explorer(chain) for _ in range(SOURCES)]
    try:
        sources = sources_at(servers)
        headers = HeaderChain(REGTEST, (0, Header(REGTEST.genesis_header)), table=None)
        watcher = kind(REGTEST, sources, headers)
        watch = WatchSet(scripts_of(count), frozenset())
        first = watcher.look(chain.active[0], watch, now=chain.now, max_blocks=10)
        chain.mine_block(txs)
        second = watcher.look(first.tip.hash, watch, now=chain.now, max_blocks=10)
    finally:
        for server in servers:
            server.close()
    if second.tip.hash != chain.tip or any(not report.ok for report in second.reports):
        raise AssertionError("the look did not reach the new block")
    return sum(report.requests for report in second.reports), sum(report.bytes for report in second.reports)


def bit_cost(count: int) -> tuple[int, int]:
    """Requests and bytes of `bit` asking for the transactions of so many addresses, once."""
    api: Any = BlockstreamAPI
    network: Any = NetworkAPI
    before = (api.MAIN_ADDRESS_API, network.GET_TRANSACTIONS_MAIN)
    chain = EmptyHistories()
    with Explorer(chain) as server:
        api.MAIN_ADDRESS_API = server.url + "/address/{}"
        network.GET_TRANSACTIONS_MAIN = [api.get_transactions]
        try:
            with localcontext():
                for script in scripts_of(count):
                    network.get_transactions(address_of(script, REGTEST))
        finally:
            api.MAIN_ADDRESS_API, network.GET_TRANSACTIONS_MAIN = before
        return len(server.paths), server.sent


def straight(
    small: tuple[int, int], large: tuple[int, int], at: tuple[int, int], count: int
) -> tuple[int, int]:
    """What `count` addresses cost, on the straight line through the measured costs of `at` two numbers."""
    width = at[1] - at[0]
    requests, size = (b + (b - a) * (count - at[1]) // width for a, b in zip(small, large, strict=True))
    return requests, size


def lines(counts: Sequence[int] = COUNTS, txs: int = TXS, size: int = BLOCK_BYTES) -> list[Line]:
    """Requests, then bytes. Above 20 addresses `bit`, above 1,000 our addresses mode, is carried on as a line."""
    block = full_block(txs, size)
    bit = {count: bit_cost(count) for count in (1, 20)}
    listed = {count: look_cost(AddressWatcher, count, block) for count in counts if count <= 1_000}
    ends = (min(listed), max(listed))
    found: list[Line] = []
    sizes: list[Line] = []
    for count in counts:
        theirs = bit.get(count) or straight(bit[1], bit[20], (1, 20), count)
        histories = listed.get(count) or straight(listed[ends[0]], listed[ends[1]], ends, count)
        for mode, cost, far in (
            ("blocks mode", look_cost(Watcher, count, block), False),
            ("addresses mode", histories, count not in listed),
        ):
            told = f"{mode}, {count:,} addresses" + (" *" if far or count not in bit else "")
            aim = "the same for any N" if mode == "blocks mode" and count == counts[0] else ""
            found.append(_line(f"requests: {told}", cost[0], theirs[0], aim))
            sizes.append(_line(f"bytes:    {told}", cost[1], theirs[1], ""))
    return [*found, *sizes]


def _line(name: str, ours: int, theirs: int, aim: str) -> Line:
    return Line(name, f"{ours:,}", f"{theirs:,}", times(theirs / ours), aim)
