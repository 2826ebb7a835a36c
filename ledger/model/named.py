"""What facts call by name: suppliers, partners, places, recipients, banks and exchanges, each a record with a code.

Model: folded from the entries of whatever kind name one first, by `ledger/rules/named.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import KEYED, LONG, TEXT, Table, Word, one_of


class NameOf(StrEnum):
    """What is called so."""

    SUPPLIER = "supplier"
    PARTNER = "partner"
    PLACE = "place"
    RECIPIENT = "recipient"
    BANK = "bank"
    EXCHANGE = "exchange"


class NamedRow(Table, table=True):
    """A record: `number` counts those of its kind, `code` is what facts may call it by instead of its name.

    `campaign` and `entry` named it first, on the day `since`. `likeness`: what names that look alike have in common.
    `same_as` is the name of the record that it is, where somebody said so.
    """

    __tablename__: ClassVar[Any] = "named"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("kind", "number"),
        Index("named_likeness", "kind", "likeness"),
        one_of("kind", NameOf),
        KEYED,
    )
    kind: NameOf = Field(primary_key=True, sa_type=Word(NameOf))
    name: str = Field(primary_key=True, sa_type=TEXT)
    number: int = Field(sa_type=LONG)
    code: str = Field(sa_type=TEXT)
    likeness: str = Field(sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
    since: str = Field(sa_type=TEXT)
    same_as: str | None = Field(default=None, sa_type=TEXT)
