"""Two grants without a coin or a mask: bank money becomes a service delivered, counted in people by sex.

IBSA in Sierra Leone: credit for over 16,000 customers, nearly 9,000 of them women. India and the UN in Timor-Leste:
2,700 students, 60 % girls. Amounts and suppliers are invented.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.messages import plain
from api.pages.sentences.campaign import card_sentence
from ledger.core.accounts import AccountClass
from ledger.core.errors import Conflict, Refused
from ledger.rules.books import Books
from ledger.tracing.follow import Origin, origins
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.people import achievements
from ledger.views.queries import campaign_cards, campaign_report
from tests.tools.ledgers import SLUG, Ledger


def delivered(ledger: Ledger, *, product: dict[str, Any], quantity: int, value: int, place: str) -> None:
    """An order of a service, matched and paid from the bank, delivered in two parts."""
    ledger.do("recorder", "product", "add", service=True, **product)
    item = {"item": "1", "product": product["code"], "quantity": quantity, "value": value}
    order = {"number": "PO-1", "supplier": "Provider", "currency": "USD", "items": [item]}
    ledger.do("recorder", "purchase", "add", date="2023-11-10", **order)
    ledger.do("approver", "purchase", "approve", number="PO-1", date="2023-11-11")
    for number, units in (("1", quantity // 2), ("2", quantity - quantity // 2)):
        lots = [{"lot": f"term {number}", "noted": units, "good": units}]
        lots[0]["lot"] = f"T{number}"
        ledger.do(
            "recorder", "receipt", "add", number=f"R-{number}", order="PO-1", item="1", place=place, lots=lots,
            date=f"2023-11-1{number}",
        )  # fmt: skip
    invoice = {
        "number": "INV-1",
        "order": "PO-1",
        "quantity": quantity,
        "amount": value,
        "date": "2023-11-20",
    }
    ledger.do("recorder", "invoice", "add", **invoice)
    payment = {"number": "P-1", "order": "PO-1", "invoice": "INV-1", "asset": "USD", "amount": value}
    payment["discharges"] = value
    ledger.do("recorder", "payment", "add", bank="UNOPS", date="2023-11-21", **payment)
    ledger.do("approver", "payment", "approve", number="P-1", date="2023-11-22")


def gifts_of_services(ledger: Ledger) -> dict[str | None, int]:
    """Whose money became how many units of the service, backwards from what was delivered."""
    found: dict[str | None, int] = {}
    with ledger.store.read() as tx:
        lines = Books(tx).lines
        for line in map(str, lines.goods(SLUG, AccountClass.DELIVERED)):
            whole: list[Origin] = list(origins(lines, line, 0, lines.length(line)))
            for origin in whole:
                found[origin.gift] = found.get(origin.gift, 0) + origin.end - origin.start
    return found


def test_ibsa_bank_contribution_becomes_credit_for_customers_by_sex(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.do(
        "recorder", "contribution", "add", number="C-1", bank="UNOPS", currency="USD", amount=99_000_000,
        organisation="IBSA Fund", date="2023-11-02",
    )  # fmt: skip
    ledger.do(
        "recorder", "contribution", "add", number="C-2", bank="UNOPS", currency="USD", amount=1_000_000,
        date="2023-11-03",
    )  # fmt: skip
    product = {"code": "CREDIT", "name": "Emergency credit", "unit": "credit", "plural": "credits"}
    delivered(ledger, product=product, quantity=16_000, value=99_500_000, place="Freetown")
    ledger.do(
        "recorder", "indicator", "add", number="I-1", title="Customers reached with emergency credit",
        unit="customer", target=16_000, product="CREDIT", date="2023-11-02",
    )  # fmt: skip
    ledger.do(
        "recorder", "result", "add", number="RES-1", indicator="I-1", counts="period", start="2023-11-11",
        end="2023-11-20", total=9_000, sex=[{"group": "female", "count": 5_100}, {"group": "male", "count": 3_900}],
        date="2023-11-20",
    )  # fmt: skip
    ledger.do(
        "recorder", "result", "add", number="RES-2", indicator="I-1", counts="to_date", end="2023-11-30",
        total=16_200, sex=[{"group": "female", "count": 8_950}, {"group": "male", "count": 7_250}],
        date="2023-11-30",
    )  # fmt: skip
    with ledger.store.read() as tx:
        report = campaign_report(tx, SLUG, now=ledger.now)
        (found,) = achievements(tx.session, SLUG)
        (card,) = campaign_cards(tx)
        waits = [row for row in decisions(tx, SLUG, now=ledger.now) if row.kind is OpenItemKind.RESULT_ABOVE]
    assert [(row.subject, row.since, row.to_do.values) for row in waits] == [
        ("I-1", "2023-11-30", {"n": 200})
    ]
    assert plain(card_sentence(card)) == "1,000,000 USD from 2 donations, 16,000 credits delivered."
    dollars = next(table for table in report.sums if table.asset == "USD")
    assert dollars.total.minor == 100_000_000
    assert sum(row.minor for row in dollars.rows) == dollars.total.minor
    assert (found.actual, found.permille) == (16_200, 1_012)
    assert found.above_delivered == 200
    (sex,) = found.breakdowns
    assert {row.group: row.count for row in sex.rows} == {"male": 7_250, "female": 8_950}
    shares = gifts_of_services(ledger)
    assert set(shares) == {"contribution:C-1", "contribution:C-2"}
    piece = 99_500_000 // 16_000 + 1
    assert shares["contribution:C-2"] == 500_000
    # Money of the first piece of each lot alone is less than a piece: backwards it names nobody by itself.
    assert 0 <= 99_000_000 - shares["contribution:C-1"] <= 2 * piece


def test_india_un_students_trained_by_sex_age_and_place(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.do(
        "recorder", "contribution", "add", number="C-1", bank="UNOPS", currency="USD", amount=50_000_000,
        organisation="India UN Development Partnership Fund", date="2023-11-02",
    )  # fmt: skip
    product = {
        "code": "TRAINED",
        "name": "Computer literacy",
        "unit": "student trained",
        "plural": "students trained",
    }
    delivered(ledger, product=product, quantity=2_700, value=40_000_000, place="Dili")
    ledger.do(
        "recorder", "indicator", "add", number="I-1", title="Students trained", unit="student", baseline=0,
        target=2_700, product="TRAINED", date="2023-11-02",
    )  # fmt: skip
    groups = {
        "sex": [{"group": "female", "count": 1_620}, {"group": "male", "count": 1_080}],
        "age": [{"group": "12 to 14", "count": 1_500}, {"group": "15 to 17", "count": 1_200}],
        "place": [{"group": "Dili", "count": 2_000}, {"group": "Baucau", "count": 700}],
    }
    ledger.do(
        "recorder", "result", "add", number="RES-1", indicator="I-1", counts="to_date", end="2023-11-30",
        total=2_700, date="2023-11-30", **groups,
    )  # fmt: skip
    with ledger.store.read() as tx:
        (found,) = achievements(tx.session, SLUG)
    assert (found.actual, found.permille) == (2_700, 1_000)
    girls = next(row for row in found.breakdowns[0].rows if row.group == "female")
    assert girls.permille == 600
    assert set(gifts_of_services(ledger)) == {"contribution:C-1"}


def test_a_contribution_is_taken_back_only_while_nothing_stands_on_it(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    first = ledger.do(
        "recorder", "contribution", "add", number="C-1", bank="UNOPS", currency="USD", amount=5_000,
        date="2023-11-02",
    )  # fmt: skip
    second = ledger.do(
        "recorder", "contribution", "add", number="C-2", bank="UNOPS", currency="USD", amount=7_000,
        date="2023-11-02",
    )  # fmt: skip
    ledger.do("approver", "reversal", "add", entry=second.seq, reason="Booked twice", date="2023-11-03")
    product = {"code": "TRAINED", "name": "Training", "unit": "student trained", "plural": "students trained"}
    delivered(ledger, product=product, quantity=10, value=4_000, place="Dili")
    with pytest.raises(Conflict, match="used or held"):
        ledger.do("approver", "reversal", "add", entry=first.seq, reason="Booked twice", date="2023-11-23")


def test_coins_are_not_recorded_as_a_contribution(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    with pytest.raises(Refused, match="recorded by the watcher"):
        ledger.do(
            "recorder",
            "contribution",
            "add",
            number="C-1",
            bank="B",
            currency="BTC",
            amount=5,
            date="2023-11-02",
        )
