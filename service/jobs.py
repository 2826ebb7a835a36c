"""What the service does by itself: looks at the chain, single look-ups, senders, rates and values, checks, backups.

Each is a job of its own (`service/scheduler.py`), due by what stands in the database and by the clock. Unconfirmed
payments are looked for within a look, since the absence of one counts only against the blocks that were read with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.core.entry import Entry
from ledger.core.errors import LedgerError, StorageFailed
from ledger.core.times import unix_seconds
from ledger.recording.settling import LookOutcome
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.backups import Backups
from service.checking import Checking
from service.clock import Clock, due_again
from service.command import BadUse, Unavailable
from service.intake import Intake
from service.leader import SECONDS, Leader
from service.logs import note, warn
from service.lookups import LookUps
from service.progress import LookProgress
from service.scheduler import Job
from service.senders import SenderLookUps
from service.valuing import Valuing
from service.words import Words
from watchers.net.errors import SourceError

LOOK_UP_SECONDS = 5
"""A donor's question about one transaction is noticed within so many seconds."""
RETRY_SECONDS = 600
"""A check or a backup that failed is tried again after so long."""


@dataclass
class Jobs:
    """The jobs of one process. `pin` gives the intake once a chain to start from is pinned."""

    store: Store
    clock: Clock
    leader: Leader
    pin: Callable[[], Intake]
    add_addresses: Callable[[], int]
    look_seconds: int
    lookups: LookUps
    senders: SenderLookUps
    valuing: Valuing
    checking: Checking
    words: Words
    backups: Backups | None = None
    reading: LookProgress = field(default_factory=LookProgress)
    is_stopping: Callable[[], bool] = lambda: False
    """Is this program ending? Then sources answer nothing any more."""
    trouble: str | None = None
    """Why the last look could not be made, in a sentence; None when it was."""
    unwritable: str | None = None
    """Why the database could not take the last look; None when it could."""
    progress: Callable[[int, int, int], None] = lambda _tip, _best, _hours: None
    """Told the last block read, the best header, and the hours that the rest may take."""
    _intake: Intake | None = None
    _waits: bool = False
    """Another process leads, and the log says so already."""
    _behind: int = 0
    """Blocks that the last look left to be read at once."""
    _grown: bool = False
    """The wallets of the configuration were compared with the ledger; what payments open, a look opens itself."""
    _seen: int = 0
    """The newest entry that this process knows of: campaigns and needs after it are new."""

    def all(self) -> tuple[Job, ...]:
        """Every job, for the scheduler."""
        jobs = [
            Job("look", self._look_on, self._look_due, self.look_seconds, chain=True),
            Job("look-ups", self.look_up, self._look_up_due, LOOK_UP_SECONDS, chain=True),
            Job("senders", self.look_up_senders, self.clock, self.look_seconds, chain=True),
            Job("rates", self.value, self.clock, self.look_seconds),
            Job("check of what is new", self.checking.check_new, self.checking.new_due, RETRY_SECONDS),
            Job("check of everything", self.checking.check_all, self.checking.all_due, RETRY_SECONDS),
        ]
        jobs.append(Job("words of bank lines", self.words.forget_old, self.words.due, RETRY_SECONDS))
        if self.backups is not None:
            jobs.append(Job("backup", self.backups.make, self.backups.due, RETRY_SECONDS))
        return tuple(jobs)

    def run_once(self) -> LookOutcome | None:
        """A look, and what waits for looks, one after the other: for whoever moves the clock by hand."""
        outcome = self.look()
        if outcome is not None:
            self.look_up()
            self.look_up_senders()
            outcome.entries += self.value()
        return outcome

    def look(self) -> LookOutcome | None:
        """One look, if this process leads; None when it does not, or could not look."""
        self._behind = 0
        try:
            if not self.leader.leads():
                if not self._waits:
                    note("another process leads", lease_seconds=SECONDS)
                self._waits = True
                return None
            self._waits = False
            if self._has_news() or not self._grown:
                self.add_addresses()
                self._grown = True
            if self._intake is None or not self._intake.knows_where_we_are():
                self._intake = self.pin()
            with self.reading:
                outcome = self._intake.look()
            self._tell_progress()
        except (SourceError, Unavailable, BadUse, LedgerError) as failure:
            if self.is_stopping():
                return None
            self.trouble = str(failure)
            self.unwritable = str(failure) if isinstance(failure, StorageFailed) else None
            warn("look failed", why=str(failure))
            return None
        self.trouble = self.unwritable = None
        self._behind = outcome.behind
        _note_recorded(outcome.entries)
        return outcome

    def look_up(self) -> int:
        """Answer what donors asked to have looked up, if this process leads; how many were answered."""
        if self._intake is None or self.is_stopping() or not self.leader.leading:
            return 0
        return self.lookups.answer_waiting(self._intake.watcher)

    def look_up_senders(self) -> int:
        """Look up who sent coins where the inputs do not show it, if this process leads; how many were found."""
        if self._intake is None or self.is_stopping() or self._behind or not self.leader.leading:
            return 0
        return self.senders.answer_waiting(self._intake.watcher)

    def value(self) -> list[Entry]:
        """Ask for rates and value what waits, if this process leads and is not behind the chain."""
        if self.is_stopping() or self._behind or not self.leader.leading:
            return []
        entries = self.valuing.run()
        _note_recorded(entries)
        return entries

    def _look_on(self) -> bool:
        """A look, and whether it left blocks that can be read at once."""
        self.look()
        return self._behind > 0

    def _look_due(self) -> int:
        """Unix seconds; the looks of any process count."""
        now = self.clock()
        with self.store.read() as tx:
            looked_at = chain_status(tx, now=now).looked_at
        return 0 if looked_at is None else due_again(unix_seconds(looked_at), self.look_seconds, now)

    def _look_up_due(self) -> int:
        """What no source could be asked about now waits as long as a look does."""
        return self.clock() + (self.look_seconds if self.lookups.wait() else 0)

    def _has_news(self) -> bool:
        """Is there a campaign or a need that the look before did not know? A wallet may wait for it."""
        with self.store.read() as tx:
            newest = tx.journal.count()
            news = [
                next(tx.journal.rows(after=self._seen, limit=1, kind=kind), None)
                for kind in ("campaign", "need")
            ]
        self._seen = newest
        return any(news)

    def _tell_progress(self) -> None:
        with self.store.read() as tx:
            chain = chain_status(tx, now=self.clock())
        if chain.tip_height is not None and chain.best_height is not None:
            self.progress(chain.tip_height, chain.best_height, chain.behind_hours)


def _note_recorded(entries: Sequence[Entry]) -> None:
    for entry in entries:
        note("recorded", seq=entry.seq, kind=entry.kind)
