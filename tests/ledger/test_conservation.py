"""Conservation: after every step of any story both sides of every asset tie; a planted error shows by how much."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from ledger.core.errors import LedgerError, NotFound, Refused
from ledger.model.balances import BalanceRow
from ledger.model.columns import table_of
from ledger.store.transaction import Writing
from ledger.views.campaign import Apart
from ledger.views.conservation import Conservation, Side, Tied, conservation
from ledger.views.reconcile import books_state
from tests.ledger.test_refunds import bought as short_order
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.stories import stories

pytestmark = pytest.mark.on_both

BTC = 100_000_000


def report(ledger: Ledger, block: int | None = None) -> Conservation:
    with ledger.store.read() as reading:
        return conservation(reading, SLUG, block=block)


def rows(made: Conservation, asset: str) -> dict[str, int]:
    (table,) = [table for table in made.tables if table.asset == asset]
    return {f"{row.side.value} {row.key}": row.amount.minor for row in table.rows}


def sold(ledger: Ledger, approve: bool = True) -> None:
    """A gift of a bitcoin, dust beside it, and the gift sold for 20,000.00 USD."""
    ledger.mine("a", tx("gift", (0, BTC), (1, 100)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=1_990_000, exchange_fee=10_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    if approve:
        ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")


def bought(ledger: Ledger) -> None:
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    ledger.do(
        "recorder", "purchase", "add", number="PO-1", supplier="Maker", currency="USD", date="2023-11-21",
        items=[{"item": "1", "product": "KIT", "quantity": 100, "value": 500_000}],
    )  # fmt: skip
    ledger.do("approver", "purchase", "approve", number="PO-1", date="2023-11-21")
    ledger.do(
        "recorder", "receipt", "add", number="G-1", order="PO-1", item="1", place="Depot", date="2023-12-01",
        lots=[{"lot": "L1", "noted": 60, "good": 50, "damaged": 4, "short": 6}],
    )  # fmt: skip


def test_what_came_is_what_went_with_dust_and_fees_apart(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path, dust=1000)
    sold(ledger, approve=False)
    assert rows(report(ledger), "BTC") == {
        "came gifts": BTC, "came dust_received": 100, "went unexplained": BTC, "went dust_apart": 100,
    }  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    made = report(ledger)
    assert made.holds
    assert rows(made, "BTC") == {
        "came gifts": BTC, "came dust_received": 100, "went converted": BTC - 1000, "went fees": 1000,
        "went dust_apart": 100,
    }  # fmt: skip
    assert rows(made, "USD") == {
        "came conversion_proceeds": 2_000_000, "went fees": 10_000, "went in_hand_bank": 1_990_000,
    }  # fmt: skip
    with ledger.store.read() as reading:
        books = books_state(reading, SLUG, now=ledger.now)
    assert [(row.why, row.minor) for row in books.apart] == [(Apart.DUST, 100)]
    assert books.in_books.minor == 100


def test_per_order_item_and_per_lot_the_pieces_tie(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    sold(ledger)
    bought(ledger)
    made = report(ledger)
    ties = {
        (tie.what, tie.subject): (
            tie.total.minor,
            {part.key: part.amount.minor for part in tie.parts},
            tie.difference.minor,
        )
        for tie in made.ties
    }
    assert ties[Tied.ORDER, "PO-1/1"] == (100, {"good": 50, "damaged": 4, "short": 6, "open": 40}, 0)
    assert ties[Tied.LOT, f"{SLUG}/KIT#L1"] == (60, {"stock": 50, "lost": 10}, 0)
    # Of the 60 on the note 54 were received: what was short is no more than noted.
    assert rows(made, "KIT") == {"came ordered": 100, "went noted": 60, "went open": 40}
    assert made.holds


def plant(writing: Writing, account: str, units: int) -> None:
    """Meddle with what an account was debited."""
    table = table_of(BalanceRow)
    meddling = update(table).where(table.c.account == account).values(debits=table.c.debits + units)
    assert writing.session.connection().execute(meddling).rowcount == 1


@pytest.mark.parametrize("planted", [-7, 1, 4_200])
def test_a_planted_error_in_an_account_shows_by_exactly_how_much(tmp_path: Path, planted: int) -> None:
    ledger = Ledger.new(tmp_path)
    sold(ledger)
    with ledger.store.write() as writing:
        plant(writing, f"fees/{SLUG}/network", planted)
    made = report(ledger)
    assert {table.asset: table.difference.minor for table in made.tables if table.difference.minor} == {
        "BTC": planted
    }
    assert not made.holds


def test_a_planted_error_in_a_lot_shows_for_that_lot_by_exactly_how_much(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    sold(ledger)
    bought(ledger)
    with ledger.store.write() as writing:
        plant(writing, f"stock/{SLUG}/Depot", -3)
    made = report(ledger)
    assert [(tie.subject, tie.difference.minor) for tie in made.ties if tie.difference.minor] == [
        (f"{SLUG}/KIT#L1", -3)
    ]
    assert [(table.asset, table.difference.minor) for table in made.tables if table.difference.minor] == [
        ("KIT#L1", -3)
    ]


def test_at_a_block_it_is_as_the_books_stood_then(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    before = report(ledger)
    sold_at = len(ledger.chain)
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    assert rows(report(ledger), "BTC")["went unexplained"] == BTC
    assert rows(report(ledger, sold_at - 1), "BTC") == rows(before, "BTC")
    assert report(ledger, sold_at - 1).block == sold_at - 1
    with pytest.raises(Refused, match="no settled block"):
        report(ledger, sold_at + 3)
    with ledger.store.read() as reading, pytest.raises(NotFound):
        conservation(reading, "nobody")


def test_what_a_supplier_pays_back_came_again_and_what_was_spent_stays_whole(tmp_path: Path) -> None:
    ledger = short_order(tmp_path, 10_000, arrived={"good": 90, "short": 10})
    ledger.do(
        "recorder", "refund", "add", number="R-1", order="PO-1", item="1", failure="short", lot="L1",
        quantity=10, asset="USD", amount=1_000, bank="B", date="2023-11-28",
    )  # fmt: skip
    ledger.do("approver", "refund", "approve", number="R-1", date="2023-11-28")
    made = report(ledger)
    assert made.holds
    assert rows(made, "USD") == {
        "came conversion_proceeds": 10_000, "came refunds": 1_000, "went spent": 10_000, "went in_hand_bank": 1_000,
    }  # fmt: skip


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["gift", "dust", "spend", "late", "reorg", "sell", "approve", "reject", "undo"]),
        st.integers(0, 9),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=stories(6), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_it_ties_after_every_step_of_any_story(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder), dust=1000)
        _tell(ledger, steps)
        ledger.store.close()


def _tell(ledger: Ledger, steps: list[tuple[str, int]]) -> None:
    coins: list[tuple[str, int]] = []
    sales: dict[str, int] = {}
    for at, (step, which) in enumerate(steps):
        label = f"{step} {at}"
        if step in {"gift", "dust"}:
            sats = 700 + which if step == "dust" else 10_000 * (which + 1)
            ledger.mine(label, tx(label, (which, sats)))
            coins.append((label, sats))
            ledger.bury()
        elif step in {"spend", "late"} and coins:
            source, sats = coins.pop(which % len(coins))
            keep = sats // 3 if which % 2 else 0
            pays = ((15, keep),) if keep else ()
            ledger.mine(label, tx(label, *pays, spends=((source, 0),)))
            sales[label] = sats - keep
            if keep:
                coins.append((label, keep))
            ledger.bury(5 if step == "spend" else 2)
        elif step == "reorg" and len(ledger.chain) > 9:
            ledger.reorg(6 + which % 3, *((f"{label} {n}", ()) for n in range(10)))
            coins, sales = [], {}
        elif step in {"sell", "approve", "reject", "undo"}:
            _desk(ledger, step, which, sales)
        made = report(ledger)
        assert made.holds, made
        for table in made.tables:
            assert table.came == table.went
            assert all(row.amount.minor > 0 for row in table.rows if row.side is not Side.BOUND)


def _desk(ledger: Ledger, step: str, which: int, sales: dict[str, int]) -> None:
    """What the desk does with a sale; the ledger may refuse it."""
    if not sales:
        return
    label = sorted(sales)[which % len(sales)]
    number = "C-" + label.replace(" ", "-")
    try:
        if step == "sell":
            fee = min(which * 10, sales[label] - 1)
            ledger.do(
                "recorder", "conversion", "add", number=number, txid=name(label), sold=sales[label] - fee,
                network_fee=fee, currency="USD", proceeds=1000 + which, exchange="E", bank="B",
                date="2023-11-20",
            )  # fmt: skip
        elif step == "undo":
            with ledger.store.read() as reading:
                row = reading.journal.by_key(f"approval:conversion:{SLUG}:{number}")
            if row is not None:
                ledger.do("approver", "reversal", "add", entry=row.seq, reason="wrong", date="2023-11-21")
        else:
            ledger.do("approver", "conversion", step, number=number, date="2023-11-20")
    except LedgerError:
        ledger.audit()
