"""Gifts as the model has them, for tests that look one up, or go through all of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_row

from ledger.model.columns import table_of
from ledger.model.gifts import Coins, CountsAs, GiftBlockRow, GiftRow
from ledger.rules.gift_records import SettledGift, gift_of
from tests.tools.ledgers import SLUG, Ledger, name

_GIFTS = table_of(GiftRow)


def gifts_of(session: Session, campaign: str) -> list[SettledGift]:
    """All settled payments to a campaign, by outpoint."""
    query = select(_GIFTS).where(_GIFTS.c.campaign == campaign).order_by(_GIFTS.c.txid, _GIFTS.c.vout)
    return [SettledGift._make(row) for row in session.connection().execute(query)]


def on_a_line(entry: int, start: int, end: int, value: int | None) -> SettledGift:
    """A gift that an entry made, with units of line L, for the arithmetic of intervals."""
    return SettledGift(
        entry=entry,
        campaign=SLUG,
        txid=name(f"gift {entry}"),
        vout=0,
        sats=end - start,
        date="2023-11-14",
        at="2023-11-14T00:00:00Z",
        position=1,
        first_height=1,
        block=name("block"),
        height=1,
        time=0,
        restriction=None,
        counted_in=Coins.WALLET,
        counts_as=CountsAs.GIFT,
        line="L",
        line_start=start,
        line_end=end,
        value=value,
        currency=None if value is None else "USD",
    )


def block_named(ledger: Ledger, number: str) -> GiftBlockRow:
    """A block on one of its gifts."""
    with ledger.store.read() as reading:
        wanted = (col(GiftBlockRow.campaign) == SLUG, col(GiftBlockRow.number) == number)
        return reading.session.exec(select_row(GiftBlockRow).where(*wanted)).one()


def held_and_used(ledger: Ledger, number: str) -> tuple[int, int]:
    """What a block held of its gift, and what was used already."""
    block = block_named(ledger, number)
    return block.held, block.used


def gift(ledger: Ledger, outpoint: str) -> SettledGift:
    """One of a test's own campaign."""
    with ledger.store.read() as reading:
        return gift_of(reading.session, SLUG, outpoint)
