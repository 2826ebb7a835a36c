"""The consignee's own count of a delivery, beside the sender's; a gap stays until a loss or a correction explains it.

An entry names counts and the role of the organisation, never a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, func, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Text
from ledger.core.names import Lot
from ledger.model.deliveries import (
    ConfirmationRow,
    ConfirmedLotRow,
    CountedBy,
    DeliveryPaper,
    ExplainedBy,
    ExplanationRow,
)
from ledger.model.goods import ReturnDirection
from ledger.model.questions import Doubt
from ledger.rules.books import Books
from ledger.rules.deliveries import find_handover, find_loss, handed_lots, require_handover
from ledger.rules.doubts import Doubtful
from ledger.rules.finds import find_find
from ledger.rules.goods import (
    LotCount,
    LotName,
    keep_lot,
    keep_surplus,
    lots_reversed,
    require_surplus_undecided,
    surplus_counted,
)
from ledger.rules.returns import find_return, returned_lots
from ledger.rules.rows import mark_reversed, paper_head
from ledger.rules.shipments import arrivals_of, arrived_lots, find_arrival, require_shipment, shipped_lots
from ledger.rules.spec import RECORDERS, SYSTEM, Context, Kind, Undoing, numbered
from ledger.rules.two_counts import confirmation_of, others_counted, two_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLot:
    """Pieces of a lot that the consignee counted: in good condition, and damaged."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    good: Count
    damaged: Count = 0

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLot:
    """Pieces of a lot that came with a waybill which does not list it; `instead_of`: the lot of the waybill for it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: LotName
    quantity: Positive
    instead_of: Number

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the consignee of a shipment, or the recipient of a handover, counted. `paper`: waybill or handover.

    `others`: lots that the waybill does not list; they wait apart as lots `LOT.over`, and are a question about both.
    `corrects`: the number of the count that this one corrects; both stay, and this one counts since.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    about: DeliveryPaper
    paper: Number
    by: CountedBy
    lots: Annotated[tuple[CountedLot, ...], Field(min_length=1, max_length=50)]
    others: Annotated[tuple[OtherLot, ...], Field(min_length=1, max_length=10)] | None = None
    corrects: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why two counts differ: pieces of a lot that a loss, find, arrival, return, handover or correction tells of.

    `document` is the number of the loss, find, arrival, return or other handover, or the entry that was reversed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    about: DeliveryPaper
    paper: Number
    product: Number
    lot: Number
    quantity: Positive
    by: ExplainedBy
    document: Number
    reason: Text
    date: Date

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the ledger adds to a confirmation: the entry of the paper, and the pieces that the sender counted.

    `corrects`: the entry of the count that is corrected. `over`: pieces of other lots that nobody had told of; they
    wait apart at `place`.
    """

    paper: int
    lots: tuple[LotCount, ...]
    corrects: int | None = None
    over: tuple[LotCount, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explains:
    """What the ledger adds to an explanation: the entries of the confirmation and of what tells why."""

    confirmation: int
    document: int


def sent_on(session: Session, campaign: str, about: DeliveryPaper, paper: str) -> Sent:
    """What the sender counted on a paper; raises NotFound or Conflict."""
    if about is DeliveryPaper.SHIPMENT:
        shipment = require_shipment(session, campaign, paper)
        entry, gone, lots = shipment.entry, shipment.reversed_by, shipped_lots(session, shipment.entry)
        counted = [LotCount(product=row.product, lot=row.lot, quantity=row.quantity) for row in lots]
    else:
        handover = require_handover(session, campaign, paper)
        entry, gone, handed = handover.entry, handover.reversed_by, handed_lots(session, handover.entry)
        counted = [LotCount(product=row.product, lot=row.lot, quantity=row.quantity) for row in handed]
    if gone is not None:
        raise Conflict.field(
            "paper",
            "{about} {paper} was reversed; confirm the one that stands for it",
            about=about,
            paper=paper,
        )
    return Sent(paper=entry, lots=tuple(counted))


def _require_corrected(session: Session, facts: Confirmation, entry: int) -> int | None:
    """The entry of the count that is corrected, if one is.

    Conflict where the other side has counted and corrects nothing, or corrects what is not its last count.
    """
    last = confirmation_of(session, entry)
    if (None if last is None else last.number) != facts.corrects:
        if last is None:
            raise Conflict.field(
                "paper", "{about} {paper} is not confirmed", about=facts.about, paper=facts.paper
            )
        raise Conflict.field(
            "paper",
            "{about} {paper} is confirmed already, by {number}",
            about=facts.about,
            paper=facts.paper,
            number=last.number,
        )
    return None if last is None else last.entry


def _surplus(session: Session, facts: Confirmation, sent: Sent) -> tuple[LotCount, ...]:
    """Pieces of lots that the waybill does not list and that no count has told of; raises Refused."""
    if facts.others is None:
        return ()
    if facts.about is not DeliveryPaper.SHIPMENT:
        raise Refused.field(
            "others", "are told of a waybill; what was handed over is no more ours to set apart"
        )
    listed = {lot.of for lot in sent.lots}
    if len({lot.of for lot in facts.others}) != len(facts.others):
        raise Refused.field("others", "names a lot twice; add its pieces together")
    counted_by_others = others_counted(session, sent.paper)
    surplus = []
    for index, lot in enumerate(facts.others):
        if lot.of in listed:
            raise Refused.field(f"others.{index}.lot", "{lot} is on the paper; count it there", lot=lot.lot)
        if Lot(lot.product, lot.instead_of) not in listed:
            raise Refused.field(
                f"others.{index}.instead_of",
                "{lot} is not on the paper; name one that is",
                lot=lot.instead_of,
            )
        more = lot.quantity - counted_by_others.get(lot.of, 0)
        if more > 0:
            surplus.append(LotCount(product=lot.product, lot=lot.lot, quantity=more))
    return tuple(surplus)


_DIGITS = 15
"""Of the number of an entry, at most: whatever is longer is none."""


def _post(context: Context, facts: Confirmation) -> Posting[Sent]:
    session = context.books.session
    sent = sent_on(session, context.campaign, facts.about, facts.paper)
    corrects = _require_corrected(session, facts, sent.paper)
    counted = [(lot.product, lot.lot) for lot in facts.lots]
    if sorted(counted) != sorted((lot.product, lot.lot) for lot in sent.lots):
        raise Refused.field("lots", "count each lot of the paper once; write 0 for what did not come")
    over = _surplus(session, facts, sent)
    place = require_shipment(session, context.campaign, facts.paper).destination if over else ""
    transfers = tuple(surplus_counted(context.campaign, lot.of, place, lot.quantity) for lot in over)
    return Posting(transfers, (), replace(sent, corrects=corrects, over=over, place=place))


def _doubts(_books: Books, entry: Entry[Confirmation, Sent]) -> Iterator[Doubtful]:
    """A lot that came where the waybill lists another: is it that one, or is it two lots?"""
    new = {lot.of for lot in entry.notes.over}
    for lot in entry.facts.others or ():
        if lot.of in new:
            other = Lot(lot.product, lot.instead_of)
            yield Doubtful(Doubt.LOT, entry.notes.paper, None, str(lot.of), str(other))


def _fold(books: Books, entry: Entry[Confirmation, Sent]) -> None:
    session, facts = books.session, entry.facts
    if entry.notes.corrects is not None:
        _set_corrected(session, entry.notes.corrects, entry.seq)
    session.add(
        ConfirmationRow(
            **paper_head(entry),
            about=facts.about,
            paper=entry.notes.paper,
            by=facts.by,
        )
    )
    session.flush()
    sent = {lot.of: lot.quantity for lot in entry.notes.lots}
    for n, lot in enumerate(facts.lots):
        session.add(
            ConfirmedLotRow(
                entry=entry.seq,
                n=n,
                product=lot.product,
                lot=lot.lot,
                sent=sent[lot.of],
                good=lot.good,
                damaged=lot.damaged,
            )
        )
    session.flush()
    for n, other in enumerate(entry.notes.over):
        keep_lot(session, entry.campaign, other.of)
        keep_surplus(session, entry.seq, n, entry.campaign, other.of, entry.notes.place, other.quantity)


def _set_corrected(session: Session, count: int, by: int | None) -> None:
    row = session.get_one(ConfirmationRow, count)
    row.corrected_by = by
    session.add(row)


def note_sent(session: Session, paper: int, lot: Lot, more: int) -> None:
    """The sender's paper lists so many more pieces; what the other side counted stays."""
    query = (
        select(ConfirmedLotRow)
        .join(ConfirmationRow, col(ConfirmationRow.entry) == ConfirmedLotRow.entry)
        .where(
            ConfirmationRow.paper == paper,
            ConfirmedLotRow.product == lot.product,
            ConfirmedLotRow.lot == lot.number,
        )
    )
    for row in session.exec(query).all():
        row.sent += more
        session.add(row)


def _unfold(books: Books, entry: Entry[Confirmation, Sent], seq: int) -> None:
    """A reversed confirmation counts for nothing, so that the consignee can count again."""
    mark_reversed(books.session, ConfirmationRow, entry.seq, seq)
    if entry.notes.over:
        lots_reversed(books.session, entry.seq, seq)
    if entry.notes.corrects is not None:
        _set_corrected(books.session, entry.notes.corrects, None)


def _require_last_count(context: Context, entry: Entry[Confirmation, Sent]) -> None:
    """Conflict where the other side corrected this count since, or somebody decided about what it found too much."""
    session = context.books.session
    later = session.get_one(ConfirmationRow, entry.seq).corrected_by
    if later is not None:
        raise Conflict.field("entry", "entry {later} corrects this count; reverse that first", later=later)
    require_surplus_undecided(session, entry.seq)


def _paper(session: Session, campaign: str, about: DeliveryPaper, paper: str) -> int:
    """The entry of a paper, reversed or not; raises NotFound."""
    if about is DeliveryPaper.SHIPMENT:
        return require_shipment(session, campaign, paper).entry
    return require_handover(session, campaign, paper).entry


def _post_explained(context: Context, facts: Explanation) -> Posting[Explains]:
    session, campaign = context.books.session, context.campaign
    paper = _paper(session, campaign, facts.about, facts.paper)
    confirmation = confirmation_of(session, paper)
    rows = [
        row
        for row in (() if confirmation is None else two_counts(session, campaign, confirmation.entry))
        if Lot(row.product, row.lot) == facts.of
    ]
    if confirmation is None or not rows:
        raise NotFound.field(
            "paper",
            "{about} {paper} with lot {lot} is not confirmed by the other side",
            about=facts.about,
            paper=facts.paper,
            lot=facts.lot,
        )
    gap = abs(rows[0].gap)
    if facts.quantity > gap:
        raise Refused.field(
            "quantity",
            "{quantity} are explained and {left} are not yet; explain those",
            quantity=facts.quantity,
            left=gap,
        )
    explaining = _explaining(context, facts)
    if explaining is None:
        raise NotFound.field(
            "document",
            "there is no standing {kind} {document}; record it first",
            kind=facts.by,
            document=facts.document,
        )
    document, pieces = explaining
    if document == paper:
        raise Refused.field("document", "is what was counted; name what tells why the counts differ")
    if not pieces:
        raise Refused.field(
            "document",
            "{kind} {document} is not of {lot}; name one that is",
            kind=facts.by,
            document=facts.document,
            lot=str(facts.of),
        )
    _require_not_counted_off(context, facts, paper)
    explained = _explained_by(session, document, facts.of)
    if explained + facts.quantity > pieces:
        raise Refused.field(
            "quantity",
            "{kind} {document} tells of {n} piece and {explained} are explained by it already; name another "
            "for the rest",
            many=(
                "{kind} {document} tells of {n} pieces and {explained} are explained by it already; name another "
                "for the rest"
            ),
            kind=facts.by,
            document=facts.document,
            n=pieces,
            explained=explained,
        )
    return Posting((), (), Explains(confirmation=confirmation.entry, document=document))


def _require_not_counted_off(context: Context, facts: Explanation, paper: int) -> None:
    """Refused where what explains is in the difference already, or is of pieces that did not come by the paper."""
    session, campaign = context.books.session, context.campaign
    if facts.by is ExplainedBy.ARRIVAL:
        arrival = find_arrival(session, campaign, facts.document)
        if arrival is not None and arrival.shipment == paper:
            raise Refused.field(
                "document",
                "arrival {document} is of {paper} itself: the difference is what it leaves open; name another "
                "fact",
                document=facts.document,
                paper=facts.paper,
            )
    if facts.by is ExplainedBy.LOSS:
        loss = find_loss(session, campaign, facts.document)
        came = arrivals_of(session, paper) if facts.about is DeliveryPaper.SHIPMENT else ()
        there = [arrival.date for arrival in came if loss is not None and arrival.place == loss.place]
        if loss is not None and (not there or loss.date < min(there)):
            raise Refused.field(
                "document",
                "loss {document} is of pieces at {place} on {date}, where none of {paper} lay then: the books "
                "count it off already; name one of pieces that came by it",
                document=facts.document,
                place=loss.place,
                date=loss.date,
                paper=facts.paper,
            )


def _of_counts(context: Context, facts: Explanation) -> Iterator[int]:
    """The entries of the count that is explained, and of what explains it."""
    session = context.books.session
    confirmation = confirmation_of(session, _paper(session, context.campaign, facts.about, facts.paper))
    explained = _explaining(context, facts)
    yield from () if confirmation is None else (confirmation.entry,)
    yield from () if explained is None else (explained[0],)


def _explaining(context: Context, facts: Explanation) -> tuple[int, int] | None:
    """(entry, pieces of the lot that it tells of) of what explains a gap; None where nothing of this number stands."""
    return pieces_stated(context, facts.by, facts.document, facts.of)


def pieces_stated(
    context: Context, by: ExplainedBy, number: str, lot: Lot, place: str | None = None
) -> tuple[int, int] | None:
    """(entry, pieces of a lot that it tells of) of a paper; None where none of this number stands.

    With a `place`, only pieces that it brought there.
    """
    session, campaign = context.books.session, context.campaign
    match by:
        case ExplainedBy.LOSS | ExplainedBy.FIND:
            paper = (find_loss if by is ExplainedBy.LOSS else find_find)(session, campaign, number)
            if paper is None or paper.reversed_by is not None:
                return None
            is_same = Lot(paper.product, paper.lot) == lot and place in {None, paper.place}
            return paper.entry, paper.quantity if is_same else 0
        case ExplainedBy.ARRIVAL:
            arrival = find_arrival(session, campaign, number)
            if arrival is None or arrival.reversed_by is not None:
                return None
            lots = [row for row in arrived_lots(session, arrival.entry) if Lot(row.product, row.lot) == lot]
            if place is not None:
                return arrival.entry, sum(row.good for row in lots) if place == arrival.place else 0
            return arrival.entry, sum(row.good + row.short + row.damaged + row.lost for row in lots)
        case ExplainedBy.RETURN:
            back = find_return(session, campaign, number)
            if back is None or back.reversed_by is not None:
                return None
            went_there = back.direction is ReturnDirection.FROM_RECIPIENT and back.place == place
            returned = returned_lots(session, back.entry) if place is None or went_there else ()
            return back.entry, sum(row.quantity for row in returned if Lot(row.product, row.lot) == lot)
        case ExplainedBy.HANDOVER:
            handover = find_handover(session, campaign, number)
            if handover is None or handover.reversed_by is not None:
                return None
            handed = handed_lots(session, handover.entry)
            return handover.entry, sum(row.quantity for row in handed if Lot(row.product, row.lot) == lot)
        case ExplainedBy.CORRECTION:
            return _corrected(context, number, lot)


def _corrected(context: Context, number: str, lot: Lot) -> tuple[int, int] | None:
    """What an entry that was reversed had told of a lot, by its number."""
    entry_number = int(number) if len(number) <= _DIGITS and number.isascii() and number.isdecimal() else 0
    entry = context.entry(entry_number)
    if entry is None or context.books.reversed_by(entry_number) is None:
        return None
    here = entry.transfers if entry.campaign == context.campaign else ()
    return entry_number, max((t.amount for t in here if t.asset == str(lot)), default=0)


def _explained_by(session: Session, document: int, lot: Lot) -> int:
    """Pieces of a lot that a document explains already."""
    query = (
        select(func.coalesce(func.sum(ExplanationRow.quantity), 0))
        .join(ConfirmationRow, col(ConfirmationRow.entry) == ExplanationRow.confirmation)
        .where(
            ExplanationRow.document == document,
            ExplanationRow.product == lot.product,
            ExplanationRow.lot == lot.number,
            col(ExplanationRow.reversed_by).is_(None),
            col(ConfirmationRow.reversed_by).is_(None),
        )
    )
    return int(session.exec(query).one())


def _fold_explained(books: Books, entry: Entry[Explanation, Explains]) -> None:
    facts = entry.facts
    books.session.add(
        ExplanationRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            confirmation=entry.notes.confirmation,
            product=facts.product,
            lot=facts.lot,
            quantity=facts.quantity,
            by=facts.by,
            document=entry.notes.document,
            reason=facts.reason,
            date=entry.date,
        )
    )


def _unfold_explained(books: Books, entry: Entry[Explanation, Explains], seq: int) -> None:
    """A reversed explanation leaves its gap open."""
    mark_reversed(books.session, ExplanationRow, entry.seq, seq)


CONFIRMATION = Kind(
    name="confirmation",
    noun="confirmation",
    verb="record",
    facts=Confirmation,
    notes=Sent,
    doc="What the other side of a delivery counted, by a link that is used once.",
    roles=SYSTEM,
    key=numbered("confirmation"),
    rests_on=lambda context, facts: (
        _paper(context.books.session, context.campaign, facts.about, facts.paper),
    ),
    doubts=_doubts,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, require=_require_last_count),
)
EXPLANATION = Kind(
    name="confirmation.explained",
    noun="confirmation",
    verb="explain",
    facts=Explanation,
    notes=Explains,
    doc="Explain why two counts of a delivery differ, by a loss, a find, an arrival, a return, another handover or a "
    "correction.",
    roles=RECORDERS,
    key=numbered("confirmation.explained"),
    rests_on=_of_counts,
    post=_post_explained,
    fold=_fold_explained,
    undoing=Undoing(_unfold_explained),
)
KINDS = (CONFIRMATION, EXPLANATION)
