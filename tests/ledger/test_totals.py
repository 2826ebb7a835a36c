"""What is published adds up: a product a total, gifts in kind apart, money by how it came, three words of goods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages import sentences as say
from api.pages.parts import picture
from ledger.core.frozen import Quantity
from ledger.views.campaign import CampaignReport
from ledger.views.conservation import conservation
from ledger.views.flow import Flow, Origin, StageKind
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.strips import strips_of
from ledger.views.trail import DonationTrail, StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.needs import with_needs
from tests.tools.things import DATE, funded, hand_over, order, pay, receive, ship
from tests.tools.things import lots as lots_of

PRODUCTS = {"MASK": ("mask", 1000), "VENT": ("ventilator", 2), "GLOVE": ("pair of gloves", 5000)}


def told(ledger: Ledger) -> tuple[CampaignReport, Flow]:
    with ledger.store.read() as reading:
        return campaign_report(reading, SLUG, now=ledger.now), campaign_flow(reading, SLUG)


def trail(ledger: Ledger, number: str) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, f"contribution:{SLUG}:{number}")
    return found


def give(ledger: Ledger, number: str, cents: int, **more: Any) -> None:
    facts = {"number": number, "bank": "B", "currency": "USD", "amount": cents, "date": "2023-11-20"}
    ledger.do("recorder", "contribution", "add", **(facts | more))


def counts(rows: tuple[Quantity, ...]) -> dict[str, int]:
    return {row.product: row.quantity for row in rows}


def said(report: CampaignReport) -> str:
    return say.plain(say.campaign_sentence(report))


def moved(ledger: Ledger, product: str, lot: str, quantity: int, place: str) -> None:
    """A lot at the Depot is handed over to Aid and distributed."""
    lots = [{"product": product, "lot": lot, "quantity": quantity}]
    facts = {"number": f"H-{lot}", "place": "Depot", "organisation": "Aid", "date": DATE, "lots": lots}
    ledger.do("recorder", "handover", "add", **facts)
    facts = {"number": f"D-{lot}", "organisation": "Aid", "date": DATE, "place": place, "lots": lots}
    ledger.do("recorder", "distribution", "add", **facts)


@pytest.fixture
@made_once
def three(tmp_path: Path) -> Ledger:
    """Three products, each ordered, paid, received and handed out in Ghana."""
    ledger = funded(tmp_path)
    for code, (unit, quantity) in PRODUCTS.items():
        ledger.do("recorder", "product", "add", code=code, name=code, unit=unit, plural=unit + "s")
        items = [{"item": "1", "product": code, "quantity": quantity, "value": 10_000}]
        order(ledger, f"PO-{code}", items=items)
        receive(ledger, f"GRN-{code}", lot=code, on=f"PO-{code}", good=quantity)
        pay(ledger, 10_000, f"P-{code}", on=f"PO-{code}")
        moved(ledger, code, code, quantity, "Ghana")
    return ledger


def test_three_products_are_three_rows_and_one_place(three: Ledger) -> None:
    report, flow = told(three)
    whole = {code: quantity for code, (_, quantity) in PRODUCTS.items()}
    goods = report.goods
    assert counts(goods.ordered) == counts(goods.paid) == counts(goods.received) == whole
    assert counts(goods.distributed) == whole
    assert (goods.places, report.receivers) == (1, 1)
    assert "6,002" not in said(report)
    assert said(report).count("5,000 pairs of gloves") == 2
    assert strips_of(flow)[0].product == ""
    assert {strip.product for strip in strips_of(flow)[1:]} == set(whole)
    for strip in strips_of(flow)[1:]:
        assert {bar.asset for bar in strip.flow.nodes} == {strip.product}
        (reached,) = [stage for stage in strip.flow.stages if stage.kind is StageKind.DISTRIBUTED]
        assert (reached.count, [total.minor for total in reached.totals]) == (1, [whole[strip.product]])
    drawn = picture(flow)
    assert drawn is not None
    assert len(drawn.strips) == 4
    assert not any("6,002" in f"{row.arrived} {row.stays}" for row in drawn.rows)


def test_an_order_of_two_products_is_one_order(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    ledger.do("recorder", "product", "add", code="SHIELD", name="Shield", unit="shield", plural="shields")
    items = [
        {"item": "1", "product": "KIT", "quantity": 1000, "value": 10_000},
        {"item": "2", "product": "SHIELD", "quantity": 100, "value": 10_000},
    ]
    order(ledger, items=items)
    report, flow = told(ledger)
    (stage,) = [stage for stage in flow.stages if stage.kind is StageKind.ORDERED]
    assert (stage.count, [row.minor for row in stage.totals]) == (1, [1000, 100])
    assert say.stage_detail(stage) == "1 order"
    assert "1,000 kits and 100 shields ordered" in said(report)


def test_what_was_given_in_kind_stands_apart_from_what_was_ordered(tmp_path: Path) -> None:
    """Each sentence's figures add up, and the place where the gift begins has a bar of its own."""
    ledger = funded(tmp_path)
    order(ledger)
    receive(ledger, good=1000)
    facts = {"product": "KIT", "place": "Depot", "quantity": 500, "value": 250_000, "currency": "USD"}
    facts |= {"method": "invoice", "stated_by": "Maker", "date": DATE, "lot": "GIFT"}
    ledger.do("recorder", "in-kind", "add", number="K-1", **facts)
    moved(ledger, "KIT", "GIFT", 200, "Togo")
    moved(ledger, "KIT", "L1", 300, "Ghana")
    report, flow = told(ledger)
    assert (counts(report.goods.ordered), counts(report.goods.distributed)) == ({"KIT": 1000}, {"KIT": 300})
    given = report.given_in_kind
    assert (counts(given.came), counts(given.distributed), counts(given.under_way)) == (
        {"KIT": 500},
        {"KIT": 200},
        {"KIT": 300},
    )
    assert (report.goods.places, given.places, report.receivers) == (1, 1, 2)
    assert "1,000 kits ordered" in said(report)
    more = [say.plain(sentence) for sentence in say.campaign_more(report)]
    assert more == ["Given in kind: 500 kits; 200 are distributed in 1 place, 300 are on the way or waiting."]
    (depot,) = [stage for stage in flow.stages if stage.kind is StageKind.STOCK]
    assert {part.origin: part.totals[0].minor for part in depot.parts} == {
        Origin.SUPPLIED: 1000,
        Origin.GIVEN: 500,
    }
    (table,) = [table for table in report.sums if table.asset == "KIT"]
    assert {row.key: row.minor for row in table.came} == {"received_good": 1000, "given_in_kind": 500}
    assert sum(row.minor for row in table.rows) == table.total.minor == 1500


def test_given_by_bank_converted_and_paid_back_are_three_rows(tmp_path: Path) -> None:
    """The same in headline, picture and table; what a supplier pays back is never what came in."""
    ledger = funded(tmp_path)
    give(ledger, "G-1", 600_000)
    order(ledger)
    pay(ledger, 500_000, prepayment=True)
    ledger.do(
        "recorder", "purchase", "close", number="CL-1", order="PO-1", reason="late", date=DATE, claim=500_000
    )
    ledger.do("approver", "closing", "approve", number="CL-1", date=DATE)
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "undelivered", "value": 500_000}
    facts |= {"asset": "USD", "amount": 100_000, "bank": "B", "date": DATE}
    ledger.do("recorder", "refund", "add", **facts)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    report, flow = told(ledger)
    with ledger.store.read() as reading:
        (mine,) = donation_trails(reading, f"{name('gift')}:0")
    drawn = picture(flow, mine.thread)
    assert drawn is not None
    yours = {row.label: row.yours for row in drawn.rows}
    # What came back to it was counted when it was converted, and is told apart from that.
    assert (yours["Money"], yours["Converted"], yours["Given by bank"]) == ("20,000 USD", "20,000 USD", "")
    (stage,) = [stage for stage in flow.stages if stage.kind is StageKind.MONEY]
    came = {part.origin: (part.count, part.totals[0].minor) for part in stage.parts}
    assert came == {
        Origin.GIVEN: (1, 600_000),
        Origin.CONVERTED: (1, 2_000_000),
        Origin.REFUNDED: (1, 100_000),
    }
    assert [total.minor for total in stage.totals] == [2_600_000]
    (table,) = [table for table in report.sums if table.asset == "USD" and table.total.key == "received"]
    assert {row.key: row.minor for row in table.came} == {
        "given": 600_000,
        "converted": 2_000_000,
        "refunded": 100_000,
    }
    drawn = picture(flow)
    assert drawn is not None
    rows = {row.label: row.arrived for row in drawn.rows if row.of_stage}
    assert rows["Given by bank"] == "6,000 USD, 1 donation"
    assert rows["Converted"] == "20,000 USD, 1 conversion"
    assert rows["Paid back"] == "1,000 USD, 1 refund"


def test_ordered_paid_and_received_are_three_words(tmp_path: Path) -> None:
    """A hundred pieces came and are not paid, 1,999 are paid and did not come: both are said."""
    ledger = funded(tmp_path)
    order(ledger, "PO-1", quantity=100, value=10_000)
    receive(ledger, good=100)
    order(ledger, "PO-2", quantity=1999, value=200_000)
    pay(ledger, 200_000, on="PO-2", prepayment=True)
    report, _ = told(ledger)
    assert "2,099 kits ordered, 1,999 kits paid, 100 kits received: " in said(report)
    assert said(report).endswith("100 are on the way or waiting, 1,999 are not yet received.")


def test_bank_gifts_alone_are_gifts_each_in_its_own_asset(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    give(ledger, "G-1", 150_000)
    give(ledger, "G-2", 50_000, currency="EUR")
    report, flow = told(ledger)
    assert report.donations == 2
    assert {(row.asset, row.minor, row.count) for row in report.received} == {
        ("USD", 150_000, 1),
        ("EUR", 50_000, 1),
    }
    assert (
        said(report) == "500.00 EUR and 1,500 USD from 2 donations arrived. Nothing is ordered with it yet."
    )
    mine = picture(flow, trail(ledger, "G-1").thread)
    assert mine is not None
    assert [row.yours for row in mine.rows if row.yours] == ["1,500 USD"]
    assert not any("BTC" in row.yours for row in mine.rows)


def test_a_gift_for_a_place_is_told_only_of_pieces_there(tmp_path: Path) -> None:
    """What of its lot was handed out elsewhere, and never passed that place, is in the same lot and no more."""
    ledger = with_needs(tmp_path)
    give(ledger, "G-1", 10_000, restriction="N-1")
    order(ledger, quantity=100, value=10_000, need="N-1")
    receive(ledger, good=100)
    pay(ledger, 10_000)
    moved(ledger, "KIT", "L1", 60, "P")
    lots = [{"product": "KIT", "lot": "L1", "quantity": 40}]
    facts = {"number": "H-2", "place": "Depot", "organisation": "Aid", "date": DATE, "lots": lots}
    ledger.do("recorder", "handover", "add", **facts)
    facts = {"number": "D-2", "organisation": "Aid", "date": DATE, "place": "Togo", "lots": lots}
    ledger.do("recorder", "distribution", "add", **facts)
    found = trail(ledger, "G-1")
    sentence = say.plain(say.donation_sentence(found))
    assert sentence == "Your 100.00 USD paid for 100 KITs: 60 handed out in P, 40 in the same lot."
    assert "Togo" not in str([*found.places, *found.steps, *found.thread])
    # One distribution hands out pieces that came by that place and others that did not: its step tells them apart.
    give(ledger, "G-2", 10_000, restriction="N-1")
    order(ledger, "PO-2", quantity=100, value=10_000, need="N-1")
    receive(ledger, "GRN-2", "L2", "PO-2", good=100)
    pay(ledger, 10_000, "PY-2", "PO-2")
    ship(ledger, 60, "W-2", destination="P", lots=lots_of(60, "L2"))
    counted = [{"product": "KIT", "lot": "L2", "good": 60}]
    ledger.do("recorder", "shipment", "arrive", number="A-2", waybill="W-2", lots=counted, date=DATE)
    hand_over(ledger, 60, "H-3", "L2", place="P")
    hand_over(ledger, 40, "H-4", "L2")
    ledger.do("recorder", "distribution", "add", **facts | {"number": "D-3", "lots": lots_of(100, "L2")})
    found = trail(ledger, "G-2")
    steps = [step for step in found.steps if step.kind is StepKind.DISTRIBUTED]
    assert [(step.amount.minor, step.place) for step in steps] == [(60, "Togo"), (40, "")]
    assert [say.plain(say.step_said(step)).partition(",")[0] for step in steps] == [
        "60 KITs distributed in Togo",
        "40 KITs in the same lot",
    ]


def test_a_gift_for_a_place_where_the_pieces_were_received_counts_each_of_them_once(tmp_path: Path) -> None:
    """They lay in stock at the place of the need, and were handed out there: one piece, twice at that place."""
    ledger = with_needs(tmp_path)
    give(ledger, "G-1", 10_000, restriction="N-1")
    order(ledger, quantity=100, value=10_000, need="N-1")
    row = {"lot": "L1", "noted": 100, "good": 100}
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "P", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    pay(ledger, 10_000)
    lots = [{"product": "KIT", "lot": "L1", "quantity": 60}]
    facts = {"number": "H-1", "place": "P", "organisation": "Aid", "date": DATE, "lots": lots}
    ledger.do("recorder", "handover", "add", **facts)
    facts = {"number": "D-1", "organisation": "Aid", "date": DATE, "place": "P", "lots": lots}
    ledger.do("recorder", "distribution", "add", **facts)
    found = trail(ledger, "G-1")
    sentence = say.plain(say.donation_sentence(found))
    assert sentence == "Your 100.00 USD paid for 100 KITs: 60 handed out in P, 40 in stock at P."
    assert {(row.kind.value, row.amount.minor) for row in found.places} == {
        ("distributed", 60),
        ("in_stock", 40),
    }


def test_what_a_supplier_pays_back_in_another_currency_is_told_once(tmp_path: Path) -> None:
    """The order was paid in dollars: no euro was spent on it, and the euros that came are no two sums."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=10_000)
    pay(ledger, 10_000, prepayment=True)
    receive(ledger, good=90, damaged=10)
    back = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "damaged", "lot": "L1", "quantity": 10}
    ledger.do(
        "recorder",
        "refund",
        "add",
        asset="EUR",
        amount=900,
        refunds=1_000,
        bank="Euro Bank",
        date=DATE,
        **back,
    )
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    report, flow = told(ledger)
    (stage,) = (stage for stage in flow.stages if stage.kind is StageKind.MONEY and not stage.totals)
    assert say.arrived(say.stage_figure(stage, {}), say.stage_detail(stage)) == "9.00 EUR, 1 refund"
    (euros,) = (table for table in report.sums if table.asset == "EUR")
    assert [(row.key, row.minor) for row in euros.rows] == [("charges", 0), ("held", 900)]
    with ledger.store.read() as reading:
        (table,) = (table for table in conservation(reading).tables if table.asset == "EUR")
    assert [(row.key, row.amount.minor) for row in table.rows] == [("refunds", 900), ("in_hand_bank", 900)]


def test_the_share_in_good_condition_is_of_each_product_and_adds_no_pieces_to_litres(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    ledger.do("recorder", "product", "add", code="HG", name="Hand gel", unit="litre", plural="litres")
    items = [
        {"item": "1", "product": "KIT", "quantity": 1000, "value": 500_000},
        {"item": "2", "product": "HG", "quantity": 8, "value": 8_000},
    ]
    order(ledger, items=items)
    receive(ledger, good=1000)
    report, _ = told(ledger)
    figure = "Received in good condition"
    assert dict(say.service_figures(report))[figure] == "100.0 %"
    row = {"lot": "H1", "noted": 8, "good": 4, "rejected": 4}
    facts = {"number": "GRN-2", "order": "PO-1", "item": "2", "place": "Depot", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    report, _ = told(ledger)
    assert [(row.product, row.permille) for row in report.service.received_good] == [
        ("HG", 500),
        ("KIT", 1000),
    ]
    figures = dict(say.service_figures(report))
    assert figure not in figures
    assert figures[f"{figure}, Hand gel"] == "50.0 %"
