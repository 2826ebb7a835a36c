"""Addresses that are listed late: change in their past is no gift, and nothing is counted twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import BlockRef
from ledger.core.look import ChainLook, JoinedBlock, TxFacts
from ledger.recording.settling import record_look
from ledger.rules.books import Books
from ledger.rules.gift_sums import gift_sums
from ledger.store.addresses import Address
from ledger.views.chain_coins import coins_in_books, coins_on_chain
from tests.tools.ledgers import SLUG, START, Ledger, made_once, name, script, tx

LISTED_LATE = 60


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.new(tmp_path)


def list_late(ledger: Ledger, *told: tuple[int, TxFacts]) -> None:
    """The address is watched from now on, and (height, transaction) of blocks read before are told more fully."""
    with ledger.store.write() as writing:
        writing.addresses.add([Address(script(LISTED_LATE), "late", SLUG, "receive", 60, "list")])
    ledger.now += 600
    late = tuple(
        JoinedBlock(
            BlockRef(height, name(ledger.chain[height]), START + 600 * (height + 1)), "test", (facts,)
        )
        for height, facts in told
    )
    tip = BlockRef(len(ledger.chain) - 1, name(ledger.chain[-1]), START + 600 * len(ledger.chain))
    look = ChainLook((), (), tip, tip.height, (), (), (), True, late)
    with ledger.store.write() as writing:
        record_look(writing, look, now=ledger.now)
    ledger.audit()


def ties(ledger: Ledger) -> bool:
    with ledger.store.read() as reading:
        return coins_in_books(reading) == coins_on_chain(reading)


def net(ledger: Ledger, kind: AccountClass) -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(account(kind, SLUG), "BTC")


def received(ledger: Ledger) -> int:
    with ledger.store.read() as reading:
        return gift_sums(reading.session, SLUG).sats


def decide(ledger: Ledger, label: str, counts: str) -> None:
    ledger.do(
        "approver", "incoming", "decide", outpoint=f"{name(label)}:{1 if label == 'move' else 0}",
        counts_as=counts, date="2023-11-20",
    )  # fmt: skip


def test_change_at_an_address_that_is_listed_late_is_no_gift(ledger: Ledger) -> None:
    ledger.mine("a", tx("gift", (0, 100_000)))
    ledger.bury()
    move = tx("move", (15, 30_000), (LISTED_LATE, 60_000), spends=(("gift", 0),))
    ledger.mine("m", move)
    height = len(ledger.chain) - 1
    ledger.bury()
    list_late(ledger, (height, move))
    assert received(ledger) == 100_000
    assert net(ledger, AccountClass.UNDECIDED) == 60_000
    assert ties(ledger)
    decide(ledger, "move", "change")
    assert (received(ledger), net(ledger, AccountClass.WALLET)) == (100_000, 90_000)
    assert ties(ledger)


def test_a_gift_that_turns_out_to_be_own_money_is_counted_once_and_can_be_put_right(ledger: Ledger) -> None:
    """Its coins came from an address that was listed late. What was recorded of it may be used already."""
    first = tx("first", (LISTED_LATE, 100_000))
    ledger.mine("a", first)
    second = tx("second", (0, 90_000), spends=(("first", 0),))
    ledger.mine("b", second)
    ledger.bury()
    assert received(ledger) == 90_000
    list_late(ledger, (1, first), (2, second))
    assert ties(ledger)
    assert received(ledger) == 190_000
    decide(ledger, "second", "change")
    assert received(ledger) == 100_000
    assert ties(ledger)
