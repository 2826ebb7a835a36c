"""Coins that came and may be no gift: what they count as, by a named decision; and again, where that was wrong.

A coin that is decided about is on a line like a gift, or waits; nothing of anybody else moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import Outpoint
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Positive, matching
from ledger.core.lines import Append, Change, Operation, UnitState
from ledger.core.names import FREE
from ledger.core.wording import Wording
from ledger.model.exchange_coins import WithdrawalRow
from ledger.model.gifts import Coins, CountsAs, GiftState
from ledger.model.orders import RefundRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import SpendRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.covered import covers_by
from ledger.rules.gift_records import SettledGift, add_gift, find_gift, save_gift, standing_block
from ledger.rules.gifts import joined, money_line, source_of
from ledger.rules.observing import Observed
from ledger.rules.spec import APPROVERS, Context, Kind
from ledger.rules.spends import spend_change, spends_of, taken_by

OutpointText = Annotated[
    str, matching(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,9})", Wording("write TXID:VOUT, the output that paid"))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a settled coin counts as; `n` is 1 for the first decision about it, 2 for the next.

    `top_up`: the campaign's own people put it in. `change`: our own coins came back. `undecided`: it waits again.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: OutpointText
    n: Positive = 1
    counts_as: Literal["gift", "top_up", "change", "undecided"]
    date: Date


def coin_named(books: Books, campaign: str, outpoint: str) -> SettledGift:
    """A settled coin that a person may decide about; raises NotFound.

    What came back above what a spend put in is none of the gifts before somebody decides: it is made of the spend's.
    """
    gift = find_gift(books.session, campaign, outpoint)
    if gift is not None:
        return gift
    place = Outpoint.parse(outpoint)
    for spend in spends_of(books.session, place.txid, campaign):
        for coin in spend_change(books.session, spend):
            if coin.vout == place.vout and coin.undecided:
                _require_one_campaign(books, campaign, place)
                return _excess(spend, place, coin.undecided)
    raise NotFound.field(
        "outpoint", "no coin {outpoint}… of this campaign has settled here", outpoint=outpoint[:8]
    )


def _require_one_campaign(books: Books, campaign: str, coin: Outpoint) -> None:
    """Conflict where another campaign has a part of the coin too: one decision cannot speak for both."""
    for spend in spends_of(books.session, coin.txid):
        change = spend_change(books.session, spend) if spend.campaign != campaign else ()
        if any(other.vout == coin.vout and other.undecided for other in change):
            raise Conflict.field(
                "outpoint",
                "a part of this coin is {campaign}'s too; move it to a coin of each first",
                campaign=spend.campaign,
            )


def _excess(spend: SpendRow, coin: Outpoint, sats: int) -> SettledGift:
    """What came back above a spend, as a gift that no entry has recorded yet."""
    return SettledGift(
        entry=0,
        campaign=spend.campaign,
        txid=coin.txid,
        vout=coin.vout,
        sats=sats,
        date=spend.date,
        at=spend.recorded_at,
        position=None,
        first_height=spend.height,
        block=spend.block,
        height=spend.height,
        time=spend.time,
        restriction=None,
        counted_in=Coins.UNDECIDED,
        counts_as=CountsAs.UNDECIDED,
        state=GiftState.LIVE if spend.live else GiftState.VOIDED,
    )


def require_unspent(context: Context, outpoint: str) -> None:
    """Conflict where a recorded spend took the coin: what it counted as then stands."""
    campaign = context.campaign
    taken = taken_by(context.books.session, campaign, outpoint)
    coin = Observed(context.books.session).coin(outpoint)
    spender = taken or (coin.spent_by if coin else None)
    if spender is not None and (taken or spends_of(context.books.session, spender, campaign)):
        raise Conflict.field(
            "outpoint",
            "this coin is spent already, by {spender}; explain that transaction instead",
            spender=spender,
        )


def require_decidable(context: Context, coin: SettledGift, *, refund: str = "", withdrawal: str = "") -> None:
    """Conflict where a coin is off the chain, covers a shortfall, or another refund or withdrawal waits to decide."""
    if not coin.live:
        raise Conflict.field(
            "outpoint", "this coin is not settled now; a reorganisation took it out of the chain"
        )
    cover = covers_by(context.books.session, context.campaign, coin.outpoint)
    if cover is not None:
        raise Conflict.field(
            "outpoint",
            "cover {cover} says that this coin covers a shortfall; reverse or reject it first",
            cover=cover,
        )
    of_coin: tuple[tuple[str, type[RefundRow] | type[WithdrawalRow], str], ...] = (
        ("refund", RefundRow, refund),
        ("withdrawal", WithdrawalRow, withdrawal),
    )
    for noun, row, number in of_coin:
        waits = context.books.session.exec(
            select(row.number)
            .where(row.campaign == context.campaign, row.outpoint == coin.outpoint)
            .where(row.status == ProposalStatus.PENDING, row.number != number)
            .order_by(col(row.number))
        ).first()
        if waits is not None:
            raise Conflict.field(
                "outpoint",
                "{noun} {waiting} waits to decide about this coin; decide that first",
                noun=noun,
                waiting=waits,
            )


def require_undecided(
    context: Context, outpoint: str, sats: int, *, refund: str = "", withdrawal: str = ""
) -> SettledGift:
    """The coin that a refund or a withdrawal came as, which waits for that; raises NotFound, Refused or Conflict."""
    coin = coin_named(context.books, context.campaign, outpoint)
    require_decidable(context, coin, refund=refund, withdrawal=withdrawal)
    if coin.counted_in is not Coins.UNDECIDED:
        raise Refused.field(
            "outpoint", "counts as something else; say with `incoming decide` that it is undecided first"
        )
    require_unspent(context, outpoint)
    if coin.sats != sats:
        raise Refused.field(
            "amount", "this coin is {sats} sats; what it came for is all of it", sats=coin.sats
        )
    return coin


def came_as(context: Context, coin: SettledGift, source: str) -> tuple[Transfer, ...]:
    """A coin that waited is of the wallet, and came out of an account that says what for."""
    wallet, undecided, excess = (
        account(kind, context.campaign)
        for kind in (AccountClass.WALLET, AccountClass.UNDECIDED, AccountClass.EXCESS)
    )
    return Transfer(wallet, undecided, "BTC", coin.sats), Transfer(excess, source, "BTC", coin.sats)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameAsCoin:
    """The coin that something came as; `joins`: it came back with a spend, and is followed by itself from now on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: OutpointText
    joins: Literal[True] | None = None


@dataclass(frozen=True, slots=True)
class Was:
    """What a coin counted as before; `joins`: it came back with a spend, and is followed by itself from now on."""

    was: CountsAs
    joins: Literal[True] | None = None


def joins(coin: SettledGift) -> Literal[True] | None:
    """Is a decision the first one about what came back with a spend?"""
    return True if coin.entry == 0 else None


def _post(context: Context, facts: Decided) -> Posting[Was]:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    coin = coin_named(books, campaign, facts.outpoint)
    require_decidable(context, coin)
    blocked = standing_block(books.session, campaign, facts.outpoint)
    if blocked is not None:
        raise Conflict.field(
            "outpoint",
            "this coin is blocked by {blocked}; two persons release it first",
            blocked=blocked.number,
        )
    was, into, now = coin.decisions, coin.counted_in, coin.counts_as
    if facts.n != was + 1:
        raise Conflict.field(
            "n",
            "{count} decisions about this coin are recorded; the next is n={next}",
            count=was,
            next=was + 1,
        )
    if now is CountsAs.REFUND:
        raise Conflict.field("outpoint", "this coin is a supplier's refund; reverse that refund first")
    if now is CountsAs.WITHDRAWAL:
        raise Conflict.field(
            "outpoint", "this coin came back from an exchange; reverse that withdrawal first"
        )
    if into not in {Coins.WALLET, Coins.UNDECIDED}:
        raise Refused.field(
            "outpoint",
            "is {counted_as}; only coins on a line or to decide about are decided",
            counted_as=into.value,
        )
    counts = CountsAs(facts.counts_as)
    if now is counts:
        raise Refused.field(
            "counts_as",
            "is {counted_as}, which it is already; name another, or nothing",
            counted_as=now.value,
        )
    moved = Transfer(source_of(campaign, now), source_of(campaign, counts), "BTC", coin.sats)
    notes = Was(now, joins(coin))
    wallet, undecided = (account(kind, campaign) for kind in (AccountClass.WALLET, AccountClass.UNDECIDED))
    if into is Coins.UNDECIDED:
        require_unspent(context, facts.outpoint)
        restriction = (coin.restriction or FREE) if counts is CountsAs.GIFT else FREE
        line = money_line(campaign, "BTC", restriction)
        units = Append(line, "BTC", books.lines.length(line), coin.sats, facts.outpoint)
        return Posting((Transfer(wallet, undecided, "BTC", coin.sats), moved), (units,), notes)
    if counts is not CountsAs.UNDECIDED:
        return Posting((moved,), (), notes)
    require_unspent(context, facts.outpoint)
    _require_no_undone_spend(context)
    return Posting(
        (Transfer(undecided, wallet, "BTC", coin.sats), moved), _off_the_line(context, coin), notes
    )


def _require_no_undone_spend(context: Context) -> None:
    undone = select(SpendRow.ref).where(SpendRow.campaign == context.campaign, col(SpendRow.live) == 0)
    for ref in context.books.session.exec(undone.order_by(col(SpendRow.ref)).limit(1)):
        if ref:
            raise Conflict.field(
                "outpoint",
                "the spend {ref} is undone and may have taken this coin; wait until it settles again",
                ref=ref,
            )


def _off_the_line(context: Context, coin: SettledGift) -> tuple[Operation, ...]:
    """Its own units leave the line; Conflict where they are not all free."""
    if coin.units is None:
        return ()
    line, *piece = coin.units
    if any(span.state is not UnitState.FREE for span in context.books.lines.spans(line, *piece)):
        raise Conflict.field(
            "outpoint", "some of this coin's units are used or held; reverse what stands on them first"
        )
    (start, end) = piece
    return (Change(line, ((start, end),), UnitState.FREE, UnitState.VOID, coin.outpoint),)


def _fold(books: Books, entry: Entry[Decided, Was]) -> None:
    coin = coin_named(books, entry.campaign, entry.facts.outpoint)
    counted = coin._replace(decisions=entry.facts.n)
    save_counted(books, coin, counted, CountsAs(entry.facts.counts_as), entry.seq, entry.operations)


def save_counted(
    books: Books,
    before: SettledGift,
    coin: SettledGift,
    counts: CountsAs,
    seq: int,
    operations: Iterable[Operation],
    came_from: str | None = None,
) -> None:
    """Write what a coin counts as from the entry `seq` on, and where it lies; `before` is what was written of it.

    What came back with a spend is a gift of its own from then on, by that entry.
    """
    into = Coins.UNDECIDED if counts is CountsAs.UNDECIDED else Coins.WALLET
    coin = joined(coin, operations)._replace(counted_in=into, counts_as=counts, came_from=came_from)
    if into is Coins.UNDECIDED:
        coin = coin._replace(line=None, line_start=None, line_end=None)
    if before.entry == 0:
        add_gift(books.session, coin._replace(entry=seq))
    else:
        save_gift(books.session, before, coin)


DECIDE = Kind(
    name="incoming",
    noun="incoming",
    verb="decide",
    facts=Decided,
    notes=Was,
    doc="Say what a coin that came counts as: a gift, a top-up, our own change, or undecided again.",
    roles=APPROVERS,
    named="outpoint",
    key=lambda _campaign, facts: f"incoming:{facts.outpoint}:{facts.n}",
    post=_post,
    fold=_fold,
)
KINDS = (DECIDE,)
