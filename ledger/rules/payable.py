"""What is still to be paid on an order or an invoice: approved or billed, less credited, less paid and asked for.

Pure reading of documents; it moves nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.rules.order_papers import OrderPapers

WAITS_OR_STANDS = frozenset({"pending", "approved"})
"""States of a payment or refund that counts: it waits for a decision, or it was approved."""


def standing_notes(papers: OrderPapers, order: str) -> Iterator[dict[str, Any]]:
    """The facts of an order's credit notes that were not reversed."""
    for note in papers.of("credit-note", order):
        if note["reversed"] is None:
            yield note["facts"]


def credited_on_order(papers: OrderPapers, order: str) -> int:
    """Order value, minor units, that credit notes say is not to be paid: what a refund paid back is payable again."""
    notes = {note["number"]: int(note["amount"]) for note in standing_notes(papers, order)}
    for refund in papers.of("refund", order) if notes else ():
        facts = refund["facts"]
        if facts.get("credit_note") in notes and refund["status"] in WAITS_OR_STANDS:
            notes[facts["credit_note"]] -= int(facts.get("refunds", facts["amount"]))
    return sum(max(left, 0) for left in notes.values())


def credited_on_invoice(papers: OrderPapers, invoice: dict[str, Any]) -> int:
    """Minor units by which standing credit notes lower an invoice."""
    number = invoice["facts"]["number"]
    notes = standing_notes(papers, invoice["facts"]["order"])
    return sum(int(note["amount"]) for note in notes if note.get("invoice") == number)


def asked_on_invoice(papers: OrderPapers, invoice: dict[str, Any], *, but: str = "") -> int:
    """Order value, minor units, that payments naming an invoice discharge or ask for, leaving out payment `but`."""
    number = invoice["facts"]["number"]
    return sum(
        int(payment["facts"]["discharges"])
        for payment in papers.of("payment", invoice["facts"]["order"])
        if payment["facts"].get("invoice") == number
        and payment["status"] in WAITS_OR_STANDS
        and payment["facts"]["number"] != but
    )


def payable_on_invoice(papers: OrderPapers, invoice: dict[str, Any], *, but: str = "") -> int:
    """Minor units of an invoice that are neither credited nor paid nor asked for yet; never below 0."""
    billed = int(invoice["facts"]["amount"]) - credited_on_invoice(papers, invoice)
    return max(0, billed - asked_on_invoice(papers, invoice, but=but))


def payments_without_invoice(papers: OrderPapers, order: str) -> Iterator[dict[str, Any]]:
    """Payments of an order that say why there is no invoice, pending and approved."""
    for payment in papers.of("payment", order):
        if "no_invoice" in payment["facts"] and payment["status"] in WAITS_OR_STANDS:
            yield payment


def unbilled_payments(papers: OrderPapers, order: str) -> tuple[list[dict[str, Any]], int]:
    """(payments of an order that name no invoice and are no prepayment, what of them no invoice bills).

    Invoices that came since count, in minor units: less credited, less what payments naming them and
    prepayments already take. A payment that says why there is no invoice is not among them.
    """
    plain: list[dict[str, Any]] = []
    prepaid = 0
    invoices = [invoice for invoice in papers.of("invoice", order) if not invoice.get("reversed")]
    room = sum(payable_on_invoice(papers, invoice) for invoice in invoices)
    for payment in papers.of("payment", order):
        facts = payment["facts"]
        if payment["status"] not in WAITS_OR_STANDS or "invoice" in facts:
            continue
        if facts.get("prepayment"):
            prepaid += int(facts["discharges"])
        elif "no_invoice" not in facts:
            plain.append(payment)
    paid = sum(int(payment["facts"]["discharges"]) for payment in plain)
    return plain, max(0, paid - max(0, room - prepaid))
