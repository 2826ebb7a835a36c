"""Nobody who sends much, slowly, or with a false token keeps others from being answered."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from api.app import create_app
from api.bodies import read_body
from api.languages.address import LanguageRoute
from api.problems import Problem
from api.writers import BoundedStore
from ledger.core.errors import StorageFailed
from tests.tools.fakes_api import TOKEN, FakeStore, ports

API = "/api/v1"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def _awaited(what: Coroutine[Any, Any, object]) -> None:
    """Run it in a thread of its own: tests of the browser leave a running loop in theirs."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, what).result()


@cache
def application() -> LanguageRoute:
    """One for all that is refused before anything is read or written."""
    return create_app(ports())


def asked(
    messages: list[dict[str, Any]], path: str, headers: dict[str, str], method: str = "PUT"
) -> tuple[int, int]:
    """(status, messages that were read) of a request whose body comes message by message, then stays silent."""
    read, sent = 0, dict[str, Any]()

    async def receive() -> dict[str, Any]:
        nonlocal read
        if read == len(messages):
            await asyncio.Event().wait()
        read += 1
        return messages[read - 1]

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent["status"] = message["status"]

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("10.0.0.1", 1), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    _awaited(application()(scope, receive, send))
    return sent["status"], read


def test_token_and_length_are_read_before_the_body() -> None:
    """Of a false token or a length beyond the limit no byte is read, on every way that takes a body with a token."""
    chunk = [{"type": "http.request", "body": b"x" * 1000, "more_body": True}]
    paper, fact = f"{API}/papers/{'0' * 64}", f"{API}/campaigns/bithelp/needs"
    false = {"authorization": "Bearer at_false", "content-type": "application/pdf"}
    true = {"authorization": f"Bearer {TOKEN}", "content-type": "application/pdf"}
    json_of, form = true | {"content-type": JSON}, {"content-type": FORM}
    assert asked(chunk, paper, false) == (401, 0)
    assert asked(chunk, fact, false, "POST") == (401, 0)
    assert asked(chunk, f"{API}/campaigns/bithelp/confirmations/link", false, "POST") == (401, 0)
    assert asked(chunk, paper, true | {"content-length": "10000001"}) == (413, 0)
    assert asked(chunk, fact, json_of | {"content-length": "1000001"}, "POST") == (413, 0)
    assert asked(chunk, "/c/bithelp/give", form | {"content-length": "4001"}, "POST") == (413, 0)


@pytest.mark.parametrize("sent", [None, "text/plain", "application/octet-stream", "multipart/form-data", "x"])
def test_a_body_of_another_kind_does_nothing_and_is_not_read(sent: str | None) -> None:
    """Not even where it would be taken without a token: browsers let any page post text (Fetch, "simple requests")."""
    chunk = [{"type": "http.request", "body": b"{}"}]
    kind = {} if sent is None else {"content-type": sent}
    for length in ({"content-length": "2"}, {"transfer-encoding": "chunked"}):
        own = {"authorization": f"Bearer {TOKEN}"} | kind | length
        for path in ("campaigns/bithelp/needs", "campaigns/bithelp/confirmations/link", "papers/sealed"):
            assert asked(chunk, f"{API}/{path}", own, "POST") == (415, 0), path
        for path in ("campaigns/bithelp/intentions", "lookups"):
            for wrong in (kind, {"content-type": FORM}):
                assert asked(chunk, f"{API}/{path}", wrong | length, "POST") == (415, 0), path
        for path in ("/find", "/lookups", "/c/bithelp/give"):
            for wrong in (kind, {"content-type": JSON}):
                assert asked(chunk, path, wrong | length, "POST") == (415, 0), path


def test_json_may_name_its_letters_and_no_body_needs_no_kind() -> None:
    chunk = [{"type": "http.request", "body": b"{}"}]
    for kind in ("application/json; charset=utf-8", "Application/JSON"):
        assert asked(chunk, f"{API}/campaigns/bithelp/intentions", {"content-type": kind}, "POST") == (201, 1)
    empty = [{"type": "http.request", "body": b""}]
    assert asked(empty, f"{API}/campaigns/bithelp/intentions", {}, "POST") == (201, 1)


def test_a_caller_who_goes_away_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    gone = [{"type": "http.disconnect"}]
    assert asked(gone, "/c/bithelp/give", {}, "POST") == (400, 1)
    assert not caplog.records


def test_a_body_that_does_not_come_is_waited_for_a_bounded_time() -> None:
    async def silent() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def read() -> bytes:
        request = Request({"type": "http", "headers": []}, silent)
        return await read_body(request, 10, Problem(413, "Too long."), seconds=0.01)

    with pytest.raises(Problem) as problem:
        _awaited(read())
    assert problem.value.status == 408


def test_beyond_a_few_writers_the_next_one_is_told_so_at_once() -> None:
    """503 with Retry-After; reading goes on, and there is room again when one has ended."""
    store = BoundedStore(FakeStore(), most=2)
    with ExitStack() as writing:
        for _ in range(2):
            writing.enter_context(store.write())
        with pytest.raises(StorageFailed, match="too many write"), store.write():
            pass
        with store.read():
            pass
    with store.write():
        pass
    assert store.writes == 3


def test_health_and_pages_answer_while_all_writers_wait() -> None:
    """Another process holds the lock: a few wait, the others are refused at once, and nobody else notices."""
    held, free = threading.Semaphore(0), threading.Event()

    class Locked(FakeStore):
        def write(self) -> Any:
            held.release()
            free.wait(20)
            raise StorageFailed("database: another process has been writing for 30 seconds; try again")

    site = TestClient(create_app(replace(ports(), store=Locked())), raise_server_exceptions=False)
    with site:
        codes: list[int] = []
        posts = [
            threading.Thread(
                target=lambda: codes.append(site.post(f"{API}/campaigns/bithelp/intentions").status_code)
            )
            for _ in range(45)
        ]
        for post in posts:
            post.start()
        for _ in range(12):
            assert held.acquire(timeout=20)
        assert site.get("/healthz").status_code == 200
        assert site.get("/c/bithelp").status_code == 200
        assert json.loads(site.get(f"{API}/campaigns").content)["items"]
        free.set()
        for post in posts:
            post.join(20)
    assert codes == [503] * 45
