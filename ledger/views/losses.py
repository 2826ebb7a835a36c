"""Losses: every piece that did not arrive or is no more, with cause, place, count and the number of its report.

Read from receipts, arrivals and losses; nothing is added to what they say, and nobody is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.recording.dating import day_beside
from ledger.rules.books import Books
from ledger.rules.goods import lot_asset
from ledger.rules.shipments import arrived_at


@dataclass(frozen=True, slots=True)
class LossRow:
    """`pieces` of a lot that are lost still, at `place`, besides those `found` again.

    `cause` is a word of `loss add`, or `short` for what never came. `report` is the number of the report, empty where
    none is told; `document` is the kind and number of the paper.
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
    found: int = 0

    @property
    def asset(self) -> str:
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
        document["date"],
        name,
        place,
        product,
        str(lot["lot"]),
        int(lot[found]) - back,
        cause,
        str(facts.get("report", "")),
        str(facts.get("reason", "")),
        day_beside(document) or "",
        back,
    )
