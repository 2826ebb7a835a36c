"""What was reached against what was promised, by group: for pages and data. Small groups are not shown.

Breakdowns are views of the same people and are never added to each other (RULES 15).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from ledger.model.people import Dimension, IndicatorRow
from ledger.rules.results import cells_of, indicators_of


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of a breakdown. `count` is None where it is not shown; `words` is what stands there."""

    group: str
    count: int | None
    words: str
    permille: int | None  # of the total, rounded down


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One dimension (sex, age or place); the rows sum to the total where all of it was broken down."""

    dimension: str
    rows: tuple[GroupRow, ...]
    not_stated: int
    """People of reports without this breakdown."""


@dataclass(frozen=True, slots=True)
class Achievement:
    """An indicator: baseline, target, actual to date, and the share of the way that is done, in thousandths."""

    number: str
    title: str
    unit: str
    baseline: int
    target: int
    actual: int
    permille: int
    until: str | None
    by: str | None
    breakdowns: tuple[Breakdown, ...]


def achievements(session: Session, campaign: str) -> tuple[Achievement, ...]:
    """All indicators of a campaign."""
    return tuple(_achievement(session, indicator) for indicator in indicators_of(session, campaign))


def _achievement(session: Session, indicator: IndicatorRow) -> Achievement:
    cells: dict[Dimension, dict[str, int]] = {dimension: {} for dimension in Dimension}
    for cell in cells_of(session, indicator):
        cells[cell.dimension][cell.group] = cell.count
    return Achievement(
        number=indicator.number,
        title=indicator.title,
        unit=indicator.unit,
        baseline=indicator.baseline,
        target=indicator.target,
        actual=indicator.baseline + indicator.actual,
        permille=indicator.actual * 1000 // (indicator.target - indicator.baseline),
        until=indicator.until,
        by=indicator.by,
        breakdowns=tuple(
            _breakdown(dimension.value, groups, indicator.actual, indicator.least_cell)
            for dimension, groups in cells.items()
            if groups
        ),
    )


def _breakdown(dimension: str, cells: dict[str, int], total: int, least: int) -> Breakdown:
    hidden = hidden_groups(cells, least)
    rows = tuple(
        GroupRow(group, None, f"fewer than {least}" if count < least else "not shown", None)
        if group in hidden
        else GroupRow(group, count, str(count), count * 1000 // total if total else None)
        for group, count in cells.items()
    )
    missing = total - sum(cells.values())
    return Breakdown(dimension, rows, missing)


def hidden_groups(cells: dict[str, int], least: int) -> frozenset[str]:
    """Groups of 1 to `least` - 1 people, and where that is one group alone, the next smallest as well.

    Else the one that is hidden would follow from the total and the others.
    """
    small = {group for group, count in cells.items() if 0 < count < least}
    if len(small) == 1:
        rest = sorted((count, group) for group, count in cells.items() if group not in small and count > 0)
        if rest:
            small.add(rest[0][1])
    return frozenset(small)
