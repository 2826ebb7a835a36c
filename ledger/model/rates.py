"""What one bitcoin was quoted at, by whom, of which moment.

Model: folded from the entries of `ledger/rules/rates.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table


class RateRow(Table, table=True):
    """Quotes of a day (UTC), or of the minute of that day which begins at `at`, Unix seconds."""

    __tablename__: ClassVar[Any] = "rates"
    __table_args__ = (Index("rates_moment", "campaign", "currency", "date", "at"), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    currency: str = Field(sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    at: int | None = Field(default=None, sa_type=LONG)


class RateQuoteRow(Table, table=True):
    """A price of one bitcoin in minor units of the rate's currency, and who quoted it.

    Where a program asked: the `pair`, the moment of the answer's trade or candle (`at`, Unix seconds), its price in
    US cents (`cents`) where that is another currency's, and the hash of the answer's bytes.
    """

    __tablename__: ClassVar[Any] = "rate_quotes"
    __table_args__ = (KEYED,)
    rate: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="rates.entry")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    source: str = Field(sa_type=TEXT)
    price: int = Field(sa_type=LONG)
    pair: str | None = Field(default=None, sa_type=TEXT)
    at: int | None = Field(default=None, sa_type=LONG)
    cents: int | None = Field(default=None, sa_type=LONG)
    sha256: str | None = Field(default=None, sa_type=TEXT)
