"""How a supplier's invoice stands: what the three-way match says of it, and what is still to be paid."""

from __future__ import annotations

from ledger.core.frozen import Amount, Frozen
from ledger.model.orders import InvoiceRow
from ledger.rules.books import Books
from ledger.rules.matching import invoice_matches, verdict_of
from ledger.rules.order_papers import OrderPapers, orders_of
from ledger.rules.payable import payable_on_invoice


class InvoiceState(Frozen):
    """One invoice beside its order, receipts, payments and credit notes."""

    verdict: str
    """`yes`, `no`, or `exception: …` in words; an accepted one says so."""
    payable: Amount
    """What is neither credited nor paid nor asked for yet."""


def invoice_state(books: Books, invoice: InvoiceRow) -> InvoiceState:
    """How an invoice stands."""
    orders = orders_of(books.session, invoice)
    left = sum(
        payable_on_invoice(OrderPapers(books, order.campaign, order), order, invoice) for order in orders
    )
    return InvoiceState(
        verdict=verdict_of(invoice_matches(books, invoice)), payable=Amount.of(orders[0].currency, left)
    )
