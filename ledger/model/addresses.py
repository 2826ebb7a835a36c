"""Addresses of campaigns: which are watched, and which was given out; each is given out once, ever.

An operating table: addresses come from the configuration and from donors who ask, not from the journal.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, TEXT, Table


class AddressRow(Table, table=True):
    """An address by its script. `branch` is receive, change or fixed; `source` a descriptor, or `list`.

    `claim` is the hash of a claim code; `restriction` the number of the need that all it receives is restricted to.
    """

    __tablename__: ClassVar[Any] = "addresses"
    __table_args__ = (
        Index("addresses_next", "campaign", "branch", "idx"),
        Index("addresses_given", "given_at"),
        UniqueConstraint("address"),
        UniqueConstraint("claim"),
        KEYED,
    )
    script: bytes = Field(primary_key=True, sa_type=LargeBinary)
    address: str = Field(sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT)
    branch: str = Field(sa_type=TEXT)
    idx: int = Field(sa_type=LONG)
    source: str = Field(sa_type=TEXT)
    given_at: str | None = Field(default=None, sa_type=TEXT)
    claim: str | None = Field(default=None, sa_type=TEXT)
    used: int = Field(sa_type=LONG)
    restriction: str | None = Field(default=None, sa_type=TEXT)
