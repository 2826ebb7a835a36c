"""Rows of the campaign page about things on their way: both counts of each delivery.

Nothing is counted here; it only chooses words.
"""

from __future__ import annotations

from api.pages import sentences as say
from api.pages.contexts import DeliveryRow
from api.pages.figures import count
from api.pages.parts import ROWS
from api.pages.sentences import deliveries as words
from ledger.kinds.confirmations import TwoCounts
from ledger.two_keys import Deliveries


def delivery_rows(told: Deliveries) -> tuple[DeliveryRow, ...]:
    """Open gaps first, then what nobody confirmed, then what agrees; at most a list's rows."""
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
            say.day(row.date),
            "waits",
        )
        for row in told.unconfirmed
    ]
    rows += [_counted(told, row) for row in agreed]
    return tuple(rows[:ROWS])


def _counted(told: Deliveries, row: TwoCounts) -> DeliveryRow:
    return DeliveryRow(
        words.delivery(told, row.about, row.paper),
        words.lot(row.product, row.lot),
        count(row.sent),
        words.counted(row),
        words.gap(row),
        say.day(row.date),
        "open" if row.gap else "",
    )


def deliveries_note(told: Deliveries) -> str:
    """How many deliveries agree, and how many rows are not shown."""
    return words.note(told, max(0, len(told.counts) + len(told.unconfirmed) - ROWS))
