"""English: the steps of a donation, the names of their facts, and the names of lines.

The figure stands before these words; they never repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.pages.figures import count, exact, exact_with_asset
from api.pages.sentences.units import amount, day, time
from ledger.core.entry import OutOfOrder
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.core.names import FREE, GoodsLine, MoneyLine, OrderLine, SpentLine, line_named
from ledger.recording.dating import OUT_OF_ORDER
from ledger.views.trail import LineShare, Step, StepKind

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STEPS = {
    StepKind.GIVEN: "given",
    StepKind.SEEN: "seen in a mempool",
    StepKind.CONFIRMED: "in a block",
    StepKind.SETTLED: "settled",
    StepKind.BLOCKED: "blocked: set apart until two people release it",
    StepKind.RELEASED: "released by two people",
    StepKind.VOIDED: "voided: its block is gone",
    StepKind.RESTORED: "settled again, on its old place",
    StepKind.RECLASSIFIED: "reclassified",
    StepKind.CONVERTED: "by conversion",
    StepKind.PAID: "paid",
    StepKind.ORDERED: "ordered",
    StepKind.FEE: "went as a fee",
    StepKind.RECEIVED: "received good",
    StepKind.SHIPPED: "shipped",
    StepKind.ARRIVED: "received",
    StepKind.HANDED: "handed over",
    StepKind.DISTRIBUTED: "distributed",
    StepKind.CARRIED: "carried",
    StepKind.LENT: "lent",
    StepKind.REPAID: "repaid",
    StepKind.REFUNDED: "paid back by the supplier",
    StepKind.WRITTEN_OFF: "owed by the supplier and written off",
    StepKind.RETURNED: "returned to the donor",
    StepKind.CHARGED_BACK: "taken back by the donor’s bank",
    StepKind.HELD: "held",
    StepKind.UNEXPLAINED: "left, and no entry says why",
}
_TO = {
    StepKind.HANDED: "to",
    StepKind.PAID: "to",
    StepKind.CARRIED: "to",
    StepKind.SHIPPED: "to",
    StepKind.LENT: "to",
    StepKind.RECLASSIFIED: "to serve",
}
_IN = {StepKind.RECEIVED, StepKind.ARRIVED, StepKind.DISTRIBUTED}
_LABELS = {
    "rate": "Rate",
    "of": "Of",
    "value": "Worth",
    "block": "Block",
    "block_time": "Block of",
    "price": "Price",
    "sources": "Sources",
    "rate_sources": "Sources of the rate",
    "sold": "Sold",
    "carrying_value": "Worth when given",
    "gain": "Gain since",
    "loss": "Loss since",
    "gross": "Fetched, before the exchange’s fee",
    "exchange_fee": "Exchange’s fee",
    "past_last_day": "After its last day of use:",
    "corrected": "Corrected:",
    "damaged": "Came damaged:",
    "beyond_count": "More than the other side counted:",
    "other_count": "The other side counted good:",
    OUT_OF_ORDER: "Before what it rests on:",
}
_OUT_OF_ORDER = {
    OutOfOrder.RATIFIED: "an emergency, ratified afterwards",
    OutOfOrder.PROFORMA: "on a pro-forma paper",
    OutOfOrder.SIGNED_LATER: "it was signed later",
    OutOfOrder.OTHER_DAY_THERE: "it was another day there",
}


def step_phrase(step: Step) -> str:
    """What happened, after the figure: `received good in Beijing`."""
    words = _STEPS[step.kind]
    if step.kind is StepKind.ORDERED and "payment" in step.detail:
        words = "paid for"
    if step.elsewhere:
        return "in the same lot, not told further: it is of another place than your need"
    if step.kind is StepKind.VOIDED and step.amount.asset != "BTC":
        words = "taken back"  # it came in no block
    if step.kind is StepKind.HELD and not is_money(step.amount.asset):
        return f"{'wait' if step.amount.minor != 1 else 'waits'}{f' at {step.place}' if step.place else ''}"
    if not step.place or step.place == step.reference:
        return words
    if step.kind in _TO:
        return f"{words} {_TO[step.kind]} {step.place}"
    return f"{words} in {step.place}" if step.kind in _IN else f"{words}, {step.place}"


def fact_label(name: str) -> str:
    """A named fact's name, as a label."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


_HIDDEN = {"waits", "block_hash"}
_NOTHING_SAID = {"exchange_fee", "gain", "loss"}
"""Figures that are left out of the words where they are zero."""


def step_facts(step: Step) -> list[str]:
    """Named figures as `Rate 9,457.33 USD`, each in its own asset, then named facts; pieces in the step's unit."""
    figures = [
        f"{fact_label(name)} {_figure(step, figure)}"
        for name, figure in step.figures.items()
        if figure.minor or name not in _NOTHING_SAID
    ]
    facts = [
        f"{fact_label(name)} {_fact(name, text)}" for name, text in step.detail.items() if name not in _HIDDEN
    ]
    booked = [] if step.booked is None else [f"Booked on {day(step.booked)}"]
    return figures + facts + booked


def _figure(step: Step, figure: Amount) -> str:
    if is_money(figure.asset):
        return exact_with_asset(figure)
    return amount(figure, step.unit if figure.asset == step.amount.asset else figure.asset)


def _fact(name: str, text: str) -> str:
    if name == OUT_OF_ORDER:
        return _OUT_OF_ORDER[OutOfOrder(text)]
    if name == "block_time":
        return time(text)
    if _DAY.fullmatch(text):
        return day(text)
    return count(int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else text


_LINES = {
    "stock": "In stock at {}",
    "transit": "In transit, {}",
    "handed": "Handed over to {}",
    "distributed": "Distributed in {}",
}


def position(share: LineShare, units: int) -> str:
    """A place on a line, in the units that people read; on a finer line, counted in parts of a minor unit."""
    return exact(Amount.of(share.asset, units)) if share.fineness == 1 else count(units)


def line_unit(share: LineShare, units: Mapping[str, str]) -> str:
    """What a line is counted in; `units` names a piece by product."""
    if share.fineness > 1:
        return f"1/{share.fineness} of {exact(Amount.of(share.asset, 1))} {share.asset}"
    return share.asset if is_money(share.asset) else units.get(share.asset.partition("#")[0], "")


def line_name(line: str) -> str:
    """A line's name for people; a kind that has no sentence is shown as it is."""
    name = line_named(line)
    match name:
        case MoneyLine():
            return name.asset if name.restriction == FREE else f"{name.asset}, for {name.restriction}"
        case OrderLine():
            return f"Order {name.order}, item {name.item}"
        case SpentLine():
            what = name.asset if name.restriction == FREE else f"{name.asset}, for {name.restriction},"
            return f"{what} spent in {name.spend[:8]}…"
        case GoodsLine():
            said = _LINES.get(name.at.value, name.at.value.capitalize() + " {}").replace("{}", name.place)
            return f"{said}, lot {name.lot.number}"
    return line
