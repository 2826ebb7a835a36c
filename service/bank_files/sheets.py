"""A spreadsheet (XLSX, XLS, ODS) as rows of texts, numbers and days. What its columns are is for `tables` to say.

Formulas are not computed: what they last showed is what the file holds.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
import zlib
from decimal import Decimal
from typing import NoReturn
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from service.bank_files.mapping import Layout
from service.bank_files.reading import MOST_LINES, quoted
from service.bank_files.tables import Cell, TableRow
from service.command import BadUse

_MOST_UNPACKED = 200_000_000
_MOST_CELLS = 5_000_000
_MOST_COLUMNS = 500
_REPEATED = ("table:number-columns-repeated", "table:number-rows-repeated")
_MOST_REPEATED = 2_000_000
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    ValueError,
    NotImplementedError,
    EOFError,
    RuntimeError,
)
"""What is raised for an archive, or an XML within it, that is not whole."""


def sheet_rows(data: bytes, layout: Layout) -> list[TableRow]:
    """The rows of the mapping's sheet, or of the first that holds any, numbered as the program shows them."""
    _require_small(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        if layout.sheet and layout.sheet not in names:
            there = ", ".join(quoted(name) for name in names[:20])
            raise BadUse(
                "file: has no sheet {sheet}; there are {there}.", sheet=quoted(layout.sheet), there=there
            )
        for name in [layout.sheet] if layout.sheet else names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height > MOST_LINES + 1_000 or sheet.width > _MOST_COLUMNS:
                raise BadUse(
                    "file: its sheet {name} has more than {most} lines; split it.",
                    name=quoted(name),
                    most=MOST_LINES,
                )
            if sheet.height * sheet.width > _MOST_CELLS:
                raise BadUse(
                    "file: its sheet {name} has more than {most} cells; split it.",
                    name=quoted(name),
                    most=_MOST_CELLS,
                )
            values = sheet.to_python(skip_empty_area=False)
            rows = [TableRow(at, [_cell(value) for value in cells]) for at, cells in enumerate(values, 1)]
            if any(not row.is_empty for row in rows):
                return rows
    except CalamineError as failure:
        raise BadUse(
            "file: is no spreadsheet that can be read ({failure}).", failure=quoted(failure)
        ) from None
    raise BadUse("file: has no sheet with anything in it; there is nothing to import.")


def _require_small(data: bytes) -> None:
    """BadUse for an archive that would grow beyond all bounds when it is unpacked."""
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MOST_UNPACKED:
                raise BadUse(
                    "file: unpacks to more than {most} bytes; a bank's statement does not.",
                    most=_MOST_UNPACKED,
                )
            for item in archive.infolist():
                if item.filename.endswith((".xml", ".rels")):
                    _require_sound(archive.read(item))
    except _DAMAGED:
        raise BadUse("file: is no spreadsheet that can be read; it is cut off or damaged.") from None


def _require_sound(part: bytes) -> None:
    """Raises ExpatError where a part of a spreadsheet is cut off: the library may read such a one without end.

    BadUse where it declares a document type.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = _require_few
    parser.Parse(part, True)


def _refuse_document_type(*_: object) -> NoReturn:
    raise BadUse("file: a part of it declares a document type; a spreadsheet has none, and it is not read.")


def _require_few(_name: str, attributes: dict[str, str]) -> None:
    """BadUse where a cell or row is to be read more often than any sheet is long."""
    for name in _REPEATED:
        if (times := attributes.get(name)) is not None and not (
            times.isdecimal() and int(times) <= _MOST_REPEATED
        ):
            raise BadUse(
                "file: says that a cell repeats more often than any sheet has room for; it is damaged."
            )


def _cell(value: object) -> Cell:
    """A number is what the program showed: the shortest decimal that is stored as the same binary fraction."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, dt.date):
        return value
    return str(value)
