"""English: by when what is owed to a supplier is due."""

from __future__ import annotations

from api.pages.sentences.units import day
from ledger.views.payables import PayableRow


def payable_due(row: PayableRow) -> str:
    """`1 June 2020`, `overdue since 1 June 2020`; of what nobody billed, that."""
    if not row.invoice:
        return "not billed yet"
    if not row.matched:
        return "does not match its order and receipts"
    if row.due is None:
        return "no day named"
    return f"overdue since {day(row.due)}" if row.overdue else day(row.due)
