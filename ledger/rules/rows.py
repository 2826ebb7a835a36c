"""What rows of all nouns are asked alike: the one of a number, the one that an entry recorded, and its reversal.

Below every noun's own file, above the tables; it knows no noun. A noun's table is written by the ORM or by Core:
`add_row`, `change_row` and `reverse_row` are for those of Core, `mark_reversed` is for those of the ORM.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol, TypedDict, TypeVar

from sqlalchemy import Insert, Select, Text, Update, bindparam, insert, select, update
from sqlmodel import Session, col

from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.model.columns import Table, table_of


class Numbered(Protocol):
    """A row that people call by its number in a campaign."""

    campaign: str
    number: str


class Recorded(Protocol):
    """A row whose key is the number of the entry that recorded it; `reversed_by`: the entry that took that back."""

    entry: int
    reversed_by: int | None


class Dated(Protocol):
    """A fact with the day on its paper."""

    @property
    def date(self) -> str: ...


N = TypeVar("N", bound=Numbered)
R = TypeVar("R", bound=Recorded)
D = TypeVar("D", bound=Dated)
A = TypeVar("A")


def find_numbered(session: Session, table: type[N], campaign: str, number: str) -> N | None:
    asked: Select[N] = _numbered(table)
    return session.scalars(asked, {"of_campaign": campaign, "of_number": number}).first()


@cache
def _numbered(table: type[N]) -> Select[N]:
    of_campaign, of_number = bindparam("of_campaign", type_=Text), bindparam("of_number", type_=Text)
    return select(table).where(col(table.campaign) == of_campaign, col(table.number) == of_number)


def require_numbered(session: Session, table: type[N], noun: str, campaign: str, number: str) -> N:
    """The row of a number; raises NotFound with a sentence that calls it `noun`."""
    row = find_numbered(session, table, campaign, number)
    if row is None:
        raise NotFound.field(
            noun,
            "there is no {noun} {number} in campaign {campaign}",
            noun=noun,
            number=number,
            campaign=campaign,
        )
    return row


def recorded_row(session: Session, table: type[R], entry: int) -> R:
    """The row that an entry left, which it always does; raises LookupError where the tables are not the journal's."""
    row = session.get(table, entry)
    if row is None:
        raise LookupError(f"{table.__name__}: entry {entry} left no row")
    return row


def mark_reversed(session: Session, table: type[R], entry: int, by: int) -> R:
    """The row that an entry left, which names its reversal `by` from now on."""
    row = recorded_row(session, table, entry)
    row.reversed_by = by
    session.add(row)
    return row


Value = str | int | None
Columns = dict[str, Value]
"""A row for Core, by the names of its columns."""


@cache
def _adding(table: type[Table]) -> Insert:
    return insert(table_of(table))


@cache
def _changing(table: type[Table]) -> Update:
    made = table_of(table)
    return update(made).where(made.c.entry == bindparam("of_entry"))


def add_row(session: Session, table: type[Table], **columns: Value) -> None:
    """Write a row of a table that Core writes; columns that are left out stay empty."""
    session.connection().execute(_adding(table), columns)


def add_rows(session: Session, table: type[Table], rows: Sequence[Columns]) -> None:
    """Write rows of a table that Core writes, all with the same columns."""
    if rows:
        session.connection().execute(_adding(table), rows)


def change_row(session: Session, table: type[Table], entry: int, **columns: Value) -> None:
    """Write some columns of the row that an entry left in a table that Core writes; LookupError where it left none.

    What the session read before is read again when it is asked next.
    """
    session.flush()
    done = session.connection().execute(_changing(table).values(**columns), {"of_entry": entry})
    if not done.rowcount:
        raise LookupError(f"{table.__name__}: entry {entry} left no row")
    session.expire_all()


def reverse_row(session: Session, table: type[Table], entry: int, by: int) -> None:
    """The row that an entry left in a table that Core writes names its reversal `by` from now on."""
    change_row(session, table, entry, reversed_by=by)


class NumberedFacts(Protocol):
    """What a paper says, with its number and its day."""

    @property
    def number(self) -> str: ...

    @property
    def date(self) -> str: ...


class PaperHead(TypedDict):
    """The columns of `ledger.model.recorded.Paper`."""

    entry: int
    campaign: str
    number: str
    date: str
    happened: str | None


P = TypeVar("P", bound=NumberedFacts)


def paper_head(entry: Entry[P, A]) -> PaperHead:
    """What of a paper's row comes from its entry, and is the same for all of them."""
    return PaperHead(
        entry=entry.seq,
        campaign=entry.campaign,
        number=entry.facts.number,
        date=entry.date,
        happened=happened_on(entry),
    )


def happened_on(entry: Entry[D, A]) -> str | None:
    """The day that a fact happened, where it was booked on another (docs/rules.md, 13)."""
    day = entry.happened or entry.facts.date
    return None if day == entry.date else day
