"""Exchanges: money of one currency at a bank given for money of another; a use like a conversion (docs/rules.md, 26).

The fee is parted first, in the currency that is sold; the rate is what is left of the two amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import HoldCause, HoldName, UseCause, money_use
from ledger.model.bank_money import ExchangeRow
from ledger.rules.asked import Asked
from ledger.rules.bank_money import taken_there
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.gifts import money_line
from ledger.rules.restrictions import fitting, shares
from ledger.rules.spec import Context
from ledger.rules.unusual import unusual_exchange
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """`sold` minor units of `currency` at `bank` became `bought` of `into` at `to_bank`; `fee` more was charged there.

    `need`: money restricted to it is sold first, and what it fetches is restricted alike.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    sold: Positive
    fee: Count = 0
    to_bank: Name
    into: Currency
    bought: Positive
    need: Number | None = None
    date: Date


def _early(context: Context, facts: Exchange) -> None:
    if "BTC" in {facts.currency, facts.into}:
        raise Refused.field(
            "currency", "coins that are sold are a conversion; an exchange is of money at banks"
        )
    if facts.currency == facts.into:
        raise Refused.field(
            "into", "is the currency that is sold; money moves from bank to bank by `move add`"
        )
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")


def _hold(context: Context, facts: Exchange) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    wanted = facts.sold + facts.fee
    takings = taken_there(context, facts.bank, facts.currency, wanted, fitting(facts.need))
    return holding(takings, str(HoldName(HoldCause.EXCHANGE, facts.number)))


def _effect(context: Context, row: ExchangeRow, _decision: Decision) -> Posting[None]:
    campaign, books = context.campaign, context.books
    source = account(AccountClass.BANK, campaign, row.bank)
    trading = account(AccountClass.TRADING, campaign)
    transfers = [
        Transfer(trading, source, row.currency, row.sold),
        Transfer(account(AccountClass.BANK, campaign, row.to_bank), trading, row.into, row.bought),
    ]
    if row.fee:
        fees = account(AccountClass.FEES, campaign, "exchange")
        transfers.append(Transfer(fees, source, row.currency, row.fee))
    takings = held_takings(books.session, row)
    uses = []
    of_each = zip(takings, shares(row.fee, takings), shares(row.bought, takings), strict=True)
    for taking, fee, bought in of_each:
        line = money_line(campaign, row.into, taking.restriction)
        left = taking.units - fee
        on = Part(PartKind.ON, left, bought, line, books.lines.length(line))
        use_id = str(money_use(UseCause.EXCHANGE, campaign, row.number, taking.restriction))
        parts = (Part(PartKind.FEE, fee, fee), on)
        uses.append(Use(use_id, taking.line, taking.pieces, taking.units, parts))
    return Posting(tuple(transfers), (*release_of(books.session, row), *uses))


def _row(_books: Books, entry: Entry[Exchange, None]) -> ExchangeRow:
    facts = entry.facts
    return ExchangeRow(
        **proposed(entry, facts.number, facts.date),
        bank=facts.bank,
        currency=facts.currency,
        sold=facts.sold,
        fee=facts.fee,
        to_bank=facts.to_bank,
        into=facts.into,
        bought=facts.bought,
        need=facts.need,
    )


EXCHANGES = Workflow(
    noun="exchange",
    facts=Exchange,
    row=ExchangeRow,
    doc="Record that money of one currency was given for money of another; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    early=_early,
    doubts=unusual_exchange,
    about=lambda _session, row: (row.currency, row.sold + row.fee),
    asks=lambda _session, row: Asked(row.currency, row.sold + row.fee),
)
KINDS = EXCHANGES.kinds()
