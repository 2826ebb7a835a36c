"""English: what was reached against what was promised, group by group; small groups stay in words."""

from __future__ import annotations

from api.pages.figures import count
from api.pages.sentences.units import day, number_of
from ledger.model.people import Dimension, Sex
from ledger.views.people import Achievement, Breakdown

_SEXES = {
    Sex.FEMALE: "women and girls",
    Sex.MALE: "men and boys",
    Sex.OTHER: "others",
    Sex.NOT_STATED: "sex not stated",
}


def target(item: Achievement) -> str:
    """`300 students trained by 31 August 2020`."""
    return number_of(item.target, item.unit) + (f" by {day(item.by)}" if item.by else "")


def reached(item: Achievement) -> str:
    """`212, to 30 June 2020 (70 % of the way)`."""
    until = f", to {day(item.until)}" if item.until else ""
    said = f"{count(item.actual)}{until} ({_percent(item.permille)} of the way)"
    if item.above_delivered:
        said += f"; {count(item.above_delivered)} more than were delivered: the coordinators are to say why"
    return said


def groups(item: Achievement) -> str:
    """Who and where, group by group."""
    return "; ".join(_groups(breakdown) for breakdown in item.breakdowns) or "Not broken down yet"


def _groups(breakdown: Breakdown) -> str:
    parts = []
    for row in breakdown.rows:
        share = f" ({_percent(row.permille)})" if row.permille is not None else ""
        figure = row.words if row.count is None else count(row.count)
        parts.append(f"{_group(breakdown.dimension, row.group)} {figure}{share}")
    if breakdown.not_stated > 0:
        parts.append(f"not stated {count(breakdown.not_stated)}")
    return f"{breakdown.dimension}: {', '.join(parts)}"


def _group(dimension: str, group: str) -> str:
    return _SEXES[Sex(group)] if dimension == Dimension.SEX else group


def _percent(permille: int) -> str:
    """Whole percent, rounded down, so that nothing looks done before it is."""
    return f"{permille // 10}\u00a0%"
