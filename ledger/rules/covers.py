"""Covers: a named entry that makes good for what is wanting after a bank or the chain took back what had been used.

Of a gift at a bank it is money that somebody puts in; of a gift in coins a top-up that came: its units leave the line
in place of those that were used, so that the lines have again what the wallet holds. Of a spend that was undone it is
the transaction that left in its place, whose units go back to their lines; where nothing was made of the undone one,
its own do. What was made stands, and nobody's gift pays for it twice (docs/rules.md, 26 and 28).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, SpendRef
from ledger.core.lines import Change, Operation, UnitState, Use
from ledger.core.wording import Figure
from ledger.model.bank_money import ChargeBackRow
from ledger.model.columns import table_of
from ledger.model.covers import CoverRow
from ledger.model.gifts import CountsAs, GiftRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked
from ledger.rules.books import Books
from ledger.rules.charge_backs import CHARGE_BACKS, uncovered
from ledger.rules.covered import cover_ref, covered_of, give_back, units_back
from ledger.rules.gift_records import SettledGift, find_gift, gift_of
from ledger.rules.incoming import OutpointText
from ledger.rules.restrictions import Taking, restriction_of
from ledger.rules.spec import Context
from ledger.rules.spend_covers import cover_spend, covers_spend
from ledger.rules.spends import (
    given_up,
    mark_explained,
    mark_open,
    mark_waiting,
    note_uncovered,
    require_spend,
    uncovering,
)
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """`amount` minor units that cover what was used and then taken back; none of it is a gift.

    Of a `charge_back` (its number) they were put into `bank`. Of a `gift` in coins (`TXID:VOUT`) that lost its block
    they are sats of `coin`, a top-up that came to a watched address. Of a `spend` that lost its block they are all that
    it took; `txid` is the transaction that left in its place, and is left out where nothing was made of it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    charge_back: Number | None = None
    bank: Name | None = None
    gift: OutpointText | None = None
    coin: OutpointText | None = None
    spend: SpendRef | None = None
    txid: SpendRef | None = None
    amount: Positive
    date: Date


@dataclass(frozen=True, slots=True)
class Covered:
    """Which gift in coins is covered, by how many sats of which coin; nothing of anything else."""

    gift: str | None = None
    coin: str | None = None
    sats: int | None = None


_MEANS = {"charge_back": ("bank",), "gift": ("coin",), "spend": ("txid",)}
"""What is covered, and the fields that say by what; an undone spend may be covered by nothing else."""


def _require_one(facts: Cover) -> None:
    """Refused where not one thing is covered, by what covers such a thing."""
    named = [field for field in _MEANS if getattr(facts, field) is not None]
    if len(named) != 1:
        raise Refused.field("charge_back", "name one thing that is covered: a charge_back, a gift or a spend")
    (what,) = named
    for field in (field for other, means in _MEANS.items() if other != what for field in means):
        if getattr(facts, field) is not None:
            raise Refused.field(field, "does not cover what is named as {named}; leave it out", named=what)
    if what == "charge_back" and facts.bank is None:
        raise Refused.field("bank", "name the bank into which the money came")
    if what == "gift" and facts.coin is None:
        raise Refused.field("coin", "name the top-up that came, TXID:VOUT")


# ── at a bank ────────────────────────────────────────────────────────────────────────────────────────────


def _charged(context: Context, number: str) -> ChargeBackRow:
    row = CHARGE_BACKS.require_row(context.books.session, context.campaign, number)
    if row.status is not ProposalStatus.APPROVED:
        raise Conflict.field(
            "charge_back", "{number} is {status}; there is nothing to cover", number=number, status=row.status
        )
    return row


def _require_at_most(asset: str, amount: int, left: int) -> None:
    if amount > left:
        raise Refused.field(
            "amount", "is more than the {left} that nobody covered yet", left=Figure(asset, left)
        )


def _into(context: Context, cover: CoverRow) -> Iterator[Transfer]:
    """The money into the bank: what it is overdrawn by first."""
    campaign, own = context.campaign, account(AccountClass.TOP_UPS, context.campaign)
    overdraft = account(AccountClass.OVERDRAFT, campaign, str(cover.bank))
    lent = min(cover.amount, max(0, -context.books.net(overdraft, cover.asset)))
    places = (
        (overdraft, lent),
        (account(AccountClass.BANK, campaign, str(cover.bank)), cover.amount - lent),
    )
    for place, units in places:
        if units:
            yield Transfer(place, own, cover.asset, units)


# ── in coins ─────────────────────────────────────────────────────────────────────────────────────────────


def _voided(context: Context, outpoint: str) -> SettledGift:
    """The gift that lost its block after some of it was used; raises NotFound or Conflict."""
    gift = gift_of(context.books.session, context.campaign, outpoint)
    if gift.live:
        raise Conflict.field("gift", "it stands in its block, and nothing of it is wanting")
    if not gift.shortfall:
        raise Conflict.field(
            "gift", "nothing of it was used before it lost its block, and nothing is wanting"
        )
    return gift


def _top_up(context: Context, outpoint: str) -> SettledGift:
    """The coin that covers, on its line; raises NotFound or Conflict."""
    coin = find_gift(context.books.session, context.campaign, outpoint)
    if coin is None:
        raise NotFound.field(
            "coin",
            "no coin {outpoint}… of campaign {campaign} has settled",
            outpoint=outpoint[:8],
            campaign=context.campaign,
        )
    if not coin.live:
        raise Conflict.field("coin", "it is not settled now; a reorganisation took it out of the chain")
    if coin.counts_as is not CountsAs.TOP_UP:
        raise Conflict.field(
            "coin", "only a top-up covers, no gift does; say that it is one (`incoming decide`)"
        )
    return coin


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────


def _wait(books: Books, cover: CoverRow, _entry: Entry[Cover, None]) -> None:
    if cover.spend_entry is not None:
        left = given_up(books.session, cover)
        mark_waiting(books, cover.campaign, left.ref, ExplainedBy.COVER, cover.number)


def _approved(books: Books, cover: CoverRow, entry: Entry[Decision, Covered]) -> None:
    if cover.spend_entry is None:
        return
    left = given_up(books.session, cover)
    mark_explained(books, cover.campaign, left.ref, ExplainedBy.COVER, cover.number, entry.at)
    left.shortfall = left.wallet - sum(op.units for op in entry.operations if isinstance(op, Use))
    books.session.add(left)


def _rejected(books: Books, cover: CoverRow, _entry: Entry[Decision, None]) -> None:
    if cover.spend_entry is not None:
        mark_open(books, cover.campaign, given_up(books.session, cover).ref)


def _hold(context: Context, facts: Cover) -> Posting[None]:
    _require_one(facts)
    if facts.spend is not None:
        return covers_spend(context, facts.spend, facts.txid, facts.amount)
    if facts.charge_back is not None:
        row = _charged(context, facts.charge_back)
        _require_at_most(row.currency, facts.amount, uncovered(context.books.session, row, waiting=True))
        return Posting()
    gift, coin = _voided(context, str(facts.gift)), _top_up(context, str(facts.coin))
    wanting = (gift.shortfall or 0) - covered_of(context.books.session, gift, waiting=True)
    _require_at_most("BTC", facts.amount, wanting)
    line, start, end = coin.units or ("", 0, 0)
    pieces = context.books.lines.lowest_free(line, facts.amount, within=(start, end)) if line else ()
    taking = Taking(restriction_of(line), line, pieces) if pieces else None
    if taking is None or taking.units < facts.amount:
        free = 0 if taking is None else taking.units
        raise Refused.field(
            "amount", "is more than the {free} of the coin that is free", free=Figure("BTC", free)
        )
    return holding((taking,), cover_ref(facts.number))


def _effect(context: Context, cover: CoverRow, _decision: Decision) -> Posting[Covered]:
    session = context.books.session
    if cover.charge_back_entry is not None:
        row = session.get_one(ChargeBackRow, cover.charge_back_entry)
        _require_at_most(row.currency, cover.amount, uncovered(session, _charged(context, row.number)))
        return Posting(tuple(_into(context, cover)), (), Covered())
    if cover.spend_entry is not None:
        return cover_spend(context, cover, Covered())
    gift, coin = _voided(context, _gift_of(session, cover)), _top_up(context, str(cover.coin))
    _require_at_most("BTC", cover.amount, (gift.shortfall or 0) - covered_of(session, gift))
    off = (
        Change(taking.line, taking.pieces, UnitState.FREE, UnitState.VOID, cover_ref(cover.number))
        for taking in held_takings(session, cover)
    )
    return Posting(
        (), (*release_of(session, cover), *off), Covered(gift.outpoint, coin.outpoint, cover.amount)
    )


def _gift_of(session: Session, cover: CoverRow) -> str:
    """The outpoint of the gift that a cover is for."""
    gifts = table_of(GiftRow)
    row = session.connection().execute(
        select(col(GiftRow.txid), col(GiftRow.vout)).where(gifts.c.entry == cover.gift_entry)
    )
    txid, vout = row.one()
    return f"{txid}:{vout}"


def _row(books: Books, entry: Entry[Cover, None]) -> CoverRow:
    facts, session = entry.facts, books.session
    row = CoverRow(**proposed(entry, facts.number, facts.date), asset="BTC", amount=facts.amount)
    if facts.charge_back is not None:
        charged = CHARGE_BACKS.require_row(session, entry.campaign, facts.charge_back)
        row.charge_back_entry, row.bank, row.asset = charged.entry, facts.bank, charged.currency
    elif facts.gift is not None:
        row.gift_entry, row.coin = gift_of(session, entry.campaign, facts.gift).entry, facts.coin
    else:
        row.spend_entry = require_spend(session, entry.campaign, str(facts.spend)).entry
        if facts.txid is not None:
            row.instead_entry = require_spend(session, entry.campaign, facts.txid).entry
    return row


def _require_standing(context: Context, cover: CoverRow, _entry: Entry[Decision, Covered]) -> None:
    if cover.ended_by is not None:
        raise Conflict.field(
            "entry", "what it covered settled again, and it covers nothing since; nothing is to be reversed"
        )
    if cover.instead_entry is not None and not given_up(context.books.session, cover).live:
        raise Conflict.field(
            "entry", "what left in place of the undone spend is undone itself; wait until it settles again"
        )


def _units_back(
    context: Context, cover: CoverRow, _entry: Entry[Decision, Covered]
) -> tuple[Operation, ...] | None:
    if cover.spend_entry is not None:
        return uncovering(context.books, cover).operations
    return None if cover.coin is None else units_back(context.books, (cover,))


def _reversed(books: Books, cover: CoverRow, _entry: Entry[Decision, Covered]) -> None:
    if cover.coin is not None:
        give_back(books.session, (cover,))
    if cover.spend_entry is not None:
        note_uncovered(books, cover)


def _asks(session: Session, cover: CoverRow) -> Asked | None:
    """Coins that left in place of others go to whom these went; where to is compared with the lists all the same."""
    if cover.instead_entry is None:
        return None
    left = given_up(session, cover)
    return Asked("BTC", left.out, txid=left.ref)


COVERS = Workflow(
    noun="cover",
    facts=Cover,
    row=CoverRow,
    doc="Record what covers the use of a gift or of coins that a bank or the chain took back. Another person approves "
    "it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=Covered,
    kept=_wait,
    approved=_approved,
    rejected=_rejected,
    reversed=_reversed,
    require=_require_standing,
    instead=_units_back,
    about=lambda _session, cover: (cover.asset, cover.amount),
    asks=_asks,
)
KINDS = COVERS.kinds()
