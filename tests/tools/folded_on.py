"""The model folded a second time, step by step beside a story: what `rebuild` folds from the beginning each time.

A story of many steps would fold its first entries again at each of them. A fold reads nothing but entries,
observations and the model, so that going on from the step before gives the same. Whole rebuilds have their own tests.
"""

from __future__ import annotations

import weakref
from contextlib import ExitStack

from ledger.core.entry import entry_from_bytes
from ledger.recording.rebuild import differences
from ledger.recording.record import fold
from ledger.rules.books import Books
from ledger.rules.observing import Observed
from ledger.store.scratch import scratch
from ledger.store.transaction import Reading


class FoldedOn:
    """A database of its own that follows one ledger, until nobody has it any more."""

    def __init__(self) -> None:
        opened = ExitStack()
        self._made = opened.enter_context(scratch())
        self._entries = self._observations = 0
        # At the end of the process the database in memory goes by itself, perhaps before this would close it.
        weakref.finalize(self, opened.close).atexit = False

    def differences(self, tx: Reading) -> list[str]:
        """Fold what is new of the ledger; sentences that name each row of its model that is otherwise."""
        books, observed = Books(self._made), Observed(self._made.session)
        rows = list(tx.journal.rows(after=self._entries))
        if rows:
            self._made.keep(rows)
        with books.batched():
            for row in rows:
                fold(books, entry_from_bytes(row.data))
        self._entries += len(rows)
        for seen in tx.observations.rows(after=self._observations):
            observed.fold(seen.at, seen.source, seen.kind, seen.subject, seen.data)
        self._observations = tx.observations.head()
        return differences(tx, self._made)
