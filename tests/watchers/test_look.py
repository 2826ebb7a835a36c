"""What a look promises: proven facts only, whole reorgs, and that an error is no answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Outpoint
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core import CoreServer
from tests.tools.follower import GENESIS, Follower, client, esplora, new_chain, pay
from watchers.look import Watcher
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.sources.bitcoin_core import BitcoinCore


@pytest.fixture
def honest() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


@pytest.fixture
def second() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


def test_a_payment_is_found_in_its_block_with_a_whole_proof(honest: EsploraServer) -> None:
    """The found block carries the payment, its transaction's bytes and its place."""
    txid = pay(honest.chain, 1)
    name = honest.chain.mine_block()
    look = Follower([esplora(honest)]).look(honest.chain.now)
    assert [found.ref.hash for found in look.connected] == [name]
    (payment,) = look.connected[0].facts.payments
    assert (payment.outpoint, payment.sats) == (Outpoint(txid, 0), 1000)
    assert look.agreed


def test_a_spend_of_an_output_found_earlier_in_the_same_look_is_found(honest: EsploraServer) -> None:
    """Nobody had to tell the look about the outpoint that its own earlier block created."""
    txid = pay(honest.chain, 1)
    honest.chain.mine_block()
    honest.chain.mine_block([transaction([(script_no(2), 900)], [Outpoint(txid, 0)])])
    look = Follower([esplora(honest)]).look(honest.chain.now)
    assert [spend.outpoint for spend in look.connected[1].facts.spends] == [Outpoint(txid, 0)]


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
    assert look.disconnected == (a[1], a[0])
    assert [found.ref.hash for found in look.connected] == b
    assert follower.payments == {}
    chain.activate(a[1])
    more = chain.mine(2)
    look = follower.look(chain.now)
    assert look.disconnected == tuple(reversed(b))
    assert [found.ref.hash for found in look.connected] == [*a, *more]
    assert len(follower.payments) == 1


@pytest.mark.parametrize("below", [1, 3, 12])
def test_rows_of_a_branch_that_was_left_are_gone_around(below: int, honest: EsploraServer) -> None:
    """The server's pages go on showing them, while its hashes by height and its headers are right."""
    chain, honest.keeps_rows = honest.chain, True
    chain.mine(20)
    follower = Follower([esplora(honest)])
    follower.look(chain.now)
    for _ in range(3):
        chain.fork(below, below + 2)
        look = follower.look(chain.now)
        assert look.reports[0].error is None
        assert look.agreed
        assert follower.applied == chain.active


def test_a_source_that_names_far_more_than_it_shows_agrees_with_nothing(honest: EsploraServer) -> None:
    chain = honest.chain
    chain.mine(20)
    follower = Follower([esplora(honest)])
    assert follower.look(chain.now).agreed
    chain.mine(22)
    honest.pages, honest.faults.lies["header"] = False, lambda _: "nonsense"
    assert not follower.look(chain.now).agreed
    honest.faults.lies.clear()
    assert follower.look(chain.now).agreed


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
    assert len(look.disconnected) == 30
    assert len(look.connected) == 31
    assert follower.applied == chain.active


def test_a_tip_that_goes_backwards_undoes_nothing(honest: EsploraServer) -> None:
    """Less work never replaces more; but nobody confirms our tip any more, and that is said."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(5)
    follower.look(chain.now)
    tip = follower.tip
    chain.unmine(2)
    look = follower.look(chain.now)
    assert (look.disconnected, look.connected, look.tip.hash) == ((), (), tip)
    assert not look.agreed
    assert look.reports[0].behind == 2


def test_equal_work_is_no_reason_to_leave(honest: EsploraServer) -> None:
    """The first seen of two equals stays."""
    chain, follower = honest.chain, Follower([esplora(honest)])
    chain.mine(4)
    follower.look(chain.now)
    chain.fork(1, 1)
    look = follower.look(chain.now)
    assert look.disconnected == ()
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
    assert (look.disconnected, look.connected, look.tip.hash) == ((), (), tip)
    assert look.best_header.hash == branch[-1]
    assert look.reports[0].error is not None
    honest.missing_blocks = {branch[3]}
    look = follower.look(chain.now)
    assert [found.ref.hash for found in look.connected] == branch[:3]
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
    sizes = [len(follower.look(honest.chain.now, max_blocks=4).connected) for _ in range(4)]
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
        assert (look.disconnected, look.connected, look.sightings, look.mempool_sources) == ((), (), (), ())
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
    assert len(look.connected[0].facts.payments) == 1


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
