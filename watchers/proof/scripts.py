"""Addresses and output scripts: one from the other, what kind a script is, and how explorers index it.

Compares scripts, never strings; private keys are refused before anything parses them.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import wallycore as wally

from ledger.core.chain import Script
from ledger.core.secret import secret_in
from ledger.core.wording import WrongValue
from watchers.proof.networks import NETWORKS, Network


class AddressRefused(WrongValue):
    """Text that is no address of the network; one sentence, which never repeats a secret."""


class ScriptKind(StrEnum):
    P2PKH = "p2pkh"
    P2SH = "p2sh"
    P2WPKH = "p2wpkh"
    P2WSH = "p2wsh"
    P2TR = "p2tr"
    DATA = "data"
    OTHER = "other"


_MAX_ADDRESS = 90
_WITNESS_SIZES = {0: (20, 32), 1: (32,)}


def kind_of(script: Script | bytes) -> ScriptKind:
    """The standard form that a script has; `other` for all that no address stands for, `data` for OP_RETURN."""
    size = len(script)
    if size == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return ScriptKind.P2PKH
    if size == 23 and script[:2] == b"\xa9\x14" and script[22] == 0x87:
        return ScriptKind.P2SH
    if size == 22 and script[:2] == b"\x00\x14":
        return ScriptKind.P2WPKH
    if size == 34 and script[:2] == b"\x00\x20":
        return ScriptKind.P2WSH
    if size == 34 and script[:2] == b"\x51\x20":
        return ScriptKind.P2TR
    if size and script[0] == 0x6A:
        return ScriptKind.DATA
    return ScriptKind.OTHER


def script_of(address: str, network: Network) -> Script:
    """The script that an address of `network` stands for; AddressRefused says what is wrong with it.

    Base58check addresses and segwit addresses of version 0 (bech32, BIP 173) and 1 (bech32m, BIP 350) with a
    program of 32 bytes are accepted. Later versions have no rules yet: anyone could spend what is paid there.
    """
    secret = secret_in(address)
    if secret is not None:
        raise AddressRefused(
            "address: this looks like {secret}; whoever has it can spend the coins, so never enter it "
            "anywhere: give the address instead",
            secret=secret.wording,
        )
    text = address.strip()
    if not text or len(text) > _MAX_ADDRESS or not text.isascii() or not text.isalnum():
        raise AddressRefused(
            "address: {n} character; an address has at most {most}, only letters and digits",
            many="address: {n} characters; an address has at most {most}, only letters and digits",
            n=len(text),
            most=_MAX_ADDRESS,
        )
    hrp = text.lower().rpartition("1")[0]
    if hrp in {known.hrp for known in NETWORKS}:
        return _segwit_script(text, hrp, network)
    return _base58_script(text, network)


def _segwit_script(text: str, hrp: str, network: Network) -> Script:
    if text not in (text.lower(), text.upper()):
        raise AddressRefused("address: upper and lower case are mixed; a bech32 address has one of them")
    if hrp != network.hrp:
        raise AddressRefused(
            "address: starts with {start}1, but an address of {network} with {wanted}1",
            start=hrp,
            network=network.name,
            wanted=network.hrp,
        )
    try:
        version = wally.addr_segwit_get_version(text.lower(), hrp, 0)
        script = Script(bytes(wally.addr_segwit_to_bytes(text.lower(), hrp, 0)))
    except ValueError:
        raise AddressRefused(
            "address: its checksum, version or length is not that of a segwit address; copy it again in full"
        ) from None
    if len(script) - 2 not in _WITNESS_SIZES.get(version, ()):
        raise AddressRefused(
            "address: segwit version {version} with {n} byte has no spending rules yet, so anyone could "
            "take what is paid to it",
            many="address: segwit version {version} with {n} bytes has no spending rules yet, so anyone could "
            "take what is paid to it",
            version=version,
            n=len(script) - 2,
        )
    return script


def _base58_script(text: str, network: Network) -> Script:
    try:
        raw = bytes(wally.base58check_to_bytes(text))
    except ValueError:
        raise AddressRefused(
            "address: neither a segwit address nor one with a valid base58 checksum; copy it again in full"
        ) from None
    if len(raw) != 21:
        raise AddressRefused(
            "address: its base58 holds {n} byte; an address holds 21",
            many="address: its base58 holds {n} bytes; an address holds 21",
            n=len(raw),
        )
    version, digest = raw[0], raw[1:]
    if version == network.p2pkh_version:
        return Script(b"\x76\xa9\x14" + digest + b"\x88\xac")
    if version == network.p2sh_version:
        return Script(b"\xa9\x14" + digest + b"\x87")
    others = sorted({n.name for n in NETWORKS if version in (n.p2pkh_version, n.p2sh_version)})
    if not others:
        raise AddressRefused(
            "address: it is one of no Bitcoin network, but this is {network}", network=network.name
        )
    raise AddressRefused(
        "address: it is one of {others}, but this is {network}", others=others, network=network.name
    )


def address_of(script: Script | bytes, network: Network) -> str | None:
    """The address of a standard script in its usual spelling, or None where no address stands for it."""
    kind = kind_of(script)
    if kind is ScriptKind.P2PKH:
        return str(wally.base58check_from_bytes(bytes([network.p2pkh_version]) + script[3:23]))
    if kind is ScriptKind.P2SH:
        return str(wally.base58check_from_bytes(bytes([network.p2sh_version]) + script[2:22]))
    if kind in (ScriptKind.P2WPKH, ScriptKind.P2WSH, ScriptKind.P2TR):
        return str(wally.addr_segwit_from_bytes(bytes(script), network.hrp, 0))
    return None


def scripthash_hex(script: Script | bytes) -> str:
    """SHA-256 of the script in plain hex, as Esplora's `/scripthash/:hash` has it (Electrum's is byte-reversed)."""
    return hashlib.sha256(script).hexdigest()
