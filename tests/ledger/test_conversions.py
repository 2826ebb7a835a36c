"""Conversions in several fills: each is one use, in the exchange's order, and together they are the whole."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col, select

from ledger.checks.money import conversions_tie
from ledger.core.accounts import AccountClass
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Refused
from ledger.core.frozen import Amount
from ledger.core.names import use_named
from ledger.model.columns import table_of
from ledger.model.conversions import ConversionSaleRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.conversions import CONVERSIONS, fills_of, slippage, terms_of
from ledger.rules.restrictions import Taking, shares
from ledger.rules.valuations import converted_value
from ledger.tracing.follow import Arrival, Ending, follow
from ledger.views.queries import campaign_flow, campaign_report
from tests.tools import needs as restricted
from tests.tools.gifts import gifts_of
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx
from tests.tools.needs import approve, spend, with_needs
from tests.tools.stories import stories

COINS = f"money/{SLUG}/free/BTC"
FILLS = [
    {"sold": 600, "proceeds": 6_000, "fee": 10},
    {"sold": 300, "proceeds": 2_900, "fee": 5},
    {"sold": 99_000, "proceeds": 90_000, "fee": 0},
]


@made_once
def spent(folder: Path, *gifts: int) -> Ledger:
    """A ledger whose gifts all left in one transaction, not yet explained."""
    ledger = Ledger.new(folder)
    ledger.mine("a", *(tx(f"gift{i}", (i, sats), position=i + 1) for i, sats in enumerate(gifts)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=tuple((f"gift{i}", 0) for i in range(len(gifts)))))
    ledger.bury()
    return ledger


def convert(ledger: Ledger, fills: list[dict[str, int]], network_fee: int, **more: Any) -> None:
    facts: dict[str, Any] = {
        "number": "C-1",
        "txid": name("sale"),
        "sold": sum(fill["sold"] for fill in fills),
        "network_fee": network_fee,
        "currency": "USD",
        "proceeds": sum(fill["proceeds"] for fill in fills),
        "exchange_fee": sum(fill["fee"] for fill in fills),
        "exchange": "E",
        "bank": "B",
        "fills": fills,
        "date": "2023-11-20",
    }
    ledger.do("recorder", "conversion", "add", **(facts | more))
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")


def test_each_fill_is_one_use_in_the_exchanges_order(tmp_path: Path) -> None:
    """The first gift is sold in the first fills, at their prices, and the network fee is parted from each."""
    ledger = spent(tmp_path, 1_000, 99_000)
    convert(ledger, FILLS, 100)
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        uses = [lines.use(f"conversion:{SLUG}:C-1:{n}") for n in (1, 2, 3)]
        assert [use.pieces for use in uses] == [((0, 600),), ((600, 900),), ((900, 100_000),)]
        assert [use.parts[0].share for use in uses] == [0, 0, 100]
        dollars = [v.end - v.start for v in follow(lines, COINS, 0, 900) if isinstance(v, Arrival)]
    assert dollars == [900, 6_000, 2_900]


def test_fills_that_do_not_sum_to_the_totals_are_refused_by_name(tmp_path: Path) -> None:
    ledger = spent(tmp_path, 100_000)
    with pytest.raises(Refused, match="proceeds: is 98901 and the fills sum to 98900"):
        convert(ledger, FILLS, 100, proceeds=98_901)
    with pytest.raises(Refused, match="exchange_fee: is 14 and the fills sum to 15"):
        convert(ledger, FILLS, 100, exchange_fee=14)


def test_slippage_is_shown_against_the_quote_and_not_booked(tmp_path: Path) -> None:
    ledger = spent(tmp_path, 100_000)
    convert(ledger, FILLS, 100, quote=100_000_000)
    with ledger.store.read() as reading:
        books = Books(reading)
        conversion = CONVERSIONS.require_row(books.session, SLUG, "C-1")
        assert slippage(conversion) == 99_900 - 98_900 - 15
        assert terms_of(conversion)["slippage"] == Amount.of("USD", 985)
        assert [n for n, _ in fills_of(books.session, conversion)] == [1, 2, 3]
        assert sum(balance.net for balance in books.balances(AccountClass.TRADING, asset="USD")) == -98_915
        table = next(t for t in campaign_report(reading, SLUG, now=ledger.now).sums if t.asset == "USD")
    assert sum(row.minor for row in table.rows) == table.total.minor == 98_900


def test_a_conversion_in_fills_is_reversed_whole(tmp_path: Path) -> None:
    ledger = spent(tmp_path, 100_000)
    convert(ledger, FILLS, 100)
    with ledger.store.read() as reading:
        seq = CONVERSIONS.require_row(reading.session, SLUG, "C-1").decided_by
    ledger.do("approver", "reversal", "add", entry=seq, reason="not ours", date="2023-11-22")
    with ledger.store.read() as reading:
        assert Books(reading).lines.free_units(f"spent/{name('sale')}/BTC") == 100_000


def test_what_each_use_sold_is_kept_and_sums_to_the_conversion(tmp_path: Path) -> None:
    """A fill that sold coins of two restrictions is two uses; the entry says so, and else leaves it to the fills."""
    ledger = with_needs(tmp_path)
    restricted.given(ledger, (None, 60_000), ("N-1", 40_000))
    spend(ledger, "s")
    fills = [{"sold": 50_000, "proceeds": 500, "fee": 5}, {"sold": 49_000, "proceeds": 480, "fee": 3}]
    restricted.convert(ledger, "s", 99_000, 980, fee=1_000, exchange_fee=8, fills=fills)
    seq = approve(ledger, "conversion", "C-s")
    with ledger.store.read() as reading:
        sales = reading.session.exec(select(ConversionSaleRow).order_by(col(ConversionSaleRow.n))).all()
        row = reading.journal.by_seq(seq)
    assert row is not None
    told = [[sale.use, sale.sold, sale.proceeds, sale.fee] for sale in sales]
    assert entry_from_bytes(row.data).notes == {"sold": told}
    assert [(use_named(sale.use).detail, sale.sold, sale.proceeds, sale.fee) for sale in sales] == [
        (("1",), 50_000, 500, 5),
        (("2",), 9_401, 92, 0),
        (("2", "N-1"), 39_599, 388, 3),
    ]


def test_a_sale_of_one_restriction_is_told_by_its_fills_alone(tmp_path: Path) -> None:
    ledger = spent(tmp_path, 100_000)
    convert(ledger, FILLS, 100)
    with ledger.store.read() as reading:
        sales = reading.session.exec(select(ConversionSaleRow).order_by(col(ConversionSaleRow.n))).all()
        row = reading.journal.by_key(f"approval:conversion:{SLUG}:C-1")
    assert row is not None
    assert not entry_from_bytes(row.data).notes
    assert [{"sold": s.sold, "proceeds": s.proceeds, "fee": s.fee} for s in sales] == FILLS


def test_the_check_names_a_conversion_whose_uses_sold_another_sum(tmp_path: Path) -> None:
    ledger = spent(tmp_path, 100_000)
    convert(ledger, FILLS, 100)
    with ledger.store.write() as writing:
        assert list(conversions_tie(writing)) == []
        sold = update(table_of(ConversionSaleRow)).values(fee=0)
        writing.session.connection().execute(sold)
        assert [finding.subject for finding in conversions_tie(writing)] == [f"{SLUG}/C-1"]


def test_a_gift_whose_coins_all_went_as_the_network_fee_is_worth_the_conversions_price(
    tmp_path: Path,
) -> None:
    """It sold nothing itself; the same price a sat holds for what miners took."""
    ledger = with_needs(tmp_path, dust=1, valuation="conversion")
    restricted.given(ledger, ("N-1", 1_000), ("N-2", 1_000))
    spend(ledger, "s")
    restricted.convert(ledger, "s", 1, 500, fee=1_999)
    approve(ledger, "conversion", "C-s")
    with ledger.store.read() as reading:
        books, campaign = Books(reading), campaign_of(reading.session, SLUG)
        values = [converted_value(books, campaign, gift) for gift in gifts_of(reading.session, SLUG)]
    assert [value and (value.value, value.conversions) for value in values] == [(500_000, ("C-s",))] * 2


@settings(max_examples=stories(5), deadline=None)
@given(
    told=st.lists(
        st.tuples(st.integers(1, 900), st.integers(1, 900), st.integers(0, 9)), min_size=1, max_size=5
    ),
    fee=st.integers(0, 500),
    cuts=st.lists(st.integers(1, 6000), max_size=3),
)
def test_the_fills_of_any_conversion_are_the_whole_of_it(
    told: list[tuple[int, int, int]], fee: int, cuts: list[int]
) -> None:
    """Coins, fee and proceeds sum, each gift's units all end somewhere, and bands tile the money's bar."""
    # A fee above a twentieth would be a question that waits for an answer.
    fills = [{"sold": sold, "proceeds": got, "fee": min(charge, got // 20)} for sold, got, charge in told]
    fee = min(fee, sum(sold for sold, _, _ in told) // 20)
    total = sum(fill["sold"] for fill in fills) + fee
    edges = sorted({0, total, *(cut for cut in cuts if cut < total)})
    gifts = [b - a for a, b in itertools.pairwise(edges)]
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder), dust=1)
        ledger.mine("a", *(tx(f"gift{i}", (i, sats), position=i + 1) for i, sats in enumerate(gifts)))
        ledger.bury()
        ledger.mine("s", tx("sale", spends=tuple((f"gift{i}", 0) for i in range(len(gifts)))))
        ledger.bury()
        convert(ledger, fills, fee)
        with ledger.store.read() as reading:
            books = Books(reading)
            fees = dollars = at = 0
            for sats in gifts:
                for visit in follow(books.lines, COINS, at, at + sats):
                    if isinstance(visit, Ending):
                        fees += visit.units
                    elif isinstance(visit, Arrival) and visit.line.endswith("USD"):
                        dollars += visit.end - visit.start
                at += sats
            flow = campaign_flow(reading, SLUG)
        assert (fees, dollars) == (fee, sum(fill["proceeds"] for fill in fills))
        bands = sorted((band.target_start, band.target_end) for band in flow.bands)
        assert [a for a, _ in bands] == [0, *(b for _, b in bands[:-1])]
        assert bands[-1][1] == dollars


@given(
    total=st.integers(0, 1000),
    units=st.lists(st.integers(1, 1000), min_size=1, max_size=5),
    cut_at=st.integers(0, 5),
)
def test_what_each_restriction_bears_sums_and_does_not_depend_on_who_comes_after(
    total: int, units: list[int], cut_at: int
) -> None:
    cut_at = min(cut_at, len(units) - 1)
    takings = [Taking(f"N-{i}", "line", ((0, n),)) for i, n in enumerate(units)]
    parts = shares(total, takings)
    assert sum(parts) == total
    together = Taking("rest", "line", ((0, sum(units[cut_at:])),))
    assert shares(total, [*takings[:cut_at], together])[:cut_at] == parts[:cut_at]
