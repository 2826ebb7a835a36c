"""Conversions: coins sold for money at an exchange, the fills that it told, and what each use of the coins sold."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class ConversionRow(Proposal, table=True):
    """`sold` sats of the spend `txid`, which took `network_fee` beside, for `proceeds` at `bank`.

    Without a `txid` they lay at `exchange`; `reference` is what the exchange calls the sale. `proceeds` and
    `exchange_fee` are minor units of `currency`; `quote` is the price of one bitcoin that was quoted before, in those.
    `need`: coins restricted to it went first, where this was told before they settled.
    """

    __tablename__: ClassVar[Any] = "conversions"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("conversions_status", "campaign", "status"),
        Index("conversions_reference", "campaign", "exchange", "reference"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    txid: str | None = Field(default=None, sa_type=TEXT)
    reference: str | None = Field(default=None, sa_type=TEXT)
    sold: int = Field(sa_type=LONG)
    network_fee: int = Field(sa_type=LONG)
    currency: str = Field(sa_type=TEXT)
    proceeds: int = Field(sa_type=LONG)
    exchange_fee: int = Field(sa_type=LONG)
    exchange: str = Field(sa_type=TEXT)
    bank: str = Field(sa_type=TEXT)
    quote: int | None = Field(default=None, sa_type=LONG)
    need: str | None = Field(default=None, sa_type=TEXT)


class ConversionFillRow(Table, table=True):
    """The n-th partial execution that the exchange told of; they sum to the conversion. None where it sold at once."""

    __tablename__: ClassVar[Any] = "conversion_fills"
    __table_args__ = (KEYED,)
    conversion_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="conversions.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    sold: int = Field(sa_type=LONG)
    proceeds: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)


class ConversionSaleRow(Table, table=True):
    """What one use of an approved conversion sold: a fill, or the part of it that was of one restriction.

    It stays when the conversion is reversed, whose status says so.
    """

    __tablename__: ClassVar[Any] = "conversion_sales"
    __table_args__ = (UniqueConstraint("use"), KEYED)
    conversion_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="conversions.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    use: str = Field(sa_type=TEXT)
    sold: int = Field(sa_type=LONG)
    proceeds: int = Field(sa_type=LONG)
    fee: int = Field(sa_type=LONG)
