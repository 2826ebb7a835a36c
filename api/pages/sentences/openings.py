"""English: what stood when the books of a campaign began, as it was brought in."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.messages import Message, worded
from api.pages.sentences.units import day, number_of
from ledger.core.names import lot_named
from ledger.views.openings import BroughtIn, BroughtRow, RowKind

_NOTE = Message(
    "The books follow this campaign from the end of {day} on. What was there then was said by two people. Whose gift "
    "it was is not known here, and no donation is told as a part of it.",
    "{day}: the day on which a campaign was brought in that ran before",
)
_ROW = "a row of what was there when the books begin"
_COINS = Message("Coins at {address}", _ROW, "{address}: where on the chain")
_AT_EXCHANGE = Message("Coins at {exchange}, not sold", _ROW, "{exchange}: the name of an exchange")
_AT_EXCHANGE_FOR_NEED = Message(
    "Coins at {exchange}, not sold, for {need} only",
    _ROW,
    "{exchange}: the name of an exchange",
    "{need}: the number of a need",
)
_FOR_NEED = Message("{bank}, for {need} only", _ROW, "{bank}: its name", "{need}: the number of a need")
_LOT = Message("{product}, lot {lot}", _ROW, "{product}, {lot}: their codes")
_LOT_UNTIL = Message(
    "{product}, lot {lot}, last day {day}",
    _ROW,
    "{product}, {lot}: their codes",
    "{day}: the last day of use",
)
_ORDER = Message("Order {order}, {paid} paid", _ROW, "{order}: its number", "{paid}: a sum")
_INVOICE = Message("Invoice {invoice} for order {order}", _ROW, "{invoice}, {order}: their numbers")
_PLEDGE = Message("Pledge {pledge}", _ROW, "{pledge}: its number")
_GIVEN_BY = Message("Given before by {donors}", _ROW, "{donors}: how they gave, or who")
_GIVEN = Message("Given before", _ROW)
_HANDED_OUT = Message("Handed out before: {product}", _ROW, "{product}: its code")
_YES = Message("yes", "does a row count in the sums?")
_NO = Message("no, told only", "does a row count in the sums?")


def opening_note(opening: BroughtIn) -> str:
    """What an opening is, and where the books begin."""
    return worded(_NOTE, day=day(opening.day))


def brought_what(row: BroughtRow) -> str:
    """`First Bank`, `KIT, lot L1, last day 30 June 2025`, `Given before by bank`."""
    match row.kind:
        case RowKind.COINS:
            return worded(_COINS, address=row.what)
        case RowKind.EXCHANGES if row.detail:
            return worded(_AT_EXCHANGE_FOR_NEED, exchange=row.what, need=row.detail)
        case RowKind.EXCHANGES:
            return worded(_AT_EXCHANGE, exchange=row.what)
        case RowKind.MONEY if row.detail:
            return worded(_FOR_NEED, bank=row.what, need=row.detail)
        case RowKind.STOCK if row.detail:
            lot = lot_named(row.what)
            return worded(_LOT_UNTIL, product=lot.product, lot=lot.number, day=day(row.detail))
        case RowKind.STOCK:
            lot = lot_named(row.what)
            return worded(_LOT, product=lot.product, lot=lot.number)
        case RowKind.ORDERS:
            return worded(_ORDER, order=row.what, paid=row.detail)
        case RowKind.PAYABLES:
            return worded(_INVOICE, invoice=row.what, order=row.detail)
        case RowKind.PLEDGES:
            return worded(_PLEDGE, pledge=row.what)
        case RowKind.GIVEN if row.what:
            return worded(_GIVEN_BY, donors=row.what)
        case RowKind.GIVEN:
            return worded(_GIVEN)
        case RowKind.DELIVERED:
            return worded(_HANDED_OUT, product=row.what)
    return row.what


def brought_amount(row: BroughtRow) -> str:
    return number_of(row.amount.minor, row.unit) if row.unit else exact_with_asset(row.amount)


def brought_counts(row: BroughtRow) -> str:
    return worded(_YES if row.counts else _NO)
