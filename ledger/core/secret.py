"""Recognises private keys by their form, so that they are refused before anything parses, keeps or repeats them.

Never derives anything from what it recognises.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path

import wallycore as wally

from ledger.core.wording import Wording, translatable

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_EXTENDED = re.compile(f"[xyztuvYZUV]prv{_BASE58}{{8,}}")
_WIF = re.compile(f"(?<![0-9A-Za-z])[5KL9c]{_BASE58}{{50,51}}(?![0-9A-Za-z])")
_ENCRYPTED = re.compile(f"(?<![0-9A-Za-z])6P{_BASE58}{{56}}(?![0-9A-Za-z])")
# A seed or a share of one in the letters of BIP 93 (codex32): its threshold, four letters of a name, 39 and more.
_CODEX = re.compile(
    "(?<![0-9A-Za-z])(?:ms1[023456789][02-9ac-hj-np-z]{40,120}|MS1[023456789][02-9AC-HJ-NP-Z]{40,120})(?![0-9A-Za-z])"
)
# The short form has all three sorts of characters; a long word or a number on a paper has one or two.
_MINI = re.compile(
    r"(?<![0-9A-Za-z])S(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])(?=[A-Za-z]*[0-9])"
    f"(?:{_BASE58}{{21}}|{_BASE58}{{25}}|{_BASE58}{{29}})(?![0-9A-Za-z])"
)
_LONG = re.compile(f"{_BASE58}{{100,120}}")
_RAW = re.compile(r"\s*(?:0x)?[0-9A-Fa-f]{64}\s*")
_IDEOGRAPHS = re.compile("\\s*((?:[\u4e00-\u9fff]{3}){4,8})\\s*")
_FEWEST_WORDS = 12
_FEWEST_OF_A_SHARE = 20
_SHARES = Path(__file__).with_name("slip39.txt")
"""The 1,024 words of SLIP-39, as its authors publish them (github.com/satoshilabs/slips, slip-0039/wordlist.txt)."""
_MOST_MISTYPED = 1
_TELLING = 4
"""Letters by which each word of a list in Latin script differs from all others; plates of steel have no more."""


class Secret(Enum):
    """What a text seems to hold, in words that complete "this looks like ..."."""

    EXTENDED = translatable("an extended private key")
    WIF = translatable("a private key in wallet import format")
    ENCRYPTED = translatable("an encrypted private key")
    CODEX = translatable("a wallet's seed, or a share of one")
    MINI = translatable("a private key in its short form")
    RAW = translatable("a raw private key")
    WORDS = translatable("the secret words of a wallet")

    @property
    def wording(self) -> Wording:
        """Those words."""
        return Wording(self.value)


def secret_in(text: str) -> Secret | None:
    """The kind of private key that stands somewhere in what should be a key, an address or a txid; or None.

    Goes by form and not by checksum, so that one mistyped character does not let a key through.
    """
    secret = secret_in_prose(text)
    if secret is not None:
        return secret
    flat = unicodedata.normalize("NFKC", text)
    if _RAW.fullmatch(flat):
        return Secret.RAW
    run = _IDEOGRAPHS.fullmatch(flat)
    return Secret.WORDS if run is not None and _are_words(list(run.group(1))) else None


def secret_in_prose(text: str) -> Secret | None:
    """The same of a text that people write freely, in which a hash or a sentence in Chinese is no key."""
    flat = unicodedata.normalize("NFKC", text)
    for secret, form in (
        (Secret.EXTENDED, _EXTENDED),
        (Secret.WIF, _WIF),
        (Secret.ENCRYPTED, _ENCRYPTED),
        (Secret.CODEX, _CODEX),
        (Secret.MINI, _MINI),
    ):
        if form.search(flat):
            return secret
    if any(_holds_private_key(match.group()) for match in _LONG.finditer(flat)):
        return Secret.EXTENDED
    words = [word for word in re.split(r"[\W_]+", flat) if word.isalpha()]
    return Secret.WORDS if _are_words(words) else None


def new_code() -> str:
    """A secret of 128 bits for somebody to keep, which nothing here takes for a private key (one in 500 looks so)."""
    code = secrets.token_urlsafe(16)
    return code if secret_in_prose(code) is None else new_code()


def secret_within(value: object) -> Secret | None:
    """The kind of private key that stands in any text of parsed JSON or of a dataclass, names of fields too."""
    return next((secret for text in _texts(value) if (secret := secret_in_prose(text)) is not None), None)


def _texts(nested: object) -> Iterator[str]:
    if isinstance(nested, str):
        yield nested
    elif isinstance(nested, Mapping):
        for name, value in nested.items():
            yield from _texts(name)
            yield from _texts(value)
    elif isinstance(nested, list | tuple):
        for value in nested:
            yield from _texts(value)
    elif dataclasses.is_dataclass(nested) and not isinstance(nested, type):
        for field in dataclasses.fields(nested):
            yield from _texts(getattr(nested, field.name))


def _holds_private_key(token: str) -> bool:
    """True for 78 bytes with a valid checksum whose key starts with 0, under whatever version bytes."""
    try:
        raw = bytes(wally.base58check_to_bytes(token))
    except ValueError:
        return False
    return len(raw) == 78 and raw[45] == 0


def _are_words(words: list[str]) -> bool:
    """Do twelve that follow each other stand in one of BIP 39's lists, or twenty in that of the shares of SLIP-39?

    One of them may be mistyped. Prose and labels do not: the lists have no articles and hardly a short word.
    """
    if len(words) < _FEWEST_WORDS:
        return False
    folded = [_folded(word) for word in words]
    for fewest, known in _word_lists():
        strange = 0
        places = [word not in known for word in folded]
        for end, is_strange in enumerate(places):
            strange += is_strange
            if end >= fewest:
                strange -= places[end - fewest]
            if end >= fewest - 1 and strange <= _MOST_MISTYPED:
                return True
    return False


@cache
def _word_lists() -> tuple[tuple[int, frozenset[str]], ...]:
    """How many words a seed of it has at least, and the words as they are compared, with their first letters.

    BIP 39's of each language that the library knows, and that of SLIP-39.
    """
    shares = {_folded(word) for word in _SHARES.read_text(encoding="ascii").split()}
    lists = [(_FEWEST_OF_A_SHARE, _with_beginnings(shares))]
    for language in wally.bip39_get_languages().split():
        handle = wally.bip39_get_wordlist(language)
        words = {_folded(wally.bip39_get_word(handle, number)) for number in range(2048)}
        lists.append((_FEWEST_WORDS, _with_beginnings(words)))
    return tuple(lists)


def _with_beginnings(words: set[str]) -> frozenset[str]:
    return frozenset(words | {word[:_TELLING] for word in words if word.isascii()})


def _folded(word: str) -> str:
    """Without capitals and without the marks above and below letters, which people leave out."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
