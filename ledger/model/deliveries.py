"""Deliveries: shipments by waybill and what was counted where they came, handovers, distributions, second counts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, Index

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.goods import Cause, of_lot
from ledger.model.recorded import LotLine, Numbered, Paper, Recorded


class Carriage(StrEnum):
    AIR = "air"
    SEA = "sea"
    ROAD = "road"
    RAIL = "rail"
    HAND = "hand"


class ShipmentStatus(StrEnum):
    """Where a waybill stands; the middle four are told, the rest follow from counts and reversals."""

    IN_TRANSIT = "in_transit"
    SHIPPED = "shipped"
    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_RELEASE = "customs_release"
    DELIVERED = "delivered"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    REVERSED = "reversed"


class RecipientKind(StrEnum):
    """Sorts of those who get goods; people are reported apart."""

    AUTHORITY = "authority"
    FACILITY = "facility"
    SCHOOL = "school"
    ORGANISATION = "organisation"
    HOUSEHOLDS = "households"


class DeliveryPaper(StrEnum):
    """What the other side of a delivery counts."""

    SHIPMENT = "shipment"
    HANDOVER = "handover"


class CountedBy(StrEnum):
    CONSIGNEE = "consignee"  # of a shipment
    RECIPIENT = "recipient"  # of a handover


class ExplainedBy(StrEnum):
    """What tells why two counts differ."""

    LOSS = "loss"
    FIND = "find"
    ARRIVAL = "arrival"
    RETURN = "return"
    HANDOVER = "handover"  # another one, of pieces that went along
    CORRECTION = "correction"  # an entry that was reversed


class ShipmentRow(Recorded, table=True):
    """Goods that left `origin` for `destination` on a waybill."""

    __tablename__: ClassVar[Any] = "shipments"
    __table_args__ = (
        UniqueConstraint("campaign", "waybill"),
        one_of("carriage", Carriage),
        one_of("status", ShipmentStatus),
        STRICT,
    )
    waybill: str = Field(sa_type=TEXT)
    origin: str = Field(sa_type=TEXT)
    destination: str = Field(sa_type=TEXT)
    carriage: Carriage = Field(sa_type=Word(Carriage))
    carrier: str | None = Field(default=None, sa_type=TEXT)
    air_waybill: str | None = Field(default=None, sa_type=TEXT)
    expected: str | None = Field(default=None, sa_type=TEXT)  # the day
    status: ShipmentStatus = Field(default=ShipmentStatus.IN_TRANSIT, sa_type=Word(ShipmentStatus))
    happened: str | None = Field(default=None, sa_type=TEXT)  # where it was booked on another day
    beyond_count: str | None = Field(default=None, sa_type=TEXT)  # why more than the other side counted


class ShipmentLotRow(LotLine, table=True):
    """`quantity` pieces of a lot on a waybill; `n`: the place on the paper."""

    __tablename__: ClassVar[Any] = "shipment_lots"
    __table_args__ = (ForeignKeyConstraint(["entry"], ["shipments.entry"]), KEYED)


class ShipmentLegRow(Table, table=True):
    """One part of the way of a waybill, with the carrier's own paper where it has one."""

    __tablename__: ClassVar[Any] = "shipment_legs"
    __table_args__ = (one_of("carriage", Carriage), KEYED)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="shipments.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    origin: str = Field(sa_type=TEXT)
    destination: str = Field(sa_type=TEXT)
    carriage: Carriage = Field(sa_type=Word(Carriage))
    carrier: str | None = Field(default=None, sa_type=TEXT)
    paper: str | None = Field(default=None, sa_type=TEXT)
    date: str | None = Field(default=None, sa_type=TEXT)


class ShipmentStateRow(Numbered, table=True):
    """What happened to a waybill (`shipment`, its entry) on its way, in the order of its entries."""

    __tablename__: ClassVar[Any] = "shipment_states"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("state", ShipmentStatus),
        Index("shipment_states_shipment", "shipment"),
        STRICT,
    )
    shipment: int = Field(sa_type=LONG, foreign_key="shipments.entry")
    state: ShipmentStatus = Field(sa_type=Word(ShipmentStatus))
    place: str | None = Field(default=None, sa_type=TEXT)
    reason: str | None = Field(default=None, sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class ArrivalRow(Paper, table=True):
    """A count of goods of a waybill (`shipment`, its entry) at `place`: its destination, or where they came instead."""

    __tablename__: ClassVar[Any] = "arrivals"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("arrivals_shipment", "shipment"),
        STRICT,
    )
    shipment: int = Field(sa_type=LONG, foreign_key="shipments.entry")
    place: str = Field(sa_type=TEXT)
    reason: str | None = Field(default=None, sa_type=TEXT)
    report: str | None = Field(default=None, sa_type=TEXT)


class ArrivedLotRow(Table, table=True):
    """What was counted of a lot, in pieces.

    `cause`: why pieces are lost, where it is known; `over`: beyond what was sent.
    """

    __tablename__: ClassVar[Any] = "arrival_lots"
    __table_args__ = (one_of("cause", Cause), KEYED)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="arrivals.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    good: int = Field(sa_type=LONG)
    short: int = Field(sa_type=LONG)
    damaged: int = Field(sa_type=LONG)
    lost: int = Field(sa_type=LONG)
    cause: Cause | None = Field(default=None, sa_type=Word(Cause))
    over: int = Field(default=0, sa_type=LONG)


class HandoverRow(Paper, table=True):
    """Title passed to an organisation at a place. `signed`: SHA-256 of the paper that it signed, on `signed_on`."""

    __tablename__: ClassVar[Any] = "handovers"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    place: str = Field(sa_type=TEXT)
    organisation: str = Field(sa_type=TEXT)
    expired: str | None = Field(default=None, sa_type=TEXT)  # why after its last day of use
    beyond_count: str | None = Field(default=None, sa_type=TEXT)  # why more than the other side counted
    signed: str | None = Field(default=None, sa_type=TEXT)
    signed_on: str | None = Field(default=None, sa_type=TEXT)


class HandoverLotRow(LotLine, table=True):
    """`quantity` pieces of a lot that were handed over; `n`: the place on the paper."""

    __tablename__: ClassVar[Any] = "handover_lots"
    __table_args__ = (ForeignKeyConstraint(["entry"], ["handovers.entry"]), KEYED)


class DistributionRow(Paper, table=True):
    """Goods that an organisation handed out."""

    __tablename__: ClassVar[Any] = "distributions"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    organisation: str = Field(sa_type=TEXT)
    expired: str | None = Field(default=None, sa_type=TEXT)
    beyond_count: str | None = Field(default=None, sa_type=TEXT)


class RecipientRow(Table, table=True):
    """Who got goods of a distribution, `n`-th in turn: by place and sort, never by name."""

    __tablename__: ClassVar[Any] = "distribution_recipients"
    __table_args__ = (one_of("kind", RecipientKind), KEYED)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="distributions.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    place: str = Field(sa_type=TEXT)
    kind: RecipientKind | None = Field(default=None, sa_type=Word(RecipientKind))
    facilities: int = Field(default=0, sa_type=LONG)


class DistributionLotRow(Table, table=True):
    """`quantity` pieces of a lot that a recipient got; `n`: its place in the recipient's list."""

    __tablename__: ClassVar[Any] = "distribution_lots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["entry", "recipient"], ["distribution_recipients.entry", "distribution_recipients.n"]
        ),
        KEYED,
    )
    entry: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    recipient: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)


class ConfirmationRow(Paper, table=True):
    """What the other side of a delivery counted; `paper`: the entry of the shipment or handover.

    `corrected_by`: the entry of a later count of theirs, which stands beside it and counts since.
    """

    __tablename__: ClassVar[Any] = "confirmations"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        one_of("about", DeliveryPaper),
        one_of("by", CountedBy),
        Index("confirmations_paper", "paper"),
        STRICT,
    )
    about: DeliveryPaper = Field(sa_type=Word(DeliveryPaper))
    paper: int = Field(sa_type=LONG, foreign_key="entries.seq")
    by: CountedBy = Field(sa_type=Word(CountedBy))
    corrected_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class ConfirmedLotRow(Table, table=True):
    """One lot of a confirmed delivery: pieces `sent` by the paper, and counted good and damaged by the other side."""

    __tablename__: ClassVar[Any] = "confirmation_lots"
    __table_args__ = (KEYED,)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="confirmations.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    sent: int = Field(sa_type=LONG)
    good: int = Field(sa_type=LONG)
    damaged: int = Field(sa_type=LONG)


class ExplanationRow(Numbered, table=True):
    """Why two counts of a lot differ: `quantity` pieces that the entry `document` tells of."""

    __tablename__: ClassVar[Any] = "confirmation_explanations"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        of_lot(),
        one_of("by", ExplainedBy),
        Index("confirmation_explanations_confirmation", "confirmation"),
        Index("confirmation_explanations_document", "document"),
        STRICT,
    )
    confirmation: int = Field(sa_type=LONG, foreign_key="confirmations.entry")
    product: str = Field(sa_type=TEXT)
    lot: str = Field(sa_type=TEXT)
    quantity: int = Field(sa_type=LONG)  # pieces
    by: ExplainedBy = Field(sa_type=Word(ExplainedBy))
    document: int = Field(sa_type=LONG, foreign_key="entries.seq")
    reason: str = Field(sa_type=TEXT)


class ConfirmationLinkRow(Table, table=True):
    """An operating table: a link by which the other side of a paper counts once; the row goes when it did.

    Of its code only the SHA-256 is kept. `expires`: Unix seconds. `corrects`: the entry of the count that it corrects.
    """

    __tablename__: ClassVar[Any] = "confirmation_links"
    __table_args__ = (one_of("about", DeliveryPaper), KEYED)
    code_hash: str = Field(primary_key=True, sa_type=TEXT)
    campaign: str = Field(sa_type=TEXT)
    about: DeliveryPaper = Field(sa_type=Word(DeliveryPaper))
    paper: str = Field(sa_type=TEXT)  # the waybill, or the handover's number
    expires: int = Field(sa_type=LONG)
    corrects: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
