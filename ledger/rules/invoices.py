"""An exception of the three-way match accepted by an approver with a reason, and what a payment may rest on.

It never changes an invoice; what is accepted is what did not agree on that day, and nothing that comes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Number, Text
from ledger.core.money import decimal_text
from ledger.rules.approvals import seq_of_pending
from ledger.rules.books import Books
from ledger.rules.matching import QUANTITY, invoice_matches, reasons_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.payable import payable_on_invoice
from ledger.rules.spec import APPROVERS, Context, Kind, Undoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Why an invoice is paid although order, receipts and invoice do not agree (public: no names of people)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    reason: Text
    date: Date


def _post(context: Context, facts: Acceptance) -> Posting:
    reasons = reasons_of(invoice_matches(context.books, context.campaign, facts.number))
    if not reasons:
        raise Conflict(f"number: {facts.number} has no exception to accept")
    earlier = context.books.documents.require("invoice", context.campaign, facts.number).get("accepted")
    told = [*(earlier["reasons"] if earlier else ()), *(reason.value for reason in reasons)]
    return Posting((), (), {"reasons": list(dict.fromkeys(told))})


def _fold(books: Books, entry: Entry) -> None:
    number = str(entry.facts["number"])
    invoice = books.documents.require("invoice", entry.campaign, number)
    invoice["accepted"] = {
        "seq": entry.seq,
        "role": entry.role,
        "reason": entry.facts["reason"],
        "reasons": list(entry.notes["reasons"]),
    }
    books.documents.save("invoice", entry.campaign, number, invoice)


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """A reversed acceptance leaves its invoice an open exception."""
    del seq
    number = str(entry.facts["number"])
    invoice = books.documents.require("invoice", entry.campaign, number)
    invoice.pop("accepted", None)
    books.documents.save("invoice", entry.campaign, number, invoice)


def require_matched(context: Context, facts: dict[str, Any]) -> None:
    """Refused where a payment names an invoice that does not match and that nobody accepted.

    A payment named a prepayment may run ahead of the goods, never of the price. What is asked for on an
    invoice stays within its amount. `facts` are a payment's.
    """
    number, order = facts.get("invoice"), facts["order"]
    if number is None:
        return
    books, campaign = context.books, context.campaign
    invoice = books.documents.require("invoice", campaign, number)
    if invoice.get("reversed"):
        raise Conflict(f"invoice: {number} was reversed; name another")
    if invoice["facts"]["order"] != order:
        raise Refused.field("invoice", f"{number} is for {invoice['facts']['order']}; name one for {order}")
    left = payable_on_invoice(OrderPapers(books, campaign), invoice, but=facts["number"])
    if facts["discharges"] > left:
        currency = books.documents.require("purchase", campaign, order)["facts"]["currency"]
        raise Refused.field(
            "discharges",
            f"{decimal_text(currency, left)} {currency} of invoice {number} is not yet paid, asked for or credited",
        )
    reasons = reasons_of(invoice_matches(books, campaign, number))
    if facts.get("prepayment"):
        reasons = tuple(reason for reason in reasons if reason not in QUANTITY)
    if reasons:
        raise Refused.field(
            "invoice",
            f"{number} does not match: {'; '.join(reasons)}; an approver can accept it with a reason "
            "(`invoice accept`), and a payment before the goods says prepayment=true",
        )


ACCEPTANCE = Kind(
    name="invoice.accepted",
    noun="invoice",
    verb="accept",
    facts=Acceptance,
    doc="Accept that an invoice does not match its order and receipts, with the reason; its recorder may not.",
    roles=APPROVERS,
    key=lambda campaign, facts: f"acceptance:{campaign}:{facts.number}:{facts.date}",
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
    approves=seq_of_pending("invoice"),
)
KINDS = (ACCEPTANCE,)
