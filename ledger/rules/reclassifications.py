"""Reclassifications: money restricted to one need serves another end from now on, by an entry that says why.

Nothing else lifts a restriction. Who recorded it never approves it; it moves no money between places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Number, Positive, Sha256, SpendRef
from ledger.core.lines import Operation, Part, PartKind, Piece, Undo, Use
from ledger.core.names import FREE, HoldCause, HoldName, LineKind, UseCause, UseName, line_named
from ledger.core.wording import Figure
from ledger.model.reclassifications import Reason, ReclassificationRow
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked
from ledger.rules.books import Books
from ledger.rules.budget import spendable
from ledger.rules.campaigns import find_need, require_campaign, require_need
from ledger.rules.deliveries import handed_for_need
from ledger.rules.evidence import standing_papers
from ledger.rules.explaining import left_open, waiting
from ledger.rules.gifts import money_line
from ledger.rules.restrictions import Taking, cut, take, units_of
from ledger.rules.spec import Context
from ledger.rules.spends import (
    carried,
    inputs_apart,
    require_spend,
    require_unexplained,
    spent_line,
    uses_of_spend,
)
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassification:
    """`amount` minor units of `asset`, restricted to `need` (none: for any end), serve the need `to` (none: any).

    `txid`: of what that transaction carried away and no entry explains yet. With the reason `exchanged` its
    units go back to their line, and as many free units of `to` take their place: no restriction is lifted then.
    `donors_agreed` names the paper that shows it. `set_aside`: unrestricted money is kept for a need.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    asset: Currency
    amount: Positive
    need: Number | None = None
    to: Number | None = None
    txid: SpendRef | None = None
    reason: Reason
    paper: Sha256 | None = None
    date: Date


def reclassified_by(campaign: str, number: str) -> str:
    """What the use is called that carries the units on; an exchange has none."""
    return str(UseName(UseCause.RECLASSIFICATION, campaign, number))


def _require_reason(context: Context, facts: Reclassification) -> None:
    """Refused where the reason does not fit what changes, or its paper is wanting."""
    if facts.need == facts.to:
        raise Refused.field("to", "is what the money serves already; name another need, or none")
    if facts.to is not None:
        require_need(context.books.session, context.campaign, facts.to, "to")
    if facts.reason is Reason.EXCHANGED:
        if facts.txid is None:
            raise Refused.field("txid", "names the transaction in which units are exchanged")
        return
    if (facts.reason is Reason.SET_ASIDE) != (facts.need is None):
        raise Refused.field(
            "reason", "set_aside is for unrestricted money, and the others for restricted money"
        )
    if facts.reason is Reason.NEED_MET:
        _require_met(context, facts.need, facts.paper)
    if facts.reason is Reason.DONORS_AGREED and not _is_shown(context, facts.paper):
        raise Refused.field(
            "paper", "name the paper that shows it, by its SHA-256; add it with `evidence add`"
        )


def _is_shown(context: Context, paper: str | None) -> bool:
    return paper is not None and bool(standing_papers(context.books.session, context.campaign, paper))


def _require_met(context: Context, number: str | None, paper: str | None) -> None:
    """Refused where a need is not met: too little of it is handed over, and no paper says so (docs/rules.md, 27)."""
    session, campaign = context.books.session, context.campaign
    need = None if number is None else find_need(session, campaign, number)
    if number is None or need is None or _is_shown(context, paper):
        return
    handed = handed_for_need(session, need)
    if handed < need.quantity:
        raise Refused.field(
            "reason",
            "{handed} of {quantity} that {number} asks for are handed over; name the paper that "
            "shows that it is met, or give another reason",
            handed=handed,
            quantity=need.quantity,
            number=number,
        )


def _spend_of(context: Context, facts: Reclassification) -> None:
    """Refused or Conflict where the transaction is explained, or an explanation of it waits."""
    spend = require_spend(context.books.session, context.campaign, str(facts.txid))
    require_unexplained(context, str(facts.txid), spend.out, "txid")
    if facts.asset != "BTC":
        raise Refused.field("asset", "is BTC for what a transaction carried away")
    if spend.waits_for is not None:
        raise Refused.field(
            "txid",
            "{waiting} waits to explain this transaction; reject that first",
            waiting=spend.waits_for,
        )
    if facts.reason is Reason.EXCHANGED and inputs_apart(context.books.session, spend):
        raise Refused.field("txid", "took coins that stand apart too; those are not exchanged")


def _of_spend(context: Context, facts: Reclassification) -> Taking:
    """What the transaction carried away of the restriction, all of it."""
    restriction = facts.need or FREE
    takings = [
        t for t in carried(context.books, context.campaign, str(facts.txid)) if t.restriction == restriction
    ]
    if units_of(takings) < facts.amount:
        raise Refused.field(
            "amount",
            "{wanted} is wanted and only {there} of what is restricted to {restriction} is in this transaction",
            wanted=Figure(facts.asset, facts.amount),
            there=Figure(facts.asset, units_of(takings)),
            restriction=restriction,
        )
    return takings[0]


def _too_little_free(facts: Reclassification, units: int, need: str | None) -> Refused:
    wanted, free = Figure(facts.asset, facts.amount), Figure(facts.asset, units)
    if need is None:
        return Refused.field(
            "amount",
            "{wanted} is wanted and only {free} is free and restricted to nothing",
            wanted=wanted,
            free=free,
        )
    return Refused.field(
        "amount",
        "{wanted} is wanted and only {free} is free of what is restricted to {need}",
        wanted=wanted,
        free=free,
        need=need,
    )


def _plan(context: Context, facts: Reclassification) -> tuple[Taking, ...]:
    """The units that it takes, and holds while it waits; raises Refused or Conflict."""
    require_campaign(context)
    _require_reason(context, facts)
    books, campaign = context.books, context.campaign
    if facts.txid is None:
        takings = take(books, campaign, facts.asset, facts.amount, (facts.need or FREE,))
        if units_of(takings) < facts.amount:
            raise _too_little_free(facts, units_of(takings), facts.need)
        unbound = spendable(books, campaign, facts.asset, facts.date, facts.need)
        if facts.asset != "BTC" and unbound < facts.amount:
            raise Refused.field(
                "amount",
                "{wanted} is wanted and only {free} is not bound by approved orders",
                wanted=Figure(facts.asset, facts.amount),
                free=Figure(facts.asset, max(unbound, 0)),
            )
        return takings
    _spend_of(context, facts)
    of_spend = _of_spend(context, facts)
    if facts.reason is not Reason.EXCHANGED:
        return (Taking(of_spend.restriction, of_spend.line, cut(of_spend, 0, facts.amount)),)
    instead = take(books, campaign, "BTC", facts.amount, (facts.to or FREE,))
    if units_of(instead) < facts.amount:
        raise _too_little_free(facts, units_of(instead), facts.to)
    return (of_spend, *instead)


def _hold(context: Context, facts: Reclassification) -> Posting[None]:
    return holding(_plan(context, facts), str(HoldName(HoldCause.RECLASSIFICATION, facts.number)))


def _effect(context: Context, row: ReclassificationRow, _decision: Decision) -> Posting[None]:
    books, campaign = context.books, context.campaign
    release = release_of(books.session, row)
    if row.reason is Reason.NEED_MET:
        _require_met(context, row.need, row.paper)
    if row.reason is Reason.EXCHANGED:
        return Posting((), (*release, *_exchange(context, row)))
    line = money_line(campaign, row.asset, row.to_need or FREE)
    if row.txid is not None:
        line = spent_line(row.txid, row.to_need or FREE)
    (taken,) = release
    part = Part(PartKind.ON, row.amount, row.amount, line, books.lines.length(line))
    use = Use(reclassified_by(campaign, row.number), taken.line, taken.pieces, row.amount, (part,))
    return Posting((), (*release, use))


def _exchange(context: Context, row: ReclassificationRow) -> tuple[Operation, ...]:
    """The spend gives units back and keeps the lowest of the rest; units of `to` take their place."""
    books, campaign, ref = context.books, context.campaign, str(row.txid)
    need, to = row.need or FREE, row.to_need or FREE
    own = money_line(campaign, "BTC", need)
    undone = [use for use in uses_of_spend(books.lines, campaign, ref) if use.line == own]
    pieces: list[Piece] = sorted(piece for use in undone for piece in use.pieces)
    whole = Taking(need, own, tuple(pieces))
    operations: list[Operation] = [Undo(use.id) for use in undone]
    kept = whole.units - row.amount
    if kept:
        back = cut(whole, 0, kept)
        onward = spent_line(ref, need)
        part = Part(PartKind.ON, kept, kept, onward, books.lines.length(onward))
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"kept:{row.number}"))
        operations.append(Use(use_id, own, back, kept, (part,)))
    onward = spent_line(ref, to)
    for taking in _held_for(context, row, to):
        part = Part(PartKind.ON, taking.units, taking.units, onward, books.lines.length(onward))
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"for:{row.number}"))
        operations.append(Use(use_id, taking.line, taking.pieces, taking.units, (part,)))
    return tuple(operations)


def _held_for(context: Context, row: ReclassificationRow, to: str) -> Iterator[Taking]:
    """What the recording holds of the line that takes the place of the other."""
    for taking in held_takings(context.books.session, row):
        if line_named(taking.line).kind is LineKind.MONEY and taking.restriction == to:
            yield taking


def _require_no_exchange(_context: Context, row: ReclassificationRow, _entry: Entry[Decision, None]) -> None:
    """Conflict for the reversal of an exchange: it is exchanged back by another one."""
    if row.reason is Reason.EXCHANGED:
        raise Conflict.field(
            "entry", "an exchange is not reversed; exchange the units back by another reclassification"
        )


def _asks(_session: Session, row: ReclassificationRow) -> Asked:
    """It moves no money and lifts what donors asked for; what goes to one need counts together."""
    payee = None if row.to_need is None else f"the need {row.campaign}/{row.to_need}"
    return Asked(row.asset, row.amount, payee)


def _row(_books: Books, entry: Entry[Reclassification, None]) -> ReclassificationRow:
    facts = entry.facts
    return ReclassificationRow(
        **proposed(entry, facts.number, facts.date),
        asset=facts.asset,
        amount=facts.amount,
        need=facts.need,
        to_need=facts.to,
        txid=facts.txid,
        reason=facts.reason,
        paper=facts.paper,
    )


RECLASSIFICATIONS = Workflow(
    noun="reclassification",
    facts=Reclassification,
    row=ReclassificationRow,
    doc="Record that restricted money serves another end, or that a transaction's units are exchanged; with why.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=waiting(ExplainedBy.RECLASSIFICATION),
    approved=left_open,
    rejected=left_open,
    require=_require_no_exchange,
    about=lambda _session, row: (row.asset, row.amount),
    asks=_asks,
    same_payee=lambda row: (
        col(ReclassificationRow.campaign) == row.campaign,
        col(ReclassificationRow.to_need) == row.to_need,
    ),
)
KINDS = RECLASSIFICATIONS.kinds()
