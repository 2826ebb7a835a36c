"""English: what was promised to a campaign and what came of it; a promise is in no total."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.sentences.messages import listed
from api.pages.sentences.units import day
from ledger.views.campaign import PledgeRow

_STATUS = {"pledge": "Promised", "commitment": "Binding", "paid": "Paid", "lapsed": "Lapsed"}


def pledge_status(row: PledgeRow) -> str:
    return _STATUS.get(row.status, row.status)


def pledge_came(row: PledgeRow) -> str:
    """`2,000.00 USD paid and 500.00 USD still to come by 1 June 2020`."""
    to_come = "still to come" if row.due is None else f"still to come by {day(row.due)}"
    told = [(row.paid, "paid"), (row.open, to_come), (row.lapsed, "lapsed")]
    return listed([f"{exact_with_asset(amount)} {word}" for amount, word in told if amount.minor])
