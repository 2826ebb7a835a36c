"""Moves between a campaign's own places: from bank to bank, or coins to another of its addresses.

A move is no use of money; only what it costs is, and all that was moved bears the fee alike (docs/rules.md, 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, SpendRef
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, UseCause, money_use
from ledger.model.moves import MoveRow
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.own_moves import network_fee
from ledger.rules.restrictions import Taking, all_in_order, shares, take, too_little, units_of
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import (
    carried,
    require_purpose,
    require_unexplained,
)
from ledger.rules.unusual import unusual_fee
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`amount` arrived at the other place and `fee` was charged on the way, minor units of `asset`.

    From bank to bank both are named. Coins name their transaction: what came back is change already, `amount`
    is 0, and `fee` is the network fee, which is all that left. `need`: money restricted to it is moved first.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    asset: Currency
    amount: Count
    fee: Count = 0
    from_bank: Name | None = None
    to_bank: Name | None = None
    txid: SpendRef | None = None
    need: Number | None = None
    date: Date


def _require_coins(facts: Move) -> None:
    if facts.txid is None or facts.from_bank is not None or facts.to_bank is not None:
        raise Refused.field("txid", "a move of coins names its transaction and no bank")
    if facts.amount or not facts.fee:
        raise Refused.field("amount", "is 0 for coins, which came back as change; the fee is what left")


def _coins(context: Context, facts: Move) -> tuple[Taking, ...]:
    """The units of a spend whose coins came back, its fee aside."""
    assert facts.txid is not None
    spend = require_to_explain(context, facts.txid, facts.fee, "fee")
    if not spend.change:
        raise Refused.field("txid", "none of these coins came back to an address of ours; it is no move")
    require_purpose(spend, facts.need)
    return carried(context.books, context.campaign, facts.txid)


def _require_banks(facts: Move) -> None:
    if facts.from_bank is None or facts.to_bank is None or facts.txid is not None:
        raise Refused.field("from_bank", "a move of money names both banks and no transaction")
    if facts.from_bank == facts.to_bank:
        raise Refused.field("to_bank", "is the bank that the money leaves; name another one")
    if not facts.amount:
        raise Refused.field("amount", "must be at least 1")


def _money(context: Context, facts: Move) -> tuple[Taking, ...]:
    """The units that bear a bank's fee: all that is moved; none where it is free of charge.

    Money of the move's need first, then unrestricted money, then what is restricted otherwise, by number.
    """
    assert facts.from_bank is not None
    wanted = facts.amount + facts.fee
    there = at_bank(context.books, context.campaign, facts.from_bank, facts.asset)
    order = all_in_order(context.books, context.campaign, facts.asset, facts.need)
    takings = take(context.books, context.campaign, facts.asset, wanted, order)
    free = units_of(takings)
    if there < wanted or (facts.fee and free < wanted):
        raise too_little("amount", facts.asset, wanted, min(free, there), facts.from_bank)
    return takings if facts.fee else ()


def _early(context: Context, facts: Move) -> None:
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")
    if facts.asset == "BTC":
        _require_coins(facts)
    else:
        _require_banks(facts)


def _hold(context: Context, facts: Move) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    takings = _coins(context, facts) if facts.asset == "BTC" else _money(context, facts)
    return holding(takings, str(HoldName(HoldCause.MOVE, facts.number)))


def _effect(context: Context, move: MoveRow, _decision: Decision) -> Posting[None]:
    campaign, asset, amount, fee = context.campaign, move.asset, move.amount, move.fee
    session = context.books.session
    takings, release = held_takings(session, move), release_of(session, move)
    if move.txid is not None:
        require_unexplained(context, move.txid, fee, "fee")
        paid, borne = network_fee(UseCause.MOVE, campaign, move.number, fee, takings)
        return Posting((paid,), (*release, *borne))
    source = account(AccountClass.BANK, campaign, str(move.from_bank))
    target = account(AccountClass.BANK, campaign, str(move.to_bank))
    transfers = [Transfer(target, source, asset, amount)]
    if not fee:
        return Posting(tuple(transfers))
    transfers.append(Transfer(account(AccountClass.FEES, campaign, "bank"), source, asset, fee))
    uses = []
    for taking, share in zip(takings, shares(fee, takings), strict=True):
        moved = taking.units - share
        start = context.books.lines.length(taking.line)
        parts = (Part(PartKind.FEE, share, share), Part(PartKind.ON, moved, moved, taking.line, start))
        use_id = str(money_use(UseCause.MOVE, campaign, move.number, taking.restriction))
        uses.append(Use(use_id, taking.line, taking.pieces, taking.units, parts))
    return Posting(tuple(transfers), (*release, *uses))


def _row(_books: Books, entry: Entry[Move, None]) -> MoveRow:
    facts = entry.facts
    return MoveRow(
        **proposed(entry, facts.number, facts.date),
        asset=facts.asset,
        amount=facts.amount,
        fee=facts.fee,
        from_bank=facts.from_bank,
        to_bank=facts.to_bank,
        txid=facts.txid,
        need=facts.need,
    )


def _explains(facts: Move) -> Explains | None:
    return None if facts.txid is None else Explains(facts.txid, facts.amount + facts.fee, need=facts.need)


MOVES = Workflow(
    noun="move",
    facts=Move,
    row=MoveRow,
    doc="Record a move between own banks, or the network fee of coins moved to another own address.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=waiting(ExplainedBy.MOVE),
    approved=explained(ExplainedBy.MOVE),
    rejected=left_open,
    reversed=left_open,
    explains=_explains,
    early=_early,
    doubts=unusual_fee,
    about=lambda _session, move: (move.asset, move.amount or move.fee),
    asks=lambda _session, move: Asked(move.asset, move.amount + move.fee, txid=move.txid),
)
KINDS = MOVES.kinds()
