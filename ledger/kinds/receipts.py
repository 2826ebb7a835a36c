"""Goods received notes: what a delivery note says and what was found, by lot.

A receipt maps positions of the order's line to pieces once (DESIGN, Tracing, rule 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from ledger.accounts import AccountClass, account
from ledger.books import Books
from ledger.entry import Entry, Posting, Transfer
from ledger.errors import Conflict, Refused
from ledger.facts import STRICT, Count, Date, Name, Number, Positive
from ledger.kinds.goods import goods_account, goods_line, lot_asset
from ledger.kinds.orders import item_of, open_account, order_line
from ledger.kinds.spec import RECORDERS, Context, Kind, document_of, numbered
from ledger.lines import Operation, Part, PartKind, Piece, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLot:
    """One lot: `noted` on the delivery note = good + damaged + short + rejected."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lot: Number
    expiry: Date | None = None
    noted: Positive
    good: Count
    damaged: Count = 0
    short: Count = 0
    rejected: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Goods received against one item of an order, at a place."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    item: Number
    place: Name
    lots: Annotated[tuple[ReceivedLot, ...], Field(min_length=1, max_length=50)]
    date: Date


def _lowest(free: tuple[Piece, ...], units: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """(the lowest `units` of what is free, or all of it; the rest)."""
    taken: list[Piece] = []
    rest: list[Piece] = []
    for start, end in free:
        middle = min(end, start + units)
        units -= middle - start
        taken += [(start, middle)] if middle > start else []
        rest += [(middle, end)] if end > middle else []
    return tuple(taken), tuple(rest)


def _post(context: Context, facts: Receipt) -> Posting:
    books, campaign = context.books, context.campaign
    order = books.documents.require("purchase", campaign, facts.order)
    if order["status"] != "approved":
        raise Conflict(f"order: {facts.order} is {order['status']}; goods are received on approved orders")
    item = item_of(order, facts.item)
    product = books.documents.require("product", campaign, item["product"])["facts"]
    opened = open_account(campaign, facts.order, facts.item)
    received = item["quantity"] - books.net(opened, item["product"])
    line = order_line(campaign, facts.order, facts.item, order["facts"]["currency"])
    kind = AccountClass.DELIVERED if product["service"] else AccountClass.STOCK
    if sum(lot.noted for lot in facts.lots) > item["quantity"] - received:
        raise Refused.field(
            "lots",
            f"{sum(lot.noted for lot in facts.lots)} noted and only {item['quantity'] - received} of "
            f"{item['quantity']} open on {facts.order}; what came too much is not received on it",
        )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    noted_account = account(AccountClass.NOTED, campaign, facts.order)
    unmapped = books.lines.lowest_free(line, item["value"])
    for index, lot in enumerate(facts.lots):
        field = f"lots.{index}"
        counted = lot.good + lot.damaged + lot.short + lot.rejected
        if counted != lot.noted:
            more = "over" if counted > lot.noted else "missing"
            raise Refused.field(
                field,
                f"does not add up: {lot.noted} noted, {counted} counted, {abs(counted - lot.noted)} {more}",
            )
        if lot.expiry is not None and lot.expiry < facts.date:
            raise Refused.field(f"{field}.expiry", f"{lot.expiry} is before the day of receipt, {facts.date}")
        asset = lot_asset(item["product"], lot.lot)
        if books.documents.find("lot", "", asset) is not None or asset in {
            lot_asset(item["product"], other.lot) for other in facts.lots[:index]
        }:
            raise Conflict(f"{field}.lot: {lot.lot} is received already; a lot is named once")
        first = received * item["value"] // item["quantity"]
        received += lot.noted
        last = received * item["value"] // item["quantity"]
        transfers.append(Transfer(noted_account, opened, item["product"], lot.noted))
        ends = (
            (PartKind.SHORT, account(AccountClass.LOST, campaign, "short"), lot.short),
            (PartKind.DAMAGED, account(AccountClass.LOST, campaign, "damaged"), lot.damaged),
            (PartKind.REJECTED, account(AccountClass.RETURNED, campaign, "rejected"), lot.rejected),
        )
        transfers.extend(Transfer(where, noted_account, asset, n) for _, where, n in ends if n)
        parts = [Part(part, n, n) for part, _, n in ends if n]
        target = goods_line(campaign, kind, facts.place, asset)
        parts.append(Part(PartKind.ON, lot.good, lot.good, target, books.lines.length(target)))
        if lot.good:
            stock = goods_account(kind, campaign, facts.place)
            transfers.append(Transfer(stock, noted_account, asset, lot.good))
        # An order worth less than a minor unit a piece may map no position: those pieces have no owner.
        units = last - first if received < item["quantity"] else item["value"]
        pieces, unmapped = _lowest(unmapped, units)
        operations.append(
            Use(f"receipt:{campaign}:{facts.number}:{lot.lot}", line, pieces, lot.noted, tuple(parts))
        )
    return Posting(tuple(transfers), tuple(operations), {"product": item["product"]})


def _fold(books: Books, entry: Entry) -> None:
    product = str(entry.notes["product"])
    books.documents.save(
        "receipt", entry.campaign, str(entry.facts["number"]), document_of(entry, reversed=None)
    )
    for lot in entry.facts["lots"]:
        asset = lot_asset(product, lot["lot"])
        document = {
            "campaign": entry.campaign,
            "receipt": entry.facts["number"],
            "order": entry.facts["order"],
        }
        books.documents.save(
            "lot", "", asset, document | {"facts": lot, "product": product, "seq": entry.seq}
        )


RECEIPT = Kind(
    name="receipt",
    noun="receipt",
    verb="add",
    facts=Receipt,
    doc="Record goods or a service received on an approved order, by lot: good, damaged, short, rejected.",
    roles=RECORDERS,
    key=numbered("receipt"),
    post=_post,
    fold=_fold,
)
KINDS = (RECEIPT,)
