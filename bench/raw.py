"""What bytes cost in the same database, with the same promise on power loss, and nothing else: bare inserts.

No rules, no projections: what our figures are divided by.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from ledger.core.entry import entry_from_bytes, entry_hash
from ledger.store.journal import JournalRow

CLIENTS = 64
TABLE = "CREATE TABLE raw (seq {number} PRIMARY KEY, data {bytes} NOT NULL)"
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -65536",
    "wal_autocheckpoint = 4000",
)
"""Those of the store."""


class RawSqlite:
    """A table with the bytes of entries, in a file of its own."""

    insert = "INSERT INTO raw (data) VALUES (?)"

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "raw.db", isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(TABLE.format(number="INTEGER", bytes="BLOB") + " STRICT")
        self._lock = threading.Lock()

    def write(self, rows: Sequence[bytes], together: int) -> None:
        """So many a commit."""
        for start in range(0, len(rows), together):
            self.connection.execute("BEGIN IMMEDIATE")
            for data in rows[start : start + together]:
                self.connection.execute(self.insert, (data,))
            self.connection.execute("COMMIT")

    def writer(self) -> Callable[[bytes], None]:
        """What one of many clients calls: a commit of its own, one client after the other."""

        def write(data: bytes) -> None:
            with self._lock:
                self.write([data], 1)

        return write

    def close(self) -> None:
        self.connection.close()


class RawPostgresql:
    """A table with the bytes of entries; each client has a connection, and the server shares its flushes."""

    insert = "INSERT INTO raw (data) VALUES (%s)"

    def __init__(self, url: str) -> None:
        self._host = url.rsplit("host=", 1)[1]
        self.connection = self._connected()
        self.connection.execute(TABLE.format(number="BIGINT GENERATED ALWAYS AS IDENTITY", bytes="BYTEA"))
        self._more: list[Any] = []

    def _connected(self) -> Any:
        return psycopg.connect(host=self._host, user="aidtrail", dbname="postgres", autocommit=True)

    def write(self, rows: Sequence[bytes], together: int) -> None:
        for start in range(0, len(rows), together):
            if together == 1:
                self.connection.execute(self.insert, (rows[start],))
                continue
            with self.connection.transaction(), self.connection.cursor() as cursor:
                cursor.executemany(self.insert, [(data,) for data in rows[start : start + together]])

    def writer(self) -> Callable[[bytes], None]:
        if len(self._more) < CLIENTS:
            self._more.append(self._connected())
        else:
            self._more.append(self._more.pop(0))
        connection = self._more[-1]
        return lambda data: connection.execute(self.insert, (data,)) and None

    def close(self) -> None:
        for connection in (self.connection, *self._more):
            connection.close()


def insert_like_the_journal(store: Any, rows: Sequence[bytes]) -> None:
    """The rows that the journal keeps of an entry, one entry a commit, past rules and model.

    Into an empty store of ours: with its keys, indexes and guards, by the statements that the store uses.
    """
    for seq, data in enumerate(rows, 1):
        entry = entry_from_bytes(data)
        moved = [(t.debit, t.credit, t.asset, t.amount) for t in entry.transfers]
        days = (entry.date, entry.day, entry.out_of_order)
        told = (entry.key, entry.kind, entry.campaign, entry.at)
        row = JournalRow(seq, *told, *days, data, entry_hash(data), moved)
        with store.write() as tx:
            tx.journal.append(row)
