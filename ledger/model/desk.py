"""The desk's own tables: users, roles, limits, tokens, drafts, openings of private values, the audit log.

Operating tables: nothing here is folded from the journal, nothing is public, and none points into the model.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table


class UserRow(Table, table=True):
    """People of the desk; their names are in no entry."""

    __tablename__: ClassVar[Any] = "users"
    __table_args__ = (STRICT,)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    name: str = Field(sa_type=TEXT, unique=True)
    disabled: int = Field(sa_type=LONG)
    at: str = Field(sa_type=TEXT)


class TokenRow(Table, table=True):
    """Hashes of tokens; a token itself is shown once and kept nowhere."""

    __tablename__: ClassVar[Any] = "tokens"
    __table_args__ = (Index("tokens_user", "user_id"), STRICT)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")
    name: str = Field(sa_type=TEXT)
    hash: str = Field(sa_type=TEXT, unique=True)
    at: str = Field(sa_type=TEXT)
    until: str | None = Field(default=None, sa_type=TEXT)
    scopes: str = Field(sa_type=TEXT)
    """What it may do: scopes with a space between two, as OAuth writes them (RFC 6749, 3.3)."""
    campaigns: str | None = Field(default=None, sa_type=TEXT)
    """Where: slugs with a space between two; null for every campaign in which its user has a role."""
    revoked: int = Field(sa_type=LONG)


class UserRoleRow(Table, table=True):
    """A role that a user has in a campaign; `campaign` is empty for all of them."""

    __tablename__: ClassVar[Any] = "user_roles"
    __table_args__ = (KEYED,)
    user_id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="users.id")
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    role: str = Field(primary_key=True, sa_type=TEXT)
    until: str | None = Field(default=None, sa_type=TEXT)
    """Its last day; null where it has none."""


class UserLimitRow(Table, table=True):
    """The most that a person may approve in a currency, minor units: who it binds is nobody else's business."""

    __tablename__: ClassVar[Any] = "user_limits"
    __table_args__ = (KEYED,)
    user_id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="users.id")
    currency: str = Field(primary_key=True, sa_type=TEXT)
    most: int = Field(sa_type=LONG)


class DraftRow(Table, table=True):
    """Explanations given before what they explain has settled; `data` is the facts as told, JSON.

    `refusal` is why the ledger did not take one, the last time: a wording as JSON.
    """

    __tablename__: ClassVar[Any] = "drafts"
    __table_args__ = (Index("drafts_open", "outcome", "waits_for"), STRICT)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    kind: str = Field(sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT)
    key: str = Field(sa_type=TEXT)
    data: bytes = Field(sa_type=LargeBinary)
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")
    waits_for: str | None = Field(default=None, sa_type=TEXT)
    at: str = Field(sa_type=TEXT)
    outcome: str | None = Field(default=None, sa_type=TEXT)
    refusal: str | None = Field(default=None, sa_type=TEXT)


class OpeningRow(Table, table=True):
    """Openings of private values; deleting one leaves only its commitment."""

    __tablename__: ClassVar[Any] = "openings"
    __table_args__ = (KEYED,)
    commitment: str = Field(primary_key=True, sa_type=TEXT)
    salt: bytes = Field(sa_type=LargeBinary)
    value: bytes = Field(sa_type=LargeBinary)


class AuditRow(Table, table=True):
    """Who did what at the desk; append-only."""

    __tablename__: ClassVar[Any] = "audit"
    __table_args__ = (STRICT,)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    at: str = Field(sa_type=TEXT)
    user_id: int | None = Field(default=None, sa_type=LONG)
    action: str = Field(sa_type=TEXT)
    subject: str = Field(sa_type=TEXT)
