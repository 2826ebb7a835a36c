"""Lost pieces that are found again lie in stock, are their givers' again, and undo nothing that came after the loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, Refused
from ledger.rules.books import Books
from ledger.rules.finds import find_find
from ledger.rules.matching import open_matches
from ledger.rules.order_papers import OrderPapers
from ledger.views.flow import ExitKind
from ledger.views.losses import loss_rows
from ledger.views.queries import campaign_flow, campaign_report, donation_trails
from ledger.views.trail import ChangeKind, DonationTrail, StepKind
from tests.tools.ledgers import SLUG, Ledger, QuietLedger, made_once, name, tied
from tests.tools.things import DATE, funded, hand_over, net, order, pay, receive, ship

pytestmark = pytest.mark.on_both


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits at the Depot that a gift paid for; 10 are lost there and then 100 are handed over."""
    made = funded(tmp_path)
    order(made)
    pay(made, 500_000)
    receive(made, good=1000)
    lose(made, 10)
    hand_over(made, 100)
    return made


def lose(ledger: Ledger, quantity: int, number: str = "LR-1") -> int:
    facts = {"number": number, "place": "Depot", "product": "KIT", "lot": "L1", "quantity": quantity}
    seq = ledger.do(
        "recorder", "loss", "add", cause="stolen", reason="seen at the count", date=DATE, **facts
    ).seq
    assert seq is not None
    return seq


def find(ledger: Ledger, quantity: int, number: str = "F-1", **more: str) -> int:
    facts = {
        "number": number,
        "by": "loss",
        "document": "LR-1",
        "product": "KIT",
        "lot": "L1",
        "place": "Depot",
    }
    facts |= {"reason": "the police brought them", "date": DATE} | more
    seq = ledger.do("recorder", "loss", "find", quantity=quantity, **facts).seq
    assert seq is not None
    return seq


def trail(ledger: Ledger) -> DonationTrail:
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, name("gift"))
    return found


def places(ledger: Ledger) -> dict[tuple[ExitKind | None, str], int]:
    return {
        (place.kind, place.place): place.amount.minor
        for place in trail(ledger).places
        if place.amount.asset == "KIT"
    }


def test_what_is_found_is_in_stock_and_its_givers_again_and_they_are_told(ledger: Ledger) -> None:
    assert places(ledger)[ExitKind.STOLEN, "Depot"] == 10
    seq = find(ledger, 4)
    now = places(ledger)
    assert (now[ExitKind.STOLEN, "Depot"], now[ExitKind.IN_STOCK, "Depot"]) == (6, 894)
    assert (net(ledger, f"stock/{SLUG}/Depot", "KIT#L1"), net(ledger, f"lost/{SLUG}/stolen", "KIT#L1")) == (
        894,
        6,
    )
    told = trail(ledger)
    step = next(step for step in told.steps if step.kind is StepKind.FOUND)
    assert (step.amount.minor, step.place, step.reference, step.entry) == (4, "Depot", "F-1", seq)
    change = told.changes[-1]
    assert (change.kind, change.entry, change.why) == (ChangeKind.FOUND, seq, "the police brought them")
    assert [(place.kind, place.amount.minor) for place in change.said] == [(ExitKind.STOLEN, 4)]
    assert [(place.kind, place.amount.minor) for place in change.says] == [(ExitKind.IN_STOCK, 4)]


def test_losses_say_what_was_found_and_no_more_is_found_than_was_lost(ledger: Ledger) -> None:
    find(ledger, 4)
    with ledger.store.read() as reading:
        (row,) = loss_rows(reading.session, SLUG)
    assert (str(row.document), row.pieces, row.found) == ("loss LR-1", 6, 4)
    with pytest.raises(Refused, match="quantity: 7 are found and 6 of KIT#L1 are lost there; no more"):
        find(ledger, 7, "F-2")
    with pytest.raises(Refused, match="document: loss LR-1 is not of KIT#L9"):
        find(ledger, 1, "F-2", lot="L9")
    with pytest.raises(Refused, match=r"date: 2023-11-30 is before 2023-12-01, the day of "):
        find(ledger, 1, "F-2", date="2023-11-30")
    find(ledger, 6, "F-2")
    assert places(ledger)[ExitKind.IN_STOCK, "Depot"] == 900


def test_what_is_found_is_used_again_and_a_find_and_its_loss_are_reversed_the_later_first(
    ledger: Ledger,
) -> None:
    seq = find(ledger, 10)
    with ledger.store.read() as reading:
        loss = next(row.seq for row in reading.journal.rows() if row.kind == "loss")
    with pytest.raises(Conflict, match="later facts stand on"):
        ledger.do("approver", "reversal", "add", entry=loss, reason="wrong", date=DATE)
    hand_over(ledger, 900, "H-2")
    with pytest.raises(Conflict, match="later facts stand on"):
        ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date=DATE)
    with ledger.store.read() as reading:
        found = find_find(reading.session, SLUG, "F-1")
    assert found is not None
    assert found.reversed_by is None


def test_a_find_that_was_none_leaves_its_pieces_lost(ledger: Ledger) -> None:
    before = places(ledger)
    seq = find(ledger, 10)
    ledger.do("approver", "reversal", "add", entry=seq, reason="other kits", date=DATE)
    assert places(ledger) == before
    find(ledger, 3, "F-2")
    assert places(ledger)[ExitKind.STOLEN, "Depot"] == 7


def test_what_an_arrival_called_lost_or_short_is_found_at_another_place_too(ledger: Ledger) -> None:
    ship(ledger, 50)
    counted = [{"product": "KIT", "lot": "L1", "good": 40, "short": 4, "lost": 6, "cause": "customs"}]
    facts = {"number": "A-1", "waybill": "W-1", "lots": counted, "reason": "as reported", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)
    told = {"by": "arrival", "document": "A-1", "place": "Port 2"}
    find(ledger, 5, **told)
    find(ledger, 4, "F-2", was="short", **told)
    assert places(ledger)[ExitKind.IN_STOCK, "Port 2"] == 9
    assert net(ledger, f"lost/{SLUG}/customs", "KIT#L1") == 1
    arrived = next(step for step in trail(ledger).steps if step.reference == "A-1")
    assert (arrived.amount.minor, sorted(row.minor for row in arrived.figures.values())) == (40, [4, 6]), (
        "as it was on its day: what was found has a step of its own"
    )
    with pytest.raises(Refused, match="quantity: 1 are found and 0 of KIT#L1 are short there"):
        find(ledger, 1, "F-3", was="short", **told)


def test_what_a_receipt_counted_off_and_is_found_next_day_is_good_and_billed_as_that(tmp_path: Path) -> None:
    """Short, damaged and rejected pieces alike, in whatever order they turn up; what is refunded is found no more."""
    ledger = funded(tmp_path)
    order(ledger)
    pay(ledger, 500_000)
    receive(ledger, good=960, short=10, damaged=20, rejected=10)
    invoice = {"number": "I-1", "order": "PO-1", "quantity": 1000, "amount": 500_000}
    ledger.do("recorder", "invoice", "add", date=DATE, **invoice)

    def billed() -> list[str]:
        with ledger.store.read() as reading:
            return [
                word.value for row in open_matches(OrderPapers(Books(reading), SLUG)) for word in row.reasons
            ]

    assert billed() != []
    told = {"by": "receipt", "document": "GRN-1"}
    with pytest.raises(
        Refused,
        match="was: is nothing that this kind of paper, receipt, counts; say one of short, damaged, rejected",
    ):
        find(ledger, 1, was="lost", **told)
    with pytest.raises(Refused, match="quantity: 11 are found and 10 of KIT#L1 are short there; no more"):
        find(ledger, 11, was="short", **told)
    seq = find(ledger, 10, was="short", **told)
    find(ledger, 15, "F-2", was="damaged", **told)
    find(ledger, 10, "F-3", was="rejected", **told)
    assert billed() == []
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#L1") == 995
    assert places(ledger) == {(ExitKind.IN_STOCK, "Depot"): 995, (ExitKind.DAMAGED, "GRN-1"): 5}
    with ledger.store.read() as reading:
        rows = [(row.cause, row.pieces, row.found) for row in loss_rows(reading.session, SLUG)]
        assert rows == [("damage", 5, 15), ("short", 0, 10)]
        report = campaign_report(reading, SLUG, now=ledger.now)
        assert [row.permille for row in report.service.received_good] == [995]
    tied(ledger)
    ledger.do("approver", "reversal", "add", entry=seq, reason="other kits", date=DATE)
    assert net(ledger, f"stock/{SLUG}/Depot", "KIT#L1") == 985
    back = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "short", "lot": "L1", "quantity": 8}
    ledger.do("recorder", "refund", "add", asset="USD", amount=4_000, bank="B", date=DATE, **back)
    ledger.do("approver", "refund", "approve", number="R-1", date=DATE)
    with pytest.raises(Refused, match="3 are found and 2 of KIT#L1 are short there"):
        find(ledger, 3, "F-4", was="short", **told)


def test_what_an_arrival_called_damaged_can_turn_out_good(ledger: Ledger) -> None:
    ship(ledger, 50)
    counted = [{"product": "KIT", "lot": "L1", "good": 40, "damaged": 10}]
    facts = {"number": "A-1", "waybill": "W-1", "lots": counted, "reason": "wet boxes", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)
    find(ledger, 7, by="arrival", document="A-1", place="Port", was="damaged")
    assert places(ledger)[ExitKind.IN_STOCK, "Port"] == 47
    with ledger.store.read() as reading:
        rows = {str(row.document): (row.pieces, row.found) for row in loss_rows(reading.session, SLUG)}
    assert rows["arrival A-1"] == (3, 7)
    with pytest.raises(
        Refused, match="was: is nothing that this kind of paper, loss, counts; say one of lost"
    ):
        find(ledger, 1, "F-2", was="damaged")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("lfh"), st.integers(1, 60)), min_size=2, max_size=9))
def test_a_bar_of_the_picture_is_as_long_as_what_leaves_it_and_stays(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    """Pieces that are lost and found at one place are counted there once, whatever else happens to them."""
    made = funded(tmp_path_factory.mktemp("finds"))
    quiet = QuietLedger(made.store, made.now, made.chain, made.actors)
    order(quiet, quantity=300, value=60_000)
    pay(quiet, 60_000)
    receive(quiet, good=300)
    gone: dict[str, int] = {}
    here = 300
    for serial, (act, units) in enumerate(acts):
        if act == "f" and gone:
            loss = sorted(gone)[units % len(gone)]
            found = min(units, gone[loss])
            find(quiet, found, f"F-{serial}", document=loss)
            here, gone[loss] = here + found, gone[loss] - found
            gone = {number: left for number, left in gone.items() if left}
        elif act == "l" and here >= units:
            lose(quiet, units, f"LR-{serial}")
            gone[f"LR-{serial}"], here = units, here - units
        elif act == "h" and here >= units:
            hand_over(quiet, units, f"H-{serial}")
            here -= units
    Ledger.audit(quiet)
    with quiet.store.read() as reading:
        flow = campaign_flow(reading, SLUG)
    bar = next(bar for stage in flow.stages for bar in stage.bars if bar.key == "stock:Depot:KIT")
    assert bar.units == 300
    left = sum(row.units for row in flow.exits if row.source == bar.key)
    left += sum(band.source_end - band.source_start for band in flow.bands if band.source == bar.key)
    assert left == 300
