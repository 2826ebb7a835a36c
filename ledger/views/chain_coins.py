"""Coins as the chain has them and as the books have them, and those that left without an explanation. Reads only."""

from __future__ import annotations

from sqlmodel import col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.frozen import Amount
from ledger.model.spends import SpendChangeRow, SpendRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.observing import Coin, Observed
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


def _is_unspent(coin: Coin, settled: int) -> bool:
    """Does a coin lie in a block up to the settled one, and does none of these spend it?"""
    if coin.height is None or coin.height > settled:
        return False
    return coin.spent_height is None or coin.spent_height > settled


def _change_elsewhere(tx: Reading, campaign: str, settled: int) -> int:
    """Sats of change at the settled block that are a campaign's at another's address, less the reverse.

    A coin is its address's campaign's but for change, which is its inputs' campaign's (docs/rules.md, 12 and 17).
    """
    observed, total = Observed(tx.session), 0
    if len(campaign_slugs(tx.session)) < 2:  # nothing lies elsewhere
        return 0
    query = select(SpendRow.campaign, SpendRow.txid, SpendChangeRow).join(
        SpendChangeRow, col(SpendChangeRow.entry) == SpendRow.entry
    )
    for owner, txid, told in tx.session.exec(query):
        coin = observed.coin(f"{txid}:{told.vout}")
        if coin is None or coin.campaign == owner or not _is_unspent(coin, settled):
            continue
        sats = told.wallet + told.dust + told.undecided + told.blocked
        total += sats if owner == campaign else -sats if coin.campaign == campaign else 0
    return total


def coins_in_books(tx: Reading, campaign: str | None = None) -> int:
    """Sats that the books hold in wallets: gifts and change, dust, and what waits for a decision."""
    books = Books(tx)
    total = 0
    for kind in (AccountClass.WALLET, AccountClass.DUST, AccountClass.UNDECIDED, AccountClass.BLOCKED):
        if campaign is not None:
            total += books.net(account(kind, campaign), "BTC")
        else:
            total += sum(balance.net for balance in books.balances(kind))
    return total


def unexplained_spends(tx: Reading, campaign: str) -> tuple[UnexplainedSpend, ...]:
    """Outgoing coins, from their first sighting or block, newest last; explained ones keep their row.

    A move between own addresses is explained from its first sighting on: nothing left but its fee.
    """
    observed = Observed(tx.session)
    rows: dict[str, UnexplainedSpend] = {}
    # Where all of it came back there is nothing to explain.
    left = select(SpendRow).where(SpendRow.campaign == campaign, SpendRow.out > 0)
    for spend in tx.session.exec(left):
        seen = observed.tx(spend.txid)
        at = seen.first_at if seen else spend.recorded_at
        rows[spend.ref] = UnexplainedSpend(
            txid=spend.ref,
            amount=Amount.of("BTC", spend.out),
            seen_at=at,
            explained_at=spend.explained_at,
        )
    for young in unsettled_spends(tx):
        at = young.transaction.first_at
        for owner, facts in young.parts:
            if owner == campaign and facts.out:
                rows[facts.ref] = UnexplainedSpend(
                    txid=facts.ref,
                    amount=Amount.of("BTC", facts.out),
                    seen_at=at,
                    explained_at=at if young.explained else None,
                )
    return tuple(sorted(rows.values(), key=lambda row: (row.seen_at, row.txid)))
