"""Withdrawals: coins that come back unsold from an exchange, to an address of the campaign.

The coin that they come as waits until this says what it is. Units of those who sent them there go back to their line of
money; all of them bear the exchange's fee alike (docs/rules.md, 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive
from ledger.core.lines import Use
from ledger.core.names import HoldCause, HoldName, UseCause
from ledger.core.wording import Figure
from ledger.model.exchange_coins import WithdrawalRow
from ledger.model.gifts import CountsAs
from ledger.rules.asked import Asked
from ledger.rules.at_exchange import exchange_account, parted_fee, require_at, taken_at
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gifts import money_line
from ledger.rules.incoming import (
    CameAsCoin,
    OutpointText,
    came_as,
    coin_named,
    joins,
    require_decidable,
    require_undecided,
    require_unspent,
    save_counted,
)
from ledger.rules.restrictions import shares, units_of
from ledger.rules.spec import Context
from ledger.rules.unusual import unusual_withdrawal
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """`amount` sats came back from `exchange` as the settled coin `outpoint`; it charged `fee` sats for that."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    exchange: Name
    outpoint: OutpointText
    amount: Positive
    fee: Count = 0
    date: Date


def _hold(context: Context, facts: Withdrawal) -> Posting[None]:
    require_campaign(context)
    require_undecided(context, facts.outpoint, facts.amount, withdrawal=facts.number)
    whole = facts.amount + facts.fee
    takings = taken_at(context.books, context.campaign, facts.exchange, whole, "amount")
    missing = whole - units_of(takings)
    if missing:
        raise Refused.field(
            "amount",
            "no gift stands behind {missing} of it at {exchange}; say with `incoming decide` that the coin is a top-up",
            missing=Figure("BTC", missing),
            exchange=facts.exchange,
        )
    return holding(takings, str(HoldName(HoldCause.WITHDRAWAL, facts.number)))


def _effect(context: Context, row: WithdrawalRow, _decision: Decision) -> Posting[CameAsCoin]:
    books, campaign = context.books, context.campaign
    coin = require_undecided(context, row.outpoint, row.amount, withdrawal=row.number)
    require_at(books, campaign, row.exchange, row.amount + row.fee)
    source = exchange_account(campaign, row.exchange)
    transfers = [*came_as(context, coin, source)]
    if row.fee:
        fees = account(AccountClass.FEES, campaign, "exchange")
        transfers.append(Transfer(fees, source, "BTC", row.fee))
    takings = held_takings(books.session, row)
    uses: list[Use] = []
    for taking, fee in zip(takings, shares(row.fee, takings), strict=True):
        onward = money_line(campaign, "BTC", taking.restriction)
        uses += parted_fee(books, UseCause.WITHDRAWAL, campaign, row.number, taking, fee, onward)
    notes = CameAsCoin(outpoint=row.outpoint, joins=joins(coin))
    return Posting(tuple(transfers), (*release_of(books.session, row), *uses), notes)


def _row(_books: Books, entry: Entry[Withdrawal, None]) -> WithdrawalRow:
    facts = entry.facts
    return WithdrawalRow(
        **proposed(entry, facts.number, facts.date),
        exchange=facts.exchange,
        outpoint=facts.outpoint,
        amount=facts.amount,
        fee=facts.fee,
    )


def _approved(books: Books, row: WithdrawalRow, entry: Entry[Decision, CameAsCoin]) -> None:
    coin = coin_named(books, row.campaign, row.outpoint)
    save_counted(books, coin, coin, CountsAs.WITHDRAWAL, entry.seq, entry.operations, row.exchange)


def _reversed(books: Books, row: WithdrawalRow, entry: Entry[Decision, CameAsCoin]) -> None:
    """The coin waits for a decision again, and the units lie at the exchange."""
    coin = coin_named(books, row.campaign, row.outpoint)
    save_counted(books, coin, coin, CountsAs.UNDECIDED, entry.seq, entry.operations)


def _require_coin_there(context: Context, row: WithdrawalRow, _entry: Entry[Decision, CameAsCoin]) -> None:
    """Conflict where the coin is off the chain or spent: what it counts as stands then."""
    require_decidable(context, coin_named(context.books, context.campaign, row.outpoint))
    require_unspent(context, row.outpoint)


WITHDRAWALS: Workflow[Withdrawal, WithdrawalRow, CameAsCoin] = Workflow(
    noun="withdrawal",
    facts=Withdrawal,
    row=WithdrawalRow,
    doc="Record that unsold coins came back from an exchange; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=CameAsCoin,
    approved=_approved,
    reversed=_reversed,
    require=_require_coin_there,
    doubts=unusual_withdrawal,
    about=lambda _session, row: ("BTC", row.amount + row.fee),
    asks=lambda _session, row: Asked("BTC", row.amount + row.fee),
)
KINDS = WITHDRAWALS.kinds()
