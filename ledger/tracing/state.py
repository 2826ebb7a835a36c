"""The state of all lines on a shelf: which units are free, held, used or void, and where they came from.

It reads and changes nothing (ledger/tracing/changing.py does).
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.accounts import AccountClass
from ledger.core.errors import Conflict
from ledger.core.lines import Piece, Source, Span, UnitState, Use, units_in
from ledger.core.names import EndedLine, GoodsLine, MoneyLine, SpentLine, line_named
from ledger.store.shelf import JUST_ABOVE, Shelf
from ledger.tracing.rows import (
    FREE,
    LINE,
    SPAN,
    USE,
    LineRow,
    UseRow,
    at,
    source_of,
    span_at,
)

FIRST_FREE, LAST_SPAN = 0, 1
"""The hints of a line: no free unit lies below the one; the other was the start of the last span."""
_ALL = "\U0010ffff"


class Lines:
    """All lines of a ledger, read. Spaces: `line`, `free` and `span` (which tile each line), `source`, `use`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def names(self, prefix: str = "") -> list[str]:
        return [key for key, _ in self._shelf.rows("line", prefix, prefix + _ALL if prefix else None)]

    def money(
        self, campaign: str | None = None, *, restriction: str | None = None, asset: str | None = None
    ) -> list[MoneyLine]:
        """The money lines of a campaign or of all, by name; of one restriction or asset where one is given."""
        found = [line for line in map(line_named, self.names("money/")) if isinstance(line, MoneyLine)]
        return [
            line
            for line in found
            if campaign in {None, line.campaign}
            and restriction in {None, line.restriction}
            and asset in {None, line.asset}
        ]

    def goods(self, campaign: str | None = None, at: AccountClass | None = None) -> list[GoodsLine]:
        """The lines of goods of a campaign or of all, by name; at places of one class where one is given."""
        found = [line for line in map(line_named, self.names("goods/")) if isinstance(line, GoodsLine)]
        return [line for line in found if campaign in {None, line.campaign} and at in {None, line.at}]

    def spent(self, spend: str) -> list[SpentLine]:
        """The lines of what a spend carried away, by name."""
        found = map(line_named, self.names(f"spent/{spend}/"))
        return [line for line in found if isinstance(line, SpentLine)]

    def ended(self) -> list[EndedLine]:
        """The lines of what ended in uses and went on after all, by name."""
        found = map(line_named, self.names("ended/"))
        return [line for line in found if isinstance(line, EndedLine)]

    def exists(self, line: str) -> bool:
        return self._shelf.value(LINE, line) is not None

    def _line(self, line: str) -> LineRow:
        row = self._shelf.value(LINE, line)
        if row is None:
            raise Conflict(f"line: there is no line {line}")
        return row

    def asset(self, line: str) -> str:
        return self._line(line).asset

    def length(self, line: str) -> int:
        """Units that the line has in all, 0 where there is no such line."""
        row = self._shelf.value(LINE, line)
        return 0 if row is None else row.length

    def filled(self, line: str) -> int:
        """How far payments have reached on an order's line; elsewhere the length."""
        row = self._shelf.value(LINE, line)
        return 0 if row is None else row.filled

    def spans(self, line: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """The states of `start..end`, cut to it, in order."""
        stop = self.length(line) if end is None else end
        found = self._whole_spans(line, start, stop)
        if found and found[0].start < start:
            found[0] = found[0]._replace(start=start)
        if found and found[-1].end > stop:
            found[-1] = found[-1]._replace(end=stop)
        return iter(found)

    def _whole_spans(self, line: str, start: int, stop: int) -> list[Span]:
        """The spans that touch `start..stop`, in order, as stored."""
        low = at(line, start)
        here = self._span_at(low, start)
        if here is None:
            low = self._before(line, low)
        elif here.end >= stop > start:
            return [here]
        found = self._spans_between(low, at(line, stop))
        return found[1:] if found and found[0].end <= start else found

    def whole_spans(self, line: str) -> list[Span]:
        """All spans of a line, in order."""
        return self._spans_between(line + "|", line + "}")

    def _span_at(self, key: str, start: int) -> Span | None:
        """The span that begins at a key, which has the start in it."""
        end = self._shelf.value(FREE, key)
        if end is not None:
            return Span(start, end, UnitState.FREE, "")
        row = self._shelf.value(SPAN, key)
        return None if row is None else Span(start, *row)

    def _spans_between(self, low: str, high: str) -> list[Span]:
        found = [span_at(key, data) for key, data in self._shelf.rows("span", low, high)]
        free = [
            Span(int(key[-16:]), int(data), UnitState.FREE, "")
            for key, data in self._shelf.rows("free", low, high)
        ]
        return sorted(found + free) if found and free else found or free

    def _before(self, line: str, key: str) -> str:
        """The key of the last span that begins before a key; the key where there is none."""
        low = line + "|"
        ends = [self._shelf.rows(space, low, key, reverse=True, limit=1) for space in ("free", "span")]
        return max((found for rows in ends for found, _ in rows), default=key)

    def sources(self, line: str, start: int = 0, end: int | None = None) -> Iterator[Source]:
        """Where `start..end` came from, whole rows (not cut), in order; unfilled positions have none."""
        stop = self.length(line) if end is None else end
        low = at(line, start)
        for key, _ in self._shelf.rows("source", line + "|", low + JUST_ABOVE, reverse=True, limit=1):
            low = key
        for key, data in self._shelf.rows("source", low, at(line, stop)):
            row = source_of(data)
            if row.end > start:
                yield Source(int(key[-16:]), *row)

    def use(self, use_id: str) -> Use:
        return self._use(use_id).use

    def recorded_by(self, use_id: str) -> int:
        """The number of the entry that recorded a use."""
        return self._use(use_id).entry

    def _use(self, use_id: str) -> UseRow:
        row = self._shelf.value(USE, use_id)
        if row is None:
            raise Conflict(f"use: there is no use {use_id}")
        return row

    def has_use(self, use_id: str) -> bool:
        return self._shelf.load("use", use_id) is not None

    def free_units(self, line: str) -> int:
        """All free units of a line."""
        return units_in(self._free(line))

    def _free(self, line: str) -> Iterator[Piece]:
        """The free pieces of a line in order, read as far as they are asked for."""
        hint = self._hint(line)
        low = hint[FIRST_FREE]
        end = self._shelf.value(FREE, at(line, low))
        if end is not None:
            yield low, end
            low = end
        size, first = 4, end is None
        while True:
            page = list(self._shelf.rows("free", at(line, low), line + "}", limit=size))
            for key, data in page:
                start, low = int(key[-16:]), int(data)
                if first:
                    hint[FIRST_FREE], first = start, False
                yield start, low
            if len(page) < size:
                return
            size = 1000

    def lowest_free(self, line: str, units: int, *, within: Piece | None = None) -> tuple[Piece, ...]:
        """The lowest `units` free units, or fewer where there are not so many (rule 3)."""
        taken: list[Piece] = []
        wanted = units
        for start, end in self._free(line):
            if within is not None:
                if start >= within[1]:
                    break
                start, end = max(start, within[0]), min(end, within[1])
            if start < end:
                last = min(end, start + wanted)
                taken.append((start, last))
                wanted -= last - start
            if wanted == 0:
                break
        return tuple(taken)

    def _hint(self, line: str) -> list[int]:
        """What is remembered of a line, to be changed in place."""
        hints = self._shelf.hints
        hint: list[int] | None = hints.get(line)
        if hint is None:
            hint = hints[line] = [0, 0]
        return hint
