"""What an input's own bytes show of the script that it spent from is true; else nothing is said."""

from __future__ import annotations

import hashlib

from bitcoin.core.serialize import Hash160

from tests.tools.builders_block import mainnet_block
from watchers.proof.block import parse_block
from watchers.proof.senders import script_spent, scripts_spent

SIGNATURE = b"\x30\x43" + bytes(67) + b"\x01"
KEY, LONG_KEY = b"\x02" + bytes(32), b"\x04" + bytes(64)
REDEEM = b"\x51" + b"\x21" + KEY + b"\x51\xae"


def pushed(*items: bytes) -> bytes:
    return b"".join(
        (bytes([len(item)]) if len(item) < 76 else b"\x4c" + bytes([len(item)])) + item for item in items
    )


def sha256(item: bytes) -> bytes:
    return hashlib.sha256(item).digest()


def hash160(item: bytes) -> bytes:
    return bytes(Hash160(item))


def test_an_input_shows_the_script_that_its_key_or_script_hashes_to() -> None:
    assert len(SIGNATURE) == 70
    program = b"\x00\x14" + hash160(KEY)
    of_script = b"\x00\x20" + sha256(REDEEM)
    assert script_spent(b"", (SIGNATURE, KEY)) == program
    assert script_spent(b"", (b"", SIGNATURE, REDEEM)) == of_script
    assert script_spent(pushed(program), (SIGNATURE, KEY)) == b"\xa9\x14" + hash160(program) + b"\x87"
    assert script_spent(pushed(of_script), (b"", SIGNATURE, REDEEM)) == (
        b"\xa9\x14" + hash160(of_script) + b"\x87"
    )
    for key in (KEY, LONG_KEY):
        assert script_spent(pushed(SIGNATURE, key), ()) == b"\x76\xa9\x14" + hash160(key) + b"\x88\xac"
    assert script_spent(b"\x00" + pushed(SIGNATURE, REDEEM), ()) == b"\xa9\x14" + hash160(REDEEM) + b"\x87"


def test_taproot_bare_keys_and_what_fits_more_than_one_form_show_nothing() -> None:
    control = b"\xc0" + bytes(32)
    silent = [
        (b"", (bytes(64),)),
        (b"", (bytes(64), b"\x50annex")),
        (b"", (SIGNATURE, REDEEM, control)),
        (pushed(SIGNATURE), ()),
        (b"\x00" + pushed(SIGNATURE, SIGNATURE), ()),
        (b"", ()),
        (b"\x76" + pushed(SIGNATURE, KEY), ()),
        (pushed(SIGNATURE, KEY)[:-1], ()),
    ]
    for script_sig, witness in silent:
        assert script_spent(script_sig, witness) is None, (script_sig.hex(), witness)


def test_in_a_block_of_mainnet_what_inputs_show_is_what_the_outputs_were() -> None:
    """Coins that are spent in the block that made them: their scripts stand in it."""
    block = parse_block(mainnet_block())
    scripts = {
        (tx.txid, vout): bytes(output.script) for tx in block for vout, output in enumerate(tx.outputs)
    }
    seen = shown = 0
    for tx in block:
        for one, script in zip(() if tx.coinbase else tx.inputs, scripts_spent(tx), strict=True):
            made = scripts.get((one.outpoint.txid, one.outpoint.vout))
            if made is not None:
                seen += 1
                shown += script is not None
                assert script in {None, made}, (tx.txid, one.outpoint)
    assert seen > 100
    assert shown * 10 > seen * 9
