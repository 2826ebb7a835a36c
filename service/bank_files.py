"""Bank statements as CSV, read by a mapping that says what each column is; amounts exactly. It records nothing.

A file that holds anything that cannot be read is refused whole, with the row.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field, fields
from typing import Any

from ledger.core.money import CODES, DECIMALS, MAX_AMOUNT
from service.command import BadUse
from service.config import parse_toml

MOST_LINES = 100_000
_MOST_TEXT = 2_000
_SPACES = str.maketrans("", "", " \u00a0\u202f'")


@dataclass(frozen=True, slots=True)
class FileLine:
    """One booked line: `minor` units, below zero where they went out; `reference` is the bank's own, or empty."""

    booked: str
    minor: int
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class FileStatement:
    """Opening + lines = closing, or the file does not tie. `account` is the bank's number for it, or empty."""

    account: str
    currency: str
    opening: int
    closing: int
    lines: tuple[FileLine, ...]

    @property
    def off(self) -> int:
        """Minor units by which the lines miss the closing balance."""
        return self.opening + sum(line.minor for line in self.lines) - self.closing


@dataclass(frozen=True, slots=True)
class Columns:
    """The headings of a CSV's columns. Either `amount`, or `came` and `went`; empty where there is none."""

    date: str
    amount: str = ""
    came: str = ""
    went: str = ""
    text: tuple[str, ...] = ()
    reference: str = ""
    balance: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a bank's files: which bank of the books it is, and how a CSV writes dates and amounts.

    `date` is a format of strptime; `negate` turns the sign of `amount`; `skip` lines stand above the headings.
    `opening` and `closing` balances are needed where no column `balance` has them.
    """

    bank: str
    currency: str = ""
    account: str = ""
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal: str = "."
    thousands: str = ""
    date: str = "%Y-%m-%d"
    skip: int = 0
    negate: bool = False
    newest_first: bool = False
    opening: str = ""
    closing: str = ""
    columns: Columns = field(default_factory=lambda: Columns(""))


def layout_from(data: bytes) -> Layout:
    """The mapping of a TOML file; raises BadUse naming the key that is wrong."""
    try:
        told = parse_toml(data.decode(), "mapping")
    except UnicodeDecodeError:
        raise BadUse("mapping: is not TOML in UTF-8.") from None
    columns = told.pop("columns", {})
    if not isinstance(columns, dict):
        raise BadUse("mapping: columns is a table, [columns], with the headings.")
    text = columns.get("text", [])
    columns = {"date": "", **columns, "text": tuple([text] if isinstance(text, str) else text)}
    layout: Layout = _checked(Layout, {**told, "columns": _checked(Columns, columns, "columns.")}, "")
    if layout.currency and layout.currency not in DECIMALS:
        raise BadUse(f"mapping: currency is none that is known here; {CODES}.")
    if len(layout.delimiter) != 1 or len(layout.decimal) != 1 or len(layout.thousands) > 1:
        raise BadUse("mapping: delimiter and decimal are one character each, thousands one or none.")
    if layout.decimal == layout.thousands:
        raise BadUse(
            "mapping: decimal and thousands are the same character; amounts could be read in two ways."
        )
    return layout


def _checked(shape: Any, told: dict[str, Any], prefix: str) -> Any:
    known = {f.name: f for f in fields(shape)}
    for name, value in told.items():
        if name not in known:
            raise BadUse(f"mapping: {prefix}{name[:40]} is not known; there are {', '.join(known)}.")
        wanted = {"skip": int, "negate": bool, "newest_first": bool, "text": tuple, "columns": Columns}.get(
            name, str
        )
        if type(value) is not wanted:
            raise BadUse(f"mapping: {prefix}{name} has the wrong shape; see the documents for coordinators.")
    if shape is Layout and not told.get("bank"):
        raise BadUse("mapping: bank is missing; name the bank as the books do.")
    return shape(**told)


def exact_minor(text: str, currency: str, layout: Layout) -> int:
    """An amount as its bank wrote it in minor units, exactly; raises ValueError with what is wrong."""
    plain = text.strip().translate(_SPACES) if layout.thousands != "'" else text.strip()
    sign = -1 if "-" in {plain[:1], plain[-1:]} or plain.startswith("\u2212") else 1
    plain = plain.strip("+-\u2212")
    whole, point, part = plain.partition(layout.decimal)
    if layout.thousands and layout.thousands in whole:
        groups = whole.split(layout.thousands)
        if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
            raise ValueError("the thousands are not in groups of three")
        whole = "".join(groups)
    if not re.fullmatch(r"[0-9]{1,15}", whole) or (point and not re.fullmatch(r"[0-9]*", part)):
        raise ValueError("it is no amount by the mapping's decimal and thousands")
    digits = DECIMALS[currency]
    if part[digits:].strip("0"):
        raise ValueError(f"it has more than the {digits} decimals of {currency}")
    minor = int(whole + part[:digits].ljust(digits, "0"))
    if minor > MAX_AMOUNT:
        raise ValueError("it is larger than any amount here")
    return sign * minor


def csv_statement(data: bytes, layout: Layout) -> FileStatement:
    """The statement that a CSV holds, by its mapping; raises BadUse naming the row."""
    try:
        text = data.decode(layout.encoding)
    except (UnicodeDecodeError, LookupError):
        raise BadUse(
            f"file: is not text in {layout.encoding[:20]}; name its encoding in the mapping."
        ) from None
    body = io.StringIO("".join(text.splitlines(keepends=True)[layout.skip :]), newline="")
    try:
        rows = list(csv.DictReader(body, delimiter=layout.delimiter, strict=True))
    except csv.Error as failure:
        raise BadUse(f"file: is not CSV ({failure}).") from None
    if not rows:
        raise BadUse("file: has no lines below its headings.")
    if len(rows) > MOST_LINES:
        raise BadUse(f"file: has more than {MOST_LINES} lines; split it.")
    for wanted in _wanted(layout.columns):
        if wanted not in rows[0]:
            there = ", ".join(repr(name[:40]) for name in list(rows[0])[:20])
            raise BadUse(
                f"file: has no column {wanted[:40]!r}, which the mapping names; its columns are {there}."
            )
    told = [_row(row, layout, at) for at, row in enumerate(rows, layout.skip + 2)]
    if layout.newest_first:
        told.reverse()
    currencies = {currency for _, _, currency in told}
    if len(currencies) != 1:
        raise BadUse("file: holds several currencies; import them one by one.")
    opening, closing = _ends(told, layout, currencies.copy().pop())
    lines = tuple(line for line, _, _ in told if line.minor)
    return FileStatement("", currencies.pop(), opening, closing, lines)


def _wanted(columns: Columns) -> list[str]:
    if not columns.date or not (columns.amount or (columns.came and columns.went)):
        raise BadUse("mapping: columns needs date, and amount or both came and went.")
    named = [columns.date, columns.amount, columns.came, columns.went, columns.reference]
    return [name for name in (*named, columns.balance, columns.currency, *columns.text) if name]


def _row(row: dict[str, Any], layout: Layout, at: int) -> tuple[FileLine, int | None, str]:
    """(the line, the balance after it where there is one, its currency)."""
    columns = layout.columns
    if None in row or None in row.values():
        raise BadUse(f"file: row {at} has more or fewer cells than the headings.")
    currency = row[columns.currency].strip().upper() if columns.currency else layout.currency
    if currency not in DECIMALS:
        raise BadUse(f"file: row {at} is in no currency that is known here; name it in the mapping.")
    try:
        booked = dt.datetime.strptime(row[columns.date].strip(), layout.date).date().isoformat()  # noqa: DTZ007
    except ValueError:
        raise BadUse(f"file: row {at} has no date like {layout.date}.") from None
    try:
        minor = _amount(row, layout, currency)
        balance = exact_minor(row[columns.balance], currency, layout) if columns.balance else None
    except ValueError as failure:
        raise BadUse(f"file: row {at}: an amount cannot be read exactly: {failure}.") from None
    text = " ".join(" ".join(row[name] for name in columns.text).split())[:_MOST_TEXT]
    reference = row[columns.reference].strip()[:_MOST_TEXT] if columns.reference else ""
    return FileLine(booked, minor, text, reference), balance, currency


def _amount(row: dict[str, Any], layout: Layout, currency: str) -> int:
    columns = layout.columns
    if columns.amount:
        return exact_minor(row[columns.amount], currency, layout) * (-1 if layout.negate else 1)
    came, went = (
        abs(exact_minor(row[name], currency, layout)) if row[name].strip() else 0
        for name in (columns.came, columns.went)
    )
    if came and went:
        raise ValueError("it came in and went out in one row")
    return came - went


def _ends(told: list[tuple[FileLine, int | None, str]], layout: Layout, currency: str) -> tuple[int, int]:
    """(opening, closing): of the column of balances, each of which has to follow, or of the mapping."""
    first, last = told[0][1], told[-1][1]
    if first is None or last is None:
        try:
            return exact_minor(layout.opening, currency, layout), exact_minor(
                layout.closing, currency, layout
            )
        except ValueError:
            raise BadUse("mapping: give opening and closing, or the column of balances.") from None
    running = first - told[0][0].minor
    for at, (line, balance, _) in enumerate(told, 1):
        running += line.minor
        if balance != running:
            raise BadUse(
                f"file: the balance after line {at} does not follow from the one before; nothing was taken."
            )
    return first - told[0][0].minor, last
