"""What was kept of the ledger before it was rebuilt: the same facts give the same answers and the same figures.

The default run takes the demonstration and a dozen journals that hold all kinds of entry together; with
`AIDTRAIL_KEPT=all` it takes every one. `tests/tools/kept/wanted.py` names what may differ.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.recording.kinds import BY_NAME
from tests.tools.kept.compare import differences
from tests.tools.kept.house import House
from tests.tools.kept.journal import Journal, Moment, journals
from tests.tools.store_places import fresh_url

KEPT = {journal.name: journal for journal in journals()}
ALL = os.environ.get("AIDTRAIL_KEPT") == "all"
CHOSEN = ("demo", "14", "16", "02", "17", "23", "41", "46", "51", "55", "58")
"""Together they hold every kind of entry."""


@pytest.mark.parametrize("name", sorted(KEPT) if ALL else CHOSEN)
def test_the_same_facts_give_the_same_answers_and_figures(name: str, tmp_path: Path) -> None:
    """Each answer, each entry's kind and day, and each figure at the named moments."""
    house = House.new(fresh_url("sqlite", tmp_path))
    try:
        first = next(differences(KEPT[name], house), None)
    finally:
        house.close()
    assert first is None, first


def test_all_kinds_of_entry_are_kept() -> None:
    """In the journals of the default run already."""
    assert _kinds([KEPT[name] for name in CHOSEN]) == set(BY_NAME)


def _kinds(kept: list[Journal]) -> set[str]:
    return {kind for journal in kept for _, kind, *_ in journal.entries()}


def test_the_demonstration_is_kept_at_eight_moments() -> None:
    moments = [step.name for step in KEPT["demo"].steps if isinstance(step, Moment)]
    assert len(set(moments)) == 8
