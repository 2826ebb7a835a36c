"""The check of kept block headers: each proves the work that it claims, and names the one below. It mends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.core.chain import Header
from ledger.store.transaction import Reading


def headers_link(tx: Reading) -> Iterator[Finding]:
    """What a bit that flipped leaves: a hash above its own target, or a header that the next one does not name.

    From the checkpoint to the tip none is missing, which the next start would need. Above the tip rows of a branch that
    was left may still lie, which link to nothing.
    """
    tip = int(tx.progress.load("tip_height") or -1)
    below: tuple[int, str] | None = None
    kept = tx.progress.headers()
    checkpoint = tx.progress.checkpoint_height()
    if checkpoint is not None:
        gone = set(range(checkpoint, tip + 1)) - {height for height, _ in kept}
        if gone:
            yield _gone(min(gone), len(gone))
    for height, raw in kept:
        if len(raw) != _BYTES or int(Header(raw).hash, 16) > _target(Header(raw).bits):
            yield _wrong(height)
            below = None
            continue
        header = Header(raw)
        if below is not None and below[0] + 1 == height <= tip and header.previous != below[1]:
            yield _wrong(height)
        below = height, header.hash


_BYTES = 80


def _target(bits: int) -> int:
    """The number that a hash may reach, from its short form (32 bits)."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    return mantissa << 8 * (exponent - 3) if exponent > 3 else mantissa >> 8 * (3 - exponent)


def _wrong(height: int) -> Finding:
    return Finding.of(
        "headers_link",
        str(height),
        "the kept header of block {height} is not the one that was proven; restore a backup",
        height=height,
    )


def _gone(height: int, count: int) -> Finding:
    return Finding.of(
        "headers_link",
        str(height),
        "{n} kept header is gone, that of block {height}; restore a backup",
        many="{n} kept headers are gone, from that of block {height} on; restore a backup",
        n=count,
        height=height,
    )
