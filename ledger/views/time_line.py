"""When a campaign did what, what a piece of its goods was ordered for, and since when money lies unspent.

A few statements, however many gifts, orders and deliveries there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, literal, union_all
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.core.frozen import Amount, Frozen, Whole
from ledger.core.lines import UnitState
from ledger.core.names import LineKind
from ledger.model.campaigns import Nature, ProductRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.conversions import ConversionRow
from ledger.model.deliveries import ArrivalRow, DistributionRow, HandoverRow, ShipmentRow
from ledger.model.gifts import ContributionRow
from ledger.model.goods import InKindRow, ReceiptRow
from ledger.model.journal import EntryRow
from ledger.model.lines import LineRow, SourceRow, SpanRow
from ledger.model.orders import OrderItemRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import Proposal, ProposalStatus


class Doing(StrEnum):
    """What a campaign does, in the order in which it usually does it."""

    GIVEN = "given"  # in coins
    GIVEN_BY_BANK = "given_by_bank"
    GIVEN_IN_KIND = "given_in_kind"
    CONVERTED = "converted"
    ORDERED = "ordered"
    PAID = "paid"
    RECEIVED = "received"
    SENT = "sent"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    HANDED_OUT = "handed_out"


class Stretch(Frozen):
    """From when to when a campaign did something."""

    doing: Doing
    """What."""
    first: str
    """The day on which it first happened."""
    last: str
    """The day on which it last happened."""
    count: Whole
    """How often: gifts that count, conversions, orders, or papers of that kind."""


class PieceCost(Frozen):
    """What a product was ordered for, in one currency."""

    product: str
    """Its code."""
    item: str
    """What it is called."""
    unit: str
    """What a piece of it is called."""
    pieces: Whole
    """Pieces of approved orders in that currency."""
    value: Amount
    """What they were ordered for, together."""


class HeldSince(Frozen):
    """Money or coins that wait to be spent."""

    asset: str
    """Bitcoin, or a currency."""
    day: str
    """Since when what is spent next lies there: the day on which it settled, came, or was converted."""


_Papers = type[
    Proposal
    | ContributionRow
    | InKindRow
    | ReceiptRow
    | ShipmentRow
    | ArrivalRow
    | HandoverRow
    | DistributionRow
]
_APPROVED: Mapping[Doing, type[Proposal]] = {
    Doing.CONVERTED: ConversionRow, Doing.ORDERED: OrderRow, Doing.PAID: PaymentRow,
}  # fmt: skip
_RECORDED: Mapping[Doing, _Papers] = {
    Doing.GIVEN_IN_KIND: InKindRow, Doing.RECEIVED: ReceiptRow, Doing.SENT: ShipmentRow, Doing.ARRIVED: ArrivalRow,
    Doing.HANDED_OVER: HandoverRow, Doing.HANDED_OUT: DistributionRow,
}  # fmt: skip


def _days(doing: Doing, row: _Papers, stands: ColumnElement[bool]) -> Select[str, str, str, int]:
    """First and last day on which what is of a table happened, and how often."""
    day = func.coalesce(col(row.happened), col(row.date))
    query = select_rows(literal(doing.value), func.min(day), func.max(day), func.count())
    return query.where(col(row.campaign) == OF_CAMPAIGN, stands)


_DONE = union_all(
    *(_days(doing, row, col(row.status) == ProposalStatus.APPROVED) for doing, row in _APPROVED.items()),
    # What went back whole is given no longer, as with coins.
    _days(
        Doing.GIVEN_BY_BANK,
        ContributionRow,
        col(ContributionRow.reversed_by).is_(None)
        & (col(ContributionRow.returned) < col(ContributionRow.amount)),
    ),
    *(_days(doing, row, col(row.reversed_by).is_(None)) for doing, row in _RECORDED.items()),
)


def time_line(session: Session, campaign: str, gift_days: Sequence[tuple[str, int]]) -> tuple[Stretch, ...]:
    """What the campaign did, each with its days; `gift_days`: (day, gifts that count), in order of days."""
    stretches: dict[Doing, Stretch] = {}
    for row in session.connection().execute(_DONE, {"of_campaign": campaign}):
        doing, count = Doing(row[0]), int(row[3])
        if count:
            stretches[doing] = Stretch(doing=doing, first=row[1], last=row[2], count=count)
    if gift_days:
        given = sum(count for _, count in gift_days)
        stretches[Doing.GIVEN] = Stretch(
            doing=Doing.GIVEN, first=gift_days[0][0], last=gift_days[-1][0], count=given
        )
    return tuple(stretches[doing] for doing in Doing if doing in stretches)


def piece_costs(
    orders: Sequence[OrderRow],
    items: Mapping[int, Sequence[OrderItemRow]],
    products: Mapping[str, ProductRow],
) -> tuple[PieceCost, ...]:
    """By product and currency, of approved orders; `items`: by the order's entry. Services have no pieces."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for order in orders:
        for item in items.get(order.entry, ()):
            if products[item.product].nature is not Nature.SERVICE:
                pieces, value = sums.get((item.product, order.currency), (0, 0))
                sums[item.product, order.currency] = pieces + item.quantity, value + item.value
    return tuple(
        PieceCost(
            product=product,
            item=products[product].name,
            unit=products[product].unit,
            pieces=pieces,
            value=Amount.of(currency, value),
        )
        for (product, currency), (pieces, value) in sorted(sums.items())
        if pieces
    )


_first = (
    select(col(SpanRow.line).label("line"), func.min(SpanRow.start).label("start"))
    .join(LineRow, col(LineRow.name) == SpanRow.line)
    .where(
        col(LineRow.campaign) == OF_CAMPAIGN,
        col(LineRow.kind) == LineKind.MONEY,
        col(SpanRow.state).in_([UnitState.FREE, UnitState.HELD]),
    )
    .group_by(col(SpanRow.line))
    .subquery()
)
_source = aliased(SourceRow)
_there = (
    select(func.max(_source.start))
    .where(col(_source.line) == _first.c.line, col(_source.start) <= _first.c.start)
    .correlate(_first)
    .scalar_subquery()
)
_HELD_SINCE = (
    select(LineRow.asset, func.min(EntryRow.date))
    .select_from(_first)
    .join(LineRow, col(LineRow.name) == _first.c.line)
    .join(SourceRow, (col(SourceRow.line) == _first.c.line) & (col(SourceRow.start) == _there))
    .join(EntryRow, col(EntryRow.seq) == SourceRow.entry)
    .group_by(col(LineRow.asset))
    .order_by(col(LineRow.asset))
)


def held_since(session: Session, campaign: str) -> tuple[HeldSince, ...]:
    """Since when money and coins lie that are spent next, an asset a row; first in, first out."""
    rows = session.exec(_HELD_SINCE, params={"of_campaign": campaign})
    return tuple(HeldSince(asset=asset, day=day) for asset, day in rows)
