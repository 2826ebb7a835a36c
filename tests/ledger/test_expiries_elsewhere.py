"""A label says one day: whoever has a lot whose expiry another campaign corrected is asked, until both say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.sentences import what_to_do
from api.ports import Ports, SiteSettings
from ledger.core.errors import Refused
from ledger.rules.books import Books
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.stock import lot_traces, stock_rows
from service.sentences import stock as say
from tests.tools.funds import OTHER, do, two_funds
from tests.tools.ledgers import SLUG, Ledger, sum_of, tied
from tests.tools.things import DATE, order


def waiting(ledger: Ledger, campaign: str = OTHER) -> list[OpenItem]:
    with ledger.store.read() as reading:
        rows = decisions(reading, campaign, now=ledger.now)
    return [row for row in rows if row.kind is OpenItemKind.EXPIRY_ELSEWHERE]


def told_of(ledger: Ledger) -> tuple[str, str]:
    """What `stock list` and `lot trace` say of lot L1 in the other campaign."""
    with ledger.store.read() as reading:
        books = Books(reading)
        rows, traces = stock_rows(books, OTHER, DATE), lot_traces(books, OTHER, "L1")
    return "\n".join(map(say.stock, rows)), "\n".join(line for trace in traces for line in say.lot(trace))


def correct(ledger: Ledger, campaign: str, number: str, entry: int | None, **days: str) -> None:
    facts = {"number": number, "entry": entry, "field": "expiry", "reason": "as on the label", "date": DATE}
    do(ledger, campaign, "recorder", "correction", "add", **facts, **days)
    do(ledger, campaign, "approver", "correction", "approve", number=number, date=DATE)


def test_a_corrected_expiry_is_asked_of_each_other_campaign_that_has_the_makers_lot(tmp_path: Path) -> None:
    """Also under another code of the product; it ends when that one corrects its own, or says it is another lot."""
    ledger = two_funds(tmp_path)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    do(ledger, OTHER, "recorder", "product", "add", code="BOX", name="KIT", unit="kit", plural="kits")
    given: dict[str, Any] = {"lot": "L1", "place": "Depot", "quantity": 9, "date": DATE}
    given |= {"number": "IK-1", "expiry": "2026-01-31"}
    kits = ledger.do("recorder", "in-kind", "add", product="KIT", **given).seq
    boxes = do(ledger, OTHER, "recorder", "in-kind", "add", product="BOX", **given).seq
    assert waiting(ledger) == []
    with ledger.store.read() as reading:
        before = reading.changes.counts()[OTHER]
    correct(ledger, SLUG, "CR-1", kits, old="2026-01-31", new="2025-01-31")
    with ledger.store.read() as reading:
        assert reading.changes.counts()[OTHER] > before
    (row,) = waiting(ledger)
    assert (str(row.subject), sum_of(row).minor, row.since) == ("BOX#L1 (help CR-1)", 9, DATE)
    assert "to 31 January 2025" in what_to_do(row.to_do)
    listed, traced = told_of(ledger)
    assert "expires 2026-01-31; expires 2025-01-31 in campaign help CR-1" in listed
    assert (
        "last day of use 2026-01-31\n  last day of use 2025-01-31 in campaign help CR-1: decide with"
        in traced
    )
    assert waiting(ledger, SLUG) == []

    said = {"of": SLUG, "correction": "CR-1", "product": "BOX", "lot": "L1", "reason": "Another maker"}
    for wrong, why in ({"correction": "CR-9"}, "no expiry of BOX#L1"), ({"lot": "L2"}, "no such lot"):
        with pytest.raises(Refused, match=why):
            do(ledger, OTHER, "approver", "correction", "differs", number="CD-1", **(said | wrong), date=DATE)
    differs = do(ledger, OTHER, "approver", "correction", "differs", number="CD-1", **said, date=DATE)
    assert waiting(ledger) == []
    assert not any("campaign help" in told for told in told_of(ledger))
    do(ledger, OTHER, "approver", "reversal", "add", entry=differs.seq, reason="The same maker.", date=DATE)
    assert len(waiting(ledger)) == 1

    correct(ledger, OTHER, "CR-1", boxes, old="2026-01-31", new="2025-01-31")
    assert (waiting(ledger), waiting(ledger, SLUG)) == ([], [])
    correct(ledger, SLUG, "CR-2", kits, old="2025-01-31")
    (row,) = waiting(ledger)
    assert (str(row.subject), "no last day of use" in what_to_do(row.to_do)) == ("BOX#L1 (help CR-2)", True)
    listed, traced = told_of(ledger)
    assert "expires 2025-01-31; without a last day in campaign help CR-2" in listed
    assert "no last day of use in campaign help CR-2: decide with" in traced
    with ledger.store.read() as reading:
        (entry,) = [
            row.seq
            for row in reading.journal.rows(campaign=SLUG, kind="correction.approved")
            if b"CR-2" in row.data
        ]
    ledger.do("approver", "reversal", "add", entry=entry, reason="It was right.", date=DATE)
    assert waiting(ledger) == []
    tied(ledger)


@pytest.mark.parametrize("noun", ["in-kind", "receipt"])
def test_a_reversed_paper_takes_its_corrected_expiry_from_the_inbox_of_each_other_campaign(
    noun: str, tmp_path: Path
) -> None:
    """Its counter rises with that, so that nothing that was made before is shown any more."""
    ledger = two_funds(tmp_path)
    for campaign in (SLUG, OTHER):
        do(
            ledger, campaign, "recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits",
        )  # fmt: skip
    label = {"lot": "L1", "expiry": "2026-01-31"}
    given: dict[str, Any] = {"number": "N-1", "product": "KIT", "place": "Depot", "quantity": 9, "date": DATE}
    do(ledger, OTHER, "recorder", "in-kind", "add", **given, **label)
    if noun == "receipt":
        order(ledger, quantity=9, value=900)
        came = [label | {"noted": 9, "good": 9}]
        facts = {"number": "N-1", "order": "PO-1", "item": "1", "place": "Depot", "lots": came, "date": DATE}
        paper = ledger.do("recorder", "receipt", "add", **facts).seq
    else:
        paper = ledger.do("recorder", "in-kind", "add", **given, **label).seq
    correct(ledger, SLUG, "CR-1", paper, old="2026-01-31", new="2025-01-31")
    assert len(waiting(ledger)) == 1
    client = TestClient(create_app(Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)))
    lot = f"/api/v1/campaigns/{OTHER}/lots/L1"
    assert client.get(lot).json()["items"][0]["also_in"] == [SLUG]
    with ledger.store.read() as reading:
        before = reading.changes.counts()[OTHER]
    ledger.do("approver", "reversal", "add", entry=paper, reason="Not ours.", date=DATE)
    with ledger.store.read() as reading:
        assert reading.changes.counts()[OTHER] > before
    assert waiting(ledger) == []
    assert client.get(lot).json()["items"][0]["also_in"] == []
    tied(ledger)
