"""English: what a campaign did from when to when, what a piece was ordered for, and how old money is."""

from __future__ import annotations

from collections.abc import Sequence

from api.languages.localised import figure
from api.pages.figures import count, exact_with_asset
from api.pages.messages import Message, worded
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import day, number_of, period
from ledger.core.frozen import Amount
from ledger.core.money import decimals_of
from ledger.views.time_line import Doing, HeldSince, PieceCost, Stretch

_DOING = "what a campaign did, before from when to when"
_OFTEN = "how often a campaign did something"
DOINGS = {
    Doing.GIVEN: (Message("Given in bitcoin", _DOING), Message("{n} donation", _OFTEN, many="{n} donations")),
    Doing.GIVEN_BY_BANK: (
        Message("Given by bank", _DOING),
        Message("{n} donation", _OFTEN, many="{n} donations"),
    ),
    Doing.GIVEN_IN_KIND: (Message("Given in kind", _DOING), Message("{n} gift", _OFTEN, many="{n} gifts")),
    Doing.CONVERTED: (
        Message("Converted", _DOING),
        Message("{n} conversion", _OFTEN, many="{n} conversions"),
    ),
    Doing.ORDERED: (Message("Ordered", _DOING), Message("{n} order", _OFTEN, many="{n} orders")),
    Doing.PAID: (Message("Paid", _DOING), Message("{n} payment", _OFTEN, many="{n} payments")),
    Doing.RECEIVED: (Message("Received", _DOING), Message("{n} receipt", _OFTEN, many="{n} receipts")),
    Doing.SENT: (Message("Sent", _DOING), Message("{n} waybill", _OFTEN, many="{n} waybills")),
    Doing.ARRIVED: (Message("Arrived", _DOING), Message("{n} arrival", _OFTEN, many="{n} arrivals")),
    Doing.HANDED_OVER: (
        Message("Handed over", _DOING),
        Message("{n} handover", _OFTEN, many="{n} handovers"),
    ),
    Doing.HANDED_OUT: (
        Message("Handed out", _DOING),
        Message("{n} distribution", _OFTEN, many="{n} distributions"),
    ),
}
"""What each thing that a campaign does is called, and how often it did it."""
_COST = Message(
    "{item}, for one {unit}", "a figure: what a piece was ordered for", "{item}: a product", "{unit}: a piece"
)
_PRICE = Message("{number} {asset}", "a price", "{number}: as: 0.3137", "{asset}: bitcoin or a currency")
_EACH = Message(
    "{price}: {value} for {pieces}",
    "what a piece was ordered for",
    "{price}: for one piece, as: 0.31 USD",
    "{value}: what all of them were ordered for",
    "{pieces}: how many, with their unit",
)
_ABOUT = Message("about {price}", "a price that is rounded", "{price}: as: 0.3137 USD")
_HELD = Message("Oldest unspent {asset}, there since", "a figure", "{asset}: bitcoin or a currency")


def time_row(stretch: Stretch) -> tuple[str, str, str]:
    """`Converted`, `4 to 9 June 2020`, `2 conversions`."""
    what, often = DOINGS[stretch.doing]
    when = day(stretch.first) if stretch.first == stretch.last else period(stretch.first, stretch.last)
    return str(what), when, worded(often, n=stretch.count)


def cost_rows(costs: Sequence[PieceCost]) -> tuple[tuple[str, str], ...]:
    """(`Mask, a mask`, `about 0.3137 USD: 79,050.00 USD for 252,000 masks`), a product and currency a row."""
    rows = []
    for cost in costs:
        price, is_exact = _price(cost.value, cost.pieces)
        sentence = worded(
            _EACH,
            price=price if is_exact else worded(_ABOUT, price=price),
            value=exact_with_asset(cost.value),
            pieces=number_of(cost.pieces, cost.unit),
        )
        rows.append((worded(_COST, item=cost.item, unit=unit_of(cost.unit, 1)), sentence))
    return tuple(rows)


def _price(value: Amount, pieces: int) -> tuple[str, bool]:
    """What one piece is of a sum, to two digits more than its money has, and whether that is all of it."""
    digits = decimals_of(value.asset)
    scaled = (value.minor * 200 + pieces) // (pieces * 2)
    whole, part = divmod(scaled, 10 ** (digits + 2))
    fraction = str(part).zfill(digits + 2)
    while len(fraction) > digits and fraction.endswith("0"):
        fraction = fraction[:-1]
    sentence = worded(
        _PRICE, number=figure(f"{count(whole)}.{fraction}") if fraction else count(whole), asset=value.asset
    )
    return sentence, value.minor * 100 % pieces == 0


def held_rows(rows: Sequence[HeldSince]) -> tuple[tuple[str, str], ...]:
    """(`Oldest unspent BTC, there since`, `7 June 2020`)."""
    return tuple((worded(_HELD, asset=row.asset), day(row.day)) for row in rows)
