"""The database: made, opened, checked to be ours and not newer, migrated, and its transactions.

It holds no rows and decides nothing about what they say.
"""

# ruff: noqa: S608 (only names of columns of this file are formatted into SQL, never a value)

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import Connection, Engine

from ledger.core.errors import ForeignDatabase, LedgerError, StorageFailed
from ledger.core.wording import Wording
from ledger.store import backup
from ledger.store.engine import connected, engine_of, transaction
from ledger.store.failures import BUSY_SECONDS, storage_failure
from ledger.store.guards import missing_triggers, strangers, tables_named
from ledger.store.transaction import Reading, Writing
from ledger.store.versions import NEWEST, load_migrations

_PATIENCE = 1.0
"""Seconds for which closing waits for a thread that writes."""


class Store:
    """A ledger's database. Safe to share between threads; writers wait for each other."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._writer_lock = threading.Lock()
        self._writing_thread: int | None = None
        self.writes = 0
        """Transactions that this process has kept."""

    @classmethod
    def create(cls, url: str) -> Store:
        """Make a database at a `sqlite:///` or `postgresql://` URL, or open the one of ours there.

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
        engine = engine_of(url, may_create=may_create)
        try:
            with connected(engine) as connection:
                _migrate(connection, may_create=may_create)
        except StorageFailed as failure:
            engine.dispose()
            if getattr(failure.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                raise ForeignDatabase.field(
                    "database",
                    "its file does not begin as a database does, so it is damaged or of another program; put a backup "
                    "into another folder with `aidtrail restore`, or choose a new file",
                ) from failure
            # Whoever opens it is told the database's own words; no visitor is, when it goes away later.
            cause = failure.__cause__ or failure
            raise storage_failure(cause, opens=True) or failure from cause
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, engine_of(url, may_create=False, reading=True))

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """The one writing transaction: kept as a whole when the block ends, undone when it raises.

        Raises StorageFailed when the database cannot, or another one writes for 30 seconds; reading goes on, and the
        next one tries again. Raises LedgerError when this thread writes already.
        """
        if self._writing_thread == threading.get_ident():
            raise LedgerError.field("database", "this thread writes already; finish that transaction first")
        if not self._writer_lock.acquire(timeout=BUSY_SECONDS):
            raise StorageFailed.field(
                "database",
                "another thread has been writing for {n} second; try again",
                many="another thread has been writing for {n} seconds; try again",
                n=BUSY_SECONDS,
            )
        try:
            self._writing_thread = threading.get_ident()
            with transaction(self._writer, writes=True) as session:
                writing = Writing(session)
                yield writing
                writing.changes.write()
            self.writes += 1
        finally:
            self._writing_thread = None
            self._writer_lock.release()

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """One snapshot; what is written meanwhile is not seen."""
        with transaction(self._reader, writes=False) as session:
            yield Reading(session)

    def missing_triggers(self) -> list[str]:
        """Names of triggers that are missing, switched off, or not what this version makes."""
        with self._reader.connect() as connection:
            return missing_triggers(connection)

    def require_sound(self) -> None:
        """StorageFailed where a page of a SQLite file is damaged, also of tables that no invariant reads."""
        if self._reader.dialect.name == "sqlite":
            with self._reader.connect() as connection:
                backup.require_sound(str(connection.exec_driver_sql(backup.LOOKS_SOUND).scalar()))

    def losses_at_power_cut(self) -> list[str]:
        """Settings of a PostgreSQL server by which it could lose what it said was kept."""
        if self._reader.dialect.name == "sqlite":
            return []
        with self._reader.connect() as connection:
            return [
                name
                for name in ("fsync", "full_page_writes")
                if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off"
            ]

    def strangers(self) -> list[Wording]:
        """Triggers, rules and tables that stand on ours, and that no version of this program makes."""
        with self._reader.connect() as connection:
            return strangers(connection)

    def backup(self, path: str | Path) -> None:
        """Copy the database to a new file while it is served; raises LedgerError when the file exists."""
        backup.backup(self._reader, Path(path))

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None of a server's."""
        url = self._reader.url
        return Path(str(url.database)) if self._reader.dialect.name == "sqlite" else None

    @staticmethod
    def restore(
        file: str | Path, path: str | Path, removed: Collection[str] = (), *, damaged: bool = False
    ) -> None:
        """Put a backup at a new path, without the papers that were removed since; also a `damaged` one if told so.

        Raises ForeignDatabase when it is not ours, LedgerError on overwriting.
        """
        backup.restore(Path(file), Path(path), removed, damaged=damaged)

    @staticmethod
    def may_lack_entries(file: str | Path) -> bool:
        """Is a file that is put back no copy by `backup`, and without the log that has the newest entries?"""
        return backup.may_lack_entries(Path(file))

    def close(self) -> None:
        """Close all connections; what another thread writes all the same is undone when the process ends."""
        if self._writer_lock.acquire(timeout=_PATIENCE):
            try:
                self._writer.dispose()
                self._reader.dispose()
            finally:
                self._writer_lock.release()


def _migrate(connection: Connection, *, may_create: bool) -> None:
    """Bring the database to the newest version in one transaction, under the writers' lock."""
    sqlite = connection.dialect.name == "sqlite"
    tables = tables_named(connection)
    if tables and _version(connection, tables) == NEWEST and (not sqlite or _has_log(connection)):
        return
    if sqlite and (_is_ours(connection, tables) if tables else may_create):
        _switch_to_wal(connection)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    try:
        if not sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1097425012)")
        tables = tables_named(connection)
        version = _version(connection, tables)
        if version is None and not may_create:
            raise _no_ledger(sqlite)
        if version != NEWEST:
            load_migrations().migrate(connection)
            missing = missing_triggers(connection)
            if missing:
                raise LedgerError.field(
                    "database",
                    "version {version} would lack the trigger {trigger}; nothing changed",
                    version=NEWEST,
                    trigger=missing[0],
                )
        if version is None:
            _sign(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise


def _has_log(connection: Connection) -> bool:
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()).lower() == "wal"


def _switch_to_wal(connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
    if str(mode).lower() != "wal":
        raise LedgerError.field(
            "database", "its disk allows no write-ahead log ({mode}); choose a local disk", mode=str(mode)
        )


def _no_ledger(sqlite: bool) -> ForeignDatabase:
    """A file that is there was a ledger, more likely than not: `init` overwrites none."""
    if not sqlite:
        return ForeignDatabase.field(
            "database",
            "it is empty; put a dump back into it with `pg_restore`, or make a ledger in it with `aidtrail init "
            "--database`, in a folder that has no configuration yet",
        )
    return ForeignDatabase.field(
        "database",
        "its file is empty, as a crash or a full disk may leave it; put a backup into another folder with `aidtrail "
        "restore`, or, where there was no ledger yet, remove the file and make one with `aidtrail init`",
    )


def _is_ours(connection: Connection, tables: set[str]) -> bool:
    """Did this program make the database? What cannot be read for another reason is raised as that failure."""
    if "meta" not in tables or "alembic_version" not in tables:
        return False
    columns = {column["name"] for column in inspect(connection).get_columns("meta")}
    if not {"name", "value"} <= columns:
        return False
    program = connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'program'").scalar()
    if program != backup.PROGRAM:
        return False
    if connection.dialect.name == "sqlite":
        number = connection.exec_driver_sql("PRAGMA application_id").scalar()
        if number != backup.APPLICATION_ID:
            raise StorageFailed.field(
                "database", "its file is damaged, the number of its program is gone; restore a backup"
            )
    return True


def _version(connection: Connection, tables: set[str]) -> str | None:
    """None for an empty database; raises ForeignDatabase for one that is not ours or is newer."""
    if not tables:
        return None
    if not _is_ours(connection, tables):
        raise ForeignDatabase.field(
            "database",
            "it holds {count} tables of another program; choose an empty database, or a new file",
            count=len(tables),
        )
    version = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
    if version > NEWEST:
        raise ForeignDatabase.field(
            "database",
            "it is of version {version} and this program knows up to {known}; install a newer aidtrail",
            version=version,
            known=NEWEST,
        )
    return version


def _sign(connection: Connection) -> None:
    """Say in the database whose it is."""
    connection.exec_driver_sql(f"INSERT INTO meta (name, value) VALUES ('program', '{backup.PROGRAM}')")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {backup.APPLICATION_ID}")
