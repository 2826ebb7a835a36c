"""One DBAPI connection and its statements, written once with `?` for SQLite and PostgreSQL alike.

It knows no table; a statement that failed makes the transaction, or the part of it, unfit to be committed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from ledger.core.errors import Conflict, LedgerError
from ledger.store.failures import storage_failure

_LOCK = "SELECT pg_advisory_xact_lock(1097425012)"


class TransactionLost(LedgerError):
    """A part could not be undone alone: the whole transaction is undone."""


class Dialect(enum.Enum):
    """The two databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@cache
def _formatted(sql: str) -> str:
    return sql.replace("?", "%s")


@dataclass(slots=True)
class _Part:
    """What can be undone of a transaction without the rest: from `mark` of the waiting statements on."""

    mark: int
    before_savepoint: Callable[[], None]
    saved: bool = False
    undone: list[Callable[[], None]] = field(default_factory=list)


class Session:
    """A connection in autocommit mode, whose transactions are opened and closed by hand."""

    def __init__(self, connection: Any, dialect: Dialect, refusals: tuple[type[Exception], ...]) -> None:
        self.connection = connection
        self.dialect = dialect
        self.failed = False
        self.first: Any = None
        self._writes = False
        self._waiting: list[tuple[str, Sequence[Sequence[Any]]]] = []
        self._part: _Part | None = None
        self._refusals = refusals
        self._written: Callable[[str], str] = str if dialect is Dialect.SQLITE else _formatted

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement that writes; its cursor.

        Raises Conflict for what a trigger or a unique key refuses, StorageFailed when the database cannot.
        """
        self._come_first(writes=True)
        return self._execute(sql, values)

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]], *, beside: bool = False) -> None:
        """Run one statement for each row; `beside`: what waits has nothing to do with it."""
        if not beside:
            self._come_first(writes=True)
        try:
            if self.dialect is Dialect.SQLITE:
                self.connection.executemany(sql, rows)
            else:
                with self.connection.cursor() as cursor:
                    cursor.executemany(_formatted(sql), rows)
        except Exception as failure:
            self._fail(failure)

    def later(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Write these rows before the next statement that is not `beside`, at the latest before the commit."""
        self._waiting.append((sql, rows))

    def one(self, sql: str, values: Sequence[Any] = (), *, beside: bool = False) -> Any:
        """The first row, or None; `beside`: what waits to be written has nothing to do with the answer."""
        if not beside:
            self._come_first(writes=False)
        cursor = self._execute(sql, values)
        try:
            return cursor.fetchone()
        except Exception as failure:
            self._fail(failure)

    def all(self, sql: str, values: Sequence[Any] = (), *, beside: bool = False) -> list[Any]:
        if not beside:
            self._come_first(writes=False)
        cursor = self._execute(sql, values)
        try:
            return list(cursor.fetchall())
        except Exception as failure:
            self._fail(failure)

    def refuse(self, why: str) -> NoReturn:
        """Refuse what the database would refuse, in its words, before it is asked."""
        self.failed = True
        raise Conflict(f"database: {why}; nothing was written")

    def begin_part(self, before_savepoint: Callable[[], None]) -> None:
        """What follows can be undone alone. `before_savepoint` writes what is to be kept of what came before."""
        self._part = _Part(len(self._waiting), before_savepoint)

    def on_undo(self, undo: Callable[[], None]) -> None:
        """Call this, last one first, when the part that is under way is undone."""
        if self._part is not None:
            self._part.undone.append(undo)

    def keep_part(self) -> None:
        part, self._part = self._part, None
        if part is not None and part.saved:
            self._execute("RELEASE SAVEPOINT part")

    def undo_part(self) -> bool:
        """Undo the part and nothing else; had it written? Raises TransactionLost where all is."""
        part, self._part = self._part, None
        if part is None:
            return False
        for undo in reversed(part.undone):
            undo()
        if not self._goes_on(part):
            raise TransactionLost("database: a statement of this transaction failed; nothing was written")
        if part.saved:
            self._waiting.clear()
            self._execute("ROLLBACK TO SAVEPOINT part")
            self._execute("RELEASE SAVEPOINT part")
        else:
            del self._waiting[part.mark :]
        self.failed = False
        return part.saved

    def _goes_on(self, part: _Part) -> bool:
        if self.dialect is Dialect.SQLITE:
            return bool(self.connection.in_transaction)
        return part.saved or self.connection.info.transaction_status.name == "INTRANS"

    def begin_writing(self, first: str) -> None:
        """Wait for the one right to write, at most 30 seconds, and ask a first question: `first` is its row.

        Raises StorageFailed after that.
        """
        self._begin(True, ["BEGIN IMMEDIATE"] if self.dialect is Dialect.SQLITE else ["BEGIN", _LOCK], first)

    def begin_reading(self, first: str) -> None:
        """A snapshot, and the row of a first question in `first`."""
        sqlite = self.dialect is Dialect.SQLITE
        begin = "BEGIN" if sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._begin(False, [begin], first)

    def _begin(self, writes: bool, statements: list[str], first: str) -> None:
        self.failed = False
        self._writes = writes
        if self.dialect is Dialect.SQLITE:
            for sql in statements:
                self._execute(sql)
            self.first = self.one(first)
            return
        try:
            # One way there and back.
            with self.connection.pipeline():
                for sql in statements:
                    self.connection.execute(sql)
                asked = self.connection.execute(first)
            self.first = asked.fetchone()
        except Exception as failure:
            self._fail(failure)

    def commit(self) -> None:
        """Keep what was written, on disk; raises StorageFailed, which says whether it may be kept all the same."""
        if self.dialect is Dialect.POSTGRESQL:
            # With what waits, in one way there and back: after a statement that fails, the server skips the rest.
            self.later("COMMIT", [()])
            self._write_waiting(len(self._waiting), commits=True)
            return
        self._write_waiting(len(self._waiting))
        try:
            self.connection.execute("COMMIT")
        except Exception as failure:
            self._fail(failure, commits=True)

    def rollback(self) -> None:
        self._waiting.clear()
        self._part = None
        if self.dialect is Dialect.POSTGRESQL or self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        try:
            return self.connection.execute(self._written(sql), values)
        except Exception as failure:
            self._fail(failure)

    def _come_first(self, *, writes: bool) -> None:
        """Write what waits; within a part, what is of it behind a savepoint."""
        part = self._part
        if part is not None and not part.saved and (writes or self._waiting):
            self._write_waiting(part.mark)
            part.saved = True
            part.before_savepoint()
            self._execute("SAVEPOINT part")
        if self._waiting:
            self._write_waiting(len(self._waiting))

    def _write_waiting(self, count: int, *, commits: bool = False) -> None:
        first, self._waiting = self._waiting[:count], self._waiting[count:]
        if not first:
            return
        try:
            if self.dialect is Dialect.SQLITE:
                for sql, rows in first:
                    self.connection.executemany(sql, rows)
            else:
                # One way there and back for all of them.
                with self.connection.pipeline(), self.connection.cursor() as cursor:
                    for sql, rows in first:
                        for row in rows:
                            cursor.execute(_formatted(sql), row)
        except Exception as failure:
            self._fail(failure, commits=commits)

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
