"""Recognises private keys by their form, so that they are refused before anything parses, keeps or repeats them.

Never derives anything from what it recognises.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

import wallycore as wally

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_EXTENDED = re.compile(f"[xyztuvYZUV]prv{_BASE58}{{8,}}")
_WIF = re.compile(f"(?<![0-9A-Za-z])[5KL9c]{_BASE58}{{50,51}}(?![0-9A-Za-z])")
_ENCRYPTED = re.compile(f"(?<![0-9A-Za-z])6P{_BASE58}{{56}}(?![0-9A-Za-z])")
_MINI = re.compile(f"(?<![0-9A-Za-z])S(?:{_BASE58}{{21}}|{_BASE58}{{25}}|{_BASE58}{{29}})(?![0-9A-Za-z])")
_LONG = re.compile(f"{_BASE58}{{100,120}}")
_RAW = re.compile(r"\s*(?:0x)?[0-9A-Fa-f]{64}\s*")
_IDEOGRAPHS = re.compile("[\u4e00-\u9fff]{12,}")
_FRAGMENTS = frozenset(
    {"addr", "after", "andor", "combo", "hash", "multi", "musig", "older", "pk", "pkh", "raw", "rawtr", "sh"}
    | {"sortedmulti", "thresh", "tr", "wpkh", "wsh"}
)
_FEWEST_WORDS = 12


class Secret(Enum):
    """What a text seems to hold, in words that complete "this looks like ..."."""

    EXTENDED = "an extended private key"
    WIF = "a private key in wallet import format"
    ENCRYPTED = "an encrypted private key"
    MINI = "a private key in its short form"
    RAW = "a raw private key"
    WORDS = "the secret words of a wallet"


def secret_in(text: str) -> Secret | None:
    """The kind of private key that stands somewhere in the text, or None.

    Goes by form and not by checksum, so that one mistyped character does not let a key through.
    """
    flat = unicodedata.normalize("NFKC", text)
    for secret, form in (
        (Secret.EXTENDED, _EXTENDED),
        (Secret.WIF, _WIF),
        (Secret.ENCRYPTED, _ENCRYPTED),
        (Secret.MINI, _MINI),
    ):
        if form.search(flat):
            return secret
    if any(_holds_private_key(match.group()) for match in _LONG.finditer(flat)):
        return Secret.EXTENDED
    if _RAW.fullmatch(flat):
        return Secret.RAW
    return Secret.WORDS if _are_words(flat) else None


def _holds_private_key(token: str) -> bool:
    """True for 78 bytes with a valid checksum whose key starts with 0, under whatever version bytes."""
    try:
        raw = bytes(wally.base58check_to_bytes(token))
    except ValueError:
        return False
    return len(raw) == 78 and raw[45] == 0


def _are_words(text: str) -> bool:
    if _IDEOGRAPHS.search(text):
        return True
    words = [
        word
        for word in re.split(r"[\W_]+", text)
        if word.isalpha() and len(word) <= 12 and (len(word) > 1 or not word.isascii())
    ]
    if "(" in text:
        words = [word for word in words if word.lower() not in _FRAGMENTS]
    return len(words) >= _FEWEST_WORDS
