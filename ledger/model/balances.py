"""What accounts hold, and which entries are about a thing.

Folded from the transfers and facts of entries; written by SQLAlchemy Core alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.core.accounts import AccountClass
from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, TEXT, Table, Word, one_of


class BalanceRow(Table, table=True):
    """Sums of one account in one asset, whole minor units; what the account's name says stands in columns.

    `place` is the bank, the place, the order or whatever else tells a class's accounts of a campaign apart, `item` the
    order's item; empty where there is none.
    """

    __tablename__: ClassVar[Any] = "balances"
    __table_args__ = (
        one_of("kind", AccountClass),
        Index("balances_campaign", "campaign", "kind", "asset"),
        KEYED,
    )
    account: str = Field(primary_key=True, sa_type=TEXT)
    asset: str = Field(primary_key=True, sa_type=TEXT)
    kind: AccountClass = Field(sa_type=Word(AccountClass))
    campaign: str = Field(sa_type=TEXT)
    place: str = Field(sa_type=TEXT)
    item: str = Field(sa_type=TEXT)
    debits: int = Field(sa_type=LONG)
    credits: int = Field(sa_type=LONG)


class DayBalanceRow(Table, table=True):
    """What came to an account of an asset on an accounting day less what left it, whole minor units.

    Only of accounts that are never below zero: what they held at the end of a day is what they hold less all that came
    since.
    """

    __tablename__: ClassVar[Any] = "day_balances"
    __table_args__ = (KEYED,)
    account: str = Field(primary_key=True, sa_type=TEXT)
    asset: str = Field(primary_key=True, sa_type=TEXT)
    date: str = Field(primary_key=True, sa_type=TEXT)
    units: int = Field(sa_type=LONG)


class SubjectKind(StrEnum):
    GIFT = "gift"
    ORDER = "order"
    LOT = "lot"


class EntrySubjectRow(Table, table=True):
    """An entry that changes the state of a thing without taking units of a line, after the one that made the thing.

    `subject` is a gift by the name that its line has for it, an order by its number, or a lot as `PRODUCT#LOT`.
    """

    __tablename__: ClassVar[Any] = "entry_subjects"
    __table_args__ = (one_of("kind", SubjectKind), KEYED)
    kind: SubjectKind = Field(primary_key=True, sa_type=Word(SubjectKind))
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    subject: str = Field(primary_key=True, sa_type=TEXT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
