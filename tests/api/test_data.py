"""The JSON paths: exact amounts, cursors, tags, problems; writing needs a token; nothing hostile gets a 500."""
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from asyncio import CancelledError
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from api.app import create_app
from api.clean import clean
from api.ports import Ports
from ledger.core.errors import StorageFailed
from ledger.core.frozen import Amount
from tests.tools import builders_views as built
from tests.tools.fakes_api import CLAIM, ENTRY, TOKEN, FakeStore, FakeViews, ports
from tests.tools.stories import stories

KIND = {"Content-Type": "application/json"}
API = "/api/v1"


@pytest.fixture(scope="module")
def site() -> TestClient:
    return TestClient(create_app(ports()), follow_redirects=False, raise_server_exceptions=False)


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"].startswith("/docs#")
    return body


def test_amounts_are_exact_in_three_ways() -> None:
    """Asset, minor units and decimal; beyond 2^53-1 the minor units are a string."""
    assert Amount.of("BTC", 1_000_000).data() == {"asset": "BTC", "minor": 1_000_000, "decimal": "0.01000000"}
    assert Amount.of("USD", 2**53).data()["minor"] == str(2**53)
    assert Amount.of("USD", 2**53 - 1).data()["minor"] == 2**53 - 1


@pytest.mark.parametrize(
    "path",
    ["/campaigns", "/campaigns/bithelp", "/campaigns/bithelp/donations", "/campaigns/bithelp/trail",
     "/campaigns/bithelp/entries", "/campaigns/bithelp/evidence", f"/donations/{built.TXID}",
     f"/donations/{built.TXID}:1/trail", "/chain"],
)  # fmt: skip
def test_readings_are_json_tagged_and_open_to_other_sites(site: TestClient, path: str) -> None:
    """Every reading: JSON, a strong tag that answers 304, CORS, and HEAD."""
    answer = site.get(API + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    assert site.get(API + path, headers={"If-None-Match": tag}).status_code == 304
    assert site.head(API + path).status_code == 200
    assert answer.json()


def test_a_donation_keeps_its_status_word(site: TestClient) -> None:
    """`below_dust` stays `below_dust`."""
    (item,) = site.get(f"{API}/donations/below_dust").json()["donations"]
    assert item["status"] == "below_dust"
    (settled,) = site.get(f"{API}/donations/{built.TXID}").json()["donations"]
    assert settled["block"]["time"] == "2020-05-29T14:00:00Z"
    assert settled["amount"] == {"asset": "BTC", "minor": 1_000_000, "decimal": "0.01000000"}


def test_a_trail_is_nodes_and_links(site: TestClient) -> None:
    """Every link and exit names a node that exists."""
    flow = site.get(f"{API}/campaigns/bithelp/trail").json()
    nodes = {node["key"] for node in flow["nodes"]}
    assert {link["source"] for link in flow["links"]} <= nodes
    assert {link["target"] for link in flow["links"]} <= nodes
    assert {out["source"] for out in flow["exits"]} <= nodes
    thread = site.get(f"{API}/donations/{built.TXID}:1/trail").json()["thread"]
    assert {point["node"] for point in thread} <= nodes


def test_cursors_walk_every_row_once(site: TestClient) -> None:
    """`next` in the body and in `Link`, until it is null."""
    seen: list[str] = []
    path = f"{API}/campaigns/bithelp/donations?limit=25"
    while path:
        answer = site.get(path)
        seen += [row["outpoint"] for row in answer.json()["items"]]
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        path = link.partition(">")[0].lstrip("<")
    assert seen == [row.outpoint for row in built.donation_rows()]


def test_entries_are_the_published_bytes(site: TestClient) -> None:
    """The canonical bytes stand in the answer unchanged."""
    answer = site.get(f"{API}/campaigns/bithelp/entries?limit=2")
    assert answer.content == b'{"items":[' + ENTRY % 1 + b"," + ENTRY % 2 + b'],"next":"2"}'


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e2", "٣", "9" * 30, ""])
def test_a_wrong_limit_is_refused_by_name(site: TestClient, limit: str) -> None:
    """422 with the field and the remedy."""
    body = problem(site.get(f"{API}/campaigns/bithelp/donations", params={"limit": limit}), 422)
    assert [error["field"] for error in body["errors"]] == ["limit"]


def test_a_parameter_that_is_not_known_is_refused_by_name(site: TestClient) -> None:
    """Whoever mistypes one would else believe that the answer is all there is."""
    listing = f"{API}/campaigns/bithelp/donations"
    for url in (
        f"{listing}?limt=3",
        f"{listing}?limit=3&limt=3",
        f"{API}/campaigns?limt=1",
        f"{API}/chain?limt=",
        f"{API}/lookups/{'ab' * 32}?limt=",
    ):
        body = problem(site.get(url), 422)
        assert [error["field"] for error in body["errors"]] == ["limt"], url
    assert "limit" in problem(site.get(f"{listing}?limt=3"), 422)["detail"]
    problem(site.post(f"{API}/campaigns/bithelp/intentions?need=N-1"), 422)
    problem(site.get(f"{listing}?cursor=bogus"), 422)
    assert site.get(f"{listing}?limit=3").status_code == 200
    paths = site.get("/openapi.json").json()["paths"]
    silent = [path for path, told in paths.items() if "get" in told and "422" not in told["get"]["responses"]]
    assert [path for path in silent if path.startswith(API)] == []


def test_plain_and_packed_bytes_have_a_tag_each(site: TestClient) -> None:
    """RFC 9110 8.8.3.3, also where no kept bytes are served; either tag of what is unchanged answers 304."""
    for path, headers in (("/openapi.json", {}), (f"{API}/campaigns/bithelp", {"authorization": "Bearer x"})):
        plain = site.get(path, headers=headers | {"accept-encoding": "identity"})
        packed = site.get(path, headers=headers | {"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.headers["etag"] != packed.headers["etag"]
        for tag in (plain.headers["etag"], packed.headers["etag"]):
            assert site.get(path, headers=headers | {"if-none-match": tag}).status_code == 304


def test_a_failing_database_is_503_with_the_time_to_try_again(site: TestClient) -> None:
    """Never 422, which no client repeats: whichever way the failure came. So is what a stop cuts off."""
    for failure in (
        StorageFailed("database: its server ended the connection; try again"),
        StorageFailed.field("database", "a statement of this transaction failed; nothing was written"),
        CancelledError(),
    ):
        made = ports()
        broken = FakeStore()

        def write(failure: BaseException = failure) -> Any:
            raise failure

        broken.write = write  # type: ignore[method-assign]
        answer = TestClient(create_app(replace(made, store=broken)), raise_server_exceptions=False).post(
            f"{API}/campaigns/bithelp/intentions"
        )
        problem(answer, 503)
        assert answer.headers["retry-after"] == "60"

    def away() -> Any:
        raise StorageFailed("database: its server cannot be reached; try again when it is there")

    broken.read = away  # type: ignore[method-assign]
    for path in (
        "/",
        "/c/bithelp",
        f"{API}/campaigns",
    ):  # which are kept, and looked for before they are made
        answer = TestClient(create_app(replace(made, store=broken)), raise_server_exceptions=False).get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_what_does_not_exist_is_a_problem(site: TestClient) -> None:
    """404 in problem+json under /api, also for a path that nobody serves."""
    for path in ("/campaigns/none", "/donations/3f9ac21", "/nothing", f"/donations/{'0' * 64}:9/trail"):
        problem(site.get(API + path), 404)
    assert "yours has 7" in site.get(f"{API}/donations/3f9ac21").json()["detail"]
    problem(site.get(f"{API}/donations/word/trail"), 422)


def test_a_claim_code_is_not_repeated(site: TestClient) -> None:
    """The donor's view by claim code is private and does not name it."""
    answer = site.get(f"{API}/donations/{CLAIM}")
    assert CLAIM not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"


def test_an_intention_gives_an_address_and_a_code(site: TestClient) -> None:
    """No token, no question asked."""
    answer = site.post(f"{API}/campaigns/bithelp/intentions")
    assert answer.status_code == 201
    assert answer.json() == {
        "address": "bc1qfresh", "bip21": "bitcoin:bc1qfresh?label=x", "claim_code": CLAIM, "fresh": True, "need": None,
        "note": None,
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"
    kept = site.post(f"{API}/campaigns/bithelp/intentions", json={"need": "N-1"})
    assert (kept.status_code, kept.json()["need"]) == (201, "N-1")
    assert site.post(f"{API}/campaigns/bithelp/intentions", content=b"{", headers=KIND).status_code == 422


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer"}],
)
def test_writing_needs_a_token_that_is_known(header: dict[str, str]) -> None:
    """401 with the scheme, and nothing is written."""
    mine = ports()
    answer = TestClient(create_app(mine)).post(
        f"{API}/campaigns/bithelp/needs", json={"number": "N", "quantity": 1}, headers=header
    )
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert isinstance(mine.store, FakeStore)
    assert mine.store.writes == 0


def test_a_fact_is_recorded_once_for_its_noun(site: TestClient) -> None:
    """POST of the noun's plural, and the same with its verb named."""
    for path in ("needs", "needs/record"):
        answer = site.post(
            f"{API}/campaigns/bithelp/{path}",
            json={"number": "N-1", "quantity": 5},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        assert answer.status_code == 201
        assert answer.json() == {
            "seq": 7,
            "key": "need:N-1",
            "already": False,
            "waiting_for": None,
            "entry": json.loads(ENTRY % 7),
        }


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"{", 422), (b'{"quantity":1,"quantity":2}', 422), (b'{"number":{"a":1,"a":1}}', 422), (b"\xff\xfe", 422), (b"NaN", 422), (b"[]", 422), (b"[" * 100_000, 422),
     (b'{"quantity":"x"}', 422), (b'{"quantity":13}', 403), (b" " * 1_000_001, 413)],
)  # fmt: skip
def test_a_bad_body_is_a_problem_and_leaves_no_trace(body: bytes, status: int) -> None:
    """One clear sentence, and the transaction never ends."""
    mine = ports()
    site = TestClient(create_app(mine), raise_server_exceptions=False)
    problem(
        site.post(
            f"{API}/campaigns/bithelp/needs",
            content=body,
            headers=KIND | {"Authorization": f"Bearer {TOKEN}"},
        ),
        status,
    )
    assert isinstance(mine.store, FakeStore)
    assert mine.store.writes == 0


def test_each_refusal_of_a_writing_route_is_shown_as_it_is_answered(site: TestClient) -> None:
    post = site.get("/openapi.json").json()["paths"]["/api/v1/campaigns/{slug}/needs"]["post"]
    for status in ("401", "403", "404", "409", "422"):
        shown = post["responses"][status]["content"]["application/problem+json"]["example"]
        assert (str(shown["status"]), "errors" in shown) == (status, status != "401")
    assert "waiting_for" in post["responses"]["202"]["content"]["application/json"]["example"]


def test_every_example_is_an_answer_of_its_model(site: TestClient) -> None:
    """What the document shows of an answer is what the model of that answer allows, field by field."""
    document = site.get("/openapi.json").json()
    shown = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, told in operation["responses"].items():
                for content in told["content"].values():
                    shape = {**content["schema"], "components": document["components"]}
                    wrong = [
                        error.message for error in Draft202012Validator(shape).iter_errors(content["example"])
                    ]
                    assert wrong == [], (method, path, status)
                    shown += 1
    assert shown > 90


def test_every_field_of_every_answer_is_described(site: TestClient) -> None:
    """No property without a sentence: its own, or that of the one shape that it has."""
    shapes = site.get("/openapi.json").json()["components"]["schemas"]
    for name, shape in shapes.items():
        for field, told in shape.get("properties", {}).items():
            of_shape = shapes.get(told.get("$ref", "").rpartition("/")[2], {})
            assert told.get("description") or of_shape.get("description"), (name, field)


def _parts(node: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything in the document that has a description, and where it stands; not what examples say."""
    if isinstance(node, list):
        for n, item in enumerate(node):
            yield from _parts(item, f"{at}/{n}")
    elif isinstance(node, dict):
        if isinstance(node.get("description"), str):
            yield at, node
        for name, item in node.items():
            if name not in {"example", "examples"}:
                yield from _parts(item, f"{at}/{name}")


def test_each_description_is_whole_sentences(site: TestClient) -> None:
    """With a capital and a full stop: no fragment, and none put together of parts."""
    told = list(_parts(site.get("/openapi.json").json(), ""))
    assert len(told) > 1000
    wrong = {
        at: part["description"]
        for at, part in told
        if not re.fullmatch(r"[A-Z0-9`](.|\n)*[.?)]", part["description"])
    }
    assert wrong == {}


def test_a_field_that_is_one_of_some_words_says_which_in_its_type(site: TestClient) -> None:
    """States are enums: no text that lists its words, or the first of them, in its description alone."""
    shapes = site.get("/openapi.json").json()["components"]["schemas"]
    lists = {
        f"{name}.{field}": told["description"]
        for name, shape in shapes.items()
        for field, told in shape.get("properties", {}).items()
        if told.get("type") == "string" and re.search(r"`\w+`, `\w+`|…", told.get("description", ""))
    }
    assert lists == {}


def test_the_document_has_an_example_for_every_answer(site: TestClient) -> None:
    """OpenAPI 3.1, with every reading and every noun, and nothing left to be fetched."""
    document = site.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            status = next(code for code in ("201", "202", "200") if code in operation["responses"])
            assert "example" in operation["responses"][status]["content"]["application/json"], (method, path)
    post = document["paths"]["/api/v1/campaigns/{slug}/needs"]["post"]
    assert set(post["requestBody"]["content"]["application/json"]["schema"]["properties"]) == {
        "number",
        "quantity",
        "happened",
        "out_of_order",
    }
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "scope" in scheme["description"]
    names = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


def test_health_readiness_and_metrics() -> None:
    """Alive, ready or why not, and the service's own figures."""
    site = TestClient(create_app(ports(missing=["No look yet."])))
    assert site.get("/healthz").text == "ok\n"
    assert problem(site.get("/readyz"), 503)["detail"] == "No look yet."
    assert TestClient(create_app(ports())).get("/readyz").status_code == 200
    assert "aidtrail_journal_head" in site.get("/metrics").text


def test_our_own_error_shows_no_trace() -> None:
    """500 in one sentence, for programs and for people."""

    class Broken(FakeViews):
        def campaign_cards(self, tx: Any) -> Any:
            raise RuntimeError("secret inside")

    whole: Ports = replace(ports(), views=Broken({}, {}))
    site = TestClient(create_app(whole), raise_server_exceptions=False)
    assert "secret" not in str(problem(site.get(f"{API}/campaigns"), 500))
    page = site.get("/")
    assert page.status_code == 500
    assert "secret" not in page.text
    assert "The ledger is as it was" in page.text
    assert page.headers["content-security-policy"]


@settings(
    max_examples=stories(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=300))
def test_no_key_is_our_error(site: TestClient, key: str) -> None:
    """Any text as a key gets an answer below 500, on the page, in the form and in the data."""
    quoted = quote(key, safe="", errors="replace")
    assert site.post("/find", data={"key": key}).status_code < 500
    for path in (f"/d/{quoted}", f"{API}/donations/{quoted}", f"{API}/donations/{quoted}/trail",
                 f"/papers/{quoted}", f"/c/{quoted}"):  # fmt: skip
        assert site.get(path).status_code < 500, path


@settings(
    max_examples=stories(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(max_size=220), st.text(max_size=40),
    st.sampled_from(["donations", "entries", "evidence"]),
)  # fmt: skip
def test_no_cursor_and_no_limit_is_our_error(site: TestClient, cursor: str, limit: str, listing: str) -> None:
    """Any cursor and any limit is answered, or refused with its name."""
    query = (
        f"cursor={quote(cursor, safe='', errors='replace')}&limit={quote(limit, safe='', errors='replace')}"
    )
    answer = site.get(f"{API}/campaigns/bithelp/{listing}?{query}")
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["field"] in ("cursor", "limit", "url")


@settings(max_examples=stories(30), deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda x: st.lists(x, max_size=4) | st.dictionaries(st.text(max_size=8), x, max_size=4), max_leaves=20))  # fmt: skip
def test_any_json_is_answered(body: Any) -> None:
    """Whatever is sent as a fact is recorded or refused."""
    site = TestClient(create_app(ports()), raise_server_exceptions=False)
    sent = json.dumps(body).encode()
    answer = site.post(
        f"{API}/campaigns/bithelp/needs", content=sent, headers=KIND | {"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code < 500


@given(st.text())
def test_clean_text_has_no_control_and_no_direction(text: str) -> None:
    """What is shown is shown in the order in which it was written."""
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert not set(cleaned) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\x00\x1b\x7f"
    )
