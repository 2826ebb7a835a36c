"""The tree of headers: which tip is best, where branches part, and that it is restored as it was."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Header
from tests.tools.builders_block import after
from tests.tools.header_lines import FIRST, GENESIS, NOW, line, refusal, regtest
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import REGTEST


def test_of_equal_work_the_first_seen_stays_best() -> None:
    chain = regtest()
    a, b = after(GENESIS, FIRST), after(GENESIS, FIRST + 1)
    chain.add([a], now=NOW)
    chain.add([b], now=NOW)
    assert chain.best().hash == a.hash
    c = after(b, FIRST + 2)
    chain.add([c], now=NOW)
    assert chain.best().hash == c.hash
    assert chain.fork(a.hash, c.hash) == GENESIS.hash
    assert chain.path(GENESIS.hash, c.hash) == [b.hash, c.hash]
    assert not chain.on_best_chain(a.hash)


def test_a_fork_below_the_checkpoint_is_refused() -> None:
    made = line(GENESIS, 5)
    chain = HeaderChain(REGTEST, (5, made[4]), previous=made[:4], table=None)
    assert "below the pinned checkpoint" in refusal(
        lambda: chain.add([after(made[2], FIRST + 9999)], now=NOW), "previous"
    )


def test_headers_before_the_checkpoint_must_lead_to_it() -> None:
    made = line(GENESIS, 5)
    refusal(lambda: HeaderChain(REGTEST, (5, made[4]), previous=made[:3], table=None), "previous")
    refusal(lambda: HeaderChain(REGTEST, (2, made[4]), previous=made[:4], table=None), "height")


def test_what_is_unknown_is_refused_or_none() -> None:
    chain = regtest()
    assert (chain.header("00" * 32), chain.height("00" * 32)) == (None, None)
    assert "00" * 32 not in chain
    for ask in (
        lambda: chain.work("00" * 32),
        lambda: chain.tip("00" * 32),
        lambda: chain.ancestor("00" * 32, 0),
        lambda: chain.fork("00" * 32, GENESIS.hash),
        lambda: chain.path(GENESIS.hash, "00" * 32),
    ):
        refusal(ask, "hash")
    refusal(lambda: chain.ancestor(GENESIS.hash, 1), "height")


def test_there_is_no_path_from_what_is_no_ancestor() -> None:
    chain = regtest()
    a, b = after(GENESIS, FIRST), after(GENESIS, FIRST + 1)
    chain.add([a, b], now=NOW)
    refusal(lambda: chain.path(a.hash, b.hash), "previous")
    assert chain.path(a.hash, a.hash) == []


@cache
def child(parent: Header, label: int) -> Header:
    return after(parent, max(parent.time, FIRST) + 1 + label)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 1)), max_size=30), st.data())
def test_any_tree_answers_as_a_plain_model_of_it_and_is_restored_as_it_was(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Best tip, leaves, ancestors, forks and paths, in any shape of branches."""
    chain, known, parents = regtest(), [GENESIS], {GENESIS.hash: ""}
    heights, best = {GENESIS.hash: 0}, GENESIS.hash
    for at, label in steps:
        parent = known[at % len(known)]
        made = child(parent, label)
        chain.add([made], now=NOW)
        if made.hash in parents:
            continue
        known.append(made)
        parents[made.hash], heights[made.hash] = parent.hash, heights[parent.hash] + 1
        if heights[made.hash] > heights[best]:
            best = made.hash

    def down(name: str) -> list[str]:
        return [name, *down(parents[name])] if name else []

    again = HeaderChain.restore(REGTEST, chain.rows(), None)
    for tree in (chain, again):
        assert tree.best().hash == best
        assert {tip.hash for tip in tree.tips()} == set(parents) - set(parents.values())
        a, b = (data.draw(st.sampled_from(known)).hash for _ in range(2))
        shared = next(name for name in down(a) if name in down(b))
        assert tree.fork(a, b) == shared
        assert tree.path(shared, a) == down(a)[: heights[a] - heights[shared]][::-1]
        height = data.draw(st.integers(0, heights[a]))
        assert tree.ancestor(a, height) == down(a)[heights[a] - height]
        assert tree.on_best_chain(a) == (a in down(best))
        assert (tree.height(a), tree.work(a)) == (heights[a], 2 * (heights[a] + 1))
    assert list(again.rows()) == list(chain.rows())
    assert again.tips() == chain.tips()


def test_a_restored_tree_keeps_its_checkpoint_and_refuses_damaged_rows() -> None:
    made = line(GENESIS, 6)
    chain = HeaderChain(REGTEST, (4, made[3]), previous=made[1:3], table=None)
    chain.add(made[4:], now=NOW)
    again = HeaderChain.restore(REGTEST, chain.rows(), None, checkpoint_height=4)
    assert again.best() == chain.best()
    refusal(lambda: again.add([after(made[2], FIRST + 9999)], now=NOW), "previous")
    rows = list(chain.rows())
    refusal(lambda: HeaderChain.restore(REGTEST, [], None), "height")
    refusal(lambda: HeaderChain.restore(REGTEST, [rows[0], rows[2]], None), "previous")
    refusal(lambda: HeaderChain.restore(REGTEST, [rows[0], (9, rows[1][1])], None), "previous")
