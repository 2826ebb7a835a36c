"""Rows that wait to be written are part of every range, however many wait and whatever the limit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.store import projections
from ledger.store.database import Store
from ledger.store.shelf import MemoryShelf

KEYS = st.integers(0, 30).map(lambda number: f"{number:02d}")
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.binary(min_size=1, max_size=2)), max_size=25)
RANGES = st.lists(
    st.tuples(KEYS, st.none() | KEYS, st.booleans(), st.none() | st.integers(0, 5)), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(CHANGES, CHANGES, RANGES, st.integers(0, 30))
def test_a_range_holds_what_was_written_and_what_waits(
    written: list[tuple[str, bytes | None]],
    waiting: list[tuple[str, bytes | None]],
    ranges: list[tuple[str, str | None, bool, int | None]],
    overlaid: int,
) -> None:
    """Also where more rows wait than are laid over a range, and where waiting ones remove what a limit counted."""
    truth = MemoryShelf()
    with (
        mock.patch.object(projections, "MOST_OVERLAID", overlaid),
        tempfile.TemporaryDirectory() as folder,
    ):
        store = Store.create(f"sqlite:///{Path(folder) / 'l.db'}")
        with store.write() as tx:
            for key, value in written:
                tx.shelf.save("space", key, value)
                truth.save("space", key, value)
        with store.write() as tx:
            for key, value in waiting:
                tx.shelf.save("space", key, value)
                truth.save("space", key, value)
            for low, high, reverse, limit in ranges:
                found = list(tx.shelf.rows("space", low, high, reverse=reverse, limit=limit))
                assert found == list(truth.rows("space", low, high, reverse=reverse, limit=limit))
        with store.read() as tx:
            assert list(tx.shelf.rows("space")) == list(truth.rows("space"))
        store.close()
