"""English: what a later entry changed of a donor's trail, what was said, what is said since, and why.

Reasons are those of the entries, word for word; nothing is excused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.figures import count, exact_with_asset
from api.pages.sentences.donation import where
from api.pages.sentences.units import amount, listed
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.views.trail import ChangeKind, Place, TrailChange

_WHAT = {
    ChangeKind.VOIDED: "its block left the chain, so it is not counted until a block takes it again",
    ChangeKind.RESTORED: "it settled again, on its old place",
    ChangeKind.MOVED: "it is in another block now",
    ChangeKind.VALUED: "it was valued anew",
    ChangeKind.LOST: "a loss",
    ChangeKind.FOUND: "lost goods were found",
    ChangeKind.RETURNED: "goods went back",
    ChangeKind.CLOSED: "the order was closed",
    ChangeKind.RECALLED: "the lot was called back",
    ChangeKind.FEE: "a move between the campaign's own places cost a fee",
    ChangeKind.EXCHANGED: "a gift went back to its donor, and its units were exchanged for others",
    ChangeKind.OTHER: "a later entry",
}


def change_what(change: TrailChange) -> str:
    """`Entry 41 took back entry 38, handover H-1`, `Entry 52: a loss, L-1`."""
    named = change.detail
    if change.kind is ChangeKind.REVERSED:
        undone = f", {named['undone']}" if named.get("undone") else ""
        return f"Entry {count(change.entry)} took back entry {count(change.of or 0)}{undone}"
    number = f", {named['number']}" if named.get("number") else ""
    facts = _facts(named)
    return (
        f"Entry {count(change.entry)}: {_WHAT[change.kind]}{number}{f' ({listed(facts)})' if facts else ''}"
    )


def _facts(named: Mapping[str, str]) -> list[str]:
    told = []
    if "value" in named:
        told.append(_money(named["value"]))
    if "used_already" in named:
        told.append(f"{_money(named['used_already'])} of it was used already")
    if "block" in named and "block_said" in named:
        told.append(f"block {count(int(named['block']))}, before {count(int(named['block_said']))}")
    elif "block" in named or "block_said" in named:
        told.append(f"block {count(int(named.get('block') or named['block_said']))}")
    return told


def _money(text: str) -> str:
    minor, _, asset = text.partition(" ")
    return exact_with_asset(Amount.of(asset, int(minor)))


def change_said(change: TrailChange) -> str:
    """What the trail said before, as `300 kits waiting at Aid`."""
    value = change.detail.get("value_said")
    return f"worth {_money(value)}" if value else _places(change.said)


def change_says(change: TrailChange) -> str:
    """What the trail says since."""
    return "" if change.kind is ChangeKind.RECALLED else _places(change.says)


def _places(places: Sequence[Place]) -> str:
    return listed([f"{_figure(place)} {where(place)}" for place in places])


def _figure(place: Place) -> str:
    if is_money(place.amount.asset):
        return exact_with_asset(place.amount)
    return amount(place.amount, place.unit)
