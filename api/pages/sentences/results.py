"""English: what was reached against what was promised, group by group; small groups stay in words."""

from __future__ import annotations

from api.pages.figures import count
from api.pages.sentences.units import day, number_of
from ledger.views.people import Achievement, Breakdown


def result_row(item: Achievement) -> tuple[str, str, str, str]:
    """What, target, actual, and by whom it was reached."""
    until = f", to {day(item.until)}" if item.until else ""
    groups = "; ".join(_groups(breakdown) for breakdown in item.breakdowns)
    return (
        item.title,
        number_of(item.target, item.unit) + (f" by {day(item.by)}" if item.by else ""),
        f"{count(item.actual)}{until} ({_percent(item.permille)} of the way)",
        groups or "Not broken down yet",
    )


def _groups(breakdown: Breakdown) -> str:
    parts = []
    for row in breakdown.rows:
        share = f" ({_percent(row.permille)})" if row.permille is not None else ""
        figure = row.words if row.count is None else count(row.count)
        parts.append(f"{row.group} {figure}{share}")
    if breakdown.not_stated > 0:
        parts.append(f"not stated {count(breakdown.not_stated)}")
    return f"{breakdown.dimension}: {', '.join(parts)}"


def _percent(permille: int) -> str:
    """Whole percent, rounded down, so that nothing looks done before it is."""
    return f"{permille // 10}\u00a0%"
