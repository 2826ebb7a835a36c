"""How many bytes the looks of a UTC day have fetched, kept beside the progress. Never stops a look by itself."""

from __future__ import annotations

from ledger.record import rfc3339
from ledger.store.transaction import Reading, Writing

NAME = "fetched"


def fetched_today(tx: Reading, now: int) -> int:
    """Bytes fetched since midnight UTC; 0 on a new day."""
    day, _, count = (tx.progress.load(NAME) or "").partition(" ")
    return int(count) if day == rfc3339(now)[:10] else 0


def note_fetched(tx: Writing, count: int, now: int) -> None:
    tx.progress.save(NAME, f"{rfc3339(now)[:10]} {fetched_today(tx, now) + count}")
