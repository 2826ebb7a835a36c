"""What we owe one host: a pace of requests, the pauses it asks for, and rest after failures.

Asks nobody and reads no clock; every moment is handed in as monotonic seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_REST = 16
"""A host that stays down is tried again at pauses that double up to this many times the first."""


_LONGEST_DATE = 40


def named_pause(headers: Mapping[str, str], cap: float) -> float | None:
    """Seconds that `Retry-After` asks for, at most `cap`; None where it says nothing that can be read.

    A number of seconds or a date (RFC 9110, 10.2.3). A date is counted from the answer's own `Date`, so that no
    clock but the host's is asked; without one it says nothing. Header names in lower case.
    """
    named = headers.get("retry-after", "").strip()
    if named.isascii() and named.isdigit():
        return min(float(named[:9]), cap)
    until, now = _moment(named), _moment(headers.get("date", "").strip())
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), cap)


def _moment(text: str) -> datetime | None:
    """One of the three forms of an HTTP date, None for anything else."""
    if not text.isascii() or not 20 < len(text) <= _LONGEST_DATE:
        return None
    with suppress(TypeError, ValueError, IndexError, OverflowError):
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return None


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
        self._declines = 0
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

    def declined(self) -> int:
        """Count an answer that asks for fewer requests; returns how many came without any other between."""
        with self._lock:
            self._declines += 1
            return self._declines

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
        """Any whole answer ends the counts of failures and of refusals."""
        with self._lock:
            self._failures = self._declines = 0
