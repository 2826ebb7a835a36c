"""A picture of two colours as a PDF packs it (JBIG2, ITU-T T.88), without the remarks of the program that made it."""

from __future__ import annotations

_PICTURE = frozenset({0, 4, 6, 7, 16, 20, 22, 23, 36, 38, 39, 40, 42, 43, 48, 49, 50, 51, 53})
"""Kinds of segments that a picture is made of (T.88, 7.3): dictionaries, regions, tables, and where pages end."""
_UNKNOWN = 0xFFFFFFFF
_MANY = 7


class NoJbig2(ValueError):
    """Segments that end too early."""


def plain_jbig2(raw: bytes) -> bytes:
    """Its segments but for those that are no picture: extensions hold remarks (T.88, 7.4.14). Raises NoJbig2."""
    kept, at = [], 0
    while at < len(raw):
        begin, at, kind = at, *_head(raw, at)
        size = int.from_bytes(raw[at - 4 : at])
        if size == _UNKNOWN:  # only the last thing of a page may be so
            kept.append(raw[begin:])
            break
        at += size
        if at > len(raw):
            raise NoJbig2
        if kind in _PICTURE:
            kept.append(raw[begin:at])
    return b"".join(kept)


def _head(raw: bytes, at: int) -> tuple[int, int]:
    """Where a segment's data begin, and its kind."""
    number, flags, counts = raw[at : at + 4], raw[at + 4 : at + 5], raw[at + 5 : at + 6]
    if not counts:
        raise NoJbig2
    count, place = counts[0] >> 5, at + 6
    if count == _MANY:
        count = int.from_bytes(raw[at + 5 : at + 9]) & 0x1FFFFFFF
        place = at + 9 + (count + 8) // 8
    width = 1 if int.from_bytes(number) <= 256 else 2 if int.from_bytes(number) <= 65_536 else 4
    place += count * width + (4 if flags[0] & 0x40 else 1) + 4
    if place > len(raw):
        raise NoJbig2
    return place, flags[0] & 0x3F
