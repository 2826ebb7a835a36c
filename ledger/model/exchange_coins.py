"""Coins at exchanges: what was sent there to be sold."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class DepositRow(Proposal, table=True):
    """The spend `txid` brought `amount` sats to `exchange`, and took `network_fee` beside.

    They are to be sold by the day `until`. `need`: coins restricted to it went first, where this was told before they
    settled.
    """

    __tablename__: ClassVar[Any] = "deposits"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("deposits_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    txid: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    network_fee: int = Field(sa_type=LONG)
    exchange: str = Field(sa_type=TEXT)
    until: str = Field(sa_type=TEXT)
    need: str | None = Field(default=None, sa_type=TEXT)
