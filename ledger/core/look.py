"""What a look at the chain found, in the ledger's own words: blocks that left and joined, sightings, sources.

Everything here was proven by the watchers, except sightings, which are labelled with their source.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.frozen import Frozen
from ledger.core.telling import Worded


@dataclass(frozen=True, slots=True)
class TxFacts:
    """A transaction of a block that pays or spends something watched; `branch` is its Merkle path.

    `spent` are the scripts that its inputs spent from, None for each that does not show it; empty: none is told.
    """

    txid: str
    position: int
    coinbase: bool
    inputs: tuple[Outpoint, ...]
    outputs: tuple[tuple[Script, int], ...]
    branch: tuple[bytes, ...]
    spent: tuple[Script | None, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinedBlock:
    ref: BlockRef
    source: str
    txs: tuple[TxFacts, ...]


@dataclass(frozen=True, slots=True)
class SeenTx:
    """An unconfirmed transaction and the source that showed it; `spent` as in `TxFacts`."""

    txid: str
    inputs: tuple[Outpoint, ...]
    outputs: tuple[tuple[Script, int], ...]
    source: str
    spent: tuple[Script | None, ...] = ()


class SourceStatus(Frozen):
    """How a source of the chain answered the last look."""

    name: str
    """Its name in the configuration."""
    ok: bool
    """Did it answer?"""
    tip_height: int | None
    """Height of its newest block."""
    error: Worded | None
    """Why it did not answer."""
    lied: Worded | None
    """What a proof contradicts of what it said."""
    set_aside_until: str | None
    """Until when it is not asked, RFC 3339."""
    requests: int
    """Requests of the last look."""
    bytes: int
    """Bytes of the last look."""


@dataclass(frozen=True, slots=True)
class ChainLook:
    """One look. `undone` is newest first, `joined` oldest first; `tip` is the agreed tip after it.

    `late` are blocks that joined before, with transactions that were not known of them. `mempool_scripts` are those
    that mempools were asked about, None for all of them.
    """

    undone: tuple[str, ...]
    joined: tuple[JoinedBlock, ...]
    tip: BlockRef
    best_height: int
    seen: tuple[SeenTx, ...]
    mempool_complete: tuple[str, ...]
    sources: tuple[SourceStatus, ...]
    agreed: bool
    late: tuple[JoinedBlock, ...] = ()
    mempool_scripts: frozenset[bytes] | None = None
