"""English: what a donation became in one sentence, its status, and what it waits for.

Plain facts of the trail; it never thanks and never guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count, exact_with_asset, short_hash, with_asset
from api.pages.messages import (
    SEMICOLONS,
    Message,
    Piece,
    Sentence,
    joined,
    joined_list,
    listed,
    plain,
    said,
    worded,
)
from api.pages.sentences.places import figured
from api.pages.sentences.units import amount, day, number_of, pieces, time
from ledger.core.frozen import Amount, Quantity
from ledger.core.money import is_money
from ledger.views.flow import ExitKind
from ledger.views.trail import ChangeKind, Donation, DonationStatus, DonationTrail, Outcome, Place

_GIVEN = "{given}: what was given, as 0.01 BTC or 40 kits"
_PARTS = (
    "{places}: a list of parts, each a figure and where it is, as: 30 handed out in Ghana, 7 waiting at WAHO"
)
_TOO_SMALL = Message(
    "Your {given} is settled. Too small for a whole piece, it shares one with its neighbours.",
    "a gift so small that no whole piece of the goods is its own",
    _GIVEN,
)
_NOTHING_YET = Message("Your {given} is settled and not spent yet: {places}.", _GIVEN, _PARTS)
_LEFT = Message(
    "Your {given} is settled: {places}.",
    "a gift of which coins left the wallet, and nobody has recorded yet what for",
    _GIVEN,
    _PARTS,
)
_PAID_FOR = Message(
    "Your {given} paid for {goods}: {places}.", _GIVEN, "{goods}: what was bought, as 37 masks", _PARTS
)
_BECAME = Message(
    "Your {given}: {places}.",
    "a gift in kind, one that paid for services, or one of which some had left before the books begin",
    _GIVEN,
    _PARTS,
)
_ELSEWHERE = Message(
    "{figure} in {n} other place",
    "a part of a list of places",
    "{figure}: how much is there",
    many="{figure} in {n} other places",
)

_SHOWN = 4


def donation_sentence(trail: Donation, instead: Sequence[Donation] = ()) -> Sentence:
    """What the gift is now, in its own units; money that only waits or was a fee is said after it.

    `instead`: what the transaction pays that replaced it, where that is known.
    """
    given = Piece(with_asset(trail.amount), "coin" if trail.amount.asset == "BTC" else "money")
    if not is_money(trail.amount.asset):
        given = Piece(number_of(trail.amount.minor, trail.unit), "goods")
    if trail.outcome is Outcome.CHARGED_BACK and any(p.kind is not ExitKind.RETURNED for p in trail.places):
        parts = [figured(row, amount(row.amount, row.unit), "figure") for row in _largest(trail.places)]
        return said(_CHARGED_BACK_BUT, given=given, back=with_asset(trail.returned), places=joined(parts))
    if trail.outcome is Outcome.RETURNED and len(trail.places) > 1:
        parts = [figured(row, with_asset(row.amount), "figure") for row in _largest(trail.places)]
        return said(_RETURNED_LESS, given=given, places=joined(parts))
    if trail.outcome in _OUTCOME_SENTENCE:
        return said(_OUTCOME_SENTENCE[trail.outcome], given=given)
    if trail.status is DonationStatus.CONFIRMED:
        return said(_CONFIRMED, given=given, depth=trail.confirmations, needed=trail.needed)
    if trail.status is DonationStatus.REPLACED and trail.went_elsewhere:
        return said(_WENT_ELSEWHERE, given=given)
    if trail.status is DonationStatus.REPLACED and any(other.block for other in instead):
        return said(_REPLACED_BY_ONE_THAT_COUNTS, given=given)
    if trail.status is DonationStatus.BLOCKED and len(trail.places) > 1:
        parts = [figured(row, amount(row.amount, row.unit), "figure") for row in _largest(trail.places)]
        return said(_BLOCKED_IN_PART, given=given, places=joined(parts))
    if trail.status is not DonationStatus.SETTLED:
        return said(_STATUS_SENTENCE[trail.status], given=given)
    goods = _said_together([place for place in trail.places if _is_goods(place)])
    services = _services(trail.places)
    if not goods and not services:
        held = [place for place in trail.places if is_money(place.amount.asset) and place.amount.minor]
        if not held:
            return said(_TOO_SMALL, given=given)
        parts = [figured(place, with_asset(place.amount), "figure") for place in _largest(held)]
        if any(place.kind is ExitKind.UNEXPLAINED for place in held):
            return said(_LEFT, given=given, places=joined(parts))
        gone = any(place.kind is ExitKind.BEFORE for place in held)
        return said(_BECAME if gone else _NOTHING_YET, given=given, places=joined(parts))
    paid = _by_product(goods)
    several = len(paid) > 1
    parts = []
    for place in _largest(goods):
        figure = pieces(_by_product([place])) if several else count(place.amount.minor)
        parts.append(figured(place, figure, "bad" if place.kind.is_bad else "figure"))
    rest = goods_rest(goods)
    if rest:
        number, quantities = rest
        figure = pieces(quantities) if several else count(quantities[0].quantity)
        parts.append(said(_ELSEWHERE, n=number, figure=Piece(figure, "figure")))
    for place in _largest(services):
        mark = "bad" if place.kind.is_bad else "figure"
        parts.append(figured(place, amount(place.amount, place.unit), mark))
    if paid and is_money(trail.amount.asset):
        return said(_PAID_FOR, given=given, goods=Piece(pieces(paid), "goods"), places=joined(parts))
    return said(_BECAME, given=given, places=joined(parts))


def _is_goods(place: Place) -> bool:
    return not is_money(place.amount.asset) and place.amount.minor > 0 and not place.service


def _services(places: Sequence[Place]) -> list[Place]:
    """What went to services: what was done, what is still to be done, and what of them failed, each failure once."""
    rows = [place for place in places if place.service]
    failed = _said_together([place for place in rows if place.kind.is_bad])
    return [*(place for place in rows if not place.kind.is_bad), *failed]


def _by_product(places: Sequence[Place]) -> tuple[Quantity, ...]:
    """Pieces at some places, product by product."""
    sums: dict[str, Quantity] = {}
    for place in places:
        before = sums.get(place.amount.asset)
        units = place.amount.minor + (before.quantity if before else 0)
        sums[place.amount.asset] = Quantity(product=place.amount.asset, unit=place.unit, quantity=units)
    return tuple(sums.values())


_PLACED = {ExitKind.DISTRIBUTED, ExitKind.WAITING, ExitKind.IN_STOCK, ExitKind.IN_TRANSIT}


_NEVER_FOLDED = {kind for kind in ExitKind if kind.is_bad} | {ExitKind.RETURNED}
"""What is told by its own name, however many other places there are: what is bad stays told as bad."""


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
    """Distributed first, then the largest: four, since the table below has all, and whatever came to a bad end."""
    ordered = sorted(places, key=lambda place: (not place.is_distributed, -place.amount.minor))
    if len(ordered) == _SHOWN + 1:
        return ordered
    return ordered[:_SHOWN] + [place for place in ordered[_SHOWN:] if place.kind in _NEVER_FOLDED]


def goods_rest(places: Sequence[Place]) -> tuple[int, tuple[Quantity, ...]] | None:
    """In how many other places the rest is, each counted once, and how much of each product; None where all is said."""
    shown = _largest(places)
    rest = [place for place in places if place not in shown]
    return (len({place.place for place in rest}), _by_product(rest)) if rest else None


_USED_MONEY = "{used}: what of the gift had been used, as 0.01 BTC"
_USED = Message(
    "{used} of it had been used before it lost its block. That stands: {places}. A top-up has to cover it.",
    _USED_MONEY,
    _PARTS,
)
_USED_COVERED = Message(
    "{used} of it had been used before it lost its block. That stands: {places}. A top-up, no gift, covers all of it.",
    _USED_MONEY,
    _PARTS,
)
_USED_COVERED_IN_PART = Message(
    "{used} of it had been used before it lost its block. That stands: {places}. A top-up, no gift, covers {covered} "
    "of it; the rest has to be covered.",
    _USED_MONEY,
    _PARTS,
    "{covered}: a smaller sum, as 0.005 BTC",
)


_UNDONE = Message(
    "{undone} of it left with a transaction that the chain undid since. What it became stands; the coins have to be "
    "sent anew, or what was made of them is taken back.",
    "{undone}: a part of the gift, as 0.01 BTC",
)


def donation_taken_back(trail: Donation) -> list[str]:
    """What the chain took back of a gift after it was used: of the gift itself, and of what paid with it."""
    sentences = [donation_used(trail)] if trail.used is not None else []
    return (
        [*sentences, worded(_UNDONE, undone=with_asset(trail.undone))]
        if trail.undone is not None
        else sentences
    )


def donation_used(trail: Donation) -> str:
    """What of a gift that lost its block had been used, where that is, and what covers it; empty where nothing was."""
    if trail.used is None or trail.covered is None:
        return ""
    parts = [figured(place, amount(place.amount, place.unit)) for place in _largest(trail.stands)]
    used, places = with_asset(trail.used), listed([plain(part) for part in parts])
    if not trail.covered.minor:
        return worded(_USED, used=used, places=places)
    if trail.covered.minor < trail.used.minor:
        covered = with_asset(trail.covered)
        return worded(_USED_COVERED_IN_PART, used=used, places=places, covered=covered)
    return worded(_USED_COVERED, used=used, places=places)


_CONFIRMED = Message(
    "Your {given} is in a block, {depth} of {needed} deep.",
    _GIVEN,
    "{depth}: how many blocks it is deep",
    "{needed}: at how many it is settled",
)
_STATUS_SENTENCE = {
    DonationStatus.SEEN: Message("Your {given} is seen in a mempool and not yet in a block.", _GIVEN),
    DonationStatus.REPLACED: Message(
        "Your {given} was replaced by another transaction and counts nowhere. What that one pays here counts once, "
        "where it is confirmed.",
        _GIVEN,
    ),
    DonationStatus.EVICTED: Message(
        "Your {given} is in no block and left the mempools. As long as it is not sent again, nothing is taken "
        "from you.",
        _GIVEN,
    ),
    DonationStatus.REORGED: Message(
        "Your {given} lost its block to a longer chain and waits for another.", _GIVEN
    ),
    DonationStatus.BELOW_DUST: Message(
        "Your {given} is below the dust line: recorded, and not counted as a gift.", _GIVEN
    ),
    DonationStatus.REVERSED: Message("Your {given} was recorded in error and taken back.", _GIVEN),
    DonationStatus.BLOCKED: Message(
        "Your {given} is blocked: set apart until two people release it.", _GIVEN
    ),
}
_REPLACED_BY_ONE_THAT_COUNTS = Message(
    "Your {given} was replaced by another transaction and counts nowhere. That one is in a block, and what it pays "
    "here counts once.",
    _GIVEN,
)
_BLOCKED_IN_PART = Message(
    "Your {given} is blocked: what was left of it is set apart until two people release it. Of it: {places}.",
    _GIVEN,
    _PARTS,
)
_WENT_ELSEWHERE = Message(
    "Your {given} was replaced by another transaction and counts nowhere. That one pays nothing here: the coins went "
    "elsewhere.",
    _GIVEN,
)
_CHARGED_BACK_BUT = Message(
    "Your {given} came, and its bank took {back} of it back: {places}.",
    "a gift of which something is left or was used",
    _GIVEN,
    "{back}: how much of it, as 3.00 USD",
    _PARTS,
)
_RETURNED_LESS = Message(
    "Your {given} went back: {places}. What came and what went back both stand in the sums.",
    "a gift of which a fee was kept when it went back",
    _GIVEN,
    _PARTS,
)
_OUTCOME_SENTENCE = {
    Outcome.RETURNED: Message(
        "Your {given} went back. What came and what went back both stand in the sums.", _GIVEN
    ),
    Outcome.CHARGED_BACK: Message("Your {given} was taken back by its bank.", _GIVEN),
    Outcome.REFUND: Message("Your {given} is money that a supplier paid back, and no gift.", _GIVEN),
    Outcome.WITHDRAWAL: Message(
        "Your {given} is what came back from an exchange, and no gift: those who gave it read so.", _GIVEN
    ),
    Outcome.UNDECIDED: Message(
        "Your {given} came to an address that is not for gifts. A person decides what it is.", _GIVEN
    ),
}
_NEXT_BLOCK = Message(
    "Next: a block takes it; after {n} block it is settled. Nothing expires.",
    many="Next: a block takes it; after {n} blocks it is settled. Nothing expires.",
)
_NEXT_DEEPER = Message(
    "Next: {n} more block, then it is settled and goes into the books.",
    many="Next: {n} more blocks, then it is settled and goes into the books.",
)
_NEXT = {
    DonationStatus.REORGED: Message(
        "Next: a block of the longest chain takes it again. Its place on the line is kept."
    ),
    DonationStatus.EVICTED: Message("Next: your wallet can send it again, to the same address."),
}
_NEXT_TURN = Message(
    "Still to be spent, in its turn: {held}. What came first is spent first.",
    "a gift of which coins or money are held",
    "{held}: a list of sums of coins and money, as: 0.01 BTC and 95.00 USD",
)
_GOES_ON = Message("Still to go on: {parts}.", "{parts}: a list, each as: the 7 masks waiting at WAHO")
_GOES_ON_UNLESS_CALLED_BACK = Message(
    "Still to go on, but for what was called back: {parts}.",
    "of a lot that was called back nothing is handed on",
    "{parts}: a list, each as: the 7 masks waiting at WAHO",
)
_THE_PART = Message("the {part}", "{part}: a figure and where it is, as: 7 masks waiting at WAHO")


def donation_next(trail: DonationTrail) -> str:
    """Who or what must act next."""
    if trail.status is DonationStatus.SEEN:
        return worded(_NEXT_BLOCK, n=trail.needed)
    if trail.status is DonationStatus.CONFIRMED:
        return worded(_NEXT_DEEPER, n=max(1, trail.needed - trail.confirmations))
    if trail.status is not DonationStatus.SETTLED:
        return worded(_NEXT[trail.status]) if trail.status in _NEXT else ""
    waits = [p for p in trail.places if p.kind in _WAITS and p.amount.minor]
    if not waits:
        return ""
    if all(place.kind is ExitKind.HELD for place in waits):
        held = listed([amount(place.amount, place.unit) for place in _largest(waits)])
        return worded(_NEXT_TURN, held=held)
    sentences = [worded(_THE_PART, part=figured(p, amount(p.amount, p.unit))) for p in _largest(waits)]
    called_back = any(change.kind is ChangeKind.RECALLED for change in trail.changes)
    return worded(_GOES_ON_UNLESS_CALLED_BACK if called_back else _GOES_ON, parts=listed(sentences))


_WAITS = {
    *(ExitKind.IN_TRANSIT, ExitKind.IN_STOCK, ExitKind.WAITING, ExitKind.OPEN, ExitKind.HELD),
    ExitKind.AT_EXCHANGE,
}

_STATUS = "the status of a donation, on a chip"
_STATUS_WORDS = {
    DonationStatus.SETTLED: Message("Settled", _STATUS),
    DonationStatus.CONFIRMED: Message("Confirmed", _STATUS),
    DonationStatus.SEEN: Message("Seen", _STATUS),
    DonationStatus.REPLACED: Message("Replaced", _STATUS),
    DonationStatus.REORGED: Message("Reorged", _STATUS),
    DonationStatus.EVICTED: Message("Evicted", _STATUS),
    DonationStatus.BELOW_DUST: Message("Below dust", _STATUS),
    DonationStatus.BLOCKED: Message("Blocked", _STATUS),
    DonationStatus.REVERSED: Message("Taken back", _STATUS),
}


def gift_amount(value: Amount, unit: str) -> str:
    """`0.01000000 BTC`, `600.00 USD`, or `500 kits` for a gift in kind."""
    return exact_with_asset(value) if is_money(value.asset) else number_of(value.minor, unit)


_OUTCOME = "what became of a whole gift, on a chip"
_OUTCOMES = {
    Outcome.RETURNED: Message("Returned", _OUTCOME),
    Outcome.RETURNED_IN_PART: Message("Returned in part", _OUTCOME),
    Outcome.CHARGED_BACK: Message("Charged back", _OUTCOME),
    Outcome.TOP_UP: Message("Top-up, no gift", _OUTCOME),
    Outcome.CHANGE: Message("Own coins, no gift", _OUTCOME),
    Outcome.REFUND: Message("Refund by a supplier, no gift", _OUTCOME),
    Outcome.WITHDRAWAL: Message("Back from an exchange, no gift", _OUTCOME),
    Outcome.UNDECIDED: Message("To decide", _OUTCOME),
}


def outcome_word(outcome: Outcome | None) -> str:
    """What became of the whole gift, where that says more than its status; else nothing."""
    return worded(_OUTCOMES[outcome]) if outcome in _OUTCOMES else ""


def status_word(status: DonationStatus) -> str:
    return worded(_STATUS_WORDS[status])


_RESTRICTED = Message(
    "Restricted to need {need}: it is spent on that need only.", "a donation", "{need}: its number, as N-1"
)
_RESTRICTED_TITLED = Message(
    "Restricted to need {need} ({title}): it is spent on that need only.",
    "a donation",
    "{need}: its number, as N-1",
    "{title}: what is needed",
)


def restricted(trail: Donation) -> str:
    """The need that a donation is for; empty where it is for any end."""
    if not trail.restriction:
        return ""
    if not trail.restriction.title:
        return worded(_RESTRICTED, need=trail.restriction.need)
    return worded(_RESTRICTED_TITLED, need=trail.restriction.need, title=trail.restriction.title)


_BESIDE = "stands beside the status of a donation"
_SINCE = Message("since {day}", _BESIDE, "{day}: the day on which it settled")
_SETTLED_ON = Message("settled on {day}", _BESIDE, "{day}: the day on which it settled")
_IN_BLOCK = Message(
    "in block {block} of {time}", _BESIDE, "{block}: its height", "{time}: the time that the block says"
)
_RECORDED = Message("recorded on {day}", _BESIDE, "{day}: a later day than that on which it settled")
_LATE = Message(
    "{settled}, after the last day of the campaign; it counts all the same",
    _BESIDE,
    "{settled}: since when, as: since 29 May 2020; in block 632,100 of 29 May 2020, 13:20 UTC",
)
_DEEP = Message(
    "in block {block}, {depth} of {needed}",
    _BESIDE,
    "{block}: its height",
    "{depth}: how many blocks deep it is",
    "{needed}: at how many it is settled",
)
_AT_TIME = Message("at {time}", _BESIDE, "{time}: when it was first seen")
_BY_TRANSACTION = Message("by {txid}", _BESIDE, "{txid}: which transaction replaced it, shortened")
_INSTEAD = Message(
    "What came instead, {key}: {sentence}",
    "on the page of a payment that was replaced",
    "{key}: a link to the other payment",
    "{sentence}: what became of that one, a whole sentence",
)
_REPLACES = Message(
    "It replaced {txids}, which had spent the same coins and counts nowhere.",
    "a payment; the number of those that it replaced decides the form",
    "{txids}: a list of links, each to a payment",
    many="It replaced {txids}, which had spent the same coins and count nowhere.",
)


def status_detail(trail: Donation) -> str:
    """What stands beside the chip."""
    if trail.status is DonationStatus.SETTLED and trail.settled_at:
        # The chip names the outcome where there is one, and that was not on the day on which it settled.
        sentences = [worded(_SETTLED_ON if trail.outcome else _SINCE, day=day(trail.settled_at))]
        if trail.block:
            sentences.append(worded(_IN_BLOCK, block=trail.block.height, time=time(trail.block.time)))
        recorded = trail.recorded_at or trail.settled_at
        if recorded[:10] != trail.settled_at[:10]:
            sentences.append(worded(_RECORDED, day=day(recorded)))
        settled = listed(sentences, SEMICOLONS)
        return worded(_LATE, settled=settled) if trail.late else settled
    if trail.status is DonationStatus.CONFIRMED and trail.block:
        return worded(_DEEP, block=trail.block.height, depth=trail.confirmations, needed=trail.needed)
    if trail.status is DonationStatus.SEEN and trail.seen_at:
        return worded(_AT_TIME, time=time(trail.seen_at))
    if trail.status is DonationStatus.REPLACED and trail.replaced_by:
        return worded(_BY_TRANSACTION, txid=short_hash(trail.replaced_by))
    return ""


def replaced_by(txid: str, *, pays: bool) -> Sentence:
    """Which transaction replaced a gift, linked to its own page where it `pays` the campaign."""
    named = Piece(short_hash(txid), "code", href=f"/d/{txid}" if pays else "", title=txid)
    return said(_BY_TRANSACTION, txid=named)


def came_instead(other: Donation) -> Sentence:
    """What another payment became that replaced this one, with a link to it."""
    return said(_INSTEAD, key=_linked(other.key), sentence=donation_sentence(other))


def replaces(trail: Donation) -> Sentence:
    """Which payments this one replaced, each a link; nothing where there are none."""
    if not trail.replaces:
        return ()
    return said(
        _REPLACES, n=len(trail.replaces), txids=joined_list([(_linked(txid),) for txid in trail.replaces])
    )


def _linked(key: str) -> Piece:
    return Piece(short_hash(key), "code", href=f"/d/{key}", title=key)
