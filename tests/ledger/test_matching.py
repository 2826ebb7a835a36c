"""The three-way match: order, receipts and invoice agree, or a person sees why not before anybody is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.pages import sentences as say
from api.pages.sentences import what_to_do
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.frozen import Amount
from ledger.model.orders import Mismatch
from ledger.recording.desk import act
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.invoices import require_invoice
from ledger.rules.matching import SAYS, Match, Verdict, matches_of_order, open_matches, verdict_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import require_order
from ledger.rules.payable import credited_on_order
from ledger.store.transaction import Writing
from ledger.views.decisions import decisions
from ledger.views.invoices import InvoiceState, invoice_state
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.queries import donation_trails
from ledger.views.trail import StepKind
from service.sentences.stock import matched
from tests.tools.ledgers import SLUG, Ledger, day_of, made_once, name, sum_of
from tests.tools.store_places import usually
from tests.tools.stories import stories
from tests.tools.things import DATE, funded, order, pay, receive, seq_of


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return funded(tmp_path)


def bill(
    ledger: Ledger, quantity: int, amount: int, number: str = "I-1", on: str = "PO-1", **more: Any
) -> None:
    facts = {"number": number, "order": on, "quantity": quantity, "amount": amount, "date": DATE}
    ledger.do("recorder", "invoice", "add", **(facts | more))


def state_of(books: Books, number: str) -> InvoiceState:
    return invoice_state(books, require_invoice(books.session, SLUG, number))


def matches(ledger: Ledger, on: str = "PO-1") -> list[Match]:
    with ledger.store.read() as reading:
        return matches_of_order(Books(reading), require_order(reading.session, SLUG, on))


def test_an_order_that_nobody_billed_is_no_match_and_nothing_to_decide(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=10)
    (row,) = matches(ledger)
    assert (row.verdict, row.invoice, row.is_open) == (Verdict.NO, "", False)


def test_what_came_and_is_billed_at_the_price_of_the_order_matches(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=590, damaged=10)
    bill(ledger, 600, 300_000)
    (row,) = matches(ledger)
    assert (row.verdict, row.reasons, row.agreed) == (Verdict.YES, (), 300_000)
    pay(ledger, 300_000, invoice="I-1")


@pytest.mark.parametrize(
    ("counts", "billed", "amount", "reasons"),
    [
        ({}, 1000, 500_000, (Mismatch.NOTHING,)),
        ({"good": 600}, 700, 350_000, (Mismatch.MORE,)),
        ({"good": 990, "short": 10}, 1000, 500_000, (Mismatch.MORE, Mismatch.SHORT)),
        ({"good": 1000, "over": 7}, 1000, 500_000, (Mismatch.OVER,)),
        ({"good": 1000}, 1000, 510_000, (Mismatch.PRICE,)),
        ({"good": 1000}, 1000, 490_000, (Mismatch.PRICE,)),
    ],
)
def test_each_exception_has_its_words_and_stops_the_payment(
    ledger: Ledger, counts: dict[str, Any], billed: int, amount: int, reasons: tuple[Mismatch, ...]
) -> None:
    order(ledger)
    if counts:
        receive(ledger, **counts)
    bill(ledger, billed, amount)
    (row,) = matches(ledger)
    assert row.reasons == reasons
    with pytest.raises(Refused, match=str(SAYS[reasons[0]])):
        pay(ledger, 1000, invoice="I-1")
    with ledger.store.read() as reading:
        assert open_matches(OrderPapers(Books(reading), SLUG)) == [row]


def test_what_came_too_much_with_a_part_of_an_order_is_not_said_to_be_more_than_was_ordered(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=400, over=7)
    (row,) = matches(ledger)
    assert [str(SAYS[reason]) for reason in row.reasons] == ["more came than its delivery note says"]


def test_two_invoices_for_the_same_goods_are_seen(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    bill(ledger, 1000, 500_000)
    bill(ledger, 1000, 500_000, "I-2")
    first, second = matches(ledger)
    assert (first.verdict, second.reasons) == (Verdict.YES, (Mismatch.MORE,))


def test_a_replacement_makes_what_was_short_billable(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    bill(ledger, 1000, 500_000)
    row = {"lot": "L2", "noted": 10, "good": 10, "replaces": {"lot": "L1", "discrepancy": "short"}}
    facts = {"number": "GRN-2", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    assert [row.verdict for row in matches(ledger)] == [Verdict.YES]


def test_an_approver_accepts_an_exception_with_a_reason_and_only_that_one(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    bill(ledger, 1000, 500_000)
    accept = {"number": "I-1", "reason": "The insurer pays for them.", "date": DATE}
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "invoice", "accept", **accept)
    ledger.do("approver", "invoice", "accept", **accept)
    assert verdict_of(matches(ledger)) == (Verdict.EXCEPTION, "The insurer pays for them.")
    pay(ledger, 400_000, invoice="I-1")
    with pytest.raises(Conflict, match="no exception to accept"):
        ledger.do("approver", "invoice", "accept", **(accept | {"date": "2023-12-02"}))
    seq = seq_of(ledger, "receipt", "GRN-1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="counted wrong", date=DATE)
    with pytest.raises(Refused, match="invoiced but nothing received"):
        pay(ledger, 1000, "P-2", invoice="I-1")


def test_an_exception_that_came_since_is_accepted_on_the_same_day_and_for_the_same_reason(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    bill(ledger, 1000, 500_000)
    accept = {"number": "I-1", "reason": "The insurer pays for them.", "date": DATE}
    first = ledger.do("approver", "invoice", "accept", **accept)
    assert ledger.do("approver", "invoice", "accept", **accept).already
    ledger.do(
        "approver", "reversal", "add", entry=seq_of(ledger, "receipt", "GRN-1"), reason="none", date=DATE
    )
    assert matches(ledger)[0].is_open
    second = ledger.do("approver", "invoice", "accept", **accept)
    assert (second.already, second.seq != first.seq) == (False, True)
    assert ledger.do("approver", "invoice", "accept", **accept).seq == second.seq
    (row,) = matches(ledger)
    assert (row.reasons, row.accepted) == ((Mismatch.NOTHING,), "The insurer pays for them.")


def test_an_acceptance_that_was_reversed_is_given_again_and_others_stand_without_it(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    bill(ledger, 1000, 500_000)
    accept = {"number": "I-1", "reason": "The insurer pays for them.", "date": DATE}
    for _ in range(2):
        seq = ledger.do("approver", "invoice", "accept", **accept).seq
        assert not matches(ledger)[0].is_open
        ledger.do("approver", "reversal", "add", entry=seq, reason="not asked", date=DATE)
        assert matches(ledger)[0].is_open
    ledger.do("approver", "invoice", "accept", **accept)
    ledger.do(
        "approver", "reversal", "add", entry=seq_of(ledger, "receipt", "GRN-1"), reason="none", date=DATE
    )
    seq = ledger.do("approver", "invoice", "accept", **(accept | {"reason": "Nothing will come."})).seq
    ledger.do("approver", "reversal", "add", entry=seq, reason="it came", date=DATE)
    assert matches(ledger)[0].is_open
    receive(ledger, "GRN-2", "L2", good=990, short=10)
    assert matches(ledger)[0].accepted == "The insurer pays for them."


def test_who_recorded_an_invoice_does_not_accept_its_exception(ledger: Ledger) -> None:
    order(ledger)
    facts = {"number": "I-1", "order": "PO-1", "quantity": 1, "amount": 500, "date": DATE}
    ledger.do("approver", "invoice", "add", **facts)
    with pytest.raises(NotAllowed):
        ledger.do("approver", "invoice", "accept", number="I-1", reason="It is fine.", date=DATE)


def test_a_prepayment_is_named_and_runs_ahead_of_the_goods_but_not_of_the_price(ledger: Ledger) -> None:
    order(ledger)
    bill(ledger, 1000, 500_000)
    pay(ledger, 200_000, invoice="I-1", prepayment=True)
    assert [row.prepaid for row in matches(ledger)] == [200_000]
    bill(ledger, 10, 6_000, "I-2")
    with pytest.raises(Refused, match="invoice price differs from the order"):
        pay(ledger, 6_000, "P-2", invoice="I-2", prepayment=True)


def test_no_more_is_paid_on_an_invoice_than_it_asks_and_only_for_its_order(ledger: Ledger) -> None:
    order(ledger)
    order(ledger, "PO-2")
    receive(ledger, good=1000)
    bill(ledger, 600, 300_000)
    pay(ledger, 200_000, invoice="I-1")
    with pytest.raises(Refused, match=r"1000\.00 USD of invoice I-1 is not yet paid"):
        pay(ledger, 100_001, "P-2", invoice="I-1")
    with pytest.raises(Refused, match="I-1 is for PO-1; name one for PO-2"):
        pay(ledger, 1, "P-2", on="PO-2", invoice="I-1")


def credit(ledger: Ledger, amount: int, number: str = "CN-1", **more: Any) -> None:
    facts = {"number": number, "order": "PO-1", "amount": amount, "reason": "agreed", "date": DATE}
    ledger.do("recorder", "credit-note", "add", **(facts | more))


def waiting(ledger: Ledger) -> list[OpenItem]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [row for row in found if row.kind is OpenItemKind.OPEN_MATCH]


def test_a_payment_without_an_invoice_waits_until_one_bills_what_was_paid(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    pay(ledger, 300_000)
    (row,) = waiting(ledger)
    assert (str(row.subject), sum_of(row).minor, row.since) == ("PO-1", 300_000, DATE)
    assert what_to_do(row.to_do).startswith("paid without an invoice: record the invoice")
    bill(ledger, 400, 200_000)
    assert [sum_of(row).minor for row in waiting(ledger)] == [100_000]
    bill(ledger, 600, 300_000, "I-2")
    assert waiting(ledger) == []
    pay(ledger, 200_000, "P-2", invoice="I-1")
    assert [sum_of(row).minor for row in waiting(ledger)] == []


def test_a_prepayment_and_a_payment_that_says_why_there_is_no_invoice_wait_for_nobody(
    ledger: Ledger,
) -> None:
    order(ledger)
    pay(ledger, 100_000, prepayment=True)
    pay(ledger, 100_000, "P-2", no_invoice="A market stall gives none.")
    assert waiting(ledger) == []
    _, told = matches(ledger)
    assert (told.accepted, told.amount, told.is_open) == ("A market stall gives none.", 100_000, False)
    with pytest.raises(Refused, match="goes with neither an invoice nor a prepayment"):
        pay(ledger, 1, "P-3", prepayment=True, no_invoice="None.")


def test_an_invoice_bills_prepayments_before_payments_that_name_none(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    pay(ledger, 200_000, prepayment=True)
    pay(ledger, 200_000, "P-2")
    bill(ledger, 1000, 500_000)
    assert waiting(ledger) == []
    credit(ledger, 150_000, invoice="I-1")
    assert [sum_of(row).minor for row in waiting(ledger) if str(row.subject) == "PO-1"] == [50_000]


def test_a_credit_note_for_pieces_ends_the_exception_that_they_made_and_lowers_what_is_payable(
    ledger: Ledger,
) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    bill(ledger, 1000, 500_000)
    lines = [{"item": "1", "quantity": 10, "amount": 5_000}]
    credit(ledger, 5_000, invoice="I-1", lines=lines)
    (row,) = matches(ledger)
    assert (row.verdict, row.billed, row.amount, row.credited) == (Verdict.YES, 990, 495_000, 5_000)
    with pytest.raises(Refused, match=r"4950\.00 USD of PO-1 is unpaid, not yet asked for and not credited"):
        pay(ledger, 495_001, invoice="I-1")
    pay(ledger, 495_000, invoice="I-1")
    with pytest.raises(Refused, match=r"discharges: 0\.00 USD of PO-1 is unpaid"):
        pay(ledger, 1, "P-2", prepayment=True)


def test_a_credit_note_for_money_ends_an_exception_of_the_price(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    bill(ledger, 1000, 510_000)
    assert matches(ledger)[0].reasons == (Mismatch.PRICE,)
    order(ledger, "PO-2")
    bill(ledger, 1, 500, "I-2", on="PO-2")
    with pytest.raises(Refused, match="no standing invoice of PO-1"):
        credit(ledger, 10_000, invoice="I-2")
    credit(ledger, 10_000, invoice="I-1")
    assert matches(ledger)[0].verdict is Verdict.YES


def test_a_credit_note_takes_no_more_off_an_invoice_than_that_bills(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=100)
    bill(ledger, 100, 50_000)
    with pytest.raises(Refused, match=r"500\.00 USD of I-1 is not credited yet"):
        credit(ledger, 50_001, invoice="I-1")
    with pytest.raises(Refused, match="belong to an invoice"):
        credit(ledger, 5, lines=[{"item": "1", "quantity": 1, "amount": 5}])
    with pytest.raises(Refused, match="is not what the lines sum to"):
        credit(ledger, 5, invoice="I-1", lines=[{"item": "1", "quantity": 1, "amount": 4}])
    with pytest.raises(Refused, match="credits more than 100 pieces"):
        credit(ledger, 5, invoice="I-1", lines=[{"item": "1", "quantity": 101, "amount": 5}])
    credit(ledger, 500, invoice="I-1", lines=[{"item": "1", "quantity": 1, "amount": 500}])
    with pytest.raises(Refused, match=r"495\.00 USD of invoice I-1 is not yet paid, asked for or credited"):
        pay(ledger, 49_501, invoice="I-1")
    seq = seq_of(ledger, "invoice", "I-1")
    with pytest.raises(Conflict, match="credit note CN-1 lowers it"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date=DATE)
    note = seq_of(ledger, "credit-note", "CN-1")
    ledger.do("approver", "reversal", "add", entry=note, reason="wrong", date=DATE)
    assert matches(ledger)[0].credited == 0
    ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date=DATE)


def test_an_invoice_says_how_it_matches_and_what_is_still_to_be_paid(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1000)
    bill(ledger, 1000, 500_000)
    credit(ledger, 100_000, invoice="I-1", lines=[{"item": "1", "quantity": 200, "amount": 100_000}])
    pay(ledger, 150_000, invoice="I-1")
    with ledger.store.read() as reading:
        state = state_of(Books(reading), "I-1")
    assert (state.verdict, state.payable) == ("yes", Amount.of("USD", 250_000))


def test_a_credit_that_was_paid_back_can_be_paid_for_again(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=990, short=10)
    pay(ledger, 500_000)
    credit(ledger, 5_000)
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "short", "lot": "L1", "quantity": 10}
    facts |= {"asset": "USD", "amount": 5_000, "bank": "B", "credit_note": "CN-1", "date": DATE}
    ledger.do("recorder", "refund", "add", **facts)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    with ledger.store.read() as reading:
        row = require_order(reading.session, SLUG, "PO-1")
        assert credited_on_order(OrderPapers(Books(reading), SLUG, row), row) == 0


def test_a_credit_for_what_was_billed_too_much_leaves_the_order_as_it_was(ledger: Ledger) -> None:
    """5,000.00 ordered, 5,010.00 billed, 10.00 credited: 5,000.00 is payable, and nothing stays behind."""
    order(ledger)
    receive(ledger, good=1_000)
    bill(ledger, 1_000, 501_000)
    credit(ledger, 1_000, invoice="I-1", lines=[{"item": "1", "quantity": 0, "amount": 1_000}])
    pay(ledger, 500_000, invoice="I-1")
    with ledger.store.read() as reading:
        books = Books(reading)
        row = require_order(reading.session, SLUG, "PO-1")
        assert credited_on_order(OrderPapers(books, SLUG, row), row) == 0
        assert state_of(books, "I-1").payable == Amount.of("USD", 0)
        assert open_matches(OrderPapers(books, SLUG)) == []


@pytest.mark.parametrize(("corrects", "off"), [("order", 1_000), ("invoice", 0), (None, 0)])
def test_a_credit_note_says_what_it_corrects(ledger: Ledger, corrects: str | None, off: int) -> None:
    order(ledger)
    receive(ledger, good=1_000)
    bill(ledger, 1_000, 501_000)
    credit(ledger, 1_000, invoice="I-1", **({} if corrects is None else {"corrects": corrects}))
    with ledger.store.read() as reading:
        row = require_order(reading.session, SLUG, "PO-1")
        assert credited_on_order(OrderPapers(Books(reading), SLUG, row), row) == off
        assert state_of(Books(reading), "I-1").payable == Amount.of("USD", 500_000)


@pytest.mark.parametrize("lines", [None, [{"item": "1", "quantity": 0, "amount": 1_000}]])
def test_a_credit_that_lowers_the_price_makes_no_exception_of_it(
    ledger: Ledger, lines: list[dict[str, Any]] | None
) -> None:
    """5,000.00 ordered and billed, 10.00 off by a credit note: 4,990.00 is the price and the bill, and can be paid."""
    order(ledger)
    receive(ledger, good=1_000)
    bill(ledger, 1_000, 500_000)
    more: dict[str, Any] = {} if lines is None else {"lines": lines}
    credit(ledger, 1_000, invoice="I-1", **more)
    (row,) = matches(ledger)
    assert (row.verdict, row.amount, row.agreed) == (Verdict.YES, 499_000, 499_000)
    with pytest.raises(Refused, match=r"4990\.00 USD of PO-1 is unpaid"):
        pay(ledger, 499_001, invoice="I-1")
    pay(ledger, 499_000, invoice="I-1")


def test_a_credit_for_the_price_of_the_order_leaves_open_what_was_billed_beyond_it(ledger: Ledger) -> None:
    order(ledger)
    receive(ledger, good=1_000)
    bill(ledger, 1_000, 501_000)
    credit(ledger, 1_000, invoice="I-1", corrects="order")
    (row,) = matches(ledger)
    assert (row.reasons, row.difference) == ((Mismatch.PRICE,), 1_000)


def test_a_credit_without_an_invoice_corrects_the_order(ledger: Ledger) -> None:
    order(ledger)
    with pytest.raises(Refused, match="corrects: says an invoice and none is named"):
        credit(ledger, 1_000, corrects="invoice")


def test_what_was_prepaid_is_not_payable_again(ledger: Ledger) -> None:
    """Also where the invoice came later, bills in two parts, or was accepted with an exception."""
    order(ledger)
    pay(ledger, 300_000, prepayment=True)
    bill(ledger, 400, 200_000)
    bill(ledger, 600, 300_000, number="I-2")

    def payable(number: str) -> int:
        with ledger.store.read() as reading:
            amount = state_of(Books(reading), number).payable
        assert amount.minor is not None
        return amount.minor

    assert (payable("I-1"), payable("I-2")) == (0, 200_000)
    ledger.do("approver", "invoice", "accept", number="I-1", reason="Goods are under way", date=DATE)
    assert payable("I-1") == 0
    receive(ledger, good=1_000)
    with pytest.raises(Refused, match=r"discharges: 2000\.00 USD of PO-1 is unpaid"):
        pay(ledger, 200_001, number="P-2", invoice="I-2")
    pay(ledger, 200_000, number="P-2", invoice="I-2")
    assert (payable("I-1"), payable("I-2")) == (0, 0)


def test_an_exception_shows_what_does_not_agree(ledger: Ledger) -> None:
    """An invoice of 2,600.00 for 2,500.00 of goods is 100.00 wrong; of goods that did not come, all of it."""
    order(ledger)
    bill(ledger, 500, 250_000)
    (nothing,) = matches(ledger)
    receive(ledger, good=1_000)
    bill(ledger, 500, 260_000, number="I-2")
    (_, dear) = matches(ledger)
    assert (nothing.difference, dear.difference) == (250_000, 10_000)


def test_papers_agree_within_the_tolerance_of_the_order(ledger: Ledger) -> None:
    order(ledger, match_permille=10)
    receive(ledger, good=990, short=10)
    bill(ledger, 999, 504_000)
    assert [row.verdict for row in matches(ledger)] == [Verdict.YES]


def test_papers_agree_within_the_tolerance_of_the_campaign(tmp_path: Path) -> None:
    made = Ledger.new(tmp_path, match_permille=10)
    with made.store.read() as reading:
        assert campaign_of(reading.session, SLUG).match_permille == 10


def test_lines_of_an_invoice_are_matched_apart_and_sum_to_it(ledger: Ledger) -> None:
    items = [
        {"item": "1", "product": "KIT", "quantity": 10, "value": 300},
        {"item": "2", "product": "KIT", "quantity": 10, "value": 700},
    ]
    order(ledger, items=items)
    receive(ledger, good=10)
    lines = [{"item": "1", "quantity": 10, "amount": 300}, {"item": "2", "quantity": 1, "amount": 70}]
    with pytest.raises(Refused, match="is 12 and the lines sum to 11"):
        bill(ledger, 12, 370, lines=lines)
    bill(ledger, 11, 370, lines=lines)
    assert [(row.item, row.reasons) for row in matches(ledger)] == [("1", ()), ("2", (Mismatch.NOTHING,))]


@settings(
    max_examples=stories(10), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    quantity=st.integers(1, 50),
    value=st.integers(1, 5000),
    came=st.integers(0, 50),
    billed=st.integers(1, 60),
)
def test_a_bill_matches_exactly_when_it_asks_for_no_more_than_came(
    ledger: Ledger, quantity: int, value: int, came: int, billed: int
) -> None:
    """At the price of the order, rounded either way to a whole minor unit, only the count decides."""
    on = f"PO-{ledger.now}"
    came = min(came, quantity)
    order(ledger, on, quantity, value)
    if came:
        receive(ledger, f"G-{on}", f"L-{on}", on=on, good=came)
    amount = max(1, -(-billed * value // quantity))
    bill(ledger, billed, amount, f"I-{on}", on)
    (row,) = matches(ledger, on)
    assert (row.verdict is Verdict.YES) == (billed <= came)


def test_a_payment_is_no_dearer_with_others_on_other_orders(tmp_path: Path) -> None:
    """Steps of SQLite's machine, which alone counts them, to record a payment beside 3 orders that were paid, or 40."""
    with usually("sqlite"):
        ledger = funded(tmp_path)
    few = _steps_of_a_payment(ledger, "few", others=3)
    many = _steps_of_a_payment(ledger, "many", others=37)
    assert many < few * 1.15


def _steps_of_a_payment(ledger: Ledger, name: str, *, others: int) -> int:
    """The same order, invoice and payment each time, after `others` more of each."""
    for serial in range(others):
        _bought(ledger, f"{name}-{serial}")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with ledger.store.write() as tx:
        connection: Any = tx.session.connection().connection.driver_connection
        _tell(ledger, tx, "purchase", "add", _purchase(name))
        _tell(ledger, tx, "purchase", "approve", {"number": f"PO-{name}", "date": DATE})
        _tell(ledger, tx, "invoice", "add", _invoice(name))
        connection.set_progress_handler(count, 1)
        try:
            _tell(ledger, tx, "payment", "add", _payment(name))
        finally:
            connection.set_progress_handler(None, 1)
    return steps


def _bought(ledger: Ledger, name: str) -> None:
    with ledger.store.write() as tx:
        _tell(ledger, tx, "purchase", "add", _purchase(name))
        _tell(ledger, tx, "purchase", "approve", {"number": f"PO-{name}", "date": DATE})
        _tell(ledger, tx, "invoice", "add", _invoice(name))
        _tell(ledger, tx, "payment", "add", _payment(name))


def _tell(ledger: Ledger, tx: Writing, noun: str, verb: str, facts: dict[str, Any]) -> None:
    ledger.now = max(ledger.now + 60, day_of(facts))
    role = "approver" if verb == "approve" else "recorder"
    act(tx, ledger.actors[role], SLUG, noun, verb, facts, now=ledger.now)


def _purchase(name: str) -> dict[str, Any]:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 1000}]
    return {"number": f"PO-{name}", "supplier": name, "currency": "USD", "items": items, "date": DATE}


def _invoice(name: str) -> dict[str, Any]:
    return {"number": f"I-{name}", "order": f"PO-{name}", "quantity": 10, "amount": 1000, "date": DATE}


def _payment(name: str) -> dict[str, Any]:
    facts = {"number": f"P-{name}", "order": f"PO-{name}", "asset": "USD", "amount": 500, "discharges": 500}
    return facts | {"bank": "B", "invoice": f"I-{name}", "prepayment": True, "date": DATE}


def test_one_invoice_bills_an_order_and_its_amendment(ledger: Ledger) -> None:
    """Each is matched, paid and credited for what is billed of it; the invoice is payable as a whole."""
    order(ledger)
    order(ledger, "PO-1-A", quantity=100, value=40_000, amends="PO-1")
    order(ledger, "PO-2", quantity=10, value=5_000)
    receive(ledger, good=1000)
    receive(ledger, number="GRN-2", lot="L2", on="PO-1-A", good=100)
    lines = [
        {"item": "1", "quantity": 1000, "amount": 500_000},
        {"item": "1", "quantity": 100, "amount": 40_000},
    ]
    with pytest.raises(Refused, match=r"lines: bill an item twice"):
        bill(ledger, 1100, 540_000, lines=lines)
    with pytest.raises(Refused, match=r"lines\.1\.order: PO-2 is no approved amendment of PO-1 in USD"):
        bill(ledger, 1100, 540_000, lines=[lines[0], lines[1] | {"order": "PO-2"}])
    bill(ledger, 1100, 540_000, lines=[lines[0], lines[1] | {"order": "PO-1-A"}])
    billed = [
        (row.billed, row.amount, row.verdict) for on in ("PO-1", "PO-1-A") for row in matches(ledger, on)
    ]
    assert billed == [(1000, 500_000, Verdict.YES), (100, 40_000, Verdict.YES)]
    with ledger.store.read() as reading:
        assert state_of(Books(reading), "I-1").payable == Amount.of("USD", 540_000)
    with pytest.raises(Refused, match=r"400\.00 USD of PO-1-A is unpaid"):
        pay(ledger, 40_001, on="PO-1-A", invoice="I-1")
    pay(ledger, 40_000, on="PO-1-A", invoice="I-1")
    with pytest.raises(Refused, match="invoice: I-1 is for PO-1, PO-1-A; name one for PO-2"):
        pay(ledger, 5_000, number="P-3", on="PO-2", invoice="I-1")
    pay(ledger, 500_000, number="P-2", invoice="I-1")
    with ledger.store.read() as reading:
        assert state_of(Books(reading), "I-1").payable == Amount.of("USD", 0)


def test_packs_are_pieces_in_order_receipt_invoice_and_credit_note(ledger: Ledger) -> None:
    """Papers say packs, the books have pieces, and entry, match and trail say both; what differs is not recorded."""
    packs = {"count": 10, "of": 100}
    item = {"item": "1", "product": "KIT", "value": 500_000}
    facts = {"supplier": "Maker", "currency": "USD", "date": "2023-11-21"}
    with pytest.raises(Refused, match="is 999, and 10 packs of 100 are 1000; leave one out"):
        ledger.do(
            "recorder",
            "purchase",
            "add",
            number="PO-1",
            items=[item | {"packs": packs, "quantity": 999}],
            **facts,
        )
    with pytest.raises(Refused, match="says neither pieces nor packs"):
        ledger.do("recorder", "purchase", "add", number="PO-1", items=[item], **facts)
    ledger.do("recorder", "purchase", "add", number="PO-1", items=[item | {"packs": packs}], **facts)
    ledger.do("approver", "purchase", "approve", number="PO-1", date="2023-11-21")
    row = {"lot": "L1", "packs": {"count": 9, "of": 100}, "good": 895, "damaged": 5}
    told = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "date": DATE}
    ledger.do("recorder", "receipt", "add", lots=[row], **told)
    bill(ledger, 900, 450_000, lines=[{"item": "1", "packs": {"count": 9, "of": 100}, "amount": 450_000}])
    (match,) = matches(ledger)
    assert (match.ordered, match.received, match.billed, match.verdict) == (1000, 900, 900, Verdict.YES)
    with ledger.store.read() as reading:
        (entry,) = reading.journal.rows(campaign=SLUG, kind="purchase")
    (published,) = entry_from_bytes(entry.data).facts["items"]
    assert (published["packs"], published["quantity"]) == (packs, 1000)
    assert match.packs_credited == ""
    pay(ledger, 450_000, invoice="I-1")
    line = {"item": "1", "packs": {"count": 1, "of": 5}, "amount": 2_500}
    credit(ledger, 2_500, invoice="I-1", lines=[line])
    (match,) = matches(ledger)
    assert (match.packs_ordered, match.packs_billed, match.packs_credited) == ("10x100", "9x100", "1x5")
    assert "9 of 100 billed, in packs, 1 of 5 credited, in packs" in matched(match)
    refund = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "damaged", "lot": "L1", "quantity": 5}
    money = {"asset": "USD", "amount": 2_500, "bank": "B", "credit_note": "CN-1", "date": DATE}
    ledger.do("recorder", "refund", "add", **refund, **money)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    in_packs = {step.kind: step for step in trail.steps if "packs" in step.detail}
    assert {kind: step.detail["packs"] for kind, step in in_packs.items()} == {
        StepKind.ORDERED: "10x100", StepKind.RECEIVED: "9x100", StepKind.REFUNDED: "1x5",
    }  # fmt: skip
    assert "On paper in packs: 9 of 100" in say.step_facts(in_packs[StepKind.RECEIVED])
    assert "Billed in packs: 9 of 100" in say.step_facts(in_packs[StepKind.ORDERED])
