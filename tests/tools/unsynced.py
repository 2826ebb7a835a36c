"""Databases of a test do not wait for the disk: no test cuts the power of the machine that it runs on.

Each commit to SQLite waits until its bytes are on the disk, some milliseconds; the suite commits a hundred thousand
times. Files that are about just that are marked `durable`; processes that tests start wait as they do anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ledger.store import engine

_prepare = engine._prepare_sqlite
_waits = False


def wait_for_no_disk() -> None:
    """From now on, but for what is `durable`; all else is prepared as the program prepares it."""
    engine._prepare_sqlite = _prepared


@contextmanager
def durable(waits: bool) -> Iterator[None]:
    """Within the block, what is connected waits for the disk, or does not."""
    global _waits
    before, _waits = _waits, waits
    try:
        yield
    finally:
        _waits = before


def _prepared(connection: Any, _: Any) -> None:
    _prepare(connection, _)
    if not _waits:
        connection.execute("PRAGMA synchronous = OFF")
