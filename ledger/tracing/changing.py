"""Operations applied to the lines on a shelf, and refused where the state does not allow them.

It never decides which units to take for what.
"""

from __future__ import annotations

from ledger.core.errors import Conflict
from ledger.core.lines import (
    Append,
    Change,
    Open,
    Operation,
    Piece,
    Span,
    Undo,
    UnitState,
    Use,
    Withdraw,
)
from ledger.core.names import line_named
from ledger.tracing.rows import FREE, LINE, SOURCE, SPAN, USE, LineRow, SourceRow, SpanRow, UseRow, at
from ledger.tracing.state import FIRST_FREE, LAST_SPAN, Lines


class LinesWriting(Lines):
    """All lines of a ledger, and what changes them."""

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
                asset = line_named(part.line).asset if row is None else row.asset
                self._grow(part.line, asset, part.start, part.out, use=use.id, part=index)

    def _undo(self, use_id: str) -> None:
        use = self.use(use_id)
        for ended in self.ended():
            if ended.use == use_id and any(
                span.state is not UnitState.FREE for span in self.spans(str(ended))
            ):
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
            if hint[LAST_SPAN] == start:
                hint[LAST_SPAN] = end
        self._none_free_until(line, start, end)
        return True

    def _none_free_until(self, line: str, start: int, end: int) -> None:
        """Units `start..end` are no longer free: where they were the first, what follows is."""
        hint = self._hint(line)
        if hint[FIRST_FREE] == start:
            hint[FIRST_FREE] = end

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
        if start > hint[LAST_SPAN]:
            hint[LAST_SPAN] = start
        if state is not UnitState.FREE:
            self._shelf.put(SPAN, at(line, start), SpanRow(end, state, ref))
            return
        self._shelf.put(FREE, at(line, start), end)
        if start < hint[FIRST_FREE]:
            hint[FIRST_FREE] = start

    def _append_free(self, line: str, start: int, end: int) -> None:
        """New units at the end of a line are free: one span with free ones before them."""
        key = at(line, self._hint(line)[LAST_SPAN])
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
        last = self._hint(line)[LAST_SPAN]
        span = self._span_at(at(line, last), last)
        if span is not None and span.end == position:
            return span
        before = self._before(line, at(line, position))
        span = self._span_at(before, int(before[-16:]))
        return span if span is not None and span.end == position else None
