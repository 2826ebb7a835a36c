"""Credit notes: what a supplier says in writing that it owes on an order, or takes off an invoice.

The paper moves no money: it lowers what is payable, and a refund brings back what was paid already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Number, Positive, Text
from ledger.core.money import decimal_text
from ledger.rules.books import Books
from ledger.rules.matching import billed_lines
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import BOUND, BilledLine, order_value
from ledger.rules.payable import credited_on_invoice, standing_notes
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as
from ledger.rules.supplier_refunds import require_no_refund


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """`amount` is what the supplier credits, minor units of the order's currency, and why.

    `invoice` names the one that it lowers; `lines`, which pieces and amounts of it (they sum to `amount`);
    without them the invoice's lines are lowered in proportion to their amounts and no piece is taken off.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    amount: Positive
    invoice: Number | None = None
    lines: Annotated[tuple[BilledLine, ...], Field(min_length=1, max_length=50)] | None = None
    reason: Text
    date: Date


def _post(context: Context, facts: CreditNote) -> Posting:
    order = context.books.documents.require("purchase", context.campaign, facts.order)
    if order["status"] not in BOUND:
        raise Refused.field("order", f"{facts.order} is {order['status']}; name an order that was approved")
    papers = OrderPapers(context.books, context.campaign)
    credited = sum(int(note["amount"]) for note in standing_notes(papers, facts.order))
    left, currency = order_value(order) - credited, order["facts"]["currency"]
    if facts.amount > left:
        raise Refused.field(
            "amount",
            f"{decimal_text(currency, left)} {currency} of {facts.order} is not credited yet; no more",
        )
    _require_invoice(papers, facts, order)
    return Posting()


def _require_invoice(papers: OrderPapers, facts: CreditNote, order: dict[str, Any]) -> None:
    """Refused where a note takes off an invoice what that does not bill."""
    if facts.invoice is None:
        if facts.lines is not None:
            raise Refused.field("lines", "belong to an invoice; name the invoice that they lower")
        return
    currency = order["facts"]["currency"]
    invoice = papers.books.documents.require("invoice", papers.campaign, facts.invoice)
    if invoice["facts"]["order"] != facts.order or invoice.get("reversed"):
        raise Refused.field("invoice", f"is no standing invoice of {facts.order}; name one, or none")
    left = int(invoice["facts"]["amount"]) - credited_on_invoice(papers, invoice)
    if facts.amount > left:
        raise Refused.field(
            "amount",
            f"{decimal_text(currency, left)} {currency} of {facts.invoice} is not credited yet; no more",
        )
    if facts.lines is None:
        return
    if sum(line.amount for line in facts.lines) != facts.amount:
        raise Refused.field("amount", "is not what the lines sum to; make them agree")
    billed = {item: (n, amount) for item, n, amount in billed_lines(papers, invoice, order)}
    if len({line.item for line in facts.lines}) != len(facts.lines):
        raise Refused.field("lines", "credit an item twice; add its pieces together")
    for index, line in enumerate(facts.lines):
        pieces, amount = billed.get(line.item, (0, 0))
        if line.quantity > pieces or line.amount > amount:
            raise Refused.field(
                f"lines.{index}",
                f"credits more than {pieces} pieces and {decimal_text(currency, amount)} {currency}, which "
                f"{facts.invoice} bills of item {line.item}",
            )


def _fold(books: Books, entry: Entry) -> None:
    document = document_of(entry, reversed=None)
    books.documents.save("credit-note", entry.campaign, str(entry.facts["number"]), document)


def _require_no_refund(context: Context, entry: Entry) -> None:
    require_no_refund(context, lambda refund: refund.get("credit_note") == entry.facts["number"])


CREDIT_NOTE = Kind(
    name="credit-note",
    noun="credit-note",
    verb="add",
    facts=CreditNote,
    doc="Record a supplier's credit note on an order; the money comes with `refund add`.",
    roles=RECORDERS,
    key=numbered("credit-note"),
    post=_post,
    fold=_fold,
    undoing=Undoing(reversed_as("credit-note"), require=_require_no_refund),
)
KINDS = (CREDIT_NOTE,)
