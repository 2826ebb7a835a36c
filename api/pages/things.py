"""Rows of the campaign page about things: both counts of each delivery, and what is lost and why.

Nothing is counted here; it only chooses words.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages import sentences as say
from api.pages.contexts import DeliveryRow
from api.pages.figures import count
from api.pages.sentences import deliveries as words
from ledger.rules.confirmations import TwoCounts
from ledger.views.losses import LossRow
from ledger.views.two_keys import Deliveries

SHOWN = 8
"""Most rows of a table of things in a first view."""


def delivery_rows(told: Deliveries) -> tuple[DeliveryRow, ...]:
    """Open gaps first, then what nobody confirmed, then what agrees; the first of them."""
    open_rows = [row for row in told.counts if row.gap]
    agreed = [row for row in told.counts if not row.gap]
    rows = [_counted(told, row) for row in open_rows]
    rows += [
        DeliveryRow(
            words.delivery(told, row.about, row.paper),
            "",
            count(row.pieces),
            words.NOT_CONFIRMED,
            "–",
            say.booked(row.date, ""),
            "waits",
        )
        for row in told.unconfirmed
    ]
    rows += [_counted(told, row) for row in agreed]
    return tuple(rows[:SHOWN])


def _counted(told: Deliveries, row: TwoCounts) -> DeliveryRow:
    return DeliveryRow(
        words.delivery(told, row.about, row.paper),
        words.lot(row.product, row.lot),
        count(row.sent),
        words.counted(row),
        words.gap(row),
        say.booked(row.date, row.happened),
        "open" if row.gap else "",
    )


def deliveries_note(told: Deliveries) -> str:
    """How many deliveries agree, and how many rows are not shown."""
    return words.note(told, max(0, len(told.counts) + len(told.unconfirmed) - SHOWN))


def lost_rows(losses: Sequence[LossRow]) -> tuple[tuple[str, str, str, str, str, str], ...]:
    """(lot, pieces, where, why, report, date), the newest first."""
    return tuple(
        (
            words.lot(row.product, row.lot),
            words.pieces_lost(row),
            row.place,
            words.cause(row.cause),
            row.report or "–",
            say.booked(row.date, row.happened),
        )
        for row in losses[:SHOWN]
    )


def lost_note(losses: Sequence[LossRow], expired: int) -> str:
    """How many of how many rows are shown, and what in stock is past its last day."""
    return words.lost(min(len(losses), SHOWN), len(losses), expired)
