"""What each document did to a donation's units: a row for each product of it, and for each place that it served.

Pieces of two products are never added up; it reads nothing and words nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.views.flow import ExitKind

_OF_PRODUCTS = frozenset({"payment", "receipt", "bought", "shipment", "arrival", "handover", "distribution"})
"""Documents that may name several products."""


@dataclass
class StepUnits:
    """`units` of `asset` that went on by a document, and what of them ended there. `value`: what an order was paid."""

    units: int = 0
    lost: dict[ExitKind, int] = field(default_factory=lambda: defaultdict(int))
    asset: str = ""
    place: str = ""
    value: int = 0


class UnitsByStep:
    """All rows of a donation, in the order in which its units met them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, str], StepUnits] = {}

    def row(self, kind: str, number: str, product: str = "", place: str = "") -> StepUnits:
        """The row of a document for a product; a distribution has one for each place as well."""
        apart = product if kind in _OF_PRODUCTS else ""
        key = (kind, number, apart, place if kind == "distribution" else "")
        return self._rows.setdefault(key, StepUnits())

    def all(self) -> Iterator[tuple[str, str, StepUnits]]:
        """(kind, number, row); a fee beside what was paid for stands with the first of that."""
        for (kind, number, product, _), row in self._rows.items():
            if kind == "payment" and product:
                fee = self._rows.get((kind, number, "", ""))
                if fee is not None and fee.lost:
                    row.lost.update(fee.lost)
                    fee.lost.clear()
        for (kind, number, _, _), row in self._rows.items():
            if kind != "payment" or row.value or row.lost:
                yield kind, number, row
