"""A contribution's data and amount, and an order's supplier, are put right by two people, whatever stands on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from ledger.core.errors import Conflict, Refused
from ledger.model.named import NameOf
from ledger.model.orders import InvoiceRow
from ledger.model.questions import QuestionRow
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.gift_records import find_contribution
from ledger.rules.gifts import money_line
from ledger.rules.named import find_named
from ledger.rules.orders import require_order
from ledger.views.other_gifts import other_trails
from ledger.views.trail import DonationTrail
from tests.tools.ledgers import SLUG, Ledger, made_once, tied
from tests.tools.things import DATE, funded, order, pay, seq_of


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """G-1 of 500.00, 120.00 of which its bank took, then G-2 of 80.00, of which banks kept 5.00."""
    made = Ledger.new(tmp_path)
    gave(made, "G-1", 50_000, reference="REF-1")
    taken = {"number": "F-1", "bank": "B", "currency": "USD", "amount": 12_000, "cause": "tax", "date": DATE}
    made.do("recorder", "bank-fee", "add", **taken)
    right(made, seq_of(made, "bank-fee", "F-1"))
    made.do("approver", "bank-fee", "approve", number="F-1", date=DATE)
    gave(made, "G-2", 8_000, fee=500)
    right(made, seq_of(made, "contribution", "G-2"))
    return made


def right(ledger: Ledger, entry: int) -> None:
    """Somebody else says that a fee is as large as that."""
    said = {"entry": entry, "doubt": "fee", "answer": "right", "reason": "The advice says so", "date": DATE}
    ledger.do("approver", "question", "answer", **said)


def gave(ledger: Ledger, number: str, amount: int, **more: Any) -> None:
    facts = {"number": number, "bank": "B", "currency": "USD", "amount": amount, "date": DATE}
    ledger.do("recorder", "contribution", "add", **facts | more)


def correct(ledger: Ledger, number: str, entry: int, field: str, old: object, new: object) -> int:
    told = {"number": number, "entry": entry, "field": field, "reason": "mistyped", "date": DATE}
    told |= {name: str(value) for name, value in (("old", old), ("new", new)) if value is not None}
    ledger.do("recorder", "correction", "add", **told)
    seq = ledger.do("approver", "correction", "approve", number=number, date=DATE).seq
    assert seq is not None
    return seq


def sums(ledger: Ledger) -> tuple[int, int]:
    """(what lies at the bank, what is free on the line)."""
    with ledger.store.read() as reading:
        books = Books(reading)
        return at_bank(books, SLUG, "B", "USD"), books.lines.free_units(money_line(SLUG, "USD"))


def trail(ledger: Ledger, number: str) -> DonationTrail:
    with ledger.store.read() as reading:
        return other_trails(reading, f"contribution:{SLUG}:{number}")[0]


def test_what_a_contribution_says_of_its_donor_is_put_right_and_moves_nothing(ledger: Ledger) -> None:
    entry, before = seq_of(ledger, "contribution", "G-1"), sums(ledger)
    correct(ledger, "CR-1", entry, "reference", "REF-1", "REF-7")
    correct(ledger, "CR-2", entry, "organisation", None, "Aid")
    correct(ledger, "CR-3", entry, "happened", DATE, "2023-11-15")
    with ledger.store.read() as reading:
        row = find_contribution(reading.session, SLUG, "G-1")
    assert row is not None
    assert (row.reference, row.organisation, row.happened) == ("REF-7", "Aid", "2023-11-15")
    assert (sums(ledger), trail(ledger, "G-1").steps[0].at) == (before, "2023-11-15")
    told = trail(ledger, "G-1").steps[0].detail["corrected"]
    assert told == f"reference REF-1 → REF-7; organisation - → Aid; happened {DATE} → 2023-11-15"
    gave(ledger, "G-3", 100, reference="REF-1")
    gave(ledger, "G-4", 100, reference="ref-7")  # looks like what it says now
    with ledger.store.read() as reading:
        alike = select(QuestionRow).where(col(QuestionRow.other).is_not(None))
        asked = {row.entry: row.other for row in reading.session.exec(alike)}
    assert asked == {seq_of(ledger, "contribution", "G-4"): entry}
    with pytest.raises(Refused, match="still to come"):
        correct(ledger, "CR-4", entry, "happened", "2023-11-15", "2030-01-01")


def test_a_mistyped_amount_is_put_right_as_far_as_it_is_free(ledger: Ledger) -> None:
    """Fewer leave the line, the last first; what was used counts. More join it beside their own, or are told apart."""
    first, second = seq_of(ledger, "contribution", "G-1"), seq_of(ledger, "contribution", "G-2")
    assert sums(ledger) == (45_500, 45_500)
    with pytest.raises(Refused, match=r"120\.00 USD of it that are used"):
        correct(ledger, "CR-0", first, "amount", 50_000, 11_999)
    with pytest.raises(Refused, match="a contribution of its own"):
        correct(ledger, "CR-0", first, "amount", 50_000, 60_000)
    with pytest.raises(Refused, match="what its fee"):
        correct(ledger, "CR-0", second, "amount", 8_000, 500)
    fewer = correct(ledger, "CR-1", first, "amount", 50_000, 20_000)
    assert (sums(ledger), trail(ledger, "G-1").amount.minor) == ((15_500, 15_500), 20_000)
    assert trail(ledger, "G-1").steps[0].detail["corrected"] == "amount 500.00 USD → 200.00 USD"
    correct(ledger, "CR-2", second, "amount", 8_000, 9_000)  # the last on its line
    assert sums(ledger) == (16_500, 16_500)
    ledger.do("approver", "reversal", "add", entry=fewer, reason="it was right", date=DATE)
    assert (sums(ledger), trail(ledger, "G-1").amount.minor) == ((46_500, 46_500), 50_000)
    gave(ledger, "G-3", 700)
    more = correct(ledger, "CR-3", second, "amount", 9_000, 9_900)  # others lie behind it, and it is unused
    assert (sums(ledger), trail(ledger, "G-2").amount.minor) == ((48_100, 48_100), 9_900)
    tied(ledger)
    ledger.do("approver", "reversal", "add", entry=more, reason="it was right", date=DATE)
    ledger.do("approver", "reversal", "add", entry=second, reason="never came", date=DATE)
    assert sums(ledger) == (38_700, 38_700)
    tied(ledger)


def test_another_supplier_of_an_order_is_the_supplier_of_its_papers(tmp_path: Path) -> None:
    """A new name is a record of its own; who approves lets money go there, and one paper is not two."""
    ledger = funded(tmp_path)
    order(ledger)
    bill = {"number": "INV-1", "quantity": 10, "amount": 5_000, "date": DATE}
    ledger.do("recorder", "invoice", "add", order="PO-1", **bill)
    pay(ledger, 5_000)
    entry = seq_of(ledger, "purchase", "PO-1")
    correct(ledger, "CR-1", entry, "supplier", "Maker", "Mayer")
    with ledger.store.read() as reading:
        (invoice,) = reading.session.exec(select(InvoiceRow)).all()
        assert require_order(reading.session, SLUG, "PO-1").supplier == invoice.supplier == "Mayer"
        assert find_named(reading.session, NameOf.SUPPLIER, "Mayer") is not None
    order(ledger, number="PO-2")
    ledger.do("recorder", "invoice", "add", order="PO-2", **bill)
    with pytest.raises(Conflict, match="another paper INV-1"):
        correct(ledger, "CR-2", seq_of(ledger, "purchase", "PO-2"), "supplier", "Maker", "Mayer")
