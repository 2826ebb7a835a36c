"""What came too much: at a receipt, an arrival, or a count of stock (docs/rules.md, 7 and 25).

It is sent back, accepted as the supplier's gift, bought by an amendment, or explained by a fact that tells of the same
pieces. Until then it waits apart, on no line, and cannot be shipped or handed out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeVar

from pydantic import ConfigDict
from sqlalchemy import bindparam
from sqlmodel import Session, and_, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Append, Change, Part, PartKind, Use
from ledger.core.names import GoodsLine, Lot, UseCause, UseName, line_named
from ledger.core.wording import Wording
from ledger.model.campaigns import Nature
from ledger.model.columns import OF_CAMPAIGN, TEXT
from ledger.model.deliveries import ArrivalRow, ConfirmationRow, ExplainedBy
from ledger.model.goods import (
    InKindRow,
    LotDeliveryRow,
    LotRow,
    OverCountRow,
    OverDecision,
    OverDecisionRow,
    ReceiptRow,
)
from ledger.model.orders import ClaimEndRow, OrderRow
from ledger.rules.books import Books
from ledger.rules.campaigns import comes_to, product_of, require_campaign
from ledger.rules.confirmations import pieces_stated
from ledger.rules.goods import (
    LotName,
    first_delivery,
    goods_account,
    goods_line,
    keep_surplus,
    lot_deliveries,
    lot_of_delivery,
    lots_reversed,
    require_surplus_undecided,
    surplus_counted,
)
from ledger.rules.in_kind import find_in_kind, in_kind_gift
from ledger.rules.orders import item_of, open_account, order_line, require_not_closed, require_order
from ledger.rules.payable import require_no_claim_end
from ledger.rules.rows import add_row, paper_head, reverse_row
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Fold, Kind, Undoing, numbered
from ledger.rules.voided_units import void_appended


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Pieces of a lot that came too much; `lot` is its name with `.over` at its end.

    `receipt`, `arrival`, `count` or `confirmation`: which one counted them, where several did.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    lot: Number
    receipt: Number | None = None
    arrival: Number | None = None
    count: Number | None = None
    confirmation: Number | None = None
    quantity: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class OverCount:
    """`quantity` pieces of a lot that a count of stock found beyond what the books have at a place.

    `lot` is the maker's; the pieces wait apart as lot `LOT.over`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    product: Number
    lot: LotName
    quantity: Positive
    reason: Text
    date: Date

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedOver(Over):
    """Pieces that came too much are the same that a `find`, an `arrival`, a `return` or a `correction` tells of.

    `document`: the number of the find, arrival or return, or the entry that was reversed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    by: Literal[ExplainedBy.FIND, ExplainedBy.ARRIVAL, ExplainedBy.RETURN, ExplainedBy.CORRECTION]
    document: Number
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtOver(Over):
    """Pieces that came too much and are bought: `order` is the approved amendment, `item` its item for them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    order: Number
    item: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the ledger adds to a decision: the entry of the paper that counted the pieces, and of what explains them."""

    counted: int
    document: int | None = None


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
        raise NotFound.field(
            "bought", "there is no bought {number} in campaign {campaign}", number=number, campaign=campaign
        )
    return row


def decided_on(session: Session, counted_by: int, lot: Lot) -> int:
    """Pieces of a paper's surplus that were decided about."""
    query = select(func.coalesce(func.sum(OverDecisionRow.quantity), 0)).where(
        OverDecisionRow.counted_by == counted_by,
        OverDecisionRow.product == lot.product,
        OverDecisionRow.lot == lot.number,
        col(OverDecisionRow.reversed_by).is_(None),
    )
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


_standing = (col(ReceiptRow.campaign) == OF_CAMPAIGN, col(ReceiptRow.reversed_by).is_(None))
_of_order = col(ReceiptRow.order_number) == bindparam("of_order", type_=TEXT)
_CAME_TOO_MUCH = (
    select(ReceiptRow.order_number, ReceiptRow.item, func.sum(LotDeliveryRow.noted))
    .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
    .join(LotRow, lot_of_delivery())
    .where(*_standing, col(LotRow.over_of).is_not(None))
    .group_by(col(ReceiptRow.order_number), col(ReceiptRow.item))
)
_DECIDED = (
    select(ReceiptRow.order_number, ReceiptRow.item, func.sum(OverDecisionRow.quantity))
    .join(OverDecisionRow, col(OverDecisionRow.counted_by) == ReceiptRow.entry)
    .where(*_standing, col(OverDecisionRow.reversed_by).is_(None))
    .group_by(col(ReceiptRow.order_number), col(ReceiptRow.item))
)
_CAME_AND_DECIDED = (_CAME_TOO_MUCH, _DECIDED)
_CAME_AND_DECIDED_OF_ORDER = (_CAME_TOO_MUCH.where(_of_order), _DECIDED.where(_of_order))


def waiting_by_item(session: Session, campaign: str, order: str | None = None) -> dict[tuple[str, str], int]:
    """Pieces that came too much with each (order, item) and that nobody decided about yet; of all orders, or of one."""
    came, decided = _CAME_AND_DECIDED if order is None else _CAME_AND_DECIDED_OF_ORDER
    asked = {"of_campaign": campaign, "of_order": order}
    gone = {(number, item): int(units) for number, item, units in session.exec(decided, params=asked)}
    return {
        (number, item): int(units) - gone.get((number, item), 0)
        for number, item, units in session.exec(came, params=asked)
    }


CountedOn = ReceiptRow | ArrivalRow | OverCountRow | ConfirmationRow
"""What counts pieces too much."""
Surplus = tuple[CountedOn, LotDeliveryRow]
"""A paper and what came too much of a lot by it."""


def surplus_of(session: Session, campaign: str, lot: Lot) -> Sequence[Surplus]:
    """The standing papers that counted pieces of a lot too much, first recorded first."""
    query = (
        select(LotDeliveryRow)
        .join(LotRow, lot_of_delivery())
        .where(
            LotDeliveryRow.campaign == campaign,
            LotDeliveryRow.product == lot.product,
            LotDeliveryRow.lot == lot.number,
            col(LotRow.over_of).is_not(None),
            col(LotDeliveryRow.reversed_by).is_(None),
        )
        .order_by(col(LotDeliveryRow.entry))
    )
    surplus: list[Surplus] = []
    for row in session.exec(query).all():
        papers: tuple[CountedOn | None, ...] = (
            session.get(ReceiptRow, row.entry),
            session.get(ArrivalRow, row.entry),
            session.get(OverCountRow, row.entry),
            session.get(ConfirmationRow, row.entry),
        )
        surplus += [(paper, row) for paper in papers if paper is not None]
    return surplus


_COUNTS: dict[str, type[CountedOn]] = {
    "receipt": ReceiptRow,
    "arrival": ArrivalRow,
    "count": OverCountRow,
    "confirmation": ConfirmationRow,
}
"""The field of a decision that names a paper, and its row."""


def named_on(paper: CountedOn) -> str:
    """The field of a decision by which a paper that counted pieces too much is named."""
    return next(field for field, table in _COUNTS.items() if isinstance(paper, table))


def _meant(session: Session, campaign: str, facts: Over) -> list[Surplus]:
    """What a fact can mean: of the paper that it names, else of all where pieces wait still."""
    surplus = surplus_of(session, campaign, Lot(facts.product, facts.lot))
    named = {field: getattr(facts, field) for field in _COUNTS}
    wanted = {(field, number) for field, number in named.items() if number is not None}
    if wanted:
        return [row for row in surplus if (named_on(row[0]), row[0].number) in wanted]
    return [row for row in surplus if waiting_of(session, row[1])] or list(surplus[:1])


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The surplus that a decision is about: what counted it, its lot, and where it waits."""

    paper: CountedOn
    lot: Lot
    place: str
    apart: str

    @property
    def notes(self) -> Counted:
        return Counted(counted=self.paper.entry)


def _waiting(context: Context, facts: Over) -> _Waiting:
    """The surplus that is meant; raises Refused where it is none, is several, or fewer pieces wait."""
    session, campaign = context.books.session, context.campaign
    meant = _meant(session, campaign, facts)
    if not meant:
        raise Refused.field(
            "lot", "no such lot waits apart; its name ends with .over, as the receipt named it"
        )
    if len(meant) > 1:
        fields = list(dict.fromkeys(named_on(paper) for paper, _ in meant))
        raise Refused.field(
            "lot",
            "pieces of {lot} wait of several papers: name one of {numbers} in its field, one of {fields}",
            lot=facts.lot,
            numbers=[paper.number for paper, _ in meant],
            fields=fields,
        )
    paper, surplus = meant[0]
    waiting = waiting_of(session, surplus)
    if facts.quantity > waiting:
        raise Refused.field(
            "quantity",
            "{quantity} are told and {waiting} of {lot} wait apart",
            quantity=facts.quantity,
            waiting=waiting,
            lot=facts.lot,
        )
    apart = goods_account(AccountClass.OVER, campaign, surplus.place)
    return _Waiting(paper, Lot(facts.product, facts.lot), surplus.place, apart)


def _counted_by(books: Books, campaign: str, facts: Over) -> int | None:
    """The entry of what counted the surplus; who recorded that does not accept it as a gift."""
    meant = _meant(books.session, campaign, facts)
    return meant[0][0].entry if len(meant) == 1 else None


def _post_count(context: Context, facts: OverCount) -> Posting[None]:
    require_campaign(context)
    if not lot_deliveries(context.books.session, context.campaign, facts.of):
        raise Refused.field(
            "lot", "{lot} never came; receive it, or record it as a gift in kind", lot=str(facts.of)
        )
    if product_of(context.books.session, context.campaign, facts.product).nature is Nature.SERVICE:
        raise Refused.field(
            "product", "{product} is a service, of which nothing lies in stock", product=facts.product
        )
    return Posting((surplus_counted(context.campaign, facts.of, facts.place, facts.quantity),))


def _fold_count(books: Books, entry: Entry[OverCount, None]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        OverCountRow,
        **paper_head(entry),
        place=facts.place,
        product=facts.product,
        lot=facts.lot,
        quantity=facts.quantity,
        reason=facts.reason,
    )
    keep_surplus(books.session, entry.seq, 0, entry.campaign, facts.of, facts.place, facts.quantity)


def _unfold_count(books: Books, entry: Entry[OverCount, None], seq: int) -> None:
    """Nothing was found beyond the books."""
    reverse_row(books.session, OverCountRow, entry.seq, seq)
    lots_reversed(books.session, entry.seq, seq)


def _orders_behind(session: Session, campaign: str, waiting: _Waiting) -> set[int]:
    """The orders that a surplus can have come on: its receipt's, or all that brought its lot."""
    if isinstance(waiting.paper, ReceiptRow):
        return {require_order(session, campaign, waiting.paper.order_number).entry}
    brought = (
        select(OrderRow.entry)
        .join(
            ReceiptRow,
            and_(
                col(ReceiptRow.campaign) == OrderRow.campaign,
                col(ReceiptRow.order_number) == OrderRow.number,
            ),
        )
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .where(
            LotDeliveryRow.campaign == campaign,
            LotDeliveryRow.product == waiting.lot.product,
            LotDeliveryRow.lot == waiting.lot.ordered.number,
            col(LotDeliveryRow.reversed_by).is_(None),
        )
    )
    return set(session.exec(brought))


def _post_return(context: Context, facts: Over) -> Posting[Counted]:
    waiting = _waiting(context, facts)
    back = account(AccountClass.RETURNED, context.campaign, "over")
    return Posting((Transfer(back, waiting.apart, str(waiting.lot), facts.quantity),), (), waiting.notes)


def _post_accept(context: Context, facts: Over) -> Posting[Counted]:
    waiting, campaign = _waiting(context, facts), context.campaign
    if find_in_kind(context.books.session, campaign, facts.number) is not None:
        raise Refused.field("number", "is that of a gift in kind, which accepted pieces are too; use another")
    asset, place = str(waiting.lot), waiting.place
    kind = comes_to(product_of(context.books.session, campaign, facts.product))
    kept = goods_account(kind, campaign, place)
    line = goods_line(campaign, kind, place, waiting.lot)
    start = context.books.lines.length(line)
    gift = Append(line, asset, start, facts.quantity, in_kind_gift(facts.number))
    return Posting((Transfer(kept, waiting.apart, asset, facts.quantity),), (gift,), waiting.notes)


def _post_buy(context: Context, facts: BoughtOver) -> Posting[Counted]:
    books, campaign = context.books, context.campaign
    waiting = _waiting(context, facts)
    place, asset = waiting.place, str(waiting.lot)
    order = require_order(books.session, campaign, facts.order)
    if not order.is_open:
        raise Conflict.field(
            "order",
            "{order} is {stage}; an approved amendment buys what came too much",
            order=facts.order,
            stage=order.stage,
        )
    behind = _orders_behind(books.session, campaign, waiting)
    if order.amends not in behind:
        firsts = ", ".join(sorted(books.session.get_one(OrderRow, entry).number for entry in behind))
        raise Refused.field(
            "order", "is no amendment of {first}; say amends={first} in its order", first=firsts
        )
    item = item_of(books.session, order, facts.item)
    if item.product != facts.product:
        raise Refused.field(
            "item",
            "is for {product}; name the item for {wanted}",
            product=item.product,
            wanted=facts.product,
        )
    opened = open_account(campaign, facts.order, facts.item)
    left = books.net(opened, facts.product)
    if facts.quantity > left:
        raise Refused.field(
            "quantity",
            "{quantity} are bought and {left} are open on {order}",
            quantity=facts.quantity,
            left=left,
            order=facts.order,
        )
    line = order_line(campaign, facts.order, facts.item, order.currency)
    done = item.quantity - left
    units = item.units_of(done + facts.quantity) - item.units_of(done)
    pieces = books.lines.lowest_free(line, units if facts.quantity < left else item.units)
    kind = comes_to(product_of(books.session, campaign, facts.product))
    target = goods_line(campaign, kind, place, waiting.lot)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, target, books.lines.length(target))
    transfers = (
        Transfer(account(AccountClass.NOTED, campaign, facts.order), opened, facts.product, facts.quantity),
        Transfer(goods_account(kind, campaign, place), waiting.apart, asset, facts.quantity),
    )
    use = Use(str(UseName(UseCause.BOUGHT, campaign, facts.number)), line, pieces, facts.quantity, (part,))
    return Posting(transfers, (use,), waiting.notes)


def _post_explain(context: Context, facts: ExplainedOver) -> Posting[Counted]:
    session, campaign = context.books.session, context.campaign
    waiting = _waiting(context, facts)
    stated = pieces_stated(context, facts.by, facts.document, waiting.lot.ordered, waiting.place)
    if stated is None:
        raise NotFound.field(
            "document",
            "there is no standing {kind} {document}; record it first",
            kind=facts.by,
            document=facts.document,
        )
    document, pieces = stated
    if document == waiting.paper.entry:
        raise Refused.field(
            "document", "is what counted the pieces too much; name what tells of them otherwise"
        )
    explained = _explained_by(session, document, waiting.lot)
    if explained + facts.quantity > pieces:
        raise Refused.field(
            "quantity",
            "{kind} {document} tells of {n} piece of {lot} at {place} and {explained} are explained by it "
            "already; name another for the rest",
            many=(
                "{kind} {document} tells of {n} pieces of {lot} at {place} and {explained} are explained by it "
                "already; name another for the rest"
            ),
            kind=facts.by,
            document=facts.document,
            n=pieces,
            lot=str(waiting.lot.ordered),
            place=waiting.place,
            explained=explained,
        )
    gone = account(AccountClass.EXPLAINED, campaign)
    transfer = Transfer(gone, waiting.apart, str(waiting.lot), facts.quantity)
    return Posting((transfer,), (), replace(waiting.notes, document=document))


def _explained_by(session: Session, document: int, lot: Lot) -> int:
    """Pieces of surplus that a document explains already."""
    query = select(func.coalesce(func.sum(OverDecisionRow.quantity), 0)).where(
        OverDecisionRow.document == document,
        OverDecisionRow.product == lot.product,
        OverDecisionRow.lot == lot.number,
        col(OverDecisionRow.reversed_by).is_(None),
    )
    return int(session.exec(query).one())


T = TypeVar("T", bound=Over)


def _keep(
    books: Books,
    entry: Entry[T, Counted],
    decision: OverDecision,
    order: str | None = None,
    item: str | None = None,
    reason: str | None = None,
) -> None:
    """The row of a decision; `order` and `item` are what buys the pieces, `reason` why they are explained."""
    add_row(
        books.session,
        OverDecisionRow,
        **paper_head(entry),
        decision=decision,
        counted_by=entry.notes.counted,
        product=entry.facts.product,
        lot=entry.facts.lot,
        quantity=entry.facts.quantity,
        order_number=order,
        item=item,
        document=entry.notes.document,
        reason=reason,
    )


def _kept_as(decision: OverDecision) -> Fold[Over, Counted]:
    def fold(books: Books, entry: Entry[Over, Counted]) -> None:
        _keep(books, entry, decision)

    return fold


def _fold_accept(books: Books, entry: Entry[Over, Counted]) -> None:
    """What is accepted is a gift in kind of the supplier, of which nobody states a value."""
    _keep(books, entry, OverDecision.ACCEPTED)
    session, facts = books.session, entry.facts
    (given,) = [op for op in entry.operations if isinstance(op, Append)]
    receipt = session.get(ReceiptRow, entry.notes.counted)
    order = None if receipt is None else require_order(session, entry.campaign, receipt.order_number)
    goods = line_named(given.line)
    add_row(
        session,
        InKindRow,
        **paper_head(entry),
        product=facts.product,
        lot=facts.lot,
        place=goods.place if isinstance(goods, GoodsLine) else "",
        quantity=facts.quantity,
        organisation=None if order is None else order.supplier,
        line=given.line,
        line_start=given.start,
        at=entry.at,
    )


def _unfold_accept(books: Books, entry: Entry[Over, Counted], seq: int) -> None:
    """The pieces wait apart again, and are no gift."""
    _unfold(books, entry, seq)
    reverse_row(books.session, InKindRow, entry.seq, seq)


def _fold_buy(books: Books, entry: Entry[BoughtOver, Counted]) -> None:
    _keep(books, entry, OverDecision.BOUGHT, entry.facts.order, entry.facts.item)


def _fold_explain(books: Books, entry: Entry[ExplainedOver, Counted]) -> None:
    _keep(books, entry, OverDecision.EXPLAINED, reason=entry.facts.reason)


def _counted_and_document(context: Context, facts: Over) -> Iterator[int]:
    """The entries of what counted the pieces, and of what explains them where that is named."""
    counted = _counted_by(context.books, context.campaign, facts)
    yield from () if counted is None else (counted,)
    if isinstance(facts, ExplainedOver):
        lot = Lot(facts.product, facts.lot).ordered
        stated = pieces_stated(context, facts.by, facts.document, lot)
        yield from () if stated is None else (stated[0],)


def _voided(context: Context, entry: Entry[Over, Counted]) -> tuple[Change, ...]:
    """What takes accepted pieces off their line again."""
    return void_appended(
        context, entry, Wording("some of these pieces have gone on; reverse what stands on them first")
    )


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
    rests_on=_counted_and_document,
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
    doc="Accept pieces that came too much as a gift in kind of the supplier; who counted them may not.",
    roles=APPROVERS,
    key=numbered("over.accepted"),
    approves=_counted_by,
    post=_post_accept,
    fold=_fold_accept,
    undoing=Undoing(
        _unfold_accept,
        voids=_voided,
        require=lambda context, entry: require_no_claim_end(
            context.books.session, col(ClaimEndRow.document) == entry.seq
        ),
    ),
    listed_with=("in-kind",),
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
    rests_on=_counted_and_document,
    post=_post_buy,
    fold=_fold_buy,
    undoing=Undoing(_unfold, require=_require_open),
)
COUNT = Kind(
    name="over.counted",
    noun="over",
    verb="count",
    facts=OverCount,
    doc="Record pieces that a count of stock found beyond what the books have there; they wait apart.",
    roles=RECORDERS,
    key=numbered("over.counted"),
    rests_on=lambda context, facts: first_delivery(context, facts.of),
    post=_post_count,
    fold=_fold_count,
    undoing=Undoing(
        _unfold_count,
        require=lambda context, entry: require_surplus_undecided(context.books.session, entry.seq),
    ),
)
EXPLAIN = Kind(
    name="over.explained",
    noun="over",
    verb="explain",
    facts=ExplainedOver,
    notes=Counted,
    doc="Explain pieces that came too much by the find, arrival, return or correction that tells of the same pieces.",
    roles=RECORDERS,
    key=numbered("over.explained"),
    rests_on=_counted_and_document,
    post=_post_explain,
    fold=_fold_explain,
    undoing=Undoing(_unfold),
)
KINDS = (COUNT, RETURN, ACCEPT, BUY, EXPLAIN)
