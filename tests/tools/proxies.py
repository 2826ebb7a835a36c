"""Proxies on loopback for tests: SOCKS5 and HTTP, which write down what they are asked and lead where they are told.

Only for tests. They resolve no name: `routes` says where a host's name leads; every other host is refused.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.tools.tls import server_context

_SLOW_REPLY = 255


class SocketServer:
    """Accepts on a free port of 127.0.0.1 and hands each connection to `serve` in a thread."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.closing = threading.Event()
        self._open: list[socket.socket] = []
        self.context: ssl.SSLContext | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def drip(self, sock: socket.socket, count: int, pause: float) -> None:
        """So many bytes, one at a time, until the other side is gone."""
        with suppress(OSError):
            for _ in range(count):
                sock.sendall(b"a")
                if self.closing.wait(pause):
                    return

    def close(self) -> None:
        self.closing.set()
        self._listener.close()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._served, args=(sock,), daemon=True).start()

    def _served(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            if self.context is None:
                self.serve(sock)
                return
            with self.context.wrap_socket(sock, server_side=True) as secure:
                self._open.append(secure)
                self.serve(secure)

    def secure(self, certificate: str) -> None:
        """Speak TLS with one of the certificates of `tests.tools.tls`."""
        self.context = server_context(certificate)


class SayingServer(SocketServer):
    """Says the same to everybody who connects, whatever they say; then it drips, or ends its side."""

    def __init__(self, words: bytes, *, drip: float | None = None) -> None:
        self._words = words
        self._pause = drip
        super().__init__()

    def serve(self, sock: socket.socket) -> None:
        sock.sendall(self._words)
        if self._pause is not None:
            self.drip(sock, 1 << 20, self._pause)
            return
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            continue


class Proxy(SocketServer):
    """What both kinds have. `asked` lists hosts and ports as they were named; `login` is asked for where set."""

    scheme = ""

    def __init__(
        self,
        routes: dict[str, int] | None = None,
        *,
        login: tuple[str, str] | None = None,
        refusal: int | None = None,
        drip: float | None = None,
        certificate: str | None = None,
    ) -> None:
        self.routes = routes or {}
        self.asked: list[tuple[str, int]] = []
        self.heads: list[bytes] = []
        self._login = login
        self._refusal = refusal
        self._drip = drip
        super().__init__()
        if certificate is not None:
            self.secure(certificate)

    @property
    def url(self) -> str:
        return f"{self.scheme}{'s' if self.context else ''}://127.0.0.1:{self.port}"

    def with_login(self, user: str, password: str) -> str:
        """Its URL with a user and a password, written as they must be in URLs."""
        return f"{self.scheme}://{user}:{password}@127.0.0.1:{self.port}"

    def pump(self, near: socket.socket, host: str, first: bytes = b"") -> None:
        """Carry bytes both ways between the client and where the host's name leads."""
        with socket.create_connection(("127.0.0.1", self.routes[host])) as far:
            far.sendall(first)
            back = threading.Thread(target=_carry, args=(far, near), daemon=True)
            back.start()
            _carry(near, far)
            back.join()


class Socks5Proxy(Proxy):
    """SOCKS5 as RFC 1928 and 1929 say, with user and password; `kinds` are the address types asked with."""

    scheme = "socks5h"

    def __init__(
        self,
        routes: dict[str, int] | None = None,
        *,
        login: tuple[str, str] | None = None,
        refusal: int | None = None,
        drip: float | None = None,
    ) -> None:
        self.kinds: list[int] = []
        self.logins: list[tuple[str, str]] = []
        super().__init__(routes, login=login, refusal=refusal, drip=drip)

    def serve(self, sock: socket.socket) -> None:
        read: Callable[[int], bytes] = lambda count: _exactly(sock, count)  # noqa: E731
        _, count = read(2)
        methods = read(count)
        wanted = 2 if self._login else 0
        if wanted not in methods:
            sock.sendall(b"\x05\xff")
            return
        sock.sendall(bytes([5, wanted]))
        if self._login:
            read(1)
            user = read(read(1)[0]).decode()
            password = read(read(1)[0]).decode()
            self.logins.append((user, password))
            fits = (user, password) == self._login
            sock.sendall(b"\x01\x00" if fits else b"\x01\x01")
            if not fits:
                return
        _, command, _, kind = read(4)
        assert command == 1
        self.kinds.append(kind)
        host = read(read(1)[0]).decode() if kind == 3 else socket.inet_ntoa(read(4))
        self.asked.append((host, int.from_bytes(read(2), "big")))
        if self._drip is not None:
            sock.sendall(bytes([5, 0, 0, 3, _SLOW_REPLY]))
            self.drip(sock, _SLOW_REPLY, self._drip)
        elif self._refusal is not None or host not in self.routes:
            sock.sendall(bytes([5, self._refusal or 4, 0, 1, 0, 0, 0, 0, 0, 0]))
        else:
            sock.sendall(bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
            self.pump(sock, host)


class HttpProxy(Proxy):
    """CONNECT, and requests forwarded with the whole URL; `heads` are the requests' heads as they came."""

    scheme = "http"

    def serve(self, sock: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = sock.recv(4096)
            if not piece:
                return
            head += piece
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        place = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = place.partition(":")
        self.asked.append((host, int(port or 80)))
        if self._login and b"Proxy-Authorization: Basic " not in head:
            self._refuse(sock, 407)
        elif self._drip is not None:
            sock.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self.drip(sock, 1 << 20, self._drip)
        elif self._refusal is not None or host not in self.routes:
            self._refuse(sock, self._refusal or 502)
        elif method == "CONNECT":
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.pump(sock, host)
        else:
            path = "/" + target.split("/", 3)[3]
            self.pump(sock, host, head.replace(target.encode(), path.encode(), 1))

    def _refuse(self, sock: socket.socket, status: int) -> None:
        sock.sendall(f"HTTP/1.1 {status} No secret={self._login}\r\nContent-Length: 0\r\n\r\n".encode())


def _exactly(sock: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        piece = sock.recv(count - len(read))
        if not piece:
            raise OSError("the client is gone")
        read += piece
    return read


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
