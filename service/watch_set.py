"""What to watch for, kept from look to look: a million scripts and outpoints are read once and then only added to.

Between the ledger's watch list and a look. Addresses are only ever added, and coins change only by observations; so
their counts tell whether anything changed, and the observations since then what.
"""

from __future__ import annotations

from ledger.store.transaction import Reading
from ledger.views.watch_list import coin_changes, undoable_inputs, unspent_outpoints, waiting_inputs
from watchers.proof.scan import WatchSet


class WatchSets:
    """The watch set of one store, grown by what changed. For one thread at a time, which is done with it by then."""

    def __init__(self) -> None:
        self._observations = -1
        self._highest: dict[tuple[str, str], int] = {}
        self._scripts: set[bytes] = set()
        self._outpoints: set[bytes] = set()
        self._waiting: set[bytes] = set()

    def load(self, tx: Reading) -> WatchSet:
        """All our scripts, our unspent coins, and what sightings and the newest blocks spend. The same two sets each
        time."""
        self._grow_scripts(tx)
        self._outpoints -= self._waiting
        self._change_coins(tx)
        others = (*waiting_inputs(tx), *undoable_inputs(tx))
        self._waiting = {outpoint.wire() for outpoint in others} - self._outpoints
        self._outpoints |= self._waiting
        return WatchSet(self._scripts, self._outpoints)

    def _grow_scripts(self, tx: Reading) -> None:
        count = tx.addresses.count()
        if count == len(self._scripts):
            return
        highest = tx.addresses.highest_indexes()
        for (campaign, branch), last in highest.items():
            known = self._highest.get((campaign, branch), -1)
            if last > known:
                self._scripts.update(tx.addresses.scripts_above(campaign, branch, known))
        self._highest = highest
        if count != len(self._scripts):  # another list of addresses begins with index 0 as well
            self._scripts.clear()
            self._scripts.update(tx.addresses.scripts())

    def _change_coins(self, tx: Reading) -> None:
        head = tx.observations.head()
        if head == self._observations:
            return
        changes = coin_changes(tx, self._observations) if self._observations >= 0 else None
        if changes is None:
            self._outpoints.clear()
            self._outpoints.update(unspent_outpoints(tx))
        else:
            self._outpoints |= changes.unspent
            self._outpoints -= changes.spent
        self._observations = head
