"""A number is its issuer's; what looks like one thing told twice is one question, and waits for an answer
(docs/rules.md, 21)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences import what_to_do
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.likeness import likeness_of_number
from ledger.recording.desk import act
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx
from tests.tools.things import DATE, funded, order, pay, receive, seq_of


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Two orders of Maker and one of Other, all received: 600 pieces of each are to be billed."""
    made = funded(tmp_path)
    for number, supplier in (("PO-1", "Maker"), ("PO-2", "Maker"), ("PO-3", "Other")):
        order(made, number, 600, 300_000, supplier=supplier)
        receive(made, f"GRN-{number}", on=number, good=600)
    return made


def bill(ledger: Ledger, number: str, on: str, **more: Any) -> None:
    facts = {"number": number, "order": on, "quantity": 600, "amount": 300_000, "date": DATE}
    ledger.do("recorder", "invoice", "add", **(facts | more))


def give(ledger: Ledger, number: str, reference: str | None, bank: str = "B", amount: int = 500) -> None:
    facts = {"number": number, "bank": bank, "currency": "USD", "amount": amount, "date": DATE}
    ledger.do(
        "recorder", "contribution", "add", **facts, **({} if reference is None else {"reference": reference})
    )


def asked(ledger: Ledger) -> list[str]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [what_to_do(row.to_do) for row in found if row.kind is OpenItemKind.QUESTION]


def answer(ledger: Ledger, entry: int, other: int, said: str, by: str = "approver") -> None:
    told = {"entry": entry, "other": other, "answer": said, "reason": "Both papers lie here", "date": DATE}
    ledger.do(by, "question", "answer", **told)


def reverse(ledger: Ledger, entry: int) -> None:
    ledger.do("approver", "reversal", "add", entry=entry, reason="mistyped", date=DATE)


def test_two_suppliers_have_the_same_number_and_each_is_paid_by_its_own(ledger: Ledger) -> None:
    bill(ledger, "1", "PO-1")
    bill(ledger, "1", "PO-3", amount=310_000)
    assert asked(ledger) == []
    pay(ledger, 300_000, invoice="1")
    with pytest.raises(Refused, match="several have invoice 1: Maker, Other"):
        ledger.do("approver", "invoice", "accept", number="1", reason="agreed", date=DATE)
    ledger.do("approver", "invoice", "accept", number="1", supplier="Other", reason="agreed", date=DATE)
    pay(ledger, 300_000, "P-2", "PO-3", invoice="1")


def test_a_reversed_number_is_free_and_means_the_paper_that_stands(ledger: Ledger) -> None:
    bill(ledger, "77", "PO-1", quantity=60)
    first = seq_of(ledger, "invoice", "77")
    reverse(ledger, first)
    bill(ledger, "77", "PO-1")
    assert asked(ledger) == []
    pay(ledger, 300_000, invoice="77")
    with pytest.raises(Conflict, match="77 is recorded already with other facts"):
        bill(ledger, "77", "PO-1", amount=1)
    note = {"number": "C-1", "order": "PO-2", "amount": 100, "reason": "late", "date": DATE}
    for _ in range(2):
        ledger.do("recorder", "credit-note", "add", **note)
        reverse(ledger, seq_of(ledger, "credit-note", "C-1"))
    ledger.do("recorder", "credit-note", "add", **note)


def test_near_equal_numbers_are_one_question_that_another_person_answers(ledger: Ledger) -> None:
    bill(ledger, "77", "PO-1")
    bill(ledger, "0077", "PO-2")
    first, second = seq_of(ledger, "invoice", "77"), seq_of(ledger, "invoice", "0077")
    (what,) = asked(ledger)
    assert f"entry={second}, other={first}" in what
    pay(ledger, 300_000, invoice="77")
    with pytest.raises(Conflict, match="look like one paper of one issuer"):
        pay(ledger, 300_000, "P-2", "PO-2", invoice="0077")
    with pytest.raises(NotFound, match=f"name {first} as `other`"):
        answer(ledger, second, 1, "different")
    with pytest.raises(NotAllowed):
        answer(ledger, second, first, "different", by="recorder")
    answer(ledger, second, first, "same")
    assert [f"reverse entry {second} or entry {first}" in what for what in asked(ledger)] == [True]
    with pytest.raises(Conflict, match="look like one paper"):
        ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    reverse(ledger, _last(ledger))
    answer(ledger, second, first, "different")
    ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    assert asked(ledger) == []


def _last(ledger: Ledger) -> int:
    with ledger.store.read() as reading:
        return reading.journal.count()


def test_who_recorded_it_does_not_answer_and_what_is_taken_back_is_not_asked(ledger: Ledger) -> None:
    bill(ledger, "INV-1", "PO-1")
    facts = {"number": "inv 1".replace(" ", ""), "order": "PO-2", "quantity": 600, "amount": 300_000}
    ledger.do("approver", "invoice", "add", **facts, date=DATE)
    first, second = seq_of(ledger, "invoice", "INV-1"), seq_of(ledger, "invoice", "inv1")
    with pytest.raises(NotAllowed, match="who recorded this invoice cannot answer it"):
        answer(ledger, second, first, "different")
    reverse(ledger, second)
    assert asked(ledger) == []
    with pytest.raises(Conflict, match="took it back"):
        answer(ledger, second, first, "different", by="admin")


def test_one_reference_of_a_bank_on_two_contributions_is_a_question(ledger: Ledger) -> None:
    give(ledger, "G-1", "A-100")
    give(ledger, "G-2", "a-0100")
    give(ledger, "G-3", "A-100", bank="Another bank")
    for n, nothing in enumerate(("NONREF", "NOTPROVIDED", "000", None)):
        give(ledger, f"G-{2 * n + 4}", nothing)
        give(ledger, f"G-{2 * n + 5}", nothing)
    first, second = seq_of(ledger, "contribution", "G-1"), seq_of(ledger, "contribution", "G-2")
    (what,) = asked(ledger)
    assert f"entry={second}, other={first}" in what
    reverse(ledger, second)
    assert asked(ledger) == []


def test_money_of_a_doubtful_gift_is_not_paid_out(ledger: Ledger) -> None:
    pay(ledger, 300_000)
    give(ledger, "G-1", "A-100", amount=2_000_000)
    give(ledger, "G-2", "A-100", amount=2_000_000)
    order(ledger, "PO-4", 1, 3_900_000, approved=DATE)
    facts = {"number": "P-4", "order": "PO-4", "asset": "USD", "amount": 3_800_000, "discharges": 3_800_000}
    ledger.do("recorder", "payment", "add", **facts, bank="B", prepayment=True, date=DATE)
    with pytest.raises(Conflict, match="have one reference of a bank"):
        ledger.do("approver", "payment", "approve", number="P-4", date=DATE)
    answer(ledger, seq_of(ledger, "contribution", "G-2"), seq_of(ledger, "contribution", "G-1"), "different")
    ledger.do("approver", "payment", "approve", number="P-4", date=DATE)


def test_what_looks_alike_on_paper() -> None:
    alike = (
        ("PO-12", "PO12", "po 12", "P0-12"),
        ("L1", "l1", "L-1", "I1"),
        ("INV-077", "inv77", "lnv_77", "INV.77", "INV-O77"),
        ("77", "0077"),
        ("0", "000", "O"),
    )
    groups = [{likeness_of_number(number) for number in numbers} for numbers in alike]
    assert [len(group) for group in groups] == [1] * 5
    assert len(set.union(*groups)) == len(groups)
    assert likeness_of_number("1-11") != likeness_of_number("11-1")


def test_an_unusual_fee_is_a_question_before_the_payment_is_approved(ledger: Ledger) -> None:
    def ask(number: str, amount: int, fee: int, by: str = "recorder") -> None:
        told = {"number": number, "order": "PO-1", "asset": "USD", "amount": amount, "discharges": amount}
        told |= {"bank": "B", "fee": fee, "prepayment": True, "date": DATE}
        ledger.do(by, "payment", "add", **told)

    ask("P-1", 100_000, 5_000)
    assert asked(ledger) == []
    ask("P-2", 100_000, 5_001)
    (what,) = asked(ledger)
    entry = seq_of(ledger, "payment", "P-2")
    assert f"entry={entry}, doubt=fee" in what
    with pytest.raises(Conflict, match="the fee of payment P-2"):
        ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    told = {"entry": entry, "reason": "The bank says so", "date": DATE}
    with pytest.raises(Refused, match="is no answer to that question"):
        ledger.do("approver", "question", "answer", answer="same", **told)
    ledger.do("approver", "question", "answer", answer="right", doubt="fee", **told)
    ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    for number, fee in (("P-3", 100), ("P-4", 120), ("P-5", 110)):
        ask(number, 10_000, fee)
    ask("P-6", 10_000, 360)
    assert asked(ledger) == []  # 120 is the median of 5,000, 5,001, 100, 120 and 110
    ask("P-7", 10_000, 361)
    assert len(asked(ledger)) == 1
    ledger.do("recorder", "payment", "reject", number="P-7", date=DATE)
    assert asked(ledger) == []


def test_a_rate_that_is_off_is_a_question_and_a_wrong_one_is_rejected(ledger: Ledger) -> None:
    rate = {"base": "USD", "currency": "XOF", "price": "600", "source": "UN", "date": DATE}
    ledger.do("recorder", "exchange-rate", "add", **rate)
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 100_000}]
    told = {"number": "PO-9", "supplier": "Maker", "currency": "XOF", "items": items, "date": DATE}
    quote = [{"source": "A", "price": 4_000_000}, {"source": "C", "price": 4_000_000}]
    ledger.do("recorder", "rate", "add", currency="USD", quotes=quote, date=DATE)
    ledger.do(
        "recorder", "rate", "add", currency="XOF", date=DATE,
        quotes=[{"source": "A", "price": 24_000_000}, {"source": "C", "price": 24_000_000}],
    )  # fmt: skip
    ledger.do("recorder", "purchase", "add", **told)
    ledger.do("approver", "purchase", "approve", number="PO-9", date=DATE)

    def ask(number: str, amount: int, discharges: int) -> None:
        facts = {"number": number, "order": "PO-9", "asset": "USD", "amount": amount, "bank": "B"}
        ledger.do("recorder", "payment", "add", **facts, discharges=discharges, prepayment=True, date=DATE)

    ask("P-1", 5_000, 30_000)
    assert asked(ledger) == []
    ask("P-2", 50_000, 30_000)
    entry = seq_of(ledger, "payment", "P-2")
    (what,) = asked(ledger)
    assert f"entry={entry}, doubt=rate" in what
    answered = {"entry": entry, "answer": "wrong", "reason": "Ten times too much", "date": DATE}
    ledger.do("approver", "question", "answer", **answered)
    assert ["reject it" in what for what in asked(ledger)] == [True]
    with pytest.raises(Conflict, match="off the rate of its day"):
        ledger.do("approver", "payment", "approve", number="P-2", date=DATE)
    ledger.do("recorder", "payment", "reject", number="P-2", date=DATE)
    assert asked(ledger) == []


def test_a_sale_of_coins_off_the_price_of_its_day_or_with_a_large_fee_is_a_question(tmp_path: Path) -> None:
    """Within the tolerance of one price that is kept of the day nothing is asked; of another day none is compared."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, 9_000_000)))
    ledger.bury()
    ledger.mine("s", tx("sent", spends=(("gift", 0),)))
    ledger.bury()
    brought = {"number": "D-1", "txid": name("sent"), "amount": 9_000_000, "network_fee": 0, "exchange": "X"}
    ledger.do("recorder", "deposit", "add", **brought, date=DATE)
    ledger.do("approver", "deposit", "approve", number="D-1", date=DATE)
    quotes = [{"source": source, "price": 4_000_000} for source in ("A", "B")]
    ledger.do("recorder", "rate", "add", currency="USD", quotes=quotes, date=DATE)
    facts = {"currency": "USD", "exchange": "X", "bank": "B", "date": DATE}

    def sell(number: str, sold: int, proceeds: int, fee: int = 0, **more: Any) -> None:
        told = facts | {"number": number, "sold": sold, "proceeds": proceeds, "exchange_fee": fee} | more
        ledger.do("recorder", "conversion", "add", **told)

    sell("C-1", 1_000_000, 38_000, 1_200)  # 39,200 of 40,000 is 2 % off
    sell("C-2", 1_000_000, 30_000, date="2023-12-02")
    assert asked(ledger) == []
    sell("C-3", 1_000_000, 39_198)
    (what,) = asked(ledger)
    assert "doubt=rate" in what
    with pytest.raises(Conflict, match="is off the rate of its day"):
        ledger.do("approver", "conversion", "approve", number="C-3", date=DATE)
    ledger.do("recorder", "conversion", "reject", number="C-3", date=DATE)
    sell("C-4", 1_000_000, 37_999, 2_001)
    assert ["doubt=fee" in what for what in asked(ledger)] == [True]
    entry = seq_of(ledger, "conversion", "C-4")
    told = {"entry": entry, "doubt": "fee", "answer": "right", "reason": "Its terms say so", "date": DATE}
    ledger.do("approver", "question", "answer", **told)
    ledger.do("approver", "conversion", "approve", number="C-4", date=DATE)
    assert asked(ledger) == []


def test_an_exchange_of_money_off_the_rate_of_its_currencies_is_a_question(ledger: Ledger) -> None:
    rate = {"base": "USD", "currency": "XOF", "price": "600", "source": "UN", "date": DATE}
    ledger.do("recorder", "exchange-rate", "add", **rate)
    facts = {"bank": "B", "currency": "USD", "to_bank": "C", "into": "XOF", "sold": 1_000, "date": DATE}
    ledger.do("recorder", "exchange", "add", number="X-1", bought=5_880, **facts)
    assert asked(ledger) == []
    ledger.do("recorder", "exchange", "add", number="X-2", bought=588, fee=51, **facts)
    assert sorted("doubt=fee" in what for what in asked(ledger)) == [False, True]
    ledger.do("recorder", "exchange", "reject", number="X-2", date=DATE)
    assert asked(ledger) == []
    ledger.do("recorder", "exchange", "add", number="X-3", bought=1, **(facts | {"into": "EUR"}))
    (what,) = asked(ledger)
    assert what.startswith("no rate of its day was recorded")
    assert "doubt=no_rate" in what


def test_whatever_money_costs_on_its_way_or_where_it_lies_is_a_question_when_it_is_much(
    ledger: Ledger,
) -> None:
    """0.50 is nothing beside 10.00, and 0.51 is asked about, whatever it was taken for."""
    with ledger.store.write() as writing:
        told = {
            "slug": "other",
            "title": "Other",
            "purpose": "All",
            "start": "2023-11-01",
            "end": "2023-12-31",
        }
        act(writing, ledger.actors["admin"], "other", "campaign", "add", told, now=ledger.now)
    give(ledger, "G-1", None, amount=500_000)
    moved = {"from_bank": "B", "to_bank": "C", "asset": "USD"}
    lent = {"to": "other", "asset": "USD", "bank": "B", "to_bank": "B"}
    back = {"gift": "contribution:G-1", "bank": "B", "reason": "asked"}
    told_of = {"move": moved, "loan": lent, "gift-return": back}
    for noun, facts in told_of.items():
        for number, fee in (("R", 50), ("W", 51)):
            ledger.do("recorder", noun, "add", **facts, number=number, amount=1_000, fee=fee, date=DATE)
    gift: dict[str, Any] = {"bank": "B", "currency": "USD", "amount": 1_000, "date": DATE}
    ledger.do("recorder", "contribution", "add", number="R", fee=50, **gift)
    ledger.do("recorder", "contribution", "add", number="W", fee=51, **gift)
    ledger.do("recorder", "bank-fee", "add", number="R", **(gift | {"amount": 100_000}))
    ledger.do("recorder", "bank-fee", "add", number="W", **(gift | {"amount": 200_000}))
    wrong = {noun: seq_of(ledger, noun, "W") for noun in (*told_of, "contribution", "bank-fee")}
    assert [int(what.split("entry=")[1].split(",")[0]) for what in asked(ledger)] == sorted(wrong.values())
    assert all("doubt=fee" in what for what in asked(ledger))
    with pytest.raises(Conflict, match="the fee of move W"):
        ledger.do("approver", "move", "approve", number="W", date=DATE)
    ledger.do("approver", "move", "approve", number="R", date=DATE)


def test_a_new_lot_that_looks_like_another_of_its_product_is_asked_about_once(ledger: Ledger) -> None:
    for number, lot in (("G-2", "l-1"), ("G-3", "l-1"), ("G-4", "L2")):
        order(ledger, f"PO-{number}", 100, 10_000)
        receive(ledger, number, on=f"PO-{number}", lot=lot, good=100)
    given: dict[str, Any] = {
        "product": "KIT",
        "place": "Depot",
        "lot": "L-2",
        "quantity": 5,
        "value": 5,
        "currency": "USD",
    }
    given |= {"method": "quote", "stated_by": "Giver"}
    ledger.do("recorder", "in-kind", "add", number="IK-1", **given, date=DATE)
    first, second = asked(ledger)
    assert first.startswith("lot l-1 of receipt G-2")
    assert "looks like lot L1, which receipt GRN-PO-1" in first
    assert "name=l-1, answer=different or same" in first
    assert second.startswith("lot L-2 of in-kind IK-1")
    entry = seq_of(ledger, "receipt", "G-2")
    answer(ledger, entry, seq_of(ledger, "receipt", "GRN-PO-1"), "different")
    reverse(ledger, seq_of(ledger, "in-kind", "IK-1"))
    assert asked(ledger) == []
