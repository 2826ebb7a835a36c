"""The donor's thread through the flow: where a donation lies on each bar, and how its pieces go on.

The thread is drawn wider than it is; its middle is on the same scale as the bands.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.flow.layout import Layout, Leaving
from ledger.views.flow import ExitKind, Thread


@dataclass(frozen=True, slots=True)
class ThreadNode:
    """Where the donation lies on a bar: `middle` across."""

    bar: str
    stage: int
    start: int
    end: int
    middle: float


@dataclass(frozen=True, slots=True)
class Strand:
    """From a node to another through the stops of a band, or to an exit (`leaving` set)."""

    source: ThreadNode
    target: ThreadNode | None
    middles: tuple[tuple[int, float], ...]  # (stage, across) between the nodes
    leaving: Leaving | None


@dataclass(frozen=True, slots=True)
class DrawnThread:
    nodes: tuple[ThreadNode, ...]
    strands: tuple[Strand, ...]


NODES_A_BAR = 6


def drawn_thread(thread: Thread, layout: Layout) -> DrawnThread:
    """The thread as nodes and strands; it forks where a band or an exit cuts its interval."""
    nodes: dict[str, list[ThreadNode]] = {}
    for bar, pieces in held_on(thread).items():
        lane = layout.lanes.get(bar)
        if lane is None:
            continue
        largest = sorted(pieces, key=lambda piece: piece[0] - piece[1])[:NODES_A_BAR]
        nodes[bar] = [ThreadNode(bar, lane.stage, a, b, lane.at((a + b) / 2)) for a, b in sorted(largest)]
    strands: list[Strand] = []
    seen: set[tuple[ThreadNode, ThreadNode]] = set()
    for link in layout.links:
        for source in nodes.get(link.band.source, []):
            a, b = max(source.start, link.band.source_start), min(source.end, link.band.source_end)
            if a >= b:
                continue
            length = link.band.source_end - link.band.source_start
            share = ((a + b) / 2 - link.band.source_start) / length
            for target in nodes.get(link.band.target, []):
                overlap = min(target.end, link.band.target_end) - max(target.start, link.band.target_start)
                if overlap > 0 and (source, target) not in seen:
                    seen.add((source, target))
                    between = tuple((s.stage, s.start + (s.end - s.start) * share) for s in link.stops[1:-1])
                    strands.append(Strand(source, target, between, None))
    ends = {(item.exit.source, item.exit.kind, item.exit.label): item for item in layout.leaving}
    done: set[tuple[ThreadNode, ExitKind, str]] = set()
    for point in thread:
        if point.left is None or (point.node, point.left, point.label) not in ends:
            continue
        for source in nodes.get(point.node, []):
            mine = (source, point.left, point.label)
            if source.start <= point.start < source.end and mine not in done:
                done.add(mine)
                strands.append(Strand(source, None, (), ends[point.node, point.left, point.label]))
    return DrawnThread(tuple(node for group in nodes.values() for node in group), tuple(strands))


def held_on(thread: Thread) -> dict[str, list[tuple[int, int]]]:
    """The donation's units on each bar, as disjoint intervals; a part that left there is inside them."""
    by_bar: dict[str, list[tuple[int, int]]] = {}
    for point in thread:
        if point.end > point.start:
            by_bar.setdefault(point.node, []).append((point.start, point.end))
    joined: dict[str, list[tuple[int, int]]] = {}
    for bar, pieces in by_bar.items():
        out: list[tuple[int, int]] = []
        for a, b in sorted(pieces):
            if out and a <= out[-1][1]:
                out[-1] = (out[-1][0], max(b, out[-1][1]))
            else:
                out.append((a, b))
        joined[bar] = out
    return joined
