"""A transaction that somebody named by its txid: what became of the question, and its sighting where it is ours.

The answer never says more than the public pages do. Nothing here asks the network or touches money.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.core.look import SeenTx
from ledger.core.observation import ObservationKind, observation_bytes
from ledger.core.times import rfc3339
from ledger.recording.sightings import own_outputs, sighted
from ledger.rules.observing import Observed
from ledger.store.observations import Observation
from ledger.store.transaction import Reading, Writing


class LookupState(StrEnum):
    """How far the look-up of a transaction is, and what it came to."""

    WAITING = "waiting"
    FOUND = "found"
    NONE_OF_OURS = "none_of_ours"
    NO_SOURCE = "no_source"
    UNREAD = "unread"


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
