"""Periods: a closed one is frozen with its balances, and no later entry has an accounting date in it (RULES 13).

Closing moves nothing. A closed period is opened again only by a reversal, the last one first.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Number
from ledger.rules.approvals import Decision, approval, fold_decided, fold_pending, rejection, require_pending
from ledger.rules.books import Books
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, require_campaign, reversed_as
from ledger.rules.trial_balance import add_transfers, closing_sums, empty_sums, told_rows

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


def day_after(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


def last_closed(books: Books, campaign: str) -> tuple[str, str] | None:
    """(number, last day) of the newest closed period; None while every period is open."""
    document = books.documents.find("closed", campaign, "")
    return None if document is None else (document["number"], document["last"])


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


def _require_next(context: Context, facts: PeriodClose) -> tuple[str, str]:
    """The days of the period, where it follows the closed ones without a gap and is over; raises Refused."""
    first, last = _days(facts)
    if first > last:
        raise Refused.field("last", f"is before the first day, {first}; give the days in order")
    closed = last_closed(context.books, context.campaign)
    if closed is not None and first != day_after(closed[1]):
        raise Refused.field(
            "first",
            f"the period would begin on {first}, and {closed[0]} is closed up to {closed[1]}; "
            f"begin on {day_after(closed[1])}",
        )
    if last >= context.today:
        raise Refused.field("last", f"{last} is not over; close a period after its last day")
    _require_after(facts.date, last)
    return first, last


def _require_after(date: str, last: str) -> None:
    if date <= last:
        raise Refused.field("date", f"lies in the period that it closes; give a day after {last}")


def _post(context: Context, facts: PeriodClose) -> Posting:
    require_campaign(context)
    for number, other in context.books.documents.all("period", context.campaign):
        if other["status"] == "pending":
            raise Conflict(
                f"number: the closing of {number} waits for a decision; approve or reject it first"
            )
    first, last = _require_next(context, facts)
    return Posting((), (), {"first": first, "last": last})


def _post_approved(context: Context, decision: Decision) -> Posting:
    """Sum up what is dated in the period, on what the one before it froze; later dates wait for their own."""
    document = require_pending(context, "period", decision.number)
    told = document["facts"]
    facts = PeriodClose(
        number=told["number"], first=told.get("first"), last=told.get("last"), date=told["date"]
    )
    first, last = _require_next(context, facts)
    _require_after(decision.date, last)
    opening, scanned = empty_sums(), 0
    closed = last_closed(context.books, context.campaign)
    before = None
    if closed is not None:
        before = context.books.documents.require("period", context.campaign, closed[0])["outcome"]
        opening, scanned = closing_sums(before["balances"]), before["scanned"]
    within, through, waits = empty_sums(), scanned, None
    for entry in context.entries(scanned):
        through = entry.seq
        if entry.date > last:
            waits = entry.seq if waits is None else waits
        elif before is None and entry.date < first:
            add_transfers(opening, context.campaign, entry)
        elif before is None or entry.date > before["last"]:
            add_transfers(within, context.campaign, entry)
    closing = empty_sums()
    for key in opening.keys() | within.keys():
        closing[key] = opening.get(key, 0) + within.get(key, 0)
    notes: dict[str, Any] = {
        "first": first,
        "last": last,
        "through": through,
        "scanned": through if waits is None else waits - 1,
        "balances": told_rows(opening, closing),
    }
    if closed is not None:
        notes["before"] = closed[0]
    return Posting((), (), notes)


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_decided("period", "closed")(books, entry)
    told = {"number": entry.facts["number"], "last": entry.notes["last"]}
    books.documents.save("closed", entry.campaign, "", told)


def _require_last_closed(context: Context, entry: Entry) -> None:
    """Conflict where a later period was closed on what would be opened again."""
    closed = last_closed(context.books, context.campaign)
    if closed is not None and closed[0] != entry.facts["number"]:
        raise Conflict(f"entry: {closed[0]} was closed after it; open that again first")


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """A reversed closing leaves its period open, and the one before it the last that is closed."""
    reversed_as("period", status="reopened")(books, entry, seq)
    if "before" not in entry.notes:
        books.documents.remove("closed", entry.campaign, "")
        return
    before = books.documents.require("period", entry.campaign, str(entry.notes["before"]))
    told = {"number": entry.notes["before"], "last": before["outcome"]["last"]}
    books.documents.save("closed", entry.campaign, "", told)


PERIOD = Kind(
    name="period",
    noun="period",
    verb="close",
    facts=PeriodClose,
    doc="Close a period that is over; it waits for another person's approval, which freezes its balances.",
    roles=RECORDERS,
    key=numbered("period"),
    post=_post,
    fold=fold_pending("period"),
)
KINDS = (
    PERIOD,
    approval("period", _post_approved, _fold_approved, Undoing(_unfold, require=_require_last_closed)),
    rejection("period"),
)
