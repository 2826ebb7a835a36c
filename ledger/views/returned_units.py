"""Returned units: what a use appended to the line that it took it from, drawn where it lay before.

A move with a fee does so, a loss in stock, and what of a loss is found again there, also where it was lost on its way
from there, goods that came back from their way, and a withdrawal of coins that an exchange has not sold. Reads lines
only, for the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.core.accounts import AccountClass
from ledger.core.lines import Part, Piece, Use, units_in
from ledger.core.names import EndedLine, ExchangeLine, GoodsLine, SpentLine, UseCause, line_named, use_named
from ledger.tracing.state import Lines, Run

_BACK = frozenset({UseCause.FIND, UseCause.WITHDRAWAL})
"""What puts back, without fail, what had left a line by other lines."""
ReturnedRuns = tuple[tuple[int, int, int], ...]
"""(start, end, place before) of runs of a line, in order."""


def placed(back: ReturnedRuns, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, place) of the runs of an interval, those put back at the place where they were before."""
    at = start
    for first, last, place in back:
        low, high = max(first, at), min(last, end)
        if low >= high:
            continue
        if at < low:
            yield at, low, at
        yield low, high, place + low - first
        at = high
    if at < end:
        yield at, end, at


class _Returned(NamedTuple):
    """Units appended to a line from `at`: those that counts `low..high` of a part of one of its uses became again."""

    at: int
    use: Use
    part: int
    counts: tuple[Piece, ...]


def returned_runs(
    lines: Lines,
    names: Collection[str],
    came: Mapping[str, Sequence[tuple[int, int, str]]],
    bounds: Callable[[str], Sequence[int]],
    turned_back: Collection[str],
) -> dict[str, ReturnedRuns]:
    """What uses of some lines appended to their own line, at once or by a find of what had ended; by line.

    `came`: the units that uses brought to the lines (`Lines.brought_by_uses`); `bounds`: where on a line one bar ends
    and another begins, for what a use takes across it is drawn bar by bar; `turned_back`: numbers of the arrivals whose
    goods came where their waybill began.
    """
    by_line: dict[str, list[_Returned]] = defaultdict(list)
    uses = lines.returning(names)
    resumed = lines.resumed(uses)
    for use in uses.values():
        for index, part in enumerate(use.parts):
            if _all_goes_to(part, use.line):
                by_line[use.line].append(_Returned(part.start, use, index, ((0, part.out),)))
            if part.line is None and (use.id, index) in resumed:
                by_line[use.line] += _recovered(lines, use.line, use, index, resumed[use.id, index])
    back = {line: _one_after_another(rows, bounds(line)) for line, rows in by_line.items()}
    for line in names:
        returned = {row.at for row in by_line.get(line, ())}
        for start, end, use_id in came.get(line, ()):
            by = use_named(use_id)
            is_back = by.cause in _BACK or (by.cause is UseCause.ARRIVAL and by.number in turned_back)
            if is_back and start not in returned:
                were = list(_drawn_before_transit(lines, line, (line, start, end)))
                if units_in(were) == end - start:
                    back[line] = (*back.get(line, ()), *_laid(back.get(line, ()), start, were))
    return {line: tuple(sorted(runs)) for line, runs in back.items()}


def _drawn_before_transit(lines: Lines, line: str, run: Run) -> Iterator[Piece]:
    """Where units that were found, or that came back from their way, are drawn from before they were sent; what lay
    elsewhere between is left out."""
    name = line_named(run[0])
    if isinstance(name, EndedLine):
        behind = [(lines.use(name.use), name.part, run[1], run[2])]
    else:
        behind = [
            (
                lines.use(row.use),
                row.part,
                max(row.start, run[1]) - row.start,
                min(row.end, run[2]) - row.start,
            )
            for row in lines.sources_of((run,))[run]
            if row.use is not None
        ]
    for use, part, low, high in behind:
        there = line_named(use.line)
        in_transit = isinstance(there, SpentLine | ExchangeLine) or (
            isinstance(there, GoodsLine) and there.at is AccountClass.TRANSIT
        )
        for start, end in _were(use, part, low, high, use.pieces):
            if use.line == line:
                yield start, end
            elif in_transit or isinstance(there, EndedLine):
                yield from _drawn_before_transit(lines, line, (use.line, start, end))


def _one_after_another(returned: Iterable[_Returned], bounds: Sequence[int]) -> ReturnedRuns:
    """The runs by where they were put, each with its place before; what was put back twice is at its first place."""
    back: ReturnedRuns = ()
    for at, use, part, counts in sorted(returned, key=lambda row: row.at):
        taken = [run for piece in use.pieces for run in cut(back, piece, bounds)]
        were = [run for low, high in counts for run in _were(use, part, low, high, taken)]
        back += _laid(back, at, were)
    return back


def cut(back: ReturnedRuns, piece: Piece, bounds: Sequence[int]) -> Iterator[Piece]:
    """A piece of a line in runs that lie together on one bar."""
    for start, end, place in placed(back, *piece):
        at = start
        for bound in bounds:
            here = start + bound - place
            if at < here < end:
                yield at, here
                at = here
        yield at, end


def _laid(back: ReturnedRuns, at: int, runs: Iterable[Piece]) -> ReturnedRuns:
    """Units from `at` on, run by run at the places where they were before."""
    laid: ReturnedRuns = ()
    for start, end in runs:
        for first, last, place in placed(back, start, end):
            laid += ((at, at + last - first, place),)
            at += last - first
    return laid


def _all_goes_to(part: Part, line: str) -> bool:
    return part.line == line and part.out == part.share > 0


def _recovered(lines: Lines, line: str, use: Use, index: int, resumed: str) -> Iterator[_Returned]:
    for find in lines.uses_in(lines.spans(resumed)).values():
        for part in find.parts:
            if _all_goes_to(part, line):
                yield _Returned(part.start, use, index, find.pieces)


def _were(use: Use, index: int, low: int, high: int, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Where units `low..high` of a use's part are drawn: in each piece what goes on lies first, what ended after it.

    `pieces`: all that the use took, in its order.
    """
    before = [
        i
        for i, part in enumerate(use.parts)
        if (part.line is None, i) < (use.parts[index].line is None, index)
    ]
    count = 0
    for start, end in pieces:
        below, above = use.outs_at(count), use.outs_at(count + end - start)
        count += end - start
        begin = start + sum(above[i] - below[i] for i in before)
        first, last = max(low, below[index]), min(high, above[index])
        if first < last:
            yield begin + first - below[index], begin + last - below[index]
