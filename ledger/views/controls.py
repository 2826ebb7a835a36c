"""What an auditor asks first: which periods are closed, and the most that each role approves (RULES 13 and 16).

Read from what was decided; it names roles, never people, and closes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from ledger.rules.limits import limits_of
from ledger.rules.periods import day_after
from ledger.rules.spec import APPROVERS
from ledger.rules.trial_balance import trial_balances


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period that was closed, its days both included; `seq` is the entry that froze its balances.

    `reopened` is the reversal that opened it again, None while it is closed.
    """

    number: str
    first: str
    last: str
    closed_on: str
    seq: int
    reopened: int | None

    @property
    def is_month(self) -> bool:
        """Are its days all those of the month that it is named after?"""
        return (
            self.first == f"{self.number}-01"
            and day_after(self.last).endswith("-01")
            and self.last[:7] == self.number
        )


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The most that a role may approve on one invoice, or to one payee within 24 hours.

    `most` in minor units of `currency`; None for a role without any limit, which has no currency and no date.
    """

    role: str
    currency: str
    most: int | None
    date: str


def period_rows(session: Session, campaign: str) -> tuple[PeriodRow, ...]:
    """Every period that was ever closed, the newest first."""
    return tuple(
        PeriodRow(period.number, period.first, period.last, period.closed_on, period.seq, period.reopened)
        for period in reversed(trial_balances(session, campaign))
    )


def limit_rows(session: Session, campaign: str) -> tuple[LimitRow, ...]:
    """What stands for each role that approves, by role and currency; one row for a role without a limit."""
    standing: dict[str, list[LimitRow]] = {role.value: [] for role in sorted(APPROVERS)}
    for limit in limits_of(session, campaign):
        standing[limit.role].append(LimitRow(limit.role, limit.currency, limit.most, limit.date))
    return tuple(row for role, limits in standing.items() for row in limits or [LimitRow(role, "", None, "")])
