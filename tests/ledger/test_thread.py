"""The threads of all donations, at moments of the demonstration: together they are what left the picture."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ledger.store.database import Store
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_flow, donation_rows, donation_trails
from service.demo import plan
from tests.tools.demo_data import MOMENTS, demo_moments
from tests.tools.drawn import drawn


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    return demo_moments(tmp_path_factory)


@pytest.mark.parametrize("moment", drawn("threads", MOMENTS, 5))
def test_all_threads_together_are_what_left_the_picture(moments: dict[int, Path], moment: int) -> None:
    """Held, fees, freight, each waybill, stock and losses; only what nobody has paid for yet is in no thread."""
    store = Store.open(f"sqlite:///{moments[moment]}")
    with store.read() as tx:
        flow = campaign_flow(tx, plan.SLUG)
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
        threads = [trail.thread for row in rows for trail in donation_trails(tx, row.key)]
    store.close()
    left: Counter[tuple[str, ExitKind, str, str]] = Counter()
    for row in flow.exits:
        left[row.source, row.kind, row.label, row.asset] += row.units
    told: Counter[tuple[str, ExitKind, str, str]] = Counter()
    for point in (point for thread in threads for point in thread):
        if point.left is not None:
            assert point.amount is not None
            told[point.node, point.left, point.label, point.amount.asset] += point.amount.minor
    paid = {band.target for band in flow.bands}
    on_credit = {key for key in left if key[0].startswith("order/") and key[0] not in paid}
    arrived_unpaid = {
        band.target for band in flow.bands if band.source not in paid and band.source.startswith("order/")
    }
    for key in left:
        if key in on_credit or key[0] in arrived_unpaid:
            assert told[key] <= left[key], key
        else:
            assert told[key] == left[key], key
    assert set(told) <= set(left)


def test_a_thread_goes_where_the_freight_went_and_where_the_waybill_is(moments: dict[int, Path]) -> None:
    """Who paid for freight has a thread to it by its name; who has masks in the air has one to each waybill."""
    freight, waybills = set(), set()
    for moment in (MOMENTS[7], MOMENTS[9]):
        store = Store.open(f"sqlite:///{moments[moment]}")
        with store.read() as tx:
            rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
            for row in rows:
                (trail,) = donation_trails(tx, row.key)
                freight |= {point.label for point in trail.thread if point.left is ExitKind.SPENT}
                waybills |= {point.label for point in trail.thread if point.left is ExitKind.IN_TRANSIT}
        store.close()
    assert freight == {"Air freight"}
    assert waybills == {"W-001", "W-002", "W-003", "W-005"}
