"""English: what a donation became in one sentence, its status, and what it waits for.

Plain facts of the trail; it never thanks and never guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count, exact_with_asset, short_hash, with_asset
from api.pages.sentences.units import Piece, Sentence, amount, day, joined, listed, number_of, pieces, time
from ledger.core.frozen import Amount, Quantity
from ledger.core.money import is_money
from ledger.views.flow import ExitKind
from ledger.views.trail import Donation, DonationStatus, Place

_PLACE = {
    ExitKind.OPEN: "ordered and not yet received",
    ExitKind.SHORT: "short",
    ExitKind.DAMAGED: "damaged",
    ExitKind.REJECTED: "rejected",
    ExitKind.CANCELLED: "cancelled",
    ExitKind.CLAIM: "paid for and owed by the supplier",
    ExitKind.LENT: "lent to another campaign",
    ExitKind.REPAID: "repaid between campaigns",
    ExitKind.REFUNDED: "paid back by the supplier",
    ExitKind.LOST: "lost on the way",
    ExitKind.WRITTEN_OFF: "written off, not paid back by the supplier",
    ExitKind.RETURNED: "returned",
    ExitKind.UNEXPLAINED: "unexplained",
    ExitKind.SHORTFALL: "in the shortfall",
    ExitKind.FEE: "network fees",
    ExitKind.CHARGES: "charges",
    ExitKind.SPENT: "spent on services",
    ExitKind.HELD: "held",
    ExitKind.BEFORE: "gone before the books begin: where to is not in them",
}


def where(place: Place) -> str:
    """`handed out in Ghana`, `in stock at Abuja`, `lost on the way`."""
    at = place.place
    if place.elsewhere:
        return "in the same lot"
    if place.service and place.is_distributed:
        return service_done(place)
    if place.is_distributed:
        return f"handed out in {at}" if at else "handed out"
    if place.kind is ExitKind.IN_TRANSIT:
        return f"on the way, {at}" if at else "on the way"
    if place.kind is ExitKind.IN_STOCK:
        return f"in stock at {at}" if at else "in stock"
    if place.kind is ExitKind.WAITING:
        return f"waiting at {at}" if at else "waiting"
    if place.kind is ExitKind.FEE:
        return "network fees" if place.amount.asset == "BTC" else "fees"
    if place.kind is ExitKind.SPENT and place.service:
        return f"paid for {place.service}, {at}, which is not yet delivered"
    return _PLACE[place.kind] + (f", {at}" if at else "")


def service_done(place: Place) -> str:
    """`carried for 12.34 USD of Air freight`: a service by its own verb and name, after its figure."""
    if place.paid is None:
        return f"{place.verb} as {place.service}".strip()
    if is_money(place.amount.asset):
        done = f", {place.verb}" if place.verb else ""
        return f"spent on {place.service}{done}"
    return f"{place.verb} for {with_asset(place.paid)} of {place.service}".strip()


_SHOWN = 4


def donation_sentence(trail: Donation) -> Sentence:
    """What the gift is now, in its own units; money that only waits or was a fee is said after it."""
    given = Piece(with_asset(trail.amount), "coin")
    if not is_money(trail.amount.asset):
        given = Piece(number_of(trail.amount.minor, trail.unit), "goods")
    if trail.outcome in _OUTCOME_SENTENCE:
        return (Piece("Your "), given, Piece(_OUTCOME_SENTENCE[trail.outcome]))
    if trail.status is not DonationStatus.SETTLED:
        return (
            Piece("Your "),
            given,
            Piece(
                _STATUS_SENTENCE[trail.status].format(
                    n=trail.confirmations,
                    needed=trail.needed,
                    left=number_of(max(0, trail.needed - trail.confirmations), "more block"),
                )
            ),
        )
    goods = _said_together([place for place in trail.places if _is_goods(place)])
    services = [place for place in trail.places if place.service]
    if not goods and not services:
        held = [place for place in trail.places if is_money(place.amount.asset) and place.amount.minor]
        if not held:
            return (
                Piece("Your "),
                given,
                Piece(" is settled. Too small for a whole piece, it shares one with its neighbours."),
            )
        said = [(Piece(with_asset(p.amount), "figure"), Piece(f" {where(p)}")) for p in _largest(held)]
        return (
            Piece("Your "),
            given,
            Piece(" is settled and paid for nothing yet: "),
            *joined(said),
            Piece("."),
        )
    paid = _by_product(goods)
    several = len(paid) > 1
    parts: list[Sentence] = []
    for place in _largest(goods):
        units = place.amount.minor
        figure = pieces(_by_product([place])) if several else count(units)
        parts.append((Piece(figure, "bad" if place.kind.is_bad else "figure"), Piece(f" {where(place)}")))
    rest = goods_rest(goods)
    if rest:
        figure = pieces(rest[1]) if several else count(rest[1][0].quantity)
        parts.append((Piece(figure, "figure"), Piece(f" in {number_of(rest[0], 'other place')}")))
    parts += [
        (Piece(amount(place.amount, place.unit), "figure"), Piece(f" {where(place)}"))
        for place in _largest(services)
    ]
    bought = paid and is_money(trail.amount.asset)
    return (
        Piece("Your "),
        given,
        *((Piece(" paid for "), Piece(pieces(paid), "goods")) if bought else ()),
        Piece(": "),
        *joined(parts),
        Piece("."),
    )


def _is_goods(place: Place) -> bool:
    return not is_money(place.amount.asset) and place.amount.minor > 0 and not place.service


def _by_product(places: Sequence[Place]) -> tuple[Quantity, ...]:
    """Pieces at some places, product by product."""
    sums: dict[str, Quantity] = {}
    for place in places:
        before = sums.get(place.amount.asset)
        units = place.amount.minor + (before.quantity if before else 0)
        sums[place.amount.asset] = Quantity(product=place.amount.asset, unit=place.unit, quantity=units)
    return tuple(sums.values())


_PLACED = {ExitKind.DISTRIBUTED, ExitKind.WAITING, ExitKind.IN_STOCK, ExitKind.IN_TRANSIT}


def _said_together(places: Sequence[Place]) -> list[Place]:
    """Losses of one kind are one figure in the sentence; the table below it keeps them apart."""
    merged: dict[tuple[ExitKind, str, str, bool], Place] = {}
    for place in places:
        kept = place if place.kind in _PLACED else place.model_copy(update={"place": ""})
        key = (kept.kind, kept.amount.asset, kept.place, kept.elsewhere)
        before = merged.get(key)
        if before is not None:
            whole = Amount.of(kept.amount.asset, before.amount.minor + kept.amount.minor)
            kept = before.model_copy(update={"amount": whole})
        merged[key] = kept
    return list(merged.values())


def _largest(places: Sequence[Place]) -> list[Place]:
    """Distributed first, then the largest; at most four, since the table below has all."""
    ordered = sorted(places, key=lambda place: (not place.is_distributed, -place.amount.minor))
    return ordered if len(ordered) == _SHOWN + 1 else ordered[:_SHOWN]


def goods_rest(places: Sequence[Place]) -> tuple[int, tuple[Quantity, ...]] | None:
    """In how many other places the rest is, each counted once, and how much of each product; None where all is said."""
    shown = _largest(places)
    rest = [place for place in places if place not in shown]
    return (len({place.place for place in rest}), _by_product(rest)) if rest else None


_STATUS_SENTENCE = {
    DonationStatus.SEEN: " is seen in a mempool and not yet in a block.",
    DonationStatus.CONFIRMED: " is in a block, {n} of {needed} deep.",
    DonationStatus.REPLACED: " was replaced by another transaction. It counts once, where it is confirmed.",
    DonationStatus.EVICTED: " left the mempools before a block took it. Nothing was taken from you.",
    DonationStatus.REORGED: " lost its block to a longer chain and waits for another.",
    DonationStatus.BELOW_DUST: " is below the dust line: recorded, and not counted as a gift.",
    DonationStatus.REVERSED: " was recorded in error and taken back.",
    DonationStatus.BLOCKED: " is set apart until two people release it.",
    DonationStatus.SETTLED: " is settled.",
}


_OUTCOME_SENTENCE = {
    "returned": " went back. What came and what went back both stand in the sums.",
    "charged_back": " was taken back by its bank. What of it was used stays told, and somebody has to cover it.",
    "refund": " is money that a supplier paid back, and no gift.",
    "undecided": " came to an address that is not for gifts. A person decides what it is.",
}


def donation_next(trail: Donation) -> str:
    """Who or what must act next."""
    left = trail.needed - trail.confirmations
    if trail.status is DonationStatus.SEEN:
        return f"Next: a block takes it; after {number_of(trail.needed, 'block')} it is settled. Nothing expires."
    if trail.status is DonationStatus.CONFIRMED:
        return f"Next: {number_of(max(1, left), 'more block')}, then it is settled and goes into the books."
    if trail.status is DonationStatus.REORGED:
        return "Next: a block of the longest chain takes it again. Its place on the line is kept."
    if trail.status is DonationStatus.EVICTED:
        return "Next: your wallet can send it again, to the same address."
    if trail.status is not DonationStatus.SETTLED:
        return ""
    waits = [p for p in trail.places if p.kind in _WAITS and p.amount.minor]
    if not waits:
        return ""
    if all(place.kind is ExitKind.HELD for place in waits):
        held = listed([amount(place.amount, place.unit) for place in _largest(waits)])
        return f"Next: the {held} held goes into the next conversion or order, in its turn on the line."
    said = [f"the {amount(p.amount, p.unit)} {where(p)}" for p in _largest(waits)]
    return f"Still to go on: {listed(said)}."


_WAITS = {ExitKind.IN_TRANSIT, ExitKind.IN_STOCK, ExitKind.WAITING, ExitKind.OPEN, ExitKind.HELD}

_STATUS_WORDS = {
    DonationStatus.SETTLED: "Settled",
    DonationStatus.CONFIRMED: "Confirmed",
    DonationStatus.SEEN: "Seen",
    DonationStatus.REPLACED: "Replaced",
    DonationStatus.REORGED: "Reorged",
    DonationStatus.EVICTED: "Evicted",
    DonationStatus.BELOW_DUST: "Below dust",
    DonationStatus.BLOCKED: "Blocked",
    DonationStatus.REVERSED: "Taken back",
}


def gift_amount(value: Amount, unit: str) -> str:
    """`0.01000000 BTC`, `600.00 USD`, or `500 kits` for a gift in kind."""
    return exact_with_asset(value) if is_money(value.asset) else number_of(value.minor, unit)


_OUTCOMES = {
    "returned": "Returned",
    "returned_in_part": "Returned in part",
    "charged_back": "Charged back",
    "top_up": "Top-up, no gift",
    "change": "Own coins, no gift",
    "refund": "Refund by a supplier, no gift",
    "undecided": "To decide",
}


def outcome_word(outcome: str | None) -> str:
    """What became of the whole gift, where that says more than its status; else nothing."""
    return _OUTCOMES.get(outcome or "", "")


def status_word(status: DonationStatus) -> str:
    return _STATUS_WORDS[status]


def restricted(trail: Donation) -> str:
    """The need that a donation is for; empty where it is for any end."""
    if not trail.restriction:
        return ""
    title = f" ({trail.restriction.title})" if trail.restriction.title else ""
    return f"Restricted to need {trail.restriction.need}{title}: it is spent on that need only."


def status_detail(trail: Donation) -> str:
    """What stands beside the chip."""
    if trail.status is DonationStatus.SETTLED and trail.settled_at:
        late = ", after the last day of the campaign; it counts all the same" if trail.late else ""
        block = ""
        if trail.block:
            block = f"; in block {count(trail.block.height)} of {time(trail.block.time)}"
        recorded = trail.recorded_at or trail.settled_at
        apart = f"; recorded on {day(recorded)}" if recorded[:10] != trail.settled_at[:10] else ""
        return f"since {day(trail.settled_at)}{block}{apart}{late}"
    if trail.status is DonationStatus.CONFIRMED and trail.block:
        return f"in block {count(trail.block.height)}, {trail.confirmations} of {trail.needed}"
    if trail.status is DonationStatus.SEEN and trail.seen_at:
        return f"at {time(trail.seen_at)}"
    if trail.status is DonationStatus.REPLACED and trail.replaced_by:
        return f"by {short_hash(trail.replaced_by)}"
    return ""
