"""Supplier invoices, the exceptions of the three-way match that an approver accepts, and what a payment may rest on.

An acceptance never changes an invoice; what is accepted is what did not agree on that day, and nothing that comes
later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Text, derive
from ledger.core.likeness import likeness_of_number
from ledger.core.wording import Figure
from ledger.model.orders import (
    AcceptanceRow,
    AcceptedMismatchRow,
    CreditNoteRow,
    InvoiceLineRow,
    InvoiceRow,
    Mismatch,
    OrderRow,
)
from ledger.rules.bank_terms import takes_vat
from ledger.rules.books import Books
from ledger.rules.issued import alike, find_issued, require_issued, supplier_of, times_reversed
from ledger.rules.matching import QUANTITY, SAYS, invoice_matches, reasons_of
from ledger.rules.order_papers import OrderPapers, orders_of
from ledger.rules.orders import item_of, require_not_closed, require_order
from ledger.rules.packs import Packs, in_pieces
from ledger.rules.payable import payable_by
from ledger.rules.rests_on import entries_of
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Kind, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """What an invoice bills of one item of the order: `quantity` in pieces, or `packs` of so many."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    item: Number
    quantity: Count | None = None
    packs: Packs | None = None
    amount: Count

    def __post_init__(self) -> None:
        derive(self, "quantity", self.pieces)

    @property
    def pieces(self) -> int:
        return in_pieces(self.quantity, self.packs)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine(BilledLine):
    """`order` names an amendment of the invoice's order, where the item is one of that."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    order: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A supplier's invoice for an order: what is billed, quantity and amount in the order's currency.

    `lines` bill items apart, those of amendments too, and sum to both; without them the order's items are billed in
    proportion. `due`: the day until which it asks to be paid. `vat`: how much of `amount` is value added tax. It is a
    cost, and so within the order's value; where it comes back `vat_to` names the place where it lies until then (`bank
    terms` with account=vat), and order and `lines` are without it (docs/rules.md, 22).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    quantity: Count
    amount: Positive
    lines: Annotated[tuple[InvoiceLine, ...], Field(min_length=1, max_length=50)] | None = None
    due: Date | None = None
    vat: Positive | None = None
    vat_to: Name | None = None
    date: Date

    @property
    def net(self) -> int:
        """What it bills of its orders, minor units: all but tax that comes back."""
        return self.amount - (0 if self.vat_to is None else self.vat or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Why an invoice is paid although order, receipts and invoice do not agree (public: no names of people).

    `supplier` says whose it is, where several have one of that number.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    supplier: Name | None = None
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatched:
    """What did not agree on the day of an acceptance."""

    reasons: tuple[Mismatch, ...]


def find_invoice(
    session: Session, campaign: str, number: str, supplier: str | None = None
) -> InvoiceRow | None:
    return find_issued(session, InvoiceRow, "invoice", campaign, number, supplier)


def require_invoice(session: Session, campaign: str, number: str, supplier: str | None = None) -> InvoiceRow:
    """The invoice of a number, a reversed one too where none stands; raises NotFound, Refused where several do."""
    return require_issued(session, InvoiceRow, "invoice", campaign, number, supplier)


# invoices


def _post(context: Context, facts: Invoice) -> Posting[None]:
    session = context.books.session
    order = require_order(session, context.campaign, facts.order)
    if not order.is_open:
        raise Refused.field(
            "order",
            "{order} is {stage}; invoices go with approved orders",
            order=facts.order,
            stage=order.stage,
        )
    if facts.due is not None and facts.due < facts.date:
        raise Refused.field("due", "lies before the day of the invoice; write both as the paper says them")
    _require_vat(context, facts)
    if facts.lines is not None:
        for index, line in enumerate(facts.lines):
            item_of(session, _billed_order(context, order, line, f"lines.{index}.order"), line.item)
        if len({(line.order or facts.order, line.item) for line in facts.lines}) != len(facts.lines):
            raise Refused.field("lines", "bill an item twice; add its pieces together")
        sums = (
            ("quantity", facts.quantity, sum(line.pieces for line in facts.lines)),
            ("amount", facts.net, sum(line.amount for line in facts.lines)),
        )
        for name, whole, lines in sums:
            if lines != whole:
                raise Refused.field(
                    name, "is {whole} and the lines sum to {lines}; make them agree", whole=whole, lines=lines
                )
    return Posting()


def _require_vat(context: Context, facts: Invoice) -> None:
    """Refused where tax is more than the invoice, or is to come back to where no tax lies."""
    if facts.vat is not None and facts.vat >= facts.amount:
        raise Refused.field(
            "vat", "is a part of amount, which is what the invoice asks for, tax and all; make it less"
        )
    if facts.vat_to is None:
        return
    if facts.vat is None:
        raise Refused.field("vat", "is missing; say how much of the amount comes back, or leave vat_to out")
    if not takes_vat(context.books.session, context.campaign, facts.vat_to):
        raise Refused.field(
            "vat_to",
            "{bank} is no place of tax that comes back; an admin says which one is (`bank terms` with account=vat)",
            bank=facts.vat_to,
        )


def _billed_order(context: Context, order: OrderRow, line: InvoiceLine, field: str) -> OrderRow:
    """The order of a line: the invoice's own, or an approved amendment of it; raises NotFound or Refused."""
    if line.order is None or line.order == order.number:
        return order
    billed = require_order(context.books.session, context.campaign, line.order)
    amended = billed
    while amended.entry != order.entry and amended.amends is not None:
        amended = context.books.session.get_one(OrderRow, amended.amends)
    if amended.entry != order.entry or not billed.is_open or billed.currency != order.currency:
        raise Refused.field(
            field,
            "{order} is no approved amendment of {ordered} in {currency}; name one",
            order=line.order,
            ordered=order.number,
            currency=order.currency,
        )
    return billed


def _fold(books: Books, entry: Entry[Invoice, None]) -> None:
    facts, session = entry.facts, books.session
    order = require_order(session, entry.campaign, facts.order)
    session.add(
        InvoiceRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            supplier=order.supplier,
            likeness=likeness_of_number(facts.number),
            order_entry=order.entry,
            quantity=facts.quantity,
            amount=facts.net,
            due=facts.due,
            vat=facts.vat or 0,
            vat_to=facts.vat_to,
            date=entry.date,
        )
    )
    session.flush()
    for n, line in enumerate(facts.lines or ()):
        billed = order if line.order is None else require_order(session, entry.campaign, line.order)
        row = InvoiceLineRow(
            invoice_entry=entry.seq,
            n=n,
            order_entry=billed.entry,
            item=line.item,
            quantity=line.pieces,
            amount=line.amount,
            packs=None if line.packs is None else line.packs.count,
            pack_of=None if line.packs is None else line.packs.of,
        )
        session.add(row)


def _invoices_reversed(books: Books, campaign: str, facts: Invoice) -> int:
    supplier = supplier_of(books, campaign, facts.order)
    return times_reversed(books.session, InvoiceRow, campaign, facts.number, supplier)


def _unfold(books: Books, entry: Entry[Invoice, None], seq: int) -> None:
    books.session.get_one(InvoiceRow, entry.seq).reversed_by = seq


def _require_nothing_rests(context: Context, entry: Entry[Invoice, None]) -> None:
    """Conflict where a credit note lowers the invoice, or its order is closed."""
    lowering = (CreditNoteRow.invoice_entry == entry.seq, col(CreditNoteRow.reversed_by).is_(None))
    notes = select(CreditNoteRow.number).where(*lowering).order_by(col(CreditNoteRow.number))
    note = context.books.session.exec(notes).first()
    if note is not None:
        raise Conflict.field("entry", "credit note {note} lowers it; reverse that first", note=note)
    for order in (entry.facts.order, *_amendments(entry.facts)):
        require_not_closed(context, order)


def _amendments(facts: Invoice) -> Iterator[str]:
    """The numbers of the amendments that an invoice bills beside its order."""
    yield from dict.fromkeys(line.order for line in facts.lines or () if line.order is not None)


# exceptions that an approver accepts


def _newest(session: Session, invoice: InvoiceRow) -> AcceptanceRow | None:
    accepted = select(AcceptanceRow).where(AcceptanceRow.invoice_entry == invoice.entry)
    return session.exec(accepted.order_by(col(AcceptanceRow.n).desc())).first()


def _accepted_before(books: Books, campaign: str, facts: Acceptance) -> int:
    """How many acceptances of the invoice, and of those of its number that were reversed, came before this one.

    The newest is told again where it still settles all.
    """
    session, invoice = books.session, find_invoice(books.session, campaign, facts.number, facts.supplier)
    if invoice is None:
        return 0
    before = (
        select(func.count())
        .select_from(AcceptanceRow)
        .join(InvoiceRow, col(InvoiceRow.entry) == AcceptanceRow.invoice_entry)
        .where(
            InvoiceRow.campaign == campaign,
            InvoiceRow.number == facts.number,
            InvoiceRow.supplier == invoice.supplier,
        )
    )
    count, newest = session.exec(before).one(), _newest(session, invoice)
    if newest is None:
        return count
    stands = newest.reversed_by is None and (newest.reason, newest.date) == (facts.reason, facts.date)
    again = stands and not reasons_of(invoice_matches(books, invoice))
    return count - 1 if again else count


def _issuer_of(books: Books, campaign: str, facts: Acceptance) -> str | None:
    invoice = find_invoice(books.session, campaign, facts.number, facts.supplier)
    return None if invoice is None else invoice.supplier


def _post_acceptance(context: Context, facts: Acceptance) -> Posting[Mismatched]:
    books = context.books
    reasons = reasons_of(
        invoice_matches(books, require_invoice(books.session, context.campaign, facts.number, facts.supplier))
    )
    if not reasons:
        raise Conflict.field("number", "{number} has no exception to accept", number=facts.number)
    return Posting(notes=Mismatched(reasons=reasons))


def _fold_acceptance(books: Books, entry: Entry[Acceptance, Mismatched]) -> None:
    session, facts = books.session, entry.facts
    invoice = require_invoice(session, entry.campaign, facts.number, facts.supplier)
    counted = select(func.count()).where(AcceptanceRow.invoice_entry == invoice.entry)
    session.add(
        AcceptanceRow(
            entry=entry.seq,
            invoice_entry=invoice.entry,
            n=session.exec(counted).one() + 1,
            reason=facts.reason,
            date=facts.date,
        )
    )
    session.flush()
    for mismatch in entry.notes.reasons:
        session.add(AcceptedMismatchRow(acceptance_entry=entry.seq, mismatch=mismatch))


def _unfold_acceptance(books: Books, entry: Entry[Acceptance, Mismatched], seq: int) -> None:
    """What a reversed acceptance alone covered is an open exception again."""
    books.session.get_one(AcceptanceRow, entry.seq).reversed_by = seq


def _recorded_as(books: Books, campaign: str, facts: Acceptance) -> int | None:
    """The entry of the invoice; who recorded it does not accept its exception."""
    invoice = find_invoice(books.session, campaign, facts.number, facts.supplier)
    return None if invoice is None else invoice.entry


# payments


def require_matched(
    books: Books, order: OrderRow, invoice: InvoiceRow, discharges: int, *, prepayment: bool, own: int = 0
) -> None:
    """Refused where a payment of an order names an invoice that does not match and that nobody accepted.

    A payment named a prepayment may run ahead of the goods, never of the price. What is asked for on an
    invoice stays within its amount; `own` of it the payment holds already.
    """
    number, currency = invoice.number, order.currency
    if invoice.reversed_by is not None:
        raise Conflict.field("invoice", "{number} was reversed; name another", number=number)
    papers = OrderPapers(books, order.campaign, order)
    if invoice.entry not in {bill.entry for bill in papers.invoices(order)}:
        raise Refused.field(
            "invoice",
            "{number} is for {orders}; name one for {order}",
            number=number,
            orders=[row.number for row in orders_of(books.session, invoice)],
            order=order.number,
        )
    left = payable_by(papers, order, invoice, own=own)
    if discharges > left:
        raise Refused.field(
            "discharges",
            "{left} of invoice {number} is not yet paid, asked for or credited",
            left=Figure(currency, left),
            number=number,
        )
    reasons = reasons_of(invoice_matches(books, invoice))
    if prepayment:
        reasons = tuple(reason for reason in reasons if reason not in QUANTITY)
    if reasons:
        raise Refused.field(
            "invoice",
            "{number} does not match ({reasons}); an approver can accept it with a reason (`invoice accept`), and a "
            "payment before the goods says prepayment=true",
            number=number,
            reasons=[SAYS[reason] for reason in reasons],
        )


INVOICE = Kind(
    name="invoice",
    noun="invoice",
    verb="add",
    facts=Invoice,
    doc="Record a supplier's invoice for an approved order.",
    roles=RECORDERS,
    key=numbered("invoice"),
    rests_on=lambda context, facts: (
        entry
        for order in _amendments(facts)
        for entry in entries_of(require_order(context.books.session, context.campaign, order))
    ),
    issuer=lambda books, campaign, facts: supplier_of(books, campaign, facts.order),
    times_reversed=_invoices_reversed,
    doubts=lambda books, entry: alike(books.session, InvoiceRow, entry.seq),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_nothing_rests),
)
ACCEPTANCE = Kind(
    name="invoice.accepted",
    noun="invoice",
    verb="accept",
    facts=Acceptance,
    notes=Mismatched,
    doc="Accept that an invoice does not match its order and receipts, with the reason; its recorder may not.",
    roles=APPROVERS,
    key=numbered("acceptance"),
    issuer=_issuer_of,
    times_reversed=_accepted_before,
    post=_post_acceptance,
    fold=_fold_acceptance,
    undoing=Undoing(_unfold_acceptance),
    approves=_recorded_as,
)
KINDS = (INVOICE, ACCEPTANCE)
