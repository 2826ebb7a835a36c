"""Money at a bank beside gifts and payments: charge-backs and what covers them, exchanges, fees and interest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from api.pages import sentences as say
from ledger.core.accounts import AccountClass, account
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.frozen import Amount
from ledger.core.times import unix_seconds
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.invoices import require_invoice
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind, Origin, StageKind
from ledger.views.invoices import invoice_state
from ledger.views.open_items import OpenItemKind
from ledger.views.other_gifts import other_trails
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.sum_tables import SumKey
from ledger.views.trail import ChangeKind, DonationTrail, StepKind
from ledger.views.waiting_money import shortfalls_waiting
from service.sentences import desk as say_desk
from tests.tools.ledgers import SLUG, Ledger, QuietLedger, tied

DAY = {"date": "2024-07-01"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = QuietLedger.new(tmp_path, end="2024-12-31")
    made.mine("a")
    made.bury()
    yield made
    Ledger.audit(made)
    tied(made)
    made.store.close()


def gave(ledger: Ledger, number: str, amount: int, **more: Any) -> int:
    facts = {"number": number, "bank": "B", "currency": "USD", "amount": amount}
    return ledger.do("recorder", "contribution", "add", **DAY | facts | more).seq or 0


def two(ledger: Ledger, noun: str, number: str, **facts: Any) -> int:
    """One person records and another one approves; the approval's entry."""
    ledger.do("recorder", noun, "add", number=number, **DAY | facts)
    ledger.say_right(DAY["date"])
    return ledger.do("approver", noun, "approve", number=number, **DAY).seq or 0


def spent(ledger: Ledger, amount: int) -> None:
    """An order of so much, approved and paid from bank B."""
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": amount}]
    order = {"number": "PO-1", "supplier": "Maker", "currency": "USD", "items": items}
    ledger.do("recorder", "purchase", "add", **DAY | order)
    ledger.do("approver", "purchase", "approve", number="PO-1", **DAY)
    paid = {"order": "PO-1", "asset": "USD", "amount": amount, "discharges": amount, "bank": "B"}
    two(ledger, "payment", "P-1", **paid, prepayment=True)


def held(ledger: Ledger, bank: str = "B", currency: str = "USD") -> int:
    with ledger.store.read() as reading:
        return at_bank(Books(reading), SLUG, bank, currency)


def free(ledger: Ledger, currency: str = "USD") -> int:
    with ledger.store.read() as reading:
        return Books(reading).lines.free_units(money_line(SLUG, currency))


def net(ledger: Ledger, kind: AccountClass, *detail: str) -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(account(kind, SLUG, *detail), "USD")


def shortfalls(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    return [(str(r.subject), r.amount.minor) for r in rows if r.kind is OpenItemKind.SHORTFALL and r.amount]


def trail(ledger: Ledger, number: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = other_trails(reading, f"contribution:{SLUG}:{number}")
    return found


def test_a_spent_gift_that_is_charged_back_is_a_shortfall_until_somebody_covers_it(ledger: Ledger) -> None:
    gave(ledger, "G-1", 40_000)
    spent(ledger, 40_000)
    back = {"gift": "contribution:G-1", "amount": 40_000, "bank": "B", "reason": "mistake"}
    with pytest.raises(Refused):
        ledger.do("recorder", "gift-return", "add", number="R-1", **DAY | back)
    two(ledger, "charge-back", "CB-1", gift="contribution:G-1", amount=40_000)
    assert held(ledger) == -40_000
    assert shortfalls(ledger) == [("charge-back CB-1", 40_000)]
    with ledger.store.read() as reading:
        assert not books_state(reading, SLUG, now=ledger.now).reconciled
    assert trail(ledger, "G-1").outcome == "charged_back"
    assert trail(ledger, "G-1").places or trail(ledger, "G-1").steps  # what of it was used stays told
    (step,) = [step for step in trail(ledger, "G-1").steps if step.kind is StepKind.CHARGED_BACK]
    assert (step.amount.minor, step.figures["shortfall"].minor) == (40_000, 40_000)
    two(ledger, "cover", "CV-1", charge_back="CB-1", bank="B", amount=30_000)
    assert shortfalls(ledger) == [("charge-back CB-1", 10_000)]
    two(ledger, "cover", "CV-2", charge_back="CB-1", bank="B", amount=10_000)
    assert (held(ledger), free(ledger), shortfalls(ledger)) == (0, 0, [])
    with pytest.raises(Refused, match="nobody covered yet"):
        ledger.do("recorder", "cover", "add", number="CV-3", charge_back="CB-1", bank="B", amount=1, **DAY)


def test_held_is_one_figure_in_sums_and_picture_while_what_was_taken_back_is_not_covered(
    ledger: Ledger,
) -> None:
    gave(ledger, "G-1", 40_000)
    gave(ledger, "G-2", 10_000)
    spent(ledger, 40_000)
    two(ledger, "charge-back", "CB-1", gift="contribution:G-1", amount=40_000)
    two(ledger, "cover", "CV-1", charge_back="CB-1", bank="B", amount=25_000)
    with ledger.store.read() as reading:
        report, flow = campaign_report(reading, SLUG, now=ledger.now), campaign_flow(reading, SLUG)
    (table,) = (table for table in report.sums if table.asset == "USD")
    rows = {row.key: row.minor for row in table.rows}
    assert (
        rows[SumKey.HELD] == sum(row.units for row in flow.exits if row.kind is ExitKind.HELD) == free(ledger)
    )
    assert rows[SumKey.TAKEN_BACK] == -15_000
    # What a bank took back was given by nobody: no sum and no count has it, and what was used of it is drawn.
    assert (table.came[0].key, table.came[0].minor) == ("given", 10_000)
    assert [(row.minor, row.count) for row in report.received] == [(10_000, 1)]
    (stage,) = (stage for stage in flow.stages if stage.kind is StageKind.MONEY)
    parts = {part.origin: (part.count, part.totals[0].minor) for part in stage.parts}
    assert parts[Origin.GIVEN] == (1, 50_000)
    assert held(ledger) == rows[SumKey.HELD] + rows[SumKey.TAKEN_BACK]


def test_what_covers_shortfalls_is_asked_once_however_many_there_are(ledger: Ledger) -> None:
    def asked() -> int:
        statements: list[str] = []
        with ledger.store.read() as reading:
            connection = reading.session.connection()
            event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
            found = list(shortfalls_waiting(reading, SLUG))
        assert found
        return len(statements)

    for number in range(3):
        gave(ledger, f"G-{number}", 1_000)
    spent(ledger, 3_000)
    two(ledger, "charge-back", "CB-0", gift="contribution:G-0", amount=1_000)
    few = asked()
    for number in (1, 2):
        two(ledger, "charge-back", f"CB-{number}", gift=f"contribution:G-{number}", amount=1_000)
    assert asked() == few
    two(ledger, "cover", "CV-1", charge_back="CB-1", bank="B", amount=400)
    assert shortfalls(ledger) == [
        ("charge-back CB-0", 1_000),
        ("charge-back CB-1", 600),
        ("charge-back CB-2", 1_000),
    ]


def test_nobody_elses_gift_pays_for_a_charge_back_and_nothing_beyond_the_bank_is_spent(
    ledger: Ledger,
) -> None:
    gave(ledger, "G-1", 40_000)
    spent(ledger, 30_000)
    gave(ledger, "G-2", 50_000)
    two(ledger, "charge-back", "CB-1", gift="contribution:G-1", amount=40_000)
    assert shortfalls(ledger) == [("charge-back CB-1", 30_000)]
    (step,) = [step for step in trail(ledger, "G-1").steps if step.kind is StepKind.CHARGED_BACK]
    figures = {key: figure.minor for key, figure in step.figures.items()}
    assert (step.amount.minor, figures) == (40_000, {"returned": 10_000, "shortfall": 30_000})
    assert "settled on " in say.status_detail(
        trail(ledger, "G-1")
    )  # the chip says charged back, of a later day
    assert free(ledger) == 50_000  # all of the second gift is its own still
    assert held(ledger) == 20_000
    move = {"asset": "USD", "amount": 20_001, "from_bank": "B", "to_bank": "C"}
    with pytest.raises(Refused, match="is wanted"):
        ledger.do("recorder", "move", "add", number="M-1", **DAY | move)


def test_a_charge_back_is_approved_by_another_person_and_reversed_before_it_is_covered_only(
    ledger: Ledger,
) -> None:
    gave(ledger, "G-1", 500)
    ledger.do("recorder", "charge-back", "add", number="CB-1", gift="contribution:G-1", amount=200, **DAY)
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "charge-back", "approve", number="CB-1", **DAY)
    with pytest.raises(Refused, match="did not go back"):
        ledger.do("recorder", "charge-back", "add", number="CB-2", gift="contribution:G-1", amount=301, **DAY)
    done = ledger.do("approver", "charge-back", "approve", number="CB-1", **DAY)
    assert (held(ledger), free(ledger), shortfalls(ledger)) == (300, 300, [])
    assert say.plain(say.donation_sentence(trail(ledger, "G-1"))) == (
        "Your 5.00 USD came, and its bank took 2.00 USD of it back: 3.00 USD held at the bank, 2.00 USD returned."
    )
    rest = two(ledger, "charge-back", "CB-2", gift="contribution:G-1", amount=300)
    assert (
        say.plain(say.donation_sentence(trail(ledger, "G-1"))) == "Your 5.00 USD was taken back by its bank."
    )
    ledger.do("approver", "reversal", "add", entry=rest, reason="it was not", **DAY)
    ledger.do("approver", "reversal", "add", entry=done.seq, reason="it was not", **DAY)
    assert (held(ledger), free(ledger), trail(ledger, "G-1").outcome) == (500, 500, None)
    spent(ledger, 500)
    again = two(ledger, "charge-back", "CB-3", gift="contribution:G-1", amount=500)
    two(ledger, "cover", "CV-1", charge_back="CB-3", bank="B", amount=500)
    with pytest.raises(Conflict, match="CV-1 covers"):
        ledger.do("approver", "reversal", "add", entry=again, reason="it was not", **DAY)


def test_money_of_one_currency_is_exchanged_for_money_of_another_with_its_fee(ledger: Ledger) -> None:
    gave(ledger, "G-1", 1_000_000)
    sold = {"bank": "B", "currency": "USD", "sold": 400_000, "fee": 1_000}
    done = two(ledger, "exchange", "X-1", **sold, to_bank="C", into="CNY", bought=2_800_000)
    assert (held(ledger), held(ledger, "C", "CNY")) == (599_000, 2_800_000)
    assert (free(ledger), free(ledger, "CNY")) == (599_000, 2_800_000)
    assert net(ledger, AccountClass.FEES, "exchange") == 1_000
    told = [(s.kind.value, s.amount.asset, s.amount.minor) for s in trail(ledger, "G-1").steps]
    assert ("converted", "CNY", 2_800_000) in told
    with ledger.store.read() as reading:
        (stage,) = [row for row in campaign_flow(reading, SLUG).stages if row.place == "CNY"]
    assert [(part.origin, part.count) for part in stage.parts] == [(Origin.CONVERTED, 1)]
    (step,) = [step for step in trail(ledger, "G-1").steps if step.reference == "X-1"]
    assert {key: figure.minor for key, figure in step.figures.items()} == {"sold": 400_000, "fee": 1_000}
    ledger.do("approver", "reversal", "add", entry=done, reason="it was not", **DAY)
    assert (held(ledger), held(ledger, "C", "CNY"), free(ledger)) == (1_000_000, 0, 1_000_000)


def test_what_restricted_money_fetches_is_restricted_alike(ledger: Ledger) -> None:
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    need = {"recipient": "R", "product": "KIT", "quantity": 5, "place": "P", "by": "2024-12-01"}
    ledger.do("recorder", "need", "add", number="N-1", **DAY | need)
    gave(ledger, "G-1", 300, restriction="N-1")
    gave(ledger, "G-2", 300)
    sold = {"bank": "B", "currency": "USD", "sold": 400, "to_bank": "B", "into": "EUR", "bought": 360}
    two(ledger, "exchange", "X-1", **sold, need="N-1")
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        assert [lines.free_units(money_line(SLUG, "EUR", of)) for of in ("N-1", "free")] == [270, 90]


def ordered(ledger: Ledger, number: str, currency: str, value: int) -> None:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": value}]
    order = {"supplier": f"Maker {number}", "currency": currency, "items": items}
    two(ledger, "purchase", number, **order)


def test_free_money_of_one_currency_backs_an_order_in_another_by_dated_quotes_and_is_bound_by_it(
    ledger: Ledger,
) -> None:
    """10,000.00 USD, 1 USD = 7 CNY: an order of 63,000.00 CNY binds 9,000.00 of them."""
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    gave(ledger, "G-1", 1_000_000)
    with pytest.raises(Refused, match="record the rate"):
        ordered(ledger, "PO-1", "CNY", 6_300_000)
    for currency, price in (("USD", 6_000_000), ("CNY", 42_000_000)):
        quotes = [{"source": name, "price": price} for name in ("one", "two")]
        ledger.do("recorder", "rate", "add", currency=currency, quotes=quotes, **DAY)
    with pytest.raises(Refused, match="is worth"):
        ordered(ledger, "PO-1", "CNY", 7_000_001)
    ordered(ledger, "PO-1", "CNY", 6_300_000)
    with pytest.raises(Refused, match=r"only 1000\.00 [A-Z]{3} is free"):
        ordered(ledger, "PO-2", "USD", 100_001)
    with pytest.raises(Refused, match=r"only 7000\.00 [A-Z]{3} is free"):
        ordered(ledger, "PO-2", "CNY", 700_001)
    ordered(ledger, "PO-2", "USD", 100_000)
    paid = {"order": "PO-1", "asset": "USD", "amount": 300_000, "discharges": 2_100_000, "bank": "B"}
    two(ledger, "payment", "P-1", **paid, prepayment=True)
    (step,) = [step for step in trail(ledger, "G-1").steps if step.reference == "PO-1"]
    assert step.figures["paid"] == Amount.of("CNY", 2_100_000)
    assert step.figures["paid_with"] == Amount.of("USD", 300_000)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"into": "USD"}, "move add"),
        ({"currency": "BTC"}, "conversion"),
        ({"sold": 501}, "is wanted"),
        ({"bank": "C"}, "is wanted"),
    ],
)
def test_what_is_no_exchange_is_refused(ledger: Ledger, change: dict[str, Any], match: str) -> None:
    gave(ledger, "G-1", 500)
    sold = {"bank": "B", "currency": "USD", "sold": 400, "to_bank": "B", "into": "EUR", "bought": 360}
    with pytest.raises(Refused, match=match):
        ledger.do("recorder", "exchange", "add", number="X-1", **DAY | sold | change)


def test_a_banks_fee_takes_unrestricted_money_and_needs_two_people(ledger: Ledger) -> None:
    gave(ledger, "G-1", 10_000)
    done = two(ledger, "bank-fee", "F-1", bank="B", currency="USD", amount=350)
    assert (held(ledger), free(ledger), net(ledger, AccountClass.FEES, "bank")) == (9_650, 9_650, 350)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"contribution:{SLUG}:G-1")
    assert [change.kind for change in trail.changes] == [ChangeKind.CHARGED]
    ledger.do("approver", "reversal", "add", entry=done, reason="it was another's", **DAY)
    assert (held(ledger), free(ledger)) == (10_000, 10_000)
    fee = {"bank": "B", "currency": "USD", "amount": 10_001}
    with pytest.raises(Refused, match="is wanted"):
        ledger.do("recorder", "bank-fee", "add", number="F-2", **DAY | fee)


def test_withheld_tax_discharges_the_order_and_is_owed_to_the_tax_office(ledger: Ledger) -> None:
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    gave(ledger, "G-1", 100_000)
    ordered(ledger, "PO-1", "USD", 80_000)
    paid = {"order": "PO-1", "asset": "USD", "amount": 72_000, "withheld": 8_000, "bank": "B"}
    with pytest.raises(Refused, match="and the tax withheld"):
        ledger.do("recorder", "payment", "add", number="P-1", **DAY | paid, discharges=72_000)
    done = two(ledger, "payment", "P-1", **paid, discharges=80_000, prepayment=True)
    assert (held(ledger), free(ledger), net(ledger, AccountClass.TAX)) == (28_000, 20_000, -8_000)
    with ledger.store.read() as reading:
        owed = [r for r in decisions(reading, SLUG, now=ledger.now) if r.kind is OpenItemKind.TAX_OWED]
    assert [(r.amount and r.amount.minor, r.since) for r in owed] == [(8_000, DAY["date"])]
    tied(ledger)
    with pytest.raises(Refused, match="that is owed"):
        ledger.do(
            "recorder", "tax-payment", "add", number="T-1", bank="B", currency="USD", amount=8_001, **DAY
        )
    tax = two(ledger, "tax-payment", "T-1", bank="B", currency="USD", amount=8_000)
    assert (held(ledger), free(ledger), net(ledger, AccountClass.TAX)) == (20_000, 20_000, 0)
    with pytest.raises(Conflict, match="reverse that tax payment first"):
        ledger.do("approver", "reversal", "add", entry=done, reason="it was not", **DAY)
    for entry in (tax, done):
        ledger.do("approver", "reversal", "add", entry=entry, reason="it was not", **DAY)
    assert (held(ledger), free(ledger)) == (100_000, 100_000)


def said(ledger: Ledger, number: str) -> str:
    with ledger.store.read() as reading:
        books = Books(reading)
        return say_desk.invoice(invoice_state(books, require_invoice(books.session, SLUG, number)))


def waiting(ledger: Ledger, day: str) -> dict[str, int]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=unix_seconds(f"{day}T12:00:00Z"))
        return {row.kind.value: row.amount.minor for row in rows if row.amount is not None}


def test_value_added_tax_that_comes_back_is_no_cost_and_lies_with_the_tax_office(ledger: Ledger) -> None:
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    gave(ledger, "G-1", 150_000)
    ordered(ledger, "PO-1", "USD", 100_000)
    bill = {"order": "PO-1", "quantity": 10, "amount": 118_000, "vat": 18_000}
    with pytest.raises(Refused, match="an admin says which one is"):
        ledger.do("recorder", "invoice", "add", number="I-1", **DAY | bill, vat_to="VAT")
    terms = {"number": "BT-1", "bank": "VAT", "account": "vat"}
    with pytest.raises(Refused, match="name both there"):
        ledger.do("admin", "bank", "terms", **DAY | terms)
    ledger.do("admin", "bank", "terms", **DAY | terms, holder="Revenue Service", until="2024-09-30")
    spoiled: tuple[dict[str, Any], ...] = ({"vat": 118_000}, {"vat": None})
    for wrong in spoiled:
        with pytest.raises(Refused):
            ledger.do("recorder", "invoice", "add", number="I-1", **DAY | bill | wrong, vat_to="VAT")
    ledger.do("recorder", "invoice", "add", number="I-1", **DAY | bill, vat_to="VAT")
    assert said(ledger, "I-1").endswith(
        "1,180.00 USD payable; 180.00 USD of the invoice is value added tax that comes back"
    )
    assert waiting(ledger, "2024-07-02")["open_match"] == 100_000  # nothing came yet; of tax nothing has to
    paid = {"order": "PO-1", "asset": "USD", "bank": "B", "invoice": "I-1", "prepayment": True}
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"discharges": 90_000, "vat": 18_000}, "less vat that comes back"),
        ({"discharges": 99_999, "vat": 18_001}, "180.00 USD of the tax of invoice I-1"),
        ({"discharges": 100_000, "vat": 18_000, "invoice": None}, "vat_to"),
        ({"discharges": 100_000, "vat": 18_000, "bank": "VAT"}, "name the one that paid"),
    )
    for wrong, match in refused:
        with pytest.raises(Refused, match=match):
            ledger.do("recorder", "payment", "add", number="P-1", **DAY | paid | {"amount": 118_000} | wrong)
    done = two(ledger, "payment", "P-1", **paid, amount=118_000, vat=18_000, discharges=100_000)
    assert (held(ledger), held(ledger, "VAT"), free(ledger)) == (32_000, 18_000, 50_000)
    assert "; 0.00 USD payable" in said(ledger, "I-1")
    assert waiting(ledger, "2024-09-30")["vat_to_come"] == 18_000
    assert waiting(ledger, "2024-10-01")["vat_overdue"] == 18_000
    tied(ledger)
    with pytest.raises(Refused, match=r"only 320\.00 USD is free"):
        ordered(ledger, "PO-2", "USD", 32_001)
    two(ledger, "move", "M-1", asset="USD", amount=17_000, from_bank="VAT", to_bank="B")
    two(ledger, "bank-fee", "F-1", bank="VAT", currency="USD", amount=1_000, cause="tax")
    assert (held(ledger), held(ledger, "VAT"), free(ledger)) == (49_000, 0, 49_000)
    (step,) = [s for s in trail(ledger, "G-1").steps if s.reference == "PO-1"]
    assert step.figures["paid"] == Amount.of("USD", 100_000)
    with pytest.raises(Conflict, match="cannot hold less than nothing"):
        ledger.do("approver", "reversal", "add", entry=done, reason="it was not", **DAY)


def test_a_credit_note_takes_value_added_tax_off_its_invoice(ledger: Ledger) -> None:
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
    ledger.do("recorder", "product", "add", **kit)
    gave(ledger, "G-1", 150_000)
    ordered(ledger, "PO-1", "USD", 100_000)
    terms = {"number": "BT-1", "bank": "VAT", "account": "vat", "holder": "Revenue", "until": "2024-09-30"}
    ledger.do("admin", "bank", "terms", **DAY | terms)
    bill = {"order": "PO-1", "quantity": 10}
    cost = ledger.do("recorder", "invoice", "add", number="I-0", **DAY | bill, amount=100_000, vat=16_000)
    assert "1,000.00 USD payable; 160.00 USD of the invoice is value added tax" in said(ledger, "I-0")
    note = {"order": "PO-1", "invoice": "I-0", "amount": 11_800, "vat": 1_800, "reason": "Two kits were old"}
    with pytest.raises(Refused, match=r"no more than the 0\.00 USD of tax"):
        ledger.do("recorder", "credit-note", "add", number="CN-1", **DAY | note)
    ledger.do("approver", "reversal", "add", entry=cost.seq, reason="tax comes back", **DAY)
    taxed = {"amount": 118_000, "vat": 18_000, "vat_to": "VAT"}
    ledger.do("recorder", "invoice", "add", number="I-1", **DAY | bill | taxed)
    ledger.do("recorder", "credit-note", "add", number="CN-1", **DAY | note | {"invoice": "I-1"})
    assert "; 1,062.00 USD payable" in said(ledger, "I-1")


def test_interest_is_money_and_no_gift(ledger: Ledger) -> None:
    paid = {"bank": "B", "currency": "USD", "amount": 75}
    done = ledger.do("recorder", "interest", "add", number="I-1", **DAY | paid)
    assert (held(ledger), free(ledger), net(ledger, AccountClass.GIFTS)) == (75, 75, 0)
    spent(ledger, 75)
    with pytest.raises(Conflict, match="used or held"):
        ledger.do("approver", "reversal", "add", entry=done.seq, reason="it was not", **DAY)


def test_a_gift_that_came_less_its_fee_is_whole_and_its_fee_is_told(ledger: Ledger) -> None:
    entry = gave(ledger, "G-1", 10_000, fee=500)
    assert trail(ledger, "G-1").steps[0].figures == {"fee": Amount.of("USD", 500)}
    assert (held(ledger), free(ledger)) == (9_500, 9_500)
    assert net(ledger, AccountClass.GIFTS) == -10_000
    assert trail(ledger, "G-1").amount.minor == 10_000
    with pytest.raises(Refused, match="nothing arrived"):
        gave(ledger, "G-2", 100, fee=100)
    ledger.do("approver", "reversal", "add", entry=entry, reason="it never came", **DAY)
    assert (held(ledger), free(ledger), net(ledger, AccountClass.GIFTS)) == (0, 0, 0)
    gave(ledger, "G-3", 10_000, fee=500)
    spent(ledger, 9_500)
