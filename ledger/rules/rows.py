"""What rows of all nouns are asked alike: the one of a number, the one that an entry recorded, and its reversal.

Below every noun's own file, above the tables; it knows no noun.
"""

from __future__ import annotations

from typing import Protocol, TypedDict, TypeVar

from sqlmodel import Session, select

from ledger.core.entry import Entry
from ledger.core.errors import NotFound


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
    return session.exec(select(table).where(table.campaign == campaign, table.number == number)).first()


def require_numbered(session: Session, table: type[N], noun: str, campaign: str, number: str) -> N:
    """The row of a number; raises NotFound with a sentence that calls it `noun`."""
    row = find_numbered(session, table, campaign, number)
    if row is None:
        raise NotFound(f"{noun}: there is no {noun} {number} in campaign {campaign}")
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
