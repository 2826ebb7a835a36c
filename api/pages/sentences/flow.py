"""English: heads, feet and the description of the flow picture.

The same words stand in its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.figures import count
from api.pages.sentences.units import amount, listed, number_of
from ledger.core.frozen import Amount
from ledger.views.flow import ExitKind, Stage, StageKind, Substance

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
    return {StageKind.DONATED: "Donations", StageKind.CONVERTED: "Converted"}.get(stage.kind, "Ordered")


def stage_detail(stage: Stage) -> str:
    if stage.kind is StageKind.DONATED:
        return number_of(stage.count, "donation")
    if stage.kind is StageKind.CONVERTED:
        return number_of(stage.count, "conversion")
    if stage.kind is StageKind.ORDERED:
        return number_of(stage.count, "order")
    return {StageKind.STOCK: "received good", StageKind.HANDED: "handed over"}.get(stage.kind, "distributed")


def stage_figure(stage: Stage, units: Mapping[str, str]) -> str:
    """What a stage holds; goods with their unit where they are ordered, or where there are several products."""
    return totals(stage.totals, units, named=stage.kind is StageKind.ORDERED)


def totals(amounts: Sequence[Amount], units: Mapping[str, str], *, named: bool) -> str:
    """`252,000`, or `1,000 kits and 40 litres`; `named`: with the unit of one product too."""
    several = len(amounts) > 1
    return listed(
        [amount(row, units.get(row.asset, row.asset) if named or several else "") for row in amounts]
    )


def yours_label(stage: Stage, places: Sequence[str]) -> str:
    if stage.kind is StageKind.DONATED:
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
