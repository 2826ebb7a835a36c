"""Repayments of loans between two campaigns' funds: the borrower's money becomes the lender's again.

The lender's units come back to its own line in turn; the borrower's end here. Nothing here lends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug
from ledger.core.lines import Append, Operation, Part, PartKind, Use, units_in
from ledger.core.money import decimal_text
from ledger.core.names import HoldCause, HoldName, RepaidLine, UseCause, UseName
from ledger.rules.approvals import (
    approval,
    fold_decided,
    fold_pending,
    holding,
    rejection,
    release_of,
    require_pending,
)
from ledger.rules.books import Books
from ledger.rules.gifts import money_line
from ledger.rules.loans import free_money, lent_account, lent_line, loan_gift, owed_account, void_borrowed
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as
from ledger.rules.workflow import Decision


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


def _settled(facts: dict[str, Any]) -> int:
    return int(facts.get("settles") or facts["amount"])


def owed_still(books: Books, borrower: str, lender: str, loan: str, asset: str) -> int:
    """What is owed by a loan and not asked for by a repayment that waits, minor units of the loan's asset."""
    waiting = sum(
        _settled(document["facts"])
        for _, document in books.documents.all("repayment", borrower)
        if document["status"] == "pending"
        and (document["facts"]["lender"], document["facts"]["loan"]) == (lender, loan)
    )
    return -books.net(owed_account(borrower, lender, loan), asset) - waiting


def _post(context: Context, facts: Repayment) -> Posting:
    books, campaign = context.books, context.campaign
    loan = books.documents.require("loan", facts.lender, facts.loan)
    lent = str(loan["facts"]["asset"])
    if loan["facts"]["to"] != campaign or loan["status"] != "approved":
        raise Refused.field("loan", f"is no standing loan of {facts.lender} to this campaign; name one")
    if facts.asset == "BTC":
        raise Refused.field("asset", "a repayment is money; coins go back by a loan the other way")
    if (facts.asset == lent) == (facts.settles is not None):
        raise Refused.field("settles", f"is given where the loan is in another asset; this one is in {lent}")
    owed = owed_still(books, campaign, facts.lender, facts.loan, lent)
    settles = facts.settles or facts.amount
    if settles > owed:
        raise Refused.field(
            "amount" if facts.settles is None else "settles",
            f"is {decimal_text(lent, settles)} {lent} and {decimal_text(lent, owed)} is owed and not asked for",
        )
    taking = free_money(context, facts.bank, facts.asset, facts.amount + facts.fee)
    return holding((taking,), str(HoldName(HoldCause.REPAYMENT, facts.number)))


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "repayment", decision.number)
    facts, campaign, books = document["facts"], context.campaign, context.books
    lender, number, asset, amount, fee = (
        facts["lender"], facts["loan"], facts["asset"], facts["amount"], facts["fee"],
    )  # fmt: skip
    lent = str(books.documents.require("loan", lender, number)["facts"]["asset"])
    settles = _settled(facts)
    bank = account(AccountClass.BANK, campaign, facts["bank"])
    to_bank = account(AccountClass.BANK, lender, facts["to_bank"])
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
    release = release_of(document)
    ended = str(RepaidLine(campaign, decision.number, asset))
    parts = (Part(PartKind.FEE, fee, fee), Part(PartKind.ON, amount, amount, ended, 0))
    operations: list[Operation] = [
        *release,
        Use(
            str(UseName(UseCause.REPAYMENT, campaign, decision.number)),
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
        use_id = str(UseName(UseCause.REPAID, lender, _paid_by(campaign, decision.number)))
        return Posting(tuple(transfers), (*operations, Use(use_id, waits, back, units, (on,))))
    # Coins that no gift stands behind were lent: what comes back for them is nobody's gift either.
    operations.append(Append(target, asset, start, amount, loan_gift(lender, number)))
    return Posting(tuple(transfers), tuple(operations), {"interval": [target, start, start + amount]})


def _paid_by(borrower: str, number: str) -> str:
    """The name of a repayment at the lender."""
    return f"{borrower}.{number}"


def _fold_approved(books: Books, entry: Entry) -> None:
    number = str(entry.facts["number"])
    fold_decided("repayment", "approved")(books, entry)
    facts = books.documents.require("repayment", entry.campaign, number)["facts"]
    told = document_of(entry)
    told["facts"] = {"borrower": entry.campaign, **facts}
    books.documents.save("repaid", facts["lender"], _paid_by(entry.campaign, number), told)


REPAYMENT = Kind(
    name="repayment",
    noun="repayment",
    verb="add",
    facts=Repayment,
    doc="Record what this campaign paid back of a loan; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("repayment"),
    post=_post,
    fold=fold_pending("repayment"),
)
KINDS = (
    REPAYMENT,
    approval(
        "repayment",
        _post_approved,
        _fold_approved,
        Undoing(reversed_as("repayment", status="reversed"), voids=void_borrowed),
    ),
    rejection("repayment"),
)
