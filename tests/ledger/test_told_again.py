"""The same fact told again: nothing changes while it stands; once it is reversed, that is said, not taken for done."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import Conflict
from ledger.recording.kinds import ALL
from tests.tools.ledgers import Ledger

DAY = "2023-11-20"


def contribute(ledger: Ledger, **more: Any) -> int:
    facts = {"number": "C-1", "bank": "B", "currency": "USD", "amount": 100, "date": DAY}
    return ledger.do("recorder", "contribution", "add", **(facts | more)).seq or 0


def test_a_fact_told_again_after_its_reversal_is_refused_with_the_way_to_record_it_anew(
    tmp_path: Path,
) -> None:
    ledger = Ledger.new(tmp_path)
    seq = contribute(ledger)
    assert contribute(ledger) == seq
    ledger.do("approver", "reversal", "add", entry=seq, reason="told twice", date=DAY)
    with pytest.raises(Conflict, match=rf"recorded as entry {seq} and reversed since.*give another number"):
        contribute(ledger)
    with pytest.raises(
        Conflict, match=rf"C-1 was recorded already .* as entry {seq}; that is reversed; use another"
    ):
        contribute(ledger, amount=200)
    assert contribute(ledger, number="C-2") == seq + 2


def test_other_facts_under_the_same_key_are_refused_by_the_field_that_is_meant(tmp_path: Path) -> None:
    """A paper is known by its hash; nothing of it is called a number."""
    ledger = Ledger.new(tmp_path)
    facts: dict[str, Any] = {"sha256": "ab" * 32, "title": "Letter", "paper": "letter", "shows": "All of it"}
    facts |= {"access": "public", "about": "campaign", "date": DAY}
    ledger.do("recorder", "evidence", "add", **facts)
    with pytest.raises(Conflict, match=r"^sha256: (ab){32} is recorded already .* use another sha256$"):
        ledger.do("recorder", "evidence", "add", **(facts | {"title": "Another letter"}))


def test_each_kind_is_known_by_a_field_of_its_facts() -> None:
    assert [kind.name for kind in ALL if kind.named not in {field.name for field in fields(kind.facts)}] == []


def test_a_match_told_again_after_its_reversal_asks_for_the_next_n(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    seq = contribute(ledger)
    line = "ab" * 32
    ledger.do(
        "recorder", "bank", "line", bank="B", currency="USD", identity=line, direction="in", amount=100, booked=DAY
    )  # fmt: skip
    matched = ledger.do("recorder", "bank", "match", line=line, entry=seq)
    ledger.do("approver", "reversal", "add", entry=matched.seq, reason="another's", date=DAY)
    with pytest.raises(Conflict, match=r"reversed since.*give the next `n`"):
        ledger.do("recorder", "bank", "match", line=line, entry=seq)
    assert not ledger.do("recorder", "bank", "match", line=line, entry=seq, n=1).already
    assert ledger.kinds().count("bank.match") == 2
