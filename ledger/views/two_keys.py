"""Deliveries as two sides know them: both counts, the gaps that nothing explains, and those nobody confirmed.

Pure reading; a gap is never closed here, and nobody is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from sqlalchemy import Text, bindparam
from sqlmodel import Session, col, select

from ledger.core.frozen import Frozen, Quantity
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.deliveries import (
    ArrivalRow,
    ConfirmationRow,
    DeliveryPaper,
    HandoverLotRow,
    HandoverRow,
    ShipmentLotRow,
    ShipmentRow,
    ShipmentStateRow,
    ShipmentStatus,
)
from ledger.rules.campaigns import campaign_of, product_of
from ledger.rules.deliveries import handed_lots
from ledger.rules.shipments import shipped_lots
from ledger.rules.two_counts import two_counts

PATIENCE = 14
"""Days after which a delivery that the other side did not confirm is listed; a link holds as long."""


class Unconfirmed(Frozen):
    """A delivery that the other side has not counted."""

    about: DeliveryPaper
    """`shipment` or `handover`."""
    paper: str
    """Number of the waybill or of the handover."""
    place: str
    """Destination, or the organisation that received it."""
    sent: tuple[Quantity, ...]
    """What the sender counted, a product a row."""
    date: str
    """When it came."""


class EarlierCount(Frozen):
    """What the other side counted of a lot before it corrected that, in pieces."""

    good: int
    """In good condition."""
    damaged: int
    """Damaged."""
    date: str
    """The accounting day of that count."""


class DeliveryCount(Frozen):
    """One lot of a delivery as both sides counted it, in pieces.

    Both sides are compared by what is good: what the consignee calls damaged and the sender's books do not is a gap.
    """

    about: DeliveryPaper
    """`shipment` or `handover`."""
    paper: str
    """Number of the waybill or of the handover."""
    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    sent: int
    """What the sender counted."""
    good: int
    """What the other side counted in good condition."""
    damaged: int
    """What the other side counted damaged."""
    books_good: int
    """What was sent without what arrivals call short, damaged or lost."""
    explained: int
    """What a loss, a find, an arrival, a return or a correction explains of the difference."""
    gap: int
    """`books_good` less `good`, nearer to 0 by what is explained."""
    date: str
    """The accounting day of the count."""
    happened: str | None = None
    """The day of the count, where it is booked on another."""
    earlier: tuple[EarlierCount, ...] = ()
    """What the other side counted first and corrected since: it stays, and the difference is not of it."""


class Deliveries(Frozen):
    """Each lot of each confirmed delivery, open gaps first, and what is not confirmed."""

    counts: tuple[DeliveryCount, ...]
    """Both counts, lot by lot."""
    unconfirmed: tuple[Unconfirmed, ...]
    """Deliveries that the other side has not counted in time."""
    signed: frozenset[str] = frozenset()
    """Numbers of the handovers that the recipient signed for."""


def delivery_counts(session: Session, campaign: str) -> tuple[DeliveryCount, ...]:
    """Both counts of all confirmed deliveries; raises NotFound for an unknown campaign."""
    campaign_of(session, campaign)
    return tuple(
        DeliveryCount(
            about=row.about,
            paper=row.paper,
            product=row.product,
            lot=row.lot,
            sent=row.sent,
            good=row.good,
            damaged=row.damaged,
            books_good=row.books_good,
            explained=row.explained,
            gap=row.gap,
            date=row.date,
            happened=row.happened,
            earlier=tuple(
                EarlierCount(good=before.good, damaged=before.damaged, date=before.date)
                for before in row.earlier
            ),
        )
        for row in two_counts(session, campaign)
    )


def deliveries(session: Session, campaign: str, today: str) -> Deliveries:
    """Both counts of all deliveries, and those without a second count for longer than PATIENCE days."""
    rows = sorted(
        delivery_counts(session, campaign), key=lambda row: (row.gap == 0, row.date, row.paper, row.lot)
    )
    signed = select(HandoverRow.number).where(
        HandoverRow.campaign == campaign,
        col(HandoverRow.reversed_by).is_(None),
        col(HandoverRow.signed).is_not(None),
    )
    return Deliveries(
        counts=tuple(rows),
        unconfirmed=tuple(unconfirmed(session, campaign, today)),
        signed=frozenset(session.exec(signed)),
    )


def unconfirmed(session: Session, campaign: str, today: str) -> list[Unconfirmed]:
    """Deliveries that came more than PATIENCE days before `today` and that only one side counted, oldest first."""
    last = (dt.date.fromisoformat(today) - dt.timedelta(days=PATIENCE)).isoformat()
    waiting = [*_handovers(session, campaign, last), *_shipments(session, campaign, last)]
    return sorted(waiting, key=lambda row: (row.date, row.about, row.paper))


_counted = select(ConfirmationRow.paper).where(col(ConfirmationRow.reversed_by).is_(None))
_HANDED = select(HandoverRow).where(
    col(HandoverRow.campaign) == OF_CAMPAIGN,
    col(HandoverRow.reversed_by).is_(None),
    col(HandoverRow.date) < bindparam("last", type_=Text),
    col(HandoverRow.entry).not_in(_counted),
)


def _handovers(session: Session, campaign: str, last: str) -> Iterator[Unconfirmed]:
    for row in session.exec(_HANDED, params={"of_campaign": campaign, "last": last}).all():
        yield Unconfirmed(
            about=DeliveryPaper.HANDOVER,
            paper=row.number,
            place=row.organisation,
            sent=_sent(session, campaign, handed_lots(session, row.entry)),
            date=row.date,
        )


_ARRIVED = select(ArrivalRow.shipment, ArrivalRow.date).where(
    col(ArrivalRow.campaign) == OF_CAMPAIGN, col(ArrivalRow.reversed_by).is_(None)
)
_DELIVERED = select(ShipmentStateRow.shipment, ShipmentStateRow.date).where(
    col(ShipmentStateRow.campaign) == OF_CAMPAIGN,
    col(ShipmentStateRow.state) == ShipmentStatus.DELIVERED,
    col(ShipmentStateRow.reversed_by).is_(None),
)
_NOT_COUNTED = select(ShipmentRow).where(
    col(ShipmentRow.campaign) == OF_CAMPAIGN,
    col(ShipmentRow.reversed_by).is_(None),
    col(ShipmentRow.entry).not_in(_counted),
)


def _shipments(session: Session, campaign: str, last: str) -> Iterator[Unconfirmed]:
    """Waybills that have come: from the day of the last count there, or of being told delivered."""
    came: dict[int, str] = {}
    asked = {"of_campaign": campaign}
    for shipment, date in [*session.exec(_ARRIVED, params=asked), *session.exec(_DELIVERED, params=asked)]:
        came[shipment] = max(date, came.get(shipment, ""))
    for row in session.exec(_NOT_COUNTED, params=asked).all():
        if row.entry in came and came[row.entry] < last:
            yield Unconfirmed(
                about=DeliveryPaper.SHIPMENT,
                paper=row.waybill,
                place=row.destination,
                sent=_sent(session, campaign, shipped_lots(session, row.entry)),
                date=came[row.entry],
            )


def _sent(
    session: Session, campaign: str, lots: Iterable[HandoverLotRow | ShipmentLotRow]
) -> tuple[Quantity, ...]:
    """What a paper lists, product by product."""
    pieces: dict[str, int] = {}
    for lot in lots:
        pieces[lot.product] = pieces.get(lot.product, 0) + lot.quantity
    return tuple(
        Quantity(product=product, unit=product_of(session, campaign, product).unit, quantity=count)
        for product, count in pieces.items()
    )
