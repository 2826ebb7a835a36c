"""Rebuilding: the projections made again from journal and observations, to compare them or to renew them.

Journal and observations are never touched.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import LedgerError
from ledger.recording.record import fold
from ledger.rules.books import Books
from ledger.rules.observing import Observed
from ledger.store.shelf import MemoryShelf, Shelf

if TYPE_CHECKING:
    from ledger.store.transaction import Reading, Writing

FOLDS = 6
"""Raised by whoever changes what a fold leaves: projections of another number are made anew when opened."""
_FOLDED_BY = "folds"


def is_current(tx: Reading) -> bool:
    """Were the stored projections folded as this program folds them?"""
    return tx.progress.load(_FOLDED_BY) == str(FOLDS)


def renew(tx: Writing) -> int:
    """Make the projections anew where another version folded them; the number of entries folded.

    Raises LedgerError, with nothing changed, where an entry cannot be read.
    """
    if is_current(tx):
        return 0
    try:
        tx.shelf.clear()
        fold_all(tx, tx.shelf)
    except (KeyError, ValueError) as failure:
        raise LedgerError(
            f"database: its entries cannot be folded ({failure}); restore a backup, or open it with the version"
            " that wrote it"
        ) from failure
    tx.progress.save(_FOLDED_BY, str(FOLDS))
    return tx.journal.count()


def fold_all(tx: Reading, shelf: Shelf) -> None:
    """Fold the whole journal and all observations onto an empty shelf."""
    books, observed = Books(shelf), Observed(shelf)
    with _nothing_collected():
        for row in tx.journal.rows():
            fold(books, entry_from_bytes(row.data))
        for seen in tx.observations.rows():
            observed.fold(seen.at, seen.source, seen.kind, seen.subject, seen.data)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Folding makes millions of rows that stay and no cycle: looking for cycles would be a third of the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def rebuild(tx: Reading) -> list[str]:
    """Sentences that name each row of a projection that is not what the journal and observations give."""
    made = MemoryShelf()
    fold_all(tx, made)
    differences: list[str] = []
    for space in sorted({*tx.shelf.spaces(), *made.spaces()}):
        stored = dict(tx.shelf.rows(space))
        again = dict(made.rows(space))
        for key in sorted(stored.keys() | again.keys()):
            if stored.get(key) != again.get(key):
                what = (
                    "is missing" if key not in stored else "should not be" if key not in again else "differs"
                )
                differences.append(f"{space} {key} {what}")
    return differences
