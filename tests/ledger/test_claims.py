"""Claims on suppliers: opened by the fact that makes them, with age, amount and owner; nothing of them disappears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences.payables import small_claims
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.times import unix_seconds
from ledger.rules.books import Books
from ledger.rules.claims import OpenClaim, open_claims
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import require_order
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import UNRECONCILED, OpenItemKind
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, sum_of
from tests.tools.things import funded, order, pay, receive

CLAIMS = {OpenItemKind.OPEN_CLAIM, OpenItemKind.CLAIM_OVERDUE}


def claims(ledger: Ledger) -> list[OpenClaim]:
    with ledger.store.read() as reading:
        return open_claims(OrderPapers(Books(reading), SLUG))


def owed(ledger: Ledger) -> dict[str, int]:
    """Minor units of each claim, by what failed and the paper that says so."""
    return {f"{claim.failure.value} {claim.paper}": claim.amount for claim in claims(ledger)}


def waiting(ledger: Ledger, day: str) -> list[OpenItemKind]:
    with ledger.store.read() as reading:
        now = unix_seconds(f"{day}T12:00:00Z")
        return [row.kind for row in decisions(reading, SLUG, now=now) if row.kind in CLAIMS]


def refund(ledger: Ledger, number: str = "R-1", **more: Any) -> None:
    with ledger.store.read() as reading:
        currency = require_order(reading.session, SLUG, "PO-1").currency
    facts: dict[str, Any] = {"number": number, "order": "PO-1", "item": "1", "asset": currency}
    if more.get("amount"):
        facts["bank"] = "B"
    ledger.do("recorder", "refund", "add", **(facts | {"date": "2023-12-05"} | more))
    ledger.do("approver", "refund", "approve", number=number, date="2023-12-05")


@pytest.fixture
@made_once
def failed(tmp_path: Path) -> Ledger:
    """100 kits for 300.00, prepaid; 51 are good, 40 damaged and 9 short."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    pay(ledger, 30_000, prepayment=True, date="2023-11-22")
    receive(ledger, good=51, damaged=40, short=9)
    return ledger


def test_what_was_paid_and_failed_is_a_claim_at_once_without_an_invoice(failed: Ledger) -> None:
    """It waits with age, amount and day, and undoes `reconciled` once that day is past."""
    assert owed(failed) == {"damaged receipt GRN-1": 12_000, "short receipt GRN-1": 2_700}
    assert {claim.since for claim in claims(failed)} == {"2023-12-01"}
    assert {claim.until for claim in claims(failed)} == {"2023-12-15"}
    assert waiting(failed, "2023-12-15") == [OpenItemKind.OPEN_CLAIM] * 2
    assert waiting(failed, "2023-12-16") == [OpenItemKind.CLAIM_OVERDUE] * 2
    assert OpenItemKind.CLAIM_OVERDUE in UNRECONCILED
    assert OpenItemKind.OPEN_CLAIM not in UNRECONCILED


def test_a_claim_has_an_owner_and_a_day_until_which_it_is_in_time(failed: Ledger) -> None:
    said = {"order": "PO-1", "owner": "UNDP procurement", "until": "2024-01-31"}
    with pytest.raises(Refused, match="until"):
        failed.do(
            "recorder",
            "claim",
            "follow",
            number="CF-0",
            date="2023-12-05",
            **(said | {"until": "2023-12-04"}),
        )
    done = failed.do("recorder", "claim", "follow", number="CF-1", date="2023-12-05", **said)
    assert {(claim.owner, claim.until) for claim in claims(failed)} == {("UNDP procurement", "2024-01-31")}
    assert waiting(failed, "2023-12-31") == [OpenItemKind.OPEN_CLAIM] * 2
    assert waiting(failed, "2024-02-01") == [OpenItemKind.CLAIM_OVERDUE] * 2
    failed.do("approver", "reversal", "add", entry=done.seq, reason="Another office does.", date="2023-12-06")
    assert {claim.owner for claim in claims(failed)} == {""}


def test_only_a_claim_is_followed(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    with pytest.raises(Conflict, match="owes nothing"):
        ledger.do(
            "recorder", "claim", "follow", number="CF-1", order="PO-1", owner="The office", until="2024-01-31",
            date="2023-12-05",
        )  # fmt: skip


def test_what_was_not_paid_is_no_claim(tmp_path: Path) -> None:
    """A part that is held back for bad pieces is owed by nobody, also when a closing calls it a discount."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=90, damaged=10)
    assert owed(ledger) == {}
    pay(ledger, 27_000)
    assert owed(ledger) == {}
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", discount=3_000, reason="10 were broken",
        date="2023-12-05",
    )  # fmt: skip
    ledger.do("approver", "closing", "approve", number="CL-1", date="2023-12-05")
    assert owed(ledger) == {}


def test_paid_after_it_came_a_claim_begins_with_the_payment(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=90, damaged=10)
    pay(ledger, 28_000, date="2023-12-01")
    assert owed(ledger) == {"damaged receipt GRN-1": 1_000}


def test_an_order_with_claims_is_closed_and_they_stand(failed: Ledger) -> None:
    """The closing names what is left of the order; what failed is a claim already, and is named by nothing again."""
    failed.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", reason="All came", date="2023-12-05"
    )
    failed.do("approver", "closing", "approve", number="CL-1", date="2023-12-05")
    assert owed(failed) == {"damaged receipt GRN-1": 12_000, "short receipt GRN-1": 2_700}
    refund(
        failed, "R-1", failure="short", lot="L1", quantity=9, amount=0, written_off="The maker is bankrupt."
    )
    refund(failed, "R-2", failure="damaged", lot="L1", quantity=40, amount=12_000)
    assert owed(failed) == {}


def test_pieces_that_are_sent_back_and_pieces_in_their_place_are_counted(failed: Ledger) -> None:
    failed.do(
        "recorder", "return", "add", number="RT-1", direction="to_supplier", place="Depot", reason="Wrong size",
        lots=[{"product": "KIT", "lot": "L1", "quantity": 5}], date="2023-12-04",
    )  # fmt: skip
    again = [{"lot": "L2", "noted": 9, "good": 9, "replaces": {"lot": "L1", "discrepancy": "short"}}]
    failed.do(
        "recorder", "receipt", "add", number="GRN-2", order="PO-1", item="1", place="Depot", lots=again,
        date="2023-12-04",
    )  # fmt: skip
    assert owed(failed) == {"damaged receipt GRN-1": 12_000, "returned return RT-1": 1_500}


def test_a_refund_of_less_leaves_the_rest_a_claim_of_those_who_paid(tmp_path: Path) -> None:
    """Two bad pieces are told as bad, whatever is paid back; of money no cent is nowhere."""
    ledger = seven(tmp_path)
    refund(ledger, failure="damaged", lot="L1", quantity=2, amount=1)
    assert owed(ledger) == {"damaged refund R-1": 139}
    pieces, money = told(ledger)
    assert pieces == {ExitKind.IN_STOCK: 8, ExitKind.DAMAGED: 2}
    assert money == {ExitKind.HELD: 1, ExitKind.CLAIM: 139}
    with ledger.store.read() as reading:
        flow = campaign_flow(reading, SLUG)
        goods = campaign_report(reading, SLUG, now=ledger.now).goods
    assert {row.kind: row.units for row in flow.exits if row.asset == "KIT"} == pieces
    assert [row.quantity for row in goods.lost] == [2]
    refund(ledger, "R-2", failure="damaged", rest_of="R-1", amount=100)
    assert owed(ledger) == {"damaged refund R-2": 39}
    assert told(ledger)[1] == {ExitKind.HELD: 101, ExitKind.CLAIM: 39}


def test_a_claim_is_written_off_with_a_reason_and_a_second_person(tmp_path: Path) -> None:
    ledger = seven(tmp_path)
    refund(ledger, failure="damaged", lot="L1", quantity=2, amount=1)
    rest: dict[str, Any] = {
        "number": "R-2",
        "order": "PO-1",
        "item": "1",
        "failure": "damaged",
        "asset": "CHF",
    }
    rest |= {"rest_of": "R-1", "amount": 0, "date": "2023-12-05"}
    with pytest.raises(Refused, match="says in written_off why"):
        ledger.do("recorder", "refund", "add", **rest)
    with pytest.raises(Refused, match="all that this refund settles"):
        ledger.do("recorder", "refund", "add", **rest, written_off="Too small", lot="L1", quantity=2)
    ledger.do("recorder", "refund", "add", **rest, written_off="Too small to pursue")
    assert owed(ledger) == {"damaged refund R-1": 139}
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "refund", "approve", number="R-2", date="2023-12-05")
    seq = ledger.do("approver", "refund", "approve", number="R-2", date="2023-12-05").seq
    assert owed(ledger) == {}
    pieces, money = told(ledger)
    assert pieces == {ExitKind.IN_STOCK: 8, ExitKind.DAMAGED: 2}
    assert money == {ExitKind.HELD: 1, ExitKind.WRITTEN_OFF: 139}
    with pytest.raises(Refused, match="nothing of R-1 is a claim still"):
        ledger.do("recorder", "refund", "add", **(rest | {"number": "R-3", "written_off": "Again"}))
    ledger.do("approver", "reversal", "add", entry=seq, reason="It was paid.", date="2023-12-06")
    assert owed(ledger) == {"damaged refund R-1": 139}


def test_what_is_below_the_declared_tolerance_closes_itself_and_is_told_in_the_sum(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path, claim_tolerance=3_000)
    ledger.do(
        "recorder", "contribution", "add", number="G-1", bank="B", currency="USD", amount=50_000, date="2023-11-20",
    )  # fmt: skip
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    order(ledger, quantity=100, value=30_000, expected="2023-12-10")
    pay(ledger, 30_000, prepayment=True, date="2023-11-22")
    receive(ledger, good=50, damaged=30, short=9)
    assert owed(ledger) == {"damaged receipt GRN-1": 9_000}
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        (small,) = report.small_claims
        late = [
            [(row.subject, sum_of(row).minor) for row in decisions(reading, SLUG, now=unix_seconds(f"{day}T12:00:00Z"))
             if row.kind is OpenItemKind.LATE_ORDER]
            for day in ("2023-12-10", "2023-12-11")
        ]  # fmt: skip
    assert (small.count, small.amount.minor) == (1, 2_700)
    assert "27.00 USD" in small_claims(small)
    assert late == [[], [("PO-1/1", 11)]]


def test_part_of_what_never_came_is_paid_back_and_the_rest_is_owed_by_all_alike(tmp_path: Path) -> None:
    ledger = seven(tmp_path, came=False)
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", claim=700, reason="It will not come",
        date="2023-12-05",
    )  # fmt: skip
    ledger.do("approver", "closing", "approve", number="CL-1", date="2023-12-05")
    refund(ledger, failure="undelivered", value=700, amount=350)
    assert owed(ledger) == {"undelivered closing": 350}
    with ledger.store.read() as reading:
        shares = [
            {(place.kind, place.amount.asset): place.amount.minor for place in trail.places}
            for n in range(7)
            for trail in donation_trails(reading, f"contribution:{SLUG}:G-{n}")
        ]
    assert [share[ExitKind.HELD, "CHF"] for share in shares] == [50] * 7
    assert sum(share.get((ExitKind.CLAIM, "KIT"), 0) for share in shares) == 5
    refund(ledger, "R-2", failure="undelivered", rest_of="R-1", amount=150, written_off="Bankrupt")
    assert owed(ledger) == {}
    with ledger.store.read() as reading:
        assert Books(reading).net(f"claims/{SLUG}/PO-1", "CHF") == 0
        (trail,) = donation_trails(reading, f"contribution:{SLUG}:G-6")
    (step,) = [step for step in trail.steps if step.reference == "R-2"]
    assert step.kind is StepKind.REFUNDED
    assert step.amount.asset == "CHF"


@made_once
def seven(folder: Path, *, came: bool = True) -> Ledger:
    """Seven gifts of 1.00 at a bank of their own buy 10 kits for 7.00, of which two come damaged."""
    ledger = funded(folder)
    for n in range(7):
        ledger.do(
            "recorder", "contribution", "add", number=f"G-{n}", bank="C", currency="CHF", amount=100,
            date="2023-11-20",
        )  # fmt: skip
    order(ledger, quantity=10, value=700, currency="CHF")
    pay(ledger, 700, asset="CHF", bank="C", prepayment=True, date="2023-11-22")
    if came:
        receive(ledger, good=8, damaged=2)
    return ledger


def told(ledger: Ledger) -> tuple[dict[ExitKind, int], dict[ExitKind, int]]:
    """What all seven donors read: pieces and money, by what became of them."""
    pieces: dict[ExitKind, int] = {}
    money: dict[ExitKind, int] = {}
    with ledger.store.read() as reading:
        for n in range(7):
            (trail,) = donation_trails(reading, f"contribution:{SLUG}:G-{n}")
            for place in trail.places:
                sums = pieces if place.amount.asset == "KIT" else money
                sums[place.kind] = sums.get(place.kind, 0) + place.amount.minor
    return pieces, money
