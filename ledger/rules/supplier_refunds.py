"""Refunds by a supplier: money back for what did not come, was short or bad, or was sent back.

A refund takes units where the failure lies and gives them to the money lines that they came from, so that
restrictions survive; what is not refunded is a loss of all alike (docs/rules.md, T6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import Session, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Text
from ledger.core.lines import Open, Operation, Part, PartKind, Piece, Use, lowest, units_in
from ledger.core.money import decimal_text
from ledger.core.names import FREE, Lot, UseCause, UseName
from ledger.model.gifts import Coins, CountsAs
from ledger.model.orders import CreditNoteRow, Failure, OrderRow, RefundRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.credit_notes import require_credit_note
from ledger.rules.gifts import money_line
from ledger.rules.incoming import (
    OutpointText,
    coin_named,
    joins,
    require_decidable,
    require_unspent,
    save_counted,
)
from ledger.rules.orders import item_of, order_line, require_order
from ledger.rules.receipts import receipt_use, receipts_of_lot
from ledger.rules.restrictions import restriction_of
from ledger.rules.returns import return_use
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed
from ledger.tracing.money_behind import pieces_behind
from ledger.tracing.residual_lines import reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """`amount` of `asset` came back, to `bank` or as a coin, for what failed of an order's item; minor units.

    `undelivered` names the order `value` that it settles, of a closed order's claim; the other failures name
    the lot and how many pieces (`returned`: also by which return). `refunds`: the order value that the amount
    makes good, where it came in another currency than the order's; the rest of the value is lost.
    `written_off`: nothing will come, and why; `amount` is 0 then, and all of the claim's `value` is lost.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    order: Number
    item: Number
    failure: Failure
    value: Positive | None = None
    lot: Number | None = None
    quantity: Positive | None = None
    returned_by: Number | None = None  # the number of the return that sent the pieces back
    asset: Currency
    amount: Count
    refunds: Positive | None = None
    bank: Name | None = None
    outpoint: OutpointText | None = None  # in coins: the settled coin that it came as
    credit_note: Number | None = None
    written_off: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class CameAsCoin:
    """The coin that a refund came as; `joins`: it came back with a spend, and is followed by itself from now on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: OutpointText
    joins: Literal[True] | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    """Where units failed: their line (opened first where it is new), which of them, and their order value."""

    line: str
    opens: tuple[Open, ...]
    pieces: tuple[Piece, ...]
    units: int
    value: int


def _undelivered(context: Context, facts: Refund, order: OrderRow) -> _Failed:
    """Paid positions of a closed order's item that nothing came for."""
    if facts.value is None or facts.lot is not None or facts.quantity is not None:
        raise Refused.field("value", "give the order value that did not come, and no lot or quantity")
    if not order.is_closed:
        raise Conflict(
            f"order: {facts.order} is open; close it first, which names what was paid and did not come as its claim"
        )
    lines, currency = context.books.lines, order.currency
    item = item_of(context.books.session, order, facts.item)
    line = order_line(context.campaign, facts.order, facts.item, currency)
    free = lines.lowest_free(line, item.units, within=(0, lines.filled(line)))
    left = sum(item.value_of(*piece) for piece in free)
    if left < facts.value:
        raise Refused.field(
            "value",
            f"{decimal_text(currency, left)} {currency} of item {facts.item} was paid and did not come; no more",
        )
    pieces = free if left == facts.value else lowest(free, facts.value * item.fineness)[0]
    return _Failed(line, (), pieces, units_in(pieces), facts.value)


def _of_lot(context: Context, facts: Refund, order: OrderRow) -> _Failed:
    """Pieces of a lot that were short, bad, or sent back."""
    if facts.lot is None or facts.quantity is None or facts.value is not None:
        raise Refused.field("lot", "name the lot and how many of its pieces failed, and no value")
    if (facts.returned_by is not None) != (facts.failure is Failure.RETURNED):
        raise Refused.field("returned_by", "names the return of pieces that were sent back, and of no others")
    item, lines = item_of(context.books.session, order, facts.item), context.books.lines
    product = item.product
    lot, campaign = Lot(product, facts.lot), context.campaign
    receipts = receipts_of_lot(context.books.session, campaign, facts.order, lot)
    if not receipts:
        raise Refused.field("lot", f"no such lot came on {facts.order}; name one that did")
    uses = [receipt_use(campaign, receipt.number, facts.lot) for receipt in receipts]
    if facts.returned_by is not None:
        uses = [return_use(campaign, facts.returned_by, lot)]
    kind, found, ended = PartKind(facts.failure.value), None, 0
    for use_id in uses:
        # The first delivery of the lot of which so many failed and are not made good.
        if found is None and lines.has_use(use_id):
            use = lines.use(use_id)
            left = still_ended(lines, use, kind, product)
            found, ended = use if left >= facts.quantity else None, max(ended, left)
    if found is None:
        raise Refused.field(
            "quantity", f"{ended} pieces of {facts.lot} are {facts.failure} and not made good yet; no more"
        )
    line, opens = reopened(lines, found, kind, product)
    pieces = lines.lowest_free(line, facts.quantity) if not opens else ((0, facts.quantity),)
    value = facts.quantity * item.value // item.quantity
    return _Failed(line, opens, pieces, facts.quantity, value)


def _groups(context: Context, facts: Refund, failed: _Failed) -> list[tuple[str, tuple[Piece, ...]]]:
    """The pieces by the line of money that they go back to, with the restriction of what paid for them."""
    found: dict[str, list[Piece]] = {}
    for behind, pieces in pieces_behind(context.books.lines, failed.line, failed.pieces):
        restriction = restriction_of(behind) if behind else FREE
        found.setdefault(money_line(context.campaign, facts.asset, restriction), []).extend(pieces)
    paid = units_in(piece for rows in found.values() for piece in rows)
    if paid < failed.units:
        raise Refused.field(
            "quantity",
            f"{failed.units - paid} of {failed.units} units were not paid for; a refund is for what was paid",
        )
    return [(target, tuple(sorted(rows))) for target, rows in found.items()]


def _plan(context: Context, facts: Refund) -> Posting[CameAsCoin | None]:
    """What the refund does; raises Refused or Conflict where it cannot."""
    books, campaign = context.books, context.campaign
    order = require_order(books.session, campaign, facts.order)
    if not order.is_bound:
        raise Refused.field("order", f"{facts.order} is {order.stage}; name an order that was approved")
    currency = order.currency
    _require_reason_for_nothing(facts, currency)
    paid_back, came_as = ((), None) if facts.written_off is not None else _paid_back(context, facts)
    failed = (_undelivered if facts.failure is Failure.UNDELIVERED else _of_lot)(context, facts, order)
    good = facts.amount if facts.refunds is None else facts.refunds
    if facts.asset != currency and facts.refunds is None:
        raise Refused.field("refunds", f"say what order value in {currency} the {facts.asset} make good")
    if facts.asset == currency and good != facts.amount:
        raise Refused.field("refunds", "in the order's own currency this is the amount; leave it out")
    if good > failed.value:
        raise Refused.field(
            "amount",
            f"makes good {decimal_text(currency, good)} {currency} and what failed was worth "
            f"{decimal_text(currency, failed.value)}; name all that it is for",
        )
    _require_credited(context, facts, good)
    transfers = list(paid_back)
    if facts.failure is Failure.UNDELIVERED:
        claims = account(AccountClass.CLAIMS, campaign, facts.order)
        commitments = account(AccountClass.COMMITMENTS, campaign)
        transfers.append(Transfer(commitments, claims, currency, failed.value))
    operations: list[Operation] = list(failed.opens)
    before = 0
    groups = _groups(context, facts, failed)
    for number, (target, pieces) in enumerate(groups):
        units = units_in(pieces)
        after = before + units
        amount = facts.amount * after // failed.units - facts.amount * before // failed.units
        lost = units * (failed.value - good) // failed.value
        parts = (
            Part(PartKind.LOST, lost, lost),
            Part(PartKind.ON, units - lost, amount, target, books.lines.length(target)),
        )
        use_id = str(UseName(UseCause.REFUND, campaign, facts.number, (str(number),) if number else ()))
        operations.append(Use(use_id, failed.line, pieces, units, parts))
        before = after
    return Posting(tuple(transfers), tuple(operations), came_as)


def _require_reason_for_nothing(facts: Refund, currency: str) -> None:
    """Refused where nothing came and no claim is given up, or one is that something came for."""
    if (facts.amount == 0) != (facts.written_off is not None):
        raise Refused.field(
            "amount", "is 0 where a claim is written off, and says in written_off why; else above 0"
        )
    if facts.written_off is None:
        return
    if facts.failure is not Failure.UNDELIVERED or facts.asset != currency:
        raise Refused.field(
            "written_off", f"is for a claim in {currency}: what was paid for and did not come"
        )
    if (facts.bank, facts.outpoint, facts.credit_note, facts.refunds) != (None, None, None, None):
        raise Refused.field(
            "written_off", "goes with no bank, coin, credit note or value made good; leave those out"
        )


def _paid_back(context: Context, facts: Refund) -> tuple[tuple[Transfer, ...], CameAsCoin | None]:
    """What came, against the supplier, and the coin that it is: undecided until the refund names it."""
    campaign = context.campaign
    supplier = account(AccountClass.SUPPLIER, campaign, facts.order)
    if facts.asset != "BTC":
        if facts.bank is None or facts.outpoint is not None:
            raise Refused.field("bank", "name the bank that the money came to, and no coin")
        bank = account(AccountClass.BANK, campaign, facts.bank)
        return (Transfer(bank, supplier, facts.asset, facts.amount),), None
    if facts.outpoint is None or facts.bank is not None:
        raise Refused.field("outpoint", "name the coin that the refund came as, and no bank")
    coin = coin_named(context.books, campaign, facts.outpoint)
    require_decidable(context, coin, refund=facts.number)
    if coin.counted_in is not Coins.UNDECIDED:
        raise Refused.field(
            "outpoint", "counts as something else; say with `incoming decide` that it is undecided first"
        )
    require_unspent(context, facts.outpoint)
    if coin.sats != facts.amount:
        raise Refused.field("amount", f"this coin is {coin.sats} sats; a refund is all of it")
    return (
        Transfer(
            account(AccountClass.WALLET, campaign),
            account(AccountClass.UNDECIDED, campaign),
            "BTC",
            facts.amount,
        ),
        Transfer(account(AccountClass.EXCESS, campaign), supplier, "BTC", facts.amount),
    ), CameAsCoin(outpoint=facts.outpoint, joins=joins(coin))


def _require_credited(context: Context, facts: Refund, good: int) -> None:
    """Refused where a refund goes beyond the credit note that it names."""
    if facts.credit_note is None:
        return
    order = require_order(context.books.session, context.campaign, facts.order)
    note = require_credit_note(context.books.session, context.campaign, facts.credit_note, order.supplier)
    if note.order_entry != order.entry or note.reversed_by is not None:
        raise Refused.field("credit_note", f"is not a standing one of {facts.order}; name that, or none")
    approved = (RefundRow.credit_note_entry == note.entry, RefundRow.status == ProposalStatus.APPROVED)
    refunded = select(func.coalesce(func.sum(RefundRow.makes_good), 0)).where(*approved)
    made_good = int(context.books.session.exec(refunded).one())
    if made_good + good > note.amount:
        raise Refused.field(
            "amount", f"is more than what is left of {facts.credit_note}; the note credits less"
        )


def _hold(context: Context, facts: Refund) -> Posting[None]:
    """A refund that waits moves nothing; it could be made today."""
    _plan(context, facts)
    return Posting()


def _row(books: Books, entry: Entry[Refund, None]) -> RefundRow:
    facts, session, campaign = entry.facts, books.session, entry.campaign
    order = require_order(session, campaign, facts.order)
    note = (
        None
        if facts.credit_note is None
        else require_credit_note(session, campaign, facts.credit_note, order.supplier)
    )
    return RefundRow(
        **proposed(entry, facts.number, facts.date),
        order_entry=order.entry,
        credit_note_entry=None if note is None else note.entry,
        item=facts.item,
        failure=facts.failure,
        value=facts.value,
        lot=facts.lot,
        quantity=facts.quantity,
        returned_by=facts.returned_by,
        asset=facts.asset,
        amount=facts.amount,
        makes_good=facts.amount if facts.refunds is None else facts.refunds,
        bank=facts.bank,
        outpoint=facts.outpoint,
        written_off=facts.written_off,
    )


def _as_told(session: Session, refund: RefundRow) -> Refund:
    """The facts of a refund, of its row: what was checked when it was recorded is checked again when it is approved."""
    order = session.get_one(OrderRow, refund.order_entry)
    note = refund.credit_note_entry
    return Refund(
        number=refund.number,
        order=order.number,
        item=refund.item,
        failure=refund.failure,
        value=refund.value,
        lot=refund.lot,
        quantity=refund.quantity,
        returned_by=refund.returned_by,
        asset=refund.asset,
        amount=refund.amount,
        refunds=None if refund.asset == order.currency else refund.makes_good,
        bank=refund.bank,
        outpoint=refund.outpoint,
        credit_note=None if note is None else session.get_one(CreditNoteRow, note).number,
        written_off=refund.written_off,
        date=refund.told_on,
    )


def _effect(context: Context, refund: RefundRow, _decision: Decision) -> Posting[CameAsCoin | None]:
    return _plan(context, _as_told(context.books.session, refund))


def _count_coin(books: Books, refund: RefundRow, entry: Entry[Decision, CameAsCoin | None]) -> None:
    if refund.outpoint is not None:
        coin = coin_named(books, refund.campaign, refund.outpoint)
        order = books.session.get_one(OrderRow, refund.order_entry)
        save_counted(books, coin, coin, CountsAs.REFUND, entry.seq, entry.operations, order.number)


def _undecided_again(books: Books, refund: RefundRow, entry: Entry[Decision, CameAsCoin | None]) -> None:
    """The refund was none: its coin waits for a decision again."""
    if refund.outpoint is not None:
        coin = coin_named(books, refund.campaign, refund.outpoint)
        save_counted(books, coin, coin, CountsAs.UNDECIDED, entry.seq, entry.operations)


def _require_coin_there(
    context: Context, refund: RefundRow, _entry: Entry[Decision, CameAsCoin | None]
) -> None:
    """Conflict where the coin of a refund is off the chain or spent: what it counts as stands then."""
    if refund.outpoint is not None:
        require_decidable(context, coin_named(context.books, context.campaign, refund.outpoint))
        require_unspent(context, refund.outpoint)


REFUNDS: Workflow[Refund, RefundRow, CameAsCoin | None] = Workflow(
    noun="refund",
    facts=Refund,
    row=RefundRow,
    doc="Record money that a supplier paid back; it waits for another person's approval.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=CameAsCoin,
    approved=_count_coin,
    reversed=_undecided_again,
    require=_require_coin_there,
    about=lambda _session, refund: (refund.asset, refund.amount),
)
KINDS = REFUNDS.kinds()
