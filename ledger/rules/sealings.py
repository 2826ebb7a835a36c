"""Sealings: a paper that is withheld from the public, which two people decide. Only a salted hash of it is published.

From the proposal on nobody brings or attaches the paper as a public one; its bytes go, and it proves something, once
a second person approved. Rejected or reversed it may be attached anew, public too (docs/rules.md, 34).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Sha256, Text
from ledger.model.evidence import About, Access, EvidenceRow, SealingRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.evidence import require_about
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """`sha256` is a salted hash of the paper, and nothing else of it is known; the SHA-256 of its bytes is salted when
    it is told. `of` is the number of the fact that it is evidence of, none for the campaign itself.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    sha256: Sha256
    title: Name
    paper: Name  # what sort of paper: "purchase order", "goods received note"
    shows: Text
    about: About
    of: Number | None = None
    withheld: Text  # why it is not shown
    review: Date  # when that is looked at again
    date: Date


def _hold(context: Context, facts: Sealing) -> Posting[None]:
    require_campaign(context)
    if facts.review < facts.date:
        raise Refused.field(
            "review",
            "lies before {date}, the day of the paper; write when it is looked at again",
            date=facts.date,
        )
    require_about(context, facts.about, facts.of, "of")
    same = (
        select(SealingRow.number)
        .join(EvidenceRow, col(EvidenceRow.entry) == col(SealingRow.entry))
        .where(
            EvidenceRow.campaign == context.campaign,
            EvidenceRow.sha256 == facts.sha256,
            EvidenceRow.about == facts.about,
            EvidenceRow.number == facts.of,
            col(EvidenceRow.reversed_by).is_(None),
        )
    )
    number = context.books.session.exec(same).first()
    if number is not None:
        raise Conflict.field("sha256", "the same paper is sealed by {number} already", number=number)
    return Posting()


def _effect(_context: Context, _row: SealingRow, _decision: Decision) -> Posting[None]:
    return Posting()


def _row(_books: Books, entry: Entry[Sealing, None]) -> SealingRow:
    return SealingRow(**proposed(entry, entry.facts.number, entry.facts.date))


def _kept(books: Books, _row: SealingRow, entry: Entry[Sealing, None]) -> None:
    facts = entry.facts
    books.session.add(
        EvidenceRow(
            entry=entry.seq,
            campaign=entry.campaign,
            sha256=facts.sha256,
            title=facts.title,
            paper=facts.paper,
            shows=facts.shows,
            access=Access.SEALED,
            about=facts.about,
            number=facts.of,
            withheld=facts.withheld,
            review=facts.review,
            date=facts.date,
            role=entry.role,
            waits=True,
        )
    )


def _approved(books: Books, row: SealingRow, entry: Entry[Decision, None]) -> None:
    paper = books.session.get_one(EvidenceRow, row.entry)
    paper.waits, paper.role = False, entry.role


def _rejected(books: Books, row: SealingRow, entry: Entry[Decision, None]) -> None:
    books.session.get_one(EvidenceRow, row.entry).reversed_by = entry.seq


def _reversed(books: Books, row: SealingRow, _entry: Entry[Decision, None]) -> None:
    books.session.get_one(EvidenceRow, row.entry).reversed_by = row.reversed_by


SEALINGS = Workflow(
    noun="sealing",
    proposed_by=("evidence", "seal"),
    facts=Sealing,
    row=SealingRow,
    doc=(
        "Withhold a paper that proves a fact: only a salted hash of it is published. It waits for another person's "
        "approval (`sealing approve`)."
    ),
    hold=_hold,
    keep=_row,
    kept=_kept,
    effect=_effect,
    approved=_approved,
    rejected=_rejected,
    reversed=_reversed,
)
KINDS = SEALINGS.kinds()
APPROVED = KINDS[1]
