"""The horizontal flow picture: a column a stage, exits to a shelf below, the donor's thread on top.

Server-drawn SVG with classes only; it carries no style, no script and no figure that the table lacks.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from api.flow.layout import OTHERS, Layout, Leaving, Link, Room, laid_out
from api.flow.svg import cut, esc, n, path, rect, ribbon, text, width_of, wire, wrapped
from api.flow.thread import drawn_thread
from api.flow.words import Foot, Words
from api.pages import sentences as say
from ledger.views.flow import Bar, ExitKind, Flow, Origin, StageKind, Substance, Thread

WIDTH = 1168
BAR = 8
MOST_STAGES = 9
CODE = {Substance.COIN: "c", Substance.MONEY: "m", Substance.GOODS: "g"}
_SEVEN = (0.0, 176.0, 352.0, 544.0, 706.0, 862.0, 1000.0)
FEET_SHOWN = 6


def columns(flow: Flow) -> tuple[float, ...]:
    """x of each stage's bars; the last one leaves room for the receivers' names."""
    number = len(flow.stages)
    if number == 7:
        return _SEVEN
    last = 1000.0 if number > 1 else 0.0
    return tuple(round(last * index / max(1, number - 1), 1) for index in range(number))


def drawn(flow: Flow, words: Words, thread: Thread, ident: str) -> str:
    """The whole `<svg>`; empty when there is nothing to draw or too many stages to read side by side."""
    if not flow.stages or len(flow.stages) > MOST_STAGES:
        return ""
    xs = columns(flow)
    spaces = [b - a for a, b in pairwise((*xs, float(WIDTH)))]
    layout = laid_out(flow, Room(400, 452, 12, tuple(space - 52 for space in spaces), 15))
    head, top = _head(words, xs, spaces)
    top += 14
    if any(stage.kind is StageKind.DISTRIBUTED for stage in flow.stages):
        top += 8
    shelf = top + layout.extent + 34
    out = [
        head,
        _bands(layout, xs, top),
        _exits(layout, xs, top, shelf),
        _bars(layout, xs, top),
        _wires(layout, xs, top, shelf),
        _receivers(layout, xs, top, thread),
    ]
    if thread:
        out.append(_thread(layout, xs, top, shelf, thread))
    out.append(f'<path class="h" d="M0 {n(shelf + 14)}H{WIDTH}"/>')
    foot, bottom = _foot(words, xs, spaces, shelf + 14)
    title = str(say.FLOW_TITLE if not thread else say.THREAD_TITLE)
    return (
        f'<svg class="flow wide" viewBox="0 0 {WIDTH} {n(bottom)}" role="img" direction="ltr" '
        f'aria-labelledby="{ident}t {ident}d"><title id="{ident}t">{esc(title)}</title>'
        f'<desc id="{ident}d">{esc_long(words.desc)}</desc>{"".join(out)}{foot}</svg>'
    )


def esc_long(words: str) -> str:
    """A description may be longer than a label."""
    return "".join(esc(words[i : i + 250]) for i in range(0, min(len(words), 4000), 250))


def _head(words: Words, xs: tuple[float, ...], spaces: list[float]) -> tuple[str, float]:
    labels = [wrapped(h.label, s - 10, 13) for h, s in zip(words.heads, spaces, strict=True)]
    details = [wrapped(h.detail, s - 10, 13) for h, s in zip(words.heads, spaces, strict=True)]
    base = 16.0 * max(len(lines) for lines in labels)
    out = []
    for index, head in enumerate(words.heads):
        x, room = xs[index], spaces[index] - 10
        lines = labels[index]
        for row, line in enumerate(lines):
            out.append(text(x, base - 3 - 16 * (len(lines) - 1 - row), line, "l"))
        size = 20 if width_of(head.figure, 20, True) <= room else 16
        out.append(text(x, base + 22, cut(head.figure, room * 1.04, size), "b20" if size == 20 else "b16"))
        for row, line in enumerate(details[index]):
            out.append(text(x, base + 43 + 16 * row, line, "l"))
    bottom = base + 43 + 16 * (max(len(lines) for lines in details) - 1) + 14
    out.append(f'<path class="h" d="M0 {n(bottom)}H{WIDTH}"/>')
    return "".join(out), bottom


def _bands(layout: Layout, xs: tuple[float, ...], top: float) -> str:
    out = []
    for link in layout.links:
        widest = max(stop.end - stop.start for stop in link.stops)
        if widest < 0.5 and len(layout.links) > 40:
            continue
        stops = [(xs[s.stage], top + s.start, top + s.end) for s in link.stops]
        first = (stops[0][0] + BAR, stops[0][1], stops[0][2])
        through = [first]
        for x, a, b in stops[1:-1]:
            through += [(x, a, b), (x + BAR, a, b)]
        out.append(path(band_class(link), ribbon([*through, stops[-1]], False)))
    return "".join(out)


def _bars(layout: Layout, xs: tuple[float, ...], top: float) -> str:
    return "".join(
        rect(bar_class(lane.bar), xs[lane.stage], top + lane.start, BAR, max(1.0, lane.size))
        for lane in layout.lanes.values()
        if lane.bar.units
    )


def drops(layout: Layout, xs: tuple[float, ...]) -> dict[int, tuple[float, float]]:
    """Where each exit stands on the shelf: x and width by its index; the lowest of a stage stands first."""
    by_stage: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(layout.leaving):
        by_stage[item.stage].append(index)
    placed: dict[int, tuple[float, float]] = {}
    for stage, indexes in by_stage.items():
        at = xs[stage] + BAR + 16
        for index in sorted(indexes, key=lambda i: -layout.leaving[i].end):
            width = shelf_width(layout.leaving[index])
            placed[index] = (at, width)
            at += width + 12
    return placed


def band_class(link: Link) -> str:
    """A band is filled in the colour of what flows; what came by no order is an outline of it."""
    return CODE[link.substance] + "2" + (" given" if link.band.apart else "")


def bar_class(bar: Bar) -> str:
    """The same of a bar: goods that came by no order, where they begin, are an outline."""
    given = bar.origin in {Origin.GIVEN, Origin.BEFORE} and bar.substance is Substance.GOODS
    return CODE[bar.substance] + "1" + (" given" if given else "")


def halo_class(item: Leaving) -> str:
    """Paper around a line, less of it around a fine one."""
    return "halo" if item.exit.kind.is_bad or item.exit.kind is ExitKind.SPENT else "halo fine"


def wire_class(item: Leaving) -> str:
    """Bad: 2 px red; spent on services: 4 px; anything else that is thin: 1 px in its own colour."""
    if item.exit.kind.is_bad:
        return "w badw"
    return f"w {CODE[item.substance]}w" + ("" if item.exit.kind is ExitKind.SPENT else " f")


def shelf_width(item: Leaving) -> float:
    if item.exit.kind.is_bad:
        return 2.0
    return 4.0 if item.exit.kind is ExitKind.SPENT else max(1.0, item.size)


def _exits(layout: Layout, xs: tuple[float, ...], top: float, shelf: float) -> str:
    out = []
    for index, (x, width) in drops(layout, xs).items():
        item = layout.leaving[index]
        if item.thin:
            continue
        css = CODE[item.substance]
        out.append(path(css + "2 x", _bend(xs[item.stage] + BAR, top + item.start, x, width, shelf)))
        out.append(rect(css + "1", x, shelf - 4, width, 4))
    return "".join(out)


def _bend(left: float, upper: float, x: float, width: float, shelf: float) -> str:
    """From the bar's side to the right, then down: a quarter turn of the width, plus 8 px inside."""
    lower = upper + width
    inner = min(8.0, max(2.0, shelf - 4 - lower), x - left)
    outer = inner + width
    return (
        f"M{n(left)} {n(upper)}H{n(x - inner)}A{n(outer)} {n(outer)} 0 0 1 {n(x + width)} {n(upper + outer)}"
        f"V{n(shelf)}H{n(x)}V{n(lower + inner)}A{n(inner)} {n(inner)} 0 0 0 {n(x - inner)} {n(lower)}H{n(left)}Z"
    )


def _wires(layout: Layout, xs: tuple[float, ...], top: float, shelf: float) -> str:
    lines = []
    for index, (x, width) in drops(layout, xs).items():
        item = layout.leaving[index]
        if not item.thin:
            continue
        y = top + (item.start + item.end) / 2
        middle = x + width / 2
        d = f"M{n(xs[item.stage] + BAR)} {n(y)}H{n(middle - 8)}q8 0 8 8V{n(shelf)}"
        css = "bad" if item.exit.kind.is_bad else CODE[item.substance]
        lines.append(
            path(halo_class(item), d)
            + path(wire_class(item), d)
            + rect(f"{css}1", middle - 5, shelf - 3, 10, 3)
        )
    return "".join(lines)


def _receivers(layout: Layout, xs: tuple[float, ...], top: float, thread: Thread) -> str:
    last = len(layout.flow.stages) - 1
    if layout.flow.stages[last].kind is not StageKind.DISTRIBUTED:
        return ""
    mine = {point.node for point in thread}
    out, stage = [], layout.flow.stages[last]
    for lane in layout.stage_lanes(last):
        y = top + (lane.start + lane.end) / 2 + 4.5
        bold = "b13" if lane.bar.key in mine else "t13"
        figure = say.totals([lane.bar.amount], layout.flow.units, named=len(layout.flow.units) > 1)
        label = say.others(int(lane.bar.label), stage) if lane.bar.key.startswith(OTHERS) else lane.bar.label
        room = WIDTH - xs[last] - 16 - width_of(figure, 13) - 8
        out.append(text(xs[last] + 16, y, cut(label, room, 13), bold))
        out.append(text(WIDTH, y, figure, bold, end=True))
    return "".join(out)


def _thread(layout: Layout, xs: tuple[float, ...], top: float, shelf: float, thread: Thread) -> str:
    weave = drawn_thread(thread, layout)
    places = drops(layout, xs)
    lines, ends = [], []
    for strand in weave.strands:
        x = xs[strand.source.stage] + BAR / 2
        if strand.leaving is not None:
            drop, width = places[layout.leaving.index(strand.leaving)]
            middle = drop + width / 2
            y = top + strand.source.middle
            lines.append(f"M{n(x)} {n(y)}H{n(middle - 8)}q8 0 8 8V{n(shelf - 4)}")
            ends.append(rect("end", middle - 4.5, shelf - 8, 9, 9))
        elif strand.target is not None:
            between = [
                (xs[stage] + half, top + across)
                for stage, across in strand.middles
                for half in (0.0, float(BAR))
            ]
            target = (xs[strand.target.stage] + BAR / 2, top + strand.target.middle)
            lines.append(wire([(x, top + strand.source.middle), *between, target], False))
    for node in weave.nodes:
        x, y = xs[node.stage] + BAR / 2, top + node.middle
        if layout.flow.stages[node.stage].kind is StageKind.DISTRIBUTED:
            ends.append(rect("end", x - 4.5, y - 4.5, 9, 9))
        else:
            ends.append(f'<circle class="ring" cx="{n(x)}" cy="{n(y)}" r="4.5"/>')
    d = "".join(lines)
    return (path("halo", d) + path("thread", d) if d else "") + "".join(ends)


def _foot(words: Words, xs: tuple[float, ...], spaces: list[float], top: float) -> tuple[str, float]:
    out: list[str] = []
    lowest = top
    for index, feet in enumerate(words.feet):
        y = top
        room = spaces[index] - 10
        for foot in feet[:FEET_SHOWN]:
            out.append(text(xs[index], y + 20, cut(foot.figure, room, 14.5), _foot_class(foot)))
            lines = wrapped(foot.word, room, 13)
            for row, line in enumerate(lines):
                out.append(text(xs[index], y + 37 + 15 * row, line, "l"))
            y += 43 + 15 * (len(lines) - 1)
        if len(feet) > FEET_SHOWN:
            out.append(text(xs[index], y + 20, say.more_exits(len(feet) - FEET_SHOWN), "l"))
            y += 26
        lowest = max(lowest, y)
    return "".join(out), lowest + 4


def _foot_class(foot: Foot) -> str:
    return "b14 bad" if foot.bad else "b14"
