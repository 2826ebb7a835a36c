"""Gifts as they stand: found by their outpoint or their name on a line, written, and added up day by day.

Below all rules of gifts. `gifts` and `gift_days` are hot: they are read and written by statements of Core alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from ledger.core.chain import Outpoint
from ledger.core.errors import NotFound
from ledger.core.lines import Piece
from ledger.core.names import GiftKind, gift_named
from ledger.model.campaigns import CampaignRow
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY, accumulate, table_of
from ledger.model.gifts import (
    BlockStatus,
    Coins,
    ContributionRow,
    CountsAs,
    GiftBlockRow,
    GiftDayRow,
    GiftRow,
    GiftState,
    GiftValuationRow,
    GiftVoidPieceRow,
    UnvaluedMomentRow,
    ValuationConversionRow,
)
from ledger.model.rates import RateQuoteRow
from ledger.rules.rates import Quote, value_at


class SettledGift(NamedTuple):
    """A row of `gifts`, column by column."""

    entry: int
    campaign: str
    txid: str
    vout: int
    sats: int
    date: str
    at: str
    position: int | None
    first_height: int
    block: str
    height: int
    time: int
    restriction: str | None
    counted_in: Coins
    counts_as: CountsAs
    state: GiftState = GiftState.LIVE
    mind: int = 0
    decisions: int = 0
    line: str | None = None
    line_start: int | None = None
    line_end: int | None = None
    shortfall: int | None = None
    value: int | None = None
    currency: str | None = None
    valued_by: int | None = None
    valuations_undone: int = 0
    value_by_hand: bool = False
    came_from: str | None = None
    returned: int = 0
    blocked_by: int | None = None
    blocked_at: str | None = None
    released_at: str | None = None
    voided_at: str | None = None
    restored_at: str | None = None

    @property
    def outpoint(self) -> str:
        return f"{self.txid}:{self.vout}"

    @property
    def live(self) -> bool:
        return self.state is GiftState.LIVE

    @property
    def came_back(self) -> bool:
        """Did it come back with a spend? Such a coin has no place of its own in its block."""
        return self.position is None

    @property
    def units(self) -> tuple[str, int, int] | None:
        """Its line and its units there, from and to; None where it is counted apart."""
        if self.line is None or self.line_start is None or self.line_end is None:
            return None
        return self.line, self.line_start, self.line_end

    @property
    def is_counted(self) -> bool:
        """Is it a gift that counts: on a line, and not found to be something else?"""
        return self.live and self.line is not None and self.counts_as is CountsAs.GIFT

    @property
    def lacks_value(self) -> bool:
        """Does it count, and wait for a value?"""
        counts = self.live and self.counted_in is Coins.WALLET and self.counts_as is CountsAs.GIFT
        return counts and self.value is None


_GIFTS, _PIECES = table_of(GiftRow), table_of(GiftVoidPieceRow)
_FIND = select(_GIFTS).where(
    _GIFTS.c.txid == bindparam("t"), _GIFTS.c.vout == bindparam("v"), _GIFTS.c.campaign == bindparam("c")
)
_FIND_SOME = select(_GIFTS).where(_GIFTS.c.txid.in_(bindparam("txids", expanding=True)))
_SAVE = update(_GIFTS).where(_GIFTS.c.entry == bindparam("e"))
_PIECES_OF = (
    select(_PIECES.c.piece_start, _PIECES.c.piece_end)
    .where(_PIECES.c.gift == bindparam("g"))
    .order_by(_PIECES.c.piece_start)
)

_BLOCK = table_of(GiftBlockRow)
_VALUATIONS, _CONVERSIONS = table_of(GiftValuationRow), table_of(ValuationConversionRow)
_QUOTES = table_of(RateQuoteRow)
_STANDING = select(_BLOCK.c.entry, _BLOCK.c.number).where(
    _BLOCK.c.campaign == bindparam("c"),
    _BLOCK.c.gift == bindparam("g"),
    _BLOCK.c.status == BlockStatus.STANDING,
)


def find_gift(session: Session, campaign: str, outpoint: str) -> SettledGift | None:
    place = Outpoint.parse(outpoint)
    row = session.connection().execute(_FIND, {"t": place.txid, "v": place.vout, "c": campaign}).first()
    return None if row is None else SettledGift._make(row)


def find_gifts(session: Session, campaign: str, outpoints: Sequence[str]) -> dict[str, SettledGift]:
    """Those of some settled payments that a campaign has, by outpoint."""
    asked = {"txids": sorted({Outpoint.parse(outpoint).txid for outpoint in outpoints})}
    wanted = frozenset(outpoints)
    gifts = map(SettledGift._make, session.connection().execute(_FIND_SOME, asked) if outpoints else ())
    return {gift.outpoint: gift for gift in gifts if gift.campaign == campaign and gift.outpoint in wanted}


def gift_of(session: Session, campaign: str, outpoint: str) -> SettledGift:
    """A settled payment; raises NotFound."""
    gift = find_gift(session, campaign, outpoint)
    if gift is None:
        raise NotFound.field(
            "donation",
            "there is no donation {outpoint} in campaign {campaign}",
            outpoint=outpoint,
            campaign=campaign,
        )
    return gift


def add_gift(session: Session, gift: SettledGift) -> None:
    """Write a gift that has none yet."""
    session.connection().execute(insert(_GIFTS), gift._asdict())
    _add_up(session, None, gift)


def save_gift(session: Session, before: SettledGift, after: SettledGift) -> None:
    """Write what changed of a gift; its sums follow."""
    changed = {
        name: new
        for name, old, new in zip(SettledGift._fields, before, after, strict=True)
        if old != new or type(old) is not type(new)
    }
    if changed:
        session.connection().execute(_SAVE.values(**changed), {"e": before.entry})
        _add_up(session, before, after)


def void_pieces(session: Session, gift: SettledGift) -> tuple[Piece, ...]:
    """The units that left the line when the gift was voided."""
    rows = session.connection().execute(_PIECES_OF, {"g": gift.entry})
    return tuple((start, end) for start, end in rows)


def save_void_pieces(session: Session, gift: SettledGift, pieces: tuple[Piece, ...]) -> None:
    """Write the units that left with a voided gift, instead of those that did before."""
    session.connection().execute(delete(_PIECES).where(_PIECES.c.gift == gift.entry))
    if pieces:
        rows = [{"gift": gift.entry, "piece_start": start, "piece_end": end} for start, end in pieces]
        session.connection().execute(insert(_PIECES), rows)


class StandingBlock(NamedTuple):
    """A block that stands on a gift: its entry, and its number."""

    entry: int
    number: str


def standing_block(session: Session, campaign: str, gift: str) -> StandingBlock | None:
    """The block on a gift by its name on the line, settled or not; None where none stands."""
    row = session.connection().execute(_STANDING, {"c": campaign, "g": gift}).first()
    return None if row is None else StandingBlock._make(row)


_BLOCKS_OF_CAMPAIGN = (
    select_rows(GiftBlockRow)
    .where(col(GiftBlockRow.campaign) == OF_CAMPAIGN, col(GiftBlockRow.status) == BlockStatus.STANDING)
    .order_by(col(GiftBlockRow.number))
)


def standing_blocks(session: Session, campaign: str) -> Sequence[GiftBlockRow]:
    """All blocks of a campaign that stand, by number."""
    return session.exec(_BLOCKS_OF_CAMPAIGN, params={"of_campaign": campaign}).all()


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class GiftValue:
    """What a gift is worth, minor units of `currency`, and by what.

    A rate (`price` of one bitcoin, its `quotes`, its entry), the numbers of the conversions that sold it, or the hash
    of a paper and its title.
    """

    currency: str
    value: int
    price: int | None = None
    quotes: tuple[Quote, ...] | None = None
    rate: int | None = None
    conversions: tuple[str, ...] | None = None
    paper: str | None = None
    title: str | None = None


def value_by_rate(session: Session, campaign: CampaignRow, moment: int, sats: int) -> GiftValue | None:
    """The value of sats at a moment (Unix seconds); None where no rate of it decides."""
    valued = value_at(session, campaign, moment, sats)
    if valued is None:
        return None
    return GiftValue(valued.currency, valued.value, valued.price, valued.quotes, valued.rate)


def add_valuation(session: Session, gift: SettledGift, worth: GiftValue) -> None:
    """Write by what a gift is worth what it is, as the entry `valued_by` says."""
    row = {
        "entry": gift.valued_by,
        "gift": gift.entry,
        "currency": worth.currency,
        "value": worth.value,
        "price": worth.price,
        "rate": worth.rate,
        "paper": worth.paper,
        "title": worth.title,
    }
    session.connection().execute(insert(_VALUATIONS), row)
    rows = [
        {"valuation": gift.valued_by, "n": n, "campaign": gift.campaign, "number": number}
        for n, number in enumerate(worth.conversions or ())
    ]
    if rows:
        session.connection().execute(insert(_CONVERSIONS), rows)


def take_value_back(session: Session, gift: SettledGift, by: int, *, by_hand: bool) -> None:
    """Take a value back by the reversal `by`; the gift waits for another, from a person where one undid it."""
    undone = update(_VALUATIONS).where(_VALUATIONS.c.entry == gift.valued_by).values(reversed_by=by)
    session.connection().execute(undone)
    after = gift._replace(
        value=None,
        currency=None,
        valued_by=None,
        valuations_undone=gift.valuations_undone + 1,
        value_by_hand=by_hand,
    )
    save_gift(session, gift, after)


_VALUED_BY_CONVERSION = (
    select(_GIFTS.c.txid, _GIFTS.c.vout)
    .join(_VALUATIONS, _VALUATIONS.c.entry == _GIFTS.c.valued_by)
    .join(_CONVERSIONS, _CONVERSIONS.c.valuation == _VALUATIONS.c.entry)
    .where(_CONVERSIONS.c.campaign == OF_CAMPAIGN, _CONVERSIONS.c.number == bindparam("of_number"))
    .order_by(_GIFTS.c.txid, _GIFTS.c.vout)
)
_VALUED = select(_VALUATIONS.c.rate, _VALUATIONS.c.title).where(_VALUATIONS.c.entry == OF_ENTRY)
_SOLD_BY = (
    select(_CONVERSIONS.c.number).where(_CONVERSIONS.c.valuation == OF_ENTRY).order_by(_CONVERSIONS.c.n)
)
_QUOTED_BY = select(_QUOTES.c.source).where(_QUOTES.c.rate == bindparam("of_rate")).order_by(_QUOTES.c.n)


def valued_by_conversion(session: Session, campaign: str, number: str) -> list[str]:
    """The outpoints of the gifts whose value rests on what a conversion fetched."""
    rows = session.connection().execute(_VALUED_BY_CONVERSION, {"of_campaign": campaign, "of_number": number})
    return [f"{txid}:{vout}" for txid, vout in rows]


def value_sources(session: Session, gift: SettledGift | None) -> tuple[str, ...]:
    """Who says what a gift is worth: those who quoted, the conversions that sold it, or a paper's title."""
    if gift is None or gift.valued_by is None:
        return ()
    connection = session.connection()
    rate, title = connection.execute(_VALUED, {"of_entry": gift.valued_by}).one()
    if title is not None:
        return (title,)
    if rate is not None:
        return tuple(connection.execute(_QUOTED_BY, {"of_rate": rate}).scalars())
    return tuple(connection.execute(_SOLD_BY, {"of_entry": gift.valued_by}).scalars())


# ── sums ─────────────────────────────────────────────────────────────────────────────────────────────────


class DaySums(NamedTuple):
    """What gifts add to the sums of their day: of those that count, and of dust."""

    gifts: int = 0
    sats: int = 0
    value: int = 0
    dust_gifts: int = 0
    dust: int = 0


def sums_of(gift: SettledGift | None) -> DaySums:
    """What one gift adds."""
    if gift is None or not gift.live:
        return DaySums()
    if gift.is_counted:
        return DaySums(1, gift.sats, gift.value or 0)
    return DaySums(dust_gifts=1, dust=gift.sats) if gift.counted_in is Coins.DUST else DaySums()


class UnvaluedMoment(NamedTuple):
    """Gifts that share their moment: recorded `at` (RFC 3339), of a block of `time` (Unix seconds) at `height`."""

    campaign: str
    at: str
    time: int
    height: int
    coinbase: bool


COINBASE = 0
"""The place of a coinbase in its block."""
_MOMENTS = table_of(UnvaluedMomentRow)
_ALL_VALUED = delete(_MOMENTS).where(
    *(_MOMENTS.c[name] == bindparam(f"of_{name}") for name in UnvaluedMoment._fields), _MOMENTS.c.gifts == 0
)


def moment_of(gift: SettledGift) -> UnvaluedMoment:
    """The moment of a gift, as others share it."""
    return UnvaluedMoment(gift.campaign, gift.at, gift.time, gift.height, gift.position == COINBASE)


def _unvalued_in(gift: SettledGift | None) -> tuple[UnvaluedMoment, int] | None:
    """Where a gift without a value is counted, and its sats; None of one that has a value or needs none."""
    return (moment_of(gift), gift.sats) if gift is not None and gift.lacks_value else None


def _add_up(session: Session, before: SettledGift | None, after: SettledGift) -> None:
    """Keep the sums of the gift's day true, and those of its moment while it has no value."""
    connection = session.connection()
    was, now = sums_of(before), sums_of(after)
    if was != now:
        change = DaySums(*(new - old for new, old in zip(now, was, strict=True)))
        row = {"campaign": after.campaign, "date": after.date} | change._asdict()
        connection.execute(accumulate(session, GiftDayRow), row)
    left, joined = _unvalued_in(before), _unvalued_in(after)
    if left == joined:
        return
    for counted, gifts in ((left, -1), (joined, 1)):
        if counted is not None:
            moment, sats = counted
            row = moment._asdict() | {"gifts": gifts, "sats": gifts * sats}
            connection.execute(accumulate(session, UnvaluedMomentRow), row)
    if left is not None:
        connection.execute(_ALL_VALUED, {f"of_{name}": value for name, value in left[0]._asdict().items()})


# ── gifts in coins or at a bank, by their name on a line ─────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class GivenMoney:
    """A gift in coins or at a bank, of `amount` minor units of an asset, as far as both have the same.

    `units`: its line and its units there, from and to. `block` is the number of the block that stands on it.
    """

    name: str
    asset: str
    amount: int
    live: bool
    counts_as: CountsAs
    counted_in: Coins
    units: tuple[str, int, int] | None
    restriction: str | None
    block: str | None
    value: int | None = None
    currency: str | None = None


def given_money(session: Session, campaign: str, gift: str) -> GivenMoney | None:
    """A gift in coins or at a bank, by its name on the line; None where there is none."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        bank = find_contribution(session, campaign, name.number)
        if bank is None:
            return None
        return GivenMoney(
            name=gift,
            asset=bank.currency,
            amount=bank.amount,
            live=bank.reversed_by is None,
            counts_as=CountsAs.GIFT,
            counted_in=Coins.WALLET,
            units=(bank.line, bank.line_start, bank.line_end),
            restriction=bank.restriction,
            block=_number_of(session, bank.blocked_by),
        )
    coins = find_gift(session, campaign, gift)
    if coins is None:
        return None
    return GivenMoney(
        name=gift,
        asset="BTC",
        amount=coins.sats,
        live=coins.live,
        counts_as=coins.counts_as,
        counted_in=coins.counted_in,
        units=coins.units,
        restriction=coins.restriction,
        block=_number_of(session, coins.blocked_by),
        value=coins.value,
        currency=coins.currency,
    )


def find_contribution(session: Session, campaign: str, number: str) -> ContributionRow | None:
    wanted = (col(ContributionRow.campaign) == campaign, col(ContributionRow.number) == number)
    return session.exec(select_rows(ContributionRow).where(*wanted)).one_or_none()


def contributions_of(
    session: Session, campaign: str, *, after: str = "", limit: int | None = None
) -> Sequence[ContributionRow]:
    """Contributions of a campaign, by number, those that were reversed too: all, or the next ones after a number."""
    query = select_rows(ContributionRow).where(ContributionRow.campaign == campaign)
    beyond = query.where(col(ContributionRow.number) > after).order_by(col(ContributionRow.number))
    return session.exec(beyond.limit(limit)).all()


def _number_of(session: Session, block: int | None) -> str | None:
    return None if block is None else session.get_one(GiftBlockRow, block).number


def note_returned(session: Session, campaign: str, gift: str, units: int) -> None:
    """So many more of a gift's units went back to its donor; fewer where negative."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        bank = find_contribution(session, campaign, name.number)
        if bank is not None:
            bank.returned += units
        return
    coins = find_gift(session, campaign, gift)
    if coins is not None:
        save_gift(session, coins, coins._replace(returned=coins.returned + units))


def note_block(session: Session, campaign: str, gift: str, block: int, at: str) -> None:
    """A block stands on a gift from now on."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        bank = find_contribution(session, campaign, name.number)
        if bank is not None:
            bank.blocked_by = block
        return
    coins = find_gift(session, campaign, gift)
    if coins is not None:
        save_gift(session, coins, coins._replace(blocked_by=block, blocked_at=at, released_at=None))


def note_unblocked(session: Session, campaign: str, gift: str, released_at: str | None) -> None:
    """No block stands on a gift any more: it was released, or went back."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        bank = find_contribution(session, campaign, name.number)
        if bank is not None:
            bank.blocked_by = None
        return
    coins = find_gift(session, campaign, gift)
    if coins is not None:
        after = coins._replace(blocked_by=None, released_at=released_at or coins.released_at)
        save_gift(session, coins, after)
