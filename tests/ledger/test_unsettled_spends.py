"""What left and has not settled yet: its row says the same sats as when it has, whatever the chain does meanwhile."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.look import SeenTx, TxFacts
from ledger.store.addresses import Address
from ledger.views.chain_coins import unexplained_spends
from ledger.views.unsettled_spends import unsettled_spends
from tests.tools.ledgers import SLUG, Ledger, QuietLedger, made_once, name, script, tx

OTHERS = ("other", "third")
FIRST = {SLUG: 0, "other": 50, "third": 80}
"""The first of each campaign's ten addresses; the last two are its change branch."""
OUTSIDE = 900


def three_funds(ledger: Ledger) -> Ledger:
    """Two more campaigns beside `help`, with addresses of their own and other lines of dust."""
    for number, slug in enumerate(OTHERS):
        ledger.do(
            "admin", "campaign", "add", slug=slug, title=slug, purpose="Else", start="2023-11-01",
            end="2023-12-31", dust=3000 * number,
        )  # fmt: skip
        rows = [
            Address(
                script(i), f"address{i}", slug, "change" if i >= FIRST[slug] + 8 else "receive", i, "list"
            )
            for i in range(FIRST[slug], FIRST[slug] + 10)
        ]
        with ledger.store.write() as writing:
            writing.addresses.add(rows)
    return ledger


def at(slug: str, *, change: bool = False) -> int:
    return FIRST[slug] + (15 if slug == SLUG else 8) if change else FIRST[slug]


def rows(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Sats by what they left in, of each campaign."""
    with ledger.store.read() as reading:
        return {
            slug: {
                row.txid: row.amount.minor
                for row in unexplained_spends(reading, slug, unsettled_spends(reading))
            }
            for slug in (SLUG, *OTHERS)
        }


def seen(facts: TxFacts) -> SeenTx:
    return SeenTx(facts.txid, facts.inputs, facts.outputs, "node")


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return three_funds(Ledger.new(tmp_path))


def test_change_at_another_campaigns_address_is_no_outflow_of_its_payer(ledger: Ledger) -> None:
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("paid", (at("other"), 40_000), spends=(("ours", 0),)))
    young = rows(ledger)
    assert young == {SLUG: {name("paid"): 10_000}, "other": {}, "third": {}}
    ledger.bury()
    assert rows(ledger) == young


def test_change_that_lies_at_anothers_address_leaves_from_whose_it_is(ledger: Ledger) -> None:
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("paid", (at("other"), 40_000), spends=(("ours", 0),)))
    ledger.look((), [], (seen(tx("again", spends=(("paid", 0),))),))
    assert rows(ledger) == {SLUG: {name("paid"): 10_000, name("again"): 40_000}, "other": {}, "third": {}}


def test_dust_and_undecided_coins_count_as_the_settled_spend_counts_them(ledger: Ledger) -> None:
    """`third` draws its line of dust at 3,000 sats; what a stranger pays to a change address is undecided."""
    ledger.mine("a", tx("small", (at("third"), 2000), (at("third", change=True), 700), (at("third"), 9000)))
    ledger.mine(
        "s",
        tx("paid", (at("third"), 9500), (OUTSIDE, 2000), spends=(("small", 0), ("small", 1), ("small", 2))),
    )
    young = rows(ledger)
    assert young["third"] == {name("paid"): 2200}
    ledger.bury()
    assert rows(ledger) == young


def test_what_comes_back_whole_or_more_is_no_outflow_before_or_after(ledger: Ledger) -> None:
    """There is nothing to explain of it, so no row waits for ever."""
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("join", (15, 80_000), spends=(("ours", 0), ("somebody", 0))))
    assert rows(ledger)[SLUG] == {}
    ledger.bury()
    assert rows(ledger)[SLUG] == {}


def _random_spend(
    rnd: random.Random, label: str, coins: dict[tuple[str, int], int], position: int
) -> TxFacts:
    """Of one to three coins, to anybody's addresses and outside; the new coins replace those in `coins`."""
    chosen = rnd.sample(sorted(coins), min(len(coins), rnd.choice((1, 1, 2, 3))))
    left = sum(coins.pop(coin) for coin in chosen)
    inputs = (*chosen, (f"stranger {label}", 0)) if rnd.randrange(5) == 0 else tuple(chosen)
    left += 4000 * (len(inputs) - len(chosen))
    pays: list[tuple[int, int]] = []
    for _ in range(rnd.randrange(4)):
        sats = rnd.randint(1, max(1, left))
        if sats < left:
            where = rnd.choice([*FIRST, *FIRST, ""])
            pays.append((at(where, change=rnd.randrange(2) == 0) if where else OUTSIDE, sats))
            left -= sats
    for vout, (index, sats) in enumerate(pays):
        if index != OUTSIDE:
            coins[label, vout] = sats
    return tx(label, *pays, spends=inputs, position=position)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_spend_says_the_same_sats_before_it_settles_and_after(seed: int) -> None:
    """From its first sighting on, over several campaigns' addresses and spends of spends."""
    rnd = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ledger = three_funds(QuietLedger.new(Path(folder)))
        pays = [
            (at(rnd.choice(list(FIRST)), change=rnd.randrange(6) == 0), rnd.choice((600, 2500, 9000, 70_000)))
            for _ in range(rnd.randint(2, 6))
        ]
        coins = {("gifts", vout): sats for vout, (_, sats) in enumerate(pays)}
        ledger.mine("a", tx("gifts", *pays))
        if rnd.randrange(3):
            ledger.bury()
        mempool = []
        for number in range(rnd.randint(1, 4)):
            spend = _random_spend(rnd, f"s{number} {seed}", coins, number + 1)
            mempool.append(spend)
            ledger.look((), [], (seen(spend),))
            if rnd.randrange(3) == 0 or not coins:
                break
        young = rows(ledger)
        ledger.mine("s", *mempool)
        assert rows(ledger) == young
        if rnd.randrange(3) == 0:
            ledger.reorg(1, ("S", ()))
            assert rows(ledger) == young
            ledger.mine("T", *mempool)
        ledger.bury()
        assert rows(ledger) == young
        Ledger.audit(ledger)


def test_a_replacement_in_the_mempool_takes_the_place_of_what_it_replaces(ledger: Ledger) -> None:
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.look((), [], (seen(tx("slow", (15, 49_000), spends=(("ours", 0),))),))
    ledger.look((), [], (seen(tx("child", spends=(("slow", 0),))),))
    assert rows(ledger)[SLUG] == {name("slow"): 1000, name("child"): 49_000}
    fast = tx("fast", (15, 45_000), spends=(("ours", 0),))
    ledger.look((), [], (seen(fast),))
    assert rows(ledger)[SLUG] == {name("fast"): 5000}
    ledger.mine("s", fast)
    ledger.bury()
    assert rows(ledger)[SLUG] == {name("fast"): 5000}


def test_a_transaction_whose_coins_another_one_took_in_a_block_is_no_outflow(ledger: Ledger) -> None:
    """A source that lags behind may still show the loser."""
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("winner", spends=(("ours", 0),)))
    ledger.look((), [], (seen(tx("loser", (15, 10_000), spends=(("ours", 0),))),))
    assert rows(ledger)[SLUG] == {name("winner"): 50_000}


def test_a_spend_that_a_reorganisation_undid_stays_an_outflow_until_it_is_replaced(ledger: Ledger) -> None:
    """It was sent and can be mined again any moment; sources that show no mempool do not say so."""
    ledger.mine("a", tx("ours", (0, 50_000)))
    ledger.bury()
    ledger.mine("s", tx("paid", spends=(("ours", 0),)))
    ledger.reorg(1, ("S", ()), ("T", ()))
    assert rows(ledger)[SLUG] == {name("paid"): 50_000}
    ledger.mine("U", tx("instead", (15, 30_000), spends=(("ours", 0),)))
    assert rows(ledger)[SLUG] == {name("instead"): 20_000}
    ledger.bury()
    assert rows(ledger)[SLUG] == {name("instead"): 20_000}


def test_a_payment_out_of_an_unconfirmed_one_shows_though_it_is_told_before_it(ledger: Ledger) -> None:
    """docs/rules.md, 12: from its first sighting; what it spends is in no block yet."""
    parent, child = tx("parent", (0, 50_000)), tx("child", spends=(("parent", 0),), position=2)
    ledger.look((), [], (seen(child), seen(parent)))
    assert rows(ledger)[SLUG] == {name("child"): 50_000}
    ledger.mine("a", parent, child)
    ledger.bury()
    assert rows(ledger)[SLUG] == {name("child"): 50_000}


def test_a_coinbase_that_was_spent_says_the_same_when_its_spend_settles(ledger: Ledger) -> None:
    """It may be spent as soon as it is a hundred blocks deep; it settles then."""
    ledger.mine("a", tx("reward", (at("other"), 50_000), position=0, coinbase=True))
    ledger.bury(99)
    ledger.look((), [], (seen(tx("paid", (at("other"), 20_000), spends=(("reward", 0),))),))
    assert rows(ledger)["other"] == {name("paid"): 30_000}
    ledger.mine("s", tx("paid", (at("other"), 20_000), spends=(("reward", 0),)))
    ledger.bury()
    assert rows(ledger)["other"] == {name("paid"): 30_000}


def test_a_coinbase_that_a_reorganisation_takes_away_takes_what_spent_it_with_it(ledger: Ledger) -> None:
    """A reward is in its own block or nowhere; when that block is back, so is what spent it."""
    reward = tx("reward", (0, 50_000), position=0, coinbase=True)
    paid, more = tx("paid", (15, 20_000), spends=(("reward", 0),)), tx("more", spends=(("paid", 0),))
    ledger.mine("a", reward)
    ledger.bury(99)
    ledger.mine("s", paid)
    ledger.mine("t", more)
    before, kept = rows(ledger), list(ledger.chain)
    assert before[SLUG] == {name("paid"): 30_000, name("more"): 20_000}
    ledger.reorg(102, *((f"B{i}", ()) for i in range(103)))
    assert rows(ledger)[SLUG] == {}
    txs = {"a": (reward,), "s": (paid,), "t": (more,)}
    ledger.reorg(103, *((label, txs.get(label, ())) for label in [*kept[-102:], "one more", "two more"]))
    assert rows(ledger) == before
