"""Numbered steps from an empty database to the newest one; each ends by asserting that all triggers exist.

A step is never changed once it is released, and no step rebuilds a table of the journal.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import Connection

from ledger.store.migrations import m0001_first, m0002_restricted_addresses

STEPS: tuple[tuple[int, Callable[[Connection], None]], ...] = (
    (1, m0001_first.migrate),
    (2, m0002_restricted_addresses.migrate),
)
NEWEST = STEPS[-1][0]
