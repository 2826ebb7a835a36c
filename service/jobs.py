"""What is due, by the clock and the database: looks at the chain, and the invariants once in a while.

A job's failure is logged and tried again when it is next due; it never stops the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.checks.finding import Finding
from ledger.checks.run import run_checks
from ledger.core.entry import Entry
from ledger.core.errors import LedgerError, StorageFailed
from ledger.recording.settling import LookOutcome
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.clock import Clock
from service.command import BadUse, Unavailable
from service.intake import Intake
from service.leader import SECONDS, Leader
from service.logs import note, warn
from service.lookups import LooksAlone
from watchers.net.errors import SourceError


@dataclass
class Jobs:
    """The jobs of one process. `pin` gives the intake once a chain to start from is pinned."""

    store: Store
    clock: Clock
    leader: Leader
    pin: Callable[[], Intake]
    add_addresses: Callable[[], int]
    look_seconds: int
    check_hours: int
    findings: tuple[Finding, ...] = ()
    trouble: str | None = None
    """Why the last look could not be made, in a sentence; None when it was."""
    unwritable: str | None = None
    """Why the database could not take the last look; None when it could."""
    value_gifts: Callable[[], list[Entry]] = list
    """Ask for rates and value what waits; called after a look that is not behind the chain."""
    look_up: Callable[[LooksAlone], int] = lambda _watcher: 0
    """Answer what donors asked to have looked at alone; called after each look."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the process ends: catching up stops after the present look."""
    progress: Callable[[int, int, int], None] = lambda _tip, _best, _hours: None
    """Told the last block read, the best header, and the hours that the rest may take."""
    _intake: Intake | None = None
    _looked: int | None = None
    _waits: bool = False
    """Another process leads, and the log says so already."""
    _checked: int | None = None
    _stirred: bool = True
    """Something settled, or this process is new: the wallets' gaps may have to grow."""
    _seen: int = 0
    """The newest entry that this process knows of: campaigns and needs after it are new."""
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def run_due(self) -> None:
        """Run what is due now; called by the ticker. While blocks are behind, one look follows the other."""
        now = self.clock()
        if self._looked is None or now - self._looked >= self.look_seconds:
            self.look()
        while self._looked is None and not self.stopping.is_set():
            self.look()
        if self._checked is None or now - self._checked >= self.check_hours * 3600:
            self.check()

    def look(self) -> LookOutcome | None:
        """One look, if this process leads; None when it does not, or could not look."""
        with self._busy:
            self._looked = self.clock()
            try:
                if not self.leader.leads():
                    if not self._waits:
                        note("another process leads", lease_seconds=SECONDS)
                    self._waits = True
                    return None
                self._waits = False
                if self._opened() or self._stirred:
                    self.add_addresses()
                if self._intake is None or not self._intake.knows_where_we_are():
                    self._intake = self.pin()
                outcome = self._intake.look()
                self.look_up(self._intake.watcher)
                self._tell_progress()
            except (SourceError, Unavailable, BadUse, LedgerError) as failure:
                self.trouble = str(failure)
                self.unwritable = str(failure) if isinstance(failure, StorageFailed) else None
                warn("look failed", why=str(failure))
                return None
            self.trouble = self.unwritable = None
            self._stirred = bool(outcome.entries)
            if outcome.behind:
                self._looked = None  # there is more to read: the next tick goes on
            else:
                outcome.entries += self.value_gifts()
            for entry in outcome.entries:
                note("recorded", seq=entry.seq, kind=entry.kind)
            return outcome

    def _opened(self) -> bool:
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

    def check(self) -> tuple[Finding, ...]:
        """Run every invariant; what is wrong is logged and counted in the metrics.

        A database that cannot be read leaves the findings as they were until the next time.
        """
        with self._busy:
            self._checked = self.clock()
            try:
                with self.store.read() as tx:
                    self.findings = tuple(run_checks(tx))
            except StorageFailed as failure:
                warn("invariants not checked", why=str(failure))
                return self.findings
        for finding in self.findings:
            warn("invariant broken", check=finding.check, subject=finding.subject, what=finding.sentence)
        return self.findings
