"""Closing an order: what is left is named, approved by another person, and nothing stays unowned or bound."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, LedgerError, NotAllowed, Refused
from ledger.model.orders import OrderRow, OrderStatus
from ledger.rules.books import Books
from ledger.rules.closings import left_of
from ledger.rules.orders import require_order
from ledger.tracing.follow import origins
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.stories import stories
from tests.tools.things import DATE, funded, hand_over, net, order, pay, receive, seq_of


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return funded(tmp_path)


def ordered(ledger: Ledger) -> OrderRow:
    with ledger.store.read() as reading:
        return require_order(reading.session, SLUG, "PO-1")


def closing_of(ledger: Ledger) -> int:
    """The entry that closed the order."""
    closed_by = ordered(ledger).closed_by
    assert closed_by is not None
    return closed_by


def close(ledger: Ledger, number: str = "CL-1", on: str = "PO-1", **named: int) -> None:
    facts = {"number": number, "order": on, "reason": "the season is over", "date": DATE}
    ledger.do("recorder", "purchase", "close", **(facts | named))
    ledger.do("approver", "closing", "approve", number=number, date=DATE)


def test_what_of_a_service_was_paid_and_never_came_is_owed_once_its_order_is_closed(ledger: Ledger) -> None:
    """Before that it is money paid for what is not yet delivered; what was delivered is told by its own verb."""
    facts = {"code": "FLY", "name": "Air freight", "unit": "flight", "plural": "flights", "verb": "flown"}
    ledger.do("recorder", "product", "add", service=True, **facts)
    order(ledger, items=[{"item": "1", "product": "FLY", "quantity": 2, "value": 1_000}])
    pay(ledger, 1_000, prepayment=True)
    receive(ledger, good=1, lot="1")

    def paid() -> list[tuple[ExitKind, str, int]]:
        with ledger.store.read() as reading:
            (trail,) = donation_trails(reading, name("gift"))
        assert [step.detail["verb"] for step in trail.steps if step.kind is StepKind.CARRIED] == ["flown"]
        ends = [(row.kind, row.place, row.amount.minor) for row in trail.places]
        return [end for end in ends if end[1] == "PO-1"]

    assert paid() == [(ExitKind.SPENT, "PO-1", 500)]
    close(ledger, claim=500)
    assert paid() == [(ExitKind.CLAIM, "PO-1", 500)]


def test_cancelling_an_approved_order_of_which_nothing_came_is_closing_it(ledger: Ledger) -> None:
    order(ledger)
    close(ledger, cancellation=500_000)
    assert ordered(ledger).stage is OrderStatus.CANCELLED
    assert net(ledger, f"encumbered/{SLUG}/PO-1", "USD") == 0
    assert net(ledger, f"cancelled/{SLUG}/PO-1/1", "KIT") == 1000
    order(ledger, "PO-2", value=2_000_000)


def test_what_came_and_is_not_paid_for_is_a_discount_and_belongs_to_the_supplier(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    pay(ledger, 400_000)
    close(ledger, discount=100_000)
    assert ordered(ledger).stage is OrderStatus.COMPLETED
    with ledger.store.read() as reading:
        found = list(origins(Books(reading).lines, f"goods/{SLUG}/stock:Depot/KIT#L1", 0, 1000))
    assert {origin.gift for origin in found} == {f"{name('gift')}:0", "discount:PO-1:1"}


def test_what_was_paid_for_and_did_not_come_is_a_claim_that_the_donor_sees(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=600)
    pay(ledger, 500_000)
    close(ledger, claim=200_000)
    assert net(ledger, f"claims/{SLUG}/PO-1", "USD") == 200_000
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
        report = campaign_report(reading, SLUG, now=ledger.now)
    assert ("claim", 400) in {(place.kind, place.amount.minor) for place in trail.places}
    assert [row.quantity for row in report.goods.not_coming] == [400]


def test_what_is_named_must_be_what_is_left(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=600)
    with pytest.raises(Refused, match=r"1\.00 USD is named and 2000\.00 [A-Z]{3} is left of PO-1"):
        close(ledger, discount=300_000, cancellation=100)


def test_who_recorded_a_closing_does_not_approve_it(ledger: Ledger) -> None:
    order(ledger)
    facts = {"number": "CL-1", "order": "PO-1", "cancellation": 500_000, "reason": "why", "date": DATE}
    ledger.do("approver", "purchase", "close", **facts)
    with pytest.raises(NotAllowed):
        ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    with pytest.raises(Conflict, match="waits for a decision already"):
        ledger.do("approver", "purchase", "close", **(facts | {"number": "CL-2"}))
    ledger.do("admin", "closing", "reject", number="CL-1", date=DATE)
    close(ledger, "CL-3", cancellation=500_000)


def test_an_order_whose_rest_changed_meanwhile_is_not_closed_as_named(ledger: Ledger) -> None:
    order(ledger)
    facts = {"number": "CL-1", "order": "PO-1", "cancellation": 500_000, "reason": "why", "date": DATE}
    ledger.do("recorder", "purchase", "close", **facts)
    receive(ledger, good=1)
    with pytest.raises(Refused, match="is left"):
        ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)


def test_a_closed_order_takes_no_goods_no_money_and_no_invoice(ledger: Ledger) -> None:
    order(ledger)
    close(ledger, cancellation=500_000)
    with pytest.raises(Conflict):
        receive(ledger, good=1)
    with pytest.raises(LedgerError):
        pay(ledger, 1)
    with pytest.raises(LedgerError):
        ledger.do("recorder", "invoice", "add", number="I", order="PO-1", quantity=1, amount=1, date=DATE)


def test_a_closing_is_reversed_and_what_it_stands_on_only_after_it(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=600)
    pay(ledger, 300_000)
    receipt = seq_of(ledger, "receipt", "GRN-1")
    close(ledger, cancellation=200_000)
    with pytest.raises(Conflict, match="reverse its closing first"):
        ledger.do("approver", "reversal", "add", entry=receipt, reason="no", date=DATE)
    seq = closing_of(ledger)
    ledger.do("approver", "reversal", "add", entry=seq, reason="they deliver after all", date=DATE)
    receive(ledger, "GRN-2", "L2", good=400)
    assert ordered(ledger).stage is OrderStatus.APPROVED


def reverse(ledger: Ledger, seq: int) -> None:
    ledger.do("approver", "reversal", "add", entry=seq, reason="told wrong", date=DATE)


def gifts_of(ledger: Ledger, lot: str = "L1", pieces: int = 1000) -> set[str | None]:
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        return {o.gift for o in origins(lines, f"goods/{SLUG}/stock:Depot/KIT#{lot}", 0, pieces)}


def test_a_discount_is_taken_back_with_its_closing_and_what_came_waits_to_be_paid_again(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=1000)
    pay(ledger, 400_000)
    hand_over(ledger, 950)
    close(ledger, discount=100_000)
    donor = f"{name('gift')}:0"
    reverse(ledger, closing_of(ledger))
    assert gifts_of(ledger) == {donor, None}
    assert net(ledger, f"encumbered/{SLUG}/PO-1", "USD") == 100_000
    pay(ledger, 60_000, "P-2")
    close(ledger, "CL-2", discount=40_000)
    assert gifts_of(ledger) == {donor, "discount:PO-1:1"}


def test_a_discount_reaches_positions_that_follow_a_reversed_receipt(ledger: Ledger) -> None:
    order(ledger, quantity=3, value=1000)
    receive(ledger, "G1", "L1", good=1)
    receive(ledger, "G2", "L2", good=1)
    reverse(ledger, seq_of(ledger, "receipt", "G1"))
    close(ledger, discount=333, cancellation=667)
    assert gifts_of(ledger, "L2", 1) == {"discount:PO-1:1"}
    reverse(ledger, closing_of(ledger))
    assert ordered(ledger).stage is OrderStatus.APPROVED


def test_a_claim_is_taken_back_only_while_no_refund_rests_on_it(ledger: Ledger) -> None:
    order(ledger)
    pay(ledger, 500_000)
    close(ledger, claim=500_000)
    seq = closing_of(ledger)
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "undelivered", "value": 200_000}
    ledger.do("recorder", "refund", "add", asset="USD", amount=200_000, bank="B", date=DATE, **facts)
    with pytest.raises(Conflict, match="refund R-1 rests on it"):
        reverse(ledger, seq)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    assert net(ledger, f"claims/{SLUG}/PO-1", "USD") == 300_000
    with pytest.raises(Conflict, match="refund R-1 rests on it"):
        reverse(ledger, seq)
    reverse(ledger, seq_of(ledger, "approval:refund", "R-1"))
    assert net(ledger, f"claims/{SLUG}/PO-1", "USD") == 500_000
    reverse(ledger, seq)
    assert net(ledger, f"claims/{SLUG}/PO-1", "USD") == 0
    receive(ledger, good=1000)


def test_a_receipt_that_follows_a_reversed_one_maps_the_positions_that_it_left(ledger: Ledger) -> None:
    order(ledger, quantity=3, value=1000)
    receive(ledger, "G1", "L1", good=1)
    receive(ledger, "G2", "L2", good=1)
    seq = seq_of(ledger, "receipt", "G1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="counted wrong", date=DATE)
    receive(ledger, "G3", "L3", good=2)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert lines.use(f"receipt:{SLUG}:G3:L3").pieces == ((0, 333), (666, 1000))


@settings(
    max_examples=stories(5), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_whatever_came_and_was_paid_a_closing_leaves_nothing_open(
    ledger: Ledger, data: st.DataObject
) -> None:
    """Ordered = good + damaged + short + rejected + cancelled, and value = paid + discount + cancellation."""
    serial = ledger.now
    on = f"PO-{serial}"
    quantity, value = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 400))
    order(ledger, on, quantity, value)
    good = data.draw(st.integers(0, quantity))
    bad = data.draw(st.integers(0, quantity - good))
    if good + bad:
        receive(ledger, f"G-{serial}", f"L-{serial}", on=on, good=good, damaged=bad)
    paid = data.draw(st.integers(0, value))
    if paid:
        pay(ledger, paid, f"P-{serial}", on=on)
    with ledger.store.read() as reading:
        books = Books(reading)
        (left,) = left_of(books, require_order(reading.session, SLUG, on))
    assert left.discount + left.cancellation + paid == value
    assert left.pieces == quantity - good - bad
    close(
        ledger, f"CL-{serial}", on, discount=left.discount, cancellation=left.cancellation, claim=left.claim
    )
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        for lot in [f"goods/{SLUG}/stock:Depot/KIT#L-{serial}"] if good else []:
            assert None not in {o.gift for o in origins(lines, lot, 0, good)} or value < quantity
