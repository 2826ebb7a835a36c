"""Parts that several pages share: the picture with its table, and an address in groups.

Plain functions from the ledger's views to what is drawn; no HTML but the ready drawings.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.flow import tall as flow_tall
from api.flow import wide as flow_wide
from api.flow.layout import gathered, shown_of
from api.flow.words import words_of
from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.views.flow import Flow, StageKind, Thread

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
class Picture:
    """Both drawings of a flow and their table; `more` are stages of which not each bar is drawn, by number."""

    caption: str
    wide: Markup
    tall: Markup
    rows: tuple[PictureRow, ...]
    more: tuple[tuple[int, str], ...]
    has_yours: bool


def picture(flow: Flow, thread: Thread = ()) -> Picture | None:
    """Both drawings and their table, with a donor's thread where there is one; None while nothing has arrived."""
    if not any(bar.units for bar in flow.nodes):
        return None
    small = gathered(flow, {point.node for point in thread})
    words, most = words_of(small, thread), shown_of(flow)
    return Picture(
        caption=say.THREAD_CAPTION if thread else say.FLOW_CAPTION,
        wide=Markup(flow_wide.drawn(small, words, thread, "w")),  # noqa: S704 - built and escaped by us
        tall=Markup(flow_tall.drawn(small, words, thread, "t")),  # noqa: S704
        rows=_rows(flow, thread),
        more=tuple(
            (index, say.not_drawn(stage, len(stage.bars) - most + 1))
            for index, stage in enumerate(flow.stages)
            if len(stage.bars) > most
        ),
        has_yours=bool(thread),
    )


_OF_MONEY = {StageKind.DONATED, StageKind.CONVERTED}
"""Stages whose bars are told apart where some of the money is restricted to a need."""


def _rows(flow: Flow, thread: Thread) -> tuple[PictureRow, ...]:
    general = words_of(flow, ())
    yours = words_of(flow, thread) if thread else None
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
                yours=yours.heads[index].figure if yours else "",
                arrived=f"{head.figure}, {head.detail}",
                stays=tuple(f"{foot.figure} {foot.word}" for foot in general.feet[index] if not foot.bad),
                lost=tuple(f"{foot.figure} {foot.word}" for foot in general.feet[index] if foot.bad),
            )
        )
        if stage.kind is StageKind.DISTRIBUTED or (stage.kind in _OF_MONEY and len(stage.bars) > 1):
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
