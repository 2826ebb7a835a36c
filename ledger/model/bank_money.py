"""What happens to money at a bank beside gifts and payments: the bank's own fees and interest, an exchange between two
currencies, and a gift that was charged back.

Model: folded from the entries of `ledger/rules/bank_fees.py`, `interest.py`, `exchanges.py` and `charge_backs.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from ledger.model.columns import LONG, STRICT, TEXT, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus
from ledger.model.recorded import Paper


class BankFeeCause(StrEnum):
    """Why a bank, a wallet or a box holds less than was put there."""

    ACCOUNT = "account"  # for keeping the account
    SERVICE = "service"  # for a cheque book, a statement, a returned payment
    TAX = "tax"  # that the bank keeps for the state
    SHORTAGE = "shortage"  # a cash box was counted, and this was not there


class BankFeeRow(Proposal, table=True):
    """`amount` minor units of `currency` that a bank took for itself."""

    __tablename__: ClassVar[Any] = "bank_fees"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("cause", BankFeeCause),
        one_of("status", ProposalStatus),
        STRICT,
    )
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    cause: BankFeeCause = Field(sa_type=Word(BankFeeCause))


class InterestRow(Paper, table=True):
    """`amount` minor units of `currency` that a bank paid for what lay there: no gift, and for any end."""

    __tablename__: ClassVar[Any] = "interest"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)


class ExchangeRow(Proposal, table=True):
    """`sold` minor units of `currency` became `bought` of `into`; `fee` was charged in the currency sold."""

    __tablename__: ClassVar[Any] = "exchanges"
    __table_args__ = (UniqueConstraint("campaign", "number"), one_of("status", ProposalStatus), STRICT)
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    sold: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
    to_bank: str = Field(sa_type=TEXT)
    into: str = Field(sa_type=TEXT)
    bought: int = Field(sa_type=LONG)
    need: str | None = Field(default=None, sa_type=TEXT)


class ChargeBackRow(Proposal, table=True):
    """`amount` minor units of a contribution that its bank took back; `shortfall` of it had been used."""

    __tablename__: ClassVar[Any] = "charge_backs"
    __table_args__ = (UniqueConstraint("campaign", "number"), one_of("status", ProposalStatus), STRICT)
    gift_entry: int = Field(sa_type=LONG, foreign_key="contributions.entry")
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    shortfall: int = Field(default=0, sa_type=LONG)


class TaxPaymentRow(Proposal, table=True):
    """`amount` minor units of withheld tax that went to the tax office."""

    __tablename__: ClassVar[Any] = "tax_payments"
    __table_args__ = (UniqueConstraint("campaign", "number"), one_of("status", ProposalStatus), STRICT)
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
