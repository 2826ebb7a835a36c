"""Openings: what stood on the day from which the books follow a campaign that began before.

A row says where an opening stands; its rows are in the entry that proposed it, and what they brought lies where such
things lie. Coins at exchanges are rows of their own: each has a day by which it is to be sold.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class OpeningRow(Proposal, table=True):
    """What stood at the end of the day `document_date`; the same day books it."""

    __tablename__: ClassVar[Any] = "campaign_openings"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("campaign_openings_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )


class OpenedCoinsRow(Table, table=True):
    """`amount` sats that lay at `exchange` at the end of the opening's day, to be sold by the day `until`."""

    __tablename__: ClassVar[Any] = "opened_coins"
    __table_args__ = (KEYED,)
    opening_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="campaign_openings.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    exchange: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    until: str = Field(sa_type=TEXT)
