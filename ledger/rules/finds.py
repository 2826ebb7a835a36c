"""Lost pieces that are found again: they lie in stock, and belong to whom they belonged to when they were lost.

So do pieces that were short at a receipt or an arrival, and those that were called damaged or rejected and are good.
The first count stays in the books with what was said then; nothing that came after it is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from pydantic import ConfigDict
from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.campaigns import Nature
from ledger.model.deliveries import ArrivalRow, ArrivedLotRow
from ledger.model.goods import FindRow, LossRow, LotDeliveryRow, Missing, ReceiptRow
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of, require_campaign
from ledger.rules.deliveries import loss_use, require_loss
from ledger.rules.goods import goods_account, goods_line, require_surplus_undecided
from ledger.rules.receipts import receipt_use, received_lots, require_receipt, turned_good
from ledger.rules.rows import add_row, find_numbered, paper_head, require_numbered, reverse_row
from ledger.rules.shipments import arrival_use, arrived_lots, require_arrival
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.tracing.residual_lines import reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Pieces of a lot that a `loss`, an `arrival` or a `receipt` counted off, and that lie at `place` now.

    `was` says as what: a loss calls them lost; an arrival lost, short or damaged; a receipt short, damaged or rejected.
    `document` is the number of the loss, arrival or receipt.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    by: Literal["loss", "arrival", "receipt"]
    document: Number
    was: Missing = Missing.LOST
    product: Number
    lot: Number
    quantity: Positive
    place: Name
    reason: Text
    report: Number | None = None
    date: Date

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostBefore:
    """What the ledger adds to a find: the entry of the loss, arrival or receipt that told of the pieces."""

    counted_off_by: int


def find_find(session: Session, campaign: str, number: str) -> FindRow | None:
    return find_numbered(session, FindRow, campaign, number)


def require_find(session: Session, campaign: str, number: str) -> FindRow:
    """The find of a number, reversed or not; raises NotFound."""
    return require_numbered(session, FindRow, "find", campaign, number)


class CountedOff(Protocol):
    """Pieces of a lot that a paper counted off, and as what."""

    @property
    def by(self) -> Literal["loss", "arrival", "receipt"]: ...

    @property
    def document(self) -> str: ...

    @property
    def was(self) -> Missing: ...

    @property
    def of(self) -> Lot: ...


_Paper = LossRow | ArrivalRow | ReceiptRow
"""What counted pieces off."""
_CALLS = {
    "loss": (Missing.LOST,),
    "arrival": (Missing.LOST, Missing.SHORT, Missing.DAMAGED),
    "receipt": (Missing.SHORT, Missing.DAMAGED, Missing.REJECTED),
}
"""What a paper can call pieces that are found later."""


def counting_paper(session: Session, campaign: str, facts: CountedOff) -> _Paper:
    """The paper that counted pieces off; raises NotFound."""
    match facts.by:
        case "loss":
            return require_loss(session, campaign, facts.document)
        case "arrival":
            return require_arrival(session, campaign, facts.document)
        case "receipt":
            return require_receipt(session, campaign, facts.document)


def _lots_of(session: Session, paper: _Paper) -> Sequence[LossRow | ArrivedLotRow | LotDeliveryRow]:
    """What a paper says, lot by lot."""
    if isinstance(paper, LossRow):
        return [paper]
    return (
        arrived_lots(session, paper.entry)
        if isinstance(paper, ArrivalRow)
        else received_lots(session, paper.entry)
    )


def _gone_to(session: Session, campaign: str, facts: CountedOff, paper: _Paper) -> str:
    """The account that the pieces went to; raises Refused where the paper is not of the lot."""
    lots = _lots_of(session, paper)
    row = next((row for row in lots if Lot(row.product, row.lot) == facts.of), None)
    if row is None:
        raise Refused.field(
            "document",
            "{kind} {document} is not of {lot}; name one that is",
            kind=facts.by,
            document=facts.document,
            lot=str(facts.of),
        )
    if facts.was is Missing.REJECTED:
        return account(AccountClass.RETURNED, campaign, facts.was.value)
    known = None if isinstance(row, LotDeliveryRow) else row.cause
    cause = known if facts.was is Missing.LOST else None
    return account(AccountClass.LOST, campaign, (cause or facts.was).value)


def _use_of(campaign: str, facts: CountedOff, paper: _Paper) -> str:
    """The use in which the pieces ended."""
    if isinstance(paper, LossRow):
        return loss_use(campaign, paper.number)
    if isinstance(paper, ArrivalRow):
        return arrival_use(campaign, paper.number, facts.of)
    return receipt_use(campaign, paper.number, facts.of.number)


@dataclass(frozen=True, slots=True)
class Ending:
    """Where pieces ended that a paper counted off: the account that they went to, the use, and how many still have.

    `use_id` names a use that is not there where all that a receipt brought of the lot came too much; none ended then.
    """

    counted_off_by: int
    account: str
    use_id: str
    left: int


def ending_of(context: Context, facts: CountedOff) -> Ending:
    """Where pieces ended; raises NotFound, Conflict where their paper was reversed, Refused where it tells none."""
    lines, campaign, session = context.books.lines, context.campaign, context.books.session
    if facts.was not in _CALLS[facts.by]:
        raise Refused.field(
            "was",
            "is nothing that this kind of paper, {kind}, counts; say one of {words}",
            kind=facts.by,
            words=list(_CALLS[facts.by]),
        )
    paper = counting_paper(session, campaign, facts)
    if paper.reversed_by is not None:
        raise Conflict.field(
            "document",
            "{kind} {document} was reversed; its pieces are no loss",
            kind=facts.by,
            document=facts.document,
        )
    source, use_id = _gone_to(session, campaign, facts, paper), _use_of(campaign, facts, paper)
    kind = PartKind(facts.was.value)
    left = still_ended(lines, lines.use(use_id), kind, facts.of.product) if lines.has_use(use_id) else 0
    return Ending(paper.entry, source, use_id, left)


def _post(context: Context, facts: Find) -> Posting[LostBefore]:
    require_campaign(context)
    lines, campaign, session = context.books.lines, context.campaign, context.books.session
    ended = ending_of(context, facts)
    service = product_of(session, campaign, facts.product).nature is Nature.SERVICE
    if facts.by == "receipt" and service:
        raise Refused.field(
            "product", "{product} is a service, which lies nowhere; receive it instead", product=facts.product
        )
    if facts.quantity > ended.left:
        raise Refused.field(
            "quantity",
            "{quantity} are found and {left} of {lot} are {was} there; no more",
            quantity=facts.quantity,
            left=ended.left,
            lot=str(facts.of),
            was=facts.was,
        )
    line, opens = reopened(lines, lines.use(ended.use_id), PartKind(facts.was.value), facts.product)
    pieces = ((0, facts.quantity),) if opens else lines.lowest_free(line, facts.quantity)
    here = goods_line(campaign, AccountClass.STOCK, facts.place, facts.of)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, here, lines.length(here))
    transfer = Transfer(
        goods_account(AccountClass.STOCK, campaign, facts.place), ended.account, str(facts.of), facts.quantity
    )
    use = Use(str(UseName(UseCause.FIND, campaign, facts.number)), line, pieces, facts.quantity, (part,))
    return Posting((transfer,), (*opens, use), LostBefore(counted_off_by=ended.counted_off_by))


def _fold(books: Books, entry: Entry[Find, LostBefore]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        FindRow,
        **paper_head(entry),
        counted_off_by=entry.notes.counted_off_by,
        was=facts.was,
        product=facts.product,
        lot=facts.lot,
        quantity=facts.quantity,
        place=facts.place,
        reason=facts.reason,
        report=facts.report,
    )
    if facts.by == "receipt":
        turned_good(books.session, entry.notes.counted_off_by, facts.of, facts.was, facts.quantity)


def _unfold(books: Books, entry: Entry[Find, LostBefore], seq: int) -> None:
    """The pieces are lost still."""
    facts = entry.facts
    reverse_row(books.session, FindRow, entry.seq, seq)
    if facts.by == "receipt":
        turned_good(books.session, entry.notes.counted_off_by, facts.of, facts.was, -facts.quantity)


FIND = Kind(
    name="loss.found",
    noun="loss",
    verb="find",
    facts=Find,
    notes=LostBefore,
    doc="Record lost pieces that were found again: they are in stock, and their givers' again.",
    roles=RECORDERS,
    key=numbered("loss.found"),
    rests_on=lambda context, facts: (counting_paper(context.books.session, context.campaign, facts).entry,),
    post=_post,
    fold=_fold,
    undoing=Undoing(
        _unfold, require=lambda context, entry: require_surplus_undecided(context.books.session, entry.seq)
    ),
)
KINDS = (FIND,)
