"""Claims on carriers and insurers: pieces that were counted off on their way or in stock, and who answers for them.

Somebody opens such a claim, for the supplier owes what failed by itself (`claims`). It ends by money (`refund add` with
the claim), by a credit note of the carrier, by pieces given in kind, or by a write-off, each by two people
(docs/rules.md, 23). What was lost stays told as lost to its donors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive
from ledger.core.lines import PartKind
from ledger.core.names import Lot
from ledger.core.wording import Figure
from ledger.model.columns import OF_CAMPAIGN, TEXT
from ledger.model.goods import InKindRow, LotDeliveryRow, Missing, ReceiptRow
from ledger.model.named import NameOf
from ledger.model.orders import (
    Answerable,
    ClaimEnd,
    ClaimEndRow,
    ClaimRow,
    CreditNoteRow,
    Failure,
    OrderItemRow,
    OrderRow,
    RefundRow,
)
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.books import Books
from ledger.rules.exchange_rates import worth
from ledger.rules.finds import counting_paper, ending_of
from ledger.rules.in_kind import require_in_kind
from ledger.rules.named import names_of
from ledger.rules.orders import item_of, require_order
from ledger.rules.payable import require_no_refund
from ledger.rules.receipts import require_receipt
from ledger.rules.rows import mark_reversed, require_numbered
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.workflow import Decision, Workflow, proposed
from ledger.tracing.residual_lines import still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`debtor`, a carrier or an insurer, answers for pieces that a `loss`, an `arrival` or a `receipt` counted off.

    `document` is the number of that paper and `was` what it called the pieces. `owner` follows the claim until the day
    `until`: an organisation, an office or a role, never a person; without them it is nobody's, and due by itself.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    on: Answerable
    debtor: Name
    by: Literal["loss", "arrival", "receipt"]
    document: Number
    was: Missing = Missing.LOST
    product: Number
    lot: Number
    quantity: Positive
    owner: Name | None = None
    until: Date | None = None
    date: Date

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the ledger adds: the entry that told of the pieces, the use in which they ended, and what they cost.

    `order` and `item`: what brought the lot first; its price is what a piece is worth.
    """

    counted_off_by: int
    use: str
    order: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Pieces of a claim were made good without money: by a `credit_note` on an `order`, or by a gift `in_kind`.

    A note makes no more pieces good than it is worth, a gift no more than came good of it. The rest stays a claim until
    it is paid or written off (`refund add`).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    claim: Number
    became: ClaimEnd
    quantity: Positive
    order: Number | None = None
    credit_note: Number | None = None
    in_kind: Number | None = None
    date: Date


def require_claim(session: Session, campaign: str, number: str) -> ClaimRow:
    """The claim of a number, reversed or not; raises NotFound."""
    return require_numbered(session, ClaimRow, "claim", campaign, number)


_CLAIMS = (
    select(ClaimRow)
    .where(col(ClaimRow.campaign) == OF_CAMPAIGN, col(ClaimRow.reversed_by).is_(None))
    .order_by(col(ClaimRow.entry))
)
_CLAIMS_ON_USE = _CLAIMS.where(col(ClaimRow.ended_in) == bindparam("of_use", type_=TEXT))


def standing_claims(session: Session, campaign: str) -> Sequence[ClaimRow]:
    """The claims on carriers and insurers that were not taken back, first recorded first."""
    return session.exec(_CLAIMS, params={"of_campaign": campaign}).all()


def claim_left(books: Books, claim: ClaimRow) -> int:
    """Pieces of a claim that nothing has made good, and that were not found again."""
    session, lines = books.session, books.lines
    if claim.reversed_by is not None or not lines.has_use(claim.ended_in):
        return 0
    paid = select(func.sum(RefundRow.quantity)).where(
        RefundRow.claim == claim.entry, RefundRow.status == ProposalStatus.APPROVED
    )
    ended = select(func.sum(ClaimEndRow.quantity)).where(
        ClaimEndRow.claim == claim.entry, ClaimEndRow.status == ProposalStatus.APPROVED
    )
    good = int(session.exec(paid).one() or 0) + int(session.exec(ended).one() or 0)
    use = lines.use(claim.ended_in)
    there = still_ended(lines, use, PartKind(claim.failure.value), claim.product)
    return max(0, min(claim.quantity - good, there))


def price_of(session: Session, claim: ClaimRow) -> tuple[OrderRow, OrderItemRow]:
    """The order and the item on which the pieces of a claim were bought."""
    order = session.get_one(OrderRow, claim.order_entry)
    return order, item_of(session, order, claim.item)


def claimed_of(books: Books, campaign: str, use_id: str, kind: PartKind) -> int:
    """Pieces that ended in a use as `kind`, and that carriers and insurers are held to answer for."""
    asked = {"of_campaign": campaign, "of_use": use_id}
    return sum(
        claim_left(books, claim)
        for claim in books.session.exec(_CLAIMS_ON_USE, params=asked)
        if claim.failure.value == kind.value
    )


def _brought(context: Context, facts: Claim) -> ReceiptRow:
    """The receipt that says on which order the pieces were bought; Refused where none does."""
    session, campaign = context.books.session, context.campaign
    if facts.by == "receipt":
        return require_receipt(session, campaign, facts.document)
    query = (
        select(ReceiptRow)
        .join(LotDeliveryRow, col(LotDeliveryRow.entry) == ReceiptRow.entry)
        .where(
            ReceiptRow.campaign == campaign,
            LotDeliveryRow.product == facts.product,
            LotDeliveryRow.lot == facts.of.ordered.number,
            col(ReceiptRow.reversed_by).is_(None),
        )
        .order_by(col(ReceiptRow.entry))
    )
    first = session.exec(query).first()
    if first is None:
        raise Refused.field(
            "lot", "no order brought {lot}; what nobody paid for has no price to claim", lot=str(facts.of)
        )
    return first


def _post(context: Context, facts: Claim) -> Posting[Opened]:
    books = context.books
    if (facts.owner is None) != (facts.until is None):
        raise Refused.field("owner", "goes with the day until which the claim is followed; say both or none")
    if facts.until is not None and facts.until < facts.date:
        raise Refused.field("until", "lies before the day on which this is said")
    ending = ending_of(context, facts)
    claimed = claimed_of(books, context.campaign, ending.use_id, PartKind(facts.was.value))
    if facts.quantity > ending.left - claimed:
        raise Refused.field(
            "quantity",
            "{left} of {lot} are {was} there and not made good, {claimed} of them claimed already; no more",
            left=ending.left,
            lot=str(facts.of),
            was=facts.was,
            claimed=claimed,
        )
    receipt = _brought(context, facts)
    notes = Opened(
        counted_off_by=ending.counted_off_by, use=ending.use_id, order=receipt.order_number, item=receipt.item
    )
    return Posting(notes=notes)


def _fold(books: Books, entry: Entry[Claim, Opened]) -> None:
    facts, notes, session = entry.facts, entry.notes, books.session
    session.add(
        ClaimRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            date=entry.date,
            on_whom=facts.on,
            debtor=facts.debtor,
            counted_off_by=notes.counted_off_by,
            paper=f"{facts.by} {facts.document}",
            ended_in=notes.use,
            failure=Failure(facts.was.value),
            product=facts.product,
            lot=facts.lot,
            quantity=facts.quantity,
            order_entry=require_order(session, entry.campaign, notes.order).entry,
            item=notes.item,
            owner=facts.owner,
            until=facts.until,
        )
    )


def _require_nothing_made_good(context: Context, entry: Entry[Claim, Opened]) -> None:
    """Conflict where a refund, a credit or pieces made some of it good."""
    session = context.books.session
    require_no_refund(session, col(RefundRow.claim) == entry.seq)
    ended = select(ClaimEndRow.number).where(
        ClaimEndRow.claim == entry.seq, col(ClaimEndRow.status).in_(COUNTS)
    )
    number = session.exec(ended).first()
    if number is not None:
        raise Conflict.field(
            "entry",
            "{number} says that pieces of this claim were made good; reverse that first",
            number=number,
        )


def _unfold(books: Books, entry: Entry[Claim, Opened], seq: int) -> None:
    mark_reversed(books.session, ClaimRow, entry.seq, seq)


def _paper_of(session: Session, campaign: str, facts: Ended) -> InKindRow | CreditNoteRow:
    """The paper by which a claim ends; raises NotFound, Conflict and Refused."""
    if facts.became is ClaimEnd.REPLACED:
        if facts.in_kind is None or (facts.credit_note, facts.order) != (None, None):
            raise Refused.field(
                "in_kind", "name the gift in kind as which the pieces came, and no credit note"
            )
        gift = require_in_kind(session, campaign, facts.in_kind)
        if gift.reversed_by is not None:
            raise Conflict.field(
                "in_kind", "{in_kind} was reversed; nothing came by it", in_kind=facts.in_kind
            )
        return gift
    if facts.credit_note is None or facts.order is None or facts.in_kind is not None:
        raise Refused.field("credit_note", "name it with the `order` that it is on, and no gift in kind")
    query = (
        select(CreditNoteRow)
        .join(OrderRow, col(OrderRow.entry) == CreditNoteRow.order_entry)
        .where(
            CreditNoteRow.campaign == campaign,
            CreditNoteRow.number == facts.credit_note,
            OrderRow.number == facts.order,
            col(CreditNoteRow.reversed_by).is_(None),
        )
    )
    note = session.exec(query).first()
    if note is None:
        raise NotFound.field(
            "credit_note",
            "no credit note {credit_note} on {order} stands",
            credit_note=facts.credit_note,
            order=facts.order,
        )
    return note


def _require_open(context: Context, facts: Ended) -> None:
    """Refused where fewer pieces of the claim are open than end, or where its paper makes fewer good."""
    books = context.books
    claim = require_claim(books.session, context.campaign, facts.claim)
    paper = _paper_of(books.session, context.campaign, facts)
    left = claim_left(books, claim)
    if facts.quantity > left:
        raise Refused.field(
            "quantity",
            "{n} piece of {claim} is not made good; no more",
            many="{n} pieces of {claim} are not made good; no more",
            n=left,
            claim=facts.claim,
        )
    if isinstance(paper, InKindRow):
        _require_came(books.session, claim, facts, paper)
    else:
        _require_credited(books.session, claim, facts, paper)


def _require_came(session: Session, claim: ClaimRow, facts: Ended, gift: InKindRow) -> None:
    """Refused where a gift in kind brought another product, or fewer pieces than all claims together end by it."""
    if gift.product != claim.product:
        raise Refused.field(
            "in_kind",
            "{in_kind} is of {given}, and the claim is of {claimed}",
            in_kind=gift.number,
            given=gift.product,
            claimed=claim.product,
        )
    left = gift.quantity - gift.damaged - pieces_replaced(session, gift.entry)
    if facts.quantity > left:
        raise Refused.field(
            "quantity",
            "{n} good piece of {in_kind} makes nothing good yet; no more",
            many="{n} good pieces of {in_kind} make nothing good yet; no more",
            n=left,
            in_kind=gift.number,
        )


def _require_credited(session: Session, claim: ClaimRow, facts: Ended, note: CreditNoteRow) -> None:
    """Refused where a credit note is of somebody else than who answers, or is worth less than the pieces cost."""
    order = session.get_one(OrderRow, note.order_entry)
    owed_by = names_of(session, NameOf.PARTNER, claim.debtor)
    if owed_by.isdisjoint(names_of(session, NameOf.SUPPLIER, order.supplier)):
        raise Refused.field(
            "credit_note",
            "{credit_note} is of {supplier}, and {debtor} answers for this claim; name a note of theirs",
            credit_note=note.number,
            supplier=order.supplier,
            debtor=claim.debtor,
        )
    needed = _worth(session, claim, facts.quantity, order.currency, facts.date)
    left = max(0, note.off_order - made_good_by(session, note))
    if needed > left:
        raise Refused.field(
            "quantity",
            "the pieces cost {needed}, and {left} of {credit_note} makes nothing good yet; end as many as it covers, "
            "and write the rest off (`refund add` with the claim)",
            needed=Figure(order.currency, needed),
            left=Figure(order.currency, left),
            credit_note=note.number,
        )


def _worth(session: Session, claim: ClaimRow, pieces: int, currency: str, day: str) -> int:
    """Minor units of a currency that pieces of a claim cost, by a rate of the day; Refused without one."""
    order, item = price_of(session, claim)
    value = worth(session, claim.campaign, order.currency, item.value_of_pieces(pieces), currency, day)
    if value is None:
        raise Refused.field(
            "credit_note",
            "is in {currency}, and the pieces were bought in {bought}; record what one is in the other first "
            "(`exchange-rate add`)",
            currency=currency,
            bought=order.currency,
        )
    return value


def pieces_replaced(session: Session, gift: int) -> int:
    """Pieces of claims that a gift in kind, named by its entry, has made good."""
    ended = select(func.sum(ClaimEndRow.quantity)).where(
        ClaimEndRow.document == gift, ClaimEndRow.status == ProposalStatus.APPROVED
    )
    return int(session.exec(ended).one() or 0)


def made_good_by(session: Session, note: CreditNoteRow) -> int:
    """Minor units of a credit note that approved refunds, and ends of claims at their day's rate, have made good."""
    approved = (RefundRow.credit_note_entry == note.entry, RefundRow.status == ProposalStatus.APPROVED)
    refunded = session.exec(select(func.sum(RefundRow.makes_good)).where(*approved)).one()
    ends = (
        select(ClaimRow, ClaimEndRow)
        .join(ClaimEndRow, col(ClaimEndRow.claim) == ClaimRow.entry)
        .where(ClaimEndRow.document == note.entry, ClaimEndRow.status == ProposalStatus.APPROVED)
    )
    currency = session.get_one(OrderRow, note.order_entry).currency
    ended = [
        _worth(session, claim, end.quantity, currency, end.document_date) for claim, end in session.exec(ends)
    ]
    return int(refunded or 0) + sum(ended)


def _hold_end(context: Context, facts: Ended) -> Posting[None]:
    """What waits ends nothing: the pieces are owed until another person has seen the paper."""
    _require_open(context, facts)
    return Posting()


def _end_row(books: Books, entry: Entry[Ended, None]) -> ClaimEndRow:
    facts, session = entry.facts, books.session
    return ClaimEndRow(
        **proposed(entry, facts.number, facts.date),
        claim=require_claim(session, entry.campaign, facts.claim).entry,
        became=facts.became,
        quantity=facts.quantity,
        document=_paper_of(session, entry.campaign, facts).entry,
    )


def _end(context: Context, row: ClaimEndRow, _decision: Decision) -> Posting[None]:
    session = context.books.session
    claim = session.get_one(ClaimRow, row.claim)
    papers: dict[str, str] = {}
    if row.became is ClaimEnd.REPLACED:
        papers["in_kind"] = session.get_one(InKindRow, row.document).number
    else:
        note = session.get_one(CreditNoteRow, row.document)
        papers["credit_note"] = note.number
        papers["order"] = session.get_one(OrderRow, note.order_entry).number
    facts = Ended(
        number=row.number,
        claim=claim.number,
        became=row.became,
        quantity=row.quantity,
        date=row.document_date,
        **papers,
    )
    _require_open(context, facts)
    return Posting()


def _about(session: Session, row: ClaimEndRow) -> tuple[str, int]:
    """What the pieces cost."""
    order, item = price_of(session, session.get_one(ClaimRow, row.claim))
    return order.currency, item.value_of_pieces(row.quantity)


def _rests_on(context: Context, facts: Claim) -> Iterator[int]:
    yield counting_paper(context.books.session, context.campaign, facts).entry


OPENED = Kind(
    name="claim",
    noun="claim",
    verb="add",
    facts=Claim,
    notes=Opened,
    doc="Claim of a carrier or an insurer what was lost, short or damaged on its way or in stock.",
    roles=RECORDERS,
    key=numbered("claim"),
    rests_on=_rests_on,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_nothing_made_good),
)
ENDS = Workflow(
    noun="claim-end",
    proposed_by=("claim", "end"),
    facts=Ended,
    row=ClaimEndRow,
    doc="Record that pieces of a claim were made good without money, credited or replaced in kind; it waits for "
    "another person's approval (`claim-end approve`).",
    hold=_hold_end,
    keep=_end_row,
    effect=_end,
    about=_about,
)
KINDS = (OPENED, *ENDS.kinds())
