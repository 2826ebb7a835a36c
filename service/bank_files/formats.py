"""Which format a bank's file is, told by its first bytes, and the statements that it holds. It records nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.money import decimal_text
from ledger.core.wording import Wording, translatable
from ledger.recording.bank_statements import Statement
from service.bank_files.camt import camt_statements
from service.bank_files.csv_rows import csv_rows, decoded
from service.bank_files.mapping import Layout, require_columns
from service.bank_files.mt940 import is_mt940, mt940_statements
from service.bank_files.ofx import is_ofx, ofx_statements
from service.bank_files.sheets import sheet_rows
from service.bank_files.tables import table_statements
from service.command import BadUse

PLAIN = ("CAMT.053", "CAMT.052", "CAMT.054", "MT940", "OFX")
"""What says by itself what is what."""
FORMATS = (*PLAIN, "XLSX", "XLS", "ODS")
"""What is known by its bytes."""
_ELSE = (
    (b"%PDF", translatable("a PDF")),
    (b"\x89PNG", translatable("a picture")),
    (b"\xff\xd8\xff", translatable("a picture")),
    (b"\x1f\x8b", translatable("packed (gzip)")),
    (b"{\\rtf", translatable("a text document (RTF)")),
)
_BLANK = b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"


@dataclass(frozen=True, slots=True)
class FileRead:
    """The statements of a file, each of which ties, in its order; `left_out` rows the mapping told to leave out."""

    statements: tuple[Statement, ...]
    left_out: int = 0


def read_file(data: bytes, layout: Layout) -> FileRead:
    """The statements that a file holds; raises BadUse in one sentence for what cannot be read, or does not tie."""
    file_read = _read(data, layout)
    for statement in file_read.statements:
        if statement.off:
            off = decimal_text(statement.currency, statement.off)
            raise BadUse(
                "file: opening, lines and closing do not tie: the lines lead {off} {currency} too far; nothing "
                "was taken. Take the whole statement as the bank gave it.",
                off=off,
                currency=statement.currency,
            )
    return file_read


def _read(data: bytes, layout: Layout) -> FileRead:
    for mark, what in _ELSE:
        if data.startswith(mark):
            raise BadUse(
                "file: is {what}, which is not read; ask your bank for one of {formats}, or CSV.",
                what=Wording(what),
                formats=FORMATS,
            )
    if is_ofx(data):
        return FileRead(ofx_statements(data, layout))
    if is_mt940(data):
        return FileRead(mt940_statements(decoded(data, layout), layout))
    if data.lstrip(_BLANK).startswith(b"<"):
        return FileRead(camt_statements(data, layout))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        require_columns(layout.columns, PLAIN)
        return FileRead(*table_statements(sheet_rows(data, layout), layout))
    require_columns(layout.columns, FORMATS)
    return FileRead(*table_statements(csv_rows(data, layout), layout))
