"""Reversals: which entry was undone, by which one, and why."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field

from ledger.model.columns import LONG, NO_SEQUENCE, STRICT, TEXT, Table


class ReversalRow(Table, table=True):
    """An entry that undoes another; each is undone at most once."""

    __tablename__: ClassVar[Any] = "reversals"
    __table_args__ = (STRICT,)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    reversed_entry: int = Field(sa_type=LONG, foreign_key="entries.seq", unique=True)
    reason: str = Field(sa_type=TEXT)
