"""The desk's own tables: users, roles, limits, tokens, drafts, openings of private values, the audit log.

Operating tables: nothing here is folded from the journal, nothing is public, and none points into the model.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field, Index

from ledger.core.roles import Role, Scope
from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class UserRow(Table, table=True):
    """People of the desk; their names are in no entry."""

    __tablename__: ClassVar[Any] = "users"
    __table_args__ = (STRICT,)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    name: str = Field(sa_type=TEXT, unique=True)
    disabled: bool = Field(default=False, sa_type=FLAG)
    at: str = Field(sa_type=TEXT)


class TokenRow(Table, table=True):
    """Hashes of tokens; a token itself is shown once and kept nowhere.

    What it may do, and where, say the rows of `token_scopes` and `token_campaigns`; without one it may nothing.
    """

    __tablename__: ClassVar[Any] = "tokens"
    __table_args__ = (Index("tokens_user", "user_id"), STRICT)
    id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")
    name: str = Field(sa_type=TEXT)
    hash: str = Field(sa_type=TEXT, unique=True)
    at: str = Field(sa_type=TEXT)
    until: str | None = Field(default=None, sa_type=TEXT)
    revoked: bool = Field(default=False, sa_type=FLAG)


class TokenScopeRow(Table, table=True):
    """A scope of a token: what it may do of all that the roles of its user allow."""

    __tablename__: ClassVar[Any] = "token_scopes"
    __table_args__ = (one_of("scope", Scope), KEYED)
    token_id: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="tokens.id"
    )
    scope: Scope = Field(primary_key=True, sa_type=Word(Scope))


class TokenCampaignRow(Table, table=True):
    """A campaign that a token is for; `campaign` is empty for all in which its user has a role."""

    __tablename__: ClassVar[Any] = "token_campaigns"
    __table_args__ = (KEYED,)
    token_id: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="tokens.id"
    )
    campaign: str = Field(primary_key=True, sa_type=TEXT)


class UserRoleRow(Table, table=True):
    """A role that a user has in a campaign; `campaign` is empty for all of them."""

    __tablename__: ClassVar[Any] = "user_roles"
    __table_args__ = (one_of("role", Role), KEYED)
    user_id: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="users.id")
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    role: Role = Field(primary_key=True, sa_type=Word(Role))
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

    `refusal` is the message why the ledger did not take one, the last time.
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
    refusal: str | None = Field(default=None, sa_type=TEXT, foreign_key="messages.key")


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
