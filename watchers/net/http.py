"""The one way out over HTTP: bounded in time and size, mannerly towards hosts, strict about where it goes.

Sources ask through `HttpClient`. It stands on requests: an adapter of ours hands out connections that are dialled
by `net.connection`, so that the deadline of a request holds for each of its waits, whoever makes it wait.
"""

from __future__ import annotations

import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from math import inf
from random import SystemRandom
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import ssl_wrap_socket

from watchers.net.connection import (
    Connection,
    Deadline,
    dial_proxy,
    open_connection,
    tls_context,
    tls_wording,
)
from watchers.net.errors import SourceDown, SourceError, SourceLate, SourceRefused, SourceSlow
from watchers.net.pace import Paces
from watchers.net.policy import HttpPolicy, check_destination, is_local, takes_proxy
from watchers.net.proxy import WANTS_LOGIN, Proxy, login_refused, proxy_of

__all__ = ["HttpAnswer", "HttpClient", "HttpPolicy", "read_body"]

CHUNK = 16 * 1024
_RETRIED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")


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
class _Request:
    """One request as asked for, and what an answer to it may cost."""

    source: str
    method: str
    url: str
    json: object | None
    data: bytes | None
    headers: Mapping[str, str]
    auth: tuple[str, str] | None
    max_bytes: int


class HttpClient:
    """Makes requests under one policy. Safe to use from several threads; `close` ends it and what is under way.

    `monotonic` gives seconds that never go back; `sleep` waits that many (default: really). ValueError for a
    proxy that cannot be used.
    """

    def __init__(
        self,
        policy: HttpPolicy,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], object] | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self.policy = policy
        self._monotonic = monotonic
        self._paces = Paces(policy, monotonic, jitter if jitter is not None else SystemRandom().random)
        self._closed = threading.Event()
        self._sleep = sleep if sleep is not None else self._closed.wait
        self._lock = threading.Lock()
        self._under_way: set[Deadline] = set()
        self._proxy: Proxy | None = proxy_of(policy.proxy) if policy.proxy else None
        self._adapter = _Adapter()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made when the first request over TLS needs it: reading all authorities takes longer than a plain request."""
        context = tls_context(self.policy.authorities or DEFAULT_CA_BUNDLE_PATH)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def close(self) -> None:
        """Cut off what is under way and give all connections back. Later requests raise SourceDown."""
        self._closed.set()
        with self._lock:
            for deadline in self._under_way:
                deadline.abort()
        self._adapter.close()

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
        until: float = inf,
        source: str = "",
        attempts: int | None = None,
        answers: frozenset[int] = frozenset(),
    ) -> HttpAnswer:
        """One answer within `deadline` seconds in all, waits and retries included, of at most `max_bytes`.

        Connection failures and 429, 502, 503, 504 are tried again (`attempts` in all). Any other status is an
        answer, and so are those in `answers`. Raises SourceDown, SourceSlow or SourceRefused, in the name of
        `source` (default: the host); SourceLate at the moment `until` of the monotonic clock, which is no failure of
        the host's.
        """
        parts = urlsplit(url)
        name = source or parts.hostname or "source"
        check_destination(parts, self.policy, name)
        request = _Request(name, method, url, json, data, headers or {}, auth, max_bytes)
        now = self._monotonic()
        ends = min(now + deadline, until)
        if until <= now:
            raise SourceLate(name)
        pace = self._paces.of(parts)
        tries = self.policy.attempts if attempts is None else attempts
        attempt = 1
        while True:
            try:
                wait = pace.wait(ends, name)
            except SourceSlow:
                if ends == until:
                    raise SourceLate(name) from None
                raise
            if wait > 0:
                self._sleep(wait)
            failure: SourceError
            try:
                answer = self._follow(request, ends)
            except (SourceDown, SourceSlow) as trouble:
                if self._monotonic() >= until:
                    raise SourceLate(name) from None
                failure, pause = trouble, pace.failed(attempt)
            except SourceRefused:
                pace.succeeded()
                raise
            else:
                if answer.status not in _RETRIED - answers:
                    pace.succeeded()
                    return answer
                failure, pause = pace.declined(answer.status, answer.headers, name, attempt)
            attempt += 1
            if attempt > tries or self._monotonic() + pause >= ends:
                raise failure
            self._sleep(pause)

    def _follow(self, request: _Request, until: float) -> HttpAnswer:
        """The answer after at most three redirects within the same host and port."""
        start, url = urlsplit(request.url), request.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send(request, url, until)
            if answer.status not in _REDIRECTS:
                return answer
            try:
                url = urljoin(url, answer.headers.get("location", ""))
                there = urlsplit(url)
            except ValueError:
                raise SourceRefused(request.source, answer.status, "redirects to what is no URL") from None
            if there.netloc.lower() != start.netloc.lower() or there.scheme != start.scheme:
                raise SourceRefused(
                    request.source, answer.status, "redirects to another host, which we refuse"
                )
            if request.method not in ("GET", "HEAD"):
                raise SourceRefused(request.source, answer.status, "redirects a request that is not a GET")
        raise SourceRefused(request.source, answer.status, "redirects in a circle")

    def _send(self, request: _Request, url: str, until: float) -> HttpAnswer:
        """One request and its answer, without redirects, over a connection that is kept or made now."""
        deadline = Deadline(request.source, until, self._monotonic)
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        proxy = self._proxy if takes_proxy(host, self.policy) else None
        forwards = proxy is not None and not proxy.is_socks and parts.scheme == "http"
        guarded = proxy is None and not is_local(host, self.policy)
        route = _Route(deadline, guarded, proxy, self.policy.connect_timeout, lambda: self._context)
        with self._lock:
            if self._closed.is_set():
                raise SourceDown(request.source, "not asked: this program is ending")
            self._under_way.add(deadline)
        token = _ROUTE.set(route)
        try:
            answer = self._exchange(request, url, deadline.left(), proxy.url if proxy and forwards else None)
        except SourceError:
            raise
        except Exception as failure:
            deadline.left()
            raise _failure(failure, request.source) from None
        finally:
            _ROUTE.reset(token)
            with self._lock:
                self._under_way.discard(deadline)
        if forwards and answer.status == WANTS_LOGIN:
            raise login_refused(request.source)
        return answer

    def _exchange(self, request: _Request, url: str, left: float, forwarder: str | None) -> HttpAnswer:
        prepared = requests.Request(
            request.method,
            url,
            json=request.json,
            data=request.data,
            headers={
                "User-Agent": self.policy.user_agent,
                "Accept": "*/*",
                "Accept-Encoding": "gzip",
                **request.headers,
            },
            auth=request.auth,
        ).prepare()
        # By the adapter: a session reads the body of a redirect whole, however large it becomes, and keeps cookies.
        with self._adapter.send(
            prepared,
            stream=True,
            timeout=(min(self.policy.connect_timeout, left), left),
            proxies={"http": forwarder} if forwarder else {},
        ) as response:
            return _whole(response, request)


@dataclass(frozen=True, slots=True)
class _Route:
    """How the connection for the request of this thread is made: for whom, to where, and until when."""

    deadline: Deadline
    guarded: bool
    proxy: Proxy | None
    connect_timeout: float
    context: Callable[[], ssl.SSLContext]


_ROUTE: ContextVar[_Route] = ContextVar("route")
"""That of the request which this thread makes: urllib3 hands nothing of a request to the connection it takes."""


class _Connection(HTTPConnection):
    """urllib3's connection, dialled by our rules: `connect` is its place for that, as `request` is each request's."""

    opened: Connection

    def connect(self) -> None:
        route = _ROUTE.get()
        if route.proxy is not None and self.proxy is not None:
            self.opened = dial_proxy(route.proxy, route.deadline, route.connect_timeout)
        else:
            self.opened = open_connection(
                self.host,
                self.port,
                route.deadline,
                guarded=route.guarded,
                proxy=route.proxy,
                connect_timeout=route.connect_timeout,
                proxy_context=route.context() if route.proxy and route.proxy.scheme == "https" else None,
            )
        self.sock = self.opened.socket

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self.opened.serve(_ROUTE.get().deadline)
        super().request(*args, **kwargs)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS: with the host, behind whatever proxy, or with a proxy that forwards."""

    def connect(self) -> None:
        super().connect()
        route = _ROUTE.get()
        if isinstance(self.opened.socket, ssl.SSLSocket):
            self.sock = _within(self.opened, route, self.host)
        else:
            self.opened.secure(route.context(), self.host, is_proxy=self.proxy is not None)
            self.sock = self.opened.socket
        self.is_verified = self.proxy is None
        self.proxy_is_verified = self.proxy is not None


def _within(opened: Connection, route: _Route, host: str) -> Any:
    """TLS with a host inside the TLS of a proxy; urllib3 has what the standard library lacks."""
    try:
        return ssl_wrap_socket(
            opened.socket, ssl_context=route.context(), server_hostname=host, tls_in_tls=True
        )
    except (OSError, ValueError) as failure:
        opened.close()
        raise SourceDown(route.deadline.source, "{trouble}", trouble=tls_wording(failure)) from None


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """requests' adapter, whose pools hold connections of ours, those to a proxy that forwards included."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


def _whole(response: requests.Response, request: _Request) -> HttpAnswer:
    """The answer, read to its end; SourceDown where nothing says how long it is, so that its end could be anywhere."""
    if response.raw.length_remaining is None and not response.raw.chunked:
        raise SourceDown(request.source, "the headers of the answer break off, or do not say how long it is")
    headers = {key.lower(): value for key, value in response.headers.items()}
    body = read_body(
        lambda count: bytes(response.raw.read(count, decode_content=False)),
        headers.get("content-encoding", ""),
        request.max_bytes,
        request.source,
    )
    return HttpAnswer(response.status_code, headers, body)


def read_body(read: Callable[[int], bytes], encoding: str, max_bytes: int, source: str) -> bytes:
    """The body, decompressed piece by piece so that no more than `max_bytes` are ever made of it.

    `read` gives up to so many raw bytes, none at the end. SourceRefused for more, or for a compression that we
    did not offer; SourceDown where a compressed body breaks off.
    """
    encoding = encoding.strip().lower()
    if encoding not in _PLAIN + _GZIP:
        raise SourceRefused(source, 0, "answer in a compression that we did not offer")
    inflate = zlib.decompressobj(31) if encoding in _GZIP else None
    pieces: list[bytes] = []
    size = raw = 0
    while piece := read(CHUNK):
        raw += len(piece)
        if inflate is not None:
            if inflate.eof:
                raise SourceDown(source, "the compressed answer goes on after its end")
            piece = inflate.decompress(piece, max_bytes - size + 1)
        size += len(piece)
        if size > max_bytes or raw > max_bytes + CHUNK:
            raise SourceRefused(source, 0, "answer of more than {most} bytes, cut off", most=max_bytes)
        pieces.append(piece)
    if inflate is not None and not inflate.eof and pieces:
        raise SourceDown(source, "the compressed answer breaks off")
    return b"".join(pieces)


def _failure(failure: Exception, source: str) -> SourceError:
    """A failure of the libraries as one of ours; texts of libraries, which may hold URLs, are left out."""
    if isinstance(failure, requests.Timeout | TimeoutError):
        return SourceSlow(source, "no answer within the deadline")
    if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SourceRefused(source, 0, "the URL or the proxy cannot be used")
    if isinstance(failure, requests.RequestException | HTTPError | OSError | zlib.error):
        return SourceDown(source, "the connection broke off before the answer was whole")
    return SourceDown(source, "the request failed ({failure})", failure=type(failure).__name__)
