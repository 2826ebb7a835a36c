"""Counts of a cash box: what two people found in it on a day. It is the box's statement, and moves nothing.

What the count and the books differ by is open until what is missing is recorded (docs/rules.md, 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number
from ledger.model.bank import Account, CashCountRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.proposals import ProposalStatus
from ledger.rules.bank_terms import terms_of
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class CashCount:
    """`counted` minor units of `currency` lay in the box `bank` at the end of the day `date`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    counted: Count
    date: Date


def last_count(session: Session, campaign: str, bank: str, currency: str) -> CashCountRow | None:
    """The newest count that two people signed; of one day the one that was recorded last."""
    return session.exec(
        select(CashCountRow)
        .where(
            CashCountRow.campaign == campaign,
            CashCountRow.bank == bank,
            CashCountRow.currency == currency,
            CashCountRow.status == ProposalStatus.APPROVED,
        )
        .order_by(col(CashCountRow.document_date).desc(), col(CashCountRow.entry).desc())
    ).first()


_COUNTED_BOXES = (
    select(CashCountRow.bank, CashCountRow.currency)
    .where(col(CashCountRow.campaign) == OF_CAMPAIGN, col(CashCountRow.status) == ProposalStatus.APPROVED)
    .distinct()
)


def counted_boxes(session: Session, campaign: str) -> set[tuple[str, str]]:
    """The boxes and currencies of which there is a count."""
    return set(session.exec(_COUNTED_BOXES, params={"of_campaign": campaign}).all())


def _hold(context: Context, facts: CashCount) -> Posting[None]:
    require_campaign(context)
    account = terms_of(context.books.session, context.campaign).at(facts.bank).account
    if account is not Account.CASH:
        raise Refused.field(
            "bank", "is no cash box; say that it is one first (`bank terms` with account=cash)"
        )
    return Posting()


def _effect(_context: Context, _row: CashCountRow, _decision: Decision) -> Posting[None]:
    return Posting()


def _row(_books: Books, entry: Entry[CashCount, None]) -> CashCountRow:
    facts = entry.facts
    return CashCountRow(
        **proposed(entry, facts.number, facts.date),
        bank=facts.bank,
        currency=facts.currency,
        counted=facts.counted,
    )


CASH_COUNTS = Workflow(
    noun="cash-count",
    facts=CashCount,
    row=CashCountRow,
    doc="Record what lay in a cash box on a day; a second person who counted signs by approving it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    about=lambda _session, row: (row.currency, row.counted),
)
KINDS = CASH_COUNTS.kinds()
