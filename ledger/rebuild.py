"""Rebuilding: the projections made again from journal and observations, and compared byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.books import Books
from ledger.entry import entry_from_bytes
from ledger.observing import Observed
from ledger.record import fold
from ledger.shelf import MemoryShelf, Shelf

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def fold_all(tx: Reading, shelf: Shelf) -> None:
    """Fold the whole journal and all observations onto an empty shelf."""
    books, observed = Books(shelf), Observed(shelf)
    for row in tx.journal.rows():
        fold(books, entry_from_bytes(row.data))
    for seen in tx.observations.rows():
        observed.fold(seen.at, seen.source, seen.kind, seen.subject, seen.data)


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
