"""What is forgotten has to be gone from the disk: from the write-ahead log, and from copies that were made before.

Only private values that lie beside the journal are ever forgotten; no entry is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlmodel import delete

from ledger.core.errors import LedgerError
from ledger.model.columns import table_of
from ledger.model.desk import OpeningRow
from ledger.store.disk import sync

_AT_ONCE = 500


def empty_log(path: Path) -> bool:
    """Move the write-ahead log of a SQLite database into its file, and empty it; False while somebody reads of it."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def forget_in_copy(path: Path, commitments: Collection[str]) -> None:
    """Delete what opens these commitments from a backup, and what it leaves on the pages of the file.

    Raises LedgerError where it is no database of ours, or cannot be written.
    """
    engine = create_engine(f"sqlite:///{path.resolve()}")

    @event.listens_for(engine, "connect")
    def _overwrite(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA secure_delete = ON")

    openings, wanted = table_of(OpeningRow), sorted(commitments)
    try:
        with engine.begin() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                connection.execute(delete(openings).where(openings.c.commitment.in_(some)))
    except DatabaseError as failure:
        raise LedgerError.field(
            "backup", "{path} cannot be written ({name})", path=path.name, name=type(failure).__name__
        ) from failure
    finally:
        engine.dispose()
    sync(path)
