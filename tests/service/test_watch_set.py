"""What is watched is kept from look to look: grown by what changed, and always what the store would say anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import service.watch_set
from ledger.core.chain import Outpoint
from ledger.model.observed import TxState
from ledger.rules.observing import Observed
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationStatus
from service.watch_set import WatchSets
from tests.service.test_intake import Scene
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from watchers.proof.scan import WatchSet


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with EsploraServer(FakeChain()) as server:
        made = Scene(tmp_path, server)
        yield made
        made.store.close()


def loaded(sets: WatchSets, store: Store) -> WatchSet:
    with store.read() as tx:
        return sets.load(tx)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_is_what_would_be_read_anew(scene: Scene, seed: int) -> None:
    """Through payments, spends seen, confirmed, undone and evicted, empty blocks and reorganisations."""
    draw, chain, kept = random.Random(seed), scene.chain, WatchSets()
    config = scene.config()
    own = replace(config.sources[0], own=True)
    jobs = scene.process(
        replace(config, sources=(own,), watch=replace(config.watch, sightings="own-node"))
    ).jobs
    paid: list[Outpoint] = []
    numbers = iter(range(1, 1000))

    def pay() -> None:
        number = next(numbers)
        paid.append(
            Outpoint(chain.send(transaction([(script_no(number % 5), 5_000)], [outpoint_no(number)])), 0)
        )

    def spend() -> None:
        if paid:
            coin = paid.pop(draw.randrange(len(paid)))
            chain.send(transaction([(script_no(99), 1)], [coin], lock=next(numbers)))

    def mine() -> None:
        chain.mine(draw.randint(1, 3))

    def reorganise() -> None:
        below = draw.randint(1, 2)
        if chain.height > 3 * below:
            chain.fork(below, below + 1)

    def lose() -> None:
        for txid in list(chain.mempool):
            chain.drop(txid)

    pay()
    mine()
    for _ in range(40):
        draw.choice((pay, pay, spend, mine, mine, reorganise, lose))()
        scene.pass_time(1_900)
        jobs.look()
        grown, anew = loaded(kept, scene.store), loaded(WatchSets(), scene.store)
        assert grown.scripts == anew.scripts
        assert grown.outpoints == anew.outpoints
    assert grown.outpoints


def test_a_coin_whose_spender_was_undone_and_replaced_is_watched_again(scene: Scene) -> None:
    """A reorganisation sets both of its inputs free, and its rival spends one of them only."""
    chain, jobs, kept = scene.chain, scene.process().jobs, WatchSets()
    coins = [
        Outpoint(chain.send(transaction([(script_no(number), 5_000)], [outpoint_no(number)])), 0)
        for number in (1, 2)
    ]

    def look() -> WatchSet:
        scene.pass_time(600)
        jobs.look()
        return loaded(kept, scene.store)

    chain.mine(3)
    assert {coin.wire() for coin in coins} <= look().outpoints
    chain.send(transaction([(script_no(99), 1)], coins))
    chain.mine(1)
    assert {coin.wire() for coin in coins} <= look().outpoints  # for as long as its block may leave
    chain.fork(1, 2)
    look()
    chain.send(transaction([(script_no(98), 1)], coins[1:]))
    chain.mine(1)
    assert coins[0].wire() in look().outpoints


def test_whoever_spends_anew_in_the_blocks_of_a_reorganisation_is_seen_in_that_look(scene: Scene) -> None:
    """A gift that is double-spent there to others is replaced, by what; a coin that goes elsewhere is spent."""
    chain, jobs = scene.chain, scene.process().jobs
    gift = chain.send(transaction([(script_no(1), 5_000)], [outpoint_no(1)]))
    kept = chain.send(transaction([(script_no(2), 7_000)], [outpoint_no(2)]))
    chain.mine(1)
    coin = Outpoint(kept, 0)
    chain.send(transaction([(script_no(99), 6_000)], [coin]))
    chain.mine(1)
    scene.pass_time(600)
    jobs.look()
    chain.fork(2, 1)
    rival = chain.send(transaction([(script_no(98), 4_000)], [outpoint_no(1)]))
    chain.send(transaction([(script_no(2), 7_000)], [outpoint_no(2)]))
    other = chain.send(transaction([(script_no(97), 6_500)], [coin], lock=1))
    chain.mine(3)
    scene.pass_time(600)
    jobs.look()
    with scene.store.read() as tx:
        observed = Observed(tx.session)
        replaced, spent = observed.tx(gift), observed.coin(str(coin))
        (told,) = donation_trails(tx, gift)
    assert replaced is not None
    assert (replaced.state, replaced.by) == (TxState.REPLACED, rival)
    assert spent is not None
    assert spent.spent_by == other
    assert (told.status, told.replaced_by, told.places) == (DonationStatus.REPLACED, rival, ())


def test_an_empty_block_and_a_new_address_are_added_without_reading_all_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a million coins that took seconds, and twice the memory, after every block."""
    jobs, kept = scene.process().jobs, WatchSets()
    scene.give()
    jobs.look()
    before = set(loaded(kept, scene.store).outpoints)
    assert before
    monkeypatch.setattr(service.watch_set, "unspent_outpoints", lambda _: pytest.fail("read all coins again"))
    scene.chain.mine(1)
    scene.pass_time(0)
    jobs.look()
    with scene.store.write() as tx:
        tx.addresses.add([Address(b"\x51", "an address", "masks", "receive", 1_000, "list")])
        tx.addresses.add([Address(b"\x52", "another one", "masks", "receive", 0, "another list")])
    grown = loaded(kept, scene.store)
    assert grown.outpoints == before
    assert {b"\x51", b"\x52"} <= grown.scripts
