"""The rows of projections that have no table of their own yet, as bytes under a space and a key."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field

from ledger.model.columns import KEYED, TEXT, Table


class ShelfRow(Table, table=True):
    """Projections: every row can be folded again from the journal and the observations."""

    __tablename__: ClassVar[Any] = "shelf"
    __table_args__ = (KEYED,)
    space: str = Field(primary_key=True, sa_type=TEXT)
    key: str = Field(primary_key=True, sa_type=TEXT)
    value: bytes = Field(sa_type=LargeBinary)
