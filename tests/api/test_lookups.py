"""A transaction looked at alone, over JSON and on the page of an unknown donation; no secret is ever repeated."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Lookups, TooMany
from ledger.core.errors import NotAllowed, Refused
from ledger.core.wording import Wording
from ledger.model.inquiries import LookupState
from ledger.recording.lookup import Lookup, load_lookups
from ledger.store.database import Store
from service.budget import Budget
from service.intake import Sightings
from service.lookups import LookUps
from tests.tools import builders_views as built
from tests.tools.fakes_api import NOW, ports
from tests.tools.store_places import place

pytestmark = pytest.mark.on_both

API = "/api/v1/lookups"
TXID = "c4" * 32
SECRETS = [
    "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
]


@dataclass
class FakeLookups:
    """Knows what it is given, takes two questions, and can be switched off."""

    rows: dict[str, Lookup] = field(default_factory=dict)
    off: str = ""

    def refusal(self) -> Wording | None:
        return Wording(self.off) if self.off else None

    def ask(self, text: str) -> tuple[Lookup, bool]:
        txid = text.strip().lower()
        if len(txid) != 64:
            raise Refused.field("txid", f"has 64 characters; yours has {len(txid)}")
        if self.off:
            raise NotAllowed(self.off)
        if txid in self.rows:
            return self.rows[txid], False
        if len(self.rows) == 2:
            raise TooMany(60)
        self.rows[txid] = Lookup(txid, LookupState.WAITING, NOW)
        return self.rows[txid], True

    def find(self, txid: str) -> Lookup | None:
        return self.rows.get(txid)


def site(lookups: Lookups) -> TestClient:
    app = create_app(replace(ports(), lookups=lookups))
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


def test_a_new_question_is_accepted_and_the_same_again_is_only_told() -> None:
    """202 with what will happen and a link to the page; then 200 with the same."""
    client = site(FakeLookups())
    first = client.post(API, json={"txid": TXID.upper()})
    assert first.status_code == 202
    told = first.json()
    assert (told["state"], told["txid"], told["page"]) == ("waiting", TXID, f"/d/{TXID}")
    assert "next look" in told["sentence"]
    assert first.headers["cache-control"] == "no-store"
    again = client.post(API, json={"txid": TXID})
    assert (again.status_code, again.json()) == (200, told)
    assert client.get(f"{API}/{TXID}").json() == told


def test_what_nobody_asked_for_is_not_found() -> None:
    client = site(FakeLookups())
    for path in (f"{API}/{TXID}", f"{API}/word"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"txid":7}', b'{"txid":"ab"}', b"\xff", b'"x"'])
def test_anything_but_a_txid_is_refused_by_field(body: bytes) -> None:
    answer = site(FakeLookups()).post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"txid", "body"}


def test_too_many_at_once_are_told_when_to_come_again() -> None:
    client = site(FakeLookups())
    for number in range(2):
        assert client.post(API, json={"txid": f"{number:064x}"}).status_code == 202
    answer = client.post(API, json={"txid": TXID})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    page = client.post("/lookups", data={"txid": TXID})
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert page.headers["content-type"].startswith("text/html")


def test_a_site_that_looks_nothing_up_says_why_and_offers_no_form() -> None:
    client = site(FakeLookups(off="Sightings are off here."))
    assert client.post(API, json={"txid": TXID}).status_code == 403
    page = client.get(f"/d/{TXID}")
    assert page.status_code == 404
    assert "Sightings are off here." in page.text
    assert 'action="/lookups"' not in page.text


def test_the_page_of_an_unknown_transaction_offers_a_form_that_works_without_scripts() -> None:
    """The form's own fields, posted, lead back to the page, which now says that it waits."""
    client = site(FakeLookups())
    for key in (TXID, f"{TXID}:1"):
        page = client.get(f"/d/{key}")
        assert page.status_code == 404
        assert f'<input type="hidden" name="txid" value="{TXID}">' in page.text
        assert 'action="/lookups" method="post"' in page.text
    posted = client.post("/lookups", data={"txid": TXID})
    assert (posted.status_code, posted.headers["location"]) == (303, f"/d/{TXID}")
    page = client.get(posted.headers["location"])
    assert "waits for the next look" in page.text
    assert 'action="/lookups"' not in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LookupState.NONE_OF_OURS, "pays none of this site"),
        (LookupState.NO_SOURCE, "proves nothing"),
        (LookupState.UNREAD, "block 650,000"),
    ],
)
def test_each_answer_stands_on_the_page_and_in_the_data_in_the_same_words(
    state: LookupState, words: str
) -> None:
    row = Lookup(TXID, state, NOW, NOW + 60, ("alpha",), 650_000)
    client = site(FakeLookups({TXID: row}))
    told = client.get(f"{API}/{TXID}").json()
    assert told["state"] == state.value
    assert words in told["sentence"]
    assert "alpha" in told["sentence"]
    assert words in client.get(f"/d/{TXID}").text


def test_a_known_donation_has_no_form_and_other_keys_neither() -> None:
    client = site(FakeLookups())
    assert 'action="/lookups"' not in client.get(f"/d/{built.TXID}").text
    for key in ("word", "ab" * 20, "bc1qnobody"):
        assert 'action="/lookups"' not in client.get(f"/d/{key}").text


@pytest.mark.parametrize("secret", SECRETS)
def test_a_private_key_in_the_field_is_refused_and_neither_repeated_nor_logged(
    secret: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By the service's own queue, over JSON and the form; the database holds nothing of it."""
    store = Store.create(place(tmp_path))
    queue = LookUps(store, lambda: NOW, Sightings.RECENT, False, Budget(1, 1), lambda tx: None)
    client = site(queue)
    with caplog.at_level(logging.DEBUG):
        told = client.post(API, json={"txid": secret})
        shown = client.post("/lookups", data={"txid": secret})
    for answer in (told, shown):
        assert answer.status_code == 422
        assert secret not in answer.text
        assert "treat that key as seen" in answer.text
    assert secret not in caplog.text
    with store.read() as tx:
        assert load_lookups(tx).rows == {}
    # A demonstration's clock stands, so it says that it looks nothing up, and offers nothing.
    told = site(replace(queue, is_story=True)).get("/d/" + "ab" * 32)
    assert 'action="/lookups"' not in told.text
    assert "its clock stands, and nothing is looked up" in told.text
    store.close()


@pytest.mark.parametrize(
    "body", [b"x" * 5_000, b"txid=" + b"%ff" * 40, b"&" * 300, b"txid", b"=", "txid=é☃".encode(), b"\xff\x00"]
)
def test_no_form_whatever_makes_an_error_of_ours(body: bytes) -> None:
    answer = site(FakeLookups()).post(
        "/lookups", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code in {400, 413, 422}
