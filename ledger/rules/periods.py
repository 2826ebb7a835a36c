"""Periods: a closed one is frozen with its balances, and no later entry is dated in it (docs/rules.md, 13).

Closing moves nothing. A closed period is opened again only by a reversal, the last one first.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Number
from ledger.core.wording import Figure
from ledger.model.periods import PeriodBalanceRow, PeriodClosingRow, PeriodRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.balances import days_below_zero
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import Context
from ledger.rules.trial_balance import (
    FrozenBalance,
    add_transfers,
    closing_sums,
    empty_sums,
    frozen_balances,
)
from ledger.rules.workflow import Decision, Workflow, proposed

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClose:
    """A period to close: a month named by `number` (2020-05), or the days `first` to `last`, both included.

    `date` is the accounting date of the closing itself, after the period's last day.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    first: Date | None = None
    last: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days of a period, both included."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    first: Date
    last: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What closing a period freezes: its days, the entries that its balances count, and the balances.

    `scanned` is the last entry before which none waits for a later period; `before` the period that was closed last.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    first: Date
    last: Date
    through: Count
    scanned: Count
    balances: tuple[FrozenBalance, ...]
    before: Number | None = None


def day_after(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


_LAST_CLOSED = (
    select(PeriodRow)
    .where(PeriodRow.campaign == bindparam("campaign"), PeriodRow.status == ProposalStatus.APPROVED)
    .order_by(col(PeriodRow.last).desc())
    .limit(1)
)


def last_closed(session: Session, campaign: str) -> PeriodRow | None:
    """The newest closed period of a campaign; None while every period is open."""
    return session.exec(_LAST_CLOSED, params={"campaign": campaign}).first()


def pending_period(session: Session, campaign: str) -> PeriodRow | None:
    """The period whose closing waits for a decision; there is at most one."""
    waiting = (PeriodRow.campaign == campaign, PeriodRow.status == ProposalStatus.PENDING)
    return session.exec(select(PeriodRow).where(*waiting)).first()


def _closing_of(session: Session, period: PeriodRow) -> PeriodClosingRow:
    """What closed a period that is closed."""
    return session.exec(select(PeriodClosingRow).where(PeriodClosingRow.period_entry == period.entry)).one()


def _days(facts: PeriodClose) -> tuple[str, str]:
    """The first and the last day, both included; raises Refused."""
    if facts.first is not None and facts.last is not None:
        return facts.first, facts.last
    month = _MONTH.fullmatch(facts.number)
    if month is None or facts.first is not None or facts.last is not None:
        raise Refused.field(
            "number", "is no month, such as 2020-05; name a month, or give the days `first` and `last`"
        )
    first = dt.date(int(month[1]), int(month[2]), 1)
    following = (first + dt.timedelta(days=31)).replace(day=1)
    return first.isoformat(), (following - dt.timedelta(days=1)).isoformat()


def _require_next(context: Context, first: str, last: str, date: str) -> None:
    """Refused where a period does not follow the closed ones without a gap, or is not over on the day `date`."""
    if first > last:
        raise Refused.field("last", "is before the first day, {first}; give the days in order", first=first)
    closed = last_closed(context.books.session, context.campaign)
    if closed is not None and first != day_after(closed.last):
        raise Refused.field(
            "first",
            "the period would begin on {first}, and {period} is closed up to {last}; begin on {wanted}",
            first=first,
            period=closed.number,
            last=closed.last,
            wanted=day_after(closed.last),
        )
    if last >= context.today:
        raise Refused.field("last", "{last} is not over; close a period after its last day", last=last)
    _require_after(date, last)


def _require_after(date: str, last: str) -> None:
    if date <= last:
        raise Refused.field("date", "lies in the period that it closes; give a day after {last}", last=last)


def _require_no_day_below_zero(context: Context, first: str, last: str) -> None:
    """Conflict where a place of the campaign held less than nothing at the end of a day of the period."""
    for low in days_below_zero(context.books.session, context.campaign):
        if first <= low.date <= last:
            raise Conflict.field(
                "number",
                "{account} held {units} at the end of {date}; a period is closed when no place is below zero on "
                "any of its days",
                account=low.account,
                units=Figure(low.asset, low.units),
                date=low.date,
            )


def _hold(context: Context, facts: PeriodClose) -> Posting[Days]:
    require_campaign(context)
    waiting = pending_period(context.books.session, context.campaign)
    if waiting is not None:
        raise Conflict.field(
            "number",
            "the closing of {waiting} waits for a decision; approve or reject it first",
            waiting=waiting.number,
        )
    first, last = _days(facts)
    _require_next(context, first, last, facts.date)
    _require_no_day_below_zero(context, first, last)
    return Posting(notes=Days(first=first, last=last))


def _row(_books: Books, entry: Entry[PeriodClose, Days]) -> PeriodRow:
    facts, days = entry.facts, entry.notes
    return PeriodRow(**proposed(entry, facts.number, facts.date), first=days.first, last=days.last)


def _effect(context: Context, period: PeriodRow, decision: Decision) -> Posting[Frozen]:
    """Sum up what is dated in the period, on what the one before it froze; later dates wait for their own."""
    session, campaign = context.books.session, context.campaign
    first, last = period.first, period.last
    _require_next(context, first, last, period.document_date)
    _require_after(decision.date, last)
    _require_no_day_below_zero(context, first, last)
    before = last_closed(session, campaign)
    opening, scanned = empty_sums(), 0
    if before is not None:
        closed = _closing_of(session, before)
        opening, scanned = closing_sums(session, closed), closed.scanned
    within, through, waits = empty_sums(), scanned, None
    for entry in context.entries(scanned):
        through = entry.seq
        if entry.date > last:
            waits = entry.seq if waits is None else waits
        elif before is None and entry.date < first:
            add_transfers(opening, campaign, entry)
        elif before is None or entry.date > before.last:
            add_transfers(within, campaign, entry)
    closing = empty_sums()
    for key in opening.keys() | within.keys():
        closing[key] = opening.get(key, 0) + within.get(key, 0)
    return Posting(
        notes=Frozen(
            first=first,
            last=last,
            through=through,
            scanned=through if waits is None else waits - 1,
            balances=frozen_balances(opening, closing),
            before=None if before is None else before.number,
        )
    )


def _freeze(books: Books, period: PeriodRow, entry: Entry[Decision, Frozen]) -> None:
    session, frozen = books.session, entry.notes
    session.add(
        PeriodClosingRow(
            entry=entry.seq,
            period_entry=period.entry,
            date=entry.date,
            through=frozen.through,
            scanned=frozen.scanned,
        )
    )
    session.flush()
    for row in frozen.balances:
        session.add(
            PeriodBalanceRow(
                closing_entry=entry.seq,
                account=row.account,
                asset=row.asset,
                opening=row.opening,
                closing=row.closing,
            )
        )


def _require_last_closed(context: Context, period: PeriodRow, _entry: Entry[Decision, Frozen]) -> None:
    """Conflict where a later period was closed on what would be opened again."""
    closed = last_closed(context.books.session, context.campaign)
    if closed is not None and closed.entry != period.entry:
        raise Conflict.field(
            "entry", "{closed} was closed after it; open that again first", closed=closed.number
        )


PERIODS = Workflow(
    noun="period",
    proposed_by=("period", "close"),
    facts=PeriodClose,
    proposal_notes=Days,
    row=PeriodRow,
    doc="Close a period that is over; it waits for another person's approval, which freezes its balances.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=Frozen,
    approved=_freeze,
    require=_require_last_closed,
)
KINDS = PERIODS.kinds()
