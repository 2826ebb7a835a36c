"""Which money lines the units of a line came from, so that what is paid back goes there again.

Reads lines only; it knows no gifts and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ledger.line_state import Lines
from ledger.lines import ENDED, Piece, Use, parse_ended_line

Run = tuple[int, int, str]
"""Units `start..end` of a line, and the money line behind them; empty: a gift that was no money."""


def money_behind(lines: Lines, line: str) -> list[Run]:
    """The runs of a line by the money line that they came from, in order; what nobody paid for is in none."""
    return [
        (rows[0][0], rows[-1][1], behind)
        for behind, found in groupby(_adjoining(lines, line), key=lambda run: run[2])
        for rows in _unbroken(found)
    ]


def _unbroken(runs: Iterator[Run]) -> Iterator[list[Run]]:
    rows: list[Run] = []
    for run in runs:
        if rows and rows[-1][1] != run[0]:
            yield rows
            rows = []
        rows.append(run)
    if rows:
        yield rows


def _adjoining(lines: Lines, line: str) -> Iterator[Run]:
    if line.startswith("money/"):
        yield 0, lines.length(line), line
    elif line.startswith(ENDED):
        use_id, index = parse_ended_line(line)
        yield from _through(lines, lines.use(use_id), index, 0)
    else:
        for source in lines.sources(line):
            if source.use is None:
                yield source.start, source.end, ""
            else:
                yield from _through(lines, lines.use(source.use), source.part, source.start)


def _through(lines: Lines, use: Use, part: int, offset: int) -> Iterator[Run]:
    """The runs of a use's line, carried forward by the map that carries shares."""
    behind = money_behind(lines, use.line)
    count = 0
    for start, end in use.pieces:
        for first, last, money in behind:
            low, high = max(first, start), min(last, end)
            if low < high:
                a, b = use.outs_at(count + low - start)[part], use.outs_at(count + high - start)[part]
                if a < b:
                    yield offset + a, offset + b, money
        count += end - start


def pieces_behind(
    lines: Lines, line: str, pieces: tuple[Piece, ...]
) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """The pieces by the money line behind them, those of each in order; unpaid units are left out."""
    found: dict[str, list[Piece]] = {}
    runs = money_behind(lines, line)
    for start, end in pieces:
        for first, last, money in runs:
            low, high = max(first, start), min(last, end)
            if low < high:
                found.setdefault(money, []).append((low, high))
    return tuple((money, tuple(rows)) for money, rows in found.items())
