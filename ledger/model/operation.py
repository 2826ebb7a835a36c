"""Tables that the program runs by: which program it is, who leads, how far the chain was read, and papers' bytes.

Operating tables: nothing here is folded from the journal.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.evidence import Treatment


class MetaRow(Table, table=True):
    """Which program the database is of."""

    __tablename__: ClassVar[Any] = "meta"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=TEXT)
    value: str = Field(sa_type=TEXT)


class LeaseRow(Table, table=True):
    """Who leads; the epoch grows with each new leader."""

    __tablename__: ClassVar[Any] = "leases"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=TEXT)
    holder: str = Field(sa_type=TEXT)
    epoch: int = Field(sa_type=LONG)
    until: int = Field(sa_type=LONG)


class HeaderRow(Table, table=True):
    """Block headers that were proven, 80 bytes each."""

    __tablename__: ClassVar[Any] = "headers"
    __table_args__ = (STRICT,)
    height: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    raw: bytes = Field(sa_type=LargeBinary)


class ProgressRow(Table, table=True):
    """How far the chain has been looked at, and other small named values of the program."""

    __tablename__: ClassVar[Any] = "progress"
    __table_args__ = (KEYED,)
    name: str = Field(primary_key=True, sa_type=TEXT)
    value: str = Field(sa_type=TEXT)


class CampaignChangeRow(Table, table=True):
    """How often anything changed that is public of a campaign: an entry, or a payment that was seen.

    Whoever keeps an answer made of the ledger compares this with what it was then.
    """

    __tablename__: ClassVar[Any] = "campaign_changes"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    count: int = Field(sa_type=LONG)


class PaperRow(Table, table=True):
    """Papers as they are served, named by the SHA-256 of their bytes.

    `original` is the SHA-256 of what was given; what was taken out of it, rows of `paper_treatments` say.
    """

    __tablename__: ClassVar[Any] = "papers"
    __table_args__ = (KEYED,)
    sha256: str = Field(primary_key=True, sa_type=TEXT)
    media_type: str = Field(sa_type=TEXT)
    original: str = Field(sa_type=TEXT)
    data: bytes = Field(sa_type=LargeBinary)


class PaperTreatmentRow(Table, table=True):
    """What was done to a paper before it was kept."""

    __tablename__: ClassVar[Any] = "paper_treatments"
    __table_args__ = (one_of("treatment", Treatment), KEYED)
    sha256: str = Field(primary_key=True, sa_type=TEXT, foreign_key="papers.sha256")
    treatment: Treatment = Field(primary_key=True, sa_type=Word(Treatment))


class SealedPaperRow(Table, table=True):
    """What opens the salted hash of a sealed paper: `sealed` = SHA-256 of the salt and the SHA-256 of its bytes.

    `lies`: where the original is kept, for who may ask for it. Nothing of it is published, and no bytes are here.
    """

    __tablename__: ClassVar[Any] = "sealed_papers"
    __table_args__ = (KEYED,)
    sealed: str = Field(primary_key=True, sa_type=TEXT)
    salt: bytes = Field(sa_type=LargeBinary)
    lies: str = Field(sa_type=TEXT)
