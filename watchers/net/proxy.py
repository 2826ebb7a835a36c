"""A proxy as the operator names it, and what its refusals mean: SOCKS5 (Tor) and HTTP.

Pure: `net.connection` speaks to it. Names are handed to the proxy as they are, so that Tor alone learns where we go.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import socks

from ledger.core.wording import Wording, WrongValue, translatable
from watchers.net.errors import SourceDown, SourceError, SourceRefused

SOCKS = "socks5h"
WANTS_LOGIN = 407
_SCHEMES = ("http", "https", SOCKS)
LONGEST = 127
"""Bytes of a name, a user or a password; PySocks writes the length of longer ones wrongly."""
_REASONS = {
    0x01: translatable("it failed without saying why"),
    0x02: translatable("its rules forbid it"),
    0x03: translatable("the network is unreachable"),
    0x04: translatable("the host is unreachable"),
    0x05: translatable("the host refuses the connection"),
    0x06: translatable("the way there is too long"),
    0x07: translatable("it cannot make connections"),
    0x08: translatable("it does not know addresses of that kind"),
    0xF0: translatable("the onion service is not found"),
    0xF1: translatable("the onion service describes itself wrongly"),
    0xF2: translatable("the onion service cannot be introduced to"),
    0xF3: translatable("the onion service does not come to the meeting"),
    0xF4: translatable("the onion service asks for a key"),
    0xF5: translatable("the onion service refuses the key"),
    0xF6: translatable("the onion address is not a valid one"),
    0xF7: translatable("the onion service does not answer"),
}
"""Reply codes of RFC 1928, and those that Tor adds (extended errors of its SocksPort)."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r)")


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

    WrongValue with a text that never repeats the text, which may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise WrongValue("is not a URL; write one such as socks5h://127.0.0.1:9050") from None
    if parts.scheme in ("socks5", "socks4", "socks4a"):
        raise WrongValue(
            "would look names up on this machine; write socks5h://, which leaves it to the proxy"
        )
    if parts.scheme not in _SCHEMES or not parts.hostname or port is None:
        raise WrongValue("is not one of http://, https:// or socks5h:// with a host and a port")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongValue("has something after its port; leave that out")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == SOCKS and max(len(user.encode()), len(password.encode())) > LONGEST:
        raise WrongValue("has a user or a password of more than {longest} bytes", longest=LONGEST)
    if parts.scheme == SOCKS and bool(user) != bool(password):
        raise WrongValue("has a user without a password, or the other way round; give both or none")
    return Proxy(parts.scheme, parts.hostname, port, user, password, text)


def socks_wording(failure: socks.ProxyError) -> Wording:
    """What PySocks' failure to get through means.

    It wraps its own errors once more, and hands the proxy's code on in the text of its error alone.
    """
    if isinstance(failure.socket_err, socks.ProxyError):
        failure = failure.socket_err
    if isinstance(failure, socks.SOCKS5AuthError):
        if "authentication failed" in str(failure):
            return Wording("the proxy refuses user or password; check both")
        return Wording("the proxy asks for a user and a password that it was not given or does not accept")
    if isinstance(failure, socks.SOCKS5Error):
        code = int(str(failure).partition(":")[0], 16)
        reason = Wording(_REASONS[code]) if code in _REASONS else Wording("code {code}", {"code": code})
        return Wording("the proxy does not reach the host: {reason}", {"reason": reason})
    if failure.socket_err is not None:
        return Wording("the proxy broke the connection off")
    return Wording("the proxy broke the connection off or does not speak SOCKS5")


def tunnel_head(proxy: Proxy, host: str, port: int) -> bytes:
    """The request for a tunnel to a host, with the login where there is one."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n"
    if proxy.user:
        secret = b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        head += f"Proxy-Authorization: Basic {secret}\r\n"
    return f"{head}\r\n".encode()


def tunnel_refusal(source: str, head: bytes) -> SourceError | None:
    """What a proxy's answer to `tunnel_head` means, None where the tunnel is open; its words are not repeated."""
    status = _STATUS.match(head)
    if status is None:
        return SourceDown(source, "the proxy broke the connection off or does not speak HTTP")
    code = int(status[1])
    if code == WANTS_LOGIN:
        return login_refused(source)
    if code != 200:
        return SourceDown(source, "the proxy does not reach the host: HTTP status {code}", code=code)
    if head.find(b"\r\n\r\n") != len(head) - 4:  # nothing may follow: who is behind it speaks second
        return SourceDown(source, "the proxy broke the connection off or does not speak HTTP")
    return None


def login_refused(source: str) -> SourceRefused:
    """A proxy answered 407."""
    return SourceRefused(source, WANTS_LOGIN, "the proxy refuses user or password; check both")
