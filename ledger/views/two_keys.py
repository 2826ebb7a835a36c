"""Deliveries as two sides know them: both counts, the gaps that nothing explains, and those nobody confirmed.

Pure reading; a gap is never closed here, and nobody is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.rules.books import Books
from ledger.rules.confirmations import TwoCounts, confirmed_key, two_counts
from ledger.rules.deliveries import signed_paper

PATIENCE = 14
"""Days after which a delivery that the other side did not confirm is listed; a link holds as long."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A delivery that came on `date` and that the other side has not counted; `pieces` as the sender counted."""

    about: str
    paper: str
    place: str
    pieces: int
    date: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What a campaign's page shows: each lot of each confirmed delivery, open gaps first, and what is not confirmed."""

    counts: tuple[TwoCounts, ...]
    unconfirmed: tuple[Unconfirmed, ...]
    signed: frozenset[str] = frozenset()  # numbers of the handovers that the recipient signed for


def deliveries(books: Books, campaign: str, today: str) -> Deliveries:
    """Both counts of all deliveries, and those without a second count for longer than PATIENCE days."""
    rows = sorted(two_counts(books, campaign), key=lambda row: (row.gap == 0, row.date, row.paper, row.lot))
    signed = {
        number
        for number, document in books.documents.all("handover", campaign)
        if document.get("reversed") is None and signed_paper(document) is not None
    }
    return Deliveries(tuple(rows), tuple(unconfirmed(books, campaign, today)), frozenset(signed))


def unconfirmed(books: Books, campaign: str, today: str) -> Iterator[Unconfirmed]:
    """Deliveries that came more than PATIENCE days before `today` and that only one side counted, oldest first."""
    last = (dt.date.fromisoformat(today) - dt.timedelta(days=PATIENCE)).isoformat()
    found = [*_handovers(books, campaign), *_shipments(books, campaign)]
    for row in sorted(found, key=lambda row: (row.date, row.about, row.paper)):
        key = confirmed_key(row.about, row.paper)
        if row.date < last and books.documents.find("confirmation", campaign, key) is None:
            yield row


def _handovers(books: Books, campaign: str) -> Iterator[Unconfirmed]:
    for number, document in books.documents.all("handover", campaign):
        if document.get("reversed") is None:
            facts = document["facts"]
            pieces = sum(lot["quantity"] for lot in facts["lots"])
            yield Unconfirmed("handover", number, facts["organisation"], pieces, document["date"])


def _shipments(books: Books, campaign: str) -> Iterator[Unconfirmed]:
    """Waybills that have come: from the day of the last count there, or of being told delivered."""
    for waybill, document in books.documents.all("shipment", campaign):
        came = [
            books.documents.require("arrival", campaign, number)["date"] for number in document["arrivals"]
        ]
        came += [row["date"] for row in document.get("states", ()) if row["state"] == "delivered"]
        if came and document.get("reversed") is None:
            facts = document["facts"]
            pieces = sum(lot["quantity"] for lot in facts["lots"])
            yield Unconfirmed("shipment", waybill, facts["destination"], pieces, max(came))
