"""Coins that left watched addresses: recorded by the watcher, explained later by a conversion or payment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Txid
from ledger.core.lines import Change, Operation, Part, PartKind, Piece, Source, UnitState, Use, units_in
from ledger.core.names import FREE, GiftKind, SpentLine, UseCause, UseName, gift_named, money_use, use_named
from ledger.rules.block_holds import held_by_block
from ledger.rules.books import Books, Documents
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.restrictions import Taking, all_in_order, restriction_of, take, take_alike, within
from ledger.rules.spec import SYSTEM, Context, Kind, document_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCoin:
    """An output that came back: how many of its sats are of the wallet, dust, or to be decided."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    vout: Count
    wallet: Count
    dust: Count
    undecided: Count
    blocked: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one transaction took from a campaign's coins, change already taken off.

    `wallet`, `dust` and `undecided` say whence its inputs take (RULES 12); `excess` came back above them.
    `coins` says what each output that came back to the campaign counts as. `late`: a part for coins that were
    not known when the spend settled; it is explained by itself, as `TXID:PART`. `need`: what an explanation
    given before it settled says that it is for; money restricted to that need goes first. `moved`: the coins went
    from own addresses to own addresses; so many sats bear the fee alike, which is all that left.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: Txid
    block: Txid
    height: Count
    time: Count
    wallet: Count
    dust: Count
    undecided: Count
    change: Count
    excess: Count
    coins: tuple[ChangeCoin, ...] = ()
    part: Count = 0  # counts the campaigns that one transaction spent from, then what was told late
    late: bool = False
    blocked: Positive | None = None  # of gifts that lay apart, on no line
    taken: tuple[str, ...] | None = (
        None  # the coins among its inputs that were undecided, or of blocked gifts
    )
    need: Number | None = None
    moved: Positive | None = None
    date: Date

    @property
    def ref(self) -> str:
        """What names this spend in its campaign."""
        return spend_ref(self.txid, self.part, self.late)

    @property
    def out(self) -> int:
        """Sats that left for good, network fee included."""
        return self.wallet + self.dust + self.undecided + (self.blocked or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentAgain:
    """The n-th time that the chain changed its mind about a spend."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: Txid
    n: Positive
    date: Date
    part: Count = 0
    late: bool = False
    block: Txid | None = None
    height: Count | None = None

    @property
    def ref(self) -> str:
        """What names the spend in its campaign."""
        return spend_ref(self.txid, self.part, self.late)


def spend_ref(txid: str, part: int, late: bool) -> str:
    """The name of a spend in its campaign: the txid, and for what was told late the part."""
    return f"{txid}:{part}" if late else txid


def spends_of(documents: Documents, campaign: str, txid: str) -> Iterator[dict[str, Any]]:
    """All recorded spends of a transaction in a campaign."""
    document = documents.find("spend", campaign, txid)
    if document is not None:
        yield document
    for number, later in documents.some("spend", campaign, after=f"{txid}:"):
        if not number.startswith(f"{txid}:"):
            return
        yield later


def _numbered(name: str, part: int) -> str:
    """The key of a spend; a second campaign's part of one transaction is told apart by its number."""
    return f"{name}:{part}" if part else name


def spent_line(ref: str, restriction: str = FREE) -> str:
    """Units of one restriction that a spend carried away, until an entry says what for."""
    return str(SpentLine(ref, restriction))


def _use_id(ref: str, campaign: str, restriction: str) -> str:
    return str(money_use(UseCause.SPEND, campaign, ref, restriction))


def _carried_away(source: Source, campaign: str, ref: str, lender: str | None) -> bool:
    """Did a spend put units on its line, or what stands for it: money of another end, or a loan?"""
    if source.use is not None:
        use = use_named(source.use)
        return use.is_of(UseCause.SPEND, campaign, ref) or (
            (use.cause, use.campaign) == (UseCause.RECLASSIFICATION, campaign)
        )
    gift = gift_named(str(source.gift))
    return gift.kind is GiftKind.LOAN and gift.lender == lender


def carried(books: Books, campaign: str, ref: str) -> tuple[Taking, ...]:
    """The units that a spend carried away of a campaign's money and nobody used yet, by their restriction.

    Another campaign's coins of the same transaction may lie on the same line; those are left out.
    """
    document = books.documents.require("spend", campaign, ref)
    lender = document["notes"].get("borrowed_from")
    found = []
    for restriction in all_in_order(books, campaign, "BTC", document["facts"].get("need")):
        line = spent_line(ref, restriction)
        spans = [
            (source.start, source.end)
            for source in books.lines.sources(line)
            if _carried_away(source, campaign, ref, lender)
        ]
        pieces = within(books.lines, line, spans)
        if pieces:
            found.append(Taking(restriction, line, pieces))
    return tuple(found)


def carrying_use(books: Books, ref: str, restriction: str, sats: int) -> Part:
    """The part of a use that carries units to what a spend took away."""
    onward = spent_line(ref, restriction)
    return Part(PartKind.ON, sats, sats, onward, books.lines.length(onward))


def require_released(context: Context, spend: dict[str, Any]) -> None:
    """Conflict where a spend took coins of a gift that is blocked: nothing is made of them meanwhile (RULES 1)."""
    facts = spend["facts"]
    blocks = [
        standing["block"]
        for outpoint in facts.get("taken", ())
        if (standing := context.books.documents.find("blocked", context.campaign, outpoint)) is not None
    ]
    if blocks or facts.get("blocked"):
        by = f", by {blocks[0]}" if blocks else ""
        raise Conflict(
            f"txid: it took coins of a gift that is blocked{by}; two persons release it first (`release add`), or "
            "record that it went back (`gift-return add`)"
        )


def _takings(facts: Any, campaign: str) -> list[tuple[str, int]]:
    """(account, sats) that a spend takes, of those that hold any."""
    classes = (AccountClass.WALLET, AccountClass.DUST, AccountClass.UNDECIDED, AccountClass.BLOCKED)
    read = facts if isinstance(facts, dict) else {c.value: getattr(facts, c.value) for c in classes}
    return [(account(c, campaign), sats) for c in classes if (sats := read.get(c.value))]


def _of_blocked(context: Context, facts: Spent) -> list[tuple[str, tuple[Piece, ...]]]:
    """Held units of blocked gifts whose own coins a spend took: they are spent, and nobody else's (RULES 12)."""
    books, left, found = context.books, facts.wallet, []
    for outpoint in facts.taken or ():
        gift = books.documents.find("donation", context.campaign, outpoint)
        if gift is None or not gift["line"] or gift.get("blocked") is None:
            continue
        pieces: list[Piece] = []
        for start, end in held_by_block(books.lines, gift["line"], gift["start"], gift["end"]):
            if left:
                pieces.append((start, min(end, start + left)))
                left -= pieces[-1][1] - start
        if pieces:
            found.append((str(gift["line"]), tuple(pieces)))
    return found


def _post_spend(context: Context, facts: Spent) -> Posting:
    """Unrestricted money first, then restricted lines by number; where units are wanting, a shortfall (RULES 12)."""
    unexplained = account(AccountClass.UNEXPLAINED, context.campaign)
    transfers = [Transfer(unexplained, a, "BTC", sats) for a, sats in _takings(facts, context.campaign)]
    if facts.excess:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(
            Transfer(undecided, account(AccountClass.EXCESS, context.campaign), "BTC", facts.excess)
        )
    books, campaign = context.books, context.campaign
    at = dict[str, int]()
    operations: list[Operation] = []

    def carry(use_id: str, line: str, pieces: tuple[Piece, ...]) -> int:
        onward = spent_line(facts.ref, restriction_of(line))
        start = at.get(onward, books.lines.length(onward))
        count = units_in(pieces)
        operations.append(Use(use_id, line, pieces, count, (Part(PartKind.ON, count, count, onward, start),)))
        at[onward] = start + count
        return count

    blocked = _of_blocked(context, facts)
    left = facts.wallet - units_in(piece for _, pieces in blocked for piece in pieces)
    if facts.moved is None:
        takings = take(books, campaign, "BTC", left, all_in_order(books, campaign, "BTC", facts.need))
    else:
        takings = take_alike(books, campaign, "BTC", left, facts.moved)
    for taking in takings:
        left -= carry(_use_id(facts.ref, campaign, taking.restriction), taking.line, taking.pieces)
    for number, (line, pieces) in enumerate(blocked):
        operations.append(Change(line, pieces, UnitState.HELD, UnitState.FREE, ""))
        carry(str(UseName(UseCause.SPEND, campaign, facts.ref, variant=str(number))), line, pieces)
    return Posting(tuple(transfers), tuple(operations), {"shortfall": left, "out": facts.out})


def _ref_in(entry: Entry) -> str:
    facts = entry.facts
    return spend_ref(str(facts["txid"]), int(facts.get("part", 0)), bool(facts.get("late", False)))


def _fold_spend(books: Books, entry: Entry) -> None:
    books.documents.save(
        "spend",
        entry.campaign,
        _ref_in(entry),
        document_of(entry, live=True, n=0, explained=None, explained_at=None, pending=None),
    )
    for outpoint in entry.facts.get("taken", ()):
        told = {"txid": entry.facts["txid"]}
        books.documents.save("coin_taken", entry.campaign, outpoint, told)


def _post_void(context: Context, facts: SpentAgain) -> Posting:
    document = context.books.documents.require("spend", context.campaign, facts.ref)
    undone = account(AccountClass.UNDONE, context.campaign)
    transfers = [Transfer(a, undone, "BTC", n) for a, n in _takings(document["facts"], context.campaign)]
    if document["facts"]["excess"]:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(Transfer(undone, undecided, "BTC", document["facts"]["excess"]))
    return Posting(tuple(transfers))


def _post_restore(context: Context, facts: SpentAgain) -> Posting:
    document = context.books.documents.require("spend", context.campaign, facts.ref)
    undone = account(AccountClass.UNDONE, context.campaign)
    transfers = [Transfer(undone, a, "BTC", n) for a, n in _takings(document["facts"], context.campaign)]
    if document["facts"]["excess"]:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(Transfer(undecided, undone, "BTC", document["facts"]["excess"]))
    return Posting(tuple(transfers))


def _fold_again(live: bool) -> Any:
    def fold(books: Books, entry: Entry) -> None:
        number = _ref_in(entry)
        document = books.documents.require("spend", entry.campaign, number)
        document |= {"live": live, "n": entry.facts["n"]}
        books.documents.save("spend", entry.campaign, number, document)

    return fold


def lender_of(books: Books, campaign: str, txid: str) -> str | None:
    """Whose coins a recorded spend took, where it took none of this campaign's (RULES 17)."""
    if books.documents.find("spend", campaign, txid) is not None:
        return None
    others = (slug for slug in campaign_slugs(books.session) if slug != campaign)
    return next((slug for slug in others if books.documents.find("spend", slug, txid) is not None), None)


def require_unexplained(context: Context, txid: str, total: int, field: str) -> dict[str, Any]:
    """The spend that a fact explains; raises NotFound, or Conflict that says by how much it differs."""
    lender = lender_of(context.books, context.campaign, txid)
    if lender is not None:
        raise Conflict(
            f"txid: it spent coins of campaign {lender}; record a loan there, which names what is to explain here"
        )
    document = context.books.documents.require("spend", context.campaign, txid)
    if document["explained"] is not None:
        raise Conflict(f"txid: this spend is explained already, by {document['explained']}")
    out = document["notes"]["out"]
    if out != total:
        wrong = "missing" if total < out else "too many"
        raise Conflict(
            f"{field}: the transaction took {out} sats and this explains {total}; an explanation covers "
            f"all of it, network fee included ({abs(out - total)} sats {wrong})"
        )
    return document


def require_purpose(spend: dict[str, Any], need: str | None) -> None:
    """Refused where an explanation names a need and the spend settled without knowing of it."""
    if need is not None and spend["facts"].get("need") != need:
        raise Refused.field(
            "need",
            "is named too late: the transaction has settled and took unrestricted money first; leave it out",
        )


def mark_spend(books: Books, campaign: str, txid: str, **changes: Any) -> None:
    document = books.documents.require("spend", campaign, txid)
    books.documents.save("spend", campaign, txid, document | changes)


SPEND = Kind(
    name="spend",
    noun="spend",
    verb="settle",
    facts=Spent,
    doc="Coins that left; unexplained until an entry says what for.",
    roles=SYSTEM,
    key=lambda _campaign, facts: _numbered(f"spend:{facts.txid}", facts.part),
    post=_post_spend,
    fold=_fold_spend,
)
VOID_SPEND = Kind(
    name="void.spend",
    noun="spend",
    verb="void",
    facts=SpentAgain,
    doc="A spend that a reorganisation undid; its coins are back, its use stands (RULES 4).",
    roles=SYSTEM,
    key=lambda _campaign, facts: _numbered(f"void:spend:{facts.txid}:{facts.n}", facts.part),
    post=_post_void,
    fold=_fold_again(False),
)
RESTORE_SPEND = Kind(
    name="restore.spend",
    noun="spend",
    verb="restore",
    facts=SpentAgain,
    doc="An undone spend that settled again.",
    roles=SYSTEM,
    key=lambda _campaign, facts: _numbered(f"restore:spend:{facts.txid}:{facts.n}", facts.part),
    post=_post_restore,
    fold=_fold_again(True),
)
KINDS = (SPEND, VOID_SPEND, RESTORE_SPEND)
