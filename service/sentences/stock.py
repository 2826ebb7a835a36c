"""English: stock, its cards and losses, lots and who has them, and what is billed beside what came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from api.pages import sentences as say
from api.pages.figures import exact_with_asset
from api.pages.messages import COMMAS, SEMICOLONS, Message, listed, worded
from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.rules.matching import SAYS, Match, Verdict
from ledger.views.losses import LossRow
from ledger.views.payables import PayableRow
from ledger.views.stock import CardRow, ExpiryThere, GiftShare, LotDelivery, LotTrace, StockRow
from service.sentences.layout import row

_LOT = "a lot in stock"
_EXPIRED = Message("expired {day}", _LOT, "{day}: its last day of use")
_EXPIRES = Message("expires {day}", _LOT, "{day}: its last day of use")
_TOO_MUCH = Message("came too much; waits for a decision", _LOT)
_RECALLED = Message("recalled by {recall}", _LOT, "{recall}: number of a recall")
_RECALLED_ELSEWHERE = Message(
    "recalled in campaign {campaign}", _LOT, "{campaign}: short name of another campaign"
)
_THERE = ("{campaign}: short name of another campaign", "{day}: the last day of use that it says")
_EXPIRES_ELSEWHERE = Message("expires {day} in campaign {campaign}", _LOT, *_THERE)
_NO_EXPIRY_ELSEWHERE = Message("without a last day in campaign {campaign}", _LOT, _THERE[0])
NO_STOCK = Message("nothing is in stock.")
NONE_EXPIRED = Message("nothing expired is in stock.")


def stock(one: StockRow) -> str:
    """A row of the list of stock."""
    sentences = []
    if one.expiry:
        sentences.append(worded(_EXPIRED if one.expired else _EXPIRES, day=one.expiry))
    if one.expiry_elsewhere:
        sentences.append(_expiry_there(one.expiry_elsewhere, _EXPIRES_ELSEWHERE, _NO_EXPIRY_ELSEWHERE))
    if not one.usable:
        sentences.append(worded(_TOO_MUCH))
    if one.recall:
        sentences.append(worded(_RECALLED, recall=one.recall))
    if one.recalled_elsewhere:
        sentences.append(worded(_RECALLED_ELSEWHERE, campaign=one.recalled_elsewhere))
    return row(one.place, f"{one.product}#{one.lot}", str(one.pieces), listed(sentences, SEMICOLONS))


def _expiry_there(there: ExpiryThere, at: Message, none: Message) -> str:
    """What another campaign says of the last day of use, and by which of its corrections."""
    correction = f"{there.campaign} {there.correction}"
    return (
        worded(none, campaign=correction)
        if there.expiry is None
        else worded(at, campaign=correction, day=there.expiry)
    )


_REPORT = Message("report {report}", "about a loss", "{report}: number of a report")
NO_LOSSES = Message("nothing is lost.")


def loss(one: LossRow) -> str:
    """A row of the list of losses."""
    report = worded(_REPORT, report=one.report) if one.report else ""
    pieces, why = say.pieces_lost(one), say.cause(one.cause)
    return row(one.date, one.place, one.asset, pieces, why, str(one.document), report, one.reason)


_COLUMN = "heading of a column of a stock card"
_DATE = Message("date", _COLUMN)
_FIGURES = (
    Message("in", _COLUMN, "pieces that came in"),
    Message("out", _COLUMN, "pieces that went out"),
    Message("balance", _COLUMN),
)
_DOCUMENT = Message("document", _COLUMN)


def card(rows: Sequence[CardRow]) -> Iterator[str]:
    """The card of a lot at a place, with its headings."""
    yield f"{worded(_DATE):<12}{''.join(f'{worded(each):>10}' for each in _FIGURES)}  {worded(_DOCUMENT)}"
    for one in rows:
        yield f"{one.date:<12}{one.came or '':>10}{one.went or '':>10}{one.balance:>10}  {one.document}"


_NOTED = Message(
    "{lot}: {n} piece noted", "{lot}: its name", "pieces on delivery notes", many="{lot}: {n} pieces noted"
)
_CAME = ("where pieces of a lot came from", "{day}: when", "{pieces}: how many", "{place}: where they came")
_IN_KIND = Message(
    "{day}: {pieces} to {place} by gift in kind {gift}", *_CAME, "{gift}: number of a gift in kind"
)
_BEFORE = Message(
    "{day}: {pieces} to {place} before the books begin, by opening {opening}",
    *_CAME,
    "{opening}: number of an opening",
)
_RECEIPT = Message(
    "{day}: {pieces} to {place} by receipt {receipt}, order {order}, from {supplier}",
    *_CAME,
    "{receipt}, {order}: their numbers",
    "{supplier}: its name",
)
_ELSEWHERE = Message(
    "recalled in campaign {campaign}: decide with `recall add` or `recall differs`",
    "a lot",
    "{campaign}: short name of another campaign",
    "words in backquotes are commands",
)
_EXPIRY = Message("last day of use {day}", "a lot", "{day}: its last day of use")
_OTHER_EXPIRY = Message(
    "last day of use {day} in campaign {campaign}: decide with `correction add` or `correction differs`",
    "a lot",
    *_THERE,
    "words in backquotes are commands",
)
_OTHER_NO_EXPIRY = Message(
    "no last day of use in campaign {campaign}: decide with `correction add` or `correction differs`",
    "a lot",
    _THERE[0],
    "words in backquotes are commands",
)
_ALSO = Message("also came to {campaigns}", "a lot", "{campaigns}: short names of other campaigns")
_ENDS = Message(
    "recalled by {recall}: {returned} returned, {destroyed} destroyed, {used} used, {missing} not found, {open} open",
    "what became of the pieces of a lot",
    "{recall}: number of a recall",
    "{returned}, {destroyed}, {used}, {missing}, {open}: how many pieces",
)
_HOLDER = ("who has pieces of a lot", "{place}: a place, an organisation or a waybill", "{pieces}: how many")
HOLDERS: Mapping[AccountClass, Message] = {
    AccountClass.STOCK: Message("in stock at {place}: {pieces}", *_HOLDER),
    AccountClass.TRANSIT: Message("on the way with {place}: {pieces}", *_HOLDER),
    AccountClass.HANDED: Message("handed over to {place}: {pieces}", *_HOLDER),
    AccountClass.DISTRIBUTED: Message("distributed in {place}: {pieces}", *_HOLDER),
    AccountClass.DELIVERED: Message("delivered, {place}: {pieces}", *_HOLDER),
    AccountClass.LOST: Message("lost, {place}: {pieces}", *_HOLDER),
    AccountClass.RETURNED: Message("returned, {place}: {pieces}", *_HOLDER),
    AccountClass.OVER: Message("came too much, apart at {place}: {pieces}", *_HOLDER),
}
_OTHER_HOLDER = Message("{kind} {place}: {pieces}", *_HOLDER, "{kind}: a code that has no words here")
_GIFT = ("whose gift pieces of a lot were", "{gift}: key of a donation")
_PIECES = Message("{gift}: {n} piece", *_GIFT, many="{gift}: {n} pieces")
_PIECES_PAID = Message(
    "{gift}: {n} piece, {money} of the price",
    *_GIFT,
    "{money}: a sum",
    many="{gift}: {n} pieces, {money} of the price",
)
_UNPAID = Message("not paid for yet: {n} piece", "a lot", many="not paid for yet: {n} pieces")
_UNPAID_OF = Message(
    "not paid for yet: {n} piece, {money} of the price",
    "a lot",
    "{money}: a sum",
    many="not paid for yet: {n} pieces, {money} of the price",
)


def lot(trace: LotTrace) -> Iterator[str]:
    """A lot backwards and forwards, a line each."""
    yield worded(_NOTED, n=trace.noted, lot=f"{trace.product}#{trace.lot}")
    for sentence in _of_lot(trace):
        yield f"  {sentence}"


def _of_lot(trace: LotTrace) -> Iterator[str]:
    yield from map(_delivered, trace.deliveries)
    if trace.expiry is not None:
        yield worded(_EXPIRY, day=trace.expiry)
    if trace.expiry_elsewhere is not None:
        yield _expiry_there(trace.expiry_elsewhere, _OTHER_EXPIRY, _OTHER_NO_EXPIRY)
    if trace.recalled_elsewhere is not None:
        yield worded(_ELSEWHERE, campaign=trace.recalled_elsewhere)
    if trace.also_in:
        yield worded(_ALSO, campaigns=listed(trace.also_in, COMMAS))
    if trace.recalled is not None:
        ends = trace.recalled
        yield worded(
            _ENDS,
            recall=trace.recall or "",
            returned=ends.returned,
            destroyed=ends.destroyed,
            used=ends.used,
            missing=ends.not_found,
            open=ends.open,
        )
    for holder in trace.holders:
        if holder.kind in HOLDERS:
            yield worded(HOLDERS[holder.kind], place=holder.place, pieces=holder.pieces)
        else:
            yield worded(_OTHER_HOLDER, kind=holder.kind, place=holder.place, pieces=holder.pieces)
    yield from map(_gift, trace.gifts)


def _delivered(one: LotDelivery) -> str:
    day, pieces, place = one.date, one.noted, one.place
    if one.in_kind:
        return worded(_IN_KIND, day=day, pieces=pieces, place=place, gift=one.in_kind)
    if one.opening:
        return worded(_BEFORE, day=day, pieces=pieces, place=place, opening=one.opening)
    return worded(
        _RECEIPT,
        day=day,
        pieces=pieces,
        place=place,
        receipt=one.receipt,
        order=one.order,
        supplier=one.supplier,
    )


def _gift(one: GiftShare) -> str:
    money = exact_with_asset(one.amount) if is_money(one.amount.asset) else ""
    if one.gift is None:
        return worded(_UNPAID_OF, n=one.pieces, money=money) if money else worded(_UNPAID, n=one.pieces)
    if money:
        return worded(_PIECES_PAID, n=one.pieces, gift=one.gift, money=money)
    return worded(_PIECES, n=one.pieces, gift=one.gift)


_VERDICT = "whether what was ordered, what came and what is billed agree"
VERDICTS: Mapping[Verdict, Message] = {
    Verdict.YES: Message("agrees", _VERDICT),
    Verdict.NO: Message("nothing to agree yet", _VERDICT, "since nothing is billed"),
    Verdict.EXCEPTION: Message("exception", _VERDICT),
}
_REASONS = Message("{verdict}: {reasons}", "{verdict}: exception or another word", "{reasons}: a list")
_ACCEPTED = Message("accepted: {why}", "an exception", "{why}: as an approver wrote it")
_NOT_BILLED = Message("not billed", "goods of an order")
_COUNTS = Message(
    "{ordered} ordered, {received} received, {billed} billed", "{ordered}, {received}, {billed}: counts"
)
_PREPAID = Message("{money} prepaid", "{money}: a sum")
_CREDITED = Message("{money} credited", "{money}: a sum")
_PACKS = "{packs}: as: 9 of 100, 1 of 50"
_PACKS_ORDERED = Message("{packs} ordered, in packs", _PACKS)
_PACKS_BILLED = Message("{packs} billed, in packs", _PACKS)
_PACKS_CREDITED = Message("{packs} credited, in packs", _PACKS)
NO_ORDERS = Message("no order is approved.")


def matched(one: Match) -> str:
    """What of an order's line and an invoice does not agree; of payments that name no invoice, how much."""
    verdict = worded(VERDICTS[one.verdict])
    if one.reasons:
        reasons = listed([str(SAYS[reason]) for reason in one.reasons], SEMICOLONS)
        verdict = worded(_REASONS, verdict=verdict, reasons=reasons)
    if not one.item:
        return row(one.order, verdict, _money(one, one.amount))
    sentences = [worded(_COUNTS, ordered=one.ordered, received=one.received, billed=one.billed)]
    in_packs = (
        (_PACKS_ORDERED, one.packs_ordered),
        (_PACKS_BILLED, one.packs_billed),
        (_PACKS_CREDITED, one.packs_credited),
    )
    sentences += [worded(message, packs=say.in_packs(packs)) for message, packs in in_packs if packs]
    if one.prepaid:
        sentences.append(worded(_PREPAID, money=_money(one, one.prepaid)))
    if one.credited:
        sentences.append(worded(_CREDITED, money=_money(one, one.credited)))
    invoice = one.invoice or worded(_NOT_BILLED)
    accepted = worded(_ACCEPTED, why=one.accepted) if one.accepted else ""
    return row(f"{one.order}/{one.item}", invoice, verdict, accepted, listed(sentences, COMMAS))


def _money(one: Match, minor: int) -> str:
    return exact_with_asset(Amount.of(one.currency, minor))


_UNPAID_RECEIVED = Message("{money} received and not yet paid", "{money}: a sum")
_DUE = Message("due: {due}", "{due}: a day, or why there is none")
NO_PAYABLES = Message("nothing is to be paid.")


def payable(one: PayableRow) -> str:
    """A row of what is to be paid."""
    received = worded(_UNPAID_RECEIVED, money=exact_with_asset(one.received))
    invoice, due = one.invoice or worded(_NOT_BILLED), worded(_DUE, due=say.payable_due(one))
    return row(one.order, invoice, one.supplier, exact_with_asset(one.payable), received, due)
