"""English: which periods are closed, the most that a role approves, and the day of a fact that was booked later."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.sentences.messages import Piece, Sentence
from api.pages.sentences.units import day
from api.pages.sentences.units import period as days
from ledger.views.controls import ClosedPeriod, LimitRow, PeriodRow

PERIODS_NONE = "No period is closed yet: a fact can still be booked on any day."
PERIODS_NOTE = "A closed period is frozen with its balances. A late fact is booked in the open one."
LIMITS_NOTE = (
    "Another person than who recorded it approves what leaves. A limit counts all that leaves, fees too, on one "
    "invoice, or to one payee within 24 hours."
)


def booked(date: str, happened: str | None = None) -> str:
    """`21 November 2023, booked 1 December 2023`; the day alone where it was booked on that day.

    A day is never broken over two lines.
    """
    days = [day(told).replace(" ", "\u00a0") for told in (happened, date) if told]
    return ", booked ".join(days)


def period_closed(row: PeriodRow) -> str:
    """`Closed 10 June 2020, entry 151`."""
    again = "" if row.reopened is None else f"; open again by entry {row.reopened:,}"
    return f"Closed {day(row.closed_on)}, entry {row.seq:,}{again}"


def period_title(period: ClosedPeriod) -> str:
    return f"Trial balance of {period.number}"


def period_sentence(period: ClosedPeriod) -> Sentence:
    """What every account held at the end of a period's last day."""
    return (Piece("What every account held at the end of "), Piece(day(period.last), "figure"), Piece("."))


def period_lead(period: ClosedPeriod) -> str:
    """Which days, which entry froze them and up to where it counts, and whether it still binds."""
    again = ""
    if period.reopened is not None:
        again = f" Entry {period.reopened:,} opened the period again: it is not frozen any more."
    return (
        f"{days(period.first, period.last)}. Entry {period.seq:,} froze it on {day(period.closed_on)}, and counts "
        f"entries up to {period.through:,}. In each asset what is debit is as much as what is credit.{again}"
    )


def more_accounts(number: int) -> str:
    return f"{number:,} more accounts"


def more_assets(number: int) -> str:
    return f"{number:,} more assets are in the data." if number > 0 else ""


def limit_most(row: LimitRow) -> str:
    """`5,000.00 USD, since 14 May 2020`."""
    if row.most is None:
        return "No limit"
    return f"{exact_with_asset(row.most)}, since {day(row.date or '')}"
