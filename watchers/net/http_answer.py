"""A whole answer over HTTP, and the reading of its body within a limit of bytes.

Never inflates more than the limit, and never takes the beginning of an answer for all of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchers.sources.protocol import SourceDown, SourceRefused

CHUNK = 16 * 1024
_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, header names in lower case, and the body after decompression."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """An HTML page, which front servers send where data belongs."""
        start = self.body[:64].lstrip().lower()
        return self.headers.get("content-type", "").lower().startswith("text/html") and start.startswith(
            (b"<!doctype", b"<html", b"<head", b"<?xml")
        )


def read_body(read: Callable[[int], bytes], encoding: str, max_bytes: int, source: str) -> bytes:
    """The body, decompressed piece by piece so that no more than `max_bytes` are ever made of it.

    `read` gives up to so many raw bytes, none at the end. SourceRefused for more, or for a compression that we
    did not offer; SourceDown where a compressed body breaks off.
    """
    encoding = encoding.strip().lower()
    if encoding not in _PLAIN + _GZIP:
        raise SourceRefused(source, 0, "answer in a compression that we did not offer")
    inflate = zlib.decompressobj(31) if encoding in _GZIP else None
    pieces: list[bytes] = []
    size = raw = 0
    while piece := read(CHUNK):
        raw += len(piece)
        if inflate is not None:
            if inflate.eof:
                raise SourceDown(source, "the compressed answer goes on after its end")
            piece = inflate.decompress(piece, max_bytes - size + 1)
        size += len(piece)
        if size > max_bytes or raw > max_bytes + CHUNK:
            raise SourceRefused(source, 0, f"answer of more than {max_bytes} bytes, cut off")
        pieces.append(piece)
    if inflate is not None and not inflate.eof and pieces:
        raise SourceDown(source, "the compressed answer breaks off")
    return b"".join(pieces)
