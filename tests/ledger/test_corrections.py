"""What moves nothing is put right by one act of two people, whatever stands on it, and history is only added to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.rules.books import Books
from ledger.views.losses import loss_rows
from ledger.views.queries import donation_trails
from ledger.views.stock import stock_rows
from ledger.views.two_keys import delivery_counts
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.things import DATE, funded, hand_over, lots, order, pay, seq_of, ship
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
        (trail,) = donation_trails(reading, name("gift"), now=ledger.now)
    (step,) = [step for step in trail.steps if "corrected" in step.detail]
    assert step.detail["corrected"] == "expiry 2026-01-31 → 2027-01-31"
    assert step.detail["expires"] == "2027-01-31"
    correct(ledger, "CR-2", old="2027-01-31", new="2027-02-28")
    approve(ledger, "CR-2")
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
    for number in ("CR-1", "CR-2", "CR-3"):
        approve(ledger, number)
    with ledger.store.read() as reading:
        (row,) = loss_rows(reading.session, SLUG)
    assert row.reason == "stolen at night"
    with pytest.raises(Refused, match="old: is not what stands there, which is 157-2"):
        correct(ledger, "CR-4", entry=told["entry"], field="air_waybill", old="157-1", new="157-3")
    with pytest.raises(Refused, match="new: is no expiry; write it as its paper does"):
        correct(ledger, "CR-4", new="soon")
    with pytest.raises(Refused, match="field: of a handover nothing can be corrected; what moves something"):
        correct(ledger, "CR-4", entry=seq_of(ledger, "handover", "H-1"))
