"""How far the chain has been read, and how the sources do: for `/api/v1/chain`, the strip and the metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.core.look import SourceStatus
from ledger.rules.settled import SCANNED_WHOLE, settled_block

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


@dataclass(frozen=True, slots=True)
class ChainStatus:
    network: str
    tip_height: int | None
    tip_hash: str | None
    tip_time: int | None  # Unix seconds
    settled_height: int | None
    best_height: int | None
    behind: int
    looked_at: str | None
    agreed: bool
    no_chain_since: str | None
    completeness: str
    sources: tuple[SourceStatus, ...]
    checkpoint: str | None = None  # HEIGHT:HASH that headers are checked from
    trust: str | None = None  # who vouches for it
    behind_hours: int = 0  # an estimate for catching up


def chain_status(tx: Reading, *, now: int) -> ChainStatus:
    """The state after the last look; all None before the first."""
    load = tx.progress.load
    look = json.loads(load("last_look") or "{}")
    tip = load("tip_height")
    best = look.get("best_height")
    return ChainStatus(
        network=load("network") or "",
        tip_height=None if tip is None else int(tip),
        tip_hash=load("tip_hash"),
        tip_time=None if tip is None else int(load("tip_time") or 0),
        settled_height=settled_block(tx),
        best_height=best,
        behind=max(0, (best or 0) - int(tip or 0)),
        looked_at=look.get("at"),
        agreed=bool(look.get("agreed", False)),
        no_chain_since=load("no_chain_since") or None,
        completeness=load("completeness") or SCANNED_WHOLE,
        sources=tuple(SourceStatus(**row) for row in look.get("sources", [])),
        checkpoint=load("checkpoint"),
        trust=load("checkpoint_trust"),
        behind_hours=int(load("behind_hours") or 0),
    )
