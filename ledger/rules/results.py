"""Results in people and events: indicators with baseline and target, and reports of what was reached.

Nobody is counted twice: a report says what it counts, and only what is new is added (docs/rules.md, 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Text
from ledger.model.people import Counts, Dimension, IndicatorCellRow, IndicatorRow, ResultRow
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
class Cell:
    """So many of one group."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    group: Name
    count: Count


Cells = Annotated[tuple[Cell, ...], Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A report on an indicator: `period` counts what is new between two days, `to_date` all since the start.

    Every breakdown (`sex`, `age`, `place`) sums to `total`; they are views of the same people, never added up.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    indicator: Number
    counts: Counts
    start: Date | None = None  # of a period
    end: Date
    total: Count
    sex: Cells = ()
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
class Reached:
    """What an indicator stands at: how many, reported up to which day, and their groups."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    actual: Count
    until: Date | None = None
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a report adds: those who were not reported before; what the indicator stood at, and its groups now."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    new: Count
    before: Reached
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
        raise NotFound(f"indicator: there is no indicator {number} in campaign {campaign}")
    return indicator


def indicators_of(session: Session, campaign: str) -> Sequence[IndicatorRow]:
    """The indicators of a campaign, by number."""
    return session.exec(
        select(IndicatorRow).where(IndicatorRow.campaign == campaign).order_by(col(IndicatorRow.number))
    ).all()


def cells_of(session: Session, indicator: IndicatorRow) -> Sequence[IndicatorCellRow]:
    """The groups that stand for an indicator, by dimension and name."""
    return session.exec(
        select(IndicatorCellRow)
        .where(IndicatorCellRow.indicator == indicator.entry)
        .order_by(col(IndicatorCellRow.dimension), col(IndicatorCellRow.group))
    ).all()


def reached_account(campaign: str, indicator: str) -> str:
    return account(AccountClass.REACHED, campaign, indicator)


def _post_indicator(context: Context, facts: Indicator) -> Posting[None]:
    require_campaign(context)
    if facts.target <= facts.baseline:
        raise Refused.field("target", f"{facts.target} is not above the baseline, {facts.baseline}")
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
    _check_span(facts, indicator.until)
    counted = _checked_groups(facts)
    before: Groups = {(cell.dimension, cell.group): cell.count for cell in cells_of(session, indicator)}
    if facts.counts is Counts.PERIOD:
        new = facts.total
        groups = before | {key: before.get(key, 0) + count for key, count in counted.items()}
    else:
        new = facts.total - indicator.actual
        if new < 0:
            raise Refused.field(
                "total",
                f"{facts.total} to date is below the {indicator.actual} reported before; reverse what was wrong",
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
    reached = Reached(actual=indicator.actual, until=indicator.until, groups=_group_rows(before))
    return Posting(transfers, (), Counted(new=new, before=reached, groups=_group_rows(groups)))


def _to_date(before: Groups, counted: Groups) -> Groups:
    """The groups of a report of all to date; a dimension that it does not break down stays as it was."""
    broken_down = {dimension for dimension, _ in counted}
    for (dimension, group), count in before.items():
        if dimension in broken_down and counted.get((dimension, group), 0) < count:
            raise Refused.field(
                dimension.value, f"{group} has fewer to date than the {count} reported before"
            )
    return {key: count for key, count in before.items() if key[0] not in broken_down} | counted


def _group_rows(groups: Groups) -> tuple[Group, ...]:
    return tuple(
        Group(dimension=dimension, group=group, count=count)
        for (dimension, group), count in sorted(groups.items())
    )


def _check_span(facts: Result, until: str | None) -> None:
    if facts.end > facts.date:
        raise Refused.field(
            "end", f"{facts.end} is after the day of the report, {facts.date}; count what has been"
        )
    if facts.counts is Counts.PERIOD:
        if facts.start is None:
            raise Refused.field("start", "a report of a period says when it starts")
        if facts.end < facts.start:
            raise Refused.field("end", f"{facts.end} is before the start, {facts.start}")
        if until is not None and facts.start <= until:
            raise Conflict(
                f"start: {facts.start} is not after {until}, to which this indicator is reported; "
                "the same people would be counted twice"
            )
    elif facts.start is not None:
        raise Refused.field("start", "a report to date has no start; leave it out, or say counts=period")
    elif until is not None and facts.end < until:
        raise Conflict(f"end: {facts.end} is before {until}, to which this indicator is reported")


def _checked_groups(facts: Result) -> Groups:
    """All groups of a report; refused when one stands twice or a breakdown's sum is another than the total."""
    found: Groups = {}
    for dimension, cells in (
        (Dimension.SEX, facts.sex),
        (Dimension.AGE, facts.age),
        (Dimension.PLACE, facts.place),
    ):
        counted = {cell.group: cell.count for cell in cells}
        if len(counted) != len(cells):
            raise Refused.field(dimension.value, "names a group twice; add its people together")
        if cells and sum(counted.values()) != facts.total:
            raise Refused.field(
                dimension.value, f"sums to {sum(counted.values())}, and the total is {facts.total}"
            )
        found |= {(dimension, group): count for group, count in counted.items()}
    return found


def _stands_at(session: Session, indicator: IndicatorRow, reached: Reached) -> None:
    """Write what an indicator stands at."""
    indicator.actual, indicator.until = reached.actual, reached.until
    standing = {(cell.dimension, cell.group): cell for cell in cells_of(session, indicator)}
    for told in reached.groups:
        cell = standing.pop((told.dimension, told.group), None)
        if cell is not None:
            cell.count = told.count
            continue
        session.add(
            IndicatorCellRow(
                indicator=indicator.entry, dimension=told.dimension, group=told.group, count=told.count
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
            counts=facts.counts,
            start=facts.start,
            end=facts.end,
            total=facts.total,
            new=notes.new,
            date=entry.date,
        )
    )
    reached = Reached(actual=indicator.actual + notes.new, until=facts.end, groups=notes.groups)
    _stands_at(session, indicator, reached)


def _require_last(context: Context, entry: Entry[Result, Counted]) -> None:
    """Conflict where another report of the indicator came later."""
    session = context.books.session
    indicator = indicator_of(session, context.campaign, entry.facts.indicator)
    last = session.exec(
        select(ResultRow)
        .where(ResultRow.indicator_entry == indicator.entry, col(ResultRow.reversed_by).is_(None))
        .order_by(col(ResultRow.entry).desc())
        .limit(1)
    ).one()
    if last.entry != entry.seq:
        raise Conflict(f"entry: result {last.number} was reported after it; reverse that first")


def _unfold_result(books: Books, entry: Entry[Result, Counted], seq: int) -> None:
    session = books.session
    session.get_one(ResultRow, entry.seq).reversed_by = seq
    _stands_at(session, indicator_of(session, entry.campaign, entry.facts.indicator), entry.notes.before)


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
