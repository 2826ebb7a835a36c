"""How a bank writes its files: the mapping, a TOML file of people's. It reads no statement.

Tables (CSV, spreadsheets) need [columns]; CAMT, MT940 and OFX say by themselves what is what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ledger.core.money import CODES, DECIMALS
from service.command import BadUse
from service.config import parse_toml

Column = str | int
"""A heading; or, in a table without headings, the number of the column, from 1."""

IN_MARKS = ("c", "cr", "crdt", "credit", "h", "haben", "bij", "+", "in")
OUT_MARKS = ("d", "dr", "dbit", "debit", "s", "soll", "af", "-", "out")
"""How banks mark money that came in, and money that went out, where the mapping names no marks of its own."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table has what. Either `amount`, or one or both of `came` and `went`; empty where there is none.

    `side` marks each amount as in or out; `fee` is taken off beside it, and becomes a line of its own.
    """

    date: Column = ""
    amount: Column = ""
    came: Column = ""
    went: Column = ""
    side: Column = ""
    fee: Column = ""
    name: tuple[Column, ...] = ()
    text: tuple[Column, ...] = ()
    reference: Column = ""
    balance: Column = ""
    currency: Column = ""

    def all(self) -> dict[Column, str]:
        """Each column that is named, with the key that names it first."""
        named: dict[Column, str] = {}
        for key in fields(self):
            value = getattr(self, key.name)
            for column in value if isinstance(value, tuple) else (value,):
                if column != "":
                    named.setdefault(column, key.name)
        return named


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in the column `side` for money that came in, and for money that went out."""

    came: tuple[str, ...] = IN_MARKS
    went: tuple[str, ...] = OUT_MARKS


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a bank's files: which bank of the books it is, and how a table writes dates and amounts.

    `dates` are formats of strptime, tried in turn. `negate` turns the sign of `amount`; `minus_is_out` are columns
    whose minus only repeats that money went out. `skip` rows stand above the headings (None: they are looked for) and
    `footer` rows below the last line. `keep` and `drop` choose rows by what a column holds. `opening` and `closing`
    are balances as text, needed where no column has them.
    """

    bank: str
    currency: str = ""
    account: str = ""
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    sheet: str = ""
    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    headings: bool = True
    skip: int | None = None
    footer: int = 0
    negate: bool = False
    newest_first: bool | None = None
    minus_is_out: frozenset[str] = frozenset()
    opening: str = ""
    closing: str = ""
    first: str = ""
    last: str = ""
    columns: Columns = field(default_factory=Columns)
    marks: Marks = field(default_factory=Marks)
    keep: Mapping[Column, frozenset[str]] = field(default_factory=dict)
    drop: Mapping[Column, frozenset[str]] = field(default_factory=dict)


_TEXTS = (
    "bank",
    "currency",
    "account",
    "delimiter",
    "encoding",
    "sheet",
    "decimal",
    "thousands",
    "opening",
    "closing",
)
_FLAGS = ("headings", "negate", "newest_first")
_COUNTS = ("skip", "footer")
_TABLES = ("columns", "side", "keep", "drop")
_KEYS = (*_TEXTS, "date", *_FLAGS, *_COUNTS, "minus_is_out", *_TABLES)
_SIGNED = ("amount", "went", "fee")
_MOST_ROWS = 1_000


def layout_from(data: bytes) -> Layout:
    """The mapping of a TOML file; raises BadUse naming the key that is wrong."""
    try:
        tables = parse_toml(data.decode(), "mapping")
    except UnicodeDecodeError:
        raise BadUse("mapping: is not TOML in UTF-8.") from None
    for name in tables:
        if name not in _KEYS:
            raise BadUse("mapping: {name} is not known; there are {keys}.", name=name[:40], keys=tuple(_KEYS))
    given: dict[str, Any] = {name: _text(name, tables[name]) for name in _TEXTS if name in tables}
    given |= {name: _flag(name, tables[name]) for name in _FLAGS if name in tables}
    given |= {name: _count(name, tables[name]) for name in _COUNTS if name in tables}
    if "date" in tables:
        given["dates"] = _texts("date", tables["date"])
    headings = given.get("headings", True)
    layout = Layout(
        **{"bank": "", **given},
        minus_is_out=frozenset(_among("minus_is_out", tables.get("minus_is_out", []), _SIGNED)),
        columns=_columns(_table("columns", tables), headings),
        marks=_marks(_table("side", tables)),
        keep=_rows("keep", _table("keep", tables), headings),
        drop=_rows("drop", _table("drop", tables), headings),
    )
    _require_sound(layout)
    return layout


def _require_sound(layout: Layout) -> None:
    if not layout.bank:
        raise BadUse("mapping: bank is missing; name the bank as the books do.")
    if layout.currency and layout.currency not in DECIMALS:
        raise BadUse("mapping: currency is none that is known here; {remedy}.", remedy=CODES)
    if len(layout.delimiter) != 1 or len(layout.decimal) != 1 or len(layout.thousands) > 1:
        raise BadUse("mapping: delimiter and decimal are one character each, thousands one or none.")
    if layout.decimal == layout.thousands:
        raise BadUse(
            "mapping: decimal and thousands are the same character; amounts could be read in two ways."
        )
    both = {mark for mark in layout.marks.came if mark in layout.marks.went}
    if both:
        raise BadUse(
            "mapping: side has {mark} both for in and for out; write it once.",
            mark=repr(sorted(both)[0][:20]),
        )


def require_columns(columns: Columns, formats: Sequence[str]) -> None:
    """BadUse where a table cannot be read by them; it says which other `formats` need none."""
    if columns == Columns():
        raise BadUse(
            "file: is none of {formats}; to read it as CSV the mapping needs [columns], with the headings of "
            "its date and amount.",
            formats=formats,
        )
    if columns.date == "" or (columns.amount == "" and columns.came == "" and columns.went == ""):
        raise BadUse("mapping: columns needs date, and amount or came and went.")
    if columns.amount != "" and (columns.came != "" or columns.went != ""):
        raise BadUse("mapping: columns has amount beside came or went; name the one or the others.")
    if columns.side != "" and columns.amount == "":
        raise BadUse("mapping: columns has side without amount; a mark says which way an amount went.")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadUse("mapping: {name} has the wrong shape; write it in quotation marks.", name=name)
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """One text, or a list of some."""
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts or any(type(text) is not str for text in texts):
        raise BadUse("mapping: {name} has the wrong shape; write a text, or a list of texts.", name=name)
    return tuple(texts)


def _among(name: str, value: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    texts = _texts(name, value) if value else ()
    for text in texts:
        if text not in known:
            raise BadUse(
                "mapping: {name} has {text}, and may have {known}.",
                name=name,
                text=repr(text[:40]),
                known=tuple(known),
            )
    return texts


def _flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise BadUse("mapping: {name} has the wrong shape; write true or false.", name=name)
    return value


def _count(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_ROWS:
        raise BadUse(
            "mapping: {name} has the wrong shape; write a whole number up to {most}.",
            name=name,
            most=_MOST_ROWS,
        )
    return value


def _table(name: str, tables: Mapping[str, Any]) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise BadUse("mapping: {name} has the wrong shape; it is a table, [{name}].", name=name)
    return table


def _columns(table: Mapping[str, Any], headings: bool) -> Columns:
    known = [key.name for key in fields(Columns)]
    given: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise BadUse(
                "mapping: columns.{name} is not known; there are {known}.", name=name[:40], known=tuple(known)
            )
        several = name in {"name", "text"}
        written = value if several and isinstance(value, list) else [value]
        columns = tuple(_column(f"columns.{name}", column, headings) for column in written)
        given[name] = columns if several else columns[0]
    return Columns(**given)


def _column(name: str, value: Any, headings: bool) -> Column:
    if headings and isinstance(value, str):
        return " ".join(value.split())
    if not headings and type(value) is int and 1 <= value <= _MOST_ROWS:
        return value
    if headings:
        raise BadUse("mapping: {name} has the wrong shape; write a heading.", name=name)
    raise BadUse(
        "mapping: {name} has the wrong shape; write the number of a column, from 1 (headings = false).",
        name=name,
    )


def _marks(table: Mapping[str, Any]) -> Marks:
    for name in table:
        if name not in {"in", "out"}:
            raise BadUse("mapping: side.{name} is not known; there are in, out.", name=name[:40])
    came = tuple(mark.casefold() for mark in _texts("side.in", table["in"])) if "in" in table else None
    went = tuple(mark.casefold() for mark in _texts("side.out", table["out"])) if "out" in table else None
    return Marks(
        came if came is not None else tuple(mark for mark in IN_MARKS if mark not in (went or ())),
        went if went is not None else tuple(mark for mark in OUT_MARKS if mark not in (came or ())),
    )


def _rows(name: str, table: Mapping[str, Any], headings: bool) -> dict[Column, frozenset[str]]:
    rows: dict[Column, frozenset[str]] = {}
    for key, value in table.items():
        column = _column(
            f"{name}.{key[:40]}", key if headings else int(key) if key.isdecimal() else key, headings
        )
        rows[column] = frozenset(
            " ".join(text.split()).casefold() for text in _texts(f"{name}.{key[:40]}", value)
        )
    return rows
