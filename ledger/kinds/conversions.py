"""Conversions: coins given for money at an exchange. One settled outgoing transaction is explained whole.

The fee is parted first, in proportion, in its own asset; what goes on is last (DESIGN, Tracing, rule 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.accounts import AccountClass, account
from ledger.books import Books
from ledger.entry import Entry, Posting, Transfer
from ledger.errors import Refused
from ledger.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef
from ledger.kinds.approvals import (
    Decision,
    approval,
    fold_decided,
    fold_pending,
    held,
    hold_note,
    rejection,
    release_of,
    require_pending,
)
from ledger.kinds.gifts import money_line
from ledger.kinds.spec import RECORDERS, Context, Kind, numbered, require_campaign
from ledger.kinds.spends import mark_spend, require_unexplained, spent_line
from ledger.lines import Part, PartKind, Piece, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """`sold` sats became `proceeds` minor units of `currency` at the bank, after `exchange_fee`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    txid: SpendRef
    sold: Positive
    network_fee: Count
    currency: Currency
    proceeds: Positive
    exchange_fee: Count = 0
    exchange: Name
    bank: Name
    date: Date


def explained_pieces(context: Context, txid: str) -> tuple[Piece, ...]:
    """The units that the spend carried away and nobody used yet."""
    line = spent_line(txid)
    return context.books.lines.lowest_free(line, context.books.lines.length(line))


def waits_for_spend(books: Books, campaign: str, facts: Any) -> str | None:
    """The txid, while its spend has not settled: the explanation waits as a draft (DESIGN section 4)."""
    txid = facts.txid
    if txid is None or books.documents.find("spend", campaign, txid) is not None:
        return None
    return str(txid)


def fee_share(fee: int, out: int, units: int) -> int:
    """The fee's part of the units that a spend took from the line, which may be fewer than what left."""
    return fee * units // out if out else 0


def _post(context: Context, facts: Conversion) -> Posting:
    require_campaign(context)
    if facts.currency == "BTC":
        raise Refused.field("currency", "a conversion ends in another currency than BTC")
    total = facts.sold + facts.network_fee
    spend = require_unexplained(context, facts.txid, total, "sold")
    if spend["pending"] is not None:
        raise Refused.field("txid", f"{spend['pending']} already waits to explain this transaction")
    pieces = explained_pieces(context, facts.txid)
    if not pieces:
        return Posting()
    line = spent_line(facts.txid)
    return Posting((), (held(line, pieces, f"conversion:{facts.number}"),), hold_note(line, pieces))


def _fold(books: Books, entry: Entry) -> None:
    fold_pending("conversion")(books, entry)
    mark_spend(books, entry.campaign, entry.facts["txid"], pending=f"conversion {entry.facts['number']}")


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "conversion", decision.number)
    facts = document["facts"]
    campaign, currency = context.campaign, facts["currency"]
    total = facts["sold"] + facts["network_fee"]
    require_unexplained(context, facts["txid"], total, "sold")
    unexplained = account(AccountClass.UNEXPLAINED, campaign)
    trading = account(AccountClass.TRADING, campaign)
    transfers = [Transfer(trading, unexplained, "BTC", facts["sold"])]
    if facts["network_fee"]:
        fees = account(AccountClass.FEES, campaign, "network")
        transfers.append(Transfer(fees, unexplained, "BTC", facts["network_fee"]))
    bank = account(AccountClass.BANK, campaign, facts["bank"])
    transfers.append(Transfer(bank, trading, currency, facts["proceeds"]))
    if facts["exchange_fee"]:
        fees = account(AccountClass.FEES, campaign, "exchange")
        transfers.append(Transfer(fees, trading, currency, facts["exchange_fee"]))
    release = release_of(document)
    pieces = release[0].pieces if release else ()
    units = sum(end - start for start, end in pieces)
    if not units:
        return Posting(tuple(transfers), release)
    fee = fee_share(facts["network_fee"], total, units)
    line = money_line(campaign, currency)
    start = context.books.lines.length(line)
    parts = (
        Part(PartKind.FEE, fee, fee),
        Part(PartKind.ON, units - fee, facts["proceeds"], line, start),
    )
    use = Use(f"conversion:{campaign}:{decision.number}", spent_line(facts["txid"]), pieces, units, parts)
    return Posting(tuple(transfers), (*release, use))


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_decided("conversion", "approved")(books, entry)
    document = books.documents.require("conversion", entry.campaign, str(entry.facts["number"]))
    mark_spend(
        books,
        entry.campaign,
        document["facts"]["txid"],
        pending=None,
        explained=f"conversion {entry.facts['number']}",
        explained_at=entry.at,
    )


def _fold_rejected(books: Books, entry: Entry) -> None:
    fold_decided("conversion", "rejected")(books, entry)
    document = books.documents.require("conversion", entry.campaign, str(entry.facts["number"]))
    mark_spend(books, entry.campaign, document["facts"]["txid"], pending=None)


CONVERSION = Kind(
    name="conversion",
    noun="conversion",
    verb="add",
    facts=Conversion,
    doc="Record that a transaction sold coins for money; it waits for another person's approval.",
    roles=RECORDERS,
    key=numbered("conversion"),
    post=_post,
    fold=_fold,
    waits_for=waits_for_spend,
)
KINDS = (
    CONVERSION,
    approval("conversion", _post_approved, _fold_approved),
    rejection("conversion", _fold_rejected),
)
