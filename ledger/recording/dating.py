"""The accounting date of a fact: always in an open period, with the day it happened beside it (docs/rules.md, 13).

It dates entries and nothing else; closing and opening periods is `ledger/rules/periods.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict
from sqlmodel import Session

from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, facts_from
from ledger.rules.periods import day_after, last_closed

HAPPENED = "happened"
"""What every fact of the desk may carry beside its own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """The day on which a late fact happened, where its own period is closed."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    happened: Date | None = None


def parted(told: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The fields of a fact, and the day that it happened, if that was told beside them; raises Refused."""
    fields = {name: value for name, value in told.items() if name != HAPPENED}
    if HAPPENED not in told:
        return fields, None
    return fields, facts_from(Happened, {HAPPENED: told[HAPPENED]}).happened


FIRST_DAY = "2000-01-01"
"""No fact that a person tells happened before it."""


def _require_believable(day: str, today: str) -> None:
    """Refused where a day is still to come, or its year is mistyped: what is booked has happened.

    Today is by UTC; in the most eastern zone it is tomorrow already. Plans have fields of their own (`expected`, `by`,
    `review`, `end`), which may lie ahead.
    """
    last = (dt.date.fromisoformat(today) + dt.timedelta(days=1)).isoformat()
    if day > last:
        raise Refused.field("date", f"{day} is still to come; record it when it has happened")
    if day < FIRST_DAY:
        raise Refused.field("date", f"{day} is before {FIRST_DAY}; see whether its year is right")


def accounting_date(
    session: Session,
    campaigns: Iterable[str],
    day: str,
    *,
    today: str,
    moves: bool,
    waits: bool,
    happened: str | None,
) -> str:
    """The day that an entry is booked on: `day`, or the first one that is open in all campaigns that it touches.

    What moves nothing (a paper, a need) is booked on the first open day, and so is what cannot wait for a person:
    what the chain or a consignee says. Else raises Refused, which names that day.
    """
    if waits:
        _require_believable(day, today)
    if happened is not None and happened > day:
        raise Refused.field(HAPPENED, f"is after the accounting date, {day}; leave it out, or correct one")
    closed = [period for campaign in campaigns if (period := last_closed(session, campaign)) is not None]
    period = max(closed, key=lambda period: (period.last, period.number), default=None)
    if period is None or day > period.last:
        return day
    first_open = day_after(period.last)
    if moves and waits:
        raise Refused.field(
            "date",
            f"{day} lies in a closed period ({period.number} ends it on {period.last}); the first open day is "
            f"{first_open}: "
            f"give that, and the day it happened as `{HAPPENED}`",
        )
    return first_open
