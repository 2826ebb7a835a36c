"""What an auditor asks first: which periods are closed, and how much each role approves (docs/rules.md, 13 and 16).

Read from what was decided; it names roles, never people, and closes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from sqlmodel import Session

from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen, made_of
from ledger.core.roles import Role
from ledger.rules.limits import limits_of
from ledger.rules.periods import day_after
from ledger.rules.spec import APPROVERS
from ledger.rules.trial_balance import TrialBalance, trial_balances


class _PeriodFields(TypedDict):
    """What the path of a period is made of."""

    campaign: str
    number: str


def _period_path(given: _PeriodFields) -> str:
    return f"/api/v1/campaigns/{given['campaign']}/periods/{given['number']}"


class PeriodRow(Frozen):
    """A period that was closed, its days both included."""

    campaign: str
    """Short name of the campaign."""
    number: str
    """Number of the period: the month, or a name of its own."""
    first: str
    """First day."""
    last: str
    """Last day."""
    closed_on: str
    """Accounting day of the closing."""
    seq: int
    """Number of the entry that froze its balances."""
    through: int
    """Number of the last entry that they count."""
    reopened: int | None
    """Number of the reversal that opened it again; null while it is closed."""
    href: str = made_of(_period_path)
    """Path of its trial balance as data."""

    @property
    def is_month(self) -> bool:
        """Are its days all those of the month that it is named after?"""
        return (
            self.first == f"{self.number}-01"
            and dt.date.fromisoformat(day_after(self.last)).day == 1
            and self.last[:7] == self.number
        )


class AccountBalance(Frozen):
    """One account in one asset; below zero it is a credit balance."""

    account: str
    """Name of the account."""
    opening: Amount
    """What it held before the first day."""
    change: Amount
    """What the period changed."""
    closing: Amount
    """What it held at the end of the last day."""


class ClosedPeriod(PeriodRow):
    """A period that was closed, with its trial balance."""

    rows: tuple[AccountBalance, ...]
    """Every account in every asset."""


class LimitRow(Frozen):
    """The most that a role may approve on one invoice, or to one payee within 24 hours."""

    role: Role
    """Which role."""
    most: Amount | None
    """The most; null for a role without any limit."""
    date: str | None
    """Since when; null for a role without any limit."""


def _row(campaign: str, period: TrialBalance) -> PeriodRow:
    return PeriodRow(
        campaign=campaign,
        number=period.number,
        first=period.first,
        last=period.last,
        closed_on=period.closed_on,
        seq=period.seq,
        through=period.through,
        reopened=period.reopened,
    )


def period_rows(session: Session, campaign: str) -> tuple[PeriodRow, ...]:
    """Every period that was ever closed, the newest first; raises NotFound for an unknown campaign."""
    return tuple(_row(campaign, period) for period in reversed(trial_balances(session, campaign)))


def closed_periods(session: Session, campaign: str) -> tuple[ClosedPeriod, ...]:
    """The trial balance of every period that was ever closed, by its last day; raises NotFound as `period_rows`."""
    return tuple(
        ClosedPeriod(
            **dict(_row(campaign, period)),
            rows=tuple(
                AccountBalance(
                    account=row.account,
                    opening=Amount.of(row.asset, row.opening),
                    change=Amount.of(row.asset, row.change),
                    closing=Amount.of(row.asset, row.closing),
                )
                for row in period.rows
            ),
        )
        for period in trial_balances(session, campaign)
    )


def closed_period(session: Session, campaign: str, number: str) -> ClosedPeriod:
    """The trial balance of a period; raises NotFound for one that never was closed."""
    for period in closed_periods(session, campaign):
        if period.number == number:
            return period
    raise NotFound("No period of this number was closed.")


def limit_rows(session: Session, campaign: str) -> tuple[LimitRow, ...]:
    """What stands for each role that approves, by role and currency; one row for a role without a limit."""
    standing: dict[Role, list[LimitRow]] = {role: [] for role in sorted(APPROVERS)}
    for limit in limits_of(session, campaign):
        most = Amount.known(limit.currency, limit.most)
        standing[limit.role].append(LimitRow(role=limit.role, most=most, date=limit.date))
    return tuple(
        row
        for role, limits in standing.items()
        for row in limits or [LimitRow(role=role, most=None, date=None)]
    )
