"""What we owe one host: a pace of requests, the pauses it asks for, and rest after failures.

Asks nobody and reads no clock; every moment is handed in as monotonic seconds.
"""

from __future__ import annotations

import threading

_LONGEST_REST = 16
"""A host that stays down is tried again at pauses that double up to this many times the first."""


class HostManners:
    """A token bucket, a pause and a circuit breaker for one host. Safe to use from several threads."""

    def __init__(
        self, *, per_second: float, burst: int, breaker_failures: int, breaker_pause: float, started: float
    ) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled = started
        self._paused_until = started
        self._limit = breaker_failures
        self._rest = breaker_pause
        self._failures = 0
        self._closed_until = started
        self._lock = threading.Lock()

    def take(self, now: float) -> float:
        """Take one token; returns how many seconds to wait before it may be used."""
        with self._lock:
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._per_second)
            self._filled = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._per_second)

    def pause(self, until: float) -> None:
        """The host asked for silence until then."""
        with self._lock:
            self._paused_until = max(self._paused_until, until)

    def paused_for(self, now: float) -> float:
        """Seconds of asked-for silence that are left."""
        return max(0.0, self._paused_until - now)

    def closed_for(self, now: float) -> float:
        """Seconds for which the host is not asked at all; 0 lets one trial through after a rest."""
        return max(0.0, self._closed_until - now)

    def failed(self, now: float) -> None:
        """Count a failure; after several in a row the host rests, longer each time."""
        with self._lock:
            self._failures += 1
            over = self._failures - self._limit
            if over >= 0:
                self._closed_until = now + self._rest * min(2 ** min(over, 10), _LONGEST_REST)

    def succeeded(self) -> None:
        """Any whole answer ends the count of failures."""
        with self._lock:
            self._failures = 0
