"""Operations applied to the lines, and refused where the state does not allow them.

It never decides which units to take for what. The rows of a line depend on what happened to it and on nothing else:
neighbouring spans that say the same are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, NoReturn

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    Text,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlmodel import Session

from ledger.core.errors import Conflict
from ledger.core.lines import (
    Append,
    Change,
    Open,
    Operation,
    Piece,
    Resize,
    Span,
    Undo,
    UnitState,
    Use,
    Withdraw,
)
from ledger.core.names import (
    EndedLine,
    ExchangeLine,
    GoodsLine,
    Line,
    LineKind,
    LoanLine,
    MoneyLine,
    OrderLine,
    RepaidLine,
    SpentLine,
    line_named,
    use_named,
)
from ledger.model.columns import upsert
from ledger.model.lines import SpanRow
from ledger.tracing.state import LINES, PARTS, PIECES, SOURCES, SPANS, USES, Lines, LineState

_OPENED = frozenset({LineKind.ORDER, LineKind.ENDED})
"""Kinds of lines that are opened with all their units, before anything flows into them."""

_line, _start = bindparam("of_line", type_=Text), bindparam("from_start", type_=BigInteger)
_DROP = delete(SPANS).where(SPANS.c.line == _line, SPANS.c.start == _start)
_ADD_SOURCE, _ADD_LINE = insert(SOURCES), insert(LINES)
_ADD_USE, _ADD_PIECE, _ADD_PART = insert(USES), insert(PIECES), insert(PARTS)
_DROP_SOURCE = delete(SOURCES).where(SOURCES.c.line == _line, SOURCES.c.start == _start)
_FILL_TO = update(LINES).where(LINES.c.name == _line).values(filled=bindparam("new_filled", type_=BigInteger))
_AS_LONG = update(LINES).where(LINES.c.name == _line).values(length=bindparam("new_length", type_=BigInteger))
_goes_on = update(LINES).where(
    LINES.c.name == _line, LINES.c.asset == bindparam("of_asset", type_=Text), LINES.c.filled == _start
)
_filled = bindparam("new_filled", type_=BigInteger)
_LENGTHEN = _goes_on.values(length=_filled, filled=_filled)
_FILL = _goes_on.where(LINES.c.length >= _filled).values(filled=_filled)
"""Units flow onto a line where the ones before ended, and on an opened one no further than it is long."""
_TAKE_BACK = (
    update(USES)
    .where(USES.c.name == bindparam("of_use", type_=Text))
    .values(undone_by=bindparam("by", type_=BigInteger))
)
_use_name, _was = bindparam("of_use", type_=Text), bindparam("was", type_=Text)
_OF_USE = [_was if column.name == "name" else column for column in USES.columns]
_KEEP_USE = insert(USES).from_select(
    [column.name for column in USES.columns], select(*_OF_USE).where(USES.c.name == _use_name)
)
_KEEP_PIECES = update(PIECES).where(PIECES.c.use == _use_name).values(use=_was)
_KEEP_PARTS = update(PARTS).where(PARTS.c.use == _use_name).values(use=_was)
_KEEP_SOURCE = (
    update(SOURCES)
    .where(SOURCES.c.line == _line, SOURCES.c.start == _start, SOURCES.c.use == _use_name)
    .values(use=_was)
)
_DROP_USE = delete(USES).where(USES.c.name == _use_name)
_BROUGHT_BY = select(SOURCES.c.entry).where(SOURCES.c.line == _line, SOURCES.c.start == _start)
_RESIZE = update(LINES).where(LINES.c.name == _line).values(length=bindparam("new_length", type_=BigInteger))
_ENDED_GOES_ON = select(
    exists()
    .where(LINES.c.ended_use == bindparam("of_use", type_=Text))
    .where(SPANS.c.line == LINES.c.name, SPANS.c.state != UnitState.FREE)
)


Value = str | int | None

_WRITTEN_AT = 64
"""So many changes of units wait at most until they are written."""


class _Turn(NamedTuple):
    """Units of a line that come to be in another state; `before` None: they are new, at its end."""

    span: Span
    before: UnitState | None


class _Flow(NamedTuple):
    """Units of an asset that flow onto a line at its end, or on an opened one where the ones before ended."""

    asset: str
    start: int
    end: int


class LinesWriting(Lines):
    """All lines of a ledger, and what changes them.

    What an entry adds and changes waits, and is written together, one statement a table, before anything is asked.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._write_span = upsert(session, SpanRow)
        self._batched = False
        self._forget()

    def _forget(self) -> None:
        # Parents before what points to them.
        self._added: dict[Insert, list[dict[str, Value]]] = {
            _ADD_USE: [], _ADD_PIECE: [], _ADD_PART: [], _ADD_SOURCE: []
        }  # fmt: skip
        self._flows: dict[str, list[_Flow]] = defaultdict(list)
        self._turns: dict[str, list[_Turn]] = defaultdict(list)
        self._waiting = 0
        self._again: set[str] = set()
        self._brought: dict[str, int | None] = {}

    @property
    def connection(self) -> Connection:
        """Whoever asks here finds all that was added."""
        self._write_added()
        return self._connection

    def apply(self, op: Operation, entry: int) -> None:
        """Apply one operation of an entry; raises Conflict where the state does not allow it."""
        self.apply_all((op,), entry)

    def apply_all(self, operations: Iterable[Operation], entry: int) -> None:
        """Apply the operations of an entry in order; raises Conflict where the state does not allow one."""
        if not self._batched:
            self._forget()
        in_order = list(operations)
        taken_back = {op.id for op in in_order if isinstance(op, Undo)}
        self._again = {op.id for op in in_order if isinstance(op, Use)} & taken_back if taken_back else set()
        for op in in_order:
            self._apply(op, entry)
        if not self._batched:
            self._write_added()
        elif any(of_line[0].start == 0 for of_line in self._flows.values()):
            # What is noted beside a line, as it begins, points to it.
            self._write_lines()

    @contextmanager
    def batched(self) -> Iterator[None]:
        """What many entries add within is written together; nobody else may ask the tables of lines meanwhile."""
        self._batched = True
        try:
            yield
            self._write_added()
        finally:
            self._batched = False

    def _write_added(self) -> None:
        if self._flows:
            self._write_lines()
        for statement, rows in self._added.items():
            if rows:
                self._connection.execute(statement, rows)
                self._added[statement] = []
        if self._turns:
            self._write_spans()
        self._waiting = 0

    def _write_lines(self) -> None:
        flows, self._flows = self._flows, defaultdict(list)
        new: list[dict[str, Value]] = []
        longer: list[dict[str, Value]] = []
        fuller: list[dict[str, Value]] = []
        known = self._states([line for line, flow in flows.items() if flow[0].start == 0])
        for line, flow in flows.items():
            first, end, opened = flow[0], flow[-1].end, line_named(line).kind in _OPENED
            for before, after in pairwise(flow):
                _require_on(line, LineState(before.asset, line_named(line).kind, end, before.end), after)
            if first.start == 0 and not opened and line not in known:
                new.append(_line_row(line, LineState(first.asset, line_named(line).kind, end, end)))
                continue
            (fuller if opened else longer).append(
                {"of_line": line, "of_asset": first.asset, "from_start": first.start, "new_filled": end}
            )
        for statement, rows in ((_LENGTHEN, longer), (_FILL, fuller)):
            if rows and self._connection.execute(statement, rows).rowcount != len(rows):
                self._refuse(flows)
        if new:
            self._connection.execute(_ADD_LINE, new)

    def _refuse(self, flows: Mapping[str, list[_Flow]]) -> NoReturn:
        """Conflict: one of the lines is not such that what flows there goes on where it ends."""
        states = self._states(flows)
        for line, flow in flows.items():
            # What could be written ends now where the units do.
            if line not in states or states[line].filled != flow[-1].end:
                _require_on(line, states.get(line), flow[0])
        raise Conflict.field("line", "one of {flows} has some of these units already", flows=tuple(flows))

    def _write_spans(self) -> None:
        turns, self._turns = self._turns, defaultdict(list)
        pieces = {
            line: [(turn.span.start, turn.span.end) for turn in turned] for line, turned in turns.items()
        }
        there = self.around(pieces)
        gone: list[dict[str, Value]] = []
        written: list[dict[str, Value]] = []
        for line, turned in turns.items():
            spans = there[line]
            for turn in turned:
                if turn.before is not None:
                    _require_all(line, spans, turn.span, turn.before)
                spans = list(_with(spans, turn.span))
            spans = list(_joined(spans))
            starts = {span.start for span in spans}
            gone += [
                {"of_line": line, "from_start": span.start}
                for span in there[line]
                if span.start not in starts
            ]
            before = set(there[line])
            written += [
                {"line": line, "start": start, "stop": stop, "state": state, "ref": ref}
                for start, stop, state, ref in spans
                if (start, stop, state, ref) not in before
            ]
        for statement, rows in ((_DROP, gone), (self._write_span, written)):
            if rows:
                self._connection.execute(statement, rows)

    def _apply(self, op: Operation, entry: int) -> None:
        match op:
            case Open():
                if self.exists(op.line):
                    self._close_untouched(op.line)
                else:
                    self._add_line(op.line, op.asset, op.units, 0)
                self.connection.execute(_AS_LONG, {"of_line": op.line, "new_length": op.units})
                self._add_free(op.line, 0, op.units)
            case Append():
                self._grow(op.line, op.asset, op.start, op.units, entry, gift=op.gift)
            case Use():
                self._use(op, entry)
            case Undo():
                self._undo(op.id, entry)
            case Withdraw():
                self._withdraw(op)
            case Resize():
                self._resize(op)
            case Change():
                for piece in op.pieces:
                    self._change(op.line, piece, op.before, op.after, op.ref)

    # lines

    def _add_line(self, name: str, asset: str, length: int, filled: int) -> None:
        state = LineState(asset, line_named(name).kind, length, filled)
        self._connection.execute(_ADD_LINE, _line_row(name, state))

    def _grow(
        self,
        line: str,
        asset: str,
        start: int,
        units: int,
        entry: int,
        *,
        gift: str | None = None,
        use: str | None = None,
        part: int = 0,
    ) -> None:
        """Units flow onto a line: at its end, or on an opened one as far as the ones before reached."""
        end = start + units
        self._flows[line].append(_Flow(asset, start, end))
        if line_named(line).kind not in _OPENED:
            self._add_free(line, start, end)
        if units:
            self._added[_ADD_SOURCE].append(
                {
                    "line": line,
                    "start": start,
                    "stop": end,
                    "gift": gift,
                    "use": use,
                    "part": part,
                    "entry": entry,
                }
            )

    def _close_untouched(self, line: str) -> None:
        """A line that is opened again, since what had opened it was taken back; Conflict where anything lies on it."""
        if self.filled(line) or any(span.state is not UnitState.FREE for span in self.spans(line)):
            raise Conflict.field("line", "{line} exists already", line=line)
        for span in self.spans(line):
            self.connection.execute(_DROP, {"of_line": line, "from_start": span.start})

    def _take_off(self, line: str, start: int) -> None:
        """What filled an opened line last is gone from it."""
        self.connection.execute(_FILL_TO, {"of_line": line, "new_filled": start})
        self.connection.execute(_DROP_SOURCE, {"of_line": line, "from_start": start})

    # operations

    def _use(self, use: Use, entry: int) -> None:
        name = use_named(use.id)
        brought = self._set_aside(use.id, entry) if use.id in self._again else None
        if not use.pieces and self.state(use.line) is None:
            # What no gift stands behind takes no units of a line that nothing ever flowed onto.
            self._add_line(use.line, line_named(use.line).asset, 0, 0)
        self._added[_ADD_USE].append(
            {
                "name": use.id,
                "entry": entry,
                "cause": name.cause,
                "campaign": name.campaign,
                "number": name.number,
                "line": use.line,
                "scale": use.scale,
                "undone_by": None,
            }
        )
        self._added[_ADD_PIECE] += [
            {"use": use.id, "n": n, "start": start, "stop": stop}
            for n, (start, stop) in enumerate(use.pieces)
        ]
        for piece in use.pieces:
            self._change(use.line, piece, UnitState.FREE, UnitState.USED, use.id)
        for index, part in enumerate(use.parts):
            if part.line is not None:
                asset = line_named(part.line).asset
                self._grow(part.line, asset, part.start, part.out, brought or entry, use=use.id, part=index)
        self._added[_ADD_PART] += [
            {"use": use.id, "n": n, **dict(zip(_PART_COLUMNS, part, strict=True))}
            for n, part in enumerate(use.parts)
        ]

    def _undo(self, use_id: str, entry: int) -> None:
        use = self.use(use_id)
        later = Conflict.field("reversal", "later facts stand on {use}; reverse those first", use=use_id)
        # What is made again keeps what ended in it, whatever became of that.
        if use_id in self._again:
            self._brought[use_id] = self._brought_by(use)
        elif self.connection.scalar(_ENDED_GOES_ON, {"of_use": use_id}):
            raise later
        for part in use.parts:
            if part.line is None or part.out == 0:
                continue
            piece = (part.start, part.start + part.out)
            if any(span.state is not UnitState.FREE for span in self.spans(part.line, *piece)):
                raise later
            if line_named(part.line).kind not in _OPENED:
                self._change(part.line, piece, UnitState.FREE, UnitState.VOID, use_id)
            elif self.filled(part.line) == piece[1]:
                self._take_off(part.line, part.start)
            else:
                raise later
        for piece in use.pieces:
            self._change(use.line, piece, UnitState.USED, UnitState.FREE, "")
        self.connection.execute(_TAKE_BACK, {"of_use": use_id, "by": entry})

    def _set_aside(self, use_id: str, entry: int) -> int | None:
        """A use that is made again is called otherwise in its old shape.

        Gives the entry that brought its units first, which those of the new shape rest on as well.
        """
        old, named = self.use(use_id), use_named(use_id)
        variant = ".".join(filter(None, (named.variant, str(entry))))
        names = {"of_use": use_id, "was": str(replace(named, variant=variant))}
        self.connection.execute(_KEEP_USE, names)
        for statement in (_KEEP_PIECES, _KEEP_PARTS):
            self.connection.execute(statement, names)
        for part in old.parts:
            if part.line is not None and part.out:
                self.connection.execute(
                    _KEEP_SOURCE, names | {"of_line": part.line, "from_start": part.start}
                )
        self.connection.execute(_DROP_USE, {"of_use": use_id})
        return self._brought.pop(use_id, None)

    def _brought_by(self, use: Use) -> int | None:
        """The entry that brought the units which a use appended; None where it appended none."""
        for part in use.parts:
            if part.line is not None and part.out:
                at = {"of_line": part.line, "from_start": part.start}
                return self.connection.scalar(_BROUGHT_BY, at)
        return None

    def _resize(self, op: Resize) -> None:
        row = self.require(op.line)
        if row.kind not in _OPENED or row.filled > op.units:
            raise Conflict.field(
                "line",
                "{line} cannot have {n} unit; {filled} are filled",
                many="{line} cannot have {n} units; {filled} are filled",
                line=op.line,
                n=op.units,
                filled=row.filled,
            )
        if op.units > row.length:
            self._add_free(op.line, row.length, op.units)
        elif op.units < row.length:
            self._cut(op.line, op.units, row.length)
        self.connection.execute(_RESIZE, {"of_line": op.line, "new_length": op.units})

    def _cut(self, line: str, units: int, length: int) -> None:
        """Take free units off the end of a line."""
        spans = self.spans(line, units, length)
        if any(span.state is not UnitState.FREE for span in spans):
            raise Conflict.field(
                "line",
                "units {units} to {length} of {line} are not all free",
                units=units,
                length=length,
                line=line,
            )
        last = self.spans(line)[-1]
        self.connection.execute(_DROP, {"of_line": line, "from_start": last.start})
        self._add_free(line, last.start, units)

    def _withdraw(self, op: Withdraw) -> None:
        row, end = self.require(op.line), op.start + op.units
        opened = row.kind in _OPENED and row.filled == end
        sources = self.sources(op.line, op.start, end) if op.units else []
        if not opened or [(s.start, s.end, s.gift) for s in sources] != [(op.start, end, op.gift)]:
            raise Conflict.field("reversal", "later facts stand on {gift}; reverse those first", gift=op.gift)
        self._take_off(op.line, op.start)

    # spans

    def _add_free(self, line: str, start: int, end: int) -> None:
        """New units at the end of a line are free."""
        if start < end:
            self._turn(line, _Turn(Span(start, end, UnitState.FREE, ""), None))

    def _change(self, line: str, piece: Piece, before: UnitState, after: UnitState, ref: str) -> None:
        self._turn(line, _Turn(Span(*piece, after, ref), before))

    def _turn(self, line: str, turn: _Turn) -> None:
        if self._waiting == _WRITTEN_AT:
            self._write_added()
        self._turns[line].append(turn)
        self._waiting += 1


def _require_on(line: str, state: LineState | None, flow: _Flow) -> None:
    """Conflict where what flows onto a line does not go on where the line is filled."""
    if state is None:
        raise Conflict.field("line", "there is no line {line}", line=line)
    if state.asset != flow.asset:
        raise Conflict.field(
            "line",
            "{line} counts {asset}, not {flow_asset}",
            line=line,
            asset=state.asset,
            flow_asset=flow.asset,
        )
    if state.filled != flow.start:
        raise Conflict.field(
            "line",
            "{line} continues at {filled}, not at {start}",
            line=line,
            filled=state.filled,
            start=flow.start,
        )
    if state.length < flow.end:
        raise Conflict.field(
            "line",
            "{line} has {n} unit, not {end}",
            many="{line} has {n} units, not {end}",
            line=line,
            n=state.length,
            end=flow.end,
        )


def _require_all(line: str, spans: Iterable[Span], wanted: Span, state: UnitState) -> None:
    """Conflict where a line lacks some of the units, or not all of them are in a state."""
    start, end = wanted.start, wanted.end
    inside = [span for span in spans if span.start < end and span.end > start]
    if not 0 <= start < end or not inside or inside[-1].end < end:
        raise Conflict.field("line", "{line} has no units {start} to {end}", line=line, start=start, end=end)
    if any(span.state is not state for span in inside):
        raise Conflict.field(
            "line",
            "units {start} to {end} of {line} are not all {state}",
            start=start,
            end=end,
            line=line,
            state=state,
        )


_PART_COLUMNS = ("kind", "share", "out", "line", "start")
_LINE_COLUMNS = (
    *("campaign", "restriction", "number", "item", "at", "place", "product", "lot"),
    *("ended_use", "ended_part"),
)
"""What names of lines say, in columns of `lines`; `_columns` has those of a kind."""


def _line_row(name: str, state: LineState) -> dict[str, Value]:
    row: dict[str, Value] = dict.fromkeys(_LINE_COLUMNS)
    row |= dict(_columns(line_named(name)))
    row |= {"name": name, "kind": state.kind, "asset": state.asset}
    return row | {"length": state.length, "filled": state.filled}


def _columns(line: Line) -> Iterator[tuple[str, str | int]]:
    match line:
        case MoneyLine():
            yield from (("campaign", line.campaign), ("restriction", line.restriction))
        case OrderLine():
            yield from (("campaign", line.campaign), ("number", line.order), ("item", line.item))
        case GoodsLine():
            yield from (("campaign", line.campaign), ("at", line.at), ("place", line.place))
            yield from (("product", line.lot.product), ("lot", line.lot.number))
        case SpentLine():
            yield from (("number", line.spend), ("restriction", line.restriction))
        case ExchangeLine():
            yield from (("campaign", line.campaign), ("restriction", line.restriction))
            yield ("place", line.exchange)
        case LoanLine():
            yield from (("campaign", line.campaign), ("number", line.loan))
        case RepaidLine():
            yield from (("campaign", line.campaign), ("number", line.repayment))
        case EndedLine():
            yield from (("ended_use", line.use), ("ended_part", line.part))


def _with(spans: Iterable[Span], new: Span) -> Iterator[Span]:
    """Some spans with a new one over them, or behind them."""
    is_written = False
    for span in spans:
        if span.start < new.start:
            yield span._replace(end=min(span.end, new.start))
        if not is_written and span.end > new.start:
            is_written = True
            yield new
        if span.end > new.end:
            yield span._replace(start=max(span.start, new.end))
    if not is_written:
        yield new


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans that adjoin, those that say the same as one."""
    last: Span | None = None
    for span in spans:
        if last is not None and (last.end, last.state, last.ref) == (span.start, span.state, span.ref):
            last = last._replace(end=span.end)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
