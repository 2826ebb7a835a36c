"""Refunds: money back from a supplier for what did not come, was short or bad, or was sent back; or from a carrier or
an insurer by a claim on them.

A refund takes units where the failure lies and gives them to the money lines that they came from, so that
restrictions survive. What it does not make good stays a claim on the supplier, of all alike, until another refund
settles that or two people write it off (docs/rules.md, 23 and T6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Text
from ledger.core.lines import Open, Part, PartKind, Piece, Use, lowest, units_in
from ledger.core.names import FREE, Lot, UseCause, UseName
from ledger.core.wording import Figure
from ledger.model.gifts import CountsAs
from ledger.model.orders import ClaimRow, CreditNoteRow, Failure, OrderRow, RefundRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.carrier_claims import claim_left, made_good_by, require_claim
from ledger.rules.credit_notes import require_credit_note
from ledger.rules.gifts import money_line
from ledger.rules.incoming import (
    CameAsCoin,
    OutpointText,
    came_as,
    coin_named,
    joins,
    require_decidable,
    require_undecided,
    require_unspent,
    save_counted,
)
from ledger.rules.orders import item_of, order_line, require_order
from ledger.rules.recall_outcomes import recall_destruction_use
from ledger.rules.receipts import receipt_use, receipts_of_lot
from ledger.rules.restrictions import restriction_of
from ledger.rules.rests_on import behind as entries_behind
from ledger.rules.returns import return_use
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed
from ledger.tracing.money_behind import pieces_behind
from ledger.tracing.residual_lines import reopened, still_ended
from ledger.tracing.state import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """`amount` of `asset` came back, to `bank` or as a coin, for what failed of an order's item; minor units.

    `undelivered` names the order `value` that it settles, of a closed order's claim; the other failures name
    the lot and how many pieces (`returned`: also by which return; `destroyed`: by which end of a recall). `claim` names
    the claim on a carrier or an insurer by which these paid, and not the supplier: it says the order, item, failure and
    lot to write. `refunds`: the order value that the amount makes good, where it came in another currency than the
    order's, or where an insurer paid more than that. What of the value is not made good stays a claim;
    `rest_of` names the refund that left one, and settles all of it. `written_off`: nothing more will come, and why;
    the rest is lost then, and all of it where `amount` is 0.
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
    destroyed_by: Number | None = None  # of the `recall end` that tells of their destruction
    claim: Number | None = None  # the number of the claim on a carrier or an insurer that paid it
    rest_of: Number | None = None  # the number of the refund whose rest this one settles
    asset: Currency
    amount: Count
    refunds: Positive | None = None
    bank: Name | None = None
    outpoint: OutpointText | None = None  # in coins: the settled coin that it came as
    credit_note: Number | None = None
    written_off: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True)
class _Failed:
    """Where units failed: which of which lines (opened first where they are new), and their order value."""

    taken: tuple[tuple[str, tuple[Piece, ...]], ...]
    opens: tuple[Open, ...]
    value: int

    @property
    def units(self) -> int:
        return sum(units_in(pieces) for _, pieces in self.taken)


def _undelivered(context: Context, facts: Refund, order: OrderRow) -> _Failed:
    """Paid positions of a closed order's item that nothing came for."""
    if facts.value is None or facts.lot is not None or facts.quantity is not None:
        raise Refused.field("value", "give the order value that did not come, and no lot or quantity")
    if not order.is_closed:
        raise Conflict.field(
            "order",
            "{order} is open; close it first, which names what was paid and did not come as its claim",
            order=facts.order,
        )
    lines, currency = context.books.lines, order.currency
    item = item_of(context.books.session, order, facts.item)
    line = order_line(context.campaign, facts.order, facts.item, currency)
    free = lines.lowest_free(line, item.units, within=(0, lines.filled(line)))
    left = sum(item.value_of(*piece) for piece in free)
    if left < facts.value:
        raise Refused.field(
            "value",
            "{left} of item {item} was paid and did not come; no more",
            left=Figure(currency, left),
            item=facts.item,
        )
    pieces = free if left == facts.value else lowest(free, facts.value * item.fineness)[0]
    return _Failed(((line, pieces),), (), facts.value)


def _of_lot(context: Context, facts: Refund, order: OrderRow) -> _Failed:
    """Pieces of a lot that were short, bad, or sent back."""
    if facts.lot is None or facts.quantity is None or facts.value is not None:
        raise Refused.field("lot", "name the lot and how many of its pieces failed, and no value")
    if (facts.returned_by is not None) != (facts.failure is Failure.RETURNED):
        raise Refused.field("returned_by", "names the return of pieces that were sent back, and of no others")
    if (facts.destroyed_by is not None) != (facts.failure is Failure.DESTROYED):
        raise Refused.field(
            "destroyed_by", "names the end of a recall that tells of pieces destroyed, and of no others"
        )
    item, lines = item_of(context.books.session, order, facts.item), context.books.lines
    product = item.product
    lot, campaign = Lot(product, facts.lot), context.campaign
    if facts.failure is Failure.LOST:
        raise Refused.field(
            "failure", "is for what a carrier or an insurer answers for; name the claim on them (`claim`)"
        )
    receipts = receipts_of_lot(context.books.session, campaign, facts.order, lot)
    if not receipts:
        raise Refused.field("lot", "no such lot came on {order}; name one that did", order=facts.order)
    uses = [receipt_use(campaign, receipt.number, facts.lot) for receipt in receipts]
    if facts.returned_by is not None:
        uses = [return_use(campaign, facts.returned_by, lot)]
    if facts.destroyed_by is not None:
        uses = [recall_destruction_use(campaign, facts.destroyed_by)]
    kind = PartKind.LOST if facts.failure is Failure.DESTROYED else PartKind(facts.failure.value)
    failed, ended = None, 0
    for use_id in uses:
        # The first delivery of the lot of which so many failed and are not made good.
        if failed is None and lines.has_use(use_id):
            use = lines.use(use_id)
            left = still_ended(lines, use, kind, product)
            failed, ended = use if left >= facts.quantity else None, max(ended, left)
    if failed is None:
        raise Refused.field(
            "quantity",
            "{n} piece of {lot} is {failure} and not made good yet; no more",
            many="{n} pieces of {lot} are {failure} and not made good yet; no more",
            n=ended,
            lot=facts.lot,
            failure=facts.failure,
        )
    line, opens = reopened(lines, failed, kind, product)
    pieces = lines.lowest_free(line, facts.quantity) if not opens else ((0, facts.quantity),)
    return _Failed(((line, pieces),), opens, item.value_of_pieces(facts.quantity))


def _of_claim(context: Context, facts: Refund, order: OrderRow, number: str) -> _Failed:
    """Pieces that a carrier or an insurer answers for."""
    books = context.books
    claim = require_claim(books.session, context.campaign, number)
    _require_of_claim(facts, order, claim)
    if facts.quantity is None or any((facts.value, facts.returned_by, facts.destroyed_by)):
        raise Refused.field(
            "quantity", "say how many of the claimed pieces are paid for, and nothing else of them"
        )
    left = claim_left(books, claim)
    if facts.quantity > left:
        raise Refused.field(
            "quantity",
            "{n} piece of claim {number} is not made good; no more",
            many="{n} pieces of claim {number} are not made good; no more",
            n=left,
            number=number,
        )
    item, kind = item_of(books.session, order, facts.item), PartKind(claim.failure.value)
    line, opens = reopened(books.lines, books.lines.use(claim.ended_in), kind, item.product)
    pieces = books.lines.lowest_free(line, facts.quantity) if not opens else ((0, facts.quantity),)
    return _Failed(((line, pieces),), opens, item.value_of_pieces(facts.quantity))


def _require_of_claim(facts: Refund, order: OrderRow, claim: ClaimRow) -> None:
    """Refused where a refund says other things of the pieces than the claim that it names."""
    said = {"order": order.entry, "item": facts.item, "failure": facts.failure}
    asked = {"order": claim.order_entry, "item": claim.item, "failure": claim.failure}
    if facts.rest_of is None:
        said["lot"], asked["lot"] = facts.lot or "", claim.lot
    for field, claimed in said.items():
        if claimed != asked[field]:
            raise Refused.field(
                field,
                "is not that of claim {claim}; write those of it (`claim show {claim}`)",
                claim=claim.number,
            )
    if facts.outpoint is not None or facts.credit_note is not None:
        raise Refused.field(
            "claim", "is paid to a bank; what a carrier credits instead ends it by itself (`claim end`)"
        )


def _of_rest(context: Context, facts: Refund, order: OrderRow, rest_of: str) -> _Failed:
    """All that an earlier refund left a claim."""
    if any((facts.value, facts.lot, facts.quantity, facts.returned_by, facts.destroyed_by)):
        raise Refused.field(
            "rest_of", "is all that this refund settles; name no value, lot, quantity or return"
        )
    earlier = REFUNDS.require_row(context.books.session, context.campaign, rest_of)
    if (earlier.order_entry, earlier.item, earlier.failure) != (order.entry, facts.item, facts.failure):
        raise Refused.field(
            "rest_of", "{claim} is of another order, item or failure; write those of it", claim=rest_of
        )
    claim = (
        None if facts.claim is None else require_claim(context.books.session, context.campaign, facts.claim)
    )
    if earlier.claim != (None if claim is None else claim.entry):
        raise Refused.field("claim", "is not the one that {claim} is for; write that of it", claim=rest_of)
    if claim is not None:
        _require_of_claim(facts, order, claim)
    lines = context.books.lines
    taken: list[tuple[str, tuple[Piece, ...]]] = []
    opens: list[Open] = []
    approved = earlier.status is ProposalStatus.APPROVED
    for name in uses_of_refund(lines, context.campaign, rest_of) if approved else ():
        use = lines.use(name)
        if still_ended(lines, use, PartKind.CLAIMED, order.currency):
            line, opened = reopened(lines, use, PartKind.CLAIMED, order.currency)
            opens += opened
            whole = opened[0].units if opened else lines.length(line)
            taken.append((line, ((0, whole),)))
    if not taken:
        raise Refused.field("rest_of", "nothing of {claim} is a claim still", claim=rest_of)
    return _Failed(tuple(taken), tuple(opens), earlier.rest)


def refund_use(campaign: str, number: str, group: int) -> str:
    """What the use of a refund's n-th group of money is called."""
    return str(UseName(UseCause.REFUND, campaign, number, (str(group),) if group else ()))


def uses_of_refund(lines: Lines, campaign: str, number: str) -> Iterator[str]:
    """The uses of an approved refund, one for each line of money that it went back to."""
    for group in count():
        name = refund_use(campaign, number, group)
        if not lines.has_use(name):
            return
        yield name


def _groups(context: Context, facts: Refund, failed: _Failed) -> list[tuple[str, str, tuple[Piece, ...]]]:
    """(line, line of money, pieces): what failed, by what it goes back to, restricted as what paid for it was."""
    groups: dict[tuple[str, str], list[Piece]] = {}
    for line, taken in failed.taken:
        for behind, pieces in pieces_behind(context.books.lines, line, taken):
            restriction = restriction_of(behind) if behind else FREE
            target = money_line(context.campaign, facts.asset, restriction)
            groups.setdefault((line, target), []).extend(pieces)
    paid = units_in(piece for rows in groups.values() for piece in rows)
    if paid < failed.units:
        raise Refused.field(
            "quantity",
            "{n} of {failed} was not paid for; a refund is for what was paid",
            many="{n} of {failed} were not paid for; a refund is for what was paid",
            n=failed.units - paid,
            failed=failed.units,
        )
    return [(line, target, tuple(sorted(rows))) for (line, target), rows in groups.items()]


def _plan(context: Context, facts: Refund) -> Posting[CameAsCoin | None]:
    """What the refund does; raises Refused or Conflict where it cannot."""
    books, campaign = context.books, context.campaign
    order = require_order(books.session, campaign, facts.order)
    if not order.is_bound:
        raise Refused.field(
            "order",
            "{order} is {stage}; name an order that was approved",
            order=facts.order,
            stage=order.stage,
        )
    currency = order.currency
    _require_reason_for_nothing(facts, currency)
    paid_back, came_as = _paid_back(context, facts) if facts.amount else ((), None)
    failed = _failed(context, facts, order)
    good = facts.amount if facts.refunds is None else facts.refunds
    if facts.asset != currency and facts.refunds is None:
        raise Refused.field(
            "refunds",
            "say what order value in {currency} the {asset} make good",
            currency=currency,
            asset=facts.asset,
        )
    more = facts.claim is not None and good < facts.amount  # insurers pay what freight and handling cost too
    if facts.asset == currency and good != facts.amount and not more:
        raise Refused.field("refunds", "in the order's own currency this is the amount; leave it out")
    if good > failed.value:
        raise Refused.field(
            "amount",
            "makes good {good} and what failed was worth {failed}; name all that it is for",
            good=Figure(currency, good),
            failed=Figure(currency, failed.value),
        )
    if good and good == failed.value and facts.written_off is not None:
        raise Refused.field("written_off", "says why a rest will not come, and all of it came; leave it out")
    _require_credited(context, facts, good)
    transfers = list(paid_back)
    settled = good if facts.written_off is None else failed.value
    if facts.failure is Failure.UNDELIVERED and settled:
        claims = account(AccountClass.CLAIMS, campaign, facts.order)
        commitments = account(AccountClass.COMMITMENTS, campaign)
        transfers.append(Transfer(commitments, claims, currency, settled))
    return Posting(tuple(transfers), (*failed.opens, *_taken(context, facts, failed, good)), came_as)


def _failed(context: Context, facts: Refund, order: OrderRow) -> _Failed:
    if facts.rest_of is not None:
        return _of_rest(context, facts, order, facts.rest_of)
    if facts.claim is not None:
        return _of_claim(context, facts, order, facts.claim)
    return (_undelivered if facts.failure is Failure.UNDELIVERED else _of_lot)(context, facts, order)


def _taken(context: Context, facts: Refund, failed: _Failed, good: int) -> Iterator[Use]:
    """The uses by which what failed becomes money again; the rest of its value is lost, or a claim still."""
    groups = _groups(context, facts, failed)
    return refund_uses(
        context.books.lines,
        [(refund_use(context.campaign, facts.number, n), *group) for n, group in enumerate(groups)],
        {},
        amount=facts.amount,
        good=good,
        rest=failed.value - good,
        kind=PartKind.CLAIMED if facts.written_off is None else PartKind.LOST,
    )


def refund_uses(
    lines: Lines,
    groups: Sequence[tuple[str, str, str, tuple[Piece, ...]]],
    ends: dict[str, int],
    *,
    amount: int,
    good: int,
    rest: int,
    kind: PartKind,
) -> Iterator[Use]:
    """A refund's uses, (name, line, line of the money, pieces): `amount` makes `good`, and the `rest` is as `kind`.

    `ends`: where lines of money end that others of the same entry lengthen, and these too.
    """
    whole, before = sum(units_in(pieces) for *_, pieces in groups), 0
    for name, line, target, pieces in groups:
        after = before + units_in(pieces)

        def share(of: int, low: int = before, high: int = after) -> int:
            return of * high // whole - of * low // whole

        paid, left = share(amount), share(rest)
        start = ends.setdefault(target, lines.length(target))
        ends[target] += paid
        # Counted in order value, so that a part of a piece has its owner too; a group may be worth less than a cent.
        on = share(good) or int(paid > 0)
        scale = left + on
        parts = (
            Part(kind, left if scale else 1, left),
            Part(PartKind.ON, on, paid, target, start),
        )
        yield Use(name, line, pieces, scale or 1, parts)
        before = after


def _require_reason_for_nothing(facts: Refund, currency: str) -> None:
    """Refused where nothing came and no claim is given up."""
    if facts.amount:
        return
    if facts.written_off is None:
        raise Refused.field(
            "amount", "is 0 where a claim is written off, and says in written_off why; else above 0"
        )
    if facts.asset != currency:
        raise Refused.field(
            "asset", "is {currency}, the order's currency, where nothing came", currency=currency
        )
    if (facts.bank, facts.outpoint, facts.credit_note, facts.refunds) != (None, None, None, None):
        raise Refused.field(
            "written_off",
            "goes with no bank, coin, credit note or value made good where nothing came; leave those out",
        )


def _paid_back(context: Context, facts: Refund) -> tuple[tuple[Transfer, ...], CameAsCoin | None]:
    """What came, against who paid it, and the coin that it is: undecided until the refund names it."""
    campaign = context.campaign
    supplier = account(AccountClass.SUPPLIER, campaign, facts.order)
    if facts.claim is not None:
        supplier = account(AccountClass.INDEMNITIES, campaign, facts.claim)
    if facts.asset != "BTC":
        if facts.bank is None or facts.outpoint is not None:
            raise Refused.field("bank", "name the bank that the money came to, and no coin")
        bank = account(AccountClass.BANK, campaign, facts.bank)
        return (Transfer(bank, supplier, facts.asset, facts.amount),), None
    if facts.outpoint is None or facts.bank is not None:
        raise Refused.field("outpoint", "name the coin that the refund came as, and no bank")
    coin = require_undecided(context, facts.outpoint, facts.amount, refund=facts.number)
    return came_as(context, coin, supplier), CameAsCoin(outpoint=facts.outpoint, joins=joins(coin))


def _require_credited(context: Context, facts: Refund, good: int) -> None:
    """Refused where a refund goes beyond the credit note that it names."""
    if facts.credit_note is None:
        return
    order = require_order(context.books.session, context.campaign, facts.order)
    note = require_credit_note(context.books.session, context.campaign, facts.credit_note, order.supplier)
    if note.order_entry != order.entry or note.reversed_by is not None:
        raise Refused.field(
            "credit_note", "is not a standing one of {order}; name that, or none", order=facts.order
        )
    if made_good_by(context.books.session, note) + good > note.amount:
        raise Refused.field(
            "amount",
            "is more than what is left of {credit_note}; the note credits less",
            credit_note=facts.credit_note,
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
    makes_good = facts.refunds or facts.amount
    rest_of = None if facts.rest_of is None else REFUNDS.require_row(session, campaign, facts.rest_of)
    claim = None if facts.claim is None else require_claim(session, campaign, facts.claim)
    whole = facts.value or 0
    if rest_of is not None:
        whole = rest_of.rest
    elif facts.quantity is not None:
        whole = item_of(session, order, facts.item).value_of_pieces(facts.quantity)
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
        destroyed_by=facts.destroyed_by,
        asset=facts.asset,
        amount=facts.amount,
        makes_good=makes_good,
        bank=facts.bank,
        outpoint=facts.outpoint,
        written_off=facts.written_off,
        rest=whole - makes_good if facts.written_off is None else 0,
        rest_of=None if rest_of is None else rest_of.entry,
        claim=None if claim is None else claim.entry,
    )


def _as_recorded(session: Session, refund: RefundRow) -> Refund:
    """The facts of a refund, of its row: what was checked when it was recorded is checked again when it is approved."""
    order = session.get_one(OrderRow, refund.order_entry)
    note, claim = refund.credit_note_entry, refund.claim
    same = refund.asset == order.currency and (claim is None or refund.makes_good == refund.amount)
    return Refund(
        number=refund.number,
        order=order.number,
        item=refund.item,
        failure=refund.failure,
        value=refund.value,
        lot=refund.lot,
        quantity=refund.quantity,
        returned_by=refund.returned_by,
        destroyed_by=refund.destroyed_by,
        claim=None if claim is None else session.get_one(ClaimRow, claim).number,
        rest_of=None if refund.rest_of is None else session.get_one(RefundRow, refund.rest_of).number,
        asset=refund.asset,
        amount=refund.amount,
        refunds=None if same else refund.makes_good,
        bank=refund.bank,
        outpoint=refund.outpoint,
        credit_note=None if note is None else session.get_one(CreditNoteRow, note).number,
        written_off=refund.written_off,
        date=refund.document_date,
    )


def _effect(context: Context, refund: RefundRow, _decision: Decision) -> Posting[CameAsCoin | None]:
    return _plan(context, _as_recorded(context.books.session, refund))


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


def _rests_on(context: Context, facts: Refund) -> set[int]:
    """What paid for what failed, and where it failed; of what never came, what closed its order."""
    entries = entries_behind(context.books, _plan(context, facts))
    order = require_order(context.books.session, context.campaign, facts.order)
    if facts.failure is Failure.UNDELIVERED and order.closed_by is not None:
        entries.add(order.closed_by)
    return entries


REFUNDS: Workflow[Refund, RefundRow, CameAsCoin | None] = Workflow(
    noun="refund",
    facts=Refund,
    row=RefundRow,
    doc=(
        "Record money that a supplier paid back, or a carrier or an insurer for a claim; it waits for another "
        "person's approval."
    ),
    hold=_hold,
    keep=_row,
    effect=_effect,
    notes=CameAsCoin,
    approved=_count_coin,
    reversed=_undecided_again,
    require=_require_coin_there,
    rests_on=_rests_on,
    about=lambda _session, refund: (refund.asset, refund.amount),
)
KINDS = REFUNDS.kinds()
