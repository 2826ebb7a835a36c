"""What the measurements of the watching side share: a line of their table, and CPU time.

It measures nothing by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what, our figure, the peer's or the limit's, their ratio, and what is aimed at."""

    name: str
    ours: str
    theirs: str
    ratio: str
    aim: str = ""


HEAD = Line("what", "ours", "theirs", "ratio", "aim")


def printed(lines: Sequence[Line]) -> str:
    """The lines as columns of a table."""
    return "\n".join(
        f"{one.name:<52} {one.ours:>14} {one.theirs:>14} {one.ratio:>9}  {one.aim}".rstrip() for one in lines
    )


def times(ratio: float) -> str:
    """A ratio to two digits; one far below 1 as a fraction of 1."""
    if not ratio:
        return "too little to measure"
    if ratio < 0.1:
        return f"1/{1 / ratio:,.0f}"
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def cpu_seconds(act: Callable[[], object], rounds: int) -> float:
    """CPU time of this process for the best of several runs of `act`: what the machine disturbed least."""
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        act()
        times.append(time.process_time_ns() - start)
    return min(times) / 1e9
