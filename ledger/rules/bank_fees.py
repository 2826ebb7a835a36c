"""What a bank takes for itself: an account's fee, a service, a tax, and what a counted cash box lacks.

Unrestricted money bears it first, then what is restricted, by number: the bank asks for no purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, UseCause, money_use
from ledger.model.bank_money import BankFeeCause, BankFeeRow
from ledger.rules.asked import Asked
from ledger.rules.bank_money import taken_there
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.restrictions import all_in_order
from ledger.rules.spec import Context
from ledger.rules.unusual import unusual_keeping
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFee:
    """`amount` minor units of `currency` that a bank took, and why; `shortage`: a counted cash box lacks it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    amount: Positive
    cause: BankFeeCause = BankFeeCause.ACCOUNT
    date: Date


def _early(_context: Context, facts: BankFee) -> None:
    if facts.currency == "BTC":
        raise Refused.field(
            "currency", "no bank holds coins; a network fee is told with what it was paid for"
        )


def _hold(context: Context, facts: BankFee) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    order = all_in_order(context.books, context.campaign, facts.currency)
    takings = taken_there(context, facts.bank, facts.currency, facts.amount, order)
    return holding(takings, str(HoldName(HoldCause.BANK_FEE, facts.number)))


def _effect(context: Context, fee: BankFeeRow, _decision: Decision) -> Posting[None]:
    campaign, session = context.campaign, context.books.session
    charges = account(AccountClass.FEES, campaign, "bank")
    paid = Transfer(charges, account(AccountClass.BANK, campaign, fee.bank), fee.currency, fee.amount)
    uses = tuple(
        Use(
            str(money_use(UseCause.BANK_FEE, campaign, fee.number, taking.restriction)),
            taking.line,
            taking.pieces,
            taking.units,
            (Part(PartKind.FEE, taking.units, taking.units),),
        )
        for taking in held_takings(session, fee)
    )
    return Posting((paid,), (*release_of(session, fee), *uses))


def _row(_books: Books, entry: Entry[BankFee, None]) -> BankFeeRow:
    facts = entry.facts
    return BankFeeRow(
        **proposed(entry, facts.number, facts.date),
        bank=facts.bank,
        currency=facts.currency,
        amount=facts.amount,
        cause=facts.cause,
    )


BANK_FEES = Workflow(
    noun="bank-fee",
    facts=BankFee,
    row=BankFeeRow,
    doc="Record what a bank took for itself, or what a counted cash box lacks; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    early=_early,
    doubts=unusual_keeping,
    about=lambda _session, fee: (fee.currency, fee.amount),
    asks=lambda _session, fee: Asked(fee.currency, fee.amount),
)
KINDS = BANK_FEES.kinds()
