"""What each coin of ours counts as, and what a transaction that spends some took from whom.

Change is never a gift; what comes back above what went in waits for a person (docs/rules.md, C1).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import literal
from sqlmodel import Session, col, select

from ledger.core.chain import Outpoint
from ledger.core.observation import WatchedOutput
from ledger.model.gifts import Coins, GiftRow, GiftState
from ledger.model.spends import SpendChangeRow, SpendRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.gift_records import SettledGift, find_gift, standing_block
from ledger.rules.gifts import Gift, settles_into
from ledger.rules.observing import Coin, WatchedTx
from ledger.rules.spends import ChangeCoin, Spent, change_coin, spend_change, spends_of


@dataclass(frozen=True, slots=True)
class Counted:
    """Sats of coins by what they count as."""

    wallet: int = 0
    dust: int = 0
    undecided: int = 0
    blocked: int = 0

    @property
    def total(self) -> int:
        return self.wallet + self.dust + self.undecided + self.blocked

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.wallet + other.wallet,
            self.dust + other.dust,
            self.undecided + other.undecided,
            self.blocked + other.blocked,
        )


def undecided_outpoints(session: Session, campaign: str) -> list[str]:
    """Outputs that were recorded as undecided, in order: payments, and what came back above what went in.

    Some of what came back was decided about, or is spent, since.
    """
    gifts = select(GiftRow.txid, GiftRow.vout).where(
        GiftRow.campaign == campaign, GiftRow.state == GiftState.LIVE, GiftRow.counted_in == Coins.UNDECIDED
    )
    none = literal(0, literal_execute=True)  # written into the statement, as in the condition of the index
    change = (
        select(SpendRow.txid, SpendChangeRow.vout)
        .join(SpendChangeRow, col(SpendChangeRow.entry) == SpendRow.entry)
        .where(SpendRow.campaign == campaign, col(SpendChangeRow.undecided) > none)
    )
    outpoints = {*session.exec(gifts), *session.exec(change)}
    return [f"{txid}:{vout}" for txid, vout in sorted(outpoints)]


class CoinClasses:
    """Reads from the books what a coin was recorded as, or will be when it settles."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.session = books.session

    def change_of(self, txid: str) -> Iterator[tuple[str, Sequence[ChangeCoin]]]:
        """(campaign, what came back to it) of each recorded spend of a transaction."""
        for spend in spends_of(self.session, txid):
            yield spend.campaign, [change_coin(row) for row in spend_change(self.session, spend)]

    def counted(self, coin: Coin) -> tuple[tuple[str, Counted], ...]:
        """The campaigns that a coin belongs to, and what it counts as in each.

        Change belongs to those whose coins were spent, wherever it lies, perhaps to several (docs/rules.md, 12).
        """
        outpoint = Outpoint.parse(coin.outpoint)
        change = tuple(
            (campaign, self._change(campaign, coin, received))
            for campaign, coins in self.change_of(outpoint.txid)
            for received in coins
            if received.vout == outpoint.vout
        )
        if change:
            return change
        gift = find_gift(self.books.session, coin.campaign, coin.outpoint)
        if gift is None:  # not settled yet
            outside = coin.branch == "change"
            into = settles_into(
                self.books,
                campaign_of(self.books.session, coin.campaign),
                coin.outpoint,
                coin.sats,
                change=outside,
            )
        else:
            into = gift.counted_in
        return ((coin.campaign, Counted(**{into.value: coin.sats})),)

    def _change(self, campaign: str, coin: Coin, change: ChangeCoin) -> Counted:
        decided = find_gift(self.books.session, campaign, coin.outpoint)
        if decided is not None and decided.counted_in is Coins.WALLET:
            return Counted(change.wallet + change.undecided, change.dust, blocked=change.blocked or 0)
        return Counted(change.wallet, change.dust, change.undecided, change.blocked or 0)

    def followed(self, txid: str, output: WatchedOutput) -> Iterator[SettledGift]:
        """What the journal follows of an output by itself: a gift, or what was decided about, by campaign.

        What came back above a spend belongs to the campaign whose coins went in, wherever it lies.
        """
        campaigns = (output.campaign, *(campaign for campaign, _ in self.change_of(txid)))
        for campaign in dict.fromkeys(campaigns):
            gift = find_gift(self.books.session, campaign, f"{txid}:{output.vout}")
            if gift is not None:
                yield gift

    def stands_apart(self, campaign: str, coin: Coin, counted: Counted) -> bool:
        """Is a coin none of the line's free ones: undecided, or of a gift that is blocked?"""
        blocked = standing_block(self.books.session, campaign, coin.outpoint) is not None
        return blocked or bool(counted.undecided or counted.blocked)


def gift_facts(
    outpoint: str, output: WatchedOutput, transaction: WatchedTx, restriction: str | None = None
) -> Gift:
    """The facts of a settled payment, as observed; `restriction`: the need that its address is kept for."""
    time = transaction.block_time or 0
    return Gift(
        outpoint=outpoint,
        script=output.script,
        sats=output.sats,
        block=transaction.block or "",
        height=transaction.height or 0,
        position=transaction.position or 0,
        time=time,
        change_branch=output.branch == "change",
        restriction=restriction,
        date=dt.datetime.fromtimestamp(time, dt.UTC).date().isoformat(),
    )


def spend_facts(
    transaction: WatchedTx, spent: list[Coin], classes: CoinClasses
) -> Iterator[tuple[str, Spent]]:
    """(campaign, facts) of each campaign that a transaction spent from; change goes to them in input order.

    Change gives back wallet coins first, so that dust and undecided coins are taken from their own accounts;
    what is left over after all campaigns is excess of the last one, in the order of outputs (docs/rules.md, 12).
    """
    put_in: dict[str, Counted] = {}
    apart: dict[str, list[str]] = defaultdict(list)
    for coin in spent:
        for campaign, counted in classes.counted(coin):
            put_in[campaign] = put_in.get(campaign, Counted()) + counted
            if classes.stands_apart(campaign, coin, counted):
                apart[campaign].append(coin.outpoint)
    # What was recorded before anybody knew that own coins went in is followed by itself, and counted once.
    outputs = [
        [output.vout, output.sats]
        for output in transaction.outputs
        if not any(classes.followed(transaction.txid, output))
    ]
    campaigns = list(put_in)
    for index, campaign in enumerate(campaigns):
        had = put_in[campaign]
        left = [had.wallet, had.dust, had.undecided, had.blocked]
        coins: list[ChangeCoin] = []
        excess = 0
        for output in outputs:
            if output[1] == 0:
                continue
            parts = [0, 0, 0, 0]
            for place in range(4):
                parts[place] = min(left[place], output[1])
                left[place] -= parts[place]
                output[1] -= parts[place]
            if index == len(campaigns) - 1:
                excess += output[1]
                parts[2] += output[1]
                output[1] = 0
            if any(parts):
                coins.append(
                    ChangeCoin(
                        vout=output[0],
                        wallet=parts[0],
                        dust=parts[1],
                        undecided=parts[2],
                        blocked=parts[3] or None,
                    )
                )
        time = transaction.block_time or 0
        yield (
            campaign,
            Spent(
                txid=transaction.txid,
                block=transaction.block or "",
                height=transaction.height or 0,
                time=time,
                wallet=left[0],
                dust=left[1],
                undecided=left[2],
                blocked=left[3] or None,
                taken=tuple(apart[campaign]) or None,
                change=put_in[campaign].total - sum(left),
                excess=excess,
                coins=tuple(coins),
                part=index,
                date=dt.datetime.fromtimestamp(time, dt.UTC).date().isoformat(),
            ),
        )


def late_spend_facts(
    spender: WatchedTx, coins: list[Coin], classes: CoinClasses
) -> Iterator[tuple[str, Spent]]:
    """(campaign, facts) of coins that turned out to be spent by a transaction whose spend is recorded already.

    Change was counted then: what came back above the coins known at the time waits for a person.
    """
    taken: dict[str, Counted] = {}
    apart: dict[str, list[str]] = defaultdict(list)
    for coin in coins:
        for campaign, counted in classes.counted(coin):
            taken[campaign] = taken.get(campaign, Counted()) + counted
            if classes.stands_apart(campaign, coin, counted):
                apart[campaign].append(coin.outpoint)
    part = max(spend.part for spend in spends_of(classes.session, spender.txid))
    time = spender.block_time or 0
    for index, (campaign, counted) in enumerate(taken.items(), part + 1):
        yield (
            campaign,
            Spent(
                txid=spender.txid,
                block=spender.block or "",
                height=spender.height or 0,
                time=time,
                wallet=counted.wallet,
                dust=counted.dust,
                undecided=counted.undecided,
                blocked=counted.blocked or None,
                taken=tuple(apart[campaign]) or None,
                change=0,
                excess=0,
                part=index,
                late=True,
                date=dt.datetime.fromtimestamp(time, dt.UTC).date().isoformat(),
            ),
        )
