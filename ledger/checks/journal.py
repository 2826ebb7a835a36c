"""Checks of the journal: its bytes, its order, what is live once, and what was frozen. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.core.entry import GENESIS, entry_from_bytes, entry_hash
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.trial_balance import frozen_differs
from ledger.store.transaction import Reading


def bytes_hash(tx: Reading, after: int = 0) -> Iterator[Finding]:
    """Stored bytes hash to what was published, and each entry names the hash of the one before; those above `after`."""
    before = tx.journal.by_seq(after)
    previous = GENESIS if before is None else before.hash
    for seq, row in enumerate(tx.journal.rows(after), start=after + 1):
        if entry_hash(row.data) != row.hash:
            yield Finding.of(
                "bytes_hash",
                str(row.seq),
                "the bytes of entry {entry} do not hash to {hash}",
                entry=row.seq,
                hash=row.hash,
            )
        elif (entry := entry_from_bytes(row.data)).previous != previous or {entry.seq, row.seq} != {seq}:
            yield Finding.of(
                "bytes_hash",
                str(row.seq),
                "entry {entry} does not follow the one before it",
                entry=row.seq,
            )
        previous = row.hash


def outpoints_live_once(tx: Reading) -> Iterator[Finding]:
    """Each outpoint is live at most once: settles and restores outnumber voids by one or none."""
    live: dict[str, int] = defaultdict(int)
    for row in tx.journal.rows():
        if row.kind in {"donation", "restore", "void", "incoming", "refund.approved"}:
            entry = entry_from_bytes(row.data)
            if row.kind not in {"donation", "restore", "void"} and "joins" not in entry.notes:
                continue
            outpoint = str(entry.notes.get("outpoint", entry.facts.get("outpoint")))
            live[outpoint] += -1 if row.kind == "void" else 1
            if live[outpoint] not in {0, 1}:
                yield Finding.of(
                    "outpoints_live_once",
                    outpoint,
                    "after entry {entry}, standing minus taken back is {standing}; it is 0 or 1",
                    entry=row.seq,
                    standing=live[outpoint],
                )


def closed_periods_stand(tx: Reading) -> Iterator[Finding]:
    """Each closed period's frozen balances are what is dated up to its last day, and nothing came into it since."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        entries = (entry_from_bytes(row.data) for row in tx.journal.rows())
        for number, what in frozen_differs(tx.session, slug, entries):
            yield Finding("closed_periods_stand", number, what)
