"""A statement as a table, of a CSV or a spreadsheet, read by the mapping that says what each column is.

What cannot be read is refused with its row, its column and its text; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.core.line_words import LineWords
from ledger.core.wording import Wording, WrongValue
from ledger.recording.bank_statements import Statement, StatementLine
from service.bank_files.amounts import exact_minor, exact_number, is_none
from service.bank_files.mapping import Column, Layout
from service.bank_files.reading import known_currency, quoted, statement_of
from service.command import BadUse

Cell = str | Decimal | dt.date
"""What stands in a cell; of a CSV it is always text."""
_LOOKED_THROUGH = 60
"""Rows among which the headings are looked for."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with its number in the file, from 1."""

    at: int
    cells: Sequence[Cell]

    @property
    def is_empty(self) -> bool:
        return all(isinstance(cell, str) and not cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class _Booked:
    """What a row says, in minor units; `lines` are its amount and its fee, `balance` the one after both.

    `is_doubtful`: a minus gives back what its column says went out.
    """

    at: int
    currency: str
    lines: tuple[StatementLine, ...]
    balance: int | None
    is_doubtful: bool


def table_statements(rows: Sequence[TableRow], layout: Layout) -> tuple[tuple[Statement, ...], int]:
    """The statements that a table holds, one a currency, and how many rows the mapping leaves out.

    Raises BadUse naming row, column and text.
    """
    reader, body = _reader(rows, layout)
    booked = [reader.booked(row) for row in body if reader.is_wanted(row)]
    if not booked:
        return (_without_lines(layout),), len(body)
    currencies = list(dict.fromkeys(row.currency for row in booked))
    if layout.currency and layout.columns.currency != "":
        currencies = [currency for currency in currencies if currency == layout.currency]
        if not currencies:
            there = ", ".join(sorted({row.currency for row in booked}))
            raise BadUse(
                "file: has lines in {there} only; the mapping says {currency}.",
                there=there,
                currency=layout.currency,
            )
    if len(currencies) > 1 and (layout.opening or layout.closing):
        raise BadUse(
            "file: holds several currencies ({currencies}), each with balances of its own; name one as "
            "`currency` in the mapping.",
            currencies=tuple(currencies),
        )
    kept = [row for row in booked if row.currency in currencies]
    statements = (_statement([row for row in kept if row.currency == c], layout, c) for c in currencies)
    return tuple(statements), len(body) - len(kept)


def _without_lines(layout: Layout) -> Statement:
    if not layout.currency:
        raise BadUse("file: has no lines, and the mapping no currency; name it there.")
    if not layout.opening and not layout.closing:
        raise BadUse(
            "file: has no lines below its headings; of a month without any give --opening, --closing, --first and "
            "--last, else see `skip`, `footer`, `keep` and `drop` in the mapping."
        )
    opening, closing = (_given(text or other, layout, layout.currency) for text, other in _both(layout))
    return statement_of((), layout, currency=layout.currency, opening=opening, closing=closing)


def _both(layout: Layout) -> tuple[tuple[str, str], tuple[str, str]]:
    """Of a statement without lines one balance says both."""
    return (layout.opening, layout.closing), (layout.closing, layout.opening)


def _given(text: str, layout: Layout, currency: str) -> int:
    try:
        return exact_minor(text, currency, layout.decimal, layout.thousands)
    except WrongValue as failure:
        raise BadUse(
            "mapping: opening or closing: {text} cannot be read exactly: {failure}.",
            text=quoted(text),
            failure=failure.wording,
        ) from None


def _statement(booked: list[_Booked], layout: Layout, currency: str) -> Statement:
    """In the order in which they were booked; raises BadUse where the balances do not follow."""
    opening = _given(layout.opening, layout, currency) if layout.opening else None
    closing = _given(layout.closing, layout, currency) if layout.closing else None
    orders = _orders(booked, layout)
    broken = next(
        (at for order in orders if (at := _breaks(order, opening)) is None), _breaks(orders[0], opening)
    )
    if broken is not None:
        raise BadUse(
            "file: row {broken}: the balance does not follow from the lines before it; nothing was taken. "
            "Take all lines of the statement; see `minus_is_out`, `negate` and `newest_first` in the mapping.",
            broken=broken,
        )
    order = next(order for order in orders if _breaks(order, opening) is None)
    lines = [line for row in order for line in row.lines if line.minor]
    known = [(at, row.balance) for at, row in enumerate(order) if row.balance is not None]
    if opening is None and known:
        at, balance = known[0]
        opening = balance - sum(line.minor for row in order[: at + 1] for line in row.lines)
    if closing is None and known and known[-1][0] == len(order) - 1:
        closing = known[-1][1]
    if opening is None and closing is None:
        _require_unambiguous(order)
    elif opening is None or closing is None:
        raise BadUse(
            "mapping: the file says only with what balance it opens, or with what it closes; give the other "
            "(--opening, --closing)."
        )
    return statement_of(lines, layout, currency=currency, opening=opening, closing=closing)


def _require_unambiguous(booked: list[_Booked]) -> None:
    """Without balances nothing proves what a minus in a column of what went out means."""
    for row in booked:
        if row.is_doubtful:
            raise BadUse(
                "file: row {at} has a minus where it says what went out, and no balances prove what that means; "
                "give --opening and --closing, or `minus_is_out` in the mapping.",
                at=row.at,
            )


def _orders(booked: list[_Booked], layout: Layout) -> list[list[_Booked]]:
    """As the file has them, and the other way round where it may have the newest first."""
    turned = booked[::-1]
    if layout.newest_first is not None:
        return [turned if layout.newest_first else booked]
    first, last = _days(booked[0]), _days(booked[-1])
    if first != last:
        return [turned if first > last else booked]
    return [booked, turned]


def _days(row: _Booked) -> str:
    return row.lines[0].booked


def _breaks(booked: list[_Booked], opening: int | None) -> int | None:
    """The first row whose balance does not follow from those before it; None where all do."""
    running = opening
    for row in booked:
        if running is not None:
            running += sum(line.minor for line in row.lines)
        if row.balance is not None:
            if running is not None and running != row.balance:
                return row.at
            running = row.balance
    return None


def _plain(cell: Cell) -> str:
    """A heading, or a cell to compare: without case, forms of letters, and more than single spaces."""
    return " ".join(unicodedata.normalize("NFKC", _text(cell)).split()).casefold()


def _text(cell: Cell) -> str:
    return format(cell.normalize(), "f") if isinstance(cell, Decimal) else str(cell)


def _reader(rows: Sequence[TableRow], layout: Layout) -> tuple[_Reader, Sequence[TableRow]]:
    """What reads the rows, and the rows below the headings."""
    wanted: dict[Column, str] = layout.columns.all()
    wanted |= dict.fromkeys(layout.keep, "keep") | dict.fromkeys(layout.drop, "drop")
    skip = layout.skip or 0
    if not layout.headings:
        places = {column: int(column) - 1 for column in wanted}
        names = {column: f"column {column}" for column in wanted}
        width = max((len(row.cells) for row in rows), default=0)
        return _Reader(layout, places, names, width), _body(rows[skip:], layout, None)
    headings = _headings(rows, layout, wanted)
    cells = [_plain(cell) for cell in rows[headings].cells]
    while cells and not cells[-1]:
        cells.pop()
    places = {}
    for column, key in wanted.items():
        there = [at for at, cell in enumerate(cells) if cell == _plain(str(column))]
        if not there:
            raise BadUse(
                "file: has no column {column}, which the mapping names ({key}); its columns are {columns}.",
                column=quoted(column),
                key=key,
                columns=[quoted(cell) for cell in rows[headings].cells[:20] if _text(cell).strip()],
            )
        if len(there) > 1:
            raise BadUse(
                "file: has {there} columns {column}; set headings = false and name columns by number.",
                there=len(there),
                column=quoted(column),
            )
        places[column] = there[0]
    names = {column: f"column {quoted(column)}" for column in wanted}
    return _Reader(layout, places, names, len(cells)), _body(rows[headings + 1 :], layout, cells)


def _headings(rows: Sequence[TableRow], layout: Layout, wanted: Mapping[Column, str]) -> int:
    """The place of the row of headings: where the mapping says, else the one that has most of what is wanted."""
    if layout.skip is not None:
        if layout.skip >= len(rows):
            raise BadUse(
                "file: has {n} row, and the mapping skips {skip} of them; see skip.",
                many="file: has {n} rows, and the mapping skips {skip} of them; see skip.",
                n=len(rows),
                skip=layout.skip,
            )
        return layout.skip
    names = {_plain(str(column)) for column in wanted}
    seen = [len(names & {_plain(cell) for cell in row.cells}) for row in rows[:_LOOKED_THROUGH]]
    if not seen:
        raise BadUse("file: is empty; there is nothing to import.")
    if not max(seen):
        return next((at for at, row in enumerate(rows[:_LOOKED_THROUGH]) if not row.is_empty), 0)
    return seen.index(max(seen))


def _body(rows: Sequence[TableRow], layout: Layout, headings: Sequence[str] | None) -> Sequence[TableRow]:
    """The rows that hold lines: not the empty ones, headings that a page repeats, or those at the foot."""
    kept = [row for row in rows if not row.is_empty]
    if layout.footer:
        kept = kept[: -layout.footer]
    if headings is not None:
        kept = [
            row for row in kept if [_plain(cell) for cell in row.cells[: len(headings)]] != list(headings)
        ]
    return kept


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows of a table: the place of each column that is wanted, and what a refusal calls it."""

    layout: Layout
    places: Mapping[Column, int]
    names: Mapping[Column, str]
    width: int

    def is_wanted(self, row: TableRow) -> bool:
        """By `keep` and `drop` of the mapping."""

        def holds(column: Column, texts: frozenset[str]) -> bool:
            place = self.places[column]
            return place < len(row.cells) and _plain(row.cells[place]) in texts

        return all(holds(column, texts) for column, texts in self.layout.keep.items()) and not any(
            holds(column, texts) for column, texts in self.layout.drop.items()
        )

    def booked(self, row: TableRow) -> _Booked:
        columns = self.layout.columns
        extra = [cell for cell in row.cells[self.width :] if _text(cell).strip()]
        if extra or max(self.places.values()) >= len(row.cells):
            raise BadUse(
                "file: row {at} has more or fewer cells than the headings; see `delimiter`, and for rows that "
                "are no lines `footer` and `drop` in the mapping.",
                at=row.at,
            )
        currency = self._currency(row)
        day, minor = self._day(row), self._minor(row, currency)
        fee = self._signed(row, columns.fee, "fee", currency)
        balance = self._optional(row, columns.balance, currency)
        where = Wording("row {at}", {"at": row.at})
        words = self._words(row)
        lines = [StatementLine(day, minor, words, where)]
        if fee:
            said = LineWords.of(
                names=[words.name], texts=[f"{columns.fee}:", words.text], reference=words.reference
            )
            lines.append(StatementLine(day, fee, said, Wording("row {at} (fee)", {"at": row.at})))
        is_doubtful = any(
            key not in self.layout.minus_is_out and (self._optional(row, column, currency) or 0) < 0
            for key, column in (("went", columns.went), ("fee", columns.fee))
        )
        return _Booked(
            row.at,
            currency,
            tuple(line for line in lines if line.minor or line is lines[0]),
            balance,
            is_doubtful,
        )

    def _cell(self, row: TableRow, column: Column) -> Cell:
        return row.cells[self.places[column]]

    def _refuse(self, row: TableRow, column: Column, why: Wording) -> BadUse:
        return BadUse("file: row {row}, {column}: {why}.", row=row.at, column=self.names[column], why=why)

    def _shown(self, row: TableRow, column: Column) -> str:
        return quoted(self._cell(row, column))

    def _currency(self, row: TableRow) -> str:
        column = self.layout.columns.currency
        if column == "":
            if not self.layout.currency:
                raise BadUse("mapping: names no currency, and no column that has it; add one.")
            return self.layout.currency
        return known_currency(
            _text(self._cell(row, column)),
            Wording("row {at}, {column}", {"at": row.at, "column": self.names[column]}),
        )

    def _day(self, row: TableRow) -> str:
        column = self.layout.columns.date
        cell = self._cell(row, column)
        if isinstance(cell, dt.date):
            return (cell.date() if isinstance(cell, dt.datetime) else cell).isoformat()
        text = " ".join(_text(cell).split())
        for form in self.layout.dates:
            try:
                return dt.datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007
            except ValueError:
                continue
        raise self._refuse(
            row,
            column,
            Wording(
                "{cell} is no date like {forms}; see `date` in the mapping, and for rows that are no lines `keep`, "
                "`drop` and `footer`",
                {"cell": self._shown(row, column), "forms": self.layout.dates},
            ),
        )

    def _read(self, row: TableRow, column: Column, currency: str) -> int:
        cell = self._cell(row, column)
        try:
            if isinstance(cell, Decimal):
                return exact_number(cell, currency)
            return exact_minor(_text(cell), currency, self.layout.decimal, self.layout.thousands)
        except WrongValue as failure:
            why = Wording(
                "{cell} is no amount that can be read exactly: {failure}",
                {"cell": self._shown(row, column), "failure": failure.wording},
            )
            raise self._refuse(row, column, why) from None

    def _optional(self, row: TableRow, column: Column, currency: str) -> int | None:
        """None where the table has no such column, or its cell is empty or a dash."""
        if column == "" or is_none(_text(self._cell(row, column))):
            return None
        return self._read(row, column, currency)

    def _signed(self, row: TableRow, column: Column, key: str, currency: str) -> int:
        """What a column takes off, below zero; a minus gives it back, unless it only repeats the column's meaning."""
        minor = self._optional(row, column, currency) or 0
        return minor if key in self.layout.minus_is_out else -minor

    def _minor(self, row: TableRow, currency: str) -> int:
        columns = self.layout.columns
        if columns.amount == "":
            came, went = (self._optional(row, column, currency) for column in (columns.came, columns.went))
            if came and went:
                why = Wording(
                    "{cell} came in, and in the same row money went out; see the mapping",
                    {"cell": self._shown(row, columns.came)},
                )
                raise self._refuse(row, columns.came, why)
            return (came or 0) + (self._signed(row, columns.went, "went", currency) if went else 0)
        minor = self._read(row, columns.amount, currency)
        if columns.side == "":
            return -minor if self.layout.negate else minor
        mark = _plain(self._cell(row, columns.side))
        is_out = mark in self.layout.marks.went
        if not is_out and mark not in self.layout.marks.came:
            raise self._refuse(
                row,
                columns.side,
                Wording(
                    "{cell} says neither that money came in nor that it went out; list it under [side]",
                    {"cell": self._shown(row, columns.side)},
                ),
            )
        if "amount" in self.layout.minus_is_out:
            if (minor < 0) != is_out and minor:
                why = Wording(
                    "{cell} and the mark {mark} say opposite things",
                    {"cell": self._shown(row, columns.amount), "mark": quoted(mark)},
                )
                raise self._refuse(row, columns.amount, why)
            return minor
        if minor < 0:
            raise self._refuse(
                row,
                columns.amount,
                Wording(
                    "{cell} has a minus beside the mark {mark}; where it only repeats the mark, say so in the mapping: "
                    'minus_is_out = ["amount"]',
                    {"cell": self._shown(row, columns.amount), "mark": quoted(mark)},
                ),
            )
        return -minor if is_out else minor

    def _words(self, row: TableRow) -> LineWords:
        def texts(columns: Sequence[Column]) -> Iterator[str]:
            return (_text(self._cell(row, column)) for column in columns)

        columns = self.layout.columns
        reference = next(texts([columns.reference]), "") if columns.reference != "" else ""
        return LineWords.of(names=texts(columns.name), texts=texts(columns.text), reference=reference)
