"""How much each role may approve.

Model: folded from the entries of `ledger/rules/limits.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field

from ledger.core.roles import Role
from ledger.model.columns import KEYED, LONG, TEXT, Table, Word, one_of


class LimitRow(Table, table=True):
    """The most that a role may approve, minor units of the currency, since `date` by `entry`; None: it was lifted."""

    __tablename__: ClassVar[Any] = "limits"
    __table_args__ = (one_of("role", Role), KEYED)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    role: Role = Field(primary_key=True, sa_type=Word(Role))
    currency: str = Field(primary_key=True, sa_type=TEXT)
    most: int | None = Field(sa_type=LONG)
    date: str = Field(sa_type=TEXT)
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
