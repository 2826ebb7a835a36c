"""A colour profile (ICC.1:2022) within a PDF, without the texts that it has of its maker, its device and its owner."""

from __future__ import annotations

import struct

_NUMBERS = frozenset(
    b"XYZ |curv|para|sf32|uf32|ui08|ui16|ui32|ui64|mft1|mft2|mAB |mBA |mpet|sig |meas|view|chrm|clro|cicp|vcgt".split(
        b"|"
    )
)
"""Kinds of tags that hold nothing but numbers; all others have their words blotted out, and keep their length."""
_HEAD = 132
_IDENTITY = slice(84, 100)


def is_profile(raw: bytes) -> bool:
    """Does it begin as a profile does?"""
    return len(raw) >= _HEAD and raw[36:40] == b"acsp"


def plain_profile(raw: bytes) -> bytes:
    """The profile with the same colours and without words."""
    made = bytearray(raw)
    (count,) = struct.unpack_from(">I", raw, _HEAD - 4)
    for at in range(_HEAD, min(_HEAD + 12 * count, len(raw) - 11), 12):
        begin, size = struct.unpack_from(">II", raw, at + 4)
        if bytes(raw[begin : begin + 4]) not in _NUMBERS:
            end = min(begin + size, len(raw))
            made[begin:end] = _without_words(bytes(raw[begin:end]))
    if made != raw:
        made[_IDENTITY] = bytes(16)
    return bytes(made)


def _without_words(tag: bytes) -> bytes:
    kind, tag_parts = tag[:4], tag[8:]
    if kind == b"text":
        return tag[:8] + b" " * (len(tag_parts) - 1) + b"\0" * min(1, len(tag_parts))
    if kind == b"desc" and len(tag_parts) > 4:
        most = max(0, min(int.from_bytes(tag_parts[:4]), len(tag_parts) - 4) - 1)
        return tag[:12] + b" " * most + bytes(len(tag_parts) - 4 - most)
    if kind == b"mluc" and len(tag_parts) > 8:
        first = min(8 + 12 * int.from_bytes(tag_parts[:4]), len(tag_parts))
        return tag[: 8 + first] + (b"\0 " * len(tag_parts))[: len(tag_parts) - first]
    return tag[:8] + bytes(len(tag_parts))
