"""Whatever happens in a story, who is told otherwise is told why, and nobody else is told anything."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import LedgerError
from tests.tools.ledgers import Ledger, QuietLedger
from tests.tools.stories import stories
from tests.tools.told_story import Told, places, trail_of

ACTS = ("give", "convert", "buy", "pay", "receive", "ship", "arrive", "hand", "hand", "distribute", "lose", "find",
        "send_back", "refund", "close", "reverse", "reverse", "reverse", "recall", "reorg")  # fmt: skip
OPENING = (
    ("give", 0),
    ("give", 77_001),
    ("convert", 5),
    ("convert", 61),
    ("buy", 3),
    ("pay", 60),
    ("receive", 8),
)


@settings(max_examples=stories(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1000)), min_size=4, max_size=14))
def test_whoever_is_told_otherwise_is_told_why_and_nobody_else(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int]]
) -> None:
    """A trail that differs after an entry names it, as a step or as a change; one that does not names nothing."""
    told = Told(QuietLedger.new(tmp_path_factory.mktemp("changes")))
    told.ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    for act, size in OPENING:
        getattr(told, act)(size)
    for act, size in script:
        before = {gift: trail_of(told.ledger, gift) for gift in told.gifts}
        first = len(told.ledger.kinds())
        with contextlib.suppress(LedgerError):
            getattr(told, act)(size)
        kinds = told.ledger.kinds()
        new = {seq: kind for seq, kind in enumerate(kinds, start=1) if seq > first}
        for gift, was in before.items():
            now = trail_of(told.ledger, gift)
            assert now.changes[: len(was.changes)] == was.changes
            fresh = {change.entry for change in now.changes[len(was.changes) :]}
            assert fresh <= set(new)
            steps = {step.entry for step in now.steps if step.entry in new}
            spends = {seq for seq, kind in new.items() if kind == "spend"}
            differs = places(was) != places(now) or was.status != now.status
            if differs and was.settled_at and now.settled_at:
                assert fresh | steps | spends
            quiet = {"recall", "reversal", "moved"}
            quiet |= {"void", "restore"} if {"void", "restore"} <= set(new.values()) else set()
            if fresh - {seq for seq, kind in new.items() if kind in quiet}:
                assert differs or was.status != "settled"
    Ledger.audit(told.ledger)
