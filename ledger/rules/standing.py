"""Which campaigns there are, and how far the books of each are closed: the two things that nearly every fact asks.

One question for both; closing and opening periods is `ledger/rules/periods.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import literal_column, select
from sqlmodel import Session

from ledger.model.campaigns import CampaignRow
from ledger.model.columns import table_of
from ledger.model.keys import OfKeys
from ledger.model.periods import PeriodRow
from ledger.model.proposals import ProposalStatus


class Closed(NamedTuple):
    """The last day that is closed in a campaign's books, and the number of the period that it ends."""

    last: str
    number: str


_CAMPAIGNS, _PERIODS = table_of(CampaignRow), table_of(PeriodRow)
_of_it = _PERIODS.alias()
_newest = (
    select(_of_it.c.entry)
    .where(_of_it.c.campaign == _CAMPAIGNS.c.slug, _of_it.c.status == ProposalStatus.APPROVED)
    .order_by(_of_it.c.last.desc(), _of_it.c.number.desc())
    .limit(literal_column("1"))
    .scalar_subquery()
)
_STANDING = OfKeys(
    select(_CAMPAIGNS.c.slug, _PERIODS.c.last, _PERIODS.c.number)
    .select_from(_CAMPAIGNS.outerjoin(_PERIODS, _PERIODS.c.entry == _newest))
    .where,
    _CAMPAIGNS.c.slug,
)


def standings(session: Session, campaigns: Iterable[str]) -> dict[str, Closed | None]:
    """Of those campaigns that there are, how far each one's books are closed; None while every period is open."""
    rows = _STANDING.ask(session.connection(), [(campaign,) for campaign in campaigns])
    return {slug: None if last is None else Closed(last, number) for slug, last, number in rows}
