"""A proxy as the operator names it, and the opening of a connection through a SOCKS5 one (RFC 1928 and 1929).

Never resolves a name: the proxy is handed names as they are, so that Tor alone learns where we go.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SOCKS = "socks5h"
_SCHEMES = ("http", "https", SOCKS)
_NO_SECRET, _SECRET, _NONE_FITS = 0x00, 0x02, 0xFF
_ADDRESS_BYTES = {0x01: 4, 0x04: 16}
_NAME = 0x03
_REASONS = {
    0x01: "it failed without saying why",
    0x02: "its rules forbid it",
    0x03: "the network is unreachable",
    0x04: "the host is unreachable",
    0x05: "the host refuses the connection",
    0x06: "the way there is too long",
    0x07: "it cannot make connections",
    0x08: "it does not know addresses of that kind",
    0xF0: "the onion service is not found",
    0xF1: "the onion service describes itself wrongly",
    0xF2: "the onion service cannot be introduced to",
    0xF3: "the onion service does not come to the meeting",
    0xF4: "the onion service asks for a key",
    0xF5: "the onion service refuses the key",
    0xF6: "the onion address is not a valid one",
    0xF7: "the onion service does not answer",
}
"""Reply codes of RFC 1928, and those that Tor adds (extended errors of its SocksPort)."""


class ProxyFailed(Exception):
    """The proxy did not open the way; the text is one sentence that names it and holds no secret."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; `url` is what it was read from, user and password included, and is never shown."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    url: str = field(repr=False)

    @property
    def is_socks(self) -> bool:
        return self.scheme == SOCKS


def proxy_of(text: str) -> Proxy:
    """The proxy that a URL names: `http://`, `https://` or `socks5h://`, with its port.

    ValueError with a sentence that never repeats the text, which may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL; write one such as socks5h://127.0.0.1:9050") from None
    if parts.scheme in ("socks5", "socks4", "socks4a"):
        raise ValueError(
            "would look names up on this machine; write socks5h://, which leaves it to the proxy"
        )
    if parts.scheme not in _SCHEMES or not parts.hostname or port is None:
        raise ValueError("is not one of http://, https:// or socks5h:// with a host and a port")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("has something after its port; leave that out")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == SOCKS and max(len(user.encode()), len(password.encode())) > 255:
        raise ValueError("has a user or a password of more than 255 bytes")
    return Proxy(parts.scheme, parts.hostname, port, user, password, text)


def open_socks5(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Ask the proxy at the other end of `sock` for a way to a host, by name where it has one.

    Raises ProxyFailed where it refuses or answers nonsense, OSError (TimeoutError included) of the socket.
    """
    methods = bytes([_NO_SECRET, _SECRET]) if proxy.user else bytes([_NO_SECRET])
    sock.sendall(bytes([5, len(methods)]) + methods)
    version, method = _read(sock, 2)
    if version != 5:
        raise ProxyFailed("the proxy does not speak SOCKS5")
    if method == _SECRET and proxy.user:
        _log_in(sock, proxy)
    elif method in (_SECRET, _NONE_FITS):
        raise ProxyFailed("the proxy asks for a user and a password that it was not given or does not accept")
    elif method != _NO_SECRET:
        raise ProxyFailed("the proxy wants a way to log in that we did not offer")
    sock.sendall(b"\x05\x01\x00" + _place(host) + port.to_bytes(2, "big"))
    version, reply, _, kind = _read(sock, 4)
    if version != 5:
        raise ProxyFailed("the proxy does not speak SOCKS5")
    if reply != 0:
        why = _REASONS.get(reply, f"code {reply}")
        raise ProxyFailed(f"the proxy does not reach the host: {why}")
    if kind not in _ADDRESS_BYTES and kind != _NAME:
        raise ProxyFailed("the proxy does not speak SOCKS5")
    _read(sock, _read(sock, 1)[0] if kind == _NAME else _ADDRESS_BYTES[kind])
    _read(sock, 2)


def _log_in(sock: socket.socket, proxy: Proxy) -> None:
    user, password = proxy.user.encode(), proxy.password.encode()
    sock.sendall(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
    _, status = _read(sock, 2)
    if status != 0:
        raise ProxyFailed("the proxy refuses user or password; check both")


def _place(host: str) -> bytes:
    """Where to, on the wire: an address as such, everything else as a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii", "replace")
        if not 0 < len(name) < 256:
            raise ProxyFailed("the host's name is longer than the proxy takes") from None
        return bytes([_NAME, len(name)]) + name
    return bytes([0x01 if address.version == 4 else 0x04]) + address.packed


def _read(sock: socket.socket, count: int) -> bytes:
    """Exactly so many bytes."""
    read = b""
    while len(read) < count:
        piece = sock.recv(count - len(read))
        if not piece:
            raise ProxyFailed("the proxy broke the connection off")
        read += piece
    return read
