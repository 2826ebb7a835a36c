"""Stock as books of a store show it: what lies where, the card of a lot at a place, and who has a lot and gave it.

All of it is computed from entries and lines; nothing here is kept, and nothing moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen, Whole
from ledger.core.lines import Source, UnitState, Use
from ledger.core.names import LineKind, Lot, UseCause, UseName, line_named, lot_named
from ledger.rules.books import Books
from ledger.rules.goods import expiry_of, lot_asset, over_asset
from ledger.rules.orders import find_order
from ledger.rules.returns import holders_of
from ledger.tracing.follow import origins
from ledger.tracing.owners import Owned, owners, owners_of_use
from ledger.tracing.state import Lines

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


class StockRow(Frozen):
    """Pieces of a lot at a place."""

    place: str
    """Where they lie."""
    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    pieces: Whole
    """How many."""
    expiry: str | None
    """Last day of use; null where none is known."""
    usable: bool
    """False: they came too much, and wait for a decision."""
    recall: str | None
    """Number of the lot's recall."""
    expired: bool
    """Is its last day of use over?"""


class CardRow(Frozen):
    """A line of a stock card: what a document brought in or took out, and what was left."""

    date: str
    """The accounting day."""
    document: str
    """Key of the entry."""
    seq: int
    """Its number."""
    came: Whole
    """Pieces in."""
    went: Whole
    """Pieces out."""
    balance: Whole
    """Pieces left."""


class Holder(Frozen):
    """Who has pieces of a lot."""

    kind: str
    """Class of account: stock, transit, handed, distributed, …"""
    place: str
    """Place, organisation or waybill."""
    pieces: Whole
    """How many."""


class GiftShare(Frozen):
    """What of a lot is a gift's. All gifts' amounts sum to the lot's price, and their pieces to its pieces."""

    gift: str | None
    """Key of the gift; null: nobody has paid for it yet."""
    amount: Amount
    """Of the lot's price in its order's currency, or of what was given in kind."""
    pieces: Whole
    """Whole pieces; 0 for a gift that is too small for one."""


class LotTrace(Frozen):
    """A lot backwards and forwards: where it came from, who has it, whose gifts it was."""

    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    receipt: str
    """Number of the receipt; empty, like order and supplier, for gifts in kind."""
    order: str
    """Number of the order."""
    supplier: str
    """Code of the supplier."""
    noted: Whole
    """Pieces that the delivery note says."""
    recall: str | None
    """Number of its recall."""
    holders: tuple[Holder, ...]
    """Who has it."""
    gifts: tuple[GiftShare, ...]
    """Whose gifts it was."""


def stock_rows(books: Books, campaign: str, today: str) -> list[StockRow]:
    """What lies in stock on `today` (ISO date), by place and lot, surplus that waits apart included."""
    found = []
    for kind in (AccountClass.STOCK, AccountClass.OVER):
        for balance in books.balances(kind, campaign):
            if not balance.net:
                continue
            asset = balance.asset
            lot = lot_named(asset)
            recalled = books.documents.find("recalled", "", asset)
            expiry = expiry_of(books, asset)
            found.append(
                StockRow(
                    place=balance.account.detail[-1],
                    product=lot.product,
                    lot=lot.number,
                    pieces=balance.net,
                    expiry=expiry,
                    usable=kind is AccountClass.STOCK,
                    recall=recalled["recall"] if recalled else None,
                    expired=expiry is not None and expiry < today,
                )
            )
    return sorted(found, key=lambda row: (row.place, row.product, row.lot))


def stock_card(tx: Reading, campaign: str, place: str, product: str, lot: str) -> list[CardRow]:
    """The card of a lot at a place, from the entries, in their order; raises NotFound where it never was."""
    asset, where = lot_asset(product, lot), account(AccountClass.STOCK, campaign, place)
    rows: list[CardRow] = []
    balance = 0
    for moved in tx.journal.moved((where,), asset):
        row = tx.journal.by_seq(moved.entry)
        if row is None:
            continue
        entry = entry_from_bytes(row.data)
        came = sum(t.amount for t in entry.transfers if t.asset == asset and t.debit == where)
        went = sum(t.amount for t in entry.transfers if t.asset == asset and t.credit == where)
        if came or went:
            balance += came - went
            rows.append(
                CardRow(
                    date=entry.date, document=entry.key, seq=entry.seq, came=came, went=went, balance=balance
                )
            )
    if not rows:
        raise NotFound(f"lot: {asset} was never at {place}; see `aidtrail stock list`")
    return rows


def lots_named(books: Books, campaign: str, lot: str) -> list[tuple[str, dict[str, Any]]]:
    """(asset, document) of the campaign's lots of a name, as `LOT` or `PRODUCT#LOT`; a surplus is its lot's."""
    lot = Lot("", lot).ordered.number
    return [
        (asset, document)
        for asset, document in books.documents.all("lot", "")
        if document["campaign"] == campaign
        and lot in {asset, lot_named(asset).number}
        and not lot_named(asset).is_over
    ]


def lot_traces(books: Books, campaign: str, lot: str) -> list[LotTrace]:
    """Every lot of this name, traced; raises NotFound."""
    found = []
    for asset, document in lots_named(books, campaign, lot):
        order = find_order(books.session, campaign, document.get("order", ""))
        recalled = books.documents.find("recalled", "", asset)
        held = holders_of(books, campaign, asset)
        here = lot_named(asset)
        found.append(
            LotTrace(
                product=here.product,
                lot=here.number,
                receipt=document.get("receipt", ""),
                order=document.get("order", ""),
                supplier=order.supplier if order else "",
                noted=document["facts"]["noted"],
                recall=recalled["recall"] if recalled else None,
                holders=tuple(Holder(kind=kind, place=place, pieces=pieces) for kind, place, pieces in held),
                gifts=tuple(_gifts(books, campaign, asset, document)),
            )
        )
    if not found:
        raise NotFound(
            f"lot: no lot {lot[:60]} was received in campaign {campaign}; see `aidtrail stock list`"
        )
    return found


def _gifts(books: Books, campaign: str, asset: str, document: dict[str, Any]) -> Iterator[GiftShare]:
    """Whose gifts a lot was, all its pieces: backwards from the receipt that made it."""
    worth: dict[tuple[str, str], int] = defaultdict(int)
    pieces: dict[str, int] = defaultdict(int)
    lines, lot = books.lines, document["facts"]["lot"]
    use_id = str(UseName(UseCause.RECEIPT, campaign, document.get("receipt", ""), (lot,)))
    uses: dict[str, Use] = {}
    if lines.has_use(use_id):
        uses[use_id] = lines.use(use_id)
        _count_pieces(owners_of_use(lines, uses[use_id]), pieces)
    for name in lines.goods(campaign, AccountClass.STOCK):
        line, goods = str(name), name.asset
        if goods == over_asset(asset) or (goods == asset and not lines.has_use(use_id)):
            for source, start, end in _first_here(lines, line):
                _count_pieces(owners(lines, line, start, end), pieces)
                if source.use is None:
                    worth[source.gift or "", goods] += end - start
                else:
                    uses.setdefault(source.use, lines.use(source.use))
    for use in uses.values():
        unit = lines.asset(use.line)
        for start, end in use.pieces:
            for run in owners(lines, use.line, start, end):
                worth[run.gift or "", unit] += run.end - run.start
            for origin in origins(lines, use.line, start, end):
                if (
                    origin.gift is not None
                ):  # one too small for a unit of the price shares it with its neighbours
                    worth[origin.gift, unit] += 0
    for (gift, unit), count in sorted(worth.items()):
        yield GiftShare(gift=gift or None, amount=Amount.of(unit, count), pieces=pieces.pop(gift, 0))


def _first_here(lines: Lines, line: str) -> Iterator[tuple[Source, int, int]]:
    """Pieces that became the lot's on this line: not those that moved here, nor what a reversal took back."""
    for source in lines.sources(line):
        if source.use is not None and line_named(lines.use(source.use).line).kind is LineKind.GOODS:
            continue
        for span in lines.spans(line, source.start, source.end):
            if span.state is not UnitState.VOID:
                yield source, span.start, span.end


def _count_pieces(found: Iterable[Owned], sums: dict[str, int]) -> None:
    for run in found:
        sums[run.gift or ""] += run.end - run.start
