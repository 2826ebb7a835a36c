"""Gain and loss: coins are carried at what they were worth when given, along the same units as the shares."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.rules.books import Books
from ledger.rules.gift_records import add_gift, gift_of
from ledger.rules.gift_values import Worth, worths
from ledger.store.scratch import scratch
from ledger.tracing.follow import origins
from ledger.views.carrying import Carrying
from ledger.views.queries import campaign_report, donation_trails
from ledger.views.sum_tables import SumTable
from ledger.views.trail import Step, StepKind
from tests.tools.gifts import on_a_line
from tests.tools.ledgers import SLUG, START, Ledger, name, tx
from tests.tools.stories import stories

pytestmark = pytest.mark.on_both

BTC = 100_000_000


def give(ledger: Ledger, label: str, sats: int, price: int | None) -> None:
    """A gift that settles at a price of one bitcoin in cents; None: no source quotes one."""
    time = START + 600 * (len(ledger.chain) + 1)
    at = time - time % 60
    day = "2023-11-14" if at < 1_700_006_400 else "2023-11-15" if at < 1_700_092_800 else "2023-11-16"
    if price is not None:
        quotes = [{"source": "One", "price": price}, {"source": "Two", "price": price}]
        ledger.do("recorder", "rate", "add", date=day, currency="USD", at=at, quotes=quotes)
    ledger.mine(label, tx(label, (0, sats)))


def convert(ledger: Ledger, number: str, txid: str, sold: int, fee: int, proceeds: int, **more: Any) -> None:
    ledger.do(
        "recorder", "conversion", "add", number=number, txid=name(txid), sold=sold, network_fee=fee,
        exchange="E", bank="B", date="2023-11-20", proceeds=proceeds, **({"currency": "USD"} | more),
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number=number, date="2023-11-20")


def tables(ledger: Ledger) -> dict[str, SumTable]:
    with ledger.store.read() as reading:
        return {table.total.key: table for table in campaign_report(reading, SLUG, now=ledger.now).sums}


def steps(ledger: Ledger, label: str, kind: StepKind) -> list[Step]:
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, name(label))
    return [step for step in trail.steps if step.kind is kind]


def rows(table: SumTable) -> dict[tuple[str, str], int]:
    return {(row.key, row.label): row.minor for row in table.rows}


def test_gain_is_gross_proceeds_less_the_carrying_value_of_what_was_sold(tmp_path: Path) -> None:
    """Half of a bitcoin given at 10,000.00 fetched 6,000.00 before the exchange's fee of 10.00."""
    ledger = Ledger.new(tmp_path)
    give(ledger, "gift", BTC, 1_000_000)
    ledger.bury()
    ledger.mine("s", tx("sale", (15, BTC // 2 - 10_000), spends=(("gift", 0),)))
    ledger.bury()
    convert(ledger, "C-1", "sale", BTC // 2, 10_000, 599_000, exchange_fee=1_000)
    told = tables(ledger)
    assert rows(told["gross_proceeds"]) == {("carrying_value", "C-1"): 500_000, ("gain", "C-1"): 100_000}
    assert rows(told["value_given"]) == {
        ("value_converted", "C-1"): 500_000,
        ("value_of_fees", ""): 100,
        ("value_held", ""): 499_900,
        ("value_unexplained", ""): 0,
    }


def test_coins_at_an_exchange_are_carried_there_and_back_at_their_value(tmp_path: Path) -> None:
    """A bitcoin given at 10,000.00: a tenth is sold for 1,200.00, a half comes back, and the rest lies there."""
    ledger = Ledger.new(tmp_path)
    give(ledger, "gift", BTC, 1_000_000)
    ledger.bury()
    ledger.mine("s", tx("sent", spends=(("gift", 0),)))
    ledger.bury()
    day, back = "2023-11-20", f"{name('back')}:0"
    ledger.mine("b", tx("back", (15, BTC // 2)))
    ledger.bury()
    for noun, facts in (
        ("deposit", {"number": "D-1", "txid": name("sent"), "amount": BTC - 10_000, "network_fee": 10_000}),
        (
            "conversion",
            {"number": "C-1", "sold": BTC // 10, "proceeds": 120_000, "currency": "USD", "bank": "B"},
        ),
        ("withdrawal", {"number": "W-1", "outpoint": back, "amount": BTC // 2, "fee": 10_000}),
    ):
        ledger.do("recorder", noun, "add", **facts, exchange="E", date=day)
        ledger.do("approver", noun, "approve", number=facts["number"], date=day)
    told = tables(ledger)
    assert rows(told["gross_proceeds"]) == {("carrying_value", "C-1"): 100_000, ("gain", "C-1"): 20_000}
    assert rows(told["value_given"]) == {
        ("value_converted", "C-1"): 100_000,
        ("value_of_fees", ""): 200,
        ("value_held", ""): 500_000,
        ("value_at_exchange", ""): 399_800,
        ("value_unexplained", ""): 0,
    }
    (sold,) = steps(ledger, "gift", StepKind.CONVERTED)
    assert sold.figures["carrying_value"] == Amount.of("USD", 100_000)


def test_a_loss_is_a_row_below_nothing(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    give(ledger, "gift", BTC, 1_000_000)
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    convert(ledger, "C-1", "sale", BTC, 0, 900_000)
    table = tables(ledger)["gross_proceeds"]
    assert rows(table) == {("carrying_value", "C-1"): 1_000_000, ("loss", "C-1"): -100_000}
    assert table.total.minor == 900_000


def test_a_payment_in_coins_gains_by_the_order_value_that_it_discharges(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    give(ledger, "gift", BTC, 1_000_000)
    ledger.bury()
    quotes = [{"source": s, "price": 2_000_000} for s in ("One", "Two")]
    ledger.do("recorder", "rate", "add", date="2023-11-19", currency="USD", quotes=quotes)
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 1_200_000}]
    ledger.do(
        "recorder", "purchase", "add", number="PO-1", supplier="Maker", currency="USD", items=items,
        date="2023-11-19",
    )  # fmt: skip
    ledger.do("approver", "purchase", "approve", number="PO-1", date="2023-11-19")
    ledger.mine("p", tx("paid", (15, BTC // 4), spends=(("gift", 0),)))
    ledger.bury()
    ledger.do(
        "recorder", "payment", "add", number="P-1", order="PO-1", asset="BTC", amount=BTC // 2,
        fee=BTC // 4, discharges=600_000, txid=name("paid"), prepayment=True, date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "payment", "approve", number="P-1", date="2023-11-20")
    told = tables(ledger)
    assert rows(told["gross_proceeds"]) == {("carrying_value", "P-1"): 500_000, ("gain", "P-1"): 100_000}
    assert rows(told["value_given"])["value_of_fees", ""] == 250_000
    (ordered,) = steps(ledger, "gift", StepKind.ORDERED)
    assert dict(ordered.figures) == {
        "paid": Amount.of("USD", 600_000),
        "paid_with": Amount.of("BTC", BTC // 2),
        "fee": Amount.of("BTC", BTC // 4),
    }
    assert "Fee 0.25000000 BTC" in say.step_facts(ordered)


def test_a_donor_reads_what_lies_between_the_worth_when_given_and_what_reached_the_bank(
    tmp_path: Path,
) -> None:
    """Worth, gain, gross, fee and net tie for each of three donors, and sum to those of the campaign."""
    ledger = Ledger.new(tmp_path)
    sizes = {"one": BTC // 7, "two": BTC // 3, "three": BTC // 5}
    for label, sats in sizes.items():
        give(ledger, label, sats, 1_000_000)
    ledger.bury()
    whole = sum(sizes.values())
    ledger.mine("s", tx("sale", (15, whole - BTC // 2), spends=tuple((label, 0) for label in sizes)))
    ledger.bury()
    convert(ledger, "C-1", "sale", BTC // 2 - 10_001, 10_001, 599_001, exchange_fee=1_003)
    told = [step for label in sizes for step in steps(ledger, label, StepKind.CONVERTED)]
    assert len(told) == 3
    sums: Counter[str] = Counter()
    for step in told:
        minor = {name: figure.minor for name, figure in step.figures.items()}
        assert minor["carrying_value"] + minor["gain"] == minor["gross"]
        assert minor["gross"] - minor["exchange_fee"] == step.amount.minor
        assert step.figures["sold"].asset == "BTC"
        sums.update(minor | {"net": step.amount.minor})
    assert (sums["gross"], sums["exchange_fee"], sums["net"]) == (600_004, 1_003, 599_001)
    assert sums["sold"] == BTC // 2 - 10_001
    fetched = rows(tables(ledger)["gross_proceeds"])
    assert abs(sums["carrying_value"] - fetched["carrying_value", "C-1"]) <= len(told)


def test_coins_without_a_value_make_no_gain(tmp_path: Path) -> None:
    """Where a gift waits for its value, what its coins fetched is neither gain nor loss."""
    ledger = Ledger.new(tmp_path)
    give(ledger, "one", BTC, None)
    give(ledger, "two", BTC, 1_000_000)
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("one", 0), ("two", 0))))
    ledger.bury()
    convert(ledger, "C-1", "sale", 2 * BTC, 0, 1_500_000)
    assert "gross_proceeds" not in tables(ledger)
    with ledger.store.read() as reading:
        (row,) = Carrying(Books(reading), SLUG).given_up
    assert (row.worth, row.gain) == (Worth(1_000_000, BTC), None)


def test_proceeds_in_another_currency_than_the_reporting_one_make_no_gain(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    give(ledger, "gift", BTC, 1_000_000)
    ledger.bury()
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    convert(ledger, "C-1", "sale", BTC, 0, 900_000, currency="EUR")
    told = tables(ledger)
    assert "gross_proceeds" not in told
    assert rows(told["value_given"])["value_converted", "C-1"] == 1_000_000


gifts_on_a_line = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 99), st.integers(0, 9_999)), max_size=8
)


@given(gaps=gifts_on_a_line, cuts=st.lists(st.integers(0, 1_000), max_size=12))
def test_the_values_of_adjoining_units_sum_to_the_gifts_wherever_they_are_cut(
    gaps: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    at, gifts = 0, []
    for gap, units, value in gaps:
        gifts.append((at + gap, at + gap + units, value))
        at += gap + units
    edges = sorted({0, at, *(cut for cut in cuts if cut < at)})
    with scratch() as made:
        made.session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for number, (start, end, value) in enumerate(gifts, start=1):
            add_gift(made.session, on_a_line(number, start, end, value))
        parts = worths(made.session, "L", list(itertools.pairwise(edges)))
    assert sum(part.value for part in parts) == sum(value for _, _, value in gifts)
    assert sum(part.unvalued for part in parts) == sum(gap for gap, _, _ in gaps)
    assert all(part.value >= 0 and part.unvalued >= 0 for part in parts)


def by_origin(ledger: Ledger, use_id: str) -> int:
    """The value of what a use took, unit by unit from the gifts that it came from."""
    with ledger.store.read() as reading:
        books = Books(reading)
        use, total = books.lines.use(use_id), 0
        for piece in use.pieces:
            for origin in origins(books.lines, use.line, *piece):
                gift = gift_of(reading.session, SLUG, str(origin.gift))
                assert gift.units is not None
                assert gift.value is not None
                _, start, end = gift.units
                units, value, low, high = end - start, gift.value, origin.start - start, origin.end - start
                total += value * high // units - value * low // units
        return total


@settings(max_examples=stories(6), deadline=None)
@given(
    prices=st.lists(st.integers(1, 90_000_000), min_size=1, max_size=3),
    steps=st.lists(
        st.tuples(st.integers(1_000, 60_000), st.integers(0, 900), st.booleans()), min_size=1, max_size=3
    ),
)
def test_what_all_parts_are_carried_at_is_what_the_gifts_were_worth_at_every_step(
    prices: list[int], steps: list[tuple[int, int, bool]]
) -> None:
    """The ledger's own check runs after each step; each conversion is compared with its gifts one by one."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder), dust=1)
        for index, price in enumerate(prices):
            give(ledger, f"gift{index}", 200_000 + index, price)
        ledger.bury()
        coin, held = ("gift0", 0), 200_000
        for index, (sold, fee, explained) in enumerate(steps):
            label = f"sale{index}"
            ledger.mine(label, tx(label, (15, held - sold - fee), (900, sold), spends=(coin,)))
            ledger.bury()
            coin, held = (label, 0), held - sold - fee
            if not explained:
                continue
            convert(ledger, f"C-{index}", label, sold, fee, 12_345)
            with ledger.store.read() as reading:
                rows = {row.number: row for row in Carrying(Books(reading), SLUG).given_up}
            row = rows[f"C-{index}"]
            assert row.worth.value + row.fee.value == by_origin(ledger, f"conversion:{SLUG}:C-{index}")
            assert row.gain == 12_345 - row.worth.value
