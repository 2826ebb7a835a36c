"""What a donor's coins were worth when they were given, carried along to where a conversion sold them.

By the same units and floors as the carrying values of the campaign (docs/rules.md, 10); it reads visits of one trail.
"""

from __future__ import annotations

from collections import defaultdict

from ledger.core.lines import PartKind
from ledger.core.names import UseCause, use_named
from ledger.rules.at_exchange import FEE
from ledger.tracing.follow import Arrival, Passage, Visit

_CARRIED_ON = frozenset({UseCause.SPEND, UseCause.RECLASSIFICATION, UseCause.DEPOSIT, UseCause.WITHDRAWAL})


def carries_on(use_id: str) -> bool:
    """Does a use carry coins to another line unchanged, where they are looked for? The fee of a way goes nowhere."""
    name = use_named(use_id)
    return name.cause in _CARRIED_ON and name.variant != FEE


class GivenValue:
    """The value of one gift, `start..end` of a line, wherever its coins lie since; None: not known."""

    def __init__(self, line: str, start: int, end: int, value: int | None) -> None:
        self._units, self._value = end - start, value
        self._at: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self._at[line].append((start, end, 0))
        self._through: Passage | None = None

    def see(self, visit: Visit) -> None:
        """Follow the coins; visits come in the order in which a trail tells them."""
        match visit:
            case Passage():
                self._through = visit if carries_on(visit.use.id) else None
            case Arrival() if self._through is not None:
                for first, last, given in self._given(self._through.line, *self._through[1:3]):
                    start = visit.start + first - self._through.start
                    self._at[visit.line].append((start, start + last - first, given))

    def of(self, sale: Passage) -> int | None:
        """What the coins were worth that a use sold, its network fee parted off in proportion."""
        if self._value is None:
            return None
        value, worth = self._value, 0
        for first, last, given in self._given(sale.line, sale.start, sale.end):
            worth += value * (given + last - first) // self._units - value * given // self._units
        charged = sum(part.share for part in sale.use.parts if part.kind is PartKind.FEE)
        return worth - worth * charged // sale.use.units

    def _given(self, line: str, start: int, end: int) -> list[tuple[int, int, int]]:
        """(first, last, place in the gift) of what lies on `start..end` of a line."""
        return [
            (max(first, start), min(last, end), given + max(first, start) - first)
            for first, last, given in self._at[line]
            if max(first, start) < min(last, end)
        ]
