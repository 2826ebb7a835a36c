"""The pages over a real ledger: the story played into a store, every gift shown, nothing hostile gets a 500."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.data.acts import default_verb
from api.pages.render import REST_STYLE, STYLE
from api.ports import Ports, SiteSettings
from ledger.recording.desk import NOUNS
from ledger.recording.users import add_token
from ledger.store.database import Store
from service.commands.demo import worth_opening
from service.demo import plan
from service.demo.replay import Replay
from tests.tools.demo_data import played_demo
from tests.tools.drawn import drawn
from tests.tools.fakes_api import text_of
from tests.tools.ledgers import SLUG, Ledger
from tests.tools.things import paper

pytestmark = pytest.mark.on_both

API = "/api/v1"


@pytest.fixture(scope="module")
def store(usual_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = played_demo(tmp_path_factory, tmp_path_factory.mktemp("pages"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(store: Store) -> TestClient:
    end = Replay.load().end
    ports = Ports(store, lambda: end, SiteSettings(demonstration=True), lambda: "", list)
    return TestClient(create_app(ports), follow_redirects=False, raise_server_exceptions=False)


def donations(site: TestClient) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    path = f"{API}/campaigns/{plan.SLUG}/donations?limit=20"
    while path:
        answer = site.get(path)
        rows += answer.json()["items"]
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    return rows


def test_every_gift_has_a_page_whose_figures_add_up(site: TestClient) -> None:
    """In each sentence the pieces named are the pieces bought, and each first view is small."""
    rows = donations(site)
    assert len({row["outpoint"] for row in rows}) == len(rows) >= 60
    told = 0
    for row in drawn("gifts with a page", rows, 8):
        answer = site.get(f"/d/{row['outpoint']}")
        assert answer.status_code == 200
        assert sum(len(gzip.compress(sent, 6)) for sent in (answer.content, STYLE, REST_STYLE)) <= 14 * 1024
        (heading,) = re.findall(r"<h1>(.*?)</h1>", answer.text, re.S)
        head, colon, tail = re.sub(r"<[^>]+>", "", heading).partition(":")
        if " paid for " in head and colon and "nothing" not in head:
            bought = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) mask", head)]
            goods = [part for part in tail.split(", ") if "Air freight" not in part]
            ends = [int(n.replace(",", "")) for part in goods for n in re.findall(r"^\s*([\d,]+) ", part)]
            assert sum(bought) == sum(ends), heading
            told += 1
    assert told > 2


def test_the_campaign_says_when_it_did_what_at_which_price_and_since_when_money_lies_there(
    site: TestClient,
) -> None:
    """From when to when, what a mask was ordered for, the share of fees, the age of what is unspent."""
    page = site.get(f"/c/{plan.SLUG}")
    assert len(gzip.compress(page.content, 6)) + len(gzip.compress(STYLE, 6)) <= 13_700
    told = text_of(page.text)
    report = site.get(f"{API}/campaigns/{plan.SLUG}").json()
    stretches = {row["doing"]: row for row in report["time_line"]}
    assert stretches["given"]["count"] == report["donations"] == 66
    assert stretches["given"]["last"] <= "2020-06-07"
    assert stretches["handed_out"] == {
        "doing": "handed_out", "first": "2020-08-17", "last": "2020-08-28", "count": len(plan.STATES),
    }  # fmt: skip
    assert "Handed out 17 to 28 August 2020 10 distributions" in told
    costs = report["service"]["costs"]
    assert sum(row["pieces"] for row in costs) == 252_000
    assert "about 0.4099 USD: 74,600.00 USD for 182,000 masks" in told
    assert "0.00004480 BTC: 3.13600000 BTC for 70,000 masks" in told
    (paid,) = (table for table in report["sums"] if table["asset"] == "BTC")
    fees = sum(row["minor"] for row in paid["rows"] if row["key"] == "network_fees")
    assert f"Fees 0.00400000 {fees / paid['total']['minor']:.2%}".replace("%", " %") in told
    assert "Services paid 7,900.00 " in told
    assert report["service"]["held_since"] == [
        {"asset": "BTC", "day": "2020-06-01"}, {"asset": "USD", "day": "2020-06-10"},
    ]  # fmt: skip
    assert "Oldest unspent USD, there since 10 June 2020" in told


def test_the_demonstration_names_pages_worth_opening(site: TestClient, store: Store) -> None:
    """Of what a first donation does not show; each is there, and says so."""
    named = dict(worth_opening(store))
    assert {"handed out", "several", "seen", "dust"} <= set(named)
    told = {what: text_of(site.get(f"/d/{key}").text) for what, key in named.items()}
    assert "handed out" in told["handed out"]
    assert "donations" in told["several"]
    assert "Seen" in told["seen"]
    assert "dust" in told["dust"].lower()


def test_a_key_is_the_same_in_capitals(site: TestClient) -> None:
    """BIP 173 recommends capitals for QR codes: the same page, the same headers, nothing called a claim code."""
    rows = [
        row
        for row in donations(site)
        if str(row["address"]).startswith("bcrt1") and row["status"] == "settled"
    ]
    outpoint = str(rows[0]["outpoint"])
    for key in (*(str(row["address"]) for row in rows[:3]), outpoint, outpoint.partition(":")[0]):
        for path in (f"/d/{key}", f"{API}/donations/{key}"):
            lower, upper = site.get(path), site.get(path.replace(key, key.upper()))
            assert (upper.status_code, upper.content) == (200, lower.content)
            assert upper.headers == lower.headers
            assert "noindex" not in upper.headers.get("x-robots-tag", "") + upper.text


def test_an_opening_is_no_gift_and_whoever_asks_for_its_trail_reads_where_it_stands(tmp_path: Path) -> None:
    """404 with the same sentence by either path; 422 is for what has the shape of no key."""
    made = Ledger.new(tmp_path)
    money = [{"bank": "B", "currency": "USD", "amount": 1_000}]
    made.do("recorder", "opening", "add", number="O-1", date="2023-11-18", money=money, paper=paper(made))
    made.do("approver", "opening", "approve", number="O-1", date="2023-11-18")
    ports = Ports(made.store, lambda: made.now, SiteSettings(), lambda: "", list)
    client = TestClient(create_app(ports), raise_server_exceptions=False)
    for key in ("opening:O-1", f"opening:{SLUG}:O-1"):
        for path in (f"{API}/donations/{key}", f"{API}/donations/{key}/trail"):
            answer = client.get(path)
            assert (answer.status_code, "Opening O-1 is no gift" in answer.json()["detail"]) == (404, True)
    assert client.get(f"{API}/donations/opening:O-9/trail").status_code == 404
    assert client.get(f"{API}/donations/nothing:O-1/trail").status_code == 422


def test_what_a_donor_pastes_leads_to_the_gifts_page(site: TestClient) -> None:
    row = next(row for row in donations(site) if row["status"] == "settled")
    txid, _, vout = str(row["outpoint"]).partition(":")
    for pasted in (f"https://mempool.space/tx/{txid}#vout={vout}", f"bitcoin:{row['address']}?amount=0.01"):
        led = site.post("/find", data={"key": pasted})
        assert led.status_code == 303
        page = site.get(led.headers["location"])
        assert page.status_code == 200
        assert "noindex" not in page.headers.get("x-robots-tag", "")


def test_the_campaign_adds_up_in_its_sentence(site: TestClient) -> None:
    """Distributed, on the way, and lost are all that was ordered."""
    html = site.get(f"/c/{plan.SLUG}").text
    (heading,) = re.findall(r"<h1>(.*?)</h1>", html, re.S)
    ordered, _received, *parts = [
        int(n.replace(",", "")) for n in re.findall(r"<b[^>]*>([\d,]+)(?: mask[s]?)?</b>", heading)
    ]
    assert ordered == sum(parts)
    assert "not accounted for" not in heading


def test_no_two_tables_of_sums_have_one_name(site: TestClient) -> None:
    """Dollars at the bank, what sales fetched, what gifts were worth in dollars, and what was gained are told apart."""
    names = re.findall(r'<table class="sum"><caption>([^<]*)<', site.get(f"/c/{plan.SLUG}").text)
    assert len(names) == len(set(names)) == 8, names


def test_the_picture_subtracts_for_the_real_flow(site: TestClient) -> None:
    """head(i) - exits(i) = head(i+1) for each stage of goods."""
    flow = site.get(f"{API}/campaigns/{plan.SLUG}/trail").json()
    goods = [
        (number, stage["totals"][0]["minor"])
        for number, stage in enumerate(flow["stages"])
        if stage["kind"] in ("stock", "handed", "distributed")
    ]
    for (number, here), (_, after) in pairwise(goods):
        keys = {node["key"] for node in flow["nodes"] if node["stage"] == number}
        gone = sum(out["amount"]["minor"] for out in flow["exits"] if out["source"] in keys)
        assert here - gone == after, number


def test_published_entries_are_the_stored_bytes(site: TestClient, store: Store) -> None:
    """What the API gives is what was hashed, byte for byte."""
    with store.read() as tx:
        rows = list(tx.journal.rows(limit=5, campaign=plan.SLUG))
    body = site.get(f"{API}/campaigns/{plan.SLUG}/entries?limit=5").content
    assert all(row.data in body for row in rows)


def test_every_noun_of_the_desk_is_documented_with_its_shape(site: TestClient) -> None:
    """The document has a path for each noun and verb, with the fields that it takes."""
    paths = site.get("/openapi.json").json()["paths"]
    for noun in NOUNS.values():
        for verb in noun.actions:
            own = "" if verb == default_verb(noun.actions) else f"/{verb}"
            body = paths[f"/api/v1/campaigns/{{slug}}/{noun.plural}{own}"]["post"]["requestBody"]
            assert body["content"]["application/json"]["schema"]["properties"]


def test_what_the_desk_refuses_changes_nothing(site: TestClient, store: Store) -> None:
    """Empty, wrong and absurd facts of every noun, with a real token: refused by field, journal as it was."""
    with store.write() as tx:
        token = add_token(tx, "admin", "test", now=1_600_000_000, by=None)
        before = tx.journal.head()
    for noun in NOUNS.values():
        for verb in noun.actions:
            for body in ({}, {"number": None}, {"quantity": 10**30, "\u202e": []}):
                answer = site.post(
                    f"{API}/campaigns/{plan.SLUG}/{noun.plural}/{verb}",
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert answer.status_code in (403, 409, 422), (noun.plural, verb, answer.text)
                assert answer.headers["content-type"] == "application/problem+json"
    with store.read() as tx:
        assert tx.journal.head() == before


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=120),
        st.from_regex(r"[0-9a-fA-F]{60,66}(:[0-9]{0,12})?", fullmatch=True),
        st.from_regex(r"bcrt1[02-9ac-hj-np-z]{10,70}", fullmatch=True),
    )
)
def test_no_key_and_no_cursor_breaks_the_ledger(site: TestClient, key: str) -> None:
    """Whatever is looked up in the real store is answered below 500, with a sentence."""
    quoted = quote(key, safe="", errors="replace")
    listing = f"{API}/campaigns/{plan.SLUG}"
    for path in (
        f"/d/{quoted}",
        f"/c/{quoted}",
        f"{API}/donations/{quoted}",
        f"{API}/campaigns/{quoted}",
        f"{listing}/donations?cursor={quoted}",
        f"{listing}/entries?cursor={quoted}",
        f"{listing}/evidence?cursor={quoted}",
    ):
        answer = site.get(path)
        assert answer.status_code < 500, path


@pytest.mark.parametrize("cursor", ["bogus", "zzzz", "AAAA", "2026-11-29", "9", "-1", "000000000001.000001"])
def test_what_is_no_place_in_a_list_is_no_empty_end_of_it(site: TestClient, cursor: str) -> None:
    """A client would believe that it has all."""
    for listing in ("donations", "entries", "evidence"):
        answer = site.get(f"{API}/campaigns/{plan.SLUG}/{listing}?cursor={cursor}")
        assert answer.status_code == (200 if listing != "donations" and cursor == "9" else 422), listing
