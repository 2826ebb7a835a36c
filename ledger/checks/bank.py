"""Checks of bank lines: what they are matched with is what the journal's own matches say. None mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlmodel import Session, col, func, select

from ledger.checks.finding import Finding
from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.wording import Figure
from ledger.model.bank import BankLineRow, BankMatchRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.rules.balances import balances
from ledger.rules.bank import LINE, MATCH, BankLine, lines_of, moved_at, movement_left
from ledger.rules.bank_asides import ASIDES
from ledger.rules.bank_money import OVERDRAWN
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.store.transaction import Reading
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_sums, movements


def bank_matches_tie(tx: Reading) -> Iterator[Finding]:
    """Lines and entries are matched for what the journal's matches say, less those reversed, and never for more
    than the one says or the other moved.
    """
    undone = {row.facts["entry"] for row in _entries(tx, None, "reversal")}
    for slug in campaign_slugs(tx.session):
        yield from _of_campaign(tx, slug, undone)


def _of_campaign(tx: Reading, slug: str, undone: set[int]) -> Iterator[Finding]:
    of_lines: dict[str, int] = defaultdict(int)
    of_entries: dict[tuple[int, str, str], int] = defaultdict(int)
    kept = {line.identity: line for line in lines_of(tx.session, slug)}
    for match in map(MATCH.read, _entries(tx, slug, MATCH.name)):
        if match.seq not in undone:
            of_lines[match.facts.line] += match.notes.amount
            line = kept.get(match.facts.line)
            currency = "" if line is None else line.currency
            of_entries[match.facts.entry, match.notes.bank, currency] += match.notes.amount
    aside = dict(_set_aside(tx, slug, undone))
    for entry in map(LINE.read, _entries(tx, slug, LINE.name)):
        if entry.seq in undone:
            continue
        facts = entry.facts
        line, matched = kept.pop(facts.identity, None), of_lines.pop(facts.identity, 0)
        if line is None or _said(line) != (facts, matched, aside.get(facts.identity)):
            yield Finding.of(
                "bank_matches_tie",
                facts.identity,
                "the journal matches {matched} of {amount}; the line says otherwise",
                matched=Figure(facts.currency, matched),
                amount=Figure(facts.currency, facts.amount),
            )
        if matched > facts.amount or (matched and facts.identity in aside):
            yield Finding.of(
                "bank_matches_tie",
                facts.identity,
                "a line of {amount} is matched for {matched}",
                amount=Figure(facts.currency, facts.amount),
                matched=Figure(facts.currency, matched),
            )
    for identity in sorted({*kept, *of_lines}):
        yield Finding.of("bank_matches_tie", identity, "no entry tells of this line")
    sums = _matched(tx.session, slug)
    for seq, bank, currency in sorted({*sums, *of_entries}):
        matched, recorded = of_entries[seq, bank, currency], sums.get((seq, bank, currency), 0)
        if recorded != matched:
            yield Finding.of(
                "bank_matches_tie",
                f"{seq}:{bank}",
                "the journal matches {matched} of entry {entry}, and {kept} is kept",
                matched=Figure(currency, matched),
                entry=seq,
                kept=Figure(currency, recorded),
            )
        moved = _moved(tx, slug, seq, bank, currency)
        if matched > moved:
            yield Finding.of(
                "bank_matches_tie",
                f"{seq}:{bank}",
                "entry {entry} moved {moved} and is matched for {matched}",
                entry=seq,
                moved=Figure(currency, moved),
                matched=Figure(currency, matched),
            )


def _said(line: BankLineRow) -> tuple[BankLine, int, int | None]:
    """A line as its entry told it, what of it is matched, and who set it aside."""
    facts = BankLine(
        bank=line.bank,
        currency=line.currency,
        identity=line.identity,
        direction=line.direction,
        amount=line.amount,
        booked=line.booked,
        text=line.text,
        reference=line.reference,
        file=line.file,
    )
    return facts, line.matched, line.aside_by


_MATCHED = (
    select(BankMatchRow.of, BankMatchRow.bank, BankLineRow.currency, func.sum(BankMatchRow.amount))
    .join(BankLineRow, col(BankLineRow.entry) == BankMatchRow.line_entry)
    .where(col(BankLineRow.campaign) == OF_CAMPAIGN, col(BankMatchRow.reversed_by).is_(None))
    .group_by(col(BankMatchRow.of), col(BankMatchRow.bank), col(BankLineRow.currency))
)


def _matched(session: Session, slug: str) -> dict[tuple[int, str, str], int]:
    """What is kept as matched, by entry, bank and currency, on matches; on the entries' own rows it has to be alike."""
    rows = session.exec(_MATCHED, params={"of_campaign": slug})
    return {(of, bank, currency): int(amount) for of, bank, currency, amount in rows}


def _set_aside(tx: Reading, slug: str, undone: set[int]) -> Iterator[tuple[str, int]]:
    """(identity of a line, the approval that set it aside) as the journal says."""
    proposal, approval, _ = ASIDES.kinds()
    asked = {
        set_aside.facts.number: set_aside.notes.lines
        for set_aside in map(proposal.read, _entries(tx, slug, "aside"))
    }
    for set_aside in map(approval.read, _entries(tx, slug, approval.name)):
        if set_aside.seq not in undone:
            for identity in asked[set_aside.facts.number]:
                yield identity, set_aside.seq


def bank_movements_tie(tx: Reading) -> Iterator[Finding]:
    """What entries moved at each bank is what it holds, and what of it is matched is what its lines are."""
    for slug in campaign_slugs(tx.session):
        held: dict[tuple[str, str], int] = defaultdict(int)
        sums = _matched(tx.session, slug)
        for moved in movements(tx, slug):
            held[moved.bank, moved.currency] += moved.moved
            matched = sums.get((moved.entry, moved.bank, moved.currency), 0)
            if moved.matched != matched:
                yield Finding.of(
                    "bank_movements_tie",
                    f"{moved.entry}:{moved.bank}",
                    "lines are matched with {matched} of entry {entry}, and {kept} is kept of it",
                    matched=Figure(moved.currency, matched),
                    entry=moved.entry,
                    kept=Figure(moved.currency, moved.matched),
                )
        for kind in OVERDRAWN:
            for balance in balances(tx.session, kind, slug):
                held[balance.account.detail[-1], balance.asset] -= balance.net
        for (bank, asset), off in held.items():
            if off:
                yield Finding.of(
                    "bank_movements_tie",
                    f"{slug}/{bank}",
                    "entries moved {more} more there than is held",
                    more=Figure(asset, off),
                )


def bank_outstanding_ties(tx: Reading) -> Iterator[Finding]:
    """What each statement misses of the books is what is left of the entries that moved money there."""
    books = Books(tx)
    for slug in campaign_slugs(tx.session):
        left: dict[tuple[str, str], int] = defaultdict(int)
        for moved in movements(tx, slug):
            left[moved.bank, moved.currency] += movement_left(moved)
        for state in bank_sums(books, BankReadings(tx.session, slug, "")):
            kept_total = left[state.bank, state.currency]
            if kept_total != state.outstanding:
                yield Finding.of(
                    "bank_outstanding_ties",
                    f"{slug}/{state.bank}",
                    "{missing} of entries at {bank} is on no statement, and {told} is told",
                    missing=Figure(state.currency, kept_total),
                    bank=state.bank,
                    told=Figure(state.currency, state.outstanding),
                )


def _entries(tx: Reading, campaign: str | None, kind: str) -> Iterator[Entry]:
    return (entry_from_bytes(row.data) for row in tx.journal.rows(campaign=campaign, kind=kind))


def _moved(tx: Reading, slug: str, seq: int, bank: str, currency: str) -> int:
    """What an entry moved at a bank, minor units, in or out."""
    row = tx.journal.by_seq(seq)
    return 0 if row is None else abs(moved_at(entry_from_bytes(row.data).transfers, slug, bank, currency))
