"""A maker's lot belongs to its campaign's product and comes in as many deliveries as it likes; a recall finds all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import Refused
from ledger.core.names import Lot
from ledger.rules.books import Books
from ledger.rules.goods import expiry_of, noted_of_lots
from ledger.views.queries import donation_trails
from ledger.views.stock import LotTrace, lot_traces, stock_rows
from ledger.views.trail import ChangeKind
from tests.tools.funds import OTHER, do
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.things import DATE, funded, hand_over, net, order, pay, receive, seq_of

GIFT = f"{name('gift')}:0"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    made = funded(tmp_path)
    order(made)
    return made


def trace_of(ledger: Ledger, lot: str = "L1") -> LotTrace:
    with ledger.store.read() as reading:
        (found,) = lot_traces(Books(reading), SLUG, lot)
    return found


def another_campaign(ledger: Ledger) -> None:
    """It has a product of the same code, and got five pieces of a lot L1 of it in kind."""
    do(
        ledger, OTHER, "admin", "campaign", "add", slug=OTHER, title="Other", purpose="All of it", start="2023-11-01",
        end="2023-12-31",
    )  # fmt: skip
    do(ledger, OTHER, "recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    do(
        ledger, OTHER, "recorder", "in-kind", "add", number="K-1", lot="L1", product="KIT", place="Depot", quantity=5,
        value=100, currency="USD", method="invoice", stated_by="Maker", date=DATE,
    )  # fmt: skip


def test_a_second_truck_brings_more_of_the_same_lot_and_it_lies_with_the_first(ledger: Ledger) -> None:
    pay(ledger, 500_000)
    receive(ledger, good=600)
    receive(ledger, "GRN-2", good=390, short=10)
    trace = trace_of(ledger)
    assert [(row.receipt, row.order, row.noted) for row in trace.deliveries] == [
        ("GRN-1", "PO-1", 600), ("GRN-2", "PO-1", 400),
    ]  # fmt: skip
    assert trace.noted == 1000
    assert [(row.kind, row.place, row.pieces) for row in trace.holders] == [("stock", "Depot", 990)]
    assert [(share.gift, share.pieces) for share in trace.gifts] == [(GIFT, 1000)]
    hand_over(ledger, 990)


def test_what_one_delivery_brought_is_taken_back_and_the_other_stays(ledger: Ledger) -> None:
    receive(ledger, good=600)
    receive(ledger, "GRN-2", good=400)
    ledger.do(
        "approver",
        "reversal",
        "add",
        entry=seq_of(ledger, "receipt", "GRN-1"),
        reason="another lot",
        date=DATE,
    )
    assert [(row.receipt, row.noted) for row in trace_of(ledger).deliveries] == [("GRN-2", 400)]
    receive(ledger, "GRN-3", good=600)
    assert trace_of(ledger).noted == 1000


def test_another_campaigns_recall_of_a_lot_stops_it_here_and_changes_no_books(ledger: Ledger) -> None:
    receive(ledger, good=1000)
    pay(ledger, 500_000)
    another_campaign(ledger)
    do(
        ledger,
        OTHER,
        "approver",
        "recall",
        "add",
        number="RC-1",
        product="KIT",
        lot="L1",
        reason="warned",
        date=DATE,
    )
    with ledger.store.read() as reading:
        books = Books(reading)
        assert noted_of_lots(reading.session) == {(SLUG, "KIT#L1"): 1000, (OTHER, "KIT#L1"): 5}
        assert [(row.pieces, row.recall) for row in stock_rows(books, SLUG, DATE)] == [(1000, None)]
        assert [(row.pieces, row.recall) for row in stock_rows(books, OTHER, DATE)] == [(5, "RC-1")]
        (trail,) = donation_trails(reading, GIFT)
    assert ChangeKind.RECALLED not in {change.kind for change in trail.changes}
    with pytest.raises(Refused, match="is recalled by RC-1 of campaign other"):
        hand_over(ledger, 1000)


def test_a_recall_finds_all_deliveries_of_a_lot_what_was_given_of_it_too(ledger: Ledger) -> None:
    receive(ledger, good=300, over=7)
    hand_over(ledger, 100)
    receive(ledger, "GRN-2", good=200)
    ledger.do(
        "recorder", "in-kind", "add", number="K-1", lot="L1", product="KIT", place="Port", quantity=5, value=100,
        currency="USD", method="invoice", stated_by="Maker", date=DATE,
    )  # fmt: skip
    ledger.do("approver", "recall", "add", number="RC-1", product="KIT", lot="L1", reason="warned", date=DATE)
    trace = trace_of(ledger)
    assert trace.recall == "RC-1"
    assert {(row.kind, row.place): row.pieces for row in trace.holders} == {
        ("stock", "Depot"): 400, ("stock", "Port"): 5, ("handed", "Aid"): 100, ("over", "Depot"): 7,
    }  # fmt: skip
    assert [(row.receipt, row.in_kind) for row in trace.deliveries] == [
        ("GRN-1", ""), ("GRN-2", ""), ("", "K-1"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="KIT#L1 is recalled by RC-1"):
        hand_over(ledger, 1, "H-2")


def test_a_lot_has_one_last_day_whichever_delivery_told_it(ledger: Ledger) -> None:
    def came(number: str, **more: object) -> None:
        row = {"lot": "L1", "noted": 10, "good": 10} | more
        facts = {"number": number, "order": "PO-1", "item": "1", "place": "Depot", "date": DATE}
        ledger.do("recorder", "receipt", "add", lots=[row], **facts)

    came("GRN-1")
    came("GRN-2", expiry="2026-01-31")
    with pytest.raises(Refused, match=r"lots\.0\.expiry: 2026-03-31 is not 2026-01-31"):
        came("GRN-3", expiry="2026-03-31")
    with ledger.store.read() as reading:
        assert expiry_of(reading.session, SLUG, Lot("KIT", "L1")) == "2026-01-31"


def test_what_is_decided_about_surplus_says_of_which_receipt_where_several_wait(ledger: Ledger) -> None:
    receive(ledger, good=500, over=30)
    receive(ledger, "GRN-2", good=500, over=20)

    def send_back(number: str, quantity: int, **more: object) -> None:
        facts = {"number": number, "product": "KIT", "lot": "L1.over", "quantity": quantity, "date": DATE}
        ledger.do("recorder", "over", "return", **facts, **more)

    with pytest.raises(Refused, match="name one of GRN-1, GRN-2"):
        send_back("O-1", 5)
    with pytest.raises(Refused, match=r"21 are told and 20 of L1\.over wait apart"):
        send_back("O-1", 21, receipt="GRN-2")
    send_back("O-1", 20, receipt="GRN-2")
    send_back("O-2", 30)
    assert net(ledger, f"over/{SLUG}/Depot", "KIT#L1.over") == 0


def test_a_supplier_delivers_what_was_short_under_the_same_lot(ledger: Ledger) -> None:
    receive(ledger, good=590, short=10)
    receive(ledger, "GRN-2", good=380, short=20)
    row = {"lot": "L1", "noted": 15, "good": 15, "replaces": {"lot": "L1", "discrepancy": "short"}}
    facts = {"order": "PO-1", "item": "1", "place": "Depot", "date": DATE}
    ledger.do("recorder", "receipt", "add", number="GRN-3", lots=[row], **facts)
    with pytest.raises(Refused, match="11 replace short pieces of L1 and 10 are short"):
        ledger.do(
            "recorder", "receipt", "add", number="GRN-4", lots=[row | {"noted": 11, "good": 11}], **facts
        )
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#L1") == 985
    assert net(ledger, f"lost/{SLUG}/short", "KIT#L1") == 15


def test_a_refund_takes_the_pieces_of_the_delivery_that_failed(ledger: Ledger) -> None:
    pay(ledger, 500_000)
    receive(ledger, good=595, damaged=5)
    receive(ledger, "GRN-2", good=360, damaged=40)
    facts = {
        "number": "R-1", "order": "PO-1", "item": "1", "failure": "damaged", "lot": "L1", "quantity": 40,
        "asset": "USD", "amount": 20_000, "bank": "B", "date": DATE,
    }  # fmt: skip
    with pytest.raises(Refused, match="40 pieces of L1 are damaged and not made good yet"):
        ledger.do("recorder", "refund", "add", **(facts | {"quantity": 41}))
    ledger.do("recorder", "refund", "add", **facts)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    assert net(ledger, f"bank/{SLUG}/B", "USD") == 2_000_000 - 500_000 + 20_000


def test_pieces_are_named_twice_on_one_receipt_only_by_mistake(ledger: Ledger) -> None:
    row = {"lot": "L1", "noted": 10, "good": 10}
    with pytest.raises(Refused, match=r"lots\.1\.lot: names L1 again"):
        ledger.do(
            "recorder", "receipt", "add", number="GRN-1", order="PO-1", item="1", place="Depot", date=DATE,
            lots=[row, row],
        )  # fmt: skip
    receive(ledger, good=10)
    hand_over(ledger, 10)


def test_pieces_that_were_lost_and_found_are_a_gifts_once(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "in-kind", "add", number="K-1", product="KIT", place="Port", quantity=50, value=100,
        currency="USD", method="invoice", stated_by="Maker", date=DATE,
    )  # fmt: skip
    facts = {"product": "KIT", "lot": "K-1", "place": "Port", "reason": "the count", "date": DATE}
    ledger.do("recorder", "loss", "add", number="LR-1", quantity=10, cause="lost", **facts)
    ledger.do("recorder", "loss", "find", number="F-1", quantity=4, by="loss", document="LR-1", **facts)
    (share,) = trace_of(ledger, "K-1").gifts
    assert (share.gift, share.amount.asset, share.amount.minor, share.pieces) == (
        "in-kind:K-1",
        "KIT#K-1",
        50,
        50,
    )
