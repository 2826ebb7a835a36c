"""What statements say beside the books, bank by bank, and which entry a line may be.

A match is only ever proposed here; a person records it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.frozen import Amount, Frozen
from ledger.core.line_words import LineWords
from ledger.core.names import noun_of_kind
from ledger.core.times import unix_seconds
from ledger.model.bank import BankLineRow, BankStatementRow, Direction
from ledger.recording.bank_words import words_of
from ledger.recording.kinds import WORKFLOWS
from ledger.rules.bank import entry_matched, line_left, statements_of
from ledger.rules.books import Books
from ledger.rules.contributions import CONTRIBUTION
from ledger.store.transaction import Reading
from ledger.views.bank_notified import notified_sums
from ledger.views.bank_together import Part, together
from ledger.views.suggestions import Suggestion

NEAR_PERMILLE, NEAR_DAYS = 50, 14
AMOUNT, TIME, REFERENCE = 60, 20, 20
"""Points, at most: for the amount, for the days between, and for a number on paper that the text names."""
SHOWN = 5
_SHORTEST = 3
_BANK = AccountClass.BANK.value + "/"


@dataclass(frozen=True, slots=True)
class Movement:
    """What an entry moved at a bank, minor units, above zero where it came in; `left` of it is on no statement."""

    entry: int
    kind: str
    reference: str
    bank: str
    currency: str
    moved: int
    left: int
    date: str
    own: bool  # False: another fund's loan or repayment, which is matched there


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


class BankState(Frozen):
    """A bank in one currency: closing = opening + what the parts say, where no statement is wanting."""

    bank: str
    """Name of the bank."""
    last: str
    """Last day of the newest statement."""
    reconciled: bool
    """Is every line an entry or set aside, and no statement wanting?"""
    unmatched_lines: int
    """Lines of statements that are not matched whole."""
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


def movements(tx: Reading, campaign: str) -> Iterator[Movement]:
    """Each entry that stands and moved money at a bank of the campaign, by bank."""
    books = Books(tx)
    accounts = {balance.account for balance in books.balances(AccountClass.BANK, campaign)}
    banks = {str(account): account.detail[-1] for account in accounts}
    for moved in tx.journal.moved(banks):
        if books.reversed_by(moved.entry) is None:
            row = tx.journal.by_seq(moved.entry)
            entry = None if row is None else entry_from_bytes(row.data)
            if entry is not None and entry.reverses is None:
                yield _movement(books, campaign, entry, banks[moved.account], moved.asset, moved.units)


def _movement(books: Books, campaign: str, entry: Entry, bank: str, currency: str, moved: int) -> Movement:
    left = abs(moved) - entry_matched(books.session, entry.seq, bank)
    reference = str(entry.facts.get("number", entry.key))
    date = entry.date
    noun = noun_of_kind(entry.kind)
    workflow = WORKFLOWS.get(noun)
    proposal = None if workflow is None else workflow.find(books.session, entry.campaign, reference)
    if entry.kind == CONTRIBUTION.name:
        date = str(entry.facts["date"])
    elif proposal is not None:
        date = proposal.told_on
    left, own = left if moved > 0 else -left, entry.campaign == campaign
    return Movement(
        entry=entry.seq,
        kind=noun,
        reference=reference,
        bank=bank,
        currency=currency,
        moved=moved,
        left=left,
        date=date,
        own=own,
    )


def open_lines(tx: Reading, campaign: str, *, propose: bool = True) -> tuple[OpenLine, ...]:
    """Lines that wait for a match, by booking day, each with the best few entries that it may be."""
    waiting = tx.session.exec(
        select(BankLineRow)
        .where(
            BankLineRow.campaign == campaign,
            col(BankLineRow.reversed_by).is_(None),
            col(BankLineRow.aside_by).is_(None),
            col(BankLineRow.matched) < col(BankLineRow.amount),
        )
        .order_by(col(BankLineRow.booked), col(BankLineRow.identity))
    ).all()
    moved = [m for m in movements(tx, campaign) if m.left and m.own] if waiting and propose else []
    found = []
    for line in waiting:
        left = line_left(line) * (1 if line.direction is Direction.IN else -1)
        words = words_of(tx, line.text) if propose else None
        proposals = sorted(
            (p for m in moved if (p := _proposal(m, line, left, words)) is not None),
            key=lambda p: (-p.score, int(p.reference)),
        )[:SHOWN]
        if not any(p.minor == abs(left) for p in proposals):
            proposals = [*_together(moved, line, left), *proposals][:SHOWN]
        found.append(
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
    return tuple(found)


def _proposal(moved: Movement, line: BankLineRow, left: int, words: LineWords | None) -> Suggestion | None:
    """An entry as a proposal for a line; None where bank, direction, amount or days are too far apart."""
    if (moved.bank, moved.currency) != (line.bank, line.currency) or moved.left * left <= 0:
        return None
    away = abs(moved.left - left) * 1000 // abs(left)
    days = abs(_day(moved.date) - _day(line.booked))
    said = "" if words is None else words.said.lower()
    named = len(moved.reference) >= _SHORTEST and moved.reference.lower() in said
    if (away > NEAR_PERMILLE and not named) or days > NEAR_DAYS:
        return None
    score = max(0, AMOUNT - AMOUNT * away // (NEAR_PERMILLE + 1)) + TIME - TIME * days // (NEAR_DAYS + 1)
    why = [
        f"{moved.kind} {moved.reference}",
        "the amount is the same" if not away and moved.left == left else "another amount",
        "the same day" if not days else f"{days} day{'s' if days > 1 else ''} apart",
    ]
    if named:
        score += REFERENCE
        why.append("the text names it")
    return Suggestion(
        kind="entry",
        reference=str(moved.entry),
        campaign=line.campaign,
        score=score,
        minor=abs(moved.left),
        why=tuple(why),
    )


def _together(moved: Iterable[Movement], line: BankLineRow, left: int) -> Iterator[Suggestion]:
    """Several entries as one proposal for a line, where together they are what is left of it."""
    parts = [
        Part(m.entry, abs(m.left), m.date, days, f"{m.kind} {m.reference}")
        for m in moved
        if (m.bank, m.currency) == (line.bank, line.currency)
        and m.left * left > 0
        and abs(m.left) < abs(left)
        and (days := abs(_day(m.date) - _day(line.booked))) <= NEAR_DAYS
    ]
    found = together(abs(left), parts)
    if found:
        days = max(part.days for part in found)
        yield Suggestion(
            kind="entries",
            reference=", ".join(str(part.entry) for part in found),
            campaign=line.campaign,
            score=AMOUNT + TIME - TIME * days // (NEAR_DAYS + 1),
            minor=abs(left),
            why=(*(part.name for part in found), "together the amount is the same"),
        )


def _day(date: str) -> int:
    return unix_seconds(f"{date}T00:00:00Z") // 86_400


BankCurrency = tuple[str, str]


def _statements(session: Session, campaign: str) -> dict[BankCurrency, list[BankStatementRow]]:
    """Statements by bank and currency, in order; by last day, those of one day as they were recorded."""
    found: dict[BankCurrency, list[BankStatementRow]] = defaultdict(list)
    for statement in statements_of(session, campaign):
        found[statement.bank, statement.currency].append(statement)
    return found


def _ends(told: list[BankStatementRow], lines: int) -> tuple[int, BankStatementRow]:
    """The balance before all lines, and the statement that closes them; of one day, the one to which `lines` lead."""
    opening = min(told, key=lambda s: (s.first, s.last)).opening
    last = max(s.last for s in told)
    of_that_day = [s for s in told if s.last == last]
    return opening, next((s for s in of_that_day if s.closing == opening + lines), of_that_day[-1])


@dataclass(frozen=True, slots=True)
class _LineSums:
    """Sums of the lines of a bank in one currency, minor units, below zero where money went out."""

    all: int = 0
    aside: int = 0
    left: int = 0  # neither matched nor set aside
    left_lines: int = 0


def _line_sums(session: Session, campaign: str) -> dict[BankCurrency, _LineSums]:
    sign = case((col(BankLineRow.direction) == Direction.IN, 1), else_=-1)
    is_aside = col(BankLineRow.aside_by).is_not(None)
    left = case((is_aside, 0), else_=col(BankLineRow.amount) - col(BankLineRow.matched))
    standing = (col(BankLineRow.campaign) == campaign, col(BankLineRow.reversed_by).is_(None))
    by_bank = (col(BankLineRow.bank), col(BankLineRow.currency))
    amounts = session.exec(
        select(
            BankLineRow.bank,
            BankLineRow.currency,
            func.sum(sign * col(BankLineRow.amount)),
            func.sum(case((is_aside, sign * col(BankLineRow.amount)), else_=0)),
        )
        .where(*standing)
        .group_by(*by_bank)
    )
    open_amounts = session.exec(
        select(BankLineRow.bank, BankLineRow.currency, func.sum(sign * left), func.count())
        .where(*standing, left > 0)
        .group_by(*by_bank)
    )
    waiting = {(bank, currency): (int(minor), lines) for bank, currency, minor, lines in open_amounts}
    return {
        (bank, currency): _LineSums(int(whole), int(aside), *waiting.get((bank, currency), (0, 0)))
        for bank, currency, whole, aside in amounts
    }


@dataclass(frozen=True, slots=True)
class StatementGap:
    """Statements of a bank that do not lead from one to the other: `missing` minor units between them."""

    bank: str
    currency: str
    last: str
    opening: int
    closing: int
    missing: int


def statement_gaps(session: Session, campaign: str) -> tuple[StatementGap, ...]:
    """Each bank and currency whose lines do not lead from its first balance to its last, by name."""
    statements = _statements(session, campaign)
    sums = _line_sums(session, campaign) if statements else {}
    notified = notified_sums(session, campaign) if statements else {}
    found = []
    for (bank, currency), told in statements.items():
        lines = sums.get((bank, currency), _LineSums()).all
        lines -= notified.get((bank, currency), 0)
        opening, newest = _ends(told, lines)
        missing = newest.closing - opening - lines
        if missing:
            found.append(StatementGap(bank, currency, newest.last, opening, newest.closing, missing))
    return tuple(found)


def bank_states(tx: Reading, campaign: str) -> tuple[BankState, ...]:
    """Each bank and currency of which there is a statement, by name."""
    books = Books(tx)
    statements = _statements(tx.session, campaign)
    sums = _line_sums(tx.session, campaign) if statements else {}
    notified = notified_sums(tx.session, campaign) if statements else {}
    found = []
    for (bank, currency), told in statements.items():
        lines, on_none = sums.get((bank, currency), _LineSums()), notified.get((bank, currency), 0)
        opening, newest = _ends(told, lines.all - on_none)
        here = books.net(f"{_BANK}{campaign}/{bank}", currency)
        # What is on no statement is all that the entries moved, less what lines are matched with.
        outstanding = here - (lines.all - lines.left - lines.aside)
        difference = opening + here + lines.left + lines.aside - outstanding - on_none - newest.closing
        found.append(
            BankState(
                bank=bank,
                last=newest.last,
                reconciled=not lines.left_lines and not difference,
                unmatched_lines=lines.left_lines,
                opening=Amount.of(currency, opening),
                closing=Amount.of(currency, newest.closing),
                books=Amount.of(currency, here),
                unmatched=Amount.of(currency, lines.left),
                aside=Amount.of(currency, lines.aside),
                outstanding=Amount.of(currency, outstanding),
                notified=Amount.of(currency, on_none),
                difference=Amount.of(currency, difference),
            )
        )
    return tuple(found)
