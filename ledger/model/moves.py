"""Moves between a campaign's own places: from bank to bank, or coins to another of its addresses."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class MoveRow(Proposal, table=True):
    """`amount` arrived and `fee` was charged, minor units of `asset`; both banks are named, or the spend `txid`."""

    __tablename__: ClassVar[Any] = "moves"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("moves_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    from_bank: str | None = Field(default=None, sa_type=TEXT)
    to_bank: str | None = Field(default=None, sa_type=TEXT)
    txid: str | None = Field(default=None, sa_type=TEXT)
    need: str | None = Field(default=None, sa_type=TEXT)
