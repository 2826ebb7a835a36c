"""The price of an order's item that is another than was approved: mistyped, or agreed anew (docs/rules.md, 32).

What is bound changes by the difference, and what was paid and received is spread anew over the items: payments by
what of each item's value was unpaid then, and what came by the place of its pieces on the item's line. A closed order
is closed anew by what is left of it then, and what refunds for pieces leave of their new price is a claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import (
    Operation,
    PartKind,
    Resize,
    Undo,
    UnitState,
    Use,
    Withdraw,
    common,
    joined,
    without,
)
from ledger.core.names import LineKind, UseCause, use_named
from ledger.core.wording import Figure
from ledger.model.corrections import CorrectionRow
from ledger.model.orders import OrderItemRow, OrderRow, RefundRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.books import Books
from ledger.rules.budget import Wanted, covered_after, spendable
from ledger.rules.closings import ItemLeft, closing_of, closing_operations, left_of_item
from ledger.rules.made_again import MadeAgain
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import (
    encumbered_account,
    item_of,
    items_of,
    order_line,
    order_value,
)
from ledger.rules.payable import credited_on_order, paid_and_waiting, require_no_refund
from ledger.rules.payments import Spread
from ledger.rules.spec import Context
from ledger.rules.supplier_refunds import refund_uses, uses_of_refund
from ledger.tracing.behind import Behind

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
    """An item of an order costs so much more from now on; its line has that already, and what refunds left too."""
    order, item = _item(session, entry, named)
    item.value += more
    session.add(item)
    for refund in _refunds(session, order, item, COUNTS):
        if refund.written_off is None:
            refund.rest = max(0, item.value_of_pieces(refund.quantity or 0) - refund.makes_good)
            session.add(refund)


def _refunds(
    session: Session, order: OrderRow, item: OrderItemRow, statuses: Iterable[ProposalStatus]
) -> Sequence[RefundRow]:
    """The refunds for pieces of an item, by number."""
    query = select(RefundRow).where(
        RefundRow.order_entry == order.entry,
        RefundRow.item == item.item,
        col(RefundRow.quantity).is_not(None),
        col(RefundRow.status).in_(statuses),
    )
    return session.exec(query.order_by(col(RefundRow.number))).all()


def corrected_price(context: Context, entry: int, named: str | None, new: int, date: str) -> Posting[None]:
    """What moves when an item costs `new`; raises Refused where that is less than was paid, or no money covers it."""
    session = context.books.session
    order, item = _item(session, entry, named)
    if not order.is_bound:
        raise Conflict.field(
            "entry",
            "{order} is {stage}; the price of an approved order is corrected",
            order=order.number,
            stage=order.stage,
        )
    more = new - item.value
    _require_paid(context.books, order, order_value(session, order) + more)
    priced = OrderItemRow(
        order_entry=order.entry, n=item.n, item=item.item, product=item.product, quantity=item.quantity,
        value=new,
    )  # fmt: skip
    made = _MadeAnew(context, order, priced)
    _require_refunds_paid(context, order, made)
    back, again = _refunded_anew(context, order, priced)
    if order.is_closed:
        moved = _of_closed(context, order, made)
        return Posting(moved.transfers, (*back, *moved.operations, *again))
    if more > 0:
        _require_money(context, order, more, date)
    bound, commitments = (
        encumbered_account(order.campaign, order.number),
        account(AccountClass.COMMITMENTS, order.campaign),
    )
    debit, credit = (bound, commitments) if more > 0 else (commitments, bound)
    return Posting((Transfer(debit, credit, order.currency, abs(more)),), (*back, *made.operations(), *again))


def covered_price(context: Context, row: CorrectionRow, since: str) -> set[int]:
    """The money that an order's higher price rests on and that came after a day, as the order itself rests on it."""
    session = context.books.session
    order = session.get_one(OrderRow, row.corrected)
    more = int(row.new or 0) - int(row.old or 0)
    if more <= 0 or order.is_closed:
        return set()
    wanted = Wanted(order.currency, more, order.need)
    return covered_after(context.books, order.campaign, wanted, row.document_date, since)


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


class _MadeAnew:
    """Payments and receipts of an order with another price of an item, and all that stands on them."""

    def __init__(self, context: Context, order: OrderRow, priced: OrderItemRow) -> None:
        lines, items = context.books.lines, items_of(context.books.session, order)
        before = {order_line(order.campaign, order.number, one.item, order.currency): one for one in items}
        self.items = {line: priced if one.item == priced.item else one for line, one in before.items()}
        """By line, as they are priced from now on."""
        own = next(line for line, one in self.items.items() if one is priced)
        filled = {source.use for line in before for source in lines.sources(line) if source.use is not None}
        took = lines.uses_in(span for line in before for span in lines.spans(line))
        causes = {name: use_named(name).cause for name in took}
        self.closed = [use for name, use in took.items() if causes[name] is UseCause.CLOSING]
        """What a closing took of what was ordered."""
        brought = [use for name, use in took.items() if causes[name] in _BROUGHT]
        self._came = brought
        for name in took:
            if causes[name] not in {*_BROUGHT, UseCause.CLOSING}:
                raise Conflict.field(
                    "entry",
                    "{cause} {name} stands on it; reverse that first",
                    cause=causes[name].value,
                    name=use_named(name).number,
                )
        self._again = MadeAgain(context, [*lines.uses(filled).values(), *brought])
        spread = Spread([(line, 0, one.value, one.fineness) for line, one in self.items.items()])
        self._shapes = [_paid_anew(use, before, spread) for use in self._again.uses if use.id in filled]
        self.filled = dict.fromkeys(self.items, 0)
        """How far each line is paid for then."""
        for part in (part for use in self._shapes for part in use.parts):
            if part.line is not None:
                self.filled[part.line] += part.out
        came = [*_brought_anew([use for use in brought if use.line == own], priced)]
        self.brought = [*came, *(use for use in brought if use.line != own)]
        """What came then."""
        self._shapes += came
        self._resized = Resize(own, priced.units)

    def operations(self) -> tuple[Operation, ...]:
        return self._again.operations(*self._shapes, resized=(self._resized,))

    def is_paid(self, line: str, start: int, end: int) -> bool:
        """Will what lies on units `start..end` of a line as it is today be paid for then?"""
        anew = {use.id: use for use in self.brought}
        for use in self._came:
            of_use = common(use.pieces, ((start, end),)) if use.line == line else ()
            if not of_use:
                continue
            first, last = use.pieces[0][0], anew[use.id].pieces[0][0]
            units, then = use.units, anew[use.id].units
            if last + -(-(of_use[-1][1] - first) * then // units) > self.filled[line]:
                return False
        return True


def _require_refunds_paid(context: Context, order: OrderRow, made: _MadeAnew) -> None:
    """Refused where pieces that a refund paid back would not be paid for: what came back would be nobody's, and could
    pay for the very pieces that it came back for (docs/rules.md, 32).
    """
    lines = context.books.lines
    for item in items_of(context.books.session, order):
        for refund in _refunds(context.books.session, order, item, (ProposalStatus.APPROVED,)):
            uses = lines.uses(uses_of_refund(lines, order.campaign, refund.number)).values()
            runs = [(use.line, start, end) for use in uses for start, end in use.pieces]
            ordered = Behind(lines, runs, until=LineKind.ORDER).origins
            if all(made.is_paid(*run) for run in ordered):
                continue
            raise Refused.field(
                "new",
                "leaves pieces unpaid for which refund {number} paid back, and what it paid would be nobody's; pay "
                "more of the order first, or reverse the refund, and record it again once the new price is paid",
                number=refund.number,
            )


def _of_closed(context: Context, order: OrderRow, made: _MadeAnew) -> Posting[None]:
    """The same of a closed order, which is closed anew by what is left of it at that price: what is claimed changes."""
    books = context.books
    closing = closing_of(books.session, order)
    given = [
        Withdraw(line, source.start, source.end - source.start, source.gift)
        for line in made.items
        for source in books.lines.sources(line)
        if source.gift is not None
    ]
    left = [_left(books, order, made, line) for line in made.items]
    claims = account(AccountClass.CLAIMS, order.campaign, order.number)
    owed = sum(row.claim for row in left) - books.net(claims, order.currency)
    commitments = account(AccountClass.COMMITMENTS, order.campaign)
    debit, credit = (claims, commitments) if owed > 0 else (commitments, claims)
    return Posting(
        (Transfer(debit, credit, order.currency, abs(owed)),) if owed else (),
        (
            *given,
            *(Undo(use.id) for use in made.closed),
            *made.operations(),
            *(operation for row in left for operation in closing_operations(order, closing.number, row)),
        ),
    )


def _left(books: Books, order: OrderRow, made: _MadeAnew, line: str) -> ItemLeft:
    """What is left then of the item of a line."""
    item, filled = made.items[line], made.filled[line]
    took = joined(piece for use in made.brought if use.line == line for piece in use.pieces)
    gone = account(AccountClass.CANCELLED, order.campaign, order.number, item.item)
    return left_of_item(
        item,
        line,
        filled,
        without(((0, item.units),), took),
        common(took, ((filled, item.units),)),
        books.net(gone, item.product),
    )


def _refunded_anew(context: Context, order: OrderRow, priced: OrderItemRow) -> tuple[list[Undo], list[Use]]:
    """What takes back and makes again the refunds for pieces of an item, which are worth something else from now on.

    What is paid back makes good what it did, and the rest of the new price is a claim, or lost where it was given up.
    """
    session, lines = context.books.session, context.books.lines
    undone, made, ends = list[Undo](), list[Use](), dict[str, int]()
    for refund in _refunds(session, order, priced, (ProposalStatus.APPROVED,)):
        value = priced.value_of_pieces(refund.quantity or 0)
        if value < refund.makes_good:
            raise Refused.field(
                "new",
                "leaves {value} for the pieces of which refund {number} made {good} good, which counts; reverse that "
                "first",
                value=Figure(order.currency, value),
                number=refund.number,
                good=Figure(order.currency, refund.makes_good),
            )
        require_no_refund(session, col(RefundRow.rest_of) == refund.entry)
        uses = [lines.use(name) for name in uses_of_refund(lines, order.campaign, refund.number)]
        for use in uses:
            back = use.parts[-1]
            spans = lines.spans(str(back.line), back.start, back.start + back.out) if back.out else ()
            if any(span.state is not UnitState.FREE for span in spans):
                raise Conflict.field(
                    "entry",
                    "what refund {number} paid back is used or held since; reverse what stands on it first",
                    number=refund.number,
                )
        undone += [Undo(use.id) for use in uses]
        made += refund_uses(
            lines,
            [(use.id, use.line, str(use.parts[-1].line), use.pieces) for use in uses],
            ends,
            amount=refund.amount,
            good=refund.makes_good,
            rest=value - refund.makes_good,
            kind=PartKind.CLAIMED if refund.written_off is None else PartKind.LOST,
        )
    return undone[::-1], made


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
