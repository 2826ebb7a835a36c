"""Shipments: waybills and legs, customs with dates, and goods that come in several parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from ledger.core.errors import Conflict, LedgerError, Refused
from ledger.core.times import unix_seconds
from ledger.model.deliveries import ShipmentLegRow, ShipmentStateRow
from ledger.rules.books import Books
from ledger.rules.shipments import require_shipment
from ledger.views.decisions import decisions
from ledger.views.losses import loss_rows
from ledger.views.open_items import UNRECONCILED, OpenItemKind
from ledger.views.stock import stock_rows
from tests.tools.ledgers import SLUG, Ledger, made_once, sum_of
from tests.tools.stories import stories
from tests.tools.things import funded, lots, order, receive, stocked


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits of lot L1 at the Depot."""
    return stocked(tmp_path)


def ship(ledger: Ledger, waybill: str = "W-1", quantity: int = 100, **more: Any) -> None:
    facts = {"waybill": waybill, "origin": "Depot", "destination": "Port", "carriage": "air"}
    ledger.do("recorder", "shipment", "add", lots=lots(quantity), date="2023-12-03", **(facts | more))


def state(ledger: Ledger, word: str, number: str, date: str = "2023-12-04", **more: str) -> None:
    facts = {"number": number, "waybill": "W-1", "state": word, "date": date}
    ledger.do("recorder", "shipment", "state", **(facts | more))


def arrive(ledger: Ledger, number: str, good: int, lost: int = 0, **more: str) -> None:
    row = {"product": "KIT", "lot": "L1", "good": good, "lost": lost}
    facts = {"number": number, "waybill": "W-1", "lots": [row], "date": "2023-12-09"}
    ledger.do("recorder", "shipment", "arrive", **(facts | more))


def entry_of(ledger: Ledger, kind: str, number: str) -> int:
    with ledger.store.read() as reading:
        rows = {row.key.rsplit(":", 1)[1]: row.seq for row in reading.journal.rows(kind=kind)}
    return rows[number]


def reverse(ledger: Ledger, seq: int) -> None:
    ledger.do("approver", "reversal", "add", entry=seq, reason="told wrong", date="2023-12-09")


def status(ledger: Ledger) -> str:
    with ledger.store.read() as reading:
        return str(require_shipment(reading.session, SLUG, "W-1").status)


def states(ledger: Ledger) -> list[tuple[str, str]]:
    """(state, day) of what happened to the waybill and stands, in order."""
    query = select(ShipmentStateRow).where(col(ShipmentStateRow.reversed_by).is_(None))
    with ledger.store.read() as reading:
        rows = reading.session.exec(query.order_by(col(ShipmentStateRow.entry))).all()
    return [(row.state.value, row.date) for row in rows]


def test_legs_lead_from_the_origin_to_the_destination(ledger: Ledger) -> None:
    legs = [
        {"origin": "Depot", "destination": "Hub", "carriage": "road"},
        {"origin": "Hub", "destination": "Port", "carriage": "air", "carrier": "Air Aid", "paper": "AWB-7"},
    ]
    with pytest.raises(Refused, match="end at Hub and the goods go to Port"):
        ship(ledger, legs=legs[:1])
    with pytest.raises(Refused, match=r"legs\.0\.origin: is not Depot"):
        ship(ledger, legs=legs[1:])
    ship(ledger, legs=legs, carrier="Carriers", air_waybill="157-1234")
    with ledger.store.read() as reading:
        kept = reading.session.exec(select(ShipmentLegRow).order_by(col(ShipmentLegRow.n))).all()
    assert [(leg.origin, leg.paper) for leg in kept] == [("Depot", None), ("Hub", "AWB-7")]


def test_an_air_waybill_goes_with_something_that_flies(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="goes with carriage by air"):
        ship(ledger, carriage="sea", air_waybill="157-1234")


def test_customs_hold_goods_with_a_reason_until_they_release_them(ledger: Ledger) -> None:
    ship(ledger)
    with pytest.raises(Refused, match="say why customs hold"):
        state(ledger, "customs_hold", "S-1")
    state(ledger, "customs_hold", "S-1", reason="a paper is missing", place="Port")
    with pytest.raises(Conflict, match="held by customs"):
        arrive(ledger, "A-1", 100)
    with pytest.raises(Refused, match="is before 2023-12-04"):
        state(ledger, "customs_release", "S-2", date="2023-12-03")
    state(ledger, "customs_release", "S-2", date="2023-12-08")
    assert status(ledger) == "customs_release"
    arrive(ledger, "A-1", 40)
    assert status(ledger) == "partially_received"
    arrive(ledger, "A-2", 60)
    assert status(ledger) == "received"
    assert states(ledger) == [("customs_hold", "2023-12-04"), ("customs_release", "2023-12-08")]


def test_states_are_taken_back_in_turn_the_last_one_first(ledger: Ledger) -> None:
    ship(ledger)
    state(ledger, "customs_hold", "S-1", reason="why")
    state(ledger, "customs_release", "S-2", date="2023-12-05")
    arrive(ledger, "A-1", 40)
    hold, release = (entry_of(ledger, "shipment.state", n) for n in ("S-1", "S-2"))
    with pytest.raises(Conflict, match="W-1 is partially_received since then"):
        reverse(ledger, release)
    reverse(ledger, entry_of(ledger, "arrival", "A-1"))
    assert status(ledger) == "customs_release"
    with pytest.raises(Conflict, match="W-1 is customs_release since then"):
        reverse(ledger, hold)
    reverse(ledger, release)
    assert status(ledger) == "customs_hold"
    reverse(ledger, hold)
    assert status(ledger) == "in_transit"
    assert states(ledger) == []
    state(ledger, "delivered", "S-3")
    assert status(ledger) == "delivered"


def test_a_customs_hold_stands_when_an_arrival_before_it_is_taken_back(ledger: Ledger) -> None:
    ship(ledger)
    arrive(ledger, "A-1", 40)
    arrive(ledger, "A-2", 20)
    state(ledger, "customs_hold", "S-1", date="2023-12-09", reason="the rest has no paper")
    reverse(ledger, entry_of(ledger, "arrival", "A-2"))
    assert status(ledger) == "customs_hold"
    with pytest.raises(Conflict, match="held by customs"):
        arrive(ledger, "A-3", 20)
    reverse(ledger, entry_of(ledger, "shipment.state", "S-1"))
    assert status(ledger) == "partially_received"


def test_a_state_is_taken_back_although_goods_had_arrived_before_it(ledger: Ledger) -> None:
    ship(ledger)
    arrive(ledger, "A-1", 40)
    state(ledger, "customs_hold", "S-1", date="2023-12-09", reason="the rest has no paper")
    state(ledger, "customs_release", "S-2", date="2023-12-09")
    arrive(ledger, "A-2", 20)
    release = entry_of(ledger, "shipment.state", "S-2")
    with pytest.raises(Conflict, match="W-1 is partially_received since then"):
        reverse(ledger, release)
    reverse(ledger, entry_of(ledger, "arrival", "A-2"))
    reverse(ledger, release)
    assert status(ledger) == "customs_hold"


def test_goods_do_not_arrive_before_customs_released_them(ledger: Ledger) -> None:
    ship(ledger)
    state(ledger, "customs_hold", "S-1", reason="why")
    state(ledger, "customs_release", "S-2", date="2023-12-08")
    with pytest.raises(Refused, match="date: 2023-12-07 is before 2023-12-08, when the last thing happened"):
        arrive(ledger, "A-1", 40, date="2023-12-07")


def test_goods_that_were_brought_elsewhere_lie_there_and_the_reason_is_told(ledger: Ledger) -> None:
    ship(ledger)
    with pytest.raises(Refused, match="reason: say why it arrived at Hub and not at its destination"):
        arrive(ledger, "A-1", 40, place="Hub")
    arrive(ledger, "A-1", 40, lost=10, place="Hub", reason="the port was closed")
    arrive(ledger, "A-2", 50)
    with ledger.store.read() as reading:
        books = Books(reading)
        rows = {row.place: row.pieces for row in stock_rows(books, SLUG, "2023-12-31")}
        assert [row.place for row in loss_rows(books.session, SLUG)] == ["Hub"]
    assert rows == {"Depot": 900, "Hub": 40, "Port": 50}
    assert status(ledger) == "received"


WORDS = ("shipped", "customs_hold", "customs_release", "delivered")


@settings(
    max_examples=stories(14), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(words=st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_order_of_states_releases_what_was_not_held_or_counts_what_is(
    tmp_path: Path, words: list[str]
) -> None:
    folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    ledger = funded(folder)
    order(ledger)
    receive(ledger, good=100)
    ship(ledger)
    before = "in_transit"
    for index, word in enumerate(words):
        try:
            state(ledger, word, f"S-{index}", reason="why")
        except LedgerError:
            assert status(ledger) == before
            continue
        assert word != "customs_release" or before == "customs_hold"
        before = word
    if before == "customs_hold":
        with pytest.raises(Conflict):
            arrive(ledger, "A-1", 100)
    else:
        arrive(ledger, "A-1", 100)


def test_what_is_under_way_past_its_day_is_overdue_and_undoes_reconciled(ledger: Ledger) -> None:
    """By the day that the waybill names, else sixty days after it left; what came by then waits no more."""
    ship(ledger, "W-1", 60, expected="2023-12-10")
    ship(ledger, "W-2", 40)
    arrival = {"waybill": "W-1", "date": "2023-12-08", "lots": [{"product": "KIT", "lot": "L1", "good": 50}]}
    ledger.do("recorder", "shipment", "arrive", number="A-1", **arrival)
    late = {}
    with ledger.store.read() as reading:
        for day in ("2023-12-10", "2023-12-11", "2024-02-01", "2024-02-02"):
            found = decisions(reading, SLUG, now=unix_seconds(f"{day}T12:00:00Z"))
            late[day] = [
                (str(row.subject), row.since, sum_of(row).minor)
                for row in found
                if row.kind is OpenItemKind.LATE_SHIPMENT
            ]
    w_1, w_2 = ("W-1", "2023-12-10", 10), ("W-2", "2024-02-01", 40)
    assert list(late.values()) == [[], [w_1], [w_1], [w_1, w_2]]
    assert OpenItemKind.LATE_SHIPMENT in UNRECONCILED
