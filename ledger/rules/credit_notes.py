"""Credit notes: what a supplier says in writing that it owes on an order, or takes off an invoice.

The paper moves no money: it lowers what is payable, and a refund brings back what was paid already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import NotFound, Refused
from ledger.core.facts import STRICT, Date, Number, Positive, Text
from ledger.core.money import decimal_text
from ledger.model.orders import CreditNoteLineRow, CreditNoteRow, OrderRow, RefundRow
from ledger.rules.books import Books
from ledger.rules.invoices import BilledLine, require_invoice
from ledger.rules.matching import billed_lines
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import order_value, require_order
from ledger.rules.payable import credited_on_invoice, require_no_refund
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered


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


def find_credit_note(session: Session, campaign: str, number: str) -> CreditNoteRow | None:
    numbered = (CreditNoteRow.campaign == campaign, CreditNoteRow.number == number)
    return session.exec(select(CreditNoteRow).where(*numbered)).first()


def require_credit_note(session: Session, campaign: str, number: str) -> CreditNoteRow:
    """The credit note of a number, a reversed one too; raises NotFound."""
    note = find_credit_note(session, campaign, number)
    if note is None:
        raise NotFound(f"credit-note: there is no credit-note {number} in campaign {campaign}")
    return note


def _post(context: Context, facts: CreditNote) -> Posting[None]:
    books = context.books
    order = require_order(books.session, context.campaign, facts.order)
    if not order.is_bound:
        raise Refused.field("order", f"{facts.order} is {order.stage}; name an order that was approved")
    papers = OrderPapers(books, context.campaign, order)
    left = order_value(books.session, order) - sum(note.amount for note in papers.notes(order))
    if facts.amount > left:
        raise Refused.field(
            "amount",
            f"{decimal_text(order.currency, left)} {order.currency} of {facts.order} is not credited yet; no more",
        )
    _require_invoice(papers, facts, order)
    return Posting()


def _require_invoice(papers: OrderPapers, facts: CreditNote, order: OrderRow) -> None:
    """Refused where a note takes off an invoice what that does not bill."""
    if facts.invoice is None:
        if facts.lines is not None:
            raise Refused.field("lines", "belong to an invoice; name the invoice that they lower")
        return
    invoice = require_invoice(papers.books.session, papers.campaign, facts.invoice)
    if invoice.order_entry != order.entry or invoice.reversed_by is not None:
        raise Refused.field("invoice", f"is no standing invoice of {facts.order}; name one, or none")
    currency, left = order.currency, invoice.amount - credited_on_invoice(papers, order, invoice)
    if facts.amount > left:
        raise Refused.field(
            "amount",
            f"{decimal_text(currency, left)} {currency} of {facts.invoice} is not credited yet; no more",
        )
    if facts.lines is None:
        return
    if sum(line.amount for line in facts.lines) != facts.amount:
        raise Refused.field("amount", "is not what the lines sum to; make them agree")
    billed = {item: (n, amount) for item, n, amount in billed_lines(papers, order, invoice)}
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


def _fold(books: Books, entry: Entry[CreditNote, None]) -> None:
    facts, session = entry.facts, books.session
    invoice = None if facts.invoice is None else require_invoice(session, entry.campaign, facts.invoice)
    session.add(
        CreditNoteRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            order_entry=require_order(session, entry.campaign, facts.order).entry,
            invoice_entry=None if invoice is None else invoice.entry,
            amount=facts.amount,
            reason=facts.reason,
            date=entry.date,
        )
    )
    session.flush()
    for n, line in enumerate(facts.lines or ()):
        row = CreditNoteLineRow(
            note_entry=entry.seq, n=n, item=line.item, quantity=line.quantity, amount=line.amount
        )
        session.add(row)


def _unfold(books: Books, entry: Entry[CreditNote, None], seq: int) -> None:
    books.session.get_one(CreditNoteRow, entry.seq).reversed_by = seq


def _require_no_refund(context: Context, entry: Entry[CreditNote, None]) -> None:
    require_no_refund(context.books.session, col(RefundRow.credit_note_entry) == entry.seq)


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
    undoing=Undoing(_unfold, require=_require_no_refund),
)
KINDS = (CREDIT_NOTE,)
