"""Two needs and a fund: what a donor gave for beds bought beds, and the pages, the data and the sums say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.views.conservation import conservation
from tests.tools.ledgers import SLUG, Ledger, name, tx
from tests.tools.needs import DAY, approve, contribute, convert, order, pay, with_needs

API = f"/api/v1/campaigns/{SLUG}"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Kits (N-1) and beds (N-2): coins for beds and for any end, sold together; a bank's grant for kits."""
    made = with_needs(tmp_path_factory.mktemp("restricted"), dust=1_000)
    site = TestClient(create_app(Ports(made.store, lambda: made.now, SiteSettings(), lambda: "", list)))
    pays = []
    for wish in ({"need": "N-2"}, {}):
        told = site.post(f"{API}/intentions", json=wish)
        assert told.status_code == 201
        assert told.json()["need"] == wish.get("need")
        pays.append(int(told.json()["address"].removeprefix("address")))
    made.mine("a", tx("beds", (pays[0], 400_000)), tx("any", (pays[1], 600_000), position=2))
    made.bury()
    made.mine("s", tx("sale", spends=(("beds", 0), ("any", 0))))
    made.bury()
    convert(made, "sale", 990_000, 100_000, fee=10_000)
    approve(made, "conversion", "C-sale")
    contribute(made, "G-1", 50_000, "N-1")
    order(made, "PO-1", 60_000, "N-2", "BED")
    approve(made, "purchase", "PO-1")
    pay(made, "P-1", "PO-1", 59_900, fee=100)
    approve(made, "payment", "P-1")
    return made


@pytest.fixture(scope="module")
def site(ledger: Ledger) -> Iterator[TestClient]:
    yield TestClient(create_app(Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)))
    ledger.store.close()


def test_what_was_given_for_beds_went_into_beds_whole(site: TestClient) -> None:
    """40,000 cents of the sale were for beds, all of them paid first; the fund gave the rest."""
    told = site.get(f"/api/v1/donations/{name('beds')}:0/trail").json()
    assert told["restriction"] == {"need": "N-2", "title": "BED for R", "place": "P"}
    steps = {step["kind"]: step for step in told["steps"]}
    assert steps["paid" if "paid" in steps else "ordered"]["reference"] == "PO-1"
    money = [row for row in told["places"] if row["kind"] == "held" and row["amount"]["asset"] == "USD"]
    assert money == []
    page = site.get(f"/d/{name('beds')}:0").text
    assert "Restricted to need N-2 (BED for R): it is spent on that need only." in page


def test_the_grant_for_kits_waits_and_its_page_says_for_what(site: TestClient) -> None:
    told = site.get(f"/api/v1/donations/contribution:{SLUG}:G-1/trail").json()
    assert told["restriction"]["need"] == "N-1"
    assert [(row["kind"], row["amount"]["minor"]) for row in told["places"]] == [("held", 50_000)]
    rows = site.get(f"{API}/donations").json()["items"]
    assert sorted(str(row["restriction"]) for row in rows) == ["N-1", "N-2", "None"]


def test_the_picture_and_the_sums_show_restricted_money_apart_and_tie(
    ledger: Ledger, site: TestClient
) -> None:
    page = site.get(f"/c/{SLUG}").text
    assert "USD N-1" in page
    assert "kept for it alone: 500.00 USD" in page
    needs = {row["key"]: row["kept"] for row in site.get(API).json()["needs"]}
    assert [(row["asset"], row["minor"]) for row in needs["N-1"]] == [("USD", 50_000)]
    assert needs["N-2"] == []
    with ledger.store.read() as reading:
        made = conservation(reading, SLUG)
    assert made.holds
    (tie,) = [tie for tie in made.ties if tie.what == "line"]
    parts = {(part.key, part.restriction): part.amount.minor for part in tie.parts}
    assert (parts, tie.total.minor) == ({("free", ""): 40_000, ("free", "N-1"): 50_000}, 90_000)


def test_another_order_is_refused_because_the_rest_is_for_kits(ledger: Ledger, site: TestClient) -> None:
    del site
    facts: dict[str, Any] = {
        "ledger": ledger,
        "number": "PO-2",
        "value": 40_001,
        "need": "N-2",
        "product": "BED",
    }
    with pytest.raises(
        Exception, match=r"only 399\.00 [A-Z]{3} is free; .*which this does not serve: 500\.00 USD to N-1"
    ):
        order(**facts)
    assert DAY
