"""English: what a campaign is in one sentence, and what comes next.

Its goods figures add up, or the rest is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.pages.figures import count, exact_with_asset, with_asset
from api.pages.messages import (
    Message,
    Piece,
    Sentence,
    joined,
    joined_list,
    listed,
    said,
    worded,
)
from api.pages.sentences.units import day, number_of, pieces
from ledger.core.frozen import Quantity
from ledger.views.campaign import CampaignCard, CampaignReport, GiftSum, NeedRow
from ledger.views.totals import ApartTotals, GoodsTotals, ServiceRow

_ASKED = Message(
    "{pieces}, {item}", "{pieces}: how many of what", "{item}: what is needed, in the campaign's words"
)
_ASKED_KEPT = Message(
    "{pieces}, {item} (kept for it alone: {money})",
    "{pieces}: how many of what",
    "{item}: what is needed, in the campaign's words",
    "{money}: a list of sums",
)


def need_asked(need: NeedRow) -> str:
    """`250,000 masks, 3-ply mask`, and what money is kept for it alone."""
    asked = number_of(need.quantity, need.unit)
    if not need.kept:
        return worded(_ASKED, pieces=asked, item=need.item)
    kept = listed([exact_with_asset(amount) for amount in need.kept])
    return worded(_ASKED_KEPT, pieces=asked, item=need.item, money=kept)


_GIVEN = "{given}: a list of sums, as: 71.84 BTC and 6,000 USD"
_NOT_YET = Message("No donation has settled yet.", "the whole of what is known of a campaign")
_NOT_YET_WAITING = Message(
    "No donation has settled yet; {n} payment waits for blocks.",
    many="No donation has settled yet; {n} payments wait for blocks.",
)
_ARRIVED = Message(
    "{given} from {n} donation arrived. Nothing is ordered with it yet.",
    _GIVEN,
    many="{given} from {n} donations arrived. Nothing is ordered with it yet.",
)
_ARRIVED_SERVICES = Message(
    "{given} from {n} donation arrived. No goods are ordered with it yet.",
    "services were ordered, and are told in a sentence of their own",
    _GIVEN,
    many="{given} from {n} donations arrived. No goods are ordered with it yet.",
)
_GOODS = (
    "{goods}: a list of ordered goods, as: 252,000 masks",
    "{places}: a list, as: 217,000 are distributed in 15 places, 2,600 were damaged, short or lost",
)
_ALL_CAME = Message(
    "{given} from {n} donation. {goods} ordered, paid and received: {places}.",
    _GIVEN,
    *_GOODS,
    many="{given} from {n} donations. {goods} ordered, paid and received: {places}.",
)
_RECEIVED_LESS = Message(
    "{given} from {n} donation. {goods} ordered and paid, {received} received: {places}.",
    _GIVEN,
    *_GOODS,
    "{received}: a list of goods",
    many="{given} from {n} donations. {goods} ordered and paid, {received} received: {places}.",
)
_PAID_LESS = Message(
    "{given} from {n} donation. {goods} ordered, {paid} paid, {received} received: {places}.",
    _GIVEN,
    *_GOODS,
    "{paid}, {received}: lists of goods",
    many="{given} from {n} donations. {goods} ordered, {paid} paid, {received} received: {places}.",
)

_ORDERED_ALONE = Message(
    "No donation has settled yet. {goods} ordered, {paid} paid, {received} received: {places}.",
    "of money that was there before the books begin, or on credit",
    *_GOODS,
    "{paid}, {received}: lists of goods",
)


def campaign_sentence(report: CampaignReport) -> Sentence:
    """What came in, what was ordered with it, paid and received, and where all that was ordered is.

    Its goods figures add up to what was ordered, or it names the rest.
    """
    number = report.donations
    if number == 0 and report.goods.ordered:
        rows = report.goods
        return said(
            _ORDERED_ALONE,
            goods=Piece(pieces(rows.ordered), "goods"),
            paid=Piece(pieces(rows.paid), "goods"),
            received=Piece(pieces(rows.received), "goods"),
            places=joined(_places(rows)),
        )
    if number == 0:
        return said(_NOT_YET_WAITING, n=report.waiting) if report.waiting else said(_NOT_YET)
    given, goods = _given(report.received), report.goods
    if not goods.ordered:
        return said(_ARRIVED_SERVICES if report.services else _ARRIVED, n=number, given=given)
    ordered, places = Piece(pieces(goods.ordered), "goods"), joined(_places(goods))
    if goods.ordered == goods.paid == goods.received:
        return said(_ALL_CAME, n=number, given=given, goods=ordered, places=places)
    received = Piece(pieces(goods.received), "goods")
    if goods.ordered == goods.paid:
        return said(_RECEIVED_LESS, n=number, given=given, goods=ordered, received=received, places=places)
    paid = Piece(pieces(goods.paid), "goods")
    return said(_PAID_LESS, n=number, given=given, goods=ordered, paid=paid, received=received, places=places)


def _places(goods: GoodsTotals) -> list[Sentence]:
    """Where all that was ordered is; what would be told nowhere is told as that."""
    several = len(goods.ordered) > 1
    rows = (
        goods.distributed,
        goods.under_way,
        goods.before,
        goods.not_received,
        goods.not_coming,
        goods.sent_back,
        goods.lost,
    )
    return [
        *_distributed(goods.distributed, several, goods.places),
        *_where(goods.under_way, several, _UNDER_WAY),
        *_where(goods.before, several, _CAME_BEFORE),
        *_where(goods.not_received, several, _NOT_RECEIVED),
        *_where(goods.not_coming, several, _NOT_COMING),
        *_where(goods.sent_back, several, _SENT_BACK),
        *_where(goods.lost, several, _LOST),
        *_where(_rest(goods.ordered, *rows), several, _UNTOLD),
    ]


_CAME = (
    "{goods}: a list of goods, as: 1,000 kits and 40 litres",
    "{places}: a list, as: 900 are distributed in 3 places, 100 are on the way or waiting",
)
_IN_KIND = Message("Given in kind: {goods}; {places}.", *_CAME)
_BROUGHT_IN = Message("In stock on {day}, when the books begin: {goods}; {places}.", "{day}: a day", *_CAME)
_SERVICE = ("{service}: its name", "{figure}: how much, with its unit")
_VERB = "{verb}: what was done, in the campaign's words, as: carried"
_ORDERED = "{ordered}: how much was ordered, with its unit"
_DELIVERED = Message("{service}: {figure}.", *_SERVICE)
_DELIVERED_DONE = Message("{service}: {figure} {verb}.", *_SERVICE, _VERB)
_NOT_DELIVERED = Message("{service}: ordered, and not done yet: {ordered}.", _SERVICE[0], _ORDERED)
_DELIVERED_OF = Message("{service}: {figure}, of {ordered} that were ordered.", *_SERVICE, _ORDERED)
_DELIVERED_DONE_OF = Message(
    "{service}: {figure} {verb}, of {ordered} that were ordered.", *_SERVICE, _VERB, _ORDERED
)


def campaign_more(report: CampaignReport) -> list[Sentence]:
    """What stands apart from the money and what it was spent on: gifts in kind, and services by their own verb."""
    sentences: list[Sentence] = []
    for goods, places in _apart(report.given_in_kind):
        sentences.append(said(_IN_KIND, goods=goods, places=places))
    if report.opening is not None:
        for goods, places in _apart(report.brought_in):
            sentences.append(said(_BROUGHT_IN, day=day(report.opening.day), goods=goods, places=places))
    return sentences + [_service(row) for row in report.services]


def _service(row: ServiceRow) -> Sentence:
    figure, ordered = Piece(number_of(row.delivered, row.unit), "goods"), number_of(row.ordered, row.unit)
    if not row.delivered and row.ordered:
        return said(_NOT_DELIVERED, service=row.name, ordered=ordered)
    if row.ordered == row.delivered:
        if row.verb:
            return said(_DELIVERED_DONE, service=row.name, figure=figure, verb=row.verb)
        return said(_DELIVERED, service=row.name, figure=figure)
    if row.verb:
        return said(_DELIVERED_DONE_OF, service=row.name, figure=figure, verb=row.verb, ordered=ordered)
    return said(_DELIVERED_OF, service=row.name, figure=figure, ordered=ordered)


def _apart(rows: ApartTotals) -> Iterator[tuple[Piece, Sentence]]:
    """Goods that came by no order, and where they are; nothing where there are none."""
    if not rows.came:
        return
    several = len(rows.came) > 1
    rows_apart = (rows.distributed, rows.under_way, rows.sent_back, rows.lost)
    parts = [
        *_distributed(rows.distributed, several, rows.places),
        *_where(rows.under_way, several, _UNDER_WAY),
        *_where(rows.sent_back, several, _SENT_BACK),
        *_where(rows.lost, several, _LOST),
        *_where(_rest(rows.came, *rows_apart), several, _UNTOLD),
    ]
    yield Piece(pieces(rows.came), "goods"), joined(parts)


@dataclass(frozen=True, slots=True)
class _Where:
    """How pieces are told that are somewhere; `n` is how many, and what is `bad` is marked so."""

    message: Message
    mark: str = "figure"


_FIGURE = "{figure}: how many; with units where there are several products"
_UNDER_WAY = _Where(
    Message("{figure} is on the way or waiting", _FIGURE, many="{figure} are on the way or waiting")
)
_CAME_BEFORE = _Where(
    Message("{figure} came before the books begin", _FIGURE, many="{figure} came before the books begin")
)
_NOT_RECEIVED = _Where(Message("{figure} is not yet received", _FIGURE, many="{figure} are not yet received"))
_NOT_COMING = _Where(
    Message(
        "{figure} was cancelled, or the supplier owes or paid it back",
        _FIGURE,
        many="{figure} were cancelled, owed or paid back by suppliers",
    )
)
_SENT_BACK = _Where(
    Message("{figure} went back to the supplier", _FIGURE, many="{figure} went back to suppliers")
)
_LOST = _Where(
    Message("{figure} was damaged, short or lost", _FIGURE, many="{figure} were damaged, short or lost"),
    "bad",
)
_UNTOLD = _Where(
    Message("{figure} is not accounted for", _FIGURE, many="{figure} are not accounted for"), "bad"
)
_HANDED_OUT = _Where(Message("{figure} is distributed", _FIGURE, many="{figure} are distributed"))
_ONE_HANDED_OUT = Message("{figure} is distributed in 1 place", "a single piece", _FIGURE)
_HANDED_OUT_IN = Message(
    "{figure} are distributed in {n} place",
    _FIGURE,
    "{n}: in how many places they are, which decides the form",
    many="{figure} are distributed in {n} places",
)


def _given(received: Sequence[GiftSum]) -> Sentence:
    """`71.84 BTC and 6,000 USD`: each in its own asset."""
    return joined_list(
        [(Piece(with_asset(row), "coin" if row.asset == "BTC" else "money"),) for row in received]
    )


def _distributed(rows: Sequence[Quantity], several: bool, places: int) -> list[Sentence]:
    """`252,000 are distributed in 15 places`; nothing for nothing."""
    if not rows or not places:
        return _where(rows, several, _HANDED_OUT)
    figure = Piece(_figure(rows, several), "figure")
    if _number(rows) == 1:
        return [said(_ONE_HANDED_OUT, figure=figure)]
    return [said(_HANDED_OUT_IN, n=places, figure=figure)]


def _where(rows: Sequence[Quantity], several: bool, place: _Where) -> list[Sentence]:
    """`252,000 are on the way`, with the units where there are several products; nothing for nothing."""
    if not rows:
        return []
    return [said(place.message, n=_number(rows), figure=Piece(_figure(rows, several), place.mark))]


def _figure(rows: Sequence[Quantity], several: bool) -> str:
    return pieces(rows) if several else count(rows[0].quantity)


def _number(rows: Sequence[Quantity]) -> int:
    """How many, to choose a plural; several products are many."""
    return rows[0].quantity if len(rows) == 1 else sum(row.quantity for row in rows)


def _rest(whole: Sequence[Quantity], *parts: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """What is told nowhere else, product by product."""
    rest: dict[str, int] = {}
    for row in (row for part in parts for row in part):
        rest[row.product] = rest.get(row.product, 0) + row.quantity
    return tuple(
        row.model_copy(update={"quantity": row.quantity - rest.get(row.product, 0)})
        for row in whole
        if row.quantity > rest.get(row.product, 0)
    )


_WAITING = Message(
    "{n} more payment is seen or in a block and will count after {depth} blocks.",
    "{depth}: how many blocks deep a payment has to be",
    many="{n} more payments are seen or in a block and will count after {depth} blocks.",
)
_ENDED = Message("The call has ended. Late donations count.")
_ENDED_GIVE = Message("The call has ended. Late donations count: [give all the same].", "a link")
_BEGINS = Message(
    "The call begins on {day}. What comes before it counts.", "a campaign", "{day}: its first day"
)
_OPEN = Message("Open until {day}. Nothing expires.", "a campaign that asks for gifts", "{day}: its last day")
_CARD = Message(
    "{given} from {n} donation, {goods} distributed.",
    _GIVEN,
    "{goods}: a list of goods, as: 1,000 kits and 40 litres",
    many="{given} from {n} donations, {goods} distributed.",
)
_SERVICES = "{services}: a list of services, as: 12 flights"
_CARD_IN_KIND = Message(
    "{given} from {n} donation; {goods} distributed, bought or given in kind.",
    _GIVEN,
    "{goods}: a list of goods, as: 1,000 kits and 40 litres",
    many="{given} from {n} donations; {goods} distributed, bought or given in kind.",
)
_CARD_SERVICES = Message(
    "{given} from {n} donation, {services} delivered.",
    _GIVEN,
    _SERVICES,
    many="{given} from {n} donations, {services} delivered.",
)
_CARD_BOTH = Message(
    "{given} from {n} donation, {goods} distributed, {services} delivered.",
    _GIVEN,
    "{goods}: a list of goods, as: 1,000 kits and 40 litres",
    _SERVICES,
    many="{given} from {n} donations, {goods} distributed, {services} delivered.",
)
_CARD_BOTH_IN_KIND = Message(
    "{given} from {n} donation; {goods} distributed, bought or given in kind; {services} delivered.",
    _GIVEN,
    "{goods}: a list of goods, as: 1,000 kits and 40 litres",
    _SERVICES,
    many="{given} from {n} donations; {goods} distributed, bought or given in kind; {services} delivered.",
)
_CARD_NOTHING = Message(
    "{given} from {n} donation. Nothing is distributed yet.",
    _GIVEN,
    many="{given} from {n} donations. Nothing is distributed yet.",
)


def campaign_next(report: CampaignReport) -> str:
    """How many payments wait for blocks; nothing where none does."""
    return worded(_WAITING, n=report.waiting, depth=report.depth) if report.waiting else ""


def is_open(report: CampaignReport, today: str) -> bool:
    """Is the campaign's call for gifts open on a day? Then its button is the loudest of the page."""
    return not report.closed and report.start <= today


def call_state(report: CampaignReport, today: str, give: str) -> Sentence:
    """Until when gifts are asked for, or that it is over; `give`: where one can be given, empty where nowhere."""
    if report.closed:
        return said(_ENDED_GIVE, href=give) if give else said(_ENDED)
    if today < report.start:
        return said(_BEGINS, day=day(report.start))
    return said(_OPEN, day=day(report.end))


def card_sentence(card: CampaignCard) -> Sentence:
    """What came and what was handed out, on the card of a campaign."""
    if not card.donations:
        return said(_NOT_YET)
    given = _given(card.received)
    goods, services = Piece(pieces(card.distributed), "goods"), Piece(pieces(card.delivered), "goods")
    if not card.distributed:
        if not card.delivered:
            return said(_CARD_NOTHING, n=card.donations, given=given)
        return said(_CARD_SERVICES, n=card.donations, given=given, services=services)
    if not card.delivered:
        return said(_CARD_IN_KIND if card.in_kind else _CARD, n=card.donations, given=given, goods=goods)
    both = _CARD_BOTH_IN_KIND if card.in_kind else _CARD_BOTH
    return said(both, n=card.donations, given=given, goods=goods, services=services)
