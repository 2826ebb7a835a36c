"""The state of all lines on a shelf: which units are free, held, used or void, and where they came from.

Applies operations and refuses what the state does not allow; it never decides which units to take for what.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Conflict
from ledger.line_rows import (
    FREE,
    LINE,
    SOURCE,
    SPAN,
    USE,
    LineRow,
    SourceRow,
    SpanRow,
    UseRow,
    at,
    source_of,
    span_at,
)
from ledger.lines import (
    ENDED,
    Append,
    Change,
    Open,
    Operation,
    Piece,
    Source,
    Span,
    Undo,
    UnitState,
    Use,
    Withdraw,
    units_in,
)
from ledger.shelf import JUST_ABOVE, Shelf

_FIRST_FREE, _LAST_SPAN = 0, 1
"""The hints of a line: no free unit lies below the one; the other was the start of the last span."""
_ALL = "\U0010ffff"


class Lines:
    """All lines of a ledger. Spaces: `line`, `free` and `span` (which tile each line), `source`, `use`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    # reading

    def names(self, prefix: str = "") -> list[str]:
        return [key for key, _ in self._shelf.rows("line", prefix, prefix + _ALL if prefix else None)]

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
        low = hint[_FIRST_FREE]
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
                    hint[_FIRST_FREE], first = start, False
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

    # applying

    def apply(self, op: Operation, entry: int = 0) -> None:
        """Apply one operation of an entry; raises Conflict where the state does not allow it."""
        match op:
            case Open():
                if self.exists(op.line):
                    raise Conflict(f"line: {op.line} exists already")
                self._save_opened(op.line, op.asset, op.units, 0)
                self._put_span(op.line, 0, op.units, UnitState.FREE, "")
            case Append():
                self._grow(op.line, op.asset, op.start, op.units, gift=op.gift)
            case Use():
                self._apply_use(op, entry)
            case Undo():
                self._undo(op.id)
            case Withdraw():
                self._withdraw(op)
            case Change():
                for piece in op.pieces:
                    self._change(op.line, piece, op.before, op.after, op.ref)

    def _save_opened(self, line: str, asset: str, length: int, filled: int) -> None:
        self._shelf.put(LINE, line, LineRow(asset, length, filled, True))

    def _grow(
        self,
        line: str,
        asset: str,
        start: int,
        units: int,
        *,
        gift: str | None = None,
        use: str | None = None,
        part: int = 0,
    ) -> None:
        row = self._shelf.value(LINE, line) or LineRow(asset, 0, 0, False)
        if row.asset != asset:
            raise Conflict(f"line: {line} counts {row.asset}, not {asset}")
        if start != row.filled or (row.opened and start + units > row.length):
            raise Conflict(f"line: {line} continues at {row.filled}, not at {start}")
        if row.opened:
            self._save_opened(line, asset, row.length, row.filled + units)
        else:
            self._shelf.put(LINE, line, LineRow(asset, start + units, start + units, False))
            self._append_free(line, start, start + units)
        if units:
            self._shelf.put(SOURCE, at(line, start), SourceRow(start + units, gift, use, part))

    def _apply_use(self, use: Use, entry: int) -> None:
        self._shelf.put(USE, use.id, UseRow(use, entry))
        reached = -1
        for piece in use.pieces:
            # Nothing else has this use's name: only a piece that touches the one before can join a span.
            if piece[0] <= reached or not self._take(use.line, piece, use.id):
                self._change(use.line, piece, UnitState.FREE, UnitState.USED, use.id)
            reached = max(reached, piece[1])
        for index, part in enumerate(use.parts):
            if part.line is not None:
                row = self._shelf.value(LINE, part.line)
                asset = self._new_asset(part.line) if row is None else row.asset
                self._grow(part.line, asset, part.start, part.out, use=use.id, part=index)

    @staticmethod
    def _new_asset(line: str) -> str:
        # The last segment of a line's name is its asset, so that a use can begin a line.
        return line.rsplit("/", 1)[1]

    def _undo(self, use_id: str) -> None:
        use = self.use(use_id)
        for name in self.names(f"{ENDED}{use_id}/"):
            if any(span.state is not UnitState.FREE for span in self.spans(name)):
                raise Conflict(f"reversal: later facts stand on {use_id}; reverse those first")
        for part in use.parts:
            if part.line is None or part.out == 0:
                continue
            piece = (part.start, part.start + part.out)
            row = self._line(part.line)
            if row.opened:
                if row.filled != piece[1] or any(
                    span.state is not UnitState.FREE for span in self.spans(part.line, *piece)
                ):
                    raise Conflict(f"reversal: later facts stand on {use_id}; reverse those first")
                self._save_opened(part.line, row.asset, row.length, piece[0])
                self._shelf.put(SOURCE, at(part.line, part.start), None)
            else:
                try:
                    self._change(part.line, piece, UnitState.FREE, UnitState.VOID, use_id)
                except Conflict as error:
                    raise Conflict(f"reversal: later facts stand on {use_id}; reverse those first") from error
        for piece in use.pieces:
            self._change(use.line, piece, UnitState.USED, UnitState.FREE, "")

    def _withdraw(self, op: Withdraw) -> None:
        row, end = self._line(op.line), op.start + op.units
        (source,) = self.sources(op.line, op.start, end) if op.units else (None,)
        told = source is not None and (source.start, source.end, source.gift) == (op.start, end, op.gift)
        if not row.opened or row.filled != end or not told:
            raise Conflict(f"reversal: later facts stand on {op.gift}; reverse those first")
        self._save_opened(op.line, row.asset, row.length, op.start)
        self._shelf.put(SOURCE, at(op.line, op.start), None)

    def _take(self, line: str, piece: Piece, use_id: str) -> bool:
        """Use the beginning of a free span by a use of a new name, which no neighbour can have; else False."""
        start, end = piece
        key, put = at(line, start), self._shelf.put
        free = self._shelf.value(FREE, key)
        if free is None or not start < end <= free:
            return False
        put(FREE, key, None)
        put(SPAN, key, SpanRow(end, UnitState.USED, use_id))
        if free > end:
            put(FREE, at(line, end), free)
            hint = self._hint(line)
            if hint[_LAST_SPAN] == start:
                hint[_LAST_SPAN] = end
        self._none_free_until(line, start, end)
        return True

    def _hint(self, line: str) -> list[int]:
        """What is remembered of a line, to be changed in place."""
        hints = self._shelf.hints
        hint: list[int] | None = hints.get(line)
        if hint is None:
            hint = hints[line] = [0, 0]
        return hint

    def _none_free_until(self, line: str, start: int, end: int) -> None:
        """Units `start..end` are no longer free: where they were the first, what follows is."""
        hint = self._hint(line)
        if hint[_FIRST_FREE] == start:
            hint[_FIRST_FREE] = end

    def _change(self, line: str, piece: Piece, before: UnitState, after: UnitState, ref: str) -> None:
        start, end = piece
        if not 0 <= start < end <= self.length(line):
            raise Conflict(f"line: {line} has no units {start} to {end}")
        found = self._whole_spans(line, start, end)
        covered = sum(min(span.end, end) - max(span.start, start) for span in found)
        if covered != end - start or any(span.state is not before for span in found):
            raise Conflict(f"line: units {start} to {end} of {line} are not all {before}")
        for span in found:
            self._drop_span(line, span.start, span.state)
        first, last = found[0], found[-1]
        if before is UnitState.FREE is not after:
            self._none_free_until(line, start, end)
        if first.start < start:
            self._write_span(line, first.start, start, first.state, first.ref)
        if last.end > end:
            self._write_span(line, end, last.end, last.state, last.ref)
        self._put_span(line, start, end, after, ref)

    def _drop_span(self, line: str, start: int, state: UnitState) -> None:
        if state is UnitState.FREE:
            self._shelf.put(FREE, at(line, start), None)
        else:
            self._shelf.put(SPAN, at(line, start), None)

    def _write_span(self, line: str, start: int, end: int, state: UnitState, ref: str) -> None:
        hint = self._hint(line)
        if start > hint[_LAST_SPAN]:
            hint[_LAST_SPAN] = start
        if state is not UnitState.FREE:
            self._shelf.put(SPAN, at(line, start), SpanRow(end, state, ref))
            return
        self._shelf.put(FREE, at(line, start), end)
        if start < hint[_FIRST_FREE]:
            hint[_FIRST_FREE] = start

    def _append_free(self, line: str, start: int, end: int) -> None:
        """New units at the end of a line are free: one span with free ones before them."""
        key = at(line, self._hint(line)[_LAST_SPAN])
        if end > start > 0 and self._shelf.value(FREE, key) == start:
            self._shelf.put(FREE, key, end)
        else:
            self._put_span(line, start, end, UnitState.FREE, "", last=True)

    def _put_span(
        self, line: str, start: int, end: int, state: UnitState, ref: str, *, last: bool = False
    ) -> None:
        """Write a span, joined with equal neighbours, so that the same history gives the same rows.

        `last`: the line ends with it.
        """
        if start >= end:
            return
        if start:
            left = self._ending_at(line, start)
            if left is not None and left.state is state and left.ref == ref:
                start = left.start  # its row is written over
        right = None if last else self._span_at(at(line, end), end)
        if right is not None and right.state is state and right.ref == ref:
            self._drop_span(line, end, state)
            end = right.end
        self._write_span(line, start, end, state, ref)

    def _ending_at(self, line: str, position: int) -> Span | None:
        """The span that ends at a position, if there is one."""
        last = self._hint(line)[_LAST_SPAN]
        span = self._span_at(at(line, last), last)
        if span is not None and span.end == position:
            return span
        before = self._before(line, at(line, position))
        span = self._span_at(before, int(before[-16:]))
        return span if span is not None and span.end == position else None
