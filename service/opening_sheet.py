"""What stood on a day, read from a table (CSV, XLSX, XLS, ODS) whose rows say what they are about: one opening.

Columns are called as the fields of an opening; amounts are written in whole units with a decimal point. One row that
is refused refuses the file. It records nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import facts_from
from ledger.core.money import DECIMALS
from ledger.rules.openings import Opening
from service.bank_files.amounts import exact_minor, exact_number
from service.bank_files.csv_rows import csv_rows
from service.bank_files.mapping import Layout
from service.bank_files.reading import known_currency, quoted
from service.bank_files.sheets import sheet_rows
from service.bank_files.tables import Cell, TableRow
from service.command import BadUse

ROW = "row"
"""The column that says what a row is about."""
_SHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and ODS, and XLS, begin."""


class _Shape(Enum):
    TEXT = auto()
    DAY = auto()
    COUNT = auto()
    CURRENCY = auto()
    AMOUNT = auto()
    COINS = auto()  # an amount in BTC


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a row of an opening, and the column that it stands in."""

    name: str
    shape: _Shape = _Shape.TEXT
    column: str = ""

    @property
    def heading(self) -> str:
        return self.column or self.name


_ROWS: Mapping[str, tuple[_Field, ...]] = {
    "coins": (_Field("address"), _Field("amount", _Shape.COINS)),
    "money": (
        _Field("bank"),
        _Field("currency", _Shape.CURRENCY),
        _Field("amount", _Shape.AMOUNT),
        _Field("need"),
    ),
    "stock": (
        _Field("place"),
        _Field("product"),
        _Field("lot"),
        _Field("expiry", _Shape.DAY),
        _Field("quantity", _Shape.COUNT),
    ),
    "given": (
        _Field("asset", _Shape.CURRENCY, "currency"),
        _Field("amount", _Shape.AMOUNT),
        _Field("gifts", _Shape.COUNT),
        _Field("organisation"),
        _Field("given", _Shape.DAY, "day"),
    ),
    "delivered": (_Field("product"), _Field("place"), _Field("quantity", _Shape.COUNT)),
}
"""By what a row is about, which is the opening's list that it stands in: its fields."""
COLUMNS = (ROW, *dict.fromkeys(field.heading for fields in _ROWS.values() for field in fields))
_EXAMPLES: Sequence[Mapping[str, str]] = (
    {ROW: "coins", "address": "bc1qexample", "amount": "0.01500000"},
    {ROW: "money", "bank": "First Bank", "currency": "USD", "amount": "10000.00"},
    {ROW: "money", "bank": "Cash box", "currency": "XOF", "amount": "250000"},
    {
        ROW: "stock",
        "place": "Depot",
        "product": "KIT",
        "lot": "L1",
        "expiry": "2025-06-30",
        "quantity": "400",
    },
    {ROW: "given", "currency": "USD", "amount": "30000.00", "gifts": "7", "day": "2020-03-01"},
    {ROW: "delivered", "product": "KIT", "place": "Ghana", "quantity": "5000"},
)


def template() -> str:
    """A table to fill in, as CSV: its headings, and a row of each sort as an example."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_EXAMPLES)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class OpeningFile:
    """What a table says: an opening's lists, and in which row of the file each of their rows stands."""

    lists: Mapping[str, Sequence[Mapping[str, Any]]]
    rows: Mapping[tuple[str, int], int]

    def opening(self, number: str, day: str, paper: str | None) -> Opening:
        """The opening; raises BadUse, which names row and column, where a value has not its shape."""
        told = {"number": number, "date": day, **self.lists} | ({} if paper is None else {"paper": paper})
        try:
            return facts_from(Opening, told)
        except Refused as refusal:
            raise self.placed(refusal) from None

    def placed(self, refusal: Refused | NotFound | Conflict) -> BadUse:
        """A refusal of the ledger, which names lists and fields, by the rows and columns of the file."""
        if isinstance(refusal, Refused):
            errors = [(error.field, error.reason) for error in refusal.errors]
        else:
            field, _, reason = str(refusal).partition(": ")
            errors = [(field, reason)]
        return BadUse("; ".join(f"{self._place(field)}: {reason}" for field, reason in errors) + ".")

    def _place(self, field: str) -> str:
        found = re.fullmatch(r"([a-z]+)\.(\d+)(?:\.(\w+))?", field)
        at = None if found is None else self.rows.get((found[1], int(found[2])))
        if found is None or at is None:
            return field
        headings = {of_row.name: of_row.heading for of_row in _ROWS[found[1]]}
        return f"row {at}, column {headings.get(found[3], found[3])}" if found[3] else f"row {at}"


def read_opening(data: bytes) -> OpeningFile:
    """The rows of a table; raises BadUse in one sentence that names row, column, the value's shape and the remedy."""
    layout = Layout(bank="")
    rows = sheet_rows(data, layout) if data.startswith(_SHEETS) else csv_rows(data, layout)
    told = [row for row in rows if not row.is_empty]
    if not told:
        raise BadUse("file: is empty; `aidtrail opening template` writes one to fill in.")
    headings = _headings(told[0])
    lists: dict[str, list[dict[str, Any]]] = {}
    places: dict[tuple[str, int], int] = {}
    for row in told[1:]:
        sort, fields = _row(row, headings)
        of_sort = lists.setdefault(sort, [])
        places[sort, len(of_sort)] = row.at
        of_sort.append(fields)
    if not lists:
        raise BadUse("file: has headings and no rows; write a row for each thing that was there.")
    return OpeningFile(lists, places)


def _headings(row: TableRow) -> list[str]:
    found = [str(cell).strip().lower() for cell in row.cells]
    for name in found:
        if name and (name not in COLUMNS or found.count(name) > 1):
            wrong = "stands twice" if name in COLUMNS else "is no column of an opening"
            raise BadUse(f"row {row.at}: {quoted(name)} {wrong}; the columns are {', '.join(COLUMNS)}.")
    if ROW not in found:
        raise BadUse(
            f"row {row.at}: there is no column {ROW}, which says what each row is about ({', '.join(_ROWS)})."
        )
    return found


def _row(row: TableRow, headings: Sequence[str]) -> tuple[str, dict[str, Any]]:
    cells = {
        name: cell
        for name, cell in zip(headings, row.cells, strict=False)
        if not (isinstance(cell, str) and not cell.strip())
    }
    if any(not name for name in cells):
        raise BadUse(f"row {row.at}: a cell stands under no heading; give its column one, or empty it.")
    sort = str(cells.pop(ROW, "")).strip().lower()
    if sort not in _ROWS:
        said = quoted(sort) if sort else "nothing"
        raise BadUse(f"row {row.at}, column {ROW}: says {said}; write one of {', '.join(_ROWS)}.")
    fields = {field.heading: field for field in _ROWS[sort]}
    for name in cells:
        if name not in fields:
            raise BadUse(
                f"row {row.at}, column {name}: a row of {sort} has none; leave the cell empty. It has "
                f"{', '.join(fields)}."
            )
    return sort, dict(_values(row.at, cells, fields))


def _values(at: int, cells: Mapping[str, Cell], fields: Mapping[str, _Field]) -> Iterator[tuple[str, Any]]:
    for name, cell in cells.items():
        field, where = fields[name], f"row {at}, column {name}"
        match field.shape:
            case _Shape.TEXT:
                yield field.name, _text(cell)
            case _Shape.DAY:
                yield field.name, _day(cell, where)
            case _Shape.COUNT:
                yield field.name, _count(cell, where)
            case _Shape.CURRENCY:
                yield field.name, known_currency(str(cell), where)
            case _Shape.COINS:
                yield field.name, _amount(cell, "BTC", where)
            case _Shape.AMOUNT:
                code = cells.get("currency")
                if code is None:
                    raise BadUse(f"row {at}, column currency: is empty; say what the amount is in.")
                yield (
                    field.name,
                    _amount(cell, known_currency(str(code), f"row {at}, column currency"), where),
                )


def _text(cell: Cell) -> str:
    """A name or number; a spreadsheet keeps one of digits alone as a number."""
    if isinstance(cell, Decimal) and cell == cell.to_integral_value():
        return str(int(cell))
    return str(cell).strip()


def _day(cell: Cell, where: str) -> str:
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    try:
        return dt.date.fromisoformat(str(cell).strip()).isoformat()
    except ValueError:
        raise BadUse(f"{where}: is no day but {_shape(cell)}; write it as 2020-05-31.") from None


def _count(cell: Cell, where: str) -> int:
    number = cell if isinstance(cell, Decimal) else str(cell).strip()
    if isinstance(number, Decimal) and number == number.to_integral_value() and number >= 0:
        return int(number)
    if isinstance(number, str) and number.isdecimal() and len(number) <= 16:
        return int(number)
    raise BadUse(f"{where}: is no whole number but {_shape(cell)}; write digits alone, such as 400.")


def _amount(cell: Cell, currency: str, where: str) -> int:
    try:
        if isinstance(cell, Decimal):
            return exact_number(cell, currency)
        return exact_minor(str(cell), currency)
    except ValueError as wrong:
        example = f"1250.{'0' * DECIMALS[currency]}".rstrip(".")
        raise BadUse(
            f"{where}: is no amount of {currency} but {_shape(cell)} ({wrong}); write it as {example}, with a point "
            "and without separators."
        ) from None


def _shape(cell: Cell) -> str:
    """What sort of value a cell holds, and never the value: it may be anything."""
    if isinstance(cell, Decimal):
        return "a number"
    return "a day" if isinstance(cell, dt.date) else f"a text of {len(str(cell))} characters"
