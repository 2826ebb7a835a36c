"""One transaction over all tables: `Reading` sees one snapshot, `Writing` adds the verbs that write.

It is opened and closed by `Store.read` and `Store.write`, never by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from ledger.store.addresses import Addresses, AddressesWriting
from ledger.store.desk import Desk, DeskWriting
from ledger.store.journal import Journal, JournalWriting
from ledger.store.lease import Lease, LeaseWriting
from ledger.store.observations import Observations, ObservationsWriting
from ledger.store.papers import Evidence, EvidenceWriting
from ledger.store.progress import Progress, ProgressWriting
from ledger.store.projections import VERSION, ShelfCache, StoredShelf
from ledger.store.session import Session

FIRST = (
    "SELECT meta.value, newest.seq, newest.hash FROM meta"  # noqa: S608 - a constant
    " LEFT JOIN (SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1) AS newest ON 1 = 1"
    f" WHERE meta.name = '{VERSION}'"
)
"""What a transaction asks first: the version of the shelf, and the head of the journal."""


class Reading:
    """One snapshot of the whole database."""

    writing = False

    def __init__(self, session: Session, cache: ShelfCache) -> None:
        self._session = session
        self.shelf = StoredShelf(session, cache, self.writing)
        """A `ledger.store.shelf.Shelf`."""

    @cached_property
    def journal(self) -> Journal:
        return Journal(self._session)

    @cached_property
    def observations(self) -> Observations:
        return Observations(self._session)

    @cached_property
    def progress(self) -> Progress:
        return Progress(self._session)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self._session)

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self._session)

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(self._session)

    @cached_property
    def lease(self) -> Lease:
        return Lease(self._session)


class Writing(Reading):
    """The one writing transaction; all that it writes is kept, or nothing."""

    writing = True

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is done within is kept or undone as a whole, and alone; parts lie in no other part.

        Raises TransactionLost where the database can undo nothing less than the transaction.
        """
        self.shelf.begin_part()
        self._session.begin_part(self.shelf.write_before_part)
        try:
            yield
        except Exception:
            written = self._session.undo_part()
            self.shelf.undo_part(written=written)
            raise
        self._session.keep_part()
        self.shelf.keep_part()

    @cached_property
    def journal(self) -> JournalWriting:
        return JournalWriting(self._session)

    @cached_property
    def observations(self) -> ObservationsWriting:
        return ObservationsWriting(self._session)

    @cached_property
    def progress(self) -> ProgressWriting:
        return ProgressWriting(self._session)

    @cached_property
    def desk(self) -> DeskWriting:
        return DeskWriting(self._session)

    @cached_property
    def addresses(self) -> AddressesWriting:
        return AddressesWriting(self._session)

    @cached_property
    def evidence(self) -> EvidenceWriting:
        return EvidenceWriting(self._session)

    @cached_property
    def lease(self) -> LeaseWriting:
        return LeaseWriting(self._session)
