"""The connections of one request: dialled to where it may go, and cut off from outside when its time is over.

Knows sockets only: neither HTTP nor TLS, and no clock.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from watchers.net.http_policy import is_public
from watchers.net.socks import Proxy, ProxyFailed, open_socks5
from watchers.sources.protocol import SourceDown, SourceRefused, SourceSlow

_Address = tuple[int, int, int, str, tuple[Any, ...]]
SocketOptions = Iterable[tuple[int, int, int | bytes]]


@dataclass(slots=True, eq=False)
class Line:
    """All connections of one request, in a worker thread. `abort` cuts off what is open and what comes after.

    `guarded`: only public addresses are dialled. `socks`: every connection goes through that proxy.
    """

    source: str
    guarded: bool
    socks: Proxy | None = None
    _handles: list[socket.socket] = field(default_factory=list)
    _aborted: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, sock: socket.socket) -> None:
        """Keep a handle of our own on a connection: it stays good while TLS or a proxy is put on top."""
        handle = socket.fromfd(sock.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        with self._lock:
            self._handles.append(handle)
            if self._aborted:
                _cut(handle)

    def abort(self) -> None:
        """From another thread: whoever waits for a byte on one of these connections gets its end instead."""
        with self._lock:
            self._aborted = True
            for handle in self._handles:
                _cut(handle)

    def release(self) -> None:
        """The request is over: give the handles back; the connections themselves may live on in a pool."""
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()

    def dial(
        self,
        host: str,
        port: int,
        timeout: float | None,
        options: SocketOptions,
        *,
        is_proxy: bool = False,
    ) -> socket.socket:
        """A connection to a host or an HTTP proxy, or through the SOCKS proxy. `timeout`: seconds for each step.

        Raises SourceDown, SourceSlow or SourceRefused, with a sentence that says which part failed.
        """
        host = host.strip("[]")
        if self.socks is None:
            return self._connect(host, port, timeout, options, is_proxy=is_proxy)
        sock = self._connect(self.socks.host, self.socks.port, timeout, options, is_proxy=True)
        try:
            open_socks5(sock, self.socks, host, port)
        except BaseException as failure:
            sock.close()
            if isinstance(failure, ProxyFailed):
                raise SourceDown(self.source, str(failure)) from None
            if isinstance(failure, TimeoutError):
                raise SourceSlow(self.source, "the proxy opened no way to the host in time") from None
            if isinstance(failure, OSError):
                raise SourceDown(self.source, "the proxy broke the connection off") from None
            raise
        return sock

    def _connect(
        self, host: str, port: int, timeout: float | None, options: SocketOptions, *, is_proxy: bool
    ) -> socket.socket:
        """To the first address of a name that answers, leaving out those where nobody sent us."""
        whose = "the proxy's" if is_proxy else "its"
        late = private = False
        for family, kind, protocol, _, address in self._addresses(host, port, whose):
            if self.guarded and not is_proxy and not is_public(str(address[0])):
                private = True
                continue
            if self._aborted:
                raise SourceSlow(self.source, "no answer within the deadline")
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError:
                continue
            try:
                for option in options:
                    sock.setsockopt(*option)
                sock.settimeout(timeout)
                self.hold(sock)
                sock.connect(address)
            except OSError as failure:
                sock.close()
                late = late or isinstance(failure, TimeoutError)
            else:
                return sock
        if private:
            raise SourceRefused(
                self.source, 0, "its name leads to a private address that the configuration does not name"
            )
        whom = "the proxy" if is_proxy else "it"
        if late:
            raise SourceSlow(self.source, f"no connection to {whom} in time")
        raise SourceDown(self.source, f"no connection: nobody answers where {whom} should be")

    def _addresses(self, host: str, port: int, whose: str) -> Sequence[_Address]:
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as failure:
            again = failure.errno == socket.EAI_AGAIN
            why = "no name server answers" if again else "no name server knows it"
            raise SourceDown(self.source, f"DNS: {whose} name cannot be looked up; {why}") from None
        except (UnicodeError, OSError):
            raise SourceDown(self.source, f"DNS: {whose} name cannot be looked up") from None


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
