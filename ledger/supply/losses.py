"""Losses: every piece that did not arrive or is no more, with cause, place, count and the number of its report.

Read from receipts, arrivals and losses; nothing is added to what they say, and nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.books import Books
from ledger.dating import day_beside
from ledger.kinds.goods import lot_asset
from ledger.kinds.shipments import arrived_at


@dataclass(frozen=True, slots=True)
class LossRow:
    """`pieces` of a lot lost at `place`; `cause` is a word of `loss add`, or `short` for what never came.

    `report` is the number of the report, empty where none is told; `document` is the kind and number of the paper.
    """

    date: str
    document: str
    place: str
    product: str
    lot: str
    pieces: int
    cause: str
    report: str
    reason: str
    happened: str = ""  # the day it happened, where it is booked on another

    @property
    def asset(self) -> str:
        return lot_asset(self.product, self.lot)


def loss_rows(books: Books, campaign: str) -> list[LossRow]:
    """All losses of a campaign that stand, the oldest first."""
    rows = [*_received(books, campaign), *_arrived(books, campaign), *_told(books, campaign)]
    return sorted(rows, key=lambda row: (row.date, row.document, row.product, row.lot, row.cause))


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


def _arrived(books: Books, campaign: str) -> Iterator[LossRow]:
    for number, arrival in books.documents.all("arrival", campaign):
        if arrival["reversed"] is not None:
            continue
        facts = arrival["facts"]
        place = arrived_at(books.documents.require("shipment", campaign, facts["waybill"]), arrival)
        for lot in facts["lots"]:
            causes = (("damaged", "damage"), ("short", "short"), ("lost", str(lot.get("cause", "lost"))))
            for found, cause in causes:
                if lot[found]:
                    yield _row(arrival, f"arrival {number}", place, lot["product"], lot, found, cause)


def _told(books: Books, campaign: str) -> Iterator[LossRow]:
    for number, loss in books.documents.all("loss", campaign):
        if loss.get("reversed") is None:
            facts = loss["facts"]
            yield _row(
                loss, f"loss {number}", facts["place"], facts["product"], facts, "quantity", facts["cause"]
            )


def _row(
    document: dict[str, Any], name: str, place: str, product: str, lot: dict[str, Any], found: str, cause: str
) -> LossRow:
    facts = document["facts"]
    return LossRow(
        document["date"],
        name,
        place,
        product,
        str(lot["lot"]),
        int(lot[found]),
        cause,
        str(facts.get("report", "")),
        str(facts.get("reason", "")),
        day_beside(document) or "",
    )
