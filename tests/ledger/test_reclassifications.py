"""A restriction is lifted by nothing but an entry that says why, which another person approves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.rules.balances import CampaignBalances
from ledger.rules.books import Books
from ledger.rules.campaigns import products_of
from ledger.views.known import Known
from ledger.views.queries import campaign_flow, donation_trails
from ledger.views.sum_tables import SumKey
from ledger.views.sums import sum_tables
from ledger.views.trail import Restriction, StepKind
from tests.tools.ledgers import SLUG, Ledger, name
from tests.tools.needs import DAY, approve, contribute, convert, free, given, order, spend, with_needs


def reclassify(ledger: Ledger, number: str = "X-1", *, approved: bool = True, **facts: Any) -> int | None:
    told = {"asset": "USD", "reason": "need_withdrawn", "date": DAY, "number": number} | facts
    seq = ledger.do("recorder", "reclassification", "add", **told).seq
    return approve(ledger, "reclassification", number) if approved else seq


def test_restricted_money_serves_another_end_after_two_people_said_why(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    reclassify(ledger, need="N-1", amount=4_000, approved=False)
    assert free(ledger, "USD", "free", "N-1") == [0, 6_000]
    seq = approve(ledger, "reclassification", "X-1")
    assert free(ledger, "USD", "free", "N-1") == [4_000, 6_000]
    order(ledger, "PO-1", 4_000, None)
    ledger.do("approver", "reversal", "add", entry=seq, reason="not met", date=DAY)
    assert free(ledger, "USD", "free", "N-1") == [0, 10_000]


def test_money_that_was_fetched_and_serves_another_end_since_stays_in_the_picture(tmp_path: Path) -> None:
    """The coins that fetched it lead to where it lies now, however often it was reclassified."""
    ledger = with_needs(tmp_path)
    given(ledger, (None, 60_000))
    spend(ledger, "s")
    convert(ledger, "s", 60_000, 1_000)
    approve(ledger, "conversion", "C-s")
    reclassify(ledger, to="N-1", amount=100, reason="set_aside")
    reclassify(ledger, "X-2", need="N-1", to="N-2", amount=40)
    with ledger.store.read() as reading:
        bands = campaign_flow(reading, SLUG).bands
    coins = {band.target: band.source_end - band.source_start for band in bands if "BTC" in band.source}
    assert coins == {
        f"money/{SLUG}/{end}/USD:converted": sats
        for end, sats in {"free": 54_000, "N-1": 3_600, "N-2": 2_400}.items()
    }


def test_a_need_is_met_when_it_is_handed_over_or_a_paper_shows_it(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    met: dict[str, Any] = {"need": "N-1", "amount": 1_000, "reason": "need_met"}
    with pytest.raises(Refused, match="reason: 0 of 100 that N-1 asks for are handed over"):
        reclassify(ledger, **met)
    ledger.do(
        "recorder", "purchase", "add", number="PO-1", supplier="S", currency="USD", date=DAY, need="N-1",
        items=[{"item": "1", "product": "KIT", "quantity": 100, "value": 5_000}],
    )  # fmt: skip
    approve(ledger, "purchase", "PO-1")
    lot = {"lot": "L1", "noted": 100, "good": 100}
    ledger.do(
        "recorder", "receipt", "add", number="GRN-1", order="PO-1", item="1", place="P", lots=[lot], date=DAY
    )
    for number, quantity, left in (("H-1", 99, "99 of 100"), ("H-2", 1, "")):
        ledger.do(
            "recorder", "handover", "add", number=number, place="P", organisation="Aid", date=DAY,
            lots=[{"product": "KIT", "lot": "L1", "quantity": quantity}],
        )  # fmt: skip
        if left:
            with pytest.raises(Refused, match=left):
                reclassify(ledger, **met)
    back = {
        "number": "R-1",
        "direction": "from_recipient",
        "place": "P",
        "organisation": "Aid",
        "reason": "Spoiled",
    }
    lots = [{"product": "KIT", "lot": "L1", "quantity": 2}]
    came_back = ledger.do("recorder", "return", "add", **back, lots=lots, date=DAY).seq
    with pytest.raises(Refused, match="98 of 100"):
        reclassify(ledger, **met)
    ledger.do("approver", "reversal", "add", entry=came_back, reason="Never came", date=DAY)
    ledger.do("approver", "recall", "add", number="RC-1", product="KIT", lot="L1", reason="Warning", date=DAY)
    end = {"number": "RE-1", "recall": "RC-1", "at": "organisation", "place": "Aid", "became": "destroyed"}
    burnt = ledger.do("recorder", "recall", "end", **end, quantity=1, reason="Burnt", date=DAY).seq
    with pytest.raises(Refused, match="99 of 100"):
        reclassify(ledger, **met)
    ledger.do("approver", "reversal", "add", entry=burnt, reason="Another lot", date=DAY)
    reclassify(ledger, **met)
    sha256 = "ab" * 32
    ledger.do(
        "recorder", "evidence", "add", sha256=sha256, title="Letter", paper="letter", shows="Others gave the beds",
        access="public", about="need", number="N-2", date=DAY,
    )  # fmt: skip
    contribute(ledger, "B-2", 10_000, "N-2")
    reclassify(ledger, "X-2", **(met | {"need": "N-2", "paper": sha256}))


def test_who_recorded_it_cannot_approve_it(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    facts = {
        "number": "X-1",
        "asset": "USD",
        "amount": 1,
        "need": "N-1",
        "reason": "need_withdrawn",
        "date": DAY,
    }
    ledger.do("approver", "reclassification", "add", **facts)
    with pytest.raises(NotAllowed, match="another person"):
        ledger.do("approver", "reclassification", "approve", number="X-1", date=DAY)


def test_a_limit_counts_what_goes_to_one_need_of_the_campaign_together(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, None)
    limit = {"number": "LM-1", "role": "approver", "currency": "USD", "most": 5_000, "date": DAY}
    ledger.do("admin", "limit", "set", **limit)
    for number, need in (("X-1", "N-1"), ("X-2", "N-1"), ("X-3", "N-2")):
        reclassify(ledger, number, to=need, amount=3_000, reason="set_aside", approved=False)
    with pytest.raises(NotAllowed, match=f"with 1 more to the need {SLUG}/N-1 within 24 hours"):
        approve(ledger, "reclassification", "X-1")
    approve(ledger, "reclassification", "X-3")


def test_its_reason_fits_what_changes_and_donors_agree_on_paper(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    contribute(ledger, "B-2", 10_000, None)
    for wrong, said in (
        ({"need": "N-1", "to": "N-1"}, "is what the money serves already"),
        ({"need": "N-1", "reason": "set_aside"}, "set_aside is for unrestricted money"),
        ({"to": "N-1", "reason": "need_met"}, "set_aside is for unrestricted money"),
        ({"need": "N-1", "reason": "donors_agreed"}, "name the paper that shows it"),
        ({"need": "N-1", "reason": "exchanged"}, "names the transaction"),
        ({"need": "N-1", "amount": 10_001}, r"only 100.00 USD is free of what is restricted to N-1"),
    ):
        with pytest.raises(Refused, match=said):
            reclassify(ledger, **({"amount": 100} | wrong))
    reclassify(ledger, to="N-2", amount=10_000, reason="set_aside")
    assert free(ledger, "USD", "free", "N-1", "N-2") == [0, 10_000, 10_000]


def test_money_that_approved_orders_of_a_need_bind_keeps_its_restriction(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    contribute(ledger, "B-1", 10_000, "N-1")
    order(ledger, "PO-1", 7_000, "N-1")
    approve(ledger, "purchase", "PO-1")
    with pytest.raises(Refused, match=r"only 30\.00 [A-Z]{3} is not bound by approved orders"):
        reclassify(ledger, need="N-1", amount=3_001)
    reclassify(ledger, need="N-1", amount=3_000)


def test_units_of_a_spend_are_exchanged_and_nobodys_restriction_is_lifted(tmp_path: Path) -> None:
    """What a transaction took of a need goes back to its own place; free coins take its place."""
    ledger = with_needs(tmp_path)
    given(ledger, ("N-1", 5_000))
    spend(ledger, "s")
    given(ledger, (None, 3_000))
    exchange: dict[str, Any] = {"asset": "BTC", "need": "N-1", "txid": name("s"), "reason": "exchanged"}
    with pytest.raises(Refused, match=r"only 0\.00003000 [A-Z]{3} is free and restricted to nothing"):
        reclassify(ledger, amount=3_001, **exchange)
    seq = reclassify(ledger, amount=3_000, **exchange)
    assert free(ledger, "BTC", "free", "N-1") == [0, 3_000]
    with pytest.raises(Conflict, match="an exchange is not reversed"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="no", date=DAY)
    reclassify(ledger, "X-2", amount=1_000, **(exchange | {"need": None, "to": "N-1"}))
    assert free(ledger, "BTC", "free", "N-1") == [1_000, 2_000]
    convert(ledger, "s", 5_000, 500)
    approve(ledger, "conversion", "C-s")
    assert free(ledger, "USD", "free", "N-1") == [200, 300]
    with pytest.raises(Conflict, match="explained already"):
        reclassify(ledger, "X-3", amount=1, **exchange)


def test_what_a_spend_carried_away_serves_another_end_where_the_need_is_gone(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, ("N-1", 50_000))
    spend(ledger, "s")
    contribute(ledger, "B-1", 10_000, None)
    order(ledger, "PO-1", 5_000, None)
    approve(ledger, "purchase", "PO-1")
    told: dict[str, Any] = {
        "number": "P-1", "order": "PO-1", "asset": "BTC", "amount": 50_000, "discharges": 5_000,
        "txid": name("s"), "date": DAY,
    }  # fmt: skip
    with pytest.raises(Refused, match="record a reclassification"):
        ledger.do("recorder", "payment", "add", **told)
    reclassify(ledger, asset="BTC", amount=50_000, need="N-1", txid=name("s"), reason="need_withdrawn")
    ledger.do("recorder", "payment", "add", **told)
    approve(ledger, "payment", "P-1")


def test_one_decision_waits_for_one_transaction_at_a_time(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path)
    given(ledger, ("N-1", 5_000))
    spend(ledger, "s")
    facts: dict[str, Any] = {"asset": "BTC", "need": "N-1", "txid": name("s"), "amount": 5_000}
    facts |= {"approved": False}
    reclassify(ledger, **facts)
    with pytest.raises(Refused, match="reclassification X-1 already waits"):
        convert(ledger, "s", 5_000, 500)
    with pytest.raises(Refused, match="reclassification X-1 waits to explain"):
        reclassify(ledger, "X-2", **facts)
    ledger.do("recorder", "reclassification", "reject", number="X-1", date=DAY)
    convert(ledger, "s", 5_000, 500)


def test_the_picture_counts_it_once_and_the_donor_reads_it(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path, dust=1)
    given(ledger, ("N-1", 6_000), (None, 4_000))
    reclassify(ledger, asset="BTC", need="N-1", amount=2_000)
    spend(ledger, "s", keep=1_000)
    with ledger.store.read() as reading:
        flow = campaign_flow(reading, SLUG)
        (trail,) = donation_trails(reading, name(ledger.gifts[0]))  # type: ignore[attr-defined]
    (stage,) = [stage for stage in flow.stages if stage.kind.value == "donated"]
    assert (stage.totals[0].minor, [bar.units for bar in stage.bars]) == (10_000, [6_000, 4_000])
    assert sum(row.units for row in flow.exits) == 10_000
    (step,) = [step for step in trail.steps if step.kind is StepKind.RECLASSIFIED]
    assert (step.amount.minor, step.place, step.reference) == (2_000, "any need", "X-1")
    assert trail.restriction == Restriction(need="N-1", title="KIT for R", place="P")


def test_carrying_values_follow_the_units_to_what_they_fetched(tmp_path: Path) -> None:
    ledger = with_needs(tmp_path, dust=1)
    quotes = [{"source": s, "price": 10_000_000} for s in ("A", "B")]
    ledger.do("recorder", "rate", "add", currency="USD", date="2023-11-14", quotes=quotes)
    given(ledger, ("N-1", 600_000), (None, 400_000))
    reclassify(ledger, asset="BTC", need="N-1", amount=200_000)
    spend(ledger, "s")
    reclassify(ledger, "X-2", asset="BTC", need="N-1", amount=100_000, txid=name("s"))
    convert(ledger, "s", 1_000_000, 120_000)
    approve(ledger, "conversion", "C-s")
    assert free(ledger, "USD", "free", "N-1") == [84_000, 36_000]
    with ledger.store.read() as reading:
        known = Known(products_of(reading.session, SLUG), CampaignBalances(reading.session, SLUG))
        tables = sum_tables(Books(reading), SLUG, [], known, {})
    (fetched,) = [table for table in tables if table.total.key == "gross_proceeds"]
    rows = {row.key: row.minor for row in fetched.rows}
    assert (rows[SumKey.CARRYING_VALUE], rows[SumKey.GAIN], fetched.total.minor) == (100_000, 20_000, 120_000)
