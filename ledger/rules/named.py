"""Records of what facts call by name: suppliers, partners, places, recipients, banks, exchanges (docs/rules.md, 21).

The first fact that uses a name makes its record, with a code; later ones name it by either. A new name that looks like
one that there is, is a question. Each spelling keeps its own accounts; what is one record counts as one payee.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Loose
from ledger.core.errors import Refused
from ledger.core.facts import Facts
from ledger.core.likeness import likeness_of_name
from ledger.model.columns import table_of
from ledger.model.keys import OfKeys
from ledger.model.named import NamedRow, NameOf
from ledger.model.questions import Doubt
from ledger.rules.doubts import Doubtful

T = TypeVar("T")

_FIELDS: Mapping[str, NameOf] = {
    "supplier": NameOf.SUPPLIER,
    "partner": NameOf.PARTNER,
    "partners": NameOf.PARTNER,
    "carrier": NameOf.PARTNER,
    "debtor": NameOf.PARTNER,
    "holder": NameOf.PARTNER,
    "recipient": NameOf.RECIPIENT,
    "organisation": NameOf.RECIPIENT,
    "place": NameOf.PLACE,
    "origin": NameOf.PLACE,
    "destination": NameOf.PLACE,
    "at": NameOf.PLACE,
    "bank": NameOf.BANK,
    "from_bank": NameOf.BANK,
    "to_bank": NameOf.BANK,
    "exchange": NameOf.EXCHANGE,
}
"""Fields of facts that name something, of whatever kind."""
_ONLY: Mapping[str, frozenset[str]] = {
    "organisation": frozenset({"handover", "distribution", "return"}),
    "at": frozenset({"result"}),
}
"""Kinds of entry in which alone a field does: elsewhere an organisation is a donor, and `at` is a time."""
_CORRECTED = frozenset({"supplier", "carrier", "place"})
"""Fields of other papers whose new value a correction tells."""
_BY_ROWS = frozenset({"opening"})
"""Kinds of entry whose rows name things too."""
_LISTED_AS_NAMES = frozenset({NameOf.BANK, NameOf.EXCHANGE})
"""Whose `list` is of other facts: their names have a command of their own."""
_CODES: Mapping[NameOf, str] = {
    NameOf.SUPPLIER: "SUP",
    NameOf.PARTNER: "PAR",
    NameOf.PLACE: "PLA",
    NameOf.RECIPIENT: "REC",
    NameOf.BANK: "BNK",
    NameOf.EXCHANGE: "EXC",
}
_NAMED = table_of(NamedRow).c
_KNOWN = OfKeys(select_columns(_NAMED.kind, _NAMED.name).where, _NAMED.kind, _NAMED.name)
_CODE = re.compile(r"(SUP|PAR|PLA|REC|BNK|EXC)-[1-9][0-9]*")


def find_named(session: Session, kind: NameOf, name: str) -> NamedRow | None:
    return session.get(NamedRow, (kind, name))


def record_of(session: Session, row: NamedRow) -> NamedRow:
    """The record that a name is of: itself, or the one that somebody said it is the same as."""
    record, seen = row, {row.name}
    while record.same_as is not None and record.same_as not in seen:
        seen.add(record.same_as)
        record = session.get_one(NamedRow, (record.kind, record.same_as))
    return record


def names_of(session: Session, kind: NameOf, name: str) -> set[str]:
    """All spellings of the record that a name is of, its own among them."""
    row = find_named(session, kind, name)
    if row is None:
        return {name}
    record = record_of(session, row).name
    alike = select(NamedRow).where(NamedRow.kind == kind, NamedRow.likeness == row.likeness)
    return {other.name for other in session.exec(alike) if record_of(session, other).name == record}


def by_name(session: Session, kind: str, facts: T) -> T:
    """Facts of a kind of entry with the names of what they call by its code; Refused where nothing has that code."""
    if not is_dataclass(facts) or isinstance(facts, type):
        return facts
    changed: dict[str, str | tuple[Facts, ...]] = {}
    for field in fields(facts):
        value = getattr(facts, field.name)
        if kind in _BY_ROWS and isinstance(value, tuple):
            changed[field.name] = tuple([by_name(session, kind, row) for row in value])
        if _is_named(kind, field.name) and isinstance(value, str) and _CODE.fullmatch(value):
            changed[field.name] = _called(session, field.name, value)
    return replace(facts, **changed) if changed else facts


def _called(session: Session, field: str, code: str) -> str:
    kind = _FIELDS[field]
    row = session.exec(select(NamedRow).where(NamedRow.kind == kind, NamedRow.code == code)).first()
    if row is None and kind in _LISTED_AS_NAMES:
        raise Refused.field(
            field,
            "no {kind} has the code {code}; see `{kind} names`, or write its name",
            kind=kind,
            code=code,
        )
    if row is None:
        raise Refused.field(
            field, "no {kind} has the code {code}; see `{kind} list`, or write its name", kind=kind, code=code
        )
    return row.name


def _is_named(kind: str, field: str) -> bool:
    return field in _FIELDS and (field not in _ONLY or kind in _ONLY[field])


def named_by(kind: str, facts: Loose) -> Iterator[tuple[NameOf, str]]:
    """What the facts of an entry call by name, each once, by the names of their fields: as entries are published."""
    names: dict[tuple[NameOf, str], None] = {}
    if kind == "correction":
        corrected, new = str(facts.get("field")), facts.get("new")
        if corrected in _CORRECTED and isinstance(new, str):
            names[_FIELDS[corrected], new] = None
    for field, value in sorted(facts.items()):
        rows = value if isinstance(value, list | tuple) else [value]
        for row in rows:
            if _is_named(kind, field) and isinstance(row, str):  # a result's places are groups of people
                names[_FIELDS[field], row] = None
            elif kind in _BY_ROWS and isinstance(row, Mapping):
                names |= dict.fromkeys(named_by(kind, row))
    yield from names


def note_names(session: Session, entry: Entry, known: set[tuple[NameOf, str]]) -> Iterator[Doubtful]:
    """Fold what an entry names first; yields what looks like another name that there is.

    `known`: names that there are, as far as somebody found out already; those of this entry are added.
    """
    names = [one for one in named_by(entry.kind, entry.facts) if one not in known]
    if not names:
        return
    there = {(kind, name) for kind, name in _KNOWN.ask(session.connection(), names)}
    known.update(names)
    for kind, name in names:
        if (kind, name) in there:
            continue
        likeness = likeness_of_name(name)
        alike = select(NamedRow).where(NamedRow.kind == kind, NamedRow.likeness == likeness)
        others = session.exec(alike.order_by(col(NamedRow.number))).all()
        last = session.exec(select(func.max(NamedRow.number)).where(NamedRow.kind == kind)).one()
        number = (last or 0) + 1
        session.add(
            NamedRow(
                kind=kind,
                name=name,
                number=number,
                code=f"{_CODES[kind]}-{number}",
                likeness=likeness,
                campaign=entry.campaign,
                entry=entry.seq,
                since=entry.date,
            )
        )
        session.flush()
        for other in others:
            yield Doubtful(Doubt.NAME, other.entry, kind, name, other.name)
