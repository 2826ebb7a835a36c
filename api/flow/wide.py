"""The horizontal flow picture: a column a stage, exits to a baseline below, the donor's thread on top.

Server-drawn SVG with classes only; it carries no style, no script and no figure that the table lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from api.flow.layout import OTHERS, Layout, Leaving, Link, Room, ends_beside, laid_out
from api.flow.svg import cut, esc, mirrored, n, path, rect, ribbon, shown, text, width_of, wire, wrapped
from api.flow.thread import Strand, ThreadNode, drawn_thread
from api.flow.words import Foot, Words
from api.languages.language import ENGLISH, Language
from api.languages.localised import Localised
from api.pages import sentences as say
from ledger.views.flow import Bar, ExitKind, Flow, Origin, StageKind, Substance, Thread

WIDTH = 1168
BAR = 8
MOST_STAGES = 9
CODE = {Substance.COIN: "c", Substance.MONEY: "m", Substance.GOODS: "g"}
EDGE = 6.0
"""Room for a ring on the first bar."""
LAST = 1000.0
"""Where the last column stands: receivers, or bars of what goes no further, have their names beside it."""
_SEVEN = (EDGE, 178.0, 354.0, 544.0, 706.0, 862.0, LAST)
FEET_SHOWN = 6
ALONE = 160.0
"""How high a bar is that has no other beside it."""
_END = 4.0
"""How wide the bar is that an exit goes straight to."""


def columns(flow: Flow) -> tuple[float, ...]:
    """x of each stage's bars, and of the bars behind the last one where that has exits; names stand beside those."""
    number = len(flow.stages) + ends_beside(flow)
    if number == 7:
        return _SEVEN
    last = LAST if number > 2 else WIDTH / 3  # what only waits takes a third of the width
    return tuple(round(EDGE + (last - EDGE) * index / max(1, number - 1), 1) for index in range(number))


def drawn(flow: Flow, words: Words, thread: Thread, ident: str, language: Language = ENGLISH) -> str:
    """The whole `<svg>`; empty when there is nothing to draw or too many stages to read side by side."""
    if not flow.stages or len(flow.stages) > MOST_STAGES:
        return ""
    xs = columns(flow)
    spaces = [b - a for a, b in pairwise((*xs, float(WIDTH)))][: len(flow.stages)]
    first = 400 if len(flow.stages) > 1 else ALONE
    layout = laid_out(flow, Room(first, 452, 12, tuple(space - 52 for space in spaces), 15))
    head, top = _head(words, xs, spaces)
    top += 14
    if any(stage.kind is StageKind.DISTRIBUTED for stage in flow.stages):
        top += 8
    beside, lowest = _ends(layout, words, xs, top)
    baseline = max(top + layout.extent + 34, lowest)
    out = [
        head,
        _bands(layout, xs, top),
        _straight(layout, xs, top, baseline),
        _exits(layout, xs, top, baseline),
        _bars(layout, xs, top),
        _wires(layout, xs, top, baseline),
        _receivers(layout, xs, top, thread, language),
        beside,
    ]
    if thread:
        out.append(_thread(layout, xs, top, baseline, thread))
    out.append(f'<path class="h" d="M0 {n(baseline + 14)}H{WIDTH}"/>')
    foot, bottom = _foot(words, layout, xs, spaces, baseline + 14, language)
    title = shown(str(say.FLOW_TITLE if not thread else say.THREAD_TITLE), language)
    body = "".join(out) + foot
    if language.is_rtl:
        body = mirrored(body, WIDTH)
    return (
        f'<svg class="flow wide" viewBox="0 0 {WIDTH} {n(bottom)}" role="img" direction="{language.direction}" '
        f'aria-labelledby="{ident}t {ident}d"><title id="{ident}t">{esc(title)}</title>'
        f'<desc id="{ident}d">{esc_long(words.desc)}</desc>{body}</svg>'
    )


def esc_long(words: str) -> str:
    """A description may be longer than a label."""
    parts = (words[i : i + 250] for i in range(0, min(len(words), 4000), 250))
    return "".join(esc(Localised(part) if isinstance(words, Localised) else part) for part in parts)


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
    for link in sorted(layout.links, key=passes):
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


def _named_beside(item: Leaving, layout: Layout) -> bool:
    """Does an exit of the last column go straight to a bar with its words beside it?"""
    return item.straight and not item.thin and item.stage == len(layout.flow.stages) - 1


def end_of(item: Leaving, layout: Layout, xs: tuple[float, ...]) -> float:
    """x of the bar that an exit goes straight to."""
    if _named_beside(item, layout):
        return xs[item.stage + 1]
    return xs[item.stage] + BAR + (xs[item.stage + 1] - xs[item.stage]) / 3


def drops(layout: Layout, xs: tuple[float, ...]) -> dict[int, tuple[float, float]]:
    """Where each exit stands on the baseline: x and width by its index.

    The lowest of a stage stands first, and with it all that the foot row has one figure for; what has its words beside
    it does not come down.
    """
    by_stage: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(layout.leaving):
        if not _named_beside(item, layout):
            by_stage[item.stage].append(index)
    placed: dict[int, tuple[float, float]] = {}
    for stage, indexes in by_stage.items():
        at = xs[stage] + BAR + 16
        for index in (i for i in indexes if layout.leaving[i].straight and not layout.leaving[i].thin):
            placed[index] = (end_of(layout.leaving[index], layout, xs) + _END / 2, 1.0)
            at = max(at, placed[index][0] + 14)
        groups: dict[tuple[ExitKind, str, str], list[int]] = defaultdict(list)
        for index in indexes:
            row = layout.leaving[index].exit
            groups[row.kind, row.asset, row.label].append(index)
        for group in sorted(groups.values(), key=lambda mine: -max(layout.leaving[i].end for i in mine)):
            for index in sorted(group, key=lambda i: -layout.leaving[i].end):
                if index in placed:
                    continue
                width = exit_width(layout.leaving[index])
                placed[index] = (at, width)
                at += width + 12
    return placed


def _straight(layout: Layout, xs: tuple[float, ...], top: float, baseline: float) -> str:
    """Exits too wide to bend: level to a bar of their own, from which a line goes down to the foot row."""
    out = []
    places = drops(layout, xs)
    for index, item in enumerate(layout.leaving):
        if item.thin or not item.straight:
            continue
        css, end = CODE[item.substance], end_of(item, layout, xs)
        low, high = top + item.start, top + item.end
        out.append(path(css + "2", ribbon([(xs[item.stage] + BAR, low, high), (end, low, high)], False)))
        out.append(rect(css + "1 x", end, low, _END, item.size))
        if index in places:
            out.append(path(f"w {css}w f", f"M{n(places[index][0])} {n(high)}V{n(baseline)}"))
    return "".join(out)


def _ends(layout: Layout, words: Words, xs: tuple[float, ...], top: float) -> tuple[str, float]:
    """The words beside the bars behind the last column, none on another; and how far down they come.

    Bars that have one figure together have it once, beside the largest of them.
    """
    out: list[str] = []
    at = top
    named: dict[Foot, Leaving] = {}
    for item in layout.leaving:
        if _named_beside(item, layout):
            key = (item.exit.source, item.exit.kind, item.exit.label)
            foot = next(foot for foot in words.feet[item.stage] if key in foot.keys)
            named[foot] = max(named.get(foot, item), item, key=lambda one: one.size)
    for foot, item in sorted(named.items(), key=lambda pair: pair[1].start):
        x = end_of(item, layout, xs) + _END + 8
        lines = wrapped(foot.word, WIDTH - x, 13)
        height = 18.0 + 15 * len(lines)
        y = max(at, top + (item.start + item.end - height) / 2)
        out.append(text(x, y + 14, cut(foot.figure, WIDTH - x, 14.5), _foot_class(foot)))
        for row, line in enumerate(lines):
            out.append(text(x, y + 31 + 15 * row, line, "l"))
        at = y + height + 8
    return "".join(out), at


def band_class(link: Link) -> str:
    """A band is filled in the colour of what flows; what came by no order is an outline of it."""
    return CODE[link.substance] + "2" + (" given" if link.band.apart else "") + (" x" if passes(link) else "")


def passes(link: Link) -> bool:
    """Does a band pass by a stage, and so may cross others? It is drawn after them, with a line of paper around it.

    A fine one is left as it is: the paper would cover it.
    """
    return len(link.stops) > 2 and max(stop.end - stop.start for stop in link.stops) >= 3


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


def exit_width(item: Leaving) -> float:
    if item.exit.kind.is_bad:
        return 2.0
    return 4.0 if item.exit.kind is ExitKind.SPENT else max(1.0, item.size)


def _exits(layout: Layout, xs: tuple[float, ...], top: float, baseline: float) -> str:
    out = []
    for index, (x, width) in drops(layout, xs).items():
        item = layout.leaving[index]
        if item.thin or item.straight:
            continue
        css = CODE[item.substance]
        out.append(path(css + "2 x", _bend(xs[item.stage] + BAR, top + item.start, x, width, baseline)))
        out.append(rect(css + "1", x, baseline - 4, width, 4))
    return "".join(out)


def _bend(left: float, upper: float, x: float, width: float, baseline: float) -> str:
    """From the bar's side to the right, then down: a quarter turn of the width, plus 8 px inside."""
    lower = upper + width
    inner = min(8.0, max(2.0, baseline - 4 - lower), x - left)
    outer = inner + width
    return (
        f"M{n(left)} {n(upper)}H{n(x - inner)}A{n(outer)} {n(outer)} 0 0 1 {n(x + width)} {n(upper + outer)}"
        f"V{n(baseline)}H{n(x)}V{n(lower + inner)}A{n(inner)} {n(inner)} 0 0 0 {n(x - inner)} {n(lower)}H{n(left)}Z"
    )


def _wires(layout: Layout, xs: tuple[float, ...], top: float, baseline: float) -> str:
    lines = []
    for index, (x, width) in drops(layout, xs).items():
        item = layout.leaving[index]
        if not item.thin:
            continue
        y = top + (item.start + item.end) / 2
        middle = x + width / 2
        d = f"M{n(xs[item.stage] + BAR)} {n(y)}H{n(middle - 8)}q8 0 8 8V{n(baseline)}"
        css = "bad" if item.exit.kind.is_bad else CODE[item.substance]
        lines.append(
            path(halo_class(item), d)
            + path(wire_class(item), d)
            + rect(f"{css}1", middle - 5, baseline - 3, 10, 3)
        )
    return "".join(lines)


def _receivers(layout: Layout, xs: tuple[float, ...], top: float, thread: Thread, language: Language) -> str:
    last = len(layout.flow.stages) - 1
    if layout.flow.stages[last].kind is not StageKind.DISTRIBUTED:
        return ""
    mine = {point.node for point in thread}
    out, stage = [], layout.flow.stages[last]
    for lane in layout.stage_lanes(last):
        y = top + (lane.start + lane.end) / 2 + 4.5
        bold = "b13" if lane.bar.key in mine else "t13"
        total = say.totals([lane.bar.amount], layout.flow.units, named=len(layout.flow.units) > 1)
        name = say.others(int(lane.bar.label), stage) if lane.bar.key.startswith(OTHERS) else lane.bar.label
        figure, label = shown(total, language), shown(name, language)
        room = WIDTH - xs[last] - 16 - width_of(figure, 13) - 8
        out.append(text(xs[last] + 16, y, cut(label, room, 13), bold))
        out.append(text(WIDTH, y, figure, bold, end=True))
    return "".join(out)


SQUARE = 9.0
"""How wide the square is at the end of a thread."""


class EndOfThread(NamedTuple):
    """A node at a receiver, or a strand to a bar of its own, and the x of where it ends."""

    x: float
    what: ThreadNode | Strand


def _apart(ends: Mapping[EndOfThread, float]) -> dict[EndOfThread, float]:
    """Where ends of a thread stand that are under each other, moved down where one would lie on another."""
    placed: dict[EndOfThread, float] = {}
    lowest: dict[float, float] = {}
    for end, y in sorted(ends.items(), key=lambda pair: pair[1]):
        placed[end] = max(y, lowest.get(end.x, y))
        lowest[end.x] = placed[end] + SQUARE + 2
    return placed


def _thread(layout: Layout, xs: tuple[float, ...], top: float, baseline: float, thread: Thread) -> str:
    weave = drawn_thread(thread, layout)
    places = drops(layout, xs)
    lines, ends, level = [], [], dict[EndOfThread, float]()
    for node in weave.nodes:
        if layout.flow.stages[node.stage].kind is StageKind.DISTRIBUTED:
            level[EndOfThread(xs[node.stage] + BAR / 2, node)] = top + node.middle
    for strand in weave.strands:
        item = strand.leaving
        if item is not None and item.straight and not item.thin:
            across = min(max(strand.source.middle, item.start), item.end)
            level[EndOfThread(end_of(item, layout, xs) + _END / 2, strand)] = top + across
    stands = {end.what: (end.x, y) for end, y in _apart(level).items()}
    for strand in weave.strands:
        x, y = xs[strand.source.stage] + BAR / 2, top + strand.source.middle
        if strand in stands:
            lines.append(wire([(x, y), stands[strand]], False))
        elif strand.leaving is not None:
            drop, width = places[layout.leaving.index(strand.leaving)]
            middle = drop + width / 2
            lines.append(f"M{n(x)} {n(y)}H{n(middle - 8)}q8 0 8 8V{n(baseline - 4)}")
            ends.append(_square(middle, baseline - 8 + SQUARE / 2))
        elif strand.target is not None:
            between = [
                (xs[stage] + half, top + across)
                for stage, across in strand.middles
                for half in (0.0, float(BAR))
            ]
            target = (xs[strand.target.stage] + BAR / 2, top + strand.target.middle)
            lines.append(wire([(x, y), *between, stands.get(strand.target, target)], False))
    ends += [_square(*spot) for spot in stands.values()]
    for node in weave.nodes:
        if node not in stands:
            x, y = xs[node.stage] + BAR / 2, top + node.middle
            ends.append(f'<circle class="ring" cx="{n(x)}" cy="{n(y)}" r="4.5"/>')
    d = "".join(lines)
    return (path("halo", d) + path("thread", d) if d else "") + "".join(ends)


def _square(x: float, y: float) -> str:
    return rect("end", x - SQUARE / 2, y - SQUARE / 2, SQUARE, SQUARE)


def feet_in_order(words: Words, layout: Layout, xs: tuple[float, ...]) -> list[list[Foot]]:
    """The figures of each stage in the order of their stubs on the baseline, from left to right."""
    first: dict[tuple[str, ExitKind, str], float] = {}
    for index, (x, _) in drops(layout, xs).items():
        row = layout.leaving[index].exit
        first[row.source, row.kind, row.label] = x
    return [
        sorted(
            (foot for foot in feet if foot.keys & first.keys()),
            key=lambda foot: min(first[key] for key in foot.keys & first.keys()),
        )
        for feet in words.feet
    ]


def _foot(
    words: Words, layout: Layout, xs: tuple[float, ...], spaces: list[float], top: float, language: Language
) -> tuple[str, float]:
    out: list[str] = []
    lowest = top
    for index, feet in enumerate(feet_in_order(words, layout, xs)):
        y = top
        room = spaces[index] - 10
        for foot in feet[:FEET_SHOWN]:
            out.append(text(xs[index], y + 20, cut(foot.figure, room, 14.5), _foot_class(foot)))
            lines = wrapped(foot.word, room, 13)
            for row, line in enumerate(lines):
                out.append(text(xs[index], y + 37 + 15 * row, line, "l"))
            y += 43 + 15 * (len(lines) - 1)
        if len(feet) > FEET_SHOWN:
            out.append(text(xs[index], y + 20, shown(say.more_exits(len(feet) - FEET_SHOWN), language), "l"))
            y += 26
        lowest = max(lowest, y)
    return "".join(out), lowest + 4


def _foot_class(foot: Foot) -> str:
    return "b14 bad" if foot.bad else "b14"
