"""The printed rule of tracing, clause by clause (docs/rules.md, Tracing), on random chains of uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import Conflict
from ledger.core.lines import (
    Append,
    Change,
    Open,
    Operation,
    Part,
    PartKind,
    Undo,
    UnitState,
    Use,
    operation_from_json,
    operation_json,
)
from ledger.tracing.changing import LinesWriting
from ledger.tracing.follow import Arrival, Ending, Stay, follow, origins
from tests.tools.lines import ENTRY, no_lines

COINS, MONEY, ORDER = "money/m/free/BTC", "money/m/free/USD", "order/m/PO-1/1/USD"
GOODS, HANDED = "goods/m/stock:Depot/KIT#A", "goods/m/handed:Clinic/KIT#A"
CONVERSION, PAYMENT, RECEIPT = "conversion:m:C-1", "payment:m:P-1", "receipt:m:G-1:A"
HANDOVER = "handover:m:H-1:KIT#A"


def use_of(units: int, *shares: int, out: int | None = None, line: str | None = MONEY) -> Use:
    """A use of 0…units whose last part goes on as `out`."""
    kinds = (PartKind.FEE, PartKind.SHORT, PartKind.DAMAGED, PartKind.REJECTED, PartKind.LOST)
    rest = units - sum(shares)
    parts = [Part(kind, share, share) for kind, share in zip(kinds, shares, strict=False)]
    parts.append(Part(PartKind.ON, rest, rest if out is None else out, line, 0))
    return Use(CONVERSION, COINS, ((0, units),), units, tuple(parts))


@st.composite
def uses(draw: st.DrawFn) -> Use:
    units = draw(st.integers(1, 10_000))
    left = units
    shares = []
    for _ in range(draw(st.integers(0, 5))):
        share = draw(st.integers(0, left))
        shares.append(share)
        left -= share
    return use_of(units, *shares, out=draw(st.integers(0, 50_000)) if left else 0)


@given(uses(), st.data())
def test_parts_of_any_interval_sum_to_it_and_no_part_is_negative(use: Use, data: st.DataObject) -> None:
    """Rule 4: proportional parts are split off one after the other, every boundary monotone."""
    low = data.draw(st.integers(0, use.units))
    high = data.draw(st.integers(low, use.units))
    shares = [b - a for a, b in zip(use.shares_at(low), use.shares_at(high), strict=True)]
    outs = [b - a for a, b in zip(use.outs_at(low), use.outs_at(high), strict=True)]
    assert sum(shares) == high - low
    assert min(shares) >= 0
    assert min(outs) >= 0


@given(uses())
def test_a_whole_use_gives_each_part_exactly_its_share_and_its_out(use: Use) -> None:
    assert use.shares_at(use.units) == [part.share for part in use.parts]
    assert use.outs_at(use.units) == [part.out if part.share else 0 for part in use.parts]
    assert use.shares_at(0) == [0] * len(use.parts)


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.data())
def test_a_boundary_is_carried_by_the_floor_of_the_printed_rule(
    n: int, out: int, data: st.DataObject
) -> None:
    """Rule 3: a boundary at count x is carried to floor(x * out / n)."""
    x = data.draw(st.integers(0, n))
    assert use_of(n, out=out).outs_at(x) == [x * out // n]


@given(uses(), st.data())
def test_backwards_is_forwards(use: Use, data: st.DataObject) -> None:
    """Each unit that a part yielded belongs to exactly the counts whose boundaries carry to it."""
    part = len(use.parts) - 1
    out = use.outs_at(use.units)[part]
    if not out:
        return
    low = data.draw(st.integers(0, out - 1))
    high = data.draw(st.integers(low + 1, out))
    first, last = use.counts_behind(part, low, high)
    assert use.outs_at(first)[part] <= low
    assert use.outs_at(last)[part] >= high
    assert first == use.units or use.outs_at(first + 1)[part] > low
    assert last == 0 or use.outs_at(last - 1)[part] < high


@dataclass
class Story:
    """A line of gifts and random uses of it, checked against sums kept beside."""

    lines: LinesWriting
    gifts: dict[str, tuple[int, int]] = field(default_factory=dict)
    void: set[str] = field(default_factory=set)
    uses: list[str] = field(default_factory=list)
    made: int = 0

    def give(self, sats: int) -> None:
        gift = f"gift{len(self.gifts)}"
        start = self.lines.length(COINS)
        self.lines.apply(Append(COINS, "BTC", start, sats, gift), ENTRY)
        self.gifts[gift] = (start, start + sats)

    def convert(self, source: str, target: str, units: int, fee: int, out: int) -> None:
        pieces = self.lines.lowest_free(source, units)
        n = sum(b - a for a, b in pieces)
        if n == 0:
            return
        fee = min(fee, n)
        parts = (
            Part(PartKind.FEE, fee, fee),
            Part(PartKind.ON, n - fee, out if n > fee else 0, target, self.lines.length(target)),
        )
        self.made += 1
        name = f"conversion:m:{self.made}"
        self.lines.apply(Use(name, source, pieces, n, parts), ENTRY)
        self.uses.append(name)

    def withdraw(self, gift: str) -> None:
        start, end = self.gifts[gift]
        pieces = self.lines.lowest_free(COINS, end - start, within=(start, end))
        if gift in self.void or not pieces:
            return
        self.lines.apply(Change(COINS, pieces, UnitState.FREE, UnitState.VOID, gift), ENTRY)
        self.void.add(gift)

    def restore(self, gift: str) -> None:
        start, end = self.gifts[gift]
        pieces = tuple(
            (s.start, s.end) for s in self.lines.spans(COINS, start, end) if s.state is UnitState.VOID
        )
        if gift in self.void and pieces:
            self.lines.apply(Change(COINS, pieces, UnitState.VOID, UnitState.FREE, ""), ENTRY)
            self.void.discard(gift)

    def undo(self, name: str) -> None:
        if name in self.uses:
            try:
                self.lines.apply(Undo(name), ENTRY)
            except Conflict:
                return
            self.uses.remove(name)

    def ends(self, gift: str) -> Counter[str]:
        """What a gift's units are now."""
        counted: Counter[str] = Counter()
        for visit in follow(self.lines, COINS, *self.gifts[gift]):
            match visit:
                case Stay():
                    counted[f"{visit.line} {visit.state}"] += visit.end - visit.start
                case Ending():
                    counted[f"{visit.use.id} {visit.kind}"] += visit.units
                case Arrival():
                    counted[f"{visit.use.id} on"] += visit.end - visit.start
        return counted

    def audit(self) -> None:
        for name in self.lines.names():
            at = 0
            for span in self.lines.spans(name):
                assert span.start == at
                at = span.end
            assert at == self.lines.length(name)
        total: Counter[str] = Counter()
        for gift in self.gifts:
            total += self.ends(gift)
        for use_id in self.uses:
            use = self.lines.use(use_id)
            assert total[f"{use_id} fee"] == use.parts[0].share
            assert total[f"{use_id} on"] == use.parts[1].out
        for name in self.lines.names():
            for state in (UnitState.FREE, UnitState.HELD):
                units = sum(s.end - s.start for s in self.lines.spans(name) if s.state is state)
                assert total[f"{name} {state}"] == units


steps = st.one_of(
    st.tuples(st.just("give"), st.integers(1, 5000)),
    st.tuples(st.just("convert"), st.integers(1, 4000), st.integers(0, 300), st.integers(0, 9000)),
    st.tuples(st.just("ship"), st.integers(1, 4000), st.just(0), st.integers(0, 4000)),
    st.tuples(st.just("withdraw"), st.integers(0, 30)),
    st.tuples(st.just("restore"), st.integers(0, 30)),
    st.tuples(st.just("undo"), st.integers(0, 30)),
)


def play(story: Story, step: tuple[object, ...]) -> None:
    gifts = list(story.gifts)
    match step:
        case ("give", int(sats)):
            story.give(sats)
        case ("convert", int(units), int(fee), int(out)):
            story.convert(COINS, MONEY, units, fee, out)
        case ("ship", int(units), int(fee), int(out)) if story.lines.exists(MONEY):
            story.convert(MONEY, GOODS, units, fee, out)
        case ("withdraw", int(index)) if gifts:
            story.withdraw(gifts[index % len(gifts)])
        case ("restore", int(index)) if gifts:
            story.restore(gifts[index % len(gifts)])
        case ("undo", int(index)) if story.uses:
            story.undo(story.uses[index % len(story.uses)])


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=30))
def test_shares_sum_exactly_after_every_step_of_any_story(script: list[tuple[object, ...]]) -> None:
    """Rule 9: shares are exact and sum exactly at every step, through voids, restores and reversals."""
    with no_lines() as lines:
        story = Story(lines)
        for step in script:
            play(story, step)
            story.audit()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(steps, min_size=5, max_size=30),
    st.lists(st.tuples(st.booleans(), st.integers(1, 9000)), max_size=6),
)
def test_later_gifts_voids_and_restores_move_nobody_elses_share(
    script: list[tuple[object, ...]], later: list[tuple[bool, int]]
) -> None:
    """Rule 9: what happened to a gift's used units stays what it was, whatever other donors do."""
    with no_lines() as lines:
        story = Story(lines)
        for step in script:
            play(story, step)
        if not story.gifts:
            return
        mine = next(iter(story.gifts))
        before = story.ends(mine)
        for give, number in later:
            others = [gift for gift in story.gifts if gift != mine]
            if give or not others:
                story.give(number)
            elif others[number % len(others)] in story.void:
                story.restore(others[number % len(others)])
            else:
                story.withdraw(others[number % len(others)])
            assert story.ends(mine) == before


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=30))
def test_operations_survive_being_published(script: list[tuple[object, ...]]) -> None:
    """An operation read back from its JSON is the same: anyone can apply it again."""
    with no_lines() as lines:
        story = Story(lines)
        for step in script:
            play(story, step)
        for name in story.uses:
            use = story.lines.use(name)
            assert operation_from_json(operation_json(use)) == use


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, min_size=3, max_size=30), st.data())
def test_whose_gifts_a_lot_came_from_is_the_same_map_backwards(
    script: list[tuple[object, ...]], data: st.DataObject
) -> None:
    """Every piece of goods of a gift is found from the goods' side, and the other way round."""
    with no_lines() as lines:
        story = Story(lines)
        for step in script:
            play(story, step)
        for line in (MONEY, GOODS):
            for span in story.lines.spans(line) if story.lines.exists(line) else ():
                if span.state is not UnitState.FREE:
                    continue
                unit = data.draw(st.integers(span.start, span.end - 1))
                owners = {origin.gift for origin in origins(story.lines, line, unit, unit + 1)}
                holders = {
                    gift
                    for gift in story.gifts
                    for visit in follow(story.lines, COINS, *story.gifts[gift])
                    if isinstance(visit, Arrival) and visit.line == line and visit.start <= unit < visit.end
                }
                assert holders <= owners


@pytest.fixture
def lines() -> Iterator[LinesWriting]:
    with no_lines() as lines:
        yield lines


def ordered(lines: LinesWriting, value: int = 1000) -> None:
    lines.apply(Append(MONEY, "USD", 0, value, "a"), ENTRY)
    lines.apply(Open(ORDER, "USD", value), ENTRY)


def test_goods_that_nobody_has_paid_for_have_no_owner_until_the_payment_reaches_them(
    lines: LinesWriting,
) -> None:
    """Rule 5: "on credit", and the payment that reaches a position gives it its owner, wherever the goods are."""
    ordered(lines)
    lines.apply(Use(RECEIPT, ORDER, ((0, 500),), 50, (Part(PartKind.ON, 50, 50, GOODS, 0),)), ENTRY)
    lines.apply(Use(HANDOVER, GOODS, ((0, 20),), 20, (Part(PartKind.ON, 20, 20, HANDED, 0),)), ENTRY)
    assert [origin.gift for origin in origins(lines, HANDED, 0, 20)] == [None]
    lines.apply(Use(PAYMENT, MONEY, ((0, 300),), 300, (Part(PartKind.ON, 300, 300, ORDER, 0),)), ENTRY)
    assert {origin.gift for origin in origins(lines, HANDED, 0, 20)} == {"a"}
    assert lines.length(GOODS) == 50
    assert [o.gift for o in origins(lines, GOODS, 30, 50)] == [None]


def test_a_use_is_undone_only_when_all_that_it_yielded_is_free(lines: LinesWriting) -> None:
    """Rule 8: later uses are reversed first."""
    lines.apply(Append(COINS, "BTC", 0, 100, "a"), ENTRY)
    lines.apply(Use(CONVERSION, COINS, ((0, 100),), 100, (Part(PartKind.ON, 100, 50, MONEY, 0),)), ENTRY)
    lines.apply(Use(PAYMENT, MONEY, ((0, 10),), 10, (Part(PartKind.ON, 10, 5, GOODS, 0),)), ENTRY)
    with pytest.raises(Conflict, match="later facts stand on"):
        lines.apply(Undo(CONVERSION), ENTRY)
    lines.apply(Undo(PAYMENT), ENTRY)
    lines.apply(Undo(CONVERSION), ENTRY)
    assert lines.free_units(COINS) == 100
    assert lines.free_units(MONEY) == 0


def test_a_payment_is_undone_only_before_the_goods_it_paid_for_are_received(lines: LinesWriting) -> None:
    ordered(lines)
    lines.apply(Use(PAYMENT, MONEY, ((0, 300),), 300, (Part(PartKind.ON, 300, 300, ORDER, 0),)), ENTRY)
    lines.apply(Use(RECEIPT, ORDER, ((0, 500),), 50, (Part(PartKind.ON, 50, 50, GOODS, 0),)), ENTRY)
    with pytest.raises(Conflict, match="later facts"):
        lines.apply(Undo(PAYMENT), ENTRY)
    lines.apply(Undo(RECEIPT), ENTRY)
    lines.apply(Undo(PAYMENT), ENTRY)
    assert lines.filled(ORDER) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        Append(COINS, "BTC", 5, 10, "b"),
        Append(COINS, "USD", 100, 10, "b"),
        Use(CONVERSION, COINS, ((50, 150),), 100, (Part(PartKind.ON, 100, 1, MONEY, 0),)),
        Use(CONVERSION, COINS, ((0, 10),), 10, (Part(PartKind.ON, 10, 1, MONEY, 7),)),
        Change(COINS, ((0, 10),), UnitState.HELD, UnitState.FREE, ""),
        Open(COINS, "BTC", 10),
        Undo("payment:m:nothing"),
    ],
)
def test_an_operation_that_the_state_does_not_allow_is_refused(lines: LinesWriting, wrong: Operation) -> None:
    lines.apply(Append(COINS, "BTC", 0, 100, "a"), ENTRY)
    with pytest.raises(Conflict):
        lines.apply(wrong, ENTRY)


def test_in_turn_each_use_takes_the_next_lowest_units(lines: LinesWriting) -> None:
    """Rule 4: countries are served in turn, so a donor's masks are whole and in order."""
    lines.apply(Append(GOODS, "KIT#A", 0, 10, "a"), ENTRY)
    lines.apply(Append(GOODS, "KIT#A", 10, 10, "b"), ENTRY)
    for name, units in (("Ghana", 12), ("Togo", 8)):
        pieces = lines.lowest_free(GOODS, units)
        line = f"goods/m/handed:{name}/KIT#A"
        use = f"handover:m:{name}:KIT#A"
        lines.apply(Use(use, GOODS, pieces, units, (Part(PartKind.ON, units, units, line, 0),)), ENTRY)
    assert [o.gift for o in origins(lines, "goods/m/handed:Ghana/KIT#A", 0, 12)] == ["a", "b"]
    assert [o.gift for o in origins(lines, "goods/m/handed:Togo/KIT#A", 0, 8)] == ["b"]


def test_a_released_hold_is_free_for_the_next_use_and_a_held_unit_is_not(lines: LinesWriting) -> None:
    lines.apply(Append(MONEY, "USD", 0, 100, "a"), ENTRY)
    lines.apply(Change(MONEY, ((0, 60),), UnitState.FREE, UnitState.HELD, "payment:P-1"), ENTRY)
    assert lines.lowest_free(MONEY, 100) == ((60, 100),)
    lines.apply(Change(MONEY, ((0, 60),), UnitState.HELD, UnitState.FREE, ""), ENTRY)
    assert lines.lowest_free(MONEY, 100) == ((0, 100),)
