"""The flow picture keeps its promises: subtracting heads, true widths, everything inside the view box."""

from __future__ import annotations

import itertools
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.flow import tall as flow_tall
from api.flow import wide as flow_wide
from api.flow.layout import OTHERS, Room, gathered, laid_out, shown_of
from api.flow.svg import wrapped
from api.flow.thread import drawn_thread
from api.flow.words import words_of
from ledger.core.frozen import Amount
from ledger.views.flow import (
    Band,
    Bar,
    Exit,
    ExitKind,
    Flow,
    Stage,
    StageKind,
    Substance,
    Thread,
    ThreadPoint,
)
from ledger.views.strips import in_columns
from tests.tools.builders_views import changed, held_flow, story_flow, story_thread

WIDE_ROOM = Room(400, 452, 12, (124, 124, 140, 110, 104, 86, 116), 15)
SVG = "{http://www.w3.org/2000/svg}"


def drawings(flow: Flow, thread: Thread = ()) -> list[ElementTree.Element]:
    flow = gathered(flow, shown_of(flow), {point.node for point in thread})
    words = words_of(flow, thread)
    made = [flow_wide.drawn(flow, words, thread, "w"), flow_tall.drawn(flow, words, thread, "t")]
    return [
        ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
        for text in made
        if text
    ]


def points_of(d: str) -> list[tuple[float, float]]:
    """The points of a path, control points of its curves too: it lies within them, and an arc about them."""
    found, here = list[tuple[float, float]](), (0.0, 0.0)
    for command, told in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", told)]
        x, y = here
        match command:
            case "H":
                here = (numbers[-1], y)
            case "V":
                here = (x, numbers[-1])
            case "A":
                here = (numbers[-2], numbers[-1])
            case "M" | "L" | "C" | "Q":
                pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
                found += pairs[:-1]
                here = pairs[-1]
            case "q":
                pairs = [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
                found += pairs[:-1]
                here = pairs[-1]
            case _:
                assert command == "Z", command
        found.append(here)
    return found


def assert_inside(svg: ElementTree.Element) -> None:
    """Bars, bands, exits, rings and squares: nothing is cut off, in any state."""
    _, _, width, height = (float(part) for part in svg.attrib["viewBox"].split())
    for rect in svg.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= -0.2
        assert x + w <= width + 0.2
        assert y >= 0
        assert y + h <= height + 0.2
    for ring in svg.iter(f"{SVG}circle"):
        x, y, r = (float(ring.attrib[name]) for name in ("cx", "cy", "r"))
        assert r <= x <= width - r
        assert r <= y <= height - r
    for text in svg.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    for path in svg.iter(f"{SVG}path"):
        assert "nan" not in path.attrib["d"]
        assert "inf" not in path.attrib["d"]
        for x, y in points_of(path.attrib["d"]):
            assert -0.2 <= x <= width + 0.2, path.attrib["d"]
            assert -0.2 <= y <= height + 0.2, path.attrib["d"]


def ends_of(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """Where the squares at the ends of a thread stand."""
    squares = [rect for rect in svg.iter(f"{SVG}rect") if rect.attrib["class"] == "end"]
    return [(float(rect.attrib["x"]), float(rect.attrib["y"])) for rect in squares]


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """A fund that is converted in pieces, ordered, shipped over some places and handed to some receivers."""
    total = draw(st.integers(1, 10**11))
    held = draw(st.integers(0, total))
    spent = total - held
    cents = draw(st.integers(1, 10**10))
    pieces = draw(st.integers(1, 10**8))
    stages = [
        Stage(
            kind=StageKind.DONATED,
            place="",
            count=3,
            bars=(Bar(key="btc", label="x", substance=Substance.COIN, amount=Amount.of("BTC", total)),),
            totals=(Amount.of("BTC", total),),
        )
    ]
    bands: list[Band] = []
    exits: list[Exit] = []
    if held:
        exits.append(
            Exit(
                source="btc",
                kind=ExitKind.HELD,
                label="",
                taken=(spent, total),
                amount=Amount.of("BTC", held),
            )
        )
    if not spent:
        return Flow(units={"kit": "kit"}, stages=tuple(stages), bands=(), exits=tuple(exits))
    stages.append(
        Stage(
            kind=StageKind.MONEY,
            place="",
            count=1,
            bars=(Bar(key="c", label="C-1", substance=Substance.MONEY, amount=Amount.of("USD", cents)),),
            totals=(Amount.of("USD", cents),),
        )
    )
    bands.append(Band(source="btc", target="c", taken=(0, spent), joined=(0, cents)))
    stages.append(
        Stage(
            kind=StageKind.ORDERED,
            place="",
            count=1,
            bars=(Bar(key="po", label="PO", substance=Substance.GOODS, amount=Amount.of("kit", pieces)),),
            totals=(Amount.of("kit", pieces),),
        )
    )
    bands.append(Band(source="c", target="po", taken=(0, cents), joined=(0, pieces)))
    before, left = "po", pieces
    for number in range(draw(st.integers(0, 3))):
        lost = draw(st.integers(0, left - 1)) if left > 1 else 0
        if lost:
            kind = draw(
                st.sampled_from([ExitKind.LOST, ExitKind.IN_STOCK, ExitKind.IN_TRANSIT, ExitKind.DAMAGED])
            )
            exits.append(
                Exit(
                    source=before,
                    kind=kind,
                    label="",
                    taken=(left - lost, left),
                    amount=Amount.of("kit", lost),
                )
            )
        here = f"s{number}"
        stages.append(
            Stage(
                kind=StageKind.STOCK,
                place=here,
                count=1,
                bars=(
                    Bar(
                        key=here, label=here, substance=Substance.GOODS, amount=Amount.of("kit", left - lost)
                    ),
                ),
                totals=(Amount.of("kit", left - lost),),
            )
        )
        bands.append(Band(source=before, target=here, taken=(0, left - lost), joined=(0, left - lost)))
        before, left = here, left - lost
    number = min(draw(st.integers(0, 40)), left)
    if number:
        cuts = [left * i // number for i in range(number + 1)]
        bars = tuple(
            Bar(key=f"r{i}", label=f"R{i}", substance=Substance.GOODS, amount=Amount.of("kit", b - a))
            for i, (a, b) in enumerate(itertools.pairwise(cuts))
        )
        stages.append(
            Stage(
                kind=StageKind.DISTRIBUTED,
                place="",
                count=number,
                bars=bars,
                totals=(Amount.of("kit", left),),
            )
        )
        bands += [
            Band(source=before, target=f"r{i}", taken=(a, b), joined=(0, b - a))
            for i, (a, b) in enumerate(itertools.pairwise(cuts))
        ]
    return Flow(units={"kit": "kit"}, stages=tuple(stages), bands=tuple(bands), exits=tuple(exits))


def test_the_story_subtracts_from_left_to_right() -> None:
    """head(i) - exits(i) = head(i+1) wherever the unit stays the same, in drawn pixels too."""
    flow = story_flow()
    layout = laid_out(flow, WIDE_ROOM)
    for here, after in pairwise(flow.stages):
        if here.totals[0].asset == after.totals[0].asset:
            bars = {bar.key for bar in here.bars}
            gone = sum(item.units for item in flow.exits if item.source in bars)
            assert here.totals[0].minor - gone == after.totals[0].minor
            drawn_here = sum(layout.lanes[bar.key].size for bar in here.bars)
            drawn_after = sum(layout.lanes[bar.key].size for bar in after.bars)
            drawn_gone = sum(item.size for item in layout.leaving if item.exit.source in bars)
            assert drawn_here - drawn_gone == pytest.approx(drawn_after)


def test_widths_are_quantities() -> None:
    """One scale a unit: every bar and band of an asset has the same pixels a unit."""
    layout = laid_out(story_flow(), WIDE_ROOM)
    scales: dict[str, set[float]] = {}
    for lane in layout.lanes.values():
        scales.setdefault(lane.bar.asset, set()).add(round(lane.size / lane.bar.units, 12))
    assert all(len(found) == 1 for found in scales.values())
    for link in layout.links:
        source = layout.lanes[link.band.source]
        assert link.stops[0].end - link.stops[0].start == pytest.approx(
            (link.band.source_end - link.band.source_start) * source.scale
        )


def test_a_conversion_keeps_the_width_of_what_was_converted() -> None:
    """A band is as wide where it arrives as where it left, over all conversions together."""
    layout = laid_out(story_flow(), WIDE_ROOM)
    left = sum(k.stops[0].end - k.stops[0].start for k in layout.links if k.band.target.startswith("C-"))
    came = sum(layout.lanes[key].size for key in ("C-1", "C-2"))
    assert left == pytest.approx(came)


def test_coins_paid_straight_to_a_maker_pass_between_the_conversions() -> None:
    """A band that skips a stage has a place of its own there and covers no bar."""
    layout = laid_out(story_flow(), WIDE_ROOM)
    (direct,) = [link for link in layout.links if len(link.stops) == 3]
    assert direct.substance is Substance.COIN
    assert layout.lanes["C-1"].end <= direct.stops[1].start
    assert direct.stops[1].end <= layout.lanes["C-2"].start


@pytest.mark.parametrize("flow", [story_flow(), story_flow("student trained"), held_flow()])
def test_everything_is_drawn_inside_the_view_box(flow: Flow) -> None:
    """Bars, caps and words of both drawings lie inside."""
    for svg in drawings(flow):
        assert_inside(svg)


@settings(max_examples=120, deadline=None)
@given(flows())
def test_any_flow_is_drawn_inside_its_view_box(flow: Flow) -> None:
    """Whatever the quantities, nothing falls off the page and no column outgrows its room."""
    for svg in drawings(flow):
        assert_inside(svg)
    layout = laid_out(flow, Room(176, 176, 6, tuple(40.0 for _ in flow.stages), 0))
    for lane in layout.lanes.values():
        assert lane.size <= 176.1
    for item in layout.leaving:
        assert item.thin or item.straight or item.size <= 40.1


def test_pictures_are_named_and_described() -> None:
    """`role=img` with title and description in the words of the table."""
    for svg in drawings(story_flow(), story_thread()):
        assert svg.attrib["role"] == "img"
        title, desc = svg.attrib["aria-labelledby"].split()
        by_id = {node.attrib["id"]: node.text or "" for node in svg.iter() if "id" in node.attrib}
        assert by_id[title]
        assert "7 of 14,000 waiting at WAHO" in by_id[desc]


def test_pictures_carry_no_style_and_no_script() -> None:
    """The policy of the page allows neither, and colours belong to the style sheet."""
    words = words_of(story_flow(), story_thread())
    for text in (
        flow_wide.drawn(story_flow(), words, story_thread(), "w"),
        flow_tall.drawn(story_flow(), words, story_thread(), "t"),
    ):
        assert not re.search(r"style=|<script|<style|on\w+=|href|fill=\"#", text)


def test_the_thread_forks_where_it_is_cut() -> None:
    """30 go on to a receiver, 7 wait: from the last place two strands leave."""
    layout = laid_out(story_flow(), WIDE_ROOM)
    weave = drawn_thread(story_thread(), layout)
    leaving = [s for s in weave.strands if s.source.bar == "waho"]
    ends = {s.target.bar for s in leaving if s.target}
    ends |= {s.leaving.exit.kind.value for s in leaving if s.leaving and not s.target}
    assert ends == {
        "to:Ghana",
        "waiting",
    }


def test_the_thread_lies_inside_each_bar() -> None:
    """A ring is where the donor's interval is, on the same scale as the bands."""
    layout = laid_out(story_flow(), WIDE_ROOM)
    for node in drawn_thread(story_thread(), layout).nodes:
        lane = layout.lanes[node.bar]
        assert lane.start <= node.middle <= lane.end


def test_a_thread_of_many_pieces_stays_small() -> None:
    """Thousands of leaves draw a bounded number of nodes."""
    points = tuple(ThreadPoint(left=None, node="beijing", at=(i * 50, i * 50 + 10)) for i in range(4_000))
    weave = drawn_thread(points, laid_out(story_flow(), WIDE_ROOM))
    assert len(weave.nodes) <= 6


def test_many_receivers_become_nineteen_and_the_others() -> None:
    """Beyond 20 the rest is one bar of the same quantity, and the donor's own receiver stays."""
    flow = story_flow()
    last = flow.stages[-1]
    bars = tuple(
        Bar(key=f"r{i}", label=f"R{i}", substance=Substance.GOODS, amount=Amount.of("mask", 100 + i))
        for i in range(60)
    )
    bands = tuple(
        Band(source="waho", target=f"r{i}", taken=(i * 200, i * 200 + 100 + i), joined=(0, 100 + i))
        for i in range(60)
    )
    wide = changed(
        flow, stages=(*flow.stages[:-1], changed(last, bars=bars, count=60)), bands=(*flow.bands[:10], *bands)
    )
    small = gathered(wide, shown_of(wide), {"r0"})
    assert len(small.stages[-1].bars) == 20
    assert sum(bar.units for bar in small.stages[-1].bars) == sum(bar.units for bar in bars)
    assert "r0" in {bar.key for bar in small.stages[-1].bars}
    into = sum(band.target_end - band.target_start for band in small.bands if band.target.startswith(OTHERS))
    assert into == small.stages[-1].bars[-1].units
    for svg in drawings(wide):
        assert_inside(svg)


def goods(stage: StageKind, place: str, *keys: str) -> Stage:
    """A stage of 100 masks a bar."""
    amount = Amount.of("mask", 100)
    bars = tuple(Bar(key=key, label=key, substance=Substance.GOODS, amount=amount) for key in keys)
    totals = (Amount.of("mask", 100 * len(keys)),)
    return Stage(kind=stage, place=place, count=len(keys), totals=totals, bars=bars)


def test_places_beside_each_other_share_a_column_where_there_are_many() -> None:
    """Thirty depots and forty organisations are two stages; one that hands on to another comes before it."""
    depots, partners = [f"depot {n}" for n in range(30)], [f"partner {n}" for n in range(40)]
    way = [
        *zip(depots, depots, strict=True),
        *zip(depots, partners, strict=False),
        ("partner 3", "partner 39"),
    ]
    bands = [(f"order {source}", source) for source in depots] + [pair for pair in way if pair[0] != pair[1]]
    stages = (
        goods(StageKind.ORDERED, "", *(f"order {name}" for name in depots)),
        *(goods(StageKind.STOCK, name, name) for name in depots),
        *(goods(StageKind.HANDED, name, name) for name in partners),
    )
    whole = Flow(
        units={"mask": "mask"},
        stages=stages,
        bands=tuple(
            Band(source=source, target=target, taken=(0, 100), joined=(0, 100)) for source, target in bands
        ),
        exits=(),
    )
    flow = in_columns(whole)
    assert [(stage.kind, stage.place, len(stage.bars), stage.count) for stage in flow.stages] == [
        (StageKind.ORDERED, "", 30, 30),
        (StageKind.STOCK, "", 30, 30),
        (StageKind.HANDED, "", 39, 39),
        (StageKind.HANDED, "partner 39", 1, 1),
    ]
    assert {bar for stage in flow.stages for bar in stage.bars} == {
        bar for stage in stages for bar in stage.bars
    }
    at = {bar.key: number for number, stage in enumerate(flow.stages) for bar in stage.bars}
    assert all(at[band.source] < at[band.target] for band in flow.bands)
    for svg in drawings(flow):
        assert_inside(svg)
    assert in_columns(story_flow()) == story_flow()


def test_bars_with_one_figure_together_have_it_once() -> None:
    """What waits at each of five bars is one sum: it stands beside one of them, never beside each."""
    flow = Flow(
        units={"mask": "mask"},
        stages=(goods(StageKind.ORDERED, "", *"abcde"),),
        bands=(),
        exits=tuple(
            Exit(source=key, taken=(0, 100), kind=ExitKind.OPEN, label="", amount=Amount.of("mask", 100))
            for key in "abcde"
        ),
    )
    for svg in drawings(flow):
        assert [text.text for text in svg.iter(f"{SVG}text")].count("500") == 1


def test_names_are_escaped_in_pictures() -> None:
    """A place named like markup stays text."""
    flow = story_flow()
    evil = changed(flow.stages[3], place='<script>"&\u202e')
    text = flow_wide.drawn(
        changed(flow, stages=(*flow.stages[:3], evil, *flow.stages[4:])),
        words_of(changed(flow, stages=(*flow.stages[:3], evil, *flow.stages[4:])), ()), (), "w",
    )  # fmt: skip
    assert "<script" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text


@given(st.text(max_size=200), st.floats(20, 300), st.integers(1, 3))
def test_wrapped_words_keep_to_their_lines(words: str, room: float, lines: int) -> None:
    """Never more lines than asked for, and always at least one."""
    assert 1 <= len(wrapped(words, room, 13, lines)) <= lines


def test_every_exit_reaches_the_foot_row() -> None:
    """No exit is drawn without its figure, and merged figures sum to the exits."""
    flow = story_flow()
    words = words_of(flow, ())
    said = {key for group in words.feet for foot in group for key in foot.keys}
    assert said == {(item.source, item.kind, item.label) for item in flow.exits}
    damaged = next(foot for group in words.feet for foot in group if foot.kind is ExitKind.DAMAGED)
    assert damaged.figure == "1,200"
    assert damaged.bad
