"""Progress on the chain: proven headers, and small named values such as the block that was scanned last.

It does not check headers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.core.errors import Conflict
from ledger.store.session import Session


class Progress:
    """Reading progress."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def headers(self) -> list[tuple[int, bytes]]:
        """(height, 80 bytes) by height."""
        return [
            (row[0], row[1]) for row in self._session.all("SELECT height, raw FROM headers ORDER BY height")
        ]

    def header(self, height: int) -> bytes | None:
        """The 80 bytes of the proven header at a height."""
        row = self._session.one("SELECT raw FROM headers WHERE height = ?", (height,))
        return None if row is None else bytes(row[0])

    def load(self, name: str) -> str | None:
        row = self._session.one("SELECT value FROM progress WHERE name = ?", (name,))
        return None if row is None else str(row[0])


class ProgressWriting(Progress):
    """Writing progress."""

    def add_headers(self, headers: Sequence[tuple[int, bytes]]) -> None:
        """Add headers; the same again changes nothing, another one at a height replaces it (a reorg)."""
        wrong = [height for height, raw in headers if len(raw) != 80]
        if wrong:
            raise Conflict(f"header: the one at height {wrong[0]} has not 80 bytes; nothing was written")
        if headers:
            self._session.run_many(
                "INSERT INTO headers (height, raw) VALUES (?, ?)"
                " ON CONFLICT (height) DO UPDATE SET raw = excluded.raw",
                list(headers),
            )

    def save(self, name: str, value: str) -> None:
        self._session.run(
            "INSERT INTO progress (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )
