"""Credit notes: what a supplier says in writing that it owes on an order, or takes off an invoice.

The paper moves no money: it lowers what is payable, and a refund brings back what was paid already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Text
from ledger.core.likeness import likeness_of_number
from ledger.core.wording import Figure
from ledger.model.orders import (
    ClaimEndRow,
    Corrects,
    CreditNoteLineRow,
    CreditNoteRow,
    InvoiceRow,
    OrderRow,
    RefundRow,
)
from ledger.rules.books import Books
from ledger.rules.invoices import BilledLine, require_invoice
from ledger.rules.issued import alike, require_issued, supplier_of, times_reversed
from ledger.rules.matching import billed_lines, overbilled
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import order_value, require_order
from ledger.rules.payable import credited_on_invoice, require_no_claim_end, require_no_refund
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """`amount` is what the supplier credits, minor units of the order's currency, and why.

    `vat` of it is tax of the invoice that would have come back. `invoice` names the one that it lowers; `lines`, which
    pieces and amounts of it (they sum to `amount`, less `vat`); without them the invoice's lines are lowered in
    proportion to their amounts and no piece is taken off.
    `corrects`: the invoice, which billed too much, or the order's price or quantity too; left out, the invoice as
    far as that bills more than the order's price, and the order for the rest (docs/rules.md, 22).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    amount: Positive
    invoice: Number | None = None
    corrects: Corrects | None = None
    lines: Annotated[tuple[BilledLine, ...], Field(min_length=1, max_length=50)] | None = None
    vat: Positive | None = None
    reason: Text
    date: Date

    @property
    def net(self) -> int:
        """What it takes off what is billed of the order, minor units."""
        return self.amount - (self.vat or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffOrder:
    """What the ledger adds to a credit note: how much of it lowers what the order costs, minor units."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    off_order: Count


def require_credit_note(session: Session, campaign: str, number: str, supplier: str) -> CreditNoteRow:
    """The credit note of a supplier's number, a reversed one too where none stands; raises NotFound."""
    return require_issued(session, CreditNoteRow, "credit-note", campaign, number, supplier)


def _post(context: Context, facts: CreditNote) -> Posting[OffOrder]:
    books = context.books
    order = require_order(books.session, context.campaign, facts.order)
    if not order.is_bound:
        raise Refused.field(
            "order",
            "{order} is {stage}; name an order that was approved",
            order=facts.order,
            stage=order.stage,
        )
    papers = OrderPapers(books, context.campaign, order)
    invoice = _require_invoice(papers, facts, order)
    off_order = _off_order(papers, facts, order, invoice)
    left = order_value(books.session, order) - sum(note.off_order for note in papers.notes(order))
    if off_order > left:
        raise Refused.field(
            "amount",
            "{left} of {order} is not credited yet; no more",
            left=Figure(order.currency, left),
            order=facts.order,
        )
    return Posting(notes=OffOrder(off_order=off_order))


def _off_order(papers: OrderPapers, facts: CreditNote, order: OrderRow, invoice: InvoiceRow | None) -> int:
    """Minor units of a note that lower what the order costs."""
    if invoice is None or facts.corrects is Corrects.ORDER:
        return facts.net
    if facts.corrects is Corrects.INVOICE:
        return 0
    notes = [note for note in papers.notes(order) if note.invoice_entry == invoice.entry]
    corrected = sum(note.amount - note.off_order for note in notes)
    return max(0, facts.net - max(0, overbilled(papers, order, invoice) - corrected))


def _require_invoice(papers: OrderPapers, facts: CreditNote, order: OrderRow) -> InvoiceRow | None:
    """The invoice that a note lowers; Refused where the note takes off it what that does not bill."""
    if facts.invoice is None:
        if facts.lines is not None:
            raise Refused.field("lines", "belong to an invoice; name the invoice that they lower")
        if facts.vat is not None:
            raise Refused.field("vat", "belongs to an invoice; name the invoice whose tax it lowers")
        if facts.corrects is Corrects.INVOICE:
            raise Refused.field(
                "corrects", "says an invoice and none is named; name the invoice, or say order"
            )
        return None
    invoice = require_invoice(papers.books.session, papers.campaign, facts.invoice, order.supplier)
    if invoice.entry not in {bill.entry for bill in papers.invoices(order)}:
        raise Refused.field(
            "invoice", "is no standing invoice of {order}; name one, or none", order=facts.order
        )
    currency, left = (
        order.currency,
        papers.billed(order, invoice) - credited_on_invoice(papers, order, invoice),
    )
    if facts.net > left:
        raise Refused.field(
            "amount",
            "{left} of {invoice} is not credited yet; no more",
            left=Figure(currency, left),
            invoice=facts.invoice,
        )
    _require_vat(papers, facts, order, invoice)
    if facts.lines is None:
        return invoice
    if sum(line.amount for line in facts.lines) != facts.net:
        raise Refused.field("amount", "is not what the lines sum to; make them agree")
    billed = {item: (n, amount) for item, n, amount in billed_lines(papers, order, invoice)}
    if len({line.item for line in facts.lines}) != len(facts.lines):
        raise Refused.field("lines", "credit an item twice; add its pieces together")
    for index, line in enumerate(facts.lines):
        pieces, amount = billed.get(line.item, (0, 0))
        if line.pieces > pieces or line.amount > amount:
            raise Refused.field(
                f"lines.{index}",
                "credits more than {n} piece and {amount}, which {invoice} bills of item {item}",
                many="credits more than {n} pieces and {amount}, which {invoice} bills of item {item}",
                n=pieces,
                amount=Figure(currency, amount),
                invoice=facts.invoice,
                item=line.item,
            )
    return invoice


def _require_vat(papers: OrderPapers, facts: CreditNote, order: OrderRow, invoice: InvoiceRow) -> None:
    """Refused where a note is tax alone, or takes more tax off an invoice than comes back of it."""
    notes = [note for note in papers.notes(order) if note.invoice_entry == invoice.entry]
    left = invoice.vat_back - sum(note.vat for note in notes)
    if facts.vat is not None and (facts.vat > left or facts.vat >= facts.amount):
        raise Refused.field(
            "vat",
            "is a part of amount, and no more than the {left} of tax of {invoice} that comes back and is not credited",
            left=Figure(order.currency, left),
            invoice=invoice.number,
        )


def _fold(books: Books, entry: Entry[CreditNote, OffOrder]) -> None:
    facts, session = entry.facts, books.session
    order = require_order(session, entry.campaign, facts.order)
    invoice = (
        None
        if facts.invoice is None
        else require_invoice(session, entry.campaign, facts.invoice, order.supplier)
    )
    session.add(
        CreditNoteRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            supplier=order.supplier,
            likeness=likeness_of_number(facts.number),
            order_entry=order.entry,
            invoice_entry=None if invoice is None else invoice.entry,
            amount=facts.net,
            off_order=entry.notes.off_order,
            vat=facts.vat or 0,
            reason=facts.reason,
            date=entry.date,
        )
    )
    session.flush()
    for n, line in enumerate(facts.lines or ()):
        row = CreditNoteLineRow(
            note_entry=entry.seq,
            n=n,
            item=line.item,
            quantity=line.pieces,
            amount=line.amount,
            packs=None if line.packs is None else line.packs.count,
            pack_of=None if line.packs is None else line.packs.of,
        )
        session.add(row)


def _notes_reversed(books: Books, campaign: str, facts: CreditNote) -> int:
    supplier = supplier_of(books, campaign, facts.order)
    return times_reversed(books.session, CreditNoteRow, campaign, facts.number, supplier)


def _unfold(books: Books, entry: Entry[CreditNote, OffOrder], seq: int) -> None:
    books.session.get_one(CreditNoteRow, entry.seq).reversed_by = seq


def _require_nothing_rests(context: Context, entry: Entry[CreditNote, OffOrder]) -> None:
    require_no_refund(context.books.session, col(RefundRow.credit_note_entry) == entry.seq)
    require_no_claim_end(context.books.session, col(ClaimEndRow.document) == entry.seq)


CREDIT_NOTE = Kind(
    name="credit-note",
    noun="credit-note",
    verb="add",
    facts=CreditNote,
    notes=OffOrder,
    doc="Record a supplier's credit note on an order; the money comes with `refund add`.",
    roles=RECORDERS,
    key=numbered("credit-note"),
    issuer=lambda books, campaign, facts: supplier_of(books, campaign, facts.order),
    times_reversed=_notes_reversed,
    doubts=lambda books, entry: alike(books.session, CreditNoteRow, entry.seq),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_nothing_rests),
)
KINDS = (CREDIT_NOTE,)
