"""Gifts that count and have no value, by when they were recorded and the block that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session

from ledger.model.columns import table_of
from ledger.model.gifts import Coins, CountsAs, GiftRow, GiftState
from ledger.rules.gift_records import SettledGift

_GIFTS = table_of(GiftRow)
_COINBASE = 0
"""The place of a coinbase in its block."""


class UnvaluedBlock(NamedTuple):
    """Gifts without a value that share their moment: recorded `at` (RFC 3339), of a block of `time` (Unix seconds)."""

    at: str
    time: int
    height: int
    coinbase: bool
    gifts: int = 0
    sats: int = 0


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


def block_of(gift: SettledGift) -> UnvaluedBlock:
    """The moment of a gift, as others share it."""
    return UnvaluedBlock(gift.at, gift.time, gift.height, gift.position == _COINBASE)


def unvalued_sum(session: Session, campaign: str) -> UnvaluedSum:
    """All gifts of a campaign that wait for a value."""
    query = select(func.count(), func.coalesce(func.sum(_GIFTS.c.sats), 0)).where(*_waiting(campaign))
    gifts, sats = session.connection().execute(query).one()
    return UnvaluedSum(int(gifts), int(sats))


def unvalued_blocks(
    session: Session, campaign: str, *, low: str = "", limit: int | None = None
) -> Sequence[UnvaluedBlock]:
    """Their blocks in order of when they were recorded, from `low` (RFC 3339), included."""
    gift = _GIFTS.c
    coinbase = func.coalesce(gift.position == _COINBASE, False).label("coinbase")
    place = ("at", "time", "height", "coinbase")
    query = (
        select(gift.at, gift.time, gift.height, coinbase, func.count(), func.sum(gift.sats))
        .where(*_waiting(campaign), gift.at >= low)
        .group_by(*place)
        .order_by(*place)
        .limit(limit)
    )
    return [
        UnvaluedBlock(at, time, height, bool(first), int(gifts), int(sats))
        for at, time, height, first, gifts, sats in session.connection().execute(query)
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
    session: Session, campaign: str, block: UnvaluedBlock, *, limit: int | None = None
) -> Sequence[SettledGift]:
    """The gifts of one moment, by outpoint."""
    gift = _GIFTS.c
    first = gift.position == _COINBASE
    other = or_(gift.position != _COINBASE, gift.position.is_(None))
    same = and_(gift.at == block.at, gift.time == block.time, gift.height == block.height)
    query = select(_GIFTS).where(*_waiting(campaign), same, first if block.coinbase else other)
    rows = session.connection().execute(query.order_by(gift.txid, gift.vout).limit(limit))
    return [SettledGift._make(row) for row in rows]


def unvalued_since(session: Session, campaign: str) -> tuple[str, str]:
    """When the first and the last of them were recorded; there has to be one."""
    query = select(func.min(_GIFTS.c.at), func.max(_GIFTS.c.at)).where(*_waiting(campaign))
    first, last = session.connection().execute(query).one()
    return str(first), str(last)
