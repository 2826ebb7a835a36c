"""How requests come in: as HTTP/1.1 wants it, and within limits that the server itself does not set.

Without limits a few hundred connections whose callers send nothing, never end, or read no answer would keep everybody
else out. What is refused here reaches no route, and is answered in the shape of every other problem.
"""

from __future__ import annotations

import asyncio
import re
import sys
from functools import lru_cache
from typing import Any

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.app import refusal
from api.buckets import prefix_of

HEAD_BYTES = 65_536
"""Where a request line with its headers is longer, the connection ends."""
HEAD_SECONDS = 20.0
"""After which a head that has not come whole is read no further; the first one since the connection began."""
CONNECTIONS = 500
"""Beyond so many the next one is told at once that there is no room."""
EACH_CLIENT = 100
"""Of these, those of one client: beyond so many the next one is not read at all. Named proxies speak for many."""
SPARE = 200
"""Connections beyond `CONNECTIONS` that are heard so that they can be told; further ones only cost open files."""
PIPELINED = 50
"""Requests that a connection may send ahead of their answers."""
STUCK_SECONDS = 30.0
"""After which a connection ends whose caller has read nothing of an answer."""
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[-A-Za-z0-9._~!$&'()*+,;=%]*)(?::[0-9]*)?")
"""A host with its port (RFC 9110 7.2, RFC 3986 3.2.2)."""


@lru_cache(maxsize=2_048)
def _prefix(host: str) -> str:
    return prefix_of(host)


class BoundedHead(HttpToolsProtocol):
    """The server's own protocol, which ends what does not keep to the limits."""

    _bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _looks: asyncio.TimerHandle | None = None
    _whole = True
    """Has the newest request come whole, body and all?"""
    _unsent = 0
    """Bytes that were unsent when this was looked at last."""
    _answers = _answers_then = 0
    """Answers that are complete, and how many were then."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()
        self._look_again()
        if len(self.connections) > CONNECTIONS + SPARE or self._of_this_client() > EACH_CLIENT:
            self._end(503, retry_after=1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        if self._looks is not None:
            self._looks.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what comes until the head is whole; bodies have limits of their own."""
        super().data_received(data)
        if self._deadline is not None:
            self._bytes += len(data)
            if self._bytes > HEAD_BYTES:
                self._end(431)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise ValueError  # so many ahead, which the parser tells as a bad request
        if self._deadline is None:
            self._begin()
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop()
        refused = self._refused()
        if refused is not None:
            self.app = refused  # which closes the connection, so that no other request comes to it
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            # The server waits for the next request from its answer on, and forgets that when a rest of this one comes.
            self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def on_response_complete(self) -> None:
        """A body that nobody wanted may still come, for as long as a head may take."""
        super().on_response_complete()
        self._answers += 1
        if not self._whole and not self.pipeline and not self.transport.is_closing():
            self.loop.call_later(HEAD_SECONDS, self._end_rest, self.cycle)

    def _end_rest(self, cycle: object) -> None:
        if self.cycle is cycle and not self._whole:
            self.transport.abort()

    def _look_again(self) -> None:
        self._looks = self.loop.call_later(STUCK_SECONDS, self._look)

    def _look(self) -> None:
        """End it where the caller read nothing of one answer since the last time, a closed one too."""
        left = self.transport.get_write_buffer_size()
        if left and left >= self._unsent > 0 and self._answers_then == self._answers:
            self.transport.abort()
            return
        self._unsent, self._answers_then = left, self._answers
        self._look_again()

    def _of_this_client(self) -> int:
        """How many connections the one has who made this one; a proxy that is configured counts for nobody."""
        app = self.config.loaded_app
        if self.client is None or (
            isinstance(app, ProxyHeadersMiddleware) and self.client[0] in app.trusted_hosts
        ):
            return 0
        prefix = _prefix(self.client[0])
        others = (one.client for one in self.connections if isinstance(one, BoundedHead))
        return sum(1 for one in others if one is not None and _prefix(one[0]) == prefix)

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses. A method that it does not know is one that nothing here has (RFC 9110 15.6.2)."""
        unknown = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError)
        self._end(501 if unknown else 400)

    def _refused(self) -> Any | None:
        if len(self.connections) > CONNECTIONS:
            return refusal(503, retry_after=1)
        hosts = [value for name, value in self.headers if name == b"host"]
        wanted = 1 if self.parser.get_http_version() == "1.1" else len(hosts[:1])
        if len(hosts) != wanted or not all(_HOST.fullmatch(host) for host in hosts):  # RFC 9112 3.2
            return refusal(400)
        return None

    def _begin(self) -> None:
        self._bytes = 0
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._end, 408)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, status: int, retry_after: int | None = None) -> None:
        """Answer what cannot become a request, and close."""
        self._stop()
        if self.transport.is_closing():
            return
        answer = refusal(status, retry_after=retry_after)
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + bytes(answer.body))
        self.transport.close()
