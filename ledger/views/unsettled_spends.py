"""Unsettled spends: what transactions that have not settled will be recorded to have taken, and from whom. Reads only.

The same rule as at settling (`ledger/rules/coins.py`), over coins as they will count by then (docs/rules.md, 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ledger.core.chain import Outpoint
from ledger.model.observed import TxState
from ledger.rules.books import Books
from ledger.rules.coins import CoinClasses, spend_facts
from ledger.rules.fee_only import explained_by_itself
from ledger.rules.observing import Coin, Observed, WatchedTx, coin_of
from ledger.rules.settled import settled_block
from ledger.rules.spends import ChangeCoin, Spent
from ledger.store.transaction import Reading

_STANDS = frozenset({TxState.SEEN, TxState.CONFIRMED, TxState.REORGED})
"""A transaction that a reorganisation undid is on its way again until it is replaced or evicted."""


class _Foreseen(CoinClasses):
    """What coins count as, change of transactions that have not settled included."""

    def __init__(self, books: Books) -> None:
        super().__init__(books)
        self._spends: dict[str, list[tuple[str, Sequence[ChangeCoin]]]] = {}

    def change_of(self, txid: str) -> Iterator[tuple[str, Sequence[ChangeCoin]]]:
        foreseen = self._spends.get(txid)
        yield from super().change_of(txid) if foreseen is None else foreseen

    def foresee(self, txid: str, parts: Iterable[tuple[str, Spent]]) -> None:
        # By campaign, as the recorded ones are read: where several share a coin, that order is what is taken.
        self._spends[txid] = sorted(
            ((campaign, facts.coins) for campaign, facts in parts), key=lambda part: part[0]
        )


@dataclass(frozen=True, slots=True)
class UnsettledSpend:
    """A young transaction that spends coins of ours, and (campaign, what its spend will say) of each.

    `explained`: it moves coins between own addresses, and explains itself when it settles.
    """

    transaction: WatchedTx
    parts: tuple[tuple[str, Spent], ...]
    explained: bool


def unsettled_spends(tx: Reading) -> Iterator[UnsettledSpend]:
    """The young transactions that spend coins of ours, as things stand.

    Parents come before their children. What cannot settle as things stand is left out: a transaction that was
    replaced or evicted, one whose coins another one spent, and what spends their outputs.
    """
    observed, classes = Observed(tx.session), _Foreseen(Books(tx))
    settled, tip = settled_block(tx) or 0, int(tx.progress.load("tip_height") or 0)
    waiting = {young.txid: young for young in observed.unconfirmed() if young.state in _STANDS}
    young_ones = (*observed.txs_in(settled + 1, tip), *_parents_first(waiting))
    # What strangers paid out of was never seen here: most young transactions are gifts, and end here.
    known = observed.known({Outpoint.parse(spent).txid for young in young_ones for spent in young.inputs})
    lost: set[str] = set()
    for young in young_ones:
        ours = [spent for spent in young.inputs if Outpoint.parse(spent).txid in known]
        behind = [(spent, observed.tx(Outpoint.parse(spent).txid), observed.coin(spent)) for spent in ours]
        if any(_is_lost(spent, before, coin, young.txid, lost) for spent, before, coin in behind):
            lost.add(young.txid)
            continue
        to_be = [coin_of(spent, before) if coin is None else coin for spent, before, coin in behind]
        coins = [coin for coin in to_be if coin is not None]
        if not coins or any(classes.change_of(young.txid)):
            continue
        parts = tuple(spend_facts(young, coins, classes))
        classes.foresee(young.txid, parts)
        yield UnsettledSpend(young, parts, explained_by_itself(tx, young, coins, parts) is not None)


def _parents_first(waiting: dict[str, WatchedTx]) -> Iterator[WatchedTx]:
    """Those of a mempool in an order in which they could be mined, else by txid."""
    done: set[str] = set()
    for txid in sorted(waiting):
        stack = [txid]
        while stack:
            young = waiting[stack[-1]]
            before = (Outpoint.parse(spent).txid for spent in young.inputs)
            open_ones = [other for other in before if other in waiting and other not in done]
            if young.txid in done or not open_ones:
                stack.pop()
                if young.txid not in done:
                    done.add(young.txid)
                    yield young
            else:
                stack.append(open_ones[0])


def _is_lost(spent: str, before: WatchedTx | None, coin: Coin | None, by: str, lost: set[str]) -> bool:
    """Can an outpoint not be spent by `by` any more: gone with the transaction that paid it, or spent by another?"""
    txid = Outpoint.parse(spent).txid
    if txid in lost or (before is not None and before.state not in _STANDS):
        return True
    if before is not None and before.coinbase and before.height is None:  # it is in its own block or nowhere
        return True
    return coin is not None and coin.spent_by not in {None, by}
