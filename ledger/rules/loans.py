"""Loans between the funds of two campaigns: one spends the other's money only by an entry that both show.

What was lent belongs to the lender's gifts and waits on a line of its own until it is repaid; at the borrower
it is nobody's gift. Nothing here merges two campaigns (docs/rules.md, 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import col

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, N, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug, SpendRef
from ledger.core.lines import Append, Change, Part, PartKind, Use, units_in
from ledger.core.names import FREE, GiftKind, GiftName, HoldCause, HoldName, LoanLine, UseCause, UseName
from ledger.core.wording import Figure, Wording
from ledger.model.loans import LoanRow
from ledger.model.proposals import Proposal
from ledger.model.spends import ExplainedBy, SpendRow
from ledger.rules.asked import Asked
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, require_campaign
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.gifts import money_line
from ledger.rules.restrictions import Taking, too_little
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import (
    carried,
    require_released,
    require_spend,
    require_unexplained,
    spend_ref,
    spends_of,
    spent_line,
)
from ledger.rules.unusual import unusual_fee
from ledger.rules.voided_units import void_appended
from ledger.rules.workflow import Decision, Workflow, holding, proposed, release_of


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


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Of coins: which part of the transaction the borrower has to explain."""

    part: int


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
    there = at_bank(context.books, context.campaign, bank, asset)
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


def _hold(context: Context, facts: Loan) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    if facts.txid is not None:
        require_released(context, require_to_explain(context, facts.txid, facts.amount, "amount"))
        takings = carried(context.books, context.campaign, facts.txid)
        for taking in takings:
            if taking.restriction != FREE:
                raise Refused.field(
                    "txid",
                    "{units} of this transaction is restricted to {restriction}, which is never lent; record a "
                    "reclassification that another person approves first",
                    units=Figure("BTC", taking.units),
                    restriction=taking.restriction,
                )
    else:
        takings = (free_money(context, str(facts.bank), facts.asset, facts.amount + facts.fee),)
    return holding(takings, str(HoldName(HoldCause.LOAN, facts.number)))


def _borrowed_part(books: Books, txid: str) -> int:
    """The number of the next part of a transaction, over all campaigns."""
    return 1 + max(spend.part for spend in spends_of(books.session, txid))


def _effect(context: Context, loan: LoanRow, _decision: Decision) -> Posting[Borrowed]:
    campaign, books, borrower = context.campaign, context.books, loan.borrower
    asset, amount, fee = loan.asset, loan.amount, loan.fee
    lent, owed = lent_account(campaign, loan.number), owed_account(borrower, campaign, loan.number)
    borrowed: Borrowed | None = None
    if loan.txid is not None:
        spend = require_unexplained(context, loan.txid, amount, "amount")
        require_released(context, spend)
        borrowed = Borrowed(_borrowed_part(books, spend.txid))
        source, line = account(AccountClass.UNEXPLAINED, campaign), spent_line(loan.txid)
        target = account(AccountClass.UNEXPLAINED, borrower)
        onward = spent_line(spend_ref(spend.txid, borrowed.part, True))
    else:
        source, line = account(AccountClass.BANK, campaign, str(loan.bank)), money_line(campaign, asset)
        target, onward = account(AccountClass.BANK, borrower, str(loan.to_bank)), money_line(borrower, asset)
    transfers = [Transfer(lent, source, asset, amount)]
    if fee:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, "bank"), source, asset, fee))
    transfers.append(Transfer(target, owed, asset, amount))
    start = books.lines.length(onward)
    append = Append(onward, asset, start, amount, loan_gift(campaign, loan.number))
    release = release_of(books.session, loan)
    if not release:
        return Posting(tuple(transfers), (append,), borrowed)
    pieces = release[0].pieces
    units = units_in(pieces)
    waits = lent_line(campaign, loan.number, asset)
    parts = (Part(PartKind.FEE, fee, fee), Part(PartKind.ON, units - fee, units - fee, waits, 0))
    use = Use(str(UseName(UseCause.LOAN, campaign, loan.number)), line, pieces, units, parts)
    return Posting(tuple(transfers), (*release, use, append), borrowed)


def _approved(books: Books, loan: LoanRow, entry: Entry[Decision, Borrowed]) -> None:
    explained(ExplainedBy.LOAN)(books, loan, entry)
    if loan.txid is None:
        return
    spend, part = require_spend(books.session, entry.campaign, loan.txid), entry.notes.part
    books.session.add(
        SpendRow(
            entry=entry.seq,
            campaign=loan.borrower,
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
            out=loan.amount,
            shortfall=0,
            need=spend.need,
            borrowed_from=entry.campaign,
            live=spend.live,
            n=spend.n,
        )
    )


def void_borrowed(context: Context, _row: Proposal, entry: Entry[Decision, N]) -> tuple[Change, ...]:
    """What takes units that nobody gave off a line again; Conflict where some are bound or spent already."""
    return void_appended(
        context, entry, Wording("some of this money is used or held by now; reverse what stands on it first")
    )


def _reversed(books: Books, loan: LoanRow, entry: Entry[Decision, Borrowed]) -> None:
    """A loan is undone: the spend waits for another explanation, and the borrower has nothing to explain."""
    left_open(books, loan, entry)
    if loan.txid is not None:
        books.session.delete(books.session.get_one(SpendRow, entry.seq))


def _row(_books: Books, entry: Entry[Loan, None]) -> LoanRow:
    facts = entry.facts
    return LoanRow(
        **proposed(entry, facts.number, facts.date),
        borrower=facts.to,
        asset=facts.asset,
        amount=facts.amount,
        fee=facts.fee,
        bank=facts.bank,
        to_bank=facts.to_bank,
        txid=facts.txid,
    )


def _explains(facts: Loan) -> Explains | None:
    return None if facts.txid is None else Explains(facts.txid, facts.amount + facts.fee)


LOANS = Workflow(
    noun="loan",
    facts=Loan,
    row=LoanRow,
    notes=Borrowed,
    doc="Record what this campaign lent to another one; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    also_in=lambda _session, _campaign, facts: (facts.to,),
    approved_in=lambda _session, loan: (loan.borrower,),
    kept=waiting(ExplainedBy.LOAN),
    approved=_approved,
    rejected=left_open,
    reversed=_reversed,
    voids=void_borrowed,
    explains=_explains,
    early=_early,
    doubts=unusual_fee,
    about=lambda _session, loan: (loan.asset, loan.amount),
    asks=lambda _session, loan: Asked(
        loan.asset, loan.amount + loan.fee, f"the fund {loan.borrower}", txid=loan.txid
    ),
    same_payee=lambda loan: (col(LoanRow.borrower) == loan.borrower, col(LoanRow.asset) == loan.asset),
)
KINDS = LOANS.kinds()
