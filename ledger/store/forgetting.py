"""What is forgotten has to be gone from the disk: from the write-ahead log, and from copies that were made before.

Only private values and bytes of papers, which lie beside the journal, are ever taken out; no entry is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, func, insert, select
from sqlalchemy.exc import DatabaseError
from sqlmodel import delete

from ledger.core.errors import LedgerError
from ledger.model.columns import table_of
from ledger.model.desk import AuditRow, OpeningRow
from ledger.model.operation import PaperRow, PaperTreatmentRow
from ledger.store.disk import sync
from ledger.store.papers import REMOVED
from ledger.store.seal import is_as_sealed, seal

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
    openings, wanted = table_of(OpeningRow), sorted(commitments)
    with _overwriting(path) as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            connection.execute(delete(openings).where(openings.c.commitment.in_(some)))


def remove_in_copy(path: Path, sha256: str) -> None:
    """Delete the bytes of a paper from a backup, whose audit log says so as that of the database does.

    Raises LedgerError where it is no database of ours, or cannot be written.
    """
    papers, audit = table_of(PaperRow), table_of(AuditRow)
    with _overwriting(path) as connection:
        if connection.execute(select(papers.c.sha256).where(papers.c.sha256 == sha256)).first() is None:
            return
        last = connection.execute(select(func.max(audit.c.n), func.max(audit.c.at))).one()
        connection.execute(
            insert(audit),
            {
                "n": (last[0] or 0) + 1,
                "at": last[1] or "",
                "user_id": None,
                "action": REMOVED,
                "subject": sha256,
            },
        )
        for table in (table_of(PaperTreatmentRow), papers):
            connection.execute(delete(table).where(table.c.sha256 == sha256))


@contextmanager
def _overwriting(path: Path) -> Iterator[Connection]:
    """One transaction in a copy, which leaves nothing of what it deletes on the pages of the file.

    One whose bytes are as they were sealed is sealed anew; of another nobody shall read that it is.
    """
    sealed = path.is_file() and is_as_sealed(path)
    engine = create_engine(f"sqlite:///{path.resolve()}")

    @event.listens_for(engine, "connect")
    def _overwrite(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA secure_delete = ON")

    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as failure:
        raise LedgerError.field(
            "backup", "{path} cannot be written ({name})", path=path.name, name=type(failure).__name__
        ) from failure
    finally:
        engine.dispose()
    if sealed:
        seal(path)
    sync(path)
