"""Lost pieces that are found again: they lie in stock, and belong to whom they belonged to when they were lost.

The loss stays in the books with what was said then; nothing that came after it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict
from sqlmodel import Session

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.deliveries import ArrivalRow
from ledger.model.goods import FindRow, LossRow, Missing
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.deliveries import loss_use, require_loss
from ledger.rules.goods import goods_account, goods_line
from ledger.rules.rows import add_row, find_numbered, paper_head, reverse_row
from ledger.rules.shipments import arrival_use, arrived_lots, require_arrival
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.tracing.residual_lines import reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Pieces of a lot that a `loss` or an `arrival` called lost (an arrival also `short`), and that lie at `place` now.

    `document` is the number of the loss or arrival.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    by: Literal["loss", "arrival"]
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
    """What the ledger adds to a find: the entry of the loss or arrival that told of the pieces."""

    told: int


def find_find(session: Session, campaign: str, number: str) -> FindRow | None:
    return find_numbered(session, FindRow, campaign, number)


def _called_lost(session: Session, campaign: str, facts: Find) -> LossRow | ArrivalRow:
    """The paper that called the pieces lost; raises NotFound, or Refused where it is not of the lot."""
    if facts.by == "loss":
        return require_loss(session, campaign, facts.document)
    return require_arrival(session, campaign, facts.document)


def _cause(session: Session, facts: Find, told: LossRow | ArrivalRow) -> str:
    """What the account is named by that the pieces went to; raises Refused where the paper is not of the lot."""
    rows = [told] if isinstance(told, LossRow) else arrived_lots(session, told.entry)
    row = next((row for row in rows if Lot(row.product, row.lot) == facts.of), None)
    if row is None:
        raise Refused.field("document", f"{facts.by} {facts.document} is not of {facts.of}; name one that is")
    return Missing.SHORT.value if facts.was is Missing.SHORT else (row.cause or Missing.LOST).value


def _post(context: Context, facts: Find) -> Posting[LostBefore]:
    require_campaign(context)
    lines, campaign, session = context.books.lines, context.campaign, context.books.session
    told = _called_lost(session, campaign, facts)
    if told.reversed_by is not None:
        raise Conflict(f"document: {facts.by} {facts.document} was reversed; its pieces are no loss")
    cause, asset = _cause(session, facts, told), str(facts.of)
    if isinstance(told, LossRow):
        use_id = loss_use(campaign, told.number)
    else:
        use_id = arrival_use(campaign, told.number, facts.of)
    use, kind = lines.use(use_id), PartKind(facts.was.value)
    gone = still_ended(lines, use, kind, facts.product)
    if facts.quantity > gone:
        raise Refused.field(
            "quantity", f"{facts.quantity} are found and {gone} of {asset} are {facts.was} there; no more"
        )
    line, opens = reopened(lines, use, kind, facts.product)
    pieces = ((0, facts.quantity),) if opens else lines.lowest_free(line, facts.quantity)
    here = goods_line(campaign, AccountClass.STOCK, facts.place, facts.of)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, here, lines.length(here))
    transfer = Transfer(
        goods_account(AccountClass.STOCK, campaign, facts.place),
        account(AccountClass.LOST, campaign, cause),
        asset,
        facts.quantity,
    )
    found = Use(str(UseName(UseCause.FIND, campaign, facts.number)), line, pieces, facts.quantity, (part,))
    return Posting((transfer,), (*opens, found), LostBefore(told=told.entry))


def _fold(books: Books, entry: Entry[Find, LostBefore]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        FindRow,
        **paper_head(entry),
        told_by=entry.notes.told,
        was=facts.was,
        product=facts.product,
        lot=facts.lot,
        quantity=facts.quantity,
        place=facts.place,
        reason=facts.reason,
        report=facts.report,
    )


def _unfold(books: Books, entry: Entry[Find, LostBefore], seq: int) -> None:
    """The pieces are lost still."""
    reverse_row(books.session, FindRow, entry.seq, seq)


FIND = Kind(
    name="loss.found",
    noun="loss",
    verb="find",
    facts=Find,
    notes=LostBefore,
    doc="Record lost pieces that were found again: they are in stock, and their givers' again.",
    roles=RECORDERS,
    key=numbered("loss.found"),
    rests_on=lambda context, facts: (_called_lost(context.books.session, context.campaign, facts).entry,),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (FIND,)
