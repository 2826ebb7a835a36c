"""Returns of gifts: what went back to a donor, how, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class ReturnReason(StrEnum):
    """Why a gift went back."""

    ASKED = "asked"
    MISTAKE = "mistake"
    SCREENING = "screening"
    RESTRICTION = "restriction"
    OTHER = "other"


class GiftReturnRow(Proposal, table=True):
    """`amount` of a gift went back and `fee` was charged on the way, minor units of `asset`, the gift's own.

    `gift` is its outpoint, or `contribution:NUMBER`. The `bank` that paid is named, or the spend `txid` of coins.
    """

    __tablename__: ClassVar[Any] = "gift_returns"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("gift_returns_status", "campaign", "status"),
        Index("gift_returns_gift", "campaign", "gift"),
        one_of("status", ProposalStatus),
        one_of("reason", ReturnReason),
        STRICT,
    )
    gift: str = Field(sa_type=TEXT)
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    bank: str | None = Field(default=None, sa_type=TEXT)
    txid: str | None = Field(default=None, sa_type=TEXT)
    reason: ReturnReason = Field(sa_type=Word(ReturnReason))

    @property
    def out(self) -> int:
        """All that left."""
        return self.amount + self.fee
