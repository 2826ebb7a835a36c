"""Where units are, in the words of a trail: the places of a line's units, and of what ended in a use.

Nothing is decided here, and no sum is made but of equal places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import ExchangeLine, GoodsLine, OrderLine, line_named, use_named
from ledger.model.campaigns import Nature, ProductRow
from ledger.views.bars import BarsOfLines, is_refund
from ledger.views.flow import ExitKind
from ledger.views.trail import Place


@dataclass(frozen=True, slots=True)
class Left:
    """Units `start..end` of a line; with `ended`, of what ended as that part of a use that the line's units took."""

    line: str
    start: int
    end: int
    ended: tuple[Use, Part] | None = None


class _Where(NamedTuple):
    """What some units are of (`asset`), and where: at a place, or in an order; `service`: the code of a service."""

    kind: ExitKind | None
    asset: str
    place: str
    service: str


class PlaceNames:
    """Says where units are, by the lines of one campaign."""

    def __init__(self, bars: BarsOfLines, products: Mapping[str, ProductRow]) -> None:
        self._bars = bars
        self._products = products

    def unit(self, asset: str) -> str:
        """What a piece of a product is called; "" for money."""
        product = self._products.get(asset)
        return product.unit if product else ""

    def of_sums(
        self,
        held: Mapping[tuple[str, ExitKind | None], int],
        lost: Mapping[tuple[ExitKind, str, str], int],
        paid: Mapping[tuple[str, str], Amount] | None = None,
    ) -> list[Place]:
        """Places of units by (line, what they are there), and of those that ended by (how, asset, place).

        `paid`: what went to a service that was delivered at a place, by (product, place). Who paid less than one of it
        is told that amount. Units are what `BarsOfLines.units_waiting` and `ended_units` say.
        """
        of_services = paid or {}
        sums: dict[_Where, int] = {_Where(None, product, place, product): 0 for product, place in of_services}
        for (line, kind), units in held.items():
            where, count = self._where(line, kind, units)
            sums[where] = sums.get(where, 0) + count
        for (ending, asset, place), units in lost.items():
            where = _Where(ending, asset, place, asset if self._is_service(asset) else "")
            sums[where] = sums.get(where, 0) + units
        return [
            self._place(where, units, of_services.get((where.asset, where.place)))
            for where, units in sums.items()
            if units or (where.asset, where.place) in of_services
        ]

    def _where(self, line: str, kind: ExitKind | None, units: int) -> tuple[_Where, int]:
        """Where units of a line are, in the units of that."""
        name = line_named(line)
        if isinstance(name, OrderLine):
            number, item = self._bars.order_item(line)
            if kind in {ExitKind.OPEN, ExitKind.CLAIM} and not self._is_service(item.product):
                return _Where(kind, item.product, number, ""), units
            return _Where(kind, name.asset, number, item.product if kind is ExitKind.SPENT else ""), units
        if isinstance(name, GoodsLine):
            service = name.product if name.at is AccountClass.DELIVERED else ""
            return _Where(kind, name.product, name.place, service), units
        place = name.exchange if isinstance(name, ExchangeLine) else ""
        return _Where(kind, name.asset, place, ""), units

    def _is_service(self, code: str) -> bool:
        product = self._products.get(code)
        return product is not None and product.nature is Nature.SERVICE

    def _place(self, where: _Where, units: int, paid: Amount | None) -> Place:
        service = self._products.get(where.service)
        amount = Amount.of(where.asset, units) if units or paid is None else paid
        return Place(
            kind=where.kind or ExitKind.DISTRIBUTED,
            amount=amount,
            unit=self.unit(amount.asset),
            place=where.place,
            to=self._bars.destination_of(where.place) if where.kind is ExitKind.IN_TRANSIT else "",
            since="",
            service="" if service is None else service.name,
            verb="" if service is None else service.verb or "",
            paid=paid,
        )

    def of(self, rows: Iterable[Left], *, claim: bool = False) -> tuple[Place, ...]:
        """Places of runs of units, equal places as one, counted as a trail counts them.

        `claim` says whether units on an order's line are what its supplier owes, or still to come.
        """
        held: dict[tuple[str, ExitKind | None], int] = defaultdict(int)
        lost: dict[tuple[ExitKind, str, str], int] = defaultdict(int)
        for row in rows:
            if row.ended is not None:
                use, part = row.ended
                lost[self.end_of(use, part.kind)] += self._bars.ended_units(
                    use, part.kind, row.start, row.end
                )
                continue
            kind = self._bars.ending_of(row.line, closed=claim)
            held[row.line, kind] += self._bars.units_waiting(row.line, kind, row.start, row.end)
        return tuple(self.of_sums(held, lost))

    def end_of(self, use: Use, kind: PartKind) -> tuple[ExitKind, str, str]:
        """(how, asset, place) of units that ended in a use."""
        ending, line = self._bars.ended_as(use, kind), line_named(use.line)
        if is_refund(use):
            order, asset = self._bars.owed_on(use)
            return ending, asset, order
        if isinstance(line, OrderLine):
            product = self._bars.order_item(use.line)[1].product
            return ending, product, use_named(use.id).number
        if isinstance(line, GoodsLine):
            return ending, line.product, line.place
        return ending, line.asset, ""
