"""What looks at the chain left for the next one: how sources answered, what is missing, whose past is still unread.

Operating tables: nothing here is folded from the journal, and none points into the model.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field

from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class LastLookRow(Table, table=True):
    """The last look at the chain; there is one row, or none before the first."""

    __tablename__: ClassVar[Any] = "last_look"
    __table_args__ = (KEYED,)
    at: str = Field(primary_key=True, sa_type=TEXT)
    agreed: bool = Field(sa_type=FLAG)
    best_height: int | None = Field(default=None, sa_type=LONG)


class LookSourceRow(Table, table=True):
    """How a source answered the last look, in the order in which they are configured; messages of what failed."""

    __tablename__: ClassVar[Any] = "look_sources"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    name: str = Field(sa_type=TEXT)
    ok: bool = Field(sa_type=FLAG)
    tip_height: int | None = Field(default=None, sa_type=LONG)
    error: str | None = Field(default=None, sa_type=TEXT, foreign_key="messages.key")
    lied: str | None = Field(default=None, sa_type=TEXT, foreign_key="messages.key")
    set_aside_until: str | None = Field(default=None, sa_type=TEXT)
    requests: int = Field(sa_type=LONG)
    bytes: int = Field(sa_type=LONG)


class SetAsideRow(Table, table=True):
    """A source caught lying: not asked before `until` (Unix seconds), the `times`-th time."""

    __tablename__: ClassVar[Any] = "sources_set_aside"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=TEXT)
    until: int = Field(sa_type=LONG)
    times: int = Field(sa_type=LONG)
    lied: str = Field(sa_type=TEXT, foreign_key="messages.key")


class AbsentRow(Table, table=True):
    """An unconfirmed transaction that no mempool showed in so many looks, since a time (Unix seconds)."""

    __tablename__: ClassVar[Any] = "absent_transactions"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT)
    looks: int = Field(sa_type=LONG)
    since: int = Field(sa_type=LONG)


class Completeness(StrEnum):
    """On what it rests that no payment is missing."""

    SCANNED_WHOLE = "scanned_whole"
    """Every block is scanned whole."""
    LISTED = "listed"
    """Histories of `sources`."""
    PAST_UNREAD = "past_unread"
    """Every block is; the past of `n` addresses is scanned up to `block`."""
    PAST_LISTED = "past_listed"
    """As before, and until then their histories at `sources`."""


class CompletenessRow(Table, table=True):
    """On what it rests that no payment is missing; there is one row, or none before the first look."""

    __tablename__: ClassVar[Any] = "completeness"
    __table_args__ = (one_of("ground", Completeness), KEYED)
    ground: Completeness = Field(primary_key=True, sa_type=Word(Completeness))
    addresses: int | None = Field(default=None, sa_type=LONG)
    block: int | None = Field(default=None, sa_type=LONG)


class CompletenessSourceRow(Table, table=True):
    """A source whose histories that rests on."""

    __tablename__: ClassVar[Any] = "completeness_sources"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    source: str = Field(sa_type=TEXT)


class UnreadScriptRow(Table, table=True):
    """A script that is watched since blocks were read, which have to be read again for it.

    `askable`: the operator added it, so that its history may be asked for; what payments opened is shown to nobody.
    """

    __tablename__: ClassVar[Any] = "unread_scripts"
    __table_args__ = (KEYED,)
    script: bytes = Field(primary_key=True, sa_type=LargeBinary)
    askable: bool = Field(sa_type=FLAG)


class UnreadSourceRow(Table, table=True):
    """A source whose histories of those that may be asked for were taken in meanwhile."""

    __tablename__: ClassVar[Any] = "unread_sources"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    source: str = Field(sa_type=TEXT)


class GapLimitRow(Table, table=True):
    """Which addresses of a descriptor are given: from an index on, and so many unused ones in a row."""

    __tablename__: ClassVar[Any] = "gap_limits"
    __table_args__ = (KEYED,)
    descriptor: str = Field(primary_key=True, sa_type=TEXT)
    gap: int = Field(sa_type=LONG)
    first_index: int = Field(sa_type=LONG)
