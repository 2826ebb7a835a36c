"""Tracing: where an interval of a line went, and whose gifts it came from, by the printed rule.

Attribution by rule, never physical tracing: nothing is stored per donor; uses are followed. Forwards as backwards the
tables are asked by generation: one question for the spans (or sources) of all lines that one step of uses led to, and
one each for the uses, their pieces and their parts; then the answer is told depth first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.core.lines import Part, PartKind, UnitState, Use
from ledger.core.names import EndedLine, line_named
from ledger.tracing.behind import Behind
from ledger.tracing.state import Lines, Run


class Stay(NamedTuple):
    """Units that lie where they are: free, held or void on a line; `held_by` names what holds them."""

    line: str
    start: int
    end: int
    state: UnitState
    held_by: str = ""


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
    """Units `start..end` of a part that ended in a use: a fee, a loss, a shortage."""

    use: Use
    kind: PartKind
    start: int
    end: int

    @property
    def units(self) -> int:
        return self.end - self.start


Visit = Stay | Passage | Arrival | Ending


@dataclass(frozen=True, slots=True)
class Origin:
    """Units of a line that come from a gift; `gift` None: nobody has paid for them yet ("on credit")."""

    gift: str | None
    start: int
    end: int
    line: str


@dataclass(slots=True)
class _Stage:
    """What happened to a run, and where its units went on to, in order; runs of a line that touch are one."""

    run: Run
    visits: list[Visit] = field(default_factory=list)
    onward: list[_Stage] = field(default_factory=list)
    _last: dict[str, _Stage] = field(default_factory=dict)

    def add(self, line: str, start: int, end: int) -> None:
        last = self._last.get(line)
        if last is not None and last.run[2] == start:
            last.run = (line, last.run[1], end)
        else:
            self._last[line] = stage = _Stage((line, start, end))
            self.onward.append(stage)


def follow(lines: Lines, line: str, start: int, end: int) -> Iterator[Visit]:
    """Everything that happened to `start..end` of a line, depth first; Stay and Ending are its ends.

    The ends of an interval sum to it exactly at every step, whatever the gifts beside it (rule 9). What comes to lie
    side by side on a line is followed as one: boundaries are monotone, so the parts of neighbours sum to those of both.
    """
    return follow_runs(lines, ((line, start, end),))


def follow_runs(lines: Lines, runs: Iterable[Run]) -> Iterator[Visit]:
    """The same of several runs, one after the other: the tables are asked as often as for the longest way of one."""
    first = [_Stage(run) for run in runs if run[1] < run[2]]
    generation = first
    uses: dict[str, Use] = {}
    resumed: dict[tuple[str, int], str] = {}
    while generation:
        spans = lines.spans_of(stage.run for stage in generation)
        used = {span.ref for of_line in spans.values() for span in of_line if span.state is UnitState.USED}
        names = [line_named(stage.run[0]) for stage in generation]
        new = (used | {name.use for name in names if isinstance(name, EndedLine)}).difference(uses)
        added = lines.uses(new)
        uses |= added
        resumed |= lines.resumed(
            use.id for use in added.values() if any(part.line is None for part in use.parts)
        )
        for stage, name in zip(generation, names, strict=True):
            for low, high, state, ref in spans[stage.run]:
                if state is UnitState.USED:
                    _through(uses[ref], low, high, stage, resumed)
                elif isinstance(name, EndedLine):
                    use = uses[name.use]
                    stage.visits.append(Ending(use, use.parts[name.part].kind, low, high))
                else:
                    held_by = ref if state is UnitState.HELD else ""
                    stage.visits.append(Stay(stage.run[0], low, high, state, held_by))
        generation = [onward for stage in generation for onward in stage.onward]
    work = first[::-1]
    while work:
        stage = work.pop()
        yield from stage.visits
        work += reversed(stage.onward)


def _through(use: Use, start: int, end: int, stage: _Stage, resumed: Mapping[tuple[str, int], str]) -> None:
    """Units `start..end` of a stage's line, which a use took, become what the use made of them."""
    # Joined spans of one use may hold several of its pieces; each is its own run of counts.
    visits, count = stage.visits, 0
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
                stage.add(line, begin + below, begin + upto)
            elif (use.id, index) in resumed:
                stage.add(resumed[use.id, index], below, upto)
            else:
                visits.append(Ending(use, kind, below, upto))


def origins(lines: Lines, line: str, start: int, end: int) -> Iterator[Origin]:
    """Whose gifts `start..end` of a line came from: the same maps, backwards."""
    before = Behind(lines, [(line, start, end)])
    work = [(line, start, end)]
    while work:
        here, first, last = work.pop()
        if first >= last:
            continue
        at, behind = first, list[Run]()
        for low, high, gift, pieces in before.reached(here, first, last):
            if low > at:
                yield Origin(None, at, low, here)
            at = high
            if gift is not None:
                yield Origin(gift, low, high, here)
            behind += pieces
        if at < last:
            yield Origin(None, at, last, here)
        work += reversed(behind)
