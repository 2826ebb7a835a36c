"""What is still to be paid on an order or an invoice: approved or billed, less credited, less paid and asked for.

Pure reading of documents; it moves nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.books import Books

WAITS_OR_STANDS = frozenset({"pending", "approved"})
"""States of a payment or refund that counts: it waits for a decision, or it was approved."""


def standing_notes(books: Books, campaign: str, order: str) -> Iterator[dict[str, Any]]:
    """The facts of an order's credit notes that were not reversed."""
    for _, note in books.documents.all("credit-note", campaign):
        if note["facts"]["order"] == order and note["reversed"] is None:
            yield note["facts"]


def credited_on_order(books: Books, campaign: str, order: str) -> int:
    """Order value, minor units, that credit notes say is not to be paid: what a refund paid back is payable again."""
    notes = {note["number"]: int(note["amount"]) for note in standing_notes(books, campaign, order)}
    for _, refund in books.documents.all("refund", campaign) if notes else ():
        facts = refund["facts"]
        if facts.get("credit_note") in notes and refund["status"] in WAITS_OR_STANDS:
            notes[facts["credit_note"]] -= int(facts.get("refunds", facts["amount"]))
    return sum(max(left, 0) for left in notes.values())


def credited_on_invoice(books: Books, campaign: str, invoice: dict[str, Any]) -> int:
    """Minor units by which standing credit notes lower an invoice."""
    number = invoice["facts"]["number"]
    notes = standing_notes(books, campaign, invoice["facts"]["order"])
    return sum(int(note["amount"]) for note in notes if note.get("invoice") == number)


def asked_on_invoice(books: Books, campaign: str, invoice: str, *, but: str = "") -> int:
    """Order value, minor units, that payments naming an invoice discharge or ask for, leaving out payment `but`."""
    return sum(
        int(payment["facts"]["discharges"])
        for number, payment in books.documents.all("payment", campaign)
        if payment["facts"].get("invoice") == invoice
        and payment["status"] in WAITS_OR_STANDS
        and number != but
    )


def payable_on_invoice(books: Books, campaign: str, invoice: dict[str, Any], *, but: str = "") -> int:
    """Minor units of an invoice that are neither credited nor paid nor asked for yet; never below 0."""
    billed = int(invoice["facts"]["amount"]) - credited_on_invoice(books, campaign, invoice)
    return max(0, billed - asked_on_invoice(books, campaign, invoice["facts"]["number"], but=but))


def payments_without_invoice(books: Books, campaign: str, order: str) -> Iterator[dict[str, Any]]:
    """Payments of an order that say why there is no invoice, pending and approved."""
    for _, payment in books.documents.all("payment", campaign):
        facts = payment["facts"]
        if facts["order"] == order and "no_invoice" in facts and payment["status"] in WAITS_OR_STANDS:
            yield payment


def unbilled_payments(books: Books, campaign: str, order: str) -> tuple[list[dict[str, Any]], int]:
    """(payments of an order that name no invoice and are no prepayment, what of them no invoice bills).

    Invoices that came since count, in minor units: less credited, less what payments naming them and
    prepayments already take. A payment that says why there is no invoice is not among them.
    """
    plain: list[dict[str, Any]] = []
    room = prepaid = 0
    for _, invoice in books.documents.all("invoice", campaign):
        if invoice["facts"]["order"] == order and not invoice.get("reversed"):
            room += payable_on_invoice(books, campaign, invoice)
    for _, payment in books.documents.all("payment", campaign):
        facts = payment["facts"]
        if facts["order"] != order or payment["status"] not in WAITS_OR_STANDS or "invoice" in facts:
            continue
        if facts.get("prepayment"):
            prepaid += int(facts["discharges"])
        elif "no_invoice" not in facts:
            plain.append(payment)
    paid = sum(int(payment["facts"]["discharges"]) for payment in plain)
    return plain, max(0, paid - max(0, room - prepaid))
