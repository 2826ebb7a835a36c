"""News of a gift that waits, by server-sent events: a page that waits is loaded anew once a look recorded something.

An event says that something changed, never what: the page says it, to who has its key. A stream ends within a minute,
before any server in front would cut it, and the browser asks for the next one by itself; what was recorded meanwhile is
told then. Where too many are open, or without scripts, the page is read again by hand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.buckets import client_of, prefix_of
from api.policy import POLICY
from api.ports import Ports
from api.problems import UNKEPT, problem_json
from api.ready import State, state_of
from ledger.core.errors import NotFound
from ledger.recording.address_requests import awaited_by
from ledger.views.trail import DonationStatus, DonationTrail

SCRIPT = (Path(__file__).resolve().parent / "static" / "live.js").read_bytes()
LIVE_POLICY = f"{POLICY}; script-src 'self'; connect-src 'self'"
"""Of a page that waits: one script and one stream, both of this site."""
STREAMS = 100
"""Open at once, of the connections that the server has."""
EACH_CLIENT = 10
"""Of these, those of one client."""
SECONDS = 50
"""How long a stream stays open; servers in front wait for a minute (docs/operators.md)."""
EVERY = 1.0
"""Seconds between two looks for news."""
QUIET = 15
"""After so many of them without news a line is sent all the same, which finds out who is gone."""
WAITING = frozenset(
    {DonationStatus.SEEN, DonationStatus.CONFIRMED, DonationStatus.REORGED, DonationStatus.EVICTED}
)
"""Statuses that the chain may still change; of any other there is no news by the hour."""


def waits(trails: list[DonationTrail]) -> bool:
    """Is this the page of one gift whose status the chain may still change?"""
    return len(trails) == 1 and trails[0].status in WAITING


def live_address(ports: Ports, tx: Any, key: str, campaign: str) -> str:
    """Where the news of a page that is made now are."""
    now = ports.clock()
    state = state_of(tx, ports.views.chain_status(tx, now=now), now)
    return f"/d/live/{quote(key, safe=':')}?since={state.news_of(campaign)}"


class Streams:
    """The streams that are open, counted."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    def take(self, client: str) -> bool:
        """Is there room for one more of this client? Then it is counted."""
        if self._of.total() >= STREAMS or self._of[client] >= EACH_CLIENT:
            return False
        self._of[client] += 1
        return True

    def leave(self, client: str) -> None:
        self._of[client] -= 1
        if not self._of[client]:
            del self._of[client]


class News(StreamingResponse):
    """One stream, or the answer that there is no room for it."""

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, client: str, events: AsyncIterator[str]) -> None:
        # A server in front that gathers answers is told not to (nginx).
        super().__init__(events, headers={**UNKEPT, "X-Accel-Buffering": "no"})
        self._streams, self._client = streams, client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._streams.take(self._client):
            full = problem_json(503, "Too many pages wait for news now; load this one again by hand.")
            await full(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._client)


def live_routes(router: APIRouter, ports: Ports, newest: Callable[[], Awaitable[State]]) -> None:
    streams = Streams()

    @router.get("/d/live/{key:path}")
    async def live(request: Request, key: str, since: str = "") -> Response:
        """204 where nothing waits: no browser asks again then."""
        campaign = await run_in_threadpool(_waits_in, ports, key)
        if campaign is None:
            return Response(status_code=204, headers=UNKEPT)
        seen = request.headers.get("last-event-id") or since
        events = _events(newest, campaign, seen, ports.ending)
        return News(streams, prefix_of(client_of(request)), events)

    @router.get("/static/live.js")
    def script() -> Response:
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(SCRIPT, media_type="text/javascript; charset=utf-8", headers=headers)


def _waits_in(ports: Ports, key: str) -> str | None:
    """The campaign of the one gift of a key that waits, or of the claim code that waits for a payment."""
    with ports.store.read() as tx:
        try:
            trails = ports.views.donation_trails(tx, key)
        except NotFound:  # of a claim code too, as long as nothing has come to it
            awaited = awaited_by(tx, key)
            return None if awaited is None else awaited.slug
        return trails[0].campaign if waits(trails) else None


async def _events(
    newest: Callable[[], Awaitable[State]], campaign: str, seen: str, ending: Callable[[], bool]
) -> AsyncIterator[str]:
    """The lines of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    seen = seen or (await newest()).news_of(campaign)
    yield f"retry: 5000\nid: {_one_line(seen)}\n\n"
    for look in range(SECONDS):
        if ending():
            return
        news = (await newest()).news_of(campaign)
        if news != seen:
            yield f"id: {news}\nevent: changed\ndata: {news}\n\n"
            return
        if look % QUIET == QUIET - 1:
            yield ":\n\n"
        await asyncio.sleep(EVERY)


def _one_line(text: str) -> str:
    return "".join(char for char in text[:80] if char.isalnum() or char == "-")
