"""The script that an input spent from, as far as the input's own bytes show it: what screening compares with lists.

What unlocks a coin holds a key or a script whose hash the coin's script commits to. Taproot shows neither; there, and
wherever the bytes fit more than one form, nothing is said, and only the transaction that made the coin tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bitcoin.core.serialize import Hash160

from ledger.core.chain import Script
from watchers.proof.transaction import Tx

_SIGNATURE = range(9, 74)
"""Bytes of a signature in DER with its hash type (BIP 66)."""
_NO_SCRIPT = 0xBA
"""No script begins with this byte or a higher one, which are no operations; control blocks of taproot do (BIP 341)."""
_ANNEX = 0x50
"""Nor with this one, which fails; it marks the annex of taproot (BIP 341)."""


def scripts_spent(tx: Tx) -> tuple[Script | None, ...]:
    """For each input the script of the output that it spends; None where its bytes do not show it."""
    if tx.coinbase:
        return ()
    witness = tx.witness or ((),) * len(tx.inputs)
    return tuple(script_spent(one.script_sig, stack) for one, stack in zip(tx.inputs, witness, strict=True))


def script_spent(script_sig: bytes, witness: Sequence[bytes]) -> Script | None:
    """The script that is unlocked so; None where that could be of another form, or shows nothing."""
    pushed = _pushes(script_sig)
    if pushed is None:
        return None
    if witness and not pushed:
        return _witness_program(witness)
    if witness:  # a program within a script hash (BIP 141)
        return _pays_script(pushed[-1])
    if len(pushed) == 2 and _is_signature(pushed[0]) and _is_key(pushed[1]):
        return Script(b"\x76\xa9\x14" + bytes(Hash160(pushed[1])) + b"\x88\xac")
    if not pushed or not pushed[-1] or _is_signature(pushed[-1]) or _is_key(pushed[-1]):
        return None  # to a bare key or bare keys, which no address stands for
    return _pays_script(pushed[-1])


def _witness_program(witness: Sequence[bytes]) -> Script | None:
    """The segwit script of version 0 that a witness unlocks."""
    last = witness[-1]
    if len(witness) == 2 and _is_signature(witness[0]) and _is_key(last) and len(last) == 33:
        return Script(b"\x00\x14" + bytes(Hash160(last)))
    if not last or last[0] >= _NO_SCRIPT or last[0] == _ANNEX or len(witness) == 1:
        return None
    return Script(b"\x00\x20" + hashlib.sha256(last).digest())


def _pays_script(redeem: bytes) -> Script:
    return Script(b"\xa9\x14" + bytes(Hash160(redeem)) + b"\x87")


def _is_signature(item: bytes) -> bool:
    return len(item) in _SIGNATURE and item[0] == 0x30 and item[1] == len(item) - 3


def _is_key(item: bytes) -> bool:
    return (len(item) == 33 and item[0] in (2, 3)) or (len(item) == 65 and item[0] == 4)


def _pushes(script: bytes) -> list[bytes] | None:
    """What a script pushes, item by item; None where it does anything else."""
    pushes: list[bytes] = []
    at = 0
    while at < len(script):
        code = script[at]
        at += 1
        if code == 0:
            pushes.append(b"")
            continue
        if 0x51 <= code <= 0x60:
            pushes.append(bytes([code - 0x50]))
            continue
        if code > 0x4E:
            return None
        width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(code, 0)
        size = int.from_bytes(script[at : at + width], "little") if width else code
        at += width
        if at + size > len(script):
            return None
        pushes.append(script[at : at + size])
        at += size
    return pushes
