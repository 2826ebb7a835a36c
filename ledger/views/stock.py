"""Stock as books of a store show it: what lies where, the card of a lot at a place, and who has a lot and gave it.

All of it is computed from entries and lines; nothing here is kept, and nothing moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen, Whole
from ledger.core.lines import Source, UnitState, Use
from ledger.core.names import LineKind, Lot, OrderLine, line_named, lot_named
from ledger.model.goods import InKindRow, LotDeliveryRow, LotRow, ReceiptRow
from ledger.model.openings import OpeningRow
from ledger.model.orders import OrderItemRow
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.expiries_elsewhere import ExpiryElsewhere, expiries_elsewhere
from ledger.rules.goods import expiries_of, expiry_of, lot_deliveries, recalls_of_lots
from ledger.rules.orders import find_order, item_of, require_order
from ledger.rules.recall_outcomes import recall_state
from ledger.rules.receipts import receipt_use
from ledger.rules.returns import holders_of, require_recall
from ledger.store.transaction import Reading
from ledger.tracing.follow import origins
from ledger.tracing.owners import Owned, owners, owners_of_use
from ledger.tracing.state import Lines


class ExpiryThere(Frozen):
    """What the newest correction of another campaign says is the last day of use of the same maker's lot."""

    campaign: str
    """Its short name."""
    correction: str
    """Number of its correction."""
    expiry: str | None
    """The day that it says; null where it says that there is none."""


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
    expiry_elsewhere: ExpiryThere | None
    """What another campaign says otherwise, of which this one has decided nothing."""
    usable: bool
    """False: they came too much, and wait for a decision."""
    recall: str | None
    """Number of the lot's recall."""
    recalled_elsewhere: str | None
    """Campaign and number of another campaign's recall of it, of which this one has decided nothing."""
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

    kind: AccountClass
    """The class of account that the pieces lie in."""
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


class LotDelivery(Frozen):
    """What one receipt, one gift in kind, or an opening brought of a lot."""

    receipt: str
    """Number of the receipt; empty, like order and supplier, for a gift in kind and what was there before."""
    order: str
    """Number of the order."""
    supplier: str
    """Code of the supplier."""
    in_kind: str
    """Number of the gift in kind; empty where it was none."""
    opening: str
    """Number of the opening that says that it was there before the books begin; empty where it came later."""
    date: str
    """The accounting day."""
    place: str
    """Where it came to."""
    noted: Whole
    """Pieces that its paper says."""


class RecallProgress(Frozen):
    """How far the recall of a lot has come, in pieces."""

    returned: Whole
    """Sent back to the supplier since."""
    destroyed: Whole
    """Destroyed where they were."""
    used: Whole
    """Used before they could be had back."""
    not_found: Whole
    """Not found."""
    open: Whole
    """Of which nobody has told yet, wherever they are."""


class LotTrace(Frozen):
    """A lot backwards and forwards: where it came from, who has it, whose gifts it was."""

    product: str
    """Code of the product."""
    lot: str
    """Name of the lot."""
    noted: Whole
    """Pieces that all its deliveries brought, by their papers."""
    expiry: str | None
    """Last day of use; null where none is known."""
    expiry_elsewhere: ExpiryThere | None
    """What another campaign says otherwise, of which this one has decided nothing."""
    deliveries: tuple[LotDelivery, ...]
    """What brought it, the oldest first."""
    recall: str | None
    """Number of its recall."""
    recalled_elsewhere: str | None
    """Campaign and number of another campaign's recall of it, of which this one has decided nothing."""
    also_in: tuple[str, ...]
    """Other campaigns that a lot of this number came to, of a product with the same code."""
    recalled: RecallProgress | None
    """How far that has come; null where it is not recalled."""
    holders: tuple[Holder, ...]
    """Who has it."""
    gifts: tuple[GiftShare, ...]
    """Whose gifts it was."""


def stock_rows(books: Books, campaign: str, today: str) -> list[StockRow]:
    """What lies in stock on `today` (ISO date), by place and lot, surplus that waits apart included."""
    lying = [
        (balance, kind, lot_named(balance.asset))
        for kind in (AccountClass.STOCK, AccountClass.OVER)
        for balance in books.balances(kind, campaign)
        if balance.net
    ]
    lots = {lot for _, _, lot in lying}
    recalls = recalls_of_lots(books.session, campaign, lots)
    expiries = expiries_of(books.session, campaign, lots)
    elsewhere = expiries_elsewhere(books.session, campaign, lots)
    rows = [
        StockRow(
            place=balance.account.detail[-1],
            product=lot.product,
            lot=lot.number,
            pieces=balance.net,
            expiry=expiries.get(lot),
            expiry_elsewhere=_there(elsewhere.get(lot)),
            usable=kind is AccountClass.STOCK,
            recall=recalls.own.get(lot),
            recalled_elsewhere=str(recalls.elsewhere[lot]) if lot in recalls.elsewhere else None,
            expired=lot in expiries and expiries[lot] < today,
        )
        for balance, kind, lot in lying
    ]
    return sorted(rows, key=lambda row: (row.place, row.product, row.lot))


def _there(elsewhere: ExpiryElsewhere | None) -> ExpiryThere | None:
    if elsewhere is None:
        return None
    return ExpiryThere(campaign=elsewhere.campaign, correction=elsewhere.number, expiry=elsewhere.expiry)


def stock_card(tx: Reading, campaign: str, place: str, product: str, lot: str) -> list[CardRow]:
    """The card of a lot at a place, from the entries, in their order; raises NotFound where it never was."""
    asset, where = str(Lot(product, lot)), account(AccountClass.STOCK, campaign, place)
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
        raise NotFound.field(
            "lot", "{asset} was never at {place}; see `aidtrail stock list`", asset=asset, place=place
        )
    return rows


def lots_named(session: Session, campaign: str, name: str) -> list[Lot]:
    """The campaign's lots of a name, as `LOT` or `PRODUCT#LOT`, of which something came; a surplus is its lot's."""
    whole = lot_named(name) if "#" in name else None
    number = (Lot("", name) if whole is None else whole).ordered.number
    query = (
        select(LotRow.product)
        .where(LotRow.campaign == campaign, LotRow.lot == number)
        .order_by(col(LotRow.product))
    )
    if whole is not None:
        query = query.where(LotRow.product == whole.product)
    lots = [Lot(product, number) for product in session.exec(query)]
    return [lot for lot in lots if _deliveries(session, campaign, lot)]


_Delivered = tuple[LotDeliveryRow, ReceiptRow | None, InKindRow | None, OpeningRow | None]


def _deliveries(session: Session, campaign: str, lot: Lot) -> Sequence[_Delivered]:
    """What came of a lot and stands, each with its receipt, its gift or its opening, first recorded first."""
    query = (
        select(LotDeliveryRow, ReceiptRow, InKindRow, OpeningRow)
        .outerjoin(ReceiptRow, col(ReceiptRow.entry) == LotDeliveryRow.entry)
        .outerjoin(InKindRow, col(InKindRow.entry) == LotDeliveryRow.entry)
        .outerjoin(OpeningRow, col(OpeningRow.decided_by) == LotDeliveryRow.entry)
        .where(
            LotDeliveryRow.campaign == campaign,
            LotDeliveryRow.product == lot.product,
            LotDeliveryRow.lot == lot.number,
            col(LotDeliveryRow.reversed_by).is_(None),
        )
        .order_by(col(LotDeliveryRow.entry), col(LotDeliveryRow.n))
    )
    return session.exec(query).all()


def lot_traces(books: Books, campaign: str, name: str) -> list[LotTrace]:
    """Every lot of this name, traced; raises NotFound."""
    traces = []
    for lot in lots_named(books.session, campaign, name):
        rows = _deliveries(books.session, campaign, lot)
        recalls = recalls_of_lots(books.session, campaign, (lot,))
        recall = recalls.own.get(lot)
        traces.append(
            LotTrace(
                product=lot.product,
                lot=lot.number,
                noted=sum(row.noted for row, *_ in rows),
                expiry=expiry_of(books.session, campaign, lot),
                expiry_elsewhere=_there(expiries_elsewhere(books.session, campaign, (lot,)).get(lot)),
                deliveries=tuple(_delivery(books, campaign, *row) for row in rows),
                recall=recall,
                recalled_elsewhere=str(recalls.elsewhere[lot]) if lot in recalls.elsewhere else None,
                also_in=tuple(_also_in(books.session, campaign, lot)),
                recalled=None if recall is None else _progress(books, campaign, recall),
                holders=tuple(
                    Holder(kind=kind, place=place, pieces=pieces)
                    for kind, place, pieces in holders_of(books, campaign, lot)
                ),
                gifts=tuple(_gifts(books, campaign, lot, rows)),
            )
        )
    if not traces:
        raise NotFound.field(
            "lot",
            "no lot {name} was received in campaign {campaign}; see `aidtrail stock list`",
            name=name[:60],
            campaign=campaign,
        )
    return traces


def _also_in(session: Session, campaign: str, lot: Lot) -> Iterator[str]:
    """Other campaigns that deliveries of a lot came to, by name."""
    for slug in sorted(campaign_slugs(session)):
        if slug != campaign and lot_deliveries(session, slug, lot):
            yield slug


def _progress(books: Books, campaign: str, number: str) -> RecallProgress:
    state = recall_state(books, require_recall(books.session, campaign, number))
    return RecallProgress(
        returned=state.returned,
        destroyed=state.destroyed,
        used=state.used,
        not_found=state.not_found,
        open=state.open,
    )


def _delivery(
    books: Books,
    campaign: str,
    row: LotDeliveryRow,
    receipt: ReceiptRow | None,
    gift: InKindRow | None,
    opening: OpeningRow | None,
) -> LotDelivery:
    order = "" if receipt is None else receipt.order_number
    purchase = find_order(books.session, campaign, order)
    return LotDelivery(
        receipt="" if receipt is None else receipt.number,
        order=order,
        supplier="" if purchase is None else purchase.supplier,
        in_kind="" if gift is None else gift.number,
        opening="" if opening is None else opening.number,
        date=next((paper.date for paper in (receipt, gift, opening) if paper is not None), ""),
        place=row.place,
        noted=row.noted,
    )


def _gifts(books: Books, campaign: str, lot: Lot, rows: Sequence[_Delivered]) -> Iterator[GiftShare]:
    """Whose gifts a lot was, all its pieces: backwards from the receipts that made it, and what was given of it."""
    worth: dict[tuple[str, str], int] = defaultdict(int)
    pieces: dict[str, int] = defaultdict(int)
    lines = books.lines
    uses: dict[str, Use] = {}
    for _, receipt, *_ in rows:
        use_id = "" if receipt is None else receipt_use(campaign, receipt.number, lot.number)
        if use_id and lines.has_use(use_id):
            uses[use_id] = lines.use(use_id)
            _count_pieces(owners_of_use(lines, uses[use_id]), pieces)
    received = frozenset(uses)
    for goods in lines.goods(campaign, AccountClass.STOCK):
        if goods.lot not in {lot, lot.over}:
            continue
        line = str(goods)
        for source, start, end in _first_here(lines, line, received):
            _count_pieces(owners(lines, line, start, end), pieces)
            if source.use is None:
                worth[source.gift or "", goods.asset] += end - start
            else:
                uses.setdefault(source.use, lines.use(source.use))
    for use in uses.values():
        unit, bought = lines.asset(use.line), _item_on(books, use.line)
        for start, end in use.pieces:
            for run in owners(lines, use.line, start, end):
                units = run.end - run.start if bought is None else bought.value_of(run.start, run.end)
                worth[run.gift or "", unit] += units
            for origin in origins(lines, use.line, start, end):
                if (
                    origin.gift is not None
                ):  # one too small for a unit of the price shares it with its neighbours
                    worth[origin.gift, unit] += 0
    for (gift, unit), count in sorted(worth.items()):
        yield GiftShare(gift=gift or None, amount=Amount.of(unit, count), pieces=pieces.pop(gift, 0))


def _item_on(books: Books, line: str) -> OrderItemRow | None:
    """The item of an order that a line is of."""
    name = line_named(line)
    if not isinstance(name, OrderLine):
        return None
    return item_of(books.session, require_order(books.session, name.campaign, name.order), name.item)


def _first_here(lines: Lines, line: str, received: Collection[str]) -> Iterator[tuple[Source, int, int]]:
    """Pieces that became the lot's on this line by no use that was `received`: given, or surplus that was bought.

    Not those that moved here or were found again, nor what a reversal took back.
    """
    for source in lines.sources(line):
        if source.use is not None:
            bought = line_named(lines.use(source.use).line).kind is LineKind.ORDER
            if source.use in received or not bought:
                continue
        for span in lines.spans(line, source.start, source.end):
            if span.state is not UnitState.VOID:
                yield source, span.start, span.end


def _count_pieces(owned: Iterable[Owned], sums: dict[str, int]) -> None:
    for run in owned:
        sums[run.gift or ""] += run.end - run.start
