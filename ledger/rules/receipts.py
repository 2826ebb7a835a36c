"""Goods received notes: what a delivery note says and what was found, by lot.

A receipt maps positions of the order's line to pieces once (docs/rules.md, T5).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import Text, bindparam, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, case, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, derive
from ledger.core.lines import Open, Operation, Part, PartKind, Use, lowest
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY, table_of
from ledger.model.goods import Discrepancy, LotDeliveryRow, Missing, OverDecision, OverDecisionRow, ReceiptRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import comes_to, product_of
from ledger.rules.goods import (
    LotName,
    alike_lots,
    goods_account,
    goods_line,
    keep_lot,
    keep_surplus,
    lots_reversed,
    require_same_expiry,
    require_surplus_undecided,
)
from ledger.rules.orders import item_of, open_account, order_line, require_not_closed, require_order
from ledger.rules.packs import Packs, in_pieces
from ledger.rules.rows import (
    add_row,
    paper_head,
    recorded_row,
    require_numbered,
    reverse_row,
)
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.tracing.residual_lines import ended_line_of, reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Pieces of an earlier lot that were `short` or `rejected`, and that the supplier now delivers."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lot: Number
    discrepancy: Discrepancy


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLot:
    """What came of one lot: `noted` on the delivery note = good + damaged + short + rejected.

    The note may say `packs` of so many pieces instead of `noted`; what came of them is counted in pieces.

    `over`: pieces beyond that; they wait apart as lot `LOT.over` (docs/rules.md, 7). `replaces`: the pieces are
    delivered for short or rejected ones of an earlier delivery and take nothing more of the order.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lot: LotName
    expiry: Date | None = None
    noted: Count | None = None
    packs: Packs | None = None
    good: Count
    damaged: Count = 0
    short: Count = 0
    rejected: Count = 0
    over: Positive | None = None
    replaces: Replaced | None = None

    def __post_init__(self) -> None:
        derive(self, "noted", self.pieces)

    @property
    def pieces(self) -> int:
        """Those that the delivery note says."""
        return in_pieces(self.noted, self.packs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Goods received against one item of an order, at a place."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    item: Number
    place: Name
    lots: Annotated[tuple[ReceivedLot, ...], Field(min_length=1, max_length=50)]
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What the ledger adds to a receipt: the product of the order's item."""

    product: str


def require_receipt(session: Session, campaign: str, number: str) -> ReceiptRow:
    """The receipt of a number, reversed or not; raises NotFound."""
    return require_numbered(session, ReceiptRow, "receipt", campaign, number)


def receipt_use(campaign: str, number: str, lot: str) -> str:
    """The use that makes positions of an order's line pieces of a lot."""
    return str(UseName(UseCause.RECEIPT, campaign, number, (lot,)))


_OF_ORDER = (
    select(ReceiptRow)
    .where(
        col(ReceiptRow.campaign) == OF_CAMPAIGN,
        col(ReceiptRow.order_number) == bindparam("of_order", type_=Text),
        col(ReceiptRow.reversed_by).is_(None),
    )
    .order_by(col(ReceiptRow.entry))
)
_OF_LOT = _OF_ORDER.join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry).where(
    col(LotDeliveryRow.campaign) == OF_CAMPAIGN,
    col(LotDeliveryRow.product) == bindparam("of_product", type_=Text),
    col(LotDeliveryRow.lot) == bindparam("of_lot", type_=Text),
)
_LOTS = select(LotDeliveryRow).where(col(LotDeliveryRow.entry) == OF_ENTRY).order_by(col(LotDeliveryRow.n))


def receipts_of_order(session: Session, campaign: str, order: str) -> Sequence[ReceiptRow]:
    """The receipts of an order that stand, first recorded first."""
    return session.exec(_OF_ORDER, params={"of_campaign": campaign, "of_order": order}).all()


@dataclass(frozen=True, slots=True)
class ItemReceived:
    """What came of an item of an order, in pieces; `replaced`: delivered for short or rejected ones before.

    `before`: what had come before an opening brought the order in, of which no receipt tells.
    """

    good: int
    damaged: int
    short: int
    rejected: int
    replaced: int
    before: int = 0

    @property
    def noted(self) -> int:
        """What delivery notes say came of the order, each piece once."""
        return self.good + self.damaged + self.short + self.rejected - self.replaced + self.before


_again = case((col(LotDeliveryRow.replaces).is_not(None), LotDeliveryRow.noted), else_=0)
_RECEIVED = (
    select_columns(
        col(ReceiptRow.order_number),
        col(ReceiptRow.item),
        func.sum(LotDeliveryRow.good),
        func.sum(LotDeliveryRow.damaged),
        func.sum(LotDeliveryRow.short),
        func.sum(LotDeliveryRow.rejected),
        func.sum(_again),
    )
    .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
    .where(
        col(ReceiptRow.campaign) == OF_CAMPAIGN,
        col(ReceiptRow.reversed_by).is_(None),
    )
    .group_by(col(ReceiptRow.order_number), col(ReceiptRow.item))
)
_order = bindparam("of_order", type_=Text)
_RECEIVED_OF_ORDER = _RECEIVED.where(col(ReceiptRow.order_number) == _order)


def received_by_item(
    session: Session, campaign: str, order: str | None = None
) -> dict[tuple[str, str], ItemReceived]:
    """What standing receipts say of each (order, item): of a whole campaign, or of one order."""
    query = _RECEIVED if order is None else _RECEIVED_OF_ORDER
    rows = session.connection().execute(query, {"of_campaign": campaign, "of_order": order})
    received = {
        (number, item): ItemReceived(int(good), int(damaged), int(short), int(rejected), int(replaced))
        for number, item, good, damaged, short, rejected, replaced in rows
    }
    for of, pieces in _received_before(session, campaign, order):
        received[of] = replace(received.get(of, ItemReceived(0, 0, 0, 0, 0)), before=pieces)
    return received


_BOUGHT = (
    select(OverDecisionRow.order_number, OverDecisionRow.item, func.sum(OverDecisionRow.quantity))
    .where(
        col(OverDecisionRow.campaign) == OF_CAMPAIGN,
        col(OverDecisionRow.decision) == OverDecision.BOUGHT,
        col(OverDecisionRow.reversed_by).is_(None),
    )
    .group_by(col(OverDecisionRow.order_number), col(OverDecisionRow.item))
)
_BOUGHT_OF_ORDER = _BOUGHT.where(col(OverDecisionRow.order_number) == _order)


def bought_by_item(session: Session, campaign: str, order: str | None = None) -> dict[tuple[str, str], int]:
    """Pieces of surplus that each (order, item) bought: of a whole campaign, or of one order."""
    query = _BOUGHT if order is None else _BOUGHT_OF_ORDER
    rows = session.exec(query, params={"of_campaign": campaign, "of_order": order})
    return {(number or "", item or ""): int(units) for number, item, units in rows}


_BEFORE = (
    select(OrderRow.number, OrderItemRow.item, OrderItemRow.received_before)
    .join(OrderItemRow, col(OrderItemRow.order_entry) == OrderRow.entry)
    .where(
        col(OrderRow.campaign) == OF_CAMPAIGN,
        col(OrderRow.status) == ProposalStatus.APPROVED,
        col(OrderItemRow.received_before) > 0,
    )
)
_BEFORE_OF_ORDER = _BEFORE.where(col(OrderRow.number) == _order)


def _received_before(
    session: Session, campaign: str, order: str | None
) -> Iterator[tuple[tuple[str, str], int]]:
    """(order, item) and the pieces of it that had come before an opening brought it in."""
    query = _BEFORE if order is None else _BEFORE_OF_ORDER
    rows = session.exec(query, params={"of_campaign": campaign, "of_order": order})
    for number, item, pieces in rows:
        yield (number, item), pieces


def received_lots(session: Session, receipt: int) -> Sequence[LotDeliveryRow]:
    """What a receipt brought, lot by lot; what came too much stands behind the lot that it came with."""
    return session.exec(_LOTS, params={"of_entry": receipt}).all()


def receipts_of_lot(session: Session, campaign: str, order: str, lot: Lot) -> Sequence[ReceiptRow]:
    """The receipts of an order that brought a lot and stand, first recorded first."""
    asked = {"of_campaign": campaign, "of_order": order, "of_product": lot.product, "of_lot": lot.number}
    return session.exec(_OF_LOT, params=asked).all()


def _post(context: Context, facts: Receipt) -> Posting[Received]:
    books, campaign = context.books, context.campaign
    order = require_order(books.session, campaign, facts.order)
    if not order.is_open:
        raise Conflict.field(
            "order",
            "{order} is {stage}; goods are received on approved orders",
            order=facts.order,
            stage=order.stage,
        )
    item = item_of(books.session, order, facts.item)
    kind = comes_to(product_of(books.session, campaign, item.product))
    opened = open_account(campaign, facts.order, facts.item)
    received = item.quantity - books.net(opened, item.product)
    line = order_line(campaign, facts.order, facts.item, order.currency)
    wanted = sum(lot.pieces for lot in facts.lots if lot.replaces is None)
    if wanted > item.quantity - received:
        raise Refused.field(
            "lots",
            "{wanted} noted and only {quantity} of {ordered} open on {order}; what came too much is "
            "not received on it: count it as over",
            wanted=wanted,
            quantity=item.quantity - received,
            ordered=item.quantity,
            order=facts.order,
        )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    noted_account = account(AccountClass.NOTED, campaign, facts.order)
    unmapped = books.lines.lowest_free(line, item.units)
    named: set[str] = set()
    replaced: dict[str, int] = defaultdict(int)
    for index, lot_told in enumerate(facts.lots):
        field = f"lots.{index}"
        _require_counts(lot_told, facts.date, field)
        if lot_told.lot in named:
            raise Refused.field(
                f"{field}.lot", "names {lot} again; add its pieces together", lot=lot_told.lot
            )
        named.add(lot_told.lot)
        lot = Lot(item.product, lot_told.lot)
        require_same_expiry(books.session, campaign, lot, lot_told.expiry, f"{field}.expiry")
        ends = (
            (PartKind.SHORT, account(AccountClass.LOST, campaign, "short"), lot_told.short),
            (PartKind.DAMAGED, account(AccountClass.LOST, campaign, "damaged"), lot_told.damaged),
            (PartKind.REJECTED, account(AccountClass.RETURNED, campaign, "rejected"), lot_told.rejected),
        )
        use_id = receipt_use(campaign, facts.number, lot_told.lot)
        target = goods_line(campaign, kind, facts.place, lot)
        parts = [Part(part, n, n) for part, _, n in ends if n]
        parts.append(Part(PartKind.ON, lot_told.good, lot_told.good, target, books.lines.length(target)))
        if lot_told.replaces is not None:
            added, opens, source = _replacement(
                context, facts, lot.product, lot_told, lot_told.replaces, replaced, field
            )
            transfers += added
            operations += opens
            pieces = books.lines.lowest_free(source, replaced[source])
            _, pieces = lowest(pieces or ((0, replaced[source]),), replaced[source] - lot_told.pieces)
            operations.append(Use(use_id, source, pieces, lot_told.pieces, tuple(parts)))
        elif lot_told.pieces:
            first = item.units_of(received)
            received += lot_told.pieces
            transfers.append(Transfer(noted_account, opened, item.product, lot_told.pieces))
            units = item.units_of(received) - first if received < item.quantity else item.units
            pieces, unmapped = lowest(unmapped, units)
            operations.append(Use(use_id, line, pieces, lot_told.pieces, tuple(parts)))
        transfers.extend(Transfer(where, noted_account, str(lot), n) for _, where, n in ends if n)
        if lot_told.good:
            stock = goods_account(kind, campaign, facts.place)
            transfers.append(Transfer(stock, noted_account, str(lot), lot_told.good))
        if lot_told.over:
            apart = goods_account(AccountClass.OVER, campaign, facts.place)
            transfers.append(Transfer(apart, noted_account, str(lot.over), lot_told.over))
    return Posting(tuple(transfers), tuple(operations), Received(product=item.product))


def _require_counts(lot: ReceivedLot, date: str, field: str) -> None:
    counted = lot.good + lot.damaged + lot.short + lot.rejected
    if counted != lot.pieces:
        raise Refused.field(
            field,
            "does not add up: {noted} are noted and {counted} counted",
            noted=lot.pieces,
            counted=counted,
        )
    if lot.pieces == 0 and not lot.over:
        raise Refused.field(f"{field}.noted", "must be at least 1; leave out a lot of which nothing came")
    if lot.expiry is not None and lot.expiry < date and lot.good:
        raise Refused.field(
            f"{field}.expiry",
            "{expiry} is before the day of receipt, {date}; count its {good} good as rejected",
            expiry=lot.expiry,
            date=date,
            good=lot.good,
        )


def _replacement(
    context: Context,
    facts: Receipt,
    product: str,
    lot: ReceivedLot,
    replacing: Replaced,
    replaced: dict[str, int],
    field: str,
) -> tuple[list[Transfer], tuple[Open, ...], str]:
    """What a replacement lowers: (transfers, the opening of its line where it is new, the line).

    The first delivery of the earlier lot on this order of which enough is short or rejected still. Counts in
    `replaced` what this receipt takes of each line, this lot included.
    """
    books, campaign = context.books, context.campaign
    earlier = Lot(product, replacing.lot)
    receipts = receipts_of_lot(books.session, campaign, facts.order, earlier)
    if not receipts:
        raise Refused.field(
            f"{field}.replaces.lot", "no such lot came on {order}; name one that did", order=facts.order
        )
    kind, most = PartKind(replacing.discrepancy.value), 0
    for receipt in receipts:
        use_id = receipt_use(campaign, receipt.number, replacing.lot)
        if not books.lines.has_use(use_id):  # all that came of it came too much
            continue
        use = books.lines.use(use_id)
        line = ended_line_of(use, kind, product)
        left = still_ended(books.lines, use, kind, product) - replaced[line]
        if lot.pieces > left:
            most = max(most, left)
            continue
        opens = reopened(books.lines, use, kind, product)[1] if not replaced[line] else ()
        replaced[line] += lot.pieces
        bad = AccountClass.LOST if kind is PartKind.SHORT else AccountClass.RETURNED
        transfer = Transfer(
            account(AccountClass.REPLACED, campaign, kind.value),
            account(bad, campaign, kind.value),
            str(earlier),
            lot.pieces,
        )
        return [transfer], opens, line
    raise Refused.field(
        f"{field}.noted",
        "{n} replaces {found} pieces of {lot} and {most} are {found}",
        many="{n} replace {found} pieces of {lot} and {most} are {found}",
        n=lot.pieces,
        found=replacing.discrepancy,
        lot=replacing.lot,
        most=most,
    )


def _fold(books: Books, entry: Entry[Receipt, Received]) -> None:
    session, facts, product = books.session, entry.facts, entry.notes.product
    add_row(
        session,
        ReceiptRow,
        **paper_head(entry),
        order_number=facts.order,
        item=facts.item,
        product=product,
        place=facts.place,
    )
    n = 0
    for lot_told in facts.lots:
        lot = Lot(product, lot_told.lot)
        keep_lot(session, entry.campaign, lot)
        add_row(
            session,
            LotDeliveryRow,
            entry=entry.seq,
            n=n,
            campaign=entry.campaign,
            product=product,
            lot=lot_told.lot,
            place=facts.place,
            expiry=lot_told.expiry,
            noted=lot_told.pieces,
            packs=None if lot_told.packs is None else lot_told.packs.count,
            pack_of=None if lot_told.packs is None else lot_told.packs.of,
            good=lot_told.good,
            damaged=lot_told.damaged,
            short=lot_told.short,
            rejected=lot_told.rejected,
            replaces=None if lot_told.replaces is None else lot_told.replaces.lot,
            replaces_discrepancy=None if lot_told.replaces is None else lot_told.replaces.discrepancy,
        )
        n += 1
        if lot_told.over:
            keep_surplus(session, entry.seq, n, entry.campaign, lot, facts.place, lot_told.over)
            n += 1


def turned_good(session: Session, receipt: int, lot: Lot, was: Missing, quantity: int) -> None:
    """So many pieces of a receipt's lot are good after all, and no longer short, damaged or rejected."""
    made = table_of(LotDeliveryRow)
    bad = made.c[was.value]
    of_lot = (made.c.entry == receipt, made.c.product == lot.product, made.c.lot == lot.number)
    session.connection().execute(
        update(made).where(*of_lot).values({made.c.good: made.c.good + quantity, bad: bad - quantity})
    )
    session.expire_all()


def _unfold(books: Books, entry: Entry[Receipt, Received], seq: int) -> None:
    """The pieces of a reversed receipt did not come; their lots can come otherwise."""
    reverse_row(books.session, ReceiptRow, entry.seq, seq)
    lots_reversed(books.session, entry.seq, seq)


def _require_nothing_rests(context: Context, entry: Entry[Receipt, Received]) -> None:
    """Conflict where the order is closed, or somebody decided about what came too much."""
    session = context.books.session
    require_not_closed(context, recorded_row(session, ReceiptRow, entry.seq).order_number)
    require_surplus_undecided(session, entry.seq)


RECEIPT = Kind(
    name="receipt",
    noun="receipt",
    verb="add",
    facts=Receipt,
    notes=Received,
    doc="Record goods or a service received on an approved order, by lot: good, damaged, short, rejected.",
    roles=RECORDERS,
    key=numbered("receipt"),
    doubts=lambda books, entry: alike_lots(books.session, entry.seq),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_nothing_rests),
)
KINDS = (RECEIPT,)
