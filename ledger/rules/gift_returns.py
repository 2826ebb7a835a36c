"""Returns of gifts: what goes back to a donor is the gift's own free units, never somebody else's (docs/rules.md, 2).

The gift stays settled, with outcome `returned`: gross in received and again in returned. A transaction that sends
coins back took the lowest free units when it settled; the return gives those back and takes the gift's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, SpendRef
from ledger.core.lines import (
    Change,
    Part,
    PartKind,
    Piece,
    Undo,
    UnitState,
    Use,
    joined,
    lowest,
    units_in,
)
from ledger.core.names import (
    GiftKind,
    HoldCause,
    HoldName,
    MoneyLine,
    UseCause,
    gift_named,
    line_named,
    money_use,
    use_named,
)
from ledger.core.wording import Figure
from ledger.model.gift_returns import GiftReturnRow, ReturnReason
from ledger.model.gifts import CountsAs
from ledger.model.proposals import ProposalStatus
from ledger.model.screening import PayeeKind
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked, Party
from ledger.rules.bank_money import at_bank
from ledger.rules.block_holds import freed_by, held_again
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.gift_blocks import lift_returned
from ledger.rules.gift_records import GivenMoney, given_money, note_returned
from ledger.rules.own_money import own_money, returned_parts
from ledger.rules.pledges import GiftRef, gift_asset
from ledger.rules.restrictions import restriction_of
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import inputs_apart, require_spend, require_unexplained, spent_line, uses_of_spend
from ledger.rules.unusual import unusual_fee
from ledger.rules.workflow import Decision, Workflow, proposed, release_of


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
    reason: ReturnReason
    date: Date

    @property
    def out(self) -> int:
        """All that left."""
        return self.amount + self.fee


@dataclass(frozen=True, slots=True)
class _Own:
    """What of a gift's own units has to be held until they go back, by line, and which uses carried the others away.

    `apart`: the gift lies on no line.
    """

    free: tuple[tuple[str, tuple[Piece, ...]], ...] = ()
    undone: tuple[Use, ...] = ()
    apart: bool = False


def _returnable(context: Context, name: str) -> GivenMoney:
    """The gift of a name, which is live; raises NotFound or Conflict."""
    gift = given_money(context.books.session, context.campaign, name)
    if gift is None:
        raise NotFound.field(
            "gift", "there is no {name} in campaign {campaign}", name=name[:80], campaign=context.campaign
        )
    if not gift.live or gift.counts_as not in {CountsAs.GIFT, CountsAs.UNDECIDED}:
        raise Conflict.field(
            "gift", "it is no settled gift now; only a gift, or a coin to decide about, is given back"
        )
    return gift


def _own(context: Context, facts: GiftReturn, gift: GivenMoney) -> _Own:
    lines = context.books.lines
    if gift.units is None:
        return _of_apart(context, facts)
    if gift.block is not None:
        raise Conflict.field(
            "gift", "it is blocked by {block}; two persons release it first", block=gift.block
        )
    undone = uses_of_spend(lines, context.campaign, facts.txid) if facts.txid is not None else []
    own = own_money(lines, gift.units, {use.id for use in undone})
    wanted = facts.out - sum(units_in(pieces) for pieces in own.carried.values())
    free = own.lowest_free(max(0, wanted))
    there = sum(units_in(pieces) for _, pieces in free)
    if there < wanted:
        raise Refused.field(
            "amount",
            "{pieces} is wanted, fee included, and {left} of this gift is free; what is used went on, and other "
            "gifts do not pay for it",
            pieces=Figure(gift.asset, facts.out),
            left=Figure(gift.asset, facts.out - wanted + there),
        )
    return _Own(free, tuple(undone))


def _of_apart(context: Context, facts: GiftReturn) -> _Own:
    """A coin that lies apart on no line, blocked or undecided: it went back itself, whole."""
    session = context.books.session
    spend = require_spend(session, context.campaign, str(facts.txid))
    if list(inputs_apart(session, spend)) != [facts.gift] or spend.blocked + spend.undecided != facts.out:
        raise Refused.field(
            "txid", "took other coins than this gift's own, which lies apart; name that spend"
        )
    return _Own(apart=True)


def _require_spend(context: Context, facts: GiftReturn, own: _Own) -> None:
    """Refused where the transaction took more than money on lines; then its units cannot be exchanged."""
    spend = require_unexplained(context, str(facts.txid), facts.out, "amount")
    if own.apart:
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
                raise Conflict.field(
                    "txid", "some of what this transaction took is used by an entry; reverse that first"
                )


def _early(context: Context, facts: GiftReturn) -> None:
    _asked(context, facts)


def _asked(context: Context, facts: GiftReturn) -> GivenMoney:
    """The gift that is given back; raises Refused too where the way is not the gift's."""
    gift = _returnable(context, facts.gift)
    coins = gift_named(facts.gift).kind is not GiftKind.CONTRIBUTION
    if coins != (facts.txid is not None) or coins == (facts.bank is not None):
        raise Refused.field(
            "bank", "name the transaction of coins, or the bank of money; the gift says which"
        )
    return gift


def _hold(context: Context, facts: GiftReturn) -> Posting[None]:
    require_campaign(context)
    gift = _asked(context, facts)
    ref = str(HoldName(HoldCause.GIFT_RETURN, facts.number))
    changes: list[Change] = []
    if facts.txid is not None:
        require_to_explain(context, facts.txid, facts.out, "amount")
    own = _own(context, facts, gift)
    if facts.txid is not None:
        _require_spend(context, facts, own)
        changes += [
            Change(part.line, ((part.start, part.start + part.out),), UnitState.FREE, UnitState.HELD, ref)
            for use in own.undone
            for part in use.parts
            if part.line is not None
        ]
    else:
        _require_at_bank(context, facts, gift)
    changes += [Change(line, pieces, UnitState.FREE, UnitState.HELD, ref) for line, pieces in own.free]
    return Posting((), tuple(changes))


def _require_at_bank(context: Context, facts: GiftReturn, gift: GivenMoney) -> None:
    asset = gift.asset
    there = at_bank(context.books, context.campaign, str(facts.bank), asset)
    if there < facts.out:
        raise Refused.field("bank", "holds {there}; name the one that paid", there=Figure(asset, there))


def _effect(context: Context, row: GiftReturnRow, _decision: Decision) -> Posting[None]:
    campaign = context.campaign
    gift = _returnable(context, row.gift)
    asset = gift.asset
    back = account(AccountClass.GIVEN_BACK, campaign)
    if row.txid is not None:
        require_unexplained(context, row.txid, row.out, "amount")
        source, fees = account(AccountClass.UNEXPLAINED, campaign), "network"
    else:
        source, fees = account(AccountClass.BANK, campaign, str(row.bank)), "bank"
    transfers = [Transfer(back, source, asset, row.amount)]
    if row.fee:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, fees), source, asset, row.fee))
    if gift.units is None:
        return Posting(tuple(transfers))
    undone = uses_of_spend(context.books.lines, campaign, row.txid) if row.txid is not None else []
    carried = own_money(context.books.lines, gift.units, {use.id for use in undone}).carried
    own = {line: list(pieces) for line, pieces in carried.items()}
    releases = release_of(context.books.session, row)
    for change in releases:
        if isinstance(line_named(change.line), MoneyLine):
            own.setdefault(change.line, []).extend(change.pieces)
    taken = {line: joined(pieces) for line, pieces in own.items()}
    parts = returned_parts([units_in(pieces) for pieces in taken.values()], row.fee)
    uses = [
        Use(_use_of(campaign, row.number, line), line, pieces, units_in(pieces), of_line)
        for (line, pieces), of_line in zip(taken.items(), parts, strict=True)
    ]
    again = held_again(context.books, campaign, freed_by(undone), freed_by(uses))
    undo = (Undo(use.id) for use in undone)
    return Posting(tuple(transfers), (*releases, *undo, *uses, *again))


def _use_of(campaign: str, number: str, line: str) -> str:
    """What the use of a return is called that takes units of a line of money."""
    return str(money_use(UseCause.GIFT_RETURN, campaign, number, restriction_of(line)))


def _retaken(context: Context, _row: GiftReturnRow, entry: Entry[Decision, None]) -> tuple[Use, ...]:
    """After a return of coins is reversed, the spend carries units again: the lowest free ones, as spends do."""
    undone = [use_named(op.id) for op in entry.operations if isinstance(op, Undo)]
    lines, again = context.books.lines, list[Use]()
    for use in (op for op in entry.operations if isinstance(op, Use) and undone):
        free = lines.lowest_free(use.line, use.units)
        pieces = lowest(joined([*free, *use.pieces]), use.units)[0]
        restriction, spend = restriction_of(use.line), undone[0].number
        target = spent_line(spend, restriction)
        onward = Part(PartKind.ON, use.units, use.units, target, lines.length(target))
        name = money_use(UseCause.SPEND, context.campaign, spend, restriction, str(entry.seq))
        again.append(Use(str(name), use.line, pieces, use.units, (onward,)))
    return tuple(again)


def _approved(books: Books, row: GiftReturnRow, entry: Entry[Decision, None]) -> None:
    explained(ExplainedBy.GIFT_RETURN)(books, row, entry)
    note_returned(books.session, row.campaign, row.gift, row.out)
    lift_returned(books, row.campaign, row.gift)


def _reversed(books: Books, row: GiftReturnRow, entry: Entry[Decision, None]) -> None:
    """The return was none: the gift has its units again, and the transaction waits for an explanation."""
    left_open(books, row, entry)
    note_returned(books.session, row.campaign, row.gift, -row.out)


def _row(books: Books, entry: Entry[GiftReturn, None]) -> GiftReturnRow:
    facts = entry.facts
    return GiftReturnRow(
        **proposed(entry, facts.number, facts.date),
        gift=facts.gift,
        asset=gift_asset(books, entry.campaign, facts.gift),
        amount=facts.amount,
        fee=facts.fee,
        bank=facts.bank,
        txid=facts.txid,
        reason=facts.reason,
    )


def returns_of(session: Session, campaign: str, gift: str) -> Sequence[GiftReturnRow]:
    """The returns of a gift that stand, by number."""
    wanted = (GiftReturnRow.campaign == campaign, GiftReturnRow.gift == gift)
    standing = select(GiftReturnRow).where(*wanted, GiftReturnRow.status == ProposalStatus.APPROVED)
    return session.exec(standing.order_by(col(GiftReturnRow.number))).all()


def _asks(_session: Session, row: GiftReturnRow) -> Asked:
    """A gift that goes back in parts goes to one donor."""
    party = Party(PayeeKind.DONOR, row.gift)
    return Asked(row.asset, row.out, f"the donor of {row.campaign}/{row.gift}", party=party, txid=row.txid)


def _explains(facts: GiftReturn) -> Explains | None:
    return None if facts.txid is None else Explains(facts.txid, facts.amount + facts.fee)


GIFT_RETURNS = Workflow(
    noun="gift-return",
    facts=GiftReturn,
    row=GiftReturnRow,
    doc="Record that a gift went back to its donor, of its own free units; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=waiting(ExplainedBy.GIFT_RETURN),
    approved=_approved,
    rejected=left_open,
    reversed=_reversed,
    retakes=_retaken,
    explains=_explains,
    early=_early,
    stopped_by_block=False,  # a block put on the gift later does not stop it: it is the gift that goes back
    doubts=unusual_fee,
    about=lambda _session, row: (row.asset, row.amount if row.txid is None else row.out),
    asks=_asks,
    same_payee=lambda row: (
        col(GiftReturnRow.campaign) == row.campaign,
        col(GiftReturnRow.gift) == row.gift,
    ),
)
KINDS = GIFT_RETURNS.kinds()
