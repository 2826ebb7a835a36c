"""What a look promises: proven facts only, whole reorgs, and no believing of anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain import Header, Outpoint, Script
from tests.esplora_server import EsploraServer
from tests.fakes import CoreServer, FakeChain, FakeServer, outpoint_no, script_no, transaction
from watchers.bitcoin_core import BitcoinCore
from watchers.esplora import Esplora
from watchers.headers import HeaderChain
from watchers.http import HttpClient, HttpPolicy
from watchers.look import Look, Watcher
from watchers.networks import REGTEST
from watchers.scan import WatchSet
from watchers.sources import Source

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
        for name in look.undone:
            assert self.applied.pop() == name
            self.payments = {o: block for o, block in self.payments.items() if block != name}
        for found in look.found:
            assert found.facts.header.previous == self.tip
            assert found.facts.header.hash == found.ref.hash
            assert found.ref.height == len(self.applied)
            self.applied.append(found.ref.hash)
            for payment in found.facts.payments:
                self.payments[payment.outpoint] = found.ref.hash
        assert look.tip.hash == self.tip
        assert look.best_header.work >= look.tip.work
        return look


@pytest.fixture
def honest() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


@pytest.fixture
def second() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


def pay(chain: FakeChain, number: int, sats: int = 1000) -> str:
    return chain.send(transaction([(OURS, sats)], [outpoint_no(number)]))


def test_a_payment_is_found_in_its_block_with_a_whole_proof(honest: EsploraServer) -> None:
    """The found block carries the payment, its transaction's bytes and its place."""
    txid = pay(honest.chain, 1)
    name = honest.chain.mine_block()
    look = Follower([esplora(honest)]).look(honest.chain.now)
    assert [found.ref.hash for found in look.found] == [name]
    (payment,) = look.found[0].facts.payments
    assert (payment.outpoint, payment.sats) == (Outpoint(txid, 0), 1000)
    assert look.agreed


def test_a_spend_of_an_output_found_earlier_in_the_same_look_is_found(honest: EsploraServer) -> None:
    """Nobody had to tell the look about the outpoint that its own earlier block created."""
    txid = pay(honest.chain, 1)
    honest.chain.mine_block()
    honest.chain.mine_block([transaction([(script_no(2), 900)], [Outpoint(txid, 0)])])
    look = Follower([esplora(honest)]).look(honest.chain.now)
    assert [spend.outpoint for spend in look.found[1].facts.spends] == [Outpoint(txid, 0)]


def test_a_reorg_there_and_back_ends_where_it_began(honest: EsploraServer) -> None:
    """A to B to A′: each step undoes newest first and redoes oldest first; the payment returns with A."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(3)
    pay(chain, 1)
    a = [chain.mine_block(), chain.mine_block()]
    follower.look(chain.now)
    assert len(follower.payments) == 1
    b = chain.fork(2, 3)
    look = follower.look(chain.now)
    assert look.undone == (a[1], a[0])
    assert [found.ref.hash for found in look.found] == b
    assert follower.payments == {}
    chain.activate(a[1])
    more = chain.mine(2)
    look = follower.look(chain.now)
    assert look.undone == tuple(reversed(b))
    assert [found.ref.hash for found in look.found] == [*a, *more]
    assert len(follower.payments) == 1


def test_a_transaction_may_confirm_again_at_another_height(honest: EsploraServer) -> None:
    """The same outpoint is found in the block where it stands now."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(2)
    txid = pay(chain, 1)
    chain.mine_block()
    follower.look(chain.now)
    chain.fork(1, 3)
    name = chain.mine_block([chain.transactions[txid]])
    follower.look(chain.now)
    assert follower.payments == {Outpoint(txid, 0): name}


def test_a_reorg_down_to_the_checkpoint_is_followed(honest: EsploraServer) -> None:
    """No depth is too deep above the checkpoint, even with fewer blocks allowed than it needs."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(30)
    follower.look(chain.now)
    chain.fork(30, 31)
    look = follower.look(chain.now, max_blocks=4)
    assert len(look.undone) == 30
    assert len(look.found) == 31
    assert follower.applied == chain.active


def test_a_tip_that_goes_backwards_undoes_nothing(honest: EsploraServer) -> None:
    """Less work never replaces more; but nobody confirms our tip any more, and that is said."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(5)
    follower.look(chain.now)
    tip = follower.tip
    chain.unmine(2)
    look = follower.look(chain.now)
    assert (look.undone, look.found, look.tip.hash) == ((), (), tip)
    assert not look.agreed
    assert look.reports[0].behind == 2


def test_equal_work_is_no_reason_to_leave(honest: EsploraServer) -> None:
    """The first seen of two equals stays."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(4)
    follower.look(chain.now)
    chain.fork(1, 1)
    look = follower.look(chain.now)
    assert look.undone == ()
    assert not look.agreed


def test_headers_without_blocks_never_undo_anything(honest: EsploraServer) -> None:
    """More work that nobody can show the blocks of is seen as a header, and nothing else."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(4)
    follower.look(chain.now)
    tip = follower.tip
    branch = chain.fork(2, 4)
    honest.missing_blocks = {branch[2]}
    look = follower.look(chain.now)
    assert (look.undone, look.found, look.tip.hash) == ((), (), tip)
    assert look.best_header.hash == branch[-1]
    assert look.reports[0].error is not None
    honest.missing_blocks = {branch[3]}
    look = follower.look(chain.now)
    assert [found.ref.hash for found in look.found] == branch[:3]
    honest.missing_blocks = set()
    follower.look(chain.now)
    assert follower.applied == chain.active


def test_a_branch_without_blocks_does_not_hide_one_with_blocks(
    honest: EsploraServer, second: EsploraServer
) -> None:
    """The honest source's blocks are applied, though another shows headers of more work."""
    honest.chain.mine(3)
    second.chain.mine(6)
    second.missing_blocks = set(second.chain.active)
    follower = Follower([esplora(second, "hollow"), esplora(honest, "honest")])
    look = follower.look(second.chain.now)
    assert follower.applied == honest.chain.active
    assert look.best_header.hash == second.chain.tip


def test_a_capped_look_is_a_prefix_and_the_next_goes_on(honest: EsploraServer) -> None:
    """Whatever the cap, the looks together find each block once, in order."""
    honest.chain.mine(11)
    follower = Follower([esplora(honest)])
    sizes = [len(follower.look(honest.chain.now, max_blocks=4).found) for _ in range(4)]
    assert sizes == [4, 4, 3, 0]
    assert follower.applied == honest.chain.active


def test_an_error_is_never_an_empty_answer(honest: EsploraServer) -> None:
    """With the only source down nothing is found or undone, nothing is agreed, and the report says why."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(2)
    follower.look(chain.now)
    pay(chain, 5)
    for fault in ("down", "html"):
        setattr(honest.faults, fault, True)
        look = follower.look(chain.now)
        assert (look.undone, look.found, look.sightings, look.mempool_sources) == ((), (), (), ())
        assert not look.agreed
        assert look.reports[0].error
        assert look.reports[0].lied is None
        setattr(honest.faults, fault, False)
    assert follower.look(chain.now).agreed


def test_a_sighting_is_seen_once_a_source_and_not_after_its_block(honest: EsploraServer) -> None:
    """Each source that shows the payment is named; in the look that finds its block it is no sighting."""
    pay(honest.chain, 3)
    with CoreServer(honest.chain) as node:
        core = BitcoinCore("core", node.url, "user", "secret", client(), REGTEST)
        follower = Follower([esplora(honest), core])
        look = follower.look(honest.chain.now)
        assert [s.source for s in look.sightings] == ["esplora", "core"]
        assert look.mempool_sources == ("esplora", "core")
        lone = follower.look(honest.chain.now, scripts=())
        assert [s.source for s in lone.sightings] == ["core"]
        assert follower.look(honest.chain.now, scripts=None).mempool_sources == ()
        honest.chain.mine_block()
        look = follower.look(honest.chain.now)
    assert look.sightings == ()
    assert len(look.found[0].facts.payments) == 1


def test_a_stale_source_says_nothing_complete_about_the_mempool(
    honest: EsploraServer, second: EsploraServer
) -> None:
    """A valid 200 from a server behind the best header does not count as an absence."""
    honest.chain.mine(3)
    second.chain = honest.chain
    second.faults.stale = 2
    look = Follower([esplora(honest, "a"), esplora(second, "b")]).look(honest.chain.now)
    assert look.mempool_sources == ("a",)
    assert [report.behind for report in look.reports] == [0, 2]


def test_a_mempool_chain_is_followed_from_our_output_to_its_spend(honest: EsploraServer) -> None:
    """An unconfirmed spend of an unconfirmed payment to us is a sighting too, where the whole mempool is seen."""
    txid = pay(honest.chain, 4)
    child = honest.chain.send(transaction([(script_no(9), 500)], [Outpoint(txid, 0)]))
    honest.chain.send(transaction([(script_no(8), 500)], [outpoint_no(77)]))
    with CoreServer(honest.chain) as node:
        core = BitcoinCore("core", node.url, "user", "secret", client(), REGTEST)
        look = Follower([core]).look(honest.chain.now)
    assert {s.tx.txid for s in look.sightings} == {txid, child}


def test_an_unknown_place_to_start_is_refused() -> None:
    """A look cannot go on from a block that the headers do not hold."""
    with pytest.raises(ValueError, match="scanned"):
        Watcher(REGTEST, [], new_chain()).look("ab" * 32, WatchSet(set(), set()), now=0, max_blocks=1)


def test_no_source_means_nothing_agreed() -> None:
    """Without anybody to ask, the tip is not confirmed."""
    look = Watcher(REGTEST, [], new_chain()).look(GENESIS, WatchSet(set(), set()), now=0, max_blocks=1)
    assert not look.agreed
    assert look.tip.hash == GENESIS


def other_hash(text: str) -> str:
    return text[:-4] + ("0000" if text[-4:] != "0000" else "1111")


def flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


LIES: dict[str, list[Callable[[Any], Any]]] = {
    "tip.height": [lambda n: n + 1, lambda n: n + 100_000, lambda n: n - 1, lambda n: -1, lambda n: "x", str],
    "tip.hash": [other_hash, lambda t: t.upper(), lambda t: t[:-1], lambda t: GENESIS, lambda t: ""],
    "block-height": [other_hash, lambda t: GENESIS, lambda t: "<html>"],
    "blocks": [
        lambda r: [],
        lambda r: {},
        lambda r: r[1:],
        lambda r: r[::-1],
        lambda r: r * 20,
        lambda r: None,
    ],
    "blocks.id": [other_hash, lambda t: None, lambda t: t.upper()],
    "blocks.height": [lambda n: n + 1, lambda n: n - 1, lambda n: float(n), lambda n: True, lambda n: str(n)],
    "blocks.version": [lambda n: n + 1, lambda n: 1 << 40, lambda n: None],
    "blocks.timestamp": [lambda n: n + 1, lambda n: -1, lambda n: float("nan"), lambda n: 1e999],
    "blocks.bits": [lambda n: n - 1, lambda n: 0x1D00FFFF, lambda n: 0, lambda n: "1d00ffff"],
    "blocks.nonce": [lambda n: n + 1, lambda n: True, lambda n: 1 << 32],
    "blocks.merkle_root": [other_hash, lambda t: t[2:]],
    "blocks.previousblockhash": [other_hash, lambda t: None],
    "block": [
        lambda raw: flip(raw, 0),
        lambda raw: flip(raw, 40),
        lambda raw: flip(raw, len(raw) - 20),
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: raw[:80] + b"\x00",
        lambda raw: b"",
    ],
    "mempool": [lambda r: {}, lambda r: None, lambda r: r * 500],
    "mempool.txid": [other_hash, lambda t: 7],
    "tx": [lambda raw: flip(raw, 50), lambda raw: raw[:-1], lambda raw: b"\x01"],
}
ONE_LIE = [(name, number) for name, lies in LIES.items() for number in range(len(lies))]


@pytest.mark.parametrize(("name", "number"), ONE_LIE)
def test_one_lie_in_one_field_changes_nothing_beside_an_honest_source(
    name: str, number: int, honest: EsploraServer, second: EsploraServer
) -> None:
    """Within ten looks all is as the honest source has it, whichever field the first one lies in."""
    chain = honest.chain
    second.chain = chain
    second.faults.lies[name] = LIES[name][number]
    follower = Follower([esplora(second, "liar"), esplora(honest, "honest")])
    for step in range(5):
        pay(chain, step)
        chain.mine_block()
        look = follower.look(chain.now, max_blocks=3)
        look = follower.look(chain.now, max_blocks=3)
    assert follower.applied == chain.active
    assert len(follower.payments) == 5
    assert look.agreed
    assert look.reports[1].ok


@pytest.mark.parametrize(("name", "number"), ONE_LIE)
def test_one_lie_by_the_only_source_makes_nothing_wrong_believed(
    name: str, number: int, second: EsploraServer
) -> None:
    """What is found is on the true chain, and the lie is reported when it hinders the look."""
    chain = second.chain
    follower = Follower([esplora(second, "liar")])
    second.faults.lies[name] = LIES[name][number]
    seen = []
    for step in range(3):
        pay(chain, step)
        chain.mine_block()
        pay(chain, step + 50)
        seen.append(follower.look(chain.now))
        for sighting in seen[-1].sightings:
            assert sighting.tx.txid in chain.mempool
    assert follower.applied == chain.active[: len(follower.applied)]
    assert set(follower.payments) <= {Outpoint(txid, 0) for txid in chain.transactions}
    whole = follower.applied == chain.active and all(len(look.sightings) == 1 for look in seen)
    assert whole or any(report.error for look in seen for report in look.reports)


@pytest.mark.parametrize("number", range(len(LIES["block"])))
def test_a_liar_about_blocks_is_named_and_set_aside(
    number: int, honest: EsploraServer, second: EsploraServer
) -> None:
    """The report says what proof contradicts; the liar is not asked again before its time is over."""
    chain = honest.chain
    second.chain = chain
    second.faults.lies["block"] = LIES["block"][number]
    follower = Follower([esplora(second, "liar"), esplora(honest, "honest")])
    chain.mine(2)
    now = chain.now
    first = follower.look(now)
    if number == len(LIES["block"]) - 1:
        assert first.reports[0].lied is None
        assert first.reports[0].error is not None
        return
    assert first.reports[0].lied
    second.faults.lies.clear()
    asked = len(second.paths)
    again = follower.look(now + 1)
    assert len(second.paths) == asked
    assert again.reports[0].lied
    assert again.reports[0].requests == 0
    later = follower.look(now + 24 * 3600)
    assert later.reports[0].ok


def test_only_a_liar_with_true_work_but_false_blocks_settles_nothing(second: EsploraServer) -> None:
    """Blocks that their headers do not commit to are never found, and no tip of theirs is agreed."""
    second.faults.lies["block"] = lambda raw: flip(raw, len(raw) - 20)
    second.chain.mine(8)
    follower = Follower([esplora(second, "liar")])
    for hour in range(10):
        look = follower.look(second.chain.now + hour * 3600)
        assert look.found == ()
        assert not look.agreed
    assert follower.applied == [GENESIS]


def test_headers_easier_than_their_period_are_a_lie(honest: EsploraServer) -> None:
    """A source on a chain that breaks the rules of bits is caught at its first header."""
    chain = honest.chain
    chain.mine(2)
    tree = new_chain()

    class Easy(Esplora):
        def look_headers(self, first: int, count: int) -> list[Header]:
            true = super().look_headers(first, count)
            harder = bytearray(true[0].raw)
            harder[72:76] = (0x207EFFFF).to_bytes(4, "little")
            return [Header(bytes(harder)), *true[1:]]

    source = Easy("easy", honest.url, client(), REGTEST)
    look = Watcher(REGTEST, [source], tree).look(GENESIS, WatchSet(set(), set()), now=chain.now, max_blocks=9)
    assert look.reports[0].lied
    assert look.found == ()
    assert len(tree) == 1


def test_a_header_ahead_of_our_clock_is_an_error_but_no_lie(honest: EsploraServer) -> None:
    """Our own clock may be wrong: the source is not set aside, and the header counts once the time has come."""
    honest.chain.mine(1)
    follower = Follower([esplora(honest)])
    look = follower.look(honest.chain.now - 3 * 3600 - 3600)
    assert look.found == ()
    assert look.reports[0].error
    assert look.reports[0].lied is None
    follower.look(honest.chain.now)
    assert follower.applied == honest.chain.active


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["mine", "fork", "unmine", "down", "stale", "back"]), st.integers(1, 4)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_whatever_the_chain_does_looks_end_on_its_most_work(
    steps: list[tuple[str, int]], max_blocks: int
) -> None:
    """After any history of blocks, forks and failures, ten looks at a longer chain lead onto it exactly."""
    chain = FakeChain()
    with EsploraServer(chain) as server:
        follower = Follower([esplora(server)])
        branches = []
        for verb, size in steps:
            branches.append(chain.tip)
            if verb == "mine":
                pay(chain, len(branches))
                chain.mine(size)
            elif verb == "fork" and chain.height >= size:
                chain.fork(size, size)
            elif verb == "unmine" and chain.height >= size:
                chain.unmine(size)
            elif verb == "back":
                chain.activate(branches[size % len(branches)])
            server.faults.down = verb == "down"
            server.faults.stale = size if verb == "stale" and chain.height >= size else 0
            follower.look(chain.now + 10**6, max_blocks=max_blocks)
        server.faults.down, server.faults.stale = False, 0
        chain.mine(max(chain.heights.values()) - chain.height + 1)
        for _ in range(40):
            look = follower.look(chain.now + 10**6, max_blocks=max_blocks)
            if look.tip.hash == chain.tip:
                break
        assert follower.applied == chain.active
        on_chain = {
            Outpoint(txid, 0): name
            for name in chain.active
            for txid, raw in chain.transactions.items()
            if raw in chain.blocks[name]
        }
        assert follower.payments == on_chain
