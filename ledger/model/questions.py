"""Questions: what looked doubtful when it was recorded, and how a person answered it.

Model: folded from entries of whatever kind by `ledger/rules/asking.py`, and from those of `ledger/rules/questions.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.named import NameOf
from ledger.model.recorded import Recorded


class Doubt(StrEnum):
    """What is asked about: names that look alike, papers by their numbers, gifts with one reference of a bank, lots;
    and what of money that leaves is unusual: its fee, its rate, or that no rate says whether it is right."""

    NAME = "name"
    PAPER = "paper"
    REFERENCE = "reference"
    LOT = "lot"  # one came where the waybill lists another
    LOT_NAME = "lot_name"  # one came whose number looks like another's
    FEE = "fee"
    RATE = "rate"
    NO_RATE = "no_rate"


class Answer(StrEnum):
    """Two things or one told twice; and of what is unusual, right or wrong."""

    DIFFERENT = "different"
    SAME = "same"
    RIGHT = "right"
    WRONG = "wrong"


class QuestionRow(Table, table=True):
    """What the fact of an entry made somebody ask: is it the same as that of the entry `other`, or is it right?

    `n` counts the questions of one entry. `name` and `other_name`: which names look alike, and of what (`kind`); or
    which lot came for which.
    `gone_by`: the entry that took one of both facts back, or turned it down.
    """

    __tablename__: ClassVar[Any] = "questions"
    __table_args__ = (
        one_of("doubt", Doubt),
        one_of("kind", NameOf),
        Index("questions_open", "campaign", "gone_by"),
        Index("questions_name", "kind", "name"),
        Index("questions_other", "other"),
        KEYED,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    doubt: Doubt = Field(sa_type=Word(Doubt))
    other: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    kind: NameOf | None = Field(default=None, sa_type=Word(NameOf))
    name: str | None = Field(default=None, sa_type=TEXT)
    other_name: str | None = Field(default=None, sa_type=TEXT)
    since: str = Field(sa_type=TEXT)
    gone_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class AnswerRow(Recorded, table=True):
    """What somebody else than the author of `question_entry` answered, and why."""

    __tablename__: ClassVar[Any] = "question_answers"
    __table_args__ = (
        one_of("answer", Answer),
        Index("question_answers_question", "question_entry", "question_n"),
        STRICT,
    )
    question_entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
    question_n: int = Field(sa_type=LONG)
    answer: Answer = Field(sa_type=Word(Answer))
    reason: str = Field(sa_type=TEXT)
