"""Observations: what was seen in the world, in order, appended and read, never changed.

It does not judge what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.store.session import Session

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """One thing seen: `at` is RFC 3339; `n` is given by the store, from 1, and is 0 before."""

    at: str
    source: str
    kind: str
    subject: str
    data: bytes
    n: int = 0


class Observations:
    """Reading observations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def head(self) -> int:
        """Number of the newest observation; 0 when there is none."""
        return int(self._session.one("SELECT coalesce(max(n), 0) FROM observations")[0])

    def rows(self, after: int = 0, limit: int | None = None) -> Iterator[ObservationRow]:
        """Observations numbered above `after`, in order, read in pages."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._session.all(
                "SELECT at, source, kind, subject, data, n FROM observations WHERE n > ? ORDER BY n LIMIT ?",
                (after, size),
            )
            for row in page:
                yield ObservationRow(*row)
            if len(page) < size:
                return
            after = page[-1][5]
            left = None if left is None else left - size


class ObservationsWriting(Observations):
    """Appending observations."""

    def append(self, rows: Sequence[ObservationRow]) -> None:
        """Append in the order given; the numbers of `rows` are ignored."""
        if not rows:
            return
        head = self.head()
        self._session.run_many(
            "INSERT INTO observations (n, at, source, kind, subject, data) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (n, row.at, row.source, row.kind, row.subject, row.data)
                for n, row in enumerate(rows, head + 1)
            ],
        )
