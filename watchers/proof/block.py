"""A whole block walked once, fast: ids, outpoints and scripts as columns, transactions only where asked for.

Between a source's bytes and `scan`. Checks that they are one well-formed block that its own header commits to; never
whether it is on the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from struct import unpack
from typing import NoReturn

from ledger.core.chain import Header
from watchers.proof.merkle import ProofRefused, levels_of, merkle_root
from watchers.proof.transaction import (
    MAX_SATS,
    MAX_WEIGHT,
    NULL_OUTPOINT,
    BytesRefused,
    TransactionRefused,
    Tx,
    TxIn,
    TxOut,
    parse_transaction,
    read_transaction,
)
from watchers.proof.work import BadBits, meets, target_of

__all__ = [
    "Block",
    "BlockRefused",
    "TransactionRefused",
    "Tx",
    "TxIn",
    "TxOut",
    "parse_block",
    "parse_transaction",
]

_COMMITMENT = bytes.fromhex("6a24aa21a9ed")
_SEGWIT_FOR_ALL = 1_503_550_657
"""Three hours after mainnet's first block under BIP 141 (481,824): later ones with a commitment must keep it."""


class BlockRefused(BytesRefused):
    """Bytes that are no valid block: `what` is wrong, and `offset` is where, in bytes from 0."""


@dataclass(slots=True)
class Block:
    """A well-formed block whose Merkle root, witness commitment and own proof of work hold.

    The columns are flat over the block: transaction i has the outpoints (36 wire bytes each)
    `outpoints[first_input[i]:first_input[i + 1]]`, and likewise scripts and sats; its bytes are
    `raw[starts[i]:starts[i + 1]]`. Hashes in columns are in internal order.
    """

    raw: bytes
    header: Header
    starts: list[int] = field(default_factory=list)
    stripped_sizes: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    witness_hashes: list[bytes] = field(default_factory=list)
    first_input: list[int] = field(default_factory=list)
    outpoints: list[bytes] = field(default_factory=list)
    first_output: list[int] = field(default_factory=list)
    scripts: list[bytes] = field(default_factory=list)
    sats: list[int] = field(default_factory=list)
    levels: list[list[bytes]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of transactions."""
        return len(self.hashes)

    def __len__(self) -> int:
        return len(self.hashes)

    def txid(self, position: int) -> str:
        """The txid in display order of the transaction at that position."""
        return self.hashes[position][::-1].hex()

    def transaction(self, position: int) -> Tx:
        """The transaction at that position, read in full."""
        return read_transaction(self.raw, self.starts[position], position=position)[0]

    def __iter__(self) -> Iterator[Tx]:
        return (self.transaction(position) for position in range(len(self.hashes)))

    @property
    def claimed_height(self) -> int | None:
        """The height that the coinbase claims (BIP 34), or None. A claim: nothing in the block proves it."""
        return claimed_height(self.transaction(0).inputs[0].script_sig)


def claimed_height(script_sig: bytes) -> int | None:
    """The height at the start of a coinbase script (BIP 34), or None where there is no such number."""
    if not script_sig:
        return None
    first = script_sig[0]
    if first == 0:
        return 0
    if 0x51 <= first <= 0x60:
        return first - 0x50
    push = script_sig[1 : 1 + first]
    if not 1 <= first <= 5 or len(push) != first or push[-1] & 0x80:
        return None
    if push[-1] == 0 and (first == 1 or not push[-2] & 0x80):
        return None
    return int.from_bytes(push, "little")


def parse_block(raw: bytes) -> Block:
    """Walk and check a block's bytes; BlockRefused says what is wrong and at which byte.

    Checked: form to the last byte, weight, coinbase, no outpoint spent twice, values in range, Merkle root
    without equal leaves, witness commitment (BIP 141), and that the header meets its own target.
    """
    if len(raw) < 81:
        raise BlockRefused(
            "block: {n} byte; a header and a count need at least 81",
            len(raw),
            many="block: {n} bytes; a header and a count need at least 81",
            n=len(raw),
        )
    if len(raw) > MAX_WEIGHT:
        raise BlockRefused(
            "block: {n} byte; more than {most} weight units allow",
            MAX_WEIGHT,
            many="block: {n} bytes; more than {most} weight units allow",
            n=len(raw),
            most=f"{MAX_WEIGHT:,}",
        )
    block = Block(raw, Header(raw[:80]))
    try:
        target = target_of(block.header.bits)
    except BadBits as bad:
        raise BlockRefused("header: {bad}", 72, bad=bad.wording) from bad
    if not meets(block.header, target):
        raise BlockRefused("header: its hash does not meet its own target, so it has no proof of work", 0)
    count, pos = _long_size(raw, 80) if raw[80] >= 0xFD else (raw[80], 81)
    if count == 0 or count * 60 > len(raw) - pos:
        raise BlockRefused(
            "number of transactions: {count} do not fit {n} byte",
            80,
            many="number of transactions: {count} do not fit {n} bytes",
            count=count,
            n=len(raw) - pos,
        )
    end, good = _walk(block, pos, count)
    if not good:
        _diagnose(block, count)
    if end != len(raw):
        raise BlockRefused(
            "block: {n} byte too many after its last transaction",
            end,
            many="block: {n} bytes too many after its last transaction",
            n=len(raw) - end,
        )
    weight = 3 * (pos + sum(block.stripped_sizes)) + len(raw)
    if weight > MAX_WEIGHT:
        raise BlockRefused(
            "block: weight {weight} of at most {most}",
            MAX_WEIGHT // 4,
            weight=f"{weight:,}",
            most=f"{MAX_WEIGHT:,}",
        )
    _check_outpoints(block)
    _check_roots(block)
    return block


def _long_size(raw: bytes, pos: int) -> tuple[int, int]:
    """A compact size of three, five or nine bytes at `pos`: its value and the byte after it."""
    width = 1 << raw[pos] - 0xFC
    end = pos + 1 + width
    value = int.from_bytes(raw[pos + 1 : end], "little")
    if end > len(raw) or value < (0xFD, 1 << 16, 1 << 32)[raw[pos] - 0xFD]:
        raise BlockRefused("compact size: {value} is cut off or not in the shortest form", pos, value=value)
    return value, end


def _walk(block: Block, pos: int, count: int) -> tuple[int, bool]:
    """Fill the columns. False as soon as something is wrong: `_diagnose` then finds out what.

    Plain indexing and slices only, with the commonest witness (two short items) read without a loop: this is
    where the time goes. A cut-off block ends in an IndexError, or beyond the last byte.
    """
    raw, sha = block.raw, hashlib.sha256
    outpoints, scripts, values = block.outpoints, block.scripts, list[bytes]()
    add_outpoint, add_script, add_value = outpoints.append, scripts.append, values.append
    add_start, add_first_input = block.starts.append, block.first_input.append
    add_first_output, add_size = block.first_output.append, block.stripped_sizes.append
    add_hash, add_witness_hash = block.hashes.append, block.witness_hashes.append
    try:
        for _ in range(count):
            start = pos
            add_start(pos)
            add_first_input(len(outpoints))
            add_first_output(len(scripts))
            pos += 4
            size = raw[pos]
            segwit = size == 0
            if segwit:
                if raw[pos + 1] != 1:
                    return pos, False
                pos += 2
                size = raw[pos]
            if size < 0xFD:
                pos += 1
            else:
                size, pos = _long_size(raw, pos)
            if size == 0:
                return pos, False
            inputs = size
            for _ in range(inputs):
                end = pos + 36
                add_outpoint(raw[pos:end])
                size = raw[end]
                if size < 0xFD:
                    pos = end + size + 5
                else:
                    size, pos = _long_size(raw, end)
                    pos += size + 4
            size = raw[pos]
            if size < 0xFD:
                pos += 1
            else:
                size, pos = _long_size(raw, pos)
            if size == 0:
                return pos, False
            for _ in range(size):
                end = pos + 8
                add_value(raw[pos:end])
                size = raw[end]
                if size < 0xFD:
                    end += 1
                else:
                    size, end = _long_size(raw, end)
                pos = end + size
                add_script(raw[end:pos])
            if segwit:
                witness = pos
                for _ in range(inputs):
                    size = raw[pos]
                    if size == 2:
                        end = pos + 2 + raw[pos + 1]
                        if raw[pos + 1] < 0xFD and raw[end] < 0xFD:
                            pos = end + 1 + raw[end]
                            continue
                    if size < 0xFD:
                        pos += 1
                    else:
                        size, pos = _long_size(raw, pos)
                    for _ in range(size):
                        size = raw[pos]
                        if size < 0xFD:
                            pos += size + 1
                        else:
                            size, pos = _long_size(raw, pos)
                            pos += size
                if pos - witness == inputs:
                    return pos, False
                pos += 4
                whole = raw[start:pos]
                add_witness_hash(sha(sha(whole).digest()).digest())
                whole = whole[:4] + raw[start + 6 : witness] + whole[-4:]
                digest = sha(sha(whole).digest()).digest()
            else:
                pos += 4
                whole = raw[start:pos]
                digest = sha(sha(whole).digest()).digest()
                add_witness_hash(digest)
            add_hash(digest)
            add_size(len(whole))
    except (IndexError, BlockRefused):
        return pos, False
    add_start(pos)
    add_first_input(len(outpoints))
    add_first_output(len(scripts))
    if pos > len(raw):
        return pos, False
    block.sats = list(unpack(f"<{len(values)}Q", b"".join(values)))
    return pos, _in_range(block)


def _in_range(block: Block) -> bool:
    """True when no transaction pays more than 21 million bitcoin; most blocks do not even do so together."""
    if sum(block.sats) <= MAX_SATS:
        return True
    return all(sum(block.sats[a:b]) <= MAX_SATS for a, b in pairwise(block.first_output))


def _diagnose(block: Block, count: int) -> NoReturn:
    """Read the transactions around which the walk stopped (or all) again, strictly, and refuse with the fault."""
    suspects = range(max(0, len(block.hashes) - 1), min(count, len(block.starts)))
    for position in range(count) if block.sats else suspects:
        try:
            read_transaction(block.raw, block.starts[position], position=position)
        except TransactionRefused as refusal:
            raise BlockRefused(
                "transaction {position} of {count}: {what}",
                refusal.offset,
                position=position,
                count=count,
                what=refusal.what,
            ) from refusal
    raise BlockRefused("block: not well formed", block.starts[-1])


def _check_outpoints(block: Block) -> None:
    outpoints = block.outpoints
    if outpoints[0] != NULL_OUTPOINT or block.first_input[1] != 1:
        raise BlockRefused("transaction 0: not a coinbase, which every block starts with", block.starts[0])
    if len(set(outpoints)) == len(outpoints):
        return
    seen: set[bytes] = set()
    for position, (first, following) in enumerate(pairwise(block.first_input)):
        for wire in outpoints[first:following]:
            if wire in seen:
                start = block.starts[position]
                if wire == NULL_OUTPOINT:
                    raise BlockRefused("transaction {position}: a second coinbase", start, position=position)
                raise BlockRefused(
                    "transaction {position}: spends an outpoint a second time", start, position=position
                )
            seen.add(wire)


def _check_roots(block: Block) -> None:
    try:
        block.levels = levels_of(block.hashes)
    except ProofRefused as refusal:
        raise BlockRefused("{refusal}", 36, refusal=refusal.wording) from refusal
    if block.levels[-1][0] != block.header.merkle_root:
        raise BlockRefused("header: its Merkle root is not that of the block's transactions", 36)
    try:
        coinbase = block.transaction(0)
    except TransactionRefused as refusal:
        raise BlockRefused("transaction 0: {what}", refusal.offset, what=refusal.what) from refusal
    _check_commitment(block, coinbase)


def _check_commitment(block: Block, coinbase: Tx) -> None:
    """BIP 141: the coinbase commits to all witnesses. Blocks from before it may have none, or an idle one."""
    commitments = [o.script for o in coinbase.outputs if len(o.script) >= 38 and o.script[:6] == _COMMITMENT]
    bare = all(size == end - start for size, (start, end) in _sizes(block))
    at = block.starts[0]
    if not commitments:
        if not bare:
            raise BlockRefused("transaction 0: witnesses in the block, but no commitment to them", at)
        return
    if bare and block.header.time < _SEGWIT_FOR_ALL:
        return
    nonce = coinbase.witness[0] if coinbase.witness else ()
    if len(nonce) != 1 or len(nonce[0]) != 32:
        raise BlockRefused("transaction 0: its witness is not the one item of 32 bytes that BIP 141 asks", at)
    block.witness_hashes[0] = bytes(32)
    root = merkle_root(block.witness_hashes)
    if hashlib.sha256(hashlib.sha256(root + nonce[0]).digest()).digest() != commitments[-1][6:38]:
        raise BlockRefused("transaction 0: its witness commitment is not that of the block's witnesses", at)


def _sizes(block: Block) -> Iterator[tuple[int, tuple[int, int]]]:
    return zip(block.stripped_sizes, pairwise(block.starts), strict=True)
