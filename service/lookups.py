"""Transactions that donors ask to be looked up by their txid: a short queue that the next look answers, one by one.

Bounded in number and pace, so that nobody hammers explorers through it; kept in the database, so that any
process may take a question and the one that leads answers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from api.ports import TooMany
from ledger.core.chain import is_txid
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.look import SeenTx
from ledger.core.secret import secret_in
from ledger.core.wording import Wording
from ledger.model.inquiries import LookupState
from ledger.recording.lookup import (
    Lookup,
    LookupQueue,
    is_known,
    load_lookups,
    record_sighting,
    save_lookups,
    touches_us,
)
from ledger.store.database import Store
from ledger.store.transaction import Reading, Writing
from service.budget import Budget, fetched_today, note_fetched
from service.clock import Clock
from service.intake import Sightings
from service.logs import warn
from watchers.lookup import TransactionLookup
from watchers.proof.block import Tx
from watchers.proof.senders import scripts_spent

MOST_WAITING = 20
MOST_KEPT = 200
BURST = 20
SECONDS_EACH = 60
"""Token bucket: 20 questions at once, then one a minute."""
ASK_AGAIN = {
    LookupState.WAITING: 3_600,
    LookupState.FOUND: 86_400,
    LookupState.NONE_OF_OURS: 86_400,
    LookupState.NO_SOURCE: 600,
    LookupState.UNREAD: 3_600,
}
"""Seconds for which an answer is given again instead of asking; a question that nobody could be asked is dropped."""


class LooksUp(Protocol):
    """A watcher, in either mode."""

    def look_up(self, txid: str, *, now: int, own_only: bool) -> TransactionLookup: ...


@dataclass(frozen=True, slots=True)
class LookUps:
    """Takes questions from the API and answers them after a look. `has_own_node`: a source shows a whole mempool."""

    store: Store
    clock: Clock
    sightings: Sightings
    has_own_node: bool
    budget: Budget
    still_leads: Callable[[Writing], None]
    is_story: bool = False
    """A demonstration, whose clock stands: what is asked would wait for ever."""

    def refusal(self) -> Wording | None:
        """Why nothing is looked up here; None where it is."""
        if self.is_story:
            return Wording("This is a demonstration: its clock stands, and nothing is looked up.")
        if self.sightings is Sightings.OFF:
            return Wording("This site looks for no unconfirmed payments; yours shows with its first block.")
        if self.sightings is Sightings.OWN_NODE and not self.has_own_node:
            return Wording(
                "This site asks only a node of its own, and has none now; yours shows with its first block."
            )
        return None

    def ask(self, text: str) -> tuple[Lookup, bool]:
        """Queue a txid; the answer that is there, and whether the question is new.

        Raises Refused for what is no txid (never repeating it), NotAllowed where nothing is looked up, TooMany.
        """
        txid = _txid(text)
        now = self.clock()
        known = self.find(txid)
        if known is not None:
            return known, False
        refusal = self.refusal()
        if refusal:
            raise NotAllowed.of("", refusal)
        with self.store.write() as tx:
            queue = _Queue.load(tx, now)
            kept = queue.rows.get(txid)
            if kept is not None:
                return kept, False
            lookup = queue.add(txid, now)
            queue.save(tx)
        return lookup, True

    def find(self, txid: str) -> Lookup | None:
        """What became of a txid; None where nobody asked and it is not known."""
        now = self.clock()
        with self.store.read() as tx:
            kept = _Queue.load(tx, now).rows.get(txid)
            if is_known(tx, txid):
                return Lookup(txid, LookupState.FOUND, now if kept is None else kept.asked_at)
        return kept

    def wait(self) -> int:
        """How many questions have no answer yet."""
        with self.store.read() as tx:
            return len(_Queue.load(tx, self.clock()).waiting())

    def answer_waiting(self, watcher: LooksUp) -> int:
        """Ask sources about what waits, within the day's requests; returns how many were answered."""
        if self.refusal():
            return 0
        now = self.clock()
        with self.store.read() as tx:
            waiting = _Queue.load(tx, now).waiting()
        answered = 0
        for lookup in waiting:
            with self.store.read() as tx:
                if not self.budget.requests_left(fetched_today(tx, now)):
                    break
            own_only = self.sightings is Sightings.OWN_NODE
            looked_up = watcher.look_up(lookup.txid, now=now, own_only=own_only)
            try:
                answered += self._record(lookup, looked_up, now)
            except Conflict as lost:
                warn("look-up not recorded", why=str(lost))
                break
        return answered

    def _record(self, lookup: Lookup, looked_up: TransactionLookup, now: int) -> bool:
        with self.store.write() as tx:
            self.still_leads(tx)
            note_fetched(tx, looked_up.bytes, now, looked_up.requests)
            answer = _answer(tx, lookup, looked_up, now)
            if answer is not None:
                queue = _Queue.load(tx, now)
                queue.rows[lookup.txid] = answer
                queue.save(tx)
        return answer is not None


def _txid(text: str) -> str:
    txid = text.strip().lower()
    if is_txid(txid):
        return txid
    secret = secret_in(text)
    if secret is not None:
        raise Refused.field(
            "txid",
            "this looks like {found}; nothing of it was kept, but treat that key as seen and move its coins",
            found=secret.value,
        )
    raise Refused.field(
        "txid",
        "a transaction id has 64 hexadecimal characters, 0 to 9 and a to f; yours has {count}",
        count=len(txid),
    )


def _answer(tx: Writing, lookup: Lookup, looked_up: TransactionLookup, now: int) -> Lookup | None:
    """What sources said, as the answer; None while nobody could be asked."""
    if looked_up.tx is None:
        if not looked_up.without:
            return None
        return replace(lookup, state=LookupState.NO_SOURCE, answered_at=now, sources=looked_up.without)
    answered = replace(lookup, answered_at=now, sources=(looked_up.source,))
    seen = _seen(looked_up.tx, looked_up.source)
    if is_known(tx, lookup.txid):
        return replace(answered, state=LookupState.FOUND)
    if looked_up.tx.coinbase or not touches_us(tx, seen):
        return replace(answered, state=LookupState.NONE_OF_OURS)
    if looked_up.height is not None:
        return replace(answered, state=LookupState.UNREAD, height=looked_up.height)
    record_sighting(tx, seen, now=now)
    return replace(answered, state=LookupState.FOUND)


def _seen(tx: Tx, source: str) -> SeenTx:
    outputs = tuple((output.script, output.sats) for output in tx.outputs)
    inputs = tuple(one.outpoint for one in tx.inputs)
    return SeenTx(tx.txid, inputs, outputs, source, scripts_spent(tx))


class _Queue(LookupQueue):
    """Without what is old enough to be asked again, or was told by a clock that ran so far ahead."""

    @classmethod
    def load(cls, tx: Reading, now: int) -> _Queue:
        kept = load_lookups(tx)
        rows = {
            one.txid: one
            for one in kept.rows.values()
            if abs(now - (one.asked_at if one.answered_at is None else one.answered_at))
            < ASK_AGAIN[one.state]
        }
        return cls(rows, kept.paid_until)

    def save(self, tx: Writing) -> None:
        save_lookups(tx, self)

    def waiting(self) -> list[Lookup]:
        return [one for one in self.rows.values() if one.state is LookupState.WAITING]

    def add(self, txid: str, now: int) -> Lookup:
        """Raises TooMany with the seconds after which it may be tried again."""
        full = BURST * SECONDS_EACH
        paid = min(max(self.paid_until, now), now + full) + SECONDS_EACH
        if paid > now + full:
            raise TooMany(paid - now - full)
        if len(self.waiting()) >= MOST_WAITING:
            raise TooMany(SECONDS_EACH)
        self.paid_until = paid
        answered = [one.txid for one in self.rows.values() if one.state is not LookupState.WAITING]
        for old in answered[: max(0, len(self.rows) + 1 - MOST_KEPT)]:
            del self.rows[old]
        lookup = self.rows[txid] = Lookup(txid, LookupState.WAITING, now)
        return lookup
