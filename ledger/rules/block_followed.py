"""What became of a blocked gift's own coins that left, or moved, before two persons released it.

It reads and says what a release does with them; releases themselves are recorded elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import Outpoint
from ledger.core.entry import Transfer
from ledger.core.errors import Conflict
from ledger.core.lines import Operation, Part, PartKind, Use
from ledger.core.names import UseCause, UseName
from ledger.core.wording import Figure
from ledger.model.spends import ExplainedBy, SpendInputRow
from ledger.rules.books import Books
from ledger.rules.incoming import require_unspent
from ledger.rules.restrictions import restriction_of
from ledger.rules.spec import Context
from ledger.rules.spends import carrying_use, inputs_apart, require_spend, spend_change, spends_of, taken_by


class LeftBy(NamedTuple):
    """Sats of a gift that left for good by a spend."""

    spend: str
    sats: int


class CameBack(NamedTuple):
    """Sats of a gift that came back as an output of a spend."""

    spend: str
    vout: int
    sats: int


class TakenBy(NamedTuple):
    """A coin that a spend took."""

    spend: str
    outpoint: str


@dataclass(frozen=True, slots=True)
class ReleasedCoins:
    """What became of a gift's own coins until it was released, as the release keeps it; nothing where they lie."""

    left: tuple[LeftBy, ...] = ()
    kept: tuple[CameBack, ...] = ()
    taken: tuple[TakenBy, ...] = ()


@dataclass(slots=True)
class Followed:
    """What is found of a gift's coins while they are followed; `here`: sats of them that lie unspent now."""

    left: dict[str, int]
    kept: list[CameBack]
    taken: list[TakenBy]
    here: int = 0

    @property
    def notes(self) -> ReleasedCoins:
        left = (LeftBy(spend, sats) for spend, sats in self.left.items())
        return ReleasedCoins(tuple(left), tuple(self.kept), tuple(self.taken))


def follow(context: Context, outpoint: str, sats: int) -> Followed | None:
    """Where the coins of a blocked gift went; None: they lie where they came.

    Raises Conflict where they were joined with coins that are accounted for otherwise.
    """
    if taken_by(context.books.session, context.campaign, outpoint) is None:
        require_unspent(context, outpoint)
        return None
    followed = Followed({}, [], [])
    _walk(context, outpoint, sats, followed)
    return followed


def _walk(context: Context, outpoint: str, sats: int, followed: Followed) -> None:
    session, campaign = context.books.session, context.campaign
    txid = taken_by(session, campaign, outpoint)
    spend = next(
        (s for s in spends_of(session, txid or "", campaign) if outpoint in inputs_apart(session, s)), None
    )
    if spend is None:
        raise Conflict.field(
            "block",
            "{txid} took these coins and is not recorded; look at the chain again first",
            txid=str(txid),
        )
    ref = spend.ref
    if spend.waits_for is not None:
        raise Conflict.field(
            "block",
            "{waiting} waits to explain where these coins went; decide that first",
            waiting=spend.waits_for,
        )
    if not spend.live:
        raise Conflict.field(
            "block", "a reorganisation undid the spend {ref}; release it when that has settled again", ref=ref
        )
    followed.taken.append(TakenBy(ref, outpoint))
    left = min(sats, spend.blocked - followed.left.get(ref, 0))
    if left:
        moved = spend.explanation in {ExplainedBy.MOVE, ExplainedBy.OWN_MOVE}
        if spend.explained_by is not None and not moved:
            raise Conflict.field(
                "block",
                "its coins were explained while it was blocked, by {explained_by}; reverse that first",
                explained_by=spend.explained_by,
            )
        followed.left[ref] = followed.left.get(ref, 0) + left
    rest = sats - left
    for coin in spend_change(session, spend):
        again = min(rest, coin.blocked)
        if not again:
            continue
        rest -= again
        onward = str(Outpoint(spend.txid, coin.vout))
        followed.kept.append(CameBack(ref, coin.vout, again))
        if taken_by(session, campaign, onward) is None:
            require_unspent(context, onward)
            followed.here += again
        else:
            _walk(context, onward, again, followed)
    if rest:
        raise Conflict.field(
            "block",
            "{rest} of its coins cannot be followed through {txid}; decide about those first",
            rest=Figure("BTC", rest),
            txid=spend.txid,
        )


def released_coins(
    context: Context, release: str, line: str, start: int, followed: Followed
) -> tuple[tuple[Transfer, ...], tuple[Operation, ...]]:
    """What is left of the gift joins the wallet; units that left are the own ones of the spends that took them."""
    books, campaign = context.books, context.campaign
    wallet, blocked = (account(kind, campaign) for kind in (AccountClass.WALLET, AccountClass.BLOCKED))
    transfers = (Transfer(wallet, blocked, "BTC", followed.here),) if followed.here else ()
    operations: list[Operation] = []
    for ref, sats in followed.left.items():
        spend = require_spend(books.session, campaign, ref)
        part = Part(PartKind.FEE, sats, sats)  # of a move, whose fee is all that left
        if spend.explained_by is None:
            part = carrying_use(books, ref, restriction_of(line), sats)
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"release:{release}"))
        operations.append(Use(use_id, line, ((start, start + sats),), sats, (part,)))
        start += sats
    return transfers, tuple(operations)


def fold_released(books: Books, campaign: str, released: ReleasedCoins) -> None:
    """The spends that took the coins of a released gift took them from the wallet, from now on."""
    session = books.session
    for ref, sats in released.left:
        spend = require_spend(session, campaign, ref)
        spend.wallet, spend.blocked = spend.wallet + sats, spend.blocked - sats
        session.add(spend)
    for ref, vout, sats in released.kept:
        spend = require_spend(session, campaign, ref)
        for coin in spend_change(session, spend):
            if coin.vout == vout:
                coin.wallet, coin.blocked = coin.wallet + sats, coin.blocked - sats
                session.add(coin)
    for ref, outpoint in released.taken:
        spend = require_spend(session, campaign, ref)
        took = session.get(SpendInputRow, (spend.entry, outpoint))
        if took is not None:
            took.released = True
            session.add(took)
