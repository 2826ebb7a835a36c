"""Coins moved between own addresses of one campaign: the chain proves that only the network fee left.

So the watcher explains it by itself, right after the spend. It never decides what else a transaction was for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.facts import STRICT, Date, Positive, Txid
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import UseCause, money_use
from ledger.model.spends import ExplainedBy
from ledger.rules.books import Books
from ledger.rules.restrictions import Taking
from ledger.rules.spec import SYSTEM, Context, Kind, Undoing
from ledger.rules.spends import carried, mark_explained, mark_open, require_unexplained


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMove:
    """`fee` sats are all that the transaction took; every coin and every output of it is the campaign's own."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: Txid
    fee: Positive
    date: Date


def network_fee(
    cause: UseCause, campaign: str, number: str, fee: int, takings: Iterable[Taking]
) -> tuple[Transfer, tuple[Use, ...]]:
    """What left in a spend is its network fee of `fee` sats; the units that it took bear it (docs/rules.md, 12)."""
    fees = account(AccountClass.FEES, campaign, "network")
    paid = Transfer(fees, account(AccountClass.UNEXPLAINED, campaign), "BTC", fee)
    borne = (
        Use(
            str(money_use(cause, campaign, number, t.restriction)),
            t.line,
            t.pieces,
            t.units,
            (Part(PartKind.FEE, t.units, t.units),),
        )
        for t in takings
    )
    return paid, tuple(borne)


def _post(context: Context, facts: OwnMove) -> Posting[None]:
    require_unexplained(context, facts.txid, facts.fee, "fee")
    takings = carried(context.books, context.campaign, facts.txid)
    paid, borne = network_fee(UseCause.OWN_MOVE, context.campaign, facts.txid, facts.fee, takings)
    return Posting((paid,), borne)


def _fold(books: Books, entry: Entry[OwnMove, None]) -> None:
    mark_explained(books, entry.campaign, entry.facts.txid, ExplainedBy.OWN_MOVE, "", entry.at)


def _unfold(books: Books, entry: Entry[OwnMove, None], _seq: int) -> None:
    mark_open(books, entry.campaign, entry.facts.txid)


OWN_MOVE = Kind(
    name="own-move",
    noun="spend",
    verb="move",
    facts=OwnMove,
    doc="Coins moved between own addresses; all that left is the network fee.",
    roles=SYSTEM,
    named="txid",
    key=lambda _campaign, facts: f"own-move:{facts.txid}",
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (OWN_MOVE,)
