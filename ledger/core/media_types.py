"""What a paper's bytes are, told by themselves: a name or a header may say anything, and a browser runs what it reads.

It opens nothing and decides nothing about who may read a paper.
"""

from __future__ import annotations

import re

PDF, PNG, JPEG, WEBP, GIF, TIFF, TEXT, MARKUP, ZIP, OLE, UNKNOWN = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/tiff",
    "text/plain; charset=utf-8",
    "application/xml",
    "application/zip",
    "application/x-ole-storage",
    "application/octet-stream",
)
PICTURES = frozenset({PNG, JPEG, WEBP, GIF, TIFF})
SHOWN = frozenset({PDF, PNG, JPEG, WEBP, GIF, TEXT})
"""What a browser may show in its window, where nothing of it runs; all else is only downloaded, as bytes."""

_BEGINNINGS = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"PK\3\4", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"{\\rtf", UNKNOWN),
    (b"%!PS", UNKNOWN),
)
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\f\r")
_PDF_WITHIN = 1024
"""Readers of PDF take a file whose mark stands a little behind its beginning."""
_TAG = re.compile(r"<(?:[!?]|/?[A-Za-z][A-Za-z0-9:_-]*[\s/>])")


def media_type_of(data: bytes) -> str:
    """PDF, pictures and packed files by how they begin, text where it is nothing but UTF-8 without a tag in it.

    Text with tags (HTML, SVG, XML) is `MARKUP`. Whatever is none of these is only downloaded, and what only looks like
    text too: the files of RTF and PostScript, whose own programs show less than is written there.
    """
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return PDF
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return UNKNOWN
    if _CONTROL & set(data):
        return UNKNOWN
    return MARKUP if _TAG.search(text) else TEXT
