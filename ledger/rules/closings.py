"""Closing an order: what is left of it is named as discount, cancellation or claim, so that nothing stays unowned.

Cancelling an approved order of which nothing came is closing it. It never pays and never receives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, and_, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Text
from ledger.core.lines import (
    Append,
    Operation,
    Part,
    PartKind,
    Piece,
    Span,
    UnitState,
    Use,
    Withdraw,
)
from ledger.core.names import UseCause, UseName, use_named
from ledger.core.wording import Figure
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.goods import ReceiptRow
from ledger.model.orders import ClosingRow, Failure, OrderEnd, OrderItemRow, OrderRow, RefundRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.orders import encumbered_account, items_of, open_account, order_line, require_order
from ledger.rules.overs import bought_on
from ledger.rules.payable import require_no_refund
from ledger.rules.receipts import receipts_of_order
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What is left of an order, named: minor units of the order's currency.

    `discount`: came and will not be paid for. `cancellation`: neither came nor was paid for. `claim`: was
    paid for and did not come; the supplier owes it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    discount: Count = 0
    cancellation: Count = 0
    claim: Count = 0
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Which order an approved closing closed."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    order: Number


@dataclass(frozen=True, slots=True)
class ItemLeft:
    """What is left of one item: value in minor units, and the pieces that did not come.

    `given` and `cancelled` are on its line: from where to where a discount pays, and what is ordered no more.
    """

    item: str
    product: str
    line: str
    discount: int
    given: Piece | None
    cancelled: tuple[Piece, ...]
    cancellation: int
    claim: int
    pieces: int
    pieces_cancelled: int


_COUNTS = (Corrected.GOOD, Corrected.DAMAGED, Corrected.SHORT, Corrected.REJECTED)
"""What of a receipt changes what is left of its order."""


def _closed(span: Span) -> bool:
    """Did a closing take these units?"""
    return span.state is UnitState.USED and use_named(span.ref).cause is UseCause.CLOSING


def left_of(books: Books, order: OrderRow) -> tuple[ItemLeft, ...]:
    """What an order still has open, item by item."""
    items_left = []
    for item in items_of(books.session, order):
        line = order_line(order.campaign, order.number, item.item, order.currency)
        filled, length = books.lines.filled(line), books.lines.length(line)
        free = books.lines.lowest_free(line, length)
        unpaid = [
            (span.start, span.end)
            for span in books.lines.spans(line, filled, length)
            if span.state is not UnitState.FREE and not _closed(span)
        ]
        pieces = books.net(open_account(order.campaign, order.number, item.item), item.product)
        items_left.append(left_of_item(item, line, filled, free, unpaid, pieces))
    return tuple(items_left)


def left_of_item(
    item: OrderItemRow, line: str, filled: int, free: Sequence[Piece], unpaid: Sequence[Piece], pieces: int
) -> ItemLeft:
    """What is left of an item whose line is paid for up to `filled`: `free` are the units that nothing took.

    `unpaid`: the units beyond that which something came for, in order; `pieces`: those that did not come.
    """
    claim = sum(item.value_of(start, min(end, filled)) for start, end in free if start < filled)
    cancelled = tuple((max(start, filled), end) for start, end in free if end > filled)
    # Where nothing is claimed, all that did not come is cancelled, wherever the floors of its price lie.
    counted = sum(item.pieces_in(*piece) for piece in cancelled)
    return ItemLeft(
        item=item.item,
        product=item.product,
        line=line,
        discount=sum(item.value_of(*piece) for piece in unpaid),
        # The discount owns up to where the last position ends that something came for.
        given=(filled, unpaid[-1][1]) if unpaid else None,
        cancelled=cancelled,
        cancellation=sum(item.value_of(*piece) for piece in cancelled),
        claim=claim,
        pieces=pieces,
        pieces_cancelled=min(counted, pieces) if claim else pieces,
    )


def discount_gift(order: str, item: str) -> str:
    """What the supplier gave by not asking for its price is a gift of its own on the order's line."""
    return f"discount:{order}:{item}"


def _require_open(context: Context, order: str) -> OrderRow:
    row = require_order(context.books.session, context.campaign, order)
    if not row.is_open:
        raise Conflict.field(
            "order", "{order} is {stage}; only an approved order is closed", order=order, stage=row.stage
        )
    waiting = select(PaymentRow.number).where(
        PaymentRow.order_entry == row.entry, PaymentRow.status == ProposalStatus.PENDING
    )
    number = context.books.session.exec(waiting.order_by(col(PaymentRow.number))).first()
    if number is not None:
        raise Conflict.field(
            "order",
            "payment {number} of {order} waits for a decision; approve or reject it first",
            number=number,
            order=order,
        )
    return row


def _require_named(
    order: OrderRow, left: tuple[ItemLeft, ...], *, discount: int, cancellation: int, claim: int
) -> None:
    """Refused where what is named is not what is left."""
    currency = order.currency
    named = {"discount": discount, "cancellation": cancellation, "claim": claim}
    wanted = {
        "discount": sum(row.discount for row in left),
        "cancellation": sum(row.cancellation for row in left),
        "claim": sum(row.claim for row in left),
    }
    for name, amount in wanted.items():
        if named[name] != amount:
            raise Refused.field(
                name,
                "{sum} is named and {left} is left of {order} as {field}; give {field}={amount}",
                sum=Figure(currency, named[name]),
                left=Figure(currency, amount),
                order=order.number,
                field=name,
                amount=amount,
            )


def _hold(context: Context, facts: Closing) -> Posting[None]:
    order = _require_open(context, facts.order)
    waiting = (ClosingRow.order_entry == order.entry, ClosingRow.status == ProposalStatus.PENDING)
    number = context.books.session.exec(select(ClosingRow.number).where(*waiting)).first()
    if number is not None:
        raise Conflict.field(
            "order",
            "closing {number} of {order} waits for a decision already",
            number=number,
            order=facts.order,
        )
    left = left_of(context.books, order)
    _require_named(order, left, discount=facts.discount, cancellation=facts.cancellation, claim=facts.claim)
    return Posting()


def _row(books: Books, entry: Entry[Closing, None]) -> ClosingRow:
    facts = entry.facts
    return ClosingRow(
        **proposed(entry, facts.number, facts.date),
        order_entry=require_order(books.session, entry.campaign, facts.order).entry,
        discount=facts.discount,
        cancellation=facts.cancellation,
        claim=facts.claim,
        reason=facts.reason,
    )


def _effect(context: Context, closing: ClosingRow, _decision: Decision) -> Posting[Closed]:
    books, campaign = context.books, context.campaign
    number = books.session.get_one(OrderRow, closing.order_entry).number
    order = _require_open(context, number)
    left = left_of(books, order)
    _require_named(
        order, left, discount=closing.discount, cancellation=closing.cancellation, claim=closing.claim
    )
    currency = order.currency
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    bound = books.net(encumbered_account(campaign, number), currency)
    commitments = account(AccountClass.COMMITMENTS, campaign)
    if bound:
        transfers.append(Transfer(commitments, encumbered_account(campaign, number), currency, bound))
    claim = sum(row.claim for row in left)
    if claim:
        transfers.append(
            Transfer(account(AccountClass.CLAIMS, campaign, number), commitments, currency, claim)
        )
    for row in left:
        if row.pieces:
            gone = account(AccountClass.CANCELLED, campaign, number, row.item)
            transfers.append(
                Transfer(gone, open_account(campaign, number, row.item), row.product, row.pieces)
            )
        operations += closing_operations(order, closing.number, row)
    return Posting(tuple(transfers), tuple(operations), Closed(order=number))


def closing_operations(order: OrderRow, closing: str, left: ItemLeft) -> Iterator[Operation]:
    """What gives an item the discount that is left of it, and takes what is ordered no more."""
    if left.given is not None:
        start, end = left.given
        yield Append(left.line, order.currency, start, end - start, discount_gift(order.number, left.item))
    if left.cancelled:
        use_id = str(UseName(UseCause.CLOSING, order.campaign, closing, (left.item,)))
        part = Part(PartKind.CANCELLED, left.pieces_cancelled, left.pieces_cancelled)
        yield Use(use_id, left.line, left.cancelled, left.pieces_cancelled, (part,))


def closing_of(session: Session, order: OrderRow) -> ClosingRow:
    """What closed an order."""
    return session.exec(select(ClosingRow).where(ClosingRow.decided_by == order.closed_by)).one()


def _close(books: Books, closing: ClosingRow, entry: Entry[Decision, Closed]) -> None:
    session, slug = books.session, closing.campaign
    order = session.get_one(OrderRow, closing.order_entry)
    came = bool(receipts_of_order(session, slug, order.number) or bought_on(session, slug, order.number))
    order.closed_by, order.closed_on = entry.seq, entry.date
    order.closed_as = OrderEnd.COMPLETED if came else OrderEnd.CANCELLED
    session.add(order)


def _open_again(books: Books, closing: ClosingRow, _entry: Entry[Decision, Closed]) -> None:
    order = books.session.get_one(OrderRow, closing.order_entry)
    order.closed_by, order.closed_on, order.closed_as = None, None, None
    books.session.add(order)


def _withdrawn(
    _context: Context, _closing: ClosingRow, entry: Entry[Decision, Closed]
) -> tuple[Withdraw, ...]:
    """What takes the supplier's discounts back when a closing is reversed: those positions wait to be paid again."""
    gifts = [operation for operation in entry.operations if isinstance(operation, Append)]
    return tuple(Withdraw(gift.line, gift.start, gift.units, gift.gift) for gift in gifts)


def _require_last(context: Context, closing: ClosingRow, _entry: Entry[Decision, Closed]) -> None:
    """Conflict where a refund made good what the closing claimed, or a count or a price was put right since."""
    order = context.books.session.get_one(OrderRow, closing.order_entry)
    counted = (
        select(CorrectionRow.number)
        .join(ReceiptRow, col(ReceiptRow.entry) == CorrectionRow.corrected)
        .where(
            ReceiptRow.campaign == order.campaign,
            ReceiptRow.order_number == order.number,
            CorrectionRow.status == ProposalStatus.APPROVED,
            col(CorrectionRow.field).in_(_COUNTS),
            col(CorrectionRow.decided_by) > (closing.decided_by or 0),
        )
    )
    priced = select(CorrectionRow.number).where(
        CorrectionRow.corrected == order.entry,
        CorrectionRow.status == ProposalStatus.APPROVED,
        CorrectionRow.field == Corrected.VALUE,
        col(CorrectionRow.decided_by) > (closing.decided_by or 0),
    )
    for since in (counted, priced):
        number = context.books.session.exec(since.order_by(col(CorrectionRow.number))).first()
        if number is not None:
            raise Conflict.field(
                "entry",
                "correction {number} changed what is left of its order since; reverse that first",
                number=number,
            )
    rests = and_(
        col(RefundRow.order_entry) == closing.order_entry, col(RefundRow.failure) == Failure.UNDELIVERED
    )
    require_no_refund(context.books.session, rests)


def _rests_on(context: Context, facts: Closing) -> Iterator[int]:
    """What came of an order, and what was paid for it: what is left of it is what these leave."""
    session = context.books.session
    order = require_order(session, context.campaign, facts.order)
    for receipt in receipts_of_order(session, context.campaign, order.number):
        yield receipt.entry
    for bought in bought_on(session, context.campaign, order.number):
        yield bought.entry
    paid = (PaymentRow.order_entry == order.entry, PaymentRow.status == ProposalStatus.APPROVED)
    for decided in session.exec(select(PaymentRow.decided_by).where(*paid)):
        if decided is not None:
            yield decided


CLOSINGS = Workflow(
    noun="closing",
    proposed_by=("purchase", "close"),
    facts=Closing,
    row=ClosingRow,
    doc="Close an order: name what is left of it; it waits for another person's approval (`closing approve`).",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=Closed,
    approved=_close,
    reversed=_open_again,
    require=_require_last,
    rests_on=_rests_on,
    voids=_withdrawn,
)
KINDS = CLOSINGS.kinds()
