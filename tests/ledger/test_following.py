"""A trail is read by generation and says of units together what it says of each."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from bench.trail import MONEY, PLACES, fund
from ledger.core.lines import Append, Part, PartKind, Use
from ledger.tracing.changing import LinesWriting
from ledger.tracing.follow import Ending, Stay, follow, origins
from ledger.tracing.state import Lines
from tests.tools.lines import ENTRY, no_lines

COINS = "money/c/free/BTC"
GIFTS = st.lists(st.integers(1, 50), min_size=1, max_size=10)
USES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(1, 60), st.booleans()), max_size=8
)


def _use(lines: LinesWriting, gifts: list[int], uses: list[tuple[int, int, int, bool]]) -> None:
    """A line of gifts, uses of it onto two bank lines, and of some of what came there onto a third line."""
    for number, units in enumerate(gifts):
        lines.apply(Append(COINS, "BTC", lines.length(COINS), units, f"g{number}"), ENTRY)
    for number, (units, fee, out, further) in enumerate(uses):
        target = f"money/c/need-{number % 2}/USD"
        source, onto = (target, "goods/c/stock:Depot/KIT#A") if further else (COINS, target)
        pieces = lines.lowest_free(source, units)
        taken = sum(end - start for start, end in pieces)
        if not taken:
            continue
        lost = min(fee, taken)
        parts = (
            Part(PartKind.FEE, lost, lost),
            Part(PartKind.ON, taken - lost, out if taken > lost else 0, onto, lines.length(onto)),
        )
        lines.apply(Use(f"conversion:c:{number}", source, pieces, taken, parts), ENTRY)


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
    total = sum(gifts)
    with no_lines() as lines:
        _use(lines, gifts, uses)
        one_by_one = sum(
            (_ends(lines, unit, unit + 1) for unit in range(total)), Counter[tuple[object, ...]]()
        )
        assert _ends(lines, 0, total) == one_by_one


@given(GIFTS, USES)
@settings(max_examples=60, deadline=None)
def test_no_two_runs_of_a_line_that_one_stage_reached_touch(
    gifts: list[int], uses: list[tuple[int, int, int, bool]]
) -> None:
    """A large gift over many conversions is one run of what they brought, not one a conversion."""
    with no_lines() as lines:
        _use(lines, gifts, [(*use[:3], False) for use in uses])
        visits = list(follow(lines, COINS, 0, sum(gifts)))
    stays = [visit for visit in visits if isinstance(visit, Stay) and visit.line != COINS]
    assert all(stays.count(stay) == 1 for stay in stays)
    assert len({stay.line for stay in stays}) == len(stays)


def test_half_a_fund_is_followed_in_few_questions() -> None:
    """A question a unit would be thousands: 500 conversions, an order, a lot and fifteen places."""
    asked: list[str] = []
    with no_lines() as lines:
        half = fund(lines, 200, 500, ENTRY)[1]
        connection = lines.connection
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        visits = list(follow(lines, MONEY, *half))
        assert len(asked) < 100
        asked.clear()
        found = list(origins(lines, f"goods/c/distributed:P{PLACES - 1}/M#L", 0, 10))
        assert len(asked) < 100
    assert sum(v.units for v in visits if isinstance(v, Ending) and v.kind is PartKind.FEE)
    assert {origin.gift for origin in found} == {"half"}
