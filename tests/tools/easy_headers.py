"""Block headers of a regtest chain, mined here: half of all nonces do."""

from __future__ import annotations

from itertools import count

from ledger.core.chain import Header

_BITS = 0x207FFFFF
_TARGET = 0x7FFFFF << 8 * (0x20 - 3)


def easy_header(previous: bytes, moment: int) -> bytes:
    """80 bytes on top of the header whose hash is `previous` (32 bytes in internal order)."""
    head = (1).to_bytes(4, "little") + previous + bytes(32) + moment.to_bytes(4, "little")
    for nonce in count():
        raw = head + _BITS.to_bytes(4, "little") + nonce.to_bytes(4, "little")
        if int(Header(raw).hash, 16) <= _TARGET:
            return raw
    raise AssertionError
