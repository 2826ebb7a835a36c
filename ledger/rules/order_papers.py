"""The papers of orders, each kind read once and found by its order: items, invoices, what was accepted, credit notes.

Between the tables and the questions about them (`payable`, `matching`): of one order for a rule, of all orders of a
campaign for a list. For reading only, and only for one answer: what changes afterwards is not seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.model.columns import OF_CAMPAIGN
from ledger.model.orders import (
    AcceptanceRow,
    AcceptedMismatchRow,
    CreditNoteLineRow,
    CreditNoteRow,
    InvoiceLineRow,
    InvoiceRow,
    Mismatch,
    OrderItemRow,
    OrderRow,
    RefundRow,
)
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.books import Books
from ledger.rules.receipts import ItemReceived, bought_by_item, received_by_item


@dataclass(frozen=True, slots=True)
class Accepted:
    """What approvers let stand of an invoice, and the newest reason that they gave."""

    mismatches: frozenset[Mismatch]
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Order value that payments discharge or ask for, minor units: named prepayments, and the others.

    `first`: the earliest day of those others, none where there is none. `vat`: tax that they pay beside, and that
    comes back.
    """

    prepaid: int = 0
    other: int = 0
    first: str | None = None
    vat: int = 0

    @property
    def whole(self) -> int:
        return self.prepaid + self.other

    def plus(self, units: int, first: str, *, prepaid: bool) -> Asked:
        if prepaid:
            return replace(self, prepaid=self.prepaid + units)
        earliest = first if self.first is None else min(self.first, first)
        return replace(self, other=self.other + units, first=earliest)


_NOTHING = Asked()
_SOME = 500
"""Invoices are asked for so many at a time."""
R = TypeVar("R")


_BILLED_BY = select(InvoiceLineRow.order_entry).where(
    col(InvoiceLineRow.invoice_entry) == bindparam("of_invoice", type_=BigInteger)
)


def orders_of(session: Session, invoice: InvoiceRow) -> list[OrderRow]:
    """The orders that an invoice bills, its own one first."""
    amendments = session.exec(_BILLED_BY, params={"of_invoice": invoice.entry})
    entries = dict.fromkeys((invoice.order_entry, *sorted(amendments)))
    return [session.get_one(OrderRow, entry) for entry in entries]


_SCOPES = {
    "campaign": col(OrderRow.campaign) == OF_CAMPAIGN,
    "order": col(OrderRow.entry) == bindparam("of_order", type_=BigInteger),
}
_BOUND = {
    scope: select(OrderRow)
    .where(wanted, col(OrderRow.status) == ProposalStatus.APPROVED)
    .order_by(col(OrderRow.number))
    for scope, wanted in _SCOPES.items()
}
_ASKED = {
    scope: select_columns(
        col(PaymentRow.order_entry),
        col(PaymentRow.invoice_entry),
        col(PaymentRow.prepayment),
        func.sum(PaymentRow.discharges),
        func.min(PaymentRow.date),
        func.sum(PaymentRow.vat),
    )
    .join(OrderRow, col(OrderRow.entry) == PaymentRow.order_entry)
    .where(wanted, col(PaymentRow.status).in_(COUNTS))
    .group_by(col(PaymentRow.order_entry), col(PaymentRow.invoice_entry), col(PaymentRow.prepayment))
    for scope, wanted in _SCOPES.items()
}
_WITHOUT_INVOICE = {
    scope: select(
        PaymentRow.order_entry,
        PaymentRow.prepayment,
        func.sum(PaymentRow.discharges),
        func.min(PaymentRow.date),
    )
    .join(OrderRow, col(OrderRow.entry) == PaymentRow.order_entry)
    .where(
        wanted,
        col(PaymentRow.status).in_(COUNTS),
        col(PaymentRow.invoice_entry).is_(None),
        col(PaymentRow.no_invoice).is_(None),
    )
    .group_by(col(PaymentRow.order_entry), col(PaymentRow.prepayment))
    for scope, wanted in _SCOPES.items()
}
_EXPLAINED = {
    scope: select(PaymentRow)
    .join(OrderRow, col(OrderRow.entry) == PaymentRow.order_entry)
    .where(wanted, col(PaymentRow.status).in_(COUNTS), col(PaymentRow.no_invoice).is_not(None))
    .order_by(col(PaymentRow.number))
    for scope, wanted in _SCOPES.items()
}
_REFUNDED = {
    scope: select(RefundRow.credit_note_entry, func.sum(RefundRow.makes_good))
    .join(OrderRow, col(OrderRow.entry) == RefundRow.order_entry)
    .where(wanted, col(RefundRow.status).in_(COUNTS), col(RefundRow.credit_note_entry).is_not(None))
    .group_by(col(RefundRow.credit_note_entry))
    for scope, wanted in _SCOPES.items()
}
_ITEMS = {
    scope: select(OrderItemRow)
    .join(OrderRow, col(OrderRow.entry) == OrderItemRow.order_entry)
    .where(wanted)
    .order_by(col(OrderItemRow.order_entry), col(OrderItemRow.n))
    for scope, wanted in _SCOPES.items()
}
_OWN_INVOICES = {
    scope: select(OrderRow.entry, InvoiceRow)
    .join(InvoiceRow, col(InvoiceRow.order_entry) == OrderRow.entry)
    .where(wanted, col(InvoiceRow.reversed_by).is_(None))
    for scope, wanted in _SCOPES.items()
}
_INVOICES_OF_AMENDMENTS = {
    scope: select(OrderRow.entry, InvoiceRow)
    .join(InvoiceLineRow, col(InvoiceLineRow.order_entry) == OrderRow.entry)
    .join(InvoiceRow, col(InvoiceRow.entry) == InvoiceLineRow.invoice_entry)
    .where(wanted, col(InvoiceRow.reversed_by).is_(None), InvoiceRow.order_entry != OrderRow.entry)
    .distinct()
    for scope, wanted in _SCOPES.items()
}
_NOTES = {
    scope: select(CreditNoteRow)
    .join(OrderRow, col(OrderRow.entry) == CreditNoteRow.order_entry)
    .where(wanted, col(CreditNoteRow.reversed_by).is_(None))
    .order_by(col(CreditNoteRow.number))
    for scope, wanted in _SCOPES.items()
}
_NOTE_LINES = {
    scope: select(CreditNoteLineRow)
    .join(CreditNoteRow, col(CreditNoteRow.entry) == CreditNoteLineRow.note_entry)
    .join(OrderRow, col(OrderRow.entry) == CreditNoteRow.order_entry)
    .where(wanted)
    .order_by(col(CreditNoteLineRow.note_entry), col(CreditNoteLineRow.n))
    for scope, wanted in _SCOPES.items()
}
_invoices = bindparam("of_invoices", expanding=True, type_=BigInteger)
_LINES = (
    select(InvoiceLineRow)
    .where(col(InvoiceLineRow.invoice_entry).in_(_invoices))
    .order_by(col(InvoiceLineRow.invoice_entry), col(InvoiceLineRow.n))
)
_ACCEPTANCES = (
    select(AcceptanceRow)
    .where(col(AcceptanceRow.invoice_entry).in_(_invoices), col(AcceptanceRow.reversed_by).is_(None))
    .order_by(col(AcceptanceRow.invoice_entry), col(AcceptanceRow.n))
)


class OrderPapers:
    """The papers of all orders of a campaign, or of `order` alone."""

    def __init__(self, books: Books, campaign: str, order: OrderRow | None = None) -> None:
        self.books = books
        self.campaign = campaign
        self._scope = "campaign" if order is None else "order"
        self._key = {"of_campaign": campaign} if order is None else {"of_order": order.entry}

    @cached_property
    def bound(self) -> Sequence[OrderRow]:
        """The orders that were approved, closed ones too, by number."""
        return self.books.session.exec(_BOUND[self._scope], params=self._key).all()

    def items(self, order: OrderRow) -> Sequence[OrderItemRow]:
        """As the order lists them."""
        return self.items_by_order.get(order.entry, ())

    @cached_property
    def received(self) -> Mapping[tuple[str, str], ItemReceived]:
        """What standing receipts say of each order and item of the campaign."""
        return received_by_item(self.books.session, self.campaign)

    @cached_property
    def bought(self) -> Mapping[tuple[str, str], int]:
        """Pieces of surplus that each order and item of the campaign bought."""
        return bought_by_item(self.books.session, self.campaign)

    def invoices(self, order: OrderRow) -> Sequence[InvoiceRow]:
        """Those that bill something of it and stand, first recorded first."""
        return self._invoices.get(order.entry, ())

    def lines(self, order: OrderRow, invoice: InvoiceRow) -> Sequence[InvoiceLineRow]:
        """What an invoice bills of an order, item by item; of its own one nothing where it has no lines."""
        return [line for line in self._lines.get(invoice.entry, ()) if line.order_entry == order.entry]

    def billed(self, order: OrderRow, invoice: InvoiceRow) -> int:
        """Minor units that an invoice bills of an order."""
        if not self._lines.get(invoice.entry):
            return invoice.amount if invoice.order_entry == order.entry else 0
        return sum(line.amount for line in self.lines(order, invoice))

    def accepted(self, invoice: InvoiceRow) -> Accepted | None:
        """What was accepted of an invoice and stands."""
        return self._accepted.get(invoice.entry)

    def notes(self, order: OrderRow) -> Sequence[CreditNoteRow]:
        """The order's credit notes that stand, by number."""
        return self._notes.get(order.entry, ())

    def note_lines(self, note: CreditNoteRow) -> Sequence[CreditNoteLineRow]:
        return self._note_lines.get(note.entry, ())

    def asked(self, order: OrderRow, invoice: InvoiceRow) -> Asked:
        """What payments of an order that name an invoice discharge or ask for."""
        return self._asked.get((order.entry, invoice.entry), _NOTHING)

    def without_invoice(self, order: OrderRow) -> Asked:
        """What payments of an order that name no invoice, and do not say why, discharge or ask for.

        What was paid before an opening brought the order in is prepaid.
        """
        asked = self._without_invoice.get(order.entry, _NOTHING)
        before = sum(item.paid_before for item in self.items(order))
        return asked.plus(before, order.date, prepaid=True) if before else asked

    def explained(self, order: OrderRow) -> Sequence[PaymentRow]:
        """Payments of an order that say why there is no invoice, pending and approved, by number."""
        return self._explained.get(order.entry, ())

    def refunded(self, note: CreditNoteRow) -> int:
        """Order value that refunds of a credit note made good, or are to when they are approved."""
        return self._refunded.get(note.entry, 0)

    @cached_property
    def _asked(self) -> dict[tuple[int, int], Asked]:
        by_item: dict[tuple[int, int], Asked] = defaultdict(Asked)
        rows = self.books.session.connection().execute(_ASKED[self._scope], self._key)
        for order, invoice, prepaid, units, first, vat in rows:
            if invoice is not None:
                asked = by_item[order, invoice].plus(int(units), first, prepaid=prepaid)
                by_item[order, invoice] = replace(asked, vat=asked.vat + int(vat))
        return by_item

    @cached_property
    def _without_invoice(self) -> dict[int, Asked]:
        asked: dict[int, Asked] = defaultdict(Asked)
        rows = self.books.session.exec(_WITHOUT_INVOICE[self._scope], params=self._key)
        for order, prepaid, units, first in rows:
            asked[order] = asked[order].plus(int(units), first, prepaid=prepaid)
        return asked

    @cached_property
    def _explained(self) -> dict[int, list[PaymentRow]]:
        payments: dict[int, list[PaymentRow]] = defaultdict(list)
        for payment in self.books.session.exec(_EXPLAINED[self._scope], params=self._key):
            payments[payment.order_entry].append(payment)
        return payments

    @cached_property
    def _refunded(self) -> dict[int, int]:
        rows = self.books.session.exec(_REFUNDED[self._scope], params=self._key)
        return {note: int(units) for note, units in rows if note is not None}

    @cached_property
    def items_by_order(self) -> dict[int, list[OrderItemRow]]:
        """The items of all of the orders, by the entry of their order, as it lists them."""
        items: dict[int, list[OrderItemRow]] = defaultdict(list)
        for item in self.books.session.exec(_ITEMS[self._scope], params=self._key):
            items[item.order_entry].append(item)
        return items

    @cached_property
    def _invoices(self) -> dict[int, list[InvoiceRow]]:
        invoices: dict[int, list[InvoiceRow]] = defaultdict(list)
        own = self.books.session.exec(_OWN_INVOICES[self._scope], params=self._key)
        of_amendments = self.books.session.exec(_INVOICES_OF_AMENDMENTS[self._scope], params=self._key)
        for order, invoice in sorted([*own, *of_amendments], key=lambda row: (row[0], row[1].entry)):
            invoices[order].append(invoice)
        return invoices

    @cached_property
    def _lines(self) -> dict[int, list[InvoiceLineRow]]:
        """All lines of the invoices that bill something of the orders."""
        lines: dict[int, list[InvoiceLineRow]] = defaultdict(list)
        for line in self._of_invoices(_LINES):
            lines[line.invoice_entry].append(line)
        return lines

    def _of_invoices(self, query: SelectOfScalar[R]) -> Iterator[R]:
        """Rows of the invoices that bill something of the orders, each invoice's in its order."""
        wanted = sorted({row.entry for rows in self._invoices.values() for row in rows})
        for at in range(0, len(wanted), _SOME):
            yield from self.books.session.exec(query, params={"of_invoices": wanted[at : at + _SOME]})

    @cached_property
    def _accepted(self) -> dict[int, Accepted]:
        standing = {row.entry: row for row in self._of_invoices(_ACCEPTANCES)}
        if not standing:
            return {}
        mismatches: dict[int, set[Mismatch]] = defaultdict(set)
        accepted = select(AcceptedMismatchRow).where(col(AcceptedMismatchRow.acceptance_entry).in_(standing))
        for row in self.books.session.exec(accepted):
            mismatches[standing[row.acceptance_entry].invoice_entry].add(Mismatch(row.mismatch))
        reasons = {row.invoice_entry: row.reason for row in standing.values()}
        return {
            entry: Accepted(frozenset(differing), reasons[entry]) for entry, differing in mismatches.items()
        }

    @cached_property
    def _notes(self) -> dict[int, list[CreditNoteRow]]:
        notes: dict[int, list[CreditNoteRow]] = defaultdict(list)
        for note in self.books.session.exec(_NOTES[self._scope], params=self._key):
            notes[note.order_entry].append(note)
        return notes

    @cached_property
    def _note_lines(self) -> dict[int, list[CreditNoteLineRow]]:
        lines: dict[int, list[CreditNoteLineRow]] = defaultdict(list)
        for line in self.books.session.exec(_NOTE_LINES[self._scope], params=self._key):
            lines[line.note_entry].append(line)
        return lines
