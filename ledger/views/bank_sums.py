"""Entries that are a bank line together: a bank books a run of payments, or a box of cheques, as one sum.

Pure; it is only ever proposed, a person matches each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

MOST_TRIED, MOST_SUMMED = 20, 3
"""Entries of different days that are tried, the nearest first, and how many of them at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """An entry that may be part of a line: `minor` units that no line shows yet, `days` away, and what it is called."""

    entry: int
    minor: int
    date: str
    days: int
    noun: str
    number: str


def parts_summing(minor: int, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that are exactly `minor` units, above zero all of them: all of one day, else the fewest.

    Empty where there are none.
    """
    by_day: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_day[part.date].append(part)
    for of_day in by_day.values():
        if len(of_day) > 1 and sum(part.minor for part in of_day) == minor:
            return tuple(of_day)
    near = sorted(parts, key=lambda part: (part.days, part.entry))[:MOST_TRIED]
    for size in range(2, MOST_SUMMED + 1):
        for some in combinations(near, size):
            if sum(part.minor for part in some) == minor:
                return tuple(sorted(some, key=lambda part: part.entry))
    return ()
