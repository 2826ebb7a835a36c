"""Tracing: where an interval of a line went, and whose gifts it came from, by the printed rule.

Attribution by rule, never physical tracing: nothing is stored per donor; uses are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ledger.line_state import Lines
from ledger.lines import ENDED, Part, PartKind, Span, UnitState, Use, parse_ended_line


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

    The ends of an interval sum to it exactly at every step, whatever the gifts beside it (rule 9).
    """
    work: list[tuple[str, int, int]] = [(line, start, end)]
    resumed = {parse_ended_line(name): name for name in lines.names(ENDED)}
    while work:
        here, first, last = work.pop()
        if first >= last:
            continue
        onward: list[tuple[str, int, int]] = []
        for span in lines.spans(here, first, last):
            if span.state is not UnitState.USED and here.startswith(ENDED):
                use_id, index = parse_ended_line(here)
                ended = lines.use(use_id)
                yield Ending(ended, ended.parts[index].kind, span.end - span.start)
                continue
            if span.state is not UnitState.USED:
                yield Stay(here, span.start, span.end, span.state)
                continue
            yield from _through(lines.use(span.ref), span, onward, resumed)
        onward.reverse()
        work += onward


def _through(
    use: Use, span: Span, onward: list[tuple[str, int, int]], resumed: Mapping[tuple[str, int], str]
) -> list[Visit]:
    # Joined spans of one use may hold several of its pieces; each is its own run of counts.
    visits: list[Visit] = []
    count = 0
    for piece_start, piece_end in use.pieces:
        first = piece_start if piece_start > span.start else span.start
        last = piece_end if piece_end < span.end else span.end
        low, high = count + first - piece_start, count + last - piece_start
        count += piece_end - piece_start
        if first >= last:
            continue
        visits.append(Passage(use.line, first, last, use, low, high))
        index = -1
        for part, out_low, out_high in zip(use.parts, use.outs_at(low), use.outs_at(high), strict=True):
            index += 1
            if out_low == out_high:
                continue
            if part.line is None:
                if resumed and (use.id, index) in resumed:
                    onward.append((resumed[use.id, index], out_low, out_high))
                else:
                    visits.append(Ending(use, part.kind, out_high - out_low))
            else:
                arrived = (part.line, part.start + out_low, part.start + out_high)
                visits.append(Arrival(use, part, *arrived))
                onward.append(arrived)
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
        if here.startswith(ENDED):
            use_id, index = parse_ended_line(here)
            ended = lines.use(use_id)
            counts = ended.counts_behind(index, first, last)
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
