"""Where requests may go and what they may cost: the policy of one HTTP client, and its check of a destination.

Asks nobody; a name that leads to a private address is caught by `http` once it is connected.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult

from watchers.sources import SourceRefused

_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost"})


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """How requests are made; seconds and bytes.

    `local_hosts` are hosts (names or addresses) that the operator named: they may be private and spoken to
    without TLS. Loopback may be so always, unless `loopback` is False. `proxy` is `http://…` or `socks5h://…`.
    """

    user_agent: str = "aidtrail"
    proxy: str | None = None
    local_hosts: frozenset[str] = frozenset()
    loopback: bool = True
    per_second: float = 4.0
    burst: int = 10
    attempts: int = 3
    backoff: float = 0.5
    backoff_cap: float = 8.0
    retry_after_cap: float = 600.0
    breaker_failures: int = 5
    breaker_pause: float = 60.0
    connect_timeout: float = 10.0


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
    if is_local(host, policy):
        return
    with suppress(ValueError):
        if not ipaddress.ip_address(host).is_global:
            raise SourceRefused(name, 0, "the URL names a private address that the configuration does not")
    onion = host.endswith(".onion") and bool(policy.proxy)
    if parts.scheme != "https" and not onion:
        raise SourceRefused(name, 0, "plain http is for local hosts only; use https://")
