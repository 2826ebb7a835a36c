"""Whose turn it is: for each host the pace, the pauses and the rests that requests to it keep to.

Sends nothing and sleeps never; it says how long to wait, or that a host is not to be asked now.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult

from watchers.net.http_answer import HttpAnswer
from watchers.net.http_policy import HttpPolicy, is_near
from watchers.net.manners import HostManners, named_pause
from watchers.sources.protocol import SourceDown, SourceError, SourceRefused, SourceSlow

TOO_MANY = 429
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class HostTurns:
    """The turns of requests to one host. Waits are seconds; moments are of the monotonic clock."""

    policy: HttpPolicy
    manners: HostManners
    monotonic: Callable[[], float]
    jitter: Callable[[], float]

    def wait(self, until: float, source: str) -> float:
        """Seconds to wait before the next request; raises where that is not possible before `until`.

        SourceDown while the host rests after failures, SourceRefused while it asked for silence, SourceSlow
        where our own pace leaves no time.
        """
        now = self.monotonic()
        closed = self.manners.closed_for(now)
        if closed > 0:
            raise SourceDown(
                source, f"failed several times in a row; not asked for another {closed:.0f} seconds"
            )
        paused = self.manners.paused_for(now)
        if now + paused >= until:
            raise SourceRefused(source, TOO_MANY, f"asked us to wait; {paused:.0f} seconds of that are left")
        wait = max(paused, self.manners.take(now))
        if now + wait >= until:
            raise SourceSlow(source, "our own limit of requests a second leaves no time for this one")
        return wait

    def succeeded(self) -> None:
        """A whole answer came, whatever it says."""
        self.manners.succeeded()

    def failed(self, attempt: int) -> float:
        """No answer came; returns the pause before another attempt."""
        self.manners.failed(self.monotonic())
        return self.backoff(attempt, self.policy.backoff_cap)

    def declined(self, answer: HttpAnswer, source: str, attempt: int) -> tuple[SourceError, float]:
        """What a 429 or 5xx means, and the pause before another attempt, which later requests keep to as well.

        A wait that the host names is kept up to the cap. A 429 that names none doubles it with each in a row,
        from one request to the next.
        """
        named = named_pause(answer.headers, self.policy.retry_after_cap)
        now = self.monotonic()
        if answer.status == TOO_MANY:
            row = self.manners.declined()
            pause = max(self.backoff(max(row, attempt), self.policy.declined_cap), named or 0.0)
            self.manners.pause(now + pause)
            who = "we wait" if named is None else "asks us to wait"
            return SourceRefused(source, TOO_MANY, f"too many requests; {who} {pause:.0f} seconds"), pause
        pause = max(self.backoff(attempt, self.policy.backoff_cap), named or 0.0)
        if named is not None:
            self.manners.pause(now + pause)
        self.manners.failed(now)
        return SourceDown(source, f"HTTP status {answer.status}"), pause

    def backoff(self, attempt: int, cap: float) -> float:
        """Between half of and the whole of a pause that doubles with each attempt, in seconds."""
        pause = min(self.policy.backoff * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS), cap)
        return pause * (0.5 + self.jitter() / 2)


class Turns:
    """The turns of all hosts that one client asks. Safe to use from several threads."""

    def __init__(
        self, policy: HttpPolicy, monotonic: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self._policy = policy
        self._monotonic = monotonic
        self._jitter = jitter
        self._hosts: dict[str, HostTurns] = {}
        self._lock = threading.Lock()

    def of(self, parts: SplitResult) -> HostTurns:
        """The turns of the host and port of a URL."""
        host = parts.netloc.rpartition("@")[2].lower()
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = self._made((parts.hostname or "").lower())
            return self._hosts[host]

    def _made(self, host: str) -> HostTurns:
        policy = self._policy
        pace, burst = policy.per_second, policy.burst
        if policy.near_per_second is not None and is_near(host):
            pace = policy.near_per_second
            burst = max(burst, round(pace))
        manners = HostManners(
            per_second=pace,
            burst=burst,
            breaker_failures=policy.breaker_failures,
            breaker_pause=policy.breaker_pause,
            started=self._monotonic(),
        )
        return HostTurns(policy, manners, self._monotonic, self._jitter)
