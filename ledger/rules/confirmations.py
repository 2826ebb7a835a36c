"""The consignee's own count of a delivery, beside the sender's; a gap stays until a loss or a correction explains it.

An entry names counts and the role of the organisation, never a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Text, facts_json
from ledger.rules.books import Books
from ledger.rules.spec import RECORDERS, SYSTEM, Context, Kind, Undoing, document_of, numbered

About = Literal["shipment", "handover"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLot:
    """Pieces of a lot that the consignee counted: in good condition, and damaged."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    good: Count
    damaged: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the consignee of a shipment, or the recipient of a handover, counted. `paper`: waybill or handover."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    about: About
    paper: Number
    by: Literal["consignee", "recipient"]
    lots: Annotated[tuple[CountedLot, ...], Field(min_length=1, max_length=50)]
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why two counts differ: pieces of a lot that a `loss`, `find`, `arrival`, `return` or `correction` tells of.

    `document` is the number of the loss, find, arrival or return, or the entry that was reversed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    about: About
    paper: Number
    product: Number
    lot: Number
    quantity: Positive
    by: Literal["loss", "find", "arrival", "return", "correction"]
    document: Number
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True)
class TwoCounts:
    """One lot of a delivery as both sides counted it, in pieces. `gap` is what nothing explains; below 0: too many.

    Both sides are compared by what is good: what the consignee calls damaged and the sender's books do not is a gap.
    """

    about: str
    paper: str
    product: str
    lot: str
    sent: int
    good: int
    damaged: int
    explained: int
    date: str
    happened: str = ""  # the day of the count, where it is booked on another
    told: int = 0  # pieces that arrivals of the waybill call short, damaged or lost

    @property
    def books_good(self) -> int:
        """Pieces that came good, or still will, by the sender's books."""
        return self.sent - self.told

    @property
    def gap(self) -> int:
        difference = self.books_good - self.good
        if difference < 0:
            return min(0, difference + self.explained)
        return max(0, difference - self.explained)


def confirmed_key(about: str, paper: str) -> str:
    return f"{about}:{paper}"


def paper_lots(books: Books, campaign: str, about: str, paper: str) -> dict[tuple[str, str], int]:
    """(product, lot) -> pieces that the sender counted; raises NotFound or Conflict."""
    document = books.documents.require(about, campaign, paper)
    if document.get("reversed") is not None:
        raise Conflict(f"paper: {about} {paper} was reversed; confirm the one that stands for it")
    return {(lot["product"], lot["lot"]): int(lot["quantity"]) for lot in document["facts"]["lots"]}


def two_counts(books: Books, campaign: str) -> list[TwoCounts]:
    """Every delivery that was confirmed, lot by lot, both counts: the public list."""
    found = []
    for _, document in books.documents.all("confirmation", campaign):
        facts = document["facts"]
        told = _told_at_arrival(books, campaign, facts["paper"]) if facts["about"] == "shipment" else {}
        for lot in facts["lots"]:
            key = lot["product"], lot["lot"]
            explained = sum(
                row["quantity"]
                for row in document["explained"]
                if (row["product"], row["lot"]) == key and _standing(books, campaign, row) is not None
            )
            sent = document["notes"]["sent"][f"{key[0]}#{key[1]}"]
            found.append(
                TwoCounts(
                    about=facts["about"],
                    paper=facts["paper"],
                    product=key[0],
                    lot=key[1],
                    sent=sent,
                    good=lot["good"],
                    damaged=lot["damaged"],
                    explained=explained,
                    date=document["date"],
                    happened="" if facts["date"] == document["date"] else facts["date"],
                    told=told.get(key, 0),
                )
            )
    return found


def _standing(books: Books, campaign: str, told: dict[str, Any]) -> dict[str, Any] | None:
    """The document that an explanation rests on; None where there is none, or it was taken back."""
    if told["by"] == "correction":
        by = books.reversed_by(int(told["document"]))
        return None if by is None else {"seq": by}
    found: dict[str, Any] | None = books.documents.find(told["by"], campaign, str(told["document"]))
    return None if found is None or found.get("reversed") is not None else found


def open_gaps(books: Books, campaign: str) -> list[TwoCounts]:
    """Differences between two counts that nothing explains yet: what reconciliation lists."""
    return [row for row in two_counts(books, campaign) if row.gap]


def _told_at_arrival(books: Books, campaign: str, waybill: str) -> dict[tuple[str, str], int]:
    """Pieces that arrivals of a waybill already call short, damaged or lost."""
    found: dict[tuple[str, str], int] = {}
    shipment = books.documents.find("shipment", campaign, waybill) or {"arrivals": ()}
    for number in shipment["arrivals"]:
        arrival = books.documents.require("arrival", campaign, number)
        if arrival["reversed"] is None:
            for lot in arrival["facts"]["lots"]:
                key = lot["product"], lot["lot"]
                found[key] = found.get(key, 0) + lot["short"] + lot["damaged"] + lot["lost"]
    return found


def _post(context: Context, facts: Confirmation) -> Posting:
    sent = paper_lots(context.books, context.campaign, facts.about, facts.paper)
    if context.books.documents.find(
        "confirmation", context.campaign, confirmed_key(facts.about, facts.paper)
    ):
        raise Conflict(f"paper: {facts.about} {facts.paper} is confirmed already")
    counted = [(lot.product, lot.lot) for lot in facts.lots]
    if sorted(counted) != sorted(sent):
        raise Refused.field("lots", "count each lot of the paper once; write 0 for what did not come")
    return Posting((), (), {"sent": {f"{product}#{lot}": n for (product, lot), n in sent.items()}})


def _fold(books: Books, entry: Entry) -> None:
    key = confirmed_key(str(entry.facts["about"]), str(entry.facts["paper"]))
    books.documents.save("confirmation", entry.campaign, key, document_of(entry, explained=[]))


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """A reversed confirmation is gone, so that the consignee can count again."""
    del seq
    key = confirmed_key(str(entry.facts["about"]), str(entry.facts["paper"]))
    books.documents.remove("confirmation", entry.campaign, key)


def _post_explained(context: Context, facts: Explanation) -> Posting:
    books, campaign = context.books, context.campaign
    rows = [
        row
        for row in two_counts(books, campaign)
        if (row.about, row.paper, row.product, row.lot)
        == (facts.about, facts.paper, facts.product, facts.lot)
    ]
    if not rows:
        raise NotFound(
            f"paper: {facts.about} {facts.paper} with lot {facts.lot} is not confirmed by the other side"
        )
    gap = abs(rows[0].gap)
    if facts.quantity > gap:
        raise Refused.field(
            "quantity", f"{facts.quantity} are explained and {gap} are not yet; explain those"
        )
    found = _standing(books, campaign, facts_json(facts))
    if found is None:
        raise NotFound(f"document: there is no standing {facts.by} {facts.document}; record it first")
    _require_about_the_lot(context, facts, found)
    return Posting()


def _require_about_the_lot(context: Context, facts: Explanation, found: dict[str, Any]) -> None:
    """Refused where a document is of another lot, or explains fewer pieces than are told of it in all."""
    asset = f"{facts.product}#{facts.lot}"
    if facts.by == "correction":
        entry = context.entry(int(facts.document))
        pieces = 0
        if entry is not None and entry.campaign == context.campaign:
            pieces = max((t.amount for t in entry.transfers if t.asset == asset), default=0)
    else:
        rows = [found["facts"]] if facts.by in {"loss", "find"} else found["facts"]["lots"]
        pieces = sum(
            sum(row.get(name, 0) for name in ("quantity", "good", "short", "damaged", "lost"))
            for row in rows
            if (row["product"], row["lot"]) == (facts.product, facts.lot)
        )
    if not pieces:
        raise Refused.field("document", f"{facts.by} {facts.document} is not of {asset}; name one that is")
    told = sum(
        int(row["quantity"])
        for _, document in context.books.documents.all("confirmation", context.campaign)
        for row in document["explained"]
        if all(row[name] == getattr(facts, name) for name in ("by", "document", "product", "lot"))
    )
    if told + facts.quantity > pieces:
        raise Refused.field(
            "quantity",
            f"{facts.by} {facts.document} tells of {pieces} pieces and {told} are explained by it already; "
            "name another for the rest",
        )


def _fold_explained(books: Books, entry: Entry) -> None:
    key = confirmed_key(str(entry.facts["about"]), str(entry.facts["paper"]))
    document = books.documents.require("confirmation", entry.campaign, key)
    document["explained"].append(dict(entry.facts))
    books.documents.save("confirmation", entry.campaign, key, document)


def _unfold_explained(books: Books, entry: Entry, seq: int) -> None:
    """A reversed explanation leaves its gap open."""
    del seq
    key = confirmed_key(str(entry.facts["about"]), str(entry.facts["paper"]))
    document: dict[str, Any] | None = books.documents.find("confirmation", entry.campaign, key)
    if document is not None:
        kept = [row for row in document["explained"] if row["number"] != entry.facts["number"]]
        books.documents.save("confirmation", entry.campaign, key, document | {"explained": kept})


CONFIRMATION = Kind(
    name="confirmation",
    noun="confirmation",
    verb="record",
    facts=Confirmation,
    doc="What the other side of a delivery counted, by a link that is used once.",
    roles=SYSTEM,
    key=numbered("confirmation"),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
EXPLANATION = Kind(
    name="confirmation.explained",
    noun="confirmation",
    verb="explain",
    facts=Explanation,
    doc="Explain why two counts of a delivery differ, by a loss, a find, an arrival, a return or a correction.",
    roles=RECORDERS,
    key=numbered("confirmation.explained"),
    post=_post_explained,
    fold=_fold_explained,
    undoing=Undoing(_unfold_explained),
)
KINDS = (CONFIRMATION, EXPLANATION)
