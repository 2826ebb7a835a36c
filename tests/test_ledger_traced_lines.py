"""Lines kept in memory give the same trails as lines read one by one, whatever happened to them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.trail import lines as measured
from ledger.line_state import Lines
from ledger.lines import Append, Part, PartKind, Use
from ledger.shelf import MemoryShelf
from ledger.traced_lines import TracedLines
from ledger.tracing import follow

USES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(1, 60)), max_size=8)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=10), USES, st.data())
@settings(max_examples=100, deadline=None)
def test_a_trail_is_the_same_from_memory(
    gifts: list[int], uses: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    shelf = MemoryShelf()
    lines = Lines(shelf)
    for number, units in enumerate(gifts):
        lines.apply(Append("money/c/free/BTC", "BTC", lines.length("money/c/free/BTC"), units, f"g{number}"))
    for number, (units, fee, out) in enumerate(uses):
        pieces = lines.lowest_free("money/c/free/BTC", units)
        taken = sum(end - start for start, end in pieces)
        if not taken:
            continue
        lost = min(fee, taken)
        target = f"bank/{number % 2}/USD"
        parts = (
            Part(PartKind.FEE, lost, lost),
            Part(PartKind.ON, taken - lost, out if taken > lost else 0, target, lines.length(target)),
        )
        lines.apply(Use(f"u{number}", "money/c/free/BTC", pieces, taken, parts))
    total = sum(gifts)
    start = data.draw(st.integers(0, total - 1))
    end = data.draw(st.integers(start + 1, total))
    kept = TracedLines(shelf)
    for low, high in ((start, end), (0, total), (start, end)):
        assert list(follow(kept, "money/c/free/BTC", low, high)) == list(
            follow(lines, "money/c/free/BTC", low, high)
        )


def test_the_measurement_of_trails_runs(tmp_path: Path) -> None:
    """In a tiny configuration; its figures are not judged here."""
    assert len(measured(200, 5, 20)) == 4
