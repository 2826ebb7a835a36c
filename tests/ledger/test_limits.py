"""A limit says how much a role may approve; a large sum cannot be cut into small ones (docs/rules.md, 16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.roles import Role
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.users import add_user, limit_user
from ledger.rules.limits import limit_of
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.things import DATE, funded, seq_of

DAY_AND_A_MINUTE = 86_460


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """20,000.00 USD; your role, approver, may approve up to 5,000.00 USD, an admin has no limit."""
    made = funded(tmp_path)
    limit(made, "L-1", "approver", "USD", 500_000)
    return made


def limit(ledger: Ledger, number: str, role: str, currency: str, most: int) -> None:
    ledger.do(
        "admin", "limit", "set", number=number, role=role, currency=currency, most=most, date="2023-11-21"
    )


def order(ledger: Ledger, number: str, value: int, supplier: str = "Maker", by: str = "approver") -> None:
    told = {"number": number, "supplier": supplier, "currency": "USD", "date": "2023-11-21"}
    items = [{"item": "1", "product": "KIT", "quantity": 100, "value": value}]
    ledger.do("recorder", "purchase", "add", items=items, **told)
    approve(ledger, "purchase", number, by)


def approve(ledger: Ledger, noun: str, number: str, by: str = "approver") -> None:
    ledger.do(by, noun, "approve", number=number, date=DATE)


def ask(ledger: Ledger, number: str, amount: int, on: str = "PO-1", **more: Any) -> None:
    told = {"number": number, "order": on, "asset": "USD", "amount": amount, "discharges": amount}
    ledger.do("recorder", "payment", "add", **(told | {"bank": "B", "date": DATE, "prepayment": True} | more))


def test_an_approval_above_the_limit_is_refused_and_names_the_limit_and_who_can(ledger: Ledger) -> None:
    with pytest.raises(
        NotAllowed,
        match=r"your role, approver, may approve up to 5000\.00 USD.*5000\.01 USD; these can: admin",
    ):
        order(ledger, "PO-1", 500_001)
    approve(ledger, "purchase", "PO-1", "admin")
    order(ledger, "PO-2", 500_000, "Another")


def test_orders_of_one_supplier_within_a_day_count_together(ledger: Ledger) -> None:
    order(ledger, "PO-1", 300_000)
    with pytest.raises(NotAllowed, match=r"with 1 more to Maker within 24 hours comes to 5000\.01"):
        order(ledger, "PO-2", 200_001)
    order(ledger, "PO-3", 500_000, "Another")
    ledger.now += DAY_AND_A_MINUTE
    approve(ledger, "purchase", "PO-2")


def test_what_waits_for_approval_counts_as_what_is_approved(ledger: Ledger) -> None:
    order(ledger, "PO-1", 600_000, by="admin")
    ask(ledger, "P-1", 300_000)
    ask(ledger, "P-2", 300_000)
    with pytest.raises(NotAllowed, match="with 1 more to Maker"):
        approve(ledger, "payment", "P-1")
    ledger.do("recorder", "payment", "reject", number="P-2", date=DATE)
    approve(ledger, "payment", "P-1")


def test_an_order_that_came_to_nothing_counts_only_while_its_closing_is_reversed(ledger: Ledger) -> None:
    order(ledger, "PO-1", 300_000)
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", cancellation=300_000, reason="none came",
        date=DATE,
    )  # fmt: skip
    approve(ledger, "closing", "CL-1")
    order(ledger, "PO-2", 300_000)
    closed = seq_of(ledger, "approval:closing", "CL-1")
    ledger.do("approver", "reversal", "add", entry=closed, reason="it comes after all", date=DATE)
    with pytest.raises(NotAllowed, match="with 2 more to Maker"):
        order(ledger, "PO-3", 1)


def test_payments_on_one_invoice_count_together_whenever_they_were(ledger: Ledger) -> None:
    order(ledger, "PO-1", 600_000, by="admin")
    ledger.do(
        "recorder", "receipt", "add", number="GRN-1", order="PO-1", item="1", place="Depot", date=DATE,
        lots=[{"lot": "L1", "noted": 100, "good": 100}],
    )  # fmt: skip
    ledger.do(
        "recorder", "invoice", "add", number="INV-7", order="PO-1", quantity=100, amount=600_000, date=DATE
    )
    ask(ledger, "P-1", 400_000, invoice="INV-7", prepayment=None)
    approve(ledger, "payment", "P-1")
    ledger.now += 30 * DAY_AND_A_MINUTE
    ask(ledger, "P-2", 200_000, invoice="INV-7", prepayment=None)
    with pytest.raises(NotAllowed, match=r"with 1 more on invoice INV-7 comes to 6000\.00"):
        approve(ledger, "payment", "P-2")
    approve(ledger, "payment", "P-2", "admin")


def test_a_payee_counts_over_all_campaigns(ledger: Ledger) -> None:
    order(ledger, "PO-1", 300_000)

    def do(role: str, noun: str, verb: str, /, **facts: Any) -> None:
        ledger.now += 60
        with ledger.store.write() as writing:
            act(writing, ledger.actors[role], "second", noun, verb, facts, now=ledger.now)
        ledger.audit()

    told = {"title": "Second", "purpose": "More", "start": "2023-11-01", "end": "2023-12-31"}
    do("admin", "campaign", "add", slug="second", **told)
    day = {"date": "2023-11-21"}
    do("recorder", "contribution", "add", number="B-1", bank="B", currency="USD", amount=900_000, **day)
    do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    do("admin", "limit", "set", number="L-1", role="approver", currency="USD", most=400_000, **day)
    items = [{"item": "1", "product": "KIT", "quantity": 100, "value": 200_000}]
    do("recorder", "purchase", "add", number="PO-1", supplier="Maker", currency="USD", items=items, **day)
    with pytest.raises(NotAllowed, match=r"up to 4000\.00 USD, .* with 1 more to Maker .* 5000\.00"):
        do("approver", "purchase", "approve", number="PO-1", **day)


def test_what_leaves_in_another_currency_wants_a_rate_of_the_day(ledger: Ledger) -> None:
    """Without one nobody with a limit approves, and the refusal names the pair and the command."""
    gift = {"number": "B-1", "bank": "B", "currency": "GBP", "amount": 900_000, "date": "2023-11-21"}
    ledger.do("recorder", "contribution", "add", **gift)
    move = {"asset": "GBP", "from_bank": "B", "to_bank": "C", "date": DATE}
    ledger.do("recorder", "move", "add", number="M-1", amount=400_000, **move)
    with pytest.raises(NotAllowed, match=r"what GBP is in USD.*exchange-rate add"):
        approve(ledger, "move", "M-1")
    rate = {"base": "GBP", "currency": "USD", "source": "Bank"}
    ledger.do("recorder", "exchange-rate", "add", price="1.26", date="2023-11-23", **rate)
    with pytest.raises(NotAllowed, match="what GBP is in USD"):  # eight days old
        approve(ledger, "move", "M-1")
    ledger.do("recorder", "exchange-rate", "add", price="1.2500001", date="2023-11-24", **rate)
    with pytest.raises(NotAllowed, match=r"up to 5000\.00 USD, and this move comes to 5000\.01"):
        approve(ledger, "move", "M-1")
    ledger.do("recorder", "exchange-rate", "add", price="1.25", date="2023-11-25", **rate)
    approve(ledger, "move", "M-1")


def test_an_official_rate_of_a_month_counts_for_35_days_and_goes_through_a_parity(ledger: Ledger) -> None:
    """XOF to EUR is fixed by treaty; EUR to USD is a rate of 27 October."""
    gift = {"number": "B-1", "bank": "B", "currency": "XOF", "amount": 9_000_000, "date": "2023-11-21"}
    ledger.do("recorder", "contribution", "add", **gift)
    rate = {"base": "USD", "currency": "EUR", "price": "0.95", "source": "UN", "date": "2023-10-27"}
    ledger.do("recorder", "exchange-rate", "add", monthly=True, **rate)
    move = {"asset": "XOF", "from_bank": "B", "to_bank": "C", "date": DATE}
    ledger.do("recorder", "move", "add", number="M-1", amount=3_115_795, **move)
    ledger.do("recorder", "move", "add", number="M-2", amount=3_115_796, **move)
    approve(ledger, "move", "M-1")
    with pytest.raises(NotAllowed, match=r"comes to 5000\.01"):
        approve(ledger, "move", "M-2")
    ledger.now += 30 * DAY_AND_A_MINUTE
    with pytest.raises(NotAllowed, match="what XOF is in USD"):
        ledger.do("approver", "move", "approve", number="M-2", date="2023-12-02")


def test_a_payment_counts_by_what_leaves_and_not_by_what_it_discharges(ledger: Ledger) -> None:
    """9,000.00 USD that pay an order of 1,000 XOF, and a fee of 9,000.00 beside an amount of 1.00, are the same."""
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 1000}]
    told = {"number": "T-1", "supplier": "Maker", "currency": "XOF", "date": "2023-11-21"}
    gift = {"number": "B-1", "bank": "B", "currency": "XOF", "amount": 9_000, "date": "2023-11-21"}
    ledger.do("recorder", "contribution", "add", **gift)
    limit(ledger, "L-2", "approver", "XOF", 50_000)
    ledger.do("recorder", "purchase", "add", items=items, **told)
    approve(ledger, "purchase", "T-1")
    ask(ledger, "P-1", 900_000, "T-1", discharges=1000)
    with pytest.raises(NotAllowed, match=r"up to 5000\.00 USD.*comes to 9000\.00"):
        approve(ledger, "payment", "P-1")
    ledger.do("recorder", "payment", "reject", number="P-1", date=DATE)
    ask(ledger, "P-2", 100, "T-1", discharges=1000, fee=900_000)
    with pytest.raises(NotAllowed, match=r"up to 5000\.00 USD.*comes to 9001\.00"):
        approve(ledger, "payment", "P-2")


def test_a_person_has_a_limit_of_their_own_beside_their_role(ledger: Ledger) -> None:
    """It stands in no entry, binds that person alone, and goes when it is lifted."""
    with ledger.store.write() as writing:
        limit_user(writing, "approver", "USD", 200_001, now=ledger.now, by=None)
        other = Actor.everywhere(
            add_user(writing, "second", "approver", now=ledger.now, by=None), "second", "approver"
        )
    with pytest.raises(NotAllowed, match=r"up to 2000\.01 USD.*3000\.00.*one of these: .*approver"):
        order(ledger, "PO-1", 300_000)
    ledger.actors["second"] = other
    approve(ledger, "purchase", "PO-1", "second")
    with ledger.store.write() as writing:
        limit_user(writing, "approver", "USD", None, now=ledger.now, by=None)
    order(ledger, "PO-2", 300_000, "Another")
    with ledger.store.read() as reading:
        assert not any(b"200001" in row.data for row in reading.journal.rows())


def test_a_gift_that_goes_back_counts_in_its_own_asset(ledger: Ledger) -> None:
    ledger.do(
        "recorder",
        "contribution",
        "add",
        number="B-1",
        bank="B",
        currency="USD",
        amount=600_000,
        date="2023-11-21",
    )
    told = {
        "number": "GR-1",
        "gift": "contribution:B-1",
        "amount": 500_000,
        "fee": 1,
        "bank": "B",
        "date": DATE,
    }
    ledger.do("recorder", "gift-return", "add", reason="asked", **told)
    with pytest.raises(
        NotAllowed, match=r"this gift-return to the donor of .*comes to 5000\.01 USD; these can: admin"
    ):
        approve(ledger, "gift-return", "GR-1")
    approve(ledger, "gift-return", "GR-1", "admin")


def test_loans_to_one_fund_within_a_day_count_together(ledger: Ledger) -> None:
    told = {"slug": "other", "title": "Other", "purpose": "More", "start": "2023-11-01", "end": "2023-12-31"}
    with ledger.store.write() as writing:
        act(writing, ledger.actors["admin"], "other", "campaign", "add", told, now=ledger.now)
    for number in ("L-1", "L-2"):
        ledger.do(
            "recorder", "loan", "add", number=number, to="other", asset="USD", amount=300_000, bank="B", to_bank="O",
            date=DATE,
        )  # fmt: skip
    with pytest.raises(NotAllowed, match="with 1 more to the fund other within 24 hours comes to 6000"):
        approve(ledger, "loan", "L-1")
    ledger.do("recorder", "loan", "reject", number="L-2", date=DATE)
    approve(ledger, "loan", "L-1")


def test_a_new_limit_replaces_the_old_one_and_a_lifted_one_binds_nobody(ledger: Ledger) -> None:
    limit(ledger, "L-2", "approver", "USD", 700_000)
    order(ledger, "PO-1", 600_000)
    ledger.do("admin", "limit", "lift", number="L-3", role="approver", currency="USD", date="2023-11-22")
    order(ledger, "PO-2", 900_000)
    with pytest.raises(Refused, match="approver has no limit in USD"):
        ledger.do("admin", "limit", "lift", number="L-4", role="approver", currency="USD", date="2023-11-22")
    with pytest.raises(Conflict, match="recorded already with other facts"):
        limit(ledger, "L-3", "approver", "USD", 1)


def test_only_an_admin_sets_limits_and_where_all_are_too_low_the_refusal_says_so(ledger: Ledger) -> None:
    with pytest.raises(NotAllowed, match="your role, approver, does not allow"):
        ledger.do(
            "approver",
            "limit",
            "set",
            number="L-9",
            role="approver",
            currency="USD",
            most=1,
            date="2023-11-21",
        )
    limit(ledger, "L-2", "admin", "USD", 400_000)
    with pytest.raises(NotAllowed, match="an admin can set another limit"):
        order(ledger, "PO-1", 600_000)
    with pytest.raises(NotAllowed, match="your role, admin, may approve up to 4000"):
        order(ledger, "PO-2", 450_000, by="admin")
    with ledger.store.read() as reading:
        assert [limit_of(reading.session, SLUG, role, "USD") for role in (Role.ADMIN, Role.APPROVER, Role.AUDITOR)] == [
            400_000, 500_000, None,
        ]  # fmt: skip


def test_money_that_comes_back_needs_no_limit(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger, "PO-1", 100_000)
    ask(ledger, "P-1", 100_000)
    approve(ledger, "payment", "P-1")
    ledger.do(
        "recorder",
        "purchase",
        "close",
        number="CL-1",
        order="PO-1",
        claim=100_000,
        reason="never came",
        date=DATE,
    )
    limit(ledger, "L-1", "approver", "USD", 1)
    approve(ledger, "closing", "CL-1")
    ledger.do(
        "recorder", "refund", "add", number="R-1", order="PO-1", item="1", failure="undelivered", value=100_000,
        asset="USD", amount=100_000, bank="B", date=DATE,
    )  # fmt: skip
    approve(ledger, "refund", "R-1")
