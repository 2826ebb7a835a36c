"""English: a key with several donations: how many they are, their sums, and what they paid for together."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import with_asset
from api.pages.messages import Message, Piece, Sentence, listed, plain, said, worded
from api.pages.sentences.donation import outcome_word, status_word
from api.pages.sentences.places import figured
from api.pages.sentences.units import amount, pieces
from ledger.core.frozen import Amount, Quantity
from ledger.core.money import is_money
from ledger.views.flow import ExitKind
from ledger.views.trail import DonationStatus, DonationTrail, Place

_DONATIONS = Message("{n} donation", many="{n} donations")
_PAYMENTS = Message("{n} payment", many="{n} payments")
_COUNTED = "{counted}: how many, as: 3 donations"
_ALL = Message(
    "This key has {counted}: {sums} together.",
    "more than one donation",
    _COUNTED,
    "{sums}: a list of sums, an asset each, as: 0.3 BTC and 600 USD",
)
_SOME = Message(
    "This key has {counted}. {settled} settled: {sums} together.",
    "more than one payment",
    _COUNTED,
    "{settled}: how many of them are settled",
    "{sums}: a list of their sums, an asset each",
)
_NONE = Message("This key has {counted}, none of them settled.", "more than one payment", _COUNTED)
_BECAME = Message(
    "Together they paid for {goods}.",
    "several donations",
    "{goods}: a list, as: 74 masks and 7 students trained as Course",
)
_REST = Message("Not in that sum: {rows}.", "payments", "{rows}: a list, as: 0.01 BTC (Seen)")
_ONE_OF_REST = Message("{amount} ({status})", "{amount}: a sum", "{status}: the word of its status")


def several(trails: Sequence[DonationTrail]) -> Sentence:
    """`This key has 3 donations: 0.05 BTC together.`; what is not settled is in no sum."""
    settled = [trail for trail in trails if _counts(trail)]
    whole = len(settled) == len(trails)
    counted = Piece(worded(_DONATIONS if whole else _PAYMENTS, n=len(trails)), "figure")
    if not settled:
        return said(_NONE, counted=counted)
    sums = Piece(listed(_sums(settled)), "coin" if settled[0].outpoint else "money")
    if whole:
        return said(_ALL, counted=counted, sums=sums)
    return said(_SOME, counted=counted, settled=len(settled), sums=sums)


def several_more(trails: Sequence[DonationTrail]) -> list[str]:
    """What they paid for together, and which of them are in no sum."""
    bought: dict[str, Quantity] = {}
    services: dict[tuple[str, ExitKind], Place] = {}
    for trail in trails:
        for place in trail.places:
            asset, units = place.amount.asset, place.amount.minor
            if is_money(asset) or not units:
                continue
            if place.service:
                key = asset, place.kind
                units += services[key].amount.minor if key in services else 0
                fields = {"amount": Amount.of(asset, units), "place": "", "paid": None}
                services[key] = place.model_copy(update=fields)
                continue
            before = bought[asset].quantity if asset in bought else 0
            bought[asset] = Quantity(product=asset, unit=place.unit, quantity=before + units)
    became = [pieces(tuple(bought.values()))] if bought else []
    became += [plain(figured(row, amount(row.amount, row.unit))) for row in services.values()]
    rest = [
        worded(
            _ONE_OF_REST,
            amount=with_asset(trail.amount),
            status=outcome_word(trail.outcome) or status_word(trail.status),
        )
        for trail in trails
        if not _counts(trail)
    ]
    settled = any(_counts(trail) for trail in trails)
    return [
        *([worded(_BECAME, goods=listed(became))] if became else []),
        *([worded(_REST, rows=listed(rest))] if rest and settled else []),
    ]


def _counts(trail: DonationTrail) -> bool:
    return trail.status is DonationStatus.SETTLED and not trail.outcome


def _sums(trails: Sequence[DonationTrail]) -> list[str]:
    """Their amounts added up, an asset each, in the order in which they came."""
    sums: dict[str, int] = {}
    for trail in trails:
        sums[trail.amount.asset] = sums.get(trail.amount.asset, 0) + trail.amount.minor
    return [with_asset(Amount.of(asset, minor)) for asset, minor in sums.items()]
