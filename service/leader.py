"""Leadership: one process watches the chain, by a lease row whose epoch each write checks.

Losing the lease in mid-write undoes the write; nothing here waits or sleeps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ledger.core.errors import Conflict, StorageFailed
from ledger.store.database import Store
from ledger.store.transaction import Writing
from service.clock import Clock
from service.logs import warn

NAME = "watcher"
SECONDS = 90
"""How long a silent leader is believed; a look renews it."""
_PATIENCE = 1.0
"""Seconds for which a process that ends waits for whoever writes."""


class Leader:
    """Takes, renews and checks the watcher's lease for this process, named by `holder`.

    `gone` says of another holder whether its process runs no more for certain.
    """

    def __init__(
        self, store: Store, holder: str, clock: Clock, gone: Callable[[str], bool] = lambda _holder: False
    ) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._gone = gone
        self._epoch: int | None = None

    def leads(self) -> bool:
        """Take or renew the lease; False while another process holds it."""
        with self._store.write() as tx:
            self._epoch = tx.lease.acquire(NAME, self._holder, self._clock(), SECONDS, self._gone)
        return self._epoch is not None

    @property
    def leading(self) -> bool:
        """Did this process hold the lease when it last asked? Each write checks whether it still does."""
        return self._epoch is not None

    def check(self, tx: Writing) -> None:
        """Raises Conflict inside a write when the lease was lost, so that the write is undone."""
        if self._epoch is None:
            raise Conflict.field("lease", "this process does not lead; another one watches the chain")
        tx.lease.check(NAME, self._epoch)

    def release(self, seconds: float = _PATIENCE) -> None:
        """Give the lease back at once, so that the next process need not wait; else it ends by itself.

        Whoever writes meanwhile is waited for so long.
        """
        epoch, self._epoch = self._epoch, None
        if epoch is None:
            return
        release = threading.Thread(target=self._give_back, args=(epoch,), name="lease", daemon=True)
        release.start()
        release.join(seconds)
        if release.is_alive():
            warn("lease not given back", seconds=SECONDS, why="another one is writing")

    def _give_back(self, epoch: int) -> None:
        try:
            with self._store.write() as tx:
                tx.lease.release(NAME, epoch)
        except StorageFailed as failure:
            warn("lease not given back", seconds=SECONDS, why=str(failure))
