"""What an observation tells of a transaction: which of its outputs pay our addresses, and where its inputs are from.

Between what was seen and what is folded of it (`ledger/rules/observing.py`): whoever records an observation asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.core.chain import Script
from ledger.core.look import SeenTx
from ledger.core.observation import ObservedTx, Sighting, WatchedOutput
from ledger.store.transaction import Writing


def own_outputs(tx: Writing, outputs: Iterable[tuple[Script, int]]) -> tuple[WatchedOutput, ...]:
    """The outputs of a transaction that pay our addresses, which count as used from now on."""
    ours: list[WatchedOutput] = []
    for vout, (script, sats) in enumerate(outputs):
        row = tx.addresses.by_script(script)
        if row is not None and sats > 0:
            tx.addresses.mark_used(script)
            own = WatchedOutput(vout, script.hex(), sats, row.campaign, str(row.branch), row.address)
            ours.append(own)
    return tuple(ours)


def others_among(outputs: Iterable[tuple[Script, int]], ours: Sequence[WatchedOutput]) -> int:
    """How many outputs of value a transaction has beside `ours`."""
    return sum(1 for _, sats in outputs if sats) - len(ours)


def spent_from(scripts: Sequence[Script | None]) -> tuple[str | None, ...]:
    """The scripts (hex) that inputs spent from; none where no input shows it."""
    return tuple(None if script is None else script.hex() for script in scripts) if any(scripts) else ()


def sighted(seen: SeenTx, ours: tuple[WatchedOutput, ...]) -> Sighting:
    """That an unconfirmed transaction was seen; `ours` are its `own_outputs`."""
    return Sighting(
        ObservedTx(
            txid=seen.txid,
            position=None,
            coinbase=False,
            inputs=seen.inputs,
            outputs=ours,
            others=others_among(seen.outputs, ours),
            spent=spent_from(seen.spent),
        )
    )
