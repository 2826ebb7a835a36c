"""Where requests may go and what they may cost: the policy of one client, and its check of a destination.

`net.http` and `net.electrum` ask here first. Looks no name up; one that leads to a private address is caught by
`net.connection` before it is dialled.
"""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult

from watchers.net.errors import SourceRefused

_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost"})
_NEAR_ENDINGS = (".local", ".lan", ".internal", ".home.arpa", ".localhost")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """How requests are made; seconds and bytes.

    `local_hosts` are hosts (names or addresses) that the operator named: they may be private and spoken to
    without TLS. Loopback may be so always, unless `loopback` is False. `proxy` is `http://…`, `https://…` or
    `socks5h://…`; hosts nearby (`is_near`) are asked without it, and at a pace of their own where one is given.
    """

    user_agent: str = "aidtrail"
    proxy: str | None = None
    local_hosts: frozenset[str] = frozenset()
    loopback: bool = True
    per_second: float = 4.0
    burst: int = 10
    near_per_second: float | None = None
    attempts: int = 3
    backoff: float = 0.5
    backoff_cap: float = 8.0
    declined_cap: float = 60.0
    retry_after_cap: float = 600.0
    breaker_failures: int = 5
    breaker_pause: float = 60.0
    connect_timeout: float = 10.0
    authorities: str | None = None
    """A PEM file of the certificate authorities to trust; None: the public ones."""


def is_near(host: str) -> bool:
    """A host that no proxy is needed for: loopback, a private address, or a name that no public DNS has."""
    try:
        return not is_public(host)
    except ValueError:
        return host in _LOOPBACK_NAMES or "." not in host or host.endswith(_NEAR_ENDINGS)


def is_public(address: str) -> bool:
    """True for an address of the public internet; ValueError for what is no address.

    One that wraps an IPv4 address (mapped, 6to4, NAT64) is judged by what it wraps.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global
    return ip.is_global and not ip.is_multicast


def takes_proxy(host: str, policy: HttpPolicy) -> bool:
    """True where a request to this host goes through the proxy of the policy."""
    return bool(policy.proxy) and not is_near(host)


def is_local(host: str, policy: HttpPolicy) -> bool:
    """True where private addresses and plain http are allowed: loopback, or named by the operator."""
    if host in policy.local_hosts:
        return True
    if not policy.loopback:
        return False
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_destination(parts: SplitResult, policy: HttpPolicy, name: str) -> None:
    """SourceRefused, in the name of the source, for a URL that this policy does not let us ask."""
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise SourceRefused(name, 0, "the URL is not one of https:// or http:// with a host")
    if parts.username is not None or parts.password is not None:
        raise SourceRefused(name, 0, "the URL carries a user or a password; give them apart")
    is_onion = host.endswith(".onion")
    if is_onion and not policy.proxy:
        raise SourceRefused(
            name, 0, "an .onion host is reached through Tor only; set the proxy to its socks5h:// address"
        )
    if is_local(host, policy):
        return
    if _is_odd_address(host):
        raise SourceRefused(name, 0, "the URL writes an address in an unusual form; write it as 192.0.2.1")
    with suppress(ValueError):
        if not is_public(host):
            raise SourceRefused(name, 0, "the URL names a private address that the configuration does not")
    if parts.scheme != "https" and not is_onion:
        raise SourceRefused(name, 0, "plain http is for local hosts only; use https://")


def _is_odd_address(host: str) -> bool:
    """`127.1`, `0x7f000001`, `2130706433`: addresses to a resolver, names to whoever checks them."""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return False
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
