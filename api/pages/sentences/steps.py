"""English: the steps of a donation, the names of their facts, and the names of lines.

The figure stands before these words; they never repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.pages.figures import count, exact, exact_with_asset
from api.pages.messages import Message, Piece, Sentence, listed, said, worded
from api.pages.sentences.units import amount, day, time
from ledger.core.accounts import AccountClass
from ledger.core.entry import OutOfOrder
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.core.names import FREE, ExchangeLine, GoodsLine, MoneyLine, OrderLine, SpentLine, line_named
from ledger.model.gift_returns import ReturnReason
from ledger.model.orders import Answerable
from ledger.recording.dating import OUT_OF_ORDER
from ledger.views.trail import LineShare, Step, StepKind

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STEP = "a step of the way of a gift"
_FIGURE = "{figure}: how much, with its unit"
_PLACE = "{place}: the name of a place, partner, supplier or need"
_STEPS = {
    StepKind.GIVEN: Message("{figure} given", _STEP, _FIGURE),
    StepKind.SEEN: Message("{figure} seen in a mempool", _STEP, _FIGURE),
    StepKind.CONFIRMED: Message("{figure} in a block", _STEP, _FIGURE),
    StepKind.SETTLED: Message("{figure} settled", _STEP, _FIGURE),
    StepKind.BLOCKED: Message("{figure} blocked: set apart until two people release it", _STEP, _FIGURE),
    StepKind.RELEASED: Message("{figure} released by two people", _STEP, _FIGURE),
    StepKind.VOIDED: Message("{figure} voided: its block is gone", _STEP, _FIGURE),
    StepKind.RESTORED: Message("{figure} settled again, on its old place", _STEP, _FIGURE),
    StepKind.RECLASSIFIED: Message("{figure} reclassified", _STEP, _FIGURE),
    StepKind.DEPOSITED: Message("{figure} sent to an exchange to be sold", _STEP, _FIGURE),
    StepKind.WITHDRAWN: Message("{figure} back from an exchange, unsold", _STEP, _FIGURE),
    StepKind.CONVERTED: Message("{figure} by conversion", _STEP, _FIGURE),
    StepKind.PAID: Message("{figure} paid", _STEP, _FIGURE),
    StepKind.ORDERED: Message("{figure} ordered", _STEP, _FIGURE),
    StepKind.FEE: Message("{figure} went as a fee", _STEP, _FIGURE),
    StepKind.RECEIVED: Message("{figure} received good", _STEP, _FIGURE),
    StepKind.FOUND: Message("{figure} found again", _STEP, _FIGURE),
    StepKind.SHIPPED: Message("{figure} shipped", _STEP, _FIGURE),
    StepKind.ARRIVED: Message("{figure} received", _STEP, _FIGURE),
    StepKind.HANDED: Message("{figure} handed over", _STEP, _FIGURE),
    StepKind.DISTRIBUTED: Message("{figure} distributed", _STEP, _FIGURE),
    StepKind.GIVEN_BACK: Message("{figure} given back", _STEP, _FIGURE),
    StepKind.CARRIED: Message("{figure} delivered", _STEP, _FIGURE),
    StepKind.LENT: Message("{figure} lent", _STEP, _FIGURE),
    StepKind.REPAID: Message("{figure} repaid", _STEP, _FIGURE),
    StepKind.REFUNDED: Message("{figure} paid back by the supplier", _STEP, _FIGURE),
    StepKind.WRITTEN_OFF: Message("{figure} owed by the supplier and written off", _STEP, _FIGURE),
    StepKind.RETURNED: Message("{figure} returned to the donor", _STEP, _FIGURE),
    StepKind.CHARGED_BACK: Message("{figure} taken back by the donor’s bank", _STEP, _FIGURE),
    StepKind.HELD: Message("{figure} held", _STEP, _FIGURE),
    StepKind.UNEXPLAINED: Message("{figure} left, and no entry says why", _STEP, _FIGURE),
}
_ANSWERED = {
    (StepKind.REFUNDED, Answerable.CARRIER): Message(
        "{figure} paid by the carrier, for what failed", _STEP, _FIGURE
    ),
    (StepKind.REFUNDED, Answerable.INSURER): Message(
        "{figure} paid by the insurer, for what failed", _STEP, _FIGURE
    ),
    (StepKind.WRITTEN_OFF, Answerable.CARRIER): Message(
        "{figure} claimed of the carrier and written off", _STEP, _FIGURE
    ),
    (StepKind.WRITTEN_OFF, Answerable.INSURER): Message(
        "{figure} claimed of the insurer and written off", _STEP, _FIGURE
    ),
}
"""Refunds that no supplier paid; the fact `answers` says who did."""
_AT = {
    StepKind.RECLASSIFIED: Message("{figure} reclassified to serve {place}", _STEP, _FIGURE, _PLACE),
    StepKind.DEPOSITED: Message("{figure} sent to the exchange {place} to be sold", _STEP, _FIGURE, _PLACE),
    StepKind.WITHDRAWN: Message("{figure} back from the exchange {place}, unsold", _STEP, _FIGURE, _PLACE),
    StepKind.PAID: Message("{figure} paid to {place}", _STEP, _FIGURE, _PLACE),
    StepKind.RECEIVED: Message("{figure} received good in {place}", _STEP, _FIGURE, _PLACE),
    StepKind.FOUND: Message("{figure} found again in {place}", _STEP, _FIGURE, _PLACE),
    StepKind.SHIPPED: Message("{figure} shipped to {place}", _STEP, _FIGURE, _PLACE),
    StepKind.ARRIVED: Message("{figure} received in {place}", _STEP, _FIGURE, _PLACE),
    StepKind.HANDED: Message("{figure} handed over to {place}", _STEP, _FIGURE, _PLACE),
    StepKind.DISTRIBUTED: Message("{figure} distributed in {place}", _STEP, _FIGURE, _PLACE),
    StepKind.GIVEN_BACK: Message("{figure} given back to {place}", _STEP, _FIGURE, _PLACE),
    StepKind.CARRIED: Message("{figure} delivered, {place}", _STEP, _FIGURE, _PLACE),
    StepKind.LENT: Message("{figure} lent to {place}", _STEP, _FIGURE, _PLACE),
}
"""Steps whose place is a part of what is said; that of others is named behind it."""
_VERB = "{verb}: what was done, in the campaign's words, as: carried"
_DONE = Message("{figure} {verb}", "a service", _FIGURE, _VERB)
_DONE_AT = Message("{figure} {verb}, {place}", "a service", _FIGURE, _VERB, _PLACE)
_NAMED = Message("{step}, {place}", "{step}: as: 0.01 BTC by conversion", _PLACE)
_PAID_FOR = Message("{figure} paid for", _STEP, _FIGURE)
_SERVICE = "{service}: its name, as: Air freight"
_SERVICE_PAID = Message("{service} for {figure} paid to {place}", "a service", _SERVICE, _FIGURE, _PLACE)
_SAME_LOT = Message(
    "{figure} in the same lot, not told further: it is of another place than your need", _STEP, _FIGURE
)
_TAKEN_BACK = Message("{figure} taken back", "a gift that came in no block", _FIGURE)
_UNSOLD = Message(
    "{figure} at the exchange {place} since {day}, not sold yet",
    _STEP,
    _FIGURE,
    "{place}: the name of the exchange",
    "{day}: when it was sent there",
)
_UNDER_WAY = Message(
    "{figure} on the way to {place}, {waybill}", _STEP, _FIGURE, _PLACE, "{waybill}: its number"
)
_WAITS = Message(
    "{figure} waits", "goods; the number of pieces decides the form", _FIGURE, many="{figure} wait"
)
_WAITS_AT = Message(
    "{figure} waits at {place}",
    "goods; the number of pieces decides the form",
    _FIGURE,
    _PLACE,
    many="{figure} wait at {place}",
)
_FACT = ("a fact that stands under a step of the way of a gift", "{fact}: a figure, a day or words")
_FACTS = {
    "rate": Message("Rate {fact}", *_FACT),
    "of": Message("Of {fact}", *_FACT),
    "value": Message("Worth {fact}", *_FACT),
    "block": Message("Block {fact}", *_FACT),
    "block_time": Message("Block of {fact}", *_FACT),
    "price": Message("Price {fact}", *_FACT),
    "sources": Message("Sources {fact}", *_FACT),
    "rate_sources": Message("Sources of the rate {fact}", *_FACT),
    "paid_with": Message("Paid with {fact}", *_FACT),
    "shortfall": Message("Had been used: {fact}", *_FACT),
    "sold": Message("Sold {fact}", *_FACT),
    "carrying_value": Message("Worth when given {fact}", *_FACT),
    "gain": Message("Gain since {fact}", *_FACT),
    "loss": Message("Loss since {fact}", *_FACT),
    "gross": Message("Fetched, before the exchange’s fee {fact}", *_FACT),
    "exchange_fee": Message("Exchange’s fee {fact}", *_FACT),
    "past_last_day": Message("After its last day of use: {fact}", *_FACT),
    "corrected": Message("Corrected: {fact}", *_FACT),
    "damaged": Message("Came damaged: {fact}", *_FACT),
    "found_was": Message("Counted before as {fact}", *_FACT),
    "short": Message("Did not come: {fact}", *_FACT),
    "rejected": Message("Rejected: {fact}", *_FACT),
    "replaces_short": Message("In place of {fact} that had not come", *_FACT),
    "replaces_rejected": Message("In place of {fact} that were rejected", *_FACT),
    "packs": Message("On paper in packs: {fact}", *_FACT),
    "packs_billed": Message("Billed in packs: {fact}", *_FACT),
    "beyond_count": Message("More than the other side counted: {fact}", *_FACT),
    "other_count": Message("The other side counted good: {fact}", *_FACT),
    "return_reason": Message("Why: {fact}", *_FACT),
    "by_transaction": Message("By transaction {fact}", *_FACT),
    "from_bank": Message("From {fact}", *_FACT),
    "towards": Message("Towards {fact}", *_FACT),
    "ordered": Message("Ordered on {fact}", *_FACT),
    "service": Message("Of {fact}", *_FACT),
    "paid": Message("Paid {fact}", *_FACT),
    "fee": Message("Fee {fact}", *_FACT),
    "payment": Message("Payment {fact}", *_FACT),
    "expires": Message("Expires {fact}", *_FACT),
    "signed": Message("Signed {fact}", *_FACT),
    OUT_OF_ORDER: Message("Before what it rests on: {fact}", *_FACT),
}
_PACKS = Message(
    "{packs} of {pieces}",
    "packs, as a paper counts them",
    "{packs}: how many",
    "{pieces}: how many are in each",
)
_OTHER_FACT = Message("{name} {fact}", *_FACT, "{name}: a code that has no words here")
_BOOKED = Message(
    "Booked on {day}", "a step of the way of a gift", "{day}: a later day than that of the step"
)
_OUT = "why a paper is dated before what it rests on"
_OUT_OF_ORDER = {
    OutOfOrder.RATIFIED: Message("an emergency, ratified afterwards", _OUT),
    OutOfOrder.PROFORMA: Message("on a pro-forma paper", _OUT),
    OutOfOrder.SIGNED_LATER: Message("it was signed later", _OUT),
    OutOfOrder.OTHER_DAY_THERE: Message("it was another day there", _OUT),
}


_BACK = "why a gift went back to its donor"
_RETURNED_FOR = {
    ReturnReason.ASKED: Message("the donor asked for it", _BACK),
    ReturnReason.MISTAKE: Message("it was sent by mistake", _BACK),
    ReturnReason.SCREENING: Message("it may not be taken, by a list of sanctioned people", _BACK),
    ReturnReason.RESTRICTION: Message("it could not be used for what it was meant for", _BACK),
    ReturnReason.OTHER: Message("another reason", _BACK),
}


def step_said(step: Step) -> Sentence:
    """What happened, its figure marked: `30 masks received good in Beijing`."""
    figure = Piece(amount(step.amount, step.unit), "figure")
    if step.elsewhere:
        return said(_SAME_LOT, figure=figure)
    if step.kind is StepKind.HELD and "since" in step.detail:
        return said(_UNSOLD, figure=figure, place=step.place, day=day(step.detail["since"]))
    if step.kind is StepKind.HELD and "to" in step.detail:
        return said(_UNDER_WAY, figure=figure, place=step.detail["to"], waybill=step.place)
    if step.kind is StepKind.HELD and not is_money(step.amount.asset):
        if step.place:
            return said(_WAITS_AT, n=step.amount.minor, figure=figure, place=step.place)
        return said(_WAITS, n=step.amount.minor, figure=figure)
    place = "" if step.place == step.reference else step.place
    if step.kind is StepKind.PAID and "service" in step.detail:
        return said(_SERVICE_PAID, service=step.detail["service"], figure=figure, place=place)
    if step.kind is StepKind.CARRIED and "verb" in step.detail:
        verb = step.detail["verb"]
        if place:
            return said(_DONE_AT, figure=figure, verb=verb, place=place)
        return said(_DONE, figure=figure, verb=verb)
    if place and step.kind in _AT and not _is_paid_for(step):
        return said(_AT[step.kind], figure=figure, place=place)
    sentence = said(_happened(step), n=None, figure=figure)
    return said(_NAMED, step=sentence, place=place) if place else sentence


def _is_paid_for(step: Step) -> bool:
    return step.kind is StepKind.ORDERED and "payment" in step.detail


def _happened(step: Step) -> Message:
    if _is_paid_for(step):
        return _PAID_FOR
    if step.kind is StepKind.VOIDED and step.amount.asset != "BTC":
        return _TAKEN_BACK
    if "answers" in step.detail:
        return _ANSWERED[step.kind, Answerable(step.detail["answers"])]
    return _STEPS[step.kind]


_HIDDEN = {"waits", "since", "to", "block_hash", "answers", "verb"}
_NOTHING_SAID = {"exchange_fee", "gain", "loss"}
"""Figures that are left out of the words where they are zero."""


def step_facts(step: Step) -> list[str]:
    """Named figures as `Rate 9,457.33 USD`, each in its own asset, then named facts; pieces in the step's unit."""
    figures = [
        _named(name, _figure(step, figure))
        for name, figure in step.figures.items()
        if figure.minor or name not in _NOTHING_SAID
    ]
    hidden = {*_HIDDEN, "service"} if step.kind is StepKind.PAID else _HIDDEN
    facts = [_named(name, _fact(name, text)) for name, text in step.detail.items() if name not in hidden]
    booked = [] if step.booked is None else [worded(_BOOKED, day=day(step.booked))]
    return figures + facts + booked


def _named(name: str, fact: str) -> str:
    if name in _FACTS:
        return worded(_FACTS[name], fact=fact)
    return worded(_OTHER_FACT, name=name.replace("_", " ").capitalize(), fact=fact)


def _figure(step: Step, figure: Amount) -> str:
    if is_money(figure.asset):
        return exact_with_asset(figure)
    return amount(figure, step.unit if figure.asset == step.amount.asset else figure.asset)


def in_packs(packs_text: str) -> str:
    """Packs as a paper counts them, of `9x100, 1x50`."""
    packs = [one.partition("x") for one in packs_text.split(", ")]
    return listed([worded(_PACKS, packs=count(int(n)), pieces=count(int(of))) for n, _, of in packs])


_NOT_YET = Message("not yet", "a paper that nobody has signed")


def _fact(name: str, text: str) -> str:
    if name == "signed" and text == str(_NOT_YET):
        return worded(_NOT_YET)
    if name == "return_reason":
        return worded(_RETURNED_FOR[ReturnReason(text)])
    if name in {"packs", "packs_billed"}:
        return in_packs(text)
    if name == OUT_OF_ORDER:
        return worded(_OUT_OF_ORDER[OutOfOrder(text)])
    if name == "block_time":
        return time(text)
    if _DAY.fullmatch(text):
        return day(text)
    return count(int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else text


_LINE = "the name of a line of the books, on which gifts lie end to end"
_AT_PLACE = "{place}: its name"
_LOT = "{lot}: its number"
_LINES = {
    AccountClass.STOCK: Message("In stock at {place}, lot {lot}", _LINE, _AT_PLACE, _LOT),
    AccountClass.TRANSIT: Message("In transit, {place}, lot {lot}", _LINE, _AT_PLACE, _LOT),
    AccountClass.HANDED: Message("Handed over to {place}, lot {lot}", _LINE, _AT_PLACE, _LOT),
    AccountClass.DISTRIBUTED: Message("Distributed in {place}, lot {lot}", _LINE, _AT_PLACE, _LOT),
    AccountClass.DELIVERED: Message("Delivered in {place}, lot {lot}", _LINE, _AT_PLACE, _LOT),
}
_OTHER_LINE = Message(
    "{kind} {place}, lot {lot}", _LINE, "{kind}: a code that has no words here", _AT_PLACE, _LOT
)
_ORDER_LINE = Message(
    "Order {order}, item {item}", _LINE, "{order}: its number", "{item}: the number of its line"
)
_FOR_NEED = Message(
    "{asset}, for {need}", _LINE, "{asset}: BTC or a currency", "{need}: the number of a need"
)
_SPENT_IN = Message(
    "{asset} spent in {txid}…", _LINE, "{asset}: BTC", "{txid}: the beginning of a transaction’s id"
)
_SPENT_FOR = Message(
    "{asset}, for {need}, spent in {txid}…",
    _LINE,
    "{asset}: BTC",
    "{need}: the number of a need",
    "{txid}: the beginning of a transaction’s id",
)
_AT_THE_EXCHANGE = Message(
    "{asset} at the exchange {exchange}", _LINE, "{asset}: BTC", "{exchange}: its name"
)
_AT_THE_EXCHANGE_FOR = Message(
    "{asset}, for {need}, at the exchange {exchange}",
    _LINE,
    "{asset}: BTC",
    "{need}: the number of a need",
    "{exchange}: its name",
)
_FINER = Message(
    "1/{parts} of {smallest} {asset}",
    "what a line is counted in",
    "{parts}: into how many parts the smallest unit is cut",
    "{smallest}: as 0.00000001",
    "{asset}: BTC or a currency",
)


def position(share: LineShare, units: int) -> str:
    """A place on a line, in the units that people read; on a finer line, counted in parts of a minor unit."""
    return exact(Amount.of(share.asset, units)) if share.fineness == 1 else count(units)


def line_unit(share: LineShare, units: Mapping[str, str]) -> str:
    """What a line is counted in; `units` names a piece by product."""
    if share.fineness > 1:
        smallest = exact(Amount.of(share.asset, 1))
        return worded(_FINER, parts=str(share.fineness), smallest=smallest, asset=share.asset)
    return share.asset if is_money(share.asset) else units.get(share.asset.partition("#")[0], "")


def line_name(line: str) -> str:
    """A line's name for people; a kind that has no sentence is shown as it is."""
    name = line_named(line)
    match name:
        case MoneyLine():
            if name.restriction == FREE:
                return name.asset
            return worded(_FOR_NEED, asset=name.asset, need=name.restriction)
        case OrderLine():
            return worded(_ORDER_LINE, order=name.order, item=str(name.item))
        case SpentLine():
            if name.restriction == FREE:
                return worded(_SPENT_IN, asset=name.asset, txid=name.spend[:8])
            return worded(_SPENT_FOR, asset=name.asset, need=name.restriction, txid=name.spend[:8])
        case ExchangeLine():
            if name.restriction == FREE:
                return worded(_AT_THE_EXCHANGE, asset=name.asset, exchange=name.exchange)
            return worded(
                _AT_THE_EXCHANGE_FOR, asset=name.asset, need=name.restriction, exchange=name.exchange
            )
        case GoodsLine():
            if name.at in _LINES:
                return worded(_LINES[name.at], place=name.place, lot=name.lot.number)
            kind = name.at.value.capitalize()
            return worded(_OTHER_LINE, kind=kind, place=name.place, lot=name.lot.number)
    return line
