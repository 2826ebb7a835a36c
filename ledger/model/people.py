"""Results in people and events: what is counted, what was reported of it, and the breakdowns that stand.

Model: folded from the entries of `ledger/rules/results.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import Numbered


class Dimension(StrEnum):
    """By what people are told apart. Breakdowns are views of the same people, never added up."""

    SEX = "sex"
    AGE = "age"
    PLACE = "place"


class Sex(StrEnum):
    """What a breakdown by sex tells apart."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    NOT_STATED = "not_stated"


class Counts(StrEnum):
    """What a report counts: what is new between two days, or all since the start."""

    PERIOD = "period"
    TO_DATE = "to_date"


class IndicatorRow(Table, table=True):
    """What is counted: from `baseline` to `target`, by the day `by`.

    `actual` is what was reached beyond the baseline, reported up to the day `until`. Groups smaller than `least_cell`
    are not shown. `product_entry`: the service whose deliveries it counts, if any.
    """

    __tablename__: ClassVar[Any] = "indicators"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    number: str = Field(sa_type=TEXT)
    title: str = Field(sa_type=TEXT)
    unit: str = Field(sa_type=TEXT)
    baseline: int = Field(sa_type=LONG)
    target: int = Field(sa_type=LONG)
    by: str | None = Field(default=None, sa_type=TEXT)
    least_cell: int = Field(sa_type=LONG)
    product_entry: int | None = Field(default=None, sa_type=LONG, foreign_key="products.entry")
    method: str | None = Field(default=None, sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    actual: int = Field(default=0, sa_type=LONG)
    until: str | None = Field(default=None, sa_type=TEXT)


class IndicatorCellRow(Table, table=True):
    """So many people of one group, of all that the reports of a place count to date; "": of all places together."""

    __tablename__: ClassVar[Any] = "indicator_cells"
    __table_args__ = (one_of("dimension", Dimension), KEYED)
    indicator: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="indicators.entry"
    )
    at: str = Field(primary_key=True, sa_type=TEXT)
    dimension: Dimension = Field(primary_key=True, sa_type=Word(Dimension))
    group: str = Field(primary_key=True, sa_type=TEXT)
    count: int = Field(sa_type=LONG)


class ResultRow(Numbered, table=True):
    """A report on an indicator: `total` people or events, of whom `new` were not reported before.

    `at`: the place that it counts alone; without, all places together.
    """

    __tablename__: ClassVar[Any] = "results"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("results_indicator", "indicator_entry", "reversed_by"),
        one_of("counts", Counts),
        STRICT,
    )
    indicator_entry: int = Field(sa_type=LONG, foreign_key="indicators.entry")
    at: str | None = Field(default=None, sa_type=TEXT)
    counts: Counts = Field(sa_type=Word(Counts))
    start: str | None = Field(default=None, sa_type=TEXT)
    end: str = Field(sa_type=TEXT)
    total: int = Field(sa_type=LONG)
    new: int = Field(sa_type=LONG)
