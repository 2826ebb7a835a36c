"""Blocked gifts: set apart when a person says so, and released only by two (docs/rules.md, 1).

Blocked before it settles, a gift lies apart on no line, and joins the end of its line when it is released. Blocked
later, its own free units are held where they are, at an exchange too; what of it is used already is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number
from ledger.core.lines import Append, Change, UnitState, units_in
from ledger.core.names import FREE, GiftKind, HoldCause, HoldName, gift_named
from ledger.model.gifts import BlockStatus, Coins, CountsAs, GiftBlockRow
from ledger.model.releases import ReleaseRow
from ledger.rules.block_followed import ReleasedCoins, fold_released, follow, released_coins
from ledger.rules.block_holds import held_by_block, unspent_runs
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gift_records import (
    gift_of,
    given_money,
    note_block,
    note_unblocked,
    save_gift,
    standing_block,
)
from ledger.rules.gifts import joined, money_line
from ledger.rules.pledges import GiftRef
from ledger.rules.spec import RECORDERS, Context, Kind, numbered
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A gift is set apart: it matched `list`, as that stood on `list_date`, or the desk has another reason."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    gift: GiftRef
    list: Name | None = None
    list_date: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A block is lifted, when another person approves it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    block: Number
    date: Date


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of a gift that were free as it was blocked, and are held; and those that were used already."""

    held: int
    used: int


def _post_block(context: Context, facts: Block) -> Posting[Counted]:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    standing = standing_block(books.session, campaign, facts.gift)
    if standing is not None:
        raise Conflict.field("gift", "it is blocked already, by {block}", block=standing.number)
    gift = given_money(books.session, campaign, facts.gift)
    if gift is None and gift_named(facts.gift).kind is GiftKind.CONTRIBUTION:
        raise NotFound.field(
            "gift", "there is no {gift} in campaign {campaign}", gift=facts.gift, campaign=campaign
        )
    if gift is None or not gift.live:
        return Posting((), (), Counted(0, 0))
    if gift.units is None or gift.counts_as is not CountsAs.GIFT:
        raise Refused.field("gift", "is no gift on a line; only a gift is blocked")
    changes, hold = [], str(HoldName(HoldCause.BLOCK, facts.number))
    for line, start, end in unspent_runs(books.lines, *gift.units):
        free = books.lines.lowest_free(line, end - start, within=(start, end))
        changes += [Change(line, free, UnitState.FREE, UnitState.HELD, hold)] if free else []
    held = sum(units_in(change.pieces) for change in changes)
    _, start, end = gift.units
    return Posting((), tuple(changes), Counted(held, end - start - held))


def _fold_block(books: Books, entry: Entry[Block, Counted]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        GiftBlockRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            gift=facts.gift,
            list_name=facts.list,
            list_date=facts.list_date,
            date=entry.date,
            at=entry.at,
            held=entry.notes.held,
            used=entry.notes.used,
        )
    )
    session.flush()
    note_block(session, entry.campaign, facts.gift, entry.seq, entry.at)


def block_of(session: Session, campaign: str, number: str) -> GiftBlockRow:
    """A block; raises NotFound."""
    wanted = (col(GiftBlockRow.campaign) == campaign, col(GiftBlockRow.number) == number)
    block = session.exec(select(GiftBlockRow).where(*wanted)).one_or_none()
    if block is None:
        raise NotFound.field(
            "block", "there is no block {number} in campaign {campaign}", number=number, campaign=campaign
        )
    return block


def _plan(context: Context, release: str, block: GiftBlockRow) -> Posting[ReleasedCoins]:
    """What the release of that number does; raises Conflict where it cannot be."""
    books, campaign = context.books, context.campaign
    if block.status is not BlockStatus.STANDING:
        raise Conflict.field(
            "block",
            "{block} is {status}; only a standing one is released",
            block=block.number,
            status=block.status,
        )
    gift = given_money(books.session, campaign, block.gift)
    if gift is None:
        return Posting()
    if not gift.live:
        raise Conflict.field("block", "this gift is not settled now; release it when it has settled again")
    if gift.units is not None:
        runs = unspent_runs(books.lines, *gift.units)
        held = ((line, held_by_block(books.lines, line, start, end)) for line, start, end in runs)
        freed = (Change(line, pieces, UnitState.HELD, UnitState.FREE, "") for line, pieces in held if pieces)
        return Posting((), tuple(freed))
    if gift.counted_in is not Coins.BLOCKED:
        return Posting()  # dust, or a coin that a person has to decide about: it lies where it lay
    sats = gift.amount
    followed = follow(context, gift.name, sats)
    recognised = Transfer(
        account(AccountClass.BLOCKED_GIFTS, campaign), account(AccountClass.GIFTS, campaign), "BTC", sats
    )
    line = money_line(campaign, "BTC", gift.restriction or FREE)
    start = books.lines.length(line)
    units = Append(line, "BTC", start, sats, gift.name)
    if followed is None:
        wallet, apart = account(AccountClass.WALLET, campaign), account(AccountClass.BLOCKED, campaign)
        return Posting((Transfer(wallet, apart, "BTC", sats), recognised), (units,), ReleasedCoins())
    moved, uses = released_coins(context, release, line, start, followed)
    return Posting((*moved, recognised), (units, *uses), followed.notes)


def _hold(context: Context, facts: Release) -> Posting[None]:
    """It holds nothing, and is refused where the release would be."""
    _plan(context, facts.number, block_of(context.books.session, context.campaign, facts.block))
    return Posting()


def _effect(context: Context, release: ReleaseRow, _decision: Decision) -> Posting[ReleasedCoins]:
    return _plan(context, release.number, _released(context.books, release))


def _released(books: Books, release: ReleaseRow) -> GiftBlockRow:
    return books.session.get_one(GiftBlockRow, release.block_entry)


def _row(books: Books, entry: Entry[Release, None]) -> ReleaseRow:
    facts = entry.facts
    return ReleaseRow(
        **proposed(entry, facts.number, facts.date),
        block_entry=block_of(books.session, entry.campaign, facts.block).entry,
    )


def _approved(books: Books, release: ReleaseRow, entry: Entry[Decision, ReleasedCoins]) -> None:
    session, campaign = books.session, entry.campaign
    block = _released(books, release)
    block.status = BlockStatus.RELEASED
    note_unblocked(session, campaign, block.gift, entry.at)
    if any(isinstance(op, Append) for op in entry.operations):
        fold_released(books, campaign, entry.notes)
        gift = gift_of(session, campaign, block.gift)
        counted = gift._replace(counted_in=Coins.WALLET, counts_as=CountsAs.GIFT)
        save_gift(session, gift, joined(counted, entry.operations))


def lift_returned(books: Books, campaign: str, gift: str) -> None:
    """The block on a gift, if any, stands no more: the gift went back."""
    standing = standing_block(books.session, campaign, gift)
    if standing is not None:
        books.session.get_one(GiftBlockRow, standing.entry).status = BlockStatus.RETURNED
        note_unblocked(books.session, campaign, gift, None)


BLOCKING = Kind(
    name="block",
    noun="block",
    verb="add",
    facts=Block,
    notes=Counted,
    doc="Set a gift apart, before it settles or later: nothing more of it is spent until two persons release it.",
    roles=RECORDERS,
    key=numbered("block"),
    post=_post_block,
    fold=_fold_block,
)
RELEASES = Workflow(
    noun="release",
    facts=Release,
    row=ReleaseRow,
    notes=ReleasedCoins,
    doc="Ask that a blocked gift is released; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    approved=_approved,
    reversible=False,
)
KINDS = (BLOCKING, *RELEASES.kinds())
