"""Backups that the service makes by itself: a consistent copy of the database, the newest few of them kept.

They hold the journal and all that lies beside it; the configuration and its secrets are not part of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ledger.core.times import rfc3339
from ledger.store.database import Store
from ledger.store.disk import make_folder
from service.clock import Clock, due_again
from service.logs import note
from service.process import runs_no_more

_LAST = "backed_up"
_PATTERN = "aidtrail-????-??-??T??????Z.db"


def copies_in(folder: Path) -> list[Path]:
    """The copies in a folder that the service made, oldest first."""
    return sorted(folder.glob(_PATTERN))


@dataclass(frozen=True, slots=True)
class Backups:
    """Copies of one database into `folder`, named by their moment (UTC); `keep` of them stay."""

    store: Store
    clock: Clock
    folder: Path
    seconds: int
    keep: int

    def due(self) -> int:
        """When the next one is to be made."""
        with self.store.read() as tx:
            return due_again(int(tx.progress.load(_LAST) or 0), self.seconds, self.clock())

    def make(self) -> Path:
        """Make one; raises StorageFailed, LedgerError or OSError, and then removes none of the others."""
        now = self.clock()
        make_folder(self.folder)
        self._remove_parts()
        path = self.folder / f"aidtrail-{rfc3339(now).replace(':', '')}.db"
        self.store.backup(path)
        with self.store.write() as tx:
            tx.progress.save(_LAST, str(now))
        for old in copies_in(self.folder)[: -self.keep]:
            old.unlink()
        note("backed up", file=str(path), bytes=path.stat().st_size)
        return path

    def _remove_parts(self) -> None:
        """Half copies of processes that were killed: they hold words of payers which the next copies have no more.

        In a container each process has the same number, and this one makes no copy now.
        """
        for part in self.folder.glob(f".{_PATTERN}.*.part*"):
            number = part.name.partition(".db.")[2].partition(".")[0]
            if number.isdecimal() and (int(number) == os.getpid() or runs_no_more(int(number))):
                part.unlink(missing_ok=True)
