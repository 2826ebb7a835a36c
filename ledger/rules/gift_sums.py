"""Sums over the gifts of a campaign: of the sums of days, so that no page adds up a million gifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session

from ledger.model.columns import OF_CAMPAIGN, table_of
from ledger.model.gifts import GiftDayRow, GiftRow
from ledger.rules.covered import covered_coins
from ledger.rules.gift_records import DaySums, SettledGift, sums_of

_GIFTS, _DAYS = table_of(GiftRow), table_of(GiftDayRow)
_wanting = (_GIFTS.c.campaign == OF_CAMPAIGN, _GIFTS.c.shortfall.is_not(None))


@dataclass(frozen=True, slots=True)
class GiftSums:
    """Of gifts that count: how many, sats, minor units of value; and of dust."""

    count: int = 0
    sats: int = 0
    value: int = 0
    dust_count: int = 0
    dust: int = 0


_days = _DAYS.c
_SUMS = select(
    *(
        func.coalesce(func.sum(summed), 0)
        for summed in (_days.gifts, _days.sats, _days.value, _days.dust_gifts, _days.dust)
    )
).where(_days.campaign == OF_CAMPAIGN)


def gift_sums(session: Session, campaign: str) -> GiftSums:
    """The sums of a campaign as they stand."""
    kept = session.connection().execute(_SUMS, {"of_campaign": campaign}).one()
    count, sats, value, dust_count, dust = map(int, kept)
    return GiftSums(count, sats, value, dust_count, dust)


_SHORTFALL = select(func.coalesce(func.sum(_GIFTS.c.shortfall), 0)).where(*_wanting)


def gift_shortfall(session: Session, campaign: str) -> int:
    """Sats that voided gifts leave wanting: they were used already, and no top-up covers them."""
    wanting = session.connection().execute(_SHORTFALL, {"of_campaign": campaign}).scalar_one()
    return int(wanting) - covered_coins(session, campaign)


_WITH_GIFTS = (
    select(_days.date, _days.gifts).where(_days.campaign == OF_CAMPAIGN, _days.gifts > 0).order_by(_days.date)
)


def gift_days(session: Session, campaign: str) -> Sequence[tuple[str, int]]:
    """(day of the block, gifts that count), in order of days."""
    rows = session.connection().execute(_WITH_GIFTS, {"of_campaign": campaign})
    return [(day, count) for day, count in rows]


_KEPT = select(_days.date, _days.gifts, _days.sats, _days.value, _days.dust_gifts, _days.dust).where(
    _days.campaign == OF_CAMPAIGN
)


def kept_days(session: Session, campaign: str) -> dict[str, DaySums]:
    """The sums of each day, as they are kept."""
    rows = session.connection().execute(_KEPT, {"of_campaign": campaign})
    return {day: DaySums(*sums) for day, *sums in rows}


_ALL = select(_GIFTS).where(_GIFTS.c.campaign == OF_CAMPAIGN)


def counted_days(session: Session, campaign: str) -> dict[str, DaySums]:
    """The same, counted gift by gift: what the checks trust."""
    days: dict[str, DaySums] = {}
    rows = session.connection().execute(_ALL, {"of_campaign": campaign})
    for gift in map(SettledGift._make, rows):
        sums = zip(days.get(gift.date, DaySums()), sums_of(gift), strict=True)
        days[gift.date] = DaySums(*(before + more for before, more in sums))
    return days


_WANTING = select(_GIFTS).where(*_wanting).order_by(_GIFTS.c.txid, _GIFTS.c.vout)


def gifts_wanting(session: Session, campaign: str) -> Sequence[SettledGift]:
    """The gifts that were voided after some of them was used, by outpoint."""
    rows = session.connection().execute(_WANTING, {"of_campaign": campaign})
    return [SettledGift._make(row) for row in rows]
