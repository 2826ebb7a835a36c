"""English: where a part of a gift is, alone in a cell, and with its figure in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.figures import with_asset
from api.pages.messages import Message, Piece, PlaceValue, Sentence, said, worded
from api.pages.sentences.units import day
from ledger.core.money import is_money
from ledger.views.flow import ExitKind
from ledger.views.trail import Place

_PART = "where a part of a gift is"
_FIGURE = "{figure}: how much, with its unit where it is not clear"
_PLACE = "{place}: the name of a place or partner"
_PAPER = "{place}: the name of a place, partner or paper"
_SERVICE = "{service}: what was bought, as Air freight"
_VERB = "{verb}: what was done, in the campaign's words, as: carried"
_PAID = "{paid}: a sum of money"


@dataclass(frozen=True, slots=True)
class _Spot:
    """One thing that is said of a part: in a cell beside its figure, and in a sentence with it."""

    alone: Message
    figured: Message


_SPOTS = {
    ExitKind.OPEN: _Spot(
        Message("ordered and not yet received", _PART),
        Message("{figure} ordered and not yet received", _PART, _FIGURE),
    ),
    ExitKind.SHORT: _Spot(Message("short", _PART), Message("{figure} short", _PART, _FIGURE)),
    ExitKind.DAMAGED: _Spot(Message("damaged", _PART), Message("{figure} damaged", _PART, _FIGURE)),
    ExitKind.REJECTED: _Spot(Message("rejected", _PART), Message("{figure} rejected", _PART, _FIGURE)),
    ExitKind.CANCELLED: _Spot(Message("cancelled", _PART), Message("{figure} cancelled", _PART, _FIGURE)),
    ExitKind.CLAIM: _Spot(
        Message("paid for and owed by who has to pay it back", _PART),
        Message("{figure} paid for and owed by who has to pay it back", _PART, _FIGURE),
    ),
    ExitKind.LENT: _Spot(
        Message("lent to another campaign", _PART),
        Message("{figure} lent to another campaign", _PART, _FIGURE),
    ),
    ExitKind.REPAID: _Spot(
        Message("repaid between campaigns", _PART),
        Message("{figure} repaid between campaigns", _PART, _FIGURE),
    ),
    ExitKind.REFUNDED: _Spot(
        Message("paid back", _PART),
        Message("{figure} paid back", _PART, _FIGURE),
    ),
    ExitKind.LOST: _Spot(
        Message("lost on the way", _PART), Message("{figure} lost on the way", _PART, _FIGURE)
    ),
    ExitKind.MISSING: _Spot(Message("lost", _PART), Message("{figure} lost", _PART, _FIGURE)),
    ExitKind.EXPIRED: _Spot(
        Message("past its last day", _PART), Message("{figure} past its last day", _PART, _FIGURE)
    ),
    ExitKind.STOLEN: _Spot(Message("stolen", _PART), Message("{figure} stolen", _PART, _FIGURE)),
    ExitKind.SPOILED: _Spot(
        Message("spoiled, not kept cold", _PART), Message("{figure} spoiled, not kept cold", _PART, _FIGURE)
    ),
    ExitKind.CUSTOMS: _Spot(
        Message("kept by customs", _PART), Message("{figure} kept by customs", _PART, _FIGURE)
    ),
    ExitKind.RECALLED: _Spot(
        Message("recalled and destroyed", _PART), Message("{figure} recalled and destroyed", _PART, _FIGURE)
    ),
    ExitKind.WRITTEN_OFF: _Spot(
        Message("written off, not paid back", _PART),
        Message("{figure} written off, not paid back", _PART, _FIGURE),
    ),
    ExitKind.RETURNED: _Spot(Message("returned", _PART), Message("{figure} returned", _PART, _FIGURE)),
    ExitKind.UNEXPLAINED: _Spot(
        Message("left the wallet, unexplained yet", _PART),
        Message("{figure} left the wallet, unexplained yet", _PART, _FIGURE),
    ),
    ExitKind.SHORTFALL: _Spot(
        Message("in the shortfall", _PART), Message("{figure} in the shortfall", _PART, _FIGURE)
    ),
    ExitKind.FEE: _Spot(Message("network fees", _PART), Message("{figure} network fees", _PART, _FIGURE)),
    ExitKind.CHARGES: _Spot(Message("charges", _PART), Message("{figure} charges", _PART, _FIGURE)),
    ExitKind.SPENT: _Spot(
        Message("spent on services", _PART), Message("{figure} spent on services", _PART, _FIGURE)
    ),
    ExitKind.HELD: _Spot(Message("held", _PART), Message("{figure} held", _PART, _FIGURE)),
    ExitKind.BLOCKED: _Spot(Message("blocked", _PART), Message("{figure} blocked", _PART, _FIGURE)),
    ExitKind.AT_EXCHANGE: _Spot(
        Message("at an exchange, not sold yet", _PART),
        Message("{figure} at an exchange, not sold yet", _PART, _FIGURE),
    ),
    ExitKind.BEFORE: _Spot(
        Message("gone before the books begin: where to is not in them", _PART),
        Message("{figure} gone before the books begin: where to is not in them", _PART, _FIGURE),
    ),
    ExitKind.DISTRIBUTED: _Spot(Message("handed out", _PART), Message("{figure} handed out", _PART, _FIGURE)),
    ExitKind.IN_TRANSIT: _Spot(Message("on the way", _PART), Message("{figure} on the way", _PART, _FIGURE)),
    ExitKind.IN_STOCK: _Spot(Message("in stock", _PART), Message("{figure} in stock", _PART, _FIGURE)),
    ExitKind.WAITING: _Spot(Message("waiting", _PART), Message("{figure} waiting", _PART, _FIGURE)),
}
_AT = {
    ExitKind.DISTRIBUTED: _Spot(
        Message("handed out in {place}", _PART, _PLACE),
        Message("{figure} handed out in {place}", _PART, _FIGURE, _PLACE),
    ),
    ExitKind.IN_TRANSIT: _Spot(
        Message("on the way, {place}", _PART, "{place}: its waybill or where it goes"),
        Message("{figure} on the way, {place}", _PART, _FIGURE, "{place}: its waybill or where it goes"),
    ),
    ExitKind.IN_STOCK: _Spot(
        Message("in stock at {place}", _PART, _PLACE),
        Message("{figure} in stock at {place}", _PART, _FIGURE, _PLACE),
    ),
    ExitKind.AT_EXCHANGE: _Spot(
        Message("at the exchange {place}, not sold yet", _PART, "{place}: the name of the exchange"),
        Message(
            "{figure} at the exchange {place}, not sold yet",
            _PART,
            _FIGURE,
            "{place}: the name of the exchange",
        ),
    ),
    ExitKind.WAITING: _Spot(
        Message("waiting at {place}", _PART, _PLACE),
        Message("{figure} waiting at {place}", _PART, _FIGURE, _PLACE),
    ),
}
"""What is said of a part whose place is known, where the place is a part of the phrase."""
_GOES_TO = _Spot(
    Message("on the way to {to}", _PART, "{to}: the place where it goes"),
    Message("{figure} on the way to {to}", _PART, _FIGURE, "{to}: the place where it goes"),
)
_IN_WALLET = _Spot(
    Message("held in the wallet", _PART), Message("{figure} held in the wallet", _PART, _FIGURE)
)
_AT_BANK = _Spot(Message("held at the bank", _PART), Message("{figure} held at the bank", _PART, _FIGURE))
_UNSOLD_SINCE = Message(
    "{figure} at the exchange {place} since {day}, not sold yet",
    _PART,
    _FIGURE,
    "{place}: the name of the exchange",
    "{day}: when it was sent there",
)
_NAMED = Message("{part}, {place}", "{part}: where a part of a gift is, as: damaged", _PAPER)
_SAME_LOT = _Spot(Message("in the same lot", _PART), Message("{figure} in the same lot", _PART, _FIGURE))
_OTHER_FEES = _Spot(Message("bank charges", _PART), Message("{figure} bank charges", _PART, _FIGURE))
_NOT_DELIVERED = _Spot(
    Message("paid for {service}, {place}, which is not yet delivered", _PART, _SERVICE, _PAPER),
    Message(
        "{figure} paid for {service}, {place}, which is not yet delivered", _PART, _FIGURE, _SERVICE, _PAPER
    ),
)
_DONE_UNPAID = _Spot(
    Message("{verb} as {service}", _VERB, _SERVICE),
    Message("{figure} {verb} as {service}", _FIGURE, _VERB, _SERVICE),
)
_UNPAID = _Spot(
    Message("as {service}", "a part of a gift that was a service", _SERVICE),
    Message("{figure} as {service}", "a part of a gift that was a service", _FIGURE, _SERVICE),
)
_SPENT_DONE = _Spot(
    Message("spent on {service}, {verb}", _SERVICE, _VERB),
    Message("{figure} spent on {service}, {verb}", _FIGURE, _SERVICE, _VERB),
)
_SPENT_ON = _Spot(
    Message("spent on {service}", _PART, _SERVICE),
    Message("{figure} spent on {service}", _PART, _FIGURE, _SERVICE),
)
_DONE = _Spot(
    Message("{verb} for {paid} of {service}", _VERB, _PAID, _SERVICE),
    Message("{figure} {verb} for {paid} of {service}", _FIGURE, _VERB, _PAID, _SERVICE),
)
_BOUGHT = _Spot(
    Message("for {paid} of {service}", _PART, _PAID, _SERVICE),
    Message("{figure} for {paid} of {service}", _PART, _FIGURE, _PAID, _SERVICE),
)


def where(place: Place) -> str:
    """`handed out in Ghana`, `in stock at Abuja`, `lost on the way`: beside its figure, in a cell of its own."""
    spot, names, after = _spot(place)
    alone = worded(spot.alone, n=None, **names)
    return worded(_NAMED, part=alone, place=after) if after else alone


def figured(place: Place, figure: str, mark: str = "") -> Sentence:
    """`30 handed out in Ghana`, the figure marked: a part of a sentence."""
    if place.kind is ExitKind.AT_EXCHANGE and place.since:
        return said(_UNSOLD_SINCE, figure=Piece(figure, mark), place=place.place, day=day(place.since))
    spot, names, after = _spot(place)
    whole = said(spot.figured, n=None, figure=Piece(figure, mark), **names)
    return said(_NAMED, part=whole, place=after) if after else whole


def _spot(place: Place) -> tuple[_Spot, dict[str, PlaceValue], str]:
    """What to say of a part, what stands in it, and a place that is named after it."""
    at = place.place
    if place.elsewhere:
        return _SAME_LOT, {}, ""
    if place.service and place.is_distributed:
        return *_service(place), ""
    if place.to:
        return _GOES_TO, {"to": place.to}, at
    if place.kind is ExitKind.HELD and not at:
        return (_IN_WALLET if place.amount.asset == "BTC" else _AT_BANK), {}, ""
    if at and place.kind in _AT:
        return _AT[place.kind], {"place": at}, ""
    if place.kind in _AT:
        return _SPOTS[place.kind], {}, ""
    if place.kind is ExitKind.FEE:
        return (_SPOTS[ExitKind.FEE] if place.amount.asset == "BTC" else _OTHER_FEES), {}, ""
    if place.kind is ExitKind.SPENT and place.service:
        return _NOT_DELIVERED, {"service": place.service, "place": at}, ""
    return _SPOTS[place.kind], {}, at


def _service(place: Place) -> tuple[_Spot, dict[str, PlaceValue]]:
    """`carried for 12.34 USD of Air freight`: a service by its own verb and name."""
    names: dict[str, PlaceValue] = {"service": place.service}
    if place.verb:
        names["verb"] = place.verb
    if place.paid is None:
        return (_DONE_UNPAID if place.verb else _UNPAID), names
    if is_money(place.amount.asset):
        return (_SPENT_DONE if place.verb else _SPENT_ON), names
    return (_DONE if place.verb else _BOUGHT), {**names, "paid": with_asset(place.paid)}
