"""Goods that go back: to the supplier, or from an organisation into stock; and the recall of a lot.

A recalled lot is not handed over or handed out any more; it is collected, sent back, or written off as recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Text
from ledger.core.lines import Operation, Part, PartKind, Use, units_in
from ledger.core.names import Lot, UseCause, UseName
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.goods import LotCount, goods_account, goods_line, lot_asset, moved, over_asset
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Pieces leave `place` for the supplier, or come back to it from the `organisation` that had them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    way: Literal["to_supplier", "from_recipient"]
    place: Name
    organisation: Name | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    reason: Text
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A lot is called back, wherever it is, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    lot: Number
    reason: Text
    report: Number | None = None
    date: Date


def _post_return(context: Context, facts: Return) -> Posting:
    require_campaign(context)
    if len({lot.asset for lot in facts.lots}) != len(facts.lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")
    back = facts.way == "from_recipient"
    if back != (facts.organisation is not None):
        raise Refused.field(
            "organisation", "name who gives goods back; a return to the supplier names nobody"
        )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    for index, lot in enumerate(facts.lots):
        use_id = str(UseName(UseCause.RETURN, context.campaign, facts.number, (lot.asset,)))
        field = f"lots.{index}.quantity"
        if facts.organisation is not None:
            source = (AccountClass.HANDED, facts.organisation)
            here = (AccountClass.STOCK, facts.place)
            added, use = moved(context, use_id, lot.asset, lot.quantity, source, here, field)
        else:
            added, use = _sent_back(context, use_id, lot, facts.place, field)
        transfers += added
        operations.append(use)
    return Posting(tuple(transfers), tuple(operations))


def _sent_back(
    context: Context, use_id: str, lot: LotCount, place: str, field: str
) -> tuple[list[Transfer], Use]:
    """Pieces in stock go to the supplier; what was paid for them can be refunded to their owners."""
    line = goods_line(context.campaign, AccountClass.STOCK, place, lot.asset)
    pieces = context.books.lines.lowest_free(line, lot.quantity)
    there = units_in(pieces)
    if there < lot.quantity:
        raise Refused.field(
            field, f"{lot.quantity} pieces of {lot.asset} are wanted and {there} are at {place}"
        )
    gone = account(AccountClass.RETURNED, context.campaign, "supplier")
    stock = goods_account(AccountClass.STOCK, context.campaign, place)
    use = Use(use_id, line, pieces, lot.quantity, (Part(PartKind.RETURNED, lot.quantity, lot.quantity),))
    return [Transfer(gone, stock, lot.asset, lot.quantity)], use


def _fold_return(books: Books, entry: Entry) -> None:
    books.documents.save(
        "return", entry.campaign, str(entry.facts["number"]), document_of(entry, reversed=None)
    )


def _post_recall(context: Context, facts: Recall) -> Posting:
    asset = lot_asset(facts.product, facts.lot)
    lot = context.books.documents.find("lot", "", asset)
    if lot is None or lot["campaign"] != context.campaign or Lot("", facts.lot).is_over:
        raise Refused.field("lot", "no such lot was received; name one that a receipt names")
    if context.books.documents.find("recalled", "", asset) is not None:
        raise Conflict(f"lot: {facts.lot} is recalled already")
    return Posting(
        (), (), {"holders": [list(row) for row in holders_of(context.books, context.campaign, asset)]}
    )


HOLDERS = (
    AccountClass.STOCK,
    AccountClass.TRANSIT,
    AccountClass.HANDED,
    AccountClass.DISTRIBUTED,
    AccountClass.DELIVERED,
    AccountClass.OVER,
)
"""Where pieces of a lot can be."""


def holders_of(books: Books, campaign: str, asset: str) -> list[tuple[str, str, int]]:
    """(class, place or organisation or waybill, pieces) of all who have pieces of a lot, surplus included."""
    assets = {asset, over_asset(asset)}
    found: dict[tuple[str, str], int] = {}
    for kind in HOLDERS:
        for balance in books.balances(kind, campaign):
            if balance.asset in assets and balance.net:
                place = (kind.value, balance.account.detail[-1])
                found[place] = found.get(place, 0) + balance.net
    return [(kind, place, units) for (kind, place), units in found.items()]


def _fold_recall(books: Books, entry: Entry) -> None:
    number = str(entry.facts["number"])
    books.documents.save("recall", entry.campaign, number, document_of(entry, reversed=None))
    asset = lot_asset(str(entry.facts["product"]), str(entry.facts["lot"]))
    for name in (asset, over_asset(asset)):
        books.documents.save("recalled", "", name, {"recall": number, "seq": entry.seq})


def _unfold_recall(books: Books, entry: Entry, seq: int) -> None:
    """A recall that is reversed was no recall: the lot can be used again."""
    reversed_as("recall")(books, entry, seq)
    asset = lot_asset(str(entry.facts["product"]), str(entry.facts["lot"]))
    for name in (asset, over_asset(asset)):
        books.documents.remove("recalled", "", name)


RETURN = Kind(
    name="return",
    noun="return",
    verb="add",
    facts=Return,
    doc="Record goods sent back to a supplier, or given back by an organisation.",
    roles=RECORDERS,
    key=numbered("return"),
    post=_post_return,
    fold=_fold_return,
    undoing=Undoing(reversed_as("return")),
)
RECALL = Kind(
    name="recall",
    noun="recall",
    verb="add",
    facts=Recall,
    doc="Call a lot back: it is not handed over or handed out any more, and who has it is recorded.",
    roles=APPROVERS,
    key=numbered("recall"),
    post=_post_recall,
    fold=_fold_recall,
    undoing=Undoing(_unfold_recall),
)
KINDS = (RETURN, RECALL)
