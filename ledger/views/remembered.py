"""What was made of the books once is remembered until an entry is added: the long sums of a page between two looks.

It never outlives the state that it was made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ledger.store.transaction import Reading

T = TypeVar("T")


def remembered(tx: Reading, what: str, campaign: str, make: Callable[[], T]) -> T:
    """What `make` gives; it must read nothing but projections of the journal."""
    head = tx.journal.head()
    key = (what, campaign)
    kept = tx.shelf.hints.get(key)
    if kept is not None and kept[0] == head:
        made: T = kept[1]
        return made
    made = make()
    tx.shelf.hints[key] = (head, made)
    return made
