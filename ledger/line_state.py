"""The state of all lines on a shelf: which units are free, held, used or void, and where they came from.

Applies operations and refuses what the state does not allow; it never decides which units to take for what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ledger.errors import Conflict
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
    use_from_json,
    use_json,
)
from ledger.shelf import Shelf


def _at(line: str, position: int) -> str:
    return f"{line}|{position:016d}"


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_DECODER = json.JSONDecoder()


def _dump(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


def _load(data: bytes) -> Any:
    return _DECODER.decode(data.decode())


class Lines:
    """All lines of a ledger. Spaces: `line`, `span` (tiles each line), `free`, `source`, `use`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    # reading

    def names(self, prefix: str = "") -> list[str]:
        return [key for key, _ in self._shelf.rows("line", prefix, prefix + "\U0010ffff" if prefix else None)]

    def exists(self, line: str) -> bool:
        return self._shelf.load("line", line) is not None

    def _meta(self, line: str) -> dict[str, Any]:
        data = self._shelf.load("line", line)
        if data is None:
            raise Conflict(f"line: there is no line {line}")
        meta: dict[str, Any] = _load(data)
        return meta

    def asset(self, line: str) -> str:
        return str(self._meta(line)["asset"])

    def length(self, line: str) -> int:
        """Units that the line has in all, 0 where there is no such line."""
        return int(self._meta(line)["length"]) if self.exists(line) else 0

    def filled(self, line: str) -> int:
        """How far payments have reached on an order's line; elsewhere the length."""
        return int(self._meta(line)["filled"]) if self.exists(line) else 0

    def spans(self, line: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """The states of `start..end`, cut to it, in order."""
        stop = self.length(line) if end is None else end
        for span in self._whole_spans(line, start, stop):
            yield Span(max(span.start, start), min(span.end, stop), span.state, span.ref)

    def _whole_spans(self, line: str, start: int, stop: int) -> Iterator[Span]:
        """The spans that touch `start..stop`, in order, as stored."""
        low = _at(line, start)
        for key, _ in self._shelf.rows("span", line + "|", low + "\0", reverse=True, limit=1):
            low = key
        for key, data in self._shelf.rows("span", low, _at(line, stop)):
            end, state, ref = _load(data)
            if end > start and int(key[-16:]) < stop:
                yield Span(int(key[-16:]), end, UnitState(state), ref)

    def sources(self, line: str, start: int = 0, end: int | None = None) -> Iterator[Source]:
        """Where `start..end` came from, whole rows (not cut), in order; unfilled positions have none."""
        stop = self.length(line) if end is None else end
        low = _at(line, start)
        for key, _ in self._shelf.rows("source", line + "|", low + "\0", reverse=True, limit=1):
            low = key
        for key, data in self._shelf.rows("source", low, _at(line, stop)):
            source_end, gift, use, part = _load(data)
            if source_end > start:
                yield Source(int(key[-16:]), source_end, gift, use, part)

    def use(self, use_id: str) -> Use:
        data = self._shelf.load("use", use_id)
        if data is None:
            raise Conflict(f"use: there is no use {use_id}")
        return use_from_json(_load(data))

    def has_use(self, use_id: str) -> bool:
        return self._shelf.load("use", use_id) is not None

    def free_units(self, line: str) -> int:
        """All free units of a line."""
        return sum(end - start for start, end in self._free(line))

    def _free(self, line: str) -> Iterator[Piece]:
        for key, data in self._shelf.rows("free", line + "|", line + "}"):
            yield int(key[-16:]), int(data)

    def lowest_free(self, line: str, units: int, *, within: Piece | None = None) -> tuple[Piece, ...]:
        """The lowest `units` free units, or fewer where there are not so many (rule 3)."""
        taken: list[Piece] = []
        wanted = units
        for start, end in self._free(line):
            if within is not None:
                start, end = max(start, within[0]), min(end, within[1])
            if start >= end:
                continue
            if wanted == 0:
                break
            last = min(end, start + wanted)
            taken.append((start, last))
            wanted -= last - start
        return tuple(taken)

    # applying

    def apply(self, op: Operation) -> None:
        """Apply one operation; raises Conflict where the state does not allow it."""
        match op:
            case Open():
                if self.exists(op.line):
                    raise Conflict(f"line: {op.line} exists already")
                self._save_meta(op.line, op.asset, op.units, 0)
                self._put_span(op.line, 0, op.units, UnitState.FREE, "")
            case Append():
                self._grow(op.line, op.asset, op.start, op.units, gift=op.gift)
            case Use():
                self._apply_use(op)
            case Undo():
                self._undo(op.id)
            case Withdraw():
                self._withdraw(op)
            case Change():
                for piece in op.pieces:
                    self._change(op.line, piece, op.before, op.after, op.ref)

    def _save_meta(self, line: str, asset: str, length: int, filled: int | None) -> None:
        meta: dict[str, Any] = {"asset": asset, "length": length}
        meta["filled"] = length if filled is None else filled
        meta["opened"] = filled is not None
        self._shelf.save("line", line, _dump(meta))

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
        if self.exists(line):
            meta = self._meta(line)
            if meta["asset"] != asset:
                raise Conflict(f"line: {line} counts {meta['asset']}, not {asset}")
            opened, length, filled = bool(meta["opened"]), int(meta["length"]), int(meta["filled"])
        else:
            opened, length, filled = False, 0, 0
        if start != filled or (opened and start + units > length):
            raise Conflict(f"line: {line} continues at {filled}, not at {start}")
        if opened:
            self._save_meta(line, asset, length, filled + units)
        else:
            self._save_meta(line, asset, length + units, None)
            self._put_span(line, start, start + units, UnitState.FREE, "")
        if units:
            row = [start + units, gift, use, part]
            self._shelf.save("source", _at(line, start), _dump(row))

    def _apply_use(self, use: Use) -> None:
        if self.has_use(use.id):
            raise Conflict(f"use: {use.id} is recorded already")
        for piece in use.pieces:
            self._change(use.line, piece, UnitState.FREE, UnitState.USED, use.id)
        self._shelf.save("use", use.id, _dump(use_json(use)))
        for index, part in enumerate(use.parts):
            if part.line is not None:
                asset = self.asset(part.line) if self.exists(part.line) else ""
                self._grow(
                    part.line,
                    asset or self._new_asset(part.line),
                    part.start,
                    part.out,
                    use=use.id,
                    part=index,
                )

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
            meta = self._meta(part.line)
            if meta["opened"]:
                if int(meta["filled"]) != piece[1] or any(
                    span.state is not UnitState.FREE for span in self.spans(part.line, *piece)
                ):
                    raise Conflict(f"reversal: later facts stand on {use_id}; reverse those first")
                self._save_meta(part.line, meta["asset"], int(meta["length"]), piece[0])
                self._shelf.save("source", _at(part.line, part.start), None)
            else:
                try:
                    self._change(part.line, piece, UnitState.FREE, UnitState.VOID, use_id)
                except Conflict as error:
                    raise Conflict(f"reversal: later facts stand on {use_id}; reverse those first") from error
        for piece in use.pieces:
            self._change(use.line, piece, UnitState.USED, UnitState.FREE, "")

    def _withdraw(self, op: Withdraw) -> None:
        meta, end = self._meta(op.line), op.start + op.units
        (source,) = self.sources(op.line, op.start, end) if op.units else (None,)
        told = source is not None and (source.start, source.end, source.gift) == (op.start, end, op.gift)
        if not meta["opened"] or int(meta["filled"]) != end or not told:
            raise Conflict(f"reversal: later facts stand on {op.gift}; reverse those first")
        self._save_meta(op.line, meta["asset"], int(meta["length"]), op.start)
        self._shelf.save("source", _at(op.line, op.start), None)

    def _change(self, line: str, piece: Piece, before: UnitState, after: UnitState, ref: str) -> None:
        start, end = piece
        if not 0 <= start < end <= self.length(line):
            raise Conflict(f"line: {line} has no units {start} to {end}")
        found = list(self._whole_spans(line, start, end))
        covered = sum(min(span.end, end) - max(span.start, start) for span in found)
        if covered != end - start or any(span.state is not before for span in found):
            raise Conflict(f"line: units {start} to {end} of {line} are not all {before}")
        for span in found:
            self._drop_span(line, span.start, span.state)
        first, last = found[0], found[-1]
        if first.start < start:
            self._write_span(line, first.start, start, first.state, first.ref)
        if last.end > end:
            self._write_span(line, end, last.end, last.state, last.ref)
        self._put_span(line, start, end, after, ref)

    def _drop_span(self, line: str, start: int, state: UnitState) -> None:
        self._shelf.save("span", _at(line, start), None)
        if state is UnitState.FREE:
            self._shelf.save("free", _at(line, start), None)

    def _write_span(self, line: str, start: int, end: int, state: UnitState, ref: str) -> None:
        self._shelf.save("span", _at(line, start), _dump([end, state.value, ref]))
        if state is UnitState.FREE:
            self._shelf.save("free", _at(line, start), str(end).encode())

    def _put_span(self, line: str, start: int, end: int, state: UnitState, ref: str) -> None:
        """Write a span, joined with equal neighbours, so that the same history gives the same rows."""
        if start >= end:
            return
        for key, data in self._shelf.rows("span", line + "|", _at(line, start), reverse=True, limit=1):
            left_end, left_state, left_ref = _load(data)
            if left_end == start and left_state == state.value and left_ref == ref:
                start = int(key[-16:])
                self._drop_span(line, start, state)
        right = self._shelf.load("span", _at(line, end))
        if right is not None:
            right_end, right_state, right_ref = _load(right)
            if right_state == state.value and right_ref == ref:
                self._drop_span(line, end, state)
                end = right_end
        self._write_span(line, start, end, state, ref)
