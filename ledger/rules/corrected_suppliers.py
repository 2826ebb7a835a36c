"""Another supplier of an order than was told: whose papers are on it from then on (docs/rules.md, 32)."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.core.errors import Conflict
from ledger.model.named import NameOf
from ledger.model.orders import CreditNoteRow, InvoiceRow, OrderRow
from ledger.rules.named import names_of

_PAPERS = (InvoiceRow, CreditNoteRow)


def require_free_numbers(session: Session, order: int, supplier: str) -> None:
    """Conflict where a paper on an order has a number that a paper of the other supplier has in that campaign."""
    names = names_of(session, NameOf.SUPPLIER, supplier)
    for table in _PAPERS:
        for paper in session.exec(select(table).where(table.order_entry == order)):
            taken = select(table.entry).where(
                table.campaign == paper.campaign,
                table.number == paper.number,
                table.order_entry != order,
                col(table.supplier).in_(names),
                col(table.reversed_by).is_(None),
            )
            if paper.reversed_by is None and session.exec(taken).first() is not None:
                raise Conflict.field(
                    "new",
                    "{supplier} has another paper {number} already; reverse one of the two first",
                    supplier=supplier,
                    number=paper.number,
                )


def write_supplier(session: Session, order: OrderRow) -> None:
    """The invoices and credit notes on an order are of its supplier."""
    for table in _PAPERS:
        for paper in session.exec(select(table).where(table.order_entry == order.entry)):
            paper.supplier = order.supplier
            session.add(paper)
