"""Bank statements are taken once, or refused whole; what is missing between two of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.rules.bank import find_line
from ledger.rules.books import Books
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_states, open_lines
from ledger.views.conservation import conservation
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from tests.tools.bank_scene import CAMT, FEE, HEAD, MAPPING, SALE, banked, taken, waiting
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger, sum_of


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def test_a_statement_is_taken_once_and_says_so(ledger: Ledger, tmp_path: Path) -> None:
    first = taken(tmp_path, HEAD + SALE + FEE)
    assert first.code == 0, first.err
    assert "2 lines recorded, 0 known already." in first.out
    entries = len(ledger.kinds())
    again = taken(tmp_path, HEAD + SALE + FEE)
    assert "0 lines recorded, 2 known already; nothing changed." in again.out
    assert len(ledger.kinds()) == entries
    ledger.audit()


def test_a_later_file_that_overlaps_adds_only_what_is_new(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    assert "1 line recorded, 1 known already." in taken(tmp_path, HEAD + SALE + FEE).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350)]


def test_the_same_line_twice_on_a_day_is_two_lines(ledger: Ledger, tmp_path: Path) -> None:
    twin = "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "3 lines recorded" in taken(tmp_path, HEAD + SALE + FEE + twin).out
    assert "0 lines recorded, 3 known" in taken(tmp_path, HEAD + SALE + FEE + twin).out


def test_a_reference_is_believed_with_day_and_amount_and_what_only_one_side_has_is_named(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + "20.11.2023;X;a;5,00;5,00;R1\n")
    entries = len(ledger.kinds())
    other = HEAD + "20.11.2023;X;new words;6,00;6,00;R1\n20.11.2023;X;b;1,00;7,00;R2\n"
    ran = taken(tmp_path, other)
    assert ran.code == 2
    assert "only the file has 2023-11-20 6.00 USD (row 2), 2023-11-20 1.00 USD (row 3)" in ran.err
    assert "only the books have 2023-11-20 5.00 USD (entry" in ran.err
    assert len(ledger.kinds()) == entries
    assert "2 lines recorded, 0 known" in taken(tmp_path, other, "--differing").out
    ledger.audit()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (SALE + "21.11.2023;Bank;fee;-3,50;19.896,00;\n", "does not follow"),
        ("31.02.2023;X;a;5,00;5,00;\n", "row 2, column 'Booked': '31.02.2023' is no date like"),
        ("20.11.2023;X;a;5.00;5,00;\n", "groups of three"),
        ("20.11.2023;X;a;5,001;5,00;\n", "more than the 2 decimals"),
        ("20.11.2023;X;a;1e3;5,00;\n", "no amount"),
        ("20.11.2023;X;a;5,00\n", "more or fewer cells"),
        ("", "no lines"),
    ],
)
def test_a_file_that_does_not_tie_or_cannot_be_read_is_refused_whole(
    ledger: Ledger, tmp_path: Path, rows: str, reason: str
) -> None:
    entries = len(ledger.kinds())
    ran = taken(tmp_path, HEAD + rows)
    assert ran.code == 2
    assert reason in ran.err
    assert len(ledger.kinds()) == entries


def test_without_a_column_of_balances_opening_and_closing_are_given_and_have_to_tie(
    ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "mapping.toml").write_text(MAPPING.replace('balance = "Balance"\n', ""))
    assert "give the other" in taken(tmp_path, HEAD + SALE + FEE, "--opening", "0").err
    off = taken(tmp_path, HEAD + SALE + FEE, "--opening", "0,00", "--closing", "19.896,49")
    assert off.code == 2
    assert "the lines lead 0.01 USD too far" in off.err
    assert waiting(ledger) == []
    assert taken(tmp_path, HEAD + SALE + FEE, "--opening", "0", "--closing", "19.896,50").code == 0


def test_the_words_of_a_line_are_in_no_entry_and_can_be_forgotten(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + "20.11.2023;Ada Donor;for the kits;5,00;5,00;REF-77\n")
    with ledger.store.write() as writing:
        published = b"".join(row.data for row in writing.journal.rows())
        (line,) = open_lines(writing, SLUG)
        assert line.words is not None
        assert (line.words.said, line.words.reference) == ("Ada Donor for the kits · REF-77", "REF-77")
        kept = find_line(writing.session, SLUG, line.identity)
        assert kept is not None
        assert kept.text is not None
        writing.desk.delete_opening(kept.text)
        assert open_lines(writing, SLUG)[0].words is None
    assert b"Ada" not in published
    assert b"REF-77" not in published
    assert (
        "0 lines recorded, 1 known"
        in taken(tmp_path, HEAD + "20.11.2023;Ada Donor;for the kits;5,00;5,00;REF-77\n").out
    )


def test_a_statement_that_is_missing_between_two_shows_by_how_much(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    taken(tmp_path, HEAD + "25.11.2023;X;later;5,00;19.855,00;\n")
    with ledger.store.read() as reading:
        (state,) = bank_states(Books(reading), BankReadings(reading.session, SLUG, "2023-11-30"))
        assert state.difference.minor == 5_000
        ties = [tie for tie in conservation(reading, SLUG).ties if tie.what == "bank"]
    assert [tie.difference.minor for tie in ties] == [5_000]


def gaps(ledger: Ledger) -> list[tuple[str, int | None]]:
    with ledger.store.read() as reading:
        rows = decisions(reading, SLUG, now=ledger.now)
    return [(sum_of(row).asset, sum_of(row).minor) for row in rows if row.kind is OpenItemKind.BANK_GAP]


def test_statements_that_do_not_follow_wait_for_the_missing_one(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    assert gaps(ledger) == []
    taken(tmp_path, HEAD + "25.11.2023;X;later;5,00;19.855,00;\n")
    assert gaps(ledger) == [("USD", -5_000)]
    told = run_command(["inbox", "--data", "."], tmp_path).out
    assert "its statements do not lead from 0.00 USD to 19,855 USD; import the one" in told
    taken(tmp_path, HEAD + "22.11.2023;X;between;-50,00;19.850,00;\n")
    assert gaps(ledger) == []


def test_a_line_like_one_of_the_same_day_in_the_file_that_follows_is_another_line(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    afternoon = HEAD + "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "1 line recorded, 0 known" in taken(tmp_path, afternoon).out
    assert "0 lines recorded, 1 known" in taken(tmp_path, afternoon).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350), ("2023-11-21", -350)]
    assert gaps(ledger) == []
    whole = HEAD + SALE + FEE + "21.11.2023;Bank;account fee;-3,50;19.893,00;\n"
    assert "0 lines recorded, 3 known" in taken(tmp_path, whole).out
    assert gaps(ledger) == []


def test_lines_that_sum_to_nothing_and_come_again_are_the_same_lines(ledger: Ledger, tmp_path: Path) -> None:
    back = "21.11.2023;Bank;account fee;3,50;19.900,00;\n"
    taken(tmp_path, HEAD + SALE + FEE + back)
    assert "0 lines recorded, 2 known" in taken(tmp_path, HEAD + FEE + back).out


def test_camt_is_taken_by_booked_entries_and_ties(ledger: Ledger, tmp_path: Path) -> None:
    assert "2 lines recorded" in taken(tmp_path, CAMT).out
    assert waiting(ledger) == [("2023-11-20", 1_990_000), ("2023-11-21", -350)]
    off = taken(tmp_path, CAMT.replace("19896.5<", "19896.51<"))
    assert off.code == 2
    assert "-0.01 USD too far" in off.err
