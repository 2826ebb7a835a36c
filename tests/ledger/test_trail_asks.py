"""The trail of a donation asks for what it tells, however much else its campaign holds."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail
from tests.tools.ledgers import Ledger, name
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
