"""Spends: what each transaction took from a campaign's coins, what came back of it, and what explains it.

A row says as what a spend stands now; the history is in the journal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint, column
from sqlmodel import Field, Index

from ledger.core.roles import Role
from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class ExplainedBy(StrEnum):
    """The nouns that say what coins left for."""

    CONVERSION = "conversion"
    DEPOSIT = "deposit"  # at an exchange, which sells them later
    PAYMENT = "payment"
    MOVE = "move"
    OWN_MOVE = "own-move"  # proven by the chain: all went from own addresses to own addresses
    LOAN = "loan"
    GIFT_RETURN = "gift-return"
    COVER = "cover"  # it left in place of one that the chain undid, or was undone itself
    OPENING = "opening"  # it left before the books begin
    RECLASSIFICATION = "reclassification"  # waits with a spend, and explains none


class SpendRow(Table, table=True):
    """What one transaction took from a campaign, sats. `ref` names it there: the txid, or `txid:part` if told late.

    `entry` is the spend's own, or the loan's whose borrower explains these coins (`borrowed_from` names the lender).
    `out` left for good, network fee included; `shortfall` of it no free units stood for. `live`: not undone by a
    reorganisation; `n` counts how often the chain changed its mind. `explained_at` is empty while the explanation
    waits for an approval.
    """

    __tablename__: ClassVar[Any] = "spends"
    __table_args__ = (
        UniqueConstraint("campaign", "ref"),
        Index("spends_txid", "txid", "campaign"),
        Index("spends_open", "campaign", "explained_at"),
        Index("spends_live", "campaign", "live"),
        one_of("explanation", ExplainedBy),
        one_of("role", Role),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT)
    ref: str = Field(sa_type=TEXT)
    txid: str = Field(sa_type=TEXT)
    part: int = Field(sa_type=LONG)
    late: bool = Field(sa_type=FLAG)
    block: str = Field(sa_type=TEXT)
    height: int = Field(sa_type=LONG)
    time: int = Field(sa_type=LONG)  # Unix seconds of the block
    date: str = Field(sa_type=TEXT)
    recorded_at: str = Field(sa_type=TEXT)
    role: Role = Field(sa_type=Word(Role))
    wallet: int = Field(sa_type=LONG)
    dust: int = Field(sa_type=LONG)
    undecided: int = Field(sa_type=LONG)
    blocked: int = Field(sa_type=LONG)
    change: int = Field(sa_type=LONG)
    excess: int = Field(sa_type=LONG)
    out: int = Field(sa_type=LONG)
    shortfall: int = Field(sa_type=LONG)
    need: str | None = Field(default=None, sa_type=TEXT)
    borrowed_from: str | None = Field(default=None, sa_type=TEXT)
    live: bool = Field(default=True, sa_type=FLAG)
    n: int = Field(default=0, sa_type=LONG)
    explanation: ExplainedBy | None = Field(default=None, sa_type=Word(ExplainedBy))
    explanation_number: str | None = Field(default=None, sa_type=TEXT)
    explained_at: str | None = Field(default=None, sa_type=TEXT)

    @property
    def explained_by(self) -> str | None:
        """What an entry said that it was for, in words: `conversion C-1`; None while nothing did."""
        return None if self.explained_at is None else self._explanation()

    @property
    def waits_for(self) -> str | None:
        """What waits for an approval to explain it, in words; None where nothing does."""
        return None if self.explained_at is not None or self.explanation is None else self._explanation()

    def _explanation(self) -> str:
        if self.explanation is ExplainedBy.OWN_MOVE:
            return "move between own addresses"
        return f"{self.explanation} {self.explanation_number}"


class SpendChangeRow(Table, table=True):
    """An output that came back with a spend, and what its sats count as."""

    __tablename__: ClassVar[Any] = "spend_change"
    __table_args__ = (
        Index(
            "spend_change_undecided",
            "entry",
            sqlite_where=column("undecided") > 0,
            postgresql_where=column("undecided") > 0,
        ),
        KEYED,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="spends.entry"
    )
    vout: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    wallet: int = Field(sa_type=LONG)
    dust: int = Field(sa_type=LONG)
    undecided: int = Field(sa_type=LONG)
    blocked: int = Field(sa_type=LONG)


class SpendInputRow(Table, table=True):
    """A coin among a spend's inputs that stood apart: undecided, or of a blocked gift.

    `released`: two persons released the gift since, so that the coin was taken from the wallet after all.
    """

    __tablename__: ClassVar[Any] = "spend_inputs"
    __table_args__ = (
        Index("spend_inputs_outpoint", "campaign", "outpoint"),
        KEYED,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="spends.entry"
    )
    outpoint: str = Field(primary_key=True, sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT)
    released: bool = Field(default=False, sa_type=FLAG)
