"""The store of the data that a command was pointed at, opened and closed around its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.store.database import Store
from ledger.store.transaction import Reading
from service.command import BadUse, Outside
from service.place import Place, find_place


@contextmanager
def opened_store(data: str | None, outside: Outside) -> Iterator[Store]:
    """Find the data, say where, and open its database; BadUse or StorageFailed when that cannot be."""
    with opened(find_place(data, outside), outside) as store:
        yield store


@contextmanager
def opened(place: Place, outside: Outside) -> Iterator[Store]:
    """The store of a place that was found already."""
    url = place.database_url(outside.environment)
    path = sqlite_path(url)
    if path is not None and not (outside.folder / path).is_file():
        raise BadUse(f"no database in {place.folder}; make one with `aidtrail init` or `aidtrail demo`.")
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def now_of(tx: Reading, outside: Outside) -> int:
    """Unix seconds now; in a demonstration the moment where its story stands, so that nothing in it grows old."""
    told = tx.progress.load("demo_clock")
    return int(told) if told else outside.clock()


def sqlite_path(url: str) -> str | None:
    """The file of a SQLite URL, None for another database."""
    prefix = "sqlite:///"
    return url[len(prefix) :] if url.startswith(prefix) else None
