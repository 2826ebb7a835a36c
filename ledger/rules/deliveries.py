"""Handovers, distributions and losses: title passes, the last mile, and what did not arrive and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Sha256, Text
from ledger.core.lines import Operation, Part, PartKind, Use, lowest, units_in
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.campaigns import NeedRow, ProductRow
from ledger.model.columns import OF_ENTRY
from ledger.model.deliveries import (
    DistributionLotRow,
    DistributionRow,
    HandoverLotRow,
    HandoverRow,
    RecipientKind,
    RecipientRow,
)
from ledger.model.evidence import About
from ledger.model.goods import (
    Cause,
    LossRow,
    LotDeliveryRow,
    RecalledAt,
    RecallOutcome,
    RecallOutcomeRow,
    RecallRow,
    ReceiptRow,
    ReturnDirection,
    ReturnLotRow,
    ReturnRow,
)
from ledger.model.orders import OrderRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.evidence import standing_papers
from ledger.rules.goods import (
    LotCount,
    Where,
    counted,
    goods_line,
    lot_columns,
    moved,
    require_in_date,
    require_not_recalled,
    standing_of_lots,
)
from ledger.rules.rows import (
    Columns,
    add_row,
    add_rows,
    change_row,
    find_numbered,
    paper_head,
    require_numbered,
    reverse_row,
)
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.two_counts import require_counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Title passes to an organisation at a place; `signed` is the SHA-256 of the paper that it signed there.

    `expired`: why lots are handed over after their last day of use. `beyond_count`: why more than the other side
    counted where they came is handed over.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    organisation: Name
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    signed: Sha256 | None = None
    expired: Text | None = None
    beyond_count: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The paper that the recipient of a handover signed later, by the SHA-256 that its evidence has."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number  # the handover's
    sha256: Sha256
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who got goods, by place and sort; `facilities` counts them, people are reported apart."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    place: Name
    kind: RecipientKind | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    facilities: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An organisation hands goods out: at one `place`, or to several `recipients` in turn, as they are listed.

    `facilities` counts where, people are reported apart. `expired`: why lots are handed out after their last day;
    `beyond_count`: why more than the organisation counted.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    organisation: Name
    place: Name | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)] | None = None
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=50)] | None = None
    facilities: Count = 0
    expired: Text | None = None
    beyond_count: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Pieces in stock that are no more; all pieces of the lot there bear it in proportion."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    product: Number
    lot: Number
    quantity: Positive
    cause: Cause
    reason: Text
    report: Number | None = None
    date: Date

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


def find_handover(session: Session, campaign: str, number: str) -> HandoverRow | None:
    return find_numbered(session, HandoverRow, campaign, number)


def require_handover(session: Session, campaign: str, number: str) -> HandoverRow:
    """The handover of a number, reversed or not; raises NotFound."""
    return require_numbered(session, HandoverRow, "handover", campaign, number)


_HANDED = select(HandoverLotRow).where(col(HandoverLotRow.entry) == OF_ENTRY).order_by(col(HandoverLotRow.n))


def handed_lots(session: Session, handover: int) -> Sequence[HandoverLotRow]:
    """What was handed over, in the order of the paper."""
    return session.exec(_HANDED, params={"of_entry": handover}).all()


def handed_for_need(session: Session, need: NeedRow) -> int:
    """Pieces of a need's product that were handed over, and did not come back nor were destroyed in a recall, of lots
    that came on orders for it."""
    came_back = col(ReturnRow.direction) == ReturnDirection.FROM_RECIPIENT
    destroyed = (
        select(func.coalesce(func.sum(RecallOutcomeRow.quantity), 0))
        .join(RecallRow, col(RecallRow.entry) == RecallOutcomeRow.recall)
        .join(ProductRow, col(ProductRow.code) == RecallRow.product)
        .where(
            RecallOutcomeRow.campaign == need.campaign,
            col(RecallOutcomeRow.reversed_by).is_(None),
            RecallOutcomeRow.became == RecallOutcome.DESTROYED,
            RecallOutcomeRow.at != RecalledAt.STOCK,
            ProductRow.entry == need.product_entry,
            _bought_for(need, RecallRow),
        )
    )
    handed = _pieces_for(session, need, HandoverLotRow, HandoverRow)
    gone = _pieces_for(session, need, ReturnLotRow, ReturnRow, came_back)
    return handed - gone - int(session.exec(destroyed).one())


def _bought_for(need: NeedRow, lots: type[HandoverLotRow | ReturnLotRow | RecallRow]) -> ColumnElement[bool]:
    """Did the lot of a row come on an order for a need?"""
    return (
        select(LotDeliveryRow.entry)
        .join(ReceiptRow, col(ReceiptRow.entry) == LotDeliveryRow.entry)
        .join(
            OrderRow,
            and_(
                col(OrderRow.campaign) == ReceiptRow.campaign, col(OrderRow.number) == ReceiptRow.order_number
            ),
        )
        .where(
            LotDeliveryRow.campaign == need.campaign,
            LotDeliveryRow.product == col(lots.product),
            LotDeliveryRow.lot == col(lots.lot),
            col(LotDeliveryRow.reversed_by).is_(None),
            OrderRow.need == need.number,
        )
        .exists()
    )


def _pieces_for(
    session: Session,
    need: NeedRow,
    lots: type[HandoverLotRow | ReturnLotRow],
    paper: type[HandoverRow | ReturnRow],
    *more: ColumnElement[bool],
) -> int:
    """Pieces on standing papers of lots that came on orders for a need, of its product."""
    pieces = (
        select(func.coalesce(func.sum(col(lots.quantity)), 0))
        .join(paper, col(paper.entry) == col(lots.entry))
        .join(ProductRow, col(ProductRow.code) == col(lots.product))
        .where(
            col(paper.campaign) == need.campaign,
            col(paper.reversed_by).is_(None),
            *more,
            ProductRow.entry == need.product_entry,
            _bought_for(need, lots),
        )
    )
    return int(session.exec(pieces).one())


def require_distribution(session: Session, campaign: str, number: str) -> DistributionRow:
    """The distribution of a number, reversed or not; raises NotFound."""
    return require_numbered(session, DistributionRow, "distribution", campaign, number)


def find_loss(session: Session, campaign: str, number: str) -> LossRow | None:
    return find_numbered(session, LossRow, campaign, number)


def require_loss(session: Session, campaign: str, number: str) -> LossRow:
    """The loss of a number, reversed or not; raises NotFound."""
    return require_numbered(session, LossRow, "loss", campaign, number)


def loss_use(campaign: str, number: str) -> str:
    """The use by which pieces in stock are no more."""
    return str(UseName(UseCause.LOSS, campaign, number))


def _post_lots(
    context: Context,
    lots: tuple[LotCount, ...],
    cause: UseCause,
    number: str,
    source: Where,
    target: Where,
    date: str,
    expired: str | None,
    beyond_count: str | None,
) -> Posting[None]:
    """All pieces of some lots go from one place to another, by the paper of a number."""
    require_campaign(context)
    if len({lot.of for lot in lots}) != len(lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")
    fields = {lot.of: f"lots.{index}.quantity" for index, lot in enumerate(lots)}
    standing = standing_of_lots(context.books.session, context.campaign, fields)
    require_not_recalled(standing.recalls, fields)
    transfers, uses = moved(
        context, lots, lambda lot: str(UseName(cause, context.campaign, number, (str(lot),))), source, target
    )
    require_counted(context, source, lots, beyond_count)
    require_in_date(standing.expiries, date, expired)
    return Posting(tuple(transfers), tuple(uses))


def _post_handover(context: Context, facts: Handover) -> Posting[None]:
    return _post_lots(
        context,
        facts.lots,
        UseCause.HANDOVER,
        facts.number,
        (AccountClass.STOCK, facts.place),
        (AccountClass.HANDED, facts.organisation),
        facts.date,
        facts.expired,
        facts.beyond_count,
    )


def _fold_handover(books: Books, entry: Entry[Handover, None]) -> None:
    session, facts = books.session, entry.facts
    add_row(
        session,
        HandoverRow,
        **paper_head(entry),
        place=facts.place,
        organisation=facts.organisation,
        expired=facts.expired,
        beyond_count=facts.beyond_count,
        signed=facts.signed,
        signed_on=None if facts.signed is None else entry.date,
    )
    add_rows(session, HandoverLotRow, [{"entry": entry.seq, **lot} for lot in lot_columns(facts.lots)])


def _unfold_handover(books: Books, entry: Entry[Handover, None], seq: int) -> None:
    reverse_row(books.session, HandoverRow, entry.seq, seq)


def _post_signed(context: Context, facts: Signature) -> Posting[None]:
    handover = require_handover(context.books.session, context.campaign, facts.number)
    if handover.reversed_by is not None:
        raise Conflict.field(
            "number", "handover {number} was reversed; name the one that stands for it", number=facts.number
        )
    if handover.signed is not None:
        raise Conflict.field(
            "number",
            "handover {number} is signed already; reverse that first if it was wrong",
            number=facts.number,
        )
    papers = standing_papers(context.books.session, context.campaign, facts.sha256)
    if (About.HANDOVER, facts.number) not in [(paper.about, paper.number) for paper in papers]:
        raise Refused.field(
            "sha256",
            "is no paper of handover {number}; attach it first with `evidence add`",
            number=facts.number,
        )
    return Posting()


def _fold_signed(books: Books, entry: Entry[Signature, None]) -> None:
    _sign(books.session, entry.campaign, entry.facts.number, entry.facts.sha256, entry.date)


def _unfold_signed(books: Books, entry: Entry[Signature, None], _seq: int) -> None:
    """A reversed signature leaves the handover unsigned."""
    _sign(books.session, entry.campaign, entry.facts.number, None, None)


def _signed_key(campaign: str, facts: Signature) -> str:
    """A paper that was taken back may be right after all: the next signature by it is another one."""
    return f"handover.signed:{campaign}:{facts.number}:{facts.sha256}"


def _sign(session: Session, campaign: str, number: str, signed: str | None, day: str | None) -> None:
    handover = require_handover(session, campaign, number)
    change_row(session, HandoverRow, handover.entry, signed=signed, signed_on=day)


def _post_distribution(context: Context, facts: Distribution) -> Posting[None]:
    if facts.recipients is None:
        if facts.place is None or facts.lots is None:
            raise Refused.field("place", "say where and which lots, or list the recipients with theirs")
        return _post_lots(
            context,
            facts.lots,
            UseCause.DISTRIBUTION,
            facts.number,
            (AccountClass.HANDED, facts.organisation),
            (AccountClass.DISTRIBUTED, facts.place),
            facts.date,
            facts.expired,
            facts.beyond_count,
        )
    if facts.place is not None or facts.lots is not None or facts.facilities:
        raise Refused.field(
            "recipients", "have places, lots and facilities of their own; leave those out beside"
        )
    return _post_recipients(context, facts, facts.recipients)


def _post_recipients(
    context: Context, facts: Distribution, recipients: tuple[Recipient, ...]
) -> Posting[None]:
    """Each recipient takes the next free pieces of a lot, in the order of the list (docs/rules.md, T4)."""
    require_campaign(context)
    lines, campaign = context.books.lines, context.campaign
    if len({recipient.place for recipient in recipients}) != len(recipients):
        raise Refused.field("recipients", "name a place twice; add its lots together")
    wanted: dict[Lot, int] = defaultdict(int)
    for index, recipient in enumerate(recipients):
        if len({lot.of for lot in recipient.lots}) != len(recipient.lots):
            raise Refused.field(f"recipients.{index}.lots", "names a lot twice; add its pieces together")
        for lot in recipient.lots:
            wanted[lot.of] += lot.quantity
    standing = standing_of_lots(context.books.session, campaign, wanted)
    require_not_recalled(standing.recalls, dict.fromkeys(wanted, "recipients"))
    there_is = {one: goods_line(campaign, AccountClass.HANDED, facts.organisation, one) for one in wanted}
    targets = {
        (index, lot.of): goods_line(campaign, AccountClass.DISTRIBUTED, recipient.place, lot.of)
        for index, recipient in enumerate(recipients)
        for lot in recipient.lots
    }
    lowest_free, lengths = lines.to_move(
        {line: wanted[one] for one, line in there_is.items()}, targets.values()
    )
    free = {one: lowest_free[line] for one, line in there_is.items()}
    for one, units in wanted.items():
        there = units_in(free[one])
        if there < units:
            raise Refused.field(
                "recipients",
                "{n} piece of {lot} is wanted and {there} are at {organisation}",
                many="{n} pieces of {lot} are wanted and {there} are at {organisation}",
                n=units,
                lot=str(one),
                there=there,
                organisation=facts.organisation,
            )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    held = account(AccountClass.HANDED, campaign, facts.organisation)
    for index, recipient in enumerate(recipients):
        here = account(AccountClass.DISTRIBUTED, campaign, recipient.place)
        for lot in recipient.lots:
            asset = str(lot.of)
            line = goods_line(campaign, AccountClass.HANDED, facts.organisation, lot.of)
            target = targets[index, lot.of]
            pieces, free[lot.of] = lowest(free[lot.of], lot.quantity)
            part = Part(PartKind.ON, lot.quantity, lot.quantity, target, lengths.get(target, 0))
            transfers.append(Transfer(here, held, asset, lot.quantity))
            use_id = str(UseName(UseCause.DISTRIBUTION, campaign, facts.number, (asset, str(index))))
            operations.append(Use(use_id, line, pieces, lot.quantity, (part,)))
    all_lots = [lot for recipient in recipients for lot in recipient.lots]
    require_counted(context, (AccountClass.HANDED, facts.organisation), all_lots, facts.beyond_count)
    require_in_date(standing.expiries, facts.date, facts.expired)
    return Posting(tuple(transfers), tuple(operations))


def _fold_distribution(books: Books, entry: Entry[Distribution, None]) -> None:
    session, facts = books.session, entry.facts
    add_row(
        session,
        DistributionRow,
        **paper_head(entry),
        organisation=facts.organisation,
        expired=facts.expired,
        beyond_count=facts.beyond_count,
    )
    recipients = facts.recipients
    if recipients is None and facts.place is not None and facts.lots is not None:
        recipients = (Recipient(place=facts.place, lots=facts.lots, facilities=facts.facilities),)
    people: list[Columns] = []
    lots: list[Columns] = []
    for at, recipient in enumerate(recipients or ()):
        people.append(
            {
                "entry": entry.seq,
                "n": at,
                "place": recipient.place,
                "kind": recipient.kind,
                "facilities": recipient.facilities,
            }
        )
        lots += [{"entry": entry.seq, "recipient": at, **lot} for lot in lot_columns(recipient.lots)]
    add_rows(session, RecipientRow, people)
    add_rows(session, DistributionLotRow, lots)


def _unfold_distribution(books: Books, entry: Entry[Distribution, None], seq: int) -> None:
    reverse_row(books.session, DistributionRow, entry.seq, seq)


def _post_loss(context: Context, facts: Loss) -> Posting[None]:
    require_campaign(context)
    here = (AccountClass.STOCK, facts.place)
    free = context.books.lines.free_units(goods_line(context.campaign, *here, facts.of))
    if facts.quantity > free:
        raise Refused.field(
            "quantity",
            "{quantity} are lost and {free} are at {place}",
            quantity=facts.quantity,
            free=free,
            place=facts.place,
        )
    transfers, use = counted(
        context,
        loss_use(context.campaign, facts.number),
        facts.of,
        0,
        ((PartKind.LOST, facts.cause, facts.quantity),),
        here,
        here,
        "quantity",
    )
    return Posting(tuple(transfers), (use,))


def _fold_loss(books: Books, entry: Entry[Loss, None]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        LossRow,
        **paper_head(entry),
        place=facts.place,
        product=facts.product,
        lot=facts.lot,
        quantity=facts.quantity,
        cause=facts.cause,
        reason=facts.reason,
        report=facts.report,
    )


def _unfold_loss(books: Books, entry: Entry[Loss, None], seq: int) -> None:
    reverse_row(books.session, LossRow, entry.seq, seq)


HANDOVER = Kind(
    name="handover",
    noun="handover",
    verb="add",
    facts=Handover,
    doc="Record that title passed to an organisation.",
    roles=RECORDERS,
    key=numbered("handover"),
    post=_post_handover,
    fold=_fold_handover,
    undoing=Undoing(_unfold_handover),
)
SIGNED = Kind(
    name="handover.signed",
    noun="handover",
    verb="sign",
    facts=Signature,
    doc="Record that the recipient of a handover signed for it, by the paper attached to it as evidence.",
    roles=RECORDERS,
    named="sha256",
    key=_signed_key,
    times_reversed=lambda books, campaign, facts: books.times_reversed(_signed_key(campaign, facts)),
    rests_on=lambda context, facts: (
        require_handover(context.books.session, context.campaign, facts.number).entry,
    ),
    post=_post_signed,
    fold=_fold_signed,
    undoing=Undoing(_unfold_signed),
)
DISTRIBUTION = Kind(
    name="distribution",
    noun="distribution",
    verb="add",
    facts=Distribution,
    doc="Record goods handed out at a place.",
    roles=RECORDERS,
    key=numbered("distribution"),
    post=_post_distribution,
    fold=_fold_distribution,
    undoing=Undoing(_unfold_distribution),
)
LOSS = Kind(
    name="loss",
    noun="loss",
    verb="add",
    facts=Loss,
    doc="Record pieces in stock that are lost, with cause and report.",
    roles=RECORDERS,
    key=numbered("loss"),
    post=_post_loss,
    fold=_fold_loss,
    undoing=Undoing(_unfold_loss),
)
KINDS = (HANDOVER, SIGNED, DISTRIBUTION, LOSS)
