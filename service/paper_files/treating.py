"""A paper as it may be served: what it is by its bytes, what it says beside what it shows, and what leaves it.

Readers of pictures and of PDF are loaded when the first of such a paper comes, and not before.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import Protocol, cast

from ledger.core.errors import Refused
from ledger.core.media_types import MARKUP, OLE, PDF, PICTURES, TEXT, ZIP, media_type_of
from ledger.model.evidence import Treatment
from ledger.recording.papers import TreatedPaper
from service.paper_files.metadata import MetadataItem, Plain, metadata_lines
from service.paper_files.office import is_office, said_in


class _Pictures(Protocol):
    def plain_picture(self, data: bytes) -> Plain: ...


class _Pdf(Protocol):
    def plain_pdf(self, data: bytes) -> Plain: ...


def _pictures() -> _Pictures:
    return cast(_Pictures, import_module("service.paper_files.pictures"))


def _pdf() -> _Pdf:
    return cast(_Pdf, import_module("service.paper_files.pdf"))


def treated(data: bytes, *, keep_metadata: bool = False) -> TreatedPaper:
    """The copy of a paper that is kept and served, and what was done to it.

    Metadata that cannot leave it stay only where a person says so by `keep_metadata`. Raises Refused for what may not
    be served at all: a program in it, or bytes that are not what they begin as.
    """
    if not data:
        raise Refused.field("paper", "this file is empty; choose the paper again")
    kind = media_type_of(data)
    if kind in PICTURES:
        return _as_treated(kind, data, _pictures().plain_picture(data))
    if kind == PDF:
        plain = _pdf().plain_pdf(data)
        if plain.data is not data or not plain.found:
            return _as_treated(kind, data, plain)
        return _signed(data, plain.found, keep_metadata)
    if kind == TEXT:
        return _as_treated(kind, data, Plain(data, ()))
    return _as_it_is(kind, data, _unwritten(kind, data), keep_metadata)


def _as_treated(kind: str, data: bytes, plain: Plain) -> TreatedPaper:
    original = hashlib.sha256(data).hexdigest()
    return TreatedPaper(plain.data, kind, original, plain.done, metadata_lines(plain.found))


def _signed(data: bytes, items: tuple[MetadataItem, ...], keep_metadata: bool) -> TreatedPaper:
    runs = [one for one in items if one.treatment in {Treatment.ACTIVE, Treatment.ATTACHMENTS}]
    if runs:
        raise Refused.field(
            "paper",
            "this PDF is signed, so it is not rewritten, and it holds what a reader runs or unpacks ({found}): print "
            "it into a new one, or seal it",
            found=metadata_lines(runs),
        )
    return _as_it_is(PDF, data, items, keep_metadata)


def _unwritten(kind: str, data: bytes) -> tuple[MetadataItem, ...]:
    """What a file says that is never rewritten here."""
    if kind == OLE:
        raise Refused.field(
            "paper",
            "an old office document may hold programs; save it as PDF, or as XLSX, DOCX or ODS without macros",
        )
    if kind == ZIP:
        if not is_office(data):
            raise Refused.field("paper", "this is a packed file; give the papers in it one by one")
        return said_in(data, _pictures().plain_picture)
    if kind == MARKUP:
        return (MetadataItem(Treatment.METADATA_LEFT, "text with tags (HTML, SVG or XML)"),)
    return (MetadataItem(Treatment.METADATA_LEFT, "bytes of no kind that is known here"),)


def _as_it_is(kind: str, data: bytes, items: tuple[MetadataItem, ...], keep_metadata: bool) -> TreatedPaper:
    if items and not keep_metadata:
        raise Refused.field(
            "paper",
            "this paper is not rewritten, since it is signed or of such a kind, and holds: {found}. Print it into a "
            "PDF, which is cleaned here; or, where all may read that, say so (`--keep-metadata`, or `metadata=keep`)",
            found=metadata_lines(items),
        )
    done = (Treatment.METADATA_LEFT,) if items else ()
    return TreatedPaper(data, kind, hashlib.sha256(data).hexdigest(), done, metadata_lines(items))
