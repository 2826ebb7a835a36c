"""The one way out over HTTP: bounded in time and size, mannerly towards hosts, strict about where it goes.

Knows nothing of the chain, reads no clock (a monotonic one is handed in) and no environment.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from random import SystemRandom
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from watchers.http_policy import HttpPolicy, check_destination, is_local
from watchers.manners import HostManners
from watchers.sources import SourceDown, SourceError, SourceRefused, SourceSlow

__all__ = ["HttpAnswer", "HttpClient", "HttpPolicy"]

_CHUNK = 16 * 1024
_RETRIED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, header names in lower case, and the body after decompression."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """An HTML page, which front servers send where data belongs."""
        start = self.body[:64].lstrip().lower()
        return self.headers.get("content-type", "").lower().startswith("text/html") and start.startswith(
            (b"<!doctype", b"<html", b"<head", b"<?xml")
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request as asked for, and what an answer to it may cost."""

    source: str
    method: str
    url: str
    json: object | None
    data: bytes | None
    headers: Mapping[str, str]
    auth: tuple[str, str] | None
    max_bytes: int


@dataclass(slots=True, eq=False)
class _Flight:
    """A request on its way in a worker thread; `abort` cuts its connections off."""

    allow_private: bool
    connections: list[HTTPConnection] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    answer: HttpAnswer | None = None
    failure: BaseException | None = None

    def abort(self) -> None:
        for connection in self.connections:
            sock = connection.sock
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


class _PrivateAddress(Exception):
    """The name of a public host led to an address of a private network."""


_mine = threading.local()


class _Connection(HTTPConnection):
    """Tells the flight of this thread which connection it is on, and where that leads."""

    def _new_conn(self) -> socket.socket:
        """The bare socket, before any TLS and before a byte is sent."""
        flight: _Flight = _mine.flight
        flight.connections.append(self)
        sock = super()._new_conn()
        if not flight.allow_private:
            peer = ipaddress.ip_address(str(sock.getpeername()[0]).partition("%")[0])
            if not peer.is_global:
                sock.close()
                raise _PrivateAddress
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        flight: _Flight = _mine.flight
        flight.connections.append(self)
        super().request(*args, **kwargs)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _adapter() -> HTTPAdapter:
    """Hands out connections that can be cut off from outside; direct ones only, a proxy's are its own."""
    adapter = HTTPAdapter(max_retries=0)
    pools: Any = adapter.poolmanager
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return adapter


class HttpClient:
    """Makes requests under one policy. Safe to use from several threads.

    `monotonic` gives seconds that never go back; `sleep` waits that many (default: really).
    """

    def __init__(
        self,
        policy: HttpPolicy,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None] | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self.policy = policy
        self._monotonic = monotonic
        self._sleep = sleep if sleep is not None else _wait
        self._jitter = jitter if jitter is not None else SystemRandom().random
        self._lock = threading.Lock()
        self._hosts: dict[str, HostManners] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _adapter())
        if policy.proxy:
            self._session.proxies = {"http": policy.proxy, "https": policy.proxy}

    def request(
        self,
        method: str,
        url: str,
        *,
        json: object | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        max_bytes: int,
        deadline: float,
        source: str = "",
        attempts: int | None = None,
        answers: frozenset[int] = frozenset(),
    ) -> HttpAnswer:
        """One answer within `deadline` seconds in all, waits and retries included, of at most `max_bytes`.

        Connection failures and 429, 502, 503, 504 are tried again (`attempts` in all). Any other status is an
        answer, and so are those in `answers`. Raises SourceDown, SourceSlow or SourceRefused, in the name of
        `source` (default: the host).
        """
        parts = urlsplit(url)
        name = source or parts.hostname or "source"
        check_destination(parts, self.policy, name)
        asked = _Asked(name, method, url, json, data, headers or {}, auth, max_bytes)
        until = self._monotonic() + deadline
        manners = self._manners(parts)
        tries = self.policy.attempts if attempts is None else attempts
        attempt = 1
        while True:
            self._await_turn(manners, until, name)
            failure: SourceError
            try:
                answer = self._follow(asked, until)
            except (SourceDown, SourceSlow) as trouble:
                manners.failed(self._monotonic())
                failure, pause = trouble, self._backoff(attempt)
            except SourceRefused:
                manners.succeeded()
                raise
            else:
                if answer.status not in _RETRIED - answers:
                    manners.succeeded()
                    return answer
                failure, pause = self._declined(answer, manners, name, attempt)
            attempt += 1
            if attempt > tries or self._monotonic() + pause >= until:
                raise failure
            self._sleep(pause)

    def _backoff(self, attempt: int) -> float:
        """Between half of and the whole of a pause that doubles with each attempt, in seconds."""
        pause = min(self.policy.backoff * 2.0 ** (attempt - 1), self.policy.backoff_cap)
        return pause * (0.5 + self._jitter() / 2)

    def _declined(
        self, answer: HttpAnswer, manners: HostManners, name: str, attempt: int
    ) -> tuple[SourceError, float]:
        """What a 429 or 5xx means, and how long to wait; a named wait also holds for later requests."""
        pause = self._backoff(attempt)
        named = answer.headers.get("retry-after", "").strip()
        if named.isascii() and named.isdigit():
            pause = max(pause, min(float(named[:9]), self.policy.retry_after_cap))
        now = self._monotonic()
        if answer.status == 429:
            manners.pause(now + pause)
            return SourceRefused(name, 429, f"too many requests; asks to wait {pause:.0f} seconds"), pause
        if named:
            manners.pause(now + pause)
        manners.failed(now)
        return SourceDown(name, f"HTTP status {answer.status}"), pause

    def _manners(self, parts: SplitResult) -> HostManners:
        host = parts.netloc.rpartition("@")[2].lower()
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = HostManners(
                    per_second=self.policy.per_second,
                    burst=self.policy.burst,
                    breaker_failures=self.policy.breaker_failures,
                    breaker_pause=self.policy.breaker_pause,
                    started=self._monotonic(),
                )
            return self._hosts[host]

    def _await_turn(self, manners: HostManners, until: float, name: str) -> None:
        now = self._monotonic()
        closed = manners.closed_for(now)
        if closed > 0:
            raise SourceDown(
                name, f"failed several times in a row; not asked for another {closed:.0f} seconds"
            )
        paused = manners.paused_for(now)
        if now + paused >= until:
            raise SourceRefused(name, 429, f"asked us to wait; {paused:.0f} seconds of that are left")
        wait = max(paused, manners.take(now))
        if now + wait >= until:
            raise SourceSlow(name, "our own limit of requests a second leaves no time for this one")
        if wait > 0:
            self._sleep(wait)

    def _follow(self, asked: _Asked, until: float) -> HttpAnswer:
        """The answer after at most three redirects within the same host and port."""
        start, url = urlsplit(asked.url), asked.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send(asked, url, until)
            if answer.status not in _REDIRECTS:
                return answer
            url = urljoin(url, answer.headers.get("location", ""))
            there = urlsplit(url)
            if there.netloc.lower() != start.netloc.lower() or there.scheme != start.scheme:
                raise SourceRefused(asked.source, answer.status, "redirects to another host, which we refuse")
            if asked.method not in ("GET", "HEAD"):
                raise SourceRefused(asked.source, answer.status, "redirects a request that is not a GET")
        raise SourceRefused(asked.source, answer.status, "redirects in a circle")

    def _send(self, asked: _Asked, url: str, until: float) -> HttpAnswer:
        left = until - self._monotonic()
        if left <= 0:
            raise SourceSlow(asked.source, "no answer within the deadline")
        host = (urlsplit(url).hostname or "").lower()
        flight = _Flight(allow_private=is_local(host, self.policy) or bool(self.policy.proxy))
        worker = threading.Thread(
            target=self._fly, args=(flight, asked, url, left), name=f"http {host}", daemon=True
        )
        worker.start()
        if not flight.done.wait(left):
            flight.abort()
            raise SourceSlow(asked.source, "no whole answer within the deadline")
        if flight.answer is not None:
            return flight.answer
        raise _told(flight.failure, asked.source)

    def _fly(self, flight: _Flight, asked: _Asked, url: str, left: float) -> None:
        """The work of one worker thread."""
        _mine.flight = flight
        try:
            with self._session.request(
                asked.method,
                url,
                json=asked.json,
                data=asked.data,
                headers={
                    "User-Agent": self.policy.user_agent,
                    "Accept-Encoding": "gzip",
                    **asked.headers,
                },
                auth=asked.auth,
                timeout=(min(self.policy.connect_timeout, left), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read_body(response, asked)
                headers = {key.lower(): value for key, value in response.headers.items()}
                flight.answer = HttpAnswer(response.status_code, headers, body)
        except BaseException as failure:  # handed to the waiting thread, which raises it
            flight.failure = failure
        finally:
            flight.done.set()


def _read_body(response: requests.Response, asked: _Asked) -> bytes:
    """The body, decompressed piece by piece so that no more than `max_bytes` are ever made of it."""
    too_big = SourceRefused(asked.source, 0, f"answer of more than {asked.max_bytes} bytes, cut off")
    original = response.raw._original_response
    if original is not None and original.msg.defects:
        raise SourceDown(asked.source, "the headers of the answer break off or are garbled")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise SourceRefused(asked.source, 0, "answer in a compression that we did not offer")
    inflate = zlib.decompressobj(31) if "gzip" in encoding else None
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read(_CHUNK, decode_content=False):
        if inflate is not None:
            piece = inflate.decompress(piece, asked.max_bytes - size + 1)
        size += len(piece)
        if size > asked.max_bytes:
            raise too_big
        pieces.append(piece)
    if inflate is not None and not inflate.eof and asked.method != "HEAD" and pieces:
        raise SourceDown(asked.source, "the compressed answer breaks off")
    return b"".join(pieces)


def _told(failure: BaseException | None, source: str) -> SourceError:
    """A failure of the libraries as one of ours; texts of libraries, which may hold URLs, are left out."""
    if isinstance(failure, SourceError):
        return failure
    if isinstance(failure, _PrivateAddress):
        return SourceRefused(
            source, 0, "its name leads to a private address that the configuration does not name"
        )
    if isinstance(failure, requests.Timeout | TimeoutError):
        return SourceSlow(source, "no answer within the deadline")
    if isinstance(failure, requests.exceptions.SSLError):
        return SourceDown(source, "the TLS certificate or connection is not valid")
    if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SourceRefused(source, 0, "the URL or the proxy cannot be used")
    if isinstance(failure, requests.RequestException | HTTPError | OSError | zlib.error):
        return SourceDown(source, "no connection, or one that broke off")
    return SourceDown(source, f"the request failed ({type(failure).__name__})")


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
