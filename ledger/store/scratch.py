"""A database of its own for folding the journal a second time: a temporary SQLite file that nobody else sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, NullPool, StaticPool, create_engine
from sqlmodel import Session

from ledger.model.tables import METADATA
from ledger.store.engine import PREPARED, STATEMENTS
from ledger.store.journal import JournalRow
from ledger.store.transaction import Writing


class Scratch(Writing):
    """A transaction over empty tables, as in a new ledger; it is never kept, so nothing guards it."""

    def keep(self, rows: Sequence[JournalRow]) -> None:
        """The rows of entries, which rows of the model point to; their transfers are not needed."""
        self.journal.copy(rows)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Empty tables, gone with the block. SQLite keeps them in memory while they are small, then in a file."""
    with _engine().connect() as opened, Session(opened, expire_on_commit=False) as session:
        opened.exec_driver_sql("BEGIN")
        yield Scratch(session)


@cache
def _engine() -> Engine:
    """One a process, for what it has compiled; each of its connections is a database of its own."""
    return create_engine(
        "sqlite://",
        creator=_database,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        query_cache_size=STATEMENTS,
    )


def _database() -> sqlite3.Connection:
    connection = sqlite3.connect(
        "", isolation_level=None, check_same_thread=False, cached_statements=PREPARED
    )
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "foreign_keys = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    _empty().backup(connection)
    return connection


@cache
def _empty() -> sqlite3.Connection:
    """The tables with nothing in them, made once a process."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    engine = create_engine(
        "sqlite://", creator=lambda: connection, poolclass=StaticPool, isolation_level="AUTOCOMMIT"
    )
    METADATA.create_all(engine)
    return connection
