"""English: what a later entry changed of a donor's trail, what was said, what is said since, and why.

Reasons are those of the entries, word for word; nothing is excused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, listed, plain, worded
from api.pages.sentences.donation import gift_amount
from api.pages.sentences.places import figured
from api.pages.sentences.units import amount
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.views.preview import Preview
from ledger.views.trail import ChangeKind, Place, TrailChange

_ENTRY = "{entry}: the number of a later entry of the journal"
_TOLD = "tells a donor what a later entry changed of the way of a gift"
_WHAT = {
    ChangeKind.VOIDED: Message(
        "Entry {entry}: its block left the chain, so it is not counted until a block takes it again",
        _TOLD,
        _ENTRY,
    ),
    ChangeKind.RESTORED: Message("Entry {entry}: it settled again, on its old place", _TOLD, _ENTRY),
    ChangeKind.MOVED: Message("Entry {entry}: it is in another block now", _TOLD, _ENTRY),
    ChangeKind.VALUED: Message("Entry {entry}: it was valued anew", _TOLD, _ENTRY),
    ChangeKind.LOST: Message("Entry {entry}: a loss", _TOLD, _ENTRY),
    ChangeKind.FOUND: Message("Entry {entry}: lost goods were found", _TOLD, _ENTRY),
    ChangeKind.RETURNED: Message("Entry {entry}: goods went back", _TOLD, _ENTRY),
    ChangeKind.CLOSED: Message("Entry {entry}: the order was closed", _TOLD, _ENTRY),
    ChangeKind.RECALLED: Message("Entry {entry}: the lot was called back", _TOLD, _ENTRY),
    ChangeKind.FEE: Message(
        "Entry {entry}: a move between the campaign's own places cost a fee", _TOLD, _ENTRY
    ),
    ChangeKind.CHARGED: Message("Entry {entry}: a bank charge, or what a cash box lacks", _TOLD, _ENTRY),
    ChangeKind.CORRECTED: Message("Entry {entry}: a correction", _TOLD, _ENTRY),
    ChangeKind.EXCHANGED: Message(
        "Entry {entry}: a gift went back to its donor, and its units were exchanged for others", _TOLD, _ENTRY
    ),
    ChangeKind.COVERED: Message(
        "Entry {entry}: a top-up makes good for what had been used of it", _TOLD, _ENTRY
    ),
    ChangeKind.OTHER: Message("Entry {entry}: a later entry", _TOLD, _ENTRY),
}
_LEFT = Message(
    "Block {block}, which held it, left the chain, so it waited for a block again",
    "tells a donor what the chain changed of a payment before that was in the books",
    "{block}: its height",
)
_TOOK_BACK = Message(
    "Entry {entry} took back entry {undone}",
    _TOLD,
    _ENTRY,
    "{undone}: the number of the entry that no longer counts",
)
_TOOK_BACK_NAMED = Message(
    "Entry {entry} took back entry {undone}, {name}",
    _TOLD,
    _ENTRY,
    "{undone}: the number of the entry that no longer counts",
    "{name}: what that was, as: handover H-1",
)
_CHANGE = "{change}: an entry and what it was, as: Entry 52: a loss"
_NAMED = Message("{change}, {paper}", _CHANGE, "{paper}: the number of its paper")
_WITH_FACTS = Message("{change} ({facts})", _CHANGE, "{facts}: a list, as: block 650,400")
_USED = Message(
    "{money} of it was used already, which stands", "of a gift whose block left", "{money}: a sum"
)
_BLOCK = Message("block {block}", "{block}: its height")
_BLOCK_BEFORE = Message(
    "block {block}, before {old}", "{block}: its height", "{old}: the height that was told before"
)
_WORTH = Message("worth {money}", "what was told of a gift before", "{money}: a sum")


def change_what(change: TrailChange) -> str:
    """`Entry 41 took back entry 38, handover H-1`, `Entry 52: a loss, L-1`."""
    named = change.detail
    if change.entry is None:
        return worded(_LEFT, block=int(named["block_said"]))
    if change.kind is ChangeKind.REVERSED:
        undone = named.get("undone")
        if undone:
            return worded(_TOOK_BACK_NAMED, entry=change.entry, undone=change.of or 0, name=undone)
        return worded(_TOOK_BACK, entry=change.entry, undone=change.of or 0)
    sentence = worded(_WHAT[change.kind], entry=change.entry)
    if named.get("number"):
        sentence = worded(_NAMED, change=sentence, paper=named["number"])
    facts = _facts(named)
    return worded(_WITH_FACTS, change=sentence, facts=listed(facts)) if facts else sentence


def _facts(named: Mapping[str, str]) -> list[str]:
    facts = []
    if "value" in named:
        facts.append(_money(named["value"]))
    if "covered" in named:
        facts.append(_money(named["covered"]))
    if "used_already" in named:
        facts.append(worded(_USED, money=_money(named["used_already"])))
    if "block" in named and "block_said" in named:
        facts.append(worded(_BLOCK_BEFORE, block=int(named["block"]), old=int(named["block_said"])))
    elif "block" in named or "block_said" in named:
        facts.append(worded(_BLOCK, block=int(named.get("block") or named["block_said"])))
    return facts


def _money(text: str) -> str:
    minor, _, asset = text.partition(" ")
    return exact_with_asset(Amount.of(asset, int(minor)))


def change_said(change: TrailChange) -> str:
    """What the trail said before, as `300 kits waiting at Aid`."""
    value = change.detail.get("value_said")
    return worded(_WORTH, money=_money(value)) if value else _places(change.said)


def change_says(change: TrailChange) -> str:
    """What the trail says since."""
    return "" if change.kind is ChangeKind.RECALLED else _places(change.says)


_TRIED = Message(
    "Nothing was recorded. It would be {n} entry in {campaign}.",
    "the head of a preview of an act",
    "{campaign}: the short name of a campaign",
    many="Nothing was recorded. It would be {n} entries in {campaign}.",
)
_TOUCHES_NOBODY = Message("No donor’s trail would say anything else.", "a preview of an act")
_AFFECTED = Message(
    "{gift}, {given}: now {said}; then {says}",
    "a preview of an act: what a donor's trail says now, and what it would say",
    "{gift}: what the gift is asked for by",
    "{given}: what was given",
    "{said}: a list of parts, each a figure and where it is, as: 30 handed out in Ghana",
    "{says}: a list of the same kind",
)
_NOTHING = Message("nothing", "in place of an empty list of parts of a gift")
_MORE_TOUCHED = Message(
    "and {n} more gift, which is not looked at one by one",
    "the end of a preview",
    many="and {n} more gifts, which are not looked at one by one",
)


def preview_lines(preview: Preview) -> list[str]:
    """What an act would change for whom, a gift a line."""
    lines = [worded(_TRIED, n=preview.entries, campaign=preview.campaign)]
    for row in preview.affected:
        said, says = _places(row.said) or worded(_NOTHING), _places(row.says) or worded(_NOTHING)
        given = gift_amount(row.amount, row.unit)
        lines.append(worded(_AFFECTED, gift=row.key, given=given, said=said, says=says))
    if not preview.affected and not preview.more:
        lines.append(worded(_TOUCHES_NOBODY))
    return [*lines, worded(_MORE_TOUCHED, n=preview.more)] if preview.more else lines


def _places(places: Sequence[Place]) -> str:
    return listed([plain(figured(place, _figure(place))) for place in places])


def _figure(place: Place) -> str:
    if is_money(place.amount.asset):
        return exact_with_asset(place.amount)
    return amount(place.amount, place.unit)
