"""Where bars, bands and exits lie across a column, in pixels; both drawings and the donor's thread use it.

It knows no colours and no words, and never changes a quantity: one scale a unit, all scales shrunk together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.core.frozen import Amount
from ledger.views.flow import Band, Bar, Exit, ExitKind, Flow, Origin, Stage, StageKind, Substance

THIN = 2.0
"""An exit narrower than this, in pixels, is a line in the colour of its bar."""
SHOWN = 20
"""Most bars of a stage; those beyond are drawn as one."""
ALL_SHOWN = 40
"""Most bars of all stages together: what a small first view has room for."""
STRIPS_SHOWN = 60
"""Most bars of all strips together, where a picture has several; shared alike among them."""
PAIRS = 60
"""More bands than this are drawn as one from each bar to each other."""
OTHERS = "\x00others"
"""What the key of the bar begins with that stands for those beyond the shown ones."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a drawing allows: pixels of the first column, of the tallest one, between bars, beside a bar."""

    first: float
    tallest: float
    gap: float
    beside: tuple[float, ...]  # for thick exits, a stage each
    row: float  # least pitch of receivers; 0: the drawing places receivers itself


@dataclass(frozen=True, slots=True)
class Lane:
    """A bar in its column: unit `u` lies at `start + u * scale`."""

    bar: Bar
    stage: int
    start: float
    scale: float

    @property
    def size(self) -> float:
        return self.bar.units * self.scale

    @property
    def end(self) -> float:
        return self.start + self.size

    def at(self, unit: float) -> float:
        return self.start + unit * self.scale


@dataclass(frozen=True, slots=True)
class Stop:
    stage: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Link:
    """A band with the place it passes at in each stage, source and target included."""

    band: Band
    substance: Substance
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Leaving:
    """An exit at its bar: `start..end` across; `size` is its true width."""

    exit: Exit
    stage: int
    substance: Substance
    start: float
    end: float
    size: float
    straight: bool = False
    """Too wide to bend: it goes straight to a bar of its own."""

    @property
    def thin(self) -> bool:
        """Drawn as a line from its true place, not at its width."""
        return self.exit.kind.is_bad or self.exit.kind is ExitKind.SPENT or self.size < THIN


@dataclass(frozen=True, slots=True)
class Layout:
    flow: Flow
    lanes: Mapping[str, Lane]
    links: tuple[Link, ...]
    leaving: tuple[Leaving, ...]
    extent: float  # across, from 0

    def moved(self, by: float) -> Layout:
        """The same, `by` pixels further across."""
        return replace(
            self,
            lanes={key: replace(lane, start=lane.start + by) for key, lane in self.lanes.items()},
            links=tuple(
                replace(link, stops=tuple(Stop(s.stage, s.start + by, s.end + by) for s in link.stops))
                for link in self.links
            ),
            leaving=tuple(replace(item, start=item.start + by, end=item.end + by) for item in self.leaving),
        )

    def stage_lanes(self, stage: int) -> tuple[Lane, ...]:
        return tuple(lane for lane in self.lanes.values() if lane.stage == stage)


def shown_of(flow: Flow, strips: int = 1) -> int:
    """How many bars a stage of this flow has at most when it is drawn: fewer where several stages have many, and where
    it is one of several strips.
    """
    room = ALL_SHOWN if strips < 2 else min(ALL_SHOWN, STRIPS_SHOWN // strips)
    for most in range(SHOWN, 2, -1):
        if sum(min(len(stage.bars), most) for stage in flow.stages) <= room:
            return most
    return 2


def gathered(flow: Flow, most: int, keep: Iterable[str] = ()) -> Flow:
    """A flow that a page can draw at any size: where a stage has more bars than `most`, the largest (and first those
    in `keep`) stand for themselves, the rest as one bar of the same quantity, an asset each.
    """
    wanted = set(keep)
    # Key of a bar that is gathered -> the bar of the rest, and where it lies on that.
    moved: dict[str, tuple[str, int]] = {}
    stages = tuple(_gathered(index, stage, most, wanted, moved) for index, stage in enumerate(flow.stages))
    bands = _as_pairs([_moved_band(band, moved) for band in flow.bands])
    exits = tuple(_joined([_moved_exit(row, moved) for row in flow.exits]))
    return Flow(units=flow.units, stages=stages, bands=bands, exits=exits)


def _gathered(
    index: int, stage: Stage, most: int, wanted: set[str], moved: dict[str, tuple[str, int]]
) -> Stage:
    if len(stage.bars) <= most:
        return stage
    ranked = sorted(stage.bars, key=lambda bar: (bar.key not in wanted, -bar.units))
    shown = {bar.key for bar in ranked[: most - 1]}
    rest: dict[tuple[str, Origin], list[Bar]] = {}
    for bar in stage.bars:
        if bar.key not in shown:
            rest.setdefault((bar.asset, bar.origin), []).append(bar)
    others = []
    for (asset, origin), bars in rest.items():
        key, length = f"{OTHERS}:{index}:{asset}:{origin.value}", 0
        for bar in bars:
            moved[bar.key] = (key, length)
            length += bar.units
        label = str(len({bar.label for bar in bars}))
        units = Amount.of(asset, length)
        others.append(Bar(key=key, label=label, substance=bars[0].substance, origin=origin, amount=units))
    drawn = (*(bar for bar in stage.bars if bar.key in shown), *others)
    return stage.model_copy(update={"bars": drawn})


def _moved_band(band: Band, moved: Mapping[str, tuple[str, int]]) -> Band:
    source, before = moved.get(band.source, (band.source, 0))
    target, behind = moved.get(band.target, (band.target, 0))
    return Band(
        source=source,
        taken=(band.source_start + before, band.source_end + before),
        target=target,
        joined=(band.target_start + behind, band.target_end + behind),
        apart=band.apart,
    )


def _moved_exit(row: Exit, moved: Mapping[str, tuple[str, int]]) -> Exit:
    source, before = moved.get(row.source, (row.source, 0))
    taken = (row.start + before, row.end + before)
    return row.model_copy(update={"source": source, "taken": taken})


def _joined(exits: Iterable[Exit]) -> Iterator[Exit]:
    """Exits of one bar, kind and label as one; a bar of the rest has them of many bars."""
    groups: dict[tuple[str, ExitKind, str, Origin | None], list[Exit]] = {}
    for row in exits:
        groups.setdefault((row.source, row.kind, row.label, row.apart), []).append(row)
    for rows in groups.values():
        first, length = rows[0], sum(row.end - row.start for row in rows)
        units = sum(row.units for row in rows)
        yield Exit(
            source=first.source,
            taken=(first.start, first.start + length),
            kind=first.kind,
            amount=Amount.of(first.asset, units),
            label=first.label,
            to=first.to,
            apart=first.apart,
        )


def _as_pairs(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Bands that touch as one; where too many are left, all from one bar to another as one of their whole width."""
    joined = merged(bands)
    if len(joined) <= PAIRS:
        return joined
    pairs: dict[tuple[str, str, Origin | None], list[Band]] = {}
    for band in joined:
        pairs.setdefault((band.source, band.target, band.apart), []).append(band)
    return tuple(
        Band(
            source=source,
            taken=_run([band.taken for band in group]),
            target=target,
            joined=_run([band.joined for band in group]),
            apart=apart,
        )
        for (source, target, apart), group in pairs.items()
    )


def _run(pieces: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """An interval as long as all pieces, about where they lie, and not beyond them."""
    low, high = min(start for start, _ in pieces), max(end for _, end in pieces)
    length = sum(end - start for start, end in pieces)
    start = low + (high - low - length) // 2
    return start, start + length


def merged(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Bands between the same two bars that touch at both ends become one."""
    joined: list[Band] = []
    for band in sorted(
        bands, key=lambda b: (b.source, b.target, b.apart or "", b.source_start, b.target_start)
    ):
        before = joined[-1] if joined else None
        if (
            before is not None
            and (before.source, before.target, before.apart) == (band.source, band.target, band.apart)
            and before.source_end == band.source_start
            and before.target_end == band.target_start
        ):
            joined[-1] = Band(
                source=band.source,
                taken=(before.source_start, band.source_end),
                target=band.target,
                joined=(before.target_start, band.target_end),
                apart=band.apart,
            )
        else:
            joined.append(band)
    return tuple(joined)


def scales_of(flow: Flow, first: float) -> dict[str, float]:
    """Pixels a unit of each asset: the first column fills `first`, others follow from what became of it."""
    scales: dict[str, float] = {}
    stage_of = {bar.key: i for i, stage in enumerate(flow.stages) for bar in stage.bars}
    bars = {bar.key: bar for stage in flow.stages for bar in stage.bars}
    for index, stage in enumerate(flow.stages):
        totals: dict[str, int] = {}
        for bar in stage.bars:
            totals[bar.asset] = totals.get(bar.asset, 0) + bar.units
        for asset, total in totals.items():
            if asset in scales or total <= 0:
                continue
            came, became = 0.0, 0
            for band in flow.bands:
                source = bars.get(band.source)
                target = bars.get(band.target)
                if (
                    source is None
                    or target is None
                    or target.asset != asset
                    or stage_of[band.target] != index
                ):
                    continue
                if source.asset in scales and band.target_end > band.target_start:
                    came += (band.source_end - band.source_start) * scales[source.asset]
                    became += band.target_end - band.target_start
            scales[asset] = came / became if became and came > 0 else first / len(totals) / total
    return scales


def laid_out(flow: Flow, room: Room) -> Layout:
    """Place everything. Columns stand where their bands run level; a tallest column or exit sets the scale."""
    flow = flow.model_copy(update={"bands": merged(flow.bands)})
    scales = scales_of(flow, room.first)
    flow = _served_in_order(flow)
    stage_of = {bar.key: i for i, stage in enumerate(flow.stages) for bar in stage.bars}
    bands = [b for b in flow.bands if stage_of.get(b.source, 99) < stage_of.get(b.target, -1)]
    straight = _going_straight(flow, scales, room, stage_of)
    factor = _fit(flow, scales, room, bands, stage_of, straight)
    scales = {asset: scale * factor for asset, scale in scales.items()}
    lanes: dict[str, Lane] = {}
    stops: dict[int, list[Stop]] = {}  # of a band by its index
    for index, stage in enumerate(flow.stages):
        _place_stage(index, stage, bands, stage_of, scales, room, lanes, stops)
    links = []
    for number, band in enumerate(bands):
        target = lanes[band.target]
        last = Stop(target.stage, target.at(band.target_start), target.at(band.target_end))
        links.append(Link(band, lanes[band.source].bar.substance, (*stops[number], last)))
    leaving = _beside_each_other(
        _leaving(item, lanes[item.source], scales, straight=number in straight)
        for number, item in enumerate(flow.exits)
        if item.source in lanes
    )
    low = min((lane.start for lane in lanes.values()), default=0.0)
    if links:
        low = min(low, *(stop.start for link in links for stop in link.stops))
    high = max((lane.end for lane in lanes.values()), default=0.0)
    if links:
        high = max(high, *(stop.end for link in links for stop in link.stops))
    return Layout(flow, lanes, tuple(links), leaving, high - low).moved(-low)


def _served_in_order(flow: Flow) -> Flow:
    """Receivers in the order of the line: the one served first stands first, so that few bands cross."""
    if not flow.stages or flow.stages[-1].kind is not StageKind.DISTRIBUTED:
        return flow
    came: dict[str, int] = {}
    units: dict[str, int] = {}
    for band in flow.bands:
        size = band.target_end - band.target_start
        came[band.target] = came.get(band.target, 0) + (band.source_start + band.source_end) * size
        units[band.target] = units.get(band.target, 0) + 2 * size
    last = flow.stages[-1]
    bars = sorted(last.bars, key=lambda bar: came.get(bar.key, 0) / max(1, units.get(bar.key, 0)))
    served = last.model_copy(update={"bars": tuple(bars)})
    return flow.model_copy(update={"stages": (*flow.stages[:-1], served)})


def _gap(stage: Stage, passing: int, room: Room) -> float:
    if stage.kind in (StageKind.MONEY, StageKind.ORDERED) or stage.is_shared:
        return (
            room.gap if len(stage.bars) + passing <= 12 else room.gap * 11 / (len(stage.bars) + passing - 1)
        )
    return 0.0


def ends_beside(flow: Flow) -> bool:
    """Does the last stage have exits that go straight to a column of their own? Receivers are the last column else."""
    if not flow.stages or flow.stages[-1].kind is StageKind.DISTRIBUTED:
        return False
    last = {bar.key for bar in flow.stages[-1].bars}
    return any(item.source in last and _is_thick(item) for item in flow.exits)


def _is_thick(item: Exit) -> bool:
    """May it be drawn at its width? What is bad, and what services cost, is a line."""
    return not item.kind.is_bad and item.kind is not ExitKind.SPENT


def _going_straight(
    flow: Flow, scales: Mapping[str, float], room: Room, stage_of: Mapping[str, int]
) -> frozenset[int]:
    """Numbers of the exits that do not bend: all of a last column, and of others what takes more than a third of it.

    A bend needs as much room beside its bar as it is wide, so the widest go straight until the rest has room enough.
    """
    bars = {bar.key: bar for stage in flow.stages for bar in stage.bars}
    straight: set[int] = set()
    for index, stage in enumerate(flow.stages):
        thick = {
            number: _width(item, bars[item.source], scales)
            for number, item in enumerate(flow.exits)
            if stage_of.get(item.source) == index and _is_thick(item)
        }
        if index == len(flow.stages) - 1 and ends_beside(flow):
            straight |= thick.keys()
            continue
        column = sum(bar.units * scales.get(bar.asset, 0.0) for bar in stage.bars)
        left = sum(thick.values())
        for number, size in sorted(thick.items(), key=lambda pair: -pair[1]):
            if size > column / 3 or left > room.beside[index]:
                straight.add(number)
                left -= size
    return frozenset(straight)


def _beside_each_other(items: Iterable[Leaving]) -> tuple[Leaving, ...]:
    """Exits that go straight from one bar lie one after the other on it; an exit of several parts is one here."""
    placed, ends = list(items), dict[str, float]()
    order = sorted(range(len(placed)), key=lambda number: placed[number].start)
    for number in order:
        item = placed[number]
        if item.straight and not item.thin:
            start = max(item.start, ends.get(item.exit.source, item.start))
            placed[number] = replace(item, start=start, end=start + item.size)
            ends[item.exit.source] = start + item.size
    return tuple(placed)


def _fit(
    flow: Flow,
    scales: Mapping[str, float],
    room: Room,
    bands: Sequence[Band],
    stage_of: Mapping[str, int],
    straight: frozenset[int],
) -> float:
    """One factor for all scales, at most 1, so that no column and no bent exit outgrows its room."""
    factor = 1.0
    bars = {bar.key: bar for stage in flow.stages for bar in stage.bars}
    for index, stage in enumerate(flow.stages):
        passing = [b for b in bands if stage_of[b.source] < index < stage_of[b.target]]
        size = sum(bar.units * scales.get(bar.asset, 0.0) for bar in stage.bars)
        size += sum((b.source_end - b.source_start) * scales.get(bars[b.source].asset, 0.0) for b in passing)
        gaps = _gap(stage, len(passing), room) * max(0, len(stage.bars) + len(passing) - 1)
        if size > 0 and not (stage.kind is StageKind.DISTRIBUTED and room.row):
            factor = min(factor, max(8.0, room.tallest - gaps) / size)
        thick = 0.0
        for number, item in enumerate(flow.exits):
            if stage_of.get(item.source) == index and _is_thick(item) and number not in straight:
                thick += _width(item, bars[item.source], scales)
        if thick > 0:
            factor = min(factor, room.beside[index] / thick)
    return factor


def _width(item: Exit, bar: Bar, scales: Mapping[str, float]) -> float:
    units = item.units if item.asset == bar.asset else item.end - item.start
    return units * scales.get(bar.asset, 0.0)


def _leaving(item: Exit, lane: Lane, scales: Mapping[str, float], *, straight: bool) -> Leaving:
    size = _width(item, lane.bar, scales)
    start, end = lane.at(item.start), lane.at(item.end)
    if _is_thick(item) and end - start > size:
        start = end - size  # parts spread over the interval leave from its end
    return Leaving(item, lane.stage, lane.bar.substance, start, end, size, straight)


def _place_stage(
    index: int,
    stage: Stage,
    bands: Sequence[Band],
    stage_of: Mapping[str, int],
    scales: Mapping[str, float],
    room: Room,
    lanes: dict[str, Lane],
    stops: dict[int, list[Stop]],
) -> None:
    """Stack bars and passing bands of one stage, then move the column to where its bands run level."""
    coming: dict[
        str, list[tuple[float, float, float]]
    ] = {}  # bar -> (middle before, middle in the bar, weight)
    passing: list[tuple[float, int, float]] = []
    for number, band in enumerate(bands):
        at_source, at_target = stage_of[band.source], stage_of[band.target]
        if at_source < index:
            before = stops[number][-1]
            middle = (before.start + before.end) / 2
            if at_target == index:
                scale = scales.get(next(b.asset for b in stage.bars if b.key == band.target), 0.0)
                inside = (band.target_start + band.target_end) / 2 * scale
                weight = (band.target_end - band.target_start) * scale
                coming.setdefault(band.target, []).append((middle, inside, weight))
            elif at_target > index:
                passing.append((middle, number, before.end - before.start))
    passing.sort()
    items: list[tuple[str | int, float]] = []  # a bar's key or a passing band's number, and its size
    for bar in stage.bars:
        known = coming.get(bar.key)
        if known:
            here = sum(m for m, _, _ in known) / len(known)
            while passing and passing[0][0] < here:
                _, number, size = passing.pop(0)
                items.append((number, size))
        items.append((bar.key, bar.units * scales.get(bar.asset, 0.0)))
    items.extend((number, size) for _, number, size in passing)
    gap = _gap(stage, sum(isinstance(name, int) for name, _ in items), room)
    receivers = stage.kind is StageKind.DISTRIBUTED and room.row
    at = 0.0
    starts: list[float] = []
    for position, (_, size) in enumerate(items):
        if position:
            at += gap
        if receivers and position:
            pitch = max(room.row, (items[position - 1][1] + size) / 2 + 5)
            at = starts[-1] + items[position - 1][1] / 2 + pitch - size / 2
        starts.append(at)
        at += size
    pulls: list[tuple[float, float]] = []
    for (name, _), start in zip(items, starts, strict=True):
        if isinstance(name, int):
            before = stops[name][-1]
            pulls.append((before.start - start, before.end - before.start))
        else:
            pulls.extend((middle - inside - start, weight) for middle, inside, weight in coming.get(name, []))
    total = sum(weight for _, weight in pulls)
    shift = sum(pull * weight for pull, weight in pulls) / total if total > 0 else 0.0
    if not room.row:
        shift = min(max(0.0, shift), max(0.0, room.tallest - at))
    bars = {bar.key: bar for bar in stage.bars}
    for (name, size), start in zip(items, starts, strict=True):
        if isinstance(name, int):
            stops[name].append(Stop(index, start + shift, start + shift + size))
        else:
            bar = bars[name]
            lanes[name] = Lane(bar, index, start + shift, scales.get(bar.asset, 0.0))
    for number, band in enumerate(bands):
        if stage_of[band.source] == index:
            lane = lanes[band.source]
            stops[number] = [Stop(index, lane.at(band.source_start), lane.at(band.source_end))]
