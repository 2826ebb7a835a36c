"""What an observation tells of a transaction: which of its outputs pay our addresses, and where its inputs are from.

Between what was seen and what is folded of it (`ledger/rules/observing.py`): whoever records an observation asks here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.core.chain import Script
from ledger.core.look import SeenTx, others_among, spent_from
from ledger.store.transaction import Writing

OwnOutput = list[Any]
"""(vout, script in hex, sats, campaign, branch, address), as JSON has it."""


def own_outputs(tx: Writing, outputs: Iterable[tuple[Script, int]]) -> list[OwnOutput]:
    """The outputs of a transaction that pay our addresses, which count as used from now on."""
    ours: list[OwnOutput] = []
    for vout, (script, sats) in enumerate(outputs):
        row = tx.addresses.by_script(script)
        if row is not None and sats > 0:
            tx.addresses.mark_used(script)
            ours.append([vout, script.hex(), sats, row.campaign, str(row.branch), row.address])
    return ours


def sighting_body(seen: SeenTx, ours: list[OwnOutput]) -> dict[str, Any]:
    """The body of the observation that an unconfirmed transaction was seen; `ours` are its `own_outputs`."""
    inputs = [str(spent) for spent in seen.inputs]
    return {"inputs": inputs, "outputs": ours, "others": others_among(seen.outputs, ours)} | spent_from(
        seen.spent
    )
