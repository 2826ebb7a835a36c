"""What decides which address a donor gets, besides what was given and paid: gaps, and a past that is not read yet.

Kept beside the progress on the chain; whoever adds addresses says so here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ledger.store.transaction import Reading, Writing

_GAPS = "gap_limits"
PAST = "past"
"""The name under which addresses are noted whose past is still to be read."""


def load_gaps(tx: Reading) -> dict[str, int]:
    """How many unused addresses in a row each descriptor may have."""
    gaps: dict[str, int] = json.loads(tx.progress.load(_GAPS) or "{}")
    return gaps


def save_gaps(tx: Writing, gaps: Mapping[str, int]) -> None:
    told = json.dumps(dict(gaps), sort_keys=True)
    if told != (tx.progress.load(_GAPS) or "{}"):
        tx.progress.save(_GAPS, told)


def unread_scripts(tx: Reading) -> frozenset[bytes]:
    """Scripts that may have been paid in blocks that are not read for them yet, as far as no history told."""
    told = json.loads(tx.progress.load(PAST) or "{}")
    if not told:
        return frozenset()
    unread = told["opened"] + ([] if told["listed_by"] else told["scripts"])
    return frozenset(bytes.fromhex(script) for script in unread)
