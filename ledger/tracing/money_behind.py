"""Which money lines the units of a line came from, so that what is paid back goes there again.

Reads lines only; it knows no gifts and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ledger.core.lines import Piece, Use
from ledger.core.names import EndedLine, LineKind, MoneyLine, line_named
from ledger.tracing.behind import Behind
from ledger.tracing.state import Lines

Run = tuple[int, int, str]
"""Units `start..end` of a line, and the money line behind them; empty: a gift that was no money."""


def money_behind(lines: Lines, line: str, start: int = 0, end: int | None = None) -> list[Run]:
    """The runs of `start..end` of a line by the money line that they came from, in order.

    What nobody paid for is in none. Only the units asked for are followed: goods that came back to a place that
    they had left would else be followed for ever.
    """
    stop = lines.length(line) if end is None else end
    return _money(Behind(lines, [(line, start, stop)], until=LineKind.MONEY), line, start, stop)


def _money(before: Behind, line: str, start: int, end: int) -> list[Run]:
    return [
        (rows[0][0], rows[-1][1], money)
        for money, adjoining in groupby(_adjoining(before, line, start, end), key=lambda run: run[2])
        for rows in _unbroken(adjoining)
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


def _adjoining(before: Behind, line: str, start: int, end: int) -> Iterator[Run]:
    name = line_named(line)
    if isinstance(name, MoneyLine):
        yield start, end, line
    elif start >= end:
        return
    elif isinstance(name, EndedLine):
        yield from _through(before, before.use(name.use), name.part, 0, (start, end))
    else:
        for source in before.sources(line, start, end):
            piece = max(source.start, start), min(source.end, end)
            if source.use is None:
                yield *piece, ""
            elif piece[0] < piece[1]:
                yield from _through(before, before.use(source.use), source.part, source.start, piece)


def _through(before: Behind, use: Use, part: int, offset: int, piece: Piece) -> Iterator[Run]:
    """The runs of a piece that a use yielded, carried forward by the map that carries shares."""
    low, high = piece
    count, last_count = use.counts_behind(part, low - offset, high - offset)
    for start, end in use.pieces_between(count, last_count):
        for first, last, money in _money(before, use.line, start, end):
            a, b = use.outs_at(count + first - start)[part], use.outs_at(count + last - start)[part]
            cut = max(offset + a, low), min(offset + b, high)
            if cut[0] < cut[1]:
                yield *cut, money
        count += end - start


def pieces_behind(
    lines: Lines, line: str, pieces: tuple[Piece, ...]
) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """The pieces by the money line behind them, those of each in order; unpaid units are left out."""
    money_pieces: dict[str, list[Piece]] = {}
    for start, end in pieces:
        for first, last, money in money_behind(lines, line, start, end):
            money_pieces.setdefault(money, []).append((first, last))
    return tuple((money, tuple(rows)) for money, rows in money_pieces.items())
