"""English: heads, feet and the description of the flow picture.

The same words stand in its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.messages import (
    SEMICOLONS,
    Message,
    listed,
    worded,
)
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import amount
from ledger.core.frozen import Amount
from ledger.views.flow import ExitKind, Origin, Stage, StageKind, StagePart, Substance
from ledger.views.strips import Strip

_PICTURE = "about a picture of bands that run from donations to the places where goods were handed out"
FLOW_CAPTION = Message(
    "Widths are quantities. A band ends where the thing is. Red is what was damaged, short or lost.", _PICTURE
)
THREAD_CAPTION = Message(
    "The line with dots is your donation, drawn wider than it is. The bands are everyone’s.", _PICTURE
)
FLOW_TITLE = Message("The way of the money and the goods", _PICTURE)
THREAD_TITLE = Message("The way of your donation among all", _PICTURE)
_HEAD = "the head of a stage in the picture; short"
_DETAIL = "stands small under the figure of a stage in the picture"
_IN_STOCK = Message("In stock", _HEAD)
_HANDED_OVER = Message("Handed over", _HEAD)
_DONATIONS = Message("Donations", _HEAD)
_ORDERED = Message("Ordered", _HEAD)
_PLACES = Message("{n} place", _HEAD, many="{n} places")
_MONEY = Message("Money", _HEAD)
_CAME = {
    (StageKind.DONATED, Origin.GIVEN): _DONATIONS,
    (StageKind.DONATED, Origin.REFUNDED): Message("Paid back", _HEAD),
    (StageKind.DONATED, Origin.REPAID): Message("Loans paid back", _HEAD),
    (StageKind.DONATED, Origin.BEFORE): Message("There before the books begin", _HEAD),
    (StageKind.DONATED, Origin.OTHER): Message("Coins that are no gifts", _HEAD),
    (StageKind.MONEY, Origin.GIVEN): Message("Given by bank", _HEAD),
    (StageKind.MONEY, Origin.CONVERTED): Message("Converted", _HEAD),
    (StageKind.MONEY, Origin.REFUNDED): Message("Paid back", _HEAD),
    (StageKind.MONEY, Origin.REPAID): Message("Loans paid back", _HEAD),
    (StageKind.MONEY, Origin.BEFORE): Message("There before the books begin", _HEAD),
    (StageKind.MONEY, Origin.OTHER): Message("Money that is no gift", _HEAD),
    (StageKind.STOCK, Origin.SUPPLIED): Message("Received good", _HEAD),
    (StageKind.STOCK, Origin.GIVEN): Message("Given in kind", _HEAD),
    (StageKind.STOCK, Origin.RETURNED): Message("Given back", _HEAD),
    (StageKind.STOCK, Origin.BEFORE): Message("There before the books begin", _HEAD),
}
"""How the units of a stage came there: a row each, where there are several."""


def stage_label(stage: Stage) -> str:
    """What a stage is called."""
    if stage.kind is StageKind.STOCK:
        return stage.place or worded(_IN_STOCK)
    if stage.kind is StageKind.HANDED:
        return stage.place or worded(_HANDED_OVER)
    if stage.kind is StageKind.DISTRIBUTED:
        return worded(_PLACES, n=stage.count)
    if stage.kind is StageKind.MONEY:
        return came_label(stage, stage.parts[0]) if len(stage.parts) == 1 else worded(_MONEY)
    return worded(_DONATIONS if stage.kind is StageKind.DONATED else _ORDERED)


def came_label(stage: Stage, part: StagePart) -> str:
    """`Given by bank`: a part of a stage, in its table."""
    came = (stage.kind, part.origin)
    return worded(_CAME[came]) if came in _CAME else worded(_MONEY)


_ORDERS = Message("{n} order", _DETAIL, many="{n} orders")
_OVER = Message("handed over", _DETAIL)
_OUT = Message("distributed", _DETAIL)
_ARRIVED = {
    Origin.SUPPLIED: Message("received good", _DETAIL),
    Origin.GIVEN: Message("given in kind", _DETAIL),
    Origin.RETURNED: Message("given back", _DETAIL),
    Origin.BEFORE: Message("there before the books begin", _DETAIL),
}
_AT_PLACES = Message(
    "{detail}, {n} place",
    _DETAIL,
    "{detail}: how it came there, as: handed over",
    "{n}: places beside each other that share the stage",
    many="{detail}, {n} places",
)
_GIFTS = Message("{n} donation", _DETAIL, many="{n} donations")
_REFUNDS = Message("{n} refund", _DETAIL, many="{n} refunds")
_COUNTED = {
    (StageKind.DONATED, Origin.GIVEN): _GIFTS,
    (StageKind.MONEY, Origin.GIVEN): _GIFTS,
    (StageKind.MONEY, Origin.CONVERTED): Message("{n} conversion", _DETAIL, many="{n} conversions"),
    (StageKind.MONEY, Origin.REFUNDED): _REFUNDS,
    (StageKind.DONATED, Origin.REFUNDED): _REFUNDS,
}
_CAME_WORD = {
    Origin.GIVEN: Message("given", _DETAIL),
    Origin.CONVERTED: Message("converted", _DETAIL),
    Origin.REFUNDED: Message("paid back", _DETAIL),
    Origin.REPAID: Message("repaid", _DETAIL),
    Origin.BEFORE: Message("there before the books begin", _DETAIL),
    Origin.OTHER: Message("no gift", _DETAIL),
}
_FIGURE = "{figure}: how much, as: 6,000 USD"
_PART_ARRIVED = {
    Origin.SUPPLIED: Message("{figure} received good", _DETAIL, _FIGURE),
    Origin.GIVEN: Message("{figure} given in kind", _DETAIL, _FIGURE),
    Origin.RETURNED: Message("{figure} given back", _DETAIL, _FIGURE),
    Origin.BEFORE: Message("{figure} there before the books begin", _DETAIL, _FIGURE),
}
_PART_CAME = {
    Origin.GIVEN: Message("{figure} given", _DETAIL, _FIGURE),
    Origin.CONVERTED: Message("{figure} converted", _DETAIL, _FIGURE),
    Origin.REFUNDED: Message("{figure} paid back", _DETAIL, _FIGURE),
    Origin.REPAID: Message("{figure} repaid", _DETAIL, _FIGURE),
    Origin.BEFORE: Message("{figure} there before the books begin", _DETAIL, _FIGURE),
    Origin.OTHER: Message("{figure} no gift", _DETAIL, _FIGURE),
}


def stage_detail(stage: Stage) -> str:
    """How what a stage holds came there."""
    if len(stage.parts) > 1:
        return listed([_part_detail(stage, part) for part in stage.parts])
    if stage.kind in (StageKind.DONATED, StageKind.MONEY):
        return listed([part_count(stage, part) for part in stage.parts])
    if stage.kind is StageKind.ORDERED:
        return worded(_ORDERS, n=stage.count)
    if stage.kind is StageKind.STOCK:
        detail = listed([worded(_ARRIVED[part.origin]) for part in stage.parts])
    else:
        detail = worded(_OVER if stage.kind is StageKind.HANDED else _OUT)
    return worded(_AT_PLACES, n=stage.count, detail=detail) if stage.is_shared else detail


def part_count(stage: Stage, part: StagePart) -> str:
    """`12 conversions`; nothing for what is not counted."""
    came = (stage.kind, part.origin)
    if came in _COUNTED:
        return worded(_COUNTED[came], n=part.count)
    return worded(_CAME_WORD[part.origin]) if part.origin in _CAME_WORD else ""


def _part_detail(stage: Stage, part: StagePart) -> str:
    """`6,000 USD given`, where a stage has several parts."""
    figure = totals(part.totals, {}, named=False)
    if stage.kind is StageKind.STOCK:
        return worded(_PART_ARRIVED[part.origin], figure=figure) if part.origin in _PART_ARRIVED else figure
    return worded(_PART_CAME[part.origin], figure=figure) if part.origin in _PART_CAME else figure


_FIGURE_DETAIL = Message("{figure}, {detail}", "a cell", _FIGURE, "{detail}: how it came, as: 12 conversions")


def arrived(figure: str, detail: str) -> str:
    """`6,000 USD, 12 conversions`: a cell of the picture's table."""
    return worded(_FIGURE_DETAIL, figure=figure, detail=detail) if figure and detail else figure or detail


TOTALS_TOLD = 3
"""Most products whose figures a stage tells in its head; of more, their strips and the table tell them."""
_PRODUCTS = Message("{n} product", _HEAD, many="{n} products")


def stage_figure(stage: Stage, units: Mapping[str, str]) -> str:
    """What a stage holds; goods with their unit where they are ordered, or where there are several products.

    What was paid back is in no total of what came; where nothing else is there, it is the figure. Of many products
    only their number: a strip each says the rest.
    """
    alone = stage.parts[0].totals if len(stage.parts) == 1 else ()
    if len(stage.totals) > TOTALS_TOLD:
        return worded(_PRODUCTS, n=len(stage.totals))
    return totals(stage.totals or alone, units, named=stage.kind is StageKind.ORDERED)


def totals(amounts: Sequence[Amount], units: Mapping[str, str], *, named: bool) -> str:
    """`252,000`, or `1,000 kits and 40 litres`; `named`: with the unit of one product too."""
    several = len(amounts) > 1
    return listed(
        [amount(row, units.get(row.asset, row.asset) if named or several else "") for row in amounts]
    )


_STRIP = Message(
    "{product}, in {units}",
    "a part of the picture that has one product",
    "{product}: what it is called",
    "{units}: what it is counted in, as: masks",
)
_NOT_DRAWN = Message("{n} more product in the table.", many="{n} more products in the table.")
_YOURS = Message("Your donation", _HEAD)
_IN_PLACE = Message("In {place}", _HEAD, "{place}: its name")
_OF_TOTAL = Message("of {figure}", "after a part of a sum, as: 7 of 14,000", "{figure}: the whole sum")


def strip_label(strip: Strip) -> str:
    """`Three-ply mask, in masks`: a product's part of the picture; empty for money, and for one product alone."""
    return worded(_STRIP, product=strip.product, units=unit_of(strip.unit, 2)) if strip.product else ""


def only_in_table(products: int) -> str:
    """How many products are in the table and not drawn; nothing where all are."""
    return worded(_NOT_DRAWN, n=products) if products else ""


def yours_label(stage: Stage, places: Sequence[str], *, begins: bool) -> str:
    """What a stage of a donor's picture is called; `begins`: the donation came in there."""
    if begins and stage.kind in (StageKind.DONATED, StageKind.MONEY, StageKind.STOCK):
        return worded(_YOURS)
    if stage.kind is StageKind.DISTRIBUTED and len(places) == 1:
        return worded(_IN_PLACE, place=places[0])
    return stage_label(stage)


def of_total(figure: str) -> str:
    return worded(_OF_TOTAL, figure=figure)


_FOOT = "stands under a figure that left the picture; short"
_CHARGES = Message("bank charges", _FOOT)
_EXITS = {
    ExitKind.HELD: Message("held", _FOOT),
    ExitKind.BLOCKED: Message("blocked", _FOOT),
    ExitKind.AT_EXCHANGE: Message("at an exchange, not sold yet", _FOOT),
    ExitKind.FEE: Message("fees", _FOOT),
    ExitKind.SPENT: Message("services", _FOOT),
    ExitKind.WAITING: Message("waiting", _FOOT),
    ExitKind.CHARGES: _CHARGES,
    ExitKind.OPEN: Message("not yet received", _FOOT),
    ExitKind.SHORT: Message("short on the way", _FOOT),
    ExitKind.DAMAGED: Message("damaged", _FOOT),
    ExitKind.REJECTED: Message("rejected on the way", _FOOT),
    ExitKind.CANCELLED: Message("cancelled", _FOOT),
    ExitKind.CLAIM: Message("owed by who has to pay it back", _FOOT),
    ExitKind.LENT: Message("lent to another campaign", _FOOT),
    ExitKind.REPAID: Message("repaid between campaigns", _FOOT),
    ExitKind.REFUNDED: Message("paid back", _FOOT),
    ExitKind.IN_TRANSIT: Message("in transit", _FOOT),
    ExitKind.LOST: Message("lost on the way", _FOOT),
    ExitKind.MISSING: Message("lost", _FOOT),
    ExitKind.EXPIRED: Message("past the last day", _FOOT),
    ExitKind.STOLEN: Message("stolen", _FOOT),
    ExitKind.SPOILED: Message("spoiled, not kept cold", _FOOT),
    ExitKind.CUSTOMS: Message("kept by customs", _FOOT),
    ExitKind.RECALLED: Message("recalled and destroyed", _FOOT),
    ExitKind.WRITTEN_OFF: Message("claim written off", _FOOT),
    ExitKind.IN_STOCK: Message("in stock", _FOOT),
    ExitKind.RETURNED: Message("returned", _FOOT),
    ExitKind.UNEXPLAINED: Message("unexplained", _FOOT),
    ExitKind.SHORTFALL: Message("shortfall", _FOOT),
    ExitKind.BEFORE: Message("gone before the books begin", _FOOT),
    ExitKind.DISTRIBUTED: Message("distributed", _FOOT),
}
_AT_RECEIPT = {
    ExitKind.SHORT: Message("short at receipt", _FOOT),
    ExitKind.DAMAGED: Message("damaged at receipt", _FOOT),
    ExitKind.REJECTED: Message("rejected at receipt", _FOOT),
}
_OF_SUBSTANCE = {
    (ExitKind.HELD, Substance.COIN): Message("held in the wallet", _FOOT),
    (ExitKind.HELD, Substance.MONEY): Message("held at the bank", _FOOT),
    (ExitKind.FEE, Substance.COIN): Message("network fees", _FOOT),
    (ExitKind.FEE, Substance.MONEY): _CHARGES,
}
_WAITING_AT = Message("waiting at {place}", _FOOT, "{place}: its name")
_ON_THE_WAY = Message(
    "on the way to {place}, {label}", _FOOT, "{place}: where it goes", "{label}: its waybill"
)
_FOOT_NAMED = Message(
    "{foot}, {label}", _FOOT, "{foot}: as: not yet received", "{label}: of what, as: order PO-1"
)


def exit_word(
    kind: ExitKind, substance: Substance, label: str, place: str, *, at_receipt: bool, to: str = ""
) -> str:
    """What the foot row says under an exit's figure.

    `at_receipt`: it left the order, not a place. `to`: where it goes.
    """
    if kind is ExitKind.SPENT and label:
        return label
    if to:
        return worded(_ON_THE_WAY, place=to, label=label)
    if kind is ExitKind.WAITING and place:
        foot = worded(_WAITING_AT, place=place)
    elif at_receipt and kind in _AT_RECEIPT:
        foot = worded(_AT_RECEIPT[kind])
    elif (kind, substance) in _OF_SUBSTANCE:
        foot = worded(_OF_SUBSTANCE[kind, substance])
    else:
        foot = worded(_EXITS[kind])
    return worded(_FOOT_NAMED, foot=foot, label=label) if label else foot


_OTHERS = "a bar that stands for all that are not shown"
_OTHER_PLACES = Message("{n} other", _OTHERS, many="{n} others")
_MORE_ORDERS = Message("and {n} more order", _OTHERS, many="and {n} more orders")
_MORE_ROWS = Message("and {n} more row", _OTHERS, many="and {n} more rows")
_AS_ONE = Message(
    "{stage}: {others}, drawn as one", "{stage}: the head of a stage", "{others}: as: and 74 more orders"
)
_MORE_EXITS = Message("{n} more in the table", "figures that left the picture", many="{n} more in the table")
_LEFT = Message(
    "{figure} {foot}", "what left the picture", _FIGURE, "{foot}: how it left, as: not yet received"
)
_OF_TOTAL_FOOT = Message("{total} {foot}", _FOOT, "{total}: as: of 14,000", "{foot}: as: not yet received")
_OF_TOTAL_FIGURE = Message(
    "{figure} {total}", "a part of a sum", "{figure}: the part", "{total}: as: of 14,000"
)
_STAGE = Message(
    "{stage}: {figure}",
    "a stage of the picture, told",
    "{stage}: its head",
    "{figure}: as: 6,000 USD, 12 conversions",
)
_STAGES = Message("{stages}.", "the picture, told to a reader who does not see it", "{stages}: a list")
_STAGES_LEFT = Message(
    "{stages}. Left on the way: {left}.",
    "the picture, told to a reader who does not see it",
    "{stages}: a list",
    "{left}: a list of what left it, as: 600 lost on the way",
)


def not_drawn(stage: Stage, number: int) -> str:
    """`Ordered: and 74 more orders, drawn as one`."""
    return worded(_AS_ONE, stage=stage_label(stage), others=others(number, stage))


def others(number: int, stage: Stage) -> str:
    """What the bar says that stands for all that are not shown: `and 74 more orders`."""
    if stage.kind is StageKind.DISTRIBUTED:
        return worded(_OTHER_PLACES, n=number)
    return worded(_MORE_ORDERS if stage.kind is StageKind.ORDERED else _MORE_ROWS, n=number)


def more_exits(number: int) -> str:
    return worded(_MORE_EXITS, n=number)


def left(figure: str, foot: str) -> str:
    """`600 lost on the way`: what left the picture, in its table."""
    return worded(_LEFT, figure=figure, foot=foot)


def part_of_total(figure: str, total: str) -> str:
    """`7 of 14,000`; `total` is told by `of_total`."""
    return worded(_OF_TOTAL_FIGURE, figure=figure, total=total)


def foot_of_total(total: str, foot: str) -> str:
    """`of 14,000 lost on the way`, under a figure that would be too long with its total."""
    return worded(_OF_TOTAL_FOOT, total=total, foot=foot)


def flow_desc(heads: Sequence[tuple[str, str, str]], exits: Sequence[tuple[str, str]]) -> str:
    """The picture in one paragraph, for a reader who does not see it."""
    sentences = [
        worded(_STAGE, stage=label, figure=arrived(figure, detail)) for label, figure, detail in heads
    ]
    stages = listed(sentences, SEMICOLONS)
    if not exits:
        return worded(_STAGES, stages=stages)
    return worded(_STAGES_LEFT, stages=stages, left=listed([left(*each) for each in exits], SEMICOLONS))
