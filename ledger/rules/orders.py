"""Purchase orders and supplier invoices: what is bought, at what price, within what budget.

An order belongs to one campaign; approval binds its money and opens one line per item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, facts_json
from ledger.core.lines import Open
from ledger.core.money import decimal_text
from ledger.core.names import OrderLine
from ledger.rules.approvals import Decision, approval, fold_decided, fold_pending, rejection, require_pending
from ledger.rules.budget import price_of, spendable
from ledger.rules.campaigns import product_of, require_campaign, require_need
from ledger.rules.order_papers import OrderPapers
from ledger.rules.payable import standing_notes
from ledger.rules.restrictions import bound_elsewhere
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, reversed_as, saved_as

Permille = Annotated[int, Field(ge=0, le=500, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of an order; `value` is the line's total in minor units, which is what counts (RULES 8)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """What an invoice bills of one item of the order."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    item: Number
    quantity: Count
    amount: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A supplier's invoice for an order: what is billed, quantity and amount in the order's currency.

    `lines` bill items apart and sum to both; without them the items are billed in proportion.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    quantity: Count
    amount: Positive
    lines: Annotated[tuple[BilledLine, ...], Field(min_length=1, max_length=50)] | None = None
    date: Date


BOUND = frozenset({"approved", "completed", "cancelled"})
"""States of an order that was approved: still open, closed after goods came, closed before any came."""


def order_line(campaign: str, order: str, item: str, currency: str) -> str:
    """One line per item of an order, in the order's own currency (DESIGN, Tracing, rule 1)."""
    return str(OrderLine(campaign, order, item, currency))


def encumbered_account(campaign: str, order: str) -> str:
    return account(AccountClass.ENCUMBERED, campaign, order)


def open_account(campaign: str, order: str, item: str) -> str:
    """Pieces ordered and not yet received."""
    return account(AccountClass.OPEN, campaign, order, item)


def item_of(document: dict[str, Any], item: str) -> dict[str, Any]:
    """The item of an order; raises Refused."""
    for row in document["facts"]["items"]:
        if row["item"] == item:
            found: dict[str, Any] = row
            return found
    names = ", ".join(row["item"] for row in document["facts"]["items"])
    raise Refused.field("item", f"the order has no such item; its items are {names}")


def order_value(document: dict[str, Any]) -> int:
    return sum(int(item["value"]) for item in document["facts"]["items"])


def require_not_closed(context: Context, order: str) -> None:
    """Conflict where the order of an entry that would be reversed is closed."""
    if "closed" in context.books.documents.require("purchase", context.campaign, order):
        raise Conflict(f"entry: {order} is closed; reverse its closing first")


def _require_money(
    context: Context, facts: Mapping[str, Any], date: str, *, approving: bool = False
) -> dict[str, Any]:
    """Refused where no fitting money covers an order on a day, naming what is restricted to other needs.

    The note of an order that rests on coins: the rate that they count by, and its price of one bitcoin (RULES 9).
    """
    currency, need = facts["currency"], facts.get("need")
    total = sum(int(item["value"]) for item in facts["items"])
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
        amended = context.books.documents.require("purchase", context.campaign, facts.amends)
        if amended["status"] not in BOUND or amended["facts"]["supplier"] != facts.supplier:
            raise Refused.field("amends", "names no approved order of the same supplier; name that, or none")
    _require_money(context, facts_json(facts), facts.date)
    return Posting()


def _post_approved(context: Context, facts: Decision) -> Posting:
    document = require_pending(context, "purchase", facts.number)
    order = document["facts"]
    campaign = context.campaign
    notes = _require_money(context, order, facts.date, approving=True)
    transfers = [
        Transfer(
            encumbered_account(campaign, facts.number),
            account(AccountClass.COMMITMENTS, campaign),
            order["currency"],
            order_value(document),
        )
    ]
    opens = []
    for item in order["items"]:
        transfers.append(
            Transfer(
                open_account(campaign, facts.number, item["item"]),
                account(AccountClass.ORDERED, campaign),
                item["product"],
                item["quantity"],
            )
        )
        line = order_line(campaign, facts.number, item["item"], order["currency"])
        opens.append(Open(line, order["currency"], item["value"]))
    return Posting(tuple(transfers), tuple(opens), notes)


def _post_invoice(context: Context, facts: Invoice) -> Posting:
    document = context.books.documents.require("purchase", context.campaign, facts.order)
    if document["status"] != "approved":
        raise Refused.field(
            "order", f"{facts.order} is {document['status']}; invoices go with approved orders"
        )
    if facts.lines is not None:
        for line in facts.lines:
            item_of(document, line.item)
        if len({line.item for line in facts.lines}) != len(facts.lines):
            raise Refused.field("lines", "bill an item twice; add its pieces together")
        for name, told in (("quantity", facts.quantity), ("amount", facts.amount)):
            lines = sum(getattr(line, name) for line in facts.lines)
            if lines != told:
                raise Refused.field(name, f"is {told} and the lines sum to {lines}; make them agree")
    return Posting()


def _require_standing_alone(context: Context, entry: Entry) -> None:
    """Conflict where a credit note lowers the invoice, or its order is closed."""
    order = str(entry.facts["order"])
    for note in standing_notes(OrderPapers(context.books, context.campaign), order):
        if note.get("invoice") == entry.facts["number"]:
            raise Conflict(f"entry: credit note {note['number']} lowers it; reverse that first")
    require_not_closed(context, order)


PURCHASE = Kind(
    name="purchase",
    noun="purchase",
    verb="add",
    facts=Purchase,
    doc="Record a purchase order; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("purchase"),
    post=_post_purchase,
    fold=fold_pending("purchase"),
)
INVOICE = Kind(
    name="invoice",
    noun="invoice",
    verb="add",
    facts=Invoice,
    doc="Record a supplier's invoice for an approved order.",
    roles=RECORDERS,
    key=numbered("invoice"),
    post=_post_invoice,
    fold=saved_as("invoice"),
    undoing=Undoing(reversed_as("invoice"), require=_require_standing_alone),
)
KINDS = (
    PURCHASE,
    approval("purchase", _post_approved, fold_decided("purchase", "approved")),
    rejection("purchase"),
    INVOICE,
)
