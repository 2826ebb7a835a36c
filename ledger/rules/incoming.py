"""Coins that came and may be no gift: what they count as, by a named decision; and again, where that was wrong.

A coin that is decided about is on a line like a gift, or waits; nothing of anybody else moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Positive, matching
from ledger.core.lines import Append, Change, Operation, UnitState
from ledger.model.spends import SpendRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gifts import Coins, counted_as, money_line
from ledger.rules.observing import Observed
from ledger.rules.spec import APPROVERS, Context, Kind
from ledger.rules.spends import spend_change, spends_of, taken_by

OutpointText = Annotated[
    str, matching(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,9})", "write TXID:VOUT, the output that paid")
]

_SOURCES = {
    "gift": AccountClass.GIFTS,
    "top_up": AccountClass.TOP_UPS,
    "change": AccountClass.OWN_COINS,
    "undecided": AccountClass.EXCESS,
}


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


def coin_named(books: Books, campaign: str, outpoint: str) -> dict[str, Any]:
    """The document of a settled coin that a person may decide about; raises NotFound.

    What came back above what a spend put in has none before somebody decides: it is made of the spend's.
    """
    found = books.documents.find("donation", campaign, outpoint)
    if found is not None:
        return found
    txid, _, vout = outpoint.partition(":")
    for spend in spends_of(books.session, txid, campaign):
        for coin in spend_change(books.session, spend):
            if coin.vout == int(vout) and coin.undecided:
                _require_one_campaign(books, campaign, txid, int(vout))
                return _document_of_excess(spend, outpoint, coin.undecided)
    raise NotFound(f"outpoint: no coin {outpoint[:8]}… of this campaign has settled here")


def _require_one_campaign(books: Books, campaign: str, txid: str, vout: int) -> None:
    """Conflict where another campaign has a part of the coin too: one decision cannot speak for both."""
    for spend in spends_of(books.session, txid):
        coins = spend_change(books.session, spend) if spend.campaign != campaign else ()
        if any(coin.vout == vout and coin.undecided for coin in coins):
            raise Conflict(
                f"outpoint: a part of this coin is {spend.campaign}'s too; move it to a coin of each first"
            )


def _document_of_excess(spend: SpendRow, outpoint: str, sats: int) -> dict[str, Any]:
    place = {"block": spend.block, "height": spend.height, "time": spend.time}
    facts = {"outpoint": outpoint, "sats": sats, "position": 0, **place, "change_branch": True}
    kept = {"seq": spend.entry, "at": spend.recorded_at, "date": spend.date, "role": spend.role}
    return {
        **kept, **place, "facts": facts, "notes": {"into": Coins.UNDECIDED.value}, "live": spend.live, "n": 0,
        "line": "", "start": 0, "end": 0, "voided": [], "shortfall": 0, "came_back": True,
    }  # fmt: skip


def joins(books: Books, campaign: str, outpoint: str) -> dict[str, bool]:
    """The note of the first decision about what came back with a spend: from now on it is followed by itself."""
    return {} if books.documents.find("donation", campaign, outpoint) is not None else {"joins": True}


def require_unspent(context: Context, outpoint: str) -> None:
    """Conflict where a recorded spend took the coin: what it counted as then stands."""
    campaign = context.campaign
    taken = taken_by(context.books.session, campaign, outpoint)
    coin = Observed(context.books.shelf).coin(outpoint)
    spender = taken or (coin.spent_by if coin else None)
    if spender is not None and (taken or spends_of(context.books.session, spender, campaign)):
        raise Conflict(
            f"outpoint: this coin is spent already, by {spender}; explain that transaction instead"
        )


def require_decidable(context: Context, document: dict[str, Any], *, by: str = "") -> None:
    """Conflict where a coin is off the chain, or another entry than `by` waits to decide about it."""
    if not document["live"]:
        raise Conflict("outpoint: this coin is not settled now; a reorganisation took it out of the chain")
    waits = context.books.documents.find("coin_pending", context.campaign, document["facts"]["outpoint"])
    if waits is not None and waits["by"] != by:
        raise Conflict(f"outpoint: {waits['by']} waits to decide about this coin; decide that first")


def _post(context: Context, facts: Decided) -> Posting:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    document = coin_named(books, campaign, facts.outpoint)
    require_decidable(context, document)
    blocked = books.documents.find("blocked", campaign, facts.outpoint)
    if blocked is not None:
        raise Conflict(f"outpoint: this coin is blocked by {blocked['block']}; two persons release it first")
    told, into = int(document.get("decisions", 0)), counted_as(document)
    now = document.get("counts_as", "gift" if into is Coins.WALLET else into.value)
    if facts.n != told + 1:
        raise Conflict(f"n: {told} decisions about this coin are recorded; the next is n={told + 1}")
    if now == "refund":
        raise Conflict("outpoint: this coin is a supplier's refund; reverse that refund first")
    if into not in {Coins.WALLET, Coins.UNDECIDED}:
        raise Refused.field(
            "outpoint", f"is {into.value}; only coins on a line or to decide about are decided"
        )
    if now == facts.counts_as:
        raise Refused.field("counts_as", f"is {now}, which it is already; name another, or nothing")
    sats = int(document["facts"]["sats"])
    source, target = (account(_SOURCES[name], campaign) for name in (now, facts.counts_as))
    moved = Transfer(source, target, "BTC", sats)
    notes = {"was": now, **joins(books, campaign, facts.outpoint)}
    wallet, undecided = (account(kind, campaign) for kind in (AccountClass.WALLET, AccountClass.UNDECIDED))
    if into is Coins.UNDECIDED:
        require_unspent(context, facts.outpoint)
        restriction = document["facts"].get("restriction", "free") if facts.counts_as == "gift" else "free"
        line = money_line(campaign, "BTC", restriction)
        joined = Append(line, "BTC", books.lines.length(line), sats, facts.outpoint)
        return Posting((Transfer(wallet, undecided, "BTC", sats), moved), (joined,), notes)
    if facts.counts_as != "undecided":
        return Posting((moved,), (), notes)
    require_unspent(context, facts.outpoint)
    _require_no_undone_spend(context)
    return Posting(
        (Transfer(undecided, wallet, "BTC", sats), moved), tuple(_off_the_line(context, document)), notes
    )


def _require_no_undone_spend(context: Context) -> None:
    undone = select(SpendRow.ref).where(SpendRow.campaign == context.campaign, col(SpendRow.live) == 0)
    for ref in context.books.session.exec(undone.order_by(col(SpendRow.ref)).limit(1)):
        if ref:
            raise Conflict(
                f"outpoint: the spend {ref} is undone and may have taken this coin; wait until it settles again"
            )


def _off_the_line(context: Context, document: dict[str, Any]) -> list[Operation]:
    """Its own units leave the line; Conflict where they are not all free."""
    line, piece = document["line"], (document["start"], document["end"])
    if any(span.state is not UnitState.FREE for span in context.books.lines.spans(line, *piece)):
        raise Conflict(
            "outpoint: some of this coin's units are used or held; reverse what stands on them first"
        )
    return [Change(line, (piece,), UnitState.FREE, UnitState.VOID, document["facts"]["outpoint"])]


def _fold(books: Books, entry: Entry) -> None:
    campaign, outpoint, counts = entry.campaign, str(entry.facts["outpoint"]), str(entry.facts["counts_as"])
    document = coin_named(books, campaign, outpoint)
    save_counted(books, entry, document, counts, account(_SOURCES[counts], campaign))


def save_counted(books: Books, entry: Entry, document: dict[str, Any], counts: str, source: str) -> None:
    """Note in a coin's document what it counts as now, where it lies, and which movements brought it there."""
    campaign = entry.campaign
    into = Coins.UNDECIDED if counts == "undecided" else Coins.WALLET
    place = account(AccountClass.UNDECIDED if into is Coins.UNDECIDED else AccountClass.WALLET, campaign)
    moves = [[place, source]]
    if document.get("came_back"):
        # It came as the excess of a spend, whose own entry brings that much in and takes it out again.
        excess = account(AccountClass.EXCESS, campaign)
        undecided = account(AccountClass.UNDECIDED, campaign)
        moves = [] if into is Coins.UNDECIDED else [[place, undecided], [excess, source]]
    document |= {"into": into.value, "moves": moves, "counts_as": counts, "decided_at": entry.at}
    for op in entry.operations:
        if isinstance(op, Append):
            document |= {"line": op.line, "start": op.start, "end": op.start + op.units}
    if counts == "undecided":
        document |= {"line": "", "start": 0, "end": 0}
    if entry.kind == DECIDE.name:
        document["decisions"] = int(entry.facts["n"])
    books.documents.save("donation", campaign, str(document["facts"]["outpoint"]), document)


DECIDE = Kind(
    name="incoming",
    noun="incoming",
    verb="decide",
    facts=Decided,
    doc="Say what a coin that came counts as: a gift, a top-up, our own change, or undecided again.",
    roles=APPROVERS,
    key=lambda _campaign, facts: f"incoming:{facts.outpoint}:{facts.n}",
    post=_post,
    fold=_fold,
)
KINDS = (DECIDE,)
