"""The ledger of a data folder, with its model as this version folds it: made anew after an update."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.core.wording import Wording
from ledger.recording.rebuild import is_current, renew
from ledger.store.database import Store
from ledger.store.transaction import Reading
from service.command import Outside
from service.data_folder import DataFolder, find_data_folder
from service.database import existing_url
from service.progress import FoldProgress


@contextmanager
def open_ledger(data: str | None, outside: Outside) -> Iterator[Store]:
    """Find the data, say where, and open its database; BadUse or StorageFailed when that cannot be."""
    with open_folder(find_data_folder(data, outside), outside) as store:
        yield store


@contextmanager
def open_folder(folder: DataFolder, outside: Outside) -> Iterator[Store]:
    """The store of a folder that was found already."""
    store = open_current(existing_url(folder, outside), outside)
    try:
        yield store
    finally:
        store.close()


def open_current(url: str, outside: Outside) -> Store:
    """Open a database, migrated, and with its model as this version folds it; StorageFailed or LedgerError."""
    store = Store.open(url)
    try:
        with store.read() as tx:
            current = is_current(tx)
        if not current:
            with store.write() as tx, FoldProgress(outside.err, outside.quiet) as progress:
                folded = renew(tx, progress)
            if folded:
                outside.say(str(_folded(folded)))
    except BaseException:
        store.close()
        raise
    return store


def _folded(entries: int) -> Wording:
    return Wording(
        "another version made the sums and lists; made anew from {n} entry.",
        {"n": entries},
        "another version made the sums and lists; made anew from {n} entries.",
    )


def now_of(tx: Reading, outside: Outside) -> int:
    """Unix seconds now; in a demonstration the moment where its story stands, so that nothing in it grows old."""
    moment = tx.progress.load("demo_clock")
    return int(moment) if moment else outside.clock()
