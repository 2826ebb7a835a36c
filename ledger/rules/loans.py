"""Loans between the funds of two campaigns: one spends the other's money only by an entry that both show.

What was lent belongs to the lender's gifts and waits on a line of its own until it is repaid; at the borrower
it is nobody's gift. Nothing here merges two campaigns (docs/rules.md, 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug, SpendRef
from ledger.core.lines import Append, Change, Part, PartKind, Use, units_in
from ledger.core.money import decimal_text
from ledger.core.names import FREE, GiftKind, GiftName, HoldCause, HoldName, LoanLine, UseCause, UseName
from ledger.model.spends import SpendRow
from ledger.rules.approvals import approval, holding, rejection, release_of, require_pending
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, require_campaign
from ledger.rules.explaining import (
    fold_explained,
    fold_left_open,
    fold_waiting,
    require_to_explain,
    unexplained_again,
    waits_for_spend,
)
from ledger.rules.gifts import money_line
from ledger.rules.restrictions import Taking, too_little
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.spends import (
    carried,
    require_released,
    require_spend,
    require_unexplained,
    spend_ref,
    spends_of,
    spent_line,
)
from ledger.rules.voided_units import void_free
from ledger.rules.workflow import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """`amount` minor units of `asset` of this campaign went into the fund of the campaign `to`.

    Money names both banks, and what the bank charged. Coins name the transaction that spent them for the other
    campaign: `amount` is all that left, network fee included, and the borrower says what it was for.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    to: Slug
    asset: Currency
    amount: Positive
    fee: Count = 0
    bank: Name | None = None
    to_bank: Name | None = None
    txid: SpendRef | None = None
    date: Date


def lent_line(campaign: str, number: str, asset: str) -> str:
    """The lender's units that a loan took, until they are repaid."""
    return str(LoanLine(campaign, number, asset))


def lent_account(campaign: str, number: str) -> str:
    """What a lender is owed by a loan."""
    return account(AccountClass.LENT, campaign, number)


def owed_account(borrower: str, lender: str, number: str) -> str:
    """What a borrower owes by a loan."""
    return account(AccountClass.OWED, borrower, lender, number)


def loan_gift(lender: str, number: str) -> str:
    """What the borrower's line names borrowed units by."""
    return str(GiftName(GiftKind.LOAN, number, lender))


def free_money(context: Context, bank: str, asset: str, wanted: int, field: str = "amount") -> Taking:
    """The lowest unrestricted units for what leaves a bank; Refused where there is less."""
    line = money_line(context.campaign, asset)
    pieces = context.books.lines.lowest_free(line, wanted) if context.books.lines.exists(line) else ()
    taking = Taking(FREE, line, pieces)
    there = context.books.net(account(AccountClass.BANK, context.campaign, bank), asset)
    if taking.units < wanted or there < wanted:
        raise too_little(field, asset, wanted, min(taking.units, there), bank)
    return taking


def _early(context: Context, facts: Loan) -> None:
    if facts.to == context.campaign:
        raise Refused.field("to", "is the campaign that lends; a move goes between its own places")
    campaign_of(context.books.session, facts.to)
    if facts.asset != "BTC":
        if facts.bank is None or facts.to_bank is None or facts.txid is not None:
            raise Refused.field("bank", "a loan of money names both banks and no transaction")
        return
    if facts.txid is None or facts.bank is not None or facts.to_bank is not None:
        raise Refused.field("txid", "a loan of coins names the transaction that spent them, and no bank")
    if facts.fee:
        raise Refused.field("fee", "is a part of the amount for coins; the borrower's entry names it")


def _post(context: Context, facts: Loan) -> Posting:
    require_campaign(context)
    _early(context, facts)
    if facts.txid is not None:
        require_released(context, require_to_explain(context, facts.txid, facts.amount, "amount"))
        takings = carried(context.books, context.campaign, facts.txid)
        for taking in takings:
            if taking.restriction != FREE:
                raise Refused.field(
                    "txid",
                    f"{decimal_text('BTC', taking.units)} BTC of this transaction is restricted to "
                    f"{taking.restriction}, which is never lent; record a reclassification that another "
                    "person approves first",
                )
    else:
        takings = (free_money(context, str(facts.bank), facts.asset, facts.amount + facts.fee),)
    return holding(takings, str(HoldName(HoldCause.LOAN, facts.number)))


def _borrowed_part(books: Books, txid: str) -> int:
    """The number of the next part of a transaction, over all campaigns."""
    return 1 + max(spend.part for spend in spends_of(books.session, txid))


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "loan", decision.number)
    facts, campaign, books = document["facts"], context.campaign, context.books
    asset, amount, fee, borrower = facts["asset"], facts["amount"], facts["fee"], facts["to"]
    lent = lent_account(campaign, decision.number)
    owed = owed_account(borrower, campaign, decision.number)
    release = release_of(document)
    pieces = release[0].pieces if release else ()
    units = units_in(pieces)
    notes: dict[str, Any] = {}
    if "txid" in facts:
        require_released(context, require_unexplained(context, facts["txid"], amount, "amount"))
        txid = facts["txid"].partition(":")[0]
        part = _borrowed_part(books, txid)
        notes["borrowed"] = {"part": part, "spend": facts["txid"]}
        source, line = account(AccountClass.UNEXPLAINED, campaign), spent_line(facts["txid"])
        target, onward = account(AccountClass.UNEXPLAINED, borrower), spent_line(spend_ref(txid, part, True))
    else:
        source, line = account(AccountClass.BANK, campaign, facts["bank"]), money_line(campaign, asset)
        target, onward = account(AccountClass.BANK, borrower, facts["to_bank"]), money_line(borrower, asset)
    transfers = [Transfer(lent, source, asset, amount)]
    if fee:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, "bank"), source, asset, fee))
    transfers.append(Transfer(target, owed, asset, amount))
    start = books.lines.length(onward)
    notes["interval"] = [onward, start, start + amount]
    append = Append(onward, asset, start, amount, loan_gift(campaign, decision.number))
    if not units:
        return Posting(tuple(transfers), (*release, append), notes)
    waits = lent_line(campaign, decision.number, asset)
    parts = (Part(PartKind.FEE, fee, fee), Part(PartKind.ON, units - fee, units - fee, waits, 0))
    use = Use(str(UseName(UseCause.LOAN, campaign, decision.number)), line, pieces, units, parts)
    return Posting(tuple(transfers), (*release, use, append), notes)


def _fold_approved(books: Books, entry: Entry) -> None:
    number = str(entry.facts["number"])
    fold_explained("loan")(books, entry)
    facts = books.documents.require("loan", entry.campaign, number)["facts"]
    if "borrowed" not in entry.notes:
        return
    spend = require_spend(books.session, entry.campaign, facts["txid"])
    part = entry.notes["borrowed"]["part"]
    books.session.add(
        SpendRow(
            entry=entry.seq,
            campaign=facts["to"],
            ref=spend_ref(spend.txid, part, True),
            txid=spend.txid,
            part=part,
            late=True,
            block=spend.block,
            height=spend.height,
            time=spend.time,
            date=spend.date,
            recorded_at=spend.recorded_at,
            role=spend.role,
            wallet=0,
            dust=0,
            undecided=0,
            blocked=0,
            change=0,
            excess=0,
            out=facts["amount"],
            shortfall=0,
            need=spend.need,
            borrowed_from=entry.campaign,
            live=spend.live,
            n=spend.n,
        )
    )


def void_borrowed(context: Context, entry: Entry) -> tuple[Change, ...]:
    """What takes units that nobody gave off a line again; Conflict where some are bound or spent already."""
    if "interval" not in entry.notes:
        return ()
    line, start, end = entry.notes["interval"]
    told = "this money is used or held by now"
    return (void_free(context, str(line), (int(start), int(end)), entry.key, told),)


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """A loan is undone: the spend waits for another explanation, and the borrower has nothing to explain."""
    unexplained_again("loan")(books, entry, seq)
    facts = books.documents.require("loan", entry.campaign, str(entry.facts["number"]))["facts"]
    if "borrowed" in entry.notes:
        txid, part = facts["txid"].partition(":")[0], entry.notes["borrowed"]["part"]
        books.session.delete(require_spend(books.session, facts["to"], spend_ref(txid, part, True)))


LOAN = Kind(
    name="loan",
    noun="loan",
    verb="add",
    facts=Loan,
    doc="Record what this campaign lent to another one; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("loan"),
    post=_post,
    fold=fold_waiting("loan"),
    waits_for=waits_for_spend,
    early=_early,
)
KINDS = (
    LOAN,
    approval("loan", _post_approved, _fold_approved, Undoing(_unfold, voids=void_borrowed)),
    rejection("loan", fold_left_open("loan")),
)
