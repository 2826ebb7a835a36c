"""The journal's rows: the exact bytes of entries under number and key, appended and read, never changed.

It does not know what an entry says.
"""

# ruff: noqa: S608 (only names of columns of this file are formatted into SQL, never a value)

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ledger.core.errors import Conflict
from ledger.store.session import Session

_COLUMNS = "seq, key, kind, campaign, recorded_at, data, hash"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An entry as stored. `hash` is SHA-256 of `data`, hex; `transfers` are (debit, credit, asset, amount)
    in minor units, and are left empty on reading because `data` has them."""

    seq: int
    key: str
    kind: str
    campaign: str
    recorded_at: str
    data: bytes
    hash: str
    transfers: Sequence[tuple[str, str, str, int]] = ()


class Journal:
    """Reading the journal."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def head(self) -> tuple[int, str] | None:
        """Number and hash of the newest entry; None for an empty journal."""
        _, seq, hashed = self._session.first
        return None if seq is None else (seq, hashed)

    def by_key(self, key: str) -> JournalRow | None:
        row = self._session.one(f"SELECT {_COLUMNS} FROM entries WHERE key = ?", (key,), beside=True)
        return None if row is None else JournalRow(*row)

    def by_seq(self, seq: int) -> JournalRow | None:
        row = self._session.one(f"SELECT {_COLUMNS} FROM entries WHERE seq = ?", (seq,), beside=True)
        return None if row is None else JournalRow(*row)

    def rows(
        self, after: int = 0, limit: int | None = None, campaign: str | None = None, kind: str | None = None
    ) -> Iterator[JournalRow]:
        """Entries numbered above `after`, in order; read in pages, so writing in between is safe."""
        where, values = ["seq > ?"], list[Any]()
        for column, value in (("campaign", campaign), ("kind", kind)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        sql = f"SELECT {_COLUMNS} FROM entries WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?"
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._session.all(sql, (after, *values, size))
            for row in page:
                yield JournalRow(*row)
            if len(page) < size:
                return
            after = page[-1][0]
            left = None if left is None else left - size

    def transfers(self) -> Iterator[tuple[int, int, tuple[str, str, str, int]]]:
        """(entry, place in it, (debit, credit, asset, amount)) of the table of transfers, in order; read in pages."""
        sql = (
            "SELECT seq, n, debit, credit, asset, amount FROM transfers"
            " WHERE seq > ? OR (seq = ? AND n > ?) ORDER BY seq, n LIMIT ?"
        )
        seq, n = -1, -1
        while page := self._session.all(sql, (seq, seq, n, _PAGE)):
            for row in page:
                seq, n = row[0], row[1]
                yield seq, n, (row[2], row[3], row[4], row[5])

    def count(self) -> int:
        """How many entries there are (numbers have no gaps)."""
        return int(self._session.one("SELECT coalesce(max(seq), 0) FROM entries")[0])


class JournalWriting(Journal):
    """Appending to the journal. Rows are written with the next statement that could see them, or the commit."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._head: tuple[int, str] | None = None
        self._new: dict[str, JournalRow] = {}
        self._absent: str | None = None

    def head(self) -> tuple[int, str] | None:
        """Number and hash of the newest entry, of this transaction or before it."""
        if self._head is None:
            self._head = super().head()
        return self._head

    def by_key(self, key: str) -> JournalRow | None:
        row = self._new.get(key)
        if row is None:
            row = super().by_key(key)
            self._absent = key if row is None else None
            return row
        return replace(row, transfers=())

    def by_seq(self, seq: int) -> JournalRow | None:
        new = (replace(row, transfers=()) for row in self._new.values() if row.seq == seq)
        return super().by_seq(seq) or next(new, None)

    def append(self, row: JournalRow) -> None:
        """Append the next entry; raises Conflict when number or key is not new, or hash is not of data."""
        if hashlib.sha256(row.data).hexdigest() != row.hash:
            raise Conflict(f"hash: it is not the SHA-256 of the {len(row.data)} bytes of entry {row.seq}")
        before = self.head()
        if row.seq != (0 if before is None else before[0]) + 1:
            self._session.refuse("entries is append-only: seq is not the next")
        if row.key in self._new or (self._absent != row.key and self.by_key(row.key) is not None):
            self._session.refuse("entries is append-only: key is recorded already")
        self._session.later(
            "INSERT INTO entries (seq, key, kind, campaign, recorded_at, data, hash, transfers)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row.seq,
                    row.key,
                    row.kind,
                    row.campaign,
                    row.recorded_at,
                    row.data,
                    row.hash,
                    len(row.transfers),
                )
            ],
        )
        if row.transfers:
            self._session.later(
                "INSERT INTO transfers (seq, n, debit, credit, asset, amount) VALUES (?, ?, ?, ?, ?, ?)",
                [(row.seq, n, *transfer) for n, transfer in enumerate(row.transfers, 1)],
            )
        self._head = (row.seq, row.hash)
        self._new[row.key] = row
        self._session.on_undo(partial(self._take_back, row.key, before))

    def _take_back(self, key: str, before: tuple[int, str] | None) -> None:
        del self._new[key]
        self._head = before
