"""Promises of money and the gifts that fulfil them; none of it is in any total.

Model: folded from the entries of `ledger/rules/pledges.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import Numbered


class StepKind(StrEnum):
    """A pledge became binding, or what is open of it will not come."""

    COMMITTED = "committed"
    LAPSED = "lapsed"


class PledgeRow(Numbered, table=True):
    """A promise of `amount` minor units of an asset.

    `happened` is the day of the promise, which may lie before the day that it is booked on, `date`; `due` the day until
    which it was promised to come.
    """

    __tablename__: ClassVar[Any] = "pledges"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    asset: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    happened: str = Field(sa_type=TEXT)
    due: str | None = Field(default=None, sa_type=TEXT)


class PledgeMatchRow(Numbered, table=True):
    """`amount` minor units of a pledge, in its asset, were fulfilled by a gift.

    `gift` is its outpoint for coins, or `contribution:NUMBER` for money at a bank.
    """

    __tablename__: ClassVar[Any] = "pledge_matches"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("pledge_matches_pledge", "pledge_entry"),
        Index("pledge_matches_gift", "campaign", "gift"),
        STRICT,
    )
    pledge_entry: int = Field(sa_type=LONG, foreign_key="pledges.entry")
    gift: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)


class PledgeStepRow(Table, table=True):
    """What was told of a pledge: of each step at most one stands, the others are reversed."""

    __tablename__: ClassVar[Any] = "pledge_steps"
    __table_args__ = (Index("pledge_steps_pledge", "pledge_entry", "step"), one_of("step", StepKind), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    pledge_entry: int = Field(sa_type=LONG, foreign_key="pledges.entry")
    step: StepKind = Field(sa_type=Word(StepKind))
    date: str = Field(sa_type=TEXT)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
