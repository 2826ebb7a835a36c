"""One slow source never holds up what another one showed; where no other shows it, it is waited for."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from ledger.core.chain import Script
from tests.tools.electrum_server import ElectrumServer, electrum
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_server import Faults, Reply
from tests.tools.follower import GENESIS, OURS, new_chain
from tests.tools.source_dialects import Time
from tests.tools.source_in_memory import SourceInMemory
from watchers.address_look import AddressWatcher
from watchers.look import Look, Watcher
from watchers.net.errors import SourceDown, SourceLate, SourceSlow
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.sources.esplora import Esplora

PATIENCE = 10


class Timed(SourceInMemory):
    """A source of whose time each question takes some seconds, as long as it may be asked."""

    def __init__(self, name: str, chain: FakeChain, time: Time, seconds: float) -> None:
        super().__init__(name, chain)
        self._time, self.seconds, self.down = time, seconds, False

    @property
    def requests(self) -> int:
        return self._asked

    @requests.setter
    def requests(self, count: int) -> None:
        """Every question counts itself first."""
        self._asked = count
        if self.down:
            raise SourceDown(self.name, "no connection")
        if self._time.now + self.seconds > self.asked_until:
            self._time.now = max(self._time.now, self.asked_until)
            raise SourceLate(self.name)
        self._time.now += self.seconds

    _asked = 0


class Scene:
    """A chain with payments that wait and one in a block, and a watcher of some sources."""

    def __init__(self, *seconds: float, by_addresses: bool = False) -> None:
        self.time, self.chain = Time(), FakeChain()
        self.sources = [Timed(f"s{n}", self.chain, self.time, each) for n, each in enumerate(seconds)]
        kind = AddressWatcher if by_addresses else Watcher
        self.watcher = kind(REGTEST, self.sources, new_chain(), monotonic=self.time)
        self.scanned, self.sent = GENESIS, 0
        self.pay()
        self.chain.mine(3)
        for _ in range(200):
            self.pay()

    def pay(self) -> None:
        self.sent += 1
        self.chain.send(transaction([(OURS, 1_000 + self.sent)], [outpoint_no(self.sent)]))

    def look(self) -> tuple[Look, float]:
        """A look, and how many seconds it took."""
        began = self.time.now
        watch = WatchSet({OURS}, set())
        look = self.watcher.look(
            self.scanned, watch, now=self.chain.now, max_blocks=100, sighting_scripts=[Script(OURS)]
        )
        self.scanned = look.tip.hash
        return look, self.time.now - began


@pytest.mark.parametrize("by_addresses", [False, True])
@pytest.mark.parametrize("seconds", [(0.001, 4.0, 40.0), (40.0, 4.0, 0.001)])
def test_what_one_source_showed_is_there_when_the_patience_with_the_others_is_over(
    seconds: tuple[float, ...], by_addresses: bool
) -> None:
    """Whichever of them is asked first: all that waits and all in blocks, and who was slow is said to be."""
    scene = Scene(*seconds, by_addresses=by_addresses)
    for _ in range(3):
        look, took = scene.look()
        assert took <= PATIENCE + 2
        assert scene.scanned == scene.chain.tip
        assert {one.tx.txid for one in look.sightings} == set(scene.chain.mempool)
        assert look.agreed
        slow = {report.name: report for report in look.reports}[f"s{seconds.index(40.0)}"]
        assert (slow.ok, slow.lied) == (False, None)
        assert "longer" in str(slow.error)
        scene.chain.mine(1)
        scene.pay()


@pytest.mark.parametrize("by_addresses", [False, True])
def test_slow_sources_that_nobody_can_stand_in_for_are_waited_for(by_addresses: bool) -> None:
    """Alone, or beside one that is down: all is read, however long it takes."""
    alone, beside = Scene(40.0, by_addresses=by_addresses), Scene(0.001, 40.0, by_addresses=by_addresses)
    beside.sources[0].down = True
    for scene in (alone, beside):
        look, took = scene.look()
        assert took > 2 * 40
        assert scene.scanned == scene.chain.tip
        assert {one.tx.txid for one in look.sightings} == set(scene.chain.mempool)


def test_proofs_that_take_longer_than_all_patience_are_waited_for_where_nobody_else_has_them() -> None:
    """Two servers of half a second a question, and two hundred payments in blocks when they are first asked."""
    scene = Scene(0.5, 0.5, by_addresses=True)
    scene.chain.mine(1)
    look, took = scene.look()
    assert took > 200 * 0.5
    assert scene.scanned == scene.chain.tip
    assert sum(len(block.facts.relevant) for block in look.connected) == 201
    assert set(look.listed_by) <= {"s0", "s1"} != set()


def test_a_mempool_that_takes_long_is_read_on_in_the_next_looks() -> None:
    """Where the node is asked for so many transactions that its time is over, it goes on where it stopped."""
    chain, clock = FakeChain(), Time()
    raws = [transaction([(script_no(9), 1_000 + n)], [outpoint_no(n)]) for n in range(60)]
    for raw in raws:
        chain.send(raw)

    class Slow(EsploraServer):
        def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
            clock.now += 0.5
            return super().answer(handler, path, body)

    with Slow(chain) as server:
        http = HttpClient(HttpPolicy(per_second=1e6, burst=10_000), monotonic=clock, sleep=clock.sleep)
        own = Esplora("own", server.url, http, REGTEST, whole_mempool=True)
        quick = Timed("quick", chain, clock, 0.001)
        watcher = Watcher(REGTEST, [own, quick], new_chain(), monotonic=clock)
        oks = []
        for _ in range(6):
            look = watcher.look(GENESIS, WatchSet({OURS}, set()), now=chain.now, max_blocks=9)
            oks.append(look.reports[0].ok)
    assert oks[0] is False
    assert oks[-1] is True
    assert sum("/tx/" in path for path in server.paths) <= len(raws) + len(oks)


def test_the_end_of_a_turn_is_no_failure_of_the_host() -> None:
    """Its breaker does not count it: right after, all is asked and answered."""
    clock = Time()
    policy = HttpPolicy(per_second=1e6, burst=10_000, breaker_failures=1, attempts=3)
    with EsploraServer(FakeChain()) as server:
        http = HttpClient(policy, monotonic=clock, sleep=clock.sleep)
        url = f"{server.url}/blocks/tip/height"
        with pytest.raises(SourceLate):
            http.request("GET", url, max_bytes=100, deadline=9.0, until=clock.now)
        assert server.paths == []
        server.faults = Faults(status=503)
        with pytest.raises(SourceSlow):
            http.request("GET", url, max_bytes=100, deadline=9.0, until=clock.now - 1)
        server.faults = Faults()
        assert http.request("GET", url, max_bytes=100, deadline=9.0).body == b"0"
    with ElectrumServer(FakeChain()) as other:
        one = electrum(other, clock=clock)
        one.asked_until = clock.now
        with pytest.raises(SourceLate):
            one.look_tip()
        one.asked_until = clock.now + 5
        assert one.look_tip().height == 0
