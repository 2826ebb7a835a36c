"""Writers of the web wait for one another in a small number: beyond it they are told so at once.

Who reads needs no writer's lock: a worker is always left for pages, whatever writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore
from typing import Any

from api.ports import Store
from ledger.core.errors import StorageFailed

MOST = 12
"""Writers at once, of the forty workers that the framework has."""


class BoundedStore:
    """A store in which at most `most` of its callers write or wait to; it reads as the one it is made of."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store = store
        self._free = BoundedSemaphore(most)

    @property
    def writes(self) -> int:
        return self._store.writes

    def read(self) -> AbstractContextManager[Any]:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Any]:
        """As the store's own; raises StorageFailed at once where too many write already."""
        if not self._free.acquire(blocking=False):
            raise StorageFailed.field("database", "too many write at once; nothing was written, try again")
        try:
            with self._store.write() as tx:
                yield tx
        finally:
            self._free.release()
