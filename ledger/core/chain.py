"""Value types of the Bitcoin chain that every package shares: outpoints, block references, headers, scripts.

Nothing here asks the network or judges a proof; `watchers` does both.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NewType

from ledger.core.wording import WrongValue

Script = NewType("Script", bytes)
"""An output script (scriptPubKey) as raw bytes; addresses are compared by it, never as strings."""

_TXID = re.compile(r"[0-9a-f]{64}")


def is_txid(text: str) -> bool:
    """True for 64 lower-case hexadecimal digits, the way every explorer prints a txid or a block hash."""
    return _TXID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class Outpoint:
    """`(txid, vout)`: the identity of a payment. `txid` is in display order, 64 lower-case hex digits."""

    txid: str
    vout: int

    def __post_init__(self) -> None:
        if not is_txid(self.txid):
            raise WrongValue(
                "txid: {n} character; a txid is 64 lower-case hexadecimal digits",
                many="txid: {n} characters; a txid is 64 lower-case hexadecimal digits",
                n=len(self.txid),
            )
        if not 0 <= self.vout <= 0xFFFFFFFF:
            raise WrongValue("vout: {vout} is outside 0 to 4294967295", vout=self.vout)

    def __str__(self) -> str:
        return f"{self.txid}:{self.vout}"

    @classmethod
    def parse(cls, text: str) -> Outpoint:
        """Read `txid:vout`; raises WrongValue when the text is of another shape."""
        txid, colon, vout = text.partition(":")
        if not colon or not vout.isascii() or not vout.isdigit() or len(vout) > 10:
            raise WrongValue("outpoint: write it as TXID:VOUT, 64 hexadecimal digits, a colon and a number")
        return cls(txid.lower(), int(vout))

    def wire(self) -> bytes:
        """The 36 bytes that a transaction input carries (txid in internal order, vout little-endian)."""
        return bytes.fromhex(self.txid)[::-1] + self.vout.to_bytes(4, "little")

    @classmethod
    def from_wire(cls, raw: bytes) -> Outpoint:
        return cls(raw[:32][::-1].hex(), int.from_bytes(raw[32:36], "little"))


def checkpoint_height(checkpoint: str) -> int:
    """The height of a checkpoint, which is written HEIGHT:HASH."""
    return int(checkpoint.partition(":")[0])


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by height and hash (display order), with its header's own time in Unix seconds."""

    height: int
    hash: str
    time: int


@dataclass(frozen=True, slots=True, init=False)
class Header:
    """An 80-byte block header; every field is read from the bytes, so they cannot disagree."""

    raw: bytes

    def __init__(self, raw: bytes) -> None:
        # Written out because chains make hundreds of thousands: one call less for each.
        if len(raw) != 80:
            raise WrongValue(
                "header: {n} byte; a block header has 80",
                many="header: {n} bytes; a block header has 80",
                n=len(raw),
            )
        _keep_raw(self, raw)

    @property
    def hash(self) -> str:
        return hashlib.sha256(hashlib.sha256(self.raw).digest()).digest()[::-1].hex()

    @property
    def version(self) -> int:
        return int.from_bytes(self.raw[0:4], "little", signed=True)

    @property
    def previous(self) -> str:
        return self.raw[4:36][::-1].hex()

    @property
    def merkle_root(self) -> bytes:
        """32 bytes in internal order, as hashing gives them."""
        return self.raw[36:68]

    @property
    def time(self) -> int:
        return int.from_bytes(self.raw[68:72], "little")

    @property
    def bits(self) -> int:
        return int.from_bytes(self.raw[72:76], "little")

    @property
    def nonce(self) -> int:
        return int.from_bytes(self.raw[76:80], "little")


_keep_raw = Header.__dict__["raw"].__set__
