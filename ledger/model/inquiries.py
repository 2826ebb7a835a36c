"""What was asked of others and not answered for good: rates, look-ups, senders; and what the last checks found.

Operating tables: nothing here is folded from the journal, and none points into the model.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class RateTryRow(Table, table=True):
    """A minute (Unix seconds) whose rate sources refused so often; it is asked for again from `due` on.

    `why`: the message that says why.
    """

    __tablename__: ClassVar[Any] = "rate_tries"
    __table_args__ = (Index("rate_tries_due", "due"), KEYED)
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    currency: str = Field(primary_key=True, sa_type=TEXT)
    at: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    tries: int = Field(sa_type=LONG)
    due: int = Field(sa_type=LONG)
    why: str = Field(sa_type=TEXT, foreign_key="messages.key")


class LookupState(StrEnum):
    """How far the look-up of a transaction is, and what it came to."""

    WAITING = "waiting"
    FOUND = "found"
    NONE_OF_OURS = "none_of_ours"
    NO_SOURCE = "no_source"
    UNREAD = "unread"


class LookupRow(Table, table=True):
    """A transaction that somebody named, in the order of the questions; times are Unix seconds."""

    __tablename__: ClassVar[Any] = "lookups"
    __table_args__ = (one_of("state", LookupState), STRICT)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    txid: str = Field(sa_type=TEXT, unique=True)
    state: LookupState = Field(sa_type=Word(LookupState))
    asked_at: int = Field(sa_type=LONG)
    answered_at: int | None = Field(default=None, sa_type=LONG)
    height: int | None = Field(default=None, sa_type=LONG)


class LookupSourceRow(Table, table=True):
    """A source that an answer rests on."""

    __tablename__: ClassVar[Any] = "lookup_sources"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="lookups.txid")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    source: str = Field(sa_type=TEXT)


class SenderAskedRow(Table, table=True):
    """A transaction that would show who sent coins, and that nobody had when it was asked for (Unix seconds)."""

    __tablename__: ClassVar[Any] = "senders_asked"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT)
    at: int = Field(sa_type=LONG)


class FindingRow(Table, table=True):
    """One thing that is wrong, which the last run of the checks found."""

    __tablename__: ClassVar[Any] = "findings"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    name: str = Field(sa_type=TEXT)
    subject: str = Field(sa_type=TEXT)
    message: str = Field(sa_type=TEXT, foreign_key="messages.key")
