"""Builds small transactions, blocks and header chains of easy proof of work for the tests of the watchers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ledger.core.chain import Header
from watchers.proof.merkle import merkle_root
from watchers.proof.work import meets, target_of

EASY = 0x207FFFFF
NULL = bytes(32) + b"\xff\xff\xff\xff"


def double_sha(raw: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(raw).digest()).digest()


def compact(number: int) -> bytes:
    if number < 0xFD:
        return bytes([number])
    for mark, width in ((0xFD, 2), (0xFE, 4)):
        if number < 1 << 8 * width:
            return bytes([mark]) + number.to_bytes(width, "little")
    return b"\xff" + number.to_bytes(8, "little")


@dataclass(frozen=True)
class RawTx:
    """A transaction as parts, so that a test can spoil one of them."""

    inputs: Sequence[tuple[bytes, bytes]]
    outputs: Sequence[tuple[int, bytes]]
    witness: Sequence[Sequence[bytes]] | None = None

    def body(self) -> bytes:
        ins = b"".join(wire + compact(len(s)) + s + b"\xff" * 4 for wire, s in self.inputs)
        outs = b"".join(sats.to_bytes(8, "little") + compact(len(s)) + s for sats, s in self.outputs)
        return compact(len(self.inputs)) + ins + compact(len(self.outputs)) + outs

    def stripped(self) -> bytes:
        return b"\x02\0\0\0" + self.body() + b"\0\0\0\0"

    def raw(self) -> bytes:
        if self.witness is None:
            return self.stripped()
        stacks = b"".join(
            compact(len(stack)) + b"".join(compact(len(i)) + i for i in stack) for stack in self.witness
        )
        return b"\x02\0\0\0\0\x01" + self.body() + stacks + b"\0\0\0\0"

    def digest(self) -> bytes:
        return double_sha(self.stripped())

    def outpoint(self, vout: int) -> bytes:
        return self.digest() + vout.to_bytes(4, "little")


def coinbase(height: int = 1, outputs: Sequence[tuple[int, bytes]] = ((50, b"\x51"),)) -> RawTx:
    number = height.to_bytes((height.bit_length() + 8) // 8, "little")
    return RawTx([(NULL, bytes([len(number)]) + number + b"\0")], outputs)


def committed(first: RawTx, others: Sequence[RawTx]) -> RawTx:
    """The coinbase with the witness commitment of BIP 141 to the others."""
    root = merkle_root([bytes(32), *(double_sha(tx.raw()) for tx in others)])
    script = bytes.fromhex("6a24aa21a9ed") + double_sha(root + bytes(32))
    return RawTx(first.inputs, [*first.outputs, (0, script)], [[bytes(32)]])


def header(
    previous: bytes = bytes(32), root: bytes = bytes(32), time: int = 1_600_000_000, bits: int = EASY
) -> Header:
    """A header with proof of work for its bits, which must be easy."""
    target = target_of(bits)
    start = b"\x02\0\0\0" + previous + root + time.to_bytes(4, "little") + bits.to_bytes(4, "little")
    for nonce in range(1 << 20):
        made = Header(start + nonce.to_bytes(4, "little"))
        if meets(made, target):
            return made
    raise ValueError("no nonce")


def after(parent: Header, time: int, bits: int = EASY, root: bytes = bytes(32)) -> Header:
    return header(double_sha(parent.raw), root, time, bits)


def block(txs: Sequence[RawTx], time: int = 1_600_000_000, count: bytes | None = None) -> bytes:
    """A block of these transactions, its Merkle root made by the plain rule (so equal leaves are possible)."""
    top = header(root=plain_root([tx.digest() for tx in txs]), time=time)
    return top.raw + (compact(len(txs)) if count is None else count) + b"".join(tx.raw() for tx in txs)


def plain_root(level: Sequence[bytes]) -> bytes:
    """The Merkle root as a node computes it, without any check of equal leaves."""
    level = list(level)
    while len(level) > 1:
        level += level[-1:] * (len(level) % 2)
        level = [double_sha(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


@cache
def mainnet_block() -> bytes:
    """Mainnet's block 702,861: 2,500 transactions, 1,381,836 bytes."""
    return (Path(__file__).parent.parent / "data" / "mainnet-block.raw").read_bytes()
