"""Who follows looks as the service does, and checks that each one fits what was applied before."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from ledger.core.chain import Header, Outpoint, Script
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_server import FakeServer
from watchers.look import Look, Watcher
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Source

OURS = Script(script_no(1))
GENESIS = Header(REGTEST.genesis_header).hash


def client() -> HttpClient:
    policy = HttpPolicy(per_second=1e6, burst=10_000, attempts=1, breaker_failures=1000)
    return HttpClient(policy, monotonic=monotonic)


def new_chain() -> HeaderChain:
    return HeaderChain(REGTEST, (0, Header(REGTEST.genesis_header)), table=None)


def esplora(server: FakeServer, name: str = "esplora", deadline: float = 5.0) -> Esplora:
    return Esplora(name, server.url, client(), REGTEST, deadline=deadline, block_deadline=deadline)


@dataclass
class Follower:
    """Applies looks the way a service does, and checks that each one fits what was applied before."""

    sources: list[Source]
    chain: HeaderChain = field(default_factory=new_chain)
    applied: list[str] = field(default_factory=lambda: [GENESIS])
    payments: dict[Outpoint, str] = field(default_factory=dict)
    watcher: Watcher = field(init=False)

    def __post_init__(self) -> None:
        self.watcher = Watcher(REGTEST, self.sources, self.chain)

    @property
    def tip(self) -> str:
        return self.applied[-1]

    def look(self, now: int, *, max_blocks: int = 100, scripts: tuple[Script, ...] | None = (OURS,)) -> Look:
        watch = WatchSet({OURS}, {outpoint.wire() for outpoint in self.payments})
        look = self.watcher.look(self.tip, watch, now=now, max_blocks=max_blocks, sighting_scripts=scripts)
        for name in look.disconnected:
            assert self.applied.pop() == name
            self.payments = {o: block for o, block in self.payments.items() if block != name}
        for found in look.connected:
            assert found.facts.header.previous == self.tip
            assert found.facts.header.hash == found.ref.hash
            assert found.ref.height == len(self.applied)
            self.applied.append(found.ref.hash)
            for payment in found.facts.payments:
                self.payments[payment.outpoint] = found.ref.hash
        assert look.tip.hash == self.tip
        assert look.best_header.work >= look.tip.work
        return look


def pay(chain: FakeChain, number: int, sats: int = 1000) -> str:
    return chain.send(transaction([(OURS, sats)], [outpoint_no(number)]))
