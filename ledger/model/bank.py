"""What banks say: statements, their lines, and which line is the money of which entry.

Model: folded from the entries of `ledger/rules/bank.py`. The words of a line lie in `openings`; here is their hash.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class Direction(StrEnum):
    """Did a line's money come in, or go out?"""

    IN = "in"
    OUT = "out"


class BankLineRow(Table, table=True):
    """One booked line: `amount` minor units that came in or went out on the day `booked`.

    `identity` names it; `reference` commits to the bank's own reference, `text` to its words, where it has any.
    `file` is the hash of the file that told of it first. `matched` of the amount is the money of entries; `aside_by`
    is the entry that said it is none of this campaign's.
    """

    __tablename__: ClassVar[Any] = "bank_lines"
    __table_args__ = (
        UniqueConstraint("campaign", "identity"),
        Index("bank_lines_bank", "campaign", "bank", "currency", "booked"),
        one_of("direction", Direction),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    identity: str = Field(sa_type=TEXT)
    direction: Direction = Field(sa_type=Word(Direction))
    amount: int = Field(sa_type=LONG)
    booked: str = Field(sa_type=TEXT)
    text: str | None = Field(default=None, sa_type=TEXT)
    reference: str | None = Field(default=None, sa_type=TEXT)
    file: str | None = Field(default=None, sa_type=TEXT)
    at: str = Field(sa_type=TEXT)  # when it was recorded
    matched: int = Field(default=0, sa_type=LONG)
    aside_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class BankStatementRow(Table, table=True):
    """A statement as its file says, minor units: `opening` + `came` - `went` = `closing`.

    `sha256` is the hash of the file, `part` its n-th statement, `lines` how many it has.
    """

    __tablename__: ClassVar[Any] = "bank_statements"
    __table_args__ = (Index("bank_statements_bank", "campaign", "bank", "currency", "last"), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    sha256: str = Field(sa_type=TEXT)
    part: int = Field(sa_type=LONG)
    opening: int = Field(sa_type=LONG)
    came: int = Field(sa_type=LONG)
    went: int = Field(sa_type=LONG)
    closing: int = Field(sa_type=LONG)
    lines: int = Field(sa_type=LONG)
    first: str = Field(sa_type=TEXT)
    last: str = Field(sa_type=TEXT)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class BankMatchRow(Table, table=True):
    """`amount` minor units of a line are money that the entry `of` moved at the line's bank."""

    __tablename__: ClassVar[Any] = "bank_matches"
    __table_args__ = (
        Index("bank_matches_line", "line_entry"),
        Index("bank_matches_of", "of", "bank"),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    line_entry: int = Field(sa_type=LONG, foreign_key="bank_lines.entry")
    of: int = Field(sa_type=LONG, foreign_key="entries.seq")
    bank: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
