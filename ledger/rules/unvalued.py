"""Gifts that count and have no value, by when they were recorded and the block that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Integer, Text, and_, bindparam, func, or_, select
from sqlmodel import Session

from ledger.model.columns import OF_CAMPAIGN, table_of
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


_waiting = (
    _GIFTS.c.campaign == OF_CAMPAIGN,
    _GIFTS.c.state == GiftState.LIVE,
    _GIFTS.c.counted_in == Coins.WALLET,
    _GIFTS.c.counts_as == CountsAs.GIFT,
    _GIFTS.c.value.is_(None),
)
_SUM = select(*(func.coalesce(func.sum(summed), 0) for summed in (_MOMENTS.c.gifts, _MOMENTS.c.sats))).where(
    _MOMENTS.c.campaign == OF_CAMPAIGN
)


def unvalued_sum(session: Session, campaign: str) -> UnvaluedSum:
    """All gifts of a campaign that wait for a value."""
    gifts, sats = session.connection().execute(_SUM, {"of_campaign": campaign}).one()
    return UnvaluedSum(int(gifts), int(sats))


_BLOCKS = (
    select(_MOMENTS)
    .where(_MOMENTS.c.campaign == OF_CAMPAIGN, _MOMENTS.c.at >= bindparam("low", type_=Text))
    .order_by(_MOMENTS.c.at, _MOMENTS.c.time, _MOMENTS.c.height, _MOMENTS.c.coinbase)
)
_SOME_BLOCKS = _BLOCKS.limit(bindparam("most", type_=Integer))


def unvalued_blocks(
    session: Session, campaign: str, *, low: str = "", limit: int | None = None
) -> Sequence[UnvaluedBlock]:
    """Their moments in order of when they were recorded, from `low` (RFC 3339), included."""
    query = _BLOCKS if limit is None else _SOME_BLOCKS
    rows = session.connection().execute(query, {"of_campaign": campaign, "low": low, "most": limit})
    return [UnvaluedBlock(UnvaluedMoment(*place), gifts, sats) for *place, gifts, sats in rows]


_UNVALUED = (
    select(_GIFTS)
    .where(*_waiting, _GIFTS.c.at >= bindparam("low", type_=Text))
    .order_by(_GIFTS.c.at, _GIFTS.c.time, _GIFTS.c.height, _GIFTS.c.txid, _GIFTS.c.vout)
)
_UNVALUED_UNTIL = _UNVALUED.where(_GIFTS.c.at <= bindparam("high", type_=Text))


def unvalued_gifts_of(
    session: Session, campaign: str, *, low: str = "", high: str | None = None, limit: int | None = None
) -> Sequence[SettledGift]:
    """The gifts themselves in the same order, recorded from `low` to `high` (RFC 3339), both included."""
    query = _UNVALUED if high is None else _UNVALUED_UNTIL
    asked = {"of_campaign": campaign, "low": low, "high": high}
    if limit is not None:
        query = query.limit(limit)
    return [SettledGift._make(row) for row in session.connection().execute(query, asked)]


def unvalued_gifts_in(
    session: Session, moment: UnvaluedMoment, *, limit: int | None = None
) -> Sequence[SettledGift]:
    """The gifts of one moment, by outpoint."""
    gift = _GIFTS.c
    first = gift.position == COINBASE
    other = or_(gift.position != COINBASE, gift.position.is_(None))
    same = and_(gift.at == moment.at, gift.time == moment.time, gift.height == moment.height)
    query = select(_GIFTS).where(*_waiting, same, first if moment.coinbase else other)
    rows = session.connection().execute(
        query.order_by(gift.txid, gift.vout).limit(limit), {"of_campaign": moment.campaign}
    )
    return [SettledGift._make(row) for row in rows]


def unvalued_since(session: Session, campaign: str) -> tuple[str, str]:
    """When the first and the last of them were recorded; there has to be one."""
    moment = _MOMENTS.c
    query = select(func.min(moment.at), func.max(moment.at)).where(moment.campaign == campaign)
    first, last = session.connection().execute(query).one()
    return str(first), str(last)


def counted_moments(session: Session, campaign: str) -> dict[UnvaluedMoment, UnvaluedSum]:
    """What waits for a value, counted gift by gift: what the checks trust."""
    moments: dict[UnvaluedMoment, UnvaluedSum] = {}
    for gift in unvalued_gifts_of(session, campaign):
        gifts, sats = moments.get(moment_of(gift), UnvaluedSum(0, 0))
        moments[moment_of(gift)] = UnvaluedSum(gifts + 1, sats + gift.sats)
    return moments
