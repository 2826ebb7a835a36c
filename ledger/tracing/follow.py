"""Tracing: where an interval of a line went, and whose gifts it came from, by the printed rule.

Attribution by rule, never physical tracing: nothing is stored per donor; uses are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.lines import Part, PartKind, UnitState, Use
from ledger.core.names import EndedLine, line_named
from ledger.tracing.state import Lines


class Stay(NamedTuple):
    """Units that lie where they are: free, held or void on a line."""

    line: str
    start: int
    end: int
    state: UnitState


class Passage(NamedTuple):
    """Units `start..end` of a line that a use took, as its counts `low..high`."""

    line: str
    start: int
    end: int
    use: Use
    low: int
    high: int


class Arrival(NamedTuple):
    """Units that a part of a use appended to a line."""

    use: Use
    part: Part
    line: str
    start: int
    end: int


class Ending(NamedTuple):
    """Units that ended in a use: a fee, a loss, a shortage."""

    use: Use
    kind: PartKind
    units: int


Visit = Stay | Passage | Arrival | Ending


@dataclass(frozen=True, slots=True)
class Origin:
    """Units of a line that come from a gift; `gift` None: nobody has paid for them yet ("on credit")."""

    gift: str | None
    start: int
    end: int
    line: str


def follow(lines: Lines, line: str, start: int, end: int) -> Iterator[Visit]:
    """Everything that happened to `start..end` of a line, depth first; Stay and Ending are its ends.

    The ends of an interval sum to it exactly at every step, whatever the gifts beside it (rule 9). What comes to lie
    side by side on a line is followed as one: boundaries are monotone, so the parts of neighbours sum to those of both.
    """
    work: list[_Run] = [(line, start, end)]
    resumed = {(line.use, line.part): str(line) for line in lines.ended()}
    while work:
        here, first, last = work.pop()
        if first >= last:
            continue
        onward = _Onward()
        name = line_named(here)
        for low, high, state, ref in lines.spans(here, first, last):
            if state is UnitState.USED:
                yield from _through(lines.use(ref), low, high, onward, resumed)
            elif isinstance(name, EndedLine):
                use = lines.use(name.use)
                yield Ending(use, use.parts[name.part].kind, high - low)
            else:
                yield Stay(here, low, high, state)
        work += reversed(onward.runs)


_Run = tuple[str, int, int]


class _Onward:
    """Where units went on to, in order; runs of a line that touch are one."""

    __slots__ = ("_last", "runs")

    def __init__(self) -> None:
        self.runs: list[_Run] = []
        self._last: dict[str, int] = {}

    def add(self, line: str, start: int, end: int) -> None:
        index = self._last.get(line)
        if index is not None and self.runs[index][2] == start:
            self.runs[index] = (line, self.runs[index][1], end)
        else:
            self._last[line] = len(self.runs)
            self.runs.append((line, start, end))


def _through(
    use: Use, start: int, end: int, onward: _Onward, resumed: Mapping[tuple[str, int], str]
) -> list[Visit]:
    visits: list[Visit] = []
    # Joined spans of one use may hold several of its pieces; each is its own run of counts.
    count = 0
    for piece_start, piece_end in use.pieces:
        first = piece_start if piece_start > start else start
        last = piece_end if piece_end < end else end
        low, high = count + first - piece_start, count + last - piece_start
        count += piece_end - piece_start
        if first >= last:
            continue
        visits.append(Passage(use.line, first, last, use, low, high))
        for index, (part, below, upto) in enumerate(use.outs_between(low, high)):
            kind, _, _, line, begin = part
            if below == upto:
                continue
            if line is not None:
                visits.append(Arrival(use, part, line, begin + below, begin + upto))
                onward.add(line, begin + below, begin + upto)
            elif resumed and (use.id, index) in resumed:
                onward.add(resumed[use.id, index], below, upto)
            else:
                visits.append(Ending(use, kind, upto - below))
    return visits


def origins(lines: Lines, line: str, start: int, end: int) -> Iterator[Origin]:
    """Whose gifts `start..end` of a line came from: the same maps, backwards."""
    work: list[tuple[str, int, int]] = [(line, start, end)]
    while work:
        here, first, last = work.pop()
        if first >= last:
            continue
        at = first
        behind: list[tuple[str, int, int]] = []
        name = line_named(here)
        if isinstance(name, EndedLine):
            ended = lines.use(name.use)
            counts = ended.counts_behind(name.part, first, last)
            work.extend(reversed([(ended.line, a, b) for a, b in ended.pieces_between(*counts)]))
            continue
        for source in lines.sources(here, first, last):
            if source.start > at:
                yield Origin(None, at, source.start, here)
            low, high = max(source.start, first), min(source.end, last)
            at = high
            if source.gift is not None:
                yield Origin(source.gift, low, high, here)
            elif source.use is not None:
                use = lines.use(source.use)
                counts = use.counts_behind(source.part, low - source.start, high - source.start)
                behind.extend((use.line, a, b) for a, b in use.pieces_between(*counts))
        if at < last:
            yield Origin(None, at, last, here)
        work.extend(reversed(behind))
