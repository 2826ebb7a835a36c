"""What a paper's bytes are, told by themselves: a name or a header may say anything, and a browser runs what it reads.

It opens nothing and decides nothing about who may read a paper.
"""

from __future__ import annotations

PDF, PNG, JPEG, TEXT, UNKNOWN = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "text/plain; charset=utf-8",
    "application/octet-stream",
)
_BEGINNINGS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\f\r")


def media_type_of(data: bytes) -> str:
    """PDF, PNG and JPEG by how they begin, text where it is nothing but UTF-8; anything else is only downloaded."""
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    try:
        data.decode()
    except UnicodeDecodeError:
        return UNKNOWN
    return UNKNOWN if _CONTROL & set(data) else TEXT
