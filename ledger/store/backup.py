"""Copies of a SQLite database, made while it is served and put back on another machine.

Nothing is ever overwritten, and nothing that is not ours is put back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import Engine

from ledger.core.errors import ForeignDatabase, LedgerError, StorageFailed
from ledger.store.disk import make_private, sync
from ledger.store.failures import storage_failure
from ledger.store.forgetting import remove_in_copy
from ledger.store.seal import end_of_pages, is_as_sealed, seal

PROGRAM = "aidtrail"
"""By which a table of each database of ours names this program."""
APPLICATION_ID = 0x41494454
"""`AIDT`, in the header of each SQLite file of ours."""
LOOKS_SOUND = "PRAGMA quick_check(1)"
"""Answers "ok" where each page of a file can be read (https://sqlite.org/pragma.html#pragma_quick_check)."""


def require_sound(problem: str) -> None:
    """StorageFailed where `LOOKS_SOUND` found a damaged page."""
    if problem != "ok":
        raise StorageFailed.field(
            "database", "its file is damaged; restore a backup ({failure})", failure=" ".join(problem.split())
        )


def backup(engine: Engine, path: Path) -> None:
    """A consistent copy in a new file, complete and on disk when this returns.

    Raises LedgerError for a file that exists and for PostgreSQL, which has `pg_dump`; StorageFailed or OSError
    when the disk cannot take it, and then leaves nothing there.
    """
    if engine.dialect.name != "sqlite":
        raise LedgerError.field("backup", "this database is PostgreSQL; use `pg_dump --format=custom`")
    with closing(
        sqlite3.connect(f"{Path(str(engine.url.database)).resolve().as_uri()}?mode=rw", uri=True)
    ) as source:
        _copy(source, path, "backup", sealed=True)


def restore(file: Path, path: Path, removed: Collection[str] = (), *, damaged: bool = False) -> None:
    """Put a backup in a new place; raises ForeignDatabase or LedgerError and then leaves nothing there.

    Papers that were `removed` since, by the SHA-256 of their bytes, are taken out of what is put back. `damaged`: also
    where its bytes are not those that were sealed, as long as SQLite can read it.
    """
    if not file.is_file():
        raise LedgerError.field("restore", "there is no file {file}", file=str(file))
    _require_whole(file)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source:
        try:
            number = source.execute("PRAGMA application_id").fetchone()[0]
            sound = source.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.OperationalError as failure:
            raise LedgerError.field(
                "restore",
                "{file} cannot be read ({failure}); use a backup's own file",
                file=file.name,
                failure=str(failure),
            ) from None
        except sqlite3.DatabaseError:
            if _is_ours(file):
                raise LedgerError.field(
                    "restore", "{file} is damaged; use another backup", file=file.name
                ) from None
            raise ForeignDatabase.field(
                "restore", "{file} is no database of aidtrail", file=file.name
            ) from None
        if number != APPLICATION_ID:
            if not _says_ours(source):
                raise ForeignDatabase.field(
                    "restore", "{file} is a database of another program", file=file.name
                )
            if not damaged:
                raise LedgerError.field(
                    "restore",
                    "{file} is damaged, the number of its program is gone; use another backup, or put it back with "
                    "--damaged to see what is wrong",
                    file=file.name,
                )
        if sound != "ok":
            raise LedgerError.field("restore", "{file} is damaged; use another backup", file=file.name)
        if not damaged and is_as_sealed(file) is False:
            raise LedgerError.field(
                "restore",
                "{file} is damaged: its bytes are not those that `aidtrail backup` sealed; use another backup, or put "
                "it back with --damaged to see what is wrong",
                file=file.name,
            )
        _copy(source, path, "restore")
    for sha256 in sorted(removed):
        remove_in_copy(path, sha256)


def _head(file: Path) -> bytes:
    """The first bytes of a file, in which SQLite says what it is (https://sqlite.org/fileformat.html, 1.3)."""
    with file.open("rb") as opened:
        return opened.read(100)


def _says_ours(source: sqlite3.Connection) -> bool:
    """Does a table of the database name this program, whatever the head of its file says?"""
    try:
        row = source.execute("SELECT value FROM meta WHERE name = 'program'").fetchone()
    except sqlite3.Error:
        return False
    return row is not None and str(row[0]) == PROGRAM


def _is_ours(file: Path) -> bool:
    return _head(file)[68:72] == APPLICATION_ID.to_bytes(4)


def _require_whole(file: Path) -> None:
    """LedgerError for a copy that broke off: it is shorter than its own head says."""
    size, whole = file.stat().st_size, end_of_pages(file)
    if not size:
        raise LedgerError.field("restore", "{file} is empty; use another backup", file=file.name)
    if _is_ours(file) and size < whole:
        raise LedgerError.field(
            "restore",
            "{file} is cut short, at byte {size} of {whole}; copy it again, or use another backup",
            file=file.name,
            size=size,
            whole=whole,
        )


def may_lack_entries(file: Path) -> bool:
    """Is it the bare file of a database that was served, without the log in which its newest entries may stand?"""
    written_by_log = _head(file)[18:20] == b"\2\2"
    log = file.with_name(f"{file.name}-wal")
    return written_by_log and not (log.is_file() and log.stat().st_size)


def _copy(source: sqlite3.Connection, path: Path, verb: str, *, sealed: bool = False) -> None:
    """Copy to a name beside, then link it to `path`, which fails when something is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    if path.exists():
        raise LedgerError.field(
            verb, "{path} exists; nothing is overwritten, choose a new name", path=str(path)
        )
    try:
        try:
            make_private(beside)
            with closing(sqlite3.connect(beside)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
                if (
                    verb == "restore"
                ):  # a number that was gone is back, and what else is wrong can be looked for
                    target.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                if target.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                    raise ForeignDatabase.field(verb, "the copy is no database of aidtrail")
                # Pages are copied as they are: who seals a damaged one learns of it when it is too late.
                if sealed:
                    require_sound(str(target.execute(LOOKS_SOUND).fetchone()[0]))
        except sqlite3.Error as failure:
            failed = storage_failure(failure)
            if failed is None:
                raise
            raise StorageFailed(
                "{verb}: {failure}", full=failed.full, verb=verb, failure=str(failed)
            ) from failure
        if sealed:
            seal(beside)
        sync(beside)
        try:
            os.link(beside, path)
        except FileExistsError:
            raise LedgerError.field(
                verb, "{path} exists; nothing is overwritten, choose a new name", path=str(path)
            ) from None
        sync(path.parent)
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            beside.with_name(beside.name + end).unlink(missing_ok=True)
