"""English: what was promised to a campaign and what came of it; a promise is in no total."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, listed, worded
from api.pages.sentences.units import day
from ledger.rules.pledges import PledgeStatus
from ledger.views.campaign import PledgeRow

_STATE = "the state of a promise of money"
_STATUS = {
    PledgeStatus.PLEDGE: Message("Promised", _STATE),
    PledgeStatus.COMMITMENT: Message("Binding", _STATE),
    PledgeStatus.PAID: Message("Paid", _STATE),
    PledgeStatus.LAPSED: Message("Lapsed", _STATE),
}
_PART = "{money}: a part of a promised sum"
_PAID = Message("{money} paid", _PART)
_TO_COME = Message("{money} still to come", _PART)
_TO_COME_BY = Message("{money} still to come by {day}", _PART, "{day}: the day for which it was promised")
_LAPSED = Message("{money} lapsed", _PART)


def pledge_status(row: PledgeRow) -> str:
    return worded(_STATUS[row.status])


def pledge_came(row: PledgeRow) -> str:
    """`2,000.00 USD paid and 500.00 USD still to come by 1 June 2020`."""
    sentences = []
    if row.paid.minor:
        sentences.append(worded(_PAID, money=exact_with_asset(row.paid)))
    if row.open.minor and row.due is None:
        sentences.append(worded(_TO_COME, money=exact_with_asset(row.open)))
    elif row.open.minor:
        sentences.append(worded(_TO_COME_BY, money=exact_with_asset(row.open), day=day(row.due or "")))
    if row.lapsed.minor:
        sentences.append(worded(_LAPSED, money=exact_with_asset(row.lapsed)))
    return listed(sentences)
