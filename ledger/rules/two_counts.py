"""Both counts of a delivery side by side: the sender's and the other side's, and the gap that nothing explains.

Below the nouns of deliveries, which ask here what the other side counted before more goes on (docs/rules.md, 29).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, or_, select

from ledger.core.accounts import AccountClass
from ledger.core.errors import Refused
from ledger.core.names import Lot
from ledger.model.columns import OF_CAMPAIGN
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
    reported_missing: int = 0
    """Pieces that arrivals of the waybill call short, damaged or lost, less those that they count over."""
    earlier: tuple[EarlierCount, ...] = ()  # what the other side corrected, first counted first

    @property
    def books_good(self) -> int:
        """Pieces that came good, or still will, by the sender's books."""
        return self.sent - self.reported_missing

    @property
    def gap(self) -> int:
        difference = self.books_good - self.good
        if difference < 0:
            return min(0, difference + self.explained)
        return max(0, difference - self.explained)


_last = (col(ConfirmationRow.reversed_by).is_(None), col(ConfirmationRow.corrected_by).is_(None))
_OF_PAPER = select(ConfirmationRow).where(
    col(ConfirmationRow.paper) == bindparam("of_paper", type_=BigInteger), *_last
)


def confirmation_of(session: Session, paper: int) -> ConfirmationRow | None:
    """The other side's last count of the paper that an entry recorded, if it gave one that stands."""
    return session.exec(_OF_PAPER, params={"of_paper": paper}).first()


_LotOf = tuple[int, str, str]
"""(entry of a paper, product, lot)"""


_confirmation = bindparam("of_confirmation", type_=BigInteger)
_CONFIRMED = (
    select(ConfirmedLotRow)
    .where(col(ConfirmedLotRow.entry) == _confirmation)
    .order_by(col(ConfirmedLotRow.n))
)


def confirmed_lots(session: Session, confirmation: int) -> Sequence[ConfirmedLotRow]:
    """What the other side counted, lot by lot, as its paper lists them."""
    return session.exec(_CONFIRMED, params={"of_confirmation": confirmation}).all()


_number = func.coalesce(ShipmentRow.waybill, HandoverRow.number)
_COUNTS = (
    select_columns(
        col(ConfirmationRow.about),
        col(ConfirmationRow.paper),
        _number,
        col(ConfirmedLotRow.product),
        col(ConfirmedLotRow.lot),
        col(ConfirmedLotRow.sent),
        col(ConfirmedLotRow.good),
        col(ConfirmedLotRow.damaged),
        col(ConfirmationRow.date),
        col(ConfirmationRow.happened),
    )
    .join(ConfirmedLotRow, col(ConfirmedLotRow.entry) == ConfirmationRow.entry)
    .outerjoin(ShipmentRow, col(ShipmentRow.entry) == ConfirmationRow.paper)
    .outerjoin(HandoverRow, col(HandoverRow.entry) == ConfirmationRow.paper)
    .where(col(ConfirmationRow.campaign) == OF_CAMPAIGN, *_last)
    .order_by(col(ConfirmationRow.about), _number, col(ConfirmedLotRow.n))
)
_COUNTS_OF_ONE = _COUNTS.where(col(ConfirmationRow.entry) == _confirmation)


def two_counts(session: Session, campaign: str, confirmation: int | None = None) -> list[TwoCounts]:
    """Every delivery that was confirmed, lot by lot, both counts: the public list; or those of one `confirmation`."""
    query = _COUNTS if confirmation is None else _COUNTS_OF_ONE
    missing, explained = (
        _missing_at_arrival(session, campaign, confirmation),
        _explained(session, campaign, confirmation),
    )
    earlier = _corrected(session, campaign)
    return [
        TwoCounts(
            about,
            number,
            product,
            lot,
            sent,
            good,
            damaged,
            explained.get((paper, product, lot), 0),
            date,
            happened,
            missing.get((paper, product, lot), 0),
            tuple(earlier.get((paper, product, lot), ())),
        )
        for about, paper, number, product, lot, sent, good, damaged, date, happened in session.execute(
            query, {"of_campaign": campaign, "of_confirmation": confirmation}
        )
    ]


_paper = select(ConfirmationRow.paper).where(col(ConfirmationRow.entry) == _confirmation)
_MISSING = (
    select(
        ArrivalRow.shipment,
        ArrivedLotRow.product,
        ArrivedLotRow.lot,
        func.sum(ArrivedLotRow.short + ArrivedLotRow.damaged + ArrivedLotRow.lost - ArrivedLotRow.over),
    )
    .join(ArrivedLotRow, col(ArrivedLotRow.entry) == ArrivalRow.entry)
    .where(col(ArrivalRow.campaign) == OF_CAMPAIGN, col(ArrivalRow.reversed_by).is_(None))
    .group_by(col(ArrivalRow.shipment), col(ArrivedLotRow.product), col(ArrivedLotRow.lot))
)
_MISSING_OF_ONE = _MISSING.where(col(ArrivalRow.shipment).in_(_paper))


def _missing_at_arrival(session: Session, campaign: str, confirmation: int | None) -> dict[_LotOf, int]:
    """Pieces that arrivals of each waybill already call short, damaged or lost, less those beyond what was sent."""
    query = _MISSING if confirmation is None else _MISSING_OF_ONE
    rows = session.exec(query, params={"of_campaign": campaign, "of_confirmation": confirmation})
    return {(shipment, product, lot): int(units) for shipment, product, lot, units in rows}


_gone = func.coalesce(
    LossRow.reversed_by,
    FindRow.reversed_by,
    ArrivalRow.reversed_by,
    ReturnRow.reversed_by,
    HandoverRow.reversed_by,
)
_EXPLAINED = (
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
        col(ExplanationRow.campaign) == OF_CAMPAIGN,
        col(ExplanationRow.reversed_by).is_(None),
        col(ConfirmationRow.reversed_by).is_(None),
        # What names a correction names an entry that is reversed, and no reversal is ever reversed.
        or_(col(ExplanationRow.by) == ExplainedBy.CORRECTION, _gone.is_(None)),
    )
    .group_by(col(ConfirmationRow.paper), col(ExplanationRow.product), col(ExplanationRow.lot))
)
_EXPLAINED_OF_ONE = _EXPLAINED.where(col(ConfirmationRow.paper).in_(_paper.scalar_subquery()))


def _explained(session: Session, campaign: str, confirmation: int | None) -> dict[_LotOf, int]:
    """Pieces that explain the counts of each paper, by documents that stand: those of a corrected count still do."""
    query = _EXPLAINED if confirmation is None else _EXPLAINED_OF_ONE
    rows = session.exec(query, params={"of_campaign": campaign, "of_confirmation": confirmation})
    return {(entry, product, lot): int(units) for entry, product, lot, units in rows}


_CORRECTED = (
    select(ConfirmationRow, ConfirmedLotRow)
    .join(ConfirmedLotRow, col(ConfirmedLotRow.entry) == ConfirmationRow.entry)
    .where(
        col(ConfirmationRow.campaign) == OF_CAMPAIGN,
        col(ConfirmationRow.reversed_by).is_(None),
        col(ConfirmationRow.corrected_by).is_not(None),
    )
    .order_by(col(ConfirmationRow.entry))
)


def _corrected(session: Session, campaign: str) -> dict[_LotOf, list[EarlierCount]]:
    """What the other side counted before it corrected that, lot by lot, first counted first."""
    earlier: dict[_LotOf, list[EarlierCount]] = defaultdict(list)
    for row, lot in session.exec(_CORRECTED, params={"of_campaign": campaign}):
        earlier[row.paper, lot.product, lot.lot].append(EarlierCount(lot.good, lot.damaged, row.date))
    return earlier


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
    counts: dict[int, dict[Lot, int]] = {}
    for entry, product, lot, pieces in session.connection().execute(
        query, {"campaign": campaign, "place": place}
    ):
        counts.setdefault(entry, {})[Lot(product, lot)] = int(pieces)
    return counts


def uncounted_at(session: Session, campaign: str, here: Where) -> dict[Lot, int]:
    """Pieces of each lot that the books have good at a place, and that the other side did not count when they came."""
    uncounted: dict[Lot, int] = defaultdict(int)
    for confirmation, lots in _here(session, campaign, here).items():
        for row in two_counts(session, campaign, confirmation):
            of = Lot(row.product, row.lot)
            uncounted[of] += min(max(0, row.gap), lots.get(of, 0))
    return uncounted


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
