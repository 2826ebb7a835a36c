"""What is still to be paid on an order or an invoice: approved or billed, less credited, less paid and asked for.

It reads the papers of an order; it moves nothing and decides nothing.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from ledger.core.errors import Conflict
from ledger.model.orders import ClaimEndRow, InvoiceRow, OrderItemRow, OrderRow, RefundRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.rules.order_papers import OrderPapers


def paid_and_waiting(session: Session, order: OrderRow) -> int:
    """Order value discharged by approved payments and asked for by pending ones, minor units; before an opening too."""
    counted = (PaymentRow.order_entry == order.entry, col(PaymentRow.status).in_(COUNTS))
    of_items = OrderItemRow.order_entry == order.entry
    paid = session.exec(select(func.coalesce(func.sum(PaymentRow.discharges), 0)).where(*counted)).one()
    before = session.exec(select(func.coalesce(func.sum(OrderItemRow.paid_before), 0)).where(of_items)).one()
    return int(paid) + int(before)


def credited_on_order(papers: OrderPapers, order: OrderRow) -> int:
    """Order value, minor units, that credit notes say is not to be paid: what a refund paid back is payable again."""
    return sum(max(0, note.off_order - papers.refunded(note)) for note in papers.notes(order))


def credited_on_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> int:
    """Minor units by which standing credit notes on an order lower an invoice."""
    return sum(note.amount for note in papers.notes(order) if note.invoice_entry == invoice.entry)


def _left_of_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> int:
    """Minor units that an invoice bills of an order, not credited, and that no payment naming it takes."""
    billed = papers.billed(order, invoice) - credited_on_invoice(papers, order, invoice)
    return max(0, billed - papers.asked(order, invoice).whole)


def payable_on_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> int:
    """Minor units of an invoice that are neither credited nor paid nor asked for yet; never below 0.

    What was paid on the order before it was billed pays its invoices, first recorded first (docs/rules.md, 22).
    """
    rest = papers.without_invoice(order).whole
    for bill in papers.invoices(order):
        left = _left_of_invoice(papers, order, bill)
        if bill.entry == invoice.entry:
            return max(0, left - rest)
        rest = max(0, rest - left)
    return 0


def vat_payable(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow, *, own: int = 0) -> int:
    """Value added tax that comes back and is neither credited nor paid nor asked for yet, minor units (docs/rules.md,
    22). It is asked for once, on the invoice's own order; `own`: what the payment that asks holds of it already."""
    if invoice.order_entry != order.entry:
        return 0
    credited = sum(note.vat for note in papers.notes(order) if note.invoice_entry == invoice.entry)
    return max(0, invoice.vat_back - credited - papers.asked(order, invoice).vat + own)


def payable_by(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow, *, own: int = 0) -> int:
    """Minor units that a payment naming an invoice may discharge: of it, and of what the order's invoices leave.

    Which of several invoices a prepayment is set off against is the supplier's to say; `own`: what the payment that
    asks holds of it already.
    """
    billed = sum(_left_of_invoice(papers, order, bill) for bill in papers.invoices(order))
    left = _left_of_invoice(papers, order, invoice)
    return max(0, min(left, billed - papers.without_invoice(order).whole) + own)


def unbilled(papers: OrderPapers, order: OrderRow) -> int:
    """What no invoice bills of the payments that name none, are no prepayment and do not say why; minor units.

    Invoices that came since count: less credited, less what payments naming them and prepayments already take.
    """
    plain = papers.without_invoice(order)
    room = sum(_left_of_invoice(papers, order, invoice) for invoice in papers.invoices(order))
    return max(0, plain.other - max(0, room - plain.prepaid))


def require_no_refund(session: Session, rests: ColumnElement[bool]) -> None:
    """Conflict where a refund that `rests` on what would be reversed stands, or waits."""
    resting = select(RefundRow.number).where(rests, col(RefundRow.status).in_(COUNTS))
    number = session.exec(resting.order_by(col(RefundRow.number))).first()
    if number is not None:
        raise Conflict.field(
            "entry", "refund {number} rests on it; reverse or reject that first", number=number
        )


def require_no_claim_end(session: Session, rests: ColumnElement[bool]) -> None:
    """Conflict where the end of a claim that `rests` on what would be reversed stands, or waits."""
    resting = select(ClaimEndRow.number).where(rests, col(ClaimEndRow.status).in_(COUNTS))
    number = session.exec(resting.order_by(col(ClaimEndRow.number))).first()
    if number is not None:
        raise Conflict.field(
            "entry", "claim-end {number} rests on it; reverse or reject that first", number=number
        )
