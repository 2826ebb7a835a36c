"""Moves between own addresses: which transactions took nothing but a network fee, as the chain itself proves.

Pure reading of one transaction; recording what follows is `ledger/recording/settling.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.rules.observing import Coin, WatchedTx
from ledger.rules.spends import Spent
from ledger.store.transaction import Reading

MOST_FEE_PERMILLE = 20
"""A fee above this share of what was moved is no matter of course: a person looks at it."""


def own_fee(
    transaction: WatchedTx, spent: Sequence[Coin], parts: Sequence[tuple[str, Spent]]
) -> tuple[str, Spent] | None:
    """(campaign, its spend) where all that went in and came out is one campaign's own and the rest is a fee.

    None where anything else may have happened: an input or an output that is not ours or not known to be, another
    campaign's address or coin (docs/rules.md, 17), a coin that is undecided or blocked. A fee of any size counts.
    """
    if transaction.others != 0 or len(parts) != 1 or len(spent) != len(transaction.inputs):
        return None
    campaign, facts = parts[0]
    places = {coin.campaign for coin in spent} | {output.campaign for output in transaction.outputs}
    if places != {campaign}:
        return None
    apart = facts.taken or facts.undecided or facts.blocked or facts.excess
    back = sum(output.sats for output in transaction.outputs)
    return (campaign, facts) if facts.change == back and back and facts.out and not apart else None


def explained_by_itself(
    tx: Reading, transaction: WatchedTx, spent: Sequence[Coin], parts: Sequence[tuple[str, Spent]]
) -> tuple[str, Spent] | None:
    """(campaign, its spend) of an `own_fee` that nobody needs to explain: an ordinary one, and nobody began to."""
    fee = own_fee(transaction, spent, parts)
    if fee is None or any(draft.campaign == fee[0] for draft in tx.desk.drafts(waits_for=fee[1].ref)):
        return None
    facts = fee[1]
    return fee if facts.out * 1000 <= (facts.out + facts.change) * MOST_FEE_PERMILLE else None


def bearing(facts: Spent) -> int | None:
    """Sats of the wallet that were moved and bear the fee alike; None where dust alone pays it."""
    return facts.wallet + sum(coin.wallet for coin in facts.coins) if facts.wallet else None
