"""Proof of work as arithmetic: compact bits, targets, and the work that a target stands for.

Knows no chain: which target a height must have is decided in `headers`.
"""

from __future__ import annotations

from ledger.core.chain import Header
from ledger.core.wording import WrongValue


class BadBits(WrongValue):
    """The four bytes of `bits` stand for no positive 256-bit target."""


def eight_digits(bits: int) -> str:
    """`bits` as they are written: 1d00ffff."""
    return f"{bits:08x}"


def target_of(bits: int) -> int:
    """The target that compact `bits` stand for; BadBits when negative, zero or above 256 bits."""
    size, mantissa = bits >> 24, bits & 0x007FFFFF
    target = mantissa >> 8 * (3 - size) if size <= 3 else mantissa << 8 * (size - 3)
    if bits & 0x00800000 and mantissa:
        raise BadBits("bits: {bits} stands for a negative target", bits=eight_digits(bits))
    if target == 0:
        raise BadBits("bits: {bits} stands for a target of zero", bits=eight_digits(bits))
    if target >> 256:
        raise BadBits("bits: {bits} stands for a target above 256 bits", bits=eight_digits(bits))
    return target


def bits_of(target: int) -> int:
    """The compact form of a target, rounded down to its three leading bytes as every node does."""
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x00800000:
        mantissa >>= 8
        size += 1
    return mantissa | size << 24


def work_of(target: int) -> int:
    """Expected number of hashes behind one block of this target: 2^256 / (target + 1), rounded down."""
    return (1 << 256) // (target + 1)


def meets(header: Header, target: int) -> bool:
    """True when the header's hash, read as a number, is not above the target."""
    return int(header.hash, 16) <= target
