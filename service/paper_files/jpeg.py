"""A JPEG without what is no picture: Exif, XMP, comments, previews, and whatever stands behind its end.

Its segments are read as ITU-T T.81 (annex B) has them; what the picture is made of stays byte for byte.
"""

from __future__ import annotations

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM and the restarts."""
_PICTURE = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xEE})
"""Frames, tables, scans, and Adobe's note of how colours are kept (APP14), without which they would turn."""


_JFIF, _DENSITY = 0xE0, b"\0\x10JFIF\0"
"""The head that says how dense the points are, without a preview in it: it tells of nobody."""


class NoJpeg(Exception):
    """The bytes do not go on as a JPEG does."""


def plain_jpeg(data: bytes) -> bytes:
    """The same picture with nothing beside it; raises NoJpeg."""
    if data[:2] != bytes((0xFF, _START)):
        raise NoJpeg
    kept, at = bytearray(data[:2]), 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # filling before a marker
            at += 1
        if len(data) < at + 2 or data[at] != 0xFF:
            raise NoJpeg
        marker = data[at + 1]
        if marker == _END:
            return bytes(kept + data[at : at + 2])
        if marker in _ALONE:
            kept += data[at : at + 2]
            at += 2
            continue
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if stop < at + 4 or stop > len(data):
            raise NoJpeg
        if marker in _PICTURE or (marker == _JFIF and data[at + 2 : stop].startswith(_DENSITY)):
            kept += data[at:stop]
        at = stop
        if marker == _SCAN:
            stop = _end_of_scan(data, at)
            kept += data[at:stop]
            at = stop


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the coded picture ends: at the next marker that is neither a byte of it nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise NoJpeg
        if data[at + 1] and data[at + 1] not in _ALONE and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2
