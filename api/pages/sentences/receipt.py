"""English: the receipt of a gift: who received what, when, for what, and by which transaction or transfer."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, Piece, Sentence, listed, said, worded
from api.pages.sentences.units import day, number_of, time
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.views.trail import DonationTrail

TITLE = Message("Receipt for a donation")
LINK = Message("A receipt to print", "a link")
_LEAD = Message("Made from the books on {day}.", "under the title of a receipt", "{day}: when")
_FOR = Message(
    "{campaign}: {purpose}",
    "what a gift is for",
    "{campaign}: its title",
    "{purpose}: as the campaign says it",
)
RECEIVED_BY = Message("Received by", "who got a gift")
PURPOSE = Message("For", "the purpose of a campaign")
WHAT = Message("Given")
WHEN = Message("On")
WORTH = Message("Value when given")
BY = Message("By", "the transaction or transfer of a gift")
RETURNED = Message("Given back")
ALL = Message("Together")
IN_RETURN = Message("Goods or services given in return")
NOTHING = Message("None is recorded.")
DONOR = Message("Donor")
DONOR_HINT = Message(
    "Name and address are written by hand: nothing about donors is stored here, and this page cannot know whose gift "
    "it was. Who has the key of a gift can print this."
)
SIGNED = Message("Signature of the organisation")
NOTE = Message(
    "The value is what the gift was worth by the clock and the sources named, and is no appraisal. Whether a gift is "
    "deductible, and what else must be shown, the donor's tax office says."
)
NO_VALUE = Message("not known", "the value of a gift")
_WORTH_BY = Message("{money}, by {sources}", "{money}: a sum", "{sources}: a list of who told the price")
_IN_BLOCK = Message(
    "{outpoint}, in block {block} of the Bitcoin chain, to {address}",
    "how a gift came",
    "{outpoint}: transaction and output",
    "{block}: its height",
    "{address}: that was paid",
)
_OTHERWISE = Message("{key}", "how a gift came", "{key}: the key of a gift by bank or in kind")


def lead(today: str) -> str:
    return worded(_LEAD, day=day(today))


def meant_for(campaign: str, purpose: str) -> str:
    return worded(_FOR, campaign=campaign, purpose=purpose)


def given(trail: DonationTrail) -> str:
    """`0.10000000 BTC`, or `500 kits`: exact."""
    if is_money(trail.amount.asset):
        return exact_with_asset(trail.amount)
    return number_of(trail.amount.minor, trail.unit)


def on(trail: DonationTrail) -> str:
    """When it came: the time of its block, else the day."""
    if trail.block is not None:
        return time(trail.block.time)
    return day((trail.settled_at or "")[:10])


def worth(trail: DonationTrail) -> str:
    if trail.value is None:
        return worded(NO_VALUE)
    if not trail.rate_sources:
        return exact_with_asset(trail.value)
    return worded(_WORTH_BY, money=exact_with_asset(trail.value), sources=listed(trail.rate_sources))


def came_by(trail: DonationTrail) -> Sentence:
    """By which transaction, in which block, to which address."""
    if trail.outpoint is None or trail.block is None:
        return said(_OTHERWISE, key=Piece(trail.key, "whole"))
    return said(
        _IN_BLOCK,
        outpoint=Piece(trail.outpoint, "whole"),
        block=str(trail.block.height),
        address=Piece(trail.address or "", "whole"),
    )


def returned(trail: DonationTrail) -> str:
    """What of it went back; empty where nothing did."""
    return exact_with_asset(trail.returned) if trail.returned.minor else ""


def sum_given(trails: Sequence[DonationTrail]) -> str:
    """The sums of what was given and not given back, an asset each; what is in kind is in no sum."""
    sums: dict[str, int] = {}
    for trail in trails:
        if is_money(trail.amount.asset):
            left = trail.amount.minor - trail.returned.minor
            sums[trail.amount.asset] = sums.get(trail.amount.asset, 0) + left
    return listed([exact_with_asset(Amount.of(asset, minor)) for asset, minor in sums.items()])
