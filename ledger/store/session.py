"""One DBAPI connection and its statements, written once with `?` for SQLite and PostgreSQL alike.

It knows no table; a statement that failed makes the transaction unfit to be committed.
"""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ledger.errors import Conflict, LedgerError

BUSY_SECONDS = 30


class Dialect(enum.Enum):
    """The two databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@cache
def _formatted(sql: str) -> str:
    return sql.replace("?", "%s")


class Session:
    """A connection in autocommit mode, whose transactions are opened and closed by hand."""

    def __init__(self, connection: Any, dialect: Dialect, refusals: tuple[type[Exception], ...]) -> None:
        self.connection = connection
        self.dialect = dialect
        self.failed = False
        self._refusals = refusals
        self._written: Callable[[str], str] = str if dialect is Dialect.SQLITE else _formatted

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement; its cursor. Raises Conflict for what a trigger or a unique key refuses."""
        try:
            return self.connection.execute(self._written(sql), values)
        except self._refusals as refusal:
            self.failed = True
            raise Conflict(_sentence(refusal)) from refusal
        except Exception:
            self.failed = True
            raise

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        try:
            if self.dialect is Dialect.SQLITE:
                self.connection.executemany(sql, rows)
            else:
                with self.connection.cursor() as cursor:
                    cursor.executemany(_formatted(sql), rows)
        except self._refusals as refusal:
            self.failed = True
            raise Conflict(_sentence(refusal)) from refusal
        except Exception:
            self.failed = True
            raise

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        return self.run(sql, values).fetchone()

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return list(self.run(sql, values).fetchall())

    def begin_writing(self) -> None:
        """Wait for the one right to write, at most 30 seconds; raises LedgerError after that."""
        self.failed = False
        if self.dialect is Dialect.SQLITE:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as busy:
                if "locked" not in str(busy) and "busy" not in str(busy):
                    raise
                raise LedgerError(
                    f"database: another process has been writing for {BUSY_SECONDS} seconds; try again"
                ) from busy
            return
        self.connection.execute("BEGIN")
        self.connection.execute("SELECT pg_advisory_xact_lock(1097425012)")

    def begin_reading(self) -> None:
        self.failed = False
        if self.dialect is Dialect.SQLITE:
            self.connection.execute("BEGIN")
        else:
            self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        if self.dialect is Dialect.POSTGRESQL or self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()


def _sentence(refusal: Exception) -> str:
    return f"database: {str(refusal).splitlines()[0]}; nothing was written"
