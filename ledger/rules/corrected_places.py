"""Another place than a paper was told to have brought goods to (docs/rules.md, 32).

All that the paper brought there is there no more, and lies at the other place; what went on with it went on from there,
and is made again with the same pieces. Their papers say the other place too, and whose gifts they are is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import Append, Operation, UnitState, Use
from ledger.core.names import GoodsLine, Lot, UseCause, UseName, line_named, use_named
from ledger.model.columns import Table, table_of
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.deliveries import (
    ArrivalRow,
    ArrivedLotRow,
    DistributionLotRow,
    HandoverRow,
    RecipientRow,
    ShipmentLegRow,
)
from ledger.model.goods import InKindRow, LossRow, LotDeliveryRow, RecallOutcomeRow, ReceiptRow, ReturnRow
from ledger.model.proposals import ProposalStatus
from ledger.model.recorded import Paper
from ledger.rules.goods import goods_account
from ledger.rules.in_kind import in_kind_gift, in_kind_use
from ledger.rules.made_again import MadeAgain, MovedGift
from ledger.rules.receipts import receipt_use
from ledger.rules.rows import change_row, find_numbered
from ledger.rules.shipments import arrival_use, require_shipment
from ledger.rules.spec import Context
from ledger.tracing.state import Lines

PLACED = frozenset({"receipt", "in-kind", "arrival", "distribution"})
"""Kinds of entry that bring goods to a place which can be put right."""
_LIE = frozenset({AccountClass.STOCK, AccountClass.DISTRIBUTED, AccountClass.DELIVERED})
"""Classes of accounts of goods whose second name is a place."""
_FROM: Mapping[UseCause, type[Paper]] = {
    UseCause.HANDOVER: HandoverRow,
    UseCause.LOSS: LossRow,
    UseCause.RETURN: ReturnRow,
    UseCause.RECALL: RecallOutcomeRow,
}
"""What takes goods from a `place` that its paper names; a shipment, whose waybill names the origin, does too."""


def says_place(session: Session, kind: str, entry: int, place: str | None) -> str | None:
    """The place that a paper names today; `place`, where it names several and that is one of them."""
    if kind == "receipt":
        return session.get_one(ReceiptRow, entry).place
    if kind == "in-kind":
        return session.get_one(InKindRow, entry).place
    if kind == "arrival":
        return session.get_one(ArrivalRow, entry).place
    rows = select(RecipientRow.place).where(RecipientRow.entry == entry).order_by(col(RecipientRow.n))
    places = list(dict.fromkeys(session.exec(rows)))
    if len(places) > 1 and place not in places:
        raise Refused.field("old", "is none of the places that the paper names; write the one that is meant")
    return place if place in places else places[0]


def corrected_place(context: Context, kind: str, entry: int, old: str, new: str) -> Posting[None]:
    """What moves when a paper says the place `new`; Conflict where that cannot be told apart from other papers."""
    lines, session = context.books.lines, context.books.session
    _require_no_surplus(session, entry)
    if kind == "in-kind":
        return _given_elsewhere(context, session.get_one(InKindRow, entry), new)
    uses = lines.uses(name for name in _uses(context, kind, entry, old) if lines.has_use(name)).values()
    renamed = {
        part.line: _at(part.line, new)
        for use in uses
        for part in use.parts
        if part.line is not None and _place_of(part.line) == old
    }
    again = MadeAgain(context, list(uses), renamed=renamed)
    _require_sent_on(session, [use for use in again.uses if use.line in renamed], new)
    shapes = [
        use._replace(
            parts=tuple(part._replace(line=renamed.get(part.line or "", part.line)) for part in use.parts)
        )
        for use in uses
    ]
    operations = again.operations(*shapes)
    return Posting(tuple(_transfers(lines, again.left)), operations)


def _given_elsewhere(context: Context, gift: InKindRow, new: str) -> Posting[None]:
    """What moves when a gift in kind came to `new`."""
    name, to = in_kind_gift(gift.number), _at(gift.line, new)
    piece, asset = (gift.line_start, gift.line_start + gift.quantity), str(Lot(gift.product, gift.lot))
    moved = MovedGift(gift.line, asset, name, piece, gift.quantity, to)
    again = MadeAgain(context, gift=moved, renamed={gift.line: to})
    own = in_kind_use(gift.campaign, gift.number)
    on = [use for use in again.uses if use.line == gift.line and use.id != own]
    _require_sent_on(context.books.session, on, new)
    operations = again.operations()
    return Posting(tuple(_transfers(context.books.lines, again.left)), operations)


def _require_sent_on(session: Session, uses: Iterable[Use], new: str) -> None:
    """Conflict where what goods went on from there by does not say from where, or took them to `new`."""
    for use in uses:
        sent = use_named(use.id)
        if sent.cause not in {*_FROM, UseCause.SHIPMENT}:
            raise Conflict.field(
                "entry",
                "{kind} {number} stands on it; reverse that first, and record it again after",
                kind=sent.cause.value,
                number=sent.number,
            )
        if (
            sent.cause is UseCause.SHIPMENT
            and require_shipment(session, sent.campaign, sent.number).destination == new
        ):
            raise Conflict.field(
                "new", "is where waybill {waybill} takes them; reverse that first", waybill=sent.number
            )


def _require_no_surplus(session: Session, entry: int) -> None:
    """Conflict where something came too much with a paper: it waits apart at the place, or was decided about there."""
    for row in session.exec(select(LotDeliveryRow).where(LotDeliveryRow.entry == entry)):
        if Lot(row.product, row.lot).is_over and row.reversed_by is None:
            raise Conflict.field(
                "entry", "more than was noted came with it, and was counted at that place; reverse it instead"
            )


def _uses(context: Context, kind: str, entry: int, place: str) -> Iterator[str]:
    """The uses by which a paper brought goods to a place."""
    session, campaign = context.books.session, context.campaign
    if kind == "receipt":
        number = session.get_one(ReceiptRow, entry).number
        for row in session.exec(select(LotDeliveryRow).where(LotDeliveryRow.entry == entry)):
            yield receipt_use(campaign, number, row.lot)
    elif kind == "arrival":
        number = session.get_one(ArrivalRow, entry).number
        for counted in session.exec(select(ArrivedLotRow).where(ArrivedLotRow.entry == entry)):
            yield arrival_use(campaign, number, Lot(counted.product, counted.lot))
    else:
        recorded = context.entry(entry)
        number = "" if recorded is None else str(recorded.facts["number"])
        handed = (
            select(DistributionLotRow)
            .join(
                RecipientRow,
                (col(RecipientRow.entry) == DistributionLotRow.entry)
                & (col(RecipientRow.n) == DistributionLotRow.recipient),
            )
            .where(DistributionLotRow.entry == entry, RecipientRow.place == place)
        )
        for given in session.exec(handed):
            asset = str(Lot(given.product, given.lot))
            for detail in ((asset,), (asset, str(given.recipient))):
                yield str(UseName(UseCause.DISTRIBUTION, campaign, number, detail))


def _place_of(line: str) -> str | None:
    goods = line_named(line)
    return goods.place if isinstance(goods, GoodsLine) and goods.at in _LIE else None


def _at(line: str, place: str) -> str:
    """The line of the same goods at another place."""
    goods = line_named(line)
    return str(replace(goods, place=place)) if isinstance(goods, GoodsLine) else line


def _account_of(line: str) -> str | None:
    goods = line_named(line)
    return goods_account(goods.at, goods.campaign, goods.place) if isinstance(goods, GoodsLine) else None


def _transfers(lines: Lines, left: Iterable[tuple[str, int, int, str]]) -> Iterator[Transfer]:
    """What lies there still moves over; what went on is gone from there, and needs no more."""
    lying: dict[tuple[str, str], int] = defaultdict(int)
    for line, start, end, now in left:
        lying[line, now] += sum(
            span.end - span.start for span in lines.spans(line, start, end) if span.state is UnitState.FREE
        )
    for (line, now), pieces in lying.items():
        before, after = _account_of(line), _account_of(now)
        if pieces and before is not None and after is not None:
            yield Transfer(after, before, lines.asset(line), pieces)


def write_place(
    session: Session, kind: str, entry: int, old: str, new: str, operations: Iterable[Operation]
) -> None:
    """The paper says `new` from now on, and so do the papers of what went on from there, which `operations` made."""
    if kind == "receipt":
        change_row(session, ReceiptRow, entry, place=new)
        _change(session, LotDeliveryRow, entry, old, new)
    elif kind == "in-kind":
        _change(session, LotDeliveryRow, entry, old, new)
        for operation in operations:
            if isinstance(operation, Append):
                change_row(
                    session, InKindRow, entry, place=new, line=operation.line, line_start=operation.start
                )
    elif kind == "arrival":
        arrival = session.get_one(ArrivalRow, entry)
        arrival.place = new
        session.add(arrival)
    else:
        _change(session, RecipientRow, entry, old, new)
    for operation in operations:
        if not isinstance(operation, Use) or _place_of(operation.line) != new:
            continue
        name = use_named(operation.id)
        if name.cause is UseCause.IN_KIND:  # of what came damaged with the gift itself
            continue
        if name.cause is UseCause.SHIPMENT:
            shipment = require_shipment(session, name.campaign, name.number)
            shipment.origin = new
            session.add(shipment)
            first = session.get(ShipmentLegRow, (shipment.entry, 0))
            if first is not None:
                first.origin = new
                session.add(first)
            continue
        table = _FROM[name.cause]
        row = find_numbered(session, table, name.campaign, name.number)
        if row is not None:
            change_row(session, table, row.entry, place=new)


def _change(session: Session, table: type[Table], entry: int, old: str, new: str) -> None:
    session.flush()
    made = table_of(table)
    session.connection().execute(
        update(made).where(made.c.entry == entry, made.c.place == old).values(place=new)
    )
    session.expire_all()


def _earlier_places(session: Session, entry: int) -> Iterator[str]:
    """Where a paper was told to have brought goods to, before it was put right."""
    rows = select(CorrectionRow.old).where(
        CorrectionRow.corrected == entry,
        CorrectionRow.field == Corrected.PLACE,
        CorrectionRow.status == ProposalStatus.APPROVED,
    )
    yield from (old for old in session.exec(rows) if old is not None)


def lie_now(
    session: Session, lines: Lines, entry: int, operations: Iterable[Operation]
) -> dict[tuple[str, str], str]:
    """(account, asset) of where an entry took goods from or brought them: the account where these lie today.

    Only of those whose place was put right since. Conflict where some of them lie here and some there.
    """
    uses = {op.id: op for op in operations if isinstance(op, Use) and lines.has_use(op.id)}
    accounts: dict[tuple[str, str], set[str]] = defaultdict(set)
    gift = session.get(InKindRow, entry)
    if gift is not None:
        goods = line_named(gift.line)
        for place in {gift.place, *_earlier_places(session, entry)}:
            was, today = _account_of(_at(gift.line, place)), _account_of(gift.line)
            if was is not None and today is not None:
                accounts[was, goods.asset].add(today)
    for name, now in lines.uses(uses).items():
        pairs = [(uses[name].line, now.line)]
        after = {part.kind: part.line for part in now.parts if part.line is not None}
        pairs += [
            (part.line, after[part.kind])
            for part in uses[name].parts
            if part.line is not None and part.kind in after
        ]
        for was, at in pairs:
            before, today = _account_of(was), _account_of(at)
            if before is not None and today is not None:
                accounts[before, lines.asset(was)].add(today)
    for (_, asset), places in accounts.items():
        if len(places) > 1:
            raise Conflict.field(
                "entry",
                "some of {asset} that it moved lie elsewhere since a place was put right; put the other papers "
                "right as well first",
                asset=asset,
            )
    return {key: next(iter(places)) for key, places in accounts.items() if places != {key[0]}}
