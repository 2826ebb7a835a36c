"""After a reorganisation nothing is bound beyond what is held, and a double-spent gift counts nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core.errors import Conflict, Refused
from ledger.rules.books import Books
from ledger.rules.wanting import free_and_held, wanting
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.reconcile import books_state
from ledger.views.trail import DonationStatus
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tied, tx

pytestmark = pytest.mark.on_both

BTC = 100_000_000
DAY = "2023-11-20"
GIFT = f"{name('first')}:0"
SALE = tx("sale", spends=(("second", 0),))
SECOND = tx("second", (1, BTC), position=2)


def order(ledger: Ledger, number: str, value: int) -> None:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": value}]
    ledger.do(
        "recorder", "purchase", "add", number=number, supplier="Maker", currency="USD", items=items, date=DAY
    )


@made_once
def double_spent(tmp_path: Path) -> Ledger:
    """Two gifts of a bitcoin; the coin of the second was sold for 20,000.00 USD by units of the first, which the
    blocks of a reorganisation spend to somebody else. An order was asked for before that."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("first", (0, BTC)), SECOND)
    ledger.bury()
    ledger.mine("s", SALE)
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=SALE.txid, sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date=DAY,
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    quotes = [{"source": source, "price": 2_000_000} for source in ("one", "two")]
    ledger.do("recorder", "rate", "add", currency="USD", quotes=quotes, date=DAY)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    order(ledger, "PO-1", 3_000_000)
    rival = tx("rival", spends=(("in first", 0),))
    ledger.reorg(12, ("b0", (rival, SECOND)), ("b1", (SALE,)), *((f"b{n}", ()) for n in range(2, 14)))
    return ledger


def test_nothing_is_ordered_or_approved_beyond_what_is_held(tmp_path: Path) -> None:
    ledger = double_spent(tmp_path)
    with ledger.store.read() as reading:
        books = Books(reading)
        assert wanting(books, SLUG, "BTC") == BTC
        assert free_and_held(books, SLUG, "BTC") == 0  # the second gift's units are free, its coin is gone
        assert books_state(reading, SLUG, now=ledger.now).shortfall.minor == BTC
    with pytest.raises((Conflict, Refused), match=r"only 20000\.00 is (still )?free"):
        ledger.do("approver", "purchase", "approve", number="PO-1", date=DAY)
    with pytest.raises(Refused, match=r"only 20000\.00 is (still )?free"):
        order(ledger, "PO-2", 2_000_001)
    ledger.do("recorder", "purchase", "reject", number="PO-1", date=DAY)
    order(ledger, "PO-2", 2_000_000)
    ledger.do("approver", "purchase", "approve", number="PO-2", date=DAY)
    tied(ledger)


def test_a_gift_that_is_double_spent_there_is_replaced_and_counts_nowhere(tmp_path: Path) -> None:
    ledger = double_spent(tmp_path)
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, GIFT, now=ledger.now)
        report = campaign_report(reading, SLUG, now=ledger.now)
    assert (trail.status, trail.replaced_by) == (DonationStatus.REPLACED, name("rival"))
    assert (trail.places, trail.shares, trail.settled_at) == ((), (), None)
    (change,) = trail.changes
    assert change.detail["used_already"] == f"{BTC} BTC"
    assert (report.donations, [row.minor for row in report.received]) == (1, [BTC])


def test_coins_that_come_back_make_good_for_what_is_wanting(tmp_path: Path) -> None:
    """The gift settles once more: all that it was is free again, but for what was used."""
    ledger = double_spent(tmp_path)
    first = tx("first", (0, BTC))
    ledger.reorg(14, ("c0", (first, SECOND)), ("c1", (SALE,)), *((f"c{n}", ()) for n in range(2, 16)))
    with ledger.store.read() as reading:
        books = Books(reading)
        assert wanting(books, SLUG, "BTC") == 0
        assert free_and_held(books, SLUG, "BTC") == BTC
    ledger.do("approver", "purchase", "approve", number="PO-1", date=DAY)
    tied(ledger)
