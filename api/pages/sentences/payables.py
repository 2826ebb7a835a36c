"""English: by when what is owed to a supplier is due."""

from __future__ import annotations

from api.pages.sentences.messages import Message, worded
from api.pages.sentences.units import day
from ledger.views.payables import PayableRow

_DUE = "when a sum is due that a supplier is owed"
_NOT_BILLED = Message("not billed yet", _DUE)
_NO_MATCH = Message(
    "does not match its order and receipts", "of an invoice, in place of the day on which it is due"
)
_NO_DAY = Message("no day named", _DUE)
_OVERDUE = Message("overdue since {day}", _DUE, "{day}: the day on which it was due")


def payable_due(row: PayableRow) -> str:
    """`1 June 2020`, `overdue since 1 June 2020`; of what nobody billed, that."""
    if not row.invoice:
        return worded(_NOT_BILLED)
    if not row.matched:
        return worded(_NO_MATCH)
    if row.due is None:
        return worded(_NO_DAY)
    return worded(_OVERDUE, day=day(row.due)) if row.overdue else day(row.due)
