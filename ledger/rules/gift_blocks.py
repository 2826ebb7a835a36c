"""Blocked gifts: set apart when a person says so, and released only by two (RULES 1). Nothing is sent back by itself.

Blocked before it settles, a gift lies apart on no line, and joins the end of its line when it is released. Blocked
later, its own free units are held where they are; what of it is used already is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number, facts_from
from ledger.core.lines import Append, Change, UnitState, units_in
from ledger.core.names import GiftKind, HoldCause, HoldName, gift_named
from ledger.rules.approvals import Decision, approval, fold_decided, fold_pending, rejection, require_pending
from ledger.rules.block_followed import fold_released, follow, released_coins
from ledger.rules.block_holds import held_by_block, interval_of
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gifts import Coins, counted_as, money_line
from ledger.rules.pledges import GiftRef, gift_document
from ledger.rules.spec import RECORDERS, Context, Kind, document_of, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A gift is set apart: it matched `list`, as that stood on `list_date`, or the desk has another reason."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    gift: GiftRef
    list: Name | None = None
    list_date: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A block is lifted, when another person approves it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    block: Number
    date: Date


def save_gift(books: Books, campaign: str, gift: str, document: dict[str, Any]) -> None:
    """Keep the document of a gift by its name on the line."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        books.documents.save("contribution", campaign, name.number, document)
    else:
        books.documents.save("donation", campaign, gift, document)


def _post_block(context: Context, facts: Block) -> Posting:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    standing = books.documents.find("blocked", campaign, facts.gift)
    if standing is not None:
        raise Conflict(f"gift: it is blocked already, by {standing['block']}")
    document = gift_document(books, campaign, facts.gift)
    if document is None and gift_named(facts.gift).kind is GiftKind.CONTRIBUTION:
        raise NotFound(f"gift: there is no {facts.gift} in campaign {campaign}")
    if document is None or not document["live"]:
        return Posting((), (), {"held": 0, "used": 0})
    line, start, end = interval_of(document)
    if not line or document.get("counts_as", "gift") != "gift":
        raise Refused.field("gift", "is no gift on a line; only a gift is blocked")
    free = books.lines.lowest_free(line, end - start, within=(start, end))
    held = units_in(free)
    change = Change(line, free, UnitState.FREE, UnitState.HELD, str(HoldName(HoldCause.BLOCK, facts.number)))
    return Posting((), (change,) if free else (), {"held": held, "used": end - start - held})


def _fold_block(books: Books, entry: Entry) -> None:
    campaign, number, gift = entry.campaign, str(entry.facts["number"]), str(entry.facts["gift"])
    books.documents.save("block", campaign, number, document_of(entry, status="standing"))
    books.documents.save("blocked", campaign, gift, {"block": number})
    document = gift_document(books, campaign, gift)
    if document is not None:
        document = {k: v for k, v in document.items() if k != "released_at"}
        save_gift(books, campaign, gift, document | {"blocked": number, "blocked_at": entry.at})


def _standing(context: Context, number: str) -> dict[str, Any]:
    block = context.books.documents.require("block", context.campaign, number)
    if block["status"] != "standing":
        raise Conflict(f"block: {number} is {block['status']}; only a standing one is released")
    return block


def _plan(context: Context, facts: Release) -> Posting:
    books, campaign = context.books, context.campaign
    gift = str(_standing(context, facts.block)["facts"]["gift"])
    document = gift_document(books, campaign, gift)
    if document is None:
        return Posting()
    if not document["live"]:
        raise Conflict("block: this gift is not settled now; release it when it has settled again")
    line, start, end = interval_of(document)
    if line:
        pieces = held_by_block(books.lines, line, start, end)
        return Posting((), (Change(line, pieces, UnitState.HELD, UnitState.FREE, ""),) if pieces else ())
    if counted_as(document) is not Coins.BLOCKED:
        return Posting()  # dust, or a coin that a person has to decide about: it lies where it lay
    sats = int(document["facts"]["sats"])
    found = follow(context, gift, sats)
    recognised = Transfer(
        account(AccountClass.BLOCKED_GIFTS, campaign), account(AccountClass.GIFTS, campaign), "BTC", sats
    )
    line = money_line(campaign, "BTC", document["facts"].get("restriction", "free"))
    start = books.lines.length(line)
    joined = Append(line, "BTC", start, sats, gift)
    if found is None:
        wallet, apart = account(AccountClass.WALLET, campaign), account(AccountClass.BLOCKED, campaign)
        return Posting((Transfer(wallet, apart, "BTC", sats), recognised), (joined,))
    moved, uses = released_coins(context, facts.number, line, start, found)
    return Posting((*moved, recognised), (joined, *uses), found.notes())


def _post_release(context: Context, facts: Release) -> Posting:
    _plan(context, facts)
    return Posting()


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "release", decision.number)
    return _plan(context, facts_from(Release, document["facts"]))


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_decided("release", "approved")(books, entry)
    campaign = entry.campaign
    facts = books.documents.require("release", campaign, str(entry.facts["number"]))["facts"]
    lift_block(books, campaign, facts["block"], "released")
    gift = str(books.documents.require("block", campaign, facts["block"])["facts"]["gift"])
    document = gift_document(books, campaign, gift)
    if document is None:
        return
    document["released_at"] = entry.at
    fold_released(books, campaign, entry.notes)
    for op in entry.operations:
        if isinstance(op, Append):
            wallet, gifts = account(AccountClass.WALLET, campaign), account(AccountClass.GIFTS, campaign)
            document |= {"into": Coins.WALLET.value, "moves": [[wallet, gifts]]}
            document |= {"line": op.line, "start": op.start, "end": op.start + op.units}
    save_gift(books, campaign, gift, document)


def lift_block(books: Books, campaign: str, number: str, status: str) -> None:
    """A block stands no more: it was released, or the gift went back."""
    block = books.documents.require("block", campaign, number)
    books.documents.save("block", campaign, number, block | {"status": status})
    gift = str(block["facts"]["gift"])
    books.documents.remove("blocked", campaign, gift)
    document = gift_document(books, campaign, gift)
    if document is not None:
        save_gift(books, campaign, gift, {k: v for k, v in document.items() if k != "blocked"})


BLOCKING = Kind(
    name="block",
    noun="block",
    verb="add",
    facts=Block,
    doc="Set a gift apart, before it settles or later: nothing more of it is spent until two persons release it.",
    roles=RECORDERS,
    key=numbered("block"),
    post=_post_block,
    fold=_fold_block,
)
RELEASE = Kind(
    name="release",
    noun="release",
    verb="add",
    facts=Release,
    doc="Ask that a blocked gift is released; another person approves it.",
    roles=RECORDERS,
    key=numbered("release"),
    post=_post_release,
    fold=fold_pending("release"),
)
KINDS = (
    BLOCKING,
    RELEASE,
    approval("release", _post_approved, _fold_approved),
    rejection("release"),
)
