"""Lines of a ledger that has no entries: operations are applied to them by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.model.journal import EntryRow
from ledger.store.scratch import scratch
from ledger.tracing.changing import LinesWriting

ENTRY = 1
"""The number of the one entry that all operations are said to be of."""


@contextmanager
def no_lines() -> Iterator[LinesWriting]:
    """The lines of an empty database, which is gone with the block."""
    with scratch() as tx:
        entry = EntryRow(
            seq=ENTRY,
            key="",
            kind="",
            campaign="",
            recorded_at="",
            date="",
            data=b"",
            hash="",
            transfers=0,
        )
        tx.session.add(entry)
        tx.session.flush()
        yield LinesWriting(tx.session)
