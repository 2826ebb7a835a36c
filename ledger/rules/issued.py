"""Papers that suppliers number: an invoice, a credit note. A number is its issuer's, and free again once reversed.

Two suppliers may both have an invoice 1; one supplier's 77 and 0077 are a question (docs/rules.md, 21).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from sqlmodel import Session, col, func, or_, select

from ledger.core.errors import NotFound, Refused
from ledger.core.likeness import likeness_of_number
from ledger.model.journal import EntryRow
from ledger.model.named import NameOf
from ledger.model.orders import Issued
from ledger.model.questions import Doubt
from ledger.rules.books import Books
from ledger.rules.doubts import Doubtful
from ledger.rules.named import names_of
from ledger.rules.orders import find_order

P = TypeVar("P", bound=Issued)


def supplier_of(books: Books, campaign: str, order: str) -> str | None:
    """Who issues the papers of an order; None where there is no such order."""
    order_row = find_order(books.session, campaign, order)
    return None if order_row is None else order_row.supplier


def find_issued(
    session: Session, table: type[P], noun: str, campaign: str, number: str, supplier: str | None = None
) -> P | None:
    """The paper of a number, one that stands before a reversed one, the newest first.

    Refused where no supplier is named and several have one of that number.
    """
    wanted = select(table).where(table.campaign == campaign, table.number == number)
    if supplier is not None:
        wanted = wanted.where(table.supplier == supplier)
    newest = session.exec(wanted.order_by(col(table.reversed_by).is_not(None), col(table.entry).desc())).all()
    standing = sorted({row.supplier for row in newest if row.reversed_by is None})
    if len(standing) > 1:
        raise Refused.field(
            "supplier",
            "several have {noun} {number}: {suppliers}; name the one that is meant",
            noun=noun,
            number=number,
            suppliers=standing,
        )
    return newest[0] if newest else None


def require_issued(
    session: Session, table: type[P], noun: str, campaign: str, number: str, supplier: str | None = None
) -> P:
    """As `find_issued`; raises NotFound."""
    row = find_issued(session, table, noun, campaign, number, supplier)
    if row is None and supplier is not None:
        raise NotFound.field(
            noun,
            "there is no {noun} {number} of {supplier} in campaign {campaign}",
            noun=noun,
            number=number,
            supplier=supplier,
            campaign=campaign,
        )
    if row is None:
        raise NotFound.field(
            noun,
            "there is no {noun} {number} in campaign {campaign}",
            noun=noun,
            number=number,
            campaign=campaign,
        )
    return row


def times_reversed(session: Session, table: type[P], campaign: str, number: str, supplier: str | None) -> int:
    """How many papers were told with that number as that supplier's, and are reversed or another's since."""
    issuer, key = f"@{supplier}", col(EntryRow.key)
    told_as_its = (
        table.campaign == campaign,
        table.number == number,
        func.substr(key, func.length(key) - (len(issuer) - 1)) == issuer,
    )
    gone = (
        select(func.count())
        .select_from(table)
        .join(EntryRow, col(EntryRow.seq) == table.entry)
        .where(*told_as_its, or_(col(table.reversed_by).is_not(None), table.supplier != supplier))
    )
    return session.exec(gone).one()


def alike(session: Session, table: type[P], entry: int) -> Iterator[Doubtful]:
    """The standing papers of the same supplier, of all campaigns, whose numbers look like that of an entry."""
    paper = session.get_one(table, entry)
    wanted = select(table.entry).where(
        col(table.supplier).in_(names_of(session, NameOf.SUPPLIER, paper.supplier)),
        table.likeness == likeness_of_number(paper.number),
        col(table.reversed_by).is_(None),
        table.entry < entry,
    )
    for other in session.exec(wanted.order_by(col(table.entry))):
        yield Doubtful(Doubt.PAPER, other)
