"""Suppliers, partners, places, recipients, banks and exchanges: records of what facts name, by kind and code."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from ledger.core.errors import NotFound
from ledger.core.frozen import Frozen
from ledger.model.named import NamedRow, NameOf
from ledger.rules.named import record_of
from ledger.rules.questions import questions_of_names


class NameRecord(Frozen):
    """One spelling of a name, and the record that it is of."""

    kind: NameOf
    """What is called so."""
    code: str
    """What facts may call it by instead of its name."""
    name: str
    """As it was written first; the same but for letters that look alike is another."""
    same_as: str | None
    """The code of the record that it is another spelling of, if somebody said so."""
    asked: bool
    """Does somebody have to say whether it is a record that there was?"""
    campaign: str
    """The campaign whose fact used it first."""
    entry: int
    """That fact's number in the journal."""
    since: str
    """Its accounting date."""


def known_names(session: Session, kind: NameOf | None = None) -> Sequence[NameRecord]:
    """All names that are known, of every campaign, or those of one kind; in the order in which they came up."""
    wanted = select(NamedRow).order_by(col(NamedRow.kind), col(NamedRow.number))
    if kind is not None:
        wanted = wanted.where(NamedRow.kind == kind)
    return [_record(session, row) for row in session.exec(wanted)]


def known_name(session: Session, kind: NameOf, which: str) -> list[NameRecord]:
    """The name of a code, or as it is written, and all other spellings of its record; raises NotFound."""
    records = [row for row in known_names(session, kind) if which in {row.code, row.name}]
    if not records:
        raise NotFound.field(
            kind, "no {kind} is called {name}; see `{kind} list`", kind=kind, name=repr(which[:70])
        )
    record = records[0].same_as or records[0].code
    return [row for row in known_names(session, kind) if record in {row.code, row.same_as}]


def _record(session: Session, row: NamedRow) -> NameRecord:
    record = record_of(session, row)
    return NameRecord(
        kind=row.kind,
        code=row.code,
        name=row.name,
        same_as=None if record.name == row.name else record.code,
        asked=any(questions_of_names(session, {(row.kind, row.name)})),
        campaign=row.campaign,
        entry=row.entry,
        since=row.since,
    )
