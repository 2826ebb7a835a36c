"""Messages that the holder of an address's key signed: BIP 322 (simple) of segwit and taproot addresses, and the older
form of wallets for `1…` addresses. Nothing here signs.

BIP 322 puts the message into a transaction that nobody can send and has the address spend that; the signature is the
witness of the spend. What one key decides is verified: P2WPKH, and P2TR by its key.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256

import bitcoin
import wallycore as wally
from bitcoin.signmessage import BitcoinMessage, VerifyMessage

from ledger.core.wording import WrongValue
from watchers.proof.networks import Network
from watchers.proof.scripts import ScriptKind, kind_of, script_of

_TAG = b"BIP0322-signed-message"
_MOST_SIGNATURE = 4_000
_FIRST = 0xFFFFFFFF
_CHAINS = {"mainnet": "mainnet", "regtest": "regtest", "signet": "signet"}


class SignatureRefused(WrongValue):
    """A signature that cannot be verified here, or is none; one sentence."""


def is_signed_by(address: str, message: str, signature: str, network: Network) -> bool:
    """Did whoever holds the key of an address sign a message? `signature`: base64, as wallets give it.

    Raises AddressRefused for what is no address, and SignatureRefused for an address of several keys or scripts.
    """
    script = bytes(script_of(address, network))
    kind = kind_of(script)
    raw = _decoded(signature)
    if kind is ScriptKind.P2PKH:
        return _is_signed_as_before(address, message, signature, network)
    if kind not in {ScriptKind.P2WPKH, ScriptKind.P2TR}:
        raise SignatureRefused(
            "signature: of {address} cannot be verified here; sign by an address of one key: bc1q…, bc1p… or 1…",
            address=address,
        )
    witness = _witness(raw)
    try:
        if kind is ScriptKind.P2WPKH:
            return _spends_key_hash(script, message, witness)
        return _spends_taproot(script, message, witness)
    except ValueError:  # what the library says of bytes that are no key and no signature
        return False


def _decoded(signature: str) -> bytes:
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or len(raw) > _MOST_SIGNATURE:
        raise SignatureRefused("signature: is no base64 as wallets write it; copy it whole, in one line")
    return raw


def _is_signed_as_before(address: str, message: str, signature: str, network: Network) -> bool:
    """The form that wallets have had since 2011: a recoverable signature of a prefixed message."""
    bitcoin.SelectParams(_CHAINS.get(network.name, "testnet"))
    try:
        return bool(VerifyMessage(address, BitcoinMessage(message), signature.strip()))
    except (ValueError, AssertionError):
        return False
    finally:
        bitcoin.SelectParams("mainnet")


def _witness(raw: bytes) -> list[bytes]:
    """The items of a witness: a count, then each with its length before it; all below 253, as one key's are."""
    items: list[bytes] = []
    at = 1
    for _ in range(raw[0] if raw[0] <= 4 else 0):
        size = raw[at] if at < len(raw) else 0
        items.append(raw[at + 1 : at + 1 + size])
        at += 1 + size
    return items if at == len(raw) else []


def _spends_key_hash(script: bytes, message: str, witness: list[bytes]) -> bool:
    if len(witness) != 2 or len(witness[1]) != 33 or not witness[0]:
        return False
    der, key = witness[0][:-1], witness[1]
    if witness[0][-1] != wally.WALLY_SIGHASH_ALL or bytes(wally.hash160(key)) != script[2:]:
        return False
    code = b"\x76\xa9\x14" + script[2:] + b"\x88\xac"
    digest = wally.tx_get_btc_signature_hash(
        _to_sign(script, message), 0, code, 0, wally.WALLY_SIGHASH_ALL, wally.WALLY_TX_FLAG_USE_WITNESS
    )
    return _verifies(key, bytes(digest), bytes(wally.ec_sig_from_der(der)), wally.EC_FLAG_ECDSA)


def _spends_taproot(script: bytes, message: str, witness: list[bytes]) -> bool:
    if len(witness) != 1 or len(witness[0]) not in {64, 65}:
        return False
    sighash = witness[0][64] if len(witness[0]) == 65 else wally.WALLY_SIGHASH_DEFAULT
    if sighash not in {wally.WALLY_SIGHASH_DEFAULT, wally.WALLY_SIGHASH_ALL}:
        return False
    spent = wally.map_init(1, None)
    wally.map_add_integer(spent, 0, script)
    digest = wally.tx_get_btc_taproot_signature_hash(
        _to_sign(script, message), 0, spent, [0], None, 0, wally.WALLY_NO_CODESEPARATOR, None, sighash, 0
    )
    return _verifies(script[2:], bytes(digest), witness[0][:64], wally.EC_FLAG_SCHNORR)


def _verifies(key: bytes, digest: bytes, signature: bytes, form: int) -> bool:
    wally.ec_sig_verify(key, digest, form, signature)  # raises ValueError where it does not
    return True


def _to_sign(script: bytes, message: str) -> object:
    """The transaction that the signature signs: it spends the one output of `to_spend`, to nothing."""
    tag = sha256(_TAG).digest()
    said = sha256(tag + tag + message.encode()).digest()
    to_spend = wally.tx_init(0, 0, 1, 1)
    wally.tx_add_raw_input(to_spend, bytes(32), _FIRST, 0, b"\x00\x20" + said, None, 0)
    wally.tx_add_raw_output(to_spend, 0, script, 0)
    to_sign = wally.tx_init(0, 0, 1, 1)
    wally.tx_add_raw_input(to_sign, bytes(wally.tx_get_txid(to_spend)), 0, 0, None, None, 0)
    wally.tx_add_raw_output(to_sign, 0, b"\x6a", 0)
    return to_sign
