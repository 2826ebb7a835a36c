"""A JPEG 2000 picture, as PDF files hold them, without what is no picture: places, Exif, labels, the words of programs.

Its boxes are read as ISO/IEC 15444-1 (annex I) and 15444-2 (annex M) have them, its code as annex A does. What is named
here is what a picture is made of; all else is beside it.
"""

from __future__ import annotations

from service.paper_files.colour_profile import is_profile, plain_profile

_HOLDS = frozenset({b"jp2h", b"jpch", b"jplh", b"cgrp", b"res "})
"""Boxes that are nothing but further boxes."""
_PICTURE = frozenset(b"ihdr bpcc colr pclr cmap cdef opct creg resc resd ftyp rreq".split())
_COLOURS, _BEFORE_PROFILE = b"colr", 3
_CODE, _FILE = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
_COMMENT, _TILE, _POINTS, _END = b"\xff\x64", b"\xff\x90", b"\xff\x93", b"\xff\xd9"


class NoJpeg2000(Exception):
    """The bytes do not go on as a JPEG 2000 does."""


def plain_jpeg2000(data: bytes) -> bytes:
    """The same picture with nothing beside it; raises NoJpeg2000."""
    if data.startswith(_CODE):
        return _plain_code(data)
    boxes = _plain_boxes(data[len(_FILE) :]) if data.startswith(_FILE) else b""
    if (
        b"jp2c" not in boxes
    ):  # a picture may lie elsewhere, by a table of its pieces: no reader of PDF looks there
        raise NoJpeg2000
    return _FILE + boxes


def _plain_boxes(data: bytes) -> bytes:
    kept, at = bytearray(), 0
    while at < len(data):
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        stop = len(data) if size == 0 else at + size
        if stop < at + head or stop > len(data):
            raise NoJpeg2000
        plain = _plain_box(name, data[at + head : stop])
        if plain is not None:
            kept += (0 if size == 0 else 8 + len(plain)).to_bytes(4) + name + plain
        at = stop
    return bytes(kept)


def _plain_box(name: bytes, box: bytes) -> bytes | None:
    """What a box may keep; None where it is no part of a picture."""
    if name == b"jp2c":
        return _plain_code(box)
    if name in _HOLDS:
        return _plain_boxes(box)
    if name == _COLOURS and is_profile(box[_BEFORE_PROFILE:]):
        return box[:_BEFORE_PROFILE] + plain_profile(box[_BEFORE_PROFILE:])
    return box if name in _PICTURE else None


def _plain_code(code: bytes) -> bytes:
    """The coded picture without comments, in its head or in that of a part, and without what stands behind its end."""
    head, at = _plain_head(code, 2, _TILE)
    kept = bytearray(code[:2] + head)
    while code[at : at + 2] == _TILE:
        length = code[at + 6 : at + 10]
        size = int.from_bytes(length)
        head, points = _plain_head(code, at, _POINTS)
        # No coded point looks like a marker. A part without a length goes on to the end of the code.
        stop = at + size if size else code.find(_END, points)
        if stop < points or stop > len(code):
            raise NoJpeg2000
        if size:
            size -= points - at - len(head)
            head = head[:6] + size.to_bytes(4) + head[10:]
        kept += head + code[points:stop]
        at = stop
    return bytes(kept + _END)


def _plain_head(code: bytes, at: int, until: bytes) -> tuple[bytes, int]:
    """The segments from `at` on without comments, and where the marker `until` stands."""
    kept = bytearray()
    while code[at : at + 2] != until:
        stop = at + 2 + int.from_bytes(code[at + 2 : at + 4])
        if len(code) < at + 4 or code[at] != 0xFF or stop < at + 4 or stop > len(code):
            raise NoJpeg2000
        if code[at : at + 2] != _COMMENT:
            kept += code[at:stop]
        at = stop
    return bytes(kept), at
