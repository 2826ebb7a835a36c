"""Counts and quantities of goods that a paper says wrong: what putting one right moves, and what of a row it changes.

What went on with the pieces is made again with them (`made_again`); a count that leaves fewer than went on is refused
with the papers that count. Consignees' counts are rows of their own and stay (docs/rules.md, 32).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.lines import Part, PartKind, Piece, Use, common, joined, lowest, units_in, without
from ledger.core.names import GoodsLine, Lot, UseCause, UseName, line_named
from ledger.core.wording import WrongValue
from ledger.model.columns import Table, table_of
from ledger.model.corrections import Corrected
from ledger.model.deliveries import (
    ArrivalRow,
    ArrivedLotRow,
    DistributionLotRow,
    HandoverLotRow,
    RecipientRow,
    ShipmentLotRow,
)
from ledger.model.goods import InKindRow, LossRow, LotDeliveryRow, ReceiptRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.rules.books import Books
from ledger.rules.carrier_claims import pieces_replaced
from ledger.rules.confirmations import note_sent
from ledger.rules.deliveries import loss_use
from ledger.rules.goods import goods_account, goods_line
from ledger.rules.in_kind import in_kind_gift
from ledger.rules.made_again import MadeAgain, MovedGift
from ledger.rules.orders import item_of, open_account, require_order
from ledger.rules.receipts import receipt_use
from ledger.rules.rows import change_row
from ledger.rules.shipments import arrival_use, note_counts
from ledger.rules.spec import Context
from ledger.tracing.state import Lines

COUNTED: Mapping[str, tuple[Corrected, ...]] = {
    "receipt": (Corrected.GOOD, Corrected.DAMAGED, Corrected.SHORT, Corrected.REJECTED),
    "arrival": (Corrected.GOOD, Corrected.DAMAGED, Corrected.SHORT, Corrected.LOST),
    "in-kind": (Corrected.QUANTITY,),
    "shipment": (Corrected.QUANTITY,),
    "handover": (Corrected.QUANTITY,),
    "distribution": (Corrected.QUANTITY,),
    "loss": (Corrected.QUANTITY,),
}
"""By kind of entry: what of its pieces can be put right."""
_PARTS = {
    Corrected.GOOD: PartKind.ON,
    Corrected.DAMAGED: PartKind.DAMAGED,
    Corrected.SHORT: PartKind.SHORT,
    Corrected.REJECTED: PartKind.REJECTED,
    Corrected.LOST: PartKind.LOST,
}
_IN_TURN = (PartKind.SHORT, PartKind.DAMAGED, PartKind.REJECTED, PartKind.LOST)
_BY_ORM = (ShipmentLotRow, ArrivedLotRow)
_MOVED_BY = {
    "shipment": UseCause.SHIPMENT,
    "handover": UseCause.HANDOVER,
    "distribution": UseCause.DISTRIBUTION,
}


@dataclass(frozen=True, slots=True)
class CountedField:
    """Which count is meant: of what a paper says of one lot. `place`: of which recipient of a distribution."""

    campaign: str
    kind: str
    entry: int
    field: Corrected
    lot: str | None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class _CountedLot:
    """What a paper says of a lot: the rows that say it, by their key, and the use that moved the pieces."""

    lot: Lot
    table: type[Table]
    key: Mapping[str, int]
    use: str


# ── what is meant ────────────────────────────────────────────────────────────────────────────────────────────


def _rows_of(session: Session, of: CountedField) -> Iterator[_CountedLot]:
    """All lots of a paper that can be meant, but for what came too much."""
    if of.kind in {"receipt", "in-kind"}:
        receipt = session.get(ReceiptRow, of.entry)
        came = select(LotDeliveryRow).where(LotDeliveryRow.entry == of.entry)
        for row in session.exec(came.order_by(col(LotDeliveryRow.n))):
            lot = Lot(row.product, row.lot)
            use = "" if receipt is None else receipt_use(of.campaign, receipt.number, row.lot)
            if not lot.is_over:
                yield _CountedLot(lot, LotDeliveryRow, {"entry": row.entry, "n": row.n}, use)
    elif of.kind == "arrival":
        number = session.get_one(ArrivalRow, of.entry).number
        counts = select(ArrivedLotRow).where(ArrivedLotRow.entry == of.entry)
        for counted in session.exec(counts.order_by(col(ArrivedLotRow.n))):
            lot = Lot(counted.product, counted.lot)
            key = {"entry": counted.entry, "n": counted.n}
            yield _CountedLot(lot, ArrivedLotRow, key, arrival_use(of.campaign, number, lot))
    elif of.kind == "loss":
        loss = session.get_one(LossRow, of.entry)
        yield _CountedLot(
            Lot(loss.product, loss.lot), LossRow, {"entry": loss.entry}, loss_use(of.campaign, loss.number)
        )
    elif of.kind == "distribution":
        handed = (
            select(DistributionLotRow)
            .join(
                RecipientRow,
                (col(RecipientRow.entry) == DistributionLotRow.entry)
                & (col(RecipientRow.n) == DistributionLotRow.recipient),
            )
            .where(DistributionLotRow.entry == of.entry)
        )
        if of.place is not None:
            handed = handed.where(RecipientRow.place == of.place)
        for given in session.exec(
            handed.order_by(col(DistributionLotRow.recipient), col(DistributionLotRow.n))
        ):
            key = {"entry": given.entry, "recipient": given.recipient, "n": given.n}
            yield _CountedLot(Lot(given.product, given.lot), DistributionLotRow, key, str(given.recipient))
    else:
        table = ShipmentLotRow if of.kind == "shipment" else HandoverLotRow
        listed = select(table).where(table.entry == of.entry).order_by(col(table.n))
        for line in session.exec(listed):
            yield _CountedLot(Lot(line.product, line.lot), table, {"entry": line.entry, "n": line.n}, "")


def _counted_lot(session: Session, of: CountedField) -> _CountedLot:
    """What is meant; raises Refused where several can be."""
    rows = [row for row in _rows_of(session, of) if of.lot in {None, row.lot.number, str(row.lot)}]
    if len(rows) != 1:
        if of.kind == "distribution":
            raise Refused.field(
                "lot", "name the lot and the place of the paper that is meant, the lot as PRODUCT#LOT"
            )
        raise Refused.field("lot", "name the lot of the paper that is meant, as PRODUCT#LOT")
    return rows[0]


def _use(context: Context, of: CountedField, counted: _CountedLot) -> Use:
    """The use that moved the pieces; raises Refused where none did."""
    lines: Lines = context.books.lines
    names = [counted.use]
    cause = _MOVED_BY.get(of.kind)
    if cause is not None:
        entry = context.entry(of.entry)
        number = "" if entry is None else str(entry.facts.get("number") or entry.facts.get("waybill"))
        asset = str(counted.lot)
        details: list[tuple[str, ...]] = [(asset, counted.use)] if counted.use else []
        names = [str(UseName(cause, of.campaign, number, detail)) for detail in [*details, (asset,)]]
    name = next((name for name in names if name and lines.has_use(name)), None)
    if name is None:
        raise Refused.field("lot", "all of it came too much, and waits apart: decide about it with `over`")
    return lines.use(name)


def says_count(context: Context, of: CountedField) -> int:
    """What the paper says today, in pieces."""
    session, counted = context.books.session, _counted_lot(context.books.session, of)
    if of.kind == "in-kind":
        return session.get_one(InKindRow, of.entry).quantity
    return _said(_use(context, of, counted), of.field)


def _said(use: Use, field: Corrected) -> int:
    if field is Corrected.QUANTITY:
        return sum(part.share for part in use.parts if part.kind is not PartKind.STAYS)
    return sum(part.share for part in use.parts if part.kind is _PARTS[field])


# ── what putting it right moves ──────────────────────────────────────────────────────────────────────────────


def corrected_count(context: Context, of: CountedField, new: int) -> Posting[None]:
    """What moves when the paper says `new`; raises Refused where that leaves fewer than went on."""
    counted = _counted_lot(context.books.session, of)
    if of.kind == "in-kind":
        return _given(context, of, counted, new)
    use = _use(context, of, counted)
    again, more = MadeAgain(context, (use,)), new - _said(use, of.field)
    match of.kind:
        case "receipt":
            shape, transfers = _received(context, of, counted, use, again, more)
        case "arrival":
            shape, transfers = _arrived(context, of, counted, use, more)
        case "loss":
            shape = _recounted(use, PartKind.LOST, more)
            lost = context.books.session.get_one(LossRow, of.entry)
            gone = account(AccountClass.LOST, of.campaign, lost.cause.value)
            transfers = (_transfer(gone, _account_of(use.line), str(counted.lot), more),)
        case _:
            shape, transfers = _went(counted, use, again, more)
    return Posting(transfers, again.operations(shape))


def _transfer(debit: str, credit: str, asset: str, more: int) -> Transfer:
    """So many more move, or so many fewer than were counted."""
    return Transfer(debit, credit, asset, more) if more > 0 else Transfer(credit, debit, asset, -more)


def _account_of(line: str) -> str:
    """The account of a line of goods."""
    goods = line_named(line)
    if not isinstance(goods, GoodsLine):
        raise WrongValue("line: {line} is no line of goods", line=line)
    return goods_account(goods.at, goods.campaign, goods.place)


def _parted(use: Use, kind: PartKind, more: int) -> list[Part]:
    """The parts of a use but for what stays, one of which has so many more; ends keep their places."""
    kinds = {part.kind for part in use.parts}
    parts = [part for part in use.parts if part.kind not in {PartKind.ON, PartKind.STAYS}]
    parts += [Part(new, 0, 0) for new in _IN_TURN if new is kind and new not in kinds]
    parts += [part for part in use.parts if part.kind is PartKind.ON]
    return [
        part._replace(share=part.share + more, out=part.out + more) if part.kind is kind else part
        for part in parts
    ]


def _recounted(use: Use, kind: PartKind, more: int, on: str | None = None) -> Use:
    """A count that found more or fewer as `kind` of all that was there; `on`: where what is good goes."""
    parts = _parted(use, kind, more)
    if kind is PartKind.ON and on is not None and PartKind.ON not in {part.kind for part in parts}:
        parts.append(Part(PartKind.ON, more, more, on))
    recounted, units = sum(part.share for part in parts), use.units
    if recounted > units:
        raise Refused.field(
            "new",
            "makes {n} piece and {units} were there to be counted; what came too much is `over`",
            many="makes {n} pieces and {units} were there to be counted; what came too much is `over`",
            n=recounted,
            units=units,
        )
    if not recounted:
        raise Refused.field("new", "leaves nothing of this lot on the paper; reverse that instead")
    if units > recounted:
        ended = [part for part in parts if part.kind is not PartKind.ON]
        stays = Part(PartKind.STAYS, units - recounted, units - recounted, use.line)
        parts = [*ended, stays, *(part for part in parts if part.kind is PartKind.ON)]
    return replace_shape(use, use.pieces, units, parts)


def replace_shape(use: Use, pieces: tuple[tuple[int, int], ...], scale: int, parts: list[Part]) -> Use:
    """A use of the same name and line in another shape."""
    return use._replace(pieces=pieces, scale=scale, parts=tuple(parts))


def _arrived(
    context: Context, of: CountedField, counted: _CountedLot, use: Use, more: int
) -> tuple[Use, tuple[Transfer, ...]]:
    session, campaign = context.books.session, of.campaign
    place = session.get_one(ArrivalRow, of.entry).place
    row = session.get_one(ArrivedLotRow, (counted.key["entry"], counted.key["n"]))
    on = goods_line(campaign, AccountClass.STOCK, place, counted.lot)
    if of.field is Corrected.GOOD:
        to = goods_account(AccountClass.STOCK, campaign, place)
    else:
        cause = row.cause.value if of.field is Corrected.LOST and row.cause is not None else of.field.value
        to = account(AccountClass.LOST, campaign, cause)
    shape = _recounted(use, _PARTS[of.field], more, on)
    return shape, (_transfer(to, _account_of(use.line), str(counted.lot), more),)


def _went(counted: _CountedLot, use: Use, again: MadeAgain, more: int) -> tuple[Use, tuple[Transfer, ...]]:
    """A waybill, a handover or a distribution lists so many more, the lowest free ones, or fewer."""
    (part,) = use.parts
    new = part.share + more
    if not new:
        raise Refused.field("new", "leaves nothing of this lot on the paper; reverse that instead")
    pieces, _ = lowest(use.pieces, new)
    added = again.free(use.line, more)
    if units_in(added) < more:
        goods = line_named(use.line)
        place = goods.place if isinstance(goods, GoodsLine) else use.line
        raise Refused.field(
            "new",
            "wants {wanted} more of {lot}, and {there} are at {place}; no more",
            wanted=more,
            lot=str(counted.lot),
            there=units_in(added),
            place=place,
        )
    shape = replace_shape(use, joined((*pieces, *added)), new, [part._replace(share=new, out=new)])
    to = _account_of(str(part.line))
    return shape, (_transfer(to, _account_of(use.line), str(counted.lot), more),)


def _received(
    context: Context, of: CountedField, counted: _CountedLot, use: Use, again: MadeAgain, more: int
) -> tuple[Use, tuple[Transfer, ...]]:
    """A receipt notes so many more or fewer: of what is open on its order, or of what it replaces."""
    books, campaign = context.books, of.campaign
    receipt = books.session.get_one(ReceiptRow, of.entry)
    order = require_order(books.session, campaign, receipt.order_number)
    row = books.session.get_one(LotDeliveryRow, (counted.key["entry"], counted.key["n"]))
    parts = _parted(use, _PARTS[of.field], more)
    noted = sum(part.share for part in parts)
    if not noted:
        raise Refused.field("new", "leaves nothing of this lot on the paper; reverse the receipt instead")
    note = account(AccountClass.NOTED, campaign, order.number)
    if row.replaces is not None and row.replaces_discrepancy is not None:
        bad = (
            AccountClass.LOST
            if row.replaces_discrepancy.value == PartKind.SHORT.value
            else AccountClass.RETURNED
        )
        source = _transfer(
            account(AccountClass.REPLACED, campaign, row.replaces_discrepancy.value),
            account(bad, campaign, row.replaces_discrepancy.value),
            str(Lot(receipt.product, row.replaces)),
            more,
        )
        units, left = use.units + more, books.lines.free_units(use.line)
        if more > left:
            raise Refused.field(
                "new",
                "makes {wanted} more, and {n} {found} piece of {lot} is still to be replaced",
                many="makes {wanted} more, and {n} {found} pieces of {lot} are still to be replaced",
                wanted=more,
                n=left,
                found=row.replaces_discrepancy.value,
                lot=row.replaces,
            )
    else:
        item = item_of(books.session, order, receipt.item)
        if order.is_closed:
            return _received_of_closed(context, of, counted, use, again, more, order, item)
        units, left = _units_of_more(context, order, item, use, more)
        source = _transfer(note, open_account(campaign, order.number, item.item), receipt.product, more)
        if more > left:
            raise Refused.field(
                "new",
                "makes {wanted} more, and {left} are open on {order}; what came too much is counted as over",
                wanted=more,
                left=left,
                order=order.number,
            )
    kept, _ = lowest(use.pieces, units)
    added = again.free(use.line, units - use.units)
    shape = replace_shape(use, joined((*kept, *added)), noted, parts)
    return shape, (source, _transfer(_came_to(context, of, use), note, str(counted.lot), more))


def _received_of_closed(
    context: Context,
    of: CountedField,
    counted: _CountedLot,
    use: Use,
    again: MadeAgain,
    more: int,
    order: OrderRow,
    item: OrderItemRow,
) -> tuple[Use, tuple[Transfer, ...]]:
    """A receipt of a closed order notes so many more or fewer: what was paid and did not come is another claim.

    What the supplier paid back of that stands, and so does what it gave by a discount, which paid for pieces that came.
    """
    books, campaign, number = context.books, of.campaign, order.number
    gone = account(AccountClass.CANCELLED, campaign, number, item.item)
    left = books.net(gone, item.product)
    before = item.quantity - left
    wanted = item.units_of(min(item.quantity, before + more)) - item.units_of(before)
    filled = books.lines.filled(use.line)
    claimed = common(again.free(use.line, books.lines.length(use.line)), ((0, filled),))
    kept, _ = lowest(use.pieces, use.units + min(wanted, 0))
    added, _ = lowest(claimed, wanted) if wanted > 0 else ((), 0)
    freed = without(use.pieces, kept)
    if more > left or units_in(added) < wanted:
        raise Refused.field(
            "new",
            "makes {wanted} more, and of {order}, which is closed, fewer were paid, did not come and were not paid "
            "back; reverse its closing first, and what stands on that",
            wanted=more,
            order=number,
        )
    if any(_is_discount(books, use.line, piece) for piece in freed):
        raise Refused.field(
            "new",
            "leaves out pieces of {order}, which is closed, that its supplier gave by a discount; reverse its "
            "closing first",
            order=number,
        )
    owed = sum(item.value_of(*piece) for piece in freed) - sum(item.value_of(*piece) for piece in added)
    claims, commitments = (
        account(AccountClass.CLAIMS, campaign, number),
        account(AccountClass.COMMITMENTS, campaign),
    )
    note, noted = (
        account(AccountClass.NOTED, campaign, number),
        sum(part.share for part in _parted(use, _PARTS[of.field], more)),
    )
    shape = replace_shape(use, joined((*kept, *added)), noted, _parted(use, _PARTS[of.field], more))
    came = _transfer(_came_to(context, of, use), note, str(counted.lot), more)
    moved = (_transfer(note, gone, item.product, more), came)
    return shape, (*moved, _transfer(claims, commitments, order.currency, owed)) if owed else moved


def _is_discount(books: Books, line: str, piece: Piece) -> bool:
    """Do some units of an order's line stand there by what its supplier did not ask for?"""
    return any(source.use is None for source in books.lines.sources(line, *piece))


def _units_of_more(
    context: Context, order: OrderRow, item: OrderItemRow, use: Use, more: int
) -> tuple[int, int]:
    """(units of the order's line that a receipt of so many more takes, pieces that are open)."""
    left = context.books.net(open_account(order.campaign, order.number, item.item), item.product)
    before = item.quantity - left
    after = min(item.quantity, before + more)
    return use.units + item.units_of(after) - item.units_of(before), left


def _came_to(context: Context, of: CountedField, use: Use) -> str:
    """The account of what a receipt calls so."""
    match of.field:
        case Corrected.GOOD:
            return _account_of(next(str(part.line) for part in use.parts if part.kind is PartKind.ON))
        case Corrected.REJECTED:
            return account(AccountClass.RETURNED, context.campaign, of.field.value)
        case _:
            return account(AccountClass.LOST, context.campaign, of.field.value)


def _given(context: Context, of: CountedField, counted: _CountedLot, new: int) -> Posting[None]:
    """So many pieces were given; the gift has all its pieces together again."""
    books, campaign = context.books, of.campaign
    gift = books.session.get_one(InKindRow, of.entry)
    if not new:
        raise Refused.field("new", "leaves nothing of this gift; reverse it instead")
    replaced = pieces_replaced(books.session, gift.entry)
    if new - gift.damaged < replaced:
        raise Refused.field(
            "new",
            "leaves fewer than {n} good piece, which makes a claim good; reverse the end of that claim first",
            many="leaves fewer than {n} good pieces, which make claims good; reverse the ends of those claims first",
            n=replaced,
        )
    piece = gift.line_start, gift.line_start + gift.quantity
    moved = MovedGift(gift.line, str(counted.lot), in_kind_gift(gift.number), piece, new, gift.line)
    to, given = _account_of(gift.line), account(AccountClass.IN_KIND, campaign)
    transfer = _transfer(to, given, str(counted.lot), new - gift.quantity)
    return Posting((transfer,), MadeAgain(context, gift=moved).operations())


# ── what it changes in the rows ──────────────────────────────────────────────────────────────────────────────


def write_count(books: Books, of: CountedField, more: int) -> None:
    """The paper says so many more pieces from now on; lines have them already."""
    session = books.session
    counted = _counted_lot(session, of)
    session.flush()
    if counted.table in _BY_ORM:
        row = session.get_one(counted.table, counted.key)
        setattr(row, of.field.value, getattr(row, of.field.value) + more)
        session.add(row)
    else:
        made, name = table_of(counted.table), of.field.value
        values = {made.c[name]: made.c[name] + more} if name in made.c else {made.c.good: made.c.good + more}
        values |= {made.c.noted: made.c.noted + more} if counted.table is LotDeliveryRow else {}
        this = [made.c[column] == at for column, at in counted.key.items()]
        session.connection().execute(update(made).where(*this).values(values))
        session.expire_all()
    if of.kind == "in-kind":
        gift = session.get_one(InKindRow, of.entry)
        name, sources = in_kind_gift(gift.number), books.lines.sources(gift.line)
        start = max(source.start for source in sources if source.gift == name)
        change_row(session, InKindRow, of.entry, quantity=gift.quantity + more, line_start=start)
    if of.kind in {"shipment", "handover"}:
        note_sent(session, of.entry, counted.lot, more)
    if of.kind == "shipment":
        note_counts(session, of.entry)
    if of.kind == "arrival":
        note_counts(session, session.get_one(ArrivalRow, of.entry).shipment)
