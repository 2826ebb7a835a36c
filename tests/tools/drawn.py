"""What a run of the suite takes of many cases: some drawn by a seed that is new each run and printed, or all of them.

`AIDTRAIL_SEED=1234` draws as that run did; `AIDTRAIL_EVERY=1` takes every case.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import TypeVar

import pytest

T = TypeVar("T")

SEED = os.environ.setdefault("AIDTRAIL_SEED", str(secrets.randbelow(1_000_000)))
"""Set for the processes that share this run too: all draw by one seed."""
EVERY = os.environ.get("AIDTRAIL_EVERY") == "1"


def drawn(about: str, cases: Iterable[T], few: int) -> list[T]:
    """`few` of the cases of what is tested, in their order; all of them where every one is asked for."""
    found = list(cases)
    if EVERY or len(found) <= few:
        return found
    taken = sorted(Random(f"{SEED} {about}").sample(range(len(found)), few))
    return [found[index] for index in taken]


def shown(about: str, cases: Sequence[T], capsys: pytest.CaptureFixture[str]) -> Iterator[T]:
    """The cases one by one; where there are many, each tenth is a line of the terminal (of one process: `-n 0`)."""
    for done, case in enumerate(cases):
        if done and done % 10 == 0 and len(cases) >= 20:
            with capsys.disabled():
                print(f"{about}: {done} of {len(cases)}", flush=True)
        yield case
