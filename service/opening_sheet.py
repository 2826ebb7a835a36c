"""What stood on a day, read from a table (CSV, XLSX, XLS, ODS) whose rows say what they are about: one opening.

Columns are called as the fields of an opening; amounts are written in whole units with a decimal point. One row that
is refused refuses the file. It records nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import facts_from
from ledger.core.money import DECIMALS
from ledger.core.wording import Wording, WrongValue
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
    "exchange": (
        _Field("exchange"),
        _Field("amount", _Shape.COINS),
        _Field("need"),
        _Field("until", _Shape.DAY, "due"),
    ),
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
    "order": (
        _Field("number"),
        _Field("supplier"),
        _Field("currency", _Shape.CURRENCY),
        _Field("need"),
        _Field("expected", _Shape.DAY, "due"),
        _Field("item"),
        _Field("product"),
        _Field("quantity", _Shape.COUNT),
        _Field("value", _Shape.AMOUNT, "amount"),
        _Field("received", _Shape.COUNT),
        _Field("paid", _Shape.AMOUNT),
    ),
    "payable": (
        _Field("number"),
        _Field("order"),
        _Field("quantity", _Shape.COUNT),
        _Field("currency", _Shape.CURRENCY),
        _Field("amount", _Shape.AMOUNT),
        _Field("billed", _Shape.DAY, "day"),
        _Field("due", _Shape.DAY),
    ),
    "pledge": (
        _Field("number"),
        _Field("asset", _Shape.CURRENCY, "currency"),
        _Field("amount", _Shape.AMOUNT),
        _Field("due", _Shape.DAY),
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
"""By what a row is about: its fields."""
_LISTS = {"exchange": "exchanges", "order": "orders", "payable": "payables", "pledge": "pledges"}
"""The opening's lists of rows that are called otherwise."""
_OF_ITEM = ("item", "product", "quantity", "value", "received", "paid")
"""What of a row of an order is of one of its items: an order has a row for each."""
COLUMNS = (ROW, *dict.fromkeys(field.heading for fields in _ROWS.values() for field in fields))
_EXAMPLES: Sequence[Mapping[str, str]] = (
    {ROW: "coins", "address": "bc1qexample", "amount": "0.01500000"},
    {ROW: "exchange", "exchange": "Exchange", "amount": "0.25000000", "due": "2020-06-15"},
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
    {
        ROW: "order",
        "number": "PO-7",
        "supplier": "Maker",
        "currency": "USD",
        "item": "1",
        "product": "KIT",
        "quantity": "1000",
        "amount": "5000.00",
        "received": "400",
        "paid": "1500.00",
        "due": "2020-07-15",
    },
    {
        ROW: "payable",
        "number": "INV-7",
        "order": "PO-7",
        "quantity": "400",
        "currency": "USD",
        "amount": "2000.00",
        "day": "2020-05-20",
        "due": "2020-06-20",
    },
    {ROW: "pledge", "number": "PL-3", "currency": "USD", "amount": "8000.00", "due": "2020-06-30"},
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
    rows: Mapping[str, tuple[str, int]]
    """By the path of what a row became (`money.0`, `orders.0.items.1`): its sort, and its number."""

    def opening(self, number: str, day: str, paper: str | None) -> Opening:
        """The opening; raises BadUse, which names row and column, where a value has not its shape."""
        fields = {"number": number, "date": day, **self.lists} | ({} if paper is None else {"paper": paper})
        try:
            return facts_from(Opening, fields)
        except Refused as refusal:
            raise self.placed(refusal) from None

    def placed(self, refusal: Refused | NotFound | Conflict) -> BadUse:
        """A refusal of the ledger, which names lists and fields, by the rows and columns of the file."""
        places = [
            Wording("{place}: {reason}", {"place": self._place(error.field), "reason": error.wording})
            for error in refusal.errors
        ]
        return BadUse("{places}.", places=places)

    def _place(self, field: str) -> str | Wording:
        path, name = field, ""
        while path not in self.rows:
            path, dot, last = path.rpartition(".")
            if not dot:
                return field
            name = last
        sort, at = self.rows[path]
        headings = {of_row.name: of_row.heading for of_row in _ROWS[sort]}
        if not name:
            return Wording("row {row}", {"row": at})
        return Wording("row {row}, column {column}", {"row": at, "column": headings.get(name, name)})


def read_opening(data: bytes) -> OpeningFile:
    """The rows of a table; raises BadUse in one sentence that names row, column, the value's shape and the remedy."""
    layout = Layout(bank="", delimiter=_delimiter(data))
    rows = sheet_rows(data, layout) if data.startswith(_SHEETS) else csv_rows(data, layout)
    filled = [row for row in rows if not row.is_empty]
    if not filled:
        raise BadUse("file: is empty; `aidtrail opening template` writes one to fill in.")
    headings = _headings(filled[0])
    lists: dict[str, list[dict[str, Any]]] = {}
    places: dict[str, tuple[str, int]] = {}
    for row in filled[1:]:
        sort, fields = _row(row, headings)
        name = _LISTS.get(sort, sort)
        of_sort = lists.setdefault(name, [])
        if sort == "order":
            _add_item(of_sort, fields, row.at, places)
            continue
        places[f"{name}.{len(of_sort)}"] = sort, row.at
        of_sort.append(fields)
    _require_currency(lists, places)
    if not lists:
        raise BadUse("file: has headings and no rows; write a row for each thing that was there.")
    return OpeningFile(lists, places)


def _delimiter(data: bytes) -> str:
    """What parts the headings of a CSV: programs of many countries write semicolons, or tabs."""
    first = data.partition(b"\n")[0]
    return next((mark for mark in (";", "\t") if mark.encode() in first and b"," not in first), ",")


def _add_item(
    orders: list[dict[str, Any]], fields: dict[str, Any], at: int, places: dict[str, tuple[str, int]]
) -> None:
    """A row of an order is one of its items; BadUse where the rows of one order do not agree about it."""
    item = {name: fields.pop(name) for name in _OF_ITEM if name in fields}
    index = next(
        (n for n, order in enumerate(orders) if order.get("number") == fields.get("number")), len(orders)
    )
    if index == len(orders):
        orders.append({**fields, "items": []})
        places[f"orders.{index}"] = "order", at
    order = orders[index]
    for name, value in fields.items():
        if order.get(name) != value:
            headings = {field.name: field.heading for field in _ROWS["order"]}
            first = places[f"orders.{index}"][1]
            raise BadUse(
                "row {row}, column {column}: is another than in row {other}, which is of the same order; write the "
                "same in both.",
                row=at,
                column=headings[name],
                other=first,
            )
    items = order["items"]
    places[f"orders.{index}.items.{len(items)}"] = "order", at
    items.append({"item": str(len(items) + 1), **item})


def _require_currency(
    lists: Mapping[str, list[dict[str, Any]]], places: Mapping[str, tuple[str, int]]
) -> None:
    """BadUse where an invoice is in another currency than its order, which is where the books keep it."""
    of_order = {order.get("number"): order.get("currency") for order in lists.get("orders", ())}
    for index, bill in enumerate(lists.get("payables", ())):
        currency, ordered = bill.pop("currency", None), of_order.get(bill.get("order"))
        if ordered is not None and currency != ordered:
            at = places[f"payables.{index}"][1]
            raise BadUse(
                "row {at}, column currency: is another than the order's, {ordered}; write that.",
                at=at,
                ordered=ordered,
            )


def _headings(row: TableRow) -> list[str]:
    headings = [str(cell).strip().lower() for cell in row.cells]
    for name in headings:
        if name and (name not in COLUMNS or headings.count(name) > 1):
            if name in COLUMNS:
                raise BadUse(
                    "row {at}: {name} stands twice; the columns are {columns}.",
                    at=row.at,
                    name=quoted(name),
                    columns=tuple(COLUMNS),
                )
            raise BadUse(
                "row {at}: {name} is no column of an opening; the columns are {columns}.",
                at=row.at,
                name=quoted(name),
                columns=tuple(COLUMNS),
            )
    if ROW not in headings:
        raise BadUse(
            "row {at}: there is no column {row}, which says what each row is about ({rows}).",
            at=row.at,
            row=ROW,
            rows=tuple(_ROWS),
        )
    return headings


def _row(row: TableRow, headings: Sequence[str]) -> tuple[str, dict[str, Any]]:
    cells = {
        name: cell
        for name, cell in zip(headings, row.cells, strict=False)
        if not (isinstance(cell, str) and not cell.strip())
    }
    if any(not name for name in cells):
        raise BadUse("row {at}: a cell stands under no heading; give its column one, or empty it.", at=row.at)
    sort = str(cells.pop(ROW, "")).strip().lower()
    if sort not in _ROWS:
        said = quoted(sort) if sort else "nothing"
        raise BadUse(
            "row {at}, column {row}: says {said}; write one of {rows}.",
            at=row.at,
            row=ROW,
            said=said,
            rows=tuple(_ROWS),
        )
    fields = {field.heading: field for field in _ROWS[sort]}
    for name in cells:
        if name not in fields:
            raise BadUse(
                "row {at}, column {name}: a row of {sort} has none; leave the cell empty. It has {fields}.",
                at=row.at,
                name=name,
                sort=sort,
                fields=tuple(fields),
            )
    return sort, dict(_values(row.at, cells, fields))


def _values(at: int, cells: Mapping[str, Cell], fields: Mapping[str, _Field]) -> Iterator[tuple[str, Any]]:
    for name, cell in cells.items():
        field, where = fields[name], _place(at, name)
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
                    raise BadUse("row {at}, column currency: is empty; say what the amount is in.", at=at)
                yield (
                    field.name,
                    _amount(cell, known_currency(str(code), _place(at, "currency")), where),
                )


def _text(cell: Cell) -> str:
    """A name or number; a spreadsheet keeps one of digits alone as a number."""
    if isinstance(cell, Decimal) and cell == cell.to_integral_value():
        return str(int(cell))
    return str(cell).strip()


def _place(at: int, column: str) -> Wording:
    return Wording("row {at}, column {column}", {"at": at, "column": column})


def _day(cell: Cell, where: Wording) -> str:
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    try:
        return dt.date.fromisoformat(str(cell).strip()).isoformat()
    except ValueError:
        raise BadUse(
            "{where}: is no day but {cell}; write it as 2020-05-31.", where=where, cell=_shape(cell)
        ) from None


def _count(cell: Cell, where: Wording) -> int:
    number = cell if isinstance(cell, Decimal) else str(cell).strip()
    if isinstance(number, Decimal) and number == number.to_integral_value() and number >= 0:
        return int(number)
    if isinstance(number, str) and number.isdecimal() and len(number) <= 16:
        return int(number)
    raise BadUse(
        "{where}: is no whole number but {cell}; write digits alone, such as 400.",
        where=where,
        cell=_shape(cell),
    )


def _amount(cell: Cell, currency: str, where: Wording) -> int:
    try:
        if isinstance(cell, Decimal):
            return exact_number(cell, currency)
        return exact_minor(str(cell), currency)
    except WrongValue as wrong:
        example = f"1250.{'0' * DECIMALS[currency]}".rstrip(".")
        raise BadUse(
            "{where}: is no amount of {currency} but {cell} ({wrong}); write it as {example}, with a point "
            "and without separators.",
            where=where,
            currency=currency,
            cell=_shape(cell),
            wrong=wrong.wording,
            example=example,
        ) from None


def _shape(cell: Cell) -> Wording:
    """What sort of value a cell holds, and never the value: it may be anything."""
    if isinstance(cell, Decimal):
        return Wording("a number")
    if isinstance(cell, dt.date):
        return Wording("a day")
    return Wording("a text of {n} character", {"n": len(str(cell))}, "a text of {n} characters")
