"""Documents of office programs: what they say of who made them is told, and they are not rewritten.

No library that we keep rewrites them without loss; who wants them clean gives a PDF or a CSV.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator

from ledger.core.errors import Refused
from ledger.model.evidence import Treatment
from service.paper_files.metadata import MetadataItem

_SAID_IN = re.compile(r"(?:docProps/(?:core|app|custom)|meta)\.xml")
_SAYS = re.compile(r"<(?:[\w-]+:)?([\w-]+)(?:\s[^<>]*)?>([^<>]*[^<>\s][^<>]*)</")
_RUNS = re.compile(r"(?i)(?:.*/)?vbaProject\.bin|Basic/.*|Scripts/.*|.*/activeX/.*|.*\.bin")
_THUMBNAIL = re.compile(r"(?i)(?:.*/)?thumbnails?(?:/|\.).+")
_REMARKS = re.compile(r"(?i).*/(?:threaded)?comments?\w*\.xml|.*/persons?/.*")
_CARRIED = re.compile(r"(?i).*/embeddings/.+|Object .*/.+")
_MOST_SAID = 1_000_000
_MOST_FILES = 5_000


def is_office(data: bytes) -> bool:
    """Is a packed file a document of Office Open XML or OpenDocument?"""
    names = set(_packed(data).namelist())
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def said_in(data: bytes) -> tuple[MetadataItem, ...]:
    """What a document says beside what it shows; raises Refused for one with macros."""
    return tuple(_said(_packed(data)))


def _packed(data: bytes) -> zipfile.ZipFile:
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
        many = len(packed.namelist()) > _MOST_FILES
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        many = True
    if many:
        raise Refused.field("paper", "this packed file cannot be read; give the papers in it one by one")
    return packed


def _said(packed: zipfile.ZipFile) -> Iterator[MetadataItem]:
    for name in packed.namelist():
        if (
            _RUNS.fullmatch(name)
            and not name.endswith("printerSettings1.bin")
            and "printerSettings" not in name
        ):
            raise Refused.field(
                "paper",
                "this document holds a program ({name}); save it without macros, or as PDF",
                name=name[:80],
            )
        if _SAID_IN.fullmatch(name):
            for what, value in _SAYS.findall(_text(packed, name)):
                yield MetadataItem(Treatment.METADATA_LEFT, what, html.unescape(value))
        elif _THUMBNAIL.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "thumbnail", name)
        elif _REMARKS.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "remarks", name)
        elif _CARRIED.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "embedded", name)


def _text(packed: zipfile.ZipFile, name: str) -> str:
    try:
        with packed.open(name) as file:
            told = file.read(_MOST_SAID + 1)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        raise Refused.field("paper", "this document cannot be read; save it anew, or as PDF") from None
    if len(told) > _MOST_SAID:  # else what stands behind would be served and not told
        raise Refused.field("paper", "this document says too much of itself to be read; save it as PDF")
    return told.decode("utf-8", "replace")
