"""Deliveries are counted by both sides: what differs, or what one side never counted, is public and waits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.sentences import what_to_do
from api.ports import Ports, SiteSettings
from ledger.core.errors import Refused
from ledger.core.times import rfc3339, unix_seconds
from ledger.rules.books import Books
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.queries import donation_trails
from ledger.views.trail import StepKind
from ledger.views.two_keys import PATIENCE, deliveries, unconfirmed
from service.commands.deliveries import qr_lines
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of
from tests.tools.store_places import configure
from tests.tools.things import DATE, hand_over, lots, order, pay, receive, ship, stocked
from tests.tools.two_keys import count

WAITING = {OpenItemKind.COUNT_GAP, OpenItemKind.UNCONFIRMED_DELIVERY}


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """100 of 1,000 kits left on waybill W-1 and were counted at the port on the same day."""
    made = stocked(tmp_path)
    ship(made, 100)
    made.now = unix_seconds(f"{DATE}T12:00:00Z")
    return made


def arrive(ledger: Ledger) -> None:
    counted = [{"product": "KIT", "lot": "L1", "good": 100}]
    ledger.do("recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=counted, date=DATE)


def waiting(ledger: Ledger) -> list[OpenItem]:
    with ledger.store.read() as reading:
        return [row for row in decisions(reading, SLUG, now=ledger.now) if row.kind in WAITING]


def page(ledger: Ledger) -> str:
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    return str(TestClient(create_app(ports)).get(f"/c/{SLUG}").text)


def test_a_gap_waits_with_its_pieces_and_is_on_the_page_until_it_is_explained(ledger: Ledger) -> None:
    count(ledger, 94)
    (row,) = waiting(ledger)
    assert (row.kind, str(row.subject), sum_of(row).asset, sum_of(row).minor) == (
        OpenItemKind.COUNT_GAP,
        "shipment W-1",
        "KIT#L1",
        6,
    )
    assert "6 fewer good than in the books, not explained" in page(ledger)
    ledger.do(
        "recorder", "shipment", "arrive", number="A-1", waybill="W-1", date=DATE, reason="stolen at night",
        lots=[{"product": "KIT", "lot": "L1", "good": 94, "lost": 6}],
    )  # fmt: skip
    assert waiting(ledger) == []
    assert "No gap is open." in page(ledger)
    assert ">explained<" in page(ledger)


def test_a_delivery_waits_when_nobody_counted_it_for_longer_than_a_link_holds(ledger: Ledger) -> None:
    arrive(ledger)
    ledger.now += PATIENCE * 86_400
    assert waiting(ledger) == []
    ledger.now += 86_400
    (row,) = waiting(ledger)
    assert (row.kind, str(row.subject), row.since) == (
        OpenItemKind.UNCONFIRMED_DELIVERY,
        "shipment W-1",
        DATE,
    )
    assert "Waybill W-1" in page(ledger)
    count(ledger, 100)
    assert waiting(ledger) == []


def test_what_is_still_on_its_way_or_was_reversed_waits_for_no_count(ledger: Ledger) -> None:
    hand_over(ledger, 5, organisation="Org")
    ledger.now += 30 * 86_400
    assert [str(row.subject) for row in waiting(ledger)] == ["handover H-1"]
    with ledger.store.read() as reading:
        head = reading.journal.head()
    assert head is not None
    ledger.do("approver", "reversal", "add", entry=head[0], reason="wrong place", date=DATE)
    assert waiting(ledger) == []


def test_a_waybill_told_delivered_waits_from_that_day(ledger: Ledger) -> None:
    ledger.do(
        "recorder", "shipment", "state", number="S-1", waybill="W-1", state="delivered", date="2023-12-03"
    )
    with ledger.store.read() as reading:
        books = Books(reading)
        assert list(unconfirmed(books.session, SLUG, "2023-12-17")) == []
        (row,) = unconfirmed(books.session, SLUG, "2023-12-18")
    assert (row.about, row.paper, row.place, [part.quantity for part in row.sent], row.date) == (
        "shipment",
        "W-1",
        "Port",
        [100],
        "2023-12-03",
    )


def test_open_gaps_are_listed_before_what_agrees(ledger: Ledger) -> None:
    hand_over(ledger, 5, organisation="Org")
    count(ledger, 5, "handover", "H-1")
    count(ledger, 101)
    with ledger.store.read() as reading:
        told = deliveries(reading.session, SLUG, rfc3339(ledger.now)[:10])
    assert [(row.paper, row.gap) for row in told.counts] == [("W-1", -1), ("H-1", 0)]
    assert "1 more good than in the books, not explained" in page(ledger)


def test_a_qr_code_has_no_control_characters_and_is_as_wide_in_each_line() -> None:
    lines = list(qr_lines("https://aid.example/confirm/" + "x" * 22))
    assert {len(line) for line in lines} == {len(lines[0])}
    assert set("".join(lines)) <= set("█▀▄ ")


def test_the_command_line_makes_a_link_and_lists_both_counts(ledger: Ledger, tmp_path: Path) -> None:
    arrive(ledger)
    ledger.store.close()
    configure(tmp_path)
    here = ["--data", str(tmp_path)]
    made = run_command(["confirmation", "link", "shipment", "W-1", "--as", "recorder", *here], tmp_path)
    assert made.code == 0, made.err
    assert made.out.startswith("http://127.0.0.1:8080/confirm/")
    assert (
        run_command(["confirmation", "link", "shipment", "W-9", "--as", "recorder", *here], tmp_path).code
        == 2
    )
    listed = run_command(["confirmation", "counts", *here], tmp_path)
    assert listed.code == 1
    assert "100 KIT to Port: not confirmed" in listed.out


def lose(ledger: Ledger, quantity: int, lot: str = "L1", number: str = "LR-1", place: str = "Port") -> int:
    facts = {"number": number, "place": place, "product": "KIT", "lot": lot, "quantity": quantity}
    seq = ledger.do("recorder", "loss", "add", cause="stolen", reason="seen", date=DATE, **facts).seq
    assert seq is not None
    return seq


def explain(ledger: Ledger, quantity: int, by: str, document: str, number: str = "E-1") -> None:
    facts = {"number": number, "about": "shipment", "paper": "W-1", "product": "KIT", "lot": "L1", "by": by}
    facts |= {"document": document, "reason": "counted again", "date": DATE}
    ledger.do("recorder", "confirmation", "explain", quantity=quantity, **facts)


def test_a_gap_is_open_again_when_the_loss_that_explained_it_is_taken_back(ledger: Ledger) -> None:
    arrive(ledger)
    count(ledger, 94)
    loss = lose(ledger, 6)
    explain(ledger, 6, "loss", "LR-1")
    assert waiting(ledger) == []
    ledger.do("approver", "reversal", "add", entry=loss, reason="found again", date=DATE)
    assert [sum_of(row).minor for row in waiting(ledger)] == [6]
    lose(ledger, 6, number="LR-2")
    explain(ledger, 6, "loss", "LR-2", "E-2")
    assert waiting(ledger) == []


def test_what_only_the_consignee_calls_damaged_is_a_gap_until_a_loss_tells_of_it(ledger: Ledger) -> None:
    arrive(ledger)
    count(ledger, 94, damaged=6)
    (row,) = waiting(ledger)
    assert (row.kind, sum_of(row).minor) == (OpenItemKind.COUNT_GAP, 6)
    assert "100 of 100 are good in the books, and 94 good and 6 damaged were counted" in what_to_do(row.to_do)
    assert "6 fewer good than in the books, not explained" in page(ledger)
    lose(ledger, 6)
    explain(ledger, 6, "loss", "LR-1")
    assert waiting(ledger) == []


def test_what_both_sides_call_damaged_is_no_gap_and_what_only_the_sender_calls_so_is_one(
    ledger: Ledger,
) -> None:
    count(ledger, 94, damaged=6)
    counted = [{"product": "KIT", "lot": "L1", "good": 90, "damaged": 10}]
    seq = ledger.do(
        "recorder", "shipment", "arrive", number="A-1", waybill="W-1", lots=counted, reason="wet", date=DATE
    ).seq
    assert [sum_of(row).minor for row in waiting(ledger)] == [-4]
    assert "4 more good than in the books, not explained" in page(ledger)
    ledger.do("approver", "reversal", "add", entry=seq, reason="counted again", date=DATE)
    counted = [{"product": "KIT", "lot": "L1", "good": 94, "damaged": 6}]
    ledger.do(
        "recorder", "shipment", "arrive", number="A-2", waybill="W-1", lots=counted, reason="wet", date=DATE
    )
    assert waiting(ledger) == []


def test_damaged_pieces_that_the_recipient_sends_back_explain_its_gap(ledger: Ledger) -> None:
    hand_over(ledger, 50)
    count(ledger, 47, "handover", "H-1", damaged=3)
    assert [sum_of(row).minor for row in waiting(ledger)] == [3]
    back = {"number": "RT-1", "direction": "from_recipient", "place": "Depot", "organisation": "Aid"}
    ledger.do("recorder", "return", "add", lots=lots(3), reason="wet", date=DATE, **back)
    facts = {"number": "E-1", "about": "handover", "paper": "H-1", "product": "KIT", "lot": "L1"}
    facts |= {"by": "return", "document": "RT-1", "reason": "they were wet", "date": DATE}
    ledger.do("recorder", "confirmation", "explain", quantity=3, **facts)
    assert waiting(ledger) == []


def test_a_lost_piece_that_the_consignee_has_is_a_gap_until_it_is_recorded_as_found(ledger: Ledger) -> None:
    counted = [{"product": "KIT", "lot": "L1", "good": 94, "lost": 6}]
    facts = {"number": "A-1", "waybill": "W-1", "lots": counted, "reason": "not in the truck", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)
    count(ledger, 100)
    assert [sum_of(row).minor for row in waiting(ledger)] == [-6]
    found = {
        "number": "F-1",
        "by": "arrival",
        "document": "A-1",
        "place": "Port",
        "reason": "in the next truck",
    }
    ledger.do("recorder", "loss", "find", product="KIT", lot="L1", quantity=6, date=DATE, **found)
    explain(ledger, 6, "find", "F-1")
    assert waiting(ledger) == []


def test_a_gap_is_explained_by_what_is_of_its_lot_and_by_no_more_pieces_than_that_tells_of(
    ledger: Ledger,
) -> None:
    order(ledger, "PO-2", quantity=10, value=100)
    receive(ledger, "GRN-2", "L2", on="PO-2", good=10)
    arrive(ledger)
    count(ledger, 94)
    lose(ledger, 9, "L2", "LR-1", "Depot")
    lose(ledger, 2, "L1", "LR-2")
    with pytest.raises(Refused, match=r"document: loss LR-1 is not of KIT#L1; name one that is"):
        explain(ledger, 6, "loss", "LR-1")
    with pytest.raises(
        Refused, match="quantity: loss LR-2 tells of 2 pieces and 0 are explained by it already"
    ):
        explain(ledger, 3, "loss", "LR-2")
    explain(ledger, 2, "loss", "LR-2")
    with pytest.raises(Refused, match="tells of 2 pieces and 2 are explained by it already"):
        explain(ledger, 1, "loss", "LR-2", "E-2")
    other = ledger.do(
        "recorder",
        "need",
        "add",
        number="N-1",
        recipient="Org",
        product="KIT",
        quantity=1,
        place="Port",
        by=DATE,
        date=DATE,
    ).seq
    ledger.do("approver", "reversal", "add", entry=other, reason="wrong", date=DATE)
    with pytest.raises(Refused, match=f"document: correction {other} is not of KIT#L1"):
        explain(ledger, 4, "correction", str(other), "E-3")
    third = lose(ledger, 4, "L1", "LR-3")
    ledger.do("approver", "reversal", "add", entry=third, reason="it was never lost", date=DATE)
    explain(ledger, 4, "correction", str(third), "E-4")
    assert waiting(ledger) == []


def test_what_the_books_count_off_already_explains_no_gap(ledger: Ledger) -> None:
    """The waybill's own arrival, a loss where none of its goods lay, and one of before they came."""
    lose(ledger, 4, number="LR-1", place="Depot")
    counted = [{"product": "KIT", "lot": "L1", "good": 94, "lost": 6}]
    facts = {"number": "A-1", "waybill": "W-1", "lots": counted, "reason": "stolen at night", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", **facts)
    count(ledger, 90)
    assert [sum_of(row).minor for row in waiting(ledger)] == [4]
    with pytest.raises(Refused, match="document: arrival A-1 is of W-1 itself"):
        explain(ledger, 4, "arrival", "A-1")
    with pytest.raises(Refused, match=r"document: loss LR-1 is of pieces at Depot .* the books count it off"):
        explain(ledger, 4, "loss", "LR-1")
    assert [sum_of(row).minor for row in waiting(ledger)] == [4]
    lose(ledger, 4, number="LR-2")
    explain(ledger, 4, "loss", "LR-2")
    assert waiting(ledger) == []


def test_the_senders_later_count_needs_a_word_and_replaces_nothing(ledger: Ledger) -> None:
    """And nothing beyond what was counted goes on without one: to a recipient, to a place, or to people."""
    count(ledger, 90, damaged=4)
    with pytest.raises(Refused, match=r"reason: the consignee counted 90 of KIT#L1 good, and this makes 100"):
        arrive(ledger)
    part = {"product": "KIT", "lot": "L1", "good": 85}
    facts = {"waybill": "W-1", "date": DATE}
    ledger.do("recorder", "shipment", "arrive", number="A-1", lots=[part], **facts)
    rest = part | {"good": 15}
    why = "two of us counted again"
    ledger.do("recorder", "shipment", "arrive", number="A-2", lots=[rest], reason=why, **facts)
    assert [sum_of(row).minor for row in waiting(ledger)] == [10]
    told = "The other side counted good: KIT#L1 90"
    pay(ledger, 500_000)
    with ledger.store.read() as reading:
        (found,) = donation_trails(reading, name("gift"))
    steps = [step for step in found.steps if step.kind is StepKind.ARRIVED]
    assert {dict(step.detail)["other_count"] for step in steps} == {"KIT#L1 90"}
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    assert told in re.sub(
        r"<[^>]*>|\s+", " ", TestClient(create_app(ports)).get(f"/d/{name('gift')}").text
    ).replace("  ", " ")
    with pytest.raises(Refused, match="beyond_count: 91 of KIT#L1 go on and 90 were counted good at Port"):
        hand_over(ledger, 91, place="Port")
    with pytest.raises(Refused, match="beyond_count: says why more goes on than was counted, and none does"):
        hand_over(ledger, 90, place="Port", beyond_count="it is here")
    hand_over(ledger, 60, place="Port")
    with pytest.raises(Refused, match="beyond_count: 31 of KIT#L1 go on and 30 were counted good at Port"):
        ship(ledger, 31, "W-2", origin="Port", destination="Clinic")
    ship(ledger, 31, "W-2", origin="Port", destination="Clinic", beyond_count="the clinic asked for it")
    count(ledger, 50, "handover", "H-1")
    to = {"number": "D-1", "organisation": "Aid", "place": "Benin", "date": DATE}
    with pytest.raises(Refused, match="beyond_count: 51 of KIT#L1 go on and 50 were counted good at Aid"):
        ledger.do("recorder", "distribution", "add", lots=lots(51), **to)
    people = [{"place": "Benin", "lots": lots(51)}]
    with pytest.raises(Refused, match="beyond_count: 51 of KIT#L1 go on"):
        ledger.do(
            "recorder", "distribution", "add", recipients=people, number="D-1", organisation="Aid", date=DATE
        )
    ledger.do("recorder", "distribution", "add", lots=lots(51), beyond_count="all were there", **to)
