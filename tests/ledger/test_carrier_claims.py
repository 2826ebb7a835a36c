"""Claims on carriers and insurers: who answers for what was lost pays for it, and it stays told as lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.pages.messages import plain
from api.pages.sentences.donation import donation_sentence
from api.pages.sentences.steps import step_facts
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.frozen import Amount
from ledger.core.times import unix_seconds
from ledger.model.orders import RefundRow
from ledger.rules.books import Books
from ledger.rules.claims import OpenClaim, open_claims
from ledger.rules.order_papers import OrderPapers
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.sum_tables import SumKey
from ledger.views.trail import StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.things import funded, order, pay, receive, seq_of, ship

BOOKED = "2023-12-05"


@pytest.fixture
@made_once
def lost(tmp_path: Path) -> Ledger:
    """100 kits for 300.00, paid; 50 of them are sent by road, of which 30 come good, 12 broken and 8 not at all."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=95, damaged=5)
    pay(ledger, 30_000)
    ship(ledger, 50)
    row = {"product": "KIT", "lot": "L1", "good": 30, "damaged": 12, "lost": 8, "cause": "stolen"}
    ledger.do(
        "recorder", "shipment", "arrive", number="AR-1", waybill="W-1", lots=[row], reason="The lorry was robbed.",
        date="2023-12-02",
    )  # fmt: skip
    return ledger


def claim(ledger: Ledger, number: str = "CL-1", quantity: int = 8, **more: Any) -> int:
    facts: dict[str, Any] = {"number": number, "on": "insurer", "debtor": "Mutual", "by": "arrival"}
    facts |= {"document": "AR-1", "product": "KIT", "lot": "L1", "quantity": quantity, "date": "2023-12-03"}
    seq = ledger.do("recorder", "claim", "add", **(facts | more)).seq
    assert seq is not None
    return seq


def refund(ledger: Ledger, number: str = "R-1", **more: Any) -> None:
    facts: dict[str, Any] = {"number": number, "order": "PO-1", "item": "1", "asset": "USD", "claim": "CL-1"}
    facts |= {"failure": "lost", "date": BOOKED}
    if "rest_of" not in more:
        facts |= {"lot": "L1"}
    if more.get("amount"):
        facts["bank"] = "B"
    ledger.do("recorder", "refund", "add", **(facts | more))
    ledger.do("approver", "refund", "approve", number=number, date=BOOKED)


def claims(ledger: Ledger) -> list[OpenClaim]:
    with ledger.store.read() as reading:
        return open_claims(OrderPapers(Books(reading), SLUG))


def owed(ledger: Ledger) -> dict[str, int]:
    """Minor units of what others than the supplier owe, by their claim and the paper."""
    return {f"{row.claim} {row.paper}": row.amount for row in claims(ledger) if row.claim}


def told(ledger: Ledger) -> dict[ExitKind | None, int]:
    """Pieces and money of the one donor, by what became of them."""
    found: dict[ExitKind | None, int] = {}
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    for place in trail.places:
        if place.amount.asset == "KIT" or place.kind in {ExitKind.CLAIM, ExitKind.WRITTEN_OFF}:
            found[place.kind] = found.get(place.kind, 0) + place.amount.minor
    return found


def test_what_was_lost_on_its_way_is_claimed_with_age_owner_and_last_day(lost: Ledger) -> None:
    """14 days, as carriers by air give, where nobody says another day; then the campaign is not reconciled."""
    assert owed(lost) == {}
    seq = claim(lost)
    claim(
        lost, "CL-2", 12, on="carrier", debtor="Lorries", was="damaged", owner="Logistics", until="2024-01-31"
    )
    assert owed(lost) == {"CL-1 arrival AR-1": 2_400, "CL-2 arrival AR-1": 3_600}
    rows = {row.claim: row for row in claims(lost)}
    assert (rows["CL-1"].debtor, rows["CL-1"].since, rows["CL-1"].until) == (
        "Mutual",
        "2023-12-02",
        "2023-12-16",
    )
    assert (rows["CL-2"].owner, rows["CL-2"].until) == ("Logistics", "2024-01-31")
    with lost.store.read() as reading:
        now = unix_seconds("2023-12-17T12:00:00Z")
        kinds = {str(row.subject): row.kind for row in decisions(reading, SLUG, now=now)}
    assert kinds["PO-1/1 lost L1 (arrival AR-1)"] is OpenItemKind.CLAIM_OVERDUE
    assert kinds["PO-1/1 damaged L1 (arrival AR-1)"] is OpenItemKind.OPEN_CLAIM
    lost.do(
        "recorder",
        "claim",
        "follow",
        number="CF-1",
        claim="CL-1",
        owner="The office",
        until="2024-02-01",
        date=BOOKED,
    )
    assert {row.claim: row.owner for row in claims(lost)}["CL-1"] == "The office"
    lost.do("approver", "reversal", "add", entry=seq, reason="It was not insured.", date=BOOKED)
    assert owed(lost) == {"CL-2 arrival AR-1": 3_600}


def test_only_what_a_paper_counted_off_is_claimed_and_once(lost: Ledger) -> None:
    with pytest.raises(Refused, match="8 of KIT#L1 are lost there"):
        claim(lost, quantity=9)
    claim(lost, quantity=5)
    with pytest.raises(Refused, match="5 of them claimed already"):
        claim(lost, "CL-2", 4, on="carrier", debtor="Lorries")
    with pytest.raises(Refused, match="both or none"):
        claim(lost, "CL-2", 1, owner="Logistics")
    with pytest.raises(Refused, match="the day on which this is said"):
        claim(lost, "CL-2", 1, owner="Logistics", until="2023-12-02")
    lost.do(
        "recorder",
        "in-kind",
        "add",
        number="IK-1",
        product="KIT",
        lot="G1",
        place="Depot",
        quantity=9,
        date=BOOKED,
    )
    facts = {
        "number": "LR-1",
        "place": "Depot",
        "product": "KIT",
        "lot": "G1",
        "quantity": 2,
        "cause": "stolen",
    }
    lost.do("recorder", "loss", "add", reason="seen", date=BOOKED, **facts)
    with pytest.raises(Refused, match="no order brought"):
        claim(lost, "CL-2", 1, by="loss", document="LR-1", lot="G1", date=BOOKED)


def test_an_insurer_pays_and_the_money_is_the_same_donors_again(lost: Ledger) -> None:
    """Also more than the pieces cost; they stay told as lost, and the journal and the tables tie."""
    before = told(lost)
    claim(lost)
    with pytest.raises(Refused, match="not that of claim"):
        refund(lost, failure="damaged", quantity=8, amount=2_400)
    with pytest.raises(Refused, match="are not made good"):
        refund(lost, quantity=9, amount=2_400)
    with pytest.raises(Refused, match="claim"):
        refund(lost, claim=None, quantity=8, amount=2_400)
    refund(lost, quantity=6, amount=2_000, refunds=1_800)
    assert owed(lost) == {"CL-1 arrival AR-1": 600}
    assert told(lost) == before
    with lost.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
        (step,) = [step for step in trail.steps if step.kind is StepKind.REFUNDED]
        assert (step.place, step.detail["answers"], step.amount.minor) == ("Mutual", "insurer", 2_000)
        assert Books(reading).net(f"bank/{SLUG}/B", "USD") == 2_000_000 - 30_000 + 2_000
        assert conservation(reading, SLUG).holds
        sums = campaign_report(reading, SLUG, now=lost.now).sums
    (dollars,) = [table for table in sums if table.asset == "USD" and table.total.key == "received"]
    assert {row.key: row.minor for row in dollars.came if row.minor}[SumKey.INDEMNITIES] == 2_000


def test_a_part_leaves_the_rest_and_two_people_write_it_off(lost: Ledger) -> None:
    seq = claim(lost)
    refund(lost, quantity=8, amount=2_000)
    assert owed(lost) == {"CL-1 refund R-1": 400}
    with pytest.raises(Conflict, match="rests on it"):
        lost.do("approver", "reversal", "add", entry=seq, reason="No.", date=BOOKED)
    with pytest.raises(Refused, match="is not the one that R-1 is for"):
        refund(lost, "R-2", rest_of="R-1", claim=None, amount=0, written_off="Excess of the policy")
    refund(lost, "R-2", rest_of="R-1", amount=0, written_off="Excess of the policy")
    assert owed(lost) == {}
    assert told(lost)[ExitKind.WRITTEN_OFF] == 400
    assert told(lost)[ExitKind.STOLEN] == 8


def test_it_ends_by_pieces_or_a_credit_and_by_what_is_found(lost: Ledger) -> None:
    claim(lost, debtor="Maker")
    lost.do(
        "recorder",
        "in-kind",
        "add",
        number="IK-1",
        product="KIT",
        lot="G1",
        place="Depot",
        quantity=3,
        date=BOOKED,
    )
    ends = {"claim": "CL-1", "date": BOOKED}
    lost.do("recorder", "claim", "end", number="CE-1", became="replaced", quantity=3, in_kind="IK-1", **ends)
    with pytest.raises(NotAllowed):
        lost.do("recorder", "claim-end", "approve", number="CE-1", date=BOOKED)
    assert owed(lost) == {"CL-1 arrival AR-1": 2_400}, "what one person says ends nothing"
    lost.do("approver", "claim-end", "approve", number="CE-1", date=BOOKED)
    assert owed(lost) == {"CL-1 arrival AR-1": 1_500}
    with pytest.raises(Refused, match="0 good pieces of IK-1 make nothing good yet"):
        lost.do(
            "recorder", "claim", "end", number="CE-4", became="replaced", quantity=1, in_kind="IK-1", **ends
        )
    lost.do(
        "recorder", "credit-note", "add", number="CN-1", order="PO-1", corrects="order", amount=300, reason="lost",
        date=BOOKED,
    )  # fmt: skip
    lost.do(
        "recorder", "claim", "end", number="CE-2", became="credited", quantity=1, order="PO-1", credit_note="CN-1",
        **ends,
    )  # fmt: skip
    done = lost.do("approver", "claim-end", "approve", number="CE-2", date=BOOKED)
    lost.do(
        "recorder", "loss", "find", number="F-1", by="arrival", document="AR-1", product="KIT", lot="L1", quantity=6,
        place="Port", reason="in another lorry", date=BOOKED,
    )  # fmt: skip
    assert owed(lost) == {"CL-1 arrival AR-1": 600}
    lost.do("approver", "reversal", "add", entry=done.seq, reason="It was for freight.", date=BOOKED)
    assert owed(lost) == {"CL-1 arrival AR-1": 600}
    gift = seq_of(lost, "in-kind", "IK-1")
    with pytest.raises(Conflict, match="claim-end CE-1 rests on it"):
        lost.do("approver", "reversal", "add", entry=gift, reason="They never came.", date=BOOKED)
    with pytest.raises(Refused, match="name it with the"):
        lost.do(
            "recorder", "claim", "end", number="CE-3", became="credited", quantity=1, in_kind="IK-1", **ends
        )


def test_no_more_of_a_claim_ends_than_its_paper_makes_good(lost: Ledger) -> None:
    """Nothing is forgiven by the way: what a credit or a gift does not cover is paid, or written off by two.

    It is open again when what ended it is taken back.
    """
    claim(lost, debtor="Maker")
    claim(lost, "CL-2", debtor="Mutual", quantity=5, by="receipt", document="GRN-1", was="damaged")
    credit = lost.do(
        "recorder", "credit-note", "add", number="CN-1", order="PO-1", corrects="order", amount=650, reason="lost",
        date=BOOKED,
    ).seq  # fmt: skip
    lost.do(
        "recorder", "in-kind", "add", number="IK-1", product="KIT", lot="G1", place="Depot", quantity=3, damaged=1,
        date=BOOKED,
    )  # fmt: skip

    def end(number: str, quantity: int, claim: str = "CL-1", **paper: str) -> None:
        became = "replaced" if "in_kind" in paper else "credited"
        facts = {"number": number, "claim": claim, "became": became, "quantity": quantity, "date": BOOKED}
        lost.do("recorder", "claim", "end", **facts, **paper)

    def approve(number: str) -> int | None:
        return lost.do("approver", "claim-end", "approve", number=number, date=BOOKED).seq

    def take_back(entry: int | None) -> None:
        lost.do("approver", "reversal", "add", entry=entry, reason="It was for freight.", date=BOOKED)

    note = {"order": "PO-1", "credit_note": "CN-1"}
    with pytest.raises(Refused, match=r"the pieces cost 9\.00 USD, and 6\.50 USD of CN-1"):
        end("CE-1", 3, **note)
    with pytest.raises(Refused, match="CN-1 is of Maker, and Mutual answers"):
        end("CE-1", 1, "CL-2", **note)
    with pytest.raises(Refused, match="2 good pieces of IK-1"):
        end("CE-1", 3, in_kind="IK-1")
    end("CE-1", 2, **note)
    end("CE-2", 1, **note)
    with lost.store.read() as reading:
        waits = {str(row.subject): row.amount for row in decisions(reading, SLUG, now=lost.now)}
    assert waits["claim-end CE-1"] == Amount(asset="USD", minor=600)
    ended = approve("CE-1")
    with pytest.raises(Refused, match=r"the pieces cost 3\.00 USD, and 0\.50 USD of CN-1"):
        approve("CE-2")
    with pytest.raises(Refused, match="what is left of CN-1"):
        refund(
            lost,
            claim=None,
            failure="damaged",
            quantity=1,
            amount=300,
            credit_note="CN-1",
            bank="B",
            lot="L1",
        )
    end("CE-3", 2, "CL-2", in_kind="IK-1")
    replaced = approve("CE-3")
    fewer = {"number": "K-1", "entry": seq_of(lost, "in-kind", "IK-1"), "field": "quantity", "old": "3"}
    with pytest.raises(Refused, match="fewer than 2 good pieces"):
        lost.do("recorder", "correction", "add", **fewer, new="2", reason="Counted.", date=BOOKED)
    assert owed(lost) == {"CL-1 arrival AR-1": 1_800, "CL-2 receipt GRN-1": 900}
    with pytest.raises(Conflict, match="claim-end CE-1 rests on it"):
        take_back(credit)
    take_back(ended)
    take_back(replaced)
    assert owed(lost) == {"CL-1 arrival AR-1": 2_400, "CL-2 receipt GRN-1": 1_500}
    refund(lost, quantity=8, amount=2_400)
    assert owed(lost) == {"CL-2 receipt GRN-1": 1_500}
    with lost.store.read() as reading:
        paid = (
            Books(reading).session.exec(select(RefundRow).where(RefundRow.number == "R-1")).one().decided_by
        )
    take_back(paid)
    assert owed(lost) == {"CL-1 arrival AR-1": 2_400, "CL-2 receipt GRN-1": 1_500}


def test_what_a_carrier_answers_for_at_a_receipt_the_supplier_does_not_owe(lost: Ledger) -> None:
    assert {(row.claim, row.amount) for row in claims(lost)} == {("", 1_500)}
    claim(lost, quantity=3, on="carrier", debtor="Lorries", by="receipt", document="GRN-1", was="damaged")
    assert {(row.claim, row.amount) for row in claims(lost)} == {("", 600), ("CL-1", 900)}


def test_what_came_to_a_bad_end_stays_told_so_whatever_became_of_it(tmp_path: Path) -> None:
    """In places, steps and sentence of a trail: replaced, found, paid back, written off, sent back, destroyed."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=70, damaged=12, short=9, rejected=9)
    pay(ledger, 30_000)
    of = {"order": "PO-1", "item": "1", "date": BOOKED}
    again = [{"lot": "L2", "noted": 9, "good": 9, "replaces": {"lot": "L1", "discrepancy": "rejected"}}]
    ledger.do("recorder", "receipt", "add", number="GRN-2", place="Depot", lots=again, **of)
    ledger.do(
        "recorder", "loss", "find", number="F-1", by="receipt", document="GRN-1", was="damaged", product="KIT",
        lot="L1", quantity=3, place="Depot", reason="only the box was", date=BOOKED,
    )  # fmt: skip
    for number, facts in {
        "R-1": {"failure": "damaged", "lot": "L1", "quantity": 9, "amount": 2_000, "bank": "B"},
        "R-2": {"failure": "damaged", "rest_of": "R-1", "amount": 0, "written_off": "Too small"},
        "R-3": {"failure": "short", "lot": "L1", "quantity": 9, "amount": 0, "written_off": "Bankrupt"},
    }.items():
        ledger.do("recorder", "refund", "add", number=number, asset="USD", **of, **facts)
        ledger.do("approver", "refund", "approve", number=number, date=BOOKED)
    back = [{"product": "KIT", "lot": "L1", "quantity": 5}]
    ledger.do(
        "recorder", "return", "add", number="RT-1", direction="to_supplier", place="Depot", reason="Wrong", lots=back,
        date=BOOKED,
    )  # fmt: skip
    ship(ledger, 20, date=BOOKED)
    row = {"product": "KIT", "lot": "L1", "good": 12, "damaged": 5, "short": 2, "lost": 1}
    ledger.do(
        "recorder", "shipment", "arrive", number="AR-1", waybill="W-1", lots=[row], reason="Wet", date=BOOKED
    )
    ledger.do(
        "approver", "recall", "add", number="RC-1", product="KIT", lot="L1", reason="Warning", date=BOOKED
    )
    ledger.do(
        "recorder", "recall", "end", number="RE-1", recall="RC-1", at="stock", place="Port", became="destroyed",
        quantity=6, reason="Burnt", date=BOOKED,
    )  # fmt: skip
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    pieces: dict[ExitKind | None, int] = {}
    for place in trail.places:
        if place.amount.asset == "KIT":
            pieces[place.kind] = pieces.get(place.kind, 0) + place.amount.minor
    bad = {
        ExitKind.DAMAGED: 14,
        ExitKind.SHORT: 11,
        ExitKind.LOST: 1,
        ExitKind.RECALLED: 6,
        ExitKind.RETURNED: 5,
    }
    assert pieces == bad | {ExitKind.IN_STOCK: 63}
    sentence = plain(donation_sentence(trail))
    assert all(
        f"{units} {word}" in sentence for units, word in ((14, "damaged"), (11, "short"), (5, "returned"))
    )
    steps = {step.reference: step for step in trail.steps}
    ended = {name: figure.minor for name, figure in steps["GRN-1"].figures.items()}
    assert ended == {"damaged": 12, "short": 9, "rejected": 9}, "with the 70 good ones all that was counted"
    assert {name: figure.minor for name, figure in steps["GRN-2"].figures.items()} == {"replaces_rejected": 9}
    assert "In place of 9 kits that were rejected" in step_facts(steps["GRN-2"])
    assert {name: figure.minor for name, figure in steps["AR-1"].figures.items()} == {
        "damaged": 5, "short": 2, "lost": 1,
    }  # fmt: skip
