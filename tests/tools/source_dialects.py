"""The dialects of sources as scenes: a chain in memory, a server on loopback with that dialect's quirks, a source.

Only for tests. What each dialect is documented to do stands in `esplora_server` and here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any

from ledger.core.chain import Outpoint, Script
from tests.tools.electrum_server import ElectrumServer, electrum
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core import CoreServer
from tests.tools.fake_core_rest import CoreRestServer
from tests.tools.fake_server import FakeServer, Reply
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources.bitcoin_core import BitcoinCore
from watchers.sources.bitcoin_core_rest import BitcoinCoreRest
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Can, Source

BLOCKS = 34
Server = FakeServer | ElectrumServer


class CachingServer(EsploraServer):
    """mempool.space: whatever lies below /api/block/ is answered from a cache that no reorganisation clears."""

    page = 15

    def __init__(self, chain: FakeChain) -> None:
        super().__init__(chain)
        self.cache: dict[str, Reply] = {}

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        if not path.startswith("/api/block/"):
            return super().answer(handler, path, body)
        if path not in self.cache:
            self.cache[path] = super().answer(handler, path, body)
        return self.cache[path]


class SpentBudgetServer(EsploraServer):
    """A mempool look-up budget: pages of 50, and 422 once an address has cost too many of them."""

    rows = 50
    pages_each = 2

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        if "/txs/chain/" in path and sum("/txs" in asked for asked in self.paths) > self.pages_each:
            return Reply(422, b"Too many history entries")
        return super().answer(handler, path, body)


class FakeScene:
    """A fake chain of a few blocks behind one server, and the source that asks it."""

    def __init__(self, chain: FakeChain, server: Server, source: Source) -> None:
        self.chain = chain
        self.server = server
        self.source = source
        self._numbers = count(1)

    def moments(self) -> Iterator[None]:
        yield

    @property
    def can(self) -> frozenset[Can]:
        return self.source.can - self.lacks

    @property
    def lacks(self) -> frozenset[Can]:
        """What the source declares and its server does not say."""
        silent = isinstance(self.server, EsploraServer) and self.server.electrum_backend
        return frozenset({Can.SPENDS} if silent else ())

    @property
    def height(self) -> int:
        return self.chain.height

    def hash(self, height: int) -> str:
        return self.chain.active[height]

    def block(self, name: str) -> bytes:
        return self.chain.blocks[name]

    def script(self, number: int) -> Script:
        return Script(script_no(number))

    def pay(self, number: int, sats: int = 50_000) -> str:
        paying = transaction([(script_no(number), sats)], [outpoint_no(next(self._numbers))], lock=1)
        txid = self.chain.send(paying)
        self.show()
        return txid

    def spam(self, number: int, count: int) -> set[str]:
        return {self.pay(number, 1) for _ in range(count)}

    def spend(self, coin: Outpoint) -> str:
        txid = self.chain.send(transaction([(script_no(99), 1)], [coin]))
        self.show()
        return txid

    def mine(self, count: int = 1) -> list[str]:
        return self.chain.mine(count)

    def mine_empty(self, count: int) -> list[str]:
        names = [self.chain.mine_block(empty=True) for _ in range(count)]
        for name in names:
            coinbase = self.chain.block(name).transaction(0)
            self.chain.transactions[coinbase.txid] = coinbase.raw
        return names

    def leave(self, below: int, length: int) -> list[str]:
        return self.chain.fork(below, length)

    def show(self) -> None:
        if isinstance(self.server, ElectrumServer):
            self.server.notify()


class Time:
    """Seconds that pass only by waiting, or when a test says so: a server's rest of hours costs a test nothing."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


TIME = Time()


def client() -> HttpClient:
    policy = HttpPolicy(per_second=1e6, burst=10_000, attempts=1, breaker_failures=10_000)
    return HttpClient(policy, monotonic=TIME, sleep=TIME.sleep)


@dataclass(frozen=True)
class Dialect:
    """How to serve and how to ask. `listing` is the field of its list of the mempool, `row` what a row looks like."""

    serve: Callable[[FakeChain], Server]
    ask: Callable[[Any], Source]
    listing: str
    row: Callable[[str], object]

    @contextmanager
    def scene(self, blocks: int = BLOCKS) -> Iterator[FakeScene]:
        chain = FakeChain()
        chain.mine(blocks)
        with self.serve(chain) as server:
            source = self.ask(server)
            yield FakeScene(chain, server, source)
            close = getattr(source, "close", None)
            if close is not None:
                close()


def esplora(kind: type[EsploraServer] = EsploraServer, *, own: bool = False, **quirks: object) -> Dialect:
    def serve(chain: FakeChain) -> EsploraServer:
        server = kind(chain)
        for name, value in quirks.items():
            assert hasattr(server, name)
            setattr(server, name, value)
        return server

    def ask(server: EsploraServer) -> Source:
        return Esplora(
            "esplora", server.url, client(), REGTEST, deadline=5.0, block_deadline=5.0, whole_mempool=own
        )

    if own:
        return Dialect(serve, ask, "mempool.txids", lambda txid: txid)
    return Dialect(serve, ask, "mempool", lambda txid: {"txid": txid, "status": {"confirmed": False}})


def core_rpc() -> Dialect:
    def ask(server: CoreServer) -> Source:
        return BitcoinCore("core", server.url, server.user, server.password, client(), REGTEST, deadline=5.0)

    return Dialect(CoreServer, ask, "getrawmempool", lambda txid: txid)


def core_rest(version: int) -> Dialect:
    def serve(chain: FakeChain) -> CoreRestServer:
        server = CoreRestServer(chain)
        server.version = version
        return server

    def ask(server: CoreRestServer) -> Source:
        return BitcoinCoreRest("rest", server.url, client(), REGTEST, deadline=5.0)

    return Dialect(serve, ask, "mempool", lambda txid: txid)


def electrum_of(highest: str, *, proves_alone: bool = False, holds: bool = False) -> Dialect:
    def serve(chain: FakeChain) -> ElectrumServer:
        server = ElectrumServer(chain, highest=highest)
        server.proves_alone, server.holds = proves_alone, holds
        return server

    return Dialect(serve, electrum, "mempool", lambda txid: {"tx_hash": txid, "height": 0, "fee": 1})


DIALECTS: dict[str, Dialect] = {
    "blockstream.info": esplora(),
    "mempool.space": esplora(CachingServer, together=50, keeps_rows=True, apart=True),
    "mempool on Electrum": esplora(
        CachingServer, rows=10, electrum_backend=True, keeps_rows=True, apart=True
    ),
    "self-hosted, unknown cursor empty": esplora(rows=50),
    "self-hosted, unknown cursor first page": esplora(rows=50, unknown_cursor="first"),
    "self-hosted, unknown cursor error": esplora(rows=50, unknown_cursor="error"),
    "self-hosted, HTML 404s, no pages of headers": esplora(pages=False, html=True),
    "self-hosted, all of its mempool": esplora(own=True),
    "Core RPC": core_rpc(),
    "Core REST": core_rest(28),
    "Core REST before 22": core_rest(21),
    "Electrum 1.4": electrum_of("1.4"),
    "Electrum 1.6": electrum_of("1.6"),
    "Electrum 1.6 that finds blocks itself": electrum_of("1.6", proves_alone=True),
    "Electrum 1.6 that holds answers back": electrum_of("1.6", holds=True),
}
