"""English: the steps of a donation, the names of their facts, and the names of lines.

The figure stands before these words; they never repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.pages.figures import count, exact, exact_with_asset
from api.pages.sentences.units import day, time
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.core.names import FREE, GoodsLine, MoneyLine, OrderLine, SpentLine, line_named
from ledger.views.trail import Step, StepKind

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
    "past_last_day": "After its last day of use:",
}


def step_phrase(step: Step) -> str:
    """What happened, after the figure: `received good in Beijing`."""
    words = _STEPS[step.kind]
    if step.kind is StepKind.ORDERED and "payment" in step.detail:
        words = "paid for"
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


_HIDDEN = {"currency", "waits", "block_hash"}


def step_facts(step: Step) -> list[str]:
    """Named facts as `Rate 9,457.33 USD`; whole numbers of a step with a currency are its minor units."""
    currency = step.detail.get("currency", "")
    return [
        f"{fact_label(name)} {_fact(step.kind, name, text, currency)}"
        for name, text in step.detail.items()
        if name not in _HIDDEN
    ]


def _fact(step_kind: StepKind, name: str, text: str, currency: str) -> str:
    if name == "block_time":
        return time(text)
    if _DAY.fullmatch(text):
        return day(text)
    head, _, asset = text.partition(" ")
    if not (head.isascii() and head.isdigit() and len(head) < 18):
        return text
    if is_money(asset):
        return exact_with_asset(Amount.of(asset, int(head)))
    if name == "fee" and currency and step_kind is StepKind.CONVERTED:
        return exact_with_asset(Amount.of("BTC", int(head)))
    if is_money(currency) and name in _MONEY_FACTS:
        return exact_with_asset(Amount.of(currency, int(head)))
    return f"{count(int(head))} {asset}".strip()


_MONEY_FACTS = {"rate", "paid", "fee", "price", "slippage", "above_quote", "value"}
_LINES = {
    "stock": "In stock at {}",
    "transit": "In transit, {}",
    "handed": "Handed over to {}",
    "distributed": "Distributed in {}",
}


def position(asset: str, units: int) -> str:
    """A place on a line, in the units that people read."""
    return exact(Amount.of(asset, units))


def line_unit(asset: str, units: Mapping[str, str]) -> str:
    """What a line is counted in; `units` names a piece by product."""
    return asset if is_money(asset) else units.get(asset.partition("#")[0], "")


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
