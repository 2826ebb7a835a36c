"""Differences from the kept figures that are wanted, named beforehand. Any other is a fault of one of the two.

A difference has no effect until the change that brings it about comes; that change says here, as narrowly as it can,
of which answers and figures it is. Where one leads to many others, the journals that it touches are kept anew
(`python -m tests.tools.kept.compare NAME --accept`) once all of them were looked at, and nothing stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.tools.kept.journal import Step, Value

FigureKey = tuple[str, str, str, str]
"""(noun, its name, field, asset or product)."""
Values = list[Value] | None
"""What the rows of a key said; None where there was none."""


def _no_figure(_journal: str, _key: FigureKey, _kept: Values, _today: Values) -> bool:
    return False


def _no_answer(_journal: str, _kept: Step, _today: Step) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fault that is mended, in a sentence, and which figures and answers differ by it."""

    fault: str
    says: str
    of_figure: Callable[[str, FigureKey, Values, Values], bool] = _no_figure
    of_answer: Callable[[str, Step, Step], bool] = _no_answer


WANTED: tuple[Wanted, ...] = (
    Wanted(
        "products added up",
        "Bought, distributed, under way and lost are a list of (product, unit, quantity), in no sum of products.",
    ),
    Wanted(
        "places counted twice", "A place that got two products, or one of them twice, is one place reached."
    ),
    Wanted(
        "acceptance known by its day",
        "An invoice is accepted again on the day of an acceptance that does not cover what came since.",
    ),
    Wanted(
        "lot of the whole database",
        "A maker's lot belongs to its campaign, and comes in as many deliveries as it likes.",
    ),
)
