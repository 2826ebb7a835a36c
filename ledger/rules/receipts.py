"""Goods received notes: what a delivery note says and what was found, by lot.

A receipt maps positions of the order's line to pieces once (DESIGN, Tracing, rule 5).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive
from ledger.core.lines import Open, Operation, Part, PartKind, Use, lowest
from ledger.core.names import OVER, UseCause, UseName
from ledger.model.campaigns import Nature
from ledger.model.orders import OrderStatus
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of
from ledger.rules.goods import goods_account, goods_line, lot_asset, over_asset
from ledger.rules.orders import item_of, open_account, order_line, require_not_closed, require_order
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as
from ledger.tracing.ends import ended_line_of, reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Pieces of an earlier lot that were `short` or `rejected`, and that the supplier now delivers."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lot: Number
    found: Literal["short", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLot:
    """One lot: `noted` on the delivery note = good + damaged + short + rejected.

    `over`: pieces beyond that; they wait apart as lot `LOT.over` (RULES 7). `replaces`: the lot is delivered
    for short or rejected pieces of an earlier one and takes nothing more of the order.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lot: Number
    expiry: Date | None = None
    noted: Count
    good: Count
    damaged: Count = 0
    short: Count = 0
    rejected: Count = 0
    over: Positive | None = None
    replaces: Replaced | None = None


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


def _post(context: Context, facts: Receipt) -> Posting:
    books, campaign = context.books, context.campaign
    order = require_order(books.session, campaign, facts.order)
    if order.status is not OrderStatus.APPROVED:
        raise Conflict(f"order: {facts.order} is {order.status}; goods are received on approved orders")
    item = item_of(books.session, order, facts.item)
    service = product_of(books.session, campaign, item.product).nature is Nature.SERVICE
    opened = open_account(campaign, facts.order, facts.item)
    received = item.quantity - books.net(opened, item.product)
    line = order_line(campaign, facts.order, facts.item, order.currency)
    kind = AccountClass.DELIVERED if service else AccountClass.STOCK
    wanted = sum(lot.noted for lot in facts.lots if lot.replaces is None)
    if wanted > item.quantity - received:
        raise Refused.field(
            "lots",
            f"{wanted} noted and only {item.quantity - received} of {item.quantity} open on {facts.order}; "
            "what came too much is not received on it: count it as over",
        )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    noted_account = account(AccountClass.NOTED, campaign, facts.order)
    unmapped = books.lines.lowest_free(line, item.value)
    names: set[str] = set()
    replaced: dict[str, int] = defaultdict(int)
    for index, lot in enumerate(facts.lots):
        field = f"lots.{index}"
        _require_counts(lot, facts.date, field)
        asset = lot_asset(item.product, lot.lot)
        for name in (asset, over_asset(asset)) if lot.over else (asset,):
            if books.documents.find("lot", "", name) is not None or name in names:
                raise Conflict(f"{field}.lot: {lot.lot} is received already; a lot is named once")
            names.add(name)
        ends = (
            (PartKind.SHORT, account(AccountClass.LOST, campaign, "short"), lot.short),
            (PartKind.DAMAGED, account(AccountClass.LOST, campaign, "damaged"), lot.damaged),
            (PartKind.REJECTED, account(AccountClass.RETURNED, campaign, "rejected"), lot.rejected),
        )
        use_id = str(UseName(UseCause.RECEIPT, campaign, facts.number, (lot.lot,)))
        target = goods_line(campaign, kind, facts.place, asset)
        parts = [Part(part, n, n) for part, _, n in ends if n]
        parts.append(Part(PartKind.ON, lot.good, lot.good, target, books.lines.length(target)))
        if lot.replaces is not None:
            added, opens, source = _replacement(context, facts, item.product, lot, replaced, field)
            transfers += added
            operations += opens
            pieces = books.lines.lowest_free(source, replaced[source])
            _, pieces = lowest(pieces or ((0, replaced[source]),), replaced[source] - lot.noted)
            operations.append(Use(use_id, source, pieces, lot.noted, tuple(parts)))
        elif lot.noted:
            first = received * item.value // item.quantity
            received += lot.noted
            last = received * item.value // item.quantity
            transfers.append(Transfer(noted_account, opened, item.product, lot.noted))
            # An order worth less than a minor unit a piece may map no position: those pieces have no owner.
            units = last - first if received < item.quantity else item.value
            pieces, unmapped = lowest(unmapped, units)
            operations.append(Use(use_id, line, pieces, lot.noted, tuple(parts)))
        transfers.extend(Transfer(where, noted_account, asset, n) for _, where, n in ends if n)
        if lot.good:
            stock = goods_account(kind, campaign, facts.place)
            transfers.append(Transfer(stock, noted_account, asset, lot.good))
        if lot.over:
            apart = goods_account(AccountClass.OVER, campaign, facts.place)
            transfers.append(Transfer(apart, noted_account, over_asset(asset), lot.over))
    return Posting(tuple(transfers), tuple(operations), {"product": item.product})


def _require_counts(lot: ReceivedLot, date: str, field: str) -> None:
    counted = lot.good + lot.damaged + lot.short + lot.rejected
    if counted != lot.noted:
        more = "over" if counted > lot.noted else "missing"
        raise Refused.field(
            field,
            f"does not add up: {lot.noted} noted, {counted} counted, {abs(counted - lot.noted)} {more}",
        )
    if lot.noted == 0 and not lot.over:
        raise Refused.field(f"{field}.noted", "must be at least 1; leave out a lot of which nothing came")
    if lot.expiry is not None and lot.expiry < date:
        raise Refused.field(f"{field}.expiry", f"{lot.expiry} is before the day of receipt, {date}")


def _replacement(
    context: Context, facts: Receipt, product: str, lot: ReceivedLot, replaced: dict[str, int], field: str
) -> tuple[list[Transfer], tuple[Open, ...], str]:
    """What a replacement lowers: (transfers, the opening of its line where it is new, the line).

    Counts in `replaced` what this receipt takes of each line, this lot included.
    """
    books, campaign, told = context.books, context.campaign, lot.replaces
    asset = lot_asset(product, told.lot if told is not None else "")
    earlier = books.documents.find("lot", "", asset)
    if (
        told is None
        or earlier is None
        or earlier["campaign"] != campaign
        or earlier.get("order") != facts.order
    ):
        raise Refused.field(f"{field}.replaces.lot", f"no such lot came on {facts.order}; name one that did")
    kind = PartKind(told.found)
    use = books.lines.use(str(UseName(UseCause.RECEIPT, campaign, earlier["receipt"], (told.lot,))))
    ended = still_ended(books.lines, use, kind, product)
    line = ended_line_of(use, kind, product)
    if replaced[line] + lot.noted > ended:
        left = ended - replaced[line]
        raise Refused.field(
            f"{field}.noted",
            f"{lot.noted} replace {told.found} pieces of {told.lot} and {left} are {told.found}",
        )
    opens = reopened(books.lines, use, kind, product)[1] if not replaced[line] else ()
    replaced[line] += lot.noted
    bad = AccountClass.LOST if kind is PartKind.SHORT else AccountClass.RETURNED
    transfer = Transfer(
        account(AccountClass.REPLACED, campaign, kind.value),
        account(bad, campaign, kind.value),
        asset,
        lot.noted,
    )
    return [transfer], opens, line


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
        document |= {"product": product, "seq": entry.seq, "place": entry.facts["place"]}
        books.documents.save("lot", "", asset, document | {"facts": lot})
        if "over" in lot:
            counts = {"lot": lot["lot"] + OVER, "noted": lot["over"], "good": 0, "damaged": 0, "short": 0}
            document["over_of"] = lot["lot"]
            books.documents.save("lot", "", over_asset(asset), document | {"facts": counts})


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """The lots of a reversed receipt can be named again."""
    reversed_as("receipt")(books, entry, seq)
    for lot in entry.facts["lots"]:
        asset = lot_asset(str(entry.notes["product"]), lot["lot"])
        books.documents.remove("lot", "", asset)
        if "over" in lot:
            books.documents.remove("lot", "", over_asset(asset))


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
    undoing=Undoing(
        _unfold, require=lambda context, entry: require_not_closed(context, str(entry.facts["order"]))
    ),
)
KINDS = (RECEIPT,)
