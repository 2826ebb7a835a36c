"""How a supplier's invoice stands: what the three-way match says of it, and what is still to be paid."""

from __future__ import annotations

from ledger.core.frozen import Amount, Frozen
from ledger.model.orders import InvoiceRow, OrderRow
from ledger.rules.books import Books
from ledger.rules.matching import invoice_matches, verdict_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.payable import payable_on_invoice


class InvoiceState(Frozen):
    """One invoice beside its order, receipts, payments and credit notes."""

    verdict: str
    """`yes`, `no`, or `exception: …` in words; an accepted one says so."""
    payable: Amount
    """What is neither credited nor paid nor asked for yet."""


def invoice_state(books: Books, invoice: InvoiceRow) -> InvoiceState:
    """How an invoice stands."""
    campaign = invoice.campaign
    order = books.session.get_one(OrderRow, invoice.order_entry)
    left = payable_on_invoice(OrderPapers(books, campaign, order), order, invoice)
    return InvoiceState(
        verdict=verdict_of(invoice_matches(books, invoice)), payable=Amount.of(order.currency, left)
    )
