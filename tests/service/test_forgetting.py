"""The words of a bank line can be forgotten; what the books say of its money stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.times import unix_seconds
from ledger.store.database import Store
from ledger.views.bank_state import open_lines
from service.backups import Backups
from service.words import Words
from tests.tools.bank_scene import FEE, HEAD, SALE, banked, entry_of, line_of, taken, waiting
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
        (["--before", "2024-01-01", "--as", "approver"], 77, "does not allow"),
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


def test_words_are_gone_from_the_log_and_the_kept_backups_while_the_ledger_is_open(
    ledger: Ledger, tmp_path: Path
) -> None:
    configured = tmp_path / "aidtrail.toml"
    configured.write_text(configured.read_text() + '\n[backup]\nfolder = "copies"\n')
    copy = Backups(ledger.store, lambda: ledger.now, tmp_path / "copies", 3600, 7).make()
    assert b"account fee" in copy.read_bytes()
    assert run_command(["bank", "forget", line_of(ledger, 1), "--as", "admin"], tmp_path).code == 0
    for path in [*tmp_path.glob("ledger.db*"), *tmp_path.glob("copies/*")]:
        assert b"account fee" not in path.read_bytes(), path
    assert b"sale C-1" in copy.read_bytes()


def test_a_backup_that_is_put_back_is_told_what_was_forgotten_since(ledger: Ledger, tmp_path: Path) -> None:
    ledger.store.backup(tmp_path / "old.db")
    run_command(["bank", "forget", line_of(ledger, 1), "--as", "admin"], tmp_path)
    told = ["restore", "old.db", "--data", "back"]
    ran = run_command(told, tmp_path)
    assert ran.code == 0, ran.err
    assert "the words of 1 bank line that were forgotten since" in ran.out
    back = Store.open(f"sqlite:///{tmp_path / 'back' / 'aidtrail.db'}")
    with back.read() as reading:
        found = [line.words for line in open_lines(reading, SLUG)]
    back.close()
    assert [words is None for words in found] == [False, True]
    for path in (tmp_path / "back").glob("aidtrail.db*"):
        assert b"account fee" not in path.read_bytes()
    apart = ["restore", "old.db", "--data", "again", "--forgotten", "lost.txt"]
    assert "there is no such file" in run_command(apart, tmp_path).err


def test_words_are_forgotten_by_themselves_when_they_are_older_than_configured(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The sale is of 20 November, the fee of the day after."""
    now = unix_seconds("2023-12-20T08:00:00Z")
    for days, kept in ((0, 2), (30, 2), (29, 1), (28, 0)):
        Words(ledger.store, lambda: now, tmp_path, days).forget_old()
        assert len([1 for said in words(ledger) if said is not None]) == kept
    assert Words(ledger.store, lambda: now, tmp_path, 28).due() == now + 86_400
    ledger.audit()


def test_the_words_of_a_line_that_was_reversed_are_forgotten_too(ledger: Ledger, tmp_path: Path) -> None:
    entry = entry_of(ledger, f"bank.line:{SLUG}:{line_of(ledger, 1)}")
    ledger.do("approver", "reversal", "add", entry=entry, reason="misread", date="2023-11-21")
    told = ["bank", "forget", "--before", "2024-01-01", "--as", "admin"]
    assert "the words of 2 bank lines" in run_command(told, tmp_path).out
    for path in tmp_path.glob("ledger.db*"):
        assert b"account fee" not in path.read_bytes()
