"""Which campaigns there are, and how far the books of each are closed: the two things that nearly every fact asks.

One question for both; closing and opening periods is `ledger/rules/periods.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Text, bindparam, literal_column, select
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


_CAMPAIGNS, _PERIODS = table_of(CampaignRow).c, table_of(PeriodRow).c


def _closed(column: ColumnElement[str], campaign: ColumnElement[str]) -> ScalarSelect[str]:
    """What a column says of the newest closed period of a campaign."""
    return (
        select(column)
        .where(_PERIODS.campaign == campaign, _PERIODS.status == ProposalStatus.APPROVED)
        .order_by(_PERIODS.last.desc(), _PERIODS.number.desc())
        .limit(literal_column("1"))
        .scalar_subquery()
    )


_STANDING = OfKeys(
    select(
        _CAMPAIGNS.slug, _closed(_PERIODS.last, _CAMPAIGNS.slug), _closed(_PERIODS.number, _CAMPAIGNS.slug)
    ).where,
    _CAMPAIGNS.slug,
)
_asked = bindparam("of_campaign", type_=Text)
STANDING = (
    select(_CAMPAIGNS.slug).where(_CAMPAIGNS.slug == _asked).scalar_subquery(),
    _closed(_PERIODS.last, _asked),
    _closed(_PERIODS.number, _asked),
)
"""The same of the campaign `of_campaign`, beside another question: its name where it is there, then its `Closed`."""


def standings(session: Session, campaigns: Iterable[str]) -> dict[str, Closed | None]:
    """Of those campaigns that there are, how far each one's books are closed; None while every period is open."""
    rows = _STANDING.ask(session.connection(), [(campaign,) for campaign in campaigns])
    return {slug: None if last is None else Closed(last, number) for slug, last, number in rows}


def standing_beside(also: Sequence[str | None]) -> dict[str, Closed | None]:
    """What `standings` gives, of what was asked by `STANDING`."""
    slug, last, number = also or (None, None, None)
    if slug is None:
        return {}
    return {slug: None if last is None or number is None else Closed(last, number)}
