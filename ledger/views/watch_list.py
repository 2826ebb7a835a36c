"""The watch list: our scripts, outpoints to watch, and scripts that mempools are asked about. It watches nothing.

Read before each look. There may be a million scripts and as many outpoints, so whoever keeps them from look to look
asks for what changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ledger.core.chain import Outpoint, Script
from ledger.core.observation import ObservationKind, observation_of, transactions_of
from ledger.core.times import rfc3339
from ledger.rules.observing import Observed
from ledger.store.transaction import Reading

RECENT = 100
"""So many blocks may leave in one look, and what their transactions spent is still watched: as many as a coinbase
has to wait for."""
_JOINED = (ObservationKind.BLOCK_JOINED, ObservationKind.BLOCK_FILLED)


def watched(tx: Reading) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Our scripts, and the outpoints to watch."""
    others = (outpoint.wire() for outpoint in (*waiting_inputs(tx), *undoable_inputs(tx)))
    outpoints = chain(unspent_outpoints(tx), others)
    return frozenset(tx.addresses.scripts()), frozenset(outpoints)


def unspent_outpoints(tx: Reading) -> Iterator[bytes]:
    """Our unspent coins, 36 bytes each."""
    return (outpoint.wire() for outpoint in Observed(tx.session).unspent())


@dataclass(frozen=True, slots=True)
class CoinChanges:
    """Outpoints, 36 bytes each, that became unspent coins of ours or are such no more."""

    unspent: frozenset[bytes]
    spent: frozenset[bytes]


def coin_changes(tx: Reading, after: int) -> CoinChanges | None:
    """What the observations numbered above `after` changed of our unspent coins.

    None where a block left the chain: what it had spent is a coin again, and the blocks before have to say which.
    """
    named: set[str] = set()
    for row in tx.observations.rows(after):
        kind = ObservationKind(row.kind)
        if kind is ObservationKind.BLOCK_LEFT:
            return None
        if kind in _JOINED:
            for transaction in transactions_of(observation_of(kind, row.subject, row.data)):
                named.update(map(str, transaction.inputs))
                named.update(f"{transaction.txid}:{output.vout}" for output in transaction.outputs)
    observed = Observed(tx.session)
    coins = [coin for outpoint in named if (coin := observed.coin(outpoint)) is not None]
    return CoinChanges(
        frozenset(Outpoint.parse(coin.outpoint).wire() for coin in coins if coin.spent_by is None),
        frozenset(Outpoint.parse(coin.outpoint).wire() for coin in coins if coin.spent_by is not None),
    )


def waiting_inputs(tx: Reading) -> list[Outpoint]:
    """What unconfirmed transactions spend: whoever else spends it replaces them."""
    observed = Observed(tx.session)
    return [Outpoint.parse(spent) for waiting in observed.unconfirmed() for spent in waiting.inputs]


def undoable_inputs(tx: Reading) -> Iterator[Outpoint]:
    """What transactions of the newest blocks spend: a reorganisation may set it free, and its own blocks spend it anew.

    Ours and others': who spends it there is seen in the look that undoes the blocks, whatever it pays.
    """
    return Observed(tx.session).spent_since(RECENT)


def sighting_scripts(tx: Reading, *, now: int) -> list[Script]:
    """Scripts to ask mempools about: given out in 24 hours, at most 20, and those of open sightings."""
    given = tx.addresses.given_since(rfc3339(now - 86400))
    scripts = [Script(row.script) for row in given[-20:]]
    observed = Observed(tx.session)
    for waiting in observed.unconfirmed():
        scripts += [Script(bytes.fromhex(script)) for script in observed.scripts_of(waiting)]
    return list(dict.fromkeys(scripts))[:40]
