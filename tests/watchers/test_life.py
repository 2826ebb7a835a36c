"""A payment's life through all that chains do, in both modes: seen, confirmed, settled, undone, and back again.

Each test ends with the whole state audited: invariants, a rebuild from the journal, and books equal to the chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import service.wiring
from ledger.core.chain import BlockRef, Outpoint
from ledger.core.look import ChainLook, SeenTx
from ledger.model.observed import TxState
from ledger.recording.settling import record_look
from ledger.rules.gift_records import gift_of
from ledger.rules.observing import Observed
from ledger.views.queries import donation_trails
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import SLUG
from tests.tools.ledgers import Ledger, name, script
from tests.tools.source_trials import (
    DEPTH,
    FUNDING,
    FUNDS,
    TRIALS,
    Ran,
    answered_at_once,
    at_hand,
    running,
    settle,
    template,
)
from watchers.net.http import HttpClient

HOUR = 3600
MATURITY = 100


@pytest.fixture(scope="module")
def ledger() -> Iterator[Path]:
    with template() as made:
        yield made


@dataclass
class Life:
    """One chain, two explorers that show it, and the service that follows them."""

    mode: str
    chain: FakeChain
    one: EsploraServer
    two: EsploraServer
    ran: Ran

    def give(self, number: int, to: int = 0, sats: int = 5_000) -> str:
        return self.chain.send(transaction([(script_no(to), sats)], [outpoint_no(number)]))

    def settle(self) -> None:
        settle(self.ran)
        self.ran.audit()

    def look(self, seconds: int = 700) -> None:
        self.ran.clock.move_to(max(self.ran.clock() + seconds, self.chain.now))
        self.ran.service.jobs.look()
        assert self.ran.service.jobs.trouble is None
        self.ran.audit()

    def interval(self, txid: str) -> tuple[int | None, int | None]:
        with self.ran.store.read() as tx:
            gift = gift_of(tx.session, SLUG, f"{txid}:0")
        return gift.line_start, gift.line_end

    def state(self, txid: str) -> TxState | None:
        with self.ran.store.read() as tx:
            known = Observed(tx.session).tx(txid)
        return None if known is None else known.state

    def kinds(self) -> list[str]:
        with self.ran.store.read() as tx:
            return [row.kind for row in tx.journal.rows() if row.kind not in ("campaign", "address")]

    def spoil(self, server: EsploraServer) -> None:
        """This one no longer answers what is in no block."""
        server.faults.lies["mempool" if self.mode == "blocks" else "history"] = lambda rows: {}


@contextmanager
def life_of(mode: str, ledger: Path, *, start: int | None = None) -> Iterator[Life]:
    trial = TRIALS["esplora" if mode == "blocks" else "esplora histories"]
    chain = FakeChain()
    chain.mine_block([FUNDING])
    chain.mine(2)
    with ExitStack() as stack:
        one, two = (stack.enter_context(EsploraServer(chain)) for _ in range(2))
        for server in (one, two):
            stack.enter_context(at_hand(server))
        ran = stack.enter_context(running(ledger, trial.config(one, two), chain, start=start))
        yield Life(mode, chain, one, two, ran)


@pytest.fixture(params=["blocks", "addresses"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(service.wiring, "create_app", lambda ports: None)
    monkeypatch.setattr(HttpClient, "_send", answered_at_once)
    found: str = request.param
    return found


@pytest.fixture
def life(mode: str, ledger: Path) -> Iterator[Life]:
    with life_of(mode, ledger) as made:
        yield made


@pytest.mark.parametrize("depth", [1, 2, 6, 7, 50, 100])
def test_a_reorganisation_of_any_depth_voids_and_a_later_block_restores(life: Life, depth: int) -> None:
    """The gift that falls out keeps its interval and comes back with it; the one below never moves."""
    chain = life.chain
    kept = life.give(1)
    chain.mine(1)
    moved = life.give(2, to=1, sats=7_000)
    chain.mine(depth)
    settled_before = depth >= DEPTH
    if settled_before:
        life.settle()
        before = life.interval(moved)
    else:
        life.look()
    chain.fork(depth, depth + 1)
    chain.mine(DEPTH)
    life.settle()
    assert f"{moved}:0" not in life.ran.live
    assert f"{kept}:0" in life.ran.live
    kept_at = life.interval(kept)
    chain.mine_block([chain.transactions[moved]])
    chain.mine(DEPTH)
    life.settle()
    assert f"{moved}:0" in life.ran.live
    assert life.interval(kept) == kept_at
    assert ("void" in life.kinds(), "restore" in life.kinds()) == (settled_before, settled_before)
    if settled_before:
        assert life.interval(moved) == before


def test_there_and_back_again_leaves_everything_where_it_was(life: Life) -> None:
    """A, then B, then A again with more blocks: intervals and blocks are those of the beginning."""
    chain = life.chain
    gifts = [life.give(number, to=number, sats=4_000 + number) for number in range(3)]
    chain.mine(DEPTH + 2)
    a = chain.tip
    life.settle()
    before = [life.interval(gift) for gift in gifts]
    chain.fork(DEPTH + 2, DEPTH + 3)
    life.look()
    assert life.ran.live == {}
    chain.activate(a)
    chain.mine(3)
    life.settle()
    assert [life.interval(gift) for gift in gifts] == before
    assert (life.kinds().count("void"), life.kinds().count("restore")) == (3, 3)


def test_a_gift_that_confirms_elsewhere_in_the_winning_branch_only_moves(life: Life) -> None:
    """One reorganisation, another block, the same interval: neither voided nor restored."""
    chain = life.chain
    gift = life.give(1)
    chain.mine(DEPTH)
    life.settle()
    before = life.interval(gift)
    chain.unmine(DEPTH)
    chain.mine_block(empty=True)
    chain.mine_block([chain.transactions[gift]])
    chain.mine(DEPTH)
    life.settle()
    assert life.interval(gift) == before
    assert "moved" in life.kinds()
    assert "void" not in life.kinds()


def test_a_tip_that_goes_backwards_undoes_nothing_until_more_work_comes(life: Life) -> None:
    chain = life.chain
    life.give(1)
    chain.mine(DEPTH + 3)
    life.settle()
    before, kinds = life.ran.live, life.kinds()
    chain.unmine(DEPTH + 3)
    for _ in range(3):
        life.look()
    assert (life.ran.live, life.kinds()) == (before, kinds)
    for _ in range(DEPTH + 5):
        chain.mine_block(empty=True)
    life.look()
    life.look()
    assert life.ran.live == life.ran.truth == {}


def test_sources_on_different_forks_lead_onto_the_one_of_most_work(life: Life) -> None:
    """Each side has a gift of its own; the books are those of whichever side is ahead, never a mixture."""
    chain = life.chain
    shared = life.give(1)
    chain.mine(DEPTH)
    other = life.two.chain = chain.copy()
    other.__dict__["_salt"] = 10_000
    here = life.give(2, to=1)
    chain.mine(DEPTH + 1)
    there = other.send(transaction([(script_no(2), 9_000)], [outpoint_no(3)]))
    other.mine(DEPTH)
    life.look()
    life.look()
    assert set(life.ran.live) == {f"{shared}:0", f"{here}:0"}
    other.mine(3)
    life.look()
    life.look()
    assert set(life.ran.live) == {f"{shared}:0", f"{there}:0"}
    chain.mine(5)
    life.settle()
    assert set(life.ran.live) == {f"{shared}:0", f"{here}:0"}


@pytest.mark.parametrize("hours", [-5, -3, 3, 48])
def test_a_clock_that_is_wrong_by_hours_settles_nothing_wrong(mode: str, ledger: Path, hours: int) -> None:
    """Behind: blocks from its future wait without anybody being called a liar. Ahead: nothing is different."""
    with life_of(mode, ledger, start=FakeChain().now + hours * HOUR - HOUR + 3 * 600) as life:
        life.give(1)
        life.chain.mine(DEPTH)
        life.ran.service.jobs.look()
        assert all(one.lied is None for one in life.ran.sources.values())
        assert life.ran.live.items() <= life.ran.truth.items()
        if hours > 0:
            assert life.ran.live == life.ran.truth
        life.ran.clock.move_to(max(life.ran.clock(), life.chain.now))
        life.settle()


def test_a_coinbase_to_us_settles_at_its_hundredth_block_and_no_earlier(life: Life) -> None:
    """And is gone, for good, when a reorganisation takes its block away."""
    chain = life.chain
    block = chain.mine_block(script=script_no(1))
    coin = f"{chain.block(block).txid(0)}:0"
    chain.mine(MATURITY - 2)
    for _ in range(6):
        life.look()
    assert coin not in life.ran.live
    chain.mine(1)
    life.look()
    assert life.ran.live == {coin: (50 * 10**8, block)}
    chain.fork(MATURITY, MATURITY + 1)
    for _ in range(6):
        life.look()
    assert life.ran.live == {}
    assert life.kinds().count("void") == 1
    chain.mine(1)
    life.look()
    assert life.ran.live == {}


def test_a_coinbase_that_falls_out_before_it_is_mature_leaves_no_trace(life: Life) -> None:
    life.chain.mine_block(script=script_no(1))
    life.chain.mine(50)
    for _ in range(4):
        life.look()
    life.chain.fork(51, 60)
    life.chain.mine(60)
    for _ in range(8):
        life.look()
    assert life.ran.live == {}
    assert life.kinds() == []


@pytest.mark.parametrize("how", ["by fee", "by a double spend", "leaving us out"])
@pytest.mark.parametrize("seen", [True, False])
def test_a_replaced_payment_never_counts_and_what_replaced_it_counts_once(
    life: Life, how: str, seen: bool
) -> None:
    """In the mempool first, or only when the rival is in a block."""
    chain = life.chain
    old = chain.send(transaction([(script_no(3), 5_000)], [FUNDS]))
    life.look()
    assert life.state(old) is TxState.SEEN
    chain.drop(old)
    outputs = {
        "by fee": [(script_no(3), 4_000)],
        "by a double spend": [(script_no(4), 4_000)],
        "leaving us out": [(script_no(80), 4_000)],
    }
    rival = chain.send(transaction(outputs[how], [FUNDS]))
    if seen:
        life.look()
        if how != "leaving us out":
            assert life.state(old) is TxState.REPLACED
    chain.mine(1)
    life.look()
    assert life.state(old) is TxState.REPLACED
    chain.mine(DEPTH)
    life.look()
    assert set(life.ran.live) == (set() if how == "leaving us out" else {f"{rival}:0"})
    assert life.ran.live == life.ran.truth


def test_a_payment_whose_replacement_was_replaced_is_told_by_what_took_its_coins_in_the_end(
    life: Life,
) -> None:
    """Fees are raised more than once. What only took other coins of a replacement took none of this payment's."""
    chain = life.chain
    coins, others = (FUNDS, outpoint_no(77)), (outpoint_no(78), outpoint_no(79))
    paid: list[list[str]] = []
    for bump in (0, 1):
        old = list(chain.mempool)
        bumps = [
            transaction([(script_no(3), sats - bump)], [coin, other][: bump + 1])
            for coin, other, sats in zip(coins, others, (5_000, 6_000), strict=True)
        ]
        for txid in old:
            chain.drop(txid)
        paid.append([chain.send(raw) for raw in bumps])
        life.look()
    for txid in paid[1]:
        chain.drop(txid)
    away = chain.send(transaction([(script_no(80), 4_800)], [FUNDS]))
    aside = chain.send(transaction([(script_no(80), 100)], [others[1]]))
    chain.mine(1)
    life.look()
    with life.ran.store.read() as tx:
        told = [[donation_trails(tx, txid)[0] for txid in both] for both in paid]
    assert [[(one.replaced_by, one.went_elsewhere) for one in both] for both in told] == [
        [(away, True), (paid[1][1], False)],
        [(away, True), (aside, True)],
    ]


def test_a_replacement_that_a_reorganisation_undoes_makes_room_for_the_first_again(life: Life) -> None:
    chain = life.chain
    first = chain.send(transaction([(script_no(3), 5_000)], [FUNDS]))
    life.look()
    raw = chain.transactions[first]
    chain.drop(first)
    chain.send(transaction([(script_no(80), 4_000)], [FUNDS]))
    chain.mine(DEPTH)
    life.look()
    assert life.state(first) is TxState.REPLACED
    chain.unmine(DEPTH)
    chain.mine_block([raw], empty=True)
    chain.mine(DEPTH)
    life.settle()
    assert set(life.ran.live) == {f"{first}:0"}


def test_a_payment_is_evicted_only_by_the_rule(life: Life) -> None:
    """Absent in three looks in a row over an hour, everywhere; a source that fails to answer stops the count."""
    gift = life.give(5, to=3)
    life.look()
    raw = life.chain.mempool[gift]
    life.chain.drop(gift)
    life.look(HOUR)
    life.look(HOUR)
    assert life.state(gift) is TxState.SEEN, "two looks, and two hours"
    life.chain.send(raw)
    life.look(HOUR)
    life.chain.drop(gift)
    for _ in range(4):
        life.look(HOUR // 4)
    assert life.state(gift) is TxState.SEEN, "four looks in less than an hour"
    life.spoil(life.two)
    for _ in range(3):
        life.look(HOUR)
    assert life.state(gift) is TxState.SEEN, "one source does not answer"
    life.two.faults.lies.clear()
    for _ in range(4):
        life.look(HOUR)
    assert life.state(gift) is TxState.EVICTED
    life.chain.mine_block([raw])
    life.chain.mine(DEPTH)
    life.settle()
    assert f"{gift}:0" in life.ran.live, "mined after all, it counts"


def test_a_spend_that_pays_us_nothing_is_evicted_by_the_same_rule(life: Life) -> None:
    """Absent where mempools were asked about the address that it spends from."""
    paid = life.give(5, to=3)
    life.chain.mine(1)
    life.look()
    spend = life.chain.send(transaction([(script_no(99), 4_000)], [Outpoint(paid, 0)]))
    life.look()
    assert life.state(spend) is TxState.SEEN
    life.chain.drop(spend)
    life.look(HOUR)
    life.look(HOUR)
    assert life.state(spend) is TxState.SEEN, "two looks, and two hours"
    life.look(HOUR)
    assert life.state(spend) is TxState.EVICTED


def test_missing_from_one_source_is_nothing(life: Life) -> None:
    """The other one still shows it."""
    gift = life.give(5, to=3)
    life.look()
    poor = life.two.chain = life.chain.copy()
    poor.drop(gift)
    for _ in range(5):
        life.look(HOUR)
    assert life.state(gift) is TxState.SEEN


def test_a_script_that_no_mempool_was_asked_about_is_not_absent(tmp_path: Path) -> None:
    """Looks that asked about other scripts only do not count, however many there are."""
    books = Ledger.new(tmp_path)
    seen = SeenTx(name("gift"), (Outpoint(name("coin"), 0),), ((script(0), 5_000),), "node")
    tip = BlockRef(0, name("genesis"), books.now)

    def look(asked: frozenset[bytes], *sightings: SeenTx) -> TxState | None:
        books.now += HOUR
        told = ChainLook((), (), tip, 0, sightings, ("node",), (), True, mempool_scripts=asked)
        with books.store.write() as tx:
            record_look(tx, told, now=books.now)
        books.audit()
        with books.store.read() as tx:
            known = Observed(tx.session).tx(name("gift"))
        return None if known is None else known.state

    assert look(frozenset({script(0)}), seen) is TxState.SEEN
    for _ in range(6):
        assert look(frozenset({script(1)})) is TxState.SEEN
    assert [look(frozenset({script(0)})) for _ in range(3)][-1] is TxState.EVICTED


def test_fifty_spam_payments_change_nothing_but_the_dust(life: Life) -> None:
    """Seen, mined and settled; each counted once, and the real gift among them is where it would be anyway."""
    for number in range(50):
        life.give(100 + number, to=3, sats=1)
    life.look()
    gift = life.give(5, to=3)
    life.chain.mine(DEPTH)
    life.settle()
    assert len(life.ran.live) == 51
    assert life.interval(gift) == (0, 5_000)
    requests = len(life.one.paths) + len(life.two.paths)
    life.look()
    assert len(life.one.paths) + len(life.two.paths) - requests <= 20
