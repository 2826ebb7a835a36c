"""Tax that was withheld from suppliers: it is owed to the tax office until it is paid there (docs/rules.md, 22).

A payment that withholds discharges the order by the whole; what it kept back lies at the bank and is nobody's gift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive
from ledger.core.wording import Figure
from ledger.model.bank_money import TaxPaymentRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.model.screening import PayeeKind
from ledger.rules.asked import Asked, Party
from ledger.rules.bank_money import at_bank
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPayment:
    """`amount` minor units of withheld tax that were paid to the tax office from `bank`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    amount: Positive
    date: Date


def tax_account(campaign: str) -> str:
    return account(AccountClass.TAX, campaign)


def tax_owed(books: Books, campaign: str, currency: str) -> int:
    """What was withheld and not paid to the tax office yet, minor units."""
    return -books.net(tax_account(campaign), currency)


def _asked_already(session: Session, campaign: str, currency: str) -> int:
    asked = select(func.coalesce(func.sum(TaxPaymentRow.amount), 0)).where(
        TaxPaymentRow.campaign == campaign,
        TaxPaymentRow.currency == currency,
        TaxPaymentRow.status == ProposalStatus.PENDING,
    )
    return int(session.exec(asked).one())


def _require_owed(context: Context, bank: str, currency: str, amount: int, asked: int) -> None:
    left = tax_owed(context.books, context.campaign, currency) - asked
    if amount > left:
        raise Refused.field(
            "amount", "is more than the {left} that is owed and not asked for", left=Figure(currency, left)
        )
    there = at_bank(context.books, context.campaign, bank, currency)
    if amount > there:
        raise Refused.field("bank", "holds {there}; name the one that paid", there=Figure(currency, there))


def _hold(context: Context, facts: TaxPayment) -> Posting[None]:
    require_campaign(context)
    asked = _asked_already(context.books.session, context.campaign, facts.currency)
    _require_owed(context, facts.bank, facts.currency, facts.amount, asked)
    return Posting()


def _effect(context: Context, row: TaxPaymentRow, _decision: Decision) -> Posting[None]:
    _require_owed(context, row.bank, row.currency, row.amount, 0)
    bank = account(AccountClass.BANK, context.campaign, row.bank)
    return Posting((Transfer(tax_account(context.campaign), bank, row.currency, row.amount),))


def _covered(context: Context, currency: str, amount: int, since: str) -> set[int]:
    """The first payment after a day without whose withheld tax less would have been owed than is paid."""
    session, campaign = context.books.session, context.campaign
    payments = select(PaymentRow.decided_by, PaymentRow.decided_on, PaymentRow.withheld).where(
        PaymentRow.campaign == campaign,
        PaymentRow.asset == currency,
        PaymentRow.withheld > 0,
        PaymentRow.status == ProposalStatus.APPROVED,
    )
    left = amount - tax_owed(context.books, campaign, currency)
    by_day = sorted((day, entry, units) for entry, day, units in session.exec(payments) if day and entry)
    for day, entry, units in reversed(by_day):
        left += units
        if left > 0:
            return {entry} if day > since else set()
    return set()


def _row(_books: Books, entry: Entry[TaxPayment, None]) -> TaxPaymentRow:
    facts = entry.facts
    return TaxPaymentRow(
        **proposed(entry, facts.number, facts.date),
        bank=facts.bank,
        currency=facts.currency,
        amount=facts.amount,
    )


TAX_PAYMENTS = Workflow(
    noun="tax-payment",
    facts=TaxPayment,
    row=TaxPaymentRow,
    doc="Record that withheld tax was paid to the tax office; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    covered=lambda context, facts, since: _covered(context, facts.currency, facts.amount, since),
    approval_covered=lambda context, row, _decision, since: _covered(
        context, row.currency, row.amount, since
    ),
    about=lambda _session, row: (row.currency, row.amount),
    asks=lambda _session, row: Asked(row.currency, row.amount, party=Party(PayeeKind.TAX_OFFICE)),
)
KINDS = TAX_PAYMENTS.kinds()
