"""Tables as banks write them are read by keys of the mapping; what cannot be read says its row, column and text."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.money import decimal_text
from ledger.recording.bank_statements import Statement
from service.bank_files.amounts import exact_minor
from service.bank_files.formats import read_file
from service.bank_files.mapping import layout_from
from service.command import BadUse
from tests.tools.spreadsheets import ods, xlsx, zipped

COLUMNS = 'date = "Date"\namount = "Amount"\nbalance = "Balance"\n'


def mapping(columns: str = COLUMNS, *, currency: str = "USD", more: str = "") -> str:
    """More keys and tables stand before the columns."""
    told = f'currency = "{currency}"\n' if currency else ""
    return f'bank = "B"\n{told}{more}\n[columns]\n{columns}'


def read(text: str | bytes, told: str | None = None) -> tuple[Statement, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    return read_file(data, layout_from((told or mapping()).encode())).statements


def lines(text: str | bytes, told: str | None = None) -> list[tuple[str, int]]:
    (statement,) = read(text, told)
    return [(line.booked[-2:], line.minor) for line in statement.lines]


def refusal(text: str | bytes, told: str | None = None) -> str:
    with pytest.raises(BadUse) as refused:
        read(text, told)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("40.00-", -4000),
        ("\u221240.00", -4000),
        ("40.00\u2212", -4000),
        ("(40.00)", -4000),
        ("($40.00)", -4000),
        ("$40.00", 4000),
        ("-$40.00", -4000),
        ("$-40.00", -4000),
        ("USD 40.00", 4000),
        ("40.00 usd", 4000),
        ("+40", 4000),
        ("40.00 CR", 4000),
        ("40.00 Dr.", -4000),
        ("40.00 D", -4000),
        ("40.00C", 4000),
        ("1,23,456.78", 12_345_678),
        ("12,34,567", 123_456_700),
        ("1,234,567.8", 123_456_780),
        ("\u0664\u0660.\u0660\u0660", 4000),
    ],
)
def test_signs_currencies_and_groups_are_read_wherever_a_bank_puts_them(text: str, minor: int) -> None:
    assert exact_minor(text, "USD", ".", ",") == minor


@pytest.mark.parametrize(
    "text", ["1 234 567,5", "1\u00a0234\u00a0567,50", "1\u202f234\u202f567,5", "1’234’567,50"]
)
def test_spaces_and_apostrophes_part_thousands(text: str) -> None:
    assert exact_minor(text, "EUR", ",") == 123_456_750


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-(40.00)", "no amount"),
        ("-40.00-", "two signs"),
        ("-40.00 DR", "two signs"),
        ("€40.00", "it is in EUR"),
        ("12,34", "groups of three"),
        ("1 0.00", "groups of three"),
        ("40.001", "decimals of USD"),
        ("1e3", "no amount"),
        ("-", "no amount"),
        ("", "no amount"),
    ],
)
def test_an_amount_that_could_mean_two_things_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        exact_minor(text, "USD", ".", "," if "," in text else "")


IN_OUT = 'date = "Date"\ncame = "In"\nwent = "Out"\nbalance = "Balance"\n'


def test_a_sign_in_the_column_of_what_came_or_went_counts() -> None:
    table = "Date,In,Out,Balance\n2023-05-01,100.00,,100.00\n2023-05-02,-30.00,,70.00\n2023-05-03,,-30.00,100.00\n"
    assert lines(table, mapping(IN_OUT)) == [("01", 10_000), ("02", -3_000), ("03", 3_000)]


def test_a_bank_that_writes_what_went_out_with_a_minus_is_refused_until_the_mapping_says_so() -> None:
    table = "Date,In,Out,Balance\n2023-05-01,100.00,-,100.00\n2023-05-02,,-30.00,70.00\n"
    assert "row 3: the balance does not follow" in refusal(table, mapping(IN_OUT))
    assert "minus_is_out" in refusal(table, mapping(IN_OUT))
    told = mapping(IN_OUT, more='minus_is_out = ["went"]')
    assert lines(table, told) == [("01", 10_000), ("02", -3_000)]


@pytest.mark.parametrize(
    ("came", "went"), [("C", "D"), ("H", "S"), ("Bij", "Af"), ("CRDT", "DBIT"), ("+", "-")]
)
def test_a_column_of_marks_says_which_way_money_went(came: str, went: str) -> None:
    told = mapping(COLUMNS + 'side = "Mark"\n')
    table = f"Date,Amount,Mark,Balance\n2023-05-01,5.00,{came},5.00\n2023-05-02,2.00,{went},3.00\n"
    assert lines(table, told) == [("01", 500), ("02", -200)]


def test_marks_of_a_bank_of_its_own_and_marks_that_nobody_told() -> None:
    table = "Date,Amount,Mark,Balance\n2023-05-01,5.00,D,5.00\n2023-05-02,2.00,H,3.00\n"
    told = mapping(COLUMNS + 'side = "Mark"\n[side]\nin = ["D"]\nout = ["H"]\n')
    assert lines(table, told) == [("01", 500), ("02", -200)]
    said = refusal(table.replace(",D,", ",X,"), told)
    assert said.startswith("file: row 2, column 'Mark': 'X' says neither")


def test_a_minus_beside_a_mark_is_refused_unless_it_only_repeats_it() -> None:
    table = "Date,Amount,Mark,Balance\n2023-05-01,5.00,C,5.00\n2023-05-02,-2.00,D,3.00\n"
    assert "row 3, column 'Amount': '-2.00' has a minus" in refusal(
        table, mapping(COLUMNS + 'side = "Mark"\n')
    )
    told = mapping(COLUMNS + 'side = "Mark"\n', more='minus_is_out = ["amount"]')
    assert lines(table, told) == [("01", 500), ("02", -200)]
    assert "opposite things" in refusal(table.replace(",D,", ",C,"), told)


def test_a_fee_is_a_line_of_its_own_and_rows_are_kept_by_their_status() -> None:
    table = (
        "State,Completed,Description,Amount,Fee,Balance\n"
        "COMPLETED,2023-05-01,Ada,100.00,0.00,100.00\nREVERTED,,Shop,-9.00,0.00,\n"
        "COMPLETED,2023-05-02,Maker,-40.00,0.50,59.50\nPENDING,,Shop,-1.00,0.00,\n"
    )
    told = mapping(
        'date = "Completed"\namount = "Amount"\nfee = "Fee"\nbalance = "Balance"\ntext = "Description"\n'
        '[keep]\nState = "completed"\n'
    )
    found = read_file(table.encode(), layout_from(told.encode()))
    (statement,) = found.statements
    assert [(line.minor, line.words.text) for line in statement.lines] == [
        (10_000, "Ada"), (-4_000, "Maker"), (-50, "Fee: Maker")
    ]  # fmt: skip
    assert found.left_out == 2
    assert "column 'Completed'" in refusal(table, told.split("[keep]")[0])


def test_lines_above_the_headings_and_below_the_last_line_are_no_lines() -> None:
    table = (
        'Account statement;;;\n;;;\n"Printed";"1.6.2023";;\nDate;Amount;Balance;\n2023-05-01;5.00;5.00;\n'
        "Date;Amount;Balance;\n2023-05-02;-2.00;3.00;\n;;;\nTotal;3.00;;\nEnd of statement;;;\n"
    )
    told = mapping(more='delimiter = ";"\nfooter = 2')
    assert lines(table, told) == [("01", 500), ("02", -200)]
    assert lines(table, mapping(more='delimiter = ";"\nfooter = 2\nskip = 3')) == [("01", 500), ("02", -200)]
    assert "row 9, column 'Date': 'Total' is no date" in refusal(table, mapping(more='delimiter = ";"'))
    dropped = mapping(COLUMNS + '[drop]\nDate = ["Total", "End of statement"]\n', more='delimiter = ";"')
    assert lines(table, dropped) == [("01", 500), ("02", -200)]


def test_a_balance_on_a_days_last_row_alone_is_enough_and_has_to_follow() -> None:
    table = "Date,Amount,Balance\n2023-05-01,5.00,\n2023-05-01,1.00,6.00\n2023-05-02,-2.00,\n2023-05-02,-1.00,3.00\n"
    assert lines(table) == [("01", 500), ("01", 100), ("02", -200), ("02", -100)]
    newest_first = "\n".join([table.splitlines()[0], *reversed(table.splitlines()[1:])])
    assert lines(newest_first) == [("01", 500), ("01", 100), ("02", -200), ("02", -100)]
    assert "row 5: the balance does not follow" in refusal(table.replace("3.00", "2.99"))


def test_several_currencies_are_a_statement_each_or_the_one_that_the_mapping_names() -> None:
    rows = "2023-05-01,5.00,USD,5.00\n2023-05-01,700,XOF,700\n2023-05-02,-2.00,USD,3.00\n"
    table = f"Date,Amount,Currency,Balance\n{rows}"
    columns = COLUMNS + 'currency = "Currency"\n'
    both = read(table, mapping(columns, currency=""))
    assert [(s.currency, s.opening, s.closing, len(s.lines)) for s in both] == [
        ("USD", 0, 300, 2),
        ("XOF", 0, 700, 1),
    ]
    found = read_file(table.encode(), layout_from(mapping(columns).encode()))
    assert [(s.currency, s.closing) for s in found.statements] == [("USD", 300)]
    assert found.left_out == 1
    assert "column 'Currency': 'ZZZ' is no currency" in refusal(table.replace("XOF", "ZZZ"), mapping(columns))


def test_a_table_without_headings_is_read_by_the_numbers_of_its_columns() -> None:
    told = mapping("date = 1\namount = 3\nbalance = 4\ntext = [2]\n", more="headings = false")
    (statement,) = read("2023-05-01,Ada,5.00,5.00\n2023-05-02,Fee,-2.00,3.00\n", told)
    assert [(line.minor, line.words.text) for line in statement.lines] == [(500, "Ada"), (-200, "Fee")]
    assert "column 1: 'x' is no date" in refusal("x,Ada,5.00,5.00\n", told)


def test_dates_may_be_written_in_more_than_one_way() -> None:
    told = mapping(more='date = ["%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d %H:%M"]')
    table = "Date,Amount,Balance\n01/05/2023,5.00,5.00\n02/05/23,-2.00,3.00\n2023-05-03 23:10,1.00,4.00\n"
    assert lines(table, told) == [("01", 500), ("02", -200), ("03", 100)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7 ...", "is a PDF, which is not read"),
        (b"\x89PNG\r\n", "is a picture"),
        (b"PK\x03\x04rubbish", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rubbish", "spreadsheet"),
        (b"<html></html>", "holds no CAMT.053"),
        (b"Date,Amount,Balance\n\xff\xfa,1,1\n", "encoding"),
    ],
)
def test_what_is_no_statement_is_refused_by_what_it_is(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_what_is_none_of_the_formats_names_them_all() -> None:
    said = refusal("anything at all", 'bank = "B"\n')
    assert all(name in said for name in ("CAMT.053", "XLSX", "XLS", "ODS", "CSV", "[columns]"))


def test_a_heading_that_stands_twice_is_read_by_number_only() -> None:
    assert "2 columns 'Amount'" in refusal("Date,Amount,Amount,Balance\n2023-05-01,5.00,5.00,5.00\n")


def test_a_workbook_is_read_by_the_same_mapping_days_and_numbers_as_they_are() -> None:
    book = xlsx(
        [["Statement"], [], ["Date", "Amount", "Balance"], ["=45047", 0.1 + 0.2, 0.3], ["=45048", -2, -1.7]]
    )
    (statement,) = read(book)
    assert [(line.booked, line.minor, str(line.where)) for line in statement.lines] == [
        ("2023-05-01", 30, "row 4"), ("2023-05-02", -200, "row 5")
    ]  # fmt: skip
    assert lines(book, mapping(more='sheet = "Umsätze"')) == [("01", 30), ("02", -200)]
    assert "has no sheet 'T'; there are 'Umsätze'" in refusal(book, mapping(more='sheet = "T"'))
    assert "row 2, column 'Amount': '0.001'" in refusal(
        xlsx([["Date", "Amount", "Balance"], ["=45047", 0.001, 0]])
    )
    assert "[columns]" in refusal(book, 'bank = "B"\n')


def test_an_open_document_is_read_by_the_same_mapping() -> None:
    table = ods([["Date", "Amount", "Balance"], ["2023-05-01", 5.0, 5.0], ["2023-05-02", "(2.00)", 3]])
    assert lines(table) == [("01", 500), ("02", -200)]


MINORS = st.integers(-10_000_000, 10_000_000).filter(bool)
SIGNS: Mapping[str, Callable[[str], str]] = {
    "before": lambda text: f"-{text}",
    "behind": lambda text: f"{text}-",
    "brackets": lambda text: f"({text})",
    "unicode": lambda text: f"\u2212{text}",
    "marked": lambda text: f"{text} DR",
}
GROUPS = {"three": (3, 3), "lakh": (3, 2), "none": (99, 99)}


def grouped(whole: str, first: int, next_ones: int, mark: str) -> str:
    parts, rest = [whole[-first:]], whole[:-first]
    while rest:
        parts.insert(0, rest[-next_ones:])
        rest = rest[:-next_ones]
    return mark.join(parts)


@st.composite
def dialects(draw: st.DrawFn) -> tuple[list[tuple[str, int]], str | bytes, str]:
    """Known lines, a file that says them, and the mapping by which it is read.

    A sheet has texts as a bank's CSV has them, or days and numbers as a spreadsheet keeps them.
    """
    known = draw(st.lists(st.tuples(st.integers(1, 28), MINORS), min_size=1, max_size=6))
    told = [(f"2023-05-{day:02}", minor) for day, minor in sorted(known, key=lambda line: line[0])]
    decimal, thousands = draw(st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]))
    sign, (first, next_ones) = (
        SIGNS[draw(st.sampled_from(sorted(SIGNS)))],
        GROUPS[draw(st.sampled_from(sorted(GROUPS)))],
    )
    money = draw(st.sampled_from(["", "$", "USD "]))
    shape = draw(st.sampled_from(["signed", "two", "marks"]))
    delimiter, date = draw(st.sampled_from([";", "\t", "|"])), draw(st.sampled_from(["%d.%m.%Y", "%m/%d/%y"]))
    above, below = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    every, newest_first, trailing = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    form = draw(st.sampled_from(["csv", "csv", "xlsx", "ods", "typed"]))

    def text(minor: int) -> str | float:
        if form == "typed":
            return minor / 100
        whole, part = decimal_text("USD", abs(minor)).split(".")
        plain = money + grouped(whole, first, next_ones, thousands) + decimal + part
        return sign(plain) if minor < 0 else plain

    def written(day: dt.date) -> str:
        return f"={(day - dt.date(1899, 12, 30)).days}" if form == "typed" else day.strftime(date)

    rows: list[list[str | float]] = []
    running = 0
    for at, (day, minor) in enumerate(told):
        running += minor
        amounts: list[str | float] = {
            "signed": [text(minor)],
            "two": [text(minor), ""] if minor > 0 else ["", text(-minor)],
            "marks": [text(abs(minor)), "C" if minor > 0 else "D"],
        }[shape]
        has_balance = every or at + 1 == len(told) or told[at + 1][0] != day
        rows.append([written(dt.date.fromisoformat(day)), *amounts, text(running) if has_balance else ""])
    columns = {"signed": ["Amount"], "two": ["In", "Out"], "marks": ["Amount", "Mark"]}[shape]
    if newest_first:
        rows.reverse()
    heading: list[str | float] = ["Bank", "of", "B"]
    total: list[str | float] = ["Total", "", ""]
    table: list[list[str | float]] = [
        *[heading] * above,
        ["Date", *columns, "Balance"],
        *rows,
        *[total] * below,
    ]
    if form == "csv":
        end = (delimiter if trailing else "") + "\n"
        body: str | bytes = "".join(delimiter.join(map(str, row)) + end for row in table)
    else:
        body = ods(table) if form == "ods" else xlsx(table)
    keys = {
        "signed": 'amount = "Amount"',
        "two": 'came = "In"\nwent = "Out"',
        "marks": 'amount = "Amount"\nside = "Mark"',
    }
    more = (
        f'delimiter = {json.dumps(delimiter)}\ndecimal = "{decimal}"\n'
        f'thousands = "{thousands}"\ndate = "{date}"\nfooter = {below}\nnewest_first = {str(newest_first).lower()}'
    )
    return told, body, mapping(f'date = "Date"\nbalance = "Balance"\n{keys[shape]}\n', more=more)


@settings(max_examples=150, deadline=None)
@given(dialects())
def test_known_lines_written_in_any_dialect_are_read_back(
    dialect: tuple[list[tuple[str, int]], str | bytes, str],
) -> None:
    told, body, by = dialect
    (statement,) = read(body, by)
    assert [(line.booked, line.minor) for line in statement.lines] == told
    assert (statement.opening, statement.closing) == (0, sum(minor for _, minor in told))


def test_a_spreadsheet_that_is_cut_off_or_made_to_grow_is_refused() -> None:
    whole = ods([["Date", "Amount", "Balance"], ["2023-05-01", 5.0, 5.0]])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    content = parts["content.xml"]
    for spoiled, said in (
        (content[:-40], "cut off or damaged"),
        (f"<!DOCTYPE d [<!ENTITY a 'b'>]>{content}", "document type"),
        (content.replace("<table:table-cell ", f'<table:table-cell table:number-columns-repeated="{10**18}" ', 1),
         "repeats more often"),
    ):  # fmt: skip
        assert said in refusal(zipped(parts | {"content.xml": spoiled}))
    assert "cut off or damaged" in refusal(whole[:-30])
