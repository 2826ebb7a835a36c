"""What a supplier delivered too much: sent back, accepted as its gift, or bought by an amendment (docs/rules.md, 7).

Until then it waits apart, on no line, and cannot be shipped or handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Number, Positive
from ledger.core.lines import Append, Change, Part, PartKind, Use
from ledger.core.names import GiftKind, GiftName, Lot, UseCause, UseName
from ledger.model.goods import LotDeliveryRow, LotRow, OverDecision, OverDecisionRow, ReceiptRow
from ledger.rules.books import Books
from ledger.rules.goods import goods_account, goods_line, lot_of_delivery
from ledger.rules.orders import item_of, open_account, order_line, require_not_closed, require_order
from ledger.rules.rows import add_row, paper_head, reverse_row
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Fold, Kind, Undoing, numbered
from ledger.rules.voided_units import void_appended


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Pieces of a lot that came too much; `lot` is its name with `.over` at its end.

    `receipt`: which one counted them, where several did.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    lot: Number
    receipt: Number | None = None
    quantity: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtOver(Over):
    """Pieces that came too much and are bought: `order` is the approved amendment, `item` its item for them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    order: Number
    item: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the ledger adds to a decision: the entry of the receipt that counted the pieces."""

    received: int


def find_over(session: Session, campaign: str, decision: OverDecision, number: str) -> OverDecisionRow | None:
    query = select(OverDecisionRow).where(
        OverDecisionRow.campaign == campaign,
        OverDecisionRow.decision == decision,
        OverDecisionRow.number == number,
    )
    return session.exec(query).first()


def require_bought(session: Session, campaign: str, number: str) -> OverDecisionRow:
    """The purchase of a surplus; raises NotFound."""
    row = find_over(session, campaign, OverDecision.BOUGHT, number)
    if row is None:
        raise NotFound(f"bought: there is no bought {number} in campaign {campaign}")
    return row


def decided_on(session: Session, receipt: int, lot: Lot, *decisions: OverDecision) -> int:
    """Pieces of a receipt's surplus that were decided about, in one of these ways (in any, where none is named)."""
    query = select(func.coalesce(func.sum(OverDecisionRow.quantity), 0)).where(
        OverDecisionRow.receipt == receipt,
        OverDecisionRow.product == lot.product,
        OverDecisionRow.lot == lot.number,
        col(OverDecisionRow.reversed_by).is_(None),
    )
    if decisions:
        query = query.where(col(OverDecisionRow.decision).in_(decisions))
    return int(session.exec(query).one())


def waiting_of(session: Session, surplus: LotDeliveryRow) -> int:
    """Pieces of a delivery's surplus that nobody decided about yet."""
    return surplus.noted - decided_on(session, surplus.entry, Lot(surplus.product, surplus.lot))


def bought_on(session: Session, campaign: str, order: str) -> Sequence[OverDecisionRow]:
    """Surplus that an order bought, standing, first recorded first."""
    query = (
        select(OverDecisionRow)
        .where(
            OverDecisionRow.campaign == campaign,
            OverDecisionRow.order_number == order,
            col(OverDecisionRow.reversed_by).is_(None),
        )
        .order_by(col(OverDecisionRow.entry))
    )
    return session.exec(query).all()


def bought_by_item(session: Session, campaign: str, order: str | None = None) -> dict[tuple[str, str], int]:
    """Pieces of surplus that each (order, item) bought: of a whole campaign, or of one order."""
    query = (
        select(OverDecisionRow.order_number, OverDecisionRow.item, func.sum(OverDecisionRow.quantity))
        .where(
            OverDecisionRow.campaign == campaign,
            OverDecisionRow.decision == OverDecision.BOUGHT,
            col(OverDecisionRow.reversed_by).is_(None),
        )
        .group_by(col(OverDecisionRow.order_number), col(OverDecisionRow.item))
    )
    if order is not None:
        query = query.where(OverDecisionRow.order_number == order)
    return {(number or "", item or ""): int(units) for number, item, units in session.exec(query)}


def waiting_by_item(session: Session, campaign: str, order: str) -> dict[str, int]:
    """Pieces that came too much with each item of an order and that nobody decided about yet."""
    standing = (
        ReceiptRow.campaign == campaign,
        ReceiptRow.order_number == order,
        col(ReceiptRow.reversed_by).is_(None),
    )
    came = (
        select(ReceiptRow.item, func.sum(LotDeliveryRow.noted))
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .join(LotRow, lot_of_delivery())
        .where(*standing, col(LotRow.over_of).is_not(None))
        .group_by(col(ReceiptRow.item))
    )
    decided = (
        select(ReceiptRow.item, func.sum(OverDecisionRow.quantity))
        .join(OverDecisionRow, col(OverDecisionRow.receipt) == ReceiptRow.entry)
        .where(*standing, col(OverDecisionRow.reversed_by).is_(None))
        .group_by(col(ReceiptRow.item))
    )
    gone = {item: int(units) for item, units in session.exec(decided)}
    return {item: int(units) - gone.get(item, 0) for item, units in session.exec(came)}


Surplus = tuple[ReceiptRow, LotDeliveryRow]
"""A receipt and what came too much of a lot with it."""


def surplus_of(session: Session, campaign: str, lot: Lot) -> Sequence[Surplus]:
    """The standing receipts that counted pieces of a lot too much, first recorded first."""
    query = (
        select(ReceiptRow, LotDeliveryRow)
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .join(LotRow, lot_of_delivery())
        .where(
            LotDeliveryRow.campaign == campaign,
            LotDeliveryRow.product == lot.product,
            LotDeliveryRow.lot == lot.number,
            col(LotRow.over_of).is_not(None),
            col(LotDeliveryRow.reversed_by).is_(None),
        )
        .order_by(col(ReceiptRow.entry))
    )
    return session.exec(query).all()


def _meant(session: Session, campaign: str, facts: Over) -> list[Surplus]:
    """What a fact can mean: of the receipt that it names, else of all where pieces wait still."""
    found = surplus_of(session, campaign, Lot(facts.product, facts.lot))
    if facts.receipt is not None:
        return [row for row in found if row[0].number == facts.receipt]
    return [row for row in found if waiting_of(session, row[1])] or list(found[:1])


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The surplus that a decision is about: its receipt, its lot, and the account where it waits."""

    receipt: ReceiptRow
    lot: Lot
    apart: str

    @property
    def notes(self) -> Counted:
        return Counted(received=self.receipt.entry)


def _waiting(context: Context, facts: Over) -> _Waiting:
    """The surplus that is meant; raises Refused where it is none, is several, or fewer pieces wait."""
    session, campaign = context.books.session, context.campaign
    meant = _meant(session, campaign, facts)
    if not meant:
        raise Refused.field(
            "lot", "no such lot waits apart; its name ends with .over, as the receipt named it"
        )
    if len(meant) > 1:
        numbers = ", ".join(receipt.number for receipt, _ in meant)
        raise Refused.field("receipt", f"pieces of {facts.lot} wait of several: name one of {numbers}")
    receipt, surplus = meant[0]
    waiting = waiting_of(session, surplus)
    if facts.quantity > waiting:
        raise Refused.field("quantity", f"{facts.quantity} are told and {waiting} of {facts.lot} wait apart")
    apart = goods_account(AccountClass.OVER, campaign, receipt.place)
    return _Waiting(receipt, Lot(facts.product, facts.lot), apart)


def _received_as(books: Books, campaign: str, facts: Over) -> int | None:
    """The seq of the receipt that counted the surplus; who recorded that does not accept it as a gift."""
    meant = _meant(books.session, campaign, facts)
    return meant[0][0].entry if len(meant) == 1 else None


def _post_return(context: Context, facts: Over) -> Posting[Counted]:
    found = _waiting(context, facts)
    back = account(AccountClass.RETURNED, context.campaign, "over")
    return Posting((Transfer(back, found.apart, str(found.lot), facts.quantity),), (), found.notes)


def _post_accept(context: Context, facts: Over) -> Posting[Counted]:
    found, campaign = _waiting(context, facts), context.campaign
    asset, place = str(found.lot), found.receipt.place
    stock = goods_account(AccountClass.STOCK, campaign, place)
    line = goods_line(campaign, AccountClass.STOCK, place, found.lot)
    start = context.books.lines.length(line)
    gift = Append(line, asset, start, facts.quantity, str(GiftName(GiftKind.OVER, facts.number)))
    return Posting((Transfer(stock, found.apart, asset, facts.quantity),), (gift,), found.notes)


def _post_buy(context: Context, facts: BoughtOver) -> Posting[Counted]:
    books, campaign = context.books, context.campaign
    found = _waiting(context, facts)
    first, place, asset = found.receipt.order_number, found.receipt.place, str(found.lot)
    order = require_order(books.session, campaign, facts.order)
    if not order.is_open:
        raise Conflict(
            f"order: {facts.order} is {order.stage}; an approved amendment buys what came too much"
        )
    if order.amends != require_order(books.session, campaign, first).entry:
        raise Refused.field("order", f"is no amendment of {first}; say amends={first} in its order")
    item = item_of(books.session, order, facts.item)
    if item.product != facts.product:
        raise Refused.field("item", f"is for {item.product}; name the item for {facts.product}")
    opened = open_account(campaign, facts.order, facts.item)
    left = books.net(opened, facts.product)
    if facts.quantity > left:
        raise Refused.field("quantity", f"{facts.quantity} are bought and {left} are open on {facts.order}")
    line = order_line(campaign, facts.order, facts.item, order.currency)
    done = item.quantity - left
    units = item.units_of(done + facts.quantity) - item.units_of(done)
    pieces = books.lines.lowest_free(line, units if facts.quantity < left else item.units)
    target = goods_line(campaign, AccountClass.STOCK, place, found.lot)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, target, books.lines.length(target))
    transfers = (
        Transfer(account(AccountClass.NOTED, campaign, facts.order), opened, facts.product, facts.quantity),
        Transfer(goods_account(AccountClass.STOCK, campaign, place), found.apart, asset, facts.quantity),
    )
    use = Use(str(UseName(UseCause.BOUGHT, campaign, facts.number)), line, pieces, facts.quantity, (part,))
    return Posting(transfers, (use,), found.notes)


T = TypeVar("T", bound=Over)


def _keep(
    books: Books,
    entry: Entry[T, Counted],
    decision: OverDecision,
    order: str | None = None,
    item: str | None = None,
) -> None:
    """The row of a decision; `order` and `item` are what buys the pieces."""
    add_row(
        books.session,
        OverDecisionRow,
        **paper_head(entry),
        decision=decision,
        receipt=entry.notes.received,
        product=entry.facts.product,
        lot=entry.facts.lot,
        quantity=entry.facts.quantity,
        order_number=order,
        item=item,
    )


def _kept_as(decision: OverDecision) -> Fold[Over, Counted]:
    def fold(books: Books, entry: Entry[Over, Counted]) -> None:
        _keep(books, entry, decision)

    return fold


def _fold_buy(books: Books, entry: Entry[BoughtOver, Counted]) -> None:
    _keep(books, entry, OverDecision.BOUGHT, entry.facts.order, entry.facts.item)


def _voided(context: Context, entry: Entry[Over, Counted]) -> tuple[Change, ...]:
    """What takes accepted pieces off their line again."""
    return void_appended(context, entry, "these pieces have gone on")


def _unfold(books: Books, entry: Entry[T, Counted], seq: int) -> None:
    """The pieces wait apart again."""
    reverse_row(books.session, OverDecisionRow, entry.seq, seq)


def _require_open(context: Context, entry: Entry[BoughtOver, Counted]) -> None:
    require_not_closed(context, entry.facts.order)


RETURN = Kind(
    name="over.returned",
    noun="over",
    verb="return",
    facts=Over,
    notes=Counted,
    doc="Record that pieces that came too much were sent back to the supplier.",
    roles=RECORDERS,
    key=numbered("over.returned"),
    post=_post_return,
    fold=_kept_as(OverDecision.RETURNED),
    undoing=Undoing(_unfold),
)
ACCEPT = Kind(
    name="over.accepted",
    noun="over",
    verb="accept",
    facts=Over,
    notes=Counted,
    doc="Accept pieces that came too much as a gift in kind of the supplier; who recorded their receipt may not.",
    roles=APPROVERS,
    key=numbered("over.accepted"),
    approves=_received_as,
    post=_post_accept,
    fold=_kept_as(OverDecision.ACCEPTED),
    undoing=Undoing(_unfold, voids=_voided),
)
BUY = Kind(
    name="over.bought",
    noun="over",
    verb="buy",
    facts=BoughtOver,
    notes=Counted,
    doc="Buy pieces that came too much, by an approved order that amends the first one.",
    roles=RECORDERS,
    key=numbered("over.bought"),
    post=_post_buy,
    fold=_fold_buy,
    undoing=Undoing(_unfold, require=_require_open),
)
KINDS = (RETURN, ACCEPT, BUY)
