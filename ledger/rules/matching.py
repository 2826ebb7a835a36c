"""The three-way match: what was ordered, received and billed, per order line and invoice, with what does not agree.

Pure: it reads the books and says; it never pays, and who accepts an exception is recorded elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlmodel import Session

from ledger.core.wording import Wording
from ledger.model.campaigns import CampaignRow
from ledger.model.orders import (
    CreditNoteLineRow,
    InvoiceLineRow,
    InvoiceRow,
    Mismatch,
    OrderItemRow,
    OrderRow,
)
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.order_papers import OrderPapers, orders_of
from ledger.rules.overs import waiting_by_item
from ledger.rules.packs import packs_text
from ledger.rules.payable import unbilled
from ledger.rules.receipts import ItemReceived, bought_by_item, received_by_item


class Verdict(StrEnum):
    """`no`: nothing is billed yet, so there is nothing to agree."""

    YES = "yes"
    NO = "no"
    EXCEPTION = "exception"


SAYS: Mapping[Mismatch, Wording] = {
    Mismatch.SHORT: Wording("short delivery against the order"),
    Mismatch.OVER: Wording("more came than its delivery note says"),
    Mismatch.NOTHING: Wording("invoiced but nothing received"),
    Mismatch.MORE: Wording("billed for more than was received"),
    Mismatch.PRICE: Wording("invoice price differs from the order"),
    Mismatch.UNBILLED: Wording("paid without an invoice"),
}
"""In the words of purchasing."""

QUANTITY = frozenset({Mismatch.SHORT, Mismatch.NOTHING, Mismatch.MORE})
"""What a prepayment may run ahead of: the goods, never the price."""


@dataclass(frozen=True, slots=True)
class Match:
    """One order line beside one invoice (`invoice` empty: not billed yet). Counts, and minor units of `currency`.

    `item` empty: payments of the order that name no invoice; `amount` is what of them none bills.

    `received` is what may be billed: good and damaged pieces and replacements. `billed` counts this invoice,
    `billed_before` those before it. `accepted` says why an approver lets the exception stand.
    """

    order: str
    item: str
    invoice: str
    verdict: Verdict
    reasons: tuple[Mismatch, ...]
    ordered: int
    received: int
    billed: int
    billed_before: int
    amount: int
    agreed: int  # what the order's price gives for `billed`
    currency: str
    date: str
    accepted: str | None = None
    prepaid: int = 0  # order value that named prepayments discharged on this invoice
    credited: int = 0  # minor units that credit notes take off it; `amount` is what is left
    packs_ordered: str = ""  # `9x100`, where the order says packs; so too of invoice and credit notes
    packs_billed: str = ""  # by this invoice as it came
    packs_credited: str = ""

    @property
    def difference(self) -> int:
        """Minor units that do not agree: billed beyond what came at the order's price, or beneath that price."""
        if not self.invoice:
            return self.amount
        pieces = max(0, min(self.billed, self.received - self.billed_before))
        return abs(self.amount - (pieces * self.agreed // self.billed if self.billed else 0))

    @property
    def is_open(self) -> bool:
        """Does somebody have to decide?"""
        return self.verdict is Verdict.EXCEPTION and self.accepted is None


@dataclass(frozen=True, slots=True)
class _Received:
    billable: int
    missing: int  # short or rejected and not replaced
    over: int  # waits apart


_NOTHING = _Received(0, 0, 0)
_ByItem = Mapping[tuple[str, str], _Received]
"""By order and item."""


def _received(session: Session, campaign: str, order: str) -> _ByItem:
    """What came of the items of one order."""
    return _by_item(
        received_by_item(session, campaign, order),
        bought_by_item(session, campaign, order),
        waiting_by_item(session, campaign, order),
    )


def _by_item(
    received: Mapping[tuple[str, str], ItemReceived],
    bought: Mapping[tuple[str, str], int],
    waiting: Mapping[tuple[str, str], int],
) -> _ByItem:
    received_by_item: dict[tuple[str, str], _Received] = {}
    for of, came in received.items():
        missing = came.short + came.rejected - came.replaced
        received_by_item[of] = _Received(came.good + came.damaged + came.before, missing, waiting.get(of, 0))
    for of, units in bought.items():
        before = received_by_item.get(of, _NOTHING)
        received_by_item[of] = replace(before, billable=before.billable + units)
    return received_by_item


def billed_lines(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> list[tuple[str, int, int]]:
    """(item, quantity, amount) of an invoice, less what credit notes take off its lines."""
    left = {item: [quantity, amount] for item, quantity, amount in _lines_as_billed(papers, order, invoice)}
    for note in papers.notes(order):
        if note.invoice_entry != invoice.entry:
            continue
        lines = papers.note_lines(note)
        for line in lines:
            left[line.item][0] -= line.quantity
            left[line.item][1] -= line.amount
        if not lines:
            _lower(left, note.amount)
    return [(item, quantity, amount) for item, (quantity, amount) in left.items()]


def _credited_lines(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> Iterator[CreditNoteLineRow]:
    """The lines of credit notes on an invoice."""
    for note in papers.notes(order):
        if note.invoice_entry == invoice.entry:
            yield from papers.note_lines(note)


def _packs_of(lines: Iterable[InvoiceLineRow | CreditNoteLineRow], item: str) -> str:
    """What lines say of an item in packs."""
    return packs_text((line.packs, line.pack_of) for line in lines if line.item == item)


def _lower(lines: dict[str, list[int]], credited: int) -> None:
    """Take `credited` off the lines in proportion to their amounts; each is a floor of what is left."""
    total = sum(amount for _, amount in lines.values())
    for line in lines.values():
        share = credited * line[1] // total if total else 0
        total, credited = total - line[1], credited - share
        line[1] -= share


def _price_lowered(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> dict[str, int]:
    """Minor units by item that notes on an invoice take off the order's price of what it bills (docs/rules.md, 22).

    A line that takes pieces off lowers no price: what is left of the item is billed at the price as it was.
    """
    lowered: dict[str, int] = defaultdict(int)
    for note in papers.notes(order):
        if note.invoice_entry != invoice.entry or not note.off_order:
            continue
        lines = [(line.item, line.amount, line.quantity) for line in papers.note_lines(note)]
        lines = lines or [(item, amount, 0) for item, _, amount in _lines_as_billed(papers, order, invoice)]
        off, whole = note.off_order, sum(amount for _, amount, _ in lines)
        for item, amount, pieces in lines:
            share = off * amount // whole if whole else 0
            off, whole = off - share, whole - amount
            lowered[item] += 0 if pieces else share
    return lowered


def _lines_as_billed(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> list[tuple[str, int, int]]:
    """An invoice as it came; one without lines bills its order's items in proportion to value."""
    billed = papers.lines(order, invoice)
    if billed:
        return [(line.item, line.quantity, line.amount) for line in billed]
    items = papers.items(order)
    lines, quantity, amount = [], invoice.quantity, invoice.amount
    pieces, value = sum(item.quantity for item in items), sum(item.value for item in items)
    for item in items:
        part, share = quantity * item.quantity // pieces, amount * item.value // value
        lines.append((item.item, part, share))
        quantity, amount = quantity - part, amount - share
        pieces, value = pieces - item.quantity, value - item.value
    return lines


def overbilled(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> int:
    """Minor units that an invoice, as it came, bills beyond the order's price of pieces that are still to be billed."""
    unbilled = {item.item: item.quantity for item in papers.items(order)}
    priced = {item.item: item for item in papers.items(order)}
    for bill in papers.invoices(order):
        beyond = 0
        for name, quantity, amount in _lines_as_billed(papers, order, bill):
            item, pieces = priced[name], min(quantity, unbilled[name])
            unbilled[name] -= pieces
            beyond += max(0, amount - -(-pieces * item.value // item.quantity))
        if bill.entry == invoice.entry:
            return beyond
    return 0


def _mismatches(
    item: OrderItemRow,
    received: _Received,
    billed: int,
    before: int,
    amount: int,
    lowered: int,
    permille: int,
) -> tuple[Mismatch, ...]:
    total = billed + before
    mismatches: list[Mismatch] = []
    if (total - received.billable) * 1000 > received.billable * permille:
        if received.billable == 0:
            mismatches.append(Mismatch.NOTHING)
        else:
            mismatches.append(Mismatch.MORE)
            if received.missing > 0:
                mismatches.append(Mismatch.SHORT)
    if received.over * 1000 > item.quantity * permille:
        mismatches.append(Mismatch.OVER)
    # The order's price of what is billed is seldom a whole minor unit: within one of it the price agrees.
    price = billed * item.value - lowered * item.quantity
    difference = abs(amount * item.quantity - price)
    if difference >= item.quantity and difference * 1000 > price * permille:
        mismatches.append(Mismatch.PRICE)
    return tuple(mismatches)


def _tolerance(campaign: CampaignRow, order: OrderRow) -> int:
    """Per mille within which papers agree: the order's, else the campaign's, else none."""
    return campaign.match_permille if order.match_permille is None else order.match_permille


def matches_of_order(books: Books, order: OrderRow) -> list[Match]:
    """Each line of an order beside each of its invoices, in the order of recording."""
    came = _received(books.session, order.campaign, order.number)
    papers = OrderPapers(books, order.campaign, order)
    return _matches_of(papers, order, came, _tolerance(campaign_of(books.session, order.campaign), order))


def _matches_of(papers: OrderPapers, order: OrderRow, received: _ByItem, permille: int) -> list[Match]:
    items = {item.item: item for item in papers.items(order)}
    before = dict.fromkeys(items, 0)
    matches = []
    for bill in papers.invoices(order):
        accepted = papers.accepted(bill)
        asked = {item: amount for item, _, amount in _lines_as_billed(papers, order, bill)}
        lowered = _price_lowered(papers, order, bill)
        for name, quantity, amount in billed_lines(papers, order, bill):
            item, came, off = items[name], received.get((order.number, name), _NOTHING), lowered.get(name, 0)
            reasons = _mismatches(item, came, quantity, before[name], amount, off, permille)
            stands = accepted is not None and bool(reasons) and accepted.mismatches.issuperset(reasons)
            matches.append(
                Match(
                    order=order.number,
                    item=name,
                    invoice=bill.number,
                    verdict=Verdict.EXCEPTION if reasons else Verdict.YES,
                    reasons=reasons,
                    ordered=item.quantity,
                    received=came.billable,
                    billed=quantity,
                    billed_before=before[name],
                    amount=amount,
                    agreed=quantity * item.value // item.quantity - off,
                    currency=order.currency,
                    date=bill.date,
                    accepted=accepted.reason if accepted is not None and stands else None,
                    prepaid=papers.asked(order, bill).prepaid,
                    credited=asked[name] - amount,
                    packs_ordered=packs_text([(item.packs, item.pack_of)]),
                    packs_billed=_packs_of(papers.lines(order, bill), name),
                    packs_credited=_packs_of(_credited_lines(papers, order, bill), name),
                )
            )
            before[name] += quantity
    for name, item in items.items():
        if before[name] == 0:
            matches.append(_unbilled(order, item, received.get((order.number, name), _NOTHING), permille))
    return matches + _paid_unbilled(papers, order)


def _paid_unbilled(papers: OrderPapers, order: OrderRow) -> list[Match]:
    """Payments that name no invoice and are no prepayment: an exception until one bills what was paid.

    Where the payment says why there is none, its approver accepted that.
    """
    matches = [
        _without(order, payment.date, payment.discharges, payment.no_invoice)
        for payment in papers.explained(order)
    ]
    amount, since = unbilled(papers, order), papers.without_invoice(order).first
    if amount and since is not None:
        matches.append(_without(order, since, amount, None))
    return matches


def _without(order: OrderRow, date: str, amount: int, accepted: str | None) -> Match:
    return Match(
        order=order.number,
        item="",
        invoice="",
        verdict=Verdict.EXCEPTION,
        reasons=(Mismatch.UNBILLED,),
        ordered=0,
        received=0,
        billed=0,
        billed_before=0,
        amount=amount,
        agreed=0,
        currency=order.currency,
        date=date,
        accepted=accepted,
    )


def _unbilled(order: OrderRow, item: OrderItemRow, came: _Received, permille: int) -> Match:
    reasons = (Mismatch.OVER,) if came.over * 1000 > item.quantity * permille else ()
    return Match(
        order=order.number,
        item=item.item,
        invoice="",
        verdict=Verdict.EXCEPTION if reasons else Verdict.NO,
        reasons=reasons,
        ordered=item.quantity,
        received=came.billable,
        billed=0,
        billed_before=0,
        amount=0,
        agreed=0,
        currency=order.currency,
        date=order.date,
        packs_ordered=packs_text([(item.packs, item.pack_of)]),
    )


def invoice_matches(books: Books, invoice: InvoiceRow) -> list[Match]:
    """The lines of one invoice beside their orders."""
    return [
        match
        for order in orders_of(books.session, invoice)
        for match in matches_of_order(books, order)
        if match.invoice == invoice.number
    ]


def all_matches(papers: OrderPapers) -> list[Match]:
    """Every line of every order of a campaign that was approved; `papers`: of all of its orders."""
    session = papers.books.session
    of = campaign_of(session, papers.campaign)
    came = _by_item(papers.received, papers.bought, waiting_by_item(session, papers.campaign))
    return [
        match for order in papers.bound for match in _matches_of(papers, order, came, _tolerance(of, order))
    ]


def open_matches(papers: OrderPapers) -> list[Match]:
    """The exceptions that nobody accepted yet: what reconciliation lists, oldest first."""
    return sorted((m for m in all_matches(papers) if m.is_open), key=lambda m: (m.date, m.order))


def reasons_of(matches: list[Match]) -> tuple[Mismatch, ...]:
    """All that does not agree and that nobody accepted, each once."""
    return tuple(dict.fromkeys(reason for match in matches if match.is_open for reason in match.reasons))


def verdict_of(matches: list[Match]) -> tuple[Verdict, str | None]:
    """Of several lines; and why an approver lets what does not agree stand, where nothing else does not."""
    if any(match.is_open for match in matches):
        return Verdict.EXCEPTION, None
    accepted = next((match.accepted for match in matches if match.accepted), None)
    if accepted is not None:
        return Verdict.EXCEPTION, accepted
    return (Verdict.YES if any(m.verdict is Verdict.YES for m in matches) else Verdict.NO), None
