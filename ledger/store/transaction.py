"""One transaction over all tables: `Reading` sees one snapshot, `Writing` adds the verbs that write.

It is opened and closed by `Store.read` and `Store.write`, never by itself.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property

from sqlmodel import Session

from ledger.store.addresses import Addresses, AddressesWriting
from ledger.store.changes import Changes, ChangesWriting
from ledger.store.desk import Desk, DeskWriting
from ledger.store.engine import savepoint
from ledger.store.journal import Journal, JournalWriting
from ledger.store.lease import Lease, LeaseWriting
from ledger.store.observations import Observations, ObservationsWriting
from ledger.store.papers import Papers, PapersWriting
from ledger.store.progress import Progress, ProgressWriting


class Reading:
    """One snapshot of the whole database."""

    def __init__(self, session: Session) -> None:
        self.session = session
        """All tables, for `select`."""

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.session)

    @cached_property
    def observations(self) -> Observations:
        return Observations(self.session)

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.session)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.session)

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self.session)

    @cached_property
    def papers(self) -> Papers:
        return Papers(self.session)

    @cached_property
    def changes(self) -> Changes:
        return Changes(self.session)

    @cached_property
    def lease(self) -> Lease:
        return Lease(self.session)


class Writing(Reading):
    """The one writing transaction; all that it writes is kept, or nothing."""

    def part(self) -> AbstractContextManager[None]:
        """What is done within is kept or undone as a whole, and alone."""
        return savepoint(self.session)

    @cached_property
    def journal(self) -> JournalWriting:
        return JournalWriting(self.session)

    @cached_property
    def observations(self) -> ObservationsWriting:
        return ObservationsWriting(self.session)

    @cached_property
    def progress(self) -> ProgressWriting:
        return ProgressWriting(self.session)

    @cached_property
    def desk(self) -> DeskWriting:
        return DeskWriting(self.session)

    @cached_property
    def addresses(self) -> AddressesWriting:
        return AddressesWriting(self.session)

    @cached_property
    def papers(self) -> PapersWriting:
        return PapersWriting(self.session)

    @cached_property
    def changes(self) -> ChangesWriting:
        return ChangesWriting(self.session)

    @cached_property
    def lease(self) -> LeaseWriting:
        return LeaseWriting(self.session)
