"""Gifts that count and have no value, by when they were recorded and the block that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session

from ledger.model.columns import table_of
from ledger.model.gifts import Coins, CountsAs, GiftRow, GiftState, UnvaluedMomentRow
from ledger.rules.gift_records import COINBASE, SettledGift, UnvaluedMoment, moment_of

_GIFTS, _MOMENTS = table_of(GiftRow), table_of(UnvaluedMomentRow)


class UnvaluedBlock(NamedTuple):
    """How many gifts of a moment have no value, and their sats."""

    moment: UnvaluedMoment
    gifts: int
    sats: int


class UnvaluedSum(NamedTuple):
    """How many there are, and their sats."""

    gifts: int
    sats: int


def _waiting(campaign: str) -> tuple[ColumnElement[bool], ...]:
    gift = _GIFTS.c
    return (
        gift.campaign == campaign,
        gift.state == GiftState.LIVE,
        gift.counted_in == Coins.WALLET,
        gift.counts_as == CountsAs.GIFT,
        gift.value.is_(None),
    )


def unvalued_sum(session: Session, campaign: str) -> UnvaluedSum:
    """All gifts of a campaign that wait for a value."""
    moment = _MOMENTS.c
    summed = (func.coalesce(func.sum(column), 0) for column in (moment.gifts, moment.sats))
    gifts, sats = session.connection().execute(select(*summed).where(moment.campaign == campaign)).one()
    return UnvaluedSum(int(gifts), int(sats))


def unvalued_blocks(
    session: Session, campaign: str, *, low: str = "", limit: int | None = None
) -> Sequence[UnvaluedBlock]:
    """Their moments in order of when they were recorded, from `low` (RFC 3339), included."""
    moment = _MOMENTS.c
    query = (
        select(_MOMENTS)
        .where(moment.campaign == campaign, moment.at >= low)
        .order_by(moment.at, moment.time, moment.height, moment.coinbase)
        .limit(limit)
    )
    return [
        UnvaluedBlock(UnvaluedMoment(*place), gifts, sats)
        for *place, gifts, sats in session.connection().execute(query)
    ]


def unvalued_gifts_of(
    session: Session, campaign: str, *, low: str = "", high: str | None = None, limit: int | None = None
) -> Sequence[SettledGift]:
    """The gifts themselves in the same order, recorded from `low` to `high` (RFC 3339), both included."""
    gift = _GIFTS.c
    query = select(_GIFTS).where(*_waiting(campaign), gift.at >= low)
    if high is not None:
        query = query.where(gift.at <= high)
    query = query.order_by(gift.at, gift.time, gift.height, gift.txid, gift.vout).limit(limit)
    return [SettledGift._make(row) for row in session.connection().execute(query)]


def unvalued_gifts_in(
    session: Session, moment: UnvaluedMoment, *, limit: int | None = None
) -> Sequence[SettledGift]:
    """The gifts of one moment, by outpoint."""
    gift = _GIFTS.c
    first = gift.position == COINBASE
    other = or_(gift.position != COINBASE, gift.position.is_(None))
    same = and_(gift.at == moment.at, gift.time == moment.time, gift.height == moment.height)
    query = select(_GIFTS).where(*_waiting(moment.campaign), same, first if moment.coinbase else other)
    rows = session.connection().execute(query.order_by(gift.txid, gift.vout).limit(limit))
    return [SettledGift._make(row) for row in rows]


def unvalued_since(session: Session, campaign: str) -> tuple[str, str]:
    """When the first and the last of them were recorded; there has to be one."""
    moment = _MOMENTS.c
    query = select(func.min(moment.at), func.max(moment.at)).where(moment.campaign == campaign)
    first, last = session.connection().execute(query).one()
    return str(first), str(last)


def counted_moments(session: Session, campaign: str) -> dict[UnvaluedMoment, UnvaluedSum]:
    """What waits for a value, counted gift by gift: what the checks trust."""
    found: dict[UnvaluedMoment, UnvaluedSum] = {}
    for gift in unvalued_gifts_of(session, campaign):
        gifts, sats = found.get(moment_of(gift), UnvaluedSum(0, 0))
        found[moment_of(gift)] = UnvaluedSum(gifts + 1, sats + gift.sats)
    return found
