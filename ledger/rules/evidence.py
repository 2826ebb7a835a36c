"""Evidence: a paper by the SHA-256 of its bytes, and which fact it is evidence of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Name, Number, Sha256, Text
from ledger.rules.books import Books
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, require_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A paper. Public and redacted papers are served; of a sealed one only the hash is known."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sha256: Sha256
    title: Name
    paper: Name  # what sort of paper: "purchase order", "goods received note"
    shows: Text
    access: Literal["public", "redacted", "sealed"]
    about: Literal[
        "campaign", "need", "offer", "pledge", "rate", "conversion", "purchase", "invoice", "payment",
        "receipt", "shipment", "arrival", "loss", "handover", "distribution",
        "closing", "return", "recall", "contribution", "in-kind",
        "indicator", "result", "credit-note", "refund",
    ]  # fmt: skip
    number: Number | None = None
    withheld: Text | None = None  # why a sealed paper is not shown
    review: Date | None = None  # when that is looked at again
    date: Date


def _post(context: Context, facts: Evidence) -> Posting:
    require_campaign(context)
    if facts.access == "sealed" and (facts.withheld is None or facts.review is None):
        raise Refused.field(
            "withheld", "say why a sealed paper is not shown, and in review when to look at that again"
        )
    if facts.access != "sealed" and (facts.withheld is not None or facts.review is not None):
        raise Refused.field("withheld", "only a sealed paper is withheld; leave withheld and review out")
    if facts.about != "campaign":
        if facts.number is None:
            raise Refused.field("number", f"name the {facts.about} that this is evidence of")
        context.books.documents.require(facts.about, context.campaign, facts.number)
    return Posting()


def standing_papers(books: Books, campaign: str, sha256: str) -> list[dict[str, Any]]:
    """The papers of these bytes that stand, one for each fact that they are evidence of."""
    found = []
    for name, document in books.documents.some("evidence", campaign, after=sha256):
        if not name.startswith(sha256):
            break
        if not document.get("reversed"):
            found.append(document)
    return found


def _name(facts: Mapping[str, Any]) -> str:
    """One paper may be evidence of several facts, and stands beside each."""
    return f"{facts['sha256']}:{facts['about']}:{facts.get('number', '')}"


def _fold(books: Books, entry: Entry) -> None:
    books.documents.save("evidence", entry.campaign, _name(entry.facts), document_of(entry))


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    document = books.documents.require("evidence", entry.campaign, _name(entry.facts))
    books.documents.save("evidence", entry.campaign, _name(entry.facts), document | {"reversed": seq})


EVIDENCE = Kind(
    name="evidence",
    noun="evidence",
    verb="add",
    facts=Evidence,
    doc="Attach a paper by its SHA-256 to a fact: public, redacted, or sealed (hash only).",
    roles=RECORDERS,
    key=lambda campaign, facts: f"evidence:{campaign}:{facts.about}:{facts.number}:{facts.sha256}",
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (EVIDENCE,)
