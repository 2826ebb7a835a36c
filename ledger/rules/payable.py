"""What is still to be paid on an order or an invoice: approved or billed, less credited, less paid and asked for.

Pure: it reads the papers of an order; it moves nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ledger.core.errors import Conflict
from ledger.model.orders import InvoiceRow, OrderRow
from ledger.rules.order_papers import OrderPapers
from ledger.rules.spec import Context

WAITS_OR_STANDS = frozenset({"pending", "approved"})
"""States of a payment or refund that counts: it waits for a decision, or it was approved."""


def credited_on_order(papers: OrderPapers, order: OrderRow) -> int:
    """Order value, minor units, that credit notes say is not to be paid: what a refund paid back is payable again."""
    notes = {note.number: note.amount for note in papers.notes(order)}
    for refund in papers.of("refund", order.number) if notes else ():
        facts = refund["facts"]
        if facts.get("credit_note") in notes and refund["status"] in WAITS_OR_STANDS:
            notes[facts["credit_note"]] -= int(facts.get("refunds", facts["amount"]))
    return sum(max(left, 0) for left in notes.values())


def credited_on_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow) -> int:
    """Minor units by which standing credit notes lower an invoice."""
    return sum(note.amount for note in papers.notes(order) if note.invoice_entry == invoice.entry)


def asked_on_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow, *, but: str = "") -> int:
    """Order value, minor units, that payments naming an invoice discharge or ask for, leaving out payment `but`."""
    return sum(
        int(payment["facts"]["discharges"])
        for payment in papers.of("payment", order.number)
        if payment["facts"].get("invoice") == invoice.number
        and payment["status"] in WAITS_OR_STANDS
        and payment["facts"]["number"] != but
    )


def payable_on_invoice(papers: OrderPapers, order: OrderRow, invoice: InvoiceRow, *, but: str = "") -> int:
    """Minor units of an invoice that are neither credited nor paid nor asked for yet; never below 0."""
    billed = invoice.amount - credited_on_invoice(papers, order, invoice)
    return max(0, billed - asked_on_invoice(papers, order, invoice, but=but))


def payments_without_invoice(papers: OrderPapers, order: OrderRow) -> Iterator[dict[str, Any]]:
    """Payments of an order that say why there is no invoice, pending and approved."""
    for payment in papers.of("payment", order.number):
        if "no_invoice" in payment["facts"] and payment["status"] in WAITS_OR_STANDS:
            yield payment


def unbilled_payments(papers: OrderPapers, order: OrderRow) -> tuple[list[dict[str, Any]], int]:
    """(payments of an order that name no invoice and are no prepayment, what of them no invoice bills).

    Invoices that came since count, in minor units: less credited, less what payments naming them and
    prepayments already take. A payment that says why there is no invoice is not among them.
    """
    plain: list[dict[str, Any]] = []
    prepaid = 0
    room = sum(payable_on_invoice(papers, order, invoice) for invoice in papers.invoices(order))
    for payment in papers.of("payment", order.number):
        facts = payment["facts"]
        if payment["status"] not in WAITS_OR_STANDS or "invoice" in facts:
            continue
        if facts.get("prepayment"):
            prepaid += int(facts["discharges"])
        elif "no_invoice" not in facts:
            plain.append(payment)
    paid = sum(int(payment["facts"]["discharges"]) for payment in plain)
    return plain, max(0, paid - max(0, room - prepaid))


def require_no_refund(context: Context, rests: Callable[[Mapping[str, Any]], bool]) -> None:
    """Conflict where a refund whose facts say that it `rests` on what would be reversed stands, or waits."""
    for number, refund in context.books.documents.all("refund", context.campaign):
        if rests(refund["facts"]) and refund["status"] in {"pending", "approved"}:
            raise Conflict(f"entry: refund {number} rests on it; reverse or reject that first")
