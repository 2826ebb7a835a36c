"""The trail of a donation asks for what it tells, however much else its campaign holds."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from ledger.store.database import Store
from ledger.views.queries import campaign_page, donation_trails
from ledger.views.trail import DonationTrail
from service.demo import plan
from tests.tools.demo_data import demo_moments, mixed_moments
from tests.tools.ledgers import SLUG, Ledger, name
from tests.tools.things import funded, order, receive


def _asked(ledger: Ledger) -> tuple[list[str], DonationTrail]:
    """The statements that the trail of the fund's one gift took, and the trail."""
    statements: list[str] = []
    with ledger.store.read() as reading:
        connection = reading.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
        (trail,) = donation_trails(reading, f"{name('gift')}:0")
    return statements, trail


def test_a_trail_asks_nothing_about_orders_and_lots_that_its_money_never_reached(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    alone, trail = _asked(ledger)
    for number in range(12):
        order(ledger, f"PO-{number}", quantity=10, value=1_000)
        receive(ledger, f"GRN-{number}", lot=f"L{number}", on=f"PO-{number}", good=10)
    among_others, same = _asked(ledger)
    assert among_others == alone
    assert same == trail


def test_the_page_of_a_campaign_asks_nothing_twice_that_grows_with_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Beside lists that stay short, and what picture and tables each read of the units of one use."""
    few = {
        "products",
        "indicators",
        "lines",
        "campaign_openings",
        "line_spans",
        "uses",
        "use_pieces",
        "use_parts",
    }
    summed = {"gift_days", "supplier_refunds"}
    for file, slug in (
        (list(demo_moments(tmp_path_factory).values())[-1], plan.SLUG),
        (mixed_moments(tmp_path_factory)[-1][1], SLUG),
    ):
        asked: Counter[tuple[str, str]] = Counter()
        with closing(Store.open(f"sqlite:///{file}")) as store, store.read() as reading:
            event.listen(
                reading.session.connection(),
                "before_cursor_execute",
                lambda *told, asked=asked: asked.update([(told[2], repr(told[3]))]),
            )
            campaign_page(reading, slug, now=1_700_000_000)
        again = {re.findall(r"FROM (\w+)", statement)[0] for (statement, _), n in asked.items() if n > 1}
        assert again <= few | summed
