"""The price of an order's item that is another than was approved: mistyped, or agreed anew (docs/rules.md, 32).

What is bound changes by the difference, and what was paid and received is spread anew over the items: payments by
what of each item's value was unpaid then, and what came by the place of its pieces on the item's line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import Operation, Resize, Use
from ledger.core.names import UseCause, use_named
from ledger.core.wording import Figure
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.rules.books import Books
from ledger.rules.budget import spendable
from ledger.rules.made_again import MadeAgain
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import (
    encumbered_account,
    item_of,
    items_of,
    order_line,
    order_value,
)
from ledger.rules.payable import credited_on_order, paid_and_waiting
from ledger.rules.payments import Spread
from ledger.rules.spec import Context

_BROUGHT = frozenset({UseCause.RECEIPT, UseCause.BOUGHT})


def _item(session: Session, entry: int, named: str | None) -> tuple[OrderRow, OrderItemRow]:
    """The item whose price is meant: of the only one, where none is named."""
    order = session.get_one(OrderRow, entry)
    items = items_of(session, order)
    if named is None and len(items) > 1:
        raise Refused.field("item", "name the item of the order that is meant")
    return order, items[0] if named is None else item_of(session, order, named)


def says_price(session: Session, entry: int, named: str | None) -> int:
    """What an item of an order costs today, minor units."""
    return _item(session, entry, named)[1].value


def write_price(session: Session, entry: int, named: str | None, more: int) -> None:
    """An item of an order costs so much more from now on; its line has that already."""
    _, item = _item(session, entry, named)
    item.value += more
    session.add(item)


def corrected_price(context: Context, entry: int, named: str | None, new: int, date: str) -> Posting[None]:
    """What moves when an item costs `new`; raises Refused where that is less than was paid, or no money covers it."""
    session = context.books.session
    order, item = _item(session, entry, named)
    if not order.is_open:
        raise Conflict.field(
            "entry",
            "{order} is {stage}; the price of an approved order is corrected",
            order=order.number,
            stage=order.stage,
        )
    more = new - item.value
    _require_paid(context.books, order, order_value(session, order) + more)
    if more > 0:
        _require_money(context, order, more, date)
    bound, commitments = (
        encumbered_account(order.campaign, order.number),
        account(AccountClass.COMMITMENTS, order.campaign),
    )
    debit, credit = (bound, commitments) if more > 0 else (commitments, bound)
    return Posting(
        (Transfer(debit, credit, order.currency, abs(more)),), _made_again(context, order, item, new)
    )


def _require_paid(books: Books, order: OrderRow, value: int) -> None:
    """Refused where less is left of an order than was paid, is asked for, or was credited."""
    gone = paid_and_waiting(books.session, order)
    gone += credited_on_order(OrderPapers(books, order.campaign, order), order)
    if value < gone:
        raise Refused.field(
            "new",
            "leaves {value} of {order}, and {gone} of it is paid, asked for or credited, which counts; ask "
            "that back first",
            value=Figure(order.currency, value),
            order=order.number,
            gone=Figure(order.currency, gone),
        )


def _require_money(context: Context, order: OrderRow, more: int, date: str) -> None:
    """Refused where no fitting money covers what an order costs more."""
    free = spendable(context.books, context.campaign, order.currency, date, order.need)
    if more > free:
        raise Refused.field(
            "new",
            "makes {order} cost {wanted} more, and only {free} is free; wait for gifts first",
            order=order.number,
            wanted=Figure(order.currency, more),
            free=Figure(order.currency, max(free, 0)),
        )


def _made_again(context: Context, order: OrderRow, item: OrderItemRow, new: int) -> tuple[Operation, ...]:
    """Payments and receipts of an order with another price of an item, and all that stands on them."""
    lines, items = context.books.lines, items_of(context.books.session, order)
    named = {order_line(order.campaign, order.number, one.item, order.currency): one for one in items}
    priced = OrderItemRow(
        order_entry=order.entry, n=item.n, item=item.item, product=item.product, quantity=item.quantity,
        value=new,
    )  # fmt: skip
    after = {line: priced if one.item == item.item else one for line, one in named.items()}
    own = next(line for line, one in named.items() if one.item == item.item)
    filled = {source.use for line in named for source in lines.sources(line) if source.use is not None}
    brought = lines.uses_in(span for line in named for span in lines.spans(line))
    for use in brought.values():
        if use_named(use.id).cause not in _BROUGHT:
            name = use_named(use.id)
            raise Conflict.field(
                "entry",
                "{cause} {name} stands on it; reverse that first",
                cause=name.cause.value,
                name=name.number,
            )
    again = MadeAgain(context, [*lines.uses(filled).values(), *brought.values()])
    spread = Spread([(line, 0, one.value, one.fineness) for line, one in after.items()])
    shapes = [_paid_anew(use, named, spread) for use in again.uses if use.id in filled]
    shapes += _brought_anew([use for use in brought.values() if use.line == own], priced)
    return again.operations(*shapes, resized=(Resize(own, priced.units),))


def _paid_anew(use: Use, items: Mapping[str, OrderItemRow], spread: Spread) -> Use:
    """A payment's use of the same money, over the items as they are priced now."""
    fee, *paid = use.parts
    discharged = sum(part.out // items[str(part.line)].fineness for part in paid)
    return use._replace(parts=(fee, *spread.parts(sum(part.share for part in paid), discharged)))


def _brought_anew(uses: Sequence[Use], item: OrderItemRow) -> Iterator[Use]:
    """What came of an item, at the places of its pieces on a line of another length, in the same order."""
    came = 0
    for use in sorted(uses, key=lambda use: use.pieces):
        first, came = came, came + use.scale
        yield use._replace(pieces=((item.units_of(first), item.units_of(came)),))
