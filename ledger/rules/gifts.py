"""Gifts in coins: settled, voided by a reorg, restored, moved to another block.

Nothing here decides whether a payment is real; `watchers` proved that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import Outpoint
from ledger.core.entry import Entry, Posting, Transfer, transfers_reversed
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Sha256, Slug, Txid
from ledger.core.lines import Append, Change, Operation, UnitState, units_in
from ledger.core.names import FREE, HoldCause, HoldName, MoneyLine
from ledger.model.campaigns import CampaignRow, ValuationClock
from ledger.model.gifts import Coins, CountsAs, GiftState
from ledger.rules.block_holds import held_by_block
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.covered import covers_of, end_covers, units_back
from ledger.rules.gift_records import (
    GiftValue,
    SettledGift,
    add_gift,
    add_valuation,
    gift_of,
    save_gift,
    save_void_pieces,
    standing_block,
    value_by_rate,
    void_pieces,
)
from ledger.rules.spec import SYSTEM, Context, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A settled payment to one of the campaign's scripts. `date` is its block's day.

    `restriction`: the need that its address is kept for; the gift is spent on that need only.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: str
    script: str  # hex
    sats: Positive
    block: Txid
    height: Count
    position: Count
    time: Count
    change_branch: bool = (
        False  # at a change address, or change that was told late: a person decides what it is
    )
    restriction: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The n-th change of the chain's mind about an outpoint; `block` is where it is now, if anywhere."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: str
    n: Positive
    date: Date
    block: Sha256 | None = None
    height: Count | None = None
    time: Count | None = None


def money_line(campaign: Slug, asset: str, restriction: str = FREE) -> str:
    """One line a (campaign, restriction, asset), wherever the money lies (docs/rules.md, T1)."""
    return str(MoneyLine(campaign, restriction, asset))


def _accounts(campaign: str, into: Coins) -> tuple[str, str]:
    """(where the coins lie, what they came from)."""
    match into:
        case Coins.WALLET:
            return account(AccountClass.WALLET, campaign), account(AccountClass.GIFTS, campaign)
        case Coins.DUST:
            return account(AccountClass.DUST, campaign), account(AccountClass.DUST_GIFTS, campaign)
        case Coins.UNDECIDED:
            return account(AccountClass.UNDECIDED, campaign), account(AccountClass.EXCESS, campaign)
        case Coins.BLOCKED:
            return account(AccountClass.BLOCKED, campaign), account(AccountClass.BLOCKED_GIFTS, campaign)


UNITS_OF_OTHERS = frozenset({CountsAs.REFUND, CountsAs.WITHDRAWAL})
"""What a coin counts as that brought no units of its own, but those of the gifts that it came back for."""


def source_of(campaign: str, counts_as: CountsAs, came_from: str | None = None) -> str:
    """The account that a decided coin came from; `came_from`: the order of a supplier's refund, or the exchange."""
    match counts_as:
        case CountsAs.GIFT:
            return account(AccountClass.GIFTS, campaign)
        case CountsAs.TOP_UP:
            return account(AccountClass.TOP_UPS, campaign)
        case CountsAs.CHANGE:
            return account(AccountClass.OWN_COINS, campaign)
        case CountsAs.REFUND:
            return account(AccountClass.SUPPLIER, campaign, str(came_from))
        case CountsAs.WITHDRAWAL:
            return account(AccountClass.EXCHANGE, campaign, str(came_from))
        case CountsAs.UNDECIDED:
            return account(AccountClass.EXCESS, campaign)


def brought(gift: SettledGift) -> list[Transfer]:
    """The movements that put the coins where they are counted now, first to last; a void turns them back."""
    campaign = gift.campaign
    place, source = _accounts(campaign, gift.counted_in)
    if gift.counted_in is Coins.WALLET:
        source = source_of(campaign, gift.counts_as, gift.came_from)
    moves = [(place, source)]
    if gift.came_back:
        # It came as the excess of a spend, whose own entry brings that much in and takes it out again.
        excess, undecided = (
            account(kind, campaign) for kind in (AccountClass.EXCESS, AccountClass.UNDECIDED)
        )
        moves = [] if gift.counted_in is Coins.UNDECIDED else [(place, undecided), (excess, source)]
    return [Transfer(debit, credit, "BTC", gift.sats) for debit, credit in moves]


def settles_into(books: Books, campaign: CampaignRow, outpoint: str, sats: int, *, change: bool) -> Coins:
    """Where a payment is counted when it settles; `change`: it lies on a change branch."""
    if change:
        return Coins.UNDECIDED
    if sats < campaign.dust:
        return Coins.DUST
    blocked = standing_block(books.session, campaign.slug, outpoint) is not None
    return Coins.BLOCKED if blocked else Coins.WALLET


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the coins of a payment were counted as it settled, and what they were worth then, if that was known."""

    into: Coins
    valuation: GiftValue | None = None


@dataclass(frozen=True, slots=True)
class Wanting:
    """Sats of a voided gift that were used already."""

    shortfall: int


def _post_gift(context: Context, facts: Gift) -> Posting[Settled]:
    campaign = campaign_of(context.books.session, context.campaign)
    into = settles_into(context.books, campaign, facts.outpoint, facts.sats, change=facts.change_branch)
    transfer = Transfer(*_accounts(context.campaign, into), "BTC", facts.sats)
    if into is not Coins.WALLET:
        return Posting((transfer,), (), Settled(into))
    line = money_line(context.campaign, "BTC", facts.restriction or FREE)
    start = context.books.lines.length(line)
    worth = None
    if campaign.valuation is ValuationClock.BLOCK_TIME:
        worth = value_by_rate(context.books.session, campaign, facts.time, facts.sats)
    units = Append(line, "BTC", start, facts.sats, facts.outpoint)
    return Posting((transfer,), (units,), Settled(into, worth))


def _fold_gift(books: Books, entry: Entry[Gift, Settled]) -> None:
    session, facts, noted = books.session, entry.facts, entry.notes
    place = Outpoint.parse(facts.outpoint)
    block = standing_block(session, entry.campaign, facts.outpoint)
    undecided = noted.into is Coins.UNDECIDED
    gift = SettledGift(
        entry=entry.seq,
        campaign=entry.campaign,
        txid=place.txid,
        vout=place.vout,
        sats=facts.sats,
        date=facts.date,
        at=entry.at,
        position=facts.position,
        first_height=facts.height,
        block=facts.block,
        height=facts.height,
        time=facts.time,
        restriction=facts.restriction,
        counted_in=noted.into,
        counts_as=CountsAs.UNDECIDED if undecided else CountsAs.GIFT,
        blocked_by=None if block is None else block.entry,
        blocked_at=None if block is None else entry.at,
    )
    gift = joined(gift, entry.operations)
    if noted.valuation is not None:
        gift = gift._replace(
            value=noted.valuation.value, currency=noted.valuation.currency, valued_by=entry.seq
        )
    add_gift(session, gift)
    if noted.valuation is not None:
        add_valuation(session, gift, noted.valuation)


def joined(gift: SettledGift, operations: Iterable[Operation]) -> SettledGift:
    """A gift with the units that an entry put on a line for it."""
    for op in operations:
        if isinstance(op, Append):
            gift = gift._replace(line=op.line, line_start=op.start, line_end=op.start + op.units)
    return gift


def _post_void(context: Context, facts: Again) -> Posting[Wanting]:
    gift = gift_of(context.books.session, context.campaign, facts.outpoint)
    transfers = transfers_reversed(tuple(brought(gift)))
    if gift.counts_as in UNITS_OF_OTHERS:
        # Its units are those of the money that it came for, and stay there.
        return Posting(transfers, (), Wanting(gift.sats))
    if gift.units is None:
        return Posting(transfers)
    line, start, end = gift.units
    free = context.books.lines.lowest_free(line, end - start, within=(start, end))
    blocked = held_by_block(context.books.lines, line, start, end)
    missing = end - start - units_in((*free, *blocked))
    changes = tuple(
        Change(line, pieces, state, UnitState.VOID, facts.outpoint)
        for pieces, state in ((free, UnitState.FREE), (blocked, UnitState.HELD))
        if pieces
    )
    return Posting(transfers, changes, Wanting(missing))


def _fold_void(books: Books, entry: Entry[Again, Wanting]) -> None:
    session = books.session
    gift = gift_of(session, entry.campaign, entry.facts.outpoint)
    pieces = tuple(piece for op in entry.operations if isinstance(op, Change) for piece in op.pieces)
    save_void_pieces(session, gift, pieces)
    wanting = 0
    if gift.counts_as in UNITS_OF_OTHERS:
        wanting = gift.sats
    elif gift.units is not None:
        _, start, end = gift.units
        wanting = end - start - units_in(pieces)
    after = gift._replace(
        state=GiftState.VOIDED, mind=entry.facts.n, voided_at=entry.at, shortfall=wanting or None
    )
    save_gift(session, gift, after)


def _post_restore(context: Context, facts: Again) -> Posting[None]:
    session = context.books.session
    gift = gift_of(session, context.campaign, facts.outpoint)
    pieces = void_pieces(session, gift)
    block = standing_block(session, context.campaign, facts.outpoint)
    state, ref = UnitState.FREE, ""
    if block is not None:
        state, ref = UnitState.HELD, str(HoldName(HoldCause.BLOCK, block.number))
    changes = (
        () if gift.line is None or not pieces else (Change(gift.line, pieces, UnitState.VOID, state, ref),)
    )
    covered = units_back(context.books, covers_of(session, gift))
    return Posting(tuple(brought(gift)), (*changes, *covered))


def _moved(gift: SettledGift, facts: Again) -> SettledGift:
    """A gift in the block where it is now."""
    return gift._replace(
        mind=facts.n,
        block=facts.block or gift.block,
        height=gift.height if facts.height is None else facts.height,
        time=gift.time if facts.time is None else facts.time,
    )


def _fold_restore(books: Books, entry: Entry[Again, None]) -> None:
    gift = gift_of(books.session, entry.campaign, entry.facts.outpoint)
    end_covers(books.session, gift, entry.seq)
    save_void_pieces(books.session, gift, ())
    live = _moved(gift, entry.facts)._replace(state=GiftState.LIVE, shortfall=None, restored_at=entry.at)
    save_gift(books.session, gift, live)


def _post_moved(_context: Context, _facts: Again) -> Posting[None]:
    return Posting()


def _fold_moved(books: Books, entry: Entry[Again, None]) -> None:
    gift = gift_of(books.session, entry.campaign, entry.facts.outpoint)
    save_gift(books.session, gift, _moved(gift, entry.facts))


DONATION = Kind(
    name="donation",
    noun="donation",
    verb="settle",
    facts=Gift,
    notes=Settled,
    doc="A payment that is buried under the configured depth.",
    roles=SYSTEM,
    named="outpoint",
    key=lambda _campaign, facts: f"donation:{facts.outpoint}",
    post=_post_gift,
    fold=_fold_gift,
)
VOID = Kind(
    name="void",
    noun="donation",
    verb="void",
    facts=Again,
    notes=Wanting,
    doc="A settled payment that a reorganisation took out of the chain.",
    roles=SYSTEM,
    named="outpoint",
    key=lambda _campaign, facts: f"void:{facts.outpoint}:{facts.n}",
    post=_post_void,
    fold=_fold_void,
)
RESTORE = Kind(
    name="restore",
    noun="donation",
    verb="restore",
    facts=Again,
    doc="A voided payment that settled again; it keeps its old interval.",
    roles=SYSTEM,
    named="outpoint",
    key=lambda _campaign, facts: f"restore:{facts.outpoint}:{facts.n}",
    post=_post_restore,
    fold=_fold_restore,
)
MOVED = Kind(
    name="moved",
    noun="donation",
    verb="move",
    facts=Again,
    doc="A settled payment that only changed its block.",
    roles=SYSTEM,
    named="outpoint",
    key=lambda _campaign, facts: f"moved:{facts.outpoint}:{facts.n}",
    post=_post_moved,
    fold=_fold_moved,
)
KINDS = (DONATION, VOID, RESTORE, MOVED)
