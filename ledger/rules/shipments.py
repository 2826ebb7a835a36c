"""Shipments by waybill: what left a place, and what was counted where it arrived; the gap is public."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field
from sqlalchemy import BigInteger, bindparam
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Text
from ledger.core.lines import Operation, PartKind
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.columns import OF_CAMPAIGN, TEXT
from ledger.model.deliveries import (
    ArrivalRow,
    ArrivedLotRow,
    Carriage,
    ShipmentLegRow,
    ShipmentLotRow,
    ShipmentRow,
    ShipmentStateRow,
    ShipmentStatus,
)
from ledger.model.goods import Cause
from ledger.model.questions import Doubt
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.doubts import Doubtful
from ledger.rules.goods import (
    LotCount,
    counted,
    keep_lot,
    keep_surplus,
    lots_reversed,
    moved,
    require_surplus_undecided,
    surplus_counted,
)
from ledger.rules.receipts import received_lots
from ledger.rules.rows import (
    find_numbered,
    happened_on,
    mark_reversed,
    paper_head,
    recorded_row,
    require_numbered,
)
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.two_counts import confirmation_of, confirmed_lots, others_counted, require_counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One part of the way, with the carrier's own paper where it has one."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    origin: Name
    destination: Name
    carriage: Carriage
    carrier: Name | None = None
    paper: Number | None = None  # the leg's own waybill, air waybill or bill of lading
    date: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods leave `origin` for `destination` on a waybill; `legs` join the two, where there are several.

    `beyond_count`: why more leaves than the other side counted where it came.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    waybill: Number
    origin: Name
    destination: Name
    carriage: Carriage
    carrier: Name | None = None
    air_waybill: Number | None = None
    legs: Annotated[tuple[Leg, ...], Field(min_length=1, max_length=20)] | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    expected: Date | None = None
    beyond_count: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentState:
    """What happened to a waybill on its way: shipped, held or released by customs, delivered and not yet counted."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    waybill: Number
    state: Literal[
        ShipmentStatus.SHIPPED,
        ShipmentStatus.CUSTOMS_HOLD,
        ShipmentStatus.CUSTOMS_RELEASE,
        ShipmentStatus.DELIVERED,
    ]
    place: Name | None = None
    reason: Text | None = None
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedLot:
    """What was counted of one lot: good + short + damaged + lost, all of it on the waybill.

    `cause` says why pieces are lost, where it is known better than that they are. `over`: pieces beyond what was sent;
    they wait apart as lot `LOT.over` until somebody says what they are (docs/rules.md, 25). `instead_of`: the lot of
    the waybill in whose place pieces of another lot came; these are counted as `over`, and are a question.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    good: Count
    short: Count = 0
    damaged: Count = 0
    lost: Count = 0
    cause: Cause | None = None
    over: Positive | None = None
    instead_of: Number | None = None

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Goods of a waybill are counted at its destination, or at the `place` where they were brought instead.

    `reason` says why what is missing is missing, why they are elsewhere, and why more is good than the consignee
    counted.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    waybill: Number
    lots: Annotated[tuple[ArrivedLot, ...], Field(min_length=1, max_length=50)]
    place: Name | None = None
    reason: Text | None = None
    report: Number | None = None
    date: Date


_BY_WAYBILL = select(ShipmentRow).where(
    col(ShipmentRow.campaign) == OF_CAMPAIGN, col(ShipmentRow.waybill) == bindparam("of_waybill", type_=TEXT)
)


def find_shipment(session: Session, campaign: str, waybill: str) -> ShipmentRow | None:
    return session.exec(_BY_WAYBILL, params={"of_campaign": campaign, "of_waybill": waybill}).first()


def require_shipment(session: Session, campaign: str, waybill: str) -> ShipmentRow:
    """The shipment of a waybill, reversed or not; raises NotFound."""
    row = find_shipment(session, campaign, waybill)
    if row is None:
        raise NotFound.field(
            "shipment",
            "there is no shipment {waybill} in campaign {campaign}",
            waybill=waybill,
            campaign=campaign,
        )
    return row


_shipment = bindparam("of_shipment", type_=BigInteger)
_SHIPPED = (
    select(ShipmentLotRow).where(col(ShipmentLotRow.entry) == _shipment).order_by(col(ShipmentLotRow.n))
)


def shipped_lots(session: Session, shipment: int) -> Sequence[ShipmentLotRow]:
    """What a waybill lists, in its order."""
    return session.exec(_SHIPPED, params={"of_shipment": shipment}).all()


def find_arrival(session: Session, campaign: str, number: str) -> ArrivalRow | None:
    return find_numbered(session, ArrivalRow, campaign, number)


def require_arrival(session: Session, campaign: str, number: str) -> ArrivalRow:
    """The arrival of a number, reversed or not; raises NotFound."""
    return require_numbered(session, ArrivalRow, "arrival", campaign, number)


_ARRIVALS = (
    select(ArrivalRow)
    .where(col(ArrivalRow.shipment) == _shipment, col(ArrivalRow.reversed_by).is_(None))
    .order_by(col(ArrivalRow.entry))
)


def arrivals_of(session: Session, shipment: int) -> Sequence[ArrivalRow]:
    """The counts of a waybill that stand, first recorded first."""
    return session.exec(_ARRIVALS, params={"of_shipment": shipment}).all()


_ARRIVED = (
    select(ArrivedLotRow)
    .where(col(ArrivedLotRow.entry) == bindparam("of_arrival", type_=BigInteger))
    .order_by(col(ArrivedLotRow.n))
)


def arrived_lots(session: Session, arrival: int) -> Sequence[ArrivedLotRow]:
    """What an arrival counted, lot by lot, in the order of its paper."""
    return session.exec(_ARRIVED, params={"of_arrival": arrival}).all()


_standing = (col(ShipmentRow.campaign) == OF_CAMPAIGN, col(ShipmentRow.reversed_by).is_(None))
_SENT_TO = select(ShipmentRow.waybill, ShipmentRow.destination, ShipmentRow.origin).where(*_standing)
_CAME_TO = (
    select(ShipmentRow.waybill, ArrivalRow.place, ShipmentRow.origin)
    .join(ArrivalRow, col(ArrivalRow.shipment) == ShipmentRow.entry)
    .where(*_standing, col(ArrivalRow.reversed_by).is_(None))
)


def origins_of(session: Session, campaign: str) -> dict[str, str]:
    """Whence goods came to each place, by the waybill of the highest number that brought them there."""
    asked = {"of_campaign": campaign}
    sent, came = session.exec(_SENT_TO, params=asked), session.exec(_CAME_TO, params=asked)
    return {place: origin for _, place, origin in sorted([*sent, *came])}


def arrival_use(campaign: str, number: str, lot: Lot) -> str:
    """The use by which pieces of a lot arrive, or do not."""
    return str(UseName(UseCause.ARRIVAL, campaign, number, (str(lot),)))


_STATES = (
    select(ShipmentStateRow)
    .where(col(ShipmentStateRow.shipment) == _shipment, col(ShipmentStateRow.reversed_by).is_(None))
    .order_by(col(ShipmentStateRow.entry).desc())
)


def _last_state(session: Session, shipment: int) -> ShipmentStateRow | None:
    return session.exec(_STATES, params={"of_shipment": shipment}).first()


def _once(lots: tuple[LotCount, ...] | tuple[ArrivedLot, ...]) -> None:
    if len({lot.of for lot in lots}) != len(lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")


def _post_shipment(context: Context, facts: Shipment) -> Posting[None]:
    require_campaign(context)
    _once(facts.lots)
    if facts.origin == facts.destination:
        raise Refused.field("destination", "is the origin; name another place")
    if facts.legs is not None:
        _require_route(facts.origin, facts.destination, facts.legs)
    if facts.air_waybill is not None and Carriage.AIR not in {
        facts.carriage,
        *(leg.carriage for leg in facts.legs or ()),
    }:
        raise Refused.field("air_waybill", "goes with carriage by air; leave it out, or say which leg flies")
    source = (AccountClass.STOCK, facts.origin)
    transfers, uses = moved(
        context,
        facts.lots,
        lambda lot: str(UseName(UseCause.SHIPMENT, context.campaign, facts.waybill, (str(lot),))),
        source,
        (AccountClass.TRANSIT, facts.waybill),
    )
    require_counted(context, source, facts.lots, facts.beyond_count)
    return Posting(tuple(transfers), tuple(uses))


def _require_route(origin: str, destination: str, legs: tuple[Leg, ...]) -> None:
    """Refused where the legs do not lead from the origin to the destination."""
    here = origin
    for index, leg in enumerate(legs):
        if leg.origin != here:
            raise Refused.field(
                f"legs.{index}.origin", "is not {here}, where the goods are then; join the legs", here=here
            )
        here = leg.destination
    if here != destination:
        raise Refused.field(
            "legs",
            "end at {here} and the goods go to {destination}; add the last leg",
            here=here,
            destination=destination,
        )


def _fold_shipment(books: Books, entry: Entry[Shipment, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        ShipmentRow(
            entry=entry.seq,
            campaign=entry.campaign,
            waybill=facts.waybill,
            origin=facts.origin,
            destination=facts.destination,
            carriage=facts.carriage,
            carrier=facts.carrier,
            air_waybill=facts.air_waybill,
            expected=facts.expected,
            date=entry.date,
            happened=happened_on(entry),
            beyond_count=facts.beyond_count,
        )
    )
    session.flush()
    for n, lot in enumerate(facts.lots):
        session.add(
            ShipmentLotRow(entry=entry.seq, n=n, product=lot.product, lot=lot.lot, quantity=lot.quantity)
        )
    for n, leg in enumerate(facts.legs or ()):
        session.add(
            ShipmentLegRow(
                entry=entry.seq,
                n=n,
                origin=leg.origin,
                destination=leg.destination,
                carriage=leg.carriage,
                carrier=leg.carrier,
                paper=leg.paper,
                date=leg.date,
            )
        )


def _post_arrival(context: Context, facts: Arrival) -> Posting[None]:
    session = context.books.session
    shipment = require_shipment(session, context.campaign, facts.waybill)
    if shipment.status is ShipmentStatus.REVERSED:
        raise Conflict.field("waybill", "{waybill} was reversed; nothing is on it", waybill=facts.waybill)
    if shipment.status is ShipmentStatus.CUSTOMS_HOLD:
        raise Conflict.field(
            "waybill", "{waybill} is held by customs; record its release first", waybill=facts.waybill
        )
    _require_after_last_state(session, shipment, facts.date)
    _once(facts.lots)
    if facts.reason is None:
        _require_as_counted(session, shipment, facts)
    place = facts.place or shipment.destination
    if place != shipment.destination and facts.reason is None:
        raise Refused.field("reason", "say why it arrived at {place} and not at its destination", place=place)
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    listed = {Lot(row.product, row.lot) for row in shipped_lots(session, shipment.entry)}
    over = _over_now(session, shipment, facts)
    for index, lot in enumerate(facts.lots):
        missing = lot.short + lot.damaged + lot.lost
        _require_listed(lot, listed, facts.waybill, f"lots.{index}")
        if new := over.get(lot.of):
            transfers.append(surplus_counted(context.campaign, lot.of, place, new))
        if lot.good + missing == 0 and lot.over:
            continue
        if lot.good + missing == 0:
            raise Refused.field(f"lots.{index}", "counts nothing; leave the lot out until it arrives")
        if lot.cause is not None and not lot.lost:
            raise Refused.field(f"lots.{index}.cause", "says why pieces are lost, and none are; leave it out")
        if missing and facts.reason is None:
            raise Refused.field("reason", "say why pieces are short, damaged or lost")
        added, use = counted(
            context,
            arrival_use(context.campaign, facts.number, lot.of),
            lot.of,
            lot.good,
            (
                (PartKind.SHORT, "short", lot.short),
                (PartKind.DAMAGED, "damaged", lot.damaged),
                (PartKind.LOST, lot.cause or "lost", lot.lost),
            ),
            (AccountClass.TRANSIT, facts.waybill),
            (AccountClass.STOCK, place),
            f"lots.{index}",
        )
        transfers += added
        operations.append(use)
    return Posting(tuple(transfers), tuple(operations))


def _over_now(session: Session, shipment: ShipmentRow, facts: Arrival) -> dict[Lot, int]:
    """Pieces beyond what was sent, lot by lot, that no count has told of yet.

    Of a lot that the waybill does not list both sides tell of the same pieces: only what the sender's counts together
    make beyond those that wait apart is more (docs/rules.md, 25 and 29).
    """
    apart, before = others_counted(session, shipment.entry), Counter[Lot]()
    for arrival in arrivals_of(session, shipment.entry):
        for row in arrived_lots(session, arrival.entry):
            before[Lot(row.product, row.lot)] += row.over
    over: dict[Lot, int] = {}
    for lot in facts.lots:
        more = lot.over or 0
        if lot.instead_of is not None:
            more = max(0, before[lot.of] + more - apart.get(lot.of, 0))
        if more:
            over[lot.of] = more
    return over


def _require_listed(lot: ArrivedLot, listed: Collection[Lot], waybill: str, field: str) -> None:
    """Refused where a lot is not on its waybill, but for pieces beside it that say for which lot they came."""
    if lot.of in listed:
        if lot.instead_of is not None:
            raise Refused.field(
                f"{field}.instead_of",
                "is for a lot that {waybill} does not list; leave it out",
                waybill=waybill,
            )
        return
    if lot.instead_of is None or Lot(lot.product, lot.instead_of) not in listed:
        raise Refused.field(
            f"{field}.lot",
            "{lot} is not on {waybill}: say `instead_of` which lot it came ({lots})",
            lot=str(lot.of),
            waybill=waybill,
            lots=sorted(map(str, listed)),
        )
    if lot.of.is_over or lot.good + lot.short + lot.damaged + lot.lost or not lot.over:
        raise Refused.field(
            f"{field}.over",
            "count what came of {lot} here alone: it waits apart until it is known what it is",
            lot=str(lot.of),
        )


def _doubts(books: Books, entry: Entry[Arrival, None]) -> Iterator[Doubtful]:
    """A lot that came where the waybill lists another: is it that one, or is it two lots?"""
    shipment = require_shipment(books.session, entry.campaign, entry.facts.waybill)
    apart = {Lot(row.product, row.lot).ordered for row in received_lots(books.session, entry.seq)}
    for lot in entry.facts.lots:
        if lot.instead_of is not None and lot.of in apart:
            other = Lot(lot.product, lot.instead_of)
            yield Doubtful(Doubt.LOT, shipment.entry, None, str(lot.of), str(other))


def _require_as_counted(session: Session, shipment: ShipmentRow, facts: Arrival) -> None:
    """Refused where the sender's counts of a lot make more than the consignee counted: that needs a word."""
    confirmation = confirmation_of(session, shipment.entry)
    if confirmation is None:
        return
    before: dict[Lot, int] = defaultdict(int)
    for arrival in arrivals_of(session, shipment.entry):
        for lot in arrived_lots(session, arrival.entry):
            before[Lot(lot.product, lot.lot)] += lot.good + lot.over
    counted = {lot.of: lot.good + (lot.over or 0) for lot in facts.lots}
    for row in confirmed_lots(session, confirmation.entry):
        of = Lot(row.product, row.lot)
        good = before[of] + counted.get(of, 0)
        if counted.get(of) and good > row.good:
            raise Refused.field(
                "reason",
                "the consignee counted {counted} of {lot} good, and this makes {good}; say why: both counts stay",
                counted=row.good,
                lot=str(of),
                good=good,
            )


_AFTER = {
    ShipmentStatus.SHIPPED: {ShipmentStatus.IN_TRANSIT},
    ShipmentStatus.CUSTOMS_HOLD: {
        ShipmentStatus.IN_TRANSIT,
        ShipmentStatus.SHIPPED,
        ShipmentStatus.CUSTOMS_RELEASE,
        ShipmentStatus.PARTIALLY_RECEIVED,
    },
    ShipmentStatus.CUSTOMS_RELEASE: {ShipmentStatus.CUSTOMS_HOLD},
    ShipmentStatus.DELIVERED: {
        ShipmentStatus.IN_TRANSIT,
        ShipmentStatus.SHIPPED,
        ShipmentStatus.CUSTOMS_RELEASE,
    },
}
"""Which states a state may follow."""


def _require_after_last_state(session: Session, shipment: ShipmentRow, date: str) -> None:
    """Refused where a day is before the last thing that happened to the waybill on its way."""
    state = _last_state(session, shipment.entry)
    last = shipment.date if state is None else state.date
    if date < last:
        raise Refused.field(
            "date", "{date} is before {last}, when the last thing happened to it", date=date, last=last
        )


def _post_state(context: Context, facts: ShipmentState) -> Posting[None]:
    session = context.books.session
    shipment = require_shipment(session, context.campaign, facts.waybill)
    if shipment.status not in _AFTER[facts.state]:
        raise Conflict.field(
            "state",
            "{waybill} is {status}; {state} follows only {words}",
            waybill=facts.waybill,
            status=shipment.status,
            state=facts.state,
            words=sorted(_AFTER[facts.state]),
        )
    _require_after_last_state(session, shipment, facts.date)
    if facts.state is ShipmentStatus.CUSTOMS_HOLD and facts.reason is None:
        raise Refused.field("reason", "say why customs hold the goods")
    return Posting()


def _fold_state(books: Books, entry: Entry[ShipmentState, None]) -> None:
    session, facts = books.session, entry.facts
    shipment = require_shipment(session, entry.campaign, facts.waybill)
    shipment.status = facts.state
    session.add(shipment)
    session.add(
        ShipmentStateRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            shipment=shipment.entry,
            state=facts.state,
            place=facts.place,
            reason=facts.reason,
            report=facts.report,
            date=facts.date,
        )
    )


def _require_nothing_arrived(context: Context, entry: Entry[Shipment, None]) -> None:
    if arrivals_of(context.books.session, entry.seq):
        raise Conflict.field("entry", "goods of this waybill have arrived; reverse the arrivals first")


def _unfold_shipment(books: Books, entry: Entry[Shipment, None], seq: int) -> None:
    mark_reversed(books.session, ShipmentRow, entry.seq, seq).status = ShipmentStatus.REVERSED


def _status_left(session: Session, shipment: int) -> ShipmentStatus:
    """What a waybill is when its last state or count is taken back: what was told before."""
    state = _last_state(session, shipment)
    last = ShipmentStatus.IN_TRANSIT if state is None else state.state
    # Nothing arrives while customs hold: a hold that is the last state still stands, whatever came before it.
    if last is not ShipmentStatus.CUSTOMS_HOLD and arrivals_of(session, shipment):
        return ShipmentStatus.PARTIALLY_RECEIVED
    return last


def _require_last_state(context: Context, entry: Entry[ShipmentState, None]) -> None:
    """Conflict where something happened to the waybill after the state that would be reversed."""
    session = context.books.session
    state = recorded_row(session, ShipmentStateRow, entry.seq)
    last = _last_state(session, state.shipment)
    came_since = any(arrival.entry > entry.seq for arrival in arrivals_of(session, state.shipment))
    if came_since or last is None or last.entry != entry.seq:
        status = recorded_row(session, ShipmentRow, state.shipment).status
        raise Conflict.field(
            "entry",
            "{waybill} is {status} since then; reverse what came after it first",
            waybill=entry.facts.waybill,
            status=status,
        )


def _unfold_state(books: Books, entry: Entry[ShipmentState, None], seq: int) -> None:
    """A reversed state leaves the waybill as it was before."""
    state = mark_reversed(books.session, ShipmentStateRow, entry.seq, seq)
    _left_as_before(books.session, state.shipment)


def _left_as_before(session: Session, shipment: int) -> None:
    session.flush()
    row = recorded_row(session, ShipmentRow, shipment)
    row.status = _status_left(session, shipment)
    session.add(row)


def _is_all_counted(session: Session, shipment: int) -> bool:
    """Have all pieces of a waybill been counted, lot by lot?"""
    counted = func.sum(ArrivedLotRow.good + ArrivedLotRow.short + ArrivedLotRow.damaged + ArrivedLotRow.lost)
    query = (
        select(ArrivedLotRow.product, ArrivedLotRow.lot, counted)
        .join(ArrivalRow, col(ArrivalRow.entry) == ArrivedLotRow.entry)
        .where(ArrivalRow.shipment == shipment, col(ArrivalRow.reversed_by).is_(None))
        .group_by(col(ArrivedLotRow.product), col(ArrivedLotRow.lot))
    )
    came = {Lot(product, lot): int(pieces) for product, lot, pieces in session.exec(query)}
    return all(
        came.get(Lot(row.product, row.lot), 0) == row.quantity for row in shipped_lots(session, shipment)
    )


def note_counts(session: Session, shipment: int) -> None:
    """What a waybill that was counted is, after a quantity of it or of a count was put right."""
    session.flush()
    row = recorded_row(session, ShipmentRow, shipment)
    if row.status in {ShipmentStatus.RECEIVED, ShipmentStatus.PARTIALLY_RECEIVED}:
        whole = _is_all_counted(session, shipment)
        row.status = ShipmentStatus.RECEIVED if whole else ShipmentStatus.PARTIALLY_RECEIVED
        session.add(row)


def _fold_arrival(books: Books, entry: Entry[Arrival, None]) -> None:
    session, facts = books.session, entry.facts
    shipment = require_shipment(session, entry.campaign, facts.waybill)
    over = _over_now(session, shipment, facts)
    session.add(
        ArrivalRow(
            **paper_head(entry),
            shipment=shipment.entry,
            place=facts.place or shipment.destination,
            reason=facts.reason,
            report=facts.report,
        )
    )
    session.flush()
    for n, lot in enumerate(facts.lots):
        session.add(
            ArrivedLotRow(
                entry=entry.seq,
                n=n,
                product=lot.product,
                lot=lot.lot,
                good=lot.good,
                short=lot.short,
                damaged=lot.damaged,
                lost=lot.lost,
                cause=lot.cause,
                over=lot.over or 0,
            )
        )
    session.flush()
    place = facts.place or shipment.destination
    for n, lot in enumerate(facts.lots):
        if new := over.get(lot.of):
            keep_lot(session, entry.campaign, lot.of)
            keep_surplus(session, entry.seq, n, entry.campaign, lot.of, place, new)
    whole = _is_all_counted(session, shipment.entry)
    shipment.status = ShipmentStatus.RECEIVED if whole else ShipmentStatus.PARTIALLY_RECEIVED
    session.add(shipment)


def _unfold_arrival(books: Books, entry: Entry[Arrival, None], seq: int) -> None:
    """What was counted is on its way again."""
    arrival = mark_reversed(books.session, ArrivalRow, entry.seq, seq)
    if any(lot.over for lot in entry.facts.lots):
        lots_reversed(books.session, entry.seq, seq)
    _left_as_before(books.session, arrival.shipment)


SHIPMENT = Kind(
    name="shipment",
    noun="shipment",
    verb="add",
    facts=Shipment,
    doc="Record goods leaving a place on a waybill.",
    roles=RECORDERS,
    named="waybill",
    key=numbered("shipment", "waybill"),
    post=_post_shipment,
    fold=_fold_shipment,
    undoing=Undoing(_unfold_shipment, require=_require_nothing_arrived),
)
ARRIVAL = Kind(
    name="arrival",
    noun="shipment",
    verb="arrive",
    facts=Arrival,
    doc="Record what was counted where a waybill arrived: good, short, damaged, lost, or more than was sent.",
    roles=RECORDERS,
    key=numbered("arrival"),
    doubts=_doubts,
    post=_post_arrival,
    fold=_fold_arrival,
    undoing=Undoing(
        _unfold_arrival,
        require=lambda context, entry: require_surplus_undecided(context.books.session, entry.seq),
    ),
)
STATE = Kind(
    name="shipment.state",
    noun="shipment",
    verb="state",
    facts=ShipmentState,
    doc="Record what happened to a waybill on its way: shipped, held or released by customs, delivered.",
    roles=RECORDERS,
    key=numbered("shipment.state"),
    post=_post_state,
    fold=_fold_state,
    undoing=Undoing(_unfold_state, require=_require_last_state),
)
KINDS = (SHIPMENT, ARRIVAL, STATE)
