"""Accounting periods, and the balances that closing one froze.

Model: folded from the entries of `ledger/rules/periods.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class PeriodRow(Proposal, table=True):
    """The days from `first` to `last`, both included, that somebody wants closed, on the day `document_date`.

    Approved, they are closed; a reversal opens them again.
    """

    __tablename__: ClassVar[Any] = "periods"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("periods_last", "campaign", "status", "last"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    first: str = Field(sa_type=TEXT)
    last: str = Field(sa_type=TEXT)


class PeriodClosingRow(Table, table=True):
    """That a period was closed, booked on `date`: the approval, which froze its balances.

    `through` is the last entry that the balances count, `scanned` the last one before which no entry waits for a later
    period. It stays when the period is opened again.
    """

    __tablename__: ClassVar[Any] = "period_closings"
    __table_args__ = (UniqueConstraint("period_entry"), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    period_entry: int = Field(sa_type=LONG, foreign_key="periods.entry")
    date: str = Field(sa_type=TEXT)
    through: int = Field(sa_type=LONG)
    scanned: int = Field(sa_type=LONG)


class PeriodBalanceRow(Table, table=True):
    """What an account held of an asset before and at the end of a period, minor units; below zero is a credit."""

    __tablename__: ClassVar[Any] = "period_balances"
    __table_args__ = (KEYED,)
    closing_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="period_closings.entry"
    )
    account: str = Field(primary_key=True, sa_type=TEXT)
    asset: str = Field(primary_key=True, sa_type=TEXT)
    opening: int = Field(sa_type=LONG)
    closing: int = Field(sa_type=LONG)
