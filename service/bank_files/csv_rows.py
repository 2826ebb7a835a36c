"""A CSV as rows of text, by the mapping's encoding and delimiter. What its columns are is for `tables` to say."""

from __future__ import annotations

import csv
import io

from service.bank_files.mapping import Layout
from service.bank_files.reading import MOST_LINES
from service.bank_files.tables import TableRow
from service.command import BadUse

_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def decoded(data: bytes, layout: Layout) -> str:
    """The text of a file, by its mark of byte order, else by the mapping; BadUse where it is not that."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), layout.encoding)
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise BadUse(
            "file: is not text in {encoding}; name its encoding in the mapping, such as cp1252.",
            encoding=encoding[:20],
        ) from None


def csv_rows(data: bytes, layout: Layout) -> list[TableRow]:
    """Its rows, numbered from 1; raises BadUse where it is not text, or not CSV."""
    text = io.StringIO(decoded(data, layout), newline="")
    rows: list[TableRow] = []
    try:
        for at, cells in enumerate(csv.reader(text, delimiter=layout.delimiter, strict=True), 1):
            if at > MOST_LINES + 1_000:
                raise BadUse("file: has more than {most} lines; split it.", most=MOST_LINES)
            rows.append(TableRow(at, cells))
    except csv.Error as failure:
        raise BadUse(
            "file: row {rows} is not CSV ({failure}); see `delimiter` in the mapping.",
            rows=len(rows) + 1,
            failure=str(failure),
        ) from None
    return rows
