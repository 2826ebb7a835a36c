"""What pages count of gifts is kept as gifts change, and lists are read no further than they are shown."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from ledger.checks.gifts import gift_sums_tie
from ledger.model.columns import table_of
from ledger.model.gifts import GiftDayRow
from ledger.rules.gift_sums import GiftSums, gift_days, gift_shortfall, gift_sums, gifts_wanting
from ledger.rules.observing import Observed, WatchedTx
from ledger.views.queries import donation_rows, median_of
from tests.tools.ledgers import SLUG, Ledger, made_once, name, tx

pytestmark = pytest.mark.on_both


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """Seven gifts in three blocks, one of them dust, and one that is not in a block yet."""
    made = Ledger.new(tmp_path, dust=1_000, valuation="conversion")
    made.mine("a", *(tx(f"a{i}", (i, 50_000 + i), position=i + 1) for i in range(3)))
    made.mine("b", tx("b0", (3, 999), (4, 70_000)))
    made.mine("c", *(tx(f"c{i}", (5 + i, 60_000), position=i + 1) for i in range(2)))
    made.bury()
    return made


def test_sums_follow_voids_restores_and_what_was_used_already(ledger: Ledger) -> None:
    """Void but used: the used part is wanting until the gift settles again."""
    whole = 50_000 + 50_001 + 50_002 + 70_000 + 120_000
    with ledger.store.read() as reading:
        assert gift_sums(reading.session, SLUG) == GiftSums(6, whole, 0, 1, 999)
        assert sum(count for _, count in gift_days(reading.session, SLUG)) == 6
    ledger.mine("s", tx("sale", (15, 20_000), spends=(("a0", 0), ("a1", 0), ("a2", 0))))
    ledger.bury()
    txs = tuple(tx(f"a{i}", (i, 50_000 + i), position=i + 1) for i in range(3))
    ledger.reorg(len(ledger.chain) - 1, ("x", txs[1:]), *((f"y{i}", ()) for i in range(20)))
    with ledger.store.read() as reading:
        now = gift_sums(reading.session, SLUG)
        assert (now.count, now.sats, now.dust_count) == (2, 100_003, 0)
        assert gift_shortfall(reading.session, SLUG) == 50_000
        assert [gift.outpoint for gift in gifts_wanting(reading.session, SLUG)] == [f"{name('a0')}:0"]
    ledger.mine("z", txs[0])
    ledger.bury()
    with ledger.store.read() as reading:
        assert gift_shortfall(reading.session, SLUG) == 0
        assert gifts_wanting(reading.session, SLUG) == []


def test_the_check_notices_a_sum_that_is_wrong(ledger: Ledger) -> None:
    with ledger.store.write() as writing:
        assert list(gift_sums_tie(writing)) == []
        writing.session.connection().execute(update(table_of(GiftDayRow)).values(sats=1))
        assert [finding.subject for finding in gift_sums_tie(writing)] == [f"{SLUG} 2023-11-14"]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_of_any_size_list_every_gift_once_in_order(ledger: Ledger, limit: int) -> None:
    ledger.do(
        "recorder", "contribution", "add", number="C-1", bank="B", currency="USD", amount=5, date="2023-11-20"
    )
    with ledger.store.read() as reading:
        found: list[str] = []
        after = None
        while True:
            rows, after = donation_rows(reading, SLUG, after=after, limit=limit)
            found += [row.key for row in rows]
            if after is None:
                break
    coins = [f"{name(f'a{i}')}:0" for i in range(3)] + [f"{name('b0')}:0", f"{name('b0')}:1"]
    coins += [f"{name(f'c{i}')}:0" for i in range(2)]
    assert found == [*coins, f"contribution:{SLUG}:C-1"]


def test_a_first_page_reads_its_own_blocks_only(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = Observed.tx

    def counted(self: Observed, txid: str) -> WatchedTx | None:
        read.append(txid)
        return whole(self, txid)

    monkeypatch.setattr(Observed, "tx", counted)
    with ledger.store.read() as reading:
        donation_rows(reading, SLUG, after=None, limit=2)
    assert name("c0") not in read


@given(st.lists(st.integers(0, 30), max_size=20))
def test_the_median_of_counted_figures_is_the_median_of_all(figures: list[int]) -> None:
    counted = sorted((figure, figures.count(figure)) for figure in set(figures))
    assert median_of(counted) == (int(statistics.median(figures)) if figures else None)
