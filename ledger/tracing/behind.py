"""What lies behind units: the sources and uses that led to them, read by generation and then walked in memory.

One question for the sources of all lines of a generation, one each for its uses, their pieces and their parts. It
lives as long as one question about units, and knows no gifts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledger.core.lines import Source, Use
from ledger.core.names import EndedLine, LineKind, line_named
from ledger.tracing.state import Lines, Run


class Came(NamedTuple):
    """Units `start..end` of a line, and the gift that they are, or the runs that a use made them of."""

    start: int
    end: int
    gift: str | None
    behind: tuple[Run, ...]


class Behind:
    """All that lies behind some runs of lines; behind units of lines of the kind `until` nothing is looked for."""

    def __init__(self, lines: Lines, runs: Iterable[Run], until: LineKind | None = None) -> None:
        self._uses: dict[str, Use] = {}
        self._sources: dict[Run, list[Source]] = {}
        generation = list(runs)
        while generation := [run for run in generation if run[1] < run[2] and run not in self._sources]:
            inner = [run for run in generation if line_named(run[0]).kind is not until]
            ended = {name.use for run in inner if isinstance(name := line_named(run[0]), EndedLine)}
            self._sources |= {run: [] for run in generation} | lines.sources_of(inner)
            used = {source.use for run in inner for source in self._sources[run] if source.use is not None}
            self._uses |= lines.uses((ended | used).difference(self._uses))
            generation = list(
                dict.fromkeys(run for here in inner for came in self.reached(*here) for run in came.behind)
            )
        self.origins = [run for run in self._sources if line_named(run[0]).kind is until]
        """The runs of that kind that lie behind, each once, in the order in which they were found."""

    def sources(self, line: str, start: int, end: int) -> list[Source]:
        """Where units of a run came from, which was reached from those that were asked for: whole rows, in order."""
        return self._sources[line, start, end]

    def use(self, name: str) -> Use:
        return self._uses[name]

    def reached(self, line: str, start: int, end: int) -> Iterator[Came]:
        """Where the units of a run came from, in order; nobody's are left out."""
        name = line_named(line)
        if isinstance(name, EndedLine):
            yield Came(start, end, None, tuple(self.pieces(name.use, name.part, start, end)))
            return
        for source in self._sources[line, start, end]:
            low, high = max(source.start, start), min(source.end, end)
            pieces = (
                ()
                if source.use is None
                else tuple(self.pieces(source.use, source.part, low - source.start, high - source.start))
            )
            yield Came(low, high, source.gift, pieces)

    def pieces(self, use: str, part: int, low: int, high: int) -> Iterator[Run]:
        """The units that a use made `low..high` of a part's output of."""
        took = self._uses[use]
        for start, end in took.pieces_between(*took.counts_behind(part, low, high)):
            yield took.line, start, end
