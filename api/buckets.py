"""How many addresses anonymous callers may take: a bucket for each client, and one for all of them together.

Whoever finds it empty gets the campaign's fixed address, which costs nothing and finds the gift by its transaction.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from starlette.requests import Request

MOST_CLIENTS = 10_000
"""Clients that are remembered; the one that asked longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, then one each `seconds`."""

    burst: int
    seconds: int


EACH_CLIENT = Rate(5, 600)
ALL_CLIENTS = Rate(30, 60)


@dataclass(slots=True)
class Buckets:
    """Token buckets in memory, by the prefix that a client has for itself. `clock` gives Unix seconds."""

    clock: Callable[[], int]
    each: Rate = EACH_CLIENT
    every: Rate = ALL_CLIENTS
    _paid: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, client: str) -> bool:
        """Is there a token for this client, and one for all? Then both are taken."""
        prefix = prefix_of(client)
        now = self.clock()
        with self._lock:
            mine = _paid(self._paid.get(prefix, 0), now, self.each)
            all_of_them = _paid(self._paid.get("", 0), now, self.every)
            if mine is None or all_of_them is None:
                return False
            self._paid[prefix] = mine
            self._paid.move_to_end(prefix)
            self._paid[""] = all_of_them
            self._paid.move_to_end("")
            while len(self._paid) > MOST_CLIENTS:
                self._paid.popitem(last=False)
            return True


def _paid(until: int, now: int, rate: Rate) -> int | None:
    """When the bucket is full again after one more; None where it is empty.

    No bucket fills later than that: one that seems to was last asked for by a clock that was set back since.
    """
    full = now + rate.burst * rate.seconds
    after = (now if until > full else max(until, now)) + rate.seconds
    return after if after <= full else None


def prefix_of(client: str) -> str:
    """What one client has for itself: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client[:100] or "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def client_of(request: Request) -> str:
    """Who asks: whom the configured proxies name, else the socket; the server settles which."""
    return "" if request.client is None else request.client.host
