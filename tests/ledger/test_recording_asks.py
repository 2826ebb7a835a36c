"""How many statements an entry takes to record, and to fold again.

They are counted, not timed: each costs its share of CPU whatever it asks, and a count is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import Connection, event

from bench.furnished import STATES, distributions, furnished, record_all, recorded
from ledger.recording.rebuild import fold_all
from ledger.store.database import Store
from ledger.store.scratch import scratch

ENTRIES = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Entries that hand two lots out, to receivers who all had some before."""
    store = furnished(f"sqlite:///{tmp_path_factory.mktemp('asks') / 'ledger.db'}")
    record_all(store, distributions(count(1)), ENTRIES, ENTRIES)
    yield store
    store.close()


def _told(connection: Connection) -> list[str]:
    """The statements that the connection is told from now on."""
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
    return statements


def test_an_entry_of_two_lots_is_recorded_by_36_statements(store: Store) -> None:
    with store.write() as tx:
        statements = _told(tx.session.connection())
        recorded(tx, next(distributions(count(ENTRIES + STATES))))
        asked = len(statements)
    assert asked <= 36


def test_it_is_folded_again_by_12(store: Store) -> None:
    with store.read() as tx, scratch() as made:
        statements = _told(made.session.connection())
        fold_all(tx, made)
        entries = tx.journal.count()
    assert len(statements) / entries <= 12
