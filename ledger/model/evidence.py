"""Which paper is evidence of which fact. The bytes of papers lie in `papers`, which is no part of the model.

Model: folded from the entries of `ledger/rules/evidence.py` and `ledger/rules/sealings.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Index

from ledger.core.roles import Role
from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.proposals import Proposal, ProposalStatus


class Access(StrEnum):
    """Who may see a paper: everybody, everybody with names blacked out, or nobody (only its hash is known)."""

    PUBLIC = "public"
    REDACTED = "redacted"
    SEALED = "sealed"


class Treatment(StrEnum):
    """What was done to a paper before it was kept and served; metadata may stay in it where a person says so."""

    METADATA = "metadata-removed"
    THUMBNAILS = "thumbnails-removed"
    ATTACHMENTS = "attachments-removed"
    ACTIVE = "active-content-removed"
    METADATA_LEFT = "metadata-left"


def in_order(treatments: Collection[Treatment]) -> tuple[Treatment, ...]:
    """Treatments in the order in which they are declared."""
    return tuple(treatment for treatment in Treatment if treatment in treatments)


class About(StrEnum):
    """What a paper can be evidence of."""

    CAMPAIGN = "campaign"
    NEED = "need"
    OFFER = "offer"
    PLEDGE = "pledge"
    CONVERSION = "conversion"
    DEPOSIT = "deposit"
    PURCHASE = "purchase"
    INVOICE = "invoice"
    PAYMENT = "payment"
    RECEIPT = "receipt"
    SHIPMENT = "shipment"
    ARRIVAL = "arrival"
    LOSS = "loss"
    HANDOVER = "handover"
    DISTRIBUTION = "distribution"
    CLOSING = "closing"
    RETURN = "return"
    RECALL = "recall"
    CONTRIBUTION = "contribution"
    IN_KIND = "in-kind"
    INDICATOR = "indicator"
    RESULT = "result"
    CREDIT_NOTE = "credit-note"
    REFUND = "refund"
    BLOCK = "block"
    RELEASE = "release"
    SCREENING = "screening"
    OPENING = "opening"
    BANK_FEE = "bank-fee"
    CHARGE_BACK = "charge-back"
    COVER = "cover"
    GIFT_RETURN = "gift-return"
    WITHDRAWAL = "withdrawal"
    CUSTODY_FEE = "custody-fee"
    EXCHANGE = "exchange"
    MOVE = "move"
    RECLASSIFICATION = "reclassification"
    LOAN = "loan"
    REPAYMENT = "repayment"
    TAX_PAYMENT = "tax-payment"
    CLAIM = "claim"
    CLAIM_END = "claim-end"
    ASIDE = "aside"
    OUTSTANDING = "outstanding"
    CASH_COUNT = "cash-count"
    CORRECTION = "correction"
    PERIOD = "period"


class EvidenceRow(Table, table=True):
    """A paper beside the fact that it is evidence of: the fact's noun and number, none for the campaign itself.

    `sha256` is that of the copy that is served, `original` that of the paper before anything was taken out of it or
    blacked out; what was taken out, rows of `evidence_treatments` say. Of a sealed paper `sha256` is the salted hash,
    and there is no other.
    `withheld` and `review` say of a sealed paper why it is not shown and when that is looked at again, and `waits` that
    no second person approved it yet: `entry` is that of its sealing. `role` is that of who recorded it, of a sealed one
    that of who approved it.
    """

    __tablename__: ClassVar[Any] = "evidence"
    __table_args__ = (
        Index("evidence_fact", "campaign", "about", "number"),
        Index("evidence_paper", "sha256", "campaign"),
        one_of("access", Access),
        one_of("about", About),
        one_of("role", Role),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    sha256: str = Field(sa_type=TEXT)
    original: str | None = Field(default=None, sa_type=TEXT)
    title: str = Field(sa_type=TEXT)
    paper: str = Field(sa_type=TEXT)
    shows: str = Field(sa_type=TEXT)
    access: Access = Field(sa_type=Word(Access))
    about: About = Field(sa_type=Word(About))
    number: str | None = Field(default=None, sa_type=TEXT)
    withheld: str | None = Field(default=None, sa_type=TEXT)
    review: str | None = Field(default=None, sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    role: Role = Field(sa_type=Word(Role))
    waits: bool = Field(default=False, sa_type=FLAG)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class EvidenceTreatmentRow(Table, table=True):
    """What was done to the paper of an `EvidenceRow` before it was kept, as its entry says."""

    __tablename__: ClassVar[Any] = "evidence_treatments"
    __table_args__ = (one_of("treatment", Treatment), KEYED)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="evidence.entry"
    )
    treatment: Treatment = Field(primary_key=True, sa_type=Word(Treatment))


class SealingRow(Proposal, table=True):
    """That a paper be withheld from the public, which two people decide; the `EvidenceRow` of this entry says which."""

    __tablename__: ClassVar[Any] = "sealings"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("sealings_status", "campaign", "status"),
        one_of("status", ProposalStatus),
        STRICT,
    )
