"""The pictures of the demonstration at its moments, the campaign's and donors': measured, not only made."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.flow import tall as flow_tall
from api.flow import wide as flow_wide
from api.flow.layout import Room, gathered, laid_out, shown_of
from api.flow.wide import columns
from api.flow.words import words_of
from ledger.store.database import Store
from ledger.views.flow import Flow, StageKind, Thread
from ledger.views.queries import campaign_flow, donation_rows, donation_trails
from service.demo import plan
from tests.api.test_flow import SVG, assert_inside, drawings, ends_of, points_of
from tests.tools.builders_views import held_flow, story_flow
from tests.tools.demo_data import MOMENTS, demo_moments
from tests.tools.drawn import drawn


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    return demo_moments(tmp_path_factory)


@cache
def pictures(file: Path, moment: int) -> list[tuple[Flow, Thread]]:
    """The flow of the demonstration alone, and with the threads of some donors."""
    store = Store.open(f"sqlite:///{file}")
    with store.read() as tx:
        flow = campaign_flow(tx, plan.SLUG)
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
        trails = [
            trail for row in drawn(f"pictures of {moment}", rows, 6) for trail in donation_trails(tx, row.key)
        ]
    store.close()
    return [(flow, ()), *((flow, trail.thread) for trail in trails if trail.thread)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_drawn_outside_and_no_two_ends_meet(moments: dict[int, Path], moment: int) -> None:
    """At any moment, in both drawings; a square at the end of a thread never lies on another."""
    for flow, thread in pictures(moments[moment], moment):
        if not any(bar.units for bar in flow.nodes):
            continue
        for svg in drawings(flow, thread):
            assert_inside(svg)
            for (x, y), (other_x, other_y) in itertools.combinations(ends_of(svg), 2):
                assert abs(x - other_x) >= 9 or abs(y - other_y) >= 9


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_thread_ends_where_the_thing_is(moments: dict[int, Path], moment: int) -> None:
    """A square for each way in which some of a gift stopped, and for each receiver."""
    for flow, thread in pictures(moments[moment], moment)[1:]:
        receivers = {bar.key for bar in flow.stages[-1].bars if flow.stages[-1].kind is StageKind.DISTRIBUTED}
        stops = {(point.node, point.left, point.label) for point in thread if point.left}
        served = {point.node for point in thread} & receivers
        for svg in drawings(flow, thread):
            assert len(ends_of(svg)) == len(stops) + len(served)


def test_what_is_held_goes_straight_to_a_bar_of_its_own() -> None:
    """Before the first conversion: one level band a third of the width, no bend, and its figure beside its end."""
    flow = held_flow()
    (wide, tall) = drawings(flow)
    for svg in (wide, tall):
        assert not [
            path for path in svg.iter(f"{SVG}path") if "A" in path.attrib["d"] or "Q" in path.attrib["d"]
        ]
        assert len([rect for rect in svg.iter(f"{SVG}rect") if rect.attrib["class"].startswith("c1")]) == 2
    (band,) = [path for path in wide.iter(f"{SVG}path") if path.attrib["class"] == "c2"]
    assert {x for x, _ in points_of(band.attrib["d"])} >= {flow_wide.EDGE + flow_wide.BAR, columns(flow)[1]}
    assert columns(flow)[1] <= flow_wide.WIDTH / 3
    assert float(tall.attrib["viewBox"].split()[3]) < 200


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_exit_of_more_than_a_third_of_its_column_never_bends(
    moments: dict[int, Path], moment: int
) -> None:
    (flow, _), *_ = pictures(moments[moment], moment)
    rooms = (
        Room(400, 452, 12, (100,) * len(flow.stages), 15),
        Room(128, 128, 6, (36,) * len(flow.stages), 0),
    )
    for layout in (laid_out(flow, room) for room in rooms):
        for item in layout.leaving:
            column = sum(lane.size for lane in layout.stage_lanes(item.stage))
            assert item.thin or item.straight or item.size <= column / 3 + 0.1


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_words_of_the_foot_row_stand_in_the_order_of_their_stubs(
    moments: dict[int, Path], moment: int
) -> None:
    """From left to right is from top to bottom, and what shares a figure stands side by side."""
    (flow, _), *_ = pictures(moments[moment], moment)
    small = gathered(flow, shown_of(flow))
    layout = laid_out(small, Room(400, 452, 12, (100,) * len(flow.stages), 15))
    words, xs = words_of(small, ()), columns(small)
    places = flow_wide.drops(layout, xs)
    for stage, feet in enumerate(flow_wide.feet_in_order(words, layout, xs)):
        stubs = sorted((x, index) for index, (x, _) in places.items() if layout.leaving[index].stage == stage)
        keys = [layout.leaving[index].exit for _, index in stubs]
        order = [
            next(n for n, foot in enumerate(feet) if (key.source, key.kind, key.label) in foot.keys)
            for key in keys
        ]
        assert order == sorted(order)


def test_a_band_that_passes_a_stage_by_is_drawn_over_the_others_with_paper_around_it() -> None:
    """Else two that cross are one shape."""
    flow = story_flow()
    for svg in drawings(flow):
        bands = [path.attrib["class"] for path in svg.iter(f"{SVG}path") if path.attrib["class"][1:2] == "2"]
        passing = [name.endswith(" x") for name in bands[: len(flow.bands)]]
        assert any(passing)
        assert passing == sorted(passing)


def test_no_text_of_a_picture_is_smaller_than_13_px() -> None:
    """Drawn at its own size: the wide one from a page of its width on, the tall one on a phone of 320 px."""
    sheet = Path("api/static/site.css").read_text()
    assert f"@media (min-width:{79}rem)" in sheet
    assert flow_wide.WIDTH <= 79 * 16 - 64 - 15
    assert flow_tall.WIDTH <= 320 - 32
    classes = {
        name
        for svg in drawings(story_flow())
        for text in svg.iter(f"{SVG}text")
        for name in text.attrib.get("class", "").split()
    }
    sizes = {name: int(name[1:]) for name in classes if name[1:].isdigit()}
    assert min(sizes.values()) >= 13
    assert ElementTree.tostring(drawings(story_flow())[0]).count(b"font-size") == 0
