"""Payments to suppliers, from a bank or in coins, each discharging part of an approved order's value.

A payment is spread over the items in proportion to their approved value (docs/rules.md, 8). It takes money that is
restricted to the order's need first, then unrestricted money, and never money of another need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef, Text
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, UseCause, money_use
from ledger.core.wording import Figure
from ledger.model.journal import EntryRow
from ledger.model.named import NameOf
from ledger.model.orders import InvoiceRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.model.screening import PayeeKind
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Also, Asked, Party
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.invoices import require_invoice, require_matched
from ledger.rules.named import names_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import (
    encumbered_account,
    items_of,
    order_line,
    order_value,
    require_not_closed,
    require_order,
)
from ledger.rules.payable import credited_on_order, paid_and_waiting, vat_payable
from ledger.rules.restrictions import Taking, bound_elsewhere, fitting, shares, take, too_little, units_of
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import carried, fee_share, require_released, require_unexplained, unowned
from ledger.rules.tax_payments import tax_account, tax_owed
from ledger.rules.unusual import unusual_payment
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`amount` of `asset` went to the supplier and discharged `discharges` of the order's currency.

    In coins: `txid` names the transaction and `fee` is its network fee. From a bank: `bank` names it and
    `fee` is its charge. `withheld` more, in the asset too, was kept back as tax: it discharges the order, and is owed
    to the tax office. `vat` of `amount` is value added tax of the invoice that comes back: it discharges nothing, and
    lies where the invoice says until then (docs/rules.md, 22). All in minor units.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    asset: Currency
    amount: Positive
    fee: Count = 0
    discharges: Positive
    withheld: Positive | None = None
    vat: Positive | None = None
    bank: Name | None = None
    txid: SpendRef | None = None
    invoice: Number | None = None
    prepayment: bool | None = None  # before the goods came: allowed, and named
    no_invoice: Text | None = None  # why there is none and none will come, which the approver accepts
    date: Date


def _approved_order(context: Context, order: str) -> OrderRow:
    row = require_order(context.books.session, context.campaign, order)
    if not row.is_open:
        raise Conflict.field(
            "order", "{order} is {stage}; only an approved order is paid", order=order, stage=row.stage
        )
    return row


def _early(context: Context, facts: Payment) -> None:
    require_order(context.books.session, context.campaign, facts.order)
    _require_place(facts)


def _require_place(facts: Payment) -> None:
    """Refused where the money does not say whence it comes, in the one way that fits it."""
    if facts.asset == "BTC" and (facts.txid is None or facts.bank is not None):
        raise Refused.field("txid", "a payment in coins names its transaction and no bank")
    if facts.asset != "BTC" and (facts.bank is None or facts.txid is not None):
        raise Refused.field("bank", "a payment from a bank names the bank and no transaction")
    if facts.txid is not None and facts.withheld is not None:
        raise Refused.field("withheld", "coins are paid whole; tax is withheld from money at a bank")
    if facts.vat is not None and facts.vat >= facts.amount:
        raise Refused.field("vat", "is a part of amount, which is all that left; make it less")


def _hold(context: Context, facts: Payment) -> Posting[None]:
    order = _approved_order(context, facts.order)
    currency = order.currency
    campaign = context.campaign
    left = order_value(context.books.session, order) - paid_and_waiting(context.books.session, order)
    left = max(0, left - credited_on_order(OrderPapers(context.books, campaign, order), order))
    if facts.discharges > left:
        raise Refused.field(
            "discharges",
            "{left} of {order} is unpaid, not yet asked for and not credited",
            left=Figure(currency, left),
            order=facts.order,
        )
    if facts.no_invoice is not None and (facts.invoice is not None or facts.prepayment):
        raise Refused.field("no_invoice", "goes with neither an invoice nor a prepayment; leave one out")
    if facts.invoice is not None:
        invoice = require_invoice(context.books.session, campaign, facts.invoice, order.supplier)
        require_matched(context.books, order, invoice, facts.discharges, prepayment=bool(facts.prepayment))
    if facts.vat is not None:
        _require_vat(context, facts, order)
    _require_place(facts)
    if facts.txid is not None:
        spend = require_to_explain(context, facts.txid, facts.amount + facts.fee, "amount")
        require_released(context, spend)
        takings = carried(context.books, campaign, facts.txid)
        _require_fitting(takings, facts.order, order.need)
    else:
        withheld, vat = facts.withheld or 0, facts.vat or 0
        if facts.asset == currency and facts.discharges != facts.amount - vat + withheld:
            raise Refused.field(
                "discharges",
                "in the order's own currency this is the amount paid, less vat that comes back, and the tax withheld",
            )
        need = order.need
        wanted = facts.amount - vat + facts.fee + withheld
        takings = take(context.books, campaign, facts.asset, wanted, fitting(need))
        free = units_of(takings)
        held_there = at_bank(context.books, campaign, str(facts.bank), facts.asset)
        if free < wanted or held_there < wanted + vat:
            elsewhere = (
                list(bound_elsewhere(context.books, campaign, facts.asset, need)) if free < wanted else ()
            )
            there = min(free + vat, held_there)
            raise too_little("amount", facts.asset, wanted + vat, there, str(facts.bank), elsewhere)
    return holding(takings, str(HoldName(HoldCause.PAYMENT, facts.number)))


def _require_vat(context: Context, facts: Payment, order: OrderRow) -> None:
    """Refused where a payment names no invoice of which so much tax comes back, or is not in its currency."""
    session = context.books.session
    invoice = (
        None
        if facts.invoice is None
        else require_invoice(session, context.campaign, facts.invoice, order.supplier)
    )
    if invoice is None or invoice.vat_to is None or facts.asset != order.currency:
        raise Refused.field(
            "vat",
            "is tax that comes back of an invoice in {currency} that says so (vat_to): name that invoice and pay it in "
            "{currency}, or leave vat out",
            currency=order.currency,
        )
    if facts.bank == invoice.vat_to:
        raise Refused.field("bank", "is where tax lies that comes back; name the one that paid")
    left = vat_payable(OrderPapers(context.books, context.campaign, order), order, invoice)
    if facts.vat is not None and facts.vat > left:
        raise Refused.field(
            "vat",
            "{left} of the tax of invoice {number} is not yet paid, asked for or credited",
            left=Figure(order.currency, left),
            number=invoice.number,
        )


def _require_fitting(takings: Sequence[Taking], order: str, need: str | None) -> None:
    """Refused where a transaction carried away coins that are restricted to another need than the order's."""
    for taking in takings:
        if taking.restriction not in fitting(need):
            units = Figure("BTC", taking.units)
            if need:
                raise Refused.field(
                    "order",
                    "{units} of this transaction is restricted to {restriction} and {order} serves {need}; name an "
                    "order for {restriction}, or record a reclassification that another person approves",
                    units=units,
                    restriction=taking.restriction,
                    order=order,
                    need=need,
                )
            raise Refused.field(
                "order",
                "{units} of this transaction is restricted to {restriction} and {order} names no need; name an order "
                "for {restriction}, or record a reclassification that another person approves",
                units=units,
                restriction=taking.restriction,
                order=order,
            )


class Spread:
    """An order's value, item by item, as payments reach it: each use begins where the one before it ended.

    `unpaid`: of each item its line, how far that is filled, the value that is left, and its fineness.
    """

    def __init__(self, unpaid: Sequence[tuple[str, int, int, int]]) -> None:
        self._unpaid = list(unpaid)

    @classmethod
    def of(cls, books: Books, order: OrderRow) -> Spread:
        """What is unpaid of an order."""
        unpaid = []
        for item in items_of(books.session, order):
            line = order_line(order.campaign, order.number, item.item, order.currency)
            filled = books.lines.filled(line)
            unpaid.append((line, filled, item.value - item.value_of(0, filled), item.fineness))
        return cls(unpaid)

    def parts(self, units: int, discharges: int) -> list[Part]:
        """`units` of money over the items by what of each item's value is still unpaid, in the order's order."""
        total = sum(rest for _, _, rest, _ in self._unpaid)
        parts: list[Part] = []
        after: list[tuple[str, int, int, int]] = []
        for index, (line, filled, rest, fineness) in enumerate(self._unpaid):
            last = index == len(self._unpaid) - 1
            value = discharges if last else discharges * rest // (total or 1)
            share = units if last else units * rest // (total or 1)
            reached = value * fineness
            parts.append(Part(PartKind.ON if last else PartKind.ITEM, share, reached, line, filled))
            after.append((line, filled + reached, rest - value, fineness))
            discharges, units, total = discharges - value, units - share, total - rest
        self._unpaid = after
        return parts


def _effect(context: Context, payment: PaymentRow, _decision: Decision) -> Posting[None]:
    books, session = context.books, context.books.session
    order = _approved_order(context, session.get_one(OrderRow, payment.order_entry).number)
    if payment.invoice_entry is not None:
        invoice, discharges = session.get_one(InvoiceRow, payment.invoice_entry), payment.discharges
        require_matched(books, order, invoice, discharges, prepayment=payment.prepayment, own=discharges)
    takings = held_takings(session, payment)
    if payment.txid is not None:
        spend = require_unexplained(context, payment.txid, payment.amount + payment.fee, "amount")
        require_released(context, spend)
        _require_fitting(takings, order.number, order.need)
        takings = takings or unowned(payment.txid)
    uses = _uses(books, payment, order, takings)
    transfers = (*_transfers(payment, order), *_vat_transfer(session, payment))
    return Posting(transfers, (*release_of(session, payment), *uses))


def _vat_transfer(session: Session, payment: PaymentRow) -> Iterator[Transfer]:
    """Tax that comes back is the fund's own money: it only lies elsewhere."""
    if payment.vat and payment.invoice_entry is not None:
        place = str(session.get_one(InvoiceRow, payment.invoice_entry).vat_to)
        source = account(AccountClass.BANK, payment.campaign, str(payment.bank))
        yield Transfer(
            account(AccountClass.BANK, payment.campaign, place), source, payment.asset, payment.vat
        )


def _transfers(payment: PaymentRow, order: OrderRow) -> tuple[Transfer, ...]:
    """The money to the supplier, what it cost to send, and the order's value that is bound no more."""
    campaign = payment.campaign
    if payment.txid is not None:
        source = account(AccountClass.UNEXPLAINED, campaign)
        fees = account(AccountClass.FEES, campaign, "network")
    else:
        source = account(AccountClass.BANK, campaign, str(payment.bank))
        fees = account(AccountClass.FEES, campaign, "bank")
    supplier = account(AccountClass.SUPPLIER, campaign, order.number)
    bound = encumbered_account(campaign, order.number)
    unbound = Transfer(account(AccountClass.COMMITMENTS, campaign), bound, order.currency, payment.discharges)
    transfers = [Transfer(supplier, source, payment.asset, payment.amount - payment.vat)]
    if payment.fee:
        transfers.append(Transfer(fees, source, payment.asset, payment.fee))
    if payment.withheld:
        transfers.append(Transfer(supplier, tax_account(campaign), payment.asset, payment.withheld))
    return (*transfers, unbound)


def _uses(books: Books, payment: PaymentRow, order: OrderRow, takings: Sequence[Taking]) -> Iterator[Use]:
    """One use a restriction: its share of the fee is parted first, and the rest spread over the items."""
    spread = Spread.of(books, order)
    whole = payment.amount - payment.vat + payment.fee + payment.withheld
    fee = fee_share(payment.fee, whole, units_of(takings))
    of_each = zip(takings, shares(fee, takings), shares(payment.discharges, takings), strict=True)
    for taking, charged, discharged in of_each:
        parts = (Part(PartKind.FEE, charged, charged), *spread.parts(taking.units - charged, discharged))
        use_id = money_use(UseCause.PAYMENT, payment.campaign, payment.number, taking.restriction)
        yield Use(str(use_id), taking.line, taking.pieces, taking.units, parts)


def _row(books: Books, entry: Entry[Payment, None]) -> PaymentRow:
    session, facts = books.session, entry.facts
    order = require_order(session, entry.campaign, facts.order)
    invoice = (
        None
        if facts.invoice is None
        else require_invoice(session, entry.campaign, facts.invoice, order.supplier)
    )
    return PaymentRow(
        **proposed(entry, facts.number, facts.date),
        order_entry=order.entry,
        invoice_entry=None if invoice is None else invoice.entry,
        asset=facts.asset,
        amount=facts.amount,
        fee=facts.fee,
        discharges=facts.discharges,
        withheld=facts.withheld or 0,
        vat=facts.vat or 0,
        bank=facts.bank,
        txid=facts.txid,
        prepayment=bool(facts.prepayment),
        no_invoice=facts.no_invoice,
    )


def _require_undone(context: Context, payment: PaymentRow, _entry: Entry[Decision, None]) -> None:
    """Conflict where the order is closed, or the tax that the payment withheld went to the tax office."""
    if payment.withheld > tax_owed(context.books, context.campaign, payment.asset):
        raise Conflict.field("entry", "tax that it withheld is paid; reverse that tax payment first")
    order = context.books.session.get_one(OrderRow, payment.order_entry)
    require_not_closed(context, order.number)


def _about(_session: Session, payment: PaymentRow) -> tuple[str, int]:
    """Coins with their network fee: the whole of what their transaction took."""
    fee = payment.fee if payment.txid is not None else 0
    return payment.asset, payment.amount + fee


def _asks(session: Session, payment: PaymentRow) -> Asked:
    """What leaves: amount and fee, in the asset that it is paid in, whatever it discharges."""
    order = session.get_one(OrderRow, payment.order_entry)
    invoice = None if payment.invoice_entry is None else session.get_one(InvoiceRow, payment.invoice_entry)
    return Asked(
        payment.asset,
        payment.amount + payment.fee,
        order.supplier,
        None if invoice is None else invoice.number,
        Party(PayeeKind.SUPPLIER, order.supplier),
        payment.txid,
    )


def _asks_also(session: Session, payment: PaymentRow, asked: Asked) -> Iterator[Also]:
    """The other payments to the supplier, of all campaigns, however it was spelled."""
    suppliers = names_of(session, NameOf.SUPPLIER, str(asked.payee))
    query = (
        select(
            PaymentRow.asset,
            PaymentRow.amount + PaymentRow.fee,
            InvoiceRow.number,
            func.coalesce(EntryRow.recorded_at, PaymentRow.recorded_at),
        )
        .join(OrderRow, col(OrderRow.entry) == PaymentRow.order_entry)
        .join(InvoiceRow, col(InvoiceRow.entry) == PaymentRow.invoice_entry, isouter=True)
        .join(EntryRow, col(EntryRow.seq) == PaymentRow.decided_by, isouter=True)
        .where(
            col(OrderRow.supplier).in_(suppliers),
            col(PaymentRow.status).in_(COUNTS),
            PaymentRow.entry != payment.entry,
        )
    )
    for asset, minor, invoice, at in session.exec(query):
        yield Also(asset, minor, invoice, at)


def _explains(facts: Payment) -> Explains | None:
    return None if facts.txid is None else Explains(facts.txid, facts.amount + facts.fee, order=facts.order)


PAYMENTS = Workflow(
    noun="payment",
    facts=Payment,
    row=PaymentRow,
    doc="Record a payment to a supplier; the money is held until another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=waiting(ExplainedBy.PAYMENT),
    approved=explained(ExplainedBy.PAYMENT),
    rejected=left_open,
    reversed=left_open,
    require=_require_undone,
    explains=_explains,
    early=_early,
    doubts=unusual_payment,
    about=_about,
    asks=_asks,
    asks_also=_asks_also,
)
KINDS = PAYMENTS.kinds()
