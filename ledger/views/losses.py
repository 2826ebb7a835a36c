"""Losses: every piece that did not arrive or is no more, with cause, place, count and the number of its report.

Read from receipts, arrivals and losses; nothing is added to what they say, and nobody is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ledger.core.frozen import Frozen, Whole
from ledger.recording.dating import day_beside
from ledger.rules.books import Books
from ledger.rules.goods import lot_asset
from ledger.rules.shipments import arrived_at


class LossRow(Frozen):
    """Pieces of a lot that did not arrive or are no more, and why."""

    date: str
    """The accounting day."""
    document: str
    """Kind and number of the paper that tells it."""
    place: str
    """Where it happened."""
    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    pieces: Whole
    """Pieces that are lost still."""
    cause: str
    """A word of `loss add`, or `short` for what never came."""
    report: str
    """Number of the report; empty where none is told."""
    reason: str
    """The reason that the paper gives; empty where it gives none."""
    happened: str | None = None
    """The day that it happened, where it is booked on another."""
    found: Whole = 0
    """Pieces that were found again."""

    @property
    def asset(self) -> str:
        """The lot as an asset of the accounts."""
        return lot_asset(self.product, self.lot)


def loss_rows(books: Books, campaign: str) -> list[LossRow]:
    """All losses of a campaign that stand, the oldest first."""
    found = _found(books, campaign)
    rows = [*_received(books, campaign), *_arrived(books, campaign, found), *_told(books, campaign, found)]
    return sorted(rows, key=lambda row: (row.date, row.document, row.product, row.lot, row.cause))


_Found = dict[tuple[str, str, str, str], int]
"""(document, product, lot, lost or short) -> pieces that were found again."""


def _found(books: Books, campaign: str) -> _Found:
    found: _Found = defaultdict(int)
    for _, find in books.documents.all("find", campaign):
        if find.get("reversed") is None:
            facts = find["facts"]
            name = f"{facts['by']} {facts['document']}"
            found[name, facts["product"], facts["lot"], facts["was"]] += int(facts["quantity"])
    return found


def _received(books: Books, campaign: str) -> Iterator[LossRow]:
    for number, receipt in books.documents.all("receipt", campaign):
        if receipt["reversed"] is not None:
            continue
        product = str(receipt["notes"]["product"])
        for lot in receipt["facts"]["lots"]:
            for found, cause in (("damaged", "damage"), ("short", "short")):
                if lot[found]:
                    yield _row(
                        receipt, f"receipt {number}", receipt["facts"]["place"], product, lot, found, cause
                    )


def _arrived(books: Books, campaign: str, again: _Found) -> Iterator[LossRow]:
    for number, arrival in books.documents.all("arrival", campaign):
        if arrival["reversed"] is not None:
            continue
        facts = arrival["facts"]
        place = arrived_at(books.documents.require("shipment", campaign, facts["waybill"]), arrival)
        for lot in facts["lots"]:
            causes = (("damaged", "damage"), ("short", "short"), ("lost", str(lot.get("cause", "lost"))))
            for found, cause in causes:
                if lot[found]:
                    back = again.get((f"arrival {number}", lot["product"], lot["lot"], found), 0)
                    yield _row(arrival, f"arrival {number}", place, lot["product"], lot, found, cause, back)


def _told(books: Books, campaign: str, again: _Found) -> Iterator[LossRow]:
    for number, loss in books.documents.all("loss", campaign):
        if loss.get("reversed") is None:
            facts = loss["facts"]
            product, cause = facts["product"], facts["cause"]
            back = again.get((f"loss {number}", product, facts["lot"], "lost"), 0)
            yield _row(loss, f"loss {number}", facts["place"], product, facts, "quantity", cause, back)


def _row(
    document: dict[str, Any],
    name: str,
    place: str,
    product: str,
    lot: dict[str, Any],
    found: str,
    cause: str,
    back: int = 0,
) -> LossRow:
    facts = document["facts"]
    return LossRow(
        date=document["date"],
        document=name,
        place=place,
        product=product,
        lot=str(lot["lot"]),
        pieces=int(lot[found]) - back,
        cause=cause,
        report=str(facts.get("report", "")),
        reason=str(facts.get("reason", "")),
        happened=day_beside(document),
        found=back,
    )
