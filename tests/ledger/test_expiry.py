"""A lot is handed on after its last day only with a reason, and a surplus has the last day of its lot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences.steps import step_facts
from ledger.core.errors import Refused
from ledger.rules.books import Books
from ledger.views.queries import donation_trails
from ledger.views.stock import stock_rows
from tests.tools.ledgers import SLUG, Ledger, made_once, name
from tests.tools.things import funded, lots, order, pay

EXPIRY = "2023-12-20"
AFTER = "2023-12-21"
WHY = "the maker allowed another month"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits of lot L1 with a last day, paid for, and 50 that came too much."""
    made = funded(tmp_path)
    order(made)
    pay(made, 500_000)
    row = {"lot": "L1", "expiry": EXPIRY, "noted": 1000, "good": 1000, "over": 50}
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row]}
    made.do("recorder", "receipt", "add", date="2023-12-01", **facts)
    return made


def hand(ledger: Ledger, date: str, number: str = "H-1", lot: str = "L1", **more: str) -> None:
    facts = {"number": number, "place": "Depot", "organisation": "Aid", "date": date}
    ledger.do("recorder", "handover", "add", lots=lots(10, lot), **facts, **more)


def distribute(ledger: Ledger, date: str, number: str = "D-1", *, several: bool = False, **more: str) -> None:
    where: dict[str, Any] = {"place": "Accra", "lots": lots(5)}
    facts = {"recipients": [where]} if several else where
    ledger.do(
        "recorder", "distribution", "add", number=number, organisation="Aid", date=date, **facts, **more
    )


def test_on_its_last_day_a_lot_is_handed_over_as_any_other(ledger: Ledger) -> None:
    hand(ledger, EXPIRY)


def test_after_its_last_day_a_lot_is_handed_over_only_with_a_reason(ledger: Ledger) -> None:
    with pytest.raises(Refused, match=r"expired: the last day of KIT#L1 was 2023-12-20; say why"):
        hand(ledger, AFTER)
    hand(ledger, AFTER, expired=WHY)


@pytest.mark.parametrize("several", [False, True])
def test_after_its_last_day_a_lot_is_handed_out_only_with_a_reason(ledger: Ledger, several: bool) -> None:
    hand(ledger, EXPIRY)
    with pytest.raises(Refused, match=r"expired: the last day of KIT#L1 was 2023-12-20; say why"):
        distribute(ledger, AFTER, several=several)
    distribute(ledger, AFTER, several=several, expired=WHY)


def test_a_reason_for_what_is_not_past_its_last_day_is_refused(ledger: Ledger) -> None:
    with pytest.raises(
        Refused, match="expired: says why lots past their last day are handed on, and none is"
    ):
        hand(ledger, EXPIRY, expired=WHY)


def test_a_donor_reads_why_a_lot_was_handed_out_after_its_last_day(ledger: Ledger) -> None:
    hand(ledger, AFTER, expired=WHY)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
    (step,) = [step for step in trail.steps if step.reference == "H-1"]
    assert f"After its last day of use: {WHY}" in step_facts(step)


def test_what_came_past_its_last_day_is_rejected_and_never_good(tmp_path: Path) -> None:
    """The day is the very reason why it is sent back."""
    ledger = funded(tmp_path)
    order(ledger)
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "date": "2023-12-01"}
    old = {"lot": "OLD", "expiry": "2023-11-01", "noted": 100}
    with pytest.raises(Refused, match=r"lots\.0\.expiry: 2023-11-01 is before the day of receipt"):
        ledger.do("recorder", "receipt", "add", **facts, lots=[old | {"good": 1, "rejected": 99}])
    ledger.do("recorder", "receipt", "add", **facts, lots=[old | {"good": 0, "damaged": 5, "rejected": 95}])


def test_what_came_too_much_has_the_last_day_of_its_lot(ledger: Ledger) -> None:
    facts = {"number": "O-1", "product": "KIT", "lot": "L1.over", "quantity": 50, "date": "2023-12-02"}
    ledger.do("approver", "over", "accept", **facts)
    with ledger.store.read() as reading:
        rows = {row.lot: row.expiry for row in stock_rows(Books(reading), SLUG, "2023-12-31")}
    assert rows == {"L1": EXPIRY, "L1.over": EXPIRY}
    with pytest.raises(Refused, match=r"expired: the last day of KIT#L1\.over was 2023-12-20"):
        hand(ledger, AFTER, lot="L1.over")


def test_a_recalled_lot_is_handed_over_for_no_reason(ledger: Ledger) -> None:
    facts = {"number": "RC", "product": "KIT", "lot": "L1", "reason": "mould", "date": EXPIRY}
    ledger.do("approver", "recall", "add", **facts)
    for reason in ({}, {"expired": WHY}):
        with pytest.raises(Refused, match="KIT#L1 is recalled by RC"):
            hand(ledger, AFTER, **reason)
