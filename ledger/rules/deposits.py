"""Deposits: coins sent to an exchange that sells them over days. They lie there, at a place of their own, until then.

A deposit explains a transaction whole. The fee is borne by all its coins alike; the others go on unchanged, and each
conversion that names no transaction sells of them, in the order of the line (docs/rules.md, 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, SpendRef
from ledger.core.lines import Use
from ledger.core.names import HoldCause, HoldName, UseCause
from ledger.core.wording import Figure
from ledger.model.exchange_coins import DepositRow
from ledger.model.screening import PayeeKind
from ledger.model.spends import ExplainedBy
from ledger.rules.asked import Asked, Party
from ledger.rules.at_exchange import exchange_account, exchange_line, parted_fee, promised, sold_by
from ledger.rules.block_holds import held_onward
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign, require_need
from ledger.rules.explaining import explained, left_open, require_to_explain, waiting
from ledger.rules.restrictions import shares, units_of
from ledger.rules.spec import Context, Explains
from ledger.rules.spends import carried, fee_share, require_purpose, require_released, require_unexplained
from ledger.rules.workflow import Decision, Workflow, held_takings, holding, proposed, release_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """`amount` sats of the transaction came to `exchange`, to be sold there by the day `until`.

    `until` is 30 days later where nobody says another day. `need`: only in an explanation given before the coins
    settle; coins restricted to that need are taken first then.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    txid: SpendRef
    amount: Positive
    network_fee: Count
    exchange: Name
    until: Date | None = None
    need: Number | None = None
    date: Date


def _early(context: Context, facts: Deposit) -> None:
    if facts.until is not None and facts.until < facts.date:
        raise Refused.field("until", "is before the deposit; name the day by which the coins are to be sold")
    if facts.need is not None:
        require_need(context.books.session, context.campaign, facts.need, "need")


def _hold(context: Context, facts: Deposit) -> Posting[None]:
    require_campaign(context)
    _early(context, facts)
    spend = require_to_explain(context, facts.txid, facts.amount + facts.network_fee, "amount")
    require_released(context, spend)
    require_purpose(spend, facts.need)
    return holding(
        carried(context.books, context.campaign, facts.txid), str(HoldName(HoldCause.DEPOSIT, facts.number))
    )


def _transfers(deposit: DepositRow) -> tuple[Transfer, ...]:
    """Coins to the exchange, with the network fee apart."""
    campaign = deposit.campaign
    unexplained = account(AccountClass.UNEXPLAINED, campaign)
    came = Transfer(exchange_account(campaign, deposit.exchange), unexplained, "BTC", deposit.amount)
    if not deposit.network_fee:
        return (came,)
    fees = account(AccountClass.FEES, campaign, "network")
    return (came, Transfer(fees, unexplained, "BTC", deposit.network_fee))


def _effect(context: Context, deposit: DepositRow, _decision: Decision) -> Posting[None]:
    books, campaign, total = context.books, context.campaign, deposit.amount + deposit.network_fee
    require_released(context, require_unexplained(context, deposit.txid, total, "amount"))
    takings = held_takings(books.session, deposit)
    fee = fee_share(deposit.network_fee, total, units_of(takings))
    uses: list[Use] = []
    for taking, share in zip(takings, shares(fee, takings), strict=True):
        onward = exchange_line(campaign, deposit.exchange, taking.restriction)
        uses += parted_fee(books, UseCause.DEPOSIT, campaign, deposit.number, taking, share, onward)
    held = held_onward(books, campaign, uses)
    return Posting(_transfers(deposit), (*release_of(books.session, deposit), *uses, *held))


def _row(_books: Books, entry: Entry[Deposit, None]) -> DepositRow:
    facts = entry.facts
    return DepositRow(
        **proposed(entry, facts.number, facts.date),
        txid=facts.txid,
        amount=facts.amount,
        network_fee=facts.network_fee,
        exchange=facts.exchange,
        until=facts.until or sold_by(facts.date),
        need=facts.need,
    )


def _require_unsold(context: Context, deposit: DepositRow, _entry: Entry[Decision, None]) -> None:
    """Conflict where the coins are sold, or told as gone from there: what stands on a deposit is reversed first."""
    books, campaign, exchange = context.books, context.campaign, deposit.exchange
    lies = books.net(exchange_account(campaign, exchange), "BTC") - promised(
        books.session, campaign, exchange
    )
    if lies < deposit.amount:
        raise Conflict.field(
            "entry",
            "{left} of its {amount} lies at {exchange} still; reverse or reject first what sold the others "
            "(`conversion`), brought them back (`withdrawal`) or kept them (`custody-fee`)",
            left=Figure("BTC", lies),
            amount=Figure("BTC", deposit.amount),
            exchange=exchange,
        )


def _asks(_session: Session, deposit: DepositRow) -> Asked:
    party = Party(PayeeKind.EXCHANGE, deposit.exchange)
    return Asked("BTC", deposit.amount + deposit.network_fee, party=party, txid=deposit.txid)


def _explains(facts: Deposit) -> Explains:
    return Explains(facts.txid, facts.amount + facts.network_fee, need=facts.need)


DEPOSITS = Workflow(
    noun="deposit",
    facts=Deposit,
    row=DepositRow,
    doc="Record that a transaction brought coins to an exchange, which sells them later; another person approves it.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    kept=waiting(ExplainedBy.DEPOSIT),
    approved=explained(ExplainedBy.DEPOSIT),
    rejected=left_open,
    reversed=left_open,
    require=_require_unsold,
    explains=_explains,
    early=_early,
    about=lambda _session, deposit: ("BTC", deposit.amount + deposit.network_fee),
    asks=_asks,
)
KINDS = DEPOSITS.kinds()
