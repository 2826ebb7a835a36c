"""What a supplier delivered too much: sent back, accepted as its gift, or bought by an approved amendment (RULES 7).

Until then it waits apart, on no line, and cannot be shipped or handed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Number, Positive
from ledger.core.lines import Append, Change, Part, PartKind, Use
from ledger.core.names import GiftKind, GiftName, UseCause, UseName
from ledger.model.orders import OrderStatus
from ledger.rules.books import Books
from ledger.rules.goods import goods_account, goods_line, lot_asset
from ledger.rules.orders import item_of, open_account, order_line, require_not_closed, require_order
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as
from ledger.rules.taken_off import appended_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Pieces of a lot that came too much; `lot` is its name with `.over` at its end."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    lot: Number
    quantity: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtOver(Over):
    """Pieces that came too much and are bought: `order` is the approved amendment, `item` its item for them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    order: Number
    item: Number


def _waiting(context: Context, facts: Over) -> tuple[dict[str, Any], str, str]:
    """(the lot, its asset, the account where it waits); Refused where fewer wait."""
    asset = lot_asset(facts.product, facts.lot)
    lot = context.books.documents.find("lot", "", asset)
    if lot is None or lot["campaign"] != context.campaign or "over_of" not in lot:
        raise Refused.field(
            "lot", "no such lot waits apart; its name ends with .over, as the receipt named it"
        )
    apart = goods_account(AccountClass.OVER, context.campaign, lot["place"])
    waiting = context.books.net(apart, asset)
    if facts.quantity > waiting:
        raise Refused.field("quantity", f"{facts.quantity} are told and {waiting} of {facts.lot} wait apart")
    return lot, asset, apart


def _received_as(books: Books, campaign: str, facts: Over) -> int | None:
    """The seq of the receipt that counted the surplus; who recorded that does not accept it as a gift."""
    lot = books.documents.find("lot", "", lot_asset(facts.product, facts.lot))
    return int(lot["seq"]) if lot is not None and lot["campaign"] == campaign else None


def _post_return(context: Context, facts: Over) -> Posting:
    _, asset, apart = _waiting(context, facts)
    back = account(AccountClass.RETURNED, context.campaign, "over")
    return Posting((Transfer(back, apart, asset, facts.quantity),))


def _post_accept(context: Context, facts: Over) -> Posting:
    lot, asset, apart = _waiting(context, facts)
    stock = goods_account(AccountClass.STOCK, context.campaign, lot["place"])
    line = goods_line(context.campaign, AccountClass.STOCK, lot["place"], asset)
    start = context.books.lines.length(line)
    gift = Append(line, asset, start, facts.quantity, str(GiftName(GiftKind.OVER, facts.number)))
    return Posting((Transfer(stock, apart, asset, facts.quantity),), (gift,))


def _post_buy(context: Context, facts: BoughtOver) -> Posting:
    books, campaign = context.books, context.campaign
    lot, asset, apart = _waiting(context, facts)
    order = require_order(books.session, campaign, facts.order)
    if order.status is not OrderStatus.APPROVED:
        raise Conflict(
            f"order: {facts.order} is {order.status}; an approved amendment buys what came too much"
        )
    amended = require_order(books.session, campaign, lot["order"])
    if order.amends != amended.entry:
        raise Refused.field(
            "order", f"is no amendment of {lot['order']}; say amends={lot['order']} in its order"
        )
    item = item_of(books.session, order, facts.item)
    if item.product != facts.product:
        raise Refused.field("item", f"is for {item.product}; name the item for {facts.product}")
    opened = open_account(campaign, facts.order, facts.item)
    left = books.net(opened, facts.product)
    if facts.quantity > left:
        raise Refused.field("quantity", f"{facts.quantity} are bought and {left} are open on {facts.order}")
    line = order_line(campaign, facts.order, facts.item, order.currency)
    quantity, value = item.quantity, item.value
    done = quantity - left
    units = (done + facts.quantity) * value // quantity - done * value // quantity
    pieces = books.lines.lowest_free(line, units if facts.quantity < left else value)
    target = goods_line(campaign, AccountClass.STOCK, lot["place"], asset)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, target, books.lines.length(target))
    transfers = (
        Transfer(account(AccountClass.NOTED, campaign, facts.order), opened, facts.product, facts.quantity),
        Transfer(goods_account(AccountClass.STOCK, campaign, lot["place"]), apart, asset, facts.quantity),
    )
    use = Use(str(UseName(UseCause.BOUGHT, campaign, facts.number)), line, pieces, facts.quantity, (part,))
    return Posting(transfers, (use,))


def _good_by(books: Books, entry: Entry, sign: int) -> None:
    asset = lot_asset(str(entry.facts["product"]), str(entry.facts["lot"]))
    lot = books.documents.require("lot", "", asset)
    lot["facts"]["good"] += sign * int(entry.facts["quantity"])
    books.documents.save("lot", "", asset, lot)


def _fold_return(books: Books, entry: Entry) -> None:
    _save(books, entry, "sent_back")


def _fold_accept(books: Books, entry: Entry) -> None:
    _save(books, entry, "accepted")
    _good_by(books, entry, 1)


def _fold_buy(books: Books, entry: Entry) -> None:
    _save(books, entry, "bought")
    _good_by(books, entry, 1)


def _save(books: Books, entry: Entry, kind: str) -> None:
    books.documents.save(kind, entry.campaign, str(entry.facts["number"]), document_of(entry, reversed=None))


def _taken_off(context: Context, entry: Entry) -> tuple[Change, ...]:
    """What takes accepted pieces off their line again."""
    return appended_off(context, entry, "these pieces have gone on")


def _unfold_accept(books: Books, entry: Entry, seq: int) -> None:
    reversed_as("accepted")(books, entry, seq)
    _good_by(books, entry, -1)


def _unfold_buy(books: Books, entry: Entry, seq: int) -> None:
    reversed_as("bought")(books, entry, seq)
    _good_by(books, entry, -1)


RETURN = Kind(
    name="over.returned",
    noun="over",
    verb="return",
    facts=Over,
    doc="Record that pieces that came too much were sent back to the supplier.",
    roles=RECORDERS,
    key=numbered("over.returned"),
    post=_post_return,
    fold=_fold_return,
    undoing=Undoing(reversed_as("sent_back")),
)
ACCEPT = Kind(
    name="over.accepted",
    noun="over",
    verb="accept",
    facts=Over,
    doc="Accept pieces that came too much as a gift in kind of the supplier; who recorded their receipt may not.",
    roles=APPROVERS,
    key=numbered("over.accepted"),
    approves=_received_as,
    post=_post_accept,
    fold=_fold_accept,
    undoing=Undoing(_unfold_accept, takes_off=_taken_off),
)
BUY = Kind(
    name="over.bought",
    noun="over",
    verb="buy",
    facts=BoughtOver,
    doc="Buy pieces that came too much, by an approved order that amends the first one.",
    roles=RECORDERS,
    key=numbered("over.bought"),
    post=_post_buy,
    fold=_fold_buy,
    undoing=Undoing(
        _unfold_buy, require=lambda context, entry: require_not_closed(context, str(entry.facts["order"]))
    ),
)
KINDS = (RETURN, ACCEPT, BUY)
