"""What a paper says wrong is put right by one act of two people, whatever stands on it; history is only added to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.pages.sentences.changes import preview_lines
from ledger.core.accounts import AccountClass
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.lines import UnitState
from ledger.model.deliveries import HandoverRow, ShipmentLegRow, ShipmentRow
from ledger.rules.books import Books
from ledger.rules.claims import open_claims
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import require_order
from ledger.tracing.owners import owners
from ledger.views.changes import less
from ledger.views.flow import ExitKind
from ledger.views.losses import loss_rows
from ledger.views.preview import Preview, preview
from ledger.views.queries import campaign_flow, donation_trails
from ledger.views.stock import stock_rows
from ledger.views.trail import StepKind
from ledger.views.two_keys import delivery_counts
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tied
from tests.tools.things import DATE, funded, hand_over, lots, net, order, pay, receive, seq_of, ship
from tests.tools.two_keys import count


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """A receipt with a mistyped expiry, and on it a waybill, two counts, a handover, four distributions, a paper."""
    made = funded(tmp_path)
    order(made)
    pay(made, 500_000)
    row = {"lot": "L1", "noted": 1000, "good": 1000, "over": 5, "expiry": "2026-01-31"}
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    made.do("recorder", "receipt", "add", **facts)
    ship(made, 100, air_waybill="157-1", carriage="air")
    counted = [{"product": "KIT", "lot": "L1", "good": 100}]
    made.do("recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=counted, date=DATE)
    count(made, 100)
    hand_over(made, 40)
    count(made, 40, "handover", "H-1")
    for n in range(4):
        given = {
            "number": f"D-{n}",
            "organisation": "Aid",
            "place": f"Place {n}",
            "lots": lots(10),
            "date": DATE,
        }
        made.do("recorder", "distribution", "add", **given)
    return made


def correct(ledger: Ledger, number: str = "CR-1", **facts: Any) -> None:
    told = {"number": number, "entry": seq_of(ledger, "receipt", "GRN-1"), "field": "expiry", "date": DATE}
    told |= {"old": "2026-01-31", "new": "2027-01-31", "reason": "the label says 2027"}
    ledger.do("recorder", "correction", "add", **(told | facts))


def approve(ledger: Ledger, number: str = "CR-1") -> int:
    seq = ledger.do("approver", "correction", "approve", number=number, date=DATE).seq
    assert seq is not None
    return seq


def expiries(ledger: Ledger) -> set[str | None]:
    with ledger.store.read() as reading:
        return {row.expiry for row in stock_rows(Books(reading), SLUG, DATE)}


def test_a_mistyped_expiry_is_put_right_and_counts_stay(ledger: Ledger) -> None:
    with ledger.store.read() as reading:
        counts = delivery_counts(reading.session, SLUG)
    correct(ledger)
    assert expiries(ledger) == {"2026-01-31"}
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "correction", "approve", number="CR-1", date=DATE)
    seq = approve(ledger)
    assert expiries(ledger) == {"2027-01-31"}
    with ledger.store.read() as reading:
        assert delivery_counts(reading.session, SLUG) == counts
        (trail,) = donation_trails(reading, name("gift"))
    (step,) = [step for step in trail.steps if "corrected" in step.detail]
    assert step.detail["corrected"] == "expiry 2026-01-31 → 2027-01-31"
    assert step.detail["expires"] == "2027-01-31"
    correct(ledger, "CR-2", old="2027-01-31", new="2027-02-28")
    approve(ledger, "CR-2")
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    (step,) = [step for step in trail.steps if "corrected" in step.detail]
    assert step.detail["corrected"] == "expiry 2026-01-31 → 2027-01-31; expiry 2027-01-31 → 2027-02-28"
    with pytest.raises(Conflict, match="correction CR-2 corrected it again; reverse that first"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="no", date=DATE)
    second = seq_of(ledger, "approval:correction", "CR-2")
    ledger.do("approver", "reversal", "add", entry=second, reason="no", date=DATE)
    assert expiries(ledger) == {"2027-01-31"}
    ledger.do("approver", "reversal", "add", entry=seq, reason="no", date=DATE)
    assert expiries(ledger) == {"2026-01-31"}


def test_numbers_days_and_texts_are_put_right_too_and_what_moves_something_is_not(ledger: Ledger) -> None:
    lost = {
        "number": "LR-1",
        "place": "Depot",
        "product": "KIT",
        "lot": "L1",
        "quantity": 1,
        "cause": "stolen",
    }
    ledger.do("recorder", "loss", "add", reason="stolen at nite", date=DATE, **lost)
    loss = seq_of(ledger, "loss", "LR-1")
    correct(ledger, entry=loss, field="reason", old="stolen at nite", new="stolen at night")
    correct(
        ledger, "CR-2", entry=seq_of(ledger, "shipment", "W-1"), field="air_waybill", old="157-1", new="157-2"
    )
    told = {"entry": seq_of(ledger, "shipment", "W-1"), "field": "expected", "new": "2023-12-09"}
    ledger.do("recorder", "correction", "add", number="CR-3", reason="left out", date=DATE, **told)
    ordered = {"entry": seq_of(ledger, "purchase", "PO-1"), "field": "expected", "new": "2023-12-24"}
    ledger.do("recorder", "correction", "add", number="CR-5", reason="left out", date=DATE, **ordered)
    for number in ("CR-1", "CR-2", "CR-3", "CR-5"):
        approve(ledger, number)
    with ledger.store.read() as reading:
        (row,) = loss_rows(reading.session, SLUG)
        assert require_order(reading.session, SLUG, "PO-1").expected == "2023-12-24"
    assert row.reason == "stolen at night"
    with pytest.raises(Refused, match="old: is not what stands there, which is 157-2"):
        correct(ledger, "CR-4", entry=told["entry"], field="air_waybill", old="157-1", new="157-3")
    with pytest.raises(Refused, match="new: is no expiry; write it as its paper does"):
        correct(ledger, "CR-4", new="soon")
    with pytest.raises(
        Refused, match="field: of this kind, handover, these are corrected: quantity; the rest"
    ):
        correct(ledger, "CR-4", entry=seq_of(ledger, "handover", "H-1"))


def stock(ledger: Ledger, asset: str = "KIT#L1") -> dict[str, int]:
    """Pieces of a lot, by account."""
    with ledger.store.read() as reading:
        return {
            str(balance.account): balance.net
            for balance in Books(reading).balances()
            if balance.asset == asset and balance.net > 0
        }


def test_a_mistyped_count_is_put_right_whatever_stands_on_it_and_counts_stay(ledger: Ledger) -> None:
    """1,000 was typed for 600: what went on stays, and the rest is open on its order."""
    with ledger.store.read() as reading:
        counts = delivery_counts(reading.session, SLUG)
    went = {place: pieces for place, pieces in stock(ledger).items() if place != "stock/help/Depot"}
    correct(ledger, field="good", old="1000", new="600", reason="600 are on the note")
    assert stock(ledger)["stock/help/Depot"] == 860
    seq = approve(ledger)
    assert stock(ledger) == went | {"stock/help/Depot": 460}
    with ledger.store.read() as reading:
        assert delivery_counts(reading.session, SLUG) == counts
        (trail,) = donation_trails(reading, name("gift"))
    figures = {step.kind: step.amount.minor for step in trail.steps}
    assert figures[StepKind.RECEIVED] == 600
    assert figures[StepKind.SHIPPED] == 100
    told = [step.detail["corrected"] for step in trail.steps if "corrected" in step.detail]
    assert told == ["good 1000 → 600"]
    with pytest.raises(
        Refused,
        match=r"leaves 139 of KIT#L1 at Depot, and 140 of them went on \(shipment W-1, handover H-1\)",
    ):
        correct(ledger, "CR-2", field="good", old="600", new="139")
    with pytest.raises(Refused, match="new: makes 401 more, and 400 are open on PO-1"):
        correct(ledger, "CR-2", field="damaged", old="0", new="401")
    correct(ledger, "CR-2", field="damaged", old="0", new="30")
    approve(ledger, "CR-2")
    assert stock(ledger) == went | {"stock/help/Depot": 460, "lost/help/damaged": 30}
    hand_over(ledger, 460, number="H-2")
    with pytest.raises(Refused, match="new: makes 400 more, and 370 are open on PO-1"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="it was 1,000", date=DATE)
    correct(ledger, "CR-3", field="damaged", old="30", new="0")
    approve(ledger, "CR-3")
    ledger.do("approver", "reversal", "add", entry=seq, reason="it was 1,000", date=DATE)
    assert stock(ledger)["stock/help/Depot"] == 400


def test_quantities_of_waybills_handovers_distributions_and_losses_are_put_right(ledger: Ledger) -> None:
    """What stands on each is made again, and the sender's figure beside a consignee's count is the new one."""
    waybill, arrival = seq_of(ledger, "shipment", "W-1"), seq_of(ledger, "arrival", "A-1")
    with pytest.raises(Refused, match=r"100 of them went on \(arrival A-1\)"):
        correct(ledger, entry=waybill, field="quantity", old="100", new="90")
    correct(ledger, entry=waybill, field="quantity", old="100", new="110")
    approve(ledger)
    correct(ledger, "CR-2", entry=arrival, field="short", old="0", new="4")
    approve(ledger, "CR-2")
    assert (stock(ledger)["stock/help/Port"], stock(ledger)["transit/help/W-1"]) == (100, 6)
    with ledger.store.read() as reading:
        (row,) = [row for row in delivery_counts(reading.session, SLUG) if row.paper == "W-1"]
    assert (row.sent, row.good) == (110, 100)
    correct(ledger, "CR-3", entry=seq_of(ledger, "handover", "H-1"), field="quantity", old="40", new="45")
    approve(ledger, "CR-3")
    correct(ledger, "CR-4", entry=seq_of(ledger, "distribution", "D-0"), field="quantity", old="10", new="12")
    approve(ledger, "CR-4")
    assert stock(ledger)["handed/help/Aid"] == 3
    lost = {"place": "Depot", "product": "KIT", "lot": "L1", "quantity": 50, "cause": "stolen"}
    ledger.do("recorder", "loss", "add", number="LR-1", reason="a break-in", date=DATE, **lost)
    correct(ledger, "CR-5", entry=seq_of(ledger, "loss", "LR-1"), field="quantity", old="50", new="5")
    approve(ledger, "CR-5")
    assert stock(ledger)["lost/help/stolen"] == 5


def test_a_gift_in_kind_has_the_pieces_that_came(ledger: Ledger) -> None:
    """Its pieces lie together again, and those that were handed over stay with the organisation."""
    gift = {"number": "K-1", "product": "KIT", "place": "Depot", "quantity": 50, "date": DATE}
    ledger.do("recorder", "in-kind", "add", **gift)
    hand_over(ledger, 20, lot="K-1", number="H-2")
    entry = seq_of(ledger, "in-kind", "K-1")
    with pytest.raises(Refused, match="leaves 19 of KIT#K-1 at Depot, and 20 of them went on"):
        correct(ledger, entry=entry, field="quantity", old="50", new="19")
    correct(ledger, entry=entry, field="quantity", old="50", new="500")
    approve(ledger)
    assert stock(ledger, "KIT#K-1") == {"stock/help/Depot": 480, "handed/help/Aid": 20}
    correct(ledger, "CR-2", entry=entry, field="place", old="Depot", new="Clinic")
    approve(ledger, "CR-2")
    assert stock(ledger, "KIT#K-1") == {"stock/help/Clinic": 480, "handed/help/Aid": 20}
    with ledger.store.read() as reading:
        (given,) = donation_trails(reading, f"in-kind:{SLUG}:K-1")
    assert sorted((row.place, row.amount.minor) for row in given.places) == [("Aid", 20), ("Clinic", 480)]
    correct(ledger, "CR-3", entry=entry, field="quantity", old="500", new="510")
    approve(ledger, "CR-3")
    correct(ledger, "CR-4", entry=entry, field="place", old="Clinic", new="Depot")
    approve(ledger, "CR-4")
    ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "handover", "H-2"), reason="no", date=DATE)
    ledger.do("approver", "reversal", "add", entry=entry, reason="none came", date=DATE)
    assert stock(ledger, "KIT#K-1") == {}


def test_a_gift_of_which_some_came_damaged_lies_elsewhere_after_all(ledger: Ledger) -> None:
    gift = {"number": "K-1", "product": "KIT", "place": "Depot", "quantity": 50, "damaged": 7, "date": DATE}
    seq = ledger.do("recorder", "in-kind", "add", **gift).seq
    correct(ledger, entry=seq, field="place", old="Depot", new="Clinic")
    approve(ledger)
    assert stock(ledger, "KIT#K-1") == {"stock/help/Clinic": 43, "lost/help/damaged": 7}
    ledger.do("approver", "reversal", "add", entry=seq, reason="none came", date=DATE)
    assert stock(ledger, "KIT#K-1") == {}


def test_a_mistyped_price_is_put_right_after_payment_and_receipt(ledger: Ledger) -> None:
    """What is bound changes by the difference, what was paid and came is spread anew, and no price is below that."""
    entry = seq_of(ledger, "purchase", "PO-1")
    with pytest.raises(Refused, match=r"leaves 4999\.99 USD of PO-1, and 5000\.00 [A-Z]{3} of it is paid"):
        correct(ledger, entry=entry, field="value", old="500000", new="499999")
    with pytest.raises(Refused, match=r"cost 995001\.00 USD more, and only 15000\.00 [A-Z]{3} is free"):
        correct(ledger, entry=entry, field="value", old="500000", new="100000100")
    correct(ledger, entry=entry, field="value", old="500000", new="1000000", reason="10.00 a kit were agreed")
    seq = approve(ledger)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    figures = {step.kind: step.amount.minor for step in trail.steps}
    # Half of what they cost is paid: 500 of 1,000 are the donor's.
    assert (figures[StepKind.ORDERED], figures[StepKind.RECEIVED]) == (500, 500)
    ledger.do("approver", "reversal", "add", entry=seq, reason="no", date=DATE)
    correct(ledger, "CR-2", entry=entry, field="value", old="500000", new="1000000")
    approve(ledger, "CR-2")
    pay(ledger, 500_000, number="P-2")
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    assert [step.amount.minor for step in trail.steps if step.kind is StepKind.RECEIVED] == [1000]
    with pytest.raises(Refused, match=r"leaves 9999\.99 USD of PO-1, and 10000\.00 [A-Z]{3} of it is paid"):
        correct(ledger, "CR-3", entry=entry, field="value", old="1000000", new="999999")


def test_what_a_refund_leaves_of_a_corrected_price_is_a_claim(tmp_path: Path) -> None:
    """Its pieces have to be paid for; a price below what it made good is refused, and all is as before after."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=30_000)
    receive(ledger, good=45, damaged=5)
    pay(ledger, 15_000)
    back = {"order": "PO-1", "item": "1", "failure": "damaged", "lot": "L1", "asset": "USD", "date": DATE}
    for number, quantity, more in (
        ("RF-1", 3, {"amount": 900}),
        ("RF-2", 2, {"amount": 500, "written_off": "Old"}),
    ):
        ledger.do("recorder", "refund", "add", number=number, quantity=quantity, bank="B", **back, **more)
        ledger.do("approver", "refund", "approve", number=number, date=DATE)
    entry = seq_of(ledger, "purchase", "PO-1")

    def owed() -> list[tuple[str, int]]:
        with ledger.store.read() as reading:
            (trail,) = donation_trails(reading, name("gift"))
            lost = sum(place.amount.minor for place in trail.places if place.kind is ExitKind.WRITTEN_OFF)
            claims = open_claims(OrderPapers(Books(reading), SLUG))
            return [(str(row.paper), row.amount) for row in claims] + [("lost", lost)]

    assert owed() == [("lost", 100)]
    with pytest.raises(Refused, match="leaves pieces unpaid for which refund RF-2 paid back"):
        correct(ledger, entry=entry, field="value", old="30000", new="40000")
    pay(ledger, 5_000, number="P-2")
    correct(ledger, entry=entry, field="value", old="30000", new="40000")
    seq = approve(ledger)
    tied(ledger)
    assert owed() == [("refund RF-1", 300), ("lost", 300)]
    ledger.do("approver", "reversal", "add", entry=seq, reason="no", date=DATE)
    tied(ledger)
    assert owed() == [("lost", 100)]
    with pytest.raises(
        Refused, match=r"leaves 8\.99 USD for the pieces of which refund RF-1 made 9\.00 USD good"
    ):
        correct(ledger, "CR-2", entry=entry, field="value", old="30000", new="29999")
    correct(ledger, "CR-3", entry=entry, field="value", old="30000", new="40000")
    seq = approve(ledger, "CR-3")
    pay(ledger, 20_000, number="P-3")
    assert owed() == [("refund RF-1", 300), ("lost", 300)]
    rest = {key: back[key] for key in ("order", "item", "failure", "asset", "date")} | {"rest_of": "RF-1"}
    ledger.do("recorder", "refund", "add", number="RF-3", amount=300, bank="B", **rest)
    ledger.do("approver", "refund", "approve", number="RF-3", date=DATE)
    assert owed() == [("lost", 300)]
    with pytest.raises(Conflict, match="refund RF-3 rests on it"):
        correct(ledger, "CR-4", entry=entry, field="value", old="40000", new="50000")


def of_nobody(ledger: Ledger) -> int:
    """Minor units of the money line that came and have no owner."""
    line = f"money/{SLUG}/free/USD"
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        spans = [span for span in lines.spans(line) if span.state is not UnitState.VOID]
        runs = [run for span in spans for run in owners(lines, line, span.start, span.end)]
    return sum(run.end - run.start for run in runs if run.gift is None)


@pytest.mark.parametrize("items", [1, 2])
def test_no_price_leaves_what_a_refund_paid_back_nobodys(items: int, tmp_path: Path) -> None:
    """It would pay for its own pieces then. Told in order, all of it has its owner at every step; so has an item
    whose payments another one's price would take.
    """
    ledger = funded(tmp_path)
    told = [
        {"item": str(n), "product": "KIT", "quantity": 100, "value": 400_000} for n in range(1, items + 1)
    ]
    order(ledger, items=told)
    receive(ledger, good=90, damaged=10)
    paid = 400_000 * items
    pay(ledger, paid)
    back: dict[str, Any] = {"order": "PO-1", "item": "1", "failure": "damaged", "lot": "L1", "asset": "USD"}
    back |= {"date": DATE, "quantity": 10, "bank": "B", "amount": 40_000}
    ledger.do("recorder", "refund", "add", number="RF-1", **back)
    refund = ledger.do("approver", "refund", "approve", number="RF-1", date=DATE).seq
    assert of_nobody(ledger) == 0
    entry = seq_of(ledger, "purchase", "PO-1")
    new: dict[str, Any] = {
        "entry": entry,
        "field": "value",
        "item": str(items),
        "old": "400000",
        "new": "500000",
    }
    with pytest.raises(Refused, match="leaves pieces unpaid for which refund RF-1 paid back"):
        correct(ledger, **new)
    ledger.do("approver", "reversal", "add", entry=refund, reason="A price first", date=DATE)
    correct(ledger, "CR-2", **new)
    approve(ledger, "CR-2")
    assert of_nobody(ledger) == 0
    pay(ledger, 100_000, number="P-2")
    ledger.do("recorder", "refund", "add", number="RF-2", **(back | {"amount": 40_000}))
    ledger.do("approver", "refund", "approve", number="RF-2", date=DATE)
    assert of_nobody(ledger) == 0
    order(ledger, "PO-2", quantity=1, value=2_000_000 - paid - 60_000, approved=DATE)
    pay(ledger, 2_000_000 - paid - 60_000, number="P-3", on="PO-2")
    tied(ledger)
    assert of_nobody(ledger) == 0


def test_the_price_of_a_closed_order_is_put_right(tmp_path: Path) -> None:
    """It is closed anew: what of it is a discount, cancelled or claimed follows the price, and back again."""
    ledger = funded(tmp_path)
    order(
        ledger,
        items=[
            {"item": "1", "product": "KIT", "quantity": 100, "value": 30_000},
            {"item": "2", "product": "KIT", "quantity": 7, "value": 10_000},
        ],
    )
    receive(ledger, good=50, damaged=10)
    pay(ledger, 20_000)
    left: dict[str, Any] = {"order": "PO-1", "reason": "No more will come", "date": DATE}
    # 150.00 and 50.00 are paid: of the first item 30.00 less than came, of the second all that did not.
    left |= {"discount": 3_000, "cancellation": 17_000, "claim": 5_000}
    ledger.do("recorder", "purchase", "close", number="CL-1", **left)
    closing = ledger.do("approver", "closing", "approve", number="CL-1", date=DATE).seq
    entry = seq_of(ledger, "purchase", "PO-1")

    def state() -> tuple[int, dict[str, int]]:
        tied(ledger)
        with ledger.store.read() as reading:
            (trail,) = donation_trails(reading, name("gift"))
        pieces = {str(p.kind): p.amount.minor for p in trail.places if p.amount.asset == "KIT"}
        return net(ledger, f"claims/{SLUG}/PO-1", "USD"), pieces

    before = state()
    assert before == (5_000, {"in_stock": 42, "damaged": 8, "claim": 3})
    told = {}
    for number, old, new in (("CR-1", 30_000, 60_000), ("CR-2", 60_000, 15_000), ("CR-3", 15_000, 30_000)):
        correct(ledger, number, entry=entry, field="value", item="1", old=str(old), new=str(new))
        approve(ledger, number)
        told[new] = state()
    assert told == {
        60_000: (2_858, {"in_stock": 24, "damaged": 4, "claim": 2}),
        15_000: (11_000, {"in_stock": 50, "damaged": 10, "claim": 25}),
        30_000: before,
    }
    with pytest.raises(Conflict, match="changed what is left of its order since; reverse that first"):
        ledger.do("approver", "reversal", "add", entry=closing, reason="no", date=DATE)
    for number in ("CR-3", "CR-2", "CR-1"):
        ledger.do(
            "approver", "reversal", "add", entry=seq_of(ledger, "correction.approved", number), reason="no", date=DATE
        )  # fmt: skip
        tied(ledger)
    ledger.do("approver", "reversal", "add", entry=closing, reason="no", date=DATE)
    tied(ledger)


def test_whom_a_correction_touches_is_shown_before_it_is_approved_and_nothing_is_kept(ledger: Ledger) -> None:
    """Tried with its approval, by whoever asks; what is told is what it does, and who is not touched is left out."""
    entry = seq_of(ledger, "purchase", "PO-1")
    told = {"number": "CR-1", "entry": entry, "field": "value", "old": "500000", "new": "1000000"}
    told |= {"reason": "10.00 a kit were agreed", "date": DATE}
    before = ledger.kinds()

    def tried(role: str, verb: str, facts: dict[str, Any]) -> Preview:
        with ledger.store.write() as writing:
            return preview(writing, ledger.actors[role], SLUG, "correction", verb, facts, now=ledger.now)

    found = tried("recorder", "add", told)
    assert ledger.kinds() == before
    ((key, said, says),) = [(row.key, row.said, row.says) for row in found.affected]
    assert (key, found.entries, found.more) == (f"{name('gift')}:0", 2, 0)
    assert sum(place.amount.minor for place in said if place.amount.asset == "KIT") == 500
    assert preview_lines(found)[1].startswith(f"{key}, 1.00000000 BTC: now 500 kits")
    ledger.do("recorder", "correction", "add", **told)
    with pytest.raises(NotAllowed):
        tried("recorder", "approve", {"number": "CR-1", "date": DATE})
    again = tried("approver", "approve", {"number": "CR-1", "date": DATE})
    assert (again.affected, again.entries) == (found.affected, 1)
    with ledger.store.read() as reading:
        (was,) = donation_trails(reading, name("gift"))
    approve(ledger)
    with ledger.store.read() as reading:
        (now,) = donation_trails(reading, name("gift"))
    assert (less(was.places, now.places), less(now.places, was.places)) == (said, says)
    ledger.audit()
    expiry = told | {"number": "CR-2", "entry": seq_of(ledger, "receipt", "GRN-1"), "field": "expiry"}
    assert tried("recorder", "add", expiry | {"old": "2026-01-31", "new": "2027-01-31"}).affected == ()


def test_a_count_is_put_right_after_its_order_was_closed_and_paid_back(tmp_path: Path) -> None:
    """Fewer came: more of what was paid is owed. More came than was noted: only as far as nothing was paid back."""
    ledger = funded(tmp_path)
    order(ledger, quantity=100, value=50_000)
    receive(ledger, good=90)
    pay(ledger, 50_000)
    left = {"order": "PO-1", "reason": "No more will come", "claim": 5_000, "date": DATE}
    ledger.do("recorder", "purchase", "close", number="CL-1", **left)
    closing = ledger.do("approver", "closing", "approve", number="CL-1", date=DATE).seq
    back = {"order": "PO-1", "item": "1", "failure": "undelivered", "value": 4_000, "amount": 4_000}
    ledger.do("recorder", "refund", "add", number="RF-1", asset="USD", bank="B", date=DATE, **back)
    ledger.do("approver", "refund", "approve", number="RF-1", date=DATE)
    with pytest.raises(Refused, match="new: makes 3 more, and of PO-1, which is closed, fewer were paid"):
        correct(ledger, field="good", old="90", new="93")
    correct(ledger, field="good", old="90", new="92")
    approve(ledger)
    tied(ledger)
    claimed = {
        "CR-1": (net(ledger, f"claims/{SLUG}/PO-1", "USD"), net(ledger, f"cancelled/{SLUG}/PO-1/1", "KIT"))
    }
    correct(ledger, "CR-2", field="good", old="92", new="80")
    last = approve(ledger, "CR-2")
    tied(ledger)
    claimed["CR-2"] = (
        net(ledger, f"claims/{SLUG}/PO-1", "USD"), net(ledger, f"cancelled/{SLUG}/PO-1/1", "KIT")
    )  # fmt: skip
    assert claimed == {"CR-1": (0, 8), "CR-2": (6_000, 20)}
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    places = {(place.kind, place.amount.asset): place.amount.minor for place in trail.places}
    assert (places[ExitKind.IN_STOCK, "KIT"], places[ExitKind.CLAIM, "KIT"]) == (80, 12)
    undo = {"reason": "told twice", "date": DATE}
    refund = seq_of(ledger, "refund.approved", "RF-1")
    ledger.do("approver", "reversal", "add", entry=refund, **undo)
    with pytest.raises(Conflict, match="changed what is left of its order since; reverse that first"):
        ledger.do("approver", "reversal", "add", entry=closing, **undo)
    for entry in (last, seq_of(ledger, "correction.approved", "CR-1"), closing):
        ledger.do("approver", "reversal", "add", entry=entry, **undo)
    assert net(ledger, f"open/{SLUG}/PO-1/1", "KIT") == 10
    tied(ledger)


def test_a_lot_that_takes_its_order_twice_is_told_piece_by_piece_after_a_refund(tmp_path: Path) -> None:
    """Its two runs of the order's line have floors of their own; eight are short all the same."""
    ledger = funded(tmp_path)
    order(ledger, quantity=25, value=40_568)
    rows = [
        {"lot": "L1", "noted": 3, "good": 1, "damaged": 1, "rejected": 1},
        {"lot": "L2", "noted": 5, "good": 5},
    ]
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": rows, "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    correct(ledger, field="short", lot="L1", old="0", new="8")
    approve(ledger)
    pay(ledger, 40_568)
    back = {"number": "RF-1", "order": "PO-1", "item": "1", "lot": "L1", "failure": "short", "quantity": 2}
    ledger.do("recorder", "refund", "add", amount=3_224, asset="USD", bank="B", date=DATE, **back)
    ledger.do("approver", "refund", "approve", number="RF-1", date=DATE)
    with ledger.store.read() as reading:
        exits = campaign_flow(reading, SLUG).exits
    told = {row.kind: row.units for row in exits if row.source.startswith("order/")}
    assert told[ExitKind.SHORT] == 8
    assert sum(told.values()) == 19


def at_places(ledger: Ledger) -> dict[str, int]:
    """Kits of lot L1 by the place of each account that has any."""
    with ledger.store.read() as reading:
        kinds = (AccountClass.STOCK, AccountClass.DISTRIBUTED)
        rows = [row for kind in kinds for row in Books(reading).balances(kind, SLUG) if row.net]
    return {row.account.detail[-1]: row.net for row in rows}


def moved_on(folder: Path) -> Ledger:
    """A receipt and a distribution with mistyped places, and what stands on the receipt, counted by others too."""
    ledger = funded(folder)
    order(ledger)
    pay(ledger, 500_000)
    receive(ledger, good=990, damaged=10)
    ship(ledger, 100, legs=[{"origin": "Depot", "destination": "Port", "carriage": "road"}])
    counted = [{"product": "KIT", "lot": "L1", "good": 100}]
    ledger.do("recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=counted, date=DATE)
    count(ledger, 100)
    hand_over(ledger, 40)
    count(ledger, 40, "handover", "H-1")
    given = {"number": "D-1", "organisation": "Aid", "place": "Ghnaa", "lots": lots(30), "date": DATE}
    ledger.do("recorder", "distribution", "add", **given)
    lost: dict[str, Any] = {
        "number": "LR-1",
        "place": "Depot",
        "product": "KIT",
        "lot": "L1",
        "quantity": 5,
        "cause": "damage",
    }
    ledger.do("recorder", "loss", "add", **lost, reason="Rain", report="R-1", date=DATE)
    return ledger


def test_a_mistyped_place_is_put_right_whatever_stands_on_it(tmp_path: Path) -> None:
    """What lies there lies at the other place, what went on went on from there, and each count is what it was."""
    ledger = moved_on(tmp_path)
    with ledger.store.read() as reading:
        counts = delivery_counts(reading.session, SLUG)
        (before,) = donation_trails(reading, name("gift"))
    assert at_places(ledger) == {"Depot": 845, "Port": 100, "Ghnaa": 30}
    place = {"field": "place", "old": "Depot", "new": "Harbour", "reason": "as on the note"}
    with pytest.raises(Refused, match="is not what stands there, which is Depot"):
        correct(ledger, **(place | {"old": "Port"}))
    with pytest.raises(Conflict, match="is where waybill W-1 takes them"):
        correct(ledger, **(place | {"new": "Port"}))
    correct(ledger, **place)
    approve(ledger)
    handed = {
        "entry": seq_of(ledger, "distribution", "D-1"),
        "field": "place",
        "old": "Ghnaa",
        "new": "Ghana",
    }
    correct(ledger, "CR-2", **handed)
    approve(ledger, "CR-2")
    tied(ledger)
    assert at_places(ledger) == {"Harbour": 845, "Port": 100, "Ghana": 30}
    with ledger.store.read() as reading:
        assert delivery_counts(reading.session, SLUG) == counts
        (after,) = donation_trails(reading, name("gift"))
        assert {row.place for row in stock_rows(Books(reading), SLUG, DATE)} == {"Harbour", "Port"}
        shipment, handover = (
            reading.session.exec(select(ShipmentRow)).one(),
            reading.session.exec(select(HandoverRow)).one(),
        )
        (loss,) = loss_rows(reading.session, SLUG)[-1:]
        leg = reading.session.exec(select(ShipmentLegRow)).one()
    assert (shipment.origin, leg.origin, handover.place) == ("Harbour", "Harbour", "Harbour")
    assert loss.place == "Harbour"
    named = {"Depot": "Harbour", "Ghnaa": "Ghana"}
    assert sorted((p.kind, p.amount.minor, named.get(p.place, p.place)) for p in before.places) == sorted(
        (p.kind, p.amount.minor, p.place) for p in after.places
    )
    back = {"entry": seq_of(ledger, "arrival", "A-1"), "field": "place", "old": "Port", "new": "Harbour"}
    correct(ledger, "CR-3", **back)
    approve(ledger, "CR-3")
    tied(ledger)  # what came back from its way is drawn where it lay before
    assert at_places(ledger) == {"Harbour": 945, "Ghana": 30}
    ship(ledger, 945, "W-2", origin="Harbour")
    with pytest.raises(Refused, match="Depot"):
        ship(ledger, 1, "W-3")


def test_what_went_on_from_a_corrected_place_goes_back_there(tmp_path: Path) -> None:
    """Reversed papers, and counts that are put right, move goods where they lie now; so does the receipt."""
    ledger = moved_on(tmp_path)
    entry = seq_of(ledger, "receipt", "GRN-1")
    handover: dict[str, Any] = {
        "entry": seq_of(ledger, "handover", "H-1"),
        "field": "quantity",
        "reason": "mistyped",
    }
    correct(ledger, "CR-1", **handover, old="40", new="35")
    counted = approve(ledger, "CR-1")
    place: dict[str, Any] = {"entry": entry, "field": "place", "reason": "as on the note"}
    correct(ledger, "CR-2", **place, old="Depot", new="Harbour")
    moved = approve(ledger, "CR-2")
    assert at_places(ledger) == {"Harbour": 850, "Port": 100, "Ghnaa": 30}
    undo: dict[str, Any] = {"reason": "no", "date": DATE}
    with pytest.raises(Conflict, match="put the place right by another correction"):
        ledger.do("approver", "reversal", "add", entry=moved, **undo)
    ledger.do("approver", "reversal", "add", entry=counted, **undo)
    assert at_places(ledger) == {"Harbour": 845, "Port": 100, "Ghnaa": 30}
    for kind, number in (("distribution", "D-1"), ("loss", "LR-1"), ("arrival", "A-1"), ("shipment", "W-1")):
        ledger.do("approver", "reversal", "add", entry=seq_of(ledger, kind, number), **undo)
    assert at_places(ledger) == {"Harbour": 950}
    correct(ledger, "CR-3", **place, old="Harbour", new="Depot")
    approve(ledger, "CR-3")
    assert at_places(ledger) == {"Depot": 950}
    ledger.do("approver", "reversal", "add", entry=seq_of(ledger, "handover", "H-1"), **undo)
    ledger.do("approver", "reversal", "add", entry=entry, **undo)
    assert at_places(ledger) == {}
    tied(ledger)


def test_a_place_is_not_put_right_under_a_paper_that_took_goods_of_others_there_too(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    receive(ledger, good=10)
    receive(ledger, "GRN-2", good=10)
    hand_over(ledger, 15)
    with pytest.raises(Conflict, match="handover H-1 took pieces of other papers there too"):
        correct(ledger, field="place", old="Depot", new="Port")
