"""The only reader of the system clock. Everything else is told the time, in whole Unix seconds, UTC.

It never sleeps, and a clock that is moved by hand never goes back.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from ledger.core.wording import WrongValue

Clock = Callable[[], int]
"""Whole Unix seconds, UTC."""


def system_clock() -> int:
    return int(time.time())


def utc_in(seconds: int) -> dt.datetime:
    """The moment so many seconds from now, by the system's clock: when a thread of the scheduler has to wake up."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)


def due_again(last: int, seconds: int, now: int) -> int:
    """When what was done at `last` is due again, Unix seconds.

    A `last` that lies ahead was told by a clock that was wrong, or the clock is wrong now: neither puts it off.
    """
    return min(last, now) + seconds


def monotonic() -> float:
    """Seconds that only grow, for deadlines; its zero means nothing."""
    return time.monotonic()


def wall_ahead_of_monotonic() -> float:
    """Seconds from the zero of the monotonic clock to the system's: they stay the same until somebody sets that."""
    return time.time() - time.monotonic()


class MovableClock:
    """A clock that stands still until it is moved, for the demonstration and for tests."""

    def __init__(self, start: int) -> None:
        self._now = start

    def __call__(self) -> int:
        return self._now

    def move_to(self, moment: int) -> None:
        """Raises WrongValue when that would go back: a ledger's time never does."""
        if moment < self._now:
            raise WrongValue(
                "clock: {moment} is before {now}; a clock is only moved forward", moment=moment, now=self._now
            )
        self._now = moment
