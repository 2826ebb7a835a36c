"""The columns of what one person records: the entry that recorded it, whose it is, its day, and what took it back.

No tables by themselves: a noun's own table adds its facts, and says what is unique. What two people decide has more,
in `proposals`.
"""

from __future__ import annotations

from sqlmodel import Field

from ledger.model.columns import LONG, NO_SEQUENCE, TEXT, Table


class Recorded(Table):
    """`date` is the accounting date; `reversed_by` the entry of the reversal, none while the fact stands."""

    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    date: str = Field(sa_type=TEXT)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class Numbered(Recorded):
    """With the number that people call it by in its campaign."""

    number: str = Field(sa_type=TEXT)


class Paper(Numbered):
    """A document: `happened` is the day on it, where it was booked on another."""

    happened: str | None = Field(default=None, sa_type=TEXT)


class LotLine(Table):
    """The n-th lot on a paper (`entry`, as a table of these says): `quantity` pieces of it."""

    entry: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)
