"""Both counts of a delivery side by side: the sender's and the other side's, and the gap that nothing explains.

Below the nouns of deliveries, which ask here what the other side counted before more goes on (docs/rules.md, 29).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import Session, and_, col, func, or_, select

from ledger.core.accounts import AccountClass
from ledger.core.errors import Refused
from ledger.core.names import Lot
from ledger.model.deliveries import (
    ArrivalRow,
    ArrivedLotRow,
    ConfirmationRow,
    ConfirmedLotRow,
    DeliveryPaper,
    ExplainedBy,
    ExplanationRow,
    HandoverRow,
    ShipmentRow,
)
from ledger.model.goods import FindRow, LossRow, LotDeliveryRow, ReturnRow
from ledger.rules.goods import LotCount, Where, goods_line
from ledger.rules.spec import Context


@dataclass(frozen=True, slots=True)
class EarlierCount:
    """What the other side counted of a lot before it corrected that, in pieces, and the day."""

    good: int
    damaged: int
    date: str


@dataclass(frozen=True, slots=True)
class TwoCounts:
    """One lot of a delivery as both sides counted it, in pieces. `gap` is what nothing explains; below 0: too many.

    Both sides are compared by what is good: what the consignee calls damaged and the sender's books do not is a gap.
    """

    about: DeliveryPaper
    paper: str
    product: str
    lot: str
    sent: int
    good: int
    damaged: int
    explained: int
    date: str
    happened: str | None = None  # the day of the count, where it is booked on another
    told: int = (
        0  # pieces that arrivals of the waybill call short, damaged or lost, less those that they count over
    )
    earlier: tuple[EarlierCount, ...] = ()  # what the other side corrected, first counted first

    @property
    def books_good(self) -> int:
        """Pieces that came good, or still will, by the sender's books."""
        return self.sent - self.told

    @property
    def gap(self) -> int:
        difference = self.books_good - self.good
        if difference < 0:
            return min(0, difference + self.explained)
        return max(0, difference - self.explained)


def confirmation_of(session: Session, paper: int) -> ConfirmationRow | None:
    """The other side's last count of the paper that an entry recorded, if it gave one that stands."""
    query = select(ConfirmationRow).where(
        ConfirmationRow.paper == paper,
        col(ConfirmationRow.reversed_by).is_(None),
        col(ConfirmationRow.corrected_by).is_(None),
    )
    return session.exec(query).first()


_LotOf = tuple[int, str, str]
"""(entry of a paper, product, lot)"""


def confirmed_lots(session: Session, confirmation: int) -> Sequence[ConfirmedLotRow]:
    """What the other side counted, lot by lot, as its paper lists them."""
    query = select(ConfirmedLotRow).where(ConfirmedLotRow.entry == confirmation)
    return session.exec(query.order_by(col(ConfirmedLotRow.n))).all()


def two_counts(session: Session, campaign: str, confirmation: int | None = None) -> list[TwoCounts]:
    """Every delivery that was confirmed, lot by lot, both counts: the public list; or those of one `confirmation`."""
    number = func.coalesce(ShipmentRow.waybill, HandoverRow.number)
    query = (
        select(ConfirmationRow, ConfirmedLotRow, number)
        .join(ConfirmedLotRow, col(ConfirmedLotRow.entry) == ConfirmationRow.entry)
        .outerjoin(ShipmentRow, col(ShipmentRow.entry) == ConfirmationRow.paper)
        .outerjoin(HandoverRow, col(HandoverRow.entry) == ConfirmationRow.paper)
        .where(
            ConfirmationRow.campaign == campaign,
            col(ConfirmationRow.reversed_by).is_(None),
            col(ConfirmationRow.corrected_by).is_(None),
        )
        .order_by(col(ConfirmationRow.about), number, col(ConfirmedLotRow.n))
    )
    if confirmation is not None:
        query = query.where(ConfirmationRow.entry == confirmation)
    told, explained = (
        _missing_at_arrival(session, campaign, confirmation),
        _explained(session, campaign, confirmation),
    )
    earlier = _corrected(session, campaign)
    return [
        TwoCounts(
            row.about,
            paper,
            lot.product,
            lot.lot,
            lot.sent,
            lot.good,
            lot.damaged,
            explained.get((row.paper, lot.product, lot.lot), 0),
            row.date,
            row.happened,
            told.get((row.paper, lot.product, lot.lot), 0),
            tuple(earlier.get((row.paper, lot.product, lot.lot), ())),
        )
        for row, lot, paper in session.exec(query)
    ]


def _missing_at_arrival(session: Session, campaign: str, confirmation: int | None) -> dict[_LotOf, int]:
    """Pieces that arrivals of each waybill already call short, damaged or lost, less those beyond what was sent."""
    missing = func.sum(ArrivedLotRow.short + ArrivedLotRow.damaged + ArrivedLotRow.lost - ArrivedLotRow.over)
    query = (
        select(ArrivalRow.shipment, ArrivedLotRow.product, ArrivedLotRow.lot, missing)
        .join(ArrivedLotRow, col(ArrivedLotRow.entry) == ArrivalRow.entry)
        .where(ArrivalRow.campaign == campaign, col(ArrivalRow.reversed_by).is_(None))
        .group_by(col(ArrivalRow.shipment), col(ArrivedLotRow.product), col(ArrivedLotRow.lot))
    )
    if confirmation is not None:
        paper = select(ConfirmationRow.paper).where(ConfirmationRow.entry == confirmation)
        query = query.where(col(ArrivalRow.shipment).in_(paper))
    return {(shipment, product, lot): int(units) for shipment, product, lot, units in session.exec(query)}


def _explained(session: Session, campaign: str, confirmation: int | None) -> dict[_LotOf, int]:
    """Pieces that explain the counts of each paper, by documents that stand: those of a corrected count still do."""
    gone = func.coalesce(
        LossRow.reversed_by,
        FindRow.reversed_by,
        ArrivalRow.reversed_by,
        ReturnRow.reversed_by,
        HandoverRow.reversed_by,
    )
    query = (
        select(
            ConfirmationRow.paper,
            ExplanationRow.product,
            ExplanationRow.lot,
            func.sum(ExplanationRow.quantity),
        )
        .join(ConfirmationRow, col(ConfirmationRow.entry) == ExplanationRow.confirmation)
        .outerjoin(LossRow, col(LossRow.entry) == ExplanationRow.document)
        .outerjoin(FindRow, col(FindRow.entry) == ExplanationRow.document)
        .outerjoin(ArrivalRow, col(ArrivalRow.entry) == ExplanationRow.document)
        .outerjoin(ReturnRow, col(ReturnRow.entry) == ExplanationRow.document)
        .outerjoin(HandoverRow, col(HandoverRow.entry) == ExplanationRow.document)
        .where(
            ExplanationRow.campaign == campaign,
            col(ExplanationRow.reversed_by).is_(None),
            col(ConfirmationRow.reversed_by).is_(None),
            # What names a correction names an entry that is reversed, and no reversal is ever reversed.
            or_(ExplanationRow.by == ExplainedBy.CORRECTION, gone.is_(None)),
        )
        .group_by(col(ConfirmationRow.paper), col(ExplanationRow.product), col(ExplanationRow.lot))
    )
    if confirmation is not None:
        paper = select(ConfirmationRow.paper).where(ConfirmationRow.entry == confirmation)
        query = query.where(col(ConfirmationRow.paper).in_(paper.scalar_subquery()))
    return {(entry, product, lot): int(units) for entry, product, lot, units in session.exec(query)}


def _corrected(session: Session, campaign: str) -> dict[_LotOf, list[EarlierCount]]:
    """What the other side counted before it corrected that, lot by lot, first counted first."""
    query = (
        select(ConfirmationRow, ConfirmedLotRow)
        .join(ConfirmedLotRow, col(ConfirmedLotRow.entry) == ConfirmationRow.entry)
        .where(
            ConfirmationRow.campaign == campaign,
            col(ConfirmationRow.reversed_by).is_(None),
            col(ConfirmationRow.corrected_by).is_not(None),
        )
        .order_by(col(ConfirmationRow.entry))
    )
    found: dict[_LotOf, list[EarlierCount]] = defaultdict(list)
    for row, lot in session.exec(query):
        found[row.paper, lot.product, lot.lot].append(EarlierCount(lot.good, lot.damaged, row.date))
    return found


def others_counted(session: Session, paper: int) -> dict[Lot, int]:
    """Pieces of lots beside those of a waybill that either side counted with it: they wait apart."""
    query = (
        select(LotDeliveryRow.product, LotDeliveryRow.lot, func.sum(LotDeliveryRow.noted))
        .outerjoin(ConfirmationRow, col(ConfirmationRow.entry) == LotDeliveryRow.entry)
        .outerjoin(ArrivalRow, col(ArrivalRow.entry) == LotDeliveryRow.entry)
        .where(
            or_(col(ConfirmationRow.paper) == paper, col(ArrivalRow.shipment) == paper),
            col(LotDeliveryRow.reversed_by).is_(None),
        )
        .group_by(col(LotDeliveryRow.product), col(LotDeliveryRow.lot))
    )
    return {Lot(product, lot).ordered: int(pieces) for product, lot, pieces in session.exec(query)}


_FEWER = (
    select(ConfirmationRow.entry, ConfirmedLotRow.product, ConfirmedLotRow.lot, ConfirmedLotRow.sent)
    .join(ConfirmedLotRow, col(ConfirmedLotRow.entry) == ConfirmationRow.entry)
    .where(
        ConfirmationRow.campaign == bindparam("campaign"),
        col(ConfirmationRow.reversed_by).is_(None),
        col(ConfirmationRow.corrected_by).is_(None),
        ConfirmedLotRow.good < ConfirmedLotRow.sent,
    )
)
"""Lots of which the other side counted fewer than were sent."""
_FEWER_HANDED = _FEWER.join(HandoverRow, col(HandoverRow.entry) == ConfirmationRow.paper).where(
    HandoverRow.organisation == bindparam("place")
)
_FEWER_CAME = (
    _FEWER.join(ArrivalRow, col(ArrivalRow.shipment) == ConfirmationRow.paper)
    .join(
        ArrivedLotRow,
        and_(
            col(ArrivedLotRow.entry) == ArrivalRow.entry,
            col(ArrivedLotRow.product) == ConfirmedLotRow.product,
            col(ArrivedLotRow.lot) == ConfirmedLotRow.lot,
        ),
    )
    .where(col(ArrivalRow.reversed_by).is_(None), ArrivalRow.place == bindparam("place"))
    .with_only_columns(
        col(ConfirmationRow.entry),
        col(ConfirmedLotRow.product),
        col(ConfirmedLotRow.lot),
        func.sum(ArrivedLotRow.good),
    )
    .group_by(col(ConfirmationRow.entry), col(ConfirmedLotRow.product), col(ConfirmedLotRow.lot))
)


def _here(session: Session, campaign: str, here: Where) -> dict[int, dict[Lot, int]]:
    """Pieces good in the books of a place, by confirmation of what brought them and lot, where the other side counted
    fewer than were sent."""
    kind, place = here
    query = _FEWER_HANDED if kind is AccountClass.HANDED else _FEWER_CAME
    found: dict[int, dict[Lot, int]] = {}
    for entry, product, lot, pieces in session.connection().execute(
        query, {"campaign": campaign, "place": place}
    ):
        found.setdefault(entry, {})[Lot(product, lot)] = int(pieces)
    return found


def uncounted_at(session: Session, campaign: str, here: Where) -> dict[Lot, int]:
    """Pieces of each lot that the books have good at a place, and that the other side did not count when they came."""
    found: dict[Lot, int] = defaultdict(int)
    for confirmation, lots in _here(session, campaign, here).items():
        for row in two_counts(session, campaign, confirmation):
            of = Lot(row.product, row.lot)
            found[of] += min(max(0, row.gap), lots.get(of, 0))
    return found


def require_counted(
    context: Context, here: Where, lots: Sequence[LotCount], beyond_count: str | None
) -> None:
    """Refused where more of a lot goes on from a place than was counted there and nobody says why, or for nothing."""
    if here[0] not in {AccountClass.STOCK, AccountClass.HANDED}:
        return
    uncounted = uncounted_at(context.books.session, context.campaign, here)
    wanted: dict[Lot, int] = defaultdict(int)
    for lot in lots:
        wanted[lot.of] += lot.quantity
    for of, pieces in wanted.items():
        if not uncounted.get(of):
            continue
        there = context.books.lines.free_units(goods_line(context.campaign, *here, of))
        counted = max(0, there - uncounted[of])
        if pieces > counted:
            if beyond_count is None:
                raise Refused.field(
                    "beyond_count",
                    "{pieces} of {lot} go on and {counted} were counted good at {place}; say why, or explain the gap "
                    "first (`confirmation explain`)",
                    pieces=pieces,
                    lot=str(of),
                    counted=counted,
                    place=here[1],
                )
            return
    if beyond_count is not None:
        raise Refused.field(
            "beyond_count", "says why more goes on than was counted, and none does; leave it out"
        )
