"""What statements say beside the books, bank by bank; which entry a line may be; and what a line is known by.

Pure but for `bank_secret`; a match is only ever proposed here, a person records it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.times import unix_seconds
from ledger.rules.bank import entry_matched, line_left, signed
from ledger.rules.books import Books
from ledger.tracing.touched import Touched
from ledger.views.suggestions import Suggestion

if TYPE_CHECKING:
    from ledger.store.transaction import Reading, Writing

NEAR_PERMILLE, NEAR_DAYS = 50, 14
AMOUNT, TIME, REFERENCE = 60, 20, 20
"""Points, at most: for the amount, for the days between, and for a number on paper that the text names."""
SHOWN = 5
_SECRET = "bank_secret"  # noqa: S105 - the name under which it is kept
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
    text: str | None  # None where there is none, or it was deleted
    proposals: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class BankState:
    """A bank in one currency, in minor units; closing = opening + what the parts say, where no statement is wanting.

    `closing` is that of the newest statement, of `last`; `outstanding` is in the books and on no statement yet.
    """

    bank: str
    currency: str
    last: str
    opening: int
    closing: int
    books: int
    unmatched: int
    unmatched_lines: int
    aside: int
    outstanding: int

    @property
    def difference(self) -> int:
        """What statements miss: 0 where each begins as the one before it closed."""
        return self.opening + self.books + self.unmatched + self.aside - self.outstanding - self.closing

    @property
    def reconciled(self) -> bool:
        """Is every line an entry or set aside, and no statement wanting?"""
        return not self.unmatched_lines and not self.difference


def bank_secret(tx: Writing) -> bytes:
    """The secret by which this ledger commits to private words of bank lines; made once, never published."""
    kept = tx.progress.load(_SECRET)
    if kept is None:
        kept = secrets.token_hex(32)
        tx.progress.save(_SECRET, kept)
    return bytes.fromhex(kept)


def commitment(secret: bytes, label: str, value: bytes) -> tuple[str, bytes]:
    """(sha256 of salt and value in hex, the salt): the same value gives the same, and nobody can guess it."""
    salt = hmac.digest(secret, label.encode() + b"\0" + value, "sha256")
    return hashlib.sha256(salt + value).hexdigest(), salt


def movements(tx: Reading, campaign: str) -> Iterator[Movement]:
    """Each entry that stands and moved money at a bank of the campaign, by bank."""
    books = Books(tx)
    place = f"{_BANK}{campaign}/"
    for moved in Touched(tx.shelf).moved(place):
        if moved.units and books.reversed_by(moved.entry) is None:
            row = tx.journal.by_seq(moved.entry)
            entry = None if row is None else entry_from_bytes(row.data)
            if entry is not None and entry.reverses is None:
                bank = moved.account.removeprefix(place)
                yield _movement(books, campaign, entry, bank, moved.asset, moved.units)


def _movement(books: Books, campaign: str, entry: Entry, bank: str, currency: str, moved: int) -> Movement:
    left = abs(moved) - entry_matched(books, campaign, entry.seq, bank)
    reference = str(entry.facts.get("number", entry.key))
    date = entry.date
    noun = entry.kind.partition(".")[0]
    told = books.documents.find(noun, entry.campaign, reference)
    if told is not None:
        date = str(told["facts"].get("date", date))
    left, own = left if moved > 0 else -left, entry.campaign == campaign
    return Movement(entry.seq, noun, reference, bank, currency, moved, left, date, own)


def open_lines(tx: Reading, campaign: str, *, propose: bool = True) -> tuple[OpenLine, ...]:
    """Lines that wait for a match, by booking day, each with the best few entries that it may be."""
    books = Books(tx)
    waiting = [(n, d) for n, d in books.documents.all("bank_line", campaign) if line_left(d)]
    moved = [m for m in movements(tx, campaign) if m.left and m.own] if waiting and propose else []
    found = []
    for identity, line in waiting:
        facts, left = line["facts"], line_left(line) * (1 if signed(line) > 0 else -1)
        text = _text(tx, facts.get("text"))
        proposals = sorted(
            (p for m in moved if (p := _proposal(m, campaign, facts, left, text)) is not None),
            key=lambda p: (-p.score, int(p.reference)),
        )[:SHOWN]
        found.append(
            OpenLine(
                identity,
                facts["bank"],
                facts["currency"],
                facts["booked"],
                line["at"],
                left,
                text,
                tuple(proposals),
            )
        )
    return tuple(sorted(found, key=lambda line: (line.booked, line.identity)))


def _text(tx: Reading, committed: str | None) -> str | None:
    opening = None if committed is None else tx.desk.opening(committed)
    return None if opening is None else opening[1].decode("utf-8", "replace")


def _proposal(
    moved: Movement, campaign: str, facts: dict[str, Any], left: int, text: str | None
) -> Suggestion | None:
    """An entry as a proposal for a line; None where bank, direction, amount or days are too far apart."""
    if (moved.bank, moved.currency) != (facts["bank"], facts["currency"]) or moved.left * left <= 0:
        return None
    away = abs(moved.left - left) * 1000 // abs(left)
    days = abs(_day(moved.date) - _day(facts["booked"]))
    named = text is not None and len(moved.reference) >= _SHORTEST and moved.reference.lower() in text.lower()
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
    return Suggestion("entry", str(moved.entry), campaign, score, abs(moved.left), tuple(why))


def _day(date: str) -> int:
    return unix_seconds(f"{date}T00:00:00Z") // 86_400


def _statements(books: Books, campaign: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Statements by bank and currency; by last day, those of one day as they were recorded."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for _, document in books.documents.all("bank_statement", campaign):
        found[document["facts"]["bank"], document["facts"]["currency"]].append(document["facts"])
    return found


def _ends(told: list[dict[str, Any]], lines: int) -> tuple[int, dict[str, Any]]:
    """The balance before all lines, and the statement that closes them; of one day, the one to which `lines` lead."""
    opening = int(min(told, key=lambda s: (s["first"], s["last"]))["opening"])
    last = max(s["last"] for s in told)
    of_that_day = [s for s in told if s["last"] == last]
    return opening, next((s for s in of_that_day if s["closing"] == opening + lines), of_that_day[-1])


@dataclass(frozen=True, slots=True)
class StatementGap:
    """Statements of a bank that do not lead from one to the other: `missing` minor units between them."""

    bank: str
    currency: str
    last: str
    opening: int
    closing: int
    missing: int


def statement_gaps(books: Books, campaign: str) -> tuple[StatementGap, ...]:
    """Each bank and currency whose lines do not lead from its first balance to its last, by name."""
    statements = _statements(books, campaign)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for _, line in books.documents.all("bank_line", campaign) if statements else ():
        sums[line["facts"]["bank"], line["facts"]["currency"]] += signed(line)
    found = []
    for (bank, currency), told in sorted(statements.items()):
        opening, newest = _ends(told, sums[bank, currency])
        missing = newest["closing"] - opening - sums[bank, currency]
        if missing:
            found.append(StatementGap(bank, currency, newest["last"], opening, newest["closing"], missing))
    return tuple(found)


def bank_states(tx: Reading, campaign: str) -> tuple[BankState, ...]:
    """Each bank and currency of which there is a statement, by name."""
    books = Books(tx)
    statements = _statements(books, campaign)
    if not statements:
        return ()
    waiting: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for _, line in books.documents.all("bank_line", campaign):
        sums = waiting[line["facts"]["bank"], line["facts"]["currency"]]
        left = line_left(line)
        sums[0] += left if signed(line) > 0 else -left
        sums[1] += 1 if left else 0
        sums[2] += signed(line) if line["aside"] is not None else 0
        sums[3] += signed(line)
    found = []
    for (bank, currency), told in sorted(statements.items()):
        sums = waiting[bank, currency]
        opening, newest = _ends(told, sums[3])
        here = books.net(f"{_BANK}{campaign}/{bank}", currency)
        found.append(
            BankState(
                bank,
                currency,
                newest["last"],
                opening,
                newest["closing"],
                here,
                sums[0],
                sums[1],
                sums[2],
                # What is on no statement is all that the entries moved, less what lines are matched with.
                here - (sums[3] - sums[0] - sums[2]),
            )
        )
    return tuple(found)
