"""One connection to an Electrum server: TCP or TLS, straight or through a proxy, read line by line.

Knows nothing of what the lines say. Every wait ends at one moment, however slowly the bytes come.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from watchers.http_policy import HttpPolicy, is_local
from watchers.sources import SourceDown, SourceRefused, SourceSlow

Left = Callable[[], float]
"""Seconds that are left of the deadline; raises SourceSlow when none are."""

VERIFY, ANY = "verify", "any"
_CHUNK = 64 * 1024
_PROXY_HEAD = 8 * 1024
_SOCKS_TAIL = {1: 4, 4: 16}
"""Bytes of an address in a SOCKS5 reply by its kind; kind 3 gives its own length."""


@dataclass(frozen=True, slots=True)
class ElectrumPlace:
    """Where a server listens. `trust` is "verify", "any" or the SHA-256 of its certificate in lower-case hex."""

    host: str
    port: int
    tls: bool
    trust: str = VERIFY


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

    @classmethod
    def open(cls, source: str, place: ElectrumPlace, policy: HttpPolicy, left: Left) -> Self:
        """Connect under the policy: SourceRefused for a place or certificate that it does not allow."""
        local = is_local(place.host, policy)
        if not place.tls and not local and not (place.host.endswith(".onion") and policy.proxy):
            raise SourceRefused(source, 0, "plain TCP is for local hosts only; use ssl://")
        with suppress(ValueError):
            if not local and not ipaddress.ip_address(place.host).is_global:
                raise SourceRefused(
                    source, 0, "the URL names a private address that the configuration does not"
                )
        if policy.proxy:
            made = cls._through(source, urlsplit(policy.proxy), place, policy, left)
        else:
            made = cls(source, _connect(source, place.host, place.port, policy, left, private=local))
        try:
            if place.tls:
                made._secure(place, left)
        except BaseException:
            made.close()
            raise
        return made

    @classmethod
    def _through(
        cls, source: str, proxy: SplitResult, place: ElectrumPlace, policy: HttpPolicy, left: Left
    ) -> Self:
        """Through the operator's proxy, which resolves the name: ours never leaves this machine in a DNS query."""
        if proxy.scheme not in ("socks5", "socks5h", "http") or not proxy.hostname or not proxy.port:
            raise SourceRefused(source, 0, "the proxy is not one of socks5h://host:port or http://host:port")
        made = cls(source, _connect(source, proxy.hostname, proxy.port, policy, left, private=True))
        try:
            if proxy.scheme == "http":
                made._http_tunnel(place, left)
            else:
                made._socks_tunnel(proxy, place, left)
        except BaseException:
            made.close()
            raise
        return made

    def _socks_tunnel(self, proxy: SplitResult, place: ElectrumPlace, left: Left) -> None:
        """RFC 1928, and RFC 1929 where the proxy's URL carries a user."""
        user, password = (unquote(text or "").encode() for text in (proxy.username, proxy.password))
        self.send(b"\x05\x01\x02" if user else b"\x05\x01\x00", left)
        chosen = self._exactly(2, left)
        if user and chosen == b"\x05\x02":
            self.send(
                b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password,
                left,
            )
            chosen = b"\x05" + self._exactly(2, left)[1:]
        if chosen != b"\x05\x00":
            raise SourceDown(self._source, "the proxy does not let us in")
        name = place.host.encode("idna")
        self.send(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + place.port.to_bytes(2, "big"), left)
        version, code, _, kind = self._exactly(4, left)
        if version != 5 or code != 0:
            raise SourceDown(self._source, f"the proxy did not reach it (code {code})")
        self._exactly((_SOCKS_TAIL.get(kind) or self._exactly(1, left)[0]) + 2, left)

    def _http_tunnel(self, place: ElectrumPlace, left: Left) -> None:
        at = f"[{place.host}]:{place.port}" if ":" in place.host else f"{place.host}:{place.port}"
        self.send(f"CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n".encode("idna"), left)
        words = self.line(_PROXY_HEAD, left).split()
        if len(words) < 2 or words[1] != b"200":
            raise SourceDown(self._source, "the proxy did not reach it")
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
            raise SourceRefused(
                self._source,
                0,
                "no authority of this system vouches for its TLS certificate; if that is meant, set tls to the "
                'certificate\'s SHA-256, or to "any"',
            ) from failure
        except TimeoutError as failure:
            raise SourceSlow(self._source, "no TLS connection within the deadline") from failure
        except (OSError, ValueError) as failure:
            raise SourceDown(self._source, "the TLS connection failed") from failure
        self._sock = secure
        shown = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
        if place.trust not in (VERIFY, ANY, shown):
            raise SourceRefused(
                self._source,
                0,
                f"its TLS certificate has the SHA-256 {shown}, which is not the one configured",
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
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure
        whole, newline, rest = bytes(self._read).rpartition(b"\n")
        self._read = bytearray(rest)
        return whole.split(b"\n") if newline else []

    def _exactly(self, count: int, left: Left) -> bytes:
        while len(self._read) < count:
            self._more(left)
        found = bytes(self._read[:count])
        del self._read[:count]
        return found

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

    def close(self) -> None:
        """Let go of the socket; closing twice is nothing."""
        with suppress(OSError):
            self._sock.close()


def _connect(
    source: str, host: str, port: int, policy: HttpPolicy, left: Left, *, private: bool
) -> socket.socket:
    """The first address of the host that takes a connection; private ones only where `private`."""
    addresses = _resolve(source, host, port, left)
    for _, address in addresses:
        if not private and not ipaddress.ip_address(address[0].partition("%")[0]).is_global:
            raise SourceRefused(
                source, 0, "its name leads to a private address that the configuration does not name"
            )
    slow = False
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(policy.connect_timeout, left()))
            sock.connect(address)
        except OSError as failure:
            sock.close()
            slow = isinstance(failure, TimeoutError)
        except SourceSlow:
            sock.close()
            raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    if slow:
        raise SourceSlow(source, "no connection within the time for one")
    raise SourceDown(source, "no connection")


Address = tuple[str, int] | tuple[str, int, int, int]


def _resolve(source: str, host: str, port: int, left: Left) -> list[tuple[socket.AddressFamily, Address]]:
    """Addresses of a name. The system's resolver keeps no deadline, so it is asked in a thread of its own."""
    found: list[tuple[socket.AddressFamily, Address]] = []
    done = threading.Event()

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if family in (socket.AF_INET, socket.AF_INET6):
                    found.append((family, address))  # type: ignore[arg-type]
        done.set()

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    if not done.wait(left()):
        raise SourceSlow(source, "its name was not resolved within the deadline")
    if not found:
        raise SourceDown(source, "its name leads nowhere")
    return found
