"""Unconfirmed transactions that touch what we watch, out of what sources show of their mempools.

A look matches here what each source shows it. A sighting is an observation of one source; absence proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from watchers.proof.transaction import Tx, parse_transaction
from watchers.sources.protocol import MempoolTx


@dataclass(frozen=True, slots=True)
class Sighting:
    """An unconfirmed transaction that pays a watched script or spends a watched outpoint, as one source shows it."""

    tx: Tx
    source: str


def sightings_in(
    source: str, shown: Sequence[MempoolTx], scripts: AbstractSet[bytes], outpoints: AbstractSet[bytes]
) -> list[Sighting]:
    """Those that touch the sets, or spend what another one of these pays to a watched script."""
    paid = {
        _wire(one.txid, vout) for one in shown for vout, script in enumerate(one.pays) if script in scripts
    }
    return [
        Sighting(parse_transaction(one.raw), source)
        for one in {one.txid: one for one in shown}.values()
        if not one.coinbase
        and (
            any(script in scripts for script in one.pays)
            or any(wire in outpoints or wire in paid for wire in one.spends)
        )
    ]


def _wire(txid: str, vout: int) -> bytes:
    return bytes.fromhex(txid)[::-1] + vout.to_bytes(4, "little")
