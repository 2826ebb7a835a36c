"""Suppliers, partners, places and recipients are records with codes; names that look alike are a question
(docs/rules.md, 21)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.pages.sentences import what_to_do
from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.facts import Name
from ledger.core.likeness import likeness_of_name
from ledger.model.named import NameOf
from ledger.views.decisions import decisions
from ledger.views.known_names import known_name, known_names
from ledger.views.open_items import OpenItemKind
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.things import DATE, funded, hand_over, order, pay, receive, seq_of, ship

CYRILLIC_MAKER = "M\u0430ker"
"""With a letter that looks like an a."""


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    made = funded(tmp_path)
    order(made)
    return made


def propose(ledger: Ledger, number: str, supplier: str, value: int = 100_000, by: str = "recorder") -> None:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": value}]
    told = {"number": number, "supplier": supplier, "currency": "USD", "items": items, "date": DATE}
    ledger.do(by, "purchase", "add", **told)


def approve(ledger: Ledger, number: str) -> None:
    ledger.do("approver", "purchase", "approve", number=number, date=DATE)


def asked(ledger: Ledger) -> list[str]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [what_to_do(row.to_do) for row in found if row.kind is OpenItemKind.QUESTION]


def answer(ledger: Ledger, entry: int, other: int, said: str, **more: Any) -> int:
    told = {"entry": entry, "other": other, "answer": said, "reason": "Their letters lie here", "date": DATE}
    seq = ledger.do("approver", "question", "answer", **told, **more).seq
    assert seq is not None
    return seq


def codes(ledger: Ledger, kind: NameOf) -> dict[str, tuple[str, str | None]]:
    with ledger.store.read() as reading:
        return {row.code: (row.name, row.same_as) for row in known_names(reading.session, kind)}


def test_what_facts_name_is_a_record_and_is_told_by_its_code_too(ledger: Ledger) -> None:
    receive(ledger, good=100)
    ship(ledger, 10, carrier="Haul")
    hand_over(ledger, 5)
    propose(ledger, "PO-2", "SUP-1")
    approve(ledger, "PO-2")
    assert codes(ledger, NameOf.SUPPLIER) == {"SUP-1": ("Maker", None)}
    assert codes(ledger, NameOf.PLACE) == {"PLA-1": ("Depot", None), "PLA-2": ("Port", None)}
    assert codes(ledger, NameOf.PARTNER) == {"PAR-1": ("Haul", None)}
    assert codes(ledger, NameOf.RECIPIENT) == {"REC-1": ("Aid", None)}
    assert codes(ledger, NameOf.BANK) == {"BNK-1": ("B", None)}
    with pytest.raises(Refused, match="supplier: no supplier has the code SUP-9; see `supplier list`"):
        propose(ledger, "PO-3", "SUP-9")
    with ledger.store.read() as reading:
        assert [row.name for row in known_name(reading.session, NameOf.PLACE, "PLA-2")] == ["Port"]
        with pytest.raises(NotFound, match="no place is called 'Nowhere'"):
            known_name(reading.session, NameOf.PLACE, "Nowhere")


def test_a_payee_that_looks_like_another_waits_for_an_answer(ledger: Ledger) -> None:
    propose(ledger, "PO-2", CYRILLIC_MAKER)
    first, second = seq_of(ledger, "purchase", "PO-1"), seq_of(ledger, "purchase", "PO-2")
    (what,) = asked(ledger)
    assert f"entry={second}, other={first}, name={CYRILLIC_MAKER}" in what
    with pytest.raises(Conflict, match="looks like Maker"):
        approve(ledger, "PO-2")
    ledger.do("recorder", "purchase", "reject", number="PO-2", date=DATE)
    propose(ledger, "PO-3", CYRILLIC_MAKER)
    with pytest.raises(Conflict, match="looks like Maker"):
        approve(ledger, "PO-3")
    answer(ledger, second, first, "different")
    approve(ledger, "PO-3")
    assert asked(ledger) == []
    propose(ledger, "PO-4", "MAKER", by="approver")
    with pytest.raises(NotAllowed, match="who recorded this purchase cannot answer"):
        answer(ledger, seq_of(ledger, "purchase", "PO-4"), first, "different")


def test_two_spellings_of_one_payee_count_together(ledger: Ledger) -> None:
    limit = {"number": "L-1", "role": "approver", "currency": "USD", "most": 600_000, "date": DATE}
    ledger.do("admin", "limit", "set", **limit)
    propose(ledger, "PO-2", "Máker", 400_000)
    propose(ledger, "PO-3", "maker", 400_000)
    first = seq_of(ledger, "purchase", "PO-1")
    second, third = seq_of(ledger, "purchase", "PO-2"), seq_of(ledger, "purchase", "PO-3")
    assert len(asked(ledger)) == 3  # each pair is one
    answer(ledger, second, first, "different")
    answer(ledger, third, first, "different")
    said = answer(ledger, third, second, "same")
    assert codes(ledger, NameOf.SUPPLIER)["SUP-3"] == ("maker", "SUP-2")
    with ledger.store.read() as reading:
        assert len(known_name(reading.session, NameOf.SUPPLIER, "SUP-3")) == 2
    with pytest.raises(NotAllowed, match="with 1 more to Máker within 24 hours"):
        approve(ledger, "PO-2")
    ledger.do("approver", "reversal", "add", entry=said, reason="They are two", date=DATE)
    with pytest.raises(Conflict, match="looks like Máker"):
        approve(ledger, "PO-3")
    approve(ledger, "PO-2")


def test_places_and_banks_that_look_alike_are_asked_about_too(ledger: Ledger) -> None:
    receive(ledger, good=100)
    ship(ledger, 10, destination="DEPOT")
    gift = {"number": "G-1", "bank": "b", "currency": "USD", "amount": 5, "date": DATE}
    ledger.do("recorder", "contribution", "add", **gift)
    place, bank = sorted(asked(ledger), key=lambda what: "bank" in what)
    assert "the place DEPOT of" in place
    assert "the bank b of" in bank
    pay(ledger, 1000, prepayment=True)


def test_a_name_is_kept_as_it_is_seen() -> None:
    kept = TypeAdapter[str](Name)
    told = {
        "Aid\u200b  Org": "Aid Org",
        "Ａｉｄ": "Aid",
        " Aid\u00a0Org ": "Aid Org",
        "A\u00adid\ufe0f": "Aid",
    }
    assert {text: kept.validate_python(text) for text in told} == told
    for bad in ("\u200b", "A\u202eB", "A\x07", "a\uff0fb", "\ufdfa" * 10):
        with pytest.raises(ValidationError):
            kept.validate_python(bad)


def test_names_look_alike_by_case_accents_signs_and_shapes_of_letters() -> None:
    alike = (
        (
            "Acme Medical Ltd",
            "ACME MEDICAL LTD.",
            "Acmé-Medical Ltd",
            "\u0410\u0441me Medical Ltd",
            "Acmė Medica1 Ltd",
        ),
        ("Illinois", "lllinois", "ILLINOIS", "1llinois"),
        ("Ο\u03bfo", "000", "ooo"),
        ("上海口罩",),
        ("مخزن",),
        ("上海口罩厂",),
        ("!!!",),
        ("???",),
        ("Barn", "Bam"),
    )
    groups = [{likeness_of_name(name) for name in names} for names in alike]
    assert [len(group) for group in groups] == [1] * len(alike)
    assert len(set.union(*groups)) == len(alike)
