"""What is to be paid, by when, and what was promised until when: listed in time, open when the day is past."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import Refused
from ledger.core.times import unix_seconds
from ledger.rules.books import Books
from ledger.rules.order_papers import OrderPapers
from ledger.views.decisions import decisions
from ledger.views.open_items import UNRECONCILED, OpenItemKind
from ledger.views.payables import PayableRow, payable_rows
from ledger.views.queries import campaign_report
from tests.tools.ledgers import SLUG, Ledger, sum_of
from tests.tools.things import funded, order, pay, receive

KINDS = {OpenItemKind.PAYABLE, OpenItemKind.PAYABLE_OVERDUE, OpenItemKind.PLEDGE_OVERDUE}


def payables(ledger: Ledger, day: str = "2023-12-05") -> list[PayableRow]:
    with ledger.store.read() as reading:
        return list(payable_rows(OrderPapers(Books(reading), SLUG), day))


def waiting(ledger: Ledger, day: str) -> list[tuple[OpenItemKind, str, int]]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=unix_seconds(f"{day}T12:00:00Z"))
    return [(row.kind, str(row.subject), sum_of(row).minor) for row in found if row.kind in KINDS]


def bill(ledger: Ledger, amount: int, quantity: int, number: str = "I-1", **more: str) -> None:
    facts = {"number": number, "order": "PO-1", "quantity": quantity, "amount": amount, "date": "2023-12-01"}
    ledger.do("recorder", "invoice", "add", **(facts | more))


def test_what_came_and_is_not_paid_is_told_and_a_bill_is_due_until_its_day(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=80)
    (row,) = payables(ledger)
    assert (row.invoice, row.payable.minor, row.received.minor, row.since) == (
        "",
        24_000,
        24_000,
        "2023-12-01",
    )
    with pytest.raises(Refused, match="before the day of the invoice"):
        bill(ledger, 24_000, 80, due="2023-11-30")
    bill(ledger, 24_000, 80, due="2023-12-20")
    (row,) = payables(ledger)
    assert (row.invoice, row.payable.minor, row.received.minor, row.due) == (
        "I-1",
        24_000,
        24_000,
        "2023-12-20",
    )
    assert waiting(ledger, "2023-12-20") == [(OpenItemKind.PAYABLE, "PO-1 invoice I-1", 24_000)]
    assert waiting(ledger, "2023-12-21") == [(OpenItemKind.PAYABLE_OVERDUE, "PO-1 invoice I-1", 24_000)]
    assert OpenItemKind.PAYABLE_OVERDUE in UNRECONCILED
    assert OpenItemKind.PAYABLE not in UNRECONCILED
    pay(ledger, 10_000, invoice="I-1")
    (row,) = payables(ledger)
    assert (row.payable.minor, row.received.minor) == (14_000, 14_000)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
    assert [row.payable.minor for row in report.payables] == [14_000]


def test_a_prepaid_bill_is_not_payable_nor_overdue(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    pay(ledger, 30_000, prepayment=True, date="2023-11-22")
    receive(ledger, good=100)
    bill(ledger, 30_000, 100, due="2023-12-03")
    assert payables(ledger, "2024-01-31") == []
    assert waiting(ledger, "2024-01-31") == []


def test_a_bill_that_does_not_match_is_open_as_that_and_is_not_overdue(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=80)
    bill(ledger, 30_000, 100, due="2023-12-03")
    (row,) = payables(ledger, "2024-01-31")
    assert (row.matched, row.overdue, row.received.minor) == (False, False, 24_000)
    assert waiting(ledger, "2024-01-31") == []


def test_a_promise_whose_day_is_past_waits_and_undoes_nothing(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    facts = {"asset": "USD", "amount": 50_000, "date": "2023-12-01"}
    with pytest.raises(Refused, match="before the day of the promise"):
        ledger.do("recorder", "pledge", "add", number="PL-0", due="2023-11-30", **facts)
    ledger.do("recorder", "pledge", "add", number="PL-1", due="2023-12-10", **facts)
    ledger.do("recorder", "pledge", "add", number="PL-2", **facts)
    assert waiting(ledger, "2023-12-10") == []
    assert waiting(ledger, "2023-12-11") == [(OpenItemKind.PLEDGE_OVERDUE, "PL-1", 50_000)]
    assert OpenItemKind.PLEDGE_OVERDUE not in UNRECONCILED
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=unix_seconds("2023-12-11T00:00:00Z"))
    assert [(row.number, row.due, row.overdue) for row in report.pledges] == [
        ("PL-1", "2023-12-10", True),
        ("PL-2", None, False),
    ]
    ledger.do("recorder", "pledge", "lapse", number="PL-1", date="2023-12-11")
    assert waiting(ledger, "2023-12-12") == []
