"""Checks of bank lines: what they are matched with is what the journal's own matches say. None mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.checks.finding import Finding
from ledger.core.entry import Entry, entry_from_bytes
from ledger.rules.bank import moved_at
from ledger.rules.books import Books
from ledger.views.bank_state import bank_states, movements

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def bank_matches_tie(tx: Reading) -> Iterator[Finding]:
    """Lines and entries are matched for what the journal's matches say, less those reversed, and never for more
    than the one says or the other moved.
    """
    undone = {int(entry.facts["entry"]) for entry in _entries(tx, None, "reversal")}
    for slug, _ in Books(tx).documents.all("campaign", ""):
        yield from _of_campaign(tx, slug, undone)


def _of_campaign(tx: Reading, slug: str, undone: set[int]) -> Iterator[Finding]:
    documents = Books(tx).documents
    of_lines: dict[str, int] = defaultdict(int)
    of_entries: dict[str, int] = defaultdict(int)
    for match in _entries(tx, slug, "bank.match"):
        if match.seq not in undone:
            line, seq, amount = (
                str(match.facts["line"]),
                int(match.facts["entry"]),
                int(match.notes["amount"]),
            )
            of_lines[line] += amount
            of_entries[f"{seq}:{match.notes['bank']}"] += amount
    aside = {
        str(entry.facts["line"]): entry.seq
        for entry in _entries(tx, slug, "bank.aside")
        if entry.seq not in undone
    }
    kept = dict(documents.all("bank_line", slug))
    for entry in _entries(tx, slug, "bank.line"):
        if entry.seq in undone:
            continue
        identity, facts = str(entry.facts["identity"]), entry.facts
        told, matched = kept.pop(identity, {}), of_lines.pop(identity, 0)
        here = (told.get("facts"), told.get("matched"), told.get("aside"))
        if here != (facts, matched, aside.get(identity)):
            what = f"the journal matches {matched} of {facts['amount']} {facts['currency']}; the line says otherwise"
            yield Finding("bank_matches_tie", identity, what)
        if matched > facts["amount"] or (matched and identity in aside):
            what = f"a line of {facts['amount']} {facts['currency']} is matched for {matched}"
            yield Finding("bank_matches_tie", identity, what)
    for identity in sorted({*kept, *of_lines}):
        yield Finding("bank_matches_tie", identity, "no entry tells of this line")
    sums = {number: document["matched"] for number, document in documents.all("bank_matched", slug)}
    for number in sorted({*sums, *of_entries}):
        matched, moved_by = of_entries[number], number.partition(":")[0]
        if sums.get(number, 0) != matched:
            what = f"the journal matches {matched} of entry {moved_by}, and {sums.get(number, 0)} are kept"
            yield Finding("bank_matches_tie", number, what)
        moved = _moved(tx, slug, number)
        if matched > moved:
            yield Finding(
                "bank_matches_tie", number, f"entry {moved_by} moved {moved} and is matched for {matched}"
            )


def bank_outstanding_ties(tx: Reading) -> Iterator[Finding]:
    """What each statement misses of the books is what is left of the entries that moved money there."""
    for slug, _ in Books(tx).documents.all("campaign", ""):
        left: dict[tuple[str, str], int] = defaultdict(int)
        for moved in movements(tx, slug):
            left[moved.bank, moved.currency] += moved.left
        for state in bank_states(tx, slug):
            told = left[state.bank, state.currency]
            if told != state.outstanding:
                what = (
                    f"{told} of entries at {state.bank} is on no statement, and {state.outstanding} is told"
                )
                yield Finding("bank_outstanding_ties", f"{slug}/{state.bank}", what)


def _entries(tx: Reading, campaign: str | None, kind: str) -> Iterator[Entry]:
    return (entry_from_bytes(row.data) for row in tx.journal.rows(campaign=campaign, kind=kind))


def _moved(tx: Reading, slug: str, number: str) -> int:
    """What `entry:bank` moved there, minor units, in or out."""
    seq, _, bank = number.partition(":")
    row = tx.journal.by_seq(int(seq))
    if row is None:
        return 0
    entry = entry_from_bytes(row.data)
    assets = {transfer.asset for transfer in entry.transfers}
    return max((abs(moved_at(entry, slug, bank, asset)) for asset in assets), default=0)
