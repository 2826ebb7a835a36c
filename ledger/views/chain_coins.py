"""Coins as the chain has them and as the books have them, and those that left without an explanation. Reads only."""

from __future__ import annotations

from sqlalchemy import and_, case, or_
from sqlmodel import col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.model.observed import ObservedOutputRow, ObservedTransactionRow
from ledger.model.spends import SpendChangeRow, SpendRow
from ledger.rules.balances import nets_of_kinds
from ledger.rules.observing import Observed
from ledger.rules.settled import MATURITY, depth_of, settled_block
from ledger.store.transaction import Reading
from ledger.views.campaign import UnexplainedSpend
from ledger.views.unsettled_spends import unsettled_spends


def coins_on_chain(tx: Reading, campaign: str | None = None) -> int | None:
    """Sats of our coins unspent at the settled block, immature coinbases aside; None before the first look."""
    settled = settled_block(tx)
    if settled is None:
        return None
    mature = settled + depth_of(tx) - max(depth_of(tx), MATURITY)
    total = Observed(tx.session).unspent_sats(settled, mature, campaign)
    return total if campaign is None else total + _change_elsewhere(tx, campaign, settled)


def _change_elsewhere(tx: Reading, campaign: str, settled: int) -> int:
    """Sats of change at the settled block that are a campaign's at another's address, less the reverse.

    A coin is its address's campaign's but for change, which is its inputs' campaign's (docs/rules.md, 12 and 17).
    """
    coin, change = ObservedOutputRow, SpendChangeRow
    sats = col(change.wallet) + col(change.dust) + col(change.undecided) + col(change.blocked)
    signed = case((col(SpendRow.campaign) == campaign, sats), else_=-sats)
    elsewhere = (
        select(func.coalesce(func.sum(signed), 0))
        .select_from(SpendRow)
        .join(change, col(change.entry) == SpendRow.entry)
        .join(coin, and_(col(coin.txid) == SpendRow.txid, col(coin.vout) == change.vout))
        .where(
            col(coin.campaign) != SpendRow.campaign,
            or_(col(SpendRow.campaign) == campaign, col(coin.campaign) == campaign),
            col(coin.height) <= settled,
            or_(col(coin.spent_height).is_(None), col(coin.spent_height) > settled),
        )
    )
    return int(tx.session.exec(elsewhere).one())


_OF_COINS = (AccountClass.WALLET, AccountClass.DUST, AccountClass.UNDECIDED, AccountClass.BLOCKED)


def coins_in_books(tx: Reading, campaign: str | None = None) -> int:
    """Sats that the books hold in wallets: gifts and change, dust, and what waits for a decision."""
    return sum(coins_by_kind(tx, campaign).values())


def coins_by_kind(tx: Reading, campaign: str | None = None) -> dict[AccountClass, int]:
    """The same by where they lie: on the campaign's lines, or apart from them and why."""
    return nets_of_kinds(tx.session, _OF_COINS, "BTC", campaign)


def unexplained_spends(tx: Reading, campaign: str) -> tuple[UnexplainedSpend, ...]:
    """Outgoing coins, from their first sighting or block, newest last; explained ones keep their row.

    A move between own addresses is explained from its first sighting on: nothing left but its fee.
    """
    return _outgoing(tx, campaign, only_open=False)


def open_spends(tx: Reading, campaign: str) -> tuple[UnexplainedSpend, ...]:
    """Those of them that nothing explains yet."""
    return _outgoing(tx, campaign, only_open=True)


def _outgoing(tx: Reading, campaign: str, *, only_open: bool) -> tuple[UnexplainedSpend, ...]:
    seen_at = func.coalesce(col(ObservedTransactionRow.first_at), col(SpendRow.recorded_at))
    left = (
        select(SpendRow.ref, SpendRow.out, seen_at, SpendRow.explained_at)
        .outerjoin(ObservedTransactionRow, col(ObservedTransactionRow.txid) == SpendRow.txid)
        # Where all of it came back there is nothing to explain.
        .where(SpendRow.campaign == campaign, SpendRow.out > 0)
    )
    if only_open:
        left = left.where(col(SpendRow.explained_at).is_(None))
    rows = {
        ref: UnexplainedSpend(txid=ref, amount=Amount.of("BTC", out), seen_at=at, explained_at=explained_at)
        for ref, out, at, explained_at in tx.session.exec(left)
    }
    for young in unsettled_spends(tx):
        at = young.transaction.first_at
        for owner, facts in young.parts:
            if owner == campaign and facts.out and not (only_open and young.explained):
                rows[facts.ref] = UnexplainedSpend(
                    txid=facts.ref,
                    amount=Amount.of("BTC", facts.out),
                    seen_at=at,
                    explained_at=at if young.explained else None,
                )
    return tuple(sorted(rows.values(), key=lambda row: (row.seen_at, row.txid)))
