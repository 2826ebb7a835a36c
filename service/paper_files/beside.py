"""Bytes of a picture's file that are no picture, which a reader of pictures passes over and would not tell of.

The parts of a file are read as its format has them: PNG (W3C), WebP (RFC 9649) and GIF (89a). What is named here is
what a picture is made of; all else is beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

_PNG = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs hIST cICP acTL fcTL fdAT".split()
)
_WEBP = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "})
_OF_FRAME = 16
"""Bytes of a frame's head in an animated WebP, behind which its own parts stand."""
_REPEATS = b"\x0bNETSCAPE2.0"


def bytes_beside(form: str, data: bytes) -> int:
    """How many bytes of a file are no picture; 0 for other formats. Raises ValueError where they end too early."""
    match form:
        case "PNG":
            return sum(_beside_png(data))
        case "WEBP":
            stop = 8 + int.from_bytes(data[4:8], "little")
            return len(data) - stop + sum(_beside_webp(data[12:stop]))
        case "GIF":
            return sum(_beside_gif(data))
    return 0


def _beside_png(data: bytes) -> Iterator[int]:
    at = 8
    while at < len(data):
        name, size = data[at + 4 : at + 8], 12 + int.from_bytes(data[at : at + 4])
        if at + size > len(data):
            raise ValueError
        if name not in _PNG:
            yield size
        at += size
        if name == b"IEND":
            yield len(data) - at
            return
    raise ValueError


def _beside_webp(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name not in _WEBP:
            yield 8 + size
        elif name == b"ANMF":
            yield from _beside_webp(data[at + 8 + _OF_FRAME : at + 8 + size])
        at += 8 + size + size % 2


def _beside_gif(data: bytes) -> Iterator[int]:
    at = 13 + _colours(data, 10)
    while at < len(data):
        begin, kind = at, data[at]
        if kind == 0x3B:
            yield len(data) - at - 1
            return
        if kind == 0x2C:
            at = _after_blocks(data, at + 11 + _colours(data, at + 9))
            continue
        if kind != 0x21 or at + 2 > len(data):
            raise ValueError
        is_picture = data[at + 1] == 0xF9 or data[at + 2 : at + 14] == _REPEATS
        at = _after_blocks(data, at + 2)
        if not is_picture:
            yield at - begin
    raise ValueError


def whole_gif(data: bytes) -> bytes:
    """A GIF up to its end, behind which Pillow reads on. Raises ValueError where it has none."""
    *_, behind = _beside_gif(data)
    return data[: len(data) - behind]


def _colours(data: bytes, at: int) -> int:
    """Bytes of the table of colours that a byte of flags tells of."""
    if at >= len(data):
        raise ValueError
    return 3 << ((data[at] & 7) + 1) if data[at] & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data):
        size = data[at]
        at += 1 + size
        if not size:
            return at
    raise ValueError
