"""What is remembered between questions about lines changes no answer and no row; a shelf in memory is in order."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict
from ledger.core.lines import Append, Change, Operation, Part, PartKind, Undo, UnitState, Use
from ledger.store.shelf import MemoryShelf
from ledger.tracing.changing import LinesWriting
from ledger.tracing.rows import SPAN, SpanRow
from ledger.tracing.state import Lines

FROM, TO = "money/c/free/BTC", "money/c/free/USD"
STATES = st.sampled_from([UnitState.FREE, UnitState.HELD, UnitState.VOID])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("give"), st.integers(1, 30)),
        st.tuples(st.just("use"), st.integers(1, 40)),
        st.tuples(st.just("use twice"), st.integers(1, 20)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.tuples(st.just("turn"), st.integers(0, 9), st.integers(1, 9), STATES),
        st.tuples(st.just("set"), st.integers(0, 90), st.integers(1, 20), STATES, STATES),
    ),
    max_size=20,
)


def operation_of(lines: Lines, number: int, step: tuple) -> Operation | None:
    match step:
        case ("give", units):
            return Append(FROM, "BTC", lines.length(FROM), units, f"g{number}")
        case ("use" | "use twice" as how, units):
            pieces = lines.lowest_free(FROM, units)
            if how == "use twice" and len(pieces) == 1 and pieces[0][1] - pieces[0][0] > 1:
                start, end = pieces[0]
                pieces = ((start, start + 1), (start + 1, end))
            taken = sum(end - start for start, end in pieces)
            parts = (Part(PartKind.ON, taken, taken, TO, lines.length(TO)),)
            return Use(f"conversion:c:{number}", FROM, pieces, taken, parts) if taken else None
        case ("undo", which):
            return Undo(f"conversion:c:{which}")
        case ("turn", which, units, after):
            spans = [span for span in lines.spans(FROM) if span.state is not UnitState.USED]
            if not spans:
                return None
            span = spans[which % len(spans)]
            piece = (span.start, min(span.end, span.start + units))
            return Change(FROM, (piece,), span.state, after, "" if after == "free" else "why")
        case ("set", start, units, before, after):
            return Change(FROM, ((start, start + units),), before, after, "" if after == "free" else "why")
    return None


def rows_of(shelf: MemoryShelf) -> dict[str, list[tuple[str, bytes]]]:
    return {space: list(shelf.rows(space)) for space in sorted(shelf.spaces())}


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_hints_change_nothing(steps: list[tuple]) -> None:
    """One shelf keeps its hints and the other forgets them before every question."""
    keeping, forgetting = MemoryShelf(), MemoryShelf()
    begun = [("give", 60), *(("set", start, 5, UnitState.FREE, UnitState.HELD) for start in (10, 20, 35))]
    for number, step in enumerate([*begun, *steps]):
        before = copy.deepcopy((keeping, forgetting))
        answers = []
        for shelf in (keeping, forgetting):
            forgetting.hints.clear()
            lines = LinesWriting(shelf)
            operation = operation_of(lines, number, step)
            try:
                if operation is not None:
                    lines.apply(operation)
                forgetting.hints.clear()
                answers.append((operation, list(lines.spans(FROM)), lines.free_units(FROM)))
            except Conflict as conflict:
                answers.append((operation, str(conflict)))
        assert answers[0] == answers[1]
        if isinstance(answers[0][-1], str):
            keeping, forgetting = before  # as its transaction would undo what was refused halfway
        assert rows_of(keeping) == rows_of(forgetting)


KEYS = st.text("a|}z", max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(KEYS, st.booleans(), KEYS, st.none() | KEYS, st.booleans()), max_size=30))
def test_a_shelf_in_memory_is_in_order(steps: list[tuple[str, bool, str, str | None, bool]]) -> None:
    """However keys lie in groups and groups in groups, and whatever was removed and came again."""
    shelf, truth = MemoryShelf(), dict[str, bytes]()
    for key, there, low, high, reverse in steps:
        shelf.save("space", key, b"1" if there else None)
        if there:
            truth[key] = b"1"
        else:
            truth.pop(key, None)
        wanted = sorted(k for k in truth if low <= k and (high is None or k < high))
        wanted = wanted[::-1] if reverse else wanted
        for limit in (None, 0, 2):
            found = [k for k, _ in shelf.rows("space", low, high, reverse=reverse, limit=limit)]
            assert found == wanted[:limit]
        assert shelf.spaces() == (["space"] if truth else [])


@given(
    st.integers(0, 2**53), st.sampled_from(list(UnitState)), st.text(st.characters(exclude_categories=["Cs"]))
)
def test_a_span_is_read_as_it_was_written(end: int, state: UnitState, ref: str) -> None:
    """Also where its name has quotes, commas or letters that are escaped."""
    written = SPAN.write(SpanRow(end, state, ref))
    assert json.loads(written) == [end, state, ref]
    assert SPAN.read(written) == SpanRow(end, state, ref)
