"""A paper stands beside each fact that it is evidence of, and pages of papers leave none out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import NotFound
from ledger.model.evidence import About
from ledger.recording.desk import NOUNS
from ledger.views.papers import papers_about
from ledger.views.queries import donation_trails, paper_rows
from tests.tools.ledgers import SLUG, Ledger, made_once
from tests.tools.things import DATE, funded, order, receive

ONE, TWO = "ab" * 32, "cd" * 32


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Two receipts on one delivery note."""
    made = funded(tmp_path)
    order(made)
    receive(made, "GRN-1", "L1", good=600)
    receive(made, "GRN-2", "L2", good=400)
    return made


def attach(ledger: Ledger, sha256: str, about: str, number: str) -> int:
    facts = {"sha256": sha256, "title": "Note", "paper": "delivery note", "shows": "What came", "date": DATE}
    seq = ledger.do("recorder", "evidence", "add", access="public", about=about, number=number, **facts).seq
    assert seq is not None
    return seq


def shown(ledger: Ledger, number: str) -> list[str]:
    with ledger.store.read() as reading:
        return [paper.sha256 for paper in papers_about(reading.session, SLUG, About.RECEIPT, number)]


def test_a_paper_about_two_receipts_stands_beside_both(ledger: Ledger) -> None:
    attach(ledger, ONE, "receipt", "GRN-1")
    second = attach(ledger, ONE, "receipt", "GRN-2")
    assert (shown(ledger, "GRN-1"), shown(ledger, "GRN-2")) == ([ONE], [ONE])
    ledger.do("approver", "reversal", "add", entry=second, reason="another note", date=DATE)
    assert (shown(ledger, "GRN-1"), shown(ledger, "GRN-2")) == ([ONE], [])


def test_a_page_of_papers_goes_on_behind_one_that_was_taken_back(ledger: Ledger) -> None:
    first = attach(ledger, ONE, "receipt", "GRN-1")
    attach(ledger, ONE, "receipt", "GRN-2")
    attach(ledger, TWO, "receipt", "GRN-2")
    ledger.do("approver", "reversal", "add", entry=first, reason="another note", date=DATE)
    with ledger.store.read() as reading:
        page, cursor = paper_rows(reading, SLUG, after=None, limit=1)
        rest, end = paper_rows(reading, SLUG, after=cursor, limit=1)
    assert ([paper.sha256 for paper in page], [paper.sha256 for paper in rest]) == ([ONE], [TWO])
    assert end is None


def test_a_report_of_results_has_its_papers(ledger: Ledger) -> None:
    facts = {"number": "I-1", "title": "Trained", "unit": "student", "target": 10, "date": DATE}
    ledger.do("recorder", "indicator", "add", **facts)
    told = {"number": "R-1", "indicator": "I-1", "counts": "to_date", "end": DATE, "total": 4, "date": DATE}
    ledger.do("recorder", "result", "add", **told)
    attach(ledger, ONE, "result", "R-1")
    with ledger.store.read() as reading:
        assert [paper.sha256 for paper in papers_about(reading.session, SLUG, About.RESULT, "R-1")] == [ONE]


def test_a_paper_is_about_a_contribution_that_was_recorded_and_about_no_other(ledger: Ledger) -> None:
    facts = {"bank": "B", "currency": "USD", "amount": 5_000, "date": DATE}
    ledger.do("recorder", "contribution", "add", number="G-1", **facts)
    attach(ledger, ONE, "contribution", "G-1")
    with pytest.raises(NotFound, match="no contribution G-2"):
        attach(ledger, ONE, "contribution", "G-2")


def test_a_paper_can_be_about_each_noun_that_is_named_for_it(ledger: Ledger) -> None:
    """None of them is asked for in a table that is not there: a number that nobody recorded is not found.

    Each that a second person decides is one, so that every decision can carry its paper, but that a paper be sealed.
    """
    decided = {noun for noun, told in NOUNS.items() if "approve" in told.actions}
    assert decided - {about.value for about in About} == {"sealing"}
    for about in set(About) - {About.CAMPAIGN}:
        with pytest.raises(NotFound):
            attach(ledger, ONE, about.value, "none")


def test_the_trail_of_a_gift_by_bank_or_in_kind_shows_its_paper(ledger: Ledger) -> None:
    """On its first step; and the key of a paper about the campaign itself has no number that is none."""
    facts = {"bank": "B", "currency": "USD", "amount": 5_000, "date": DATE}
    ledger.do("recorder", "contribution", "add", number="G-1", **facts)
    attach(ledger, ONE, "contribution", "G-1")
    told = {"sha256": TWO, "title": "Deed", "paper": "deed", "shows": "What for", "date": DATE}
    outcome = ledger.do("recorder", "evidence", "add", access="public", about="campaign", **told)
    assert outcome.key == f"evidence:{SLUG}:campaign:{TWO}"
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, f"contribution:{SLUG}:G-1")
    assert [paper.sha256 for paper in trail.steps[0].evidence] == [ONE]
