"""Parts that several pages share: the picture with its table, and an address in groups.

Plain functions from the ledger's views to what is drawn; no HTML but the ready drawings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from api.flow import tall as flow_tall
from api.flow import wide as flow_wide
from api.flow.layout import gathered, shown_of
from api.flow.thread import held_on
from api.flow.words import words_of
from api.languages.language import ENGLISH, Language
from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.views.flow import Flow, Stage, StageKind, Thread
from ledger.views.strips import in_columns, strips_of

ROWS = 25
"""Most rows of any list in a first view."""


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A row of the picture's table: a stage, or (`of_stage`) a bar of the stage above it."""

    label: str
    yours: str
    arrived: str
    stays: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    of_stage: bool = False


@dataclass(frozen=True, slots=True)
class DrawnStrip:
    """Both drawings of a part of a flow; `label` names its product, where there are several."""

    label: str
    wide: Markup
    tall: Markup


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawings of a flow and their table; `more` are stages of which not each bar is drawn, by number.

    `only_in_table`: how many products are not drawn.
    """

    caption: str
    strips: tuple[DrawnStrip, ...]
    only_in_table: str
    rows: tuple[PictureRow, ...]
    more: tuple[tuple[int, str], ...]
    has_yours: bool


STRIPS = 4
"""Most parts that a first view draws: coins and money, and the products on which most was spent."""


def picture(flow: Flow, thread: Thread = (), language: Language = ENGLISH) -> Picture | None:
    """The drawings and their table, with a donor's thread where there is one; None while nothing has arrived."""
    if not any(bar.units for bar in flow.nodes):
        return None
    flow = in_columns(flow)
    strips = strips_of(flow)
    mine = {point.node for point in thread}
    wanted = sorted(
        range(len(strips)),
        key=lambda n: (n > 0, not any(bar.key in mine for bar in strips[n].flow.nodes), n),
    )[:STRIPS]
    numbers = {(stage.kind, stage.place): index for index, stage in enumerate(flow.stages)}
    drawn: list[DrawnStrip] = []
    rows: list[PictureRow] = []
    more: dict[int, str] = {}
    for number, strip in enumerate(strips):
        part = tuple(point for point in thread if any(bar.key == point.node for bar in strip.flow.nodes))
        label = say.strip_label(strip)
        if number in wanted:
            most = shown_of(strip.flow, len(wanted))
            drawn.append(_drawn(strip.flow, most, part, label, number, language))
            for stage in strip.flow.stages:
                if len(stage.bars) > most:
                    shown = say.not_drawn(stage, len(stage.bars) - most + 1)
                    more.setdefault(numbers[stage.kind, stage.place], shown)
        if label:
            rows.append(PictureRow(label=label, yours="", arrived=""))
        rows += _rows(strip.flow, part, yours=bool(thread))
    return Picture(
        caption=str(say.THREAD_CAPTION if thread else say.FLOW_CAPTION),
        strips=tuple(drawn),
        only_in_table=say.only_in_table(len(strips) - len(drawn)),
        rows=tuple(rows),
        more=tuple(sorted(more.items())),
        has_yours=bool(thread),
    )


def _drawn(flow: Flow, most: int, thread: Thread, label: str, number: int, language: Language) -> DrawnStrip:
    small = gathered(flow, most, {point.node for point in thread})
    words, ident = words_of(small, thread), str(number or "")
    if not language.is_english:
        words = words.in_language(language)
    return DrawnStrip(
        label,
        Markup(flow_wide.drawn(small, words, thread, f"w{ident}", language)),  # noqa: S704 - built and escaped by us
        Markup(flow_tall.drawn(small, words, thread, f"t{ident}", language)),  # noqa: S704
    )


_OF_MONEY = {StageKind.DONATED, StageKind.MONEY}
"""Stages whose bars are told apart where some of the money is restricted to a need."""


def _parts(stage: Stage, thread: Thread) -> Iterator[PictureRow]:
    """What came in one way and in another, a row each; what came back is never told as what came in."""
    held = {bar: sum(b - a for a, b in pieces) for bar, pieces in held_on(thread).items()}
    for part in stage.parts if len(stage.parts) > 1 else ():
        sums: dict[str, int] = {}
        for bar in stage.bars:
            if bar.origin is part.origin and held.get(bar.key):
                sums[bar.asset] = sums.get(bar.asset, 0) + held[bar.key]
        yours = [Amount.of(asset, units) for asset, units in sums.items()]
        yield PictureRow(
            label=say.came_label(stage, part),
            yours=say.totals(yours, {}, named=False) if yours else "",
            arrived=say.arrived(say.totals(part.totals, {}, named=False), say.part_count(stage, part)),
            of_stage=True,
        )


def _rows(flow: Flow, thread: Thread, *, yours: bool) -> tuple[PictureRow, ...]:
    general = words_of(flow, ())
    mine = words_of(flow, thread) if thread else None
    rows: list[PictureRow] = []
    held: dict[str, int] = {}
    for point in thread:
        held[point.node] = held.get(point.node, 0) + (point.end - point.start if point.left is None else 0)
    several, most = len(flow.units) > 1, shown_of(flow)
    for index, stage in enumerate(flow.stages):
        head = general.heads[index]
        rows.append(
            PictureRow(
                label=head.label,
                yours=mine.heads[index].figure if mine and mine.heads[index].is_yours else "",
                arrived=say.arrived(head.figure, head.detail),
                stays=tuple(say.left(foot.figure, foot.word) for foot in general.feet[index] if not foot.bad),
                lost=tuple(say.left(foot.figure, foot.word) for foot in general.feet[index] if foot.bad),
            )
        )
        rows += _parts(stage, thread)
        apart = stage.kind in _OF_MONEY and len(stage.bars) > len(stage.parts)
        if stage.kind is StageKind.DISTRIBUTED or stage.is_shared or apart:
            for bar in stage.bars[:most]:
                part = Amount.of(bar.asset, held.get(bar.key, 0))
                rows.append(
                    PictureRow(
                        label=bar.label,
                        yours=say.totals([part], flow.units, named=several) if yours else "",
                        arrived=say.totals([bar.amount], flow.units, named=several),
                        of_stage=True,
                    )
                )
    return tuple(rows)


def groups_of_four(address: str | None) -> tuple[str, ...]:
    """An address as people compare it; nothing for none."""
    text = address or ""
    return tuple(text[i : i + 4] for i in range(0, len(text), 4))
