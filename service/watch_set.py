"""What to watch for, as the store has it, kept from look to look: a million scripts are not read every minute.

Addresses are only ever added, and coins change only by observations; so their counts tell whether to read again.
"""

from __future__ import annotations

from ledger.store.transaction import Reading
from ledger.views.watch_list import watched_outpoints
from watchers.proof.scan import WatchSet


class WatchSets:
    """Loads the watch set of a store when something changed. For one thread at a time."""

    def __init__(self) -> None:
        self._addresses = -1
        self._observations = -1
        self._set = WatchSet(frozenset(), frozenset())

    def load(self, tx: Reading) -> WatchSet:
        """All our scripts, and the outpoints to watch."""
        addresses, observations = tx.addresses.count(), tx.observations.head()
        scripts, outpoints = self._set.scripts, self._set.outpoints
        if addresses != self._addresses:
            scripts = frozenset(tx.addresses.scripts())
        if observations != self._observations:
            outpoints = watched_outpoints(tx)
        self._addresses, self._observations = addresses, observations
        self._set = WatchSet(scripts, outpoints)
        return self._set
