"""The vertical flow picture, for a phone: stages from top to bottom, words beside, receivers peeled off last.

The same quantities as the horizontal one on turned axes; nothing here decides what belongs where.
"""

from __future__ import annotations

from api.flow.layout import OTHERS, Lane, Layout, Leaving, Room, laid_out
from api.flow.svg import cut, esc, mirrored, n, path, rect, ribbon, shown, text, width_of, wire, wrapped
from api.flow.thread import drawn_thread
from api.flow.wide import CODE, band_class, bar_class, esc_long, exit_width, halo_class, passes, wire_class
from api.flow.words import Foot, Words
from api.languages.language import ENGLISH, Language
from api.pages import sentences as say
from ledger.views.flow import Flow, StageKind, Thread

WIDTH = 288
"""What a phone of 320 px has room for: drawn so, no text is smaller than it says."""
EDGE = 6
"""Room for a ring on the first bar."""
COIN_WIDTH = 128
WORDS = 152
BAR = 6
_ROOM = WIDTH - WORDS
_CAP = 148  # right edge of an exit's cap


def drawn(flow: Flow, words: Words, thread: Thread, ident: str, language: Language = ENGLISH) -> str:
    """The whole `<svg>`; empty when there is nothing to draw."""
    if not flow.stages:
        return ""
    beside = tuple(36.0 for _ in flow.stages)
    layout = laid_out(flow, Room(COIN_WIDTH, COIN_WIDTH, 6, beside, 0)).moved(EDGE)
    picture = _Tall(layout, words, thread, language)
    body = mirrored(picture.body, WIDTH) if language.is_rtl else picture.body
    title = shown(str(say.FLOW_TITLE if not thread else say.THREAD_TITLE), language)
    return (
        f'<svg class="flow tall" viewBox="0 0 {WIDTH} {n(picture.bottom)}" role="img" direction="{language.direction}" '
        f'aria-labelledby="{ident}t {ident}d"><title id="{ident}t">{esc(title)}</title>'
        f'<desc id="{ident}d">{esc_long(words.desc)}</desc>{body}</svg>'
    )


class _Tall:
    """Placing from top to bottom: each stage's bar, its words, its exits; then the receivers' rows."""

    def __init__(self, layout: Layout, words: Words, thread: Thread, language: Language) -> None:
        self.language = language
        self.layout = layout
        self.words = words
        self.thread = thread
        stages = layout.flow.stages
        self.peeled = len(stages) > 1 and stages[-1].kind is StageKind.DISTRIBUTED
        self.ys: list[float] = []
        self.exit_y: dict[int, float] = {}  # index of a leaving -> middle of its cap
        self.row_y: dict[str, float] = {}  # receiver -> middle of its row
        self.texts: list[str] = []
        y = 8.0
        for index in range(len(stages)):
            y = self._stage(index, y)
        self.bottom = y + 8
        self.body = "".join(
            (self._bands(), self._exits(), self._bars(), self._wires(), *self.texts, self._woven())
        )

    def _stage(self, index: int, y: float) -> float:
        """Words of a stage from `y`; returns where the next stage begins."""
        head = self.words.heads[index]
        last = self.peeled and index == len(self.layout.flow.stages) - 1
        if last:
            self.texts.append(f'<path class="h" d="M{WORDS} {n(y - 14)}H{WIDTH}"/>')
        self.ys.append(y)
        at = y + 8
        for line in wrapped(head.label, _ROOM, 13):
            self.texts.append(text(WORDS, at, line, "l"))
            at += 16
        fits = width_of(head.figure, 20, True) <= _ROOM
        # A list of figures goes on below: half a figure at the edge of a phone would be another one.
        for line in [head.figure] if fits else wrapped(head.figure, _ROOM / 1.06, 16, 4):
            self.texts.append(text(WORDS, at + 6, line, "b20" if fits else "b16"))
            at += 19
        at += 7
        for line in wrapped(head.detail, _ROOM, 13, 4):
            self.texts.append(text(WORDS, at, line, "l"))
            at += 16
        if last:
            return self._rows(at + 6)
        at += 12
        for foot in self._ordered(index):
            at = self._foot(index, foot, at)
        return max(y + 124, at + 34)

    def _ordered(self, index: int) -> list[Foot]:
        """Exits nearest the words bend first, so that none crosses another."""
        ends = {
            (item.exit.source, item.exit.kind, item.exit.label): item.end
            for item in self.layout.leaving
            if item.stage == index
        }
        return sorted(
            self.words.feet[index],
            key=lambda foot: -max((ends.get(key, 0.0) for key in foot.keys), default=0.0),
        )

    def _foot(self, index: int, foot: Foot, at: float) -> float:
        items = [
            (i, item)
            for i, item in enumerate(self.layout.leaving)
            if item.stage == index and (item.exit.source, item.exit.kind, item.exit.label) in foot.keys
        ]
        spread = sum(self._cap_of(item) + 2 for _, item in items)
        at += max(0.0, spread / 2 - 12)
        cap = at + 6 - spread / 2
        for i, item in sorted(items, key=lambda pair: -pair[1].end):
            width = self._cap_of(item)
            self.exit_y[i] = cap + width / 2
            cap += width + 2
        self.texts.append(
            text(WORDS, at + 10, cut(foot.figure, _ROOM, 14.5), "b14 bad" if foot.bad else "b14")
        )
        lines = wrapped(foot.word, _ROOM, 13)
        for row, line in enumerate(lines):
            self.texts.append(text(WORDS, at + 26 + 15 * row, line, "l"))
        return at + max(42 + 15 * (len(lines) - 1), spread / 2 + 18)

    @staticmethod
    def _cap_of(item: Leaving) -> float:
        """How high the end of an exit is."""
        return float(BAR) if item.straight and not item.thin else max(3.0, exit_width(item))

    def _rows(self, at: float) -> float:
        """Receivers, the one served last first."""
        last = len(self.layout.flow.stages) - 1
        mine = {point.node for point in self.thread}
        stage = self.layout.flow.stages[last]
        for lane in sorted(self.layout.stage_lanes(last), key=self._served, reverse=True):
            height = max(23.0, lane.size + 5)
            middle = at + height / 2
            self.row_y[lane.bar.key] = middle
            css = "b13" if lane.bar.key in mine else "t13"
            units, is_rest = self.layout.flow.units, lane.bar.key.startswith(OTHERS)
            figure = shown(say.totals([lane.bar.amount], units, named=len(units) > 1), self.language)
            name = say.others(int(lane.bar.label), stage) if is_rest else lane.bar.label
            label = shown(name, self.language)
            self.texts.append(
                text(WORDS + 4, middle + 4.5, cut(label, _ROOM - 12 - width_of(figure, 13), 13), css)
            )
            self.texts.append(text(WIDTH, middle + 4.5, figure, css, end=True))
            at += height
        return at

    def _served(self, lane: Lane) -> float:
        return max(
            (link.stops[-2].end for link in self.layout.links if link.band.target == lane.bar.key),
            default=0.0,
        )

    def _bands(self) -> str:
        out = []
        for link in sorted(self.layout.links, key=passes):
            css = band_class(link)
            if max(stop.end - stop.start for stop in link.stops) < 0.5 and len(self.layout.links) > 40:
                continue
            stops = [(self.ys[s.stage], s.start, s.end) for s in link.stops]
            if link.band.target in self.row_y:
                middle = self.row_y[link.band.target]
                lane = self.layout.lanes[link.band.target]
                upper = middle - lane.size / 2 + (link.stops[-1].start - lane.start)
                y, a, b = stops[-2]
                out.append(
                    path(
                        css,
                        self._peel(y + BAR, a, b, upper, upper + link.stops[-1].end - link.stops[-1].start),
                    )
                )
                stops.pop()
            if len(stops) > 1:
                through = [(stops[0][0] + BAR, *stops[0][1:])]
                for y, a, b in stops[1:-1]:
                    through += [(y, a, b), (y + BAR, a, b)]
                through.append(
                    stops[-1] if link.band.target not in self.row_y else (stops[-1][0] + BAR, *stops[-1][1:])
                )
                out.append(path(css, ribbon(through, True)))
        return "".join(out)

    @staticmethod
    def _peel(y: float, a: float, b: float, upper: float, lower: float) -> str:
        """Down from `a..b`, then to the right into `upper..lower` beside the words."""
        inner = 8.0
        outer = min(inner + (b - a), 60.0)
        right = _CAP - 5
        return (
            f"M{n(a)} {n(y)}V{n(lower - outer)}Q{n(a)} {n(lower)} {n(a + outer)} {n(lower)}H{n(right)}"
            f"V{n(upper)}H{n(b + inner)}Q{n(b)} {n(upper)} {n(b)} {n(upper - inner)}V{n(y)}Z"
        )

    def _bars(self) -> str:
        out = []
        for lane in self.layout.lanes.values():
            css = bar_class(lane.bar)
            if lane.bar.key in self.row_y:
                size = max(2.0, lane.size)
                out.append(rect(css, _CAP - 5, self.row_y[lane.bar.key] - size / 2, 5, size))
            elif lane.bar.units:
                out.append(rect(css, lane.start, self.ys[lane.stage], max(1.0, lane.size), BAR))
        return "".join(out)

    def _exits(self) -> str:
        out = []
        for index, middle in self.exit_y.items():
            item = self.layout.leaving[index]
            if item.thin:
                continue
            css, width = CODE[item.substance], exit_width(item)
            if item.straight:
                y = self.ys[item.stage] + BAR
                out.append(
                    path(
                        css + "2",
                        ribbon([(y, item.start, item.end), (middle - BAR / 2, item.start, item.end)], True),
                    )
                )
                out.append(rect(css + "1", item.start, middle - BAR / 2, item.size, BAR))
                out.append(path(f"w {css}w f", f"M{n(item.end)} {n(middle)}H{_CAP}"))
                continue
            out.append(path(css + "2 x", self._bend(item, middle, width)))
            out.append(rect(css + "1", _CAP - 4, middle - max(3.0, width) / 2, 4, max(3.0, width)))
        return "".join(out)

    def _bend(self, item: Leaving, middle: float, width: float) -> str:
        y = self.ys[item.stage] + BAR
        b = item.end
        a = b - width
        upper, lower = middle - width / 2, middle + width / 2
        inner = min(8.0, max(1.0, upper - y))
        outer = inner + width
        return (
            f"M{n(a)} {n(y)}V{n(lower - outer)}A{n(outer)} {n(outer)} 0 0 0 {n(a + outer)} {n(lower)}"
            f"H{n(max(_CAP - 4, a + outer))}V{n(upper)}H{n(b + inner)}"
            f"A{n(inner)} {n(inner)} 0 0 1 {n(b)} {n(upper - inner)}V{n(y)}Z"
        )

    def _wires(self) -> str:
        out = []
        for index, middle in self.exit_y.items():
            item = self.layout.leaving[index]
            if not item.thin:
                continue
            x = (item.start + item.end) / 2
            d = f"M{n(x)} {n(self.ys[item.stage] + BAR)}V{n(middle - 8)}q0 8 8 8H{_CAP}"
            css = "bad" if item.exit.kind.is_bad else CODE[item.substance]
            out.append(
                path(halo_class(item), d)
                + path(wire_class(item), d)
                + rect(f"{css}1", _CAP - 3, middle - 4, 3, 8)
            )
        return "".join(out)

    def _woven(self) -> str:
        if not self.thread:
            return ""
        weave = drawn_thread(self.thread, self.layout)
        lines, ends = [], []
        for strand in weave.strands:
            start = (self.ys[strand.source.stage] + BAR / 2, strand.source.middle)
            if strand.leaving is not None:
                middle = self.exit_y.get(self.layout.leaving.index(strand.leaving))
                item = strand.leaving
                if middle is not None and item.straight and not item.thin:
                    across = min(max(strand.source.middle, item.start), item.end)
                    lines.append(wire([start, (middle, across)], True))
                    ends.append(rect("end", across - 4.5, middle - 4.5, 9, 9))
                elif middle is not None:
                    lines.append(self._hook(start, middle))
                    ends.append(rect("end", _CAP - 6, middle - 4.5, 9, 9))
                continue
            if strand.target is None:
                continue
            between = [
                (self.ys[stage] + half, across)
                for stage, across in strand.middles
                for half in (0.0, float(BAR))
            ]
            if strand.target.bar in self.row_y:
                if between:
                    lines.append(wire([start, *between], True))
                    start = between[-1]
                middle = self.row_y[strand.target.bar]
                lines.append(self._hook(start, middle))
                ends.append(rect("end", _CAP - 6, middle - 4.5, 9, 9))
            else:
                stop = (self.ys[strand.target.stage] + BAR / 2, strand.target.middle)
                lines.append(wire([start, *between, stop], True))
        for node in weave.nodes:
            if node.bar not in self.row_y:
                y = self.ys[node.stage] + BAR / 2
                ends.append(f'<circle class="ring" cx="{n(node.middle)}" cy="{n(y)}" r="4.5"/>')
        d = "".join(lines)
        return (path("halo", d) + path("thread", d) if d else "") + "".join(ends)

    @staticmethod
    def _hook(start: tuple[float, float], middle: float) -> str:
        y, x = start
        return f"M{n(x)} {n(y)}V{n(middle - 8)}q0 8 8 8H{_CAP - 4}"
