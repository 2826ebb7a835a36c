"""Who sent coins, where the inputs do not show it: the transactions that they spent are looked up, one by one.

Only for campaigns that screen, and only at a node of one's own unless the configuration says otherwise: whoever is
asked for these learns which payments are looked at. What is given is proven by its txid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from ledger.core.chain import Outpoint, Script
from ledger.core.errors import Conflict
from ledger.recording.screening import note_sender_asked, record_outputs, senders_asked, unknown_senders
from ledger.store.database import Store
from ledger.store.transaction import Writing
from service.budget import Budget, fetched_today, note_fetched
from service.clock import Clock
from service.logs import warn
from service.lookups import LooksUp

MOST = 20
"""Transactions asked for in one go."""
AGAIN_SECONDS = 86_400
"""What nobody had is asked for again after so long."""


class Senders(StrEnum):
    """Where transactions that inputs spent are looked up (`watch.senders`)."""

    OWN_NODE = "own-node"
    ANY = "any"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SenderLookUps:
    """Looks up what inputs spent. `has_own_node`: a source shows a whole mempool."""

    store: Store
    clock: Clock
    senders: Senders
    has_own_node: bool
    budget: Budget
    still_leads: Callable[[Writing], None]

    def answer_waiting(self, watcher: LooksUp) -> int:
        """Ask sources within the day's requests; returns how many transactions were found."""
        if self.senders is Senders.OFF or (self.senders is Senders.OWN_NODE and not self.has_own_node):
            return 0
        now, answered = self.clock(), 0
        with self.store.read() as tx:
            wanted = unknown_senders(tx, MOST, apart=senders_asked(tx, now - AGAIN_SECONDS, now))
        for txid, spent in groupby(wanted, key=lambda outpoint: outpoint.txid):
            with self.store.read() as tx:
                if not self.budget.requests_left(fetched_today(tx, now)):
                    break
            try:
                answered += self._look_up(watcher, txid, tuple(spent), now)
            except Conflict as lost:
                warn("sender not recorded", why=str(lost))
                break
        return answered

    def _look_up(self, watcher: LooksUp, txid: str, spent: Sequence[Outpoint], now: int) -> bool:
        own_only = self.senders is Senders.OWN_NODE
        answer = watcher.look_up(txid, now=now, own_only=own_only)
        outputs = () if answer.tx is None else answer.tx.outputs
        shown: dict[int, Script] = {
            one.vout: outputs[one.vout].script for one in spent if one.vout < len(outputs)
        }
        with self.store.write() as tx:
            self.still_leads(tx)
            note_fetched(tx, answer.bytes, now, answer.requests)
            if shown:
                record_outputs(tx, txid, shown, answer.source, now=now)
            else:
                note_sender_asked(tx, txid, now, since=now - AGAIN_SECONDS)
        return bool(shown)
