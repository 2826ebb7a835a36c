"""A bank line and an entry are matched by a person, never twice; what does not tie is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from ledger.checks.bank import bank_matches_tie
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.model.bank import BankLineRow, BankMatchRow
from ledger.rules.bank import find_line, movement_left
from ledger.store.transaction import Writing
from ledger.views.bank_state import movements, open_lines
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from tests.tools.bank_scene import FEE, HEAD, MAPPING, SALE, banked, entry_of, line_of, taken, waiting
from tests.tools.demo_data import run_command
from tests.tools.ledgers import SLUG, Ledger, sum_of


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with banked(tmp_path) as made:
        yield made


def line_named(tx: Writing, identity: str) -> BankLineRow:
    line = find_line(tx.session, SLUG, identity)
    assert line is not None
    return line


def test_a_line_is_proposed_confirmed_by_a_person_and_never_matched_twice(
    ledger: Ledger, tmp_path: Path
) -> None:
    ran = taken(tmp_path, HEAD + SALE + FEE)
    assert "the amount is the same, the same day, the text names it" in ran.out
    line, entry = line_of(ledger), entry_of(ledger)
    with ledger.store.read() as reading:
        rows = [d for d in decisions(reading, SLUG, now=ledger.now) if d.kind is OpenItemKind.BANK_LINE]
        assert [(sum_of(d).minor, len(d.suggestions)) for d in rows] == [(1_990_000, 1), (-350, 0)]
        assert rows[0].suggestions[0].reference == str(entry)
        assert rows[0].suggestions[0].score == 100
    ledger.do("recorder", "bank", "match", line=line, entry=entry)
    assert waiting(ledger) == [("2023-11-21", -350)]
    with pytest.raises(Conflict, match="nothing is matched twice"):
        ledger.do("recorder", "bank", "match", line=line, entry=entry, n=1)
    with pytest.raises(Conflict, match="reverse that match first"):
        ledger.do("approver", "reversal", "add", entry=entry, reason="wrong", date="2023-11-21")
    seq = entry_of(ledger, f"bank.match:{SLUG}:{line}:{entry}")
    ledger.do("approver", "reversal", "add", entry=seq, reason="wrong", date="2023-11-21")
    assert waiting(ledger)[0] == ("2023-11-20", 1_990_000)
    ledger.do("recorder", "bank", "match", line=line, entry=entry, n=1)
    assert waiting(ledger) == [("2023-11-21", -350)]


def test_one_entry_may_be_two_lines_but_no_more_than_it_moved(ledger: Ledger, tmp_path: Path) -> None:
    taken(
        tmp_path,
        HEAD + "20.11.2023;E;first;10.000,00;10.000,00;\n20.11.2023;E;rest;9.900,00;19.900,00;\n"
        "20.11.2023;E;more;1,00;19.901,00;\n",
    )
    entry = entry_of(ledger)
    by_amount: dict[int, str] = {}
    with ledger.store.read() as reading:
        by_amount = {line.left: line.identity for line in open_lines(reading, SLUG)}
    ledger.do("recorder", "bank", "match", line=by_amount[1_000_000], entry=entry)
    with pytest.raises(Refused, match=r"only 9900\.00 USD"):
        ledger.do("recorder", "bank", "match", line=by_amount[990_000], entry=entry, amount=990_001)
    ledger.do("recorder", "bank", "match", line=by_amount[990_000], entry=entry)
    with pytest.raises(Conflict, match="nothing is matched twice"):
        ledger.do("recorder", "bank", "match", line=by_amount[100], entry=entry)


def test_a_line_does_not_match_an_entry_that_moved_nothing_there_or_the_other_way(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + "20.11.2023;E;out;-5,00;-5,00;\n")
    line = line_of(ledger)
    with pytest.raises(Refused, match="not this line"):
        ledger.do("recorder", "bank", "match", line=line, entry=entry_of(ledger))
    with pytest.raises(Refused, match="not this line"):
        ledger.do("recorder", "bank", "match", line=line, entry=1)
    with pytest.raises(NotFound):
        ledger.do("recorder", "bank", "match", line="0" * 64, entry=1)


def test_the_bank_is_reconciled_only_when_every_line_is_matched_or_set_aside(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert run_command(["reconcile", "--data", "."], tmp_path, clock=lambda: ledger.now).code == 0
    taken(tmp_path, HEAD + SALE + FEE)
    assert run_command(["reconcile", "--data", "."], tmp_path, clock=lambda: ledger.now).code == 1
    ledger.do("recorder", "bank", "match", line=line_of(ledger), entry=entry_of(ledger))
    open_still = run_command(["inbox", "--data", "."], tmp_path, clock=lambda: ledger.now)
    assert open_still.code == 1
    assert "-3.50 USD" in open_still.out
    (tmp_path / "mapping.toml").write_text(MAPPING.replace('"B"', '"C"'))
    many = "".join(f"22.11.2023;E;{n};1,00;{n},00;\n" for n in range(1, 31))
    elsewhere = taken(tmp_path, HEAD + many)
    assert "waits" in elsewhere.out
    assert "at B" not in elsewhere.out
    first, last = (
        run_command(["inbox", "--page", n, "--data", "."], tmp_path, clock=lambda: ledger.now).out
        for n in "12"
    )
    assert "page 1 of 2" in first
    assert "to decide" in first
    assert [page.count("Bank line without a match") for page in (first, last)] == [25, 6]
    assert run_command(["inbox", "--page", "3", "--data", "."], tmp_path).code == 2
    back = ["import", "bank", "bank.csv", "--take-back", "not ours", "--as", "approver"]
    assert run_command(back, tmp_path).code == 0
    asked = {"number": "A-1", "lines": [line_of(ledger)], "reason": "the fee of another account"}
    ledger.do("recorder", "bank", "aside", **asked, date="2023-11-21")
    assert run_command(["reconcile", "--data", "."], tmp_path, clock=lambda: ledger.now).code == 1
    ledger.do("approver", "aside", "approve", number="A-1", date="2023-11-21")
    done = run_command(["reconcile", "--data", "."], tmp_path, clock=lambda: ledger.now)
    assert done.code == 0, done.out
    assert "help: B, USD, as of 21 November 2023, closing with 19,896.50 USD. Reconciled." in done.out
    assert (
        "bank help/B: 19,896.50 on its newest statement = 19,900.00 in the books + -3.50 set aside"
        in done.out
    )


def test_a_line_that_is_matched_for_more_than_it_is_is_found(ledger: Ledger, tmp_path: Path) -> None:
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.write() as writing:
        line_named(writing, identity).matched = 1_990_001
    with ledger.store.read() as reading:
        found = list(bank_matches_tie(reading))
    assert [finding.subject for finding in found] == [identity]


def test_a_match_that_is_changed_on_both_sides_or_gone_from_both_is_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Line and entry agree with each other, and not with the entry that matched them."""
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.read() as reading:
        (moved,) = [m for m in movements(reading, SLUG) if movement_left(m)]
    ledger.do("recorder", "bank", "match", line=identity, entry=moved.entry)
    for matched in (moved.moved - 1, 0):
        with ledger.store.write() as writing:
            line = line_named(writing, identity)
            match = writing.session.exec(select(BankMatchRow)).one()
            line.matched = match.amount = matched
            found = [finding.subject for finding in bank_matches_tie(writing)]
            assert found == [identity, f"{moved.entry}:B"]
            line.matched = match.amount = moved.moved
            assert list(bank_matches_tie(writing)) == []


def test_a_line_whose_facts_are_not_those_of_its_entry_or_that_no_entry_tells_is_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    taken(tmp_path, HEAD + SALE)
    identity = line_of(ledger)
    with ledger.store.write() as writing:
        line = line_named(writing, identity)
        line.amount = 1
        writing.session.add(BankLineRow(**line.model_dump() | {"entry": 1, "identity": "0" * 64}))
        assert [finding.subject for finding in bank_matches_tie(writing)] == [identity, "0" * 64]
