"""Payments to suppliers, from a bank or in coins, each discharging part of an approved order's value.

A payment is spread over the items in proportion to their approved value (RULES 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.accounts import AccountClass, account
from ledger.books import Books
from ledger.entry import Entry, Posting, Transfer
from ledger.errors import Conflict, Refused
from ledger.facts import STRICT, Count, Currency, Date, Name, Number, Positive, SpendRef, Text, facts_json
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
from ledger.kinds.conversions import explained_pieces, fee_share, waits_for_spend
from ledger.kinds.gifts import money_line
from ledger.kinds.invoices import require_matched
from ledger.kinds.orders import encumbered_account, order_line, order_value
from ledger.kinds.spec import RECORDERS, Context, Kind, numbered
from ledger.kinds.spends import mark_spend, require_unexplained, spent_line
from ledger.lines import Part, PartKind, Use
from ledger.money import decimal_text
from ledger.payable import credited_on_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`amount` of `asset` went to the supplier and discharged `discharges` of the order's currency.

    In coins: `txid` names the transaction and `fee` is its network fee. From a bank: `bank` names it and
    `fee` is its charge. All in minor units.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    asset: Currency
    amount: Positive
    fee: Count = 0
    discharges: Positive
    bank: Name | None = None
    txid: SpendRef | None = None
    invoice: Number | None = None
    prepayment: bool | None = None  # before the goods came: allowed, and named
    no_invoice: Text | None = None  # why there is none and none will come, which the approver accepts
    date: Date


def _approved_order(context: Context, order: str) -> dict[str, Any]:
    document = context.books.documents.require("purchase", context.campaign, order)
    if document["status"] != "approved":
        raise Conflict(f"order: {order} is {document['status']}; only an approved order is paid")
    return document


def paid_and_waiting(books: Books, campaign: str, order: str) -> int:
    """Order value discharged by approved payments and asked for by pending ones, minor units."""
    return sum(
        document["facts"]["discharges"]
        for _, document in books.documents.all("payment", campaign)
        if document["facts"]["order"] == order and document["status"] in {"pending", "approved"}
    )


def _post(context: Context, facts: Payment) -> Posting:
    document = _approved_order(context, facts.order)
    currency = document["facts"]["currency"]
    campaign = context.campaign
    left = order_value(document) - paid_and_waiting(context.books, campaign, facts.order)
    left = max(0, left - credited_on_order(context.books, campaign, facts.order))
    if facts.discharges > left:
        raise Refused.field(
            "discharges",
            f"{decimal_text(currency, left)} {currency} of {facts.order} is unpaid, not yet asked for and not credited",
        )
    if facts.no_invoice is not None and (facts.invoice is not None or facts.prepayment):
        raise Refused.field("no_invoice", "goes with neither an invoice nor a prepayment; leave one out")
    require_matched(context, facts_json(facts))
    if facts.asset == "BTC":
        if facts.txid is None or facts.bank is not None:
            raise Refused.field("txid", "a payment in coins names its transaction and no bank")
        spend = require_unexplained(context, facts.txid, facts.amount + facts.fee, "amount")
        if spend["pending"] is not None:
            raise Refused.field("txid", f"{spend['pending']} already waits to explain this transaction")
        line, pieces = spent_line(facts.txid), explained_pieces(context, facts.txid)
    else:
        if facts.bank is None or facts.txid is not None:
            raise Refused.field("bank", "a payment from a bank names the bank and no transaction")
        if facts.asset == currency and facts.discharges != facts.amount:
            raise Refused.field("discharges", "in the order's own currency this is the amount paid")
        line = money_line(campaign, facts.asset)
        wanted = facts.amount + facts.fee
        pieces = context.books.lines.lowest_free(line, wanted) if context.books.lines.exists(line) else ()
        free = sum(end - start for start, end in pieces)
        bank = account(AccountClass.BANK, campaign, facts.bank)
        held_there = context.books.net(bank, facts.asset)
        if free < wanted or held_there < wanted:
            raise Refused.field(
                "amount",
                f"{decimal_text(facts.asset, wanted)} {facts.asset} is wanted, fee included, and only "
                f"{decimal_text(facts.asset, min(free, held_there))} is free at {facts.bank}",
            )
    if not pieces:
        return Posting()
    return Posting((), (held(line, pieces, f"payment:{facts.number}"),), hold_note(line, pieces))


def _fold(books: Books, entry: Entry) -> None:
    fold_pending("payment")(books, entry)
    if "txid" in entry.facts:
        mark_spend(books, entry.campaign, entry.facts["txid"], pending=f"payment {entry.facts['number']}")


def _spread(books: Books, campaign: str, order: dict[str, Any], units: int, discharges: int) -> list[Part]:
    """`units` of money over the items by what of each item's value is still unpaid, in the order's order."""
    currency, number = order["facts"]["currency"], order["facts"]["number"]
    unpaid = []
    for item in order["facts"]["items"]:
        line = order_line(campaign, number, item["item"], currency)
        filled = books.lines.filled(line)
        unpaid.append((line, filled, item["value"] - filled))
    total = sum(rest for _, _, rest in unpaid)
    parts: list[Part] = []
    for index, (line, filled, rest) in enumerate(unpaid):
        last = index == len(unpaid) - 1
        value = discharges if last else discharges * rest // total
        share = units if last else units * rest // total
        parts.append(Part(PartKind.ON if last else PartKind.ITEM, share, value, line, filled))
        discharges, units, total = discharges - value, units - share, total - rest
    return parts


def _post_approved(context: Context, decision: Decision) -> Posting:
    document = require_pending(context, "payment", decision.number)
    facts = document["facts"]
    campaign, asset = context.campaign, facts["asset"]
    order = _approved_order(context, facts["order"])
    require_matched(context, facts)
    supplier = account(AccountClass.SUPPLIER, campaign, facts["order"])
    if "txid" in facts:
        require_unexplained(context, facts["txid"], facts["amount"] + facts["fee"], "amount")
        source, line = account(AccountClass.UNEXPLAINED, campaign), spent_line(facts["txid"])
        fees = account(AccountClass.FEES, campaign, "network")
    else:
        source, line = account(AccountClass.BANK, campaign, facts["bank"]), money_line(campaign, asset)
        fees = account(AccountClass.FEES, campaign, "bank")
    transfers = [Transfer(supplier, source, asset, facts["amount"])]
    if facts["fee"]:
        transfers.append(Transfer(fees, source, asset, facts["fee"]))
    transfers.append(
        Transfer(
            account(AccountClass.COMMITMENTS, campaign),
            encumbered_account(campaign, facts["order"]),
            order["facts"]["currency"],
            facts["discharges"],
        )
    )
    release = release_of(document)
    pieces = release[0].pieces if release else ()
    units = sum(end - start for start, end in pieces)
    if not units:
        return Posting(tuple(transfers), release)
    fee = fee_share(facts["fee"], facts["amount"] + facts["fee"], units)
    spread = _spread(context.books, campaign, order, units - fee, facts["discharges"])
    parts = (Part(PartKind.FEE, fee, fee), *spread)
    use = Use(f"payment:{campaign}:{decision.number}", line, pieces, units, parts)
    return Posting(tuple(transfers), (*release, use))


def _fold_approved(books: Books, entry: Entry) -> None:
    fold_decided("payment", "approved")(books, entry)
    facts = books.documents.require("payment", entry.campaign, str(entry.facts["number"]))["facts"]
    if "txid" in facts:
        explained = f"payment {entry.facts['number']}"
        mark_spend(
            books, entry.campaign, facts["txid"], pending=None, explained=explained, explained_at=entry.at
        )


def _fold_rejected(books: Books, entry: Entry) -> None:
    fold_decided("payment", "rejected")(books, entry)
    facts = books.documents.require("payment", entry.campaign, str(entry.facts["number"]))["facts"]
    if "txid" in facts:
        mark_spend(books, entry.campaign, facts["txid"], pending=None)


PAYMENT = Kind(
    name="payment",
    noun="payment",
    verb="add",
    facts=Payment,
    doc="Record a payment to a supplier; the money is held until another person approves it.",
    roles=RECORDERS,
    key=numbered("payment"),
    post=_post,
    fold=_fold,
    waits_for=waits_for_spend,
)
KINDS = (
    PAYMENT,
    approval("payment", _post_approved, _fold_approved),
    rejection("payment", _fold_rejected),
)
