"""The database of a data folder, opened and closed around a command's work. It knows no rule: see `service/folding.py`
for a ledger whose model has to be current.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.store.database import Store
from service.command import BadUse, Outside
from service.data_folder import DataFolder, find_data_folder


@contextmanager
def open_database(data: str | None, outside: Outside) -> Iterator[Store]:
    """Find the data, say where, and open its database for what needs users and tokens only.

    Raises BadUse or StorageFailed when that cannot be.
    """
    store = Store.open(existing_url(find_data_folder(data, outside), outside))
    try:
        yield store
    finally:
        store.close()


def existing_url(folder: DataFolder, outside: Outside) -> str:
    """The URL of a folder's database; BadUse where its file is not there."""
    url = folder.database_url(outside.environment)
    path = sqlite_path(url)
    if path is not None and not (outside.folder / path).is_file():
        raise BadUse(
            "no database in {path}; make one with `aidtrail init` or `aidtrail demo`.", path=str(folder.path)
        )
    return url


def sqlite_path(url: str) -> str | None:
    """The file of a SQLite URL, None for another database."""
    prefix = "sqlite:///"
    return url[len(prefix) :] if url.startswith(prefix) else None
