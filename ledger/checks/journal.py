"""Checks of the journal: its bytes, its order, what is live once, and what was frozen. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlmodel import col, select

from ledger.checks.finding import Finding
from ledger.core.entry import GENESIS, entry_from_bytes, entry_hash
from ledger.model.desk import AuditRow
from ledger.model.journal import EntryRow
from ledger.recording.desk import NOUNS
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


_ACTS = [f"{noun} {verb}" for noun, told in NOUNS.items() for verb in told.actions]
_LOST = (
    select(AuditRow.n, AuditRow.action, AuditRow.subject)
    .join(EntryRow, col(EntryRow.key) == col(AuditRow.subject), isouter=True)
    .where(col(AuditRow.action).in_(_ACTS), col(EntryRow.seq).is_(None))
    .order_by(col(AuditRow.n))
)


def recorded_acts_stand(tx: Reading) -> Iterator[Finding]:
    """Each act of the desk that the audit log tells of has its entry: what was cut off the journal's end is missed."""
    for number, action, key in tx.session.exec(_LOST).all():
        yield Finding.of(
            "recorded_acts_stand",
            key,
            "line {line} of the audit log tells of {action}, and no entry has the key {key}",
            line=number,
            action=action,
            key=key,
        )


def head_stands(tx: Reading, seq: int, head: str) -> Iterator[Finding]:
    """Is the entry of this number still the one with this hash, which somebody kept elsewhere?"""
    row = tx.journal.by_seq(seq)
    if row is None:
        yield Finding.of(
            "head_stands", str(seq), "entry {entry} is gone; its hash was {told}", entry=seq, told=head
        )
    elif row.hash != head:
        yield Finding.of(
            "head_stands",
            str(seq),
            "entry {entry} has the hash {hash}, and had {told}",
            entry=seq,
            hash=row.hash,
            told=head,
        )


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
