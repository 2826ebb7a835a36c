"""One connection to an Electrum server: TCP or TLS, straight or through a proxy, read line by line.

Knows nothing of what the lines say. Every wait ends at one moment, however slowly the bytes come.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from watchers.net.http_line import Line
from watchers.net.http_policy import HttpPolicy, check_destination, is_local, takes_proxy
from watchers.net.socks import Proxy, proxy_of
from watchers.net.tls_faults import tls_sentence
from watchers.sources.protocol import SourceDown, SourceRefused, SourceSlow

Left = Callable[[], float]
"""Seconds that are left of the deadline; raises SourceSlow when none are."""

VERIFY, ANY = "verify", "any"
_CHUNK = 64 * 1024
_PROXY_HEAD = 8 * 1024
_OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


@dataclass(frozen=True, slots=True)
class ElectrumPlace:
    """Where a server listens. `trust` is "verify", "any" or the SHA-256 of its certificate in lower-case hex."""

    host: str
    port: int
    tls: bool
    trust: str = VERIFY

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(url: str, tls: str = VERIFY) -> ElectrumPlace:
    """Read `tcp://host:port` or `ssl://host:port`; ValueError says in one sentence what is wrong.

    `tls` tells what an ssl server must show: "verify" (a certificate that an authority of this system vouches
    for), "any" (encryption alone: what a server says is proven, whoever it is), or one certificate's SHA-256.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    else:
        if parts.scheme not in ("tcp", "ssl") or parts.username is not None or parts.path.strip("/"):
            host = ""
    if not host or not port:
        raise ValueError("an Electrum server is named as ssl://host:port or tcp://host:port")
    trust = tls.replace(":", "").lower()
    if trust not in (VERIFY, ANY) and (len(trust) != 64 or not set(trust) <= set("0123456789abcdef")):
        raise ValueError('tls is "verify", "any" or the 64 hexadecimal digits of a certificate\'s SHA-256')
    return ElectrumPlace(host, port, parts.scheme == "ssl", trust)


class ElectrumConnection:
    """Lines out and in over one open socket. SourceDown when it breaks, SourceSlow when time is over."""

    def __init__(self, source: str, sock: socket.socket) -> None:
        self._source = source
        self._sock = sock
        self._read = bytearray()
        self.received = 0
        """Bytes read, lines that were cut off included."""

    @classmethod
    def open(cls, source: str, place: ElectrumPlace, policy: HttpPolicy, left: Left) -> Self:
        """Connect under the policy: SourceRefused for a place or certificate that it does not allow."""
        check_destination(urlsplit(f"https://{place}"), policy, source)
        local = is_local(place.host, policy)
        if not place.tls and not local and not place.host.endswith(".onion"):
            raise SourceRefused(source, 0, "plain TCP is for local hosts only; use ssl://")
        proxy = proxy_of(policy.proxy or "") if takes_proxy(place.host, policy) else None
        if proxy is not None and proxy.scheme == "https":
            raise SourceRefused(
                source, 0, "an Electrum server is not asked through an https proxy; use socks5h://"
            )
        tunnel = proxy if proxy is not None and not proxy.is_socks else None
        line = Line(source, guarded=proxy is None and not local, socks=None if tunnel else proxy)
        made = cls(source, _dial(line, place, tunnel, policy.connect_timeout, left))
        try:
            if tunnel is not None:
                made._go_through(tunnel, place, left)
            if place.tls:
                made._secure(place, left)
        except BaseException:
            made.close()
            raise
        return made

    def _go_through(self, proxy: Proxy, place: ElectrumPlace, left: Left) -> None:
        """Ask an HTTP proxy for a tunnel (RFC 9110, 9.3.6)."""
        head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n"
        if proxy.user:
            secret = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
            head += f"Proxy-Authorization: Basic {secret}\r\n"
        self.send(f"{head}\r\n".encode(), left)
        words = self.line(_PROXY_HEAD, left).split()
        if words[1:2] == [b"407"]:
            raise SourceRefused(self._source, 407, "the proxy refuses user or password; check both")
        if words[1:2] != [b"200"]:
            raise SourceDown(self._source, "the proxy does not reach the host")
        while self.line(_PROXY_HEAD, left).strip():
            pass

    def _secure(self, place: ElectrumPlace, left: Left) -> None:
        """TLS over the bare socket; the certificate is judged before a byte of ours is sent."""
        context = ssl.create_default_context()
        if place.trust != VERIFY:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        try:
            self._sock.settimeout(left())
            # The handshake keeps to this time as a whole, not for each read.
            secure = context.wrap_socket(self._sock, server_hostname=place.host)
        except ssl.SSLCertVerificationError as failure:
            raise SourceDown(
                self._source,
                f'{tls_sentence(failure)}; if that is meant, set tls to the certificate\'s SHA-256, or to "any"',
            ) from None
        except TimeoutError:
            raise SourceSlow(self._source, "TLS: no secure connection in time") from None
        except (OSError, ValueError) as failure:
            raise SourceDown(self._source, tls_sentence(failure)) from None
        self._sock = secure
        shown = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
        if place.trust not in (VERIFY, ANY, shown):
            raise SourceRefused(
                self._source, 0, f"TLS: the certificate's SHA-256 is {shown}, which is not the one configured"
            )

    def send(self, data: bytes, left: Left) -> None:
        """All of it."""
        try:
            self._sock.settimeout(left())
            self._sock.sendall(data)
        except TimeoutError as failure:
            raise SourceSlow(self._source, "takes no more of our request") from failure
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure

    def line(self, most: int, left: Left) -> bytes:
        """The next line without its end; SourceRefused as soon as it is longer than `most` bytes."""
        looked = 0
        while (end := self._read.find(b"\n", looked)) < 0:
            looked = len(self._read)
            if looked > most:
                break
            self._more(left)
        if end < 0 or end > most:
            raise SourceRefused(self._source, 0, f"answer of more than {most} bytes, cut off")
        found = bytes(self._read[:end])
        del self._read[: end + 1]
        return found

    def waiting(self, most: int) -> list[bytes]:
        """Whole lines that came by themselves, without waiting for any; what is half there stays."""
        try:
            self._sock.settimeout(0)
            while len(self._read) <= most:
                piece = self._sock.recv(_CHUNK)
                if not piece:
                    raise ConnectionResetError
                self._read += piece
                self.received += len(piece)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure
        whole, newline, rest = bytes(self._read).rpartition(b"\n")
        self._read = bytearray(rest)
        return whole.split(b"\n") if newline else []

    def _more(self, left: Left) -> None:
        try:
            self._sock.settimeout(left())
            piece = self._sock.recv(_CHUNK)
        except TimeoutError as failure:
            raise SourceSlow(self._source, "no whole answer within the deadline") from failure
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure
        if not piece:
            raise SourceDown(self._source, "the connection was closed")
        self._read += piece
        self.received += len(piece)

    def close(self) -> None:
        """Let go of the socket; closing twice is nothing."""
        with suppress(OSError):
            self._sock.close()


def _dial(line: Line, place: ElectrumPlace, tunnel: Proxy | None, most: float, left: Left) -> socket.socket:
    """A bare connection. Neither the system's resolver nor a proxy keeps a deadline: a thread of its own asks them."""
    made: list[socket.socket] = []
    failures: list[BaseException] = []
    done = threading.Event()
    step = min(most, left())

    def work() -> None:
        try:
            if tunnel is None:
                made.append(line.dial(place.host, place.port, step, _OPTIONS))
            else:
                made.append(line.dial(tunnel.host, tunnel.port, step, _OPTIONS, is_proxy=True))
        except BaseException as failure:  # handed to the waiting thread, which raises it
            failures.append(failure)
        finally:
            line.release()
            done.set()

    threading.Thread(target=work, name=f"electrum {place.host}", daemon=True).start()
    if not done.wait(left()):
        line.abort()
        raise SourceSlow(line.source, "no connection within the deadline")
    if failures:
        raise failures[0]
    return made[0]
