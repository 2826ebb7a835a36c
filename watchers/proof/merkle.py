"""Merkle trees of a block: root, branches, and proofs judged against the known forgeries.

Blocks are held against their header here, and so are transactions out of histories. Leaves and nodes are 32 bytes in
internal order. Whether a header is on the chain is decided elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.chain import is_txid
from ledger.core.wording import WrongValue
from watchers.proof.transaction import BytesRefused, parse_transaction

_MAX_DEPTH = 17
"""A block of 4,000,000 weight has fewer than 2^17 transactions."""


class ProofRefused(WrongValue):
    """A Merkle proof, or a list of leaves, that proves nothing; the sentence says which rule it breaks."""


def levels_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All levels from the leaves to the root. Equal leaves are refused (CVE-2012-2459).

    Equal transactions cannot stand in one block, and without equal leaves no two neighbours on a higher level
    are equal either, except for the node that an odd level pairs with itself.
    """
    if not leaves:
        raise ProofRefused("merkle: no leaves; every block has at least its coinbase")
    if len(set(leaves)) != len(leaves):
        raise ProofRefused("merkle: the same leaf stands twice (CVE-2012-2459)")
    sha = hashlib.sha256
    level = list(leaves)
    levels = [level]
    while len(level) > 1:
        if len(level) & 1:
            level = [*level, level[-1]]
        level = [
            sha(sha(left + right).digest()).digest()
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        levels.append(level)
    return levels


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over the leaves; ProofRefused when there is none, or one stands twice."""
    return levels_of(leaves)[-1][0]


def branch_in(levels: Sequence[Sequence[bytes]], position: int) -> tuple[bytes, ...]:
    """The siblings from a leaf up to below the root, out of `levels_of`."""
    if not 0 <= position < len(levels[0]):
        raise ProofRefused(
            "merkle: position {position} is outside the {n} leaf",
            many="merkle: position {position} is outside the {n} leaves",
            position=position,
            n=len(levels[0]),
        )
    siblings = []
    for level in levels[:-1]:
        beside = position ^ 1
        siblings.append(level[beside] if beside < len(level) else level[position])
        position >>= 1
    return tuple(siblings)


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """A claim that `txid` (display order) stands at `position` (0-based) below some root."""

    txid: str
    position: int
    branch: tuple[bytes, ...]


def check_proof(
    proof: MerkleProof, root: bytes, tx_count: int | None, *, transaction: bytes | None = None
) -> None:
    """Return silently when the proof leads to `root`; otherwise raise ProofRefused.

    `tx_count` is the number of transactions of the block where it is known (it fixes the length of the branch).
    `transaction` is the raw transaction: when given, it must hash to the txid and must not be 64 bytes long
    without witness, since such a one could be an inner node (CVE-2017-12842). A proof whose transaction
    nobody has seen proves less: pass it wherever a payment is believed.
    """
    if not is_txid(proof.txid):
        raise ProofRefused("proof.txid: not 64 lower-case hexadecimal digits")
    if len(root) != 32 or any(len(node) != 32 for node in proof.branch):
        raise ProofRefused("proof.branch: every node and the root have 32 bytes")
    if transaction is not None:
        _check_transaction(proof, transaction)
    _check_shape(proof, tx_count)
    node = bytes.fromhex(proof.txid)[::-1]
    position, last, width = proof.position, False, tx_count
    for sibling in proof.branch:
        self_paired = sibling == node
        if position & 1:
            if self_paired:
                raise ProofRefused("proof.branch: a right-hand node equals its sibling (CVE-2012-2459)")
            pair = sibling + node
        else:
            if width is not None and self_paired != (position == width - 1):
                raise ProofRefused(
                    "proof.branch: a node is paired with itself where it is not the odd last one"
                )
            if last and not self_paired:
                raise ProofRefused("proof.branch: a node stands right of the last one")
            pair = node + sibling
        last = last or self_paired
        node = hashlib.sha256(hashlib.sha256(pair).digest()).digest()
        position >>= 1
        width = None if width is None else (width + 1) // 2
    if node != root:
        raise ProofRefused("proof.branch: does not lead to the header's Merkle root")


def _check_transaction(proof: MerkleProof, raw: bytes) -> None:
    try:
        tx = parse_transaction(raw)
    except BytesRefused as refusal:
        raise ProofRefused("proof.transaction: {refusal}", refusal=refusal.wording) from refusal
    if tx.txid != proof.txid:
        raise ProofRefused("proof.transaction: hashes to another txid than the proof's")
    if tx.stripped_size == 64:
        raise ProofRefused("proof.transaction: 64 bytes, which may be an inner node (CVE-2017-12842)")


def _check_shape(proof: MerkleProof, tx_count: int | None) -> None:
    depth = len(proof.branch)
    if depth > _MAX_DEPTH:
        raise ProofRefused(
            "proof.branch: {n} node; a block's tree has at most {most} levels",
            many="proof.branch: {n} nodes; a block's tree has at most {most} levels",
            n=depth,
            most=_MAX_DEPTH,
        )
    if not 0 <= proof.position < 1 << depth:
        raise ProofRefused(
            "proof.position: {position} does not fit a branch of {n} node",
            many="proof.position: {position} does not fit a branch of {n} nodes",
            position=proof.position,
            n=depth,
        )
    if tx_count is None:
        return
    if not 0 <= proof.position < tx_count:
        raise ProofRefused(
            "proof.position: {position} is outside the block's {n} transaction",
            many="proof.position: {position} is outside the block's {n} transactions",
            position=proof.position,
            n=tx_count,
        )
    if depth != (tx_count - 1).bit_length():
        raise ProofRefused(
            "proof.branch: {n} node; a block of {tx_count} transactions needs {needed}",
            many="proof.branch: {n} nodes; a block of {tx_count} transactions needs {needed}",
            n=depth,
            tx_count=tx_count,
            needed=(tx_count - 1).bit_length(),
        )
