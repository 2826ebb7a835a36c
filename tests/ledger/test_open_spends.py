"""What is asked about coins that left without an explanation does not grow with those that have one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from ledger.views.chain_coins import open_spends, unexplained_spends
from ledger.views.reconcile import books_state
from ledger.views.unsettled_spends import unsettled_spends
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.things import funded

SATS = 500_000


def _sold(ledger: Ledger, number: int) -> None:
    """A gift that is sold, and the conversion that explains it."""
    ledger.mine(f"g{number}", tx(f"gift{number}", (number, SATS)))
    ledger.mine(f"s{number}", tx(f"sale{number}", spends=((f"gift{number}", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number=f"C-{number}", txid=name(f"sale{number}"), sold=SATS - 1_000,
        network_fee=1_000, currency="USD", proceeds=1_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number=f"C-{number}", date="2023-11-20")


def _asked(ledger: Ledger) -> list[str]:
    statements: list[str] = []
    with ledger.store.read() as reading:
        connection = reading.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
        assert books_state(reading, SLUG, now=ledger.now).unexplained.minor == 0
    return statements


def test_the_state_of_the_books_asks_nothing_about_what_is_explained(tmp_path: Path) -> None:
    """The page, the metrics and the reconciliation read the same, however many spends there were."""
    ledger = funded(tmp_path)
    _sold(ledger, 2)
    few = _asked(ledger)
    for number in range(3, 7):
        _sold(ledger, number)
    assert _asked(ledger) == few
    with ledger.store.read() as reading:
        assert open_spends(reading, SLUG, unsettled_spends(reading)) == ()
        assert len(unexplained_spends(reading, SLUG, unsettled_spends(reading))) == 6


def test_what_left_is_open_until_it_is_explained(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    ledger.mine("came", tx("late", (7, SATS)))
    ledger.mine("left", tx("gone", spends=(("late", 0),)))
    with ledger.store.read() as reading:
        (young,) = open_spends(reading, SLUG, unsettled_spends(reading))
    ledger.bury()
    with ledger.store.read() as reading:
        assert open_spends(reading, SLUG, unsettled_spends(reading)) == (young,)
        state = books_state(reading, SLUG, now=ledger.now)
    assert (state.unexplained, state.unexplained_since) == (young.amount, young.seen_at)
    assert not state.reconciled
