"""English: by when what is owed to a supplier is due, and what is owed to the campaign and not pursued."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, worded
from api.pages.sentences.units import day
from ledger.views.campaign import SmallClaims
from ledger.views.payables import PayableRow

_DUE = "when a sum is due that a supplier is owed"
_NOT_BILLED = Message("not billed yet", _DUE)
_NO_MATCH = Message(
    "does not match its order and receipts", "of an invoice, in place of the day on which it is due"
)
_NO_DAY = Message("no day named", _DUE)
_OVERDUE = Message("overdue since {day}", _DUE, "{day}: the day on which it was due")

_SMALL = Message(
    "{n} claim of {amount} is below tolerance: it is owed, and not pursued.",
    "what suppliers, carriers and insurers owe; the number of claims decides the form",
    "{amount}: what they sum to",
    many="{n} claims of {amount} together are below tolerance: they are owed, and not pursued.",
)


def small_claims(row: SmallClaims) -> str:
    """What is owed to a campaign and too little to be pursued."""
    return worded(_SMALL, n=row.count, amount=exact_with_asset(row.amount))


def payable_due(row: PayableRow) -> str:
    """`1 June 2020`, `overdue since 1 June 2020`; of what nobody billed, that."""
    if not row.invoice:
        return worded(_NOT_BILLED)
    if not row.matched:
        return worded(_NO_MATCH)
    if row.due is None:
        return worded(_NO_DAY)
    return worded(_OVERDUE, day=day(row.due)) if row.overdue else day(row.due)
