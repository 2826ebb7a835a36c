"""Coins at exchanges: what was sent there to be sold, what came back unsold, and what was kept for holding it."""

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


class WithdrawalRow(Proposal, table=True):
    """`amount` sats came back from `exchange` as the coin `outpoint`, and it took `fee` beside."""

    __tablename__: ClassVar[Any] = "withdrawals"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("withdrawals_status", "campaign", "status"),
        Index("withdrawals_outpoint", "campaign", "outpoint"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    exchange: str = Field(sa_type=TEXT)
    outpoint: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)


class CustodyFeeRow(Proposal, table=True):
    """`exchange` took `amount` sats of the coins that lie there, for keeping them."""

    __tablename__: ClassVar[Any] = "custody_fees"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("custody_fees_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    exchange: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
