"""Coins that are no gifts: undecided ones become a gift, a top-up, own coins or a supplier's refund, by name."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict, LedgerError, NotFound, Refused
from ledger.views.decisions import decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.queries import campaign_report, donation_rows, donation_trails
from tests.ledger.test_refunds import bought as short_order
from tests.tools.funds import two_funds, with_address
from tests.tools.gifts import gift as gift_named
from tests.tools.ledgers import SLUG, Ledger, made_once, name, sum_of, tied, tx
from tests.tools.stories import stories
from tests.tools.things import net

BTC = 100_000_000
DAY = "2023-11-20"
BACK = "2023-12-01"
COIN = f"{name('unknown')}:0"
"""Paid to a change address by somebody else."""


@made_once
def arrived(tmp_path: Path) -> Ledger:
    """A gift of a bitcoin, and a coin of 0.2 that nobody knows."""
    ledger = Ledger.new(tmp_path)
    ledger.mine("a", tx("gift", (0, BTC)), tx("unknown", (15, BTC // 5), position=2))
    ledger.bury()
    return ledger


def decide(ledger: Ledger, counts_as: str, outpoint: str = COIN, n: int = 1) -> None:
    ledger.do("approver", "incoming", "decide", outpoint=outpoint, n=n, counts_as=counts_as, date=DAY)
    tied(ledger)


def undecided(ledger: Ledger) -> list[str]:
    with ledger.store.read() as reading:
        found = decisions(reading, SLUG, now=ledger.now)
    return [str(row.subject) for row in found if row.kind is OpenItemKind.UNDECIDED_COIN]


def received(ledger: Ledger) -> tuple[int, int]:
    with ledger.store.read() as reading:
        report = campaign_report(reading, SLUG, now=ledger.now)
    return report.donations, sum(row.minor for row in report.received)


@pytest.mark.parametrize(
    ("counts_as", "account", "gifts"),
    [("gift", "gifts", 2), ("top_up", "top_ups", 1), ("change", "own_coins", 1)],
)
def test_an_undecided_coin_joins_the_end_of_the_line_and_only_a_gift_counts_as_one(
    tmp_path: Path, counts_as: str, account: str, gifts: int
) -> None:
    ledger = arrived(tmp_path)
    assert undecided(ledger) == [COIN]
    decide(ledger, counts_as)
    assert undecided(ledger) == []
    kept = gift_named(ledger, COIN)
    assert (kept.line_start, kept.line_end) == (BTC, BTC + BTC // 5)
    assert net(ledger, f"{account}/{SLUG}", "BTC") == -BTC // 5 - (BTC if account == "gifts" else 0)
    assert received(ledger) == (gifts, BTC + (BTC // 5 if gifts == 2 else 0))
    with ledger.store.read() as reading:
        (trail,) = donation_trails(reading, COIN)
        rows, _ = donation_rows(reading, SLUG, after=None, limit=9)
    assert trail.outcome == (None if counts_as == "gift" else counts_as)
    assert [row.outcome for row in rows] == [None, trail.outcome]


def test_a_wrong_decision_is_corrected_by_the_next_one_and_a_live_gift_can_be_a_top_up(
    tmp_path: Path,
) -> None:
    ledger = arrived(tmp_path)
    gift = f"{name('gift')}:0"
    decide(ledger, "top_up", gift)
    assert received(ledger) == (0, 0)
    with pytest.raises(Conflict, match="the next is n=2"):
        decide(ledger, "gift", gift, n=3)
    with pytest.raises(Refused, match="already"):
        decide(ledger, "top_up", gift, n=2)
    decide(ledger, "gift", gift, n=2)
    assert received(ledger) == (1, BTC)
    assert gift_named(ledger, gift).line_start == 0


def test_a_live_gift_waits_again_only_while_all_its_units_are_free(tmp_path: Path) -> None:
    ledger = arrived(tmp_path)
    gift = f"{name('gift')}:0"
    ledger.mine("b", tx("second", (1, BTC)))
    ledger.bury()
    decide(ledger, "undecided", gift)
    assert sorted(undecided(ledger)) == sorted([gift, COIN])
    decide(ledger, "gift", gift, n=2)
    assert gift_named(ledger, gift).line_start == 2 * BTC
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    with pytest.raises(Conflict, match="spent already"):
        decide(ledger, "undecided", gift, n=3)
    with pytest.raises(Conflict, match="used or held"):
        decide(ledger, "undecided", f"{name('second')}:0")
    with pytest.raises(NotFound, match="has settled here"):
        decide(ledger, "gift", f"{name('nothing')}:0")


def test_a_coin_that_a_spend_took_is_not_decided_about_any_more(tmp_path: Path) -> None:
    ledger = arrived(tmp_path)
    ledger.mine("s", tx("away", spends=(("unknown", 0),)))
    ledger.bury()
    with pytest.raises(Conflict, match="spent already"):
        decide(ledger, "gift")


def test_what_came_back_above_a_spend_is_decided_about_and_follows_its_block(tmp_path: Path) -> None:
    """A transaction put in one bitcoin and 1.5 came back: the half is more than change."""
    ledger = arrived(tmp_path)
    back = tx("back", (16, BTC + BTC // 2), spends=(("gift", 0),))
    ledger.mine("s", back)
    ledger.bury()
    excess = f"{name('back')}:0"
    assert excess in undecided(ledger)
    decide(ledger, "gift", excess)
    assert received(ledger) == (2, BTC + BTC // 2)
    with ledger.store.read() as reading:
        assert len(donation_rows(reading, SLUG, after=None, limit=9)[0]) == 3
    ledger.reorg(6, *((f"empty {n}", ()) for n in range(8)))
    assert not gift_named(ledger, excess).live
    tied(ledger)
    ledger.mine("s again", back)
    ledger.bury()
    kept = gift_named(ledger, excess)
    assert (kept.live, kept.line_start) == (True, BTC)
    assert received(ledger) == (2, BTC + BTC // 2)
    tied(ledger)


def test_an_excess_at_another_campaigns_address_is_its_spenders_and_follows_its_block(tmp_path: Path) -> None:
    ledger = two_funds(tmp_path)
    with_address(ledger, 40)
    ledger.mine("g", tx("own", (2, BTC)))
    back = tx("sweep", (40, BTC + 5_000), spends=(("own", 0),))
    ledger.mine("p", back)
    ledger.bury()
    excess = f"{name('sweep')}:0"
    decide(ledger, "top_up", excess)
    assert net(ledger, f"top_ups/{SLUG}", "BTC") == -5_000
    ledger.reorg(6, *((f"empty {n}", ()) for n in range(8)))
    assert net(ledger, f"top_ups/{SLUG}", "BTC") == 0
    tied(ledger)
    ledger.mine("p again", back)
    ledger.bury()
    assert net(ledger, f"top_ups/{SLUG}", "BTC") == -5_000
    ledger.mine("q", tx("out", spends=(("sweep", 0),)))
    ledger.bury()
    tied(ledger)


def refund(ledger: Ledger, **more: Any) -> None:
    facts = {"number": "R-1", "order": "PO-1", "item": "1", "failure": "short", "lot": "L1", "quantity": 10}
    facts |= {"asset": "BTC", "amount": BTC // 5, "refunds": 1_000, "outpoint": COIN, "date": BACK}
    ledger.do("recorder", "refund", "add", **(facts | more))


def test_a_supplier_refunds_in_coins_and_the_coin_goes_where_the_money_came_from(tmp_path: Path) -> None:
    ledger = short_order(tmp_path, 10_000, arrived={"good": 90, "short": 10})
    ledger.mine("u", tx("unknown", (15, BTC // 5)))
    ledger.bury()
    with pytest.raises(Refused, match="all of it"):
        refund(ledger, amount=BTC)
    with pytest.raises(Refused, match="no bank"):
        refund(ledger, bank="B")
    refund(ledger)
    with pytest.raises(Conflict, match="refund R-1 waits"):
        decide(ledger, "gift")
    done = ledger.do("approver", "refund", "approve", number="R-1", date=BACK)
    tied(ledger)
    assert undecided(ledger) == []
    assert net(ledger, f"supplier/{SLUG}/PO-1", "BTC") == -BTC // 5
    with pytest.raises(Conflict, match="reverse that refund"):
        decide(ledger, "gift")
    ledger.do("approver", "reversal", "add", entry=done.seq, reason="wrong order", date=BACK)
    tied(ledger)
    assert undecided(ledger) == [COIN]
    decide(ledger, "top_up")


def test_a_refund_whose_coin_loses_its_block_is_a_shortfall_until_it_comes_back(tmp_path: Path) -> None:
    ledger = short_order(tmp_path, 10_000, arrived={"good": 90, "short": 10})
    coin = tx("unknown", (15, BTC // 5))
    ledger.mine("u", coin)
    ledger.bury()
    refund(ledger)
    done = ledger.do("approver", "refund", "approve", number="R-1", date=BACK)
    ledger.reorg(6, *((f"empty {n}", ()) for n in range(8)))
    with ledger.store.read() as reading:
        found = [(row.kind, sum_of(row).minor) for row in decisions(reading, SLUG, now=ledger.now)]
    assert (OpenItemKind.SHORTFALL, BTC // 5) in found
    with pytest.raises(Conflict, match="not settled now"):
        ledger.do("approver", "reversal", "add", entry=done.seq, reason="wrong order", date=BACK)
    ledger.mine("u again", coin)
    ledger.bury()
    tied(ledger)
    with ledger.store.read() as reading:
        assert not [
            row for row in decisions(reading, SLUG, now=ledger.now) if row.kind is OpenItemKind.SHORTFALL
        ]


STEPS = st.lists(
    st.tuples(st.sampled_from(["gift", "odd", "back", "away", "reorg", "decide"]), st.integers(0, 11)),
    min_size=5,
    max_size=14,
)


@settings(max_examples=stories(4), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_is_decided_and_undone_the_books_are_the_chain(steps: list[tuple[str, int]]) -> None:
    """The ledger audits itself after every step: books = chain, lines = coins, each outpoint live once."""
    with TemporaryDirectory() as folder:
        ledger = Ledger.new(Path(folder))
        coins: list[tuple[str, int]] = []
        told: dict[str, int] = {}
        for at, (step, which) in enumerate(steps):
            label = f"{step} {at}"
            if step in {"gift", "odd"}:
                coins.append((label, 10_000 * (which + 1)))
                ledger.mine(label, tx(label, (15 if step == "odd" else which, coins[-1][1])))
                told[f"{name(label)}:0"] = 0
                ledger.bury()
            elif step in {"back", "away"} and coins:
                source, sats = coins.pop(which % len(coins))
                more = sats + 5_000 if step == "back" else sats // 3
                ledger.mine(label, tx(label, (16, more), spends=((source, 0),)))
                coins.append((label, more))
                told[f"{name(label)}:0"] = 0
                ledger.bury()
            elif step == "reorg" and len(ledger.chain) > 9:
                ledger.reorg(6 + which % 3, *((f"{label} {n}", ()) for n in range(10)))
                coins = []
            elif step == "decide" and told:
                outpoint = sorted(told)[which % len(told)]
                counts_as = ["gift", "top_up", "change", "undecided"][which % 4]
                try:
                    decide(ledger, counts_as, outpoint, told[outpoint] + 1)
                    told[outpoint] += 1
                except LedgerError:
                    ledger.audit()
            tied(ledger)
        ledger.store.close()
