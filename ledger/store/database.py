"""The database: made, opened, checked to be ours and not newer, migrated, and its transactions.

It holds no rows and decides nothing about what they say.
"""

# ruff: noqa: S608 (only names of columns of this file are formatted into SQL, never a value)

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from ledger.core.errors import ForeignDatabase, LedgerError, StorageFailed
from ledger.store import backup
from ledger.store.failures import BUSY_SECONDS, storage_failure
from ledger.store.migrations import NEWEST, STEPS
from ledger.store.projections import ShelfCache
from ledger.store.session import Dialect, Session
from ledger.store.together import Together
from ledger.store.transaction import FIRST, Reading, Writing
from ledger.store.triggers import missing_triggers, strangers, tables_named

PROGRAM = "aidtrail"
R = TypeVar("R")


@dataclass(slots=True)
class _Slot:
    """A connection with what it remembers of the shelf."""

    session: Session
    cache: ShelfCache


class Store:
    """A ledger's database. Safe to share between threads; writers wait for each other."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = Dialect(engine.dialect.name)
        self._writer: _Slot | None = None
        self._writer_lock = threading.Lock()
        self._writing_thread: int | None = None
        self._readers: deque[_Slot] = deque()
        self._together = Together(self.write)

    @classmethod
    def create(cls, url: str) -> Store:
        """Make a database at a `sqlite:///` or `postgresql+psycopg://` URL, or open the one of ours there.

        Raises ForeignDatabase when another program's tables are there.
        """
        return cls._opened(url, may_create=True)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open a database and migrate it when it is older.

        Raises ForeignDatabase for one of another program or a newer version, FileNotFoundError where there is
        none, StorageFailed when it cannot be reached, read or written.
        """
        return cls._opened(url, may_create=False)

    @classmethod
    def _opened(cls, url: str, *, may_create: bool) -> Store:
        engine = _engine(url, may_create=may_create)
        try:
            with engine.connect() as connection:
                _migrate(connection, may_create=may_create)
        except DBAPIError as failure:
            engine.dispose()
            if "not a database" in str(failure.orig):
                raise ForeignDatabase(
                    "database: the file is of another program; choose a new file"
                ) from failure
            told = storage_failure(failure, opens=True)
            if told is None:
                raise
            raise told from failure
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """The one writing transaction: kept as a whole when the block ends, undone when it raises.

        Raises LedgerError when another one writes for 30 seconds, or when this thread writes already, and
        StorageFailed when the database cannot; reading goes on, and the next one tries again.
        """
        if self._writing_thread == threading.get_ident():
            raise LedgerError("database: this thread writes already; finish that transaction first")
        if not self._writer_lock.acquire(timeout=BUSY_SECONDS):
            raise LedgerError(
                f"database: another thread has been writing for {BUSY_SECONDS} seconds; try again"
            )
        try:
            self._writing_thread = threading.get_ident()
            kept, self._writer = self._writer, None
            slot = self._writer = self._begun(kept, reading=False)
            try:
                writing = Writing(slot.session, slot.cache)
                yield writing
                if slot.session.failed:
                    raise LedgerError("database: a statement of this transaction failed; nothing was written")
                writing.shelf.before_commit()
                slot.session.commit()
                writing.shelf.after_commit()
            except BaseException:
                slot.cache.drop()
                if not _undone(slot.session):
                    self._writer = None
                raise
        finally:
            self._writing_thread = None
            self._writer_lock.release()

    def together(self, work: Callable[[Writing], R]) -> R:
        """Do the work in a writing transaction that is shared with others who write at the same time.

        Returns what the work returns, once it is on the disk; what it raises undoes its own writes and nobody
        else's. Raises what `write` raises, and then nothing was written.
        """
        if self._writing_thread == threading.get_ident():
            raise LedgerError("database: this thread writes already; finish that transaction first")
        return self._together.run(work)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """One snapshot; what is written meanwhile is not seen."""
        try:
            kept = self._readers.pop()
        except IndexError:
            kept = None
        slot = self._begun(kept, reading=True)
        try:
            yield Reading(slot.session, slot.cache)
            slot.session.commit()
        except BaseException:
            slot.cache.drop()
            if _undone(slot.session):
                self._readers.append(slot)
            raise
        self._readers.append(slot)

    def missing_triggers(self) -> list[str]:
        """Names of triggers that are missing, switched off, or not what this version makes."""
        try:
            with self._engine.connect() as connection:
                return missing_triggers(connection)
        except DBAPIError as failure:
            raise storage_failure(failure, writes=False) or failure from failure

    def losses_at_power_cut(self) -> list[str]:
        """Settings of a PostgreSQL server by which it could lose what it said was kept."""
        if self._dialect is Dialect.SQLITE:
            return []
        try:
            with self._engine.connect() as connection:
                return [
                    name
                    for name in ("fsync", "full_page_writes")
                    if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off"
                ]
        except DBAPIError as failure:
            raise storage_failure(failure, writes=False) or failure from failure

    def strangers(self) -> list[str]:
        """Triggers, rules and tables that stand on ours, and that no version of this program makes."""
        try:
            with self._engine.connect() as connection:
                return strangers(connection)
        except DBAPIError as failure:
            raise storage_failure(failure, writes=False) or failure from failure

    def backup(self, path: str | Path) -> None:
        """Copy the database to a new file while it is served; raises LedgerError when the file exists."""
        backup.backup(self._engine, Path(path))

    @staticmethod
    def restore(file: str | Path, path: str | Path) -> None:
        """Put a backup at a new path; raises ForeignDatabase when it is not ours, LedgerError on overwriting."""
        backup.restore(Path(file), Path(path))

    def close(self) -> None:
        """Close all connections; nothing may be open in another thread."""
        with self._writer_lock:
            slots = [*self._readers, *([self._writer] if self._writer else [])]
            self._readers.clear()
            self._writer = None
        for slot in slots:
            slot.session.close()
        self._engine.dispose()

    def _begun(self, kept: _Slot | None, *, reading: bool) -> _Slot:
        """A connection within a new transaction: the kept one, or a fresh one where that one is broken."""
        if kept is not None:
            try:
                _begin(kept.session, reading=reading)
                return kept
            except StorageFailed:
                if _undone(kept.session):
                    kept.session.close()
                    raise
                # The server was started again since: nothing was done in this connection, a fresh one will do.
        fresh = self._connected(reading=reading)
        try:
            _begin(fresh.session, reading=reading)
        except BaseException:
            fresh.session.close()
            raise
        return fresh

    def _connected(self, *, reading: bool) -> _Slot:
        try:
            pooled = self._engine.raw_connection()
        except Exception as failure:
            raise storage_failure(failure) or failure from failure
        connection: Any = pooled.dbapi_connection
        pooled.detach()
        if self._dialect is Dialect.SQLITE and reading:
            connection.execute("PRAGMA query_only = ON")
        dbapi: Any = self._engine.dialect.dbapi
        return _Slot(Session(connection, self._dialect, (dbapi.IntegrityError,)), ShelfCache())


def _begin(session: Session, *, reading: bool) -> None:
    if reading:
        session.begin_reading(FIRST)
    else:
        session.begin_writing(FIRST)


def _undone(session: Session) -> bool:
    """Roll back; False when the connection is broken and was closed."""
    try:
        session.rollback()
    except Exception:
        session.close()
        return False
    return True


_BY_INDEX = "-c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Rows are found by whole keys or ranges of them. Where a table has no statistics yet, PostgreSQL would read a whole
space of the shelf to change ten rows of it, and each entry would cost more than the one before."""


def _engine(url: str, *, may_create: bool) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError("database: write sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME") from None
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError("database: a ledger in memory would be lost; write sqlite:///PATH")
        if not may_create and not Path(parsed.database).is_file():
            raise FileNotFoundError(2, "no such database file", parsed.database)
        engine = create_engine(
            parsed,
            poolclass=NullPool,
            connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if parsed.drivername == "postgresql+psycopg":
        engine = create_engine(
            parsed,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "autocommit": True,
                "options": f"-c lock_timeout={BUSY_SECONDS * 1000} -c timezone=UTC {_BY_INDEX}",
            },
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    raise LedgerError(
        f"database: {parsed.drivername} is not supported; write sqlite:///PATH or postgresql+psycopg://…"
    )


def _prepare_sqlite(connection: Any, _: Any) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cache_size = -32768",
        "wal_autocheckpoint = 4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _: Any) -> None:
    """A server may answer before an entry is on its disk; here it never does (`remote_apply` and the like stay)."""
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


def _migrate(connection: Connection, *, may_create: bool) -> None:
    """Bring the database to the newest version in one transaction, under the writers' lock."""
    sqlite = connection.dialect.name == "sqlite"
    tables = tables_named(connection)
    if sqlite and (tables == set() or _is_ours(connection, tables)):
        _switch_to_wal(connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    try:
        if not sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1097425012)")
        tables = tables_named(connection)
        version = _version(connection, tables)
        if version == 0 and not may_create:
            raise ForeignDatabase("database: it is empty; make a ledger in it with `aidtrail init`")
        for number, step in STEPS:
            if number <= version:
                continue
            step(connection)
            missing = missing_triggers(connection)
            if missing:
                raise LedgerError(
                    f"database: version {number} would lack the trigger {missing[0]}; nothing changed"
                )
            _note_version(connection, number, first=version == 0 and number == STEPS[0][0])
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise


def _switch_to_wal(connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
    if str(mode).lower() != "wal":
        raise LedgerError(f"database: its disk allows no write-ahead log ({mode}); choose a local disk")


def _is_ours(connection: Connection, tables: set[str]) -> bool:
    if "meta" not in tables:
        return False
    if connection.dialect.name == "sqlite":
        number = connection.exec_driver_sql("PRAGMA application_id").scalar()
        if number != backup.APPLICATION_ID:
            return False
    try:
        found = connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'program'").scalar()
    except Exception:
        return False
    return bool(found == PROGRAM)


def _version(connection: Connection, tables: set[str]) -> int:
    """0 for an empty database; raises ForeignDatabase for one that is not ours or is newer."""
    if not tables:
        return 0
    if not _is_ours(connection, tables):
        raise ForeignDatabase(
            f"database: it holds {len(tables)} tables of another program; choose an empty database, or a new file"
        )
    version = int(str(connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'version'").scalar()))
    if version > NEWEST:
        raise ForeignDatabase(
            f"database: it is of version {version} and this program knows up to {NEWEST}; install a newer aidtrail"
        )
    return version


def _note_version(connection: Connection, number: int, *, first: bool) -> None:
    if first:
        connection.exec_driver_sql(
            f"INSERT INTO meta (name, value) VALUES ('program', '{PROGRAM}'), ('version', '0'), ('shelf', '0')"
        )
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {backup.APPLICATION_ID}")
    connection.exec_driver_sql(f"UPDATE meta SET value = '{number}' WHERE name = 'version'")
