"""Bank statements as OFX, of version 1 (SGML) or 2 (XML), made into elements by the library `ofxtools`. It records
nothing.

Banks bend the order and the length of elements, which the library's own objects refuse; so what is wanted is taken
from its elements by name.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from html import unescape
from xml.etree.ElementTree import Element

from ofxtools.Parser import OFXTree

from ledger.core.line_words import LineWords
from ledger.core.wording import Wording, WrongValue
from ledger.recording.bank_statements import Statement, StatementLine
from service.bank_files.amounts import exact_minor
from service.bank_files.mapping import Layout
from service.bank_files.reading import known_currency, of_account, quoted, silence, statement_of
from service.command import BadUse

silence("ofxtools")
_BROKEN = (ValueError, SyntaxError, LookupError, TypeError, AttributeError, AssertionError)
"""What the library raises for what it cannot read."""


def is_ofx(data: bytes) -> bool:
    """Does it begin as OFX does, of either version?"""
    begin = data[:2_000].upper()
    return (
        begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"OFXHEADER")
        or b"<OFX>" in begin
        or b"<?OFX" in begin
    )


def ofx_statements(data: bytes, layout: Layout) -> tuple[Statement, ...]:
    """The statements of the mapping's account, or of the only one in the file; raises BadUse."""
    tree = OFXTree()
    try:
        root = tree.parse(io.BytesIO(data))
    except _BROKEN as failure:
        raise BadUse("file: is OFX, and cannot be read ({failure}).", failure=quoted(failure)) from None
    nodes = [*root.iter("STMTRS"), *root.iter("CCSTMTRS")]
    if not nodes:
        raise BadUse("file: is OFX without a statement of a bank (STMTRS).")
    return of_account([_statement(statement, layout, at) for at, statement in enumerate(nodes, 1)], layout)


def _statement(node: Element, layout: Layout, at: int) -> Statement:
    where = _where(at)
    currency = known_currency(_word(node, "CURDEF"), where)
    lines = [
        _line(node_line, currency, _where(at, number))
        for number, node_line in enumerate(node.iter("STMTTRN"), 1)
    ]
    lines = sorted((line for line in lines if line.minor), key=lambda line: line.booked)
    first, last = (_day(_word(node, "BANKTRANLIST", tag), where) for tag in ("DTSTART", "DTEND"))
    closing = _closing(node, currency, where, max([last, *(line.booked for line in lines)]))
    opening = None if closing is None else closing - sum(line.minor for line in lines)
    return statement_of(
        lines,
        layout,
        currency=currency,
        opening=opening,
        closing=closing,
        account=_word(node, "BANKACCTFROM", "ACCTID") or _word(node, "CCACCTFROM", "ACCTID"),
        first=first,
        last=last,
    )


def _closing(node: Element, currency: str, where: Wording, last: str) -> int | None:
    """The balance after the last line; None where the one that the file has is of another day.

    Many banks write the balance of the day on which the file was made, whichever days it is about.
    """
    text, day = _word(node, "LEDGERBAL", "BALAMT"), _day(_word(node, "LEDGERBAL", "DTASOF"), where)
    return _minor(text, currency, where) if text and day == last else None


def _where(at: int, line: int | None = None) -> Wording:
    """Which statement, or which line of it."""
    if line is None:
        return Wording("statement {at}", {"at": at})
    return Wording("statement {at}, line {line}", {"at": at, "line": line})


def _line(element: Element, currency: str, where: Wording) -> StatementLine:
    day = _day(_word(element, "DTPOSTED"), where)
    if not day:
        raise BadUse("file: {where} has no day on which it was booked (DTPOSTED).", where=where)
    words = LineWords.of(
        names=_texts(element, "NAME", "PAYEE/NAME"),
        texts=_texts(element, "MEMO"),
        reference=_word(element, "FITID"),
        others=_texts(element, "REFNUM", "CHECKNUM"),
    )
    return StatementLine(day, _minor(_word(element, "TRNAMT"), currency, where), words, where)


def _word(node: Element, *path: str) -> str:
    """The text of an element, empty where there is none; the library leaves escapes as they are written."""
    return unescape(node.findtext("/".join(path)) or "").strip()


def _texts(node: Element, *paths: str) -> Iterator[str]:
    return (text for path in paths if (text := _word(node, path)))


def _minor(text: str, currency: str, where: Wording) -> int:
    """With a point or a comma before the decimals, as banks write either."""
    is_comma = "," in text and "." not in text
    try:
        return exact_minor(text, currency, "," if is_comma else ".", sure=True)
    except WrongValue as failure:
        raise BadUse(
            "file: {where}: {text} is no amount that can be read exactly: {failure}.",
            where=where,
            text=quoted(text),
            failure=failure.wording,
        ) from None


def _day(text: str, where: Wording) -> str:
    """The day at the bank, whatever its hour and zone; empty where none is told."""
    if not text:
        return ""
    try:
        return dt.date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}").isoformat()
    except ValueError:
        raise BadUse(
            "file: {where}: {text} is no day as OFX writes one (YYYYMMDD).", where=where, text=quoted(text)
        ) from None
