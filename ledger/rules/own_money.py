"""A gift's own money: where its units stand now, on whichever line of money they have come to.

A move with a fee lays units on another place of their line, a reclassification on another line; a refund, a repaid loan
and an exchange back bring them again. What of a gift goes back is taken there too, and nowhere else (docs/rules.md, 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.lines import Part, PartKind, Piece, UnitState, joined, lowest, units_in
from ledger.core.names import MoneyLine, line_named
from ledger.tracing.follow import Passage, Stay, follow
from ledger.tracing.state import Lines, Run


@dataclass(frozen=True, slots=True)
class OwnMoney:
    """By line, the gift's first one first: its free units, and those that some uses carried away."""

    free: Mapping[str, tuple[Piece, ...]]
    carried: Mapping[str, tuple[Piece, ...]]

    def lowest_free(self, units: int) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
        """(line, its lowest pieces) of so many free units, one line after the other; of fewer where there are not."""
        lowest_runs = []
        for line, pieces in self.free.items():
            taken, _ = lowest(pieces, units)
            units -= units_in(taken)
            lowest_runs += [(line, taken)] if taken else []
        return tuple(lowest_runs)


def own_money(lines: Lines, gift: Run, uses: Collection[str] = ()) -> OwnMoney:
    """Units of a gift, whose first place is given, that are money of its campaign and asset; `uses` carried some."""
    first = line_named(gift[0])
    free: dict[str, list[Piece]] = {}
    carried: dict[str, list[Piece]] = {}
    for visit in follow(lines, *gift):
        if isinstance(visit, Stay) and visit.state is UnitState.FREE:
            free_lines = free
        elif isinstance(visit, Passage) and visit.use.id in uses:
            free_lines = carried
        else:
            continue
        line = line_named(visit.line)
        if isinstance(line, MoneyLine) and isinstance(first, MoneyLine) and _alike(line, first):
            free_lines.setdefault(visit.line, []).append((visit.start, visit.end))
    return OwnMoney(*({line: joined(pieces) for line, pieces in by.items()} for by in (free, carried)))


def _alike(line: MoneyLine, first: MoneyLine) -> bool:
    return (line.campaign, line.asset) == (first.campaign, first.asset)


def returned_parts(units: Sequence[int], fee: int) -> list[tuple[Part, ...]]:
    """How units of several lines go back, all of which bear a fee alike (docs/rules.md, T4 and T7)."""
    whole, before, by_return = sum(units), 0, list[tuple[Part, ...]]()
    for of_line in units:
        after = before + of_line
        borne = fee * after // whole - fee * before // whole
        back = of_line - borne
        parts = Part(PartKind.FEE, borne, borne), Part(PartKind.RETURNED, back, back)
        by_return.append(parts if borne else parts[1:])
        before = after
    return by_return
