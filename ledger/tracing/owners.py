"""Owners: whose gift each unit of a line is, exactly, by carrying the boundaries of gifts forward.

A gift too small for a whole unit owns none here; `tracing.origins` names it too. Nothing is kept, nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.core.lines import Use
from ledger.core.names import EndedLine, line_named
from ledger.tracing.behind import Behind
from ledger.tracing.state import Lines


@dataclass(frozen=True, slots=True)
class Owned:
    """Units `start..end` of one gift; `gift` None: nobody has paid for them yet ("on credit")."""

    start: int
    end: int
    gift: str | None


def owners(lines: Lines, line: str, start: int, end: int) -> list[Owned]:
    """The runs of `start..end` of a line by gift; they tile it, and each gift's sum is what its own trail says.

    docs/rules.md, T9: backwards the same maps say whose gifts a lot came from.
    """
    return _owners(Behind(lines, [(line, start, end)]), line, start, end)


def owners_of_use(lines: Lines, use: Use) -> list[Owned]:
    """The runs of all that a use took, in the units that it counts (`scale`), by gift."""
    behind = Behind(lines, [(use.line, start, end) for start, end in use.pieces])
    owned = [
        Owned(a * use.scale // use.units, b * use.scale // use.units, gift)
        for a, b, gift in _counted(behind, use, 0, use.units)
    ]
    return list(_tiled([run for run in owned if run.start < run.end], 0, use.scale))


def _owners(behind: Behind, line: str, start: int, end: int) -> list[Owned]:
    if start >= end:
        return []
    owned: list[Owned] = []
    name = line_named(line)
    if isinstance(name, EndedLine):
        owned += _carried(behind, behind.use(name.use), name.part, start, end)
    else:
        for source in behind.sources(line, start, end):
            low, high = max(source.start, start), min(source.end, end)
            if source.gift is not None:
                owned.append(Owned(low, high, source.gift))
            elif source.use is not None:
                use = behind.use(source.use)
                for run in _carried(behind, use, source.part, low - source.start, high - source.start):
                    owned.append(Owned(source.start + run.start, source.start + run.end, run.gift))
    return list(_tiled(owned, start, end))


def _carried(behind: Behind, use: Use, part: int, low: int, high: int) -> Iterator[Owned]:
    """The runs of units `low..high` of a part's output."""
    for first, last, gift in _counted(behind, use, *use.counts_behind(part, low, high)):
        a, b = max(use.outs_at(first)[part], low), min(use.outs_at(last)[part], high)
        if a < b:
            yield Owned(a, b, gift)


def _counted(behind: Behind, use: Use, low: int, high: int) -> Iterator[tuple[int, int, str | None]]:
    """Counts `low..high` of a use by the gift that they are."""
    count = 0
    for start, end in use.pieces:
        first, last = max(low, count), min(high, count + end - start)
        if first < last:
            for run in _owners(behind, use.line, start + first - count, start + last - count):
                yield run.start - start + count, run.end - start + count, run.gift
        count += end - start


def _tiled(runs: list[Owned], start: int, end: int) -> Iterator[Owned]:
    """The runs, adjoining ones of a gift as one, with what nobody owns between them."""
    at, waiting = start, Owned(start, start, None)
    for run in [*runs, Owned(end, end, None)]:
        for piece in (Owned(at, run.start, None), run):
            if piece.start >= piece.end:
                continue
            if piece.gift == waiting.gift:
                waiting = Owned(waiting.start, piece.end, piece.gift)
                continue
            if waiting.start < waiting.end:
                yield waiting
            waiting = piece
        at = max(at, run.end)
    if waiting.start < waiting.end:
        yield waiting
