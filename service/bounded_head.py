"""How the head of a request comes in: as HTTP/1.1 wants it, and within limits that the server itself does not set.

Without limits a few hundred callers who send nothing, or never end, would keep everybody else out. What is refused
here reaches no route, and is answered in the shape of every other problem.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.app import refusal

HEAD_BYTES = 65_536
"""Where a request line with its headers is longer, the connection ends."""
HEAD_SECONDS = 20.0
"""After which a head that has not come whole is read no further; the first one since the connection began."""
CONNECTIONS = 500
"""Beyond so many the next one is told at once that there is no room."""
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[-A-Za-z0-9._~!$&'()*+,;=%]*)(?::[0-9]*)?")
"""A host with its port (RFC 9110 7.2, RFC 3986 3.2.2)."""


class BoundedHead(HttpToolsProtocol):
    """The server's own protocol, which ends what does not keep to the limits."""

    _bytes = 0
    _ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what comes until the head is whole; bodies have limits of their own."""
        super().data_received(data)
        if self._ends is not None:
            self._bytes += len(data)
            if self._bytes > HEAD_BYTES:
                self._end(431)

    def on_message_begin(self) -> None:
        if self._ends is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop()
        refused = self._refused()
        if refused is not None:
            self.app = refused  # which closes the connection, so that no other request comes to it
        super().on_headers_complete()

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
        self._ends = self.loop.call_later(HEAD_SECONDS, self._end, 408)

    def _stop(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None

    def _end(self, status: int) -> None:
        """Answer what cannot become a request, and close."""
        self._stop()
        if self.transport.is_closing():
            return
        answer = refusal(status)
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + bytes(answer.body))
        self.transport.close()
