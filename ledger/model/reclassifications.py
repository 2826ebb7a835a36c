"""Reclassifications: money that serves another end than it was given for, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class Reason(StrEnum):
    """Why money serves another end from now on."""

    DONORS_AGREED = "donors_agreed"
    NEED_MET = "need_met"
    NEED_WITHDRAWN = "need_withdrawn"
    SET_ASIDE = "set_aside"  # unrestricted money is kept for a need
    EXCHANGED = "exchanged"  # units of a transaction go back, and others take their place


class ReclassificationRow(Proposal, table=True):
    """`amount` minor units of `asset`, restricted to `need` (none: for any end), serve `to_need` (none: any).

    `txid` names the spend that carried them away, if one did; `paper` the SHA-256 of what shows the reason.
    """

    __tablename__: ClassVar[Any] = "reclassifications"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("reclassifications_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        one_of("reason", Reason),
        STRICT,
    )
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    need: str | None = Field(default=None, sa_type=TEXT)
    to_need: str | None = Field(default=None, sa_type=TEXT)
    txid: str | None = Field(default=None, sa_type=TEXT)
    reason: Reason = Field(sa_type=Word(Reason))
    paper: str | None = Field(default=None, sa_type=TEXT)
