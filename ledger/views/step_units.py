"""What each document did to a donation's units: a row for each product of it, and for each place that it served.

Pieces of two products are never added up; it reads nothing and words nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.core.lines import PartKind
from ledger.rules.sold import Fetched
from ledger.tracing.follow import Passage
from ledger.views.flow import ExitKind

_OF_PRODUCTS = frozenset({"payment", "receipt", "bought", "shipment", "arrival", "handover", "distribution"})
"""Documents that may name several products."""


@dataclass
class StepUnits:
    """`units` of `asset` that went on by a document, and what ended there, each end in its own asset.

    `value`: what an order was paid. `given`: what of the donation was given for it, without the fee, in
    `given_asset`: money that was exchanged, or that paid an order. `sold`: coins that a conversion sold, `worth`: what
    they were worth when given, None where that is not known; `exchange_fee`: what the exchange kept of what they
    fetched. `replaced`: units that came in place of others, by what those had been. `lots`: those of
    the goods that went on.
    """

    units: int = 0
    lost: dict[tuple[ExitKind, str], int] = field(default_factory=lambda: defaultdict(int))
    replaced: dict[PartKind, int] = field(default_factory=lambda: defaultdict(int))
    asset: str = ""
    place: str = ""
    lots: set[str] = field(default_factory=set)
    value: int = 0
    given: int = 0
    given_asset: str = ""
    sold: int = 0
    worth: int | None = 0
    exchange_fee: int = 0
    _sales: list[Passage] = field(default_factory=list)

    def sell(self, sale: Passage, worth: int | None) -> None:
        """Coins of the donation that a conversion's use sold."""
        self._sales.append(sale)
        self.worth = None if self.worth is None or worth is None else self.worth + worth
        parts = zip(sale.use.parts, sale.use.shares_at(sale.low), sale.use.shares_at(sale.high), strict=True)
        self.sold += sum(upto - below for part, below, upto in parts if part.kind is not PartKind.FEE)

    def charge(self, fetched: Mapping[str, Fetched]) -> None:
        """What the exchange kept of it, floored at both ends of each sale, so that all donors' sums are exact."""
        for sale in self._sales:
            for part, below, upto in sale.use.outs_between(sale.low, sale.high):
                if part.line is not None and part.out and sale.use.id in fetched:
                    kept = fetched[sale.use.id].gross - part.out
                    self.exchange_fee += upto * kept // part.out - below * kept // part.out

    @property
    def sales(self) -> tuple[str, ...]:
        """The uses that sold some of it."""
        return tuple(sale.use.id for sale in self._sales)

    @property
    def ended(self) -> int:
        """All that ended, where it is of one asset."""
        return sum(self.lost.values())


class UnitsByStep:
    """All rows of a donation, in the order in which its units met them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, str], StepUnits] = {}

    def row(self, kind: str, number: str, product: str = "", place: str = "") -> StepUnits:
        """The row of a document for a product; a distribution has one for each place as well."""
        apart = product if kind in _OF_PRODUCTS else ""
        key = (kind, number, apart, place if kind == "distribution" else "")
        return self._rows.setdefault(key, StepUnits())

    def sales(self) -> list[str]:
        """The uses of conversions that sold some of the donation."""
        return sorted({use for row in self._rows.values() for use in row.sales})

    def charge(self, fetched: Mapping[str, Fetched]) -> None:
        """Tell each conversion what its uses fetched."""
        for row in self._rows.values():
            row.charge(fetched)

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
