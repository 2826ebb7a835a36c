"""Gifts in kind and by bank: their own lot, interval, trail and row; the stated value is in no total of money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.pages.sentences import plain, step_said
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.frozen import Amount
from ledger.rules.books import Books
from ledger.rules.in_kind import require_in_kind
from ledger.views.conservation import conservation
from ledger.views.flow import ExitKind
from ledger.views.losses import loss_rows
from ledger.views.queries import campaign_page, campaign_report, donation_rows, donation_trails
from ledger.views.stock import lot_traces, stock_rows
from ledger.views.trail import DonationStatus, StepKind
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.things import DATE, hand_over, lots, seq_of

DAY = "2023-11-20"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.new(tmp_path)
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    made.do(
        "recorder", "product", "add", code="TRAIN", name="Training", unit="student trained",
        plural="students trained", service=True,
    )  # fmt: skip
    return made


def give(ledger: Ledger, number: str = "K-1", **more: Any) -> int:
    facts = {"number": number, "product": "KIT", "place": "Depot", "quantity": 500, "value": 250_000}
    facts |= {"currency": "USD", "method": "invoice", "stated_by": "Maker", "date": DAY}
    seq = ledger.do("recorder", "in-kind", "add", **(facts | more)).seq
    assert seq is not None
    return seq


def trail(ledger: Ledger, key: str) -> Any:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, key)
    return found


def test_goods_in_kind_are_a_lot_of_their_own_in_stock_and_know_their_donor(ledger: Ledger) -> None:
    give(ledger, lot="L-7", expiry="2025-01-01")
    with ledger.store.read() as reading:
        books = Books(reading)
        (row,) = stock_rows(books, SLUG, "2023-12-31")
        assert (row.place, row.lot, row.pieces, row.expiry) == ("Depot", "L-7", 500, "2025-01-01")
        (traced,) = lot_traces(books, SLUG, "L-7")
        assert [(share.gift, share.amount.minor) for share in traced.gifts] == [("in-kind:K-1", 500)]
        made = conservation(reading, SLUG)
    assert made.holds
    (table,) = [table for table in made.tables if table.asset == "KIT#L-7"]
    assert {(row.side.value, row.key): row.amount.minor for row in table.rows} == {
        ("came", "in_kind"): 500, ("went", "stock"): 500,
    }  # fmt: skip


def test_its_trail_goes_from_the_gift_to_the_hands_of_people(ledger: Ledger) -> None:
    give(ledger)
    hand_over(ledger, 300, lot="K-1", organisation="Clinic", date="2023-11-25")
    ledger.do(
        "recorder", "distribution", "add", number="D-1", organisation="Clinic", place="Village",
        lots=lots(120, "K-1"), date="2023-11-26",
    )  # fmt: skip
    found = trail(ledger, "in-kind:K-1")
    assert found.key == f"in-kind:{SLUG}:K-1"
    assert found.status is DonationStatus.SETTLED
    assert {(p.kind, p.place): p.amount.minor for p in found.places} == {
        (ExitKind.IN_STOCK, "Depot"): 200, (ExitKind.WAITING, "Clinic"): 180, (ExitKind.DISTRIBUTED, "Village"): 120,
    }  # fmt: skip
    assert [step.kind for step in found.steps[:3]] == [StepKind.GIVEN, StepKind.HANDED, StepKind.DISTRIBUTED]
    assert found.steps[0].detail["stated_by"] == "Maker"
    assert trail(ledger, found.key).places == found.places


def test_a_service_in_kind_is_delivered_where_it_was_rendered(ledger: Ledger) -> None:
    give(ledger, "K-2", product="TRAIN", place="Dili", quantity=40)
    (place,) = trail(ledger, "in-kind:K-2").places
    assert (place.kind, place.place, place.amount.minor, place.service) == (
        ExitKind.DISTRIBUTED,
        "Dili",
        40,
        "Training",
    )
    with pytest.raises(Refused, match="service"):
        give(ledger, "K-3", product="TRAIN", expiry="2025-01-01")


def test_a_stated_value_is_in_no_total_of_money(ledger: Ledger) -> None:
    give(ledger)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        assert not Books(reading).balances(asset="USD")
    assert (report.received, report.value.minor) == ((), 0)
    assert not any(table.asset in {"USD", "BTC"} and table.total.minor for table in report.sums)
    (row,) = report.in_kind
    assert (row.what, row.quantity, row.value, row.method, row.stated_by) == (
        "Kit", 500, Amount.of("USD", 250_000), "invoice", "Maker",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"currency": "BTC"}, "no gift in kind"),
        ({"lot": "L.over"}, "name it otherwise"),
        ({"expiry": "2023-01-01"}, "before the day"),
        ({"paper": "ab" * 32}, "attach the paper"),
    ],
)
def test_a_gift_in_kind_that_cannot_be_is_refused_with_the_remedy(
    ledger: Ledger, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        give(ledger, **wrong)


def test_it_is_taken_back_only_while_all_of_it_is_where_it_came(ledger: Ledger) -> None:
    seq = give(ledger)
    moved = hand_over(ledger, 1, lot="K-1", organisation="Clinic", date="2023-11-25")
    undo = {"entry": seq, "reason": "told twice", "date": "2023-11-26"}
    with pytest.raises(Conflict, match="stands on it"):
        ledger.do("approver", "reversal", "add", **undo)
    ledger.do("approver", "reversal", "add", **(undo | {"entry": moved.seq}))
    ledger.do("approver", "reversal", "add", **undo)
    found = trail(ledger, "in-kind:K-1")
    assert found.status is DonationStatus.REVERSED
    assert found.places == ()
    with ledger.store.read() as reading:
        assert campaign_report(reading, SLUG, now=ledger.now).in_kind == ()
    give(ledger, "K-9", lot="K-1")
    with ledger.store.read() as reading:
        row = require_in_kind(reading.session, SLUG, "K-9")
    assert (row.line_start, row.quantity) == (500, 500)


def test_bank_money_has_a_trail_and_a_row_like_a_coin(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "contribution", "add", number="B-1", bank="First", currency="USD", amount=60_000,
        organisation="Fund", reference="R-77", date="2024-01-05",
    )  # fmt: skip
    found = trail(ledger, "contribution:B-1")
    assert (found.amount.asset, found.amount.minor, found.late) == ("USD", 60_000, True)
    assert [(p.kind, p.amount.minor) for p in found.places] == [(ExitKind.HELD, 60_000)]
    give(ledger)
    with ledger.store.read() as reading:
        first, cursor = donation_rows(reading, SLUG, after=None, limit=1)
        second, last = donation_rows(reading, SLUG, after=cursor, limit=1)
        page = campaign_page(reading, SLUG, now=ledger.now)
    assert [row.key for row in (*first, *second)] == [f"contribution:{SLUG}:B-1", f"in-kind:{SLUG}:K-1"]
    assert last is None
    assert first[0].late
    assert not second[0].late
    assert page.others[0].amount.asset == "USD"


def test_a_key_that_names_no_gift_says_how_one_looks(ledger: Ledger) -> None:
    for key in ("in-kind:K-9", f"contribution:{SLUG}:B-9", "in-kind:nobody:K-1"):
        with pytest.raises(NotFound, match="NUMBER"):
            trail(ledger, key)


def test_what_was_taken_back_says_when_and_by_which_entry_and_names_no_block(ledger: Ledger) -> None:
    seq = give(ledger)
    undone = ledger.do("approver", "reversal", "add", entry=seq, reason="twice", date="2023-12-30").seq
    (step,) = [step for step in trail(ledger, f"in-kind:{SLUG}:K-1").steps if step.kind is StepKind.VOIDED]
    assert (step.at, step.entry) == ("2023-12-30", undone)
    assert plain(step_said(step)).endswith("taken back")


def test_a_gift_in_kind_may_come_with_no_value_stated(ledger: Ledger) -> None:
    """No value is made up for it; one that is stated is stated whole, with its currency, method and who states it."""
    facts: dict[str, Any] = {"product": "KIT", "place": "Depot", "quantity": 10, "date": "2023-12-01"}
    with pytest.raises(Refused, match="no value stated"):
        ledger.do("recorder", "in-kind", "add", number="IK-0", value=100, currency="USD", **facts)
    ledger.do("recorder", "in-kind", "add", number="IK-1", **facts)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        (trail,) = donation_trails(reading, f"in-kind:{SLUG}:IK-1")
    assert [(row.value, row.method, row.stated_by) for row in report.in_kind] == [(None, "", "")]
    assert trail.value is None
    assert all("value" not in step.figures for step in trail.steps)


def test_what_of_a_gift_came_damaged_is_told_and_the_rest_lies_in_stock(ledger: Ledger) -> None:
    """All of the gift bear it; the page, the losses and the donor's trail say it, and taking it back leaves nothing."""
    with pytest.raises(Refused, match="damaged: 501 came damaged, and 500 came in all; no more"):
        give(ledger, damaged=501)
    with pytest.raises(Refused, match="damaged: TRAIN is a service; leave it out"):
        give(ledger, product="TRAIN", damaged=1)
    with pytest.raises(Refused, match="expiry: 2023-01-01 is before the day of receipt"):
        give(ledger, damaged=499, expiry="2023-01-01")
    entry = give(ledger, damaged=20)
    with ledger.store.read() as reading:
        books = Books(reading)
        (row,) = stock_rows(books, SLUG, "2023-12-31")
        assert row.pieces == 480
        (lost,) = loss_rows(reading.session, SLUG)
        assert (str(lost.document), lost.pieces, lost.cause) == ("in-kind K-1", 20, "damage")
        (given,) = campaign_report(reading, SLUG, now=ledger.now).in_kind
        assert (given.quantity, given.damaged) == (500, 20)
    hand_over(ledger, 480, lot="K-1")
    told = trail(ledger, "in-kind:K-1")
    assert (told.steps[0].amount.minor, told.steps[0].detail["damaged"]) == (500, "20")
    assert told.steps[1].amount.minor == 480
    with pytest.raises(Conflict, match="later facts stand on in-kind:help:K-1"):
        ledger.do("approver", "reversal", "add", entry=entry, reason="none came", date=DAY)
    fewer = {"number": "CR-1", "entry": entry, "field": "quantity", "old": "500", "reason": "mistyped"}
    with pytest.raises(Refused, match="leaves 470 of KIT#K-1 at Depot, and 480 of them went on"):
        ledger.do("recorder", "correction", "add", new="490", date=DAY, **fewer)
    ledger.do("recorder", "correction", "add", new="510", date=DAY, **fewer)
    ledger.do("approver", "correction", "approve", number="CR-1", date=DAY)
    handover = seq_of(ledger, "handover", "H-1")
    for seq in (handover, entry):
        ledger.do("approver", "reversal", "add", entry=seq, reason="none came", date=DATE)
    # None of it is good: that it was past its last day may be why.
    give(ledger, "K-OLD", quantity=5, damaged=5, expiry="2023-01-01", date=DATE)
    with ledger.store.read() as reading:
        assert stock_rows(Books(reading), SLUG, "2023-12-31") == []
