"""What the picture and its table say: a head for each stage, and the exits under it, merged by kind.

Words come from the language's module; here is only which figures belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.flow.svg import shown
from api.flow.thread import held_on
from api.languages.language import Language
from api.pages import sentences as say
from ledger.core.frozen import Amount
from ledger.views.flow import ExitKind, Flow, StageKind, Thread


@dataclass(frozen=True, slots=True)
class Head:
    """A stage: label, large figure, detail; in a donor's picture the figure is the donor's."""

    label: str
    figure: str
    detail: str
    is_yours: bool = False


@dataclass(frozen=True, slots=True)
class Foot:
    """Exits of one kind from one stage; `keys` are (bar, kind) of the merged ones."""

    figure: str
    word: str
    bad: bool
    kind: ExitKind
    keys: frozenset[tuple[str, ExitKind, str]]


@dataclass(frozen=True, slots=True)
class Words:
    heads: tuple[Head, ...]
    feet: tuple[tuple[Foot, ...], ...]  # a tuple a stage
    desc: str

    def in_language(self, language: Language) -> Words:
        """The same, told to a reader of the language."""

        def told(text: str) -> str:
            return shown(text, language)

        return Words(
            tuple(
                replace(head, label=told(head.label), figure=told(head.figure), detail=told(head.detail))
                for head in self.heads
            ),
            tuple(
                tuple(replace(foot, figure=told(foot.figure), word=told(foot.word)) for foot in feet)
                for feet in self.feet
            ),
            told(self.desc),
        )


_ONE_LINE = 17
"""Characters of a foot's figure that fit beside each other: `7 of 14,000` does."""


def words_of(flow: Flow, thread: Thread) -> Words:
    """Heads and feet of a flow; with a thread, that is not empty, the donor's figures, `of` the totals."""
    heads = tuple(_head(flow, index, thread) for index in range(len(flow.stages)))
    feet = tuple(_feet(flow, index, thread) for index in range(len(flow.stages)))
    desc = say.flow_desc(
        [(head.label, head.figure, head.detail) for head in heads],
        [(foot.figure, foot.word) for group in feet for foot in group],
    )
    return Words(heads, feet, desc)


def yours_at(flow: Flow, index: int, thread: Thread) -> tuple[tuple[Amount, ...], tuple[str, ...]]:
    """What of the donation a stage holds, asset by asset, and the bars that hold it (labels)."""
    held = held_on(thread)
    sums: dict[str, int] = {}
    labels = []
    bars = flow.stages[index].bars
    # What came back was counted when it came first, as in the total beside it; unless nothing else came.
    first = [bar for bar in bars if not bar.origin.is_back]
    for bar in first or bars:
        units = sum(b - a for a, b in held.get(bar.key, []))
        if units:
            sums[bar.asset] = sums.get(bar.asset, 0) + units
            labels.append(bar.label)
    return tuple(Amount.of(asset, units) for asset, units in sums.items()), tuple(labels)


def _head(flow: Flow, index: int, thread: Thread) -> Head:
    stage = flow.stages[index]
    if not thread:
        return Head(say.stage_label(stage), say.stage_figure(stage, flow.units), say.stage_detail(stage))
    yours, labels = yours_at(flow, index, thread)
    if not yours:  # a stage that the donation does not come through says whose it is: everybody's
        return Head(say.stage_label(stage), say.stage_figure(stage, flow.units), say.stage_detail(stage))
    began = min(number for number in range(len(flow.stages)) if yours_at(flow, number, thread)[0])
    mine = {row.asset for row in yours}
    whole = [row for row in stage.totals if row.asset in mine]
    if stage.kind is StageKind.DISTRIBUTED and len(labels) == 1:
        whole = [bar.amount for bar in stage.bars if bar.label == labels[0] and bar.asset in mine]
    figure = say.totals(yours, flow.units, named=stage.kind is StageKind.ORDERED)
    return Head(
        say.yours_label(stage, labels, begins=index == began),
        figure,
        say.of_total(say.totals(whole, {}, named=False)),
        is_yours=True,
    )


def _feet(flow: Flow, index: int, thread: Thread) -> tuple[Foot, ...]:
    stage = flow.stages[index]
    bars = {bar.key: bar for bar in stage.bars}
    groups: dict[tuple[ExitKind, str, str], int] = {}
    keys: dict[tuple[ExitKind, str, str], set[tuple[str, ExitKind, str]]] = {}
    substance = {}
    goes_to = {}
    for item in flow.exits:
        if item.source not in bars:
            continue
        group = (item.kind, item.asset, item.label)
        groups[group] = groups.get(group, 0) + item.units
        keys.setdefault(group, set()).add((item.source, item.kind, item.label))
        substance[group] = bars[item.source].substance
        goes_to[group] = item.to
    yours: dict[tuple[ExitKind, str, str], int] = {}
    for point in thread:
        if point.left is not None and point.amount is not None and point.node in bars:
            group = (point.left, point.amount.asset, point.label)
            yours[group] = yours.get(group, 0) + point.amount.minor
    feet = []
    for (kind, asset, label), units in groups.items():
        mine = yours.get((kind, asset, label), 0)
        figure = _figure(flow, asset, units)
        if mine:
            total, figure = say.of_total(figure), _figure(flow, asset, mine)
        else:
            total = ""
        word = say.exit_word(
            kind,
            substance[kind, asset, label],
            label,
            stage.place,
            at_receipt=stage.kind is StageKind.ORDERED,
            to=goes_to[kind, asset, label],
        )
        if total and len(say.part_of_total(figure, total)) <= _ONE_LINE:
            figure = say.part_of_total(figure, total)
        elif total:
            word = say.foot_of_total(total, word)
        feet.append(Foot(figure, word, kind.is_bad, kind, frozenset(keys[kind, asset, label])))
    return tuple(feet)


def _figure(flow: Flow, asset: str, units: int) -> str:
    """Pieces go without their unit where there is one product only."""
    return say.amount(Amount.of(asset, units), flow.units.get(asset, "") if len(flow.units) > 1 else "")
