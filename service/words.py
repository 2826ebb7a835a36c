"""How the words of bank lines are forgotten: out of the database, its write-ahead log, and the backups kept beside it.

What was forgotten is listed in a file by commitments, which say nothing: a backup that is put back is told of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.core.times import rfc3339
from ledger.recording.bank_words import forget_named, old_words
from ledger.store.database import Store
from ledger.store.forgetting import empty_log, forget_in_copy
from service.backups import copies_in
from service.clock import Clock, due_again
from service.config import Config
from service.hash_lists import list_hashes, listed
from service.logs import note, warn
from service.papers import clean_copies

LIST = "forgotten-words.txt"
"""A commitment a line, in the data folder and in the folder of backups."""
_LAST = "words_forgotten"
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Words:
    """Forgets words of one database in `folder`; `days` are they kept, 0: until somebody asks. `copies`: backups."""

    store: Store
    clock: Clock
    folder: Path
    days: int
    copies: Path | None = None

    def due(self) -> int:
        """When words are to be forgotten by their age the next time."""
        with self.store.read() as tx:
            return due_again(int(tx.progress.load(_LAST) or 0), _DAY, self.clock())

    def forget_old(self) -> int:
        """Forget what was booked longer ago than words are kept; how many lines had any.

        Papers that a request removed or sealed leave the kept backups with it.
        """
        now = self.clock()
        before = dt.date.fromisoformat(rfc3339(now)[:10]) - dt.timedelta(days=self.days)
        with self.store.read() as tx:
            old = old_words(tx, before.isoformat()) if self.days else ()
        self.forget(old)
        clean_copies(self.store, self.folder, self.copies)
        with self.store.write() as tx:
            tx.progress.save(_LAST, str(now))
        if old:
            note("bank words forgotten", lines=len(old))
        return len(old)

    def forget(self, commitments: Collection[str], *, by: int | None = None) -> None:
        """Forget the words of these commitments everywhere, and list that they are, as the user `by` asked.

        The same again changes nothing.
        """
        if not commitments:
            return
        # Listed first: what is cut short here is done by the next run, or when a backup is put back.
        for folder in filter(None, (self.folder, self.copies)):
            if folder.is_dir():
                list_hashes(folder / LIST, commitments)
        with self.store.write() as tx:
            forget_named(tx, commitments, now=self.clock(), by=by)
        self.clean(commitments)

    def clean(self, commitments: Collection[str]) -> None:
        """Take words that are out of the database out of its log and of the backups, too."""
        database = self.store.file
        if database is not None and not empty_log(database):
            warn("words still in the log", why="somebody reads; it is emptied with the next ones")
        for copy in copies_in(self.copies) if self.copies is not None else ():
            try:
                forget_in_copy(copy, commitments)
            except (LedgerError, OSError) as failure:
                warn("words still in a backup", file=str(copy), why=str(failure))


def words_of(store: Store, config: Config, clock: Clock, folder: Path) -> Words:
    """What forgets the words of bank lines, as long after as the configuration says, and in its backups too."""
    copies = folder / config.backup.folder if config.backup.folder else None
    return Words(store, clock, folder, config.bank.words_days, copies)


def forgotten_words(*places: Path) -> frozenset[str]:
    """The commitments that lists in these folders, or files, name."""
    return listed(LIST, *places)
