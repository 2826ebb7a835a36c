"""Bank statements as CAMT (ISO 20022 XML), of whatever version: booked entries, and in 053 the balances around them.

Reports of a day (052) and notices (054) prove nothing by balances: their entries are notified only.

Elements are found by their local names. Document types and entities are refused before anything is read, so a file
can neither grow nor fetch.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lxml import etree

from ledger.core.line_words import LineWords
from ledger.core.wording import Wording, WrongValue
from ledger.recording.bank_statements import Statement, StatementLine
from service.bank_files.amounts import exact_minor
from service.bank_files.mapping import Layout
from service.bank_files.reading import MOST_LINES, known_currency, of_account, quoted, statement_of
from service.command import BadUse

_DEEPEST = 60
_MOST_NODES = 5_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MIDNIGHT = "T00:00:00"


@dataclass(slots=True)
class Node:
    """An element without its namespace."""

    name: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)
    inner: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts).strip()

    def all(self, *path: str) -> list[Node]:
        nodes = [self]
        for step in path:
            nodes = [child for node in nodes for child in node.inner if child.name == step]
        return nodes

    def word(self, *path: str) -> str:
        """The text of the first element on the path, or nothing."""
        nodes = self.all(*path)
        return nodes[0].text if nodes else ""

    def words(self, *paths: tuple[str, ...]) -> Iterator[str]:
        """The texts of all elements on these paths."""
        return (node.text for path in paths for node in self.all(*path))

    def below(self, name: str) -> Iterator[Node]:
        """The elements of a name, wherever they stand, outermost only."""
        for child in self.inner:
            if child.name == name:
                yield child
            else:
                yield from child.below(name)


class _Tree:
    """What the parser tells, as nodes; it refuses a document type as soon as one begins."""

    def __init__(self) -> None:
        self.root = Node("", {})
        self._open = [self.root]
        self._count = 0

    def doctype(self, *_: object) -> NoReturn:
        raise BadUse(
            "file: declares a document type or entities; a bank's statement has none, and it is not read."
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > _DEEPEST or self._count > _MOST_NODES:
            raise BadUse(
                "file: is nested deeper than {deepest}, or endless; a statement is not.", deepest=_DEEPEST
            )
        node = Node(_local(tag), {_local(name): value for name, value in attributes.items()})
        self._open[-1].inner.append(node)
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def close(self) -> Node:
        return self.root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def xml_tree(data: bytes) -> Node:
    """The elements of a file; raises BadUse for what is no XML, too deep, or has a document type."""
    target: Any = _Tree()
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise BadUse("file: is not XML that can be read ({failure}).", failure=quoted(failure)) from None
    root: Node = target.root
    return root


_STATEMENTS = ("BkToCstmrStmt", "Stmt")
_NOTICES = (("BkToCstmrAcctRpt", "Rpt"), ("BkToCstmrDbtCdtNtfctn", "Ntfctn"))


def camt_statements(data: bytes, layout: Layout) -> tuple[Statement, ...]:
    """The statements of the mapping's account, or of the only one in the file; raises BadUse."""
    root = xml_tree(data)
    statements = [_statement(node, layout, has_balances=True) for node in _reports(root, *_STATEMENTS)]
    for message, name in _NOTICES:
        statements += [_statement(node, layout, has_balances=False) for node in _reports(root, message, name)]
    if not statements:
        raise BadUse(
            "file: is XML, and holds no CAMT.053 statement (Document, BkToCstmrStmt, Stmt), no CAMT.052 or CAMT.054 "
            "and no OFX."
        )
    return of_account(statements, layout)


def _reports(root: Node, message: str, name: str) -> list[Node]:
    return [node for inner in root.below(message) for node in inner.all(name)]


def _statement(node: Node, layout: Layout, *, has_balances: bool) -> Statement:
    account = node.word("Acct", "Id", "IBAN") or node.word("Acct", "Id", "Othr", "Id")
    opening, closing = _balance_ends(node) if has_balances else (None, None)
    currency = _currency(node, layout) if opening is None else opening.currency
    if closing is not None and closing.currency != currency:
        raise BadUse("file: opening and closing balance are in two currencies.")
    lines = []
    for at, entry in enumerate(node.all("Ntry"), 1):
        if (entry.word("Sts", "Cd") or entry.word("Sts", "Prtry") or entry.word("Sts")) != "BOOK":
            continue
        where = Wording("entry {at}", {"at": at})
        amount = _money(entry, where)
        if amount.currency != currency:
            raise BadUse(
                "file: {where} is in {told}, and its statement in {currency}.",
                where=where,
                told=amount.currency,
                currency=currency,
            )
        if amount.minor:
            lines.append(StatementLine(_booked(entry, where), amount.minor, _words(entry), where))
    if len(lines) > MOST_LINES:
        raise BadUse("file: has more than {most} lines; split it.", most=MOST_LINES)
    first, last = _days(node)
    day = "" if closing is None else closing.day
    return statement_of(
        lines,
        layout,
        currency=currency,
        opening=None if opening is None else opening.minor,
        closing=None if closing is None else closing.minor,
        account=account,
        first=first or ("" if lines else day),
        last=last or day,
    )


def _currency(node: Node, layout: Layout) -> str:
    """Of what has no balances: the account's, else that of the first entry."""
    amounts = node.all("Ntry", "Amt")
    currency = node.word("Acct", "Ccy") or (
        amounts[0].attributes.get("Ccy", "") if amounts else layout.currency
    )
    return known_currency(currency, Wording("the account"))


@dataclass(frozen=True, slots=True)
class _Money:
    """Minor units, below zero for a debit; `day` where one is told."""

    minor: int
    currency: str
    day: str = ""


def _balance_ends(node: Node) -> tuple[_Money, _Money]:
    """Booked opening and closing balance; of a statement on several pages also the interim ones at its ends."""
    balances: dict[str, list[_Money]] = {}
    for balance in node.all("Bal"):
        code = balance.word("Tp", "CdOrPrtry", "Cd") or balance.word("Tp", "CdOrPrtry", "Prtry")
        if code in {"OPBD", "PRCD", "CLBD", "ITBD"}:
            balances.setdefault(code, []).append(_money(balance, Wording("balance {code}", {"code": code})))
    interim = balances.get("ITBD", [])
    opening = [*balances.get("OPBD", []), *balances.get("PRCD", []), *interim[:1]]
    closing = [*interim[-1:], *balances.get("CLBD", [])[:1]]
    is_one = opening and closing and opening[0] is closing[-1]
    if not opening or not closing or is_one:
        raise BadUse("file: a statement lacks its booked opening (OPBD, PRCD) or closing (CLBD) balance.")
    return opening[0], closing[-1]


def _money(node: Node, where: Wording) -> _Money:
    amounts = node.all("Amt")
    if not amounts:
        raise BadUse("file: {where} has no amount (Amt).", where=where)
    currency = known_currency(amounts[0].attributes.get("Ccy", ""), where)
    text, side = amounts[0].text, node.word("CdtDbtInd")
    try:
        minor = exact_minor(text, currency, sure=True)
    except WrongValue as failure:
        raise BadUse(
            "file: {where}: {text} is no amount that can be read exactly: {failure}.",
            where=where,
            text=quoted(text),
            failure=failure.wording,
        ) from None
    if side not in {"CRDT", "DBIT"} or minor < 0:
        raise BadUse(
            "file: {where}: {text} is neither credit (CRDT) nor debit (DBIT), or has a sign beside that.",
            where=where,
            text=quoted(text),
        )
    day = (node.word("Dt", "Dt") or node.word("Dt", "DtTm"))[:10]
    return _Money(minor if side == "CRDT" else -minor, currency, day if _DAY.fullmatch(day) else "")


def _booked(entry: Node, where: Wording) -> str:
    day = (entry.word("BookgDt", "Dt") or entry.word("BookgDt", "DtTm"))[:10]
    if not _DAY.fullmatch(day):
        raise BadUse("file: {where} is booked, and has no booking date (BookgDt).", where=where)
    return day


def _days(node: Node) -> tuple[str, str]:
    """First and last day that a statement covers, where it says so; one that ends at midnight ends a day before."""
    first, last = node.word("FrToDt", "FrDtTm"), node.word("FrToDt", "ToDtTm")
    if not (_DAY.match(first) and _DAY.match(last)):
        return "", ""
    if last[10:].startswith(_MIDNIGHT) and last[:10] > first[:10]:
        return first[:10], (dt.date.fromisoformat(last[:10]) - dt.timedelta(days=1)).isoformat()
    return first[:10], last[:10]


_PARTIES = (("Nm",), ("Pty", "Nm"))
_OWN_REFERENCE = ("NtryDtls", "TxDtls", "Refs", "AcctSvcrRef")
_REFERENCES = (
    "EndToEndId",
    "InstrId",
    "TxId",
    "PmtInfId",
    "MsgId",
    "MndtId",
    "ChqNb",
    "ClrSysRef",
    "AcctSvcrRef",
)


def _words(entry: Node) -> LineWords:
    """Of all payments of a batch together: the entry is what the account shows.

    The indicator says which way the money of this entry went, also where it reverses another; then whoever is on the
    other side stands where the original payment had them.
    """
    is_credit, is_reversal = entry.word("CdtDbtInd") == "CRDT", entry.word("RvslInd") in {"true", "1"}
    sides = ("Dbtr", "UltmtDbtr") if is_credit != is_reversal else ("Cdtr", "UltmtCdtr")
    details, remitted = ("NtryDtls", "TxDtls"), ("NtryDtls", "TxDtls", "RmtInf")
    own = entry.word("AcctSvcrRef")
    if not own and len(entry.all(*details)) == 1:
        own = entry.word(*_OWN_REFERENCE)
    return LineWords.of(
        names=entry.words(*((*details, "RltdPties", side, *name) for side in sides for name in _PARTIES)),
        texts=entry.words(
            (*remitted, "Ustrd"),
            (*remitted, "Strd", "AddtlRmtInf"),
            (*details, "AddtlTxInf"),
            ("AddtlNtryInf",),
        ),
        reference=own,
        others=entry.words(
            (*remitted, "Strd", "CdtrRefInf", "Ref"),
            (*remitted, "Strd", "RfrdDocInf", "Nb"),
            *((*details, "Refs", name) for name in _REFERENCES),
            ("NtryRef",),
        ),
    )
