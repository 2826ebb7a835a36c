"""Each product is told apart: a step never adds masks to litres, and money that went as a fee has its trail."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.pages.messages import plain
from api.pages.sentences.donation import donation_sentence
from api.pages.sentences.several import several_more
from api.pages.sentences.steps import step_facts, step_said
from ledger.core.frozen import Amount
from ledger.rules.books import Books
from ledger.views.queries import donation_trails
from ledger.views.stock import lot_traces
from ledger.views.trail import DonationTrail, Step, StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.things import DATE, pay


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Kits and litres of soap, ordered together and paid with a fee by four gifts of a cent and a large one."""
    made = Ledger.new(tmp_path)
    for number in ("B-1", "B-2", "B-3", "B-4"):
        give(made, number, 1)
    give(made, "B-5", 96)
    for code, unit in (("KIT", "kit"), ("SOAP", "litre")):
        made.do("recorder", "product", "add", code=code, name=code, unit=unit, plural=unit + "s")
    items = [
        {"item": "1", "product": "KIT", "quantity": 10, "value": 30},
        {"item": "2", "product": "SOAP", "quantity": 5, "value": 20},
    ]
    facts = {"number": "PO-1", "supplier": "Maker", "currency": "USD", "items": items, "date": "2023-11-21"}
    made.do("recorder", "purchase", "add", **facts)
    made.do("approver", "purchase", "approve", number="PO-1", date="2023-11-21")
    paid = {"number": "P-1", "order": "PO-1", "asset": "USD", "amount": 50, "fee": 50, "discharges": 50}
    made.do("recorder", "payment", "add", bank="B", prepayment=True, date=DATE, **paid)
    # As much fee as amount is asked about before it is approved.
    asked = made.kinds().index("payment") + 1
    made.do(
        "approver", "question", "answer", entry=asked, answer="right", reason="A gift of cents", date=DATE
    )
    made.do("approver", "payment", "approve", number="P-1", date=DATE)
    return made


def give(ledger: Ledger, number: str, cents: int) -> None:
    facts = {"number": number, "bank": "B", "currency": "USD", "amount": cents, "date": "2023-11-20"}
    ledger.do("recorder", "contribution", "add", **facts)


def trail(ledger: Ledger, number: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, f"contribution:{SLUG}:{number}")
    return found


def told(ledger: Ledger, number: str, kind: StepKind) -> list[Step]:
    return [step for step in trail(ledger, number).steps if step.kind is kind]


def test_a_gift_that_went_wholly_as_the_fee_of_a_payment_has_its_trail(ledger: Ledger) -> None:
    fees = {number: told(ledger, number, StepKind.FEE) for number in ("B-1", "B-2", "B-3", "B-4")}
    assert [number for number, steps in fees.items() if steps] == ["B-2", "B-4"]
    (step,) = fees["B-2"]
    assert (step.amount.asset, step.amount.minor, step.place, step.reference) == ("USD", 1, "Maker", "PO-1")


def test_what_a_payment_paid_for_is_told_product_by_product_and_its_fee_once(ledger: Ledger) -> None:
    steps = told(ledger, "B-5", StepKind.ORDERED)
    assert {step.amount.asset: step.amount.minor for step in steps} == {"KIT": 10, "SOAP": 5}
    assert sum(step.figures["paid"].minor for step in steps) == 48
    assert [step.figures.get("fee") for step in steps] == [Amount.of("USD", 48), None]


def test_two_products_on_one_waybill_are_two_steps(ledger: Ledger) -> None:
    for item, lot, count in (("1", "K", 10), ("2", "G", 5)):
        rows = [{"lot": lot, "noted": count, "good": count}]
        facts = {"number": f"GRN-{lot}", "order": "PO-1", "item": item, "place": "Depot", "lots": rows}
        ledger.do("recorder", "receipt", "add", date=DATE, **facts)
    lots = [
        {"product": "KIT", "lot": "K", "quantity": 10},
        {"product": "SOAP", "lot": "G", "quantity": 5},
    ]
    facts = {"waybill": "W-1", "origin": "Depot", "destination": "Port", "carriage": "road", "date": DATE}
    ledger.do("recorder", "shipment", "add", lots=lots, **facts)
    assert {step.amount.asset: step.amount.minor for step in told(ledger, "B-5", StepKind.SHIPPED)} == {
        "KIT": 10,
        "SOAP": 5,
    }


def test_what_gifts_paid_of_a_lot_sums_to_its_price_although_one_payment_paid_for_two_products(
    ledger: Ledger,
) -> None:
    for item, lot, count in (("1", "K", 10), ("2", "G", 5)):
        rows = [{"lot": lot, "noted": count, "good": count}]
        facts = {"number": f"GRN-{lot}", "order": "PO-1", "item": item, "place": "Depot", "lots": rows}
        ledger.do("recorder", "receipt", "add", date=DATE, **facts)
    with ledger.store.read() as reading:
        books = Books(reading)
        traces = [lot_traces(books, SLUG, lot)[0] for lot in ("K", "G")]
    assert [{share.amount.asset for share in trace.gifts} for trace in traces] == [{"USD"}, {"USD"}]
    assert [sum(share.amount.minor for share in trace.gifts) for trace in traces] == [30, 20]
    assert [sum(share.pieces for share in trace.gifts) for trace in traces] == [10, 5]
    whole = sum(
        share.amount.minor for trace in traces for share in trace.gifts if share.gift == "contribution:B-5"
    )
    assert whole == 48


def test_who_paid_for_less_than_a_piece_reads_the_money_and_what_it_went_towards(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    give(ledger, "G-1", 30)
    give(ledger, "G-2", 970)
    service = {"code": "FRT", "name": "Air freight", "unit": "flight", "plural": "flights", "service": True}
    ledger.do("recorder", "product", "add", **service)
    items = [{"item": "1", "product": "FRT", "quantity": 1, "value": 1_000}]
    facts = {"number": "PO-1", "supplier": "Carrier", "currency": "USD", "items": items, "date": DATE}
    ledger.do("recorder", "purchase", "add", **facts)
    ledger.do("approver", "purchase", "approve", number="PO-1", date=DATE)
    paid = {
        "number": "P-1",
        "order": "PO-1",
        "asset": "USD",
        "amount": 1_000,
        "discharges": 1_000,
        "bank": "B",
    }
    ledger.do("recorder", "payment", "add", prepayment=True, date=DATE, **paid)
    ledger.do("approver", "payment", "approve", number="P-1", date=DATE)
    (step,) = told(ledger, "G-1", StepKind.PAID)
    assert (step.amount, step.detail["towards"]) == (Amount.of("USD", 30), "Air freight")
    assert "paid" not in step.figures
    assert plain(step_said(step)) == "0.30 USD paid to Carrier"
    assert "Towards Air freight" in step_facts(step)


def test_what_of_a_service_failed_is_told_beside_what_was_done(tmp_path: Path) -> None:
    """For one gift, and for several together: 4 + 3 were trained, and 3 never came."""
    ledger = Ledger.new(tmp_path)
    give(ledger, "G-1", 500)
    give(ledger, "G-2", 500)
    service = {"code": "TR", "name": "Course", "unit": "student", "plural": "students", "verb": "trained"}
    ledger.do("recorder", "product", "add", service=True, **service)
    items = [{"item": "1", "product": "TR", "quantity": 10, "value": 1_000}]
    facts = {"number": "PO-1", "supplier": "School", "currency": "USD", "items": items, "date": DATE}
    ledger.do("recorder", "purchase", "add", **facts)
    ledger.do("approver", "purchase", "approve", number="PO-1", date=DATE)
    pay(ledger, 1_000, prepayment=True)
    lots = [{"lot": "S", "noted": 10, "good": 7, "short": 3}]
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "place": "Port", "lots": lots, "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    trails = [trail(ledger, number) for number in ("G-1", "G-2")]
    assert [plain(donation_sentence(told)) for told in trails] == [
        "Your 5.00 USD: 4 students trained for 5.00 USD of Course, 1 student short.",
        "Your 5.00 USD: 3 students trained for 5.00 USD of Course, 2 students short.",
    ]
    assert several_more(trails) == [
        "Together they paid for 7 students trained as Course and 3 students short."
    ]
