"""Corrections: what was written wrong on a paper, put right beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import LONG, STRICT, TEXT, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class Corrected(StrEnum):
    """What of a paper is put right."""

    EXPIRY = "expiry"  # the last day of use of a lot that it brought
    AIR_WAYBILL = "air_waybill"
    EXPECTED = "expected"  # the day on which goods are to come
    REPORT = "report"
    REASON = "reason"
    PLACE = "place"  # where a receipt, a gift in kind, an arrival or a distribution brought goods
    SUPPLIER = "supplier"  # of an order, and of the invoices and credit notes on it
    CARRIER = "carrier"
    ORGANISATION = "organisation"  # the donor of a contribution
    REFERENCE = "reference"  # the bank's own, of a contribution
    HAPPENED = "happened"  # the day of a contribution's money
    AMOUNT = "amount"  # of a contribution, minor units
    GOOD = "good"  # pieces of a lot, as a receipt or an arrival counted them
    DAMAGED = "damaged"
    SHORT = "short"
    REJECTED = "rejected"
    LOST = "lost"
    VALUE = "value"  # what an item of an order costs, minor units
    QUANTITY = "quantity"  # pieces of a lot that were given, shipped, handed over, handed out or lost


class CorrectionRow(Proposal, table=True):
    """`field` of the fact of the entry `corrected` said `old` and says `new`.

    Of its `lot` and `place`, or `item`, where it is of several.
    """

    __tablename__: ClassVar[Any] = "corrections"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("corrections_corrected", "corrected"),
        one_of("status", ProposalStatus),
        one_of("field", Corrected),
        STRICT,
    )
    corrected: int = Field(sa_type=LONG, foreign_key="entries.seq")
    field: Corrected = Field(sa_type=Word(Corrected))
    lot: str | None = Field(default=None, sa_type=TEXT)
    place: str | None = Field(default=None, sa_type=TEXT)
    item: str | None = Field(default=None, sa_type=TEXT)
    old: str | None = Field(default=None, sa_type=TEXT)
    new: str | None = Field(default=None, sa_type=TEXT)
    reason: str = Field(sa_type=TEXT)
