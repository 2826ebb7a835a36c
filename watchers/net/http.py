"""The one way out over HTTP: bounded in time and size, mannerly towards hosts, strict about where it goes.

Knows nothing of the chain, reads no clock (a monotonic one is handed in) and no environment.
"""

from __future__ import annotations

import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from random import SystemRandom
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, SSLError

from watchers.net.http_answer import HttpAnswer, read_body
from watchers.net.http_line import Line
from watchers.net.http_policy import HttpPolicy, check_destination, is_local, takes_proxy
from watchers.net.http_turns import Turns
from watchers.net.socks import Proxy, proxy_of
from watchers.net.tls_faults import tls_sentence
from watchers.sources.protocol import SourceDown, SourceError, SourceRefused, SourceSlow

__all__ = ["HttpAnswer", "HttpClient", "HttpPolicy"]

_RETRIED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_PROXY_WANTS_LOGIN = 407


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
    """A request on its way in a worker thread, and what came of it."""

    line: Line
    done: threading.Event = field(default_factory=threading.Event)
    answer: HttpAnswer | None = None
    failure: BaseException | None = None


_mine = threading.local()


def _line() -> Line:
    """That of the request which this worker thread makes."""
    line: Line = _mine.line
    return line


class _Connection(HTTPConnection):
    """Dials by the line of its thread, and shows it every connection that it uses."""

    def _new_conn(self) -> socket.socket:
        """The bare socket, before any TLS and before a byte of the request is sent."""
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        is_proxy = self.proxy is not None
        return _line().dial(self._dns_host, self.port, timeout, self.socket_options or (), is_proxy=is_proxy)

    def _tunnel(self) -> None:
        """CONNECT, with the proxy's refusal told as such."""
        source = _line().source
        try:
            super()._tunnel()
        except TimeoutError:
            raise SourceSlow(source, "the proxy opened no way to the host in time") from None
        except (OSError, HTTPException) as failure:
            raise _tunnel_refused(source, failure) from None

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _line().hold(self.sock)
        super().request(*args, **kwargs)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS, with the fault of a certificate told."""

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError:
            raise SourceSlow(_line().source, "TLS: no secure connection in time") from None
        except (ssl.SSLError, SSLError, ConnectionError) as failure:
            raise SourceDown(_line().source, tls_sentence(failure)) from None

    def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> Any:
        try:
            return super()._connect_tls_proxy(hostname, sock)
        except (ssl.SSLError, SSLError) as failure:
            raise SourceDown(_line().source, f"the proxy: {tls_sentence(failure)}") from None


def _tunnel_refused(source: str, failure: Exception) -> SourceError:
    """What a proxy's answer to CONNECT means; of its text only the status is taken."""
    words = str(failure).removeprefix("Tunnel connection failed: ").split(" ")[:1]
    if words == [str(_PROXY_WANTS_LOGIN)]:
        return _login_refused(source)
    if words and words[0].isdigit() and isinstance(failure, OSError):
        return SourceDown(source, f"the proxy does not reach the host: HTTP status {words[0][:3]}")
    return SourceDown(source, "the proxy broke the connection off or does not speak HTTP")


def _login_refused(source: str) -> SourceRefused:
    return SourceRefused(source, _PROXY_WANTS_LOGIN, "the proxy refuses user or password; check both")


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _adapter(proxy: Proxy | None) -> HTTPAdapter:
    """Hands out connections that can be cut off from outside, those to an HTTP proxy included."""
    adapter = HTTPAdapter(max_retries=0)
    all_pools: list[Any] = [adapter.poolmanager]
    if proxy is not None and not proxy.is_socks:
        theirs = adapter.proxy_manager_for(proxy.url)
        adapter.proxy_manager_for = lambda *_, **__: theirs  # type: ignore[method-assign]
        all_pools.append(theirs)
    for pools in all_pools:
        pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return adapter


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
        self._turns = Turns(policy, monotonic, jitter if jitter is not None else SystemRandom().random)
        self._closed = threading.Event()
        self._sleep = sleep if sleep is not None else self._closed.wait
        self._lock = threading.Lock()
        self._flights: set[_Flight] = set()
        self._proxy: Proxy | None = proxy_of(policy.proxy) if policy.proxy else None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapter = _adapter(self._proxy)

    def close(self) -> None:
        """Cut off what is under way and give all connections back. Later requests raise SourceDown."""
        self._closed.set()
        with self._lock:
            for flight in self._flights:
                flight.line.abort()
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
        turns = self._turns.of(parts)
        tries = self.policy.attempts if attempts is None else attempts
        attempt = 1
        while True:
            wait = turns.wait(until, name)
            if wait > 0:
                self._sleep(wait)
            failure: SourceError
            try:
                answer = self._follow(asked, until)
            except (SourceDown, SourceSlow) as trouble:
                failure, pause = trouble, turns.failed(attempt)
            except SourceRefused:
                turns.succeeded()
                raise
            else:
                if answer.status not in _RETRIED - answers:
                    turns.succeeded()
                    return answer
                failure, pause = turns.declined(answer, name, attempt)
            attempt += 1
            if attempt > tries or self._monotonic() + pause >= until:
                raise failure
            self._sleep(pause)

    def _follow(self, asked: _Asked, until: float) -> HttpAnswer:
        """The answer after at most three redirects within the same host and port."""
        start, url = urlsplit(asked.url), asked.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send(asked, url, until)
            if answer.status not in _REDIRECTS:
                return answer
            try:
                url = urljoin(url, answer.headers.get("location", ""))
                there = urlsplit(url)
            except ValueError:
                raise SourceRefused(asked.source, answer.status, "redirects to what is no URL") from None
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
        proxy = self._proxy if takes_proxy(host, self.policy) else None
        guarded = proxy is None and not is_local(host, self.policy)
        flight = _Flight(Line(asked.source, guarded, proxy if proxy and proxy.is_socks else None))
        with self._lock:
            if self._closed.is_set():
                raise SourceDown(asked.source, "not asked: this program is ending")
            self._flights.add(flight)
        proxies = {"http": proxy.url, "https": proxy.url} if proxy and not proxy.is_socks else {}
        threading.Thread(
            target=self._fly, args=(flight, asked, url, left, proxies), name=f"http {host}", daemon=True
        ).start()
        if not flight.done.wait(left):
            flight.line.abort()
            raise SourceSlow(asked.source, "no whole answer within the deadline")
        if flight.answer is None:
            raise _told(flight.failure, asked.source)
        if proxies and flight.answer.status == _PROXY_WANTS_LOGIN:
            raise _login_refused(asked.source)
        return flight.answer

    def _fly(self, flight: _Flight, asked: _Asked, url: str, left: float, proxies: Mapping[str, str]) -> None:
        """The work of one worker thread."""
        _mine.line = flight.line
        try:
            request = requests.Request(
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
            )
            # By the adapter: a session reads the body of a redirect whole, however large it becomes.
            with self._adapter.send(
                self._session.prepare_request(request),
                stream=True,
                timeout=(min(self.policy.connect_timeout, left), left),
                verify=self.policy.authorities or True,
                proxies=dict(proxies),
            ) as response:
                flight.answer = _whole(response, asked)
        except BaseException as failure:  # handed to the waiting thread, which raises it
            flight.failure = failure
        finally:
            with self._lock:
                self._flights.discard(flight)
            flight.line.release()
            flight.done.set()


def _whole(response: requests.Response, asked: _Asked) -> HttpAnswer:
    """The answer, read to its end; SourceDown for headers that break off, which would leave its length open."""
    original = response.raw._original_response
    if original is not None and original.msg.defects:
        raise SourceDown(asked.source, "the headers of the answer break off or are garbled")
    headers = {key.lower(): value for key, value in response.headers.items()}
    body = read_body(
        lambda count: bytes(response.raw.read(count, decode_content=False)),
        headers.get("content-encoding", ""),
        asked.max_bytes,
        asked.source,
    )
    return HttpAnswer(response.status_code, headers, body)


def _told(failure: BaseException | None, source: str) -> SourceError:
    """A failure of the libraries as one of ours; texts of libraries, which may hold URLs, are left out."""
    if isinstance(failure, SourceError):
        return failure
    if isinstance(failure, requests.Timeout | TimeoutError):
        return SourceSlow(source, "no answer within the deadline")
    if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SourceRefused(source, 0, "the URL or the proxy cannot be used")
    if isinstance(failure, requests.RequestException | HTTPError | OSError | zlib.error):
        return SourceDown(source, "the connection broke off before the answer was whole")
    return SourceDown(source, f"the request failed ({type(failure).__name__})")
