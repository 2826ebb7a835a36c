"""The accounting date of a fact: in an open period, on or after the days of all that it rests on, and on a day that no
place is below zero after; the day it happened stands beside it (docs/rules.md, 13 and 18).

It dates entries and nothing else; closing and opening periods is `ledger/rules/periods.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import NEVER_NEGATIVE, campaign_of
from ledger.core.currencies import WITHDRAWN, first_day_of, last_day_of
from ledger.core.entry import OutOfOrder, Posting
from ledger.core.errors import NotAllowed, Refused
from ledger.core.facts import STRICT, Date, facts_from
from ledger.core.names import account_named
from ledger.core.roles import Role
from ledger.core.wording import Figure
from ledger.rules.balances import first_days_with, moved_by
from ledger.rules.periods import day_after
from ledger.rules.rests_on import SPENDS, Days, called, days_before, excuses, spend_of
from ledger.rules.spec import APPROVERS, Context, F, Kind, N

HAPPENED = "happened"
OUT_OF_ORDER = "out_of_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What every fact of the desk may carry beside its own fields: the day on its paper, where it is booked on a later
    one, and why that day is before the day of what the fact rests on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    happened: Date | None = None
    out_of_order: OutOfOrder | None = None


BESIDE = frozenset(field.name for field in fields(Beside))
NOTHING_BESIDE = Beside()


def parted(body: Mapping[str, Any]) -> tuple[dict[str, Any], Beside]:
    """The fields of a fact, and what was told beside them; raises Refused."""
    own = {name: value for name, value in body.items() if name not in BESIDE}
    beside = {name: value for name, value in body.items() if name in BESIDE}
    return own, facts_from(Beside, beside) if beside else NOTHING_BESIDE


FIRST_DAY = "2000-01-01"
"""No fact that a person tells happened before it."""


def _require_believable(day: str, today: str) -> None:
    """Refused where a day is still to come, or its year is mistyped: what is booked has happened.

    Today is by UTC; in the most eastern zone it is tomorrow already. Plans have fields of their own (`expected`, `by`,
    `review`, `end`), which may lie ahead.
    """
    last = (dt.date.fromisoformat(today) + dt.timedelta(days=1)).isoformat()
    if day > last:
        raise Refused.field("date", "{day} is still to come; record it when it has happened", day=day)
    if day < FIRST_DAY:
        raise Refused.field(
            "date", "{day} is before {first_day}; see whether its year is right", day=day, first_day=FIRST_DAY
        )


_OF_CURRENCY = ("currency", "asset", "into", "base")
"""What facts call a currency that something is in, or is exchanged from or into."""


def _require_in_force(facts: object, day: str, within: str = "", *, withdrawn: bool = True) -> None:
    """Refused where facts, or a row of them, tell an amount of a currency that was no money on that day.

    `within`: the field of the row, and a dot. `withdrawn`: also where it was money no more.
    """
    for field in _OF_CURRENCY:
        currency = str(getattr(facts, field, ""))
        first, last = first_day_of(currency), last_day_of(currency)
        if first is not None and day < first:
            raise Refused.field(
                within + field,
                "{currency} began on {first}, after {day}; name the currency that there was on that day",
                currency=currency,
                first=first,
                day=day,
            )
        if withdrawn and last is not None and day > last:
            raise Refused.field(
                within + field,
                "{currency} was withdrawn in {month}, before {day}; name the currency that there was on that day",
                currency=currency,
                month=WITHDRAWN[currency],
                day=day,
            )
    for field, rows in _rows_of(facts):
        for index, row in enumerate(rows):
            # What was given before an opening says its own day, or none: a currency may be withdrawn since.
            since = getattr(row, "given", day)
            _require_in_force(row, since or day, f"{within}{field}.{index}.", withdrawn=since is not None)


def _rows_of(facts: object) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The fields of facts that are lists of facts, by their names."""
    for field in fields(facts) if is_dataclass(facts) else ():
        rows = getattr(facts, field.name)
        if isinstance(rows, tuple) and rows and is_dataclass(rows[0]):
            yield field.name, rows


def accounting_date(
    context: Context,
    kind: Kind[F, N],
    facts: F,
    posting: Posting[N],
    *,
    date: str | None,
    waits: bool,
    happened: str | None,
    out_of_order: OutOfOrder | None,
) -> str:
    """The day that an entry is booked on: `date`, else the day that its facts tell, else today.

    Where it may not be booked then, raises Refused, which names the day on which it may. What cannot wait for a
    person (what the chain or a consignee says), what tells no day, and of closed periods also what moves nothing, is
    booked on that day. So is what explains a transaction that settled later: the day of sending stands in its facts.
    """
    told_day, today = kind.date(facts), context.today
    day = date or told_day or today
    if waits:
        _require_believable(day, today)
    if context.role is not Role.SYSTEM:
        _require_in_force(facts, happened or told_day or today)
    if happened is not None and happened > day:
        raise Refused.field(
            HAPPENED, "is after the accounting date, {day}; leave it out, or correct one", day=day
        )
    moves = bool(posting.transfers or posting.operations)
    opened = _open_day(context, posting, day, refuses=moves and waits)
    spend = spend_of(context.books.session, context.campaign, facts)
    also = set() if spend is None else {spend.entry}
    also.update(kind.covered(context, facts, min(filter(None, (day, happened or told_day)))))
    before = days_before(context, kind, facts, posting, also)
    if spend is not None:
        opened = max([opened, *(days.date for days in before if days.kind in SPENDS)])
    refuses = waits and told_day is not None
    booked = _after_all(context, before, opened, refuses)
    if context.role is not Role.SYSTEM:
        _require_days_in_order(context, kind, before, happened or told_day, out_of_order)
    return _never_below_zero(context, posting, booked, refuses)


def _open_day(context: Context, posting: Posting[N], day: str, *, refuses: bool) -> str:
    """The day, or the first one after it that is open in all campaigns that an entry touches."""
    sides = (side for transfer in posting.transfers for side in (transfer.debit, transfer.credit))
    campaigns = {context.campaign, *map(campaign_of, sides)}
    closed = max(filter(None, context.standings(campaigns).values()), default=None)
    if closed is None or day > closed.last:
        return day
    last, number = closed
    first_open = day_after(last)
    if refuses:
        raise Refused.field(
            "date",
            "{day} lies in a closed period ({number} ends it on {last}); the first open day is {first_open}: "
            "give that, and the day it happened as `{happened}`",
            day=day,
            number=number,
            last=last,
            first_open=first_open,
            happened=HAPPENED,
        )
    return first_open


def _after_all(context: Context, before: list[Days], day: str, refuses: bool) -> str:
    """The day, or the one of the last thing that the fact rests on; Refused where that is later."""
    last = max(before, key=attrgetter("date"), default=None)
    if last is None or last.date <= day:
        return day
    if refuses:
        raise Refused.field(
            "date",
            "{day} is before {last}, the day of {rests_on}, on which this rests; give that day or a later one, and "
            "the day it happened as `{happened}`",
            day=day,
            last=last.date,
            rests_on=called(context, last.seq),
            happened=HAPPENED,
        )
    return last.date


def _require_days_in_order(
    context: Context, kind: Kind[F, N], before: list[Days], day: str | None, reason: OutOfOrder | None
) -> None:
    """Refused where a fact happened before the day of what it rests on, and no reason is given that excuses it."""
    earlier = (days for days in before if days.kind not in SPENDS)
    last = max(earlier, key=attrgetter("day"), default=None)
    if day is None or last is None or last.day <= day:
        if reason is not None:
            raise Refused.field(
                OUT_OF_ORDER,
                "the days are in order; leave it out, or give the day on the paper as `{happened}`",
                happened=HAPPENED,
            )
        return
    if not excuses(reason, day, last.day):
        raise Refused.field(
            OUT_OF_ORDER,
            "{day} is before {last}, the day of {rests_on}, on which this rests; say why by one of {words} (for one "
            "day only)",
            day=day,
            last=last.day,
            rests_on=called(context, last.seq),
            words=list(OutOfOrder),
        )
    alone = kind.workflow is None and reason is not OutOfOrder.OTHER_DAY_THERE
    if alone and context.role not in APPROVERS:
        raise NotAllowed.field(
            OUT_OF_ORDER,
            "your role, {role}, cannot say that this was {reason}; an approver has to record it",
            role=context.role,
            reason=reason or "",
        )


def _short(posting: Posting[N]) -> dict[tuple[str, str], int]:
    """What an entry takes from places that are never below zero, by account and asset."""
    return {
        (account, asset): -units
        for (account, asset), units in moved_by(posting.transfers).items()
        if units < 0 and account_named(account).kind in NEVER_NEGATIVE
    }


def _never_below_zero(context: Context, posting: Posting[N], day: str, refuses: bool) -> str:
    """The day, or the first one from which every place has what an entry takes of it; Refused where that is later."""
    first = day
    short = _short(posting)
    days = first_days_with(context.books.session, short, day)
    for (account, asset), enough in days.items():
        if refuses and enough > day:
            raise Refused.field(
                "date",
                "{account} would be below zero after {day}: it has {units} to give from {enough} on; "
                "give that day or a later one, and the day it happened as `{happened}`",
                account=account,
                day=day,
                units=Figure(asset, short[account, asset]),
                enough=enough,
                happened=HAPPENED,
            )
        first = max(first, enough)
    return first
