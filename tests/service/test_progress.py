"""Catching up is shown on a terminal and told in a log, and is over when it is over."""

from __future__ import annotations

import io

import pytest

from service.progress import CatchUp, FoldProgress, LookProgress
from watchers.sources.protocol import Part


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_few_lines_whatever_the_number_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand blocks in steps of 24 make about twenty lines, the last of which says that it is over."""
    events: list[str] = []
    monkeypatch.setattr("service.progress.note", lambda event, **_facts: events.append(event))
    told = CatchUp(io.StringIO())
    for tip in range(0, 10_000, 24):
        told(tip, 10_000, 3)
    told(10_000, 10_000, 0)
    assert 15 <= len(events) <= 25
    assert events[-1] == "caught up"


def test_a_terminal_shows_how_far_behind_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    err = Terminal()
    told = CatchUp(err)
    told(10, 110, 2)
    told(60, 110, 1)
    told.stop()
    assert "50 blocks behind, about 1 hour" in err.getvalue()


def test_nothing_is_shown_while_there_is_nothing_to_catch_up() -> None:
    err = Terminal()
    told = CatchUp(err)
    told(10, 10, 0)
    told.stop()
    assert err.getvalue() == ""


def test_a_long_look_says_each_ten_seconds_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever source reads; a short look says nothing, and between looks there is nothing to tell."""
    told: list[dict[str, object]] = []
    monkeypatch.setattr("service.progress.note", lambda _event, **facts: told.append(facts))
    now = 100.0
    progress = LookProgress(lambda: now)
    with progress:
        for done in range(1, 9):
            now += 1
            progress("one", Part.HISTORIES, done, 8)
        assert (told, progress.seconds) == ([], 8)
        for done in range(1, 41):
            now += 1
            progress("two", Part.MEMPOOL, done, 400)
        assert progress.read == {("one", "histories"): (8, 8), ("two", "transactions in no block"): (40, 400)}
    assert [(row["source"], row["done"], row["of"], row["seconds"]) for row in told] == [
        ("two", done, 400, 8 + done) for done in (2, 12, 22, 32)
    ]
    assert (progress.read, progress.seconds) == ({}, 0)


def test_folding_anew_is_told_in_ten_lines_in_a_log_and_by_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = io.StringIO()
    with FoldProgress(log, quiet=False) as progress:
        for done in range(0, 100_001, 500):
            progress(done, 100_000)
    assert len(log.getvalue().splitlines()) == 10
    monkeypatch.setenv("TERM", "xterm")
    terminal, silent = Terminal(), Terminal()
    for err, quiet in ((terminal, False), (silent, True)):
        with FoldProgress(err, quiet) as progress:
            progress(50_000, 100_000)
    assert "50000/100000" in terminal.getvalue()
    assert silent.getvalue() == ""
