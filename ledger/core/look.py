"""What a look at the chain found, in the ledger's own words: blocks that left and joined, sightings, sources.

Everything here was proven by the watchers, except sightings, which are labelled with their source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass

from ledger.core.chain import BlockRef, Outpoint, Script


@dataclass(frozen=True, slots=True)
class TxFacts:
    """A transaction of a block that pays or spends something watched; `branch` is its Merkle path."""

    txid: str
    position: int
    coinbase: bool
    inputs: tuple[Outpoint, ...]
    outputs: tuple[tuple[Script, int], ...]
    branch: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class JoinedBlock:
    ref: BlockRef
    source: str
    txs: tuple[TxFacts, ...]


@dataclass(frozen=True, slots=True)
class SeenTx:
    """An unconfirmed transaction and the source that showed it."""

    txid: str
    inputs: tuple[Outpoint, ...]
    outputs: tuple[tuple[Script, int], ...]
    source: str


@dataclass(frozen=True, slots=True)
class SourceStatus:
    name: str
    ok: bool
    tip_height: int | None
    error: str | None
    lied: str | None  # what a proof contradicts, one sentence
    set_aside_until: str | None
    requests: int
    bytes: int


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


def others_among(outputs: Iterable[tuple[Script, int]], ours: Sized) -> int:
    """How many outputs of value a transaction has beside `ours`."""
    return sum(1 for _, sats in outputs if sats) - len(ours)
