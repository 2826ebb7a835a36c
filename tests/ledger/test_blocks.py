"""Blocked gifts: on no line, or held, until two persons release them; a spend of their coin is their own units."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.pages.sentences import what_to_do
from ledger.core.errors import Conflict, LedgerError, NotAllowed, Refused
from ledger.rules.spends import inputs_apart, require_spend
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.trail import DonationStatus
from tests.tools.gifts import gift, held_and_used
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tied, tx
from tests.tools.things import net

pytestmark = pytest.mark.on_both

BTC = 100_000_000
DAY = "2023-11-20"
GIFT = f"{name('gift')}:0"


def block(ledger: Ledger, gift: str = GIFT, number: str = "B-1") -> None:
    ledger.do(
        "recorder", "block", "add", number=number, gift=gift, list="Consolidated list", list_date="2023-11-01",
        date=DAY,
    )  # fmt: skip
    tied(ledger)


def release(ledger: Ledger, block_number: str = "B-1", number: str = "L-1") -> None:
    ledger.do("recorder", "release", "add", number=number, block=block_number, date=DAY)
    ledger.do("approver", "release", "approve", number=number, date=DAY)
    tied(ledger)


def in_hand(ledger: Ledger) -> dict[str, int]:
    with ledger.store.read() as reading:
        made = conservation(reading, SLUG)
    assert made.holds
    (table,) = [table for table in made.tables if table.asset == "BTC"]
    return {row.key: row.amount.minor for row in table.rows if row.key.startswith("in_hand")}


def status(ledger: Ledger, gift: str = GIFT) -> DonationStatus:
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, gift)
    return trail.status


@made_once
def two_gifts(tmp_path: Path) -> Ledger:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)), tx("other", (1, BTC // 2), position=2))
    ledger.bury()
    return ledger


def test_blocked_before_it_settles_it_is_in_the_books_and_on_no_line_until_two_release_it(
    tmp_path: Path,
) -> None:
    ledger = Ledger.new(tmp_path)
    block(ledger)
    ledger.mine("a", tx("gift", (0, BTC)), tx("other", (1, BTC // 2), position=2))
    ledger.bury()
    assert status(ledger) is DonationStatus.BLOCKED
    assert in_hand(ledger) == {"in_hand_blocked": BTC, "in_hand_wallet": BTC // 2}
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        waiting = [
            row for row in decisions(reading, SLUG, now=ledger.now) if row.kind is OpenItemKind.BLOCKED_GIFT
        ]
    assert (report.donations, report.received[0].minor) == (1, BTC // 2)
    assert [(row.subject, sum_of(row).minor) for row in waiting] == [(GIFT, BTC)]
    ledger.do("approver", "release", "add", number="L-0", block="B-1", date=DAY)
    with pytest.raises(NotAllowed, match="another person"):
        ledger.do("approver", "release", "approve", number="L-0", date=DAY)
    release(ledger)
    kept = gift(ledger, GIFT)
    assert (kept.line_start, kept.line_end) == (BTC // 2, BTC // 2 + BTC)
    assert status(ledger) is DonationStatus.SETTLED
    assert in_hand(ledger) == {"in_hand_wallet": BTC + BTC // 2}
    with pytest.raises(Conflict, match="released"):
        ledger.do("admin", "release", "approve", number="L-0", date=DAY)


def test_blocked_later_its_own_free_units_are_held_and_what_is_used_is_named(tmp_path: Path) -> None:
    ledger = two_gifts(tmp_path)
    ledger.mine("s", tx("sale", (16, BTC), spends=(("other", 0), ("gift", 0))))
    ledger.bury()
    block(ledger)
    assert held_and_used(ledger, "B-1") == (BTC // 2, BTC // 2)
    assert status(ledger) is DonationStatus.BLOCKED
    assert in_hand(ledger) == {"in_hand_blocked": BTC // 2, "in_hand_wallet": BTC // 2}
    with pytest.raises(Conflict, match="blocked already, by B-1"):
        block(ledger, number="B-2")
    release(ledger)
    assert in_hand(ledger) == {"in_hand_wallet": BTC}
    block(ledger, number="B-2")


def test_a_spend_of_a_blocked_coin_takes_it_from_where_it_lies_apart(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    block(ledger)
    ledger.mine("a", tx("gift", (0, BTC)), tx("other", (1, BTC // 2), position=2))
    ledger.bury()
    ledger.mine("s", tx("sale", (16, BTC // 4), spends=(("gift", 0),)))
    ledger.bury()
    tied(ledger)
    with ledger.store.read() as reading:
        spend = require_spend(reading.session, SLUG, name("sale"))
        assert (spend.wallet, spend.blocked) == (0, BTC - BTC // 4)
        assert list(inputs_apart(reading.session, spend)) == [GIFT]
    assert net(ledger, f"blocked/{SLUG}", "BTC") == BTC // 4


def test_a_spend_of_a_coin_that_was_blocked_later_takes_its_own_held_units(tmp_path: Path) -> None:
    """The other gift comes after it on the line, and keeps all of its units."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("other", (1, BTC // 2)), tx("gift", (0, BTC), position=2))
    ledger.bury()
    block(ledger)
    ledger.mine("s", tx("sale", (16, BTC // 4), spends=(("gift", 0),)))
    ledger.bury()
    tied(ledger)
    with ledger.store.read() as reading:
        (other,) = donation_trails(reading, f"{name('other')}:0")
        (gift,) = donation_trails(reading, GIFT)
    assert [(place.amount.minor, place.kind) for place in other.places] == [(BTC // 2, "held")]
    assert {place.kind: place.amount.minor for place in gift.places} == {
        "unexplained": BTC - BTC // 4,
        "blocked": BTC // 4,
    }
    with pytest.raises(Conflict, match="blocked, by B-1; two persons release it first"):
        sell(ledger, "sale", BTC - BTC // 4)
    release(ledger)
    sell(ledger, "sale", BTC - BTC // 4)


def sell(ledger: Ledger, spend: str, sats: int, number: str = "C-1") -> None:
    ledger.do(
        "recorder", "conversion", "add", number=number, txid=name(spend), sold=sats, network_fee=0,
        currency="USD", proceeds=1_000, exchange="E", bank="B", date=DAY,
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number=number, date=DAY)
    tied(ledger)


@made_once
def gone_while_blocked(tmp_path: Path) -> Ledger:
    """A gift that lay apart and is sold, a quarter of it came back; another gift is on the line."""
    ledger = Ledger.new(tmp_path)
    block(ledger)
    ledger.mine("a", tx("gift", (0, BTC)), tx("other", (1, BTC // 2), position=2))
    ledger.bury()
    ledger.mine("s", tx("sale", (16, BTC // 4), spends=(("gift", 0),)))
    ledger.bury()
    return ledger


def places(ledger: Ledger, gift: str = GIFT) -> set[tuple[str, int]]:
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, gift)
    return {(place.kind.value, place.amount.minor) for place in trail.places}


def test_nothing_is_made_of_a_blocked_gifts_coins_before_two_release_it(tmp_path: Path) -> None:
    ledger = gone_while_blocked(tmp_path)
    with pytest.raises(Conflict, match="blocked, by B-1; two persons release it first"):
        sell(ledger, "sale", BTC - BTC // 4)
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 0


def test_what_left_while_it_was_blocked_is_the_gifts_own_when_it_is_released(tmp_path: Path) -> None:
    ledger = gone_while_blocked(tmp_path)
    release(ledger)
    assert places(ledger) == {("unexplained", BTC - BTC // 4), ("held", BTC // 4)}
    assert in_hand(ledger) == {"in_hand_wallet": BTC // 2 + BTC // 4}
    sell(ledger, "sale", BTC - BTC // 4)
    assert places(ledger) == {("held", 1_000), ("held", BTC // 4)}
    assert places(ledger, f"{name('other')}:0") == {("held", BTC // 2)}


def test_a_blocked_coin_that_moved_to_an_own_address_is_released_where_it_lies(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    block(ledger)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.mine("m", tx("moved", (16, BTC - 1_000), spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder",
        "move",
        "add",
        number="M-1",
        asset="BTC",
        amount=0,
        fee=1_000,
        txid=name("moved"),
        date=DAY,
    )
    ledger.do("approver", "move", "approve", number="M-1", date=DAY)
    release(ledger)
    assert in_hand(ledger) == {"in_hand_wallet": BTC - 1_000}
    ledger.mine("s", tx("sale", (17, BTC // 2), spends=(("moved", 0),)))
    ledger.bury()
    sell(ledger, "sale", BTC - 1_000 - BTC // 2)
    assert places(ledger) == {("fee", 1_000), ("held", 1_000), ("held", BTC // 2)}


def test_a_blocked_coin_that_moved_and_left_is_followed_through_both(tmp_path: Path) -> None:
    ledger = gone_while_blocked(tmp_path)
    ledger.mine("t", tx("rest", (17, 5_000), spends=(("sale", 0),)))
    ledger.bury()
    with pytest.raises(Conflict, match="a gift that is blocked"):
        sell(ledger, "rest", BTC // 4 - 5_000)
    release(ledger)
    sell(ledger, "rest", BTC // 4 - 5_000)
    sell(ledger, "sale", BTC - BTC // 4, number="C-2")
    assert places(ledger) == {("held", 2_000), ("held", 5_000)}


def test_a_released_gift_whose_spend_and_block_leave_the_chain_ties(tmp_path: Path) -> None:
    ledger = gone_while_blocked(tmp_path)
    release(ledger)
    ledger.reorg(14, *[(f"other {n}", ()) for n in range(15)])
    tied(ledger)
    assert net(ledger, f"blocked/{SLUG}", "BTC") == 0


def test_a_blocked_gift_that_loses_its_block_comes_back_blocked(tmp_path: Path) -> None:
    ledger = two_gifts(tmp_path)
    block(ledger)
    txs = (tx("gift", (0, BTC)), tx("other", (1, BTC // 2), position=2))
    ledger.reorg(6, *((f"empty {n}", ()) for n in range(8)))
    tied(ledger)
    with pytest.raises(Conflict, match="not settled now"):
        release(ledger, number="L-7")
    ledger.mine("a again", *txs)
    ledger.bury()
    assert in_hand(ledger) == {"in_hand_blocked": BTC, "in_hand_wallet": BTC // 2}
    release(ledger)
    assert in_hand(ledger) == {"in_hand_wallet": BTC + BTC // 2}


def test_bank_money_is_blocked_and_released_like_coins(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.do(
        "recorder", "contribution", "add", number="G-1", bank="First", currency="USD", amount=5_000, date=DAY
    )
    block(ledger, "contribution:G-1")
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, "contribution:G-1")
        assert [(place.kind.value, bool(place.since)) for place in trail.places] == [("blocked", True)]
    assert trail.status is DonationStatus.BLOCKED
    release(ledger)
    with pytest.raises(LedgerError):
        block(ledger, "contribution:G-9", number="B-2")


def test_what_a_correction_frees_of_a_blocked_gift_is_held_at_once(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    for number in ("G-1", "G-2"):
        ledger.do(
            "recorder", "contribution", "add", number=number, bank="First", currency="USD", amount=5_000, date=DAY
        )  # fmt: skip
    seqs = []
    for number in ("M-1", "M-2"):
        move = {"number": number, "asset": "USD", "amount": 2_990, "fee": 10, "date": DAY}
        ledger.do("recorder", "move", "add", from_bank="First", to_bank="Second", **move)
        if number == "M-1":
            seqs.append(ledger.do("approver", "move", "approve", number=number, date=DAY).seq)
    block(ledger, "contribution:G-1")
    assert held_and_used(ledger, "B-1") == (2_990, 2_010)  # what was moved is its own where it lies
    with pytest.raises(Conflict, match="B-1 has blocked since"):
        ledger.do("approver", "move", "approve", number="M-2", date=DAY)
    ledger.do("approver", "move", "reject", number="M-2", date=DAY)
    ledger.do("approver", "reversal", "add", entry=seqs[0], reason="told twice", date=DAY)
    tied(ledger)
    with ledger.store.read() as reading:
        rows = {
            r.key: r.amount.minor
            for t in conservation(reading, SLUG).tables
            if t.asset == "USD"
            for r in t.rows
        }
    assert (rows["in_hand_blocked"], rows["in_hand_bank"]) == (5_000, 5_000)
    release(ledger)


def test_a_block_of_a_payment_that_never_came_is_asked_about(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    block(ledger)
    with ledger.store.read() as reading:
        (waits,) = decisions(reading, SLUG, now=ledger.now)
    assert (waits.kind, waits.amount) == (OpenItemKind.BLOCKED_GIFT, None)
    assert "see that its key is right" in what_to_do(waits.to_do)
    release(ledger)
    with ledger.store.read() as reading:
        assert decisions(reading, SLUG, now=ledger.now) == ()


def test_only_a_gift_is_blocked(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (15, BTC)))
    ledger.bury()
    with pytest.raises(Refused, match="no gift on a line"):
        block(ledger)


STEPS = st.lists(
    st.tuples(st.sampled_from(["gift", "spend", "reorg", "block", "release", "undo"]), st.integers(0, 11)),
    min_size=5,
    max_size=14,
)


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_is_blocked_released_and_spent_every_sum_ties(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder))
        coins: list[tuple[str, int]] = []
        for at, (step, which) in enumerate(steps):
            label = f"gift {at}" if step == "gift" else f"{step} {at}"
            if step == "gift":
                coins.append((label, 10_000 * (which + 1)))
                ledger.mine(label, tx(label, (which, coins[-1][1])))
                ledger.bury()
            elif step == "spend" and coins:
                taken = [coins.pop(which % len(coins)) for _ in range(min(len(coins), 1 + which % 2))]
                back = sum(sats for _, sats in taken) // (2 + which % 3)
                ledger.mine(label, tx(label, (16, back), spends=tuple((source, 0) for source, _ in taken)))
                coins.append((label, back))
                ledger.bury()
            elif step == "reorg" and len(ledger.chain) > 9:
                ledger.reorg(6 + which % 3, *((f"{label} {n}", ()) for n in range(10)))
                coins = []
            else:
                _desk(ledger, step, which, at)
            tied(ledger)
        ledger.store.close()


def _desk(ledger: Ledger, step: str, which: int, at: int) -> None:
    """A block of a gift that came or may come, a release, or its second approval; the ledger may refuse."""
    facts: dict[str, Any] = {"number": f"N-{at}", "date": DAY}
    try:
        if step == "block":
            gift = f"{name(f'gift {which}')}:0"
            ledger.do("recorder", "block", "add", gift=gift, **facts)
        elif step == "release":
            ledger.do("recorder", "release", "add", block=f"N-{which}", **facts)
            ledger.do("approver", "release", "approve", **facts)
    except LedgerError:
        ledger.audit()


def test_a_blocked_coin_that_is_undecided_is_released_before_anybody_decides(tmp_path: Path) -> None:
    """Else it would join a line while the block stands, and be spent."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("coin", (15, 50_000)))
    outpoint = f"{name('coin')}:0"
    ledger.do("recorder", "block", "add", number="BK-1", gift=outpoint, date="2023-11-20")
    ledger.bury()
    decided = {"outpoint": outpoint, "counts_as": "change", "date": "2023-11-20"}
    with pytest.raises(Conflict, match="blocked by BK-1"):
        ledger.do("approver", "incoming", "decide", **decided)
    ledger.do("recorder", "release", "add", number="RL-1", block="BK-1", date="2023-11-20")
    ledger.do("approver", "release", "approve", number="RL-1", date="2023-11-20")
    ledger.do("approver", "incoming", "decide", **decided)


def test_what_waits_of_a_gift_is_told_in_one_asset_and_never_added_across_two(tmp_path: Path) -> None:
    """A quarter of the gift is coins still, the rest is dollars at a bank: cents are no sats."""
    ledger = gone_while_blocked(tmp_path)
    release(ledger)
    sell(ledger, "sale", BTC - BTC // 4)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT)
    last = trail.steps[-1]
    assert (last.amount.asset, last.amount.minor) == ("BTC", BTC // 4)
