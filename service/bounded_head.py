"""How the head of a request comes in: within a limit of bytes and of time, which the server itself does not set.

Without them a few hundred callers who send nothing, or never end, would keep everybody else out.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""Where a request line with its headers is longer, the connection ends."""
HEAD_SECONDS = 20.0
"""After which a head that has not come whole is read no further; the first one since the connection began."""


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
                self._refuse()

    def on_message_begin(self) -> None:
        if self._ends is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop()
        super().on_headers_complete()

    def _begin(self) -> None:
        self._bytes = 0
        self._ends = self.loop.call_later(HEAD_SECONDS, self._refuse)

    def _stop(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None

    def _refuse(self) -> None:
        self._stop()
        if not self.transport.is_closing():
            self.send_400_response(HTTPStatus.BAD_REQUEST.phrase)
