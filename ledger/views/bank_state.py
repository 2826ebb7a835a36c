"""What statements say beside the books, bank by bank, and which entry a line may be.

A match is only ever proposed here; a person records it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from ledger.core.frozen import Amount, Frozen
from ledger.core.line_words import LineWords
from ledger.core.telling import Telling
from ledger.core.times import unix_seconds
from ledger.model.bank import (
    Account,
    AsideRow,
    BankLineRow,
    BankMovementRow,
    BankStatementRow,
    Direction,
    Instrument,
)
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.gifts import ContributionRow
from ledger.recording.bank_references import references_in
from ledger.recording.bank_words import words_of
from ledger.rules.bank import line_left, movement_left, signed
from ledger.rules.bank_asides import lines_of_aside
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.store.transaction import Reading
from ledger.views.bank_open import BankCurrency, OpenBank
from ledger.views.bank_readings import BankReadings, LineSums
from ledger.views.bank_sums import Part, parts_summing
from ledger.views.suggestions import Suggestion, Why, days_apart

NEAR_PERMILLE, NEAR_DAYS = 50, 14
AMOUNT, TIME, REFERENCE = 60, 20, 20
"""Points, at most: for the amount, for the days between, and for a number on paper that the text names."""
SHOWN = 5
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that is not matched whole: `left` minor units, below zero where they went out."""

    identity: str
    bank: str
    currency: str
    booked: str
    at: str
    left: int
    words: LineWords | None  # None where there are none, or they were forgotten, or nothing is proposed
    proposals: tuple[Suggestion, ...]


class OutstandingInstrument(Frozen):
    """An entry whose money is under way, so that no statement can show it yet."""

    number: str
    """Number of what says so."""
    entry: int
    """Number of the entry in the journal."""
    instrument: Instrument
    """By what it is under way."""
    since: str
    """Day of the entry."""
    until: str
    """Day until which it may take; after it, it is open."""
    amount: Amount
    """Below zero where it went out."""


class SetAside(Frozen):
    """Lines that two people said are none of the campaign's."""

    when: str
    """Booking day of the line; of a shared account the month; empty: before the first statement."""
    lines: int
    """How many lines."""
    came: Amount
    """What came in on them."""
    went: Amount
    """What went out."""
    reason: str
    """Why it is none of the campaign's."""
    decided_by: str
    """The role that approved it."""
    decided_on: str
    """The day of the approval."""


class BankState(Frozen):
    """A bank in one currency: closing = opening + what the parts say, where no statement is wanting."""

    bank: str
    """Name of the bank."""
    last: str
    """Last day of the newest statement."""
    reconciled: bool
    """Is every line an entry or set aside, every entry on a statement that should show it, and nothing wanting?"""
    shared: bool
    """Does others' money lie in it too?"""
    unmatched_lines: int
    """Lines of statements that are not matched whole."""
    unlisted_entries: int
    """Entries that a statement should show, and none does whole."""
    opening_open: Amount
    """What the first statement opens with and the books do not show."""
    outstanding_instruments: tuple[OutstandingInstrument, ...]
    """Entries that two people say are outstanding, in time."""
    set_aside: tuple[SetAside, ...]
    """Lines that are none of the campaign's: each with its reason, of a shared account a row a month and reason."""
    opening: Amount
    """Before the first statement."""
    closing: Amount
    """At the end of the newest statement."""
    books: Amount
    """What the books hold there."""
    unmatched: Amount
    """On statements and in no entry."""
    aside: Amount
    """On lines that were set aside."""
    outstanding: Amount
    """In the books and on no statement yet."""
    notified: Amount
    """On lines that the bank notified, and that no statement covers yet."""
    difference: Amount
    """What statements miss; 0 where each begins as the one before it closed."""


_standing = select(BankMovementRow).where(
    col(BankMovementRow.campaign) == OF_CAMPAIGN, col(BankMovementRow.reversed_by).is_(None)
)
_MOVEMENTS = _standing.order_by(
    col(BankMovementRow.bank), col(BankMovementRow.currency), col(BankMovementRow.entry)
)


def movements(tx: Reading, campaign: str) -> Sequence[BankMovementRow]:
    """What each entry that stands moved at a bank of the campaign, by bank, currency and entry."""
    return tx.session.exec(_MOVEMENTS, params={"of_campaign": campaign}).all()


_UNMATCHED = _standing.where(func.abs(BankMovementRow.moved) > BankMovementRow.matched).order_by(
    col(BankMovementRow.entry)
)


def _unmatched(tx: Reading, campaign: str) -> Sequence[BankMovementRow]:
    """Those of them that are not wholly on statements."""
    return tx.session.exec(_UNMATCHED, params={"of_campaign": campaign}).all()


def open_lines(
    tx: Reading, campaign: str, *, bank: str | None = None, propose: bool = True
) -> tuple[OpenLine, ...]:
    """Lines that wait for a match, by booking day, each with the best few entries that it may be.

    `bank`: only the lines of that one.
    """
    waiting = tx.session.exec(
        select(BankLineRow)
        .where(
            BankLineRow.campaign == campaign,
            col(BankLineRow.reversed_by).is_(None),
            col(BankLineRow.aside_by).is_(None),
            col(BankLineRow.matched) < col(BankLineRow.amount),
            *(() if bank is None else (BankLineRow.bank == bank,)),
        )
        .order_by(col(BankLineRow.booked), col(BankLineRow.identity))
    ).all()
    moved = _unmatched(tx, campaign) if waiting and propose else ()
    lines = []
    for line in waiting:
        left = line_left(line) * (1 if line.direction is Direction.IN else -1)
        words = words_of(tx, line.text) if propose else None
        given = () if words is None or left < 0 else tuple(references_in(tx, campaign, words.said))
        gifts = _entries_of_gifts(tx, campaign, given)
        proposals = sorted(
            (p for m in moved if (p := _proposal(m, line, left, words, gifts)) is not None),
            key=lambda p: (-p.score, int(p.reference)),
        )[:SHOWN]
        if given and not gifts:
            proposals = [_gift(line, left, given[0]), *proposals][:SHOWN]
        elif not any(p.minor == abs(left) for p in proposals):
            proposals = [*_combined(moved, line, left), *proposals][:SHOWN]
        lines.append(
            OpenLine(
                identity=line.identity,
                bank=line.bank,
                currency=line.currency,
                booked=line.booked,
                at=line.at,
                left=left,
                words=words,
                proposals=tuple(proposals),
            )
        )
    return tuple(lines)


def _entries_of_gifts(tx: Reading, campaign: str, references: Sequence[str]) -> frozenset[int]:
    """The contributions of a campaign that say one of these references, by their entries."""
    if not references:
        return frozenset()
    row = ContributionRow
    named = select(row.entry).where(row.campaign == campaign, col(row.reference).in_(references))
    return frozenset(tx.session.exec(named.where(col(row.reversed_by).is_(None))))


def _gift(line: BankLineRow, left: int, reference: str) -> Suggestion:
    """A line that carries a reference of ours as the gift of the donor who was given it: recorded, then matched."""
    facts = {
        "bank": line.bank,
        "currency": line.currency,
        "amount": str(left),
        "reference": reference,
        "date": line.booked,
    }
    return Suggestion(
        kind="contribution",
        reference=reference,
        campaign=line.campaign,
        score=AMOUNT + TIME + REFERENCE,
        minor=left,
        why=(Telling(Why.OWN_REFERENCE), Telling(Why.RECORD_GIFT, facts)),
    )


def _proposal(
    moved: BankMovementRow, line: BankLineRow, left: int, words: LineWords | None, gifts: frozenset[int]
) -> Suggestion | None:
    """An entry as a proposal for a line; None where bank, direction, amount or days are too far apart."""
    if (moved.bank, moved.currency) != (line.bank, line.currency) or movement_left(moved) * left <= 0:
        return None
    away = abs(movement_left(moved) - left) * 1000 // abs(left)
    days = abs(_day(moved.date) - _day(line.booked))
    said = "" if words is None else words.said.lower()
    named = moved.entry in gifts or (len(moved.reference) >= _SHORTEST and moved.reference.lower() in said)
    if (away > NEAR_PERMILLE and not named) or days > NEAR_DAYS:
        return None
    score = max(0, AMOUNT - AMOUNT * away // (NEAR_PERMILLE + 1)) + TIME - TIME * days // (NEAR_DAYS + 1)
    why = [
        Telling(Why.ENTRY, {"noun": moved.noun, "number": moved.reference}),
        Telling(Why.SAME_AMOUNT if not away and movement_left(moved) == left else Why.ANOTHER_AMOUNT),
        days_apart(days),
    ]
    if named:
        score += REFERENCE
        why.append(Telling(Why.NAMED_IN_TEXT))
    return Suggestion(
        kind="entry",
        reference=str(moved.entry),
        campaign=line.campaign,
        score=score,
        minor=abs(movement_left(moved)),
        why=tuple(why),
    )


def _combined(moved: Iterable[BankMovementRow], line: BankLineRow, left: int) -> Iterator[Suggestion]:
    """Several entries as one proposal for a line, where together they are what is left of it."""
    parts = [
        Part(m.entry, abs(movement_left(m)), m.date, days, m.noun, m.reference)
        for m in moved
        if (m.bank, m.currency) == (line.bank, line.currency)
        and movement_left(m) * left > 0
        and abs(movement_left(m)) < abs(left)
        and (days := abs(_day(m.date) - _day(line.booked))) <= NEAR_DAYS
    ]
    sums = parts_summing(abs(left), parts)
    if sums:
        days = max(part.days for part in sums)
        yield Suggestion(
            kind="entries",
            reference=", ".join(str(part.entry) for part in sums),
            campaign=line.campaign,
            score=AMOUNT + TIME - TIME * days // (NEAR_DAYS + 1),
            minor=abs(left),
            why=(
                *(Telling(Why.ENTRY, {"noun": part.noun, "number": part.number}) for part in sums),
                Telling(Why.COMBINED),
            ),
        )


def _day(date: str) -> int:
    return unix_seconds(f"{date}T00:00:00Z") // 86_400


def _ends(statements: Sequence[BankStatementRow], lines: int) -> tuple[int, BankStatementRow]:
    """The balance before all lines, and the statement that closes them; of one day, the one to which `lines` lead."""
    opening = min(statements, key=lambda s: (s.first, s.last)).opening
    last = max(s.last for s in statements)
    of_that_day = [s for s in statements if s.last == last]
    return opening, next((s for s in of_that_day if s.closing == opening + lines), of_that_day[-1])


@dataclass(frozen=True, slots=True)
class StatementGap:
    """Statements of a bank that do not lead from one to the other: `missing` minor units between them."""

    bank: str
    currency: str
    last: str
    opening: int
    closing: int
    missing: int


def statement_gaps(of: BankReadings) -> tuple[StatementGap, ...]:
    """Each bank and currency whose lines do not lead from its first balance to its last, by name."""
    gaps = []
    for (bank, currency), of_account in of.statements.items():
        lines = of.line_sums.get((bank, currency), LineSums()).all
        lines -= of.notified.get((bank, currency), 0)
        opening, newest = _ends(of_account, lines)
        missing = newest.closing - opening - lines
        if missing:
            gaps.append(StatementGap(bank, currency, newest.last, opening, newest.closing, missing))
    return tuple(gaps)


@dataclass(frozen=True, slots=True)
class BankSums:
    """A bank in one currency as its statements and the books say, minor units; fields as those of `BankState`."""

    bank: str
    currency: str
    last: str
    unmatched_lines: int
    opening: int
    closing: int
    books: int
    unmatched: int
    aside: int
    outstanding: int
    notified: int
    difference: int


def bank_sums(books: Books, of: BankReadings) -> tuple[BankSums, ...]:
    """Each bank and currency of which there is a statement, by name."""
    campaign = of.campaign
    sums_of_banks = []
    for (bank, currency), of_account in of.statements.items():
        lines, on_none = of.line_sums.get((bank, currency), LineSums()), of.notified.get((bank, currency), 0)
        opening, newest = _ends(of_account, lines.all - on_none)
        here = at_bank(books, campaign, bank, currency)
        # What is on no statement is all that the entries moved, less what lines are matched with.
        outstanding = here - (lines.all - lines.left - lines.aside)
        difference = opening + here + lines.left + lines.aside - outstanding - on_none - newest.closing
        sums_of_banks.append(
            BankSums(
                bank=bank,
                currency=currency,
                last=newest.last,
                unmatched_lines=lines.left_lines,
                opening=opening,
                closing=newest.closing,
                books=here,
                unmatched=lines.left,
                aside=lines.aside,
                outstanding=outstanding,
                notified=on_none,
                difference=difference,
            )
        )
    return tuple(sums_of_banks)


def bank_states(books: Books, of: BankReadings) -> tuple[BankState, ...]:
    """Each bank and currency of which there is a statement, by name."""
    sums = bank_sums(books, of)
    if not sums:
        return ()
    opened = {(row.bank, row.currency): row for row in of.open}
    asides = _set_aside(books.session, of.asides, opened)
    return tuple(
        _state(row, opened[row.bank, row.currency], asides.get((row.bank, row.currency), ())) for row in sums
    )


def _state(row: BankSums, bank: OpenBank, set_aside: tuple[SetAside, ...]) -> BankState:
    currency = row.currency
    return BankState(
        bank=row.bank,
        last=row.last,
        reconciled=not row.unmatched_lines and not row.difference and not bank.is_open,
        shared=bank.account is Account.SHARED,
        unmatched_lines=row.unmatched_lines,
        unlisted_entries=len(bank.unlisted),
        opening_open=Amount.of(currency, bank.opening),
        outstanding_instruments=tuple(
            OutstandingInstrument(
                number=entry.number,
                entry=entry.entry,
                instrument=entry.instrument,
                since=entry.date,
                until=entry.until,
                amount=Amount.of(currency, entry.left),
            )
            for entry in bank.outstanding_instruments
        ),
        set_aside=set_aside,
        opening=Amount.of(currency, row.opening),
        closing=Amount.of(currency, row.closing),
        books=Amount.of(currency, row.books),
        unmatched=Amount.of(currency, row.unmatched),
        aside=Amount.of(currency, row.aside),
        outstanding=Amount.of(currency, row.outstanding),
        notified=Amount.of(currency, row.notified),
        difference=Amount.of(currency, row.difference),
    )


def _set_aside(
    session: Session, asides: Iterable[AsideRow], opened: Mapping[BankCurrency, OpenBank]
) -> dict[BankCurrency, tuple[SetAside, ...]]:
    """What was set aside, by bank and currency, oldest first: of a shared account never line by line."""
    set_aside: dict[BankCurrency, list[SetAside]] = defaultdict(list)
    months: dict[tuple[BankCurrency, str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for aside in asides:
        place, reason, role, on = (
            (aside.bank, aside.currency),
            aside.reason,
            str(aside.role),
            str(aside.decided_on),
        )
        shared = place in opened and opened[place].account is Account.SHARED
        if aside.opening:
            set_aside[place].append(_aside_row(place[1], "", [aside.opening], reason, role, on))
        for line in lines_of_aside(session, aside):
            if shared:
                months[place, line.booked[:7], reason, role].append((on, signed(line)))
            else:
                set_aside[place].append(_aside_row(place[1], line.booked, [signed(line)], reason, role, on))
    for (place, month, reason, role), lines in months.items():
        on = max(day for day, _ in lines)
        set_aside[place].append(_aside_row(place[1], month, [units for _, units in lines], reason, role, on))
    return {
        place: tuple(sorted(rows, key=lambda row: (row.when, row.reason)))
        for place, rows in set_aside.items()
    }


def _aside_row(currency: str, when: str, units: Sequence[int], reason: str, role: str, on: str) -> SetAside:
    return SetAside(
        when=when,
        lines=len(units) if when else 0,
        came=Amount.of(currency, sum(u for u in units if u > 0)),
        went=Amount.of(currency, -sum(u for u in units if u < 0)),
        reason=reason,
        decided_by=role,
        decided_on=on,
    )
