"""An address for one gift over the public pages: a form without scripts, a secret link, nothing of the donor kept."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.buckets import Buckets, Rate
from api.ports import Ports, SiteSettings
from ledger.core.chain import Script
from ledger.core.look import SeenTx
from ledger.core.secret import secret_in_prose
from ledger.core.times import unix_seconds
from ledger.recording.address_gaps import UnreadPast, save_past
from ledger.recording.desk import act, bip21_of, claim_hash, new_claim_code
from ledger.recording.lookup import record_sighting
from ledger.recording.users import actor_named, add_user
from ledger.store.database import Store
from ledger.views.decisions import decisions, public_decisions
from ledger.views.open_items import OpenItemKind
from ledger.views.waiting_addresses import addresses_waiting
from service.config import Wallet
from service.wallets import add_addresses
from tests.tools.fake_chain import outpoint_no, script_no
from tests.tools.store_places import place
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, script_of

pytestmark = pytest.mark.on_both

NOW = unix_seconds("2024-01-14T00:00:00Z")
FIXED, ONE, TWO = (address_of(script_no(number), REGTEST) or "" for number in range(3))
GIVE = "/c/help/give"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A campaign with one need, its shared address and two for donors."""
    made = Store.create(place(tmp_path))
    call = {
        "slug": "help",
        "title": "Help & more",
        "purpose": "All",
        "start": "2023-11-01",
        "end": "2024-01-31",
    }
    kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits", "specification": "A kit"}
    need = {
        "number": "N-1", "recipient": "Clinic", "product": "KIT", "quantity": 5, "place": "Town",
        "by": "2024-03-01", "date": "2023-11-02",
    }  # fmt: skip
    with made.write() as tx:
        add_user(tx, "ada", "admin", now=NOW, by=None)
        for noun, facts in (("campaign", call), ("product", kit), ("need", need)):
            act(tx, actor_named(tx, "ada", now=NOW), "help", noun, "add", facts, now=NOW)
    add_addresses(made, (Wallet("help", "", (FIXED, ONE, TWO)),), REGTEST)
    return made


@pytest.fixture
def site(store: Store) -> TestClient:
    ports = Ports(store, lambda: NOW, SiteSettings(), lambda: "", list)
    return TestClient(create_app(ports), follow_redirects=False)


def code_in(html: str) -> str:
    """The claim code that a form carries."""
    (code,) = re.findall(r'name="code" value="([^"]+)"', html)
    return str(code)


def claim(told: str) -> str:
    """The claim code alone, of what a form carries."""
    return told.partition(".")[0]


def given(store: Store) -> int:
    """How many addresses were given out."""
    with store.read() as tx:
        return len(tx.addresses.given_since(""))


def test_a_donor_asks_for_an_address_for_one_need_and_keeps_a_secret_link(
    site: TestClient, store: Store
) -> None:
    """From the campaign's page by its links and forms alone; the address is kept for that need."""
    page = site.get("/c/help").text
    assert f'href="{GIVE}"' in page
    (link,) = re.findall(rf'href="({GIVE}\?need=[^"]+)"', page)
    form = site.get(link)
    assert 'value="N-1" checked> N-1: Kit for Clinic' in form.text
    assert given(store) == 0, "looking at the form gives nothing out"
    carried = code_in(form.text)
    code = claim(carried)
    sent = site.post(GIVE, data={"code": carried, "need": "N-1"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/d/{code}")
    own = site.get(sent.headers["location"])
    assert own.status_code == 200
    assert "Nothing has come to this address yet" in own.text
    assert "Restricted to need N-1 (Kit for Clinic): what comes to it is spent on that need only." in own.text
    assert "".join(re.findall(r"<span>(\w{1,4})</span>", own.text)) == ONE
    assert f'href="bitcoin:{ONE}?label=Help%20%26%20more"' in own.text
    assert f"http://testserver/d/{code}" in own.text, "the link itself is printed, not the code alone"
    for answer in (form, sent, own):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "set-cookie" not in answer.headers
    (live,) = re.findall(r'data-live="([^"]+)"', own.text)
    ends = Ports(store, lambda: NOW, SiteSettings(), lambda: "", list, ending=lambda: True)
    ending = TestClient(create_app(ends))
    assert ending.get(live).text.startswith("retry: "), "what comes to it is told to who has the page open"
    assert ending.get(live.replace(code, "another-code-22-letters")).status_code == 204
    with store.read() as tx:
        row = tx.addresses.by_address(ONE)
        assert row is not None
        assert row.restriction == "N-1"
        assert tx.addresses.by_claim(claim_hash(code)) == row
        assert tx.addresses.by_claim(code) is None, "the code itself is stored nowhere"


def test_the_shared_address_has_a_qr_code_and_a_link_for_wallets(site: TestClient, store: Store) -> None:
    """On the page of giving, below the form, and with no address given out; the campaign's page leads there."""
    form = site.get(GIVE)
    shared = form.text.partition('id="shared"')[2]
    assert "".join(re.findall(r"<span>(\w{1,4})</span>", shared)) == FIXED
    assert f'href="bitcoin:{FIXED}?label=Help%20%26%20more"' in shared
    assert "<svg" in shared
    campaign = site.get("/c/help").text
    assert f'href="bitcoin:{FIXED}?label=Help%20%26%20more"' in campaign
    hard = 'Masks #1 + more = 100% für Ärzte "A"'
    told = urlsplit(bip21_of(FIXED, hard))
    assert (parse_qs(told.query), told.fragment) == ({"label": [hard]}, "")
    assert told.geturl().isascii()
    assert f'href="{GIVE}#shared"' in campaign
    assert given(store) == 0


def test_of_many_needs_each_can_be_chosen(site: TestClient, store: Store) -> None:
    """A donor who came from the row of the thirtieth finds it marked."""
    for number in range(2, 31):
        need = {
            "number": f"N-{number}",
            "recipient": "Clinic",
            "product": "KIT",
            "quantity": 5,
            "place": "Town",
        }
        with store.write() as tx:
            ada = actor_named(tx, "ada", now=NOW)
            act(tx, ada, "help", "need", "add", need | {"by": "2024-03-01", "date": "2023-11-02"}, now=NOW)
    form = site.get(GIVE, params={"need": "N-30"}).text
    assert all(f'value="N-{number}"' in form for number in range(1, 31))
    assert 'value="N-30" checked' in form


def test_the_secret_link_tells_the_way_of_the_gift_once_it_came(site: TestClient, store: Store) -> None:
    carried = code_in(site.get(GIVE).text)
    code = claim(carried)
    assert site.post(GIVE, data={"code": carried, "need": "N-1"}).status_code == 303
    waits = site.get(f"/d/{code}")
    assert (waits.status_code, "Nothing has come" in waits.text) == (200, True), waits.text
    (news,) = re.findall('data-live="([^"]+)"', waits.text)
    paid = (Script(script_of(ONE, REGTEST)), 70_000)
    with store.write() as tx:
        record_sighting(tx, SeenTx(outpoint_no(7).txid, (), (paid,), "node"), now=NOW)
    page = site.get(f"/d/{code}")
    assert page.status_code == 200
    assert "Restricted to need N-1 (Kit for Clinic): it is spent on that need only." in page.text
    assert "Nothing has come" not in page.text
    assert "event: changed" in site.get(news).text, "the page that waited is told"


def test_the_same_form_sent_twice_gives_one_address(site: TestClient, store: Store) -> None:
    """Loaded again or pressed twice; another form gives another one."""
    form = {"code": code_in(site.get(GIVE).text), "need": ""}
    places = {site.post(GIVE, data=form).headers["location"] for _ in range(3)}
    assert places == {f"/d/{claim(form['code'])}"}
    assert given(store) == 1
    assert code_in(site.get(GIVE).text) != form["code"]
    site.post(GIVE, data={"code": code_in(site.get(GIVE).text)})
    assert given(store) == 2


def test_when_none_is_left_all_get_the_shared_address_and_a_need_is_told_that_it_is_not_kept(
    site: TestClient, store: Store
) -> None:
    """Never an error page; and the desk is told before that few are left."""
    for _ in range(2):
        site.post(GIVE, data={"code": code_in(site.get(GIVE).text)})
    for need, said in (
        ("", "There is no address of your own"),
        ("N-1", "No address can be kept for need N-1"),
    ):
        shared = site.post(GIVE, data={"code": code_in(site.get(GIVE).text), "need": need})
        assert shared.status_code == 200
        assert "".join(re.findall(r"<span>(\w{1,4})</span>", shared.text)) == FIXED
        assert said in shared.text
        assert "it finds the way of your gift" in shared.text
    assert given(store) == 2
    assert "still being read" not in shared.text
    told = site.post("/api/v1/campaigns/help/intentions", json={"need": "N-1"})
    assert (told.status_code, told.json()["address"], told.json()["need"]) == (201, FIXED, None)
    assert "N-1" in told.json()["note"]
    with store.read() as tx:
        (few,) = (row for row in decisions(tx, "help", now=NOW) if row.kind is OpenItemKind.FEW_ADDRESSES)
        assert few.to_do.values == {"n": 0}
        assert few not in public_decisions(decisions(tx, "help", now=NOW))
        assert not list(addresses_waiting(tx, "help", "2024-02-01")), "the call has ended"


def test_while_the_past_is_read_whoever_gets_the_shared_address_is_told_why(
    site: TestClient, store: Store
) -> None:
    """Addresses are there, and may have been paid before: nothing is to be added by the desk."""
    with store.write() as tx:
        scripts = frozenset(bytes(script_of(one, REGTEST)) for one in (ONE, TWO))
        save_past(tx, UnreadPast(scripts, frozenset(), 1))
    for need in ("", "N-1"):
        page = site.post(GIVE, data={"code": code_in(site.get(GIVE).text), "need": need})
        assert "still being read" in page.text
        told = site.post("/api/v1/campaigns/help/intentions", json={"need": need} if need else {})
        assert "still being read" in told.json()["note"]
    assert given(store) == 0


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"code": "OURS", "need": "N-9"}, 422, "There is no need N-9 in campaign help"),
        ({"code": "OURS", "need": "<b>"}, 422, "Write letters, digits"),
        ({"code": "x" * 22}, 422, "open the form again"),
        ({"code": "x" * 22 + "." + "0" * 32}, 422, "open the form again"),
        ({"code": "short"}, 422, "open the form again"),
        ({}, 422, "open the form again"),
        ({"code": "x" * 5_000}, 413, "ends at 4000 bytes"),
        ({f"f{number}": "1" for number in range(300)}, 400, "fewer than 200 fields"),
    ],
)
def test_what_no_form_of_ours_sends_gives_nothing_out(
    site: TestClient, store: Store, form: dict[str, str], status: int, said: str
) -> None:
    ours = code_in(site.get(GIVE).text)
    answer = site.post(GIVE, data={name: ours if value == "OURS" else value for name, value in form.items()})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert "<b>" not in answer.text.partition("<main")[2]
    assert given(store) == 0


def test_a_form_of_another_site_gives_nothing_out(site: TestClient, store: Store) -> None:
    """Else its author, who chose the claim code, could read what became of the gift; ours goes as browsers send it."""
    form = {"code": code_in(site.get(GIVE).text)}
    assert site.post("/c/other/give", data=form).status_code == 404
    for headers in (
        {"Origin": "https://other.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        refused = site.post(GIVE, data=form, headers=headers)
        assert (refused.status_code, "another site" in refused.text) == (403, True)
    assert given(store) == 0
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert site.post(GIVE, data=form, headers=own).status_code == 303
    form = {"code": code_in(site.get(GIVE).text)}
    assert site.post(GIVE, data=form, headers={"Origin": "http://testserver"}).status_code == 303


def test_a_campaign_that_is_not_there_has_no_form(site: TestClient) -> None:
    assert site.get("/c/nothing/give").status_code == 404
    assert site.post("/c/nothing/give", data={"code": "x" * 22}).status_code == 404


def test_a_call_that_ended_says_so_and_still_gives(store: Store) -> None:
    later = Ports(store, lambda: NOW + 40 * 86_400, SiteSettings(), lambda: "", list)
    site = TestClient(create_app(later), follow_redirects=False)
    form = site.get(GIVE)
    assert "The call has ended. Late donations count." in form.text
    assert site.post(GIVE, data={"code": code_in(form.text)}).status_code == 303


def test_one_client_takes_a_few_addresses_then_shares_one_and_others_still_have_theirs() -> None:
    """A bucket for each client, by the prefix it has for itself, and one for all; both fill again with time."""
    now = NOW
    buckets = Buckets(lambda: now, each=Rate(2, 600), every=Rate(5, 60))
    assert [buckets.take("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [buckets.take(f"2001:db8::{n}") for n in range(1, 4)] == [True, True, False]
    assert buckets.take("2001:db8:0:1::1")
    assert not buckets.take("192.0.2.9")
    now += 600
    assert [buckets.take("192.0.2.1") for _ in range(2)] == [True, False]
    now -= 86_400  # a clock that is set back keeps nobody waiting for as long
    assert [buckets.take("192.0.2.1") for _ in range(3)] == [True, True, False]


def test_beyond_the_bucket_the_shared_address_is_given_and_nobody_gets_an_error_page(store: Store) -> None:
    """By form with its QR code, and by the API with its note; addresses stay for others, and are counted."""
    asked: list[str] = []

    def may_take(client: str) -> bool:
        asked.append(client)
        return len(asked) > 2

    ports = Ports(store, lambda: NOW, SiteSettings(), lambda: "", list, may_take=may_take)
    site = TestClient(create_app(ports), follow_redirects=False)
    with store.read() as tx:
        assert tx.addresses.left("help", {}) == 2
    page = site.post(GIVE, data={"code": code_in(site.get(GIVE).text), "need": "N-1"})
    assert page.status_code == 200
    assert "".join(re.findall(r"<span>(\w{1,4})</span>", page.text)) == FIXED
    assert "<svg" in page.text
    shared = site.post("/api/v1/campaigns/help/intentions", json={"need": "N-1"}).json()
    assert (shared["address"], shared["claim_code"]) == (FIXED, None)
    assert asked == ["testclient"] * 2
    assert site.post("/api/v1/campaigns/help/intentions").json()["address"] == ONE
    with store.read() as tx:
        assert tx.addresses.left("help", {}) == 1


def test_the_last_rate_of_each_currency_is_told_with_its_day_and_nothing_without_one(store: Store) -> None:
    client = TestClient(create_app(Ports(store, lambda: NOW, SiteSettings(), str, list)))
    assert "last worth" not in client.get(GIVE).text
    rate = {
        "date": "2024-01-10",
        "quotes": [{"source": "A", "price": 4_600_000}, {"source": "B", "price": 4_620_000}],
    }
    with store.write() as tx:
        act(tx, actor_named(tx, "ada", now=NOW), "help", "rate", "add", rate | {"currency": "USD"}, now=NOW)
    assert "0.01 BTC was 461.00 USD on 10 January 2024, by A and B." in client.get(GIVE).text


def test_no_code_that_is_given_out_is_taken_for_a_private_key() -> None:
    """One in 500 codes of 22 characters has the shape of a short private key: its donor would be told to flee."""
    assert not [code for code in (new_claim_code() for _ in range(5_000)) if secret_in_prose(code)]
