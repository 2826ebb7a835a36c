"""What is at no path under /api says what there is; what another method answers says which one."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.sentences import ERRORS
from api.ports import Ports, SiteSettings
from api.problems import problem_body
from ledger.core.errors import Refused
from ledger.recording.desk import NOUNS, act
from tests.tools.ledgers import SLUG, Ledger, made_once

WHERE = f"/api/v1/campaigns/{SLUG}"


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.new(tmp_path)


@pytest.fixture
def site(ledger: Ledger) -> TestClient:
    return TestClient(create_app(Ports(ledger.store, lambda: ledger.now, SiteSettings(), lambda: "", list)))


def test_a_post_to_a_noun_that_is_none_names_all_nouns(site: TestClient) -> None:
    for path in ("foos", "foos/add"):
        told = site.post(f"{WHERE}/{path}", json={})
        assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")
        named = told.json()["detail"].partition("these are: ")[2].rstrip(".").split(", ")
        assert named == sorted(noun.plural for noun in NOUNS.values())


def test_a_post_to_a_verb_that_is_none_names_the_verbs(site: TestClient) -> None:
    told = site.post(f"{WHERE}/overs/fly", json={})
    assert told.status_code == 404
    assert (
        told.json()["detail"]
        == "verb: over has no such verb; it has these: accept, buy, count, explain, return."
    )
    assert site.post(f"{WHERE}/overs", json={}).json()["detail"].startswith("verb: say what is done")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", f"{WHERE}/needs", "POST"),
        ("GET", f"{WHERE}/overs/accept", "POST"),
        ("GET", f"{WHERE}/intentions", "POST"),
        ("POST", "/api/v1/chain", "GET, HEAD"),
        ("GET", f"{WHERE}/needs/add", "POST"),
        ("DELETE", f"{WHERE}/confirmations", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("PROPFIND", "/", "GET, HEAD"),
        ("PROPFIND", "/api/v1/campaigns", "GET, HEAD"),
        ("TRACE", f"{WHERE}/confirmations", "GET, HEAD, POST"),
    ],
)
def test_another_method_is_405_with_what_is_allowed(
    site: TestClient, method: str, path: str, allow: str
) -> None:
    told = site.request(method, path)
    assert (told.status_code, sorted(told.headers["allow"].split(", "))) == (405, allow.split(", "))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "TRACE"])
def test_where_nothing_is_no_method_is_allowed(site: TestClient, method: str) -> None:
    told = site.request(method, "/api/v1/nope/nope")
    assert (told.status_code, told.headers.get("allow")) == (404, None)
    assert "/openapi.json" in told.json()["detail"]


def test_every_kind_of_problem_is_explained_where_its_type_points_to(site: TestClient) -> None:
    told = site.get("/docs").text
    for status in ERRORS:
        place = problem_body(status, "")["type"]
        assert f'id="{str(place).removeprefix("/docs#")}"' in told, status


def test_a_page_of_another_site_may_read_with_a_tag_and_ask_for_an_address(site: TestClient) -> None:
    """Its browser asks first (a preflight), and is told no more than what wants no token."""
    asked = {"Origin": "https://other.example", "Access-Control-Request-Headers": "if-none-match"}
    told = site.options(WHERE, headers=asked | {"Access-Control-Request-Method": "GET"})
    assert (told.status_code, told.headers["access-control-allow-origin"]) == (204, "*")
    assert told.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "If-None-Match" in told.headers["access-control-allow-headers"]
    told = site.options(f"{WHERE}/intentions", headers=asked | {"Access-Control-Request-Method": "POST"})
    assert told.headers["access-control-allow-methods"] == "POST"
    assert site.post(f"{WHERE}/intentions").headers["access-control-allow-origin"] == "*"
    told = site.options(f"{WHERE}/needs", headers=asked | {"Access-Control-Request-Method": "POST"})
    assert "access-control-allow-methods" not in told.headers
    assert site.options("/api/v1/nothing", headers=asked).status_code == 404


def test_the_document_has_what_anybody_reads_first_and_each_act_once(site: TestClient) -> None:
    paths = site.get("/openapi.json").json()["paths"]
    reads = ["get" in methods and {} in methods["get"].get("security", [{}]) for methods in paths.values()]
    first_act = next(
        n
        for n, methods in enumerate(paths.values())
        if {"token": ["record"]} in next(iter(methods.values())).get("security", [])
    )
    assert reads[0]
    assert not any(reads[first_act:])
    names = [told["operationId"] for methods in paths.values() for told in methods.values()]
    assert len(names) == len(set(names))
    assert f"{WHERE}/needs/add".replace(SLUG, "{slug}") not in paths


def test_every_list_comes_in_pages_and_a_parameter_stands_once(site: TestClient, ledger: Ledger) -> None:
    paths = site.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        told = methods.get("get")
        schema = (
            "" if told is None else str(told["responses"]["200"]["content"]["application/json"]["schema"])
        )
        if "/Page_" in schema:
            assert {"limit", "cursor"} <= {each["name"] for each in told["parameters"]}, path
    facts = {"slug": "wells", "title": "Wells", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}
    with ledger.store.write() as tx:
        with pytest.raises(Refused, match="is wells, and the campaign asked for is foo"):
            act(tx, ledger.actors["admin"], "foo", "campaign", "add", facts, now=ledger.now)
        act(tx, ledger.actors["admin"], "wells", "campaign", "add", facts, now=ledger.now)
    first = site.get("/api/v1/campaigns?limit=1")
    assert (len(first.json()["items"]), first.json()["next"]) == (1, "1")
    rest = site.get(first.links["next"]["url"]).json()
    assert rest["next"] is None
    assert {row["slug"] for row in first.json()["items"] + rest["items"]} == {SLUG, "wells"}
    assert site.get(f"{WHERE}/decisions?cursor=bogus").status_code == 422
    twice = site.get("/api/v1/campaigns?limit=1&limit=2")
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "limit")
