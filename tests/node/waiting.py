"""Waiting for programs that are not ours: a real node or server hears of things when it does, and tells nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator

SECONDS = 10.0
PAUSE = 0.05


def moments(seconds: float = SECONDS) -> Iterator[None]:
    """Moments in which something may have happened, for about so many seconds; the first is now."""
    for _ in range(round(seconds / PAUSE)):
        yield
        time.sleep(PAUSE)
