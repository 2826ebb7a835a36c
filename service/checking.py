"""The invariants while the service runs: what is new once a day, everything once a week, beside the looks.

When they ran, up to which entry, and what they found stands in the database: a restart forgets neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from ledger.checks.finding import Finding, load_findings, save_findings
from ledger.checks.model import model_is_folded
from ledger.checks.run import run_checks, run_new_checks
from ledger.store.database import Store
from ledger.store.transaction import Reading
from service.clock import Clock, due_again
from service.logs import warn

_ALL, _NEW = "checked_all", "checked_new"
_MOST_KEPT = 100
"""Findings that are kept; who has more reads them from `aidtrail check`."""


@dataclass(frozen=True, slots=True)
class Checking:
    """Runs the checks of one database; `new_seconds` and `all_seconds` lie between two runs."""

    store: Store
    clock: Clock
    new_seconds: int
    all_seconds: int

    def new_due(self) -> int:
        """After a whole run there is nothing new either."""
        with self.store.read() as tx:
            last = max(_run_of(tx, _NEW)[0], _run_of(tx, _ALL)[0])
        return due_again(last, self.new_seconds, self.clock())

    def all_due(self) -> int:
        with self.store.read() as tx:
            return due_again(_run_of(tx, _ALL)[0], self.all_seconds, self.clock())

    def check_new(self) -> tuple[Finding, ...]:
        """Check the entries since the last run; what earlier ones found stays found until all is checked again."""
        with self.store.read() as tx:
            after = max(_run_of(tx, _NEW)[1], _run_of(tx, _ALL)[1])
            before = load_findings(tx)
        findings = self._run(lambda tx: run_new_checks(tx, after), _NEW)
        return self._keep((*before, *(one for one in findings if one not in before)))

    def check_all(self) -> tuple[Finding, ...]:
        """Check everything, and hold every row of the model against what the journal gives."""
        return self._keep(self._run(_check_all, _ALL))

    def findings(self) -> tuple[Finding, ...]:
        """What the last runs found, of whatever process."""
        with self.store.read() as tx:
            return load_findings(tx)

    def _run(self, check: Callable[[Reading], Sequence[Finding]], name: str) -> Sequence[Finding]:
        now = self.clock()
        with self.store.read() as tx:
            findings = check(tx)
            head = tx.journal.count()
        with self.store.write() as tx:
            tx.progress.save(name, f"{now} {head}")
        return findings

    def _keep(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        kept = tuple(findings[:_MOST_KEPT])
        with self.store.write() as tx:
            save_findings(tx, kept)
        for one in kept:
            warn("invariant broken", check=one.check, subject=one.subject, what=one.sentence)
        return kept


def _check_all(tx: Reading) -> list[Finding]:
    """The model is held against the journal only where that is sound."""
    return run_checks(tx) or list(islice(model_is_folded(tx), _MOST_KEPT))


def _run_of(tx: Reading, name: str) -> tuple[int, int]:
    """When a run was made (Unix seconds) and the last entry that it saw; zeros before the first."""
    at, _, head = (tx.progress.load(name) or "0 0").partition(" ")
    return int(at), int(head)
