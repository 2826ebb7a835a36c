"""News of a gift that waits: who gets a stream, what it says and when it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.live import EACH_CLIENT, LIVE_POLICY, STREAMS, WAITING, Streams
from api.ports import Ports
from tests.tools import builders_views as built
from tests.tools.fakes_api import FakeStore, FakeViews, ports


@pytest.fixture
def mine() -> Ports:
    """A site that is about to end, so that each stream ends where it would wait."""
    return replace(ports(), ending=lambda: True)


def news(page: str) -> str:
    """Where a page asks for its news."""
    return page.partition('data-live="')[2].partition('"')[0]


def test_a_gift_that_waits_is_told_of_what_is_recorded_and_one_that_is_settled_asks_for_nothing(
    mine: Ports,
) -> None:
    assert isinstance(mine.views, FakeViews)
    assert isinstance(mine.store, FakeStore)
    site = TestClient(create_app(replace(mine, ending=lambda: False)))
    page = site.get("/d/seen")
    assert mine.views.trails["seen"][0].status in WAITING
    assert page.headers["content-security-policy"] == LIVE_POLICY
    address = news(page.text)
    assert address.startswith("/d/live/seen?since=")
    mine.store.reading.counted[mine.views.trails["seen"][0].campaign] = 1
    mine.store.writes += 1
    told = site.get(address)
    assert told.headers["content-type"].startswith("text/event-stream")
    assert "no-store" in told.headers["cache-control"]
    assert told.headers["x-accel-buffering"] == "no"
    assert told.text.count("event: changed\ndata: ") == 1
    settled = site.get(f"/d/{built.TXID}")
    assert "<script" not in settled.text
    assert "script-src" not in settled.headers["content-security-policy"]
    assert site.get(f"/d/live/{built.TXID}").status_code == 204
    assert site.get("/static/live.js").headers["content-type"].startswith("text/javascript")


def test_a_stream_ends_with_the_service_and_one_that_is_resumed_is_told_what_it_missed(mine: Ports) -> None:
    site = TestClient(create_app(mine))
    ended = site.get(news(site.get("/d/seen").text))
    assert "changed" not in ended.text
    resumed = site.get("/d/live/seen", headers={"last-event-id": "7-<b>\n"[:5]})
    assert resumed.text.splitlines()[:2] == ["retry: 5000", "id: 7-b"]
    with_news = TestClient(create_app(replace(mine, ending=lambda: False)))
    assert "event: changed" in with_news.get("/d/live/seen", headers={"last-event-id": "7-old"}).text


def test_streams_are_bounded_for_a_client_and_in_all(mine: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams()
    assert [streams.take("a") for _ in range(EACH_CLIENT + 1)] == [True] * EACH_CLIENT + [False]
    others = [streams.take(str(number)) for number in range(STREAMS)]
    assert others.count(True) == STREAMS - EACH_CLIENT
    streams.leave("a")
    assert streams.take("a")
    monkeypatch.setattr("api.live.STREAMS", 0)
    full = TestClient(create_app(mine)).get("/d/live/seen")
    assert full.status_code == 503
    assert "by hand" in full.text
