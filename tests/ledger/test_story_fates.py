"""One campaign in which every fate of a gift occurs, and what its pages, its data and its sums say of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.views.conservation import conservation
from ledger.views.donation_status import is_late
from ledger.views.queries import donation_rows
from tests.tools.ledgers import SLUG, START, Ledger, name, tx

DAY = "2023-11-20"
KEPT, LATE, BACK, APART, OURS, DUST = "kept", "late", "back", "apart", "ours", "dust"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Gifts of 1,000,000 sats each: one kept, one late, one sent back, one blocked; a top-up; dust; bank; in kind."""
    made = Ledger.new(tmp_path_factory.mktemp("fates"), dust=1_000)
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    made.do("recorder", "block", "add", number="B-1", gift=f"{name(APART)}:0", list="List", date=DAY)
    paid = [tx(label, (i, 1_000_000), position=i + 1) for i, label in enumerate([KEPT, BACK, APART])]
    made.mine("a", *paid, tx(OURS, (15, 300_000), position=8), tx(DUST, (7, 500), position=9))
    made.bury()
    made.mine("b", tx("sends back", spends=((BACK, 0),)))
    made.bury()
    facts = {"number": "GR-1", "gift": f"{name(BACK)}:0", "amount": 999_000, "fee": 1_000, "reason": "asked"}
    made.do("recorder", "gift-return", "add", txid=name("sends back"), date=DAY, **facts)
    made.do("approver", "gift-return", "approve", number="GR-1", date=DAY)
    made.do("approver", "incoming", "decide", outpoint=f"{name(OURS)}:0", counts_as="top_up", date=DAY)
    bank = {"number": "C-1", "bank": "First", "currency": "USD", "amount": 70_000, "organisation": "Fund"}
    made.do("recorder", "contribution", "add", date="2024-01-02", **bank)
    kind = {
        "number": "K-1",
        "product": "KIT",
        "place": "Depot",
        "quantity": 80,
        "value": 40_000,
        "currency": "USD",
    }
    made.do("recorder", "in-kind", "add", method="market_price", stated_by="Maker", date=DAY, **kind)
    return made


@pytest.fixture(scope="module")
def site(ledger: Ledger) -> Iterator[TestClient]:
    settings = SiteSettings()
    ports = Ports(ledger.store, lambda: ledger.now, settings, lambda: "", list)
    yield TestClient(create_app(ports))
    ledger.store.close()


def test_gifts_and_all_else_that_came_are_what_lies_in_hand_and_what_went(ledger: Ledger) -> None:
    with ledger.store.read() as reading:
        made = conservation(reading, SLUG)
    assert made.holds
    told = {
        table.asset: {f"{r.side.value} {r.key}": r.amount.minor for r in table.rows} for table in made.tables
    }
    assert told["BTC"] == {
        "came gifts": 2_000_000, "came blocked_gifts": 1_000_000, "came top_ups": 300_000,
        "came dust_received": 500, "went in_hand_wallet": 1_300_000, "went in_hand_blocked": 1_000_000,
        "went returned": 999_000, "went fees": 1_000, "went dust_apart": 500,
    }  # fmt: skip
    assert told["USD"] == {"came gifts": 70_000, "went in_hand_bank": 70_000}
    assert told["KIT#K-1"] == {"came in_kind": 80, "went stock": 80}


def test_the_campaign_page_tells_gifts_by_bank_and_in_kind_apart(site: TestClient) -> None:
    page = site.get(f"/c/{SLUG}").text
    assert "Given in kind" in page
    assert "It is in no total of money." in page
    assert "market price, stated by Maker" in page
    assert f'href="/d/contribution:{SLUG}:C-1"' in page
    data = site.get(f"/api/v1/campaigns/{SLUG}").json()
    (coins,) = [row for row in data["received"] if row["asset"] == "BTC"]
    assert (coins["count"], coins["minor"]) == (2, 2_000_000)
    assert data["donations"] == sum(row["count"] for row in data["received"]) > 2
    assert [(row["what"], row["quantity"], row["value"]["decimal"]) for row in data["in_kind"]] == [
        ("Kit", 80, "400.00")
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (f"{name(BACK)}:0", ["Returned", "returned to the donor"]),
        (
            f"{name(APART)}:0",
            ["Blocked", "is blocked: set apart until two people release it", "<td>blocked<"],
        ),
        (f"{name(OURS)}:0", ["Top-up, no gift"]),
        (f"contribution:{SLUG}:C-1", ["700.00 USD", "after the last day of the campaign"]),
        ("in-kind:K-1", ["80 kits", "in stock at Depot", "Stated by Maker"]),
    ],
)
def test_each_has_a_page_and_a_trail_as_data(site: TestClient, key: str, said: list[str]) -> None:
    page = site.get(f"/d/{key}")
    assert page.status_code == 200
    for words in said:
        assert words in page.text
    trail = site.get(f"/api/v1/donations/{key}/trail")
    assert trail.status_code == 200
    assert site.get(trail.json()["href"]).json() == trail.json()


def test_the_list_of_donations_says_what_each_turned_out_to_be(site: TestClient) -> None:
    rows: list[dict[str, Any]] = site.get(f"/api/v1/campaigns/{SLUG}/donations").json()["items"]
    told = {row["key"]: (row["status"], row["outcome"], row["late"]) for row in rows}
    assert told == {
        f"{name(KEPT)}:0": ("settled", None, False),
        f"{name(BACK)}:0": ("settled", "returned", False),
        f"{name(APART)}:0": ("blocked", None, False),
        f"{name(OURS)}:0": ("settled", "top_up", False),
        f"{name(DUST)}:0": ("below_dust", None, False),
        f"contribution:{SLUG}:C-1": ("settled", None, True),
        f"in-kind:{SLUG}:K-1": ("settled", None, False),
    }


def test_a_gift_is_late_by_the_day_of_its_block_in_utc() -> None:
    last_second = 1_704_067_199  # 2023-12-31T23:59:59Z
    assert not is_late("2023-12-31", last_second)
    assert is_late("2023-12-31", last_second + 1)
    assert not is_late("2023-12-31", None)


def test_a_late_coin_counts_and_says_that_it_is_late(tmp_path_factory: pytest.TempPathFactory) -> None:
    ledger = Ledger.new(tmp_path_factory.mktemp("late"), end="2023-11-10")
    ledger.mine("a", tx(LATE, (0, 1_000_000)))
    ledger.bury()
    with ledger.store.read() as reading:
        (row,) = donation_rows(reading, SLUG, after=None, limit=5)[0]
    assert (row.late, row.status) == (True, "settled")
    assert ledger.now > START
