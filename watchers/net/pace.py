"""What we owe each host: a pace of requests, the pauses that it asks for, and rest after failures.

`net.http` and `net.electrum` ask here before they ask a host. Nothing is sent and nothing waits here: it is said how
long to wait, or that a host is not to be asked now.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult

from watchers.net.errors import SourceDown, SourceError, SourceRefused, SourceSlow
from watchers.net.policy import HttpPolicy, is_near

TOO_MANY = 429
_MOST_DOUBLINGS = 30
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
        read = parsedate_to_datetime(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read
    return None


class HostPace:
    """A token bucket, a pause and a circuit breaker for one host. Safe to use from several threads.

    Waits are seconds; moments are of `monotonic`.
    """

    def __init__(
        self,
        policy: HttpPolicy,
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        *,
        per_second: float,
        burst: int,
    ) -> None:
        started = monotonic()
        self._policy = policy
        self._monotonic = monotonic
        self._jitter = jitter
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled = started
        self._paused_until = started
        self._rests_until = started
        self._failures = 0
        self._declines = 0
        self._lock = threading.Lock()

    def wait(self, until: float, source: str) -> float:
        """Seconds to wait before the next request; raises where that is not possible before `until`.

        SourceDown while the host rests after failures, SourceRefused while it asked for silence, SourceSlow
        where our own pace leaves no time.
        """
        now = self._monotonic()
        rests = self._rests_until - now
        if rests > 0:
            raise SourceDown(
                source,
                "failed several times in a row; not asked for another {n} second",
                many="failed several times in a row; not asked for another {n} seconds",
                n=round(rests),
            )
        paused = max(0.0, self._paused_until - now)
        if now + paused >= until:
            raise SourceRefused(
                source,
                TOO_MANY,
                "asked us to wait; {n} second of that is left",
                many="asked us to wait; {n} seconds of that are left",
                n=round(paused),
            )
        wait = max(paused, self.take())
        if now + wait >= until:
            raise SourceSlow(source, "our own limit of requests a second leaves no time for this one")
        return wait

    def take(self) -> float:
        """Take one token of the bucket; returns how many seconds to wait before it may be used."""
        now = self._monotonic()
        with self._lock:
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._per_second)
            self._filled = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._per_second)

    def pause(self, seconds: float) -> None:
        """The host asked for silence for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    def succeeded(self) -> None:
        """A whole answer came, whatever it says: it ends the counts of failures and of refusals."""
        with self._lock:
            self._failures = self._declines = 0

    def failed(self, attempt: int) -> float:
        """No answer came, or none of use; returns the pause before another attempt.

        After several failures in a row the host rests, longer each time; after a rest one trial is let through.
        """
        policy = self._policy
        with self._lock:
            self._failures += 1
            over = self._failures - policy.breaker_failures
            if over >= 0:
                rest = policy.breaker_pause * min(2 ** min(over, 10), _LONGEST_REST)
                self._rests_until = self._monotonic() + rest
        return self.backoff(attempt, policy.backoff_cap)

    def declined(
        self, status: int, headers: Mapping[str, str], source: str, attempt: int
    ) -> tuple[SourceError, float]:
        """What a 429 or 5xx means, and the pause before another attempt, which later requests keep to as well.

        A wait that the host names is kept up to the cap. A 429 that names none doubles it with each in a row,
        from one request to the next.
        """
        named = named_pause(headers, self._policy.retry_after_cap)
        if status == TOO_MANY:
            with self._lock:
                self._declines += 1
                in_a_row = self._declines
            pause = max(self.backoff(max(in_a_row, attempt), self._policy.declined_cap), named or 0.0)
            self.pause(pause)
            if named is None:
                refused = SourceRefused(
                    source,
                    TOO_MANY,
                    "too many requests; we wait {n} second",
                    many="too many requests; we wait {n} seconds",
                    n=round(pause),
                )
            else:
                refused = SourceRefused(
                    source,
                    TOO_MANY,
                    "too many requests; asks us to wait {n} second",
                    many="too many requests; asks us to wait {n} seconds",
                    n=round(pause),
                )
            return refused, pause
        if named is not None:
            self.pause(max(self.backoff(attempt, self._policy.backoff_cap), named))
        pause = max(self.failed(attempt), named or 0.0)
        return SourceDown(source, "HTTP status {status}", status=status), pause

    def backoff(self, attempt: int, cap: float) -> float:
        """Between half of and the whole of a pause that doubles with each attempt, in seconds."""
        pause = min(self._policy.backoff * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS), cap)
        return pause * (0.5 + self._jitter() / 2)


class Paces:
    """The paces of all hosts that one client asks. Safe to use from several threads."""

    def __init__(
        self, policy: HttpPolicy, monotonic: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self._policy = policy
        self._monotonic = monotonic
        self._jitter = jitter
        self._hosts: dict[str, HostPace] = {}
        self._lock = threading.Lock()

    def of(self, parts: SplitResult) -> HostPace:
        """The pace of the host and port of a URL."""
        host = parts.netloc.rpartition("@")[2].lower()
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = self._new((parts.hostname or "").lower())
            return self._hosts[host]

    def _new(self, host: str) -> HostPace:
        policy = self._policy
        per_second, burst = policy.per_second, policy.burst
        if policy.near_per_second is not None and is_near(host):
            per_second = policy.near_per_second
            burst = max(burst, round(per_second))
        return HostPace(policy, self._monotonic, self._jitter, per_second=per_second, burst=burst)
