"""Gifts in coins: settled, voided by a reorg, restored, moved to another block.

Nothing here decides whether a payment is real; `watchers` proved that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer, transfers_reversed
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Sha256, Slug, Txid, facts_json
from ledger.core.lines import Append, Change, UnitState, units_in
from ledger.core.names import FREE, HoldCause, HoldName, MoneyLine
from ledger.model.campaigns import CampaignRow, ValuationClock
from ledger.rules.block_holds import held_by_block
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.rates import value_at
from ledger.rules.spec import SYSTEM, Context, Kind, document_of
from ledger.rules.unvalued import time_of


class Coins(StrEnum):
    """Where received coins are counted: gifts on the line, dust apart, and what a person has to decide."""

    WALLET = "wallet"
    DUST = "dust"
    UNDECIDED = "undecided"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A settled payment to one of the campaign's scripts. `date` is its block's day.

    `restriction`: the need that its address is kept for; the gift is spent on that need only.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: str
    script: str  # hex
    sats: Positive
    block: Txid
    height: Count
    position: Count
    time: Count
    change_branch: bool = (
        False  # at a change address, or change that was told late: a person decides what it is
    )
    restriction: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The n-th change of the chain's mind about an outpoint; `block` is where it is now, if anywhere."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: str
    n: Positive
    date: Date
    block: Sha256 | None = None
    height: Count | None = None
    time: Count | None = None


def money_line(campaign: Slug, asset: str, restriction: str = FREE) -> str:
    """One line a (campaign, restriction, asset), wherever the money lies (DESIGN, Tracing, rule 1)."""
    return str(MoneyLine(campaign, restriction, asset))


def _accounts(campaign: str, into: Coins) -> tuple[str, str]:
    """(where the coins lie, what they came from)."""
    match into:
        case Coins.WALLET:
            return account(AccountClass.WALLET, campaign), account(AccountClass.GIFTS, campaign)
        case Coins.DUST:
            return account(AccountClass.DUST, campaign), account(AccountClass.DUST_GIFTS, campaign)
        case Coins.UNDECIDED:
            return account(AccountClass.UNDECIDED, campaign), account(AccountClass.EXCESS, campaign)
        case Coins.BLOCKED:
            return account(AccountClass.BLOCKED, campaign), account(AccountClass.BLOCKED_GIFTS, campaign)


def counted_as(document: dict[str, Any]) -> Coins:
    """Where the coins of a settled payment are counted now."""
    return Coins(document.get("into", document["notes"]["into"]))


def brought(campaign: str, document: dict[str, Any]) -> list[Transfer]:
    """The movements that put the coins where they are counted now, first to last; a void turns them back."""
    moves = document.get("moves")
    if moves is None:
        moves = [_accounts(campaign, counted_as(document))]
    return [Transfer(place, source, "BTC", document["facts"]["sats"]) for place, source in moves]


def settles_into(books: Books, campaign: CampaignRow, outpoint: str, sats: int, *, change: bool) -> Coins:
    """Where a payment is counted when it settles; `change`: it lies on a change branch."""
    if change:
        return Coins.UNDECIDED
    if sats < campaign.dust:
        return Coins.DUST
    blocked = books.documents.find("blocked", campaign.slug, outpoint) is not None
    return Coins.BLOCKED if blocked else Coins.WALLET


def _post_gift(context: Context, facts: Gift) -> Posting:
    campaign = require_campaign(context)
    into = settles_into(context.books, campaign, facts.outpoint, facts.sats, change=facts.change_branch)
    transfer = Transfer(*_accounts(context.campaign, into), "BTC", facts.sats)
    notes: dict[str, Any] = {"into": into.value}
    if into is not Coins.WALLET:
        return Posting((transfer,), (), notes)
    line = money_line(context.campaign, "BTC", facts.restriction or FREE)
    start = context.books.lines.length(line)
    if campaign.valuation is ValuationClock.BLOCK_TIME:
        valued = value_at(context.books.session, campaign, facts.time, facts.sats)
        if valued is not None:
            notes["valuation"] = facts_json(valued)
    return Posting((transfer,), (Append(line, "BTC", start, facts.sats, facts.outpoint),), notes)


def _fold_gift(books: Books, entry: Entry) -> None:
    start = end = 0
    line = ""
    for op in entry.operations:
        if isinstance(op, Append):
            line, start, end = op.line, op.start, op.start + op.units
    document = document_of(
        entry,
        live=True,
        n=0,
        line=line,
        start=start,
        end=end,
        block=entry.facts["block"],
        height=entry.facts["height"],
        time=entry.facts["time"],
        voided=[],
        shortfall=0,
    )
    blocked = books.documents.find("blocked", entry.campaign, str(entry.facts["outpoint"]))
    if blocked is not None:
        document |= {"blocked": blocked["block"], "blocked_at": entry.at}
    _save(books, entry, document)


def _save(books: Books, entry: Entry, document: dict[str, Any]) -> None:
    books.documents.save("donation", entry.campaign, str(entry.facts["outpoint"]), document)


def _post_void(context: Context, facts: Again) -> Posting:
    document = context.books.documents.require("donation", context.campaign, facts.outpoint)
    transfers = transfers_reversed(tuple(brought(context.campaign, document)))
    if document.get("counts_as") == "refund":
        # Its units went to the lines that had paid, and stay there.
        return Posting(transfers, (), {"shortfall": document["facts"]["sats"]})
    if not document["line"]:
        return Posting(transfers)
    line, start, end = document["line"], document["start"], document["end"]
    free = context.books.lines.lowest_free(line, end - start, within=(start, end))
    blocked = held_by_block(context.books.lines, line, start, end)
    missing = end - start - units_in((*free, *blocked))
    changes = tuple(
        Change(line, pieces, state, UnitState.VOID, facts.outpoint)
        for pieces, state in ((free, UnitState.FREE), (blocked, UnitState.HELD))
        if pieces
    )
    return Posting(transfers, changes, {"shortfall": missing})


def _fold_void(books: Books, entry: Entry) -> None:
    number = str(entry.facts["outpoint"])
    document = books.documents.require("donation", entry.campaign, number)
    pieces = [list(piece) for op in entry.operations if isinstance(op, Change) for piece in op.pieces]
    document |= {
        "live": False,
        "n": entry.facts["n"],
        "voided": pieces,
        "voided_at": entry.at,
        "shortfall": entry.notes.get("shortfall", 0),
    }
    _save(books, entry, document)


def _post_restore(context: Context, facts: Again) -> Posting:
    document = context.books.documents.require("donation", context.campaign, facts.outpoint)
    pieces = tuple((a, b) for a, b in document["voided"])
    block = document.get("blocked")
    state, ref = (
        (UnitState.FREE, "") if block is None else (UnitState.HELD, str(HoldName(HoldCause.BLOCK, block)))
    )
    change = Change(document["line"], pieces, UnitState.VOID, state, ref)
    return Posting(tuple(brought(context.campaign, document)), (change,) if pieces else ())


def _fold_restore(books: Books, entry: Entry) -> None:
    number = str(entry.facts["outpoint"])
    document = books.documents.require("donation", entry.campaign, number)
    document |= {
        "live": True,
        "n": entry.facts["n"],
        "block": entry.facts["block"],
        "height": entry.facts["height"],
        "voided": [],
        "shortfall": 0,
        "restored_at": entry.at,
    }
    document["time"] = entry.facts.get("time", time_of(document))
    _save(books, entry, document)


def _post_moved(_context: Context, _facts: Again) -> Posting:
    return Posting()


def _fold_moved(books: Books, entry: Entry) -> None:
    number = str(entry.facts["outpoint"])
    document = books.documents.require("donation", entry.campaign, number)
    document |= {"n": entry.facts["n"], "block": entry.facts["block"], "height": entry.facts["height"]}
    document["time"] = entry.facts.get("time", time_of(document))
    _save(books, entry, document)


DONATION = Kind(
    name="donation",
    noun="donation",
    verb="settle",
    facts=Gift,
    doc="A payment that is buried under the configured depth.",
    roles=SYSTEM,
    key=lambda _campaign, facts: f"donation:{facts.outpoint}",
    post=_post_gift,
    fold=_fold_gift,
)
VOID = Kind(
    name="void",
    noun="donation",
    verb="void",
    facts=Again,
    doc="A settled payment that a reorganisation took out of the chain.",
    roles=SYSTEM,
    key=lambda _campaign, facts: f"void:{facts.outpoint}:{facts.n}",
    post=_post_void,
    fold=_fold_void,
)
RESTORE = Kind(
    name="restore",
    noun="donation",
    verb="restore",
    facts=Again,
    doc="A voided payment that settled again; it keeps its old interval.",
    roles=SYSTEM,
    key=lambda _campaign, facts: f"restore:{facts.outpoint}:{facts.n}",
    post=_post_restore,
    fold=_fold_restore,
)
MOVED = Kind(
    name="moved",
    noun="donation",
    verb="move",
    facts=Again,
    doc="A settled payment that only changed its block.",
    roles=SYSTEM,
    key=lambda _campaign, facts: f"moved:{facts.outpoint}:{facts.n}",
    post=_post_moved,
    fold=_fold_moved,
)
KINDS = (DONATION, VOID, RESTORE, MOVED)
