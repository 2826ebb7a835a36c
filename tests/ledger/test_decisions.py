"""What needs a decision is in one list with age, amount and what to do; spends come with ranked suggestions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.sentences import what_to_do
from api.ports import Ports, SiteSettings
from ledger.core.errors import NotFound
from ledger.core.telling import Telling
from ledger.recording.users import add_token
from ledger.views.campaign import Books
from ledger.views.decisions import decisions, public_decisions
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.reconcile import books_state
from ledger.views.suggestions import AMOUNT, NAMED, TIME, Suggestion, Why, suggestions
from service.metrics import metrics_text
from tests.tools.ledgers import SLUG, START, Ledger, made_once, name, sum_of, tx
from tests.tools.things import DATE, funded, order, receive

BTC = 100_000_000
DAY = "2023-11-14"
"""The day of the blocks of these stories."""


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    """A gift of a bitcoin and one of half of it, each on its own address."""
    made = Ledger.new(tmp_path, valuation="conversion")
    made.mine("a", tx("gift", (0, BTC)), tx("half", (1, BTC // 2), position=2))
    made.bury()
    return made


def waiting(ledger: Ledger) -> tuple[OpenItem, ...]:
    with ledger.store.read() as reading:
        return decisions(reading, SLUG, now=ledger.now)


def suggested(ledger: Ledger, label: str, sats: int) -> tuple[Suggestion, ...]:
    with ledger.store.read() as reading:
        return suggestions(reading, SLUG, name(label), sats)


def convert(ledger: Ledger, label: str, sold: int, number: str = "C-1") -> None:
    ledger.do(
        "recorder", "conversion", "add", number=number, txid=name(label), sold=sold, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date=DAY,
    )  # fmt: skip


def test_nothing_waits_where_all_is_explained(ledger: Ledger) -> None:
    assert waiting(ledger) == ()
    with ledger.store.read() as reading, pytest.raises(NotFound):
        decisions(reading, "nobody", now=ledger.now)


def test_an_unexplained_spend_waits_from_its_first_block_until_it_is_approved(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    (young,) = waiting(ledger)
    assert (young.kind, young.subject, sum_of(young).minor) == (
        OpenItemKind.UNEXPLAINED_SPEND,
        name("sale"),
        BTC,
    )
    ledger.bury()
    (old,) = waiting(ledger)
    assert old.since == young.since
    convert(ledger, "sale", BTC - 1000)
    assert {row.kind for row in waiting(ledger)} == {OpenItemKind.UNEXPLAINED_SPEND, OpenItemKind.APPROVAL}
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    assert waiting(ledger) == ()


def test_a_refused_draft_waits_with_the_reason_and_only_the_desk_sees_it(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    convert(ledger, "sale", BTC - 5000)
    assert [row.kind for row in waiting(ledger)] == [OpenItemKind.UNEXPLAINED_SPEND]
    ledger.bury()
    rows = {row.kind: row for row in waiting(ledger)}
    assert "this explains 0.99996000 BTC" in what_to_do(rows[OpenItemKind.REFUSED_DRAFT].to_do)
    assert sum_of(rows[OpenItemKind.REFUSED_DRAFT]).minor == BTC - 4000
    shown = public_decisions(waiting(ledger))
    assert [row.kind for row in shown] == [OpenItemKind.UNEXPLAINED_SPEND]
    assert shown[0].suggestions == ()


def test_coins_above_what_a_spend_put_in_wait_one_by_one(ledger: Ledger) -> None:
    ledger.mine("c", tx("stranger", (15, 7_000)))
    ledger.bury()
    (row,) = waiting(ledger)
    assert (row.kind, row.subject, sum_of(row).minor) == (
        OpenItemKind.UNDECIDED_COIN,
        f"{name('stranger')}:0",
        7_000,
    )


def test_a_shortfall_waits_from_the_reorganisation(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    convert(ledger, "sale", BTC - 1000)
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    ledger.reorg(6, *((f"other {n}", ()) for n in range(7)))
    rows = [row for row in waiting(ledger) if row.kind is OpenItemKind.SHORTFALL]
    assert [(str(row.subject), sum_of(row).minor) for row in rows] == [(f"spend {name('sale')}", BTC)]
    assert rows[0].since > DAY


def test_an_order_that_waits_for_approval_shows_its_value(ledger: Ledger) -> None:
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    quotes = [{"source": "one", "price": 3_000_000}, {"source": "two", "price": 3_000_000}]
    ledger.do("recorder", "rate", "add", date=DAY, currency="USD", quotes=quotes)
    ledger.do(
        "recorder", "purchase", "add", number="PO-1", supplier="Maker", currency="USD", date=DAY,
        items=[{"item": "1", "product": "KIT", "quantity": 10, "value": 1_500_000}],
    )  # fmt: skip
    (row,) = waiting(ledger)
    assert (row.kind, row.subject, sum_of(row).asset, sum_of(row).minor) == (
        OpenItemKind.APPROVAL,
        "purchase PO-1",
        "USD",
        1_500_000,
    )


def test_a_draft_that_names_the_transaction_comes_first(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    convert(ledger, "elsewhere", BTC - 1000, "C-2")
    convert(ledger, "sale", BTC - 999_000, "C-1")
    first, second = suggested(ledger, "sale", BTC)
    assert (first.reference, first.score) == ("C-1", NAMED)
    assert (second.reference, second.score) == ("C-2", AMOUNT + TIME)
    assert Telling(Why.SAME_AMOUNT) in second.why


def test_an_open_invoice_is_suggested_by_the_rate_of_the_day(ledger: Ledger) -> None:
    ledger.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    quotes = [{"source": "one", "price": 3_000_000}, {"source": "two", "price": 3_000_000}]
    ledger.do("recorder", "rate", "add", date=DAY, currency="USD", quotes=quotes)
    for number, value in (("PO-1", 1_500_000), ("PO-2", 900_000)):
        ledger.do(
            "recorder", "purchase", "add", number=number, supplier="Maker", currency="USD", date=DAY,
            items=[{"item": "1", "product": "KIT", "quantity": 10, "value": value}],
        )  # fmt: skip
        ledger.do("approver", "purchase", "approve", number=number, date=DAY)
        ledger.do(
            "recorder",
            "invoice",
            "add",
            number=f"I-{number}",
            order=number,
            quantity=10,
            amount=value,
            date=DAY,
        )
    ledger.mine("s", tx("pay", spends=(("half", 0),)))
    (found,) = suggested(ledger, "pay", BTC // 2)
    assert (found.kind, found.reference, found.minor) == ("invoice", "I-PO-1", BTC // 2)
    assert found.score == AMOUNT + TIME


def test_coins_of_an_address_that_was_explained_before_say_by_what(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    ledger.bury()
    convert(ledger, "sale", BTC - 1000)
    ledger.do("approver", "conversion", "approve", number="C-1", date=DAY)
    ledger.mine("b", tx("again", (0, 30_000)))
    ledger.bury()
    ledger.mine("t", tx("second", spends=(("again", 0),)), tx("third", spends=(("half", 0),), position=2))
    (found,) = suggested(ledger, "second", 30_000)
    assert (found.kind, found.reference) == ("spend", name("sale"))
    assert found.why[0] == Telling(Why.SAME_ADDRESS, {"by": "conversion C-1"})
    assert suggested(ledger, "third", BTC // 2) == ()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 2_000_000), min_size=2, max_size=5, unique=True))
def test_nearer_amounts_never_rank_lower_whatever_the_order_of_recording(
    tmp_path_factory: pytest.TempPathFactory, away: list[int]
) -> None:
    """Same day, other transactions: the score falls with the distance, and the list is the same each time."""
    made = Ledger.new(tmp_path_factory.mktemp("ranked"))
    made.mine("a", tx("gift", (0, BTC)))
    made.bury()
    made.mine("s", tx("sale", spends=(("gift", 0),)))
    for n, sats in enumerate(away):
        convert(made, f"elsewhere {n}", BTC - 1000 - sats, f"C-{n}")
    found = suggested(made, "sale", BTC)
    assert found == suggested(made, "sale", BTC)
    distances = [BTC - (row.minor or 0) for row in sorted(found, key=lambda row: BTC - (row.minor or 0))]
    by_distance = sorted(found, key=lambda row: BTC - (row.minor or 0))
    assert distances == sorted(away)[: len(found)]
    assert [row.score for row in by_distance] == sorted((row.score for row in found), reverse=True)
    made.store.close()


def test_over_json_anybody_sees_figures_and_a_token_sees_suggestions(ledger: Ledger) -> None:
    ledger.mine("s", tx("sale", spends=(("gift", 0),)))
    convert(ledger, "sale", BTC - 5000)
    ledger.bury()
    with ledger.store.write() as writing:
        token = add_token(writing, "recorder", "t", now=START, by=None)
    ports = Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)
    site = TestClient(create_app(ports), raise_server_exceptions=False)
    path = f"/api/v1/campaigns/{SLUG}/decisions"
    public = site.get(path)
    assert [row["kind"] for row in public.json()["items"]] == ["unexplained_spend"]
    assert public.json()["items"][0]["suggestions"] == []
    private = site.get(path, headers={"Authorization": f"Bearer {token}"})
    assert private.headers["cache-control"] == "private, no-store"
    (spend,) = [row for row in private.json()["items"] if row["kind"] == "unexplained_spend"]
    assert spend["suggestions"][0]["reference"] == "C-1"
    assert {row["kind"] for row in private.json()["items"]} == {"unexplained_spend", "refused_draft"}
    assert site.get(path, headers={"Authorization": "Bearer at_wrong"}).status_code == 401
    told = site.get(f"/api/v1/campaigns/{SLUG}/reconciliation").json()
    assert told["conservation"]["holds"] is True
    assert told["open"] == 1
    assert site.get(f"/api/v1/campaigns/{SLUG}/reconciliation?block=x").status_code == 422
    assert site.get("/api/v1/campaigns/nobody/decisions").status_code == 404


def state(ledger: Ledger) -> Books:
    with ledger.store.read() as reading:
        return books_state(reading, SLUG, now=ledger.now)


def test_a_campaign_is_reconciled_only_when_every_coin_is_decided_on(ledger: Ledger) -> None:
    """The design's word: books = chain is not enough while a coin that came in is not explained."""
    assert state(ledger).reconciled
    ledger.mine("c", tx("change", (15, 5_000)))
    ledger.bury()
    now = state(ledger)
    assert now.is_chain
    assert not now.reconciled
    assert [(row.kind, row.count) for row in now.open] == [("undecided_coin", 1)]


def test_a_campaign_is_reconciled_only_when_every_order_is_matched(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    order(ledger)
    receive(ledger, good=600)
    assert state(ledger).reconciled
    ledger.do(
        "recorder", "invoice", "add", number="I-1", order="PO-1", quantity=700, amount=350_000, date=DATE
    )
    now = state(ledger)
    assert now.is_chain
    assert not now.reconciled
    assert [row.kind for row in now.open if row.kind != "unvalued_gift"] == ["open_match"]
    text = metrics_text(ledger.store, (), lambda: ledger.now)
    assert f'aidtrail_open_items{{campaign="{SLUG}",kind="open_match"}} 1' in text
    assert f'aidtrail_open_items{{campaign="{SLUG}",kind="bank_line"}} 0' in text
    assert f'aidtrail_reconciled{{campaign="{SLUG}"}} 0' in text
    age = ledger.now - 1_701_388_800  # from midnight of the invoice's day; the story is before it
    assert f'aidtrail_open_oldest_seconds{{campaign="{SLUG}",kind="open_match"}} {max(0, age)}' in text
    accepted = {"number": "I-1", "reason": "a hundred more are on the way", "date": DATE}
    ledger.do("approver", "invoice", "accept", **accepted)
    assert state(ledger).reconciled


def test_what_only_waits_for_a_second_person_leaves_a_campaign_reconciled(tmp_path: Path) -> None:
    ledger = funded(tmp_path)
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": 5_000}]
    facts = {"number": "PO-9", "supplier": "Maker", "currency": "USD", "items": items, "date": DATE}
    ledger.do("recorder", "purchase", "add", **facts)
    now = state(ledger)
    assert now.reconciled
    assert now.count("approval") == 1
