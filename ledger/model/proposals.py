"""What two people decide: the columns that every such noun has, and the units that a proposal holds while it waits.

A noun's own table adds its facts to these columns. `holds` is of all nouns: a proposal is known by its entry.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, TEXT, Table, Word
from ledger.model.recorded import Paper


class ProposalStatus(StrEnum):
    """Where a proposal stands: it waits, has its effect, never had it, or has it no more."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVERSED = "reversed"


COUNTS = (ProposalStatus.PENDING, ProposalStatus.APPROVED)
"""What was asked for and not turned down: it waits, or it stands."""


class Proposal(Paper):
    """The columns of a noun that one person records and another one decides; no table by itself.

    `entry` is the proposal's own, booked on `date`; `document_date` is the day that its facts name, `happened` that on
    the paper where that is another than the booking's. `decided_by` is the entry of the approval or the rejection,
    booked on `decided_on`; `reversed_by` that of the reversal of the approval. A table of these says
    `one_of("status", ProposalStatus)`, and that campaign and number are unique together.
    """

    document_date: str = Field(sa_type=TEXT)
    recorded_at: str = Field(sa_type=TEXT)
    status: ProposalStatus = Field(default=ProposalStatus.PENDING, sa_type=Word(ProposalStatus))
    decided_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    decided_on: str | None = Field(default=None, sa_type=TEXT)


class HoldRow(Table, table=True):
    """Units `start..stop` of a line that a proposal set aside, in the order in which it will take them."""

    __tablename__: ClassVar[Any] = "holds"
    __table_args__ = (KEYED,)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    line: str = Field(sa_type=TEXT, foreign_key="lines.name")
    start: int = Field(sa_type=LONG)
    stop: int = Field(sa_type=LONG)
