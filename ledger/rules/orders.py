"""Purchase orders: what is bought, at what price, within what budget.

An order belongs to one campaign; approval binds its money and opens one line per item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive, Text, derive
from ledger.core.lines import Open
from ledger.core.names import OrderLine
from ledger.core.wording import Figure
from ledger.model.columns import OF_ENTRY, TEXT
from ledger.model.journal import EntryRow
from ledger.model.named import NameOf
from ledger.model.orders import OrderEnd, OrderItemRow, OrderRow
from ledger.model.proposals import COUNTS
from ledger.rules.asked import Also, Asked
from ledger.rules.books import Books
from ledger.rules.budget import Wanted, covered_after, price_of, rates_of_others, spendable
from ledger.rules.campaigns import product_of, require_campaign, require_need
from ledger.rules.named import names_of
from ledger.rules.packs import Packs, in_pieces
from ledger.rules.restrictions import bound_elsewhere
from ledger.rules.rows import find_numbered, require_numbered
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed

Permille = Annotated[int, Field(ge=0, le=500, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of an order; `value` is the line's total in minor units, which is what counts (docs/rules.md, 8).

    `quantity` in pieces, or `packs` of so many.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    item: Number
    product: Number
    quantity: Positive | None = None
    packs: Packs | None = None
    value: Positive

    def __post_init__(self) -> None:
        derive(self, "quantity", self.pieces)

    @property
    def pieces(self) -> int:
        return in_pieces(self.quantity, self.packs)


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
    return find_numbered(session, OrderRow, campaign, number)


def require_order(session: Session, campaign: str, number: str) -> OrderRow:
    """The order of a number; raises NotFound."""
    return require_numbered(session, OrderRow, "purchase", campaign, number)


_ITEMS = select(OrderItemRow).where(col(OrderItemRow.order_entry) == OF_ENTRY).order_by(col(OrderItemRow.n))
_ITEM = select(OrderItemRow).where(
    col(OrderItemRow.order_entry) == OF_ENTRY, col(OrderItemRow.item) == bindparam("of_item", type_=TEXT)
)
_VALUE = select(func.sum(OrderItemRow.value)).where(col(OrderItemRow.order_entry) == OF_ENTRY)


def items_of(session: Session, order: OrderRow) -> Sequence[OrderItemRow]:
    """The items of an order, as it lists them."""
    return session.exec(_ITEMS, params={"of_entry": order.entry}).all()


def item_of(session: Session, order: OrderRow, item: str) -> OrderItemRow:
    """The item of an order; raises Refused."""
    row = session.exec(_ITEM, params={"of_entry": order.entry, "of_item": item}).first()
    if row is None:
        names = ", ".join(row.item for row in items_of(session, order))
        raise Refused.field("item", "the order has no such item; its items are {items}", items=names)
    return row


def order_value(session: Session, order: OrderRow) -> int:
    """Minor units of the order's currency that all its items are worth."""
    return int(session.exec(_VALUE, params={"of_entry": order.entry}).one())


def require_not_closed(context: Context, order: str) -> None:
    """Conflict where the order of an entry that would be reversed is closed."""
    if require_order(context.books.session, context.campaign, order).is_closed:
        raise Conflict.field("entry", "{order} is closed; reverse its closing first", order=order)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsOnRate:
    """What an order that coins or money of other currencies cover rests on: the rate that they count by.

    `price`: what one bitcoin is at by it, minor units of the order's currency; none where it is a rate between two
    currencies. `with_rates`: those of other currencies whose money counts (docs/rules.md, 9 and 26).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    rests_on_rate: Text
    price: Positive | None = None
    with_rates: tuple[Text, ...] | None = None


def _require_money(
    context: Context, wanted: Wanted, date: str, *, approving: bool = False
) -> RestsOnRate | None:
    """Refused where no fitting money covers an order on a day, naming what is restricted to other needs.

    None where money in the order's own currency covers it.
    """
    currency, need, total = wanted.currency, wanted.need, wanted.total
    available = spendable(context.books, context.campaign, currency, date, need)
    if total <= available:
        by = price_of(context.books, context.campaign, currency, date)
        others = rates_of_others(context.books, context.campaign, currency, date)
        if (by is None and not others) or total <= spendable(
            context.books, context.campaign, currency, date, need, by_rates=False
        ):
            return None
        if by is None:
            return RestsOnRate(rests_on_rate=others[0], with_rates=others[1:] or None)
        return RestsOnRate(rests_on_rate=by.number, price=by.price, with_rates=others or None)
    elsewhere = [
        bound
        for asset in dict.fromkeys((currency, "BTC"))
        for bound in bound_elsewhere(context.books, context.campaign, asset, need)
    ]
    field = "number" if approving else "items"
    worth, free = Figure(currency, total), Figure(currency, max(available, 0))
    if elsewhere and approving:
        raise Refused.field(
            field,
            "the order is worth {worth} and only {free} is still free; restricted to other needs, which this does not "
            "serve: {elsewhere}; wait for gifts, record the rate of this currency and of those that the money is in, "
            "or reject it",
            worth=worth,
            free=free,
            elsewhere=elsewhere,
        )
    if elsewhere:
        raise Refused.field(
            field,
            "the order is worth {worth} and only {free} is free; restricted to other needs, which this does not serve: "
            "{elsewhere}; wait for gifts, record the rate of this currency and of those that the money is in, or "
            "order less",
            worth=worth,
            free=free,
            elsewhere=elsewhere,
        )
    if approving:
        raise Refused.field(
            field,
            "the order is worth {worth} and only {free} is still free; wait for gifts, record the rate of this "
            "currency and of those that the money is in, or reject it",
            worth=worth,
            free=free,
        )
    raise Refused.field(
        field,
        "the order is worth {worth} and only {free} is free; wait for gifts, record the rate of this currency and of "
        "those that the money is in, or order less",
        worth=worth,
        free=free,
    )


def _hold(context: Context, facts: Purchase) -> Posting[None]:
    """An order that waits holds nothing; only what is approved binds money."""
    require_campaign(context)
    if len({item.item for item in facts.items}) != len(facts.items):
        raise Refused.field("items", "two items have the same number; number each one")
    for item in facts.items:
        product_of(context.books.session, context.campaign, item.product)
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")
    if facts.amends is not None:
        amended = require_order(context.books.session, context.campaign, facts.amends)
        suppliers = names_of(context.books.session, NameOf.SUPPLIER, amended.supplier)
        if not amended.is_bound or facts.supplier not in suppliers:
            raise Refused.field("amends", "names no approved order of the same supplier; name that, or none")
    total = sum(item.value for item in facts.items)
    _require_money(context, Wanted(facts.currency, total, facts.need), facts.date)
    return Posting()


def _row(books: Books, entry: Entry[Purchase, None]) -> OrderRow:
    facts = entry.facts
    amended = None if facts.amends is None else require_order(books.session, entry.campaign, facts.amends)
    return OrderRow(
        **proposed(entry, facts.number, facts.date),
        supplier=facts.supplier,
        currency=facts.currency,
        need=facts.need,
        expected=facts.expected,
        amends=None if amended is None else amended.entry,
        match_permille=facts.match_permille,
    )


def _items(books: Books, order: OrderRow, entry: Entry[Purchase, None]) -> None:
    for n, item in enumerate(entry.facts.items):
        books.session.add(
            OrderItemRow(
                order_entry=order.entry,
                n=n,
                item=item.item,
                product=item.product,
                quantity=item.pieces,
                value=item.value,
                packs=None if item.packs is None else item.packs.count,
                pack_of=None if item.packs is None else item.packs.of,
            )
        )


def _effect(context: Context, order: OrderRow, decision: Decision) -> Posting[RestsOnRate | None]:
    campaign, value = context.campaign, order_value(context.books.session, order)
    wanted = Wanted(order.currency, value, order.need)
    rests_on = _require_money(context, wanted, decision.date, approving=True)
    bound, commitments = (
        encumbered_account(campaign, order.number),
        account(AccountClass.COMMITMENTS, campaign),
    )
    transfers = [Transfer(bound, commitments, order.currency, value)]
    opens = []
    for item in items_of(context.books.session, order):
        ordered, opened = (
            account(AccountClass.ORDERED, campaign),
            open_account(campaign, order.number, item.item),
        )
        transfers.append(Transfer(opened, ordered, item.product, item.quantity))
        line = order_line(campaign, order.number, item.item, order.currency)
        opens.append(Open(line, order.currency, item.units))
    return Posting(tuple(transfers), tuple(opens), rests_on)


def _covered(context: Context, order: OrderRow, decision: Decision, since: str) -> set[int]:
    """What binds money rests on it: an order is not approved before the money came that covers it."""
    wanted = Wanted(order.currency, order_value(context.books.session, order), order.need)
    return covered_after(context.books, context.campaign, wanted, decision.date, since)


def _keep_rate(_books: Books, order: OrderRow, entry: Entry[Decision, RestsOnRate | None]) -> None:
    if entry.notes is not None:
        order.rate_number, order.rate_price = entry.notes.rests_on_rate, entry.notes.price


def _asks(session: Session, order: OrderRow) -> Asked:
    return Asked(order.currency, order_value(session, order), order.supplier)


def _asks_also(session: Session, order: OrderRow, _asked: Asked) -> Iterator[Also]:
    """Orders to the supplier, of all campaigns, but for those that came to nothing."""
    others = (
        select(
            OrderRow.currency,
            func.sum(OrderItemRow.value),
            func.coalesce(EntryRow.recorded_at, OrderRow.recorded_at),
        )
        .join(OrderItemRow, col(OrderItemRow.order_entry) == OrderRow.entry)
        .join(EntryRow, col(EntryRow.seq) == OrderRow.decided_by, isouter=True)
        .where(
            col(OrderRow.supplier).in_(names_of(session, NameOf.SUPPLIER, order.supplier)),
            col(OrderRow.status).in_(COUNTS),
            func.coalesce(OrderRow.closed_as, "") != OrderEnd.CANCELLED,
            col(OrderRow.opened_by).is_(None),
            OrderRow.entry != order.entry,
        )
        .group_by(
            col(OrderRow.entry), col(OrderRow.currency), col(EntryRow.recorded_at), col(OrderRow.recorded_at)
        )
    )
    for currency, minor, at in session.exec(others):
        yield Also(currency, int(minor), None, at)


ORDERS: Workflow[Purchase, OrderRow, RestsOnRate | None] = Workflow(
    noun="purchase",
    facts=Purchase,
    row=OrderRow,
    doc="Record a purchase order; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    approval_covered=_covered,
    notes=RestsOnRate,
    kept=_items,
    approved=_keep_rate,
    reversible=False,
    about=lambda session, order: (order.currency, order_value(session, order)),
    asks=_asks,
    asks_also=_asks_also,
)
KINDS = ORDERS.kinds()
