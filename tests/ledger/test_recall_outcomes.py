"""A recall ends piece by piece: sent back, destroyed, used or not found; whoever has the rest waits in the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, Refused
from ledger.rules.books import Books
from ledger.rules.claims import open_claims
from ledger.rules.order_papers import OrderPapers
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.losses import loss_rows
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import donation_trails
from ledger.views.stock import lot_traces, stock_rows
from service.sentences import stock as say_stock
from tests.tools.funds import OTHER, do, two_funds
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tied
from tests.tools.things import DATE, hand_over, lots, net, order, pay, receive, seq_of, stocked


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Of 1,000 kits 300 were handed out in Mali and 100 more are with Aid, when the lot is called back."""
    made = stocked(tmp_path)
    pay(made, 500_000)
    hand_over(made, 400)
    given = {"number": "D-1", "organisation": "Aid", "place": "Mali", "lots": lots(300), "date": DATE}
    made.do("recorder", "distribution", "add", **given)
    facts = {"number": "RC-1", "product": "KIT", "lot": "L1", "reason": "maker's warning", "date": DATE}
    made.do("approver", "recall", "add", **facts)
    return made


def end(
    ledger: Ledger, number: str, became: str, quantity: int, at: str = "people", place: str = "Mali"
) -> None:
    facts = {"number": number, "recall": "RC-1", "at": at, "place": place, "became": became, "date": DATE}
    ledger.do("recorder", "recall", "end", quantity=quantity, reason="the maker asked for it", **facts)


def back(ledger: Ledger, number: str, quantity: int, **more: Any) -> None:
    facts = {"number": number, "place": "Depot", "lots": lots(quantity), "reason": "recalled", "date": DATE}
    ledger.do("recorder", "return", "add", **(facts | more))


def waiting(ledger: Ledger) -> dict[str, int]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    kinds = {OpenItemKind.RECALLED_OUT, OpenItemKind.RECALLED_STOCK}
    return {str(row.subject): sum_of(row).minor for row in rows if row.kind in kinds}


def test_pieces_in_other_hands_wait_until_each_is_back_destroyed_used_or_not_found(ledger: Ledger) -> None:
    assert waiting(ledger) == {"KIT#L1 at Depot": 600, "KIT#L1 at Aid": 100, "KIT#L1 at Mali": 300}
    with pytest.raises(Refused, match="organisation: name who gives goods back"):
        back(ledger, "RT-1", 50, direction="from_recipient", people="Mali", organisation="Aid")
    back(ledger, "RT-1", 50, direction="from_recipient", people="Mali")
    back(ledger, "RT-2", 60, direction="from_recipient", organisation="Aid")
    end(ledger, "RE-1", "destroyed", 100)
    end(ledger, "RE-2", "used", 120)
    end(ledger, "RE-3", "not_found", 30)
    with pytest.raises(Refused, match="quantity: 1 are told and 0 of KIT#L1 are open at Mali"):
        end(ledger, "RE-4", "used", 1)
    end(ledger, "RE-4", "destroyed", 40, "organisation", "Aid")
    back(ledger, "RT-3", 700, direction="to_supplier")
    with pytest.raises(Refused, match="became: is for pieces that others have"):
        end(ledger, "RE-5", "used", 10, "stock", "Depot")
    end(ledger, "RE-5", "destroyed", 10, "stock", "Depot")
    assert waiting(ledger) == {}
    with ledger.store.read() as reading:
        (trace,) = lot_traces(Books(reading), SLUG, "L1")
        (trail,) = donation_trails(reading, name("gift"))
    assert trace.recalled is not None
    assert trace.recalled.data() == {
        "returned": 700, "destroyed": 150, "used": 120, "not_found": 30, "open": 0,
    }  # fmt: skip
    assert any("distributed in Mali: 150" in line for line in say_stock.lot(trace))
    assert net(ledger, f"distributed/{SLUG}/Mali", "KIT#L1") == 150
    assert net(ledger, f"lost/{SLUG}/recalled", "KIT#L1") == 150
    with ledger.store.read() as reading:
        lost = [
            (str(row.document), row.place, row.cause, row.pieces) for row in loss_rows(reading.session, SLUG)
        ]
    assert lost == [
        ("recall end RE-1", "Mali", "recalled", 100),
        ("recall end RE-4", "Aid", "recalled", 40),
        ("recall end RE-5", "Depot", "recalled", 10),
    ]
    said = {
        (place.kind, place.place): place.amount.minor for place in trail.places if place.amount.asset == "KIT"
    }
    assert said[ExitKind.DISTRIBUTED, "Mali"] == 150
    assert said[ExitKind.RECALLED, "Mali"] == 100
    tied(ledger)


def test_what_was_destroyed_on_the_spot_is_a_claim_that_the_supplier_refunds(ledger: Ledger) -> None:
    end(ledger, "RE-1", "destroyed", 100)
    with ledger.store.read() as reading:
        (claim,) = open_claims(OrderPapers(Books(reading), SLUG))
    assert (claim.failure, str(claim.paper), claim.pieces, claim.amount) == (
        "destroyed",
        "recall end RE-1",
        100,
        50_000,
    )
    facts = {
        "number": "R-1",
        "order": "PO-1",
        "item": "1",
        "failure": "destroyed",
        "lot": "L1",
        "asset": "USD",
    }
    facts |= {"bank": "B", "date": DATE}
    with pytest.raises(Refused, match="destroyed_by: names the end of a recall"):
        ledger.do("recorder", "refund", "add", quantity=100, amount=50_000, **facts)
    facts["destroyed_by"] = "RE-1"
    with pytest.raises(Refused, match="quantity: 100 pieces of L1 are destroyed and not made good yet"):
        ledger.do("recorder", "refund", "add", quantity=101, amount=50_000, **facts)
    ledger.do("recorder", "refund", "add", quantity=100, amount=50_000, **facts)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    with ledger.store.read() as reading:
        assert open_claims(OrderPapers(Books(reading), SLUG)) == []
    entry = seq_of(ledger, "recall.ended", "RE-1")
    with pytest.raises(Conflict):
        ledger.do("approver", "reversal", "add", entry=entry, reason="wrong", date=DATE)
    tied(ledger)


def test_goods_of_no_recall_come_back_from_people_too_and_an_end_is_taken_back(ledger: Ledger) -> None:
    end(ledger, "RE-1", "destroyed", 100)
    entry = seq_of(ledger, "recall.ended", "RE-1")
    ledger.do("approver", "reversal", "add", entry=entry, reason="they were others", date=DATE)
    assert waiting(ledger)["KIT#L1 at Mali"] == 300
    order(ledger, "PO-2", 10, 100)
    receive(ledger, "GRN-2", "L2", on="PO-2", good=10)
    hand_over(ledger, 10, "H-2", "L2")
    given = {"number": "D-2", "organisation": "Aid", "place": "Mali", "lots": lots(10, "L2"), "date": DATE}
    ledger.do("recorder", "distribution", "add", **given)
    back(ledger, "RT-1", 4, direction="from_recipient", people="Mali", lots=lots(4, "L2"))
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#L2") == 4
    tied(ledger)


def test_a_recall_in_one_campaign_stops_the_makers_lot_in_the_others_until_they_decide(
    tmp_path: Path,
) -> None:
    """Also under another code of the product; it waits in their inbox, stock and trace, and a reversal frees it."""
    ledger = two_funds(tmp_path)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    do(ledger, OTHER, "recorder", "product", "add", code="BOX", name="KIT", unit="kit", plural="kits")
    given = {"lot": "L1", "place": "Depot", "quantity": 9, "date": DATE}
    ledger.do("recorder", "in-kind", "add", number="IK-1", product="KIT", **given)
    do(ledger, OTHER, "recorder", "in-kind", "add", number="IK-1", product="BOX", **given)
    facts = {"number": "RC-1", "product": "KIT", "lot": "L1", "reason": "maker's warning", "date": DATE}
    seq = ledger.do("approver", "recall", "add", **facts).seq

    def hand_on(number: str) -> None:
        handed = [{"product": "BOX", "lot": "L1", "quantity": 1}]
        do(
            ledger, OTHER, "recorder", "handover", "add", number=number, place="Depot", organisation="Aid",
            lots=handed, date=DATE,
        )  # fmt: skip

    with pytest.raises(Refused, match="recalled by RC-1 of campaign help"):
        hand_on("H-1")
    with ledger.store.read() as reading:
        (row,) = [
            row
            for row in decisions(reading, OTHER, now=ledger.now)
            if row.kind is OpenItemKind.RECALLED_ELSEWHERE
        ]
        assert (str(row.subject), sum_of(row).minor) == ("BOX#L1 (help RC-1)", 9)
        books = Books(reading)
        assert [one.recalled_elsewhere for one in stock_rows(books, OTHER, DATE)] == ["help RC-1"]
        assert [one.recalled_elsewhere for one in lot_traces(books, OTHER, "L1")] == ["help RC-1"]
        counts = reading.changes.counts()
    said = {"number": "RD-1", "of": SLUG, "recall": "RC-1", "product": "BOX", "lot": "L1", "date": DATE}
    with pytest.raises(Refused, match="no recall of BOX#L1 elsewhere"):
        do(
            ledger,
            OTHER,
            "approver",
            "recall",
            "differs",
            **(said | {"recall": "RC-9"}),
            reason="Another maker",
        )
    differs = do(ledger, OTHER, "approver", "recall", "differs", **said, reason="Another maker")
    hand_on("H-1")
    do(ledger, OTHER, "approver", "reversal", "add", entry=differs.seq, reason="The same maker.", date=DATE)
    with pytest.raises(Refused, match="recalled by RC-1"):
        hand_on("H-2")
    ledger.do("approver", "reversal", "add", entry=seq, reason="It was a mistake.", date=DATE)
    with ledger.store.read() as reading:
        assert reading.changes.counts()[OTHER] > counts[OTHER]
    hand_on("H-2")
