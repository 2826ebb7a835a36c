"""What a bank writes is read exactly, or refused in a sentence that says why."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.money import MAX_AMOUNT, decimal_text
from service.bank_files import Layout, csv_statement, exact_minor, layout_from
from service.camt_files import camt_statements
from service.command import BadUse
from tests.tools.bank_scene import CAMT, LAYOUT


def test_a_row_that_came_in_and_went_out_is_refused() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "USD"\n[columns]\ndate = "D"\ncame = "In"\nwent = "Out"\nbalance = "S"\n'
    )
    with pytest.raises(BadUse, match="it came in and went out in one row"):
        csv_statement(b"D,In,Out,S\n2023-11-20,3.50,3.50,0.00\n", layout)


def test_a_column_that_is_not_there_is_told_beside_those_that_are() -> None:
    with pytest.raises(
        BadUse, match="no column 'Booked', which the mapping names; its columns are 'Date', 'Amount'"
    ):
        csv_statement(b"Date;Amount\n1;2\n", LAYOUT)


@given(st.integers(-MAX_AMOUNT // 100, MAX_AMOUNT // 100), st.sampled_from([".", ",", ""]))
def test_what_a_bank_writes_is_read_exactly(minor: int, thousands: str) -> None:
    decimal = "," if thousands == "." else "."
    whole, part = decimal_text("USD", abs(minor)).split(".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    text = f"{'-' if minor < 0 else ''}{grouped}{decimal}{part}"
    layout = Layout("B", decimal=decimal, thousands=thousands)
    assert exact_minor(text, "USD", layout) == minor


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        assert abs(exact_minor(text, "USD", LAYOUT)) <= MAX_AMOUNT


@given(st.binary(max_size=200))
def test_any_bytes_are_a_statement_or_one_sentence(data: bytes) -> None:
    for read in (csv_statement, camt_statements):
        with suppress(BadUse):
            read(data, LAYOUT)


def test_debits_and_credits_in_two_columns_and_the_newest_first() -> None:
    layout = layout_from(
        b'bank = "B"\ncurrency = "EUR"\nnewest_first = true\n[columns]\ndate = "D"\ncame = "C"\nwent = "W"\n'
        b'balance = "S"\n'
    )
    told = csv_statement(b"D,C,W,S\n2023-11-21,,3.50,6.50\n2023-11-20,10.00,,10.00\n", layout)
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_camt_with_a_document_type_or_entities_is_not_read(encoding: str) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'
    )
    with pytest.raises(BadUse, match="document type or entities"):
        camt_statements(bomb.encode(encoding), LAYOUT)


def test_camt_of_another_account_is_refused() -> None:
    layout = layout_from(b'bank = "B"\naccount = "DE00 0000"')
    with pytest.raises(BadUse, match="no statement of the account"):
        camt_statements(CAMT.encode(), layout)
    right = layout_from(b'bank = "B"\naccount = "DE02 1203 0000 0000 2020 51"')
    assert len(camt_statements(CAMT.encode(), right)) == 1
