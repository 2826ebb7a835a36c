"""What one block holds for us: payments to watched scripts, spends of watched outpoints, with their proofs.

What a look takes out of each block. Judges the block's bytes only: whether its header is on the chain is decided in
`headers` and `place`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ledger.core.chain import Header, Outpoint, Script
from watchers.proof.block import Block, BlockRefused, parse_block
from watchers.proof.merkle import branch_in
from watchers.proof.senders import scripts_spent
from watchers.proof.transaction import Tx

__all__ = [
    "BlockFacts",
    "BlockRefused",
    "Payment",
    "RelevantTx",
    "Spend",
    "UnionSet",
    "WatchSet",
    "facts_of",
    "relevant_tx",
    "scan_block",
]


@dataclass(frozen=True, slots=True)
class WatchSet:
    """What to look for: output scripts, and outpoints as the 36 wire bytes of `Outpoint.wire()`."""

    scripts: AbstractSet[bytes]
    outpoints: AbstractSet[bytes]


class UnionSet(AbstractSet[bytes]):
    """Two sets read as one, without copying the large one."""

    def __init__(self, large: AbstractSet[bytes], small: AbstractSet[bytes]) -> None:
        self._large = large
        self._small = small

    def __contains__(self, one: object) -> bool:
        return one in self._large or one in self._small

    def __iter__(self) -> Iterator[bytes]:
        yield from self._large
        yield from (one for one in self._small if one not in self._large)

    def __len__(self) -> int:
        return len(self._large) + sum(one not in self._large for one in self._small)


@dataclass(frozen=True, slots=True)
class Payment:
    """An output that pays a watched script, in satoshis; `position` is that of its transaction in the block."""

    outpoint: Outpoint
    script: Script
    sats: int
    position: int
    coinbase: bool


@dataclass(frozen=True, slots=True)
class Spend:
    """An input that spends a watched outpoint, or an output of this same block to a watched script."""

    outpoint: Outpoint
    txid: str
    vin: int
    position: int


@dataclass(frozen=True, slots=True)
class RelevantTx:
    """A transaction with a payment or a spend, whole, with its Merkle branch (empty without proofs).

    `spent` are the scripts that its inputs spent from, as far as they show it.
    """

    txid: str
    wtxid: str
    position: int
    coinbase: bool
    inputs: tuple[Outpoint, ...]
    outputs: tuple[tuple[Script, int], ...]
    raw: bytes
    branch: tuple[bytes, ...]
    spent: tuple[Script | None, ...]


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """All that a block holds for a watch set, in the order of the block."""

    header: Header
    payments: tuple[Payment, ...]
    spends: tuple[Spend, ...]
    relevant: tuple[RelevantTx, ...]


def scan_block(raw: bytes, watch: WatchSet, *, proofs: bool = True) -> BlockFacts:
    """Check a block's bytes and find all that touches the watch set, in one pass. BlockRefused when malformed."""
    return facts_of(parse_block(raw), watch, proofs=proofs)


def facts_of(block: Block, watch: WatchSet, *, proofs: bool = True) -> BlockFacts:
    """The facts of an already checked block."""
    payments = _payments(block, watch.scripts)
    fresh = {payment.outpoint.wire() for payment in payments}
    spends = _spends(block, watch.outpoints, fresh)
    positions = sorted({p.position for p in payments} | {s.position for s in spends})
    relevant = tuple(_relevant(block, position, proofs) for position in positions)
    return BlockFacts(block.header, payments, spends, relevant)


def _payments(block: Block, scripts: AbstractSet[bytes]) -> tuple[Payment, ...]:
    payments: list[Payment] = []
    if scripts.isdisjoint(block.scripts):
        return ()
    for index in [i for i, script in enumerate(block.scripts) if script in scripts]:
        position = bisect_right(block.first_output, index) - 1
        outpoint = Outpoint(block.txid(position), index - block.first_output[position])
        script = Script(block.scripts[index])
        payments.append(Payment(outpoint, script, block.sats[index], position, position == 0))
    return tuple(payments)


def _spends(block: Block, watched: AbstractSet[bytes], fresh: AbstractSet[bytes]) -> tuple[Spend, ...]:
    spends: list[Spend] = []
    if watched.isdisjoint(block.outpoints) and fresh.isdisjoint(block.outpoints):
        return ()
    for index in [i for i, wire in enumerate(block.outpoints) if wire in watched or wire in fresh]:
        position = bisect_right(block.first_input, index) - 1
        outpoint = Outpoint.from_wire(block.outpoints[index])
        spends.append(Spend(outpoint, block.txid(position), index - block.first_input[position], position))
    return tuple(spends)


def _relevant(block: Block, position: int, proofs: bool) -> RelevantTx:
    branch = branch_in(block.levels, position) if proofs else ()
    return relevant_tx(block.transaction(position), position, branch)


def relevant_tx(tx: Tx, position: int, branch: tuple[bytes, ...]) -> RelevantTx:
    """A transaction at its place in a block, with its Merkle branch."""
    return RelevantTx(
        tx.txid,
        tx.wtxid,
        position,
        tx.coinbase,
        tuple(i.outpoint for i in tx.inputs),
        tuple((o.script, o.sats) for o in tx.outputs),
        tx.raw,
        branch,
        scripts_spent(tx),
    )
