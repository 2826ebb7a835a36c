"""Progress on the chain: proven headers, and small named values such as the block that was scanned last.

It does not check headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlmodel import Session, col, select

from ledger.core.errors import Conflict
from ledger.model.columns import upsert
from ledger.model.operation import HeaderRow, ProgressRow


class Progress:
    """Reading progress."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def headers(self) -> list[tuple[int, bytes]]:
        """(height, 80 bytes) by height."""
        rows = self._session.exec(select(HeaderRow.height, HeaderRow.raw).order_by(col(HeaderRow.height)))
        return [(height, bytes(raw)) for height, raw in rows]

    def header(self, height: int) -> bytes | None:
        """The 80 bytes of the proven header at a height."""
        raw = self._session.exec(select(HeaderRow.raw).where(HeaderRow.height == height)).first()
        return None if raw is None else bytes(raw)

    def checkpoint_height(self) -> int | None:
        """Height of the block from which headers are checked, of `HEIGHT:HASH`; None before one is pinned."""
        pinned = self.load("checkpoint")
        return None if pinned is None else int(pinned.partition(":")[0])

    def load(self, name: str) -> str | None:
        """The value of a name in this snapshot; None where it has none."""
        return self._values.get(name)

    @cached_property
    def _values(self) -> dict[str, str]:
        """All of them: an answer asks for a dozen, some of them many times, and nothing changes in its snapshot."""
        return dict(self._session.exec(select(ProgressRow.name, ProgressRow.value)).all())


class ProgressWriting(Progress):
    """Writing progress. Both tables are written by Core alone."""

    def load(self, name: str) -> str | None:
        """The value of a name as it was written last; None where it has none."""
        return self._session.exec(select(ProgressRow.value).where(ProgressRow.name == name)).first()

    def add_headers(self, headers: Sequence[tuple[int, bytes]]) -> None:
        """Add headers; the same again changes nothing, another one at a height replaces it (a reorg)."""
        wrong = [height for height, raw in headers if len(raw) != 80]
        if wrong:
            raise Conflict.field(
                "header", "the one at height {height} has not 80 bytes; nothing was written", height=wrong[0]
            )
        rows: list[dict[str, Any]] = [{"height": height, "raw": raw} for height, raw in headers]
        if rows:
            self._session.connection().execute(upsert(self._session, HeaderRow), rows)

    def save(self, name: str, value: str) -> None:
        row = {"name": name, "value": value}
        self._session.connection().execute(upsert(self._session, ProgressRow), row)
