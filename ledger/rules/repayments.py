"""Repayments of loans between two campaigns' funds: the borrower's money becomes the lender's again.

The lender's units come back to its own line in turn; the borrower's end here. Nothing here lends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug
from ledger.core.lines import Append, Operation, Part, PartKind, Use, units_in
from ledger.core.names import HoldCause, HoldName, RepaidBy, RepaidLine, UseCause, UseName
from ledger.core.wording import Figure
from ledger.model.loans import LoanRow, RepaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.asked import Asked
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.loans import (
    LOANS,
    free_money,
    lent_account,
    lent_line,
    loan_gift,
    owed_account,
    void_borrowed,
)
from ledger.rules.spec import Context
from ledger.rules.unusual import unusual_fee
from ledger.rules.workflow import Decision, Workflow, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """`amount` of `asset` went from this campaign's bank to the lender's, for its `loan`; minor units.

    `settles`: what of the loan that pays off, where it was lent in another asset. `fee`: what the bank charged
    this campaign.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    lender: Slug
    loan: Number
    asset: Currency
    amount: Positive
    settles: Positive | None = None
    fee: Count = 0
    bank: Name
    to_bank: Name
    date: Date


def repaid_loan(session: Session, repayment: RepaymentRow) -> LoanRow:
    """The loan that a repayment is of."""
    return session.get_one(LoanRow, repayment.loan_entry)


def owed_still(books: Books, loan: LoanRow) -> int:
    """What is owed by a loan and not asked for by a repayment that waits, minor units of the loan's asset."""
    settled = func.sum(func.coalesce(RepaymentRow.settles, RepaymentRow.amount))
    asked = select(func.coalesce(settled, 0)).where(
        RepaymentRow.loan_entry == loan.entry, RepaymentRow.status == ProposalStatus.PENDING
    )
    waiting = int(books.session.exec(asked).one())
    return -books.net(owed_account(loan.borrower, loan.campaign, loan.number), loan.asset) - waiting


def _hold(context: Context, facts: Repayment) -> Posting[None]:
    books, campaign = context.books, context.campaign
    loan = LOANS.require_row(books.session, facts.lender, facts.loan)
    lent = loan.asset
    if loan.borrower != campaign or loan.status is not ProposalStatus.APPROVED:
        raise Refused.field(
            "loan", "is no standing loan of {lender} to this campaign; name one", lender=facts.lender
        )
    if facts.asset == "BTC":
        raise Refused.field("asset", "a repayment is money; coins go back by a loan the other way")
    if (facts.asset == lent) == (facts.settles is not None):
        raise Refused.field(
            "settles", "is given where the loan is in another asset; this one is in {lent}", lent=lent
        )
    owed = owed_still(books, loan)
    settles = facts.settles or facts.amount
    if settles > owed:
        raise Refused.field(
            "amount" if facts.settles is None else "settles",
            "is {settles} and {owed} is owed and not asked for",
            settles=Figure(lent, settles),
            owed=Figure(lent, owed),
        )
    taking = free_money(context, facts.bank, facts.asset, facts.amount + facts.fee)
    return holding((taking,), str(HoldName(HoldCause.REPAYMENT, facts.number)))


def _effect(context: Context, repayment: RepaymentRow, _decision: Decision) -> Posting[None]:
    campaign, books = context.campaign, context.books
    asset, amount, fee, settles = repayment.asset, repayment.amount, repayment.fee, repayment.settled
    loan = repaid_loan(books.session, repayment)
    lender, number, lent = loan.campaign, loan.number, loan.asset
    bank = account(AccountClass.BANK, campaign, repayment.bank)
    to_bank = account(AccountClass.BANK, lender, repayment.to_bank)
    owed, is_owed = owed_account(campaign, lender, number), lent_account(lender, number)
    if asset == lent:
        transfers = [Transfer(owed, bank, asset, amount), Transfer(to_bank, is_owed, asset, amount)]
    else:
        given = account(AccountClass.TRADING, campaign, "loans")
        taken = account(AccountClass.TRADING, lender, "loans")
        transfers = [
            Transfer(given, bank, asset, amount),
            Transfer(owed, given, lent, settles),
            Transfer(to_bank, taken, asset, amount),
            Transfer(taken, is_owed, lent, settles),
        ]
    if fee:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, "bank"), bank, asset, fee))
    release = release_of(books.session, repayment)
    ended = str(RepaidLine(campaign, repayment.number, asset))
    parts = (Part(PartKind.FEE, fee, fee), Part(PartKind.ON, amount, amount, ended, 0))
    operations: list[Operation] = [
        *release,
        Use(
            str(UseName(UseCause.REPAYMENT, campaign, repayment.number)),
            release[0].line,
            release[0].pieces,
            amount + fee,
            parts,
        ),
    ]
    waits, target = lent_line(lender, number, lent), money_line(lender, asset)
    back = books.lines.lowest_free(waits, settles) if books.lines.exists(waits) else ()
    units = units_in(back)
    start = books.lines.length(target)
    if units:
        on = Part(PartKind.ON, units, amount, target, start)
        use_id = str(UseName(UseCause.REPAID, lender, str(RepaidBy(campaign, repayment.number))))
        return Posting(tuple(transfers), (*operations, Use(use_id, waits, back, units, (on,))))
    # Coins that no gift stands behind were lent: what comes back for them is nobody's gift either.
    operations.append(Append(target, asset, start, amount, loan_gift(lender, number)))
    return Posting(tuple(transfers), tuple(operations))


def _row(books: Books, entry: Entry[Repayment, None]) -> RepaymentRow:
    facts = entry.facts
    return RepaymentRow(
        **proposed(entry, facts.number, facts.date),
        loan_entry=LOANS.require_row(books.session, facts.lender, facts.loan).entry,
        asset=facts.asset,
        amount=facts.amount,
        settles=facts.settles,
        fee=facts.fee,
        bank=facts.bank,
        to_bank=facts.to_bank,
    )


def _asks(session: Session, repayment: RepaymentRow) -> Asked:
    lender = repaid_loan(session, repayment).campaign
    return Asked(repayment.asset, repayment.amount + repayment.fee, f"the fund {lender}")


REPAYMENTS = Workflow(
    noun="repayment",
    facts=Repayment,
    row=RepaymentRow,
    doc="Record what this campaign paid back of a loan; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    also_in=lambda _session, _campaign, facts: (facts.lender,),
    approved_in=lambda session, repayment: (repaid_loan(session, repayment).campaign,),
    voids=void_borrowed,
    doubts=unusual_fee,
    about=lambda _session, repayment: (repayment.asset, repayment.amount),
    asks=_asks,
    same_payee=lambda repayment: (col(RepaymentRow.asset) == repayment.asset,),
)
KINDS = REPAYMENTS.kinds()
