"""Closing an order: what is left of it is named as discount, cancellation or claim, so that nothing stays unowned.

Cancelling an approved order of which nothing came is closing it. It never pays and never receives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, and_, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Text, facts_from
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
    units_in,
)
from ledger.core.money import decimal_text
from ledger.core.names import UseCause, UseName, use_named
from ledger.model.orders import ClosingRow, Failure, OrderEnd, OrderRow, RefundRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.approvals import approval, fold_decided, fold_pending, rejection, require_pending
from ledger.rules.books import Books
from ledger.rules.orders import encumbered_account, items_of, open_account, order_line, require_order
from ledger.rules.overs import bought_on
from ledger.rules.payable import require_no_refund
from ledger.rules.receipts import receipts_of_order
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, reversed_as
from ledger.rules.workflow import Decision


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


@dataclass(frozen=True, slots=True)
class ItemLeft:
    """What is left of one item: value in minor units, and the pieces that did not come."""

    item: str
    product: str
    line: str
    discount: int
    reaches: int  # where the last position ends that something came for; the discount owns up to there
    cancelled: tuple[Piece, ...]
    claim: int
    pieces: int
    pieces_cancelled: int

    @property
    def cancellation(self) -> int:
        return units_in(self.cancelled)


def _closed(span: Span) -> bool:
    """Did a closing take these units?"""
    return span.state is UnitState.USED and use_named(span.ref).cause is UseCause.CLOSING


def left_of(books: Books, order: OrderRow) -> tuple[ItemLeft, ...]:
    """What an order still has open, item by item."""
    found = []
    for item in items_of(books.session, order):
        line = order_line(order.campaign, order.number, item.item, order.currency)
        filled, length = books.lines.filled(line), books.lines.length(line)
        free = books.lines.lowest_free(line, length)
        claim = sum(min(end, filled) - start for start, end in free if start < filled)
        cancelled = tuple((max(start, filled), end) for start, end in free if end > filled)
        unpaid = [
            span
            for span in books.lines.spans(line, filled, length)
            if span.state is not UnitState.FREE and not _closed(span)
        ]
        discount = sum(span.end - span.start for span in unpaid)
        reaches = unpaid[-1].end if unpaid else filled
        quantity, value = item.quantity, item.value
        pieces = books.net(open_account(order.campaign, order.number, item.item), item.product)
        counted = sum(end * quantity // value - start * quantity // value for start, end in cancelled)
        found.append(
            ItemLeft(item.item, item.product, line, discount, reaches, cancelled, claim, pieces, counted)
        )
    return tuple(found)


def discount_gift(order: str, item: str) -> str:
    """What the supplier gave by not asking for its price is a gift of its own on the order's line."""
    return f"discount:{order}:{item}"


def _require_open(context: Context, order: str) -> OrderRow:
    row = require_order(context.books.session, context.campaign, order)
    if not row.is_open:
        raise Conflict(f"order: {order} is {row.stage}; only an approved order is closed")
    waiting = select(PaymentRow.number).where(
        PaymentRow.order_entry == row.entry, PaymentRow.status == ProposalStatus.PENDING
    )
    number = context.books.session.exec(waiting.order_by(col(PaymentRow.number))).first()
    if number is not None:
        raise Conflict(f"order: payment {number} of {order} waits for a decision; approve or reject it first")
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
            told, is_left = decimal_text(currency, named[name]), decimal_text(currency, amount)
            raise Refused.field(
                name,
                f"{told} {currency} is named and {is_left} is left of {order.number} as {name}; "
                f"give {name}={amount}",
            )


def _post(context: Context, facts: Closing) -> Posting:
    order = _require_open(context, facts.order)
    waiting = (ClosingRow.order_entry == order.entry, ClosingRow.status == ProposalStatus.PENDING)
    number = context.books.session.exec(select(ClosingRow.number).where(*waiting)).first()
    if number is not None:
        raise Conflict(f"order: closing {number} of {facts.order} waits for a decision already")
    left = left_of(context.books, order)
    _require_named(order, left, discount=facts.discount, cancellation=facts.cancellation, claim=facts.claim)
    return Posting()


def _post_approved(context: Context, decision: Decision) -> Posting:
    require_pending(context, "closing", decision.number)
    books, campaign = context.books, context.campaign
    closing = require_closing(books.session, campaign, decision.number)
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
        if row.discount:
            start = books.lines.filled(row.line)
            operations.append(
                Append(row.line, currency, start, row.reaches - start, discount_gift(number, row.item))
            )
        if row.cancelled:
            use_id = str(UseName(UseCause.CLOSING, campaign, decision.number, (row.item,)))
            part = Part(PartKind.CANCELLED, row.pieces_cancelled, row.pieces_cancelled)
            operations.append(Use(use_id, row.line, row.cancelled, row.pieces_cancelled, (part,)))
    return Posting(tuple(transfers), tuple(operations), {"order": number})


def require_closing(session: Session, campaign: str, number: str) -> ClosingRow:
    """The closing of a number; raises NotFound."""
    numbered = (ClosingRow.campaign == campaign, ClosingRow.number == number)
    closing = session.exec(select(ClosingRow).where(*numbered)).first()
    if closing is None:
        raise NotFound(f"closing: there is no closing {number} in campaign {campaign}")
    return closing


def _fold(books: Books, entry: Entry) -> None:
    fold_pending("closing")(books, entry)
    session, facts = books.session, facts_from(Closing, entry.facts)
    session.add(
        ClosingRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            order_entry=require_order(session, entry.campaign, facts.order).entry,
            discount=facts.discount,
            cancellation=facts.cancellation,
            claim=facts.claim,
            reason=facts.reason,
            date=entry.date,
            at=entry.at,
            status=ProposalStatus.PENDING,
        )
    )


def _decide(books: Books, entry: Entry, status: ProposalStatus) -> ClosingRow:
    fold_decided("closing", status.value)(books, entry)
    closing = require_closing(books.session, entry.campaign, str(entry.facts["number"]))
    closing.status, closing.decided_by, closing.decided_on = status, entry.seq, entry.date
    return closing


def _fold_rejected(books: Books, entry: Entry) -> None:
    _decide(books, entry, ProposalStatus.REJECTED)


def _fold_approved(books: Books, entry: Entry) -> None:
    closing = _decide(books, entry, ProposalStatus.APPROVED)
    session, slug = books.session, entry.campaign
    order = session.get_one(OrderRow, closing.order_entry)
    came = bool(receipts_of_order(session, slug, order.number) or bought_on(session, slug, order.number))
    order.closed_as = OrderEnd.COMPLETED if came else OrderEnd.CANCELLED
    order.closed_by, order.closed_on = entry.seq, entry.date


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """A reversed closing leaves its order open as it was."""
    reversed_as("closing", status="reversed")(books, entry, seq)
    closing = require_closing(books.session, entry.campaign, str(entry.facts["number"]))
    closing.status, closing.reversed_by = ProposalStatus.REVERSED, seq
    order = books.session.get_one(OrderRow, closing.order_entry)
    order.closed_by, order.closed_on, order.closed_as = None, None, None


def _withdrawn(_context: Context, entry: Entry) -> tuple[Withdraw, ...]:
    """What takes the supplier's discounts back when a closing is reversed: those positions wait to be paid again."""
    gifts = [operation for operation in entry.operations if isinstance(operation, Append)]
    return tuple(Withdraw(gift.line, gift.start, gift.units, gift.gift) for gift in gifts)


def _require_no_refund(context: Context, entry: Entry) -> None:
    """Conflict where a refund made good what the closing claimed."""
    closing = require_closing(context.books.session, context.campaign, str(entry.facts["number"]))
    rests = and_(
        col(RefundRow.order_entry) == closing.order_entry, col(RefundRow.failure) == Failure.UNDELIVERED
    )
    require_no_refund(context.books.session, rests)


CLOSING = Kind(
    name="closing",
    noun="purchase",
    verb="close",
    facts=Closing,
    doc="Close an order: name what is left of it; it waits for another person's approval (`closing approve`).",
    roles=RECORDERS,
    key=numbered("closing"),
    post=_post,
    fold=_fold,
)
KINDS = (
    CLOSING,
    approval(
        "closing",
        _post_approved,
        _fold_approved,
        Undoing(_unfold, require=_require_no_refund, voids=_withdrawn),
    ),
    rejection("closing", _fold_rejected),
)
