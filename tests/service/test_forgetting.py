"""The words of a bank line can be forgotten; what the books say of its money stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.views.bank_state import open_lines
from tests.tools.bank_scene import FEE, HEAD, SALE, banked, line_of, taken, waiting
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        taken(tmp_path, HEAD + SALE + FEE)
        yield made


def words(ledger: Ledger) -> list[str | None]:
    with ledger.store.read() as reading:
        return [None if line.words is None else line.words.said for line in open_lines(reading, SLUG)]


def test_words_that_were_forgotten_are_nowhere_in_the_database(ledger: Ledger, tmp_path: Path) -> None:
    before = waiting(ledger)
    ran = run_command(["bank", "forget", line_of(ledger, 1), "--as", "admin"], tmp_path)
    assert ran.code == 0, ran.err
    assert "the words of 1 bank line are forgotten" in ran.out
    assert words(ledger) == ["Exchange sale C-1", None]
    assert waiting(ledger) == before
    ledger.store.close()
    assert b"account fee" not in (tmp_path / "ledger.db").read_bytes()


def test_all_lines_before_a_day_are_forgotten_at_once_and_once(ledger: Ledger, tmp_path: Path) -> None:
    told = ["bank", "forget", "--before", "2023-11-21", "--as", "admin"]
    assert "the words of 1 bank line" in run_command(told, tmp_path).out
    assert words(ledger) == [None, "Bank account fee"]
    assert "no words to forget" in run_command(told, tmp_path).out


def test_the_same_file_again_brings_no_words_back(ledger: Ledger, tmp_path: Path) -> None:
    run_command(["bank", "forget", "--before", "2024-01-01", "--as", "admin"], tmp_path)
    assert "0 lines recorded, 2 known" in taken(tmp_path, HEAD + SALE + FEE).out
    assert words(ledger) == [None, None]
    ledger.audit()


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        (["--before", "2024-01-01", "--as", "approver"], 77, "only an admin"),
        (["--as", "admin"], 2, "say which lines, or before which day"),
        (["--before", "1.1.2024", "--as", "admin"], 2, "YYYY-MM-DD"),
        (["00" * 32, "--as", "admin"], 2, "there is no bank line"),
    ],
)
def test_who_may_not_or_says_too_little_makes_nothing_forgotten(
    ledger: Ledger, tmp_path: Path, told: list[str], code: int, said: str
) -> None:
    ran = run_command(["bank", "forget", *told], tmp_path)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert None not in words(ledger)
