"""Custody fees: what an exchange takes of the coins that lie there, for keeping them; all of them bear it alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.facts import STRICT, Date, Name, Number, Positive
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, UseCause, money_use
from ledger.model.exchange_coins import CustodyFeeRow
from ledger.model.screening import PayeeKind
from ledger.rules.asked import Asked, Party
from ledger.rules.at_exchange import borne_at, exchange_account, require_at
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import Context
from ledger.rules.unusual import unusual_keeping
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyFee:
    """`exchange` took `amount` sats of the campaign's coins that lie there."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    exchange: Name
    amount: Positive
    date: Date


def _hold(context: Context, facts: CustodyFee) -> Posting[None]:
    require_campaign(context)
    takings = borne_at(context.books, context.campaign, facts.exchange, facts.amount)
    return holding(takings, str(HoldName(HoldCause.CUSTODY_FEE, facts.number)))


def _effect(context: Context, row: CustodyFeeRow, _decision: Decision) -> Posting[None]:
    books, campaign = context.books, context.campaign
    require_at(books, campaign, row.exchange, row.amount)
    fees = account(AccountClass.FEES, campaign, "exchange")
    taken = Transfer(fees, exchange_account(campaign, row.exchange), "BTC", row.amount)
    uses = (
        Use(
            str(money_use(UseCause.CUSTODY_FEE, campaign, row.number, taking.restriction)),
            taking.line,
            taking.pieces,
            taking.units,
            (Part(PartKind.FEE, taking.units, taking.units),),
        )
        for taking in held_takings(books.session, row)
    )
    return Posting((taken,), (*release_of(books.session, row), *uses))


def _row(_books: Books, entry: Entry[CustodyFee, None]) -> CustodyFeeRow:
    facts = entry.facts
    return CustodyFeeRow(
        **proposed(entry, facts.number, facts.date), exchange=facts.exchange, amount=facts.amount
    )


CUSTODY_FEES = Workflow(
    noun="custody-fee",
    facts=CustodyFee,
    row=CustodyFeeRow,
    doc="Record what an exchange took of the coins that lie there; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    doubts=unusual_keeping,
    about=lambda _session, row: ("BTC", row.amount),
    asks=lambda _session, row: Asked("BTC", row.amount, party=Party(PayeeKind.EXCHANGE, row.exchange)),
)
KINDS = CUSTODY_FEES.kinds()
