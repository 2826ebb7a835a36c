"""Canonical bytes (RFC 8785) of what entries are made of: objects, lists, text, whole numbers, booleans, null.

It makes the bytes of `rfc8785`, faster; whatever it is not sure of, it leaves to that library.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

_MOST = 2**53 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """The bytes of a value; raises ValueError for what JSON cannot hold exactly."""
    return _ENCODER.encode(value).encode() if _plain(value) else rfc8785.dumps(value)


def _plain(value: Any) -> bool:
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
        return all(type(key) is str and key.isascii() for key in value) and all(map(_plain, value.values()))
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    return kind is bool or value is None
