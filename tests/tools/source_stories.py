"""Stories that every source must live through, told once and run against fakes and against the real programs.

Knows no dialect: a scene makes things happen on a chain and says what is true; the source only answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import pytest

from ledger.core.chain import Header, Outpoint, Script
from watchers.net.errors import SourceMissing, SourceRefused
from watchers.proof.block import parse_block
from watchers.proof.merkle import check_proof
from watchers.sources.protocol import Can, ClaimedTip, HistoryRow, Source

NOWHERE = "ab" * 32
SPAM = 50


class Scene(Protocol):
    """A chain that can be moved, one source that shows it, and the truth about it."""

    def moments(self) -> Iterator[None]:
        """In which the server may have heard of what happened: several for a real one, one for a fake."""

    @property
    def source(self) -> Source: ...
    @property
    def can(self) -> frozenset[Can]:
        """What this scene can be asked: what the source declares, less what the server behind it lacks."""

    def script(self, number: int) -> Script: ...
    def pay(self, number: int, sats: int = 50_000) -> str:
        """An unconfirmed payment to script `number`; its txid."""

    def spam(self, number: int, count: int) -> set[str]:
        """So many payments of as little as the chain takes, unconfirmed."""

    def spend(self, coin: Outpoint) -> str:
        """An unconfirmed transaction that spends a coin of one of the scripts and pays none of them."""

    def mine(self, count: int = 1) -> list[str]:
        """Blocks with all that waits."""

    def mine_empty(self, count: int) -> list[str]:
        """Blocks that hold nothing but their coinbase."""

    def leave(self, below: int, length: int) -> list[str]:
        """The last `below` blocks lose to `length` empty ones; what they held waits again, or is gone."""

    def show(self) -> None:
        """Returns once the server has heard of all blocks."""

    @property
    def height(self) -> int: ...
    def hash(self, height: int) -> str: ...
    def block(self, name: str) -> bytes: ...


@dataclass(frozen=True)
class Story:
    """One promise, for the sources that can all of `needs`."""

    name: str
    needs: frozenset[Can]
    tell: Callable[[Scene], None]


STORIES: list[Story] = []


def story(*needs: Can) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    def added(tell: Callable[[Scene], None]) -> Callable[[Scene], None]:
        STORIES.append(Story(tell.__name__, frozenset(needs), tell))
        return tell

    return added


def eventually(scene: Scene, ask: Callable[[], object], wanted: object) -> None:
    """The answer is `wanted`, at once or soon."""
    for _ in scene.moments():
        if ask() == wanted:
            return
    assert ask() == wanted


def coin_of(scene: Scene, txid: str, number: int, block: str) -> Outpoint:
    """The output of a confirmed payment that pays script `number`."""
    tx = next(tx for tx in parse_block(scene.block(block)) if tx.txid == txid)
    return Outpoint(txid, next(i for i, out in enumerate(tx.outputs) if out.script == scene.script(number)))


def told_tip(scene: Scene) -> ClaimedTip:
    return ClaimedTip(scene.height, scene.hash(scene.height))


@story(Can.TIP)
def the_tip_is_the_chains_and_moves_with_it(scene: Scene) -> None:
    """Before and after blocks, and after a reorganisation to a longer branch."""
    eventually(scene, scene.source.look_tip, told_tip(scene))
    scene.mine(2)
    scene.show()
    eventually(scene, scene.source.look_tip, told_tip(scene))
    scene.leave(1, 2)
    scene.show()
    eventually(scene, scene.source.look_tip, told_tip(scene))


@story(Can.HEADERS)
def headers_are_the_chains_from_any_height(scene: Scene) -> None:
    """From genesis, from the middle, more than any page, cut at the tip, none above it."""
    top = scene.height
    for first, count in ((0, 3), (1, top), (7, 31), (top - 1, 50), (top, 1), (top + 1, 5), (top + 40, 2)):
        found = [one.hash for one in scene.source.look_headers(first, count)]
        assert found == [scene.hash(h) for h in range(first, min(top, first + count - 1) + 1)], (first, count)
    assert scene.source.look_headers(top + 1, 1) == []


@story(Can.HEADERS)
def headers_right_after_a_reorganisation_are_the_new_branchs(scene: Scene) -> None:
    """Once their hashes by height were asked for, as whoever looks does to find where branches part."""
    scene.mine(3)
    scene.show()
    top = scene.height
    stale = [one.hash for one in scene.source.look_headers(top - 2, 3)]
    branch = scene.leave(3, 4)
    scene.show()
    for height in (top, top - 1, top - 3):
        assert scene.source.look_hash(height) == scene.hash(height)
    found = [one.hash for one in scene.source.look_headers(top - 3, 20)]
    assert found == [scene.hash(top - 3), *branch]
    assert not set(stale) & set(found)


@story(Can.TIP, Can.HEADERS)
def a_hash_at_a_height_is_the_active_chains(scene: Scene) -> None:
    """Also right after a reorganisation; above the tip it is missing."""
    top = scene.height
    assert [scene.source.look_hash(h) for h in (0, 1, top)] == [scene.hash(h) for h in (0, 1, top)]
    with pytest.raises(SourceMissing):
        scene.source.look_hash(top + 1)
    before = scene.source.look_hash(top)
    scene.leave(1, 2)
    scene.show()
    assert before != scene.source.look_hash(top) == scene.hash(top)


@story(Can.BLOCK)
def a_block_is_its_bytes_and_an_unknown_one_is_missing(scene: Scene) -> None:
    scene.pay(0)
    (name,) = scene.mine()
    scene.show()
    assert scene.source.look_block(name) == scene.block(name)
    assert scene.source.look_block(scene.hash(0)) == scene.block(scene.hash(0))
    with pytest.raises(SourceMissing):
        scene.source.look_block(NOWHERE)


@story(Can.BLOCK)
def a_block_that_lost_is_itself_or_missing(scene: Scene) -> None:
    """A server may keep blocks of losing branches, and caches keep them for long; it never shows them as others."""
    scene.pay(0)
    (lost,) = scene.mine()
    scene.show()
    raw = scene.source.look_block(lost)
    branch = scene.leave(1, 2)
    scene.show()
    with suppress(SourceMissing):
        assert scene.source.look_block(lost) == raw
    assert scene.source.look_hash(scene.height - 1) == branch[0] != lost
    assert scene.source.look_block(branch[0]) == scene.block(branch[0])


@story(Can.MEMPOOL)
def the_mempool_shows_what_waits_until_it_is_mined(scene: Scene) -> None:
    """With its bytes; a source of a whole mempool may show more, another one only what was asked about."""
    txids = {scene.pay(0), scene.pay(1)}
    other = scene.pay(2)

    def shown() -> set[str]:
        found = scene.source.look_mempool([scene.script(0), scene.script(1)])
        return {one.txid for one in found} - {other}

    eventually(scene, shown, txids)
    if not scene.source.whole_mempool:
        found = scene.source.look_mempool([scene.script(0), scene.script(1)])
        assert {one.txid for one in found} == txids
        assert scene.source.look_mempool([scene.script(9)]) == []
    scene.mine()
    scene.show()
    eventually(scene, shown, set())


@story(Can.MEMPOOL)
def fifty_spam_payments_are_shown_and_cost_one_look(scene: Scene) -> None:
    """All of them, each once; a second look asks for no transaction again."""
    txids = scene.spam(3, SPAM)

    def shown() -> list[str]:
        found = [one.txid for one in scene.source.look_mempool([scene.script(3)])]
        return sorted(set(found) & txids)

    eventually(scene, shown, sorted(txids))
    found = [one.raw for one in scene.source.look_mempool([scene.script(3)])]
    assert len(set(found)) == len(found)
    before = scene.source.requests
    scene.source.look_mempool([scene.script(3)])
    assert scene.source.requests - before <= 2 + SPAM // 10, "pages of ten, where a server has no longer ones"
    scene.mine()
    scene.show()


@story(Can.MEMPOOL)
def a_transaction_is_its_bytes_or_not_there(scene: Scene) -> None:
    txid = scene.pay(0)
    scene.show()

    def found() -> str | None:
        tx = scene.source.look_transaction(txid)
        return None if tx is None else tx.txid

    eventually(scene, found, txid)
    assert scene.source.look_transaction(NOWHERE) is None
    scene.mine()
    scene.show()
    if Can.HISTORY in scene.can:
        assert found() == txid


@story(Can.HISTORY)
def a_history_has_what_waits_and_what_is_in_blocks(scene: Scene) -> None:
    """Payments and spends, each once, and above a height only what stands there or in no block."""

    def rows(above: int = -1) -> set[HistoryRow]:
        found = scene.source.look_history(scene.script(4), above=above)
        assert len({row.txid for row in found}) == len(found)
        return set(found)

    assert rows() == set()
    paid = scene.pay(4)
    eventually(scene, rows, {HistoryRow(paid, None)})
    (block,) = scene.mine()
    scene.show()
    height = scene.height
    eventually(scene, rows, {HistoryRow(paid, height)})
    assert scene.source.look_history(scene.script(5)) == []
    spender = scene.spend(coin_of(scene, paid, 4, block))
    eventually(scene, rows, {HistoryRow(paid, height), HistoryRow(spender, None)})
    eventually(scene, lambda: rows(height), {HistoryRow(spender, None)})
    scene.mine()
    scene.show()
    eventually(scene, rows, {HistoryRow(paid, height), HistoryRow(spender, height + 1)})
    assert rows(height) == {HistoryRow(spender, height + 1)}
    assert rows(height + 1) == set()


@story(Can.HISTORY)
def a_long_history_comes_whole(scene: Scene) -> None:
    """Longer than any dialect's pages; with `above` the newest part of it, exactly."""
    txids = scene.spam(6, 30)
    (block,) = scene.mine()
    more = scene.spam(6, 34)
    scene.mine()
    scene.show()
    height = scene.height
    wanted = {HistoryRow(txid, height - 1) for txid in txids} | {HistoryRow(txid, height) for txid in more}
    eventually(scene, lambda: set(scene.source.look_history(scene.script(6))), wanted)
    newest = scene.source.look_history(scene.script(6), above=height - 1)
    assert sorted(row.txid for row in newest) == sorted(more)
    assert len(parse_block(scene.block(block))) > 30


@story(Can.HISTORY)
def a_history_after_a_reorganisation_is_the_new_branchs(scene: Scene) -> None:
    """What was mined is in no block again, or gone, and then stands elsewhere."""
    paid = scene.pay(7)
    scene.mine()
    scene.show()
    old = scene.height
    eventually(scene, lambda: scene.source.look_history(scene.script(7)), [HistoryRow(paid, old)])
    scene.leave(1, 2)
    scene.show()
    scene.source.look_tip()
    assert all(row.height is None for row in scene.source.look_history(scene.script(7)))


@story(Can.HISTORY)
def a_place_is_the_height_of_the_block(scene: Scene) -> None:
    """None while in none; never a height for what nobody knows."""
    paid = scene.pay(0)
    eventually(scene, lambda: scene.source.look_history(scene.script(0)), [HistoryRow(paid, None)])
    assert scene.source.look_height(paid) is None
    scene.mine()
    scene.show()
    eventually(scene, lambda: scene.source.look_height(paid), scene.height)
    with suppress(SourceMissing):
        assert scene.source.look_height(NOWHERE) is None


@story(Can.HISTORY)
def a_proof_leads_to_the_headers_root(scene: Scene) -> None:
    """At every position of a block of several, and for the only transaction of a block; elsewhere it is missing."""
    for number in range(4):
        scene.pay(number)
    (several,) = scene.mine()
    (single,) = scene.mine_empty(1)
    scene.show()
    for name, height in ((several, scene.height - 1), (single, scene.height)):
        block = parse_block(scene.block(name))
        for position in range(block.count):
            tx = block.transaction(position)
            try:
                proof = scene.source.look_proof(tx.txid, height)
            except SourceMissing:
                assert Can.BLOCK in scene.can, "only whole blocks may stand in for proofs"
                continue
            assert proof.position == position
            check_proof(proof, Header(scene.block(name)[:80]).merkle_root, block.count, transaction=tx.raw)
            with pytest.raises(SourceMissing):
                scene.source.look_proof(tx.txid, height - 2)


@story(Can.SPENDS, Can.HISTORY)
def a_spender_is_named_once_there_is_one(scene: Scene) -> None:
    paid = scene.pay(8)
    (block,) = scene.mine()
    scene.show()
    coin = coin_of(scene, paid, 8, block)
    assert scene.source.look_spender(coin) is None
    spender = scene.spend(coin)
    scene.mine()
    scene.show()
    assert scene.source.look_spender(coin) == spender


@story()
def what_was_asked_is_counted(scene: Scene) -> None:
    """Requests and bytes grow with every question and never go down."""
    for height in range(3):
        requests, size = scene.source.requests, scene.source.bytes_read
        scene.source.look_hash(height)
        assert scene.source.requests > requests
        assert scene.source.bytes_read > size


@story()
def what_is_not_declared_is_refused_unasked(scene: Scene) -> None:
    """Status 0, without a request, for every ability that the source lacks."""
    source = scene.source
    calls: dict[Can, list[Callable[[], object]]] = {
        Can.BLOCK: [lambda: source.look_block(scene.hash(1))],
        Can.HISTORY: [
            lambda: source.look_history(scene.script(0)),
            lambda: source.look_height(NOWHERE),
            lambda: source.look_proof(NOWHERE, 1),
        ],
        Can.SPENDS: [lambda: source.look_spender(Outpoint(NOWHERE, 0))],
    }
    for ability, some in calls.items():
        for call in some if ability not in source.can else ():
            before = source.requests
            with pytest.raises(SourceRefused) as refusal:
                call()
            assert (refusal.value.status, source.requests) == (0, before)
