"""Differences from the kept figures that are wanted, named beforehand. Any other is a fault of one of the two.

A difference is given its `figures` or `answers` with the change that brings it about, and not before; it then has to
say where it holds as narrowly as it can. Once the kept journals are recorded anew, it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.tools.kept.house import Done
from tests.tools.kept.journal import Step, Value

FigureKey = tuple[str, str, str, str]
"""(noun, its name, field, asset or product)."""
Values = list[Value] | None
"""What a row said; None where there was none."""


def _no_figure(_journal: str, _key: FigureKey, _kept: Values, _made: Values) -> bool:
    return False


def _no_answer(_journal: str, _step: Step, _done: Done) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fault that is mended, in a sentence, and which figures and answers may differ by it."""

    fault: str
    says: str
    of_figure: Callable[[str, FigureKey, Values, Values], bool] = _no_figure
    of_answer: Callable[[str, Step, Done], bool] = _no_answer


WANTED: tuple[Wanted, ...] = (
    Wanted("products", "Units of different products are not added up: a total is a list, one row a product."),
    Wanted("acceptances", "An invoice can be accepted again on the same day; the key counts acceptances."),
    Wanted("lots", "A maker's lot belongs to its campaign and comes in as many deliveries as it likes."),
    Wanted("places", "A place that got several products, or the same one twice, is counted once."),
)
