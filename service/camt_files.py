"""Bank statements as CAMT.053 (ISO 20022 XML): booked entries with opening and closing balance. Records nothing.

Document types and entities are refused before anything is read, so a file can neither grow nor fetch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from ledger.core.money import DECIMALS
from service.bank_files import MOST_LINES, FileLine, FileStatement, Layout, exact_minor
from service.command import BadUse

_DEEPEST = 40
_MOST_TEXT = 2_000
_EXACT = Layout("camt")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class _Node:
    """An element without its namespace."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    inner: list[_Node] = field(default_factory=list)

    def all(self, *path: str) -> list[_Node]:
        found = [self]
        for step in path:
            found = [child for node in found for child in node.inner if child.name == step]
        return found

    def word(self, *path: str) -> str:
        """The text of the first element on the path, or nothing."""
        found = self.all(*path)
        return found[0].text.strip() if found else ""


def _refuse_document_type(*_: object) -> NoReturn:
    raise BadUse(
        "file: declares a document type or entities; a bank's statement has none, and it is not read."
    )


def _tree(data: bytes) -> _Node:
    root = _Node("", {})
    open_nodes = [root]
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.EntityDeclHandler = _refuse_document_type
    parser.ExternalEntityRefHandler = _refuse_document_type

    def start(name: str, attributes: dict[str, str]) -> None:
        node = _Node(name.rpartition("}")[2], attributes)
        open_nodes[-1].inner.append(node)
        open_nodes.append(node)
        if len(open_nodes) > _DEEPEST:
            raise BadUse(f"file: is nested deeper than {_DEEPEST}; a statement is not.")

    def end(_name: str) -> None:
        open_nodes.pop()

    def words(text: str) -> None:
        open_nodes[-1].text += text

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as failure:
        raise BadUse(f"file: is not XML ({failure}).") from None
    return root


def camt_statements(data: bytes, layout: Layout) -> tuple[FileStatement, ...]:
    """The statements of the mapping's account, or of the only one in the file; raises BadUse."""
    statements = _tree(data).all("Document", "BkToCstmrStmt", "Stmt")
    if not statements:
        raise BadUse("file: holds no CAMT.053 statement (Document, BkToCstmrStmt, Stmt).")
    read = [_statement(statement) for statement in statements]
    wanted = layout.account.replace(" ", "")
    if wanted:
        read = [statement for statement in read if statement.account == wanted]
        if not read:
            raise BadUse("file: holds no statement of the account that the mapping names.")
    if len({(statement.account, statement.currency) for statement in read}) > 1:
        raise BadUse("file: holds several accounts; name one in the mapping (account).")
    if layout.currency and read[0].currency != layout.currency:
        raise BadUse(f"file: is in {read[0].currency}; the mapping says {layout.currency}.")
    return tuple(read)


def _statement(node: _Node) -> FileStatement:
    account = node.word("Acct", "Id", "IBAN") or node.word("Acct", "Id", "Othr", "Id")
    balances: dict[str, tuple[int, str]] = {}
    for balance in node.all("Bal"):
        code = balance.word("Tp", "CdOrPrtry", "Cd")
        balances.setdefault(code, _money(balance))
    opening, closing = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    if opening is None or closing is None:
        raise BadUse("file: a statement lacks its booked opening (OPBD, PRCD) or closing (CLBD) balance.")
    lines = []
    for entry in node.all("Ntry"):
        if (entry.word("Sts", "Cd") or entry.word("Sts")) != "BOOK":
            continue
        minor, currency = _money(entry)
        if currency != closing[1]:
            raise BadUse("file: an entry is in another currency than its statement.")
        if minor:
            lines.append(FileLine(_booked(entry), minor, _text(entry), entry.word("AcctSvcrRef")))
    if len(lines) > MOST_LINES:
        raise BadUse(f"file: has more than {MOST_LINES} lines; split it.")
    if opening[1] != closing[1]:
        raise BadUse("file: opening and closing are in two currencies.")
    return FileStatement(account, closing[1], opening[0], closing[0], tuple(lines))


def _money(node: _Node) -> tuple[int, str]:
    """(minor units, below zero for a debit; currency)."""
    amounts = node.all("Amt")
    currency = amounts[0].attributes.get("Ccy", "") if amounts else ""
    if currency not in DECIMALS:
        raise BadUse("file: an amount is in no currency that is known here.")
    try:
        minor = exact_minor(amounts[0].text, currency, _EXACT)
    except ValueError as failure:
        raise BadUse(f"file: an amount cannot be read exactly: {failure}.") from None
    side = node.word("CdtDbtInd")
    if side not in {"CRDT", "DBIT"} or minor < 0:
        raise BadUse("file: an amount is neither credit (CRDT) nor debit (DBIT).")
    return (minor if side == "CRDT" else -minor), currency


def _booked(entry: _Node) -> str:
    day = (entry.word("BookgDt", "Dt") or entry.word("BookgDt", "DtTm"))[:10]
    if not _DAY.fullmatch(day):
        raise BadUse("file: a booked entry has no booking date.")
    return day


def _text(entry: _Node) -> str:
    words = [node.text for node in entry.all("NtryDtls", "TxDtls", "RmtInf", "Ustrd")]
    words += [node.text for node in entry.all("NtryDtls", "TxDtls", "Refs", "EndToEndId")]
    words += [node.text for node in entry.all("AddtlNtryInf")]
    return " ".join(" ".join(words).split())[:_MOST_TEXT]
