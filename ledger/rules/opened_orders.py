"""Open orders of before an opening: what was ordered, what of it had come, and what had been paid.

The order stands whole, with its number and its supplier, and goes on like any other: what is still to come is received,
what is unpaid is paid. What had been paid came out of what there was before; what had come is gone from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import col, delete, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive
from ledger.core.lines import Append, Change, Open, Operation, Part, PartKind, UnitState, Use
from ledger.core.names import FREE, GiftKind, GiftName, UseCause, UseName
from ledger.model.goods import ReceiptRow
from ledger.model.orders import InvoiceRow, OrderItemRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.orders import encumbered_account, find_order, open_account, order_line, require_order
from ledger.rules.spec import SYSTEM, Context, Kind, Undoing


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedItem:
    """One item: `value` is its total in minor units. `received` pieces had come, and `paid` minor units were paid."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    item: Number
    product: Number
    quantity: Positive
    value: Positive
    received: Count = 0
    paid: Count = 0


Items = Annotated[tuple[OpenedItem, ...], Field(min_length=1, max_length=50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOrder:
    """An order of before the day of an `opening`, as it stood then."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    opening: Number
    supplier: Name
    currency: Currency
    items: Items
    need: Number | None = None
    expected: Date | None = None
    date: Date


def _post(context: Context, facts: OpenedOrder) -> Posting[None]:
    books, campaign = context.books, context.campaign
    known = find_order(books.session, campaign, facts.number)
    if known is not None and known.reversed_by is None:
        raise Conflict.field("number", "order {number} is in the books already", number=facts.number)
    value, paid = sum(item.value for item in facts.items), sum(item.paid for item in facts.items)
    commitments, before = (
        account(kind, campaign) for kind in (AccountClass.COMMITMENTS, AccountClass.BEFORE)
    )
    ordered = account(AccountClass.ORDERED, campaign)
    moved = [
        (encumbered_account(campaign, facts.number), commitments, facts.currency, value - paid),
        (account(AccountClass.SUPPLIER, campaign, facts.number), before, facts.currency, paid),
    ]
    for item in facts.items:
        opened = open_account(campaign, facts.number, item.item)
        moved.append((opened, ordered, item.product, item.quantity - item.received))
    transfers = tuple(Transfer(*row) for row in moved if row[3])
    return Posting(transfers, tuple(_operations(context, facts, paid)))


def _operations(context: Context, facts: OpenedOrder, paid: int) -> Iterator[Operation]:
    """The lines of the items; what had been paid of them, by money of before; and what had come, gone from here."""
    campaign = context.campaign
    rows = [(item, _row_of(0, n, item)) for n, item in enumerate(facts.items)]
    lines = {item.item: order_line(campaign, facts.number, item.item, facts.currency) for item in facts.items}
    for item, row in rows:
        yield Open(lines[item.item], facts.currency, row.units)
    if paid:
        money = money_line(campaign, facts.currency, facts.need or FREE)
        start = context.books.lines.length(money)
        yield Append(money, facts.currency, start, paid, str(GiftName(GiftKind.OPENING, facts.opening)))
        parts = tuple(
            Part(PartKind.ITEM, item.paid, item.paid * row.fineness, lines[item.item])
            for item, row in rows
            if item.paid
        )
        spent = (*parts[:-1], parts[-1]._replace(kind=PartKind.ON))
        use_id = str(UseName(UseCause.OPENING, campaign, facts.number, variant=facts.opening))
        yield Use(use_id, money, ((start, start + paid),), paid, spent)
    for item, row in rows:
        if item.received:
            gone = Part(PartKind.BEFORE, item.received, item.received)
            use_id = str(UseName(UseCause.OPENING, campaign, facts.number, (item.item,), facts.opening))
            pieces = ((0, row.units_of(item.received)),)
            yield Use(use_id, lines[item.item], pieces, item.received, (gone,))


def _row_of(entry: int, n: int, item: OpenedItem) -> OrderItemRow:
    return OrderItemRow(
        order_entry=entry,
        n=n,
        item=item.item,
        product=item.product,
        quantity=item.quantity,
        value=item.value,
        received_before=item.received,
        paid_before=item.paid,
    )


def _fold(books: Books, entry: Entry[OpenedOrder, None]) -> None:
    session, facts = books.session, entry.facts
    row = find_order(session, entry.campaign, facts.number)
    number = entry.seq if row is None else row.entry
    if row is not None:
        session.execute(delete(OrderItemRow).where(col(OrderItemRow.order_entry) == number))
    session.merge(
        OrderRow(
            entry=number,
            campaign=entry.campaign,
            number=facts.number,
            date=entry.date,
            document_date=facts.date,
            recorded_at=entry.at,
            status=ProposalStatus.APPROVED,
            decided_by=entry.seq,
            decided_on=entry.date,
            reversed_by=None,
            supplier=facts.supplier,
            currency=facts.currency,
            need=facts.need,
            expected=facts.expected,
            opened_by=facts.opening,
        )
    )
    session.flush()
    for n, item in enumerate(facts.items):
        session.add(_row_of(number, n, item))


def _require_untouched(context: Context, entry: Entry[OpenedOrder, None]) -> None:
    """Conflict where anything stands on the order: an invoice, a receipt, a payment, or its closing."""
    session, order = (
        context.books.session,
        require_order(context.books.session, context.campaign, entry.facts.number),
    )
    if order.is_closed:
        raise Conflict.field("entry", "{order} is closed; reverse its closing first", order=order.number)
    of_order = ReceiptRow.campaign == order.campaign, ReceiptRow.order_number == order.number
    for noun, query in (
        (
            "invoice",
            select(InvoiceRow.number).where(
                InvoiceRow.order_entry == order.entry, col(InvoiceRow.reversed_by).is_(None)
            ),
        ),
        ("receipt", select(ReceiptRow.number).where(*of_order, col(ReceiptRow.reversed_by).is_(None))),
        (
            "payment",
            select(PaymentRow.number).where(
                PaymentRow.order_entry == order.entry, col(PaymentRow.status).in_(COUNTS)
            ),
        ),
    ):
        number = session.exec(query).first()
        if number is not None:
            raise Conflict.field(
                "entry",
                "{noun} {number} stands on {order}; reverse or reject that first",
                noun=noun,
                number=number,
                order=order.number,
            )


def _voided(_context: Context, entry: Entry[OpenedOrder, None]) -> tuple[Change, ...]:
    """The money that had been paid before leaves its line, once what it paid is taken back."""
    return tuple(
        Change(op.line, ((op.start, op.start + op.units),), UnitState.FREE, UnitState.VOID, op.gift)
        for op in entry.operations
        if isinstance(op, Append)
    )


def _unfold(books: Books, entry: Entry[OpenedOrder, None], seq: int) -> None:
    row = require_order(books.session, entry.campaign, entry.facts.number)
    row.status, row.reversed_by = ProposalStatus.REVERSED, seq
    books.session.add(row)


OPENED_ORDER = Kind(
    name="purchase.opened",
    noun="purchase",
    verb="open",
    facts=OpenedOrder,
    doc="An order of before an opening, with what of it had come and what had been paid.",
    roles=SYSTEM,
    key=lambda campaign, facts: f"purchase.opened:{campaign}:{facts.number}:{facts.opening}",
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_untouched, voids=_voided),
)
KINDS = (OPENED_ORDER,)
