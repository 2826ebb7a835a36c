"""English: heads, feet and the description of the flow picture.

The same words stand in its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.figures import count
from api.pages.sentences.messages import listed
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import amount, number_of
from ledger.core.frozen import Amount
from ledger.views.flow import ExitKind, Origin, Stage, StageKind, StagePart, Substance
from ledger.views.strips import Strip

FLOW_CAPTION = (
    "Widths are quantities. A band ends where the thing is. Red is what was damaged, short or lost."
)
THREAD_CAPTION = "The line with dots is your donation, drawn wider than it is. The bands are everyone’s."
FLOW_TITLE = "The way of the money and the goods"
THREAD_TITLE = "The way of your donation among all"
FLOW_TABLE_HEAD = ("Stage", "Arrived", "Stays or spent", "Lost")


def stage_label(stage: Stage) -> str:
    if stage.kind in (StageKind.STOCK, StageKind.HANDED):
        return stage.place or ("In stock" if stage.kind is StageKind.STOCK else "Handed over")
    if stage.kind is StageKind.DISTRIBUTED:
        return number_of(stage.count, "place")
    if stage.kind is StageKind.MONEY:
        return came_label(stage, stage.parts[0]) if len(stage.parts) == 1 else MONEY
    return "Donations" if stage.kind is StageKind.DONATED else "Ordered"


MONEY = "Money"
_CAME: dict[tuple[StageKind, Origin], str] = {
    (StageKind.DONATED, Origin.GIVEN): "Donations",
    (StageKind.DONATED, Origin.REFUNDED): "Paid back by suppliers",
    (StageKind.DONATED, Origin.REPAID): "Loans paid back",
    (StageKind.DONATED, Origin.BEFORE): "There before the books begin",
    (StageKind.DONATED, Origin.OTHER): "Coins that are no gifts",
    (StageKind.MONEY, Origin.GIVEN): "Given by bank",
    (StageKind.MONEY, Origin.CONVERTED): "Converted",
    (StageKind.MONEY, Origin.REFUNDED): "Paid back by suppliers",
    (StageKind.MONEY, Origin.REPAID): "Loans paid back",
    (StageKind.MONEY, Origin.BEFORE): "There before the books begin",
    (StageKind.MONEY, Origin.OTHER): "Money that is no gift",
    (StageKind.STOCK, Origin.SUPPLIED): "Received good",
    (StageKind.STOCK, Origin.GIVEN): "Given in kind",
    (StageKind.STOCK, Origin.BEFORE): "There before the books begin",
}
"""How the units of a stage came there: a row each, where there are several."""


def came_label(stage: Stage, part: StagePart) -> str:
    """`Given by bank`: a part of a stage, in its table."""
    return _CAME.get((stage.kind, part.origin), MONEY)


def stage_detail(stage: Stage) -> str:
    if len(stage.parts) > 1:
        return listed([_part_detail(stage, part) for part in stage.parts])
    if stage.kind in (StageKind.DONATED, StageKind.MONEY):
        return listed([part_count(stage, part) for part in stage.parts])
    if stage.kind is StageKind.ORDERED:
        return number_of(stage.count, "order")
    if stage.kind is StageKind.STOCK:
        return listed([_ARRIVED[part.origin] for part in stage.parts])
    return "handed over" if stage.kind is StageKind.HANDED else "distributed"


_ARRIVED = {
    Origin.SUPPLIED: "received good",
    Origin.GIVEN: "given in kind",
    Origin.BEFORE: "there before the books begin",
}
_COUNTED = {
    (StageKind.DONATED, Origin.GIVEN): "donation",
    (StageKind.MONEY, Origin.GIVEN): "donation",
    (StageKind.MONEY, Origin.CONVERTED): "conversion",
    (StageKind.MONEY, Origin.REFUNDED): "refund",
    (StageKind.DONATED, Origin.REFUNDED): "refund",
}
_CAME_WORD = {
    Origin.GIVEN: "given",
    Origin.CONVERTED: "converted",
    Origin.REFUNDED: "paid back",
    Origin.REPAID: "repaid",
    Origin.BEFORE: "there before the books begin",
    Origin.OTHER: "no gift",
}


def part_count(stage: Stage, part: StagePart) -> str:
    """`12 conversions`; nothing for what is not counted."""
    noun = _COUNTED.get((stage.kind, part.origin))
    return number_of(part.count, noun) if noun else _CAME_WORD.get(part.origin, "")


def _part_detail(stage: Stage, part: StagePart) -> str:
    """`6,000 USD given`, where a stage has several parts."""
    words = _ARRIVED if stage.kind is StageKind.STOCK else _CAME_WORD
    return f"{totals(part.totals, {}, named=False)} {words.get(part.origin, '')}".rstrip()


def stage_figure(stage: Stage, units: Mapping[str, str]) -> str:
    """What a stage holds; goods with their unit where they are ordered, or where there are several products."""
    return totals(stage.totals, units, named=stage.kind is StageKind.ORDERED)


def totals(amounts: Sequence[Amount], units: Mapping[str, str], *, named: bool) -> str:
    """`252,000`, or `1,000 kits and 40 litres`; `named`: with the unit of one product too."""
    several = len(amounts) > 1
    return listed(
        [amount(row, units.get(row.asset, row.asset) if named or several else "") for row in amounts]
    )


def strip_label(strip: Strip) -> str:
    """`MASK, in masks`: a product's part of the picture; empty for coins and money, and for one product alone."""
    return f"{strip.product}, in {unit_of(strip.unit, 2)}" if strip.product else ""


def only_in_table(products: int) -> str:
    """How many products are in the table and not drawn; nothing where all are."""
    return f"{number_of(products, 'more product')} in the table." if products else ""


def yours_label(stage: Stage, places: Sequence[str], *, begins: bool) -> str:
    """What a stage of a donor's picture is called; `begins`: the donation came in there."""
    if begins and stage.kind in (StageKind.DONATED, StageKind.MONEY, StageKind.STOCK):
        return "Your donation"
    if stage.kind is StageKind.DISTRIBUTED and len(places) == 1:
        return f"In {places[0]}"
    return stage_label(stage)


def of_total(figure: str) -> str:
    return f"of {figure}"


def exit_word(kind: ExitKind, substance: Substance, label: str, place: str, at_receipt: bool) -> str:
    """What the foot row says under an exit's figure; `at_receipt`: it left the order, not a place."""
    if kind is ExitKind.HELD:
        words = {Substance.COIN: "held in the wallet", Substance.MONEY: "held at the bank"}.get(
            substance, "held"
        )
    elif kind is ExitKind.FEE:
        words = "network fees" if substance is Substance.COIN else "fees"
    elif kind is ExitKind.SPENT:
        return label or "services"
    elif kind is ExitKind.WAITING:
        words = f"waiting at {place}" if place else "waiting"
    else:
        where = "at receipt" if at_receipt else "on the way"
        words = {
            ExitKind.CHARGES: "bank charges",
            ExitKind.OPEN: "not yet received",
            ExitKind.SHORT: f"short {where}",
            ExitKind.DAMAGED: f"damaged {where}",
            ExitKind.REJECTED: f"rejected {where}",
            ExitKind.CANCELLED: "cancelled",
            ExitKind.CLAIM: "owed by the supplier",
            ExitKind.LENT: "lent to another campaign",
            ExitKind.REPAID: "repaid between campaigns",
            ExitKind.REFUNDED: "paid back by the supplier",
            ExitKind.IN_TRANSIT: "in transit",
            ExitKind.LOST: "lost on the way",
            ExitKind.WRITTEN_OFF: "claim written off",
            ExitKind.IN_STOCK: "in stock",
            ExitKind.RETURNED: "returned",
            ExitKind.UNEXPLAINED: "unexplained",
            ExitKind.SHORTFALL: "shortfall",
            ExitKind.BEFORE: "gone before the books begin",
            ExitKind.DISTRIBUTED: "distributed",
        }[kind]
    return f"{words}, {label}" if label else words


def not_drawn(stage: Stage, number: int) -> str:
    """`Ordered: and 74 more orders, drawn as one`."""
    return f"{stage_label(stage)}: {others(number, stage)}, drawn as one"


def others(number: int, stage: Stage) -> str:
    """What the bar says that stands for all that are not shown: `and 74 more orders`."""
    if stage.kind is StageKind.DISTRIBUTED:
        return f"{count(number)} others"
    return f"and {count(number)} more {'orders' if stage.kind is StageKind.ORDERED else 'rows'}"


def more_exits(number: int) -> str:
    return f"{count(number)} more in the table"


def flow_desc(heads: Sequence[tuple[str, str, str]], exits: Sequence[tuple[str, str]]) -> str:
    """The picture in one paragraph, for a reader who does not see it."""
    said = "; ".join(f"{label}: {figure}, {detail}" for label, figure, detail in heads)
    left = "; ".join(f"{figure} {word}" for figure, word in exits)
    return f"{said}. Left on the way: {left}." if left else f"{said}."
