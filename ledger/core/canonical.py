"""Canonical bytes (RFC 8785) of what entries are made of: objects, lists, text, whole numbers, booleans, null.

It makes the bytes of `rfc8785`, faster; whatever it is not sure of, it leaves to that library.
"""

from __future__ import annotations

import json.encoder
from collections.abc import Callable
from typing import Any

import rfc8785

_MOST = 2**53 - 1


def compact(*, ascii_only: bool) -> Callable[[Any], str]:
    """What writes JSON with sorted keys and no spaces, made once (the library makes its own anew each time)."""
    quote = json.encoder.encode_basestring_ascii if ascii_only else json.encoder.encode_basestring
    refuse = json.JSONEncoder().default
    made: Any = json.encoder
    encode = made.c_make_encoder(None, refuse, quote, None, ":", ",", True, False, False)
    return lambda value: "".join(encode(value, 0))


_written = compact(ascii_only=False)


def canonical(value: Any) -> bytes:
    """The bytes of a value; raises ValueError for what JSON cannot hold exactly."""
    return _written(value).encode() if plain(value) else rfc8785.dumps(value)


def canonical_of_checked(value: Any) -> bytes:
    """The bytes of a value that holds nothing but what `plain` accepts, which is not looked at again."""
    return _written(value).encode()


def fits(number: int) -> bool:
    """Can JSON hold the number exactly?"""
    return -_MOST <= number <= _MOST


def plain(value: Any) -> bool:
    """Are the standard library's bytes the canonical ones?

    Not sure of floats, of numbers beyond 2^53-1, of lone surrogates, and of keys whose order by UTF-16 could
    differ from their order by code point.
    """
    kind = type(value)
    if kind is str:
        return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
    if kind is int:
        return bool(-_MOST <= value <= _MOST)
    if kind is dict:
        return all(type(key) is str and key.isascii() for key in value) and all(map(plain, value.values()))
    if kind is list or kind is tuple:
        return all(map(plain, value))
    return kind is bool or value is None
