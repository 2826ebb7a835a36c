"""What banks say: statements, their lines, and which line is the money of which entry; what was decided of both.

Model: folded from the entries of `ledger/rules/bank*.py`, and what every entry moved at a bank beside them. The words
of a line lie in `openings`; here is their hash.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.core.roles import Role
from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class Direction(StrEnum):
    """Did a line's money come in, or go out?"""

    IN = "in"
    OUT = "out"


class Account(StrEnum):
    """Whose money lies in an account, and what tells of it."""

    OWN = "own"  # a fund's alone: each of its lines is an entry
    SHARED = "shared"  # others' money lies in it too
    CASH = "cash"  # a box that two people count; nothing tells of its movements
    ADVANCE = "advance"  # money that a partner or carrier holds, and accounts for by a day
    VAT = "vat"  # value added tax that suppliers were paid, and that a tax office gives back by a day


class Instrument(StrEnum):
    """What is under way to a bank or from it, and on no statement yet."""

    CHEQUE = "cheque"
    TRANSFER = "transfer"
    MONEY_ORDER = "money_order"
    CARD = "card"
    DEPOSIT = "deposit"


class BankLineRow(Table, table=True):
    """One booked line: `amount` minor units that came in or went out on the day `booked`.

    `identity` names it; `reference` commits to the bank's own reference, `text` to its words, where it has any.
    `file` is the hash of the file that told of it first. `matched` of the amount is the money of entries; `aside_by`
    is the entry that approved that it is none of this campaign's.
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


class BankMovementRow(Table, table=True):
    """What an entry moved at a bank of a campaign, minor units, above zero where it came in; `matched` is on lines.

    `noun` and `reference` are what people call the fact by, `date` is the day on its paper.
    """

    __tablename__: ClassVar[Any] = "bank_movements"
    __table_args__ = (
        # All that the sums of a bank ask: its rows are not read for them.
        Index("bank_movements_bank", "campaign", "bank", "currency", "date", "reversed_by", "moved"),
        KEYED,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    bank: str = Field(primary_key=True, sa_type=TEXT)
    currency: str = Field(primary_key=True, sa_type=TEXT)
    noun: str = Field(sa_type=TEXT)
    reference: str = Field(sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    moved: int = Field(sa_type=LONG)
    matched: int = Field(default=0, sa_type=LONG)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class BankTermsRow(Table, table=True):
    """What a campaign expects of a bank since `date` by `entry`; of the bank "" what it expects of all others.

    `days` until an entry is on a statement, `statement_days` until there is another statement; None: as all. Of an
    advance, or of tax that comes back: the organisation that is its `holder`, and `until` when it accounts for it.
    """

    __tablename__: ClassVar[Any] = "bank_terms"
    __table_args__ = (one_of("account", Account), KEYED)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    bank: str = Field(primary_key=True, sa_type=TEXT)
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
    date: str = Field(sa_type=TEXT)
    account: Account = Field(sa_type=Word(Account))
    days: int | None = Field(default=None, sa_type=LONG)
    statement_days: int | None = Field(default=None, sa_type=LONG)
    holder: str | None = Field(default=None, sa_type=TEXT)
    until: str | None = Field(default=None, sa_type=TEXT)


class AsideRow(Proposal, table=True):
    """Lines of a bank that are none of a campaign's, and why; `opening` minor units of what lay there before.

    `role` is that of the person who approved it.
    """

    __tablename__: ClassVar[Any] = "bank_asides"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("status", ProposalStatus),
        one_of("role", Role),
        STRICT,
    )
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)
    opening: int = Field(default=0, sa_type=LONG)
    role: Role | None = Field(default=None, sa_type=Word(Role))


class AsideLineRow(Table, table=True):
    """A line that is set aside by the proposal `entry`."""

    __tablename__: ClassVar[Any] = "bank_aside_lines"
    __table_args__ = (Index("bank_aside_lines_line", "line_entry"), KEYED)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="bank_asides.entry"
    )
    line_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="bank_lines.entry"
    )


class OutstandingRow(Proposal, table=True):
    """What the entry `of` moved at a bank is on no statement before the day `until`, by the nature of `instrument`."""

    __tablename__: ClassVar[Any] = "bank_outstanding"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("instrument", Instrument),
        one_of("status", ProposalStatus),
        STRICT,
    )
    of: int = Field(sa_type=LONG, foreign_key="entries.seq")
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    instrument: Instrument = Field(sa_type=Word(Instrument))
    until: str = Field(sa_type=TEXT)


class CashCountRow(Proposal, table=True):
    """`counted` minor units lay in the box `bank` at the end of the day `document_date`, as two people signed."""

    __tablename__: ClassVar[Any] = "cash_counts"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("cash_counts_bank", "campaign", "bank", "currency"),
        one_of("status", ProposalStatus),
        STRICT,
    )
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    counted: int = Field(sa_type=LONG)
