"""Lines kept in memory give the same trails as lines read one by one, whatever happened to them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.trail import lines as measured
from ledger.core.lines import Append, Part, PartKind, Use
from ledger.store.shelf import MemoryShelf
from ledger.tracing.changing import LinesWriting
from ledger.tracing.follow import Ending, Stay, follow
from ledger.tracing.state import Lines
from ledger.tracing.traced import TracedLines

COINS = "money/c/free/BTC"
GIFTS = st.lists(st.integers(1, 50), min_size=1, max_size=10)
USES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=8
)


def _used(shelf: MemoryShelf, gifts: list[int], uses: list[tuple[int, int, int, bool]]) -> Lines:
    """A line of gifts, uses of it onto two bank lines, and of some of what came there onto a third line."""
    lines = LinesWriting(shelf)
    for number, units in enumerate(gifts):
        lines.apply(Append(COINS, "BTC", lines.length(COINS), units, f"g{number}"))
    for number, (units, fee, out, further) in enumerate(uses):
        target = f"money/c/need-{number % 2}/USD"
        source, onto = (target, "order/c/PO-1/1/USD") if further else (COINS, target)
        pieces = lines.lowest_free(source, units)
        taken = sum(end - start for start, end in pieces)
        if not taken:
            continue
        lost = min(fee, taken)
        parts = (
            Part(PartKind.FEE, lost, lost),
            Part(PartKind.ON, taken - lost, out if taken > lost else 0, onto, lines.length(onto)),
        )
        lines.apply(Use(f"conversion:c:{number}", source, pieces, taken, parts))
    return lines


@given(GIFTS, USES, st.data())
@settings(max_examples=100, deadline=None)
def test_a_trail_is_the_same_from_memory(
    gifts: list[int], uses: list[tuple[int, int, int, bool]], data: st.DataObject
) -> None:
    shelf = MemoryShelf()
    lines = _used(shelf, gifts, uses)
    total = sum(gifts)
    start = data.draw(st.integers(0, total - 1))
    end = data.draw(st.integers(start + 1, total))
    kept = TracedLines(shelf)
    for low, high in ((start, end), (0, total), (start, end)):
        assert list(follow(kept, COINS, low, high)) == list(follow(lines, COINS, low, high))


def _ends(lines: Lines, start: int, end: int) -> Counter[tuple[object, ...]]:
    ends: Counter[tuple[object, ...]] = Counter()
    for visit in follow(lines, COINS, start, end):
        match visit:
            case Stay():
                ends[visit.line, visit.state] += visit.end - visit.start
            case Ending():
                ends[visit.use.id, visit.kind] += visit.units
    return ends


@given(GIFTS, USES)
@settings(max_examples=60, deadline=None)
def test_what_is_followed_as_one_ends_as_its_units_do_one_by_one(
    gifts: list[int], uses: list[tuple[int, int, int, bool]]
) -> None:
    lines = _used(MemoryShelf(), gifts, uses)
    total = sum(gifts)
    one_by_one = sum((_ends(lines, unit, unit + 1) for unit in range(total)), Counter[tuple[object, ...]]())
    assert _ends(lines, 0, total) == one_by_one


@given(GIFTS, USES)
@settings(max_examples=60, deadline=None)
def test_no_two_runs_of_a_line_that_one_stage_reached_touch(
    gifts: list[int], uses: list[tuple[int, int, int, bool]]
) -> None:
    """A large gift over many conversions is one run of what they brought, not one a conversion."""
    lines = _used(MemoryShelf(), gifts, [(*use[:3], False) for use in uses])
    stays = [v for v in follow(lines, COINS, 0, sum(gifts)) if isinstance(v, Stay) and v.line != COINS]
    assert all(stays.count(stay) == 1 for stay in stays)
    assert len({stay.line for stay in stays}) == len(stays)


def test_the_measurement_of_trails_runs(tmp_path: Path) -> None:
    """In a tiny configuration; its figures are not judged here."""
    assert len(measured(200, 5, 20)) == 5
