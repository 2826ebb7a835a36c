"""Purchase orders: what is bought, at what price, within what budget.

An order belongs to one campaign; approval binds its money and opens one line per item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive, facts_from
from ledger.core.lines import Open
from ledger.core.money import decimal_text
from ledger.core.names import OrderLine
from ledger.model.orders import BOUND, OrderItemRow, OrderRow, OrderStatus
from ledger.rules.approvals import approval, fold_decided, fold_pending, rejection, require_pending
from ledger.rules.books import Books
from ledger.rules.budget import price_of, spendable
from ledger.rules.campaigns import product_of, require_campaign, require_need
from ledger.rules.restrictions import bound_elsewhere
from ledger.rules.spec import RECORDERS, Context, Fold, Kind, numbered
from ledger.rules.workflow import Decision

Permille = Annotated[int, Field(ge=0, le=500, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of an order; `value` is the line's total in minor units, which is what counts (docs/rules.md, 8)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    item: Number
    product: Number
    quantity: Positive
    value: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """An order to one supplier, in the order's currency.

    `need`: what it serves. Money restricted to that need pays it first; without one only unrestricted money may.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    supplier: Name
    currency: Currency
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=50)]
    need: Number | None = None
    expected: Date | None = None
    amends: Number | None = None  # an approved order of the same supplier that this one adds to
    match_permille: Permille | None = (
        None  # what invoice, receipts and order may differ by; else the campaign's
    )
    date: Date


def order_line(campaign: str, order: str, item: str, currency: str) -> str:
    """One line per item of an order, in the order's own currency (docs/rules.md, T1)."""
    return str(OrderLine(campaign, order, item, currency))


def encumbered_account(campaign: str, order: str) -> str:
    return account(AccountClass.ENCUMBERED, campaign, order)


def open_account(campaign: str, order: str, item: str) -> str:
    """Pieces ordered and not yet received."""
    return account(AccountClass.OPEN, campaign, order, item)


def find_order(session: Session, campaign: str, number: str) -> OrderRow | None:
    return session.exec(
        select(OrderRow).where(OrderRow.campaign == campaign, OrderRow.number == number)
    ).first()


def require_order(session: Session, campaign: str, number: str) -> OrderRow:
    """The order of a number; raises NotFound."""
    order = find_order(session, campaign, number)
    if order is None:
        raise NotFound(f"purchase: there is no purchase {number} in campaign {campaign}")
    return order


def bound_orders(session: Session, campaign: str) -> Sequence[OrderRow]:
    """The orders of a campaign that were approved, closed ones too, by number."""
    bound = (OrderRow.campaign == campaign, col(OrderRow.status).in_(BOUND))
    return session.exec(select(OrderRow).where(*bound).order_by(col(OrderRow.number))).all()


def items_of(session: Session, order: OrderRow) -> Sequence[OrderItemRow]:
    """The items of an order, as it lists them."""
    items = select(OrderItemRow).where(OrderItemRow.order_entry == order.entry)
    return session.exec(items.order_by(col(OrderItemRow.n))).all()


def items_of_orders(session: Session, campaign: str) -> dict[int, list[OrderItemRow]]:
    """The items of all orders of a campaign, by the entry of their order."""
    found: dict[int, list[OrderItemRow]] = defaultdict(list)
    items = (
        select(OrderItemRow)
        .join(OrderRow, col(OrderRow.entry) == OrderItemRow.order_entry)
        .where(OrderRow.campaign == campaign)
    )
    for item in session.exec(items.order_by(col(OrderItemRow.order_entry), col(OrderItemRow.n))):
        found[item.order_entry].append(item)
    return found


def item_of(session: Session, order: OrderRow, item: str) -> OrderItemRow:
    """The item of an order; raises Refused."""
    named = (OrderItemRow.order_entry == order.entry, OrderItemRow.item == item)
    row = session.exec(select(OrderItemRow).where(*named)).first()
    if row is None:
        names = ", ".join(row.item for row in items_of(session, order))
        raise Refused.field("item", f"the order has no such item; its items are {names}")
    return row


def order_value(session: Session, order: OrderRow) -> int:
    """Minor units of the order's currency that all its items are worth."""
    values = select(func.sum(OrderItemRow.value)).where(OrderItemRow.order_entry == order.entry)
    return int(session.exec(values).one())


def require_not_closed(context: Context, order: str) -> None:
    """Conflict where the order of an entry that would be reversed is closed."""
    if require_order(context.books.session, context.campaign, order).status.is_closed:
        raise Conflict(f"entry: {order} is closed; reverse its closing first")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an order needs money for: so much of a currency, for a need or for any end."""

    currency: str
    total: int
    need: str | None


def _require_money(
    context: Context, wanted: _Wanted, date: str, *, approving: bool = False
) -> dict[str, Any]:
    """Refused where no fitting money covers an order on a day, naming what is restricted to other needs.

    The note of an order that rests on coins: the rate that they count by, its price of one bitcoin (docs/rules.md, 9).
    """
    currency, need, total = wanted.currency, wanted.need, wanted.total
    available = spendable(context.books, context.campaign, currency, date, need)
    if total <= available:
        by = price_of(context.books, context.campaign, currency, date)
        if by is None or total <= spendable(
            context.books, context.campaign, currency, date, need, sats=False
        ):
            return {}
        return {"rests_on_rate": by.number, "price": by.price}
    elsewhere = "".join(
        bound_elsewhere(context.books, context.campaign, asset, need)
        for asset in dict.fromkeys((currency, "BTC"))
    )
    raise Refused.field(
        "number" if approving else "items",
        f"the order is worth {decimal_text(currency, total)} {currency} and only "
        f"{decimal_text(currency, max(available, 0))} is {'still ' if approving else ''}free{elsewhere}; "
        f"wait for gifts, record the rate, or {'reject it' if approving else 'order less'}",
    )


def _post_purchase(context: Context, facts: Purchase) -> Posting:
    require_campaign(context)
    if len({item.item for item in facts.items}) != len(facts.items):
        raise Refused.field("items", "two items have the same number; number each one")
    for item in facts.items:
        product_of(context.books.session, context.campaign, item.product)
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")
    if facts.amends is not None:
        amended = require_order(context.books.session, context.campaign, facts.amends)
        if not amended.status.is_bound or amended.supplier != facts.supplier:
            raise Refused.field("amends", "names no approved order of the same supplier; name that, or none")
    total = sum(item.value for item in facts.items)
    _require_money(context, _Wanted(facts.currency, total, facts.need), facts.date)
    return Posting()


def _fold_purchase(books: Books, entry: Entry) -> None:
    fold_pending("purchase")(books, entry)
    session, facts = books.session, facts_from(Purchase, entry.facts)
    amended = None if facts.amends is None else require_order(session, entry.campaign, facts.amends)
    session.add(
        OrderRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            supplier=facts.supplier,
            currency=facts.currency,
            need=facts.need,
            expected=facts.expected,
            amends=None if amended is None else amended.entry,
            match_permille=facts.match_permille,
            date=entry.date,
            at=entry.at,
            status=OrderStatus.PENDING,
        )
    )
    session.flush()
    for n, item in enumerate(facts.items):
        session.add(
            OrderItemRow(
                order_entry=entry.seq,
                n=n,
                item=item.item,
                product=item.product,
                quantity=item.quantity,
                value=item.value,
            )
        )


def _fold_decided(status: OrderStatus) -> Fold:
    def fold(books: Books, entry: Entry) -> None:
        fold_decided("purchase", status.value)(books, entry)
        order = require_order(books.session, entry.campaign, str(entry.facts["number"]))
        order.status, order.decided_by, order.decided_on = status, entry.seq, entry.date
        order.rate_number, order.rate_price = entry.notes.get("rests_on_rate"), entry.notes.get("price")
        books.session.add(order)

    return fold


def _post_approved(context: Context, facts: Decision) -> Posting:
    require_pending(context, "purchase", facts.number)
    session, campaign = context.books.session, context.campaign
    order = require_order(session, campaign, facts.number)
    value = order_value(session, order)
    wanted = _Wanted(order.currency, value, order.need)
    notes = _require_money(context, wanted, facts.date, approving=True)
    bound, commitments = (
        encumbered_account(campaign, order.number),
        account(AccountClass.COMMITMENTS, campaign),
    )
    transfers = [Transfer(bound, commitments, order.currency, value)]
    opens = []
    for item in items_of(session, order):
        ordered, opened = (
            account(AccountClass.ORDERED, campaign),
            open_account(campaign, order.number, item.item),
        )
        transfers.append(Transfer(opened, ordered, item.product, item.quantity))
        line = order_line(campaign, order.number, item.item, order.currency)
        opens.append(Open(line, order.currency, item.value))
    return Posting(tuple(transfers), tuple(opens), notes)


PURCHASE = Kind(
    name="purchase",
    noun="purchase",
    verb="add",
    facts=Purchase,
    doc="Record a purchase order; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("purchase"),
    post=_post_purchase,
    fold=_fold_purchase,
)
KINDS = (
    PURCHASE,
    approval("purchase", _post_approved, _fold_decided(OrderStatus.APPROVED)),
    rejection("purchase", _fold_decided(OrderStatus.REJECTED)),
)
