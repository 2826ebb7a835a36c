"""Results in people and events: indicators with baseline and target, and reports of what was reached.

Nobody is counted twice: a report says what it counts, and only what is new is added (docs/rules.md, 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import BigInteger, bindparam
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Text
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.people import Counts, Dimension, IndicatorCellRow, IndicatorRow, ResultRow, Sex
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of, require_campaign
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What is counted, from where it starts and what it should reach. `least_cell`: smaller cells are not shown."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    title: Name
    unit: Name
    baseline: Count = 0
    target: Positive
    by: Date | None = None
    least_cell: Count = 5
    product: Number | None = None  # the service whose deliveries it counts, if any
    method: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class SexCell:
    """So many of one sex."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    group: Sex
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many of one group."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    group: Name
    count: Count


SexCells = Annotated[tuple[SexCell, ...], Field(max_length=len(Sex))]
Cells = Annotated[tuple[Cell, ...], Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A report on an indicator: `period` counts what is new between two days, `to_date` all since the start.

    `at`: the one place that it counts; each place reports by itself, late or not, and an indicator is reported by
    place or for all places together. `follows`: the report to date that a period comes after; whoever names it says
    that nobody of the period was counted in it. Every breakdown (`sex`, `age`, `place`) sums to `total`; they are
    views of the same people, never added up.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    indicator: Number
    at: Name | None = None
    counts: Counts
    start: Date | None = None  # of a period
    end: Date
    follows: Number | None = None
    total: Count
    sex: SexCells = ()
    age: Cells = ()
    place: Cells = ()
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many of one group of a breakdown, of all that were reported to date."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    dimension: Dimension
    group: Name
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a report adds: those who were not reported before; the groups of its place before and with it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    new: Count
    before: tuple[Group, ...]
    groups: tuple[Group, ...]


Groups = dict[tuple[Dimension, str], int]
"""How many people of each group of each breakdown."""


def find_indicator(session: Session, campaign: str, number: str) -> IndicatorRow | None:
    wanted = (col(IndicatorRow.campaign) == campaign, col(IndicatorRow.number) == number)
    return session.exec(select(IndicatorRow).where(*wanted)).one_or_none()


def indicator_of(session: Session, campaign: str, number: str) -> IndicatorRow:
    """The indicator of a number; raises NotFound."""
    indicator = find_indicator(session, campaign, number)
    if indicator is None:
        raise NotFound.field(
            "indicator",
            "there is no indicator {number} in campaign {campaign}",
            number=number,
            campaign=campaign,
        )
    return indicator


_INDICATORS = (
    select(IndicatorRow).where(col(IndicatorRow.campaign) == OF_CAMPAIGN).order_by(col(IndicatorRow.number))
)


def indicators_of(session: Session, campaign: str) -> Sequence[IndicatorRow]:
    """The indicators of a campaign, by number."""
    return session.exec(_INDICATORS, params={"of_campaign": campaign}).all()


_indicator = bindparam("of_indicator", type_=BigInteger)
_CELLS = (
    select(IndicatorCellRow)
    .where(col(IndicatorCellRow.indicator) == _indicator)
    .order_by(col(IndicatorCellRow.dimension), col(IndicatorCellRow.group), col(IndicatorCellRow.at))
)


def cells_of(session: Session, indicator: IndicatorRow) -> Sequence[IndicatorCellRow]:
    """The groups that stand for an indicator, by dimension, name and place of report."""
    return session.exec(_CELLS, params={"of_indicator": indicator.entry}).all()


def cells_at(session: Session, indicator: IndicatorRow, at: str | None) -> Sequence[IndicatorCellRow]:
    """The groups that the reports of one place left, or those of all places together (None)."""
    return session.exec(
        select(IndicatorCellRow).where(
            IndicatorCellRow.indicator == indicator.entry, IndicatorCellRow.at == (at or "")
        )
    ).all()


_RESULTS = (
    select(ResultRow)
    .where(col(ResultRow.indicator_entry) == _indicator, col(ResultRow.reversed_by).is_(None))
    .order_by(col(ResultRow.entry))
)


def results_of(session: Session, indicator: IndicatorRow) -> Sequence[ResultRow]:
    """The reports of an indicator that stand, first recorded first."""
    return session.exec(_RESULTS, params={"of_indicator": indicator.entry}).all()


def reached_account(campaign: str, indicator: str) -> str:
    return account(AccountClass.REACHED, campaign, indicator)


def _post_indicator(context: Context, facts: Indicator) -> Posting[None]:
    require_campaign(context)
    if facts.target <= facts.baseline:
        raise Refused.field(
            "target",
            "{target} is not above the baseline, {baseline}",
            target=facts.target,
            baseline=facts.baseline,
        )
    if facts.product is not None:
        product_of(context.books.session, context.campaign, facts.product)
    return Posting()


def _fold_indicator(books: Books, entry: Entry[Indicator, None]) -> None:
    session, facts = books.session, entry.facts
    product = None if facts.product is None else product_of(session, entry.campaign, facts.product)
    session.add(
        IndicatorRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            title=facts.title,
            unit=facts.unit,
            baseline=facts.baseline,
            target=facts.target,
            by=facts.by,
            least_cell=facts.least_cell,
            product_entry=None if product is None else product.entry,
            method=facts.method,
            date=entry.date,
        )
    )


def _post_result(context: Context, facts: Result) -> Posting[Counted]:
    session = context.books.session
    indicator = indicator_of(session, context.campaign, facts.indicator)
    series = _series(facts, results_of(session, indicator))
    _check_span(facts, series)
    counted = _checked_groups(facts)
    before: Groups = {
        (cell.dimension, cell.group): cell.count for cell in cells_at(session, indicator, facts.at)
    }
    if facts.counts is Counts.PERIOD:
        new = facts.total
        groups = before | {key: before.get(key, 0) + count for key, count in counted.items()}
    else:
        reported = sum(row.new for row in series)
        new = facts.total - reported
        if new < 0:
            raise Refused.field(
                "total",
                "{total} to date is below the {reported} reported before; reverse what was wrong",
                total=facts.total,
                reported=reported,
            )
        groups = _to_date(before, counted)
    transfers: tuple[Transfer, ...] = ()
    if new:
        transfers = (
            Transfer(
                reached_account(context.campaign, facts.indicator),
                account(AccountClass.RESULTS, context.campaign),
                f"indicator:{facts.indicator}",
                new,
            ),
        )
    return Posting(transfers, (), Counted(new=new, before=_group_rows(before), groups=_group_rows(groups)))


def _series(facts: Result, standing: Sequence[ResultRow]) -> list[ResultRow]:
    """The standing reports of the place that a report counts, or of all places together."""
    for row in standing:
        if facts.at is None and row.at is not None:
            raise Refused.field(
                "at", "result {number} reports by place; name the place of this one", number=row.number
            )
        if facts.at is not None and row.at is None:
            raise Refused.field(
                "at", "result {number} reports all places together; leave it out", number=row.number
            )
    return [row for row in standing if row.at == facts.at]


def _to_date(before: Groups, counted: Groups) -> Groups:
    """The groups of a report of all to date; a dimension that it does not break down stays as it was."""
    broken_down = {dimension for dimension, _ in counted}
    for (dimension, group), count in before.items():
        if dimension in broken_down and counted.get((dimension, group), 0) < count:
            raise Refused.field(
                dimension.value,
                "{group} has fewer to date than the {count} reported before",
                group=group,
                count=count,
            )
    return {key: count for key, count in before.items() if key[0] not in broken_down} | counted


def _group_rows(groups: Groups) -> tuple[Group, ...]:
    return tuple(
        Group(dimension=dimension, group=group, count=count)
        for (dimension, group), count in sorted(groups.items())
    )


def _check_span(facts: Result, series: Sequence[ResultRow]) -> None:
    if facts.end > facts.date:
        raise Refused.field(
            "end",
            "{end} is after the day of the report, {date}; count what has been",
            end=facts.end,
            date=facts.date,
        )
    if facts.counts is Counts.PERIOD:
        _check_period(facts, series)
        return
    if facts.start is not None:
        raise Refused.field("start", "a report to date has no start; leave it out, or say counts=period")
    if facts.follows is not None:
        raise Refused.field("follows", "a report to date counts everybody; leave it out")
    for row in series:
        if facts.end < row.end:
            raise Conflict.field(
                "end",
                "{end} is before {counted_to}, to which result {number} counts",
                end=facts.end,
                counted_to=row.end,
                number=row.number,
            )


def _check_period(facts: Result, series: Sequence[ResultRow]) -> None:
    """No day of it is counted by another report, and whoever was counted to date is not among its people."""
    if facts.start is None:
        raise Refused.field("start", "a report of a period says when it starts")
    if facts.end < facts.start:
        raise Refused.field("end", "{end} is before the start, {start}", end=facts.end, start=facts.start)
    to_date: ResultRow | None = None
    for row in series:
        if row.counts is Counts.TO_DATE:
            to_date = row
        if facts.start <= row.end and (row.start is None or row.start <= facts.end):
            if row.start is None:
                raise Conflict.field(
                    "start",
                    "result {number} counts all to {end} already; the same people would be counted twice",
                    number=row.number,
                    end=row.end,
                )
            raise Conflict.field(
                "start",
                "result {number} counts {start} to {end} already; the same people would be counted twice",
                number=row.number,
                start=row.start,
                end=row.end,
            )
    if to_date is not None and facts.follows != to_date.number:
        raise Refused.field(
            "follows",
            "result {number} counts all to {end}; name it here if none of these {total} was counted in it, "
            "or report to date",
            number=to_date.number,
            end=to_date.end,
            total=facts.total,
        )
    if to_date is None and facts.follows is not None:
        raise Refused.field(
            "follows", "there is no report to date {follows} before it; leave it out", follows=facts.follows
        )


def _checked_groups(facts: Result) -> Groups:
    """All groups of a report; refused when one stands twice or a breakdown's sum is another than the total."""
    groups: Groups = {}
    if facts.at is not None and facts.place:
        raise Refused.field("place", "the report is of {at} alone; leave it out", at=facts.at)
    sexes = tuple(Cell(group=cell.group.value, count=cell.count) for cell in facts.sex)
    for dimension, cells in (
        (Dimension.SEX, sexes),
        (Dimension.AGE, facts.age),
        (Dimension.PLACE, facts.place),
    ):
        counted = {cell.group: cell.count for cell in cells}
        if len(counted) != len(cells):
            raise Refused.field(dimension.value, "names a group twice; add its people together")
        if cells and sum(counted.values()) != facts.total:
            raise Refused.field(
                dimension.value,
                "sums to {sum}, and the total is {total}",
                sum=sum(counted.values()),
                total=facts.total,
            )
        groups |= {(dimension, group): count for group, count in counted.items()}
    if facts.at is not None:
        groups[Dimension.PLACE, facts.at] = facts.total
    return groups


def _stand_at(session: Session, indicator: IndicatorRow, at: str | None, groups: tuple[Group, ...]) -> None:
    """Write the groups that the reports of a place leave."""
    standing = {(cell.dimension, cell.group): cell for cell in cells_at(session, indicator, at)}
    for group in groups:
        cell = standing.pop((group.dimension, group.group), None)
        if cell is not None:
            cell.count = group.count
            continue
        session.add(
            IndicatorCellRow(
                indicator=indicator.entry,
                at=at or "",
                dimension=group.dimension,
                group=group.group,
                count=group.count,
            )
        )
    for cell in standing.values():
        session.delete(cell)


def _fold_result(books: Books, entry: Entry[Result, Counted]) -> None:
    session, facts, notes = books.session, entry.facts, entry.notes
    indicator = indicator_of(session, entry.campaign, facts.indicator)
    session.add(
        ResultRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            indicator_entry=indicator.entry,
            at=facts.at,
            counts=facts.counts,
            start=facts.start,
            end=facts.end,
            total=facts.total,
            new=notes.new,
            date=entry.date,
        )
    )
    indicator.actual += notes.new
    indicator.until = max(indicator.until or facts.end, facts.end)
    _stand_at(session, indicator, facts.at, notes.groups)


def _require_last(context: Context, entry: Entry[Result, Counted]) -> None:
    """Conflict where the same place reported later."""
    session = context.books.session
    indicator = indicator_of(session, context.campaign, entry.facts.indicator)
    last = [row for row in results_of(session, indicator) if row.at == entry.facts.at][-1]
    if last.entry != entry.seq:
        raise Conflict.field(
            "entry", "result {number} was reported after it; reverse that first", number=last.number
        )


def _unfold_result(books: Books, entry: Entry[Result, Counted], seq: int) -> None:
    session, facts, notes = books.session, entry.facts, entry.notes
    indicator = indicator_of(session, entry.campaign, facts.indicator)
    session.get_one(ResultRow, entry.seq).reversed_by = seq
    session.flush()
    indicator.actual -= notes.new
    indicator.until = max((row.end for row in results_of(session, indicator)), default=None)
    _stand_at(session, indicator, facts.at, notes.before)


INDICATOR = Kind(
    name="indicator",
    noun="indicator",
    verb="add",
    facts=Indicator,
    notes=None,
    doc="Name what is counted, with baseline and target.",
    roles=RECORDERS,
    key=numbered("indicator"),
    post=_post_indicator,
    fold=_fold_indicator,
)
RESULT = Kind(
    name="result",
    noun="result",
    verb="add",
    facts=Result,
    notes=Counted,
    doc="Report people or events reached, by sex, age group and place; nobody twice.",
    roles=RECORDERS,
    key=numbered("result"),
    post=_post_result,
    fold=_fold_result,
    undoing=Undoing(_unfold_result, require=_require_last),
)
KINDS = (INDICATOR, RESULT)
