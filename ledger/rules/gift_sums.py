"""Sums over the gifts of a campaign: of the sums of days, so that no page adds up a million gifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from ledger.model.columns import table_of
from ledger.model.gifts import GiftDayRow, GiftRow
from ledger.rules.covered import covered_coins
from ledger.rules.gift_records import DaySums, SettledGift, sums_of

_GIFTS, _DAYS = table_of(GiftRow), table_of(GiftDayRow)


@dataclass(frozen=True, slots=True)
class GiftSums:
    """Of gifts that count: how many, sats, minor units of value; and of dust."""

    count: int = 0
    sats: int = 0
    value: int = 0
    dust_count: int = 0
    dust: int = 0


def gift_sums(session: Session, campaign: str) -> GiftSums:
    """The sums of a campaign as they stand."""
    days = _DAYS.c
    summed = (
        func.coalesce(func.sum(c), 0) for c in (days.gifts, days.sats, days.value, days.dust_gifts, days.dust)
    )
    kept = session.connection().execute(select(*summed).where(days.campaign == campaign)).one()
    count, sats, value, dust_count, dust = map(int, kept)
    return GiftSums(count, sats, value, dust_count, dust)


def gift_shortfall(session: Session, campaign: str) -> int:
    """Sats that voided gifts leave wanting: they were used already, and no top-up covers them."""
    wanting = select(func.coalesce(func.sum(_GIFTS.c.shortfall), 0)).where(*_wanting(campaign))
    return int(session.connection().execute(wanting).scalar_one()) - covered_coins(session, campaign)


def gift_days(session: Session, campaign: str) -> Sequence[tuple[str, int]]:
    """(day of the block, gifts that count), in order of days."""
    days = _DAYS.c
    query = select(days.date, days.gifts).where(days.campaign == campaign, days.gifts > 0).order_by(days.date)
    return [(day, count) for day, count in session.connection().execute(query)]


def kept_days(session: Session, campaign: str) -> dict[str, DaySums]:
    """The sums of each day, as they are kept."""
    days = _DAYS.c
    query = select(days.date, days.gifts, days.sats, days.value, days.dust_gifts, days.dust)
    rows = session.connection().execute(query.where(days.campaign == campaign))
    return {day: DaySums(*sums) for day, *sums in rows}


def counted_days(session: Session, campaign: str) -> dict[str, DaySums]:
    """The same, counted gift by gift: what the checks trust."""
    found: dict[str, DaySums] = {}
    rows = session.connection().execute(select(_GIFTS).where(_GIFTS.c.campaign == campaign))
    for gift in map(SettledGift._make, rows):
        sums = zip(found.get(gift.date, DaySums()), sums_of(gift), strict=True)
        found[gift.date] = DaySums(*(before + more for before, more in sums))
    return found


def gifts_wanting(session: Session, campaign: str) -> Sequence[SettledGift]:
    """The gifts that were voided after some of them was used, by outpoint."""
    query = select(_GIFTS).where(*_wanting(campaign)).order_by(_GIFTS.c.txid, _GIFTS.c.vout)
    return [SettledGift._make(row) for row in session.connection().execute(query)]


def _wanting(campaign: str) -> tuple[ColumnElement[bool], ...]:
    return _GIFTS.c.campaign == campaign, _GIFTS.c.shortfall.is_not(None)
