"""What the looks of a UTC day may cost, and have cost: requests and bytes, kept beside the progress.

Bytes bound only the reading of blocks: the tip is followed all day. Requests bound the looks themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.times import rfc3339
from ledger.store.transaction import Reading, Writing

NAME = "fetched"
BLOCK_BYTES = 1_700_000
"""A full block, for estimates; mainnet's days come to 220 to 290 MB."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the looks since midnight UTC have fetched."""

    bytes: int
    requests: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The daily caps of the configuration."""

    megabytes_a_day: int
    requests_a_day: int

    def bytes_left(self, fetched: Fetched) -> int:
        return max(0, self.megabytes_a_day * 1_000_000 - fetched.bytes)

    def requests_left(self, fetched: Fetched) -> int:
        return max(0, self.requests_a_day - fetched.requests)

    def hours_for(self, blocks: int, seconds_a_block: float, block_bytes: int) -> int:
        """Whole hours, rounded up, to read so many blocks: by the measured pace, and by the cap of bytes a day."""
        by_pace = blocks * seconds_a_block / 3600
        by_cap = blocks * block_bytes / (self.megabytes_a_day * 1_000_000) * 24
        # Below a day's cap nothing has to wait for midnight.
        hours = by_pace if blocks * block_bytes <= self.megabytes_a_day * 1_000_000 else max(by_pace, by_cap)
        return max(1, -int(-hours // 1)) if blocks else 0


def fetched_today(tx: Reading, now: int) -> Fetched:
    """Since midnight UTC; nothing on a new day."""
    day, size, requests = [*(tx.progress.load(NAME) or "").split(" "), "", "", ""][:3]
    if day != rfc3339(now)[:10]:
        return Fetched(0, 0)
    return Fetched(int(size or 0), int(requests or 0))


def note_fetched(tx: Writing, size: int, now: int, requests: int = 0) -> None:
    before = fetched_today(tx, now)
    tx.progress.save(NAME, f"{rfc3339(now)[:10]} {before.bytes + size} {before.requests + requests}")
