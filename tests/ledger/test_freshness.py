"""What is known of the chain is called reconciled, agreed and ready only while it says something of now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.times import rfc3339
from ledger.views.chain_status import FRESH_SECONDS, Staleness, chain_status, staleness
from ledger.views.reconcile import books_state
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.things import funded

NOW = 1_600_000_000


@pytest.mark.parametrize(
    ("looked", "tip", "network", "why"),
    [
        (NOW, NOW - 600, "main", None),
        (NOW - FRESH_SECONDS, NOW - FRESH_SECONDS, "main", None),
        (None, None, "main", Staleness.NEVER),
        (NOW, None, "main", Staleness.NEVER),
        (NOW - FRESH_SECONDS - 1, NOW - 600, "main", Staleness.OLD_LOOK),
        (NOW + FRESH_SECONDS + 1, NOW, "main", Staleness.LOOK_AHEAD),
        (NOW, NOW - FRESH_SECONDS - 1, "main", Staleness.OLD_TIP),
        (NOW, 1_300_000_000, "signet", Staleness.OLD_TIP),
        (NOW, 1_300_000_000, "regtest", None),
        (1_300_000_000, 1_300_000_000, "regtest", Staleness.OLD_LOOK),
        (1_300_000_000, 1_300_000_000, "", None),
    ],
)
def test_a_look_and_a_block_say_something_for_six_hours(
    looked: int | None, tip: int | None, network: str, why: Staleness | None
) -> None:
    assert staleness(None if looked is None else rfc3339(looked), tip, network, NOW) is why


def test_books_that_tie_are_not_reconciled_by_a_look_of_hours_ago(tmp_path: Path) -> None:
    """Nor by one that lies ahead of the clock; the next look mends it."""
    ledger = funded(tmp_path)
    ledger.mine("fresh")
    with ledger.store.write() as writing:
        writing.progress.save("network", "regtest")
    with ledger.store.read() as reading:
        looked = chain_status(reading, now=ledger.now)
        assert looked.agreed
        assert books_state(reading, SLUG, now=ledger.now).reconciled
        for now, why in (
            (ledger.now + FRESH_SECONDS * 2, Staleness.OLD_LOOK),
            (ledger.now - FRESH_SECONDS * 2, Staleness.LOOK_AHEAD),
        ):
            state = books_state(reading, SLUG, now=now)
            assert (state.reconciled, state.agreed, state.stale) == (False, False, why)
            assert not chain_status(reading, now=now).agreed
            assert not books_state(reading, SLUG, now=now).reconciled


def test_a_chain_that_is_not_as_deep_as_payments_are_buried_has_no_settled_block(tmp_path: Path) -> None:
    """No source ever answered, so nothing is compared, and nothing is called reconciled."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("one")
    with ledger.store.read() as reading:
        assert chain_status(reading, now=ledger.now).settled_height is None
