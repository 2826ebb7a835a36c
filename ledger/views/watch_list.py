"""The watch list: our scripts, outpoints to watch, and scripts that mempools are asked about. It watches nothing."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ledger.core.chain import Outpoint, Script
from ledger.core.times import rfc3339
from ledger.rules.observing import Observed

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def watched(tx: Reading) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Our scripts, and the outpoints to watch."""
    return frozenset(tx.addresses.scripts()), watched_outpoints(tx)


def watched_outpoints(tx: Reading) -> frozenset[bytes]:
    """The outpoints to watch, 36 bytes each: our unspent coins, and the inputs of sightings."""
    unspent = (Outpoint.parse(outpoint).wire() for outpoint in Observed(tx.shelf).unspent())
    return frozenset(chain(unspent, (outpoint.wire() for outpoint in waiting_inputs(tx))))


def waiting_inputs(tx: Reading) -> list[Outpoint]:
    """What unconfirmed transactions spend: whoever else spends it replaces them."""
    observed = Observed(tx.shelf)
    return [Outpoint.parse(spent) for waiting in observed.unconfirmed() for spent in waiting.inputs]


def sighting_scripts(tx: Reading, *, now: int) -> list[Script]:
    """Scripts to ask mempools about: given out in 24 hours, at most 20, and those of open sightings."""
    given = tx.addresses.given_since(rfc3339(now - 86400))
    scripts = [Script(row.script) for row in given[-20:]]
    for waiting in Observed(tx.shelf).unconfirmed():
        scripts += [Script(bytes.fromhex(output.script)) for output in waiting.outputs]
    return list(dict.fromkeys(scripts))[:40]
