"""Lies of an Esplora server, field by field: what becomes of each true value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.tools.follower import GENESIS


def other_hash(text: str) -> str:
    return text[:-4] + ("0000" if text[-4:] != "0000" else "1111")


def flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


LIES: dict[str, list[Callable[[Any], Any]]] = {
    "tip.height": [lambda n: n + 1, lambda n: n + 100_000, lambda n: n - 1, lambda n: -1, lambda n: "x", str],
    "tip.hash": [other_hash, lambda t: t.upper(), lambda t: t[:-1], lambda t: GENESIS, lambda t: ""],
    "block-height": [other_hash, lambda t: GENESIS, lambda t: "<html>"],
    "blocks": [
        lambda r: [],
        lambda r: {},
        lambda r: r[1:],
        lambda r: r[::-1],
        lambda r: r * 20,
        lambda r: None,
    ],
    "blocks.id": [other_hash, lambda t: None, lambda t: t.upper()],
    "blocks.height": [lambda n: n + 1, lambda n: n - 1, lambda n: float(n), lambda n: True, lambda n: str(n)],
    "blocks.version": [lambda n: n + 1, lambda n: 1 << 40, lambda n: None],
    "blocks.timestamp": [lambda n: n + 1, lambda n: -1, lambda n: float("nan"), lambda n: 1e999],
    "blocks.bits": [lambda n: n - 1, lambda n: 0x1D00FFFF, lambda n: 0, lambda n: "1d00ffff"],
    "blocks.nonce": [lambda n: n + 1, lambda n: True, lambda n: 1 << 32],
    "blocks.merkle_root": [other_hash, lambda t: t[2:]],
    "blocks.previousblockhash": [other_hash, lambda t: None],
    "block": [
        lambda raw: flip(raw, 0),
        lambda raw: flip(raw, 40),
        lambda raw: flip(raw, len(raw) - 20),
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: raw[:80] + b"\x00",
        lambda raw: b"",
    ],
    "mempool": [lambda r: {}, lambda r: None, lambda r: r * 500],
    "mempool.txid": [other_hash, lambda t: 7],
    "tx": [lambda raw: flip(raw, 50), lambda raw: raw[:-1], lambda raw: b"\x01"],
}
