"""Stock is known by place, lot and last day; every loss has its cause, place, count and report, and they tie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.accounts import AccountClass
from ledger.core.errors import LedgerError, Refused
from ledger.core.times import unix_seconds
from ledger.rules.books import Books
from ledger.views.decisions import decisions
from ledger.views.flow import ExitKind
from ledger.views.losses import LossRow, loss_rows
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.queries import donation_trails
from ledger.views.stock import stock_card, stock_rows
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of
from tests.tools.store_places import configure
from tests.tools.things import DATE, funded, order, pay, seq_of, ship

EXPIRY = "2023-12-20"
WHERE = f"/api/v1/campaigns/{SLUG}"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """1,000 kits noted: 980 good of lot L1 with a last day, 15 damaged, 5 short."""
    made = funded(tmp_path)
    order(made)
    pay(made, 500_000)
    row = {"lot": "L1", "expiry": EXPIRY, "noted": 1000, "good": 980, "damaged": 15, "short": 5}
    facts = {"number": "GRN-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    made.do("recorder", "receipt", "add", **facts)
    return made


def site(ledger: Ledger) -> TestClient:
    return TestClient(create_app(Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)))


def waiting(ledger: Ledger) -> list[OpenItem]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [row for row in found if row.kind in {OpenItemKind.EXPIRED_STOCK, OpenItemKind.RECALLED_STOCK}]


def rows(ledger: Ledger) -> list[LossRow]:
    with ledger.store.read() as reading:
        return loss_rows(reading.session, SLUG)


def lose(ledger: Ledger, quantity: int, cause: str, number: str = "LR-1") -> None:
    ledger.do(
        "recorder", "loss", "add", number=number, place="Depot", product="KIT", lot="L1", quantity=quantity,
        cause=cause, reason="seen at the count", report=f"R-{number}", date="2023-12-21",
    )  # fmt: skip


def arrive(ledger: Ledger, number: str = "A-1", waybill: str = "W-1", **counts: Any) -> None:
    row = {"product": "KIT", "lot": "L1"} | counts
    facts = {"number": number, "waybill": waybill, "lots": [row], "reason": "as reported", "report": "SR-1"}
    ledger.do("recorder", "shipment", "arrive", date="2023-12-05", **facts)


def test_stock_past_its_last_day_is_listed_and_waits_until_it_is_written_off(ledger: Ledger) -> None:
    ledger.now = unix_seconds(f"{EXPIRY}T20:00:00Z")
    client = site(ledger)
    assert waiting(ledger) == []
    assert [row["expired"] for row in client.get(f"{WHERE}/stock").json()["items"]] == [False]
    ledger.now += 5 * 3600
    (row,) = waiting(ledger)
    assert (row.kind, str(row.subject), sum_of(row).minor, row.since) == (
        OpenItemKind.EXPIRED_STOCK, "KIT#L1 at Depot", 980, EXPIRY,
    )  # fmt: skip
    assert "980 kits in stock are past the last day of use" in site(ledger).get(f"/c/{SLUG}").text
    assert [row["expired"] for row in client.get(f"{WHERE}/stock").json()["items"]] == [True]
    lose(ledger, 980, "expired")
    assert waiting(ledger) == []


def test_a_donor_reads_the_last_day_of_use_of_what_was_received(ledger: Ledger) -> None:
    """Of the lots that came good, and not of one beside them that was rejected because its day was over."""
    order(ledger, "PO-2", quantity=10, value=5_000)
    pay(ledger, 5_000, "P-2", "PO-2", prepayment=True)
    counts = {"noted": 5, "good": 0, "damaged": 0, "short": 0}
    lots = [
        {"lot": "OLD", "expiry": "2023-01-31", "rejected": 5} | counts,
        {"lot": "NEW", "expiry": "2026-01-31", "rejected": 0} | counts | {"good": 5},
    ]
    facts = {"number": "GRN-2", "order": "PO-2", "item": "1", "place": "Depot", "lots": lots, "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
    expires = {step.reference: step.detail["expires"] for step in trail.steps if "expires" in step.detail}
    assert expires == {"GRN-1": EXPIRY, "GRN-2": "2026-01-31"}


def test_a_recalled_lot_waits_where_it_still_lies(ledger: Ledger) -> None:
    ledger.do("approver", "recall", "add", number="RC", product="KIT", lot="L1", reason="mould", date=DATE)
    (row,) = waiting(ledger)
    assert (row.kind, str(row.subject), sum_of(row).minor) == (
        OpenItemKind.RECALLED_STOCK,
        "KIT#L1 at Depot",
        980,
    )
    lose(ledger, 980, "recalled")
    assert waiting(ledger) == []


def test_each_loss_has_cause_place_count_and_report_in_api_page_and_terminal(
    ledger: Ledger, tmp_path: Path
) -> None:
    ship(ledger, 100)
    arrive(ledger, good=90, damaged=3, lost=7, cause="stolen")
    lose(ledger, 2, "cold_chain")
    told = [(str(row.document), row.place, row.pieces, row.cause, row.report) for row in rows(ledger)]
    assert told == [
        ("receipt GRN-1", "Depot", 15, "damage", ""),
        ("receipt GRN-1", "Depot", 5, "short", ""),
        ("arrival A-1", "Port", 3, "damage", "SR-1"),
        ("arrival A-1", "Port", 7, "stolen", "SR-1"),
        ("loss LR-1", "Depot", 2, "cold_chain", "R-LR-1"),
    ]
    client = site(ledger)
    items = client.get(f"{WHERE}/losses").json()["items"]
    assert [row["pieces"] for row in items] == [15, 5, 3, 7, 2]
    page = client.get(f"/c/{SLUG}").text
    assert "cold chain broken" in page
    assert "R-LR-1" in page
    ledger.store.close()
    configure(tmp_path)
    ran = run_command(["stock", "losses", "--data", str(tmp_path), "--json"], tmp_path)
    assert [row["cause"] for row in json.loads(ran.out)] == [
        "damage",
        "short",
        "damage",
        "stolen",
        "cold_chain",
    ]
    listed = run_command(["stock", "list", "--expired", "--data", str(tmp_path)], tmp_path)
    assert f"Depot  KIT#L1  878  expired {EXPIRY}" in listed.out


def test_its_giver_reads_of_each_loss_how_it_came_about_and_on_the_way_only_of_what_was_under_way(
    ledger: Ledger,
) -> None:
    ship(ledger, 100)
    arrive(ledger, good=90, damaged=3, lost=7)
    for number, (quantity, cause) in enumerate([(2, "lost"), (4, "expired"), (6, "damage"), (8, "stolen")]):
        lose(ledger, quantity, cause, f"LR-{number}")
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name("gift"))
    bad = {(row.kind, row.place): row.amount.minor for row in trail.places if row.kind and row.kind.is_bad}
    assert bad == {
        (ExitKind.DAMAGED, "GRN-1"): 15,
        (ExitKind.SHORT, "GRN-1"): 5,
        (ExitKind.DAMAGED, "W-1"): 3,
        (ExitKind.LOST, "W-1"): 7,
        (ExitKind.MISSING, "Depot"): 2,
        (ExitKind.EXPIRED, "Depot"): 4,
        (ExitKind.DAMAGED, "Depot"): 6,
        (ExitKind.STOLEN, "Depot"): 8,
    }


def test_a_cause_goes_only_with_pieces_that_are_lost(ledger: Ledger) -> None:
    ship(ledger, 100)
    with pytest.raises(Refused, match="says why pieces are lost, and none are"):
        arrive(ledger, good=99, short=1, cause="stolen")


def test_what_is_reversed_is_no_loss(ledger: Ledger) -> None:
    lose(ledger, 2, "damage")
    seq = seq_of(ledger, "loss", "LR-1")
    ledger.do("approver", "reversal", "add", entry=seq, reason="found again", date="2023-12-22")
    assert [str(row.document) for row in rows(ledger)] == ["receipt GRN-1", "receipt GRN-1"]


def test_a_stock_card_and_a_lot_are_told_by_the_api_with_whose_gifts_it_was(ledger: Ledger) -> None:
    ship(ledger, 100)
    client = site(ledger)
    card = client.get(f"{WHERE}/stock/Depot/KIT/L1").json()["items"]
    assert [(row["came"], row["went"], row["balance"]) for row in card] == [(980, 0, 980), (0, 100, 880)]
    (lot,) = client.get(f"{WHERE}/lots/L1").json()["items"]
    assert {(row["kind"], row["pieces"]) for row in lot["holders"]} == {("stock", 880), ("transit", 100)}
    assert [(row["gift"], row["pieces"]) for row in lot["gifts"]] == [(f"{name('gift')}:0", 1000)]
    assert client.get(f"{WHERE}/lots/KIT%23L1").json()["items"] == [lot]
    for path in ("stock/Depot/KIT/L9", "lots/L9"):
        assert client.get(f"{WHERE}/{path}").status_code == 404
    assert client.get("/api/v1/campaigns/nobody/stock").status_code == 404


STEPS = st.lists(
    st.tuples(st.sampled_from(["ship", "arrive", "loss", "back"]), st.integers(1, 60), st.integers(0, 9)),
    max_size=7,
)


@settings(
    max_examples=8, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=STEPS)
def test_whatever_happens_losses_sum_to_the_accounts_and_cards_to_the_stock(
    ledger: Ledger, steps: list[tuple[str, int, int]]
) -> None:
    serial = ledger.now
    for index, (what, quantity, bad) in enumerate(steps):
        number = f"{serial}-{index}"
        try:
            if what == "ship":
                ship(ledger, quantity, number)
            elif what == "arrive":
                arrive(ledger, number, f"{serial}-{index - 1}", good=max(quantity - bad, 0), lost=bad)
            elif what == "loss":
                lose(ledger, quantity, "damage", number)
            else:
                with ledger.store.read() as reading:
                    head = reading.journal.head()
                ledger.do(
                    "approver",
                    "reversal",
                    "add",
                    entry=head[0] if head else 1,
                    reason="no",
                    date="2023-12-22",
                )
        except LedgerError:
            continue
    told = rows(ledger)
    with ledger.store.read() as reading:
        books = Books(reading)
        lost = sum(b.net for b in books.balances(AccountClass.LOST, asset="KIT#L1"))
        stock = {row.place: row.pieces for row in stock_rows(books, SLUG, "2023-12-31")}
        for place in {"Depot", *stock}:
            assert stock_card(reading, SLUG, place, "KIT", "L1")[-1].balance == stock.get(place, 0)
    assert sum(row.pieces for row in told) == lost
