"""What was reached against what was promised, by group: for pages and data. Small groups are not shown.

Breakdowns are views of the same people and are never added to each other (docs/rules.md, 15).
"""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, func, select

from ledger.core.frozen import Frozen
from ledger.core.telling import Worded
from ledger.core.wording import Wording
from ledger.model.campaigns import ProductRow
from ledger.model.goods import LotDeliveryRow
from ledger.model.people import Dimension, IndicatorRow
from ledger.rules.results import cells_of, indicators_of


class GroupRow(Frozen):
    """A group of a breakdown."""

    group: str
    """Which group."""
    count: int | None
    """People; null where the group is too small to be shown."""
    words: Worded
    """What stands for the count."""
    permille: int | None
    """Share of the total in thousandths, rounded down."""


class Breakdown(Frozen):
    """One dimension; the rows sum to the total where all of it was broken down."""

    dimension: Dimension
    """By what people are told apart."""
    rows: tuple[GroupRow, ...]
    """The groups."""
    not_stated: int
    """People of reports without this breakdown."""


class Achievement(Frozen):
    """An indicator: what was promised and what is reached."""

    number: str
    """Number of the indicator."""
    title: str
    """What is counted."""
    unit: str
    """In what."""
    baseline: int
    """Where it began."""
    target: int
    """What was promised."""
    actual: int
    """What is reached to date."""
    permille: int
    """Share of the way that is done, in thousandths."""
    above_delivered: int
    """People beyond what was delivered of the service that it counts: a question to those who report."""
    until: str | None
    """Last day that is counted."""
    by: str | None
    """The day by which the target was promised."""
    breakdowns: tuple[Breakdown, ...]
    """Who and where; views of the same people, never added to each other."""


class PeopleReached(Frozen):
    """Whom a service reached that a donation went to, by sex: all of them, and nobody as the donation's own."""

    indicator: str
    """Number of the indicator."""
    title: str
    """What is counted."""
    service: str
    """Name of the service whose deliveries it counts."""
    shares: tuple[GroupRow, ...]
    """The groups that are large enough to be shown; there is none with a count that is not."""


def reached_by_sex(session: Session, campaign: str, services: Collection[str]) -> tuple[PeopleReached, ...]:
    """What results say by sex of those whom some services (codes of products) reached; no group below the minimum."""
    reached = []
    for indicator in indicators_of(session, campaign) if services else ():
        if indicator.product_entry is None:
            continue
        product = session.get_one(ProductRow, indicator.product_entry)
        by_sex = [
            breakdown
            for breakdown in _achievement(session, indicator).breakdowns
            if breakdown.dimension == Dimension.SEX
        ]
        shown = tuple(row for breakdown in by_sex for row in breakdown.rows if row.permille and row.count)
        if product.code in services and shown:
            reached.append(
                PeopleReached(
                    indicator=indicator.number, title=indicator.title, service=product.name, shares=shown
                )
            )
    return tuple(reached)


def achievements(session: Session, campaign: str) -> tuple[Achievement, ...]:
    """All indicators of a campaign."""
    return tuple(_achievement(session, indicator) for indicator in indicators_of(session, campaign))


def _achievement(session: Session, indicator: IndicatorRow) -> Achievement:
    cells: dict[Dimension, dict[str, int]] = {dimension: {} for dimension in Dimension}
    for cell in cells_of(session, indicator):
        groups = cells[cell.dimension]
        groups[cell.group] = groups.get(cell.group, 0) + cell.count
    return Achievement(
        number=indicator.number,
        title=indicator.title,
        unit=indicator.unit,
        baseline=indicator.baseline,
        target=indicator.target,
        actual=indicator.baseline + indicator.actual,
        permille=indicator.actual * 1000 // (indicator.target - indicator.baseline),
        above_delivered=above_delivered(session, indicator),
        until=indicator.until,
        by=indicator.by,
        breakdowns=tuple(
            _breakdown(dimension, groups, indicator.actual, indicator.least_cell)
            for dimension, groups in cells.items()
            if groups
        ),
    )


def above_delivered(session: Session, indicator: IndicatorRow) -> int:
    """People whom an indicator counts beyond what was delivered of its service; 0 where it counts none."""
    if indicator.product_entry is None or not indicator.actual:
        return 0
    product = session.get_one(ProductRow, indicator.product_entry)
    delivered = session.exec(
        select(func.coalesce(func.sum(LotDeliveryRow.good), 0)).where(
            LotDeliveryRow.campaign == indicator.campaign,
            LotDeliveryRow.product == product.code,
            col(LotDeliveryRow.reversed_by).is_(None),
        )
    ).one()
    return max(0, indicator.baseline + indicator.actual - int(delivered))


def _breakdown(dimension: Dimension, cells: dict[str, int], total: int, least: int) -> Breakdown:
    hidden = hidden_groups(cells, least)
    rows = tuple(
        GroupRow(
            group=group,
            count=None,
            words=Wording("fewer than {least}", {"least": least}) if count < least else Wording("not shown"),
            permille=None,
        )
        if group in hidden
        else GroupRow(
            group=group,
            count=count,
            words=Wording("{count}", {"count": count}),
            permille=count * 1000 // total if total else None,
        )
        for group, count in cells.items()
    )
    missing = total - sum(cells.values())
    return Breakdown(dimension=dimension, rows=rows, not_stated=missing)


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
