"""Coins as the chain has them and as the books have them, and those that left without an explanation. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, and_, bindparam, case, or_
from sqlmodel import col, func, select

from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.observed import ObservedOutputRow, ObservedTransactionRow
from ledger.model.spends import SpendChangeRow, SpendRow
from ledger.rules.balances import nets_of_kinds
from ledger.rules.observing import Observed
from ledger.rules.settled import MATURITY, depth_of, settled_block
from ledger.store.transaction import Reading
from ledger.views.campaign import UnexplainedSpend
from ledger.views.unsettled_spends import UnsettledSpend


def coins_on_chain(tx: Reading, campaign: str | None = None) -> int | None:
    """Sats of our coins unspent at the settled block, immature coinbases aside; None before the first look."""
    settled = settled_block(tx)
    if settled is None:
        return None
    mature = settled + depth_of(tx) - max(depth_of(tx), MATURITY)
    total = Observed(tx.session).unspent_sats(settled, mature, campaign)
    return total if campaign is None else total + _change_elsewhere(tx, campaign, settled)


_coin, _change = ObservedOutputRow, SpendChangeRow
_sats = col(_change.wallet) + col(_change.dust) + col(_change.undecided) + col(_change.blocked)
_settled = bindparam("settled", type_=BigInteger)
_CHANGE_ELSEWHERE = (
    select(func.coalesce(func.sum(case((col(SpendRow.campaign) == OF_CAMPAIGN, _sats), else_=-_sats)), 0))
    .select_from(SpendRow)
    .join(_change, col(_change.entry) == SpendRow.entry)
    .join(_coin, and_(col(_coin.txid) == SpendRow.txid, col(_coin.vout) == _change.vout))
    .where(
        col(_coin.campaign) != SpendRow.campaign,
        or_(col(SpendRow.campaign) == OF_CAMPAIGN, col(_coin.campaign) == OF_CAMPAIGN),
        col(_coin.height) <= _settled,
        or_(col(_coin.spent_height).is_(None), col(_coin.spent_height) > _settled),
    )
)
_SEEN_AT = func.coalesce(col(ObservedTransactionRow.first_at), col(SpendRow.recorded_at))
_SPENT = (
    select(SpendRow.ref, SpendRow.out, _SEEN_AT, SpendRow.explained_at)
    .outerjoin(ObservedTransactionRow, col(ObservedTransactionRow.txid) == SpendRow.txid)
    # Where all of it came back there is nothing to explain.
    .where(col(SpendRow.campaign) == OF_CAMPAIGN, col(SpendRow.out) > 0)
)
_UNEXPLAINED = _SPENT.where(col(SpendRow.explained_at).is_(None))


def _change_elsewhere(tx: Reading, campaign: str, settled: int) -> int:
    """Sats of change at the settled block that are a campaign's at another's address, less the reverse.

    A coin is its address's campaign's but for change, which is its inputs' campaign's (docs/rules.md, 12 and 17).
    """
    asked = {"of_campaign": campaign, "settled": settled}
    return int(tx.session.exec(_CHANGE_ELSEWHERE, params=asked).one())


_OF_COINS = (AccountClass.WALLET, AccountClass.DUST, AccountClass.UNDECIDED, AccountClass.BLOCKED)


def coins_in_books(tx: Reading, campaign: str | None = None) -> int:
    """Sats that the books hold in wallets: gifts and change, dust, and what waits for a decision."""
    return sum(coins_by_kind(tx, campaign).values())


def coins_by_kind(tx: Reading, campaign: str | None = None) -> dict[AccountClass, int]:
    """The same by where they lie: on the campaign's lines, or apart from them and why."""
    return nets_of_kinds(tx.session, _OF_COINS, "BTC", campaign)


def unexplained_spends(
    tx: Reading, campaign: str, young: Iterable[UnsettledSpend]
) -> tuple[UnexplainedSpend, ...]:
    """Outgoing coins, from their first sighting or block, newest last; explained ones keep their row.

    A move between own addresses is explained from its first sighting on: nothing left but its fee. `young`: the spends
    that have not settled, of whichever campaign.
    """
    return _outgoing(tx, campaign, young, only_open=False)


def open_spends(tx: Reading, campaign: str, young: Iterable[UnsettledSpend]) -> tuple[UnexplainedSpend, ...]:
    """Those of them that nothing explains yet."""
    return _outgoing(tx, campaign, young, only_open=True)


def _outgoing(
    tx: Reading, campaign: str, young: Iterable[UnsettledSpend], *, only_open: bool
) -> tuple[UnexplainedSpend, ...]:
    spent = tx.session.exec(_UNEXPLAINED if only_open else _SPENT, params={"of_campaign": campaign})
    rows = {
        ref: UnexplainedSpend(txid=ref, amount=Amount.of("BTC", out), seen_at=at, explained_at=explained_at)
        for ref, out, at, explained_at in spent
    }
    for spend in young:
        at = spend.transaction.first_at
        for owner, facts in spend.parts:
            if owner == campaign and facts.out and not (only_open and spend.explained):
                rows[facts.ref] = UnexplainedSpend(
                    txid=facts.ref,
                    amount=Amount.of("BTC", facts.out),
                    seen_at=at,
                    explained_at=at if spend.explained else None,
                )
    return tuple(sorted(rows.values(), key=lambda row: (row.seen_at, row.txid)))
