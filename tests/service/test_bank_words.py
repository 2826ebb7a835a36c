"""People of the desk read what a bank line says wherever it waits; nobody else ever does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.core.line_words import MOST_REFERENCES, LineWords
from ledger.views.bank_sums import Part, parts_summing
from ledger.views.decisions import decisions, public_decisions
from ledger.views.reconcile import books_state
from tests.tools.bank_scene import FEE, HEAD, SALE, banked, entry_of, line_of, taken
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger

GIFT = "22.11.2023;Ada Donor;for the kits;5,00;19.901,50;REF-77\n"
SAID = "Ada Donor for the kits · REF-77"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def test_the_words_of_a_line_are_shown_to_the_desk_wherever_it_waits(ledger: Ledger, tmp_path: Path) -> None:
    assert SAID in taken(tmp_path, HEAD + SALE + FEE + GIFT).out
    identity = line_of(ledger, 2)
    for command in (["inbox"], ["reconcile"], ["bank", "list"]):
        assert SAID in run_command([*command, "--data", "."], tmp_path).out, command
    told = json.loads(run_command(["inbox", "--json", "--data", "."], tmp_path).out)
    assert [row["words"]["reference"] for row in told if row["subject"] == f"B {identity}"] == ["REF-77"]
    told = json.loads(run_command(["reconcile", "--json", "--data", "."], tmp_path).out)["decisions"]
    assert "Ada Donor for the kits" in [row["words"]["text"] for row in told if row["words"]]
    shown = json.loads(run_command(["bank", "show", identity[:8], "--json", "--data", "."], tmp_path).out)
    assert [row["words"]["reference"] for row in shown] == ["REF-77"]


def test_a_list_says_what_became_of_each_line(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE + FEE)
    ledger.do("recorder", "bank", "match", line=line_of(ledger), entry=entry_of(ledger))
    listed = run_command(["bank", "list", "--data", "."], tmp_path).out
    assert "19,900.00 USD at B  Exchange sale C-1  matched" in listed
    assert "-3.50 USD at B" in listed
    assert "3.50 USD without a match" in listed


def test_nobody_but_the_desk_is_given_the_words(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + GIFT.replace("19.901,50", "5,00"))
    with ledger.store.read() as reading:
        shown = public_decisions(decisions(reading, SLUG, now=ledger.now))
        state = books_state(reading, SLUG, now=ledger.now)
    assert [row.words for row in shown] == [None]
    assert "Ada" not in json.dumps([row.data() for row in shown]) + json.dumps(state.data())


def test_a_line_that_is_several_payments_is_proposed_as_all_of_them(ledger: Ledger, tmp_path: Path) -> None:
    for number, amount in (("G-1", 300), ("G-2", 500), ("G-3", 1_100), ("G-4", 70_000)):
        ledger.do(
            "recorder", "contribution", "add", number=number, currency="USD", amount=amount, bank="B",
            date="2023-11-20",
        )  # fmt: skip
    ran = taken(tmp_path, HEAD + "20.11.2023;Bank;three cheques;19,00;19,00;\n")
    assert "contribution G-1, contribution G-2, contribution G-3, together the amount is the same" in ran.out


def part(entry: int, minor: int, date: str = "2023-05-01") -> Part:
    return Part(entry, minor, date, int(date[-2:]), "payment", str(entry))


def test_all_of_one_day_are_together_before_some_of_several() -> None:
    of_day = [part(n, 10) for n in range(1, 6)]
    others = [part(8, 20, "2023-05-02"), part(9, 30, "2023-05-03")]
    assert [found.entry for found in parts_summing(50, [*others, *of_day])] == [1, 2, 3, 4, 5]
    assert [found.entry for found in parts_summing(60, [*others, *of_day])] == [1, 8, 9]
    assert parts_summing(55, [*others, *of_day]) == ()


def test_words_that_are_too_long_end_with_an_ellipsis() -> None:
    """Nobody takes the beginning of what a payer wrote for all of it."""
    told = LineWords.of(names=["n" * 1_500, "m" * 1_500], texts=["t" * 2_001])
    assert (len(told.name), told.name[-1]) == (2_000, "…")
    assert told.text == "t" * 1_999 + "…"
    assert LineWords.of(texts=["t" * 2_000]).text == "t" * 2_000
    many = [f"gift {n}" for n in range(MOST_REFERENCES + 1)]
    assert LineWords.of(others=many[1:]).references == (*many[1:],), "a line may be what many gave"
    assert LineWords.of(others=many).references == (*many[:-1], "…")
