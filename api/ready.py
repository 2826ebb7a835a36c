"""Ready bytes: public answers are made once, kept in both encodings, and served by a route before the framework.

An answer is kept under what it read: a counter of each campaign, the state of the chain where it shows it, the time
of the last look where it is more than a line of it, and the UTC day. A page that only says when the chain was last
looked at has a mark there; the line is put in its place without making the page again. One reader makes an answer,
and all who ask meanwhile wait for that one, or get the bytes before. An answer that many ask for and that changes
faster than it is made is made beside its readers, who get bytes of less than a second ago.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.languages.address import is_negotiated, language_of
from api.languages.language import Language
from api.languages.localised import localised
from api.pages.render import LAST_LOOK
from api.pages.sentences.books import last_look
from api.ports import Ports
from ledger.core.errors import StorageFailed
from ledger.views.chain_status import ChainStatus

KEPT = 512
"""Answers kept; the least recently asked for goes first."""
LONGEST = 600
"""Characters of a path with its query; a longer one is answered and not kept."""
FRESH = 1.0
"""Seconds after which what other processes wrote is looked for."""
PATIENCE = 2.0
"""Seconds for which a reader waits for an answer that somebody else makes, where there are bytes of before."""
OFTEN = 2
"""Makings of one answer within a second, with others waiting for it, from which on none of its readers waits."""
APART = 0.5
"""Seconds between two makings of an answer that nobody waits for."""
_MARK = LAST_LOOK.encode()
_KEPT_PATH = re.compile(r"(?:/[a-z]{2})?/(?:$|c/|d/(?!live/))|/api/v1/")

_DAY = 86_400
_Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reads:
    """What an answer is made of; the day is always part of it. `campaigns` None: of all there are."""

    campaigns: frozenset[str] | None = None
    chain: bool = False
    look: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it was made. `private` ones are neither kept nor indexed."""

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    private: bool = False
    reads: Reads | None = None

    @property
    def etag(self) -> str:
        return _etag(self.body)


@dataclass(frozen=True, slots=True)
class State:
    """What kept answers are compared with: counters of change, the chain without and with its last look, the day."""

    counts: Mapping[str, int]
    chain: int
    look: int
    line: str
    day: int
    tip: str

    def news_of(self, campaign: str) -> str:
        """Another word whenever a campaign changed or a block came, the same in each process."""
        return f"{self.counts.get(campaign, 0)}-{self.tip[-16:]}"

    def mark(self, reads: Reads) -> tuple[object, ...]:
        """What an answer that reads this is kept under."""
        counts: object
        if reads.campaigns is None:
            counts = tuple(sorted(self.counts.items()))
        else:
            counts = tuple(self.counts.get(campaign, 0) for campaign in sorted(reads.campaigns))
        return counts, self.chain if reads.chain else None, self.look if reads.look else None, self.day


def state_of(tx: Any, status: ChainStatus, now: int) -> State:
    """The state that a transaction sees."""
    without_look = status.model_copy(update={"looked_at": None, "sources": ()})
    look = hash((status.looked_at, status.sources))
    return State(
        tx.changes.counts(), hash(without_look), look, last_look(status), now // _DAY, status.tip_hash or ""
    )


@dataclass(slots=True)
class _Encoded:
    """Bytes that are sent as they are: identity and gzip, each with its headers, and what answers 304."""

    plain: bytes
    packed: bytes
    plain_headers: _Headers
    packed_headers: _Headers
    plain_unchanged: _Headers
    packed_unchanged: _Headers
    plain_tag: bytes
    packed_tag: bytes


@dataclass(slots=True)
class _Kept:
    made: Rendered
    reads: Reads
    mark: tuple[object, ...]
    number: int
    line: str
    encoded: _Encoded
    language: Language


@dataclass(slots=True)
class _Pace:
    """How often an answer is made and asked for, in seconds of the loop's clock.

    `of`: when the making of the kept bytes began. `awaited`: when a reader last had to wait for another's making.
    `pressed`: until when readers get bytes of less than a second ago.
    """

    begun: deque[float] = field(default_factory=lambda: deque(maxlen=OFTEN))
    of: float = -1e9
    awaited: float = -1e9
    pressed: float = -1e9

    def is_pressed(self, now: float) -> bool:
        often = len(self.begun) == OFTEN and now - self.begun[0] < FRESH
        if now < self.pressed or (often and now - self.awaited < FRESH):
            self.pressed = now + FRESH
            return True
        return False


class ReadyAnswers:
    """The bounded memory of answers by what was asked; shared by the routes that make them and the one that serves."""

    def __init__(self, ports: Ports, always: Callable[[str], _Headers]) -> None:
        self._ports = ports
        self._always = always
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()
        self._begun = 0

    @property
    def begun(self) -> int:
        """How many answers were begun: who asks now may have any that gets a higher number."""
        return self._begun

    def state(self) -> State:
        """The newest state, read from the ledger."""
        now = self._ports.clock()
        with self._ports.store.read() as tx:
            return state_of(tx, self._ports.views.chain_status(tx, now=now), now)

    def answer(self, request: Request, render: Callable[[Any, int], Rendered]) -> Response:
        """What `render(tx, now)` makes now; a public answer is kept under the state that it was made in."""
        with self._lock:
            self._begun += 1
            number = self._begun
        now = self._ports.clock()
        with self._ports.store.read() as tx:
            made = render(tx, now)
            reads = made.reads
            if made.private or reads is None:
                return as_response(request, made)
            state = state_of(tx, self._ports.views.chain_status(tx, now=now), now)
        asked = asked_of(request.scope)
        language = language_of(request.scope)
        encoded = self._encode(asked, made, state.line, language)
        if len(asked) <= LONGEST:
            with self._lock:
                self._kept[asked] = _Kept(
                    made, reads, state.mark(reads), number, state.line, encoded, language
                )
                self._kept.move_to_end(asked)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        whole = Rendered(encoded.plain, made.media_type, made.headers)
        return as_response(request, whole)

    def ready(self, asked: str, state: State, arrived: int) -> _Encoded | None:
        """Kept bytes that are what the ledger says now, or said since the asker came; None where there are none.

        What changed after the making began is for those who ask later: else facts that come faster than a page is
        made would have every reader make it.

        Args:
            arrived: what `begun` was when the asker came.
        """
        with self._lock:
            kept = self._kept.get(asked)
            if kept is None or (kept.number <= arrived and kept.mark != state.mark(kept.reads)):
                return None
            self._kept.move_to_end(asked)
            if kept.line != state.line and _MARK in kept.made.body:
                kept.encoded = self._encode(asked, kept.made, state.line, kept.language)
                kept.line = state.line
            return kept.encoded

    def before(self, asked: str) -> _Encoded | None:
        """Kept bytes, whatever they say."""
        with self._lock:
            kept = self._kept.get(asked)
            return None if kept is None else kept.encoded

    def _encode(self, asked: str, made: Rendered, line: str, language: Language) -> _Encoded:
        line_shown = line if language.is_english else localised(line, language)
        plain = made.body.replace(_MARK, line_shown.encode())
        packed = gzip.compress(plain, 6, mtime=0)
        tag = _etag(plain)
        plain_tag, packed_tag = tag.encode(), f'{tag[:-1]}-gzip"'.encode()
        own = {name.lower().encode(): value.encode() for name, value in made.headers.items()}
        rest: _Headers = [
            (b"cache-control", b"public, no-cache"),
            (b"vary", b"Accept-Encoding, Accept-Language" if is_negotiated(asked) else b"Accept-Encoding"),
            *own.items(),
            *(pair for pair in self._always(asked) if pair[0] not in own),
        ]
        kind = (b"content-type", made.media_type.encode())

        def headers(body: bytes, tag: bytes, *more: tuple[bytes, bytes]) -> _Headers:
            return [kind, (b"content-length", b"%d" % len(body)), (b"etag", tag), *more, *rest]

        return _Encoded(
            plain=plain,
            packed=packed,
            plain_headers=headers(plain, plain_tag),
            packed_headers=headers(packed, packed_tag, (b"content-encoding", b"gzip")),
            plain_unchanged=[(b"etag", plain_tag), *rest],
            packed_unchanged=[(b"etag", packed_tag), *rest],
            plain_tag=plain_tag,
            packed_tag=packed_tag,
        )


def asked_of(scope: Scope | MutableMapping[str, Any]) -> str:
    """What was asked for: the path with its query."""
    query = scope["query_string"]
    return f"{scope['path']}?{query.decode('latin-1')}" if query else str(scope["path"])


class Newest:
    """The newest state, read once a second for all who ask."""

    def __init__(self, answers: ReadyAnswers, ports: Ports) -> None:
        self._answers = answers
        self._ports = ports
        self._state: State | None = None
        self._seen = (-1.0, -1)
        self._looking = asyncio.Lock()

    async def __call__(self) -> State:
        """The state of at most a second ago; of now, where this process wrote since."""
        if self._state is not None and self._is_new(self._state):
            return self._state
        async with self._looking:
            if self._state is None or not self._is_new(self._state):
                seen = _loop_time(), self._ports.store.writes
                self._state = await run_in_threadpool(self._answers.state)
                self._seen = seen
            return self._state

    def _is_new(self, state: State) -> bool:
        at, writes = self._seen
        age = _loop_time() - at
        # The loop of a test may be another one, whose time goes on from elsewhere.
        return (
            0 <= age < FRESH
            and self._ports.store.writes == writes
            and self._ports.clock() // _DAY == state.day
        )


class ReadyRoute:
    """Stands before the framework and serves what is ready; lets everything else through, one maker of each answer."""

    def __init__(self, app: ASGIApp, answers: ReadyAnswers, newest: Newest) -> None:
        self._app = app
        self._answers = answers
        self._newest = newest
        self._making: dict[str, asyncio.Event] = {}
        self._paces: OrderedDict[str, _Pace] = OrderedDict()
        self._beside: set[asyncio.Task[list[Message]]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or _has_token(scope):
            await self._app(scope, receive, send)
            return
        asked = asked_of(scope)
        if len(asked) > LONGEST or not _may_be_kept(asked):
            await self._app(scope, receive, send)
            return
        try:
            ready = await self._ready(asked, scope)
        except StorageFailed:  # the framework tells what it meets as well
            await self._app(scope, receive, send)
            return
        if ready is not None:
            await _send(ready, scope, send)
            return
        messages = await self._make(asked, self._begin(asked), scope, receive)
        ready = self._answers.before(asked) if _may_be_served_again(messages) else None
        if ready is not None:
            await _send(ready, scope, send)
            return
        for message in messages:
            await send(message)

    async def _ready(self, asked: str, scope: Scope) -> _Encoded | None:
        """Bytes that nobody has to make; None where they are to be made now, by who asks."""
        arrived = self._answers.begun
        ready = self._answers.ready(asked, await self._newest(), arrived)
        if ready is None:
            ready = self._made_beside(asked, scope)
        return await self._made_by_another(asked, arrived) if ready is None else ready

    def _begin(self, asked: str) -> float:
        """From now on somebody makes this answer, until `_make` has; when that was."""
        now = _loop_time()
        self._making[asked] = asyncio.Event()
        self._pace(asked).begun.append(now)
        return now

    async def _make(self, asked: str, begun: float, scope: Scope, receive: Receive) -> list[Message]:
        """What the framework answers; bytes that may be kept are kept, and who waits for them is told."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        try:
            await self._app(scope, receive, keep)
            if _may_be_served_again(messages):
                self._pace(asked).of = begun
        finally:
            self._making.pop(asked).set()
        return messages

    def _made_beside(self, asked: str, scope: Scope) -> _Encoded | None:
        """Bytes of less than a second ago, where the answer changes faster than its many readers can wait for it.

        It is made again meanwhile, but for nobody, and not all the time.
        """
        pace, now = self._pace(asked), _loop_time()
        before = self._answers.before(asked)
        if before is None or now - pace.of >= FRESH or not pace.is_pressed(now):
            return None
        if asked not in self._making and now - pace.begun[-1] >= APART:
            making = asyncio.create_task(self._make(asked, self._begin(asked), dict(scope), _nothing_more))
            self._beside.add(making)
            making.add_done_callback(self._ended)
        return before

    def _ended(self, making: asyncio.Task[list[Message]]) -> None:
        """A making that nobody waited for; what went wrong was logged where it did, and the next reader makes it."""
        self._beside.discard(making)
        if not making.cancelled():
            making.exception()

    def _pace(self, asked: str) -> _Pace:
        """The pace of an answer; that of the least lately made one is forgotten where there are too many."""
        pace = self._paces.setdefault(asked, _Pace())
        self._paces.move_to_end(asked)
        if len(self._paces) > KEPT:
            self._paces.popitem(last=False)
        return pace

    async def _made_by_another(self, asked: str, arrived: int) -> _Encoded | None:
        """What somebody else is making; the bytes before, where that takes long; None where it is ours to make."""
        while (done := self._making.get(asked)) is not None:
            self._pace(asked).awaited = _loop_time()
            before = self._answers.before(asked)
            try:
                await asyncio.wait_for(done.wait(), None if before is None else PATIENCE)
            except TimeoutError:
                return before
            ready = self._answers.ready(asked, await self._newest(), arrived)
            if ready is not None:
                return ready
        return None


def _may_be_served_again(messages: list[Message]) -> bool:
    """Was an answer made, and not a problem told?"""
    return bool(messages) and messages[0].get("status") in (200, 304)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


async def _nothing_more() -> Message:
    """What an asker sends of whom nothing is waited for."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _has_token(scope: Scope) -> bool:
    return any(name == b"authorization" for name, _ in scope["headers"])


def _may_be_kept(asked: str) -> bool:
    """Streams are none of them: they would be gathered first."""
    return _KEPT_PATH.match(asked) is not None


async def _send(ready: _Encoded, scope: Scope, send: Send) -> None:
    packs, known = False, b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            packs = b"gzip" in value and b"gzip;q=0" not in value.replace(b" ", b"")
        elif name == b"if-none-match":
            known = value
    if known and (known.strip() == b"*" or ready.plain_tag in known or ready.packed_tag in known):
        unchanged = ready.packed_unchanged if packs else ready.plain_unchanged
        await send({"type": "http.response.start", "status": 304, "headers": unchanged})
        await send({"type": "http.response.body", "body": b""})
        return
    body, headers = (ready.packed, ready.packed_headers) if packs else (ready.plain, ready.plain_headers)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def as_response(request: Request, made: Rendered) -> Response:
    """Bytes with their strong tag; a matching `If-None-Match` gets 304 and no body."""
    headers = {"ETag": made.etag, **made.headers}
    if made.private:
        headers |= {
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex, nofollow",
            "Referrer-Policy": "no-referrer",
        }
    else:
        headers.setdefault("Cache-Control", "public, no-cache")
    wanted = {
        tag.strip().removeprefix("W/").replace('-gzip"', '"')
        for tag in request.headers.get("if-none-match", "").split(",")
    }
    if made.etag in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    return Response(made.body, media_type=made.media_type, headers=headers)
