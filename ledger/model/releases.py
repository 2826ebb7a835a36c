"""Releases: a blocked gift may be spent again, when a second person approves it."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class ReleaseRow(Proposal, table=True):
    """One person asked that the block `block_entry` is lifted; it holds no units, for the block does."""

    __tablename__: ClassVar[Any] = "gift_releases"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("gift_releases_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    block_entry: int = Field(sa_type=LONG, foreign_key="gift_blocks.entry")
