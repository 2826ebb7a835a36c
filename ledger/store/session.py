"""One DBAPI connection and its statements, written once with `?` for SQLite and PostgreSQL alike.

It knows no table; a statement that failed makes the transaction unfit to be committed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NoReturn

from ledger.errors import Conflict
from ledger.store.failures import storage_failure


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
        self._writes = False
        self._refusals = refusals
        self._written: Callable[[str], str] = str if dialect is Dialect.SQLITE else _formatted

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement; its cursor.

        Raises Conflict for what a trigger or a unique key refuses, StorageFailed when the database cannot.
        """
        try:
            return self.connection.execute(self._written(sql), values)
        except Exception as failure:
            self._fail(failure)

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        try:
            if self.dialect is Dialect.SQLITE:
                self.connection.executemany(sql, rows)
            else:
                with self.connection.cursor() as cursor:
                    cursor.executemany(_formatted(sql), rows)
        except Exception as failure:
            self._fail(failure)

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        cursor = self.run(sql, values)
        try:
            return cursor.fetchone()
        except Exception as failure:
            self._fail(failure)

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        cursor = self.run(sql, values)
        try:
            return list(cursor.fetchall())
        except Exception as failure:
            self._fail(failure)

    def begin_writing(self) -> None:
        """Wait for the one right to write, at most 30 seconds; raises StorageFailed after that."""
        self.failed = False
        self._writes = True
        if self.dialect is Dialect.SQLITE:
            self.run("BEGIN IMMEDIATE")
            return
        self.run("BEGIN")
        self.run("SELECT pg_advisory_xact_lock(1097425012)")

    def begin_reading(self) -> None:
        self.failed = False
        self._writes = False
        if self.dialect is Dialect.SQLITE:
            self.run("BEGIN")
        else:
            self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Keep what was written, on disk; raises StorageFailed, which says whether it may be kept all the same."""
        try:
            self.connection.execute("COMMIT")
        except Exception as failure:
            self._fail(failure, commits=True)

    def rollback(self) -> None:
        if self.dialect is Dialect.POSTGRESQL or self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()

    def _fail(self, failure: Exception, *, commits: bool = False) -> NoReturn:
        """Raise what the database said: a refusal, a sentence about its state, or a mistake as it came."""
        self.failed = True
        if isinstance(failure, self._refusals):
            raise Conflict(_sentence(failure)) from failure
        told = storage_failure(failure, commits=commits, writes=self._writes)
        if told is None:
            raise failure
        raise told from failure


def _sentence(refusal: Exception) -> str:
    return f"database: {str(refusal).splitlines()[0]}; nothing was written"
