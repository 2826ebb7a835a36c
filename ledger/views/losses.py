"""Losses: every piece that did not arrive or is no more, with cause, place, count and the number of its report.

Read from receipts, arrivals, losses and recalls; nothing is added to what they say, and nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, or_, select

from ledger.core.frozen import Frozen, Whole
from ledger.core.names import Lot
from ledger.core.telling import Worded
from ledger.core.wording import Wording
from ledger.model import goods
from ledger.model.deliveries import ArrivalRow, ArrivedLotRow
from ledger.model.goods import (
    Cause,
    FindRow,
    InKindRow,
    LotDeliveryRow,
    Missing,
    RecallOutcome,
    RecallOutcomeRow,
    RecallRow,
    ReceiptRow,
)


class LossRow(Frozen):
    """Pieces of a lot that did not arrive or are no more, and why."""

    date: str
    """The accounting day."""
    document: Worded
    """Kind and number of the paper that tells it."""
    place: str
    """Where it happened."""
    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    pieces: Whole
    """Pieces that are lost still."""
    cause: str
    """A word of `loss add`, or `short` for what never came."""
    report: str
    """Number of the report; empty where none is told."""
    reason: str
    """The reason that the paper gives; empty where it gives none."""
    happened: str | None = None
    """The day that it happened, where it is booked on another."""
    found: Whole = 0
    """Pieces that were found again, or were good after all."""

    @property
    def asset(self) -> str:
        """The lot as an asset of the accounts."""
        return str(Lot(self.product, self.lot))


def loss_rows(session: Session, campaign: str) -> list[LossRow]:
    """All losses of a campaign that stand, the oldest first."""
    recovered = _recovered(session, campaign)
    rows = [
        *_received(session, campaign, recovered),
        *_given(session, campaign),
        *_arrived(session, campaign, recovered),
        *_losses_in_stock(session, campaign, recovered),
        *_destroyed(session, campaign),
    ]
    return sorted(rows, key=lambda row: (row.date, str(row.document), row.product, row.lot, row.cause))


_Recovered = dict[tuple[int, str, str, Missing], int]
"""(entry of a loss, arrival or receipt, product, lot, what they were called) -> pieces that were found again."""


def _recovered(session: Session, campaign: str) -> _Recovered:
    query = (
        select_columns(
            col(FindRow.counted_off_by),
            col(FindRow.product),
            col(FindRow.lot),
            col(FindRow.was),
            func.sum(FindRow.quantity),
        )
        .where(col(FindRow.campaign) == campaign, col(FindRow.reversed_by).is_(None))
        .group_by(col(FindRow.counted_off_by), col(FindRow.product), col(FindRow.lot), col(FindRow.was))
    )
    return {
        (entry, product, lot, was): int(n)
        for entry, product, lot, was, n in session.connection().execute(query)
    }


def _received(session: Session, campaign: str, again: _Recovered) -> Iterator[LossRow]:
    query = (
        select(ReceiptRow, LotDeliveryRow)
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .where(
            ReceiptRow.campaign == campaign,
            col(ReceiptRow.reversed_by).is_(None),
            or_(
                LotDeliveryRow.damaged + LotDeliveryRow.short > 0,
                col(ReceiptRow.entry).in_([entry for entry, *_ in again]),
            ),
        )
    )
    for receipt, lot in session.exec(query):
        for pieces, was, cause in (
            (lot.damaged, Missing.DAMAGED, Cause.DAMAGE.value),
            (lot.short, Missing.SHORT, Missing.SHORT.value),
        ):
            recovered = again.get((receipt.entry, lot.product, lot.lot, was), 0)
            if pieces or recovered:
                yield LossRow(
                    date=receipt.date,
                    document=Wording("receipt {number}", {"number": receipt.number}),
                    place=receipt.place,
                    product=lot.product,
                    lot=lot.lot,
                    pieces=pieces,
                    cause=cause,
                    report="",
                    reason="",
                    happened=receipt.happened,
                    found=recovered,
                )


def _given(session: Session, campaign: str) -> Iterator[LossRow]:
    """What of gifts in kind came damaged."""
    query = select(InKindRow).where(
        InKindRow.campaign == campaign, col(InKindRow.reversed_by).is_(None), InKindRow.damaged > 0
    )
    for gift in session.exec(query):
        yield LossRow(
            date=gift.date,
            document=Wording("in-kind {number}", {"number": gift.number}),
            place=gift.place,
            product=gift.product,
            lot=gift.lot,
            pieces=gift.damaged,
            cause=Cause.DAMAGE.value,
            report="",
            reason="",
            happened=gift.happened,
        )


def _arrived(session: Session, campaign: str, again: _Recovered) -> Iterator[LossRow]:
    query = (
        select(ArrivalRow, ArrivedLotRow)
        .join(ArrivedLotRow, col(ArrivedLotRow.entry) == ArrivalRow.entry)
        .where(
            ArrivalRow.campaign == campaign,
            col(ArrivalRow.reversed_by).is_(None),
            ArrivedLotRow.damaged + ArrivedLotRow.short + ArrivedLotRow.lost > 0,
        )
    )
    for arrival, lot in session.exec(query):
        back = {was: again.get((arrival.entry, lot.product, lot.lot, was), 0) for was in Missing}
        for pieces, cause, recovered in (
            (lot.damaged, Cause.DAMAGE.value, back[Missing.DAMAGED]),
            (lot.short, Missing.SHORT.value, back[Missing.SHORT]),
            (lot.lost, (lot.cause or Cause.LOST).value, back[Missing.LOST]),
        ):
            if pieces:
                yield LossRow(
                    date=arrival.date,
                    document=Wording("arrival {number}", {"number": arrival.number}),
                    place=arrival.place,
                    product=lot.product,
                    lot=lot.lot,
                    pieces=pieces - recovered,
                    cause=cause,
                    report=arrival.report or "",
                    reason=arrival.reason or "",
                    happened=arrival.happened,
                    found=recovered,
                )


def _losses_in_stock(session: Session, campaign: str, again: _Recovered) -> Iterator[LossRow]:
    query = select(goods.LossRow).where(
        goods.LossRow.campaign == campaign, col(goods.LossRow.reversed_by).is_(None)
    )
    for loss in session.exec(query):
        recovered = again.get((loss.entry, loss.product, loss.lot, Missing.LOST), 0)
        yield LossRow(
            date=loss.date,
            document=Wording("loss {number}", {"number": loss.number}),
            place=loss.place,
            product=loss.product,
            lot=loss.lot,
            pieces=loss.quantity - recovered,
            cause=loss.cause.value,
            report=loss.report or "",
            reason=loss.reason,
            happened=loss.happened,
            found=recovered,
        )


def _destroyed(session: Session, campaign: str) -> Iterator[LossRow]:
    """What of recalled lots was destroyed where it was."""
    query = (
        select(RecallOutcomeRow, RecallRow)
        .join(RecallRow, col(RecallRow.entry) == RecallOutcomeRow.recall)
        .where(
            RecallOutcomeRow.campaign == campaign,
            col(RecallOutcomeRow.reversed_by).is_(None),
            RecallOutcomeRow.became == RecallOutcome.DESTROYED,
        )
    )
    for end, recall in session.exec(query):
        yield LossRow(
            date=end.date,
            document=Wording("recall end {number}", {"number": end.number}),
            place=end.place,
            product=recall.product,
            lot=recall.lot,
            pieces=end.quantity,
            cause=Cause.RECALLED.value,
            report=end.report or "",
            reason=end.reason,
            happened=end.happened,
        )
