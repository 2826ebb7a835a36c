"""What keeps a bank from being reconciled, beside lines without an entry: the other way, from the books to the bank.

One definition for page, JSON, command line and metrics (docs/rules.md, 19): an entry that a statement should show and
does not; an opening balance that the books do not show; a bank of which nothing is heard; a count of a cash box that
is not what the books say; others' money in a shared account that is below zero.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from ledger.model.bank import (
    Account,
    AsideRow,
    BankLineRow,
    BankMovementRow,
    BankStatementRow,
    Instrument,
    OutstandingRow,
)
from ledger.model.columns import table_of
from ledger.rules.bank import movement_left, signed
from ledger.rules.bank_outstanding import outstanding_of
from ledger.rules.bank_terms import HELD_BY_OTHERS, Terms, terms_of
from ledger.rules.cash_counts import counted_boxes, last_count

BankCurrency = tuple[str, str]


@dataclass(frozen=True, slots=True)
class UnlistedEntry:
    """An entry that the statements of its bank should show: `left` minor units, below zero where they went out.

    `days` on the newest statement's last day; `part`: some of it is on a statement. `until`: the day until which it
    was said to be outstanding, where that is over.
    """

    entry: int
    noun: str
    reference: str
    date: str
    left: int
    days: int
    part: bool
    until: str | None


@dataclass(frozen=True, slots=True)
class OutstandingEntry:
    """An entry that two people say is outstanding, in time: `left` minor units, below zero where they went out."""

    number: str
    entry: int
    instrument: Instrument
    until: str
    date: str
    left: int


@dataclass(frozen=True, slots=True)
class OpenBank:
    """A bank in one currency: what of it is open, in minor units. `last` is the newest statement's last day.

    `opening`: what the first statement opens with and the books do not show; `silent_since`: the day since which
    nothing is heard of it, where that is too long ago; `foreign`: by how much others overdrew a shared account, on
    the day `foreign_on`; `count_off`: by how much the newest count of a cash box is more than the books, on the day
    `counted_on`. `advanced`: what the organisation `holder` has of an advance, or of tax that comes back, by the day
    `until`; `overdue`: that day is over.
    """

    bank: str
    currency: str
    account: Account
    last: str | None
    first: str | None
    unlisted: tuple[UnlistedEntry, ...]
    outstanding_instruments: tuple[OutstandingEntry, ...]
    opening: int
    silent_since: str | None
    foreign: int
    foreign_on: str | None
    count_off: int = 0
    counted_on: str | None = None
    advanced: int = 0
    moved_on: str | None = None
    holder: str = ""
    until: str = ""
    overdue: bool = False

    @property
    def is_open(self) -> bool:
        return bool(
            self.unlisted
            or self.opening
            or self.silent_since
            or self.foreign
            or self.count_off
            or self.overdue
        )


def days_between(first: str, last: str) -> int:
    """Whole days from one day to another, below zero where that is earlier."""
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days


def open_banks(
    session: Session,
    campaign: str,
    today: str,
    statements: Mapping[BankCurrency, Sequence[BankStatementRow]],
    asides: Iterable[AsideRow],
) -> tuple[OpenBank, ...]:
    """Each bank and currency that money passed, or that one of its `statements` is of, by name.

    `today` is an ISO day; `asides`: what stands as set aside there.
    """
    others: dict[BankCurrency, int] = defaultdict(int)
    for aside in asides:
        others[aside.bank, aside.currency] += aside.opening
    moved = _moved(session, campaign)
    terms = terms_of(session, campaign)
    said: dict[int, list[OutstandingRow]] = defaultdict(list)
    for row in outstanding_of(session, campaign):
        said[row.of].append(row)
    return tuple(
        _open_bank(
            session,
            campaign,
            place,
            terms.at(place[0]),
            statements.get(place, ()),
            moved.get(place),
            said,
            today,
            others.get(place, 0),
        )
        for place in sorted({*statements, *moved, *counted_boxes(session, campaign)})
    )


@dataclass(frozen=True, slots=True)
class _Moved:
    """The first and the last day on which money passed a bank, and what the books hold there, minor units."""

    first: str
    last: str
    held: int


def _moved(session: Session, campaign: str) -> dict[BankCurrency, _Moved]:
    row = table_of(BankMovementRow).c
    place = row.bank, row.currency
    sums = func.min(row.date), func.max(row.date), func.sum(row.moved)
    standing = row.campaign == campaign, row.reversed_by.is_(None)
    rows = session.connection().execute(select_columns(*place, *sums).where(*standing).group_by(*place))
    return {(bank, currency): _Moved(first, last, int(held)) for bank, currency, first, last, held in rows}


def unlisted(session: Session, campaign: str, place: BankCurrency) -> Sequence[BankMovementRow]:
    """The entries at a bank that stand and are not wholly on its statements, oldest first."""
    row = BankMovementRow
    return session.exec(
        select(row)
        .where(
            row.campaign == campaign,
            row.bank == place[0],
            row.currency == place[1],
            col(row.reversed_by).is_(None),
            func.abs(row.moved) > row.matched,
        )
        .order_by(col(row.date), col(row.entry))
    ).all()


def _open_bank(
    session: Session,
    campaign: str,
    place: BankCurrency,
    terms: Terms,
    statements: Sequence[BankStatementRow],
    moved: _Moved | None,
    said: dict[int, list[OutstandingRow]],
    today: str,
    others: int,
) -> OpenBank:
    bank, currency = place
    last = max((s.last for s in statements), default=None)
    first = min((s.first for s in statements), default=None)
    wanting: list[UnlistedEntry] = []
    outstanding_instruments: list[OutstandingEntry] = []
    before_old = before = 0
    # Of a cash box nothing but a count tells; without a statement there is nothing that could show an entry.
    apart = terms.account is Account.CASH or terms.account in HELD_BY_OTHERS
    rows = unlisted(session, campaign, place) if statements and not apart else ()
    for row in rows:
        assert last is not None
        assert first is not None
        left, days = movement_left(row), days_between(row.date, last)
        marks = [mark for mark in said.get(row.entry, ()) if (mark.bank, mark.currency) == place]
        in_time = [mark for mark in marks if mark.until >= today]
        if in_time:
            mark = max(in_time, key=lambda m: m.until)
            outstanding_instruments.append(
                OutstandingEntry(mark.number, row.entry, mark.instrument, mark.until, row.date, left)
            )
            continue
        old = days > terms.days or row.matched > 0 or bool(marks)
        if row.date < first and not row.matched and not marks:
            # The balance that the first statement opens with shows it, or should.
            before += left
            before_old += left if old else 0
        elif old:
            until = max((mark.until for mark in marks), default=None)
            wanting.append(
                UnlistedEntry(
                    row.entry, row.noun, row.reference, row.date, left, days, row.matched > 0, until
                )
            )
    foreign, foreign_on = 0, None
    if terms.account is Account.SHARED:
        foreign, foreign_on = _overdrawn(session, campaign, place, others)
    count = last_count(session, campaign, bank, currency) if terms.account is Account.CASH else None
    advanced = 0 if moved is None or terms.account not in HELD_BY_OTHERS else moved.held
    opening = 0
    if statements:
        shown = min(statements, key=lambda s: (s.first, s.last)).opening - others
        opening = 0 if shown == before else shown - before_old
    return OpenBank(
        bank=bank,
        currency=currency,
        account=terms.account,
        last=last,
        first=first,
        unlisted=tuple(wanting),
        outstanding_instruments=tuple(outstanding_instruments),
        opening=opening,
        silent_since=_silent_since(terms, last if count is None else count.document_date, moved, today),
        foreign=foreign,
        foreign_on=foreign_on,
        count_off=0
        if count is None
        else count.counted - _held_on(session, campaign, place, count.document_date),
        counted_on=None if count is None else count.document_date,
        advanced=advanced,
        moved_on=None if moved is None else moved.first,
        holder=terms.holder,
        until=terms.until,
        overdue=bool(advanced) and terms.until < today,
    )


def _held_on(session: Session, campaign: str, place: BankCurrency, day: str) -> int:
    """What the books hold at a bank at the end of a day, minor units."""
    row = BankMovementRow
    held = select(func.coalesce(func.sum(row.moved), 0)).where(
        row.campaign == campaign,
        row.bank == place[0],
        row.currency == place[1],
        row.date <= day,
        col(row.reversed_by).is_(None),
    )
    return int(session.exec(held).one())


def _silent_since(terms: Terms, last: str | None, moved: _Moved | None, today: str) -> str | None:
    """Since when nothing is heard of a bank that holds money or had some pass since; None where that is in time."""
    if moved is None or terms.account in HELD_BY_OTHERS:
        return None
    since = moved.first if last is None else last
    told_all = last is not None and moved.last <= last and not moved.held
    if told_all or days_between(since, today) <= terms.statement_days:
        return None
    return since


def _overdrawn(session: Session, campaign: str, place: BankCurrency, opening: int) -> tuple[int, str | None]:
    """By how much others' money was below zero at the end of the worst day, and that day."""
    lines = session.exec(
        select(BankLineRow)
        .where(
            BankLineRow.campaign == campaign,
            BankLineRow.bank == place[0],
            BankLineRow.currency == place[1],
            col(BankLineRow.reversed_by).is_(None),
            col(BankLineRow.aside_by).is_not(None),
        )
        .order_by(col(BankLineRow.booked))
    )
    by_day: dict[str, int] = defaultdict(int)
    for line in lines:
        by_day[line.booked] += signed(line)
    worst, worst_on = 0, None
    for day, units in by_day.items():
        opening += units
        if opening < worst:
            worst, worst_on = opening, day
    return worst, worst_on
