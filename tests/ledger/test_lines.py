"""The rows of lines say what each unit is, whatever happened to it, and say it once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger.core.errors import Conflict
from ledger.core.lines import Append, Change, Operation, Part, PartKind, Piece, Undo, UnitState, Use
from ledger.tracing.state import LINES, PARTS, PIECES, SOURCES, SPANS, USES, Lines
from tests.tools.lines import ENTRY, no_lines

FROM, TO = "money/c/free/BTC", "money/c/free/USD"
STATES = st.sampled_from([UnitState.FREE, UnitState.HELD, UnitState.VOID])
GIVE = st.tuples(st.just("give"), st.integers(1, 30))
TAKE = st.tuples(st.just("take"), st.integers(1, 40), st.booleans())
UNDO = st.tuples(st.just("undo"), st.integers(0, 9))
TURN = st.tuples(st.just("turn"), st.integers(0, 90), st.integers(1, 20), STATES, STATES)
Step = tuple[str, *tuple[int | bool | UnitState, ...]]


class Units:
    """The units of a line, one by one: what the rows have to say."""

    def __init__(self) -> None:
        self.units: list[tuple[UnitState, str]] = []
        self.uses: dict[str, tuple[Piece, ...]] = {}

    def has(self, pieces: tuple[Piece, ...], state: UnitState) -> bool:
        return all(b <= len(self.units) and {u[0] for u in self.units[a:b]} == {state} for a, b in pieces)

    def put(self, pieces: tuple[Piece, ...], state: UnitState, ref: str) -> None:
        for start, end in pieces:
            self.units[start:end] = [(state, ref)] * (end - start)

    def lowest(self, count: int) -> list[int]:
        return [n for n, unit in enumerate(self.units) if unit[0] is UnitState.FREE][:count]


def operation_of(lines: Lines, number: int, step: Step) -> Operation | None:
    match step:
        case ("give", int(units)):
            return Append(FROM, "BTC", lines.length(FROM), units, f"g{number}")
        case ("take", int(units), split):
            pieces = lines.lowest_free(FROM, units)
            if split and pieces and pieces[0][1] - pieces[0][0] > 1:
                (start, end), *others = pieces
                pieces = ((start, start + 1), (start + 1, end), *others)
            taken = sum(end - start for start, end in pieces)
            parts = (Part(PartKind.ON, taken, taken, TO, lines.length(TO)),)
            return Use(f"conversion:c:{number}", FROM, pieces, taken, parts) if taken else None
        case ("undo", int(which)):
            return Undo(f"conversion:c:{which}")
        case ("turn", int(start), int(units), UnitState() as before, UnitState() as after):
            ref = "" if after is UnitState.FREE else "block:B-1"
            return Change(FROM, ((start, start + units),), before, after, ref)
    raise AssertionError(step)


def play(truth: Units, operation: Operation) -> bool:
    """Do the same unit by unit; False where the state does not allow it."""
    match operation:
        case Append():
            truth.units += [(UnitState.FREE, "")] * operation.units
        case Use():
            truth.put(operation.pieces, UnitState.USED, operation.id)
            truth.uses[operation.id] = operation.pieces
        case Undo():
            if operation.id not in truth.uses:
                return False
            truth.put(truth.uses.pop(operation.id), UnitState.FREE, "")
        case Change():
            if not truth.has(operation.pieces, operation.before):
                return False
            truth.put(operation.pieces, operation.after, operation.ref)
    return True


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(GIVE, TAKE, UNDO, TURN), max_size=20))
def test_rows_say_of_each_unit_what_it_is(steps: list[Step]) -> None:
    """And neighbours that say the same are one row, so that the same history gives the same rows."""
    truth = Units()
    with no_lines() as lines:
        for number, step in enumerate([("give", 60), *steps]):
            operation = operation_of(lines, number, step)
            if operation is None:
                continue
            try:
                lines.apply(operation, ENTRY)
                allowed = True
            except Conflict:
                allowed = False
            assert play(truth, operation) == allowed
            spans = lines.spans(FROM)
            assert [(s.state, s.ref) for s in spans for _ in range(s.start, s.end)] == truth.units
            assert all(a.end == b.start and (a.state, a.ref) != (b.state, b.ref) for a, b in pairwise(spans))
            assert lines.free_units(FROM) == len(truth.lowest(len(truth.units)))
            for units in (1, 7, 100):
                free = lines.lowest_free(FROM, units)
                assert [n for a, b in free for n in range(a, b)] == truth.lowest(units)


def rows_of(lines: Lines) -> dict[str, list[tuple[object, ...]]]:
    tables = (LINES, SPANS, SOURCES, USES, PIECES, PARTS)
    return {
        table.name: sorted(map(tuple, lines.connection.execute(select(table))), key=str) for table in tables
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(GIVE, TAKE, UNDO, TURN), max_size=20))
def test_what_is_written_together_is_what_is_written_one_by_one(steps: list[Step]) -> None:
    """As when many entries are folded again, of which later ones undo earlier ones."""
    done: list[Operation] = []
    with no_lines() as lines:
        for number, step in enumerate([("give", 60), *steps]):
            operation = operation_of(lines, number, step)
            if operation is not None:
                try:
                    lines.apply(operation, ENTRY)
                except Conflict:
                    continue
                done.append(operation)
        one_by_one = rows_of(lines)
    with no_lines() as lines:
        with lines.batched():
            for operation in done:
                lines.apply(operation, ENTRY)
        assert rows_of(lines) == one_by_one


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(GIVE, TAKE, TURN), max_size=12), st.data())
def test_a_run_is_answered_as_its_units_are(steps: list[Step], data: st.DataObject) -> None:
    """Several runs of several lines in one question, each cut to itself."""
    with no_lines() as lines:
        for number, step in enumerate([("give", 60), *steps]):
            operation = operation_of(lines, number, step)
            if operation is not None:
                try:
                    lines.apply(operation, ENTRY)
                except Conflict:
                    continue
        runs = []
        for line in (FROM, TO, FROM, "money/c/need/BTC"):
            start = data.draw(st.integers(0, 80))
            runs.append((line, start, start + data.draw(st.integers(0, 40))))
        found = lines.spans_of(runs)
        for line, start, end in runs:
            units = [(n, s.state, s.ref) for s in lines.spans(line) for n in range(s.start, s.end)]
            cut = [(n, s.state, s.ref) for s in found[line, start, end] for n in range(s.start, s.end)]
            assert cut == [unit for unit in units if start <= unit[0] < end]
