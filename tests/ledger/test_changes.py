"""What a later entry changed of a donor's trail is told to that donor, with the reason, and to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.times import rfc3339
from ledger.views.flow import ExitKind
from ledger.views.trail import ChangeKind, DonationStatus, DonationTrail, StepKind, TrailChange
from service.commands.trail import trail_lines
from tests.tools.ledgers import START, Ledger, made_once, name, tx
from tests.tools.things import BTC, DATE, funded, hand_over, order, pay, receive, seq_of, stocked
from tests.tools.told_story import GIFT, trail_of

pytestmark = pytest.mark.on_both


def only(trail: DonationTrail) -> TrailChange:
    (change,) = trail.changes
    return change


def figures(change: TrailChange) -> tuple[list[tuple[object, int]], list[tuple[object, int]]]:
    return (
        [(place.kind, place.amount.minor) for place in change.said],
        [(place.kind, place.amount.minor) for place in change.says],
    )


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """A gift of a bitcoin that is 20,000.00 USD, of which 5,000.00 paid for 1,000 kits of lot L1 at the Depot."""
    made = stocked(tmp_path)
    made.do(
        "recorder", "invoice", "add", number="I-1", order="PO-1", quantity=1000, amount=500_000, date=DATE
    )
    pay(made, 500_000, invoice="I-1")
    return made


def test_what_went_on_as_told_is_no_change(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    assert trail_of(ledger, GIFT).changes == ()


def test_a_reversal_is_told_with_what_was_said_what_is_said_and_why(ledger: Ledger) -> None:
    hand_over(ledger, 300)
    seq = seq_of(ledger, "handover", "H-1")
    undone = ledger.do("approver", "reversal", "add", entry=seq, reason="another lot was meant", date=DATE)
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.entry, change.of) == (ChangeKind.REVERSED, undone.seq, seq)
    assert change.why == "another lot was meant"
    assert figures(change) == ([(ExitKind.WAITING, 300)], [(ExitKind.IN_STOCK, 300)])
    assert change.detail["undone"] == "handover H-1"
    words = "\n".join(trail_lines(trail_of(ledger, GIFT)))
    assert f"took back entry {seq}, handover H-1: another lot was meant." in words
    assert "It said: 300 kits waiting at Aid." in words


def test_a_late_loss_is_told_and_stays_told_when_it_is_reversed(ledger: Ledger) -> None:
    loss = ledger.do(
        "recorder", "loss", "add", number="L-1", place="Depot", product="KIT", lot="L1", quantity=40,
        cause="stolen", reason="a break-in", date=DATE,
    )  # fmt: skip
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.why) == (ChangeKind.LOST, "a break-in")
    said, says = figures(change)
    assert (said, says) == ([(ExitKind.IN_STOCK, 40)], [(ExitKind.STOLEN, 40)])
    ledger.do("approver", "reversal", "add", entry=loss.seq, reason="they were found", date=DATE)
    first, second = trail_of(ledger, GIFT).changes
    assert first == change
    assert (second.kind, second.of, second.why) == (ChangeKind.REVERSED, loss.seq, "they were found")


def test_a_recalled_lot_is_told_to_those_whose_gifts_it_is(ledger: Ledger) -> None:
    ledger.do(
        "approver",
        "recall",
        "add",
        number="RC-1",
        product="KIT",
        lot="L1",
        reason="the maker warns",
        date=DATE,
    )
    told = "\n".join(trail_lines(trail_of(ledger, GIFT)))
    assert "Still to go on, but for what was called back: the " in told
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.why, change.said) == (ChangeKind.RECALLED, "the maker warns", change.says)
    assert sum(place.amount.minor for place in change.said) == 1000


def test_a_closed_order_says_what_its_supplier_owes_now(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    pay(ledger, 500_000)
    receive(ledger, good=600)
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", discount=0, cancellation=0, claim=200_000,
        reason="the maker is insolvent", date=DATE,
    )  # fmt: skip
    assert trail_of(ledger, GIFT).changes == ()
    closing = ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    change = only(trail_of(ledger, GIFT))
    assert (change.kind, change.entry) == (ChangeKind.CLOSED, closing.seq)
    assert figures(change) == ([(ExitKind.OPEN, 400)], [(ExitKind.CLAIM, 400)])
    ledger.do("approver", "reversal", "add", entry=closing.seq, reason="it goes on", date=DATE)
    first, second = trail_of(ledger, GIFT).changes
    assert first == change
    assert figures(second) == ([(ExitKind.CLAIM, 400)], [(ExitKind.OPEN, 400)])


def test_a_gift_that_loses_its_block_is_told_so_and_when_it_comes_back(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.reorg(6, ("b1", ()), ("b2", ()), ("b3", ()), ("b4", ()), ("b5", ()), ("b6", ()), ("b7", ()))
    assert [change.kind for change in trail_of(ledger, GIFT).changes] == [ChangeKind.VOIDED]
    ledger.mine("c", tx("gift", (0, BTC)))
    ledger.bury()
    voided, restored = trail_of(ledger, GIFT).changes
    assert (voided.detail, restored.kind) == ({"block_said": "1"}, ChangeKind.RESTORED)
    assert restored.detail == {"block": "8"}
    ledger.reorg(6, ("d", (tx("gift", (0, BTC)),)), *((f"e{i}", ()) for i in range(6)))
    *_, moved = trail_of(ledger, GIFT).changes
    assert (moved.kind, moved.detail) == (ChangeKind.MOVED, {"block": "8", "block_said": "8"})


def test_bank_money_that_was_no_gift_is_told_as_taken_back(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    facts = {"number": "C-1", "bank": "B", "currency": "USD", "amount": 5_000, "date": DATE}
    made = ledger.do("recorder", "contribution", "add", **facts)
    assert trail_of(ledger, "contribution:C-1").changes == ()
    ledger.do("approver", "reversal", "add", entry=made.seq, reason="it was another fund's", date=DATE)
    change = only(trail_of(ledger, "contribution:C-1"))
    assert (change.kind, change.of, change.why) == (ChangeKind.REVERSED, made.seq, "it was another fund's")


def test_a_block_that_left_before_a_payment_was_in_the_books_is_told_then_and_later(tmp_path: Path) -> None:
    """Each with its own height and time, while the payment waits and once it is settled; others are told nothing."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)), tx("other", (1, BTC)))
    times = [START + 600 * 2]
    ledger.reorg(1, ("b", ()), ("c", (tx("gift", (0, BTC)),)))
    times.append(START + 600 * 3)
    seen = [rfc3339(ledger.now)]
    waiting = trail_of(ledger, GIFT)
    assert [step.at for step in waiting.steps if step.kind is StepKind.CONFIRMED] == [rfc3339(times[1])]
    ledger.reorg(1, ("d", ()), ("e", ()))
    seen.append(rfc3339(ledger.now))
    told = [
        (change.kind, change.entry, change.at, change.detail["block_said"], change.detail["block_time"])
        for change in trail_of(ledger, GIFT).changes
    ]
    assert told == [
        (ChangeKind.LEFT, None, at, block, rfc3339(time))
        for at, block, time in zip(seen, ("1", "2"), times, strict=True)
    ]
    assert "Block 2, which held it, left the chain" in "\n".join(trail_lines(trail_of(ledger, GIFT)))
    ledger.mine("f", tx("gift", (0, BTC)), tx("third", (2, BTC)))
    ledger.bury()
    settled = trail_of(ledger, GIFT)
    assert [change.kind for change in settled.changes] == [ChangeKind.LEFT, ChangeKind.LEFT]
    assert settled.status is DonationStatus.SETTLED
    assert trail_of(ledger, f"{name('third')}:0").changes == ()
    ledger.reorg(6, *((f"g{i}", ()) for i in range(7)))
    assert [change.kind for change in trail_of(ledger, GIFT).changes][2:] == [ChangeKind.VOIDED]
