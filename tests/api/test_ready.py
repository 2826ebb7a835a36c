"""Ready bytes: what is kept, under what, in which encodings, and who makes an answer when many ask for it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api import ready
from api.app import create_app
from api.ports import Ports, SiteSettings
from tests.tools.builders_views import chain_status, changed
from tests.tools.fakes_api import FakeReading, FakeStore, FakeViews, ports
from tests.tools.ledgers import SLUG, Ledger, tx

PAGE = "/c/bithelp"


class Looked(FakeViews):
    """Views over a chain that is looked at again and again."""

    minute = 0
    tip = 650_417

    def chain_status(self, tx: Any, *, now: int) -> Any:
        return changed(
            chain_status(), looked_at=f"2020-09-28T14:{16 + self.minute:02}:00Z", tip_height=self.tip
        )


@pytest.fixture
def mine() -> Ports:
    made = ports()
    assert isinstance(made.views, FakeViews)
    return Ports(
        made.store, made.clock, made.settings, made.metrics, made.ready, Looked(made.views.pages, made.views.trails),
        made.desk,
    )  # fmt: skip


def views(mine: Ports) -> Looked:
    assert isinstance(mine.views, Looked)
    return mine.views


def written(mine: Ports, campaign: str = "") -> None:
    """This process writes; something of a campaign changes, or nothing that is public."""
    assert isinstance(mine.store, FakeStore)
    mine.store.writes += 1
    if campaign:
        mine.store.reading.counted[campaign] = mine.store.reading.counted.get(campaign, 0) + 1


def test_each_encoding_has_its_own_strong_tag_and_a_304(mine: Ports) -> None:
    site = TestClient(create_app(mine))
    packed = site.get(PAGE, headers={"Accept-Encoding": "gzip"})
    plain = site.get(PAGE, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    for answer in (packed, plain):
        assert not answer.headers["etag"].startswith("W/")
        assert "Accept-Encoding" in answer.headers["vary"].split(", ")
        assert "content-security-policy" in answer.headers
        again = site.get(PAGE, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert site.head(PAGE).headers["content-length"]
    assert site.head(PAGE).content == b""


def test_only_what_an_answer_read_voids_it(mine: Ports) -> None:
    """An entry of another campaign does not, one of its own does; a new block does, where the page shows the tip."""
    site = TestClient(create_app(mine))
    site.get(PAGE)
    made = views(mine).asked
    written(mine, "broken")
    site.get(PAGE)
    assert views(mine).asked == made
    written(mine, "bithelp")
    site.get(PAGE)
    assert views(mine).asked == made + 1
    views(mine).tip += 1
    written(mine)
    site.get(PAGE)
    assert views(mine).asked == made + 2
    assert site.get("/api/v1/campaigns/bithelp/trail").status_code == 200
    made = views(mine).asked
    views(mine).tip += 1
    written(mine)
    site.get("/api/v1/campaigns/bithelp/trail")
    assert views(mine).asked == made


def test_an_empty_look_makes_no_page_again_and_is_told_all_the_same(mine: Ports) -> None:
    site = TestClient(create_app(mine))
    first = site.get(PAGE)
    made = views(mine).asked
    views(mine).minute += 1
    written(mine)
    again = site.get(PAGE)
    assert views(mine).asked == made
    assert "14:16 UTC, 3 of 3" in first.text
    assert "14:17 UTC, 3 of 3" in again.text
    assert again.text == first.text.replace("14:16 UTC", "14:17 UTC")


def test_a_day_that_begins_voids_what_was_made_before(tmp_path: Path) -> None:
    """The call ends at midnight, with no entry and no look to say so."""
    ledger = Ledger.new(tmp_path)
    end = 1_767_225_600  # 2026-01-01, far behind the last day of the campaign
    now = [ledger.now]
    site = TestClient(create_app(Ports(ledger.store, lambda: now[0], SiteSettings(), lambda: "", list)))
    path = f"/api/v1/campaigns/{SLUG}"
    assert site.get(path).json()["closed"] is False
    now[0] = end
    assert site.get(path).json()["closed"] is True


def test_what_another_process_writes_shows_within_a_second(
    mine: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = TestClient(create_app(mine))
    site.get(PAGE)
    made = views(mine).asked
    assert isinstance(mine.store, FakeStore)
    mine.store.reading.counted["bithelp"] = 9  # and `writes` says nothing of it
    monkeypatch.setattr(ready, "FRESH", 0.0)
    site.get(PAGE)
    assert views(mine).asked == made + 1


def test_an_entry_and_a_payment_raise_the_counter_of_their_campaign_alone(tmp_path: Path) -> None:
    ledger = Ledger.new(tmp_path)
    with ledger.store.read() as reading:
        before = reading.changes.counts()[SLUG]
    ledger.mine("a", tx("gift", (0, 1_000_000)))
    with ledger.store.read() as reading:
        seen = reading.changes.counts()
    assert seen[SLUG] > before
    ledger.mine("empty")
    with ledger.store.read() as reading:
        assert reading.changes.counts() == seen


class Slow(Looked):
    """Views that make a page when they are let."""

    let = Event()

    def campaign_page(self, tx: Any, slug: str, *, now: int) -> Any:
        made = super().campaign_page(tx, slug, now=now)
        assert self.let.wait(20)
        return made


async def read_once(app: Any) -> tuple[int, bytes]:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    headers = [(b"accept-encoding", b"gzip")]
    scope = {
        "type": "http", "method": "GET", "path": PAGE, "raw_path": PAGE.encode(), "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("t", 80), "client": ("t", 1),
        "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    return messages[0]["status"], gzip.decompress(b"".join(m.get("body", b"") for m in messages[1:]))


def test_of_many_readers_of_a_stale_page_one_makes_it() -> None:
    """Thirty-two ask at once, once without any bytes and once with those of before: two makings in all."""
    made = ports()
    assert isinstance(made.views, FakeViews)
    slow = Slow(made.views.pages, made.views.trails)
    mine = Ports(made.store, made.clock, made.settings, made.metrics, made.ready, slow, made.desk)
    app = create_app(mine)

    async def crowd() -> list[tuple[int, bytes]]:
        slow.let.clear()
        readers = [asyncio.ensure_future(read_once(app)) for _ in range(32)]
        while not slow.asked:
            await asyncio.sleep(0)
        slow.let.set()
        return list(await asyncio.gather(*readers))

    async def both() -> list[tuple[int, bytes]]:
        first = await crowd()
        assert slow.asked == 1
        written(mine, "bithelp")
        slow.asked = 0
        await crowd()
        assert slow.asked == 1
        return first

    # A browser test that ran before in this process leaves its loop in the main thread.
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(asyncio.run, both()).result()
    assert {status for status, _ in first} == {200}
    assert len({body for _, body in first}) == 1


def test_a_page_that_changes_faster_than_its_many_readers_can_wait_is_made_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They get what it said less than a second ago, and the new one as soon as it is made."""
    monkeypatch.setattr(ready, "APART", 0.0)
    made = ports()
    assert isinstance(made.views, FakeViews)
    slow = Slow(made.views.pages, made.views.trails)
    mine = Ports(made.store, made.clock, made.settings, made.metrics, made.ready, slow, made.desk)
    app = create_app(mine)

    async def makings(many: int) -> None:
        while slow.asked < many:
            await asyncio.sleep(0)

    async def story() -> None:
        for made_by_now in range(1, ready.OFTEN + 1):
            slow.let.clear()
            readers = [asyncio.ensure_future(read_once(app)) for _ in range(4)]
            await makings(made_by_now)
            slow.let.set()
            await asyncio.gather(*readers)
            written(mine, "bithelp")
        slow.let.clear()
        before = [await read_once(app) for _ in range(4)]
        await makings(ready.OFTEN + 1)
        assert {status for status, _ in before} == {200}
        slow.let.set()
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        await read_once(app)
        assert slow.asked == ready.OFTEN + 1

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story()).result()


def test_bytes_are_as_old_as_the_making_that_gave_them_and_not_as_one_that_failed() -> None:
    """Else a ledger that cannot be read would be told as one of a moment ago."""
    statuses = iter((200, 503))

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": next(statuses), "headers": []})

    async def story() -> None:
        mine = ports()
        answers = ready.ReadyAnswers(mine, lambda _path: [])
        route = ready.ReadyRoute(app, answers, ready.Newest(answers, mine))
        scope: Scope = {"type": "http"}
        for begun in (1.0, 2.0):
            route._making[PAGE] = asyncio.Event()
            await route._make(PAGE, begun, scope, ready._nothing_more)
        assert route._pace(PAGE).of == 1.0

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story()).result()


def test_a_reader_who_asks_alone_sees_each_change_at_once() -> None:
    made = ports()
    assert isinstance(made.views, FakeViews)
    views = Looked(made.views.pages, made.views.trails)
    mine = Ports(made.store, made.clock, made.settings, made.metrics, made.ready, views, made.desk)
    app = create_app(mine)

    async def story() -> None:
        for changes in range(5 * ready.OFTEN):
            await read_once(app)
            assert views.asked == changes + 1
            written(mine, "bithelp")

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story()).result()


class Busy(FakeStore):
    """A store that something is written to as soon as a page was made of it."""

    def __init__(self, views: FakeViews) -> None:
        super().__init__()
        self.views = views

    @contextmanager
    def read(self) -> Iterator[FakeReading]:
        before = self.views.asked
        yield self.reading
        if self.views.asked > before:
            self.writes += 1
            self.reading.counted["bithelp"] = self.reading.counted.get("bithelp", 0) + 1


def test_facts_that_come_faster_than_a_page_is_made_do_not_have_each_reader_make_it() -> None:
    """Who asked before a page was begun gets that one."""
    made = ports()
    assert isinstance(made.views, FakeViews)
    views = Looked(made.views.pages, made.views.trails)
    app = create_app(
        Ports(Busy(views), made.clock, made.settings, made.metrics, made.ready, views, made.desk)
    )

    async def crowd() -> list[tuple[int, bytes]]:
        return list(await asyncio.gather(*(read_once(app) for _ in range(32))))

    with ThreadPoolExecutor(1) as thread:
        answers = thread.submit(asyncio.run, crowd()).result()
    assert {status for status, _ in answers} == {200}
    assert views.asked == 1
