"""A transaction that somebody named by its txid: what became of the question, and its sighting where it is ours.

The answer never says more than the public pages do. Nothing here asks the network or touches money.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlmodel import col, select

from ledger.core.look import SeenTx
from ledger.core.observation import ObservationKind, observation_bytes
from ledger.core.times import rfc3339
from ledger.model.columns import as_written, replace_all
from ledger.model.inquiries import LookupRow, LookupSourceRow, LookupState
from ledger.recording.sightings import own_outputs, sighted
from ledger.rules.observing import Observed
from ledger.store.observations import Observation
from ledger.store.transaction import Reading, Writing

_PAID_UNTIL = "lookups_paid_until"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question; times are Unix seconds. `sources` are those that the answer rests on.

    `height` is the block that a source names for it, which has not been read here (`unread`).
    """

    txid: str
    state: LookupState
    asked_at: int
    answered_at: int | None = None
    sources: tuple[str, ...] = ()
    height: int | None = None


@dataclass(slots=True)
class LookupQueue:
    """Questions by txid, oldest first, and the token bucket: `paid_until` is when it is full again."""

    rows: dict[str, Lookup]
    paid_until: int


def load_lookups(tx: Reading) -> LookupQueue:
    sources: dict[str, list[str]] = defaultdict(list)
    by_order = select(LookupSourceRow.txid, LookupSourceRow.source).order_by(col(LookupSourceRow.n))
    for txid, source in tx.session.exec(by_order):
        sources[txid].append(source)
    rows = {
        row.txid: Lookup(
            row.txid, row.state, row.asked_at, row.answered_at, tuple(sources[row.txid]), row.height
        )
        for row in tx.session.exec(as_written(select(LookupRow).order_by(col(LookupRow.n))))
    }
    return LookupQueue(rows, int(tx.progress.load(_PAID_UNTIL) or 0))


def save_lookups(tx: Writing, queue: LookupQueue) -> None:
    """Few are kept, and they are written whole."""
    replace_all(tx.session, LookupSourceRow, ())
    rows = [
        {
            "n": n,
            "txid": one.txid,
            "state": one.state,
            "asked_at": one.asked_at,
            "answered_at": one.answered_at,
            "height": one.height,
        }
        for n, one in enumerate(queue.rows.values())
    ]
    replace_all(tx.session, LookupRow, rows)
    sources = [
        {"txid": one.txid, "n": n, "source": source}
        for one in queue.rows.values()
        for n, source in enumerate(one.sources)
    ]
    replace_all(tx.session, LookupSourceRow, sources)
    tx.progress.save(_PAID_UNTIL, str(queue.paid_until))


def is_known(tx: Reading, txid: str) -> bool:
    """Has the transaction been seen here, in a mempool or in a block?"""
    return Observed(tx.session).tx(txid) is not None


def touches_us(tx: Reading, seen: SeenTx) -> bool:
    """Does it pay one of our scripts, or spend one of our coins, be that in a block or not?"""
    observed = Observed(tx.session)
    return any(
        sats > 0 and tx.addresses.by_script(script) is not None for script, sats in seen.outputs
    ) or any(observed.coin_to_be(str(spent)) is not None for spent in seen.inputs)


def record_sighting(tx: Writing, seen: SeenTx, *, now: int) -> None:
    """Observe an unconfirmed transaction that touches us, labelled with its source; known ones change nothing."""
    observed = Observed(tx.session)
    if observed.tx(seen.txid) is not None:
        return
    ours = own_outputs(tx, seen.outputs)
    data = observation_bytes(sighted(seen, ours))
    at, kind = rfc3339(now), ObservationKind.TX_SEEN.value
    tx.observations.append([Observation(at, seen.source, kind, seen.txid, data)])
    coins = [coin for coin in map(observed.coin_to_be, map(str, seen.inputs)) if coin is not None]
    observed.fold(at, seen.source, kind, seen.txid, data)
    tx.changes.note({*(output.campaign for output in ours), *(coin.campaign for coin in coins)})
