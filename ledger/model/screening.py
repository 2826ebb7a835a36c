"""Lists of sanctioned addresses as they were loaded.

Model: folded from the entries of `ledger/rules/sanctions_lists.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table
from ledger.model.recorded import Recorded


class SanctionsListRow(Recorded, table=True):
    """The list `name` as its publisher had it on `list_date`, from `source`; `sha256` is that of the file, if any."""

    __tablename__: ClassVar[Any] = "sanctions_lists"
    __table_args__ = (Index("sanctions_lists_name", "campaign", "name", "list_date"), STRICT)
    name: str = Field(sa_type=TEXT)
    list_date: str = Field(sa_type=TEXT)
    source: str = Field(sa_type=TEXT)
    sha256: str | None = Field(default=None, sa_type=TEXT)
    at: str = Field(sa_type=TEXT)  # when it was recorded


class ListedAddressRow(Table, table=True):
    """An address on a list, and the script (hex) that it stands for, by which it is compared."""

    __tablename__: ClassVar[Any] = "sanctions_list_addresses"
    __table_args__ = (KEYED,)
    list_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="sanctions_lists.entry"
    )
    script: str = Field(primary_key=True, sa_type=TEXT)
    address: str = Field(sa_type=TEXT)
