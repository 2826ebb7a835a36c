"""Moves between own banks and own addresses: what they cost is borne alike, and nothing else changes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import NotAllowed, Refused
from ledger.rules.books import Books
from ledger.rules.moves import MOVES
from ledger.tracing.follow import Ending, Stay, Visit, follow, origins
from ledger.views.flow import ExitKind
from ledger.views.queries import campaign_flow, campaign_report
from ledger.views.sum_tables import SumKey
from tests.tools.funds import BTC, sold
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx
from tests.tools.stories import stories

MONEY = f"money/{SLUG}/free/USD"


def move(
    ledger: Ledger, number: str, amount: int, fee: int = 0, source: str = "B", target: str = "A"
) -> None:
    ledger.do(
        "recorder", "move", "add", number=number, asset="USD", amount=amount, fee=fee, from_bank=source,
        to_bank=target, date="2023-11-21",
    )  # fmt: skip
    ledger.say_right("2023-11-21")
    ledger.do("approver", "move", "approve", number=number, date="2023-11-21")


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return sold(tmp_path, BTC, BTC)


def _units(visit: Visit) -> int:
    """What ends or stays, a passage counting nothing."""
    match visit:
        case Ending():
            return visit.units
        case Stay():
            return visit.end - visit.start
    return 0


def bank(ledger: Ledger, place: str) -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(f"bank/{SLUG}/{place}", "USD")


def test_a_move_free_of_charge_is_no_use(ledger: Ledger) -> None:
    """docs/rules.md, T1: the line stays as it was, and only the place changes."""
    move(ledger, "M-1", 500_000)
    assert (bank(ledger, "A"), bank(ledger, "B")) == (500_000, 1_500_000)
    with ledger.store.read() as reading:
        assert [(s.start, s.end) for s in Books(reading).lines.spans(MONEY)] == [(0, 2_000_000)]


def test_the_fee_of_a_move_is_borne_by_all_that_was_moved(ledger: Ledger) -> None:
    move(ledger, "M-1", 1_990_000, fee=10_000)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        lost = [
            sum(v.units for v in follow(lines, MONEY, start, start + 1_000_000) if isinstance(v, Ending))
            for start in (0, 1_000_000)
        ]
        first = next(iter(origins(lines, MONEY, 2_000_000, 2_000_001)))
    assert lost == [5_000, 5_000]
    assert first.gift == f"{name('gift0')}:0"


def test_what_was_moved_is_counted_once_in_sums_and_flow(ledger: Ledger) -> None:
    move(ledger, "M-1", 990_000, fee=10_000)
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
        flow = campaign_flow(reading, SLUG)
    dollars = next(table for table in report.sums if table.asset == "USD")
    rows = {row.key: row.minor for row in dollars.rows}
    assert (rows[SumKey.CHARGES], rows[SumKey.HELD], dollars.total.minor) == (10_000, 1_990_000, 2_000_000)
    bar = next(bar for stage in flow.stages for bar in stage.bars if bar.asset == "USD")
    exits = {row.kind: row.units for row in flow.exits if row.source == bar.key}
    assert (bar.units, exits) == (2_000_000, {ExitKind.FEE: 10_000, ExitKind.HELD: 1_990_000})


def test_a_move_is_approved_by_another_person_and_holds_what_bears_its_fee(ledger: Ledger) -> None:
    facts = {"number": "M-1", "asset": "USD", "amount": 1_999_999, "fee": 1, "from_bank": "B", "to_bank": "A"}
    ledger.do("recorder", "move", "add", date="2023-11-21", **facts)
    with pytest.raises(NotAllowed):
        ledger.do("recorder", "move", "approve", number="M-1", date="2023-11-21")
    with pytest.raises(Refused, match=r"only 0\.00 [A-Z]{3} is free at B"):
        ledger.do("recorder", "move", "add", date="2023-11-21", **(facts | {"number": "M-2", "amount": 1}))
    ledger.do("recorder", "move", "reject", number="M-1", date="2023-11-21")
    move(ledger, "M-2", 2_000_000)


def test_money_that_is_not_there_is_not_moved(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="is free at Elsewhere"):
        move(ledger, "M-1", 1, source="Elsewhere")
    with pytest.raises(Refused, match="is the bank that the money leaves"):
        move(ledger, "M-1", 1, target="B")
    with pytest.raises(Refused, match="names both banks"):
        ledger.do(
            "recorder", "move", "add", number="M", asset="USD", amount=1, to_bank="A", date="2023-11-21"
        )


def test_a_move_is_reversed_whole(ledger: Ledger) -> None:
    move(ledger, "M-1", 990_000, fee=10_000)
    with ledger.store.read() as reading:
        seq = MOVES.require_row(reading.session, SLUG, "M-1").decided_by
    ledger.do("approver", "reversal", "add", entry=seq, reason="the bank sent it back", date="2023-11-22")
    assert bank(ledger, "B") == 2_000_000
    with ledger.store.read() as reading:
        bar = campaign_flow(reading, SLUG).stages[1].bars[0]
    assert bar.units == 2_000_000


def test_coins_moved_to_another_own_address_leave_only_their_fee(tmp_path: Path) -> None:
    """A fee beyond the ordinary, so that a person looks at it (`tests/ledger/test_own_moves.py`)."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.mine("m", tx("moved", (15, BTC - 7_000_000), spends=(("gift", 0),)))
    ledger.bury()
    facts = {"number": "M-1", "asset": "BTC", "amount": 0, "txid": name("moved"), "date": "2023-11-21"}
    with pytest.raises(Refused, match="is 0 for coins"):
        ledger.do("recorder", "move", "add", fee=7_000_000, **(facts | {"amount": 1}))
    ledger.do("recorder", "move", "add", fee=7_000_000, **facts)
    ledger.do("approver", "move", "approve", number="M-1", date="2023-11-21")
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
    rows = {row.key: row.minor for row in report.sums[0].rows}
    assert (rows[SumKey.NETWORK_FEES], rows[SumKey.HELD], rows[SumKey.UNEXPLAINED]) == (
        7_000_000,
        BTC - 7_000_000,
        0,
    )


def test_coins_that_did_not_come_back_are_no_move(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)))
    ledger.bury()
    ledger.mine("m", tx("gone", spends=(("gift", 0),)))
    ledger.bury()
    with pytest.raises(Refused, match="it is no move"):
        ledger.do(
            "recorder", "move", "add", number="M", asset="BTC", amount=0, fee=BTC, txid=name("gone"),
            date="2023-11-21",
        )  # fmt: skip


@settings(max_examples=stories(5), deadline=None)
@given(
    gifts=st.lists(st.integers(1000, 5000), min_size=1, max_size=4),
    moves=st.lists(st.tuples(st.integers(1, 400), st.integers(0, 40), st.booleans()), max_size=4),
)
def test_moves_of_any_sort_leave_every_gift_whole_and_the_bar_as_long(
    gifts: list[int], moves: list[tuple[int, int, bool]]
) -> None:
    """What is held and what fees took sums to each gift's share before, and on the bar to its length."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = sold(Path(folder), *gifts, proceeds=1000)

        def shares() -> list[int]:
            with ledger.store.read() as reading:
                lines = Books(reading).lines
                found, at = [], 0
                for sats in gifts:
                    ends = follow(lines, f"money/{SLUG}/free/BTC", at, at + sats)
                    found.append(sum(_units(visit) for visit in ends))
                    at += sats
            return found

        before, fees = shares(), 0
        for number, (amount, fee, back) in enumerate(moves):
            source, target = ("A", "B") if back else ("B", "A")
            if bank(ledger, source) >= amount + fee:
                move(ledger, f"M-{number}", amount, fee, source, target)
                fees += fee
        assert shares() == before
        with ledger.store.read() as reading:
            flow = campaign_flow(reading, SLUG)
        bar = flow.stages[1].bars[0]
        kinds = {row.kind: row.units for row in flow.exits if row.source == bar.key}
        assert (bar.units, kinds.get(ExitKind.FEE, 0), kinds.get(ExitKind.HELD, 0)) == (
            1000,
            fees,
            1000 - fees,
        )
