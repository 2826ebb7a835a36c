"""The tables of the database as the newest migration leaves them, for SQLite (STRICT) and PostgreSQL.

Private to the store: no domain type is a row, and these classes validate nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, Index, SQLModel

from ledger.core.money import MAX_AMOUNT

LONG: Any = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both: a plain integer is 32 on PostgreSQL, and STRICT tables know no BIGINT."""

TEXT_BY_BYTES: Any = Text().with_variant(Text(collation="C"), "postgresql")
"""Ordered by UTF-8 bytes on both, whatever the locale of a PostgreSQL cluster is."""

STRICT = {"sqlite_strict": True}
KEYED = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""For tables whose key is no integer: without a hidden rowid there is none to clash on."""


class Table(SQLModel, registry=registry()):
    """A metadata of our own, so that no other library's tables are made with ours."""


class Meta(Table, table=True):
    """Which program and which version the database is of."""

    __tablename__: ClassVar[Any] = "meta"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(sa_type=Text)


class EntryTable(Table, table=True):
    """The journal: exact bytes of each entry, under its number and its key."""

    __tablename__: ClassVar[Any] = "entries"
    __table_args__ = (
        Index("entries_campaign", "campaign", "seq"),
        Index("entries_kind", "kind", "seq"),
        STRICT,
    )
    seq: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    key: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    campaign: str = Field(sa_type=Text)
    recorded_at: str = Field(sa_type=Text)
    data: bytes = Field(sa_type=LargeBinary)
    hash: str = Field(sa_type=Text)
    transfers: int = Field(sa_type=LONG)


class TransferTable(Table, table=True):
    """One row a transfer: balanced by construction."""

    __tablename__: ClassVar[Any] = "transfers"
    __table_args__ = (CheckConstraint(f"amount between 1 and {MAX_AMOUNT}"), KEYED)
    seq: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    debit: str = Field(sa_type=Text)
    credit: str = Field(sa_type=Text)
    asset: str = Field(sa_type=Text)
    amount: int = Field(sa_type=LONG)


class ObservationTable(Table, table=True):
    """What was seen in the world, in the order in which it was seen."""

    __tablename__: ClassVar[Any] = "observations"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    at: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    data: bytes = Field(sa_type=LargeBinary)


class AuditTable(Table, table=True):
    """Who did what at the desk."""

    __tablename__: ClassVar[Any] = "audit"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    at: str = Field(sa_type=Text)
    user_id: int | None = Field(sa_type=LONG, nullable=True)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)


class HeaderTable(Table, table=True):
    """Block headers that were proven, 80 bytes each."""

    __tablename__: ClassVar[Any] = "headers"
    __table_args__ = (STRICT,)
    height: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    raw: bytes = Field(sa_type=LargeBinary)


class ProgressTable(Table, table=True):
    """How far the chain has been looked at."""

    __tablename__: ClassVar[Any] = "progress"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(sa_type=Text)


class ShelfTable(Table, table=True):
    """Projections: every row can be folded again from the journal and the observations."""

    __tablename__: ClassVar[Any] = "shelf"
    __table_args__ = (KEYED,)
    space: str = Field(primary_key=True, sa_type=TEXT_BY_BYTES)
    key: str = Field(primary_key=True, sa_type=TEXT_BY_BYTES)
    value: bytes = Field(sa_type=LargeBinary)


class UserTable(Table, table=True):
    """People of the desk; their names are in no entry."""

    __tablename__: ClassVar[Any] = "users"
    __table_args__ = (STRICT,)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    name: str = Field(sa_type=Text, unique=True)
    role: str = Field(sa_type=Text)
    disabled: int = Field(sa_type=LONG)
    at: str = Field(sa_type=Text)


class TokenTable(Table, table=True):
    """Hashes of tokens; a token itself is shown once and kept nowhere."""

    __tablename__: ClassVar[Any] = "tokens"
    __table_args__ = (Index("tokens_user", "user_id"), STRICT)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")
    name: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text, unique=True)
    at: str = Field(sa_type=Text)
    revoked: int = Field(sa_type=LONG)


class AuthorTable(Table, table=True):
    """Who recorded an entry: beside the journal, never in it."""

    __tablename__: ClassVar[Any] = "authors"
    __table_args__ = (STRICT,)
    seq: int = Field(
        primary_key=True, sa_type=LONG, foreign_key="entries.seq", sa_column_kwargs={"autoincrement": False}
    )
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")


class DraftTable(Table, table=True):
    """Explanations given before what they explain has settled."""

    __tablename__: ClassVar[Any] = "drafts"
    __table_args__ = (Index("drafts_open", "outcome", "waits_for"), STRICT)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    campaign: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    data: bytes = Field(sa_type=LargeBinary)
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")
    waits_for: str | None = Field(sa_type=Text, nullable=True)
    at: str = Field(sa_type=Text)
    outcome: str | None = Field(sa_type=Text, nullable=True)


class OpeningTable(Table, table=True):
    """Openings of private values; deleting one leaves only its commitment."""

    __tablename__: ClassVar[Any] = "openings"
    __table_args__ = (KEYED,)
    commitment: str = Field(primary_key=True, sa_type=Text)
    salt: bytes = Field(sa_type=LargeBinary)
    value: bytes = Field(sa_type=LargeBinary)


class AddressTable(Table, table=True):
    """Addresses of campaigns; each is given out once, ever."""

    __tablename__: ClassVar[Any] = "addresses"
    __table_args__ = (
        Index("addresses_next", "campaign", "branch", "idx"),
        Index("addresses_given", "given_at"),
        UniqueConstraint("address"),
        UniqueConstraint("claim"),
        KEYED,
    )
    script: bytes = Field(primary_key=True, sa_type=LargeBinary)
    address: str = Field(sa_type=Text)
    campaign: str = Field(sa_type=Text)
    branch: str = Field(sa_type=Text)
    idx: int = Field(sa_type=LONG)
    source: str = Field(sa_type=Text)
    given_at: str | None = Field(sa_type=Text, nullable=True)
    claim: str | None = Field(sa_type=Text, nullable=True)
    used: int = Field(sa_type=LONG)
    restriction: str | None = Field(sa_type=Text, nullable=True)


class EvidenceTable(Table, table=True):
    """Papers, named by the SHA-256 of their bytes."""

    __tablename__: ClassVar[Any] = "evidence"
    __table_args__ = (KEYED,)
    sha256: str = Field(primary_key=True, sa_type=Text)
    media_type: str = Field(sa_type=Text)
    data: bytes = Field(sa_type=LargeBinary)


class LeaseTable(Table, table=True):
    """Who leads; the epoch grows with each new leader."""

    __tablename__: ClassVar[Any] = "leases"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = Field(sa_type=Text)
    epoch: int = Field(sa_type=LONG)
    until: int = Field(sa_type=LONG)


METADATA = Table.metadata
