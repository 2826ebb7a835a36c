"""Deliveries as two sides know them: both counts, the gaps that nothing explains, and those nobody confirmed.

Pure reading; a gap is never closed here, and nobody is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from ledger.core.frozen import Frozen, Quantity
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, product_of
from ledger.rules.confirmations import confirmed_key, two_counts
from ledger.rules.deliveries import signed_paper

PATIENCE = 14
"""Days after which a delivery that the other side did not confirm is listed; a link holds as long."""


class Unconfirmed(Frozen):
    """A delivery that the other side has not counted."""

    about: str
    """`shipment` or `handover`."""
    paper: str
    """Number of the waybill or of the handover."""
    place: str
    """Destination, or the organisation that received it."""
    sent: tuple[Quantity, ...]
    """What the sender counted, a product a row."""
    date: str
    """When it came."""


class DeliveryCount(Frozen):
    """One lot of a delivery as both sides counted it, in pieces.

    Both sides are compared by what is good: what the consignee calls damaged and the sender's books do not is a gap.
    """

    about: str
    """`shipment` or `handover`."""
    paper: str
    """Number of the waybill or of the handover."""
    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    sent: int
    """What the sender counted."""
    good: int
    """What the other side counted in good condition."""
    damaged: int
    """What the other side counted damaged."""
    books_good: int
    """What was sent without what arrivals call short, damaged or lost."""
    explained: int
    """What a loss, a find, an arrival, a return or a correction explains of the difference."""
    gap: int
    """`books_good` less `good`, nearer to 0 by what is explained."""
    date: str
    """The accounting day of the count."""
    happened: str | None = None
    """The day of the count, where it is booked on another."""


class Deliveries(Frozen):
    """Each lot of each confirmed delivery, open gaps first, and what is not confirmed."""

    counts: tuple[DeliveryCount, ...]
    """Both counts, lot by lot."""
    unconfirmed: tuple[Unconfirmed, ...]
    """Deliveries that the other side has not counted in time."""
    signed: frozenset[str] = frozenset()
    """Numbers of the handovers that the recipient signed for."""


def delivery_counts(books: Books, campaign: str) -> tuple[DeliveryCount, ...]:
    """Both counts of all confirmed deliveries; raises NotFound for an unknown campaign."""
    campaign_of(books.session, campaign)
    return tuple(
        DeliveryCount(
            about=row.about,
            paper=row.paper,
            product=row.product,
            lot=row.lot,
            sent=row.sent,
            good=row.good,
            damaged=row.damaged,
            books_good=row.books_good,
            explained=row.explained,
            gap=row.gap,
            date=row.date,
            happened=row.happened or None,
        )
        for row in two_counts(books, campaign)
    )


def deliveries(books: Books, campaign: str, today: str) -> Deliveries:
    """Both counts of all deliveries, and those without a second count for longer than PATIENCE days."""
    rows = sorted(
        delivery_counts(books, campaign), key=lambda row: (row.gap == 0, row.date, row.paper, row.lot)
    )
    signed = {
        number
        for number, document in books.documents.all("handover", campaign)
        if document.get("reversed") is None and signed_paper(document) is not None
    }
    return Deliveries(
        counts=tuple(rows), unconfirmed=tuple(unconfirmed(books, campaign, today)), signed=frozenset(signed)
    )


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
            yield Unconfirmed(
                about="handover",
                paper=number,
                place=facts["organisation"],
                sent=_sent(books, campaign, facts["lots"]),
                date=document["date"],
            )


def _shipments(books: Books, campaign: str) -> Iterator[Unconfirmed]:
    """Waybills that have come: from the day of the last count there, or of being told delivered."""
    for waybill, document in books.documents.all("shipment", campaign):
        came = [
            books.documents.require("arrival", campaign, number)["date"] for number in document["arrivals"]
        ]
        came += [row["date"] for row in document.get("states", ()) if row["state"] == "delivered"]
        if came and document.get("reversed") is None:
            facts = document["facts"]
            yield Unconfirmed(
                about="shipment",
                paper=waybill,
                place=facts["destination"],
                sent=_sent(books, campaign, facts["lots"]),
                date=max(came),
            )


def _sent(books: Books, campaign: str, lots: list[dict[str, Any]]) -> tuple[Quantity, ...]:
    """What a paper lists, product by product."""
    pieces: dict[str, int] = {}
    for lot in lots:
        pieces[lot["product"]] = pieces.get(lot["product"], 0) + int(lot["quantity"])
    return tuple(
        Quantity(
            product=product,
            unit=product_of(books.session, campaign, product).unit,
            quantity=count,
        )
        for product, count in pieces.items()
    )
