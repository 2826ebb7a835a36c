"""Returns of gifts: what goes back to a donor is the gift's own free units, never somebody else's (docs/rules.md, 2).

The gift stays settled, with outcome `returned`: gross in received and again in returned. A transaction that sends
coins back took the lowest free units when it settled; the return gives those back and takes the gift's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, SpendRef, facts_from
from ledger.core.lines import Change, Part, PartKind, Piece, Undo, UnitState, Use, units_in
from ledger.core.money import decimal_text
from ledger.core.names import (
    GiftKind,
    HoldCause,
    HoldName,
    UseCause,
    UseName,
    gift_named,
    line_named,
    use_named,
)
from ledger.model.gifts import CountsAs
from ledger.rules.approvals import approval, held, holding_by, rejection, release_of, require_pending
from ledger.rules.block_holds import freed_by, held_again, overlap
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.explaining import (
    fold_explained,
    fold_left_open,
    fold_waiting,
    require_to_explain,
    unexplained_again,
    waits_for_spend,
)
from ledger.rules.gift_blocks import lift_returned
from ledger.rules.gift_records import GivenMoney, given_money, note_returned
from ledger.rules.pledges import GiftRef
from ledger.rules.restrictions import restriction_of
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.spends import inputs_apart, require_spend, require_unexplained, spent_line
from ledger.rules.workflow import Decision
from ledger.tracing.state import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftReturn:
    """`amount` of a gift went back to its donor, and `fee` was charged on the way; minor units of its own asset.

    Money at a bank names the `bank`; coins name the transaction (`txid`), whose network fee is `fee`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    gift: GiftRef
    amount: Positive
    fee: Count = 0
    bank: Name | None = None
    txid: SpendRef | None = None
    reason: Literal["asked", "mistake", "screening", "restriction", "other"]
    date: Date

    @property
    def out(self) -> int:
        """All that left."""
        return self.amount + self.fee


HOLDS = "holds"
"""The note of what a return holds. A block put on the gift later does not stop it: it is the gift that goes back."""


def uses_of_spend(lines: Lines, campaign: str, ref: str) -> list[Use]:
    """The standing uses by which a spend carried units of a campaign away, in the order of its lines."""
    found = []
    for line in lines.spent(ref):
        for source in lines.sources(str(line)):
            if source.use is None or not use_named(source.use).is_of(UseCause.SPEND, campaign, ref):
                continue
            spans = lines.spans(str(line), source.start, source.end)
            if any(span.state is not UnitState.VOID for span in spans):
                found.append(lines.use(source.use))
    return found


def _joined(pieces: list[Piece], units: int) -> tuple[Piece, ...]:
    """The lowest `units` of some pieces, in order, adjoining ones together."""
    found: list[Piece] = []
    for start, end in sorted(pieces):
        last = min(end, start + units)
        units -= last - start
        if last > start:
            joins = bool(found) and found[-1][1] == start
            found[-1:] = [(found[-1][0], last)] if joins else [*found[-1:], (start, last)]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Own:
    """The gift's own units that go back, and what of them has to be held until then."""

    line: str
    pieces: tuple[Piece, ...]
    free: tuple[Piece, ...]
    undone: tuple[Use, ...] = ()


def _returnable(context: Context, facts: GiftReturn) -> GivenMoney:
    gift = given_money(context.books.session, context.campaign, facts.gift)
    if gift is None:
        raise NotFound(f"gift: there is no {facts.gift[:80]} in campaign {context.campaign}")
    if not gift.live or gift.counts_as not in {CountsAs.GIFT, CountsAs.UNDECIDED}:
        raise Conflict(
            "gift: it is no settled gift now; only a gift, or a coin to decide about, is given back"
        )
    coins = gift_named(facts.gift).kind is not GiftKind.CONTRIBUTION
    if coins != (facts.txid is not None) or coins == (facts.bank is not None):
        raise Refused.field(
            "bank", "name the transaction of coins, or the bank of money; the gift says which"
        )
    return gift


def _own(context: Context, facts: GiftReturn, gift: GivenMoney) -> _Own:
    lines = context.books.lines
    if gift.units is None:
        return _of_apart(context, facts)
    line, start, end = gift.units
    if gift.block is not None:
        raise Conflict(f"gift: it is blocked by {gift.block}; two persons release it first")
    undone = uses_of_spend(lines, context.campaign, facts.txid) if facts.txid is not None else []
    back = [piece for use in undone if use.line == line for piece in overlap(use.pieces, start, end)]
    wanted = facts.out - units_in(back)
    free = lines.lowest_free(line, max(0, wanted), within=(start, end))
    if units_in(free) < wanted:
        asset = line_named(line).asset
        left = facts.out - wanted + units_in(free)
        raise Refused.field(
            "amount",
            f"{decimal_text(asset, facts.out)} {asset} is wanted, fee included, and {decimal_text(asset, left)} "
            "of this gift is free; what is used went on, and other gifts do not pay for it",
        )
    return _Own(line, _joined([*back, *free], facts.out), free, tuple(undone))


def _of_apart(context: Context, facts: GiftReturn) -> _Own:
    """A coin that lies apart on no line, blocked or undecided: it went back itself, whole."""
    session = context.books.session
    spend = require_spend(session, context.campaign, str(facts.txid))
    if list(inputs_apart(session, spend)) != [facts.gift] or spend.blocked + spend.undecided != facts.out:
        raise Refused.field(
            "txid", "took other coins than this gift's own, which lies apart; name that spend"
        )
    return _Own("", (), ())


def _require_spend(context: Context, facts: GiftReturn, own: _Own) -> None:
    """Refused where the transaction took more than money on lines; then its units cannot be exchanged."""
    spend = require_unexplained(context, str(facts.txid), facts.out, "amount")
    if not own.line:
        return
    if spend.shortfall or spend.wallet != facts.out:
        raise Refused.field(
            "txid",
            "took dust, undecided or blocked coins too, or more than was there; a return takes none of these",
        )
    lines = context.books.lines
    for use in own.undone:
        for part in use.parts:
            spans = lines.spans(part.line, part.start, part.start + part.out) if part.line else ()
            if any(span.state is UnitState.USED for span in spans):
                raise Conflict(
                    "txid: some of what this transaction took is used by an entry; reverse that first"
                )


def _early(context: Context, facts: GiftReturn) -> None:
    _returnable(context, facts)


def _post(context: Context, facts: GiftReturn) -> Posting:
    require_campaign(context)
    gift = _returnable(context, facts)
    ref = str(HoldName(HoldCause.GIFT_RETURN, facts.number))
    changes: list[Change] = []
    if facts.txid is not None:
        require_to_explain(context, facts.txid, facts.out, "amount")
    own = _own(context, facts, gift)
    if facts.txid is not None:
        _require_spend(context, facts, own)
        changes += [
            held(part.line, ((part.start, part.start + part.out),), ref)
            for use in own.undone
            for part in use.parts
            if part.line is not None
        ]
    else:
        _require_at_bank(context, facts, gift)
    if own.free:
        changes.append(held(own.line, own.free, ref))
    return holding_by(tuple(changes), HOLDS)


def _require_at_bank(context: Context, facts: GiftReturn, gift: GivenMoney) -> None:
    asset = gift.asset
    there = context.books.net(account(AccountClass.BANK, context.campaign, str(facts.bank)), asset)
    if there < facts.out:
        raise Refused.field("bank", f"holds {decimal_text(asset, there)} {asset}; name the one that paid")


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "gift-return", decision.number)
    facts = facts_from(GiftReturn, document["facts"])
    campaign = context.campaign
    gift = _returnable(context, facts)
    asset = gift.asset
    back = account(AccountClass.GIVEN_BACK, campaign)
    if facts.txid is not None:
        require_unexplained(context, facts.txid, facts.out, "amount")
        source, fees = account(AccountClass.UNEXPLAINED, campaign), "network"
    else:
        source, fees = account(AccountClass.BANK, campaign, str(facts.bank)), "bank"
    transfers = [Transfer(back, source, asset, facts.amount)]
    if facts.fee:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, fees), source, asset, facts.fee))
    if gift.units is None:
        return Posting(tuple(transfers))
    line, start, end = gift.units
    undone = uses_of_spend(context.books.lines, campaign, facts.txid) if facts.txid is not None else []
    own = [piece for use in undone if use.line == line for piece in overlap(use.pieces, start, end)]
    releases = release_of(document, HOLDS)
    own += [piece for change in releases if change.line == line for piece in change.pieces]
    parts = (Part(PartKind.FEE, facts.fee, facts.fee), Part(PartKind.RETURNED, facts.amount, facts.amount))
    use_id = str(UseName(UseCause.GIFT_RETURN, campaign, facts.number))
    use = Use(use_id, line, _joined(own, facts.out), facts.out, parts if facts.fee else parts[1:])
    again = held_again(context.books, campaign, freed_by(undone), freed_by([use]))
    undo = (Undo(row.id) for row in undone)
    return Posting(tuple(transfers), (*releases, *undo, use, *again))


def _retaken(context: Context, entry: Entry) -> tuple[Use, ...]:
    """After a return of coins is reversed, the spend carries units again: the lowest free ones, as spends do."""
    undone = [context.books.lines.use(op.id) for op in entry.operations if isinstance(op, Undo)]
    own = [op for op in entry.operations if isinstance(op, Use)]
    if not undone or not own:
        return ()
    (use,) = own
    lines, first = context.books.lines, undone[0]
    free = list(lines.lowest_free(use.line, use.units))
    pieces = _joined([*free, *use.pieces], use.units)
    name = use_named(first.id)
    target = spent_line(name.number, restriction_of(use.line))
    again = Part(PartKind.ON, use.units, use.units, target, lines.length(target))
    return (Use(str(replace(name, variant=str(entry.seq))), use.line, pieces, use.units, (again,)),)


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_explained("gift-return")(books, entry)
    number = str(entry.facts["number"])
    facts = books.documents.require("gift-return", entry.campaign, number)["facts"]
    note_returned(books.session, entry.campaign, facts["gift"], facts["amount"] + facts.get("fee", 0))
    lift_returned(books, entry.campaign, facts["gift"])


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """The return was none: the gift has its units again, and the transaction waits for an explanation."""
    unexplained_again("gift-return")(books, entry, seq)
    document = books.documents.require("gift-return", entry.campaign, str(entry.facts["number"]))
    facts = document["facts"]
    note_returned(books.session, entry.campaign, facts["gift"], -facts["amount"] - facts.get("fee", 0))


RETURN = Kind(
    name="gift-return",
    noun="gift-return",
    verb="add",
    facts=GiftReturn,
    doc="Record that a gift went back to its donor, of its own free units; another person approves it.",
    roles=RECORDERS,
    key=numbered("gift-return"),
    post=_post,
    fold=fold_waiting("gift-return"),
    waits_for=waits_for_spend,
    early=_early,
)
KINDS = (
    RETURN,
    approval("gift-return", _post_approved, _fold_approved, Undoing(_unfold, retakes=_retaken)),
    rejection("gift-return", fold_left_open("gift-return"), HOLDS),
)
