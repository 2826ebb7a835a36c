"""What one unit of a currency was in another, on a day, by whom: recorded by a person, or read from a file.

Model: folded from the entries of `ledger/rules/exchange_rates.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.model.columns import FLAG, STRICT, TEXT
from ledger.model.recorded import Recorded


class ExchangeRateRow(Recorded, table=True):
    """`price` units of `currency` for one of `base`, an exact decimal, as `source` had it on the day `rate_date`.

    `monthly`: an official rate of that month.
    """

    __tablename__: ClassVar[Any] = "exchange_rates"
    __table_args__ = (
        Index("exchange_rates_base", "campaign", "base", "rate_date"),
        Index("exchange_rates_currency", "campaign", "currency", "rate_date"),
        STRICT,
    )
    base: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    price: str = Field(sa_type=TEXT)
    source: str = Field(sa_type=TEXT)
    monthly: bool = Field(sa_type=FLAG)
    rate_date: str = Field(sa_type=TEXT)
