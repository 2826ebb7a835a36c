"""Which entries are about a gift, an order or a lot, after the one that made it: what a trail's changes are found by.

Folded from the journal; it decides nothing and holds no figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Text, bindparam, insert, select
from sqlmodel import Session

from ledger.core.entry import Entry, Loose
from ledger.core.names import Lot
from ledger.model.balances import EntrySubjectRow, SubjectKind
from ledger.model.columns import table_of


class Subject(NamedTuple):
    """A gift by the name that its line has for it, an order by its number, or a lot as `PRODUCT#LOT`."""

    kind: SubjectKind
    campaign: str
    subject: str


_TABLE = table_of(EntrySubjectRow)
_ABOUT = (
    select(_TABLE.c.entry)
    .where(
        _TABLE.c.kind == bindparam("of_kind", type_=_TABLE.c.kind.type),
        _TABLE.c.campaign == bindparam("of_campaign", type_=Text),
        _TABLE.c.subject == bindparam("of_subject", type_=Text),
    )
    .order_by(_TABLE.c.entry)
)
_ADD = insert(_TABLE)


def entries_about(session: Session, subject: Subject) -> list[int]:
    """The entries about a subject, after the one that made it, in order."""
    kind, campaign, name = subject
    asked = {"of_kind": kind, "of_campaign": campaign, "of_subject": name}
    return list(session.connection().scalars(_ABOUT, asked))


def note_subjects(session: Session, entry: Entry) -> None:
    """Fold one entry."""
    rows = [subject._asdict() | {"entry": entry.seq} for subject in dict.fromkeys(_subjects(entry))]
    if rows:
        session.connection().execute(_ADD, rows)


def _subjects(entry: Entry) -> Iterator[Subject]:
    """What an entry changes the state of without taking units of a line."""
    kind, facts, notes = entry.kind, entry.facts, entry.notes
    undone: Loose = notes.get("reversed", {})
    if undone:
        kind, facts, notes = str(undone["kind"]), undone["facts"], undone.get("notes", {})
    first = kind == "donation" or (kind == "valuation" and not undone and not facts.get("n"))
    if "outpoint" in facts and not first:
        yield Subject(SubjectKind.GIFT, entry.campaign, str(facts["outpoint"]))
    elif kind in {"contribution", "in-kind"} and undone:
        yield Subject(SubjectKind.GIFT, entry.campaign, f"{kind}:{facts['number']}")
    elif kind == "cover.approved" and notes.get("gift"):
        yield Subject(SubjectKind.GIFT, entry.campaign, str(notes["gift"]))
    elif kind == "closing.approved":
        yield Subject(SubjectKind.ORDER, entry.campaign, str(notes["order"]))
    elif kind == "recall":
        yield Subject(SubjectKind.LOT, entry.campaign, str(Lot(facts["product"], facts["lot"])))
