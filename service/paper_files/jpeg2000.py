"""A JPEG 2000 picture, as PDF files hold them, without what is no picture: XMP, Exif, the words of programs.

Its boxes are read as ISO/IEC 15444-1 (annex I) has them, the head of its code as annex A does.
"""

from __future__ import annotations

_BESIDE = frozenset({b"xml ", b"uuid", b"uinf", b"jp2i", b"free", b"skip"})
_CODE, _FILE = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
_COMMENT, _TILES = 0x64, 0x90


class NoJpeg2000(Exception):
    """The bytes do not go on as a JPEG 2000 does."""


def plain_jpeg2000(data: bytes) -> bytes:
    """The same picture with nothing beside it; raises NoJpeg2000."""
    if data.startswith(_CODE):
        return _plain_code(data)
    if not data.startswith(_FILE):
        raise NoJpeg2000
    kept, at = bytearray(), 0
    while at < len(data):
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        stop = len(data) if size == 0 else at + size
        if stop < at + head or stop > len(data):
            raise NoJpeg2000
        if name == b"jp2c":
            code = _plain_code(data[at + head : stop])
            kept += (0 if size == 0 else 8 + len(code)).to_bytes(4) + name + code
        elif name not in _BESIDE:
            kept += data[at:stop]
        at = stop
    return bytes(kept)


def _plain_code(code: bytes) -> bytes:
    """The coded picture without the comments before its first tile."""
    kept, at = bytearray(code[:2]), 2
    while code[at : at + 2] != bytes((0xFF, _TILES)):
        stop = at + 2 + int.from_bytes(code[at + 2 : at + 4])
        if len(code) < at + 4 or code[at] != 0xFF or stop < at + 4 or stop > len(code):
            raise NoJpeg2000
        if code[at + 1] != _COMMENT:
            kept += code[at:stop]
        at = stop
    return bytes(kept + code[at:])
