"""Documents of office programs: what they say of who made them is told, and they are not rewritten.

No library that we keep rewrites them without loss; who wants them clean gives a PDF or a CSV.
"""

from __future__ import annotations

import codecs
import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator

from ledger.core.errors import Refused
from ledger.core.media_types import PICTURES, media_type_of
from ledger.model.evidence import Treatment
from service.paper_files.metadata import MetadataItem, Plain

_SAID_IN = re.compile(r"(?:docProps/(?:core|app|custom)|meta)\.xml")
_SAYS = re.compile(r"<(?:[\w-]+:)?([\w-]+)(?:\s[^<>]*)?>([^<>]*[^<>\s][^<>]*)</")
_RUNS = re.compile(r"(?i)(?:.*/)?vbaProject\.bin|Basic/.*|Scripts/.*|.*/activeX/.*|.*\.bin")
_THUMBNAIL = re.compile(r"(?i)(?:.*/)?thumbnails?(?:/|\.).+")
_REMARKS = re.compile(
    r"(?i).*/(?:threaded)?comments?\w*\.xml|.*/persons?/.*|.*/people\.xml|.*/notesSlides/.*"
)
_CHANGES = re.compile(r"(?i).*/revisions/.*")
_CARRIED = re.compile(r"(?i).*/embeddings/.+|Object .*/.+|customXml/.+|.*/connections\.xml")
_PICTURE = re.compile(r"(?i).*\.(?:png|jpe?g|gif|tiff?|webp)")
_PART = re.compile(r"(?i).*/|mimetype|.*\.(?:xml|rels|vml|rdf|bin|psmdcp|bmp|emf|wmf|svm|odttf|ttf)")
_SHOWN = re.compile(r"word/\w+\.xml|xl/workbook\.xml|content\.xml|styles\.xml|(?:.*/)?_rels/.*\.rels")
"""Parts that hold pages, or say where others lie."""
_HIDDEN_IN = (
    (
        re.compile(r"<\w+:(?:ins|del|moveFrom|moveTo|\w+Change)\s[^<>]*?\w+:author=[\"']([^\"'<>]*)"),
        "change by",
    ),
    (re.compile(r"<text:changed-region()\s"), "changes that are kept"),
    (re.compile(r"<dc:creator>([^<>]+)<"), "creator"),
    (
        re.compile(
            r"<(?:\w+:)?sheet\s(?=[^<>]*state=[\"'](?:hidden|veryHidden)[\"'])[^<>]*?name=[\"']([^\"'<>]*)"
        ),
        "hidden sheet",
    ),
    (re.compile(r"table:display=[\"']false[\"']()"), "hidden sheet"),
    (re.compile(r"<w:vanish\s*/>()"), "hidden words"),
    (re.compile(r"Target=[\"'](file:[^\"'<>]*)"), "place of a file"),
)
_MOST_SAID = 1_000_000
_MOST_SHOWN = 30_000_000
_MOST_UNPACKED = 200_000_000
_MOST_FILES = 5_000


def is_office(data: bytes) -> bool:
    """Is a packed file a document of Office Open XML or OpenDocument?"""
    names = set(_packed(data).namelist())
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def said_in(data: bytes, plain_picture: Callable[[bytes], Plain]) -> tuple[MetadataItem, ...]:
    """What a document says beside what it shows, its pictures too; raises Refused for one with macros."""
    return tuple(_said(_packed(data), plain_picture))


def _packed(data: bytes) -> zipfile.ZipFile:
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
        parts = packed.infolist()
        many = len(parts) > _MOST_FILES or sum(one.file_size for one in parts) > _MOST_UNPACKED
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        many = True
    if many:
        raise Refused.field("paper", "this packed file cannot be read; give the papers in it one by one")
    return packed


def _said(packed: zipfile.ZipFile, plain_picture: Callable[[bytes], Plain]) -> Iterator[MetadataItem]:
    if packed.comment:
        yield MetadataItem(Treatment.METADATA_LEFT, "comment", packed.comment.decode("utf-8", "replace"))
    for name in packed.namelist():
        if _RUNS.fullmatch(name) and "printerSettings" not in name:
            raise Refused.field(
                "paper",
                "this document holds a program ({name}); save it without macros, or as PDF",
                name=name[:80],
            )
        if _SAID_IN.fullmatch(name):
            for what, value in _SAYS.findall(_text(packed, name, _MOST_SAID)):
                yield MetadataItem(Treatment.METADATA_LEFT, what, html.unescape(value))
        elif _THUMBNAIL.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "thumbnail", name)
        elif _REMARKS.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "remarks", name)
        elif _CHANGES.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "changes that are kept", name)
        elif _CARRIED.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "embedded", name)
        elif _PICTURE.fullmatch(name):
            yield from _of_picture(_read(packed, name, _MOST_SHOWN), name, plain_picture)
        elif not _PART.fullmatch(name):
            yield MetadataItem(Treatment.METADATA_LEFT, "further file", name)
        elif _SHOWN.fullmatch(name):
            yield from _hidden(_text(packed, name, _MOST_SHOWN))


def _hidden(text: str) -> Iterator[MetadataItem]:
    """What a page says and does not show, or shows to who asks its program for it."""
    for sought, what in _HIDDEN_IN:
        for value in sought.findall(text):
            yield MetadataItem(Treatment.METADATA_LEFT, what, html.unescape(value))


def _of_picture(data: bytes, name: str, plain_picture: Callable[[bytes], Plain]) -> Iterator[MetadataItem]:
    """A photograph on a page says where it was taken as one alone does."""
    if media_type_of(data) not in PICTURES:
        yield MetadataItem(Treatment.METADATA_LEFT, "further file", name)
        return
    for one in plain_picture(data).found:
        yield MetadataItem(Treatment.METADATA_LEFT, one.name, one.value)


def _text(packed: zipfile.ZipFile, name: str, most: int) -> str:
    text = _read(packed, name, most)
    wide = text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return text.decode("utf-16" if wide else "utf-8", "replace")


def _read(packed: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with packed.open(name) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise Refused.field("paper", "this document cannot be read; save it anew, or as PDF") from None
    if len(content) > most:  # else what stands behind would be served and not told
        raise Refused.field("paper", "this document says too much of itself to be read; save it as PDF")
    return content
