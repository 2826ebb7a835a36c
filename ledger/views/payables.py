"""Payables: what suppliers billed and were not paid, by when it is due, and what came and nobody billed or paid yet.

Read from invoices, receipts and payments; it decides nothing. A closed order owes nothing: its closing named the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, func, select

from ledger.core.frozen import Amount, Frozen
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.goods import ReceiptRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS
from ledger.rules.matching import invoice_matches
from ledger.rules.order_papers import OrderPapers
from ledger.rules.payable import credited_on_order, payable_on_invoice, vat_payable


class PayableRow(Frozen):
    """What is still to be paid to a supplier, of one invoice or of what came and was not billed."""

    order: str
    """Number of the order."""
    supplier: str
    """Whom it is owed to."""
    invoice: str
    """Number of the invoice; empty for what came and is not billed yet."""
    payable: Amount
    """What is neither credited nor paid nor asked for yet, in the order's currency; tax that comes back and all."""
    received: Amount
    """Received, not yet paid: what of it is for goods and services that came, at the order's price."""
    since: str
    """The day of the invoice, or of the first receipt that nobody billed."""
    due: str | None
    """The day until which the invoice asks to be paid; null where it says none."""
    matched: bool
    """Do order, receipts and invoice agree, or did an approver accept that they do not?"""
    overdue: bool
    """Does it match, and is its day past?"""


def payable_rows(papers: OrderPapers, today: str) -> tuple[PayableRow, ...]:
    """What a campaign still has to pay, what is due first before the rest; `today` is an ISO date.

    `papers`: of all orders of the campaign.
    """
    session, slug = papers.books.session, papers.campaign
    came, asked = _came(papers), _asked(session, slug)
    first = _first_receipts(session, slug)
    rows = [
        row
        for order in papers.bound
        if not order.is_closed
        for row in _of_order(
            papers,
            order,
            _value(papers.items(order), came[order.number])
            - asked.get(order.entry, 0)
            - sum(item.paid_before for item in papers.items(order)),
            first.get(order.number, order.date),
            today,
        )
    ]
    return tuple(sorted(rows, key=lambda row: (row.due or "9999", row.since, row.order, row.invoice)))


def _of_order(
    papers: OrderPapers, order: OrderRow, beyond: int, first: str, today: str
) -> Iterator[PayableRow]:
    """The rows of an order, of which `beyond` came more than was paid, in minor units of its value."""
    left = max(0, beyond - credited_on_order(papers, order))
    for invoice in papers.invoices(order):
        of_order = payable_on_invoice(papers, order, invoice)
        payable = of_order + vat_payable(papers, order, invoice)
        if not payable:
            continue
        received = min(of_order, left)
        left -= received
        matched = not any(match.is_open for match in invoice_matches(papers.books, invoice))
        yield PayableRow(
            order=order.number,
            supplier=order.supplier,
            invoice=invoice.number,
            payable=Amount.of(order.currency, payable),
            received=Amount.of(order.currency, received),
            since=invoice.date,
            due=invoice.due,
            matched=matched,
            overdue=matched and invoice.due is not None and invoice.due < today,
        )
    if left:
        yield PayableRow(
            order=order.number,
            supplier=order.supplier,
            invoice="",
            payable=Amount.of(order.currency, left),
            received=Amount.of(order.currency, left),
            since=first,
            due=None,
            matched=True,
            overdue=False,
        )


def _came(papers: OrderPapers) -> defaultdict[str, dict[str, int]]:
    """Pieces of each order's items that came and may be billed: good, damaged, in the place of others, or bought."""
    came: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (order, item), row in papers.received.items():
        came[order][item] = row.good + row.damaged + row.before
    for (order, item), pieces in papers.bought.items():
        came[order][item] = came[order].get(item, 0) + pieces
    return came


def _value(items: Sequence[OrderItemRow], came: dict[str, int]) -> int:
    return sum(item.value_of_pieces(min(item.quantity, came.get(item.item, 0))) for item in items)


def _asked(session: Session, slug: str) -> dict[int, int]:
    """Order value that payments discharge or ask for, by the entry of the order."""
    query = (
        select(PaymentRow.order_entry, func.sum(PaymentRow.discharges))
        .where(PaymentRow.campaign == slug, col(PaymentRow.status).in_(COUNTS))
        .group_by(col(PaymentRow.order_entry))
    )
    return {entry: int(units) for entry, units in session.exec(query)}


_FIRST_RECEIPTS = (
    select(ReceiptRow.order_number, func.min(ReceiptRow.date))
    .where(col(ReceiptRow.campaign) == OF_CAMPAIGN, col(ReceiptRow.reversed_by).is_(None))
    .group_by(col(ReceiptRow.order_number))
)


def _first_receipts(session: Session, slug: str) -> dict[str, str]:
    """The day of each order's first receipt."""
    return dict(session.exec(_FIRST_RECEIPTS, params={"of_campaign": slug}).all())
