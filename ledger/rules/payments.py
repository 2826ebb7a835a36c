"""Payments to suppliers, from a bank or in coins, each discharging part of an approved order's value.

A payment is spread over the items in proportion to their approved value (docs/rules.md, 8). It takes money that is
restricted to the order's need first, then unrestricted money, and never money of another need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import (
    STRICT,
    Count,
    Currency,
    Date,
    Name,
    Number,
    Positive,
    SpendRef,
    Text,
    facts_from,
)
from ledger.core.lines import Part, PartKind, Use
from ledger.core.money import decimal_text
from ledger.core.names import FREE, HoldCause, HoldName, UseCause, money_use
from ledger.model.orders import InvoiceRow, OrderRow, OrderStatus, PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.approvals import approval, held_takings, holding, rejection, release_of, require_pending
from ledger.rules.books import Books
from ledger.rules.conversions import fee_share
from ledger.rules.explaining import (
    fold_explained,
    fold_left_open,
    fold_waiting,
    require_to_explain,
    unexplained_again,
    waits_for_spend,
)
from ledger.rules.gifts import money_line
from ledger.rules.invoices import require_invoice, require_matched
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import (
    encumbered_account,
    items_of,
    order_line,
    order_value,
    require_not_closed,
    require_order,
)
from ledger.rules.payable import credited_on_order, paid_and_waiting
from ledger.rules.restrictions import Taking, bound_elsewhere, fitting, take, too_little, units_of
from ledger.rules.spec import RECORDERS, Context, Fold, Kind, Undoing, numbered
from ledger.rules.spends import carried, require_released, require_unexplained, spent_line
from ledger.rules.workflow import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`amount` of `asset` went to the supplier and discharged `discharges` of the order's currency.

    In coins: `txid` names the transaction and `fee` is its network fee. From a bank: `bank` names it and
    `fee` is its charge. All in minor units.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    asset: Currency
    amount: Positive
    fee: Count = 0
    discharges: Positive
    bank: Name | None = None
    txid: SpendRef | None = None
    invoice: Number | None = None
    prepayment: bool | None = None  # before the goods came: allowed, and named
    no_invoice: Text | None = None  # why there is none and none will come, which the approver accepts
    date: Date


def _approved_order(context: Context, order: str) -> OrderRow:
    row = require_order(context.books.session, context.campaign, order)
    if row.status is not OrderStatus.APPROVED:
        raise Conflict(f"order: {order} is {row.status}; only an approved order is paid")
    return row


def require_payment(session: Session, campaign: str, number: str) -> PaymentRow:
    """The payment of a number; raises NotFound."""
    numbered = (PaymentRow.campaign == campaign, PaymentRow.number == number)
    payment = session.exec(select(PaymentRow).where(*numbered)).first()
    if payment is None:
        raise NotFound(f"payment: there is no payment {number} in campaign {campaign}")
    return payment


def _early(context: Context, facts: Payment) -> None:
    require_order(context.books.session, context.campaign, facts.order)
    _require_place(facts)


def _require_place(facts: Payment) -> None:
    """Refused where the money does not say whence it comes, in the one way that fits it."""
    if facts.asset == "BTC" and (facts.txid is None or facts.bank is not None):
        raise Refused.field("txid", "a payment in coins names its transaction and no bank")
    if facts.asset != "BTC" and (facts.bank is None or facts.txid is not None):
        raise Refused.field("bank", "a payment from a bank names the bank and no transaction")


def _post(context: Context, facts: Payment) -> Posting:
    order = _approved_order(context, facts.order)
    currency = order.currency
    campaign = context.campaign
    left = order_value(context.books.session, order) - paid_and_waiting(context.books.session, order)
    left = max(0, left - credited_on_order(OrderPapers(context.books, campaign, order), order))
    if facts.discharges > left:
        raise Refused.field(
            "discharges",
            f"{decimal_text(currency, left)} {currency} of {facts.order} is unpaid, not yet asked for and not credited",
        )
    if facts.no_invoice is not None and (facts.invoice is not None or facts.prepayment):
        raise Refused.field("no_invoice", "goes with neither an invoice nor a prepayment; leave one out")
    if facts.invoice is not None:
        invoice = require_invoice(context.books.session, campaign, facts.invoice)
        require_matched(context.books, order, invoice, facts.discharges, prepayment=bool(facts.prepayment))
    _require_place(facts)
    if facts.txid is not None:
        spend = require_to_explain(context, facts.txid, facts.amount + facts.fee, "amount")
        require_released(context, spend)
        takings = carried(context.books, campaign, facts.txid)
        _require_fitting(takings, facts.order, order.need)
    else:
        if facts.asset == currency and facts.discharges != facts.amount:
            raise Refused.field("discharges", "in the order's own currency this is the amount paid")
        need = order.need
        wanted = facts.amount + facts.fee
        takings = take(context.books, campaign, facts.asset, wanted, fitting(need))
        free = units_of(takings)
        bank = account(AccountClass.BANK, campaign, str(facts.bank))
        held_there = context.books.net(bank, facts.asset)
        if free < wanted or held_there < wanted:
            elsewhere = bound_elsewhere(context.books, campaign, facts.asset, need) if free < wanted else ""
            raise too_little("amount", facts.asset, wanted, min(free, held_there), str(facts.bank), elsewhere)
    return holding(takings, str(HoldName(HoldCause.PAYMENT, facts.number)))


def _require_fitting(takings: Sequence[Taking], order: str, need: str | None) -> None:
    """Refused where a transaction carried away coins that are restricted to another need than the order's."""
    for taking in takings:
        if taking.restriction not in fitting(need):
            serves = f"serves {need}" if need else "names no need"
            raise Refused.field(
                "order",
                f"{decimal_text('BTC', taking.units)} BTC of this transaction is restricted to "
                f"{taking.restriction} and {order} {serves}; name an order for {taking.restriction}, or record a "
                "reclassification that another person approves",
            )


class _Spread:
    """An order's value, item by item, as payments reach it: each use begins where the one before it ended."""

    def __init__(self, books: Books, order: OrderRow) -> None:
        self._unpaid: list[tuple[str, int, int]] = []
        for item in items_of(books.session, order):
            line = order_line(order.campaign, order.number, item.item, order.currency)
            filled = books.lines.filled(line)
            self._unpaid.append((line, filled, item.value - filled))

    def parts(self, units: int, discharges: int) -> list[Part]:
        """`units` of money over the items by what of each item's value is still unpaid, in the order's order."""
        total = sum(rest for _, _, rest in self._unpaid)
        parts: list[Part] = []
        after: list[tuple[str, int, int]] = []
        for index, (line, filled, rest) in enumerate(self._unpaid):
            last = index == len(self._unpaid) - 1
            value = discharges if last else discharges * rest // (total or 1)
            share = units if last else units * rest // (total or 1)
            parts.append(Part(PartKind.ON if last else PartKind.ITEM, share, value, line, filled))
            after.append((line, filled + value, rest - value))
            discharges, units, total = discharges - value, units - share, total - rest
        self._unpaid = after
        return parts


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "payment", decision.number)
    books, campaign = context.books, context.campaign
    payment = require_payment(books.session, campaign, decision.number)
    asset, discharges = payment.asset, payment.discharges
    order = _approved_order(context, books.session.get_one(OrderRow, payment.order_entry).number)
    if payment.invoice_entry is not None:
        invoice = books.session.get_one(InvoiceRow, payment.invoice_entry)
        prepayment = payment.prepayment
        require_matched(books, order, invoice, discharges, prepayment=prepayment, own=discharges)
    supplier = account(AccountClass.SUPPLIER, campaign, order.number)
    if payment.txid is not None:
        spend = require_unexplained(context, payment.txid, payment.amount + payment.fee, "amount")
        require_released(context, spend)
        _require_fitting(held_takings(document), order.number, order.need)
        source, line = account(AccountClass.UNEXPLAINED, campaign), spent_line(payment.txid)
        fees = account(AccountClass.FEES, campaign, "network")
    else:
        source, line = account(AccountClass.BANK, campaign, str(payment.bank)), money_line(campaign, asset)
        fees = account(AccountClass.FEES, campaign, "bank")
    transfers = [Transfer(supplier, source, asset, payment.amount)]
    if payment.fee:
        transfers.append(Transfer(fees, source, asset, payment.fee))
    commitments, bound = (
        account(AccountClass.COMMITMENTS, campaign),
        encumbered_account(campaign, order.number),
    )
    transfers.append(Transfer(commitments, bound, order.currency, discharges))
    takings = held_takings(document) or (Taking(FREE, line, ()),)
    units, spread, uses = units_of(takings), _Spread(context.books, order), []
    fee = fee_share(payment.fee, payment.amount + payment.fee, units)
    count = charged = discharged = 0
    for taking in takings:
        count += taking.units
        borne = fee * count // units if units else 0
        value = discharges * count // units if units else discharges
        rest = taking.units - (borne - charged)
        parts = (
            Part(PartKind.FEE, borne - charged, borne - charged),
            *spread.parts(rest, value - discharged),
        )
        use_id = money_use(UseCause.PAYMENT, campaign, decision.number, taking.restriction)
        uses.append(Use(str(use_id), taking.line, taking.pieces, taking.units, parts))
        charged, discharged = borne, value
    return Posting(tuple(transfers), (*release_of(document), *uses))


def _fold(books: Books, entry: Entry) -> None:
    fold_waiting("payment")(books, entry)
    session, facts = books.session, facts_from(Payment, entry.facts)
    invoice = None if facts.invoice is None else require_invoice(session, entry.campaign, facts.invoice)
    session.add(
        PaymentRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            order_entry=require_order(session, entry.campaign, facts.order).entry,
            invoice_entry=None if invoice is None else invoice.entry,
            asset=facts.asset,
            amount=facts.amount,
            fee=facts.fee,
            discharges=facts.discharges,
            bank=facts.bank,
            txid=facts.txid,
            prepayment=bool(facts.prepayment),
            no_invoice=facts.no_invoice,
            date=entry.date,
            at=entry.at,
            status=ProposalStatus.PENDING,
        )
    )


def _decided(fold: Fold, status: ProposalStatus) -> Fold:
    """A decision that marks the payment besides what `fold` does with the spend that it names."""

    def decide(books: Books, entry: Entry) -> None:
        fold(books, entry)
        payment = require_payment(books.session, entry.campaign, str(entry.facts["number"]))
        payment.status, payment.decided_by, payment.decided_on = status, entry.seq, entry.date

    return decide


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    unexplained_again("payment")(books, entry, seq)
    payment = require_payment(books.session, entry.campaign, str(entry.facts["number"]))
    payment.status, payment.reversed_by = ProposalStatus.REVERSED, seq


def _require_open_order(context: Context, entry: Entry) -> None:
    session = context.books.session
    payment = require_payment(session, context.campaign, str(entry.facts["number"]))
    require_not_closed(context, session.get_one(OrderRow, payment.order_entry).number)


PAYMENT = Kind(
    name="payment",
    noun="payment",
    verb="add",
    facts=Payment,
    doc="Record a payment to a supplier; the money is held until another person approves it.",
    roles=RECORDERS,
    key=numbered("payment"),
    post=_post,
    fold=_fold,
    waits_for=waits_for_spend,
    early=_early,
)
KINDS = (
    PAYMENT,
    approval(
        "payment",
        _post_approved,
        _decided(fold_explained("payment"), ProposalStatus.APPROVED),
        Undoing(_unfold, require=_require_open_order),
    ),
    rejection("payment", _decided(fold_left_open("payment"), ProposalStatus.REJECTED)),
)
