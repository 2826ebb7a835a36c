"""Returns: a gift goes back of its own free units; it stays settled, gross in received and again in returned."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, LedgerError, NotAllowed, NotFound, Refused
from ledger.model.gifts import BlockStatus
from ledger.model.proposals import ProposalStatus
from ledger.rules.charge_backs import uncovered_charges
from ledger.rules.gift_returns import GIFT_RETURNS
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.trail import ChangeKind, DonationStatus, DonationTrail, StepKind
from tests.ledger.test_blocks import block
from tests.ledger.test_reclassifications import reclassify
from tests.tools.gifts import block_named
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tied, tx
from tests.tools.needs import approve, contribute, order, pay, with_needs
from tests.tools.stories import stories
from tests.tools.things import net

BTC = 100_000_000
DAY = "2023-11-20"
FIRST, SECOND = f"{name('first')}:0", f"{name('second')}:0"


@made_once
def given_two(tmp_path: Path) -> Ledger:
    """Two gifts of a bitcoin; the coin of the second goes back to its donor, 1,000 sats of it as fee."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)), tx("second", (1, BTC), position=2))
    ledger.bury()
    return ledger


def sent_back(ledger: Ledger) -> None:
    ledger.mine("s", tx("back", spends=(("second", 0),)))
    ledger.bury()


def record(ledger: Ledger, gift: str = SECOND, number: str = "GR-1", **more: Any) -> None:
    facts: dict[str, Any] = {"number": number, "gift": gift, "amount": BTC - 1_000, "fee": 1_000}
    facts |= {"txid": name("back"), "reason": "asked", "date": DAY}
    ledger.do("recorder", "gift-return", "add", **{k: v for k, v in (facts | more).items() if v is not None})
    tied(ledger)


def decided(ledger: Ledger, verb: str = "approve", number: str = "GR-1") -> int:
    seq = ledger.do("approver", "gift-return", verb, number=number, date=DAY).seq
    tied(ledger)
    assert seq is not None
    return seq


def trail(ledger: Ledger, key: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, key)
    return found


def places(ledger: Ledger, key: str) -> dict[str, int]:
    return {str(place.kind): place.amount.minor for place in trail(ledger, key).places}


def rows(ledger: Ledger, asset: str) -> dict[str, int]:
    with ledger.store.read() as reading:
        made = conservation(reading, SLUG)
    assert made.holds
    (table,) = [table for table in made.tables if table.asset == asset]
    return {f"{row.side.value} {row.key}": row.amount.minor for row in table.rows}


def test_coins_that_go_back_are_the_gifts_own_units_and_nobody_elses(tmp_path: Path) -> None:
    ledger = given_two(tmp_path)
    sent_back(ledger)
    assert places(ledger, FIRST) == {"unexplained": BTC}
    record(ledger)
    with pytest.raises(NotAllowed, match="your role, recorder, does not allow"):
        ledger.do("recorder", "gift-return", "approve", number="GR-1", date=DAY)
    seq = decided(ledger)
    assert places(ledger, FIRST) == {"held": BTC}
    assert places(ledger, SECOND) == {"fee": 1_000, "returned": BTC - 1_000}
    (change,) = trail(ledger, FIRST).changes
    assert (change.kind, change.entry) == (ChangeKind.EXCHANGED, seq)
    assert [(place.kind, place.amount.minor) for place in change.said] == [(ExitKind.UNEXPLAINED, BTC)]
    assert [(place.kind, place.amount.minor) for place in change.says] == [(ExitKind.HELD, BTC)]
    found = trail(ledger, SECOND)
    assert found.changes == ()
    assert (found.status, found.outcome, found.returned.minor) == (DonationStatus.SETTLED, "returned", BTC)
    (back,) = [step for step in found.steps if step.kind is StepKind.RETURNED]
    assert back.amount.minor == BTC - 1_000
    assert back.detail == {"return_reason": "asked", "by_transaction": name("back")}
    assert rows(ledger, "BTC") == {
        "came gifts": 2 * BTC, "went in_hand_wallet": BTC, "went returned": BTC - 1_000, "went fees": 1_000,
    }  # fmt: skip
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        open_rows = decisions(reading, SLUG, now=ledger.now)
    assert {row.kind for row in open_rows} <= {OpenItemKind.UNVALUED_GIFT}
    assert report.received[0].minor == 2 * BTC


def test_told_before_the_coins_leave_it_waits_for_them(tmp_path: Path) -> None:
    ledger = given_two(tmp_path)
    facts = {
        "number": "GR-1",
        "gift": SECOND,
        "amount": BTC,
        "txid": name("back"),
        "reason": "mistake",
        "date": DAY,
    }
    waits = ledger.do("recorder", "gift-return", "add", **facts)
    assert waits.waiting_for == name("back")
    sent_back(ledger)
    with ledger.store.read() as reading:
        (told,) = GIFT_RETURNS.statuses(reading.session, SLUG)
    assert told == ("GR-1", ProposalStatus.PENDING)
    decided(ledger)
    assert places(ledger, FIRST) == {"held": BTC}


def test_what_of_a_gift_is_used_does_not_go_back(tmp_path: Path) -> None:
    ledger = given_two(tmp_path)
    ledger.mine("u", tx("sale", spends=(("first", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC, network_fee=0, currency="USD",
        proceeds=1_000, exchange="E", bank="B", date=DAY,
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    sent_back(ledger)
    with pytest.raises(Refused, match="other gifts do not pay for it"):
        record(ledger, FIRST)
    record(ledger)
    decided(ledger)


def test_a_rejected_return_moves_nothing_and_a_reversed_one_leaves_the_spend_open(tmp_path: Path) -> None:
    ledger = given_two(tmp_path)
    sent_back(ledger)
    record(ledger)
    decided(ledger, "reject")
    assert places(ledger, FIRST) == {"unexplained": BTC}
    record(ledger, number="GR-2")
    with pytest.raises(Refused, match="GR-2 already waits"):
        record(ledger, number="GR-3")
    seq = decided(ledger, number="GR-2")
    ledger.do("approver", "reversal", "add", entry=seq, reason="another donor", date=DAY)
    tied(ledger)
    assert places(ledger, FIRST) == {"unexplained": BTC}
    assert trail(ledger, SECOND).outcome is None
    record(ledger, number="GR-3", gift=FIRST)
    decided(ledger, number="GR-3")
    assert places(ledger, SECOND) == {"held": BTC}


def test_a_blocked_gift_that_lay_apart_goes_back_whole_by_its_own_coin(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    block(ledger, SECOND)
    ledger.mine("a", tx("first", (0, BTC)), tx("second", (1, BTC), position=2))
    ledger.bury()
    sent_back(ledger)
    with pytest.raises(Refused, match="takes none of these"):
        record(ledger, FIRST)
    record(ledger)
    decided(ledger)
    assert net(ledger, f"blocked/{SLUG}", "BTC") == 0
    found = trail(ledger, SECOND)
    assert (found.status, found.outcome) == (DonationStatus.BLOCKED, "returned")
    (back,) = [step for step in found.steps if step.kind is StepKind.RETURNED]
    assert (back.amount.minor, back.figures["fee"].minor) == (BTC - 1_000, 1_000)
    assert back.detail == {"return_reason": "asked", "by_transaction": name("back")}
    assert block_named(ledger, "B-1").status is BlockStatus.RETURNED


def test_a_coin_that_nobody_decided_about_goes_back_to_who_sent_it(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)), tx("second", (15, BTC), position=2))
    ledger.bury()
    sent_back(ledger)
    record(ledger)
    decided(ledger)
    assert trail(ledger, SECOND).outcome == "returned"
    assert rows(ledger, "BTC") == {
        "came gifts": BTC, "came other_coins": BTC, "went in_hand_wallet": BTC, "went returned": BTC - 1_000,
        "went fees": 1_000,
    }  # fmt: skip
    with ledger.store.read() as reading:
        open_rows = decisions(reading, SLUG, now=ledger.now)
    assert {row.kind for row in open_rows} <= {OpenItemKind.UNVALUED_GIFT}


def test_a_gift_that_is_held_by_a_block_is_released_first(tmp_path: Path) -> None:
    ledger = given_two(tmp_path)
    block(ledger, SECOND)
    sent_back(ledger)
    with pytest.raises(Conflict, match="release it first"):
        record(ledger)


def test_bank_money_goes_back_with_the_fee_borne_by_the_gift(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    for number in ("C-1", "C-2"):
        ledger.do(
            "recorder", "contribution", "add", number=number, bank="First", currency="USD", amount=5_000, date=DAY
        )  # fmt: skip
    money: dict[str, Any] = {"gift": "contribution:C-2", "txid": None}
    with pytest.raises(Refused, match="or the bank of money"):
        record(ledger, **(money | {"amount": 100}))
    with pytest.raises(Refused, match=r"50\.01 USD is wanted, fee included, and 50\.00"):
        record(ledger, **(money | {"amount": 4_901, "fee": 100, "bank": "First"}))
    with pytest.raises(Refused, match="name the one that paid"):
        record(ledger, **(money | {"amount": 100, "fee": 0, "bank": "Second"}))
    with pytest.raises(NotFound, match="no contribution:C-9"):
        record(ledger, **(money | {"gift": "contribution:C-9", "amount": 100, "bank": "First"}))
    record(ledger, **(money | {"amount": 2_900, "fee": 100, "bank": "First"}))
    decided(ledger)
    assert trail(ledger, "contribution:C-2").outcome == "returned_in_part"
    assert places(ledger, "contribution:C-1") == {"held": 5_000}
    assert places(ledger, "contribution:C-2") == {"held": 2_000, "returned": 2_900, "fee": 100}
    assert rows(ledger, "USD") == {
        "came gifts": 10_000, "went in_hand_bank": 7_000, "went returned": 2_900, "went fees": 100,
    }  # fmt: skip


def test_what_moved_or_came_back_as_money_goes_back_to_its_donor_wherever_it_lies(tmp_path: Path) -> None:
    """A return takes it behind where it lay and on other lines, which bear the fee alike; a charge-back does too."""
    ledger = with_needs(tmp_path)
    contribute(ledger, "C-1", 10_000, "N-1")
    money: dict[str, Any] = {"gift": "contribution:C-1", "txid": None, "bank": "A"}
    ledger.do(
        "recorder",
        "move",
        "add",
        number="M-1",
        asset="USD",
        amount=9_960,
        fee=40,
        from_bank="B",
        to_bank="A",
        date=DAY,
    )
    approve(ledger, "move", "M-1")
    reclassify(ledger, need="N-1", amount=3_000)
    contribute(ledger, "C-2", 500, "N-1")
    order(ledger, "PO-1", 4_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    pay(ledger, "P-1", "PO-1", 4_000, bank="A")
    approve(ledger, "payment", "P-1")
    claim = {"claim": 4_000, "reason": "Bankrupt", "date": DAY}
    ledger.do("recorder", "purchase", "close", number="CL-1", order="PO-1", **claim)
    approve(ledger, "closing", "CL-1")
    ledger.do(
        "recorder", "refund", "add", number="R-1", order="PO-1", item="1", failure="undelivered", value=4_000,
        asset="USD", amount=2_400, bank="A", written_off="All that is left", date=DAY,
    )  # fmt: skip
    approve(ledger, "refund", "R-1")
    before = places(ledger, "contribution:C-1")
    assert before == {"held": 8_360, "fee": 40, "written_off": 4}
    with pytest.raises(Refused, match=r"83\.61 USD is wanted, fee included, and 83\.60 USD of this gift"):
        record(ledger, **(money | {"amount": 8_361, "fee": 0}))
    record(ledger, **(money | {"amount": 8_000, "fee": 100}))
    seq = decided(ledger)
    assert places(ledger, "contribution:C-1") == {
        "held": 260,
        "fee": 140,
        "written_off": 4,
        "returned": 8_000,
    }
    assert rows(ledger, "USD")["went returned"] == 8_000
    ledger.do("approver", "reversal", "add", entry=seq, reason="Another donor", date=DAY)
    tied(ledger)
    assert places(ledger, "contribution:C-1") == before
    ledger.do(
        "recorder", "charge-back", "add", number="CB-1", gift="contribution:C-1", amount=10_000, date=DAY
    )
    approve(ledger, "charge-back", "CB-1")
    with ledger.store.read() as reading:
        (wanting,) = uncovered_charges(reading.session, SLUG)
    assert wanting[1] == 10_000 - 8_360
    assert places(ledger, "contribution:C-2") == {"held": 500}


def test_a_return_in_parts_to_one_donor_counts_whole_towards_the_approvers_limit(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.do(
        "recorder", "contribution", "add", number="C-1", bank="First", currency="USD", amount=9_000, date=DAY
    )
    ledger.do("admin", "limit", "set", number="L-1", role="approver", currency="USD", most=5_000, date=DAY)
    parts: dict[str, Any] = {"gift": "contribution:C-1", "txid": None, "bank": "First", "fee": None}
    record(ledger, number="GR-1", amount=3_000, **parts)
    with ledger.store.read() as reading:
        (waits,) = decisions(reading, SLUG, now=ledger.now)
    assert (sum_of(waits).asset, sum_of(waits).minor) == ("USD", 3_000)
    decided(ledger)
    record(ledger, number="GR-2", amount=3_000, **parts)
    with pytest.raises(NotAllowed, match=r"comes to 60\.00.*these can: admin"):
        decided(ledger, number="GR-2")


KINDS = ["gift", "spend", "reorg", *["return"] * 3, *["approve"] * 3, "reject", "undo", "undo"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 11),
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=stories(4), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_goes_back_no_other_gift_loses_a_unit_and_every_sum_ties(
    steps: list[tuple[str, int]],
) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder))
        coins: list[tuple[str, int]] = []
        gifts: list[str] = []
        spends: list[tuple[str, int]] = []
        for at, (step, which) in enumerate([("gift", 2), ("gift", 1), ("spend", 0), ("return", 0), *steps]):
            label = f"{step} {at}"
            if step == "gift":
                coins.append((label, 10_000 * (which % 3 + 1)))
                gifts.append(f"{name(label)}:0")
                ledger.mine(label, tx(label, (which, coins[-1][1])))
                ledger.bury()
            elif step == "spend" and coins:
                source, sats = coins.pop(which % len(coins))
                ledger.mine(label, tx(label, spends=((source, 0),)))
                spends.append((name(label), sats))
                ledger.bury()
            elif step == "reorg" and len(ledger.chain) > 9:
                ledger.reorg(6 + which % 3, *((f"{label} {n}", ()) for n in range(10)))
                coins = []
            elif gifts and spends:
                _desk(ledger, step, which, at, gifts, spends)
            tied(ledger)
        ledger.store.close()


def _desk(
    ledger: Ledger, step: str, which: int, at: int, gifts: list[str], spends: list[tuple[str, int]]
) -> None:
    """A return of any gift by any spend, decided or undone; the ledger may refuse it."""
    try:
        if step == "return":
            txid, sats = spends[which % len(spends)]
            fee = which % 5
            facts: dict[str, Any] = {
                "gift": gifts[at % len(gifts)],
                "amount": sats - fee,
                "fee": fee,
                "txid": txid,
            }
            ledger.do("recorder", "gift-return", "add", number=f"R-{at}", reason="other", date=DAY, **facts)
        elif step == "undo":
            with ledger.store.read() as reading:
                done = [row.seq for row in reading.journal.rows(kind="gift-return.approved")]
            if done:
                seq = done[which % len(done)]
                ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date=DAY)
        else:
            with ledger.store.read() as reading:
                told = [row.key.rsplit(":", 1)[1] for row in reading.journal.rows(kind="gift-return")]
            for number in told:
                ledger.do("approver", "gift-return", step, number=number, date=DAY)
    except LedgerError:
        ledger.audit()
