"""Covers: what makes good for the use of a gift, or of a spend's coins, that a bank or the chain took back.

Model: folded from the entries of `ledger/rules/covers.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from ledger.model.columns import LONG, STRICT, TEXT, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class CoverRow(Proposal, table=True):
    """`amount` minor units of `asset` that cover a shortfall.

    Of a charge-back they were put into `bank`. Of a gift in coins (`gift_entry`) they are units of the top-up `coin`
    (`TXID:VOUT`). Of a spend that was undone (`spend_entry`) the spend `instead_entry` left in its place, none where
    nothing had been made of it. `ended_by`: the entry by which the gift or the spend settled again.
    """

    __tablename__: ClassVar[Any] = "covers"
    __table_args__ = (UniqueConstraint("campaign", "number"), one_of("status", ProposalStatus), STRICT)
    charge_back_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="charge_backs.entry")
    bank: str | None = Field(default=None, sa_type=TEXT)
    gift_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="gifts.entry")
    coin: str | None = Field(default=None, sa_type=TEXT)
    spend_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="spends.entry")
    instead_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="spends.entry")
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    ended_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
