"""The journal: entries with their exact bytes, the transfers that they are made of, and who recorded them.

Append-only, guarded by the database (ledger/store/guards.py). Everything in the model is folded from these rows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, LargeBinary, column
from sqlmodel import Field, Index

from ledger.core.entry import OutOfOrder
from ledger.core.money import MAX_AMOUNT
from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class EntryRow(Table, table=True):
    """One fact: its exact bytes under its number and its key. `transfers` is how many it has.

    `date` is the accounting day, `day` the one on which it happened as it was told, none for what tells no day, such
    as a product. `out_of_order`: why that is before the day of what the fact rests on.
    """

    __tablename__: ClassVar[Any] = "entries"
    __table_args__ = (
        Index("entries_campaign", "campaign", "seq"),
        Index("entries_kind", "kind", "seq"),
        Index(
            "entries_out_of_order",
            "campaign",
            sqlite_where=column("out_of_order").is_not(None),
            postgresql_where=column("out_of_order").is_not(None),
        ),
        one_of("out_of_order", OutOfOrder),
        STRICT,
    )
    seq: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    key: str = Field(sa_type=TEXT, unique=True)
    kind: str = Field(sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT)
    recorded_at: str = Field(sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    day: str | None = Field(default=None, sa_type=TEXT)
    out_of_order: OutOfOrder | None = Field(default=None, sa_type=Word(OutOfOrder))
    data: bytes = Field(sa_type=LargeBinary)
    hash: str = Field(sa_type=TEXT)
    transfers: int = Field(sa_type=LONG)


class TransferRow(Table, table=True):
    """One movement `(debit, credit, asset, amount)`, whole minor units: balanced by construction."""

    __tablename__: ClassVar[Any] = "transfers"
    __table_args__ = (
        CheckConstraint(f"amount between 1 and {MAX_AMOUNT}"),
        Index("transfers_debit", "debit", "asset", "seq"),
        Index("transfers_credit", "credit", "asset", "seq"),
        KEYED,
    )
    seq: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    debit: str = Field(sa_type=TEXT)
    credit: str = Field(sa_type=TEXT)
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)


class AuthorRow(Table, table=True):
    """Who recorded an entry: beside the journal, never in it."""

    __tablename__: ClassVar[Any] = "authors"
    __table_args__ = (STRICT,)
    seq: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq")
    user_id: int = Field(sa_type=LONG, foreign_key="users.id")


class ObservationRow(Table, table=True):
    """What was seen in the world, in the order in which it was seen."""

    __tablename__: ClassVar[Any] = "observations"
    __table_args__ = (Index("observations_subject", "subject"), STRICT)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    at: str = Field(sa_type=TEXT)
    source: str = Field(sa_type=TEXT)
    kind: str = Field(sa_type=TEXT)
    subject: str = Field(sa_type=TEXT)
    data: bytes = Field(sa_type=LargeBinary)
