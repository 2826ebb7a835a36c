"""What became of a blocked gift's own coins that left, or moved, before two persons released it.

It reads and says what a release does with them; releases themselves are recorded elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Transfer
from ledger.core.errors import Conflict
from ledger.core.lines import Operation, Part, PartKind, Use
from ledger.core.names import UseCause, UseName
from ledger.rules.books import Books
from ledger.rules.incoming import require_unspent
from ledger.rules.restrictions import restriction_of
from ledger.rules.spec import Context
from ledger.rules.spends import carrying_use, spends_of


@dataclass(slots=True)
class Followed:
    """What of a gift's coins left by which spend, and what came back as change, sats.

    `left`: sats by spend; `kept`: (spend, vout, sats); `taken`: (spend, outpoint that it took).
    """

    left: dict[str, int]
    kept: list[tuple[str, int, int]]
    taken: list[tuple[str, str]]

    def notes(self) -> dict[str, Any]:
        """As the release keeps it."""
        return {
            "left": [list(row) for row in self.left.items()],
            "kept": [list(row) for row in self.kept],
            "taken": [list(row) for row in self.taken],
        }


def follow(context: Context, outpoint: str, sats: int) -> Followed | None:
    """Where the coins of a blocked gift went; None: they lie where they came.

    Raises Conflict where they were joined with coins that are accounted for otherwise.
    """
    if context.books.documents.find("coin_taken", context.campaign, outpoint) is None:
        require_unspent(context, outpoint)
        return None
    found = Followed({}, [], [])
    _walk(context, outpoint, sats, found)
    return found


def _walk(context: Context, outpoint: str, sats: int, found: Followed) -> None:
    documents, campaign = context.books.documents, context.campaign
    txid = str(documents.require("coin_taken", campaign, outpoint)["txid"])
    spend = next(
        (s for s in spends_of(documents, campaign, txid) if outpoint in s["facts"].get("taken", ())), None
    )
    if spend is None:
        raise Conflict(f"block: {txid} took these coins and is not recorded; look at the chain again first")
    facts = spend["facts"]
    ref = f"{txid}:{facts['part']}" if facts["late"] else txid
    if spend["pending"] is not None:
        raise Conflict(
            f"block: {spend['pending']} waits to explain where these coins went; decide that first"
        )
    if not spend["live"]:
        raise Conflict(
            f"block: a reorganisation undid the spend {ref}; release it when that has settled again"
        )
    found.taken.append((ref, outpoint))
    left = min(sats, facts.get("blocked", 0) - found.left.get(ref, 0))
    if left:
        if spend["explained"] is not None and not spend["explained"].startswith("move "):
            raise Conflict(
                f"block: its coins were explained while it was blocked, by {spend['explained']}; reverse that first"
            )
        found.left[ref] = found.left.get(ref, 0) + left
    rest = sats - left
    for coin in facts["coins"]:
        again = min(rest, coin.get("blocked", 0))
        if not again:
            continue
        rest -= again
        onward = f"{txid}:{coin['vout']}"
        found.kept.append((ref, coin["vout"], again))
        if documents.find("coin_taken", campaign, onward) is None:
            require_unspent(context, onward)
        else:
            _walk(context, onward, again, found)
    if rest:
        raise Conflict(
            f"block: {rest} sats of its coins cannot be followed through {txid}; decide about those first"
        )


def released_coins(
    context: Context, release: str, line: str, start: int, found: Followed
) -> tuple[tuple[Transfer, ...], tuple[Operation, ...]]:
    """What is left of the gift joins the wallet; units that left are the own ones of the spends that took them."""
    books, campaign = context.books, context.campaign
    passed = {outpoint for _, outpoint in found.taken}
    here = sum(n for ref, vout, n in found.kept if f"{ref.partition(':')[0]}:{vout}" not in passed)
    wallet, blocked = (account(kind, campaign) for kind in (AccountClass.WALLET, AccountClass.BLOCKED))
    transfers = (Transfer(wallet, blocked, "BTC", here),) if here else ()
    operations: list[Operation] = []
    for ref, sats in found.left.items():
        spend = books.documents.require("spend", campaign, ref)
        part = Part(PartKind.FEE, sats, sats)  # of a move, whose fee is all that left
        if spend["explained"] is None:
            part = carrying_use(books, ref, restriction_of(line), sats)
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"release:{release}"))
        operations.append(Use(use_id, line, ((start, start + sats),), sats, (part,)))
        start += sats
    return transfers, tuple(operations)


def fold_released(books: Books, campaign: str, notes: Mapping[str, Any]) -> None:
    """The spends that took the coins of a released gift took them from the wallet, from now on."""
    for ref, sats in notes.get("left", ()):
        spend = books.documents.require("spend", campaign, ref)
        _to_wallet(spend["facts"], sats)
        books.documents.save("spend", campaign, ref, spend)
    for ref, vout, sats in notes.get("kept", ()):
        spend = books.documents.require("spend", campaign, ref)
        for coin in spend["facts"]["coins"]:
            if coin["vout"] == vout:
                _to_wallet(coin, sats)
        books.documents.save("spend", campaign, ref, spend)
    for ref, outpoint in notes.get("taken", ()):
        spend = books.documents.require("spend", campaign, ref)
        taken = [name for name in spend["facts"]["taken"] if name != outpoint]
        spend["facts"] = {k: v for k, v in spend["facts"].items() if k != "taken"}
        if taken:
            spend["facts"]["taken"] = taken
        books.documents.save("spend", campaign, ref, spend)


def _to_wallet(told: dict[str, Any], sats: int) -> None:
    told["wallet"] += sats
    told["blocked"] -= sats
    if not told["blocked"]:
        del told["blocked"]
