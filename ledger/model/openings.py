"""Openings: what stood on the day from which the books follow a campaign that began before.

A row says where an opening stands; its rows are in the entry that proposed it, and what they brought lies where such
things lie.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Index

from ledger.model.columns import STRICT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class OpeningRow(Proposal, table=True):
    """What stood at the end of the day `told_on`; the same day books it."""

    __tablename__: ClassVar[Any] = "campaign_openings"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("campaign_openings_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
