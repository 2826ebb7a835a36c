"""What a bank writes is read exactly, or refused in a sentence that says why."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.money import MAX_AMOUNT, decimal_text
from service.bank_files.amounts import exact_minor
from service.bank_files.camt import camt_statements
from service.bank_files.formats import read_file
from service.bank_files.mapping import layout_from
from service.command import BadUse
from tests.tools.bank_scene import LAYOUT


def test_a_row_that_came_in_and_went_out_is_refused() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "USD"\n[columns]\ndate = "D"\ncame = "In"\nwent = "Out"\nbalance = "S"\n'
    )
    with pytest.raises(
        BadUse, match=r"row 2, column 'In': '3.50' came in, and in the same row money went out"
    ):
        read_file(b"D,In,Out,S\n2023-11-20,3.50,3.50,0.00\n", layout)


def test_a_column_that_is_not_there_is_told_beside_those_that_are() -> None:
    with pytest.raises(
        BadUse,
        match=r"no column 'Booked', which the mapping names \(date\); its columns are 'Date', 'Amount'",
    ):
        read_file(b"Date;Amount\n1;2\n", LAYOUT)


@given(st.integers(-MAX_AMOUNT // 100, MAX_AMOUNT // 100), st.sampled_from([".", ",", ""]))
def test_what_a_bank_writes_is_read_exactly(minor: int, thousands: str) -> None:
    decimal = "," if thousands == "." else "."
    whole, part = decimal_text("USD", abs(minor)).split(".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    text = f"{'-' if minor < 0 else ''}{grouped}{decimal}{part}"
    assert exact_minor(text, "USD", decimal, thousands) == minor


def test_three_digits_behind_the_decimal_mark_may_be_thousands_and_are_never_guessed() -> None:
    """40.000 in francs is forty thousand to who wrote it; a format that says what its mark is may write so."""
    for text, currency, decimal in (("40.000", "XOF", "."), ("1,500", "EUR", ","), ("(.500)", "USD", ".")):
        with pytest.raises(ValueError, match="is it the mark of thousands"):
            exact_minor(text, currency, decimal)
    assert exact_minor("40.000", "XOF", ",", ".") == 40_000
    assert exact_minor("40.000", "EUR", sure=True) == 4_000
    assert exact_minor("1.500", "KWD") == 1_500
    assert (exact_minor("-.50", "USD"), exact_minor("40.0000", "USD")) == (-50, 4_000)


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        assert abs(exact_minor(text, "USD", ",", ".")) <= MAX_AMOUNT


@given(st.binary(max_size=200))
def test_any_bytes_are_a_statement_or_one_sentence(data: bytes) -> None:
    for read in (read_file, camt_statements):
        with suppress(BadUse):
            read(data, LAYOUT)


def test_debits_and_credits_in_two_columns_and_the_newest_first() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "EUR"\nnewest_first = true\n[columns]\ndate = "D"\ncame = "C"\nwent = "W"\n'
        b'balance = "S"\n'
    )
    (told,) = read_file(b"D,C,W,S\n2023-11-21,,3.50,6.50\n2023-11-20,10.00,,10.00\n", layout).statements
    assert [(line.booked, line.minor) for line in told.lines] == [("2023-11-20", 1000), ("2023-11-21", -350)]
    assert (told.opening, told.closing, told.off) == (0, 650, 0)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (b"bank = 1", "wrong shape"),
        (b'currency = "USD"', "bank is missing"),
        (b'bank = "B"\ncolour = "red"', "not known"),
        (b'bank = "B"\ndecimal = ","\nthousands = ","', "two ways"),
        (b'bank = "B"\ncurrency = "XXX"', "currency"),
        (b"\xff", "not TOML"),
    ],
)
def test_a_mapping_that_is_wrong_names_its_key(mapping: bytes, reason: str) -> None:
    with pytest.raises(BadUse, match=reason):
        layout_from(mapping)
