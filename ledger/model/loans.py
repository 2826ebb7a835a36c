"""Loans between the funds of two campaigns, and what was paid back of them."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class LoanRow(Proposal, table=True):
    """`amount` minor units of `asset` went into the fund of `borrower`; the bank charged `fee` beside them.

    Both banks are named, or the spend `txid` whose coins went; what the borrower has to explain of that is the spend
    whose entry is the loan's approval.
    """

    __tablename__: ClassVar[Any] = "loans"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("loans_status", "campaign", "status"),
        Index("loans_borrower", "borrower", "asset"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    borrower: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    bank: str | None = Field(default=None, sa_type=TEXT)
    to_bank: str | None = Field(default=None, sa_type=TEXT)
    txid: str | None = Field(default=None, sa_type=TEXT)


class RepaymentRow(Proposal, table=True):
    """`amount` minor units of `asset` went from the borrower's `bank` to the lender's; `campaign` is the borrower.

    `settles` of the loan that pays off, minor units of the loan's asset, where that is another.
    """

    __tablename__: ClassVar[Any] = "repayments"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("repayments_status", "campaign", "status"),
        Index("repayments_loan", "loan_entry", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    loan_entry: int = Field(sa_type=LONG, foreign_key="loans.entry")
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    settles: int | None = Field(default=None, sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    bank: str = Field(sa_type=TEXT)
    to_bank: str = Field(sa_type=TEXT)

    @property
    def settled(self) -> int:
        """What of the loan it pays off, minor units of the loan's asset."""
        return self.amount if self.settles is None else self.settles
