"""What was kept of the ledger before it was rebuilt: the same facts give the same answers and the same figures.

Each run draws four of a dozen journals that hold all kinds of entry together; with `AIDTRAIL_KEPT=all` it takes every
one. `tests/tools/kept/wanted.py` names what may differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.drawn import drawn
from tests.tools.kept.compare import differences, retold, rows_differ
from tests.tools.kept.house import House
from tests.tools.kept.journal import Journal, Moment, Told, User, journals, save
from tests.tools.store_places import fresh_url

KEPT = {journal.name: journal for journal in journals()}
ALL = os.environ.get("AIDTRAIL_KEPT") == "all"
CHOSEN = ("demo", "14", "16", "02", "17", "23", "46", "51", "55", "58", "draft-2", "late-3")
"""Together they hold every kind of entry that is kept."""
SMALL = "draft-3"


@pytest.mark.parametrize("name", sorted(KEPT) if ALL else drawn("kept journals", CHOSEN, 3))
def test_the_same_facts_give_the_same_answers_and_figures(name: str, tmp_path: Path) -> None:
    """Each answer, each entry's kind and day, and each figure at the named moments."""
    house = House.new(fresh_url("sqlite", tmp_path))
    try:
        first = next(differences(KEPT[name], house), None)
    finally:
        house.close()
    assert first is None, first


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["16", SMALL] if ALL else [SMALL])
def test_they_do_on_postgresql(name: str, tmp_path: Path) -> None:
    house = House.new(fresh_url("postgresql", tmp_path))
    try:
        first = next(differences(KEPT[name], house), None)
    finally:
        house.close()
    assert first is None, first


def test_the_chosen_journals_hold_every_kind_that_is_kept() -> None:
    assert _kinds([KEPT[name] for name in CHOSEN]) == _kinds(KEPT.values())


def _kinds(kept: Iterable[Journal]) -> set[str]:
    return {kind for journal in kept for _, kind, *_ in journal.entries()}


def test_the_demonstration_is_kept_at_eight_moments() -> None:
    moments = [step.name for step in KEPT["demo"].steps if isinstance(step, Moment)]
    assert len(set(moments)) == 8


def test_a_figure_that_is_another_is_named() -> None:
    """Its noun, name, field and asset, and both values; a row that is missing or new as well."""
    kept = [("loss", "m/L-1", "damage", "KIT#A", 7), ("loss", "m/L-2", "damage", "KIT#A", 1)]
    today = [("loss", "m/L-1", "damage", "KIT#A", 8), ("loss", "m/L-3", "damage", "KIT#A", 1)]
    assert list(rows_differ("01", kept, kept)) == []
    assert list(rows_differ("01", kept, today)) == [
        "loss | m/L-1 | damage | KIT#A: was 7, and is 8",
        "loss | m/L-2 | damage | KIT#A: was 1, and is nothing",
        "loss | m/L-3 | damage | KIT#A: was nothing, and is 1",
    ]


def test_an_answer_that_is_another_is_named_and_can_be_kept(tmp_path: Path) -> None:
    """Told by somebody without a role, facts are refused; kept anew, the journal holds that and is the same again."""
    steps = [replace(step, role="auditor") if isinstance(step, User) else step for step in KEPT[SMALL].steps]
    changed = Journal(tmp_path / "changed.jsonl.gz")
    save(changed.path, steps)
    first = House.new(fresh_url("sqlite", tmp_path, "first.db"))
    second = House.new(fresh_url("sqlite", tmp_path, "second.db"))
    third = House.new(fresh_url("sqlite", tmp_path, "third.db"))
    try:
        told = next(step for step in steps if isinstance(step, Told))
        assert f"{told.kind} told by {told.by}" in next(differences(changed, first))
        today = Journal(tmp_path / "today.jsonl.gz")
        save(today.path, [step for _, step in retold(steps, second)])
        assert list(differences(today, third)) == []
    finally:
        for house in (first, second, third):
            house.close()
