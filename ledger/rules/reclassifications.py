"""Reclassifications: money restricted to one need serves another end from now on, by an entry that says why.

Nothing else lifts a restriction. Who recorded it never approves it; it moves no money between places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Number, Positive, Sha256, SpendRef, facts_from
from ledger.core.lines import Operation, Part, PartKind, Piece, Undo, Use
from ledger.core.money import decimal_text
from ledger.core.names import FREE, HoldCause, HoldName, LineKind, UseCause, UseName, line_named
from ledger.rules.approvals import approval, holding, rejection, release_of, require_pending
from ledger.rules.budget import spendable
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.evidence import standing_papers
from ledger.rules.explaining import fold_left_open, fold_waiting
from ledger.rules.gift_returns import uses_of_spend
from ledger.rules.gifts import money_line
from ledger.rules.restrictions import Taking, cut, restriction_of, take, units_of
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, reversed_as
from ledger.rules.spends import carried, inputs_apart, require_spend, require_unexplained, spent_line
from ledger.rules.workflow import Decision


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
    reason: Literal["donors_agreed", "need_met", "need_withdrawn", "set_aside", "exchanged"]
    paper: Sha256 | None = None
    date: Date


def _require_reason(context: Context, facts: Reclassification) -> None:
    """Refused where the reason does not fit what changes, or its paper is wanting."""
    if facts.need == facts.to:
        raise Refused.field("to", "is what the money serves already; name another need, or none")
    if facts.to is not None:
        require_need(context.books.session, context.campaign, facts.to, "to")
    if facts.reason == "exchanged":
        if facts.txid is None:
            raise Refused.field("txid", "names the transaction in which units are exchanged")
        return
    if (facts.reason == "set_aside") != (facts.need is None):
        raise Refused.field(
            "reason", "set_aside is for unrestricted money, and the others for restricted money"
        )
    shown = facts.paper is not None and standing_papers(context.books.session, context.campaign, facts.paper)
    if facts.reason == "donors_agreed" and not shown:
        raise Refused.field(
            "paper", "name the paper that shows it, by its SHA-256; add it with `evidence add`"
        )


def _spend_of(context: Context, facts: Reclassification) -> None:
    """Refused or Conflict where the transaction is explained, or an explanation of it waits."""
    spend = require_spend(context.books.session, context.campaign, str(facts.txid))
    require_unexplained(context, str(facts.txid), spend.out, "txid")
    if facts.asset != "BTC":
        raise Refused.field("asset", "is BTC for what a transaction carried away")
    if spend.waits_for is not None:
        raise Refused.field("txid", f"{spend.waits_for} waits to explain this transaction; reject that first")
    if facts.reason == "exchanged" and inputs_apart(context.books.session, spend):
        raise Refused.field("txid", "took coins that stand apart too; those are not exchanged")


def _too_few(facts: Reclassification, units: int, where: str, field: str = "amount") -> Refused:
    return Refused.field(
        field,
        f"{decimal_text(facts.asset, facts.amount)} {facts.asset} is wanted and only "
        f"{decimal_text(facts.asset, units)} is {where}",
    )


def _of_spend(context: Context, facts: Reclassification) -> Taking:
    """What the transaction carried away of the restriction, all of it."""
    restriction = facts.need or FREE
    found = [
        t for t in carried(context.books, context.campaign, str(facts.txid)) if t.restriction == restriction
    ]
    if units_of(found) < facts.amount:
        raise _too_few(facts, units_of(found), f"of it in this transaction, as {restriction} money")
    return found[0]


def _plan(context: Context, facts: Reclassification) -> tuple[Taking, ...]:
    """The units that it takes, and holds while it waits; raises Refused or Conflict."""
    require_campaign(context)
    _require_reason(context, facts)
    books, campaign = context.books, context.campaign
    if facts.txid is None:
        found = take(books, campaign, facts.asset, facts.amount, (facts.need or FREE,))
        if units_of(found) < facts.amount:
            raise _too_few(facts, units_of(found), f"free of it, as {facts.need or 'unrestricted'} money")
        unbound = spendable(books, campaign, facts.asset, facts.date, facts.need)
        if facts.asset != "BTC" and unbound < facts.amount:
            raise _too_few(facts, max(unbound, 0), "not bound by approved orders")
        return found
    _spend_of(context, facts)
    of_spend = _of_spend(context, facts)
    if facts.reason != "exchanged":
        return (Taking(of_spend.restriction, of_spend.line, cut(of_spend, 0, facts.amount)),)
    instead = take(books, campaign, "BTC", facts.amount, (facts.to or FREE,))
    if units_of(instead) < facts.amount:
        raise _too_few(facts, units_of(instead), f"free as {facts.to or 'unrestricted'} money")
    return (of_spend, *instead)


def _post(context: Context, facts: Reclassification) -> Posting:
    return holding(_plan(context, facts), str(HoldName(HoldCause.RECLASSIFICATION, facts.number)))


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "reclassification", decision.number)
    facts = facts_from(Reclassification, document["facts"])
    release = release_of(document)
    if facts.reason == "exchanged":
        return Posting((), (*release, *_exchange(context, facts)))
    books, campaign = context.books, context.campaign
    line = money_line(campaign, facts.asset, facts.to or FREE)
    if facts.txid is not None:
        line = spent_line(facts.txid, facts.to or FREE)
    (taken,) = release
    part = Part(PartKind.ON, facts.amount, facts.amount, line, books.lines.length(line))
    use_id = str(UseName(UseCause.RECLASSIFICATION, campaign, facts.number))
    use = Use(use_id, taken.line, taken.pieces, facts.amount, (part,))
    return Posting((), (*release, use))


def _exchange(context: Context, facts: Reclassification) -> tuple[Operation, ...]:
    """The spend gives units back and keeps the lowest of the rest; units of `to` take their place."""
    books, campaign, ref = context.books, context.campaign, str(facts.txid)
    need, to = facts.need or FREE, facts.to or FREE
    own = money_line(campaign, "BTC", need)
    undone = [use for use in uses_of_spend(books.lines, campaign, ref) if use.line == own]
    pieces: list[Piece] = sorted(piece for use in undone for piece in use.pieces)
    whole = Taking(need, own, tuple(pieces))
    operations: list[Operation] = [Undo(use.id) for use in undone]
    kept = whole.units - facts.amount
    if kept:
        back = cut(whole, 0, kept)
        onward = spent_line(ref, need)
        part = Part(PartKind.ON, kept, kept, onward, books.lines.length(onward))
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"kept:{facts.number}"))
        operations.append(Use(use_id, own, back, kept, (part,)))
    onward = spent_line(ref, to)
    for taking in _held_for(context, facts, to):
        part = Part(PartKind.ON, taking.units, taking.units, onward, books.lines.length(onward))
        use_id = str(UseName(UseCause.SPEND, campaign, ref, variant=f"for:{facts.number}"))
        operations.append(Use(use_id, taking.line, taking.pieces, taking.units, (part,)))
    return tuple(operations)


def _held_for(context: Context, facts: Reclassification, to: str) -> tuple[Taking, ...]:
    """What the recording holds of the line that takes the place of the other."""
    document = require_pending(context, "reclassification", facts.number)
    return tuple(
        Taking(to, change.line, change.pieces)
        for change in release_of(document)
        if line_named(change.line).kind is LineKind.MONEY and restriction_of(change.line) == to
    )


def _require_no_exchange(_context: Context, entry: Entry) -> None:
    """Conflict for the reversal of an exchange: it is exchanged back by another one."""
    if any(isinstance(op, Undo) for op in entry.operations):
        raise Conflict(
            "entry: an exchange is not reversed; exchange the units back by another reclassification"
        )


RECLASSIFICATION = Kind(
    name="reclassification",
    noun="reclassification",
    verb="add",
    facts=Reclassification,
    doc="Record that restricted money serves another end, or that a transaction's units are exchanged; with why.",
    roles=RECORDERS,
    key=numbered("reclassification"),
    post=_post,
    fold=fold_waiting("reclassification"),
)
KINDS = (
    RECLASSIFICATION,
    approval(
        "reclassification",
        _post_approved,
        fold_left_open("reclassification", "approved"),
        Undoing(reversed_as("reclassification", status="reversed"), require=_require_no_exchange),
    ),
    rejection("reclassification", fold_left_open("reclassification")),
)
