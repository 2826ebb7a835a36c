"""How a supplier's invoice stands: what the three-way match says of it, and what is still to be paid."""

from __future__ import annotations

from ledger.core.frozen import Amount, Frozen
from ledger.model.orders import InvoiceRow, Mismatch
from ledger.rules.books import Books
from ledger.rules.matching import Verdict, invoice_matches, reasons_of, verdict_of
from ledger.rules.order_papers import OrderPapers, orders_of
from ledger.rules.payable import payable_on_invoice, vat_payable


class InvoiceState(Frozen):
    """One invoice beside its order, receipts, payments and credit notes."""

    verdict: Verdict
    """Does what is billed agree with what was ordered and came?"""
    reasons: tuple[Mismatch, ...]
    """What does not, and nobody accepted."""
    accepted: str | None
    """Why an approver lets it stand, where all that does not agree is accepted."""
    payable: Amount
    """What is neither credited nor paid nor asked for yet, tax that comes back and all."""
    vat: Amount
    """How much of what it asks for is value added tax."""
    vat_back: bool
    """Does that come back, and so cost nothing?"""


def invoice_state(books: Books, invoice: InvoiceRow) -> InvoiceState:
    """How an invoice stands."""
    orders = orders_of(books.session, invoice)
    papers = [(OrderPapers(books, order.campaign, order), order) for order in orders]
    left = sum(
        payable_on_invoice(of, order, invoice) + vat_payable(of, order, invoice) for of, order in papers
    )
    matches = invoice_matches(books, invoice)
    verdict, accepted = verdict_of(matches)
    return InvoiceState(
        verdict=verdict,
        reasons=reasons_of(matches),
        accepted=accepted,
        payable=Amount.of(orders[0].currency, left),
        vat=Amount.of(orders[0].currency, invoice.vat),
        vat_back=invoice.vat_to is not None,
    )
