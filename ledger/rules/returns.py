"""Goods that go back: to the supplier, or from an organisation into stock; and the recall of a lot.

A recalled lot is not handed over or handed out any more; it is collected, sent back, or written off as recalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Slug, Text
from ledger.core.lines import Part, PartKind, Use, units_in
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.columns import OF_ENTRY
from ledger.model.goods import OtherLotRow, RecallRow, ReturnDirection, ReturnLotRow, ReturnRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.goods import (
    LotCount,
    first_delivery,
    goods_account,
    goods_line,
    lot_columns,
    lot_deliveries,
    moved,
    recalled_by,
    recalls_of_lots,
)
from ledger.rules.rows import (
    add_row,
    add_rows,
    find_numbered,
    paper_head,
    require_numbered,
    reverse_row,
)
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Kind, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Pieces leave `place` for the supplier, or come back to it from who had them.

    That is the `organisation` that they were handed over to, or the `people` at a place where they were handed out.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    direction: ReturnDirection
    place: Name
    organisation: Name | None = None
    people: Name | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    reason: Text
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A lot is called back, wherever it is, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    lot: Number
    reason: Text
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """A lot here has the number of one that campaign `of` called back by `recall`, and is another one: why."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    of: Slug
    recall: Number
    product: Number
    lot: Number
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledBack:
    """What the ledger adds: the entry of the other campaign's recall."""

    recall: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the ledger adds to a recall: who had pieces, (class of account, place, pieces)."""

    holders: tuple[tuple[str, str, int], ...]


def find_return(session: Session, campaign: str, number: str) -> ReturnRow | None:
    return find_numbered(session, ReturnRow, campaign, number)


def require_return(session: Session, campaign: str, number: str) -> ReturnRow:
    """The return of a number, reversed or not; raises NotFound."""
    return require_numbered(session, ReturnRow, "return", campaign, number)


_LOTS = select(ReturnLotRow).where(col(ReturnLotRow.entry) == OF_ENTRY).order_by(col(ReturnLotRow.n))


def returned_lots(session: Session, entry: int) -> Sequence[ReturnLotRow]:
    """What went back with a return, as its paper lists it."""
    return session.exec(_LOTS, params={"of_entry": entry}).all()


def require_recall(session: Session, campaign: str, number: str) -> RecallRow:
    """The recall of a number, reversed or not; raises NotFound."""
    return require_numbered(session, RecallRow, "recall", campaign, number)


def return_use(campaign: str, number: str, lot: Lot) -> str:
    """The use by which pieces of a lot go back."""
    return str(UseName(UseCause.RETURN, campaign, number, (str(lot),)))


def _post_return(context: Context, facts: Return) -> Posting[None]:
    require_campaign(context)
    if len({lot.of for lot in facts.lots}) != len(facts.lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")
    back = facts.direction is ReturnDirection.FROM_RECIPIENT
    if back != ((facts.organisation is None) != (facts.people is None)):
        raise Refused.field(
            "organisation",
            "name who gives goods back, an organisation or people; a return to the supplier names nobody",
        )
    source = (
        (AccountClass.HANDED, facts.organisation)
        if facts.organisation is not None
        else (AccountClass.DISTRIBUTED, facts.people)
        if facts.people is not None
        else None
    )
    if source is not None:
        transfers, uses = moved(
            context,
            facts.lots,
            lambda lot: return_use(context.campaign, facts.number, lot),
            source,
            (AccountClass.STOCK, facts.place),
        )
    else:
        transfers, uses = [], []
        for index, lot in enumerate(facts.lots):
            use_id, field = return_use(context.campaign, facts.number, lot.of), f"lots.{index}.quantity"
            added, use = _sent_back(context, use_id, lot, facts.place, field)
            transfers += added
            uses.append(use)
    return Posting(tuple(transfers), tuple(uses))


def _sent_back(
    context: Context, use_id: str, lot: LotCount, place: str, field: str
) -> tuple[list[Transfer], Use]:
    """Pieces in stock go to the supplier; what was paid for them can be refunded to their owners."""
    line = goods_line(context.campaign, AccountClass.STOCK, place, lot.of)
    pieces = context.books.lines.lowest_free(line, lot.quantity)
    there = units_in(pieces)
    if there < lot.quantity:
        raise Refused.field(
            field,
            "{n} piece of {lot} is wanted and {there} are at {place}",
            many="{n} pieces of {lot} are wanted and {there} are at {place}",
            n=lot.quantity,
            lot=str(lot.of),
            there=there,
            place=place,
        )
    gone = account(AccountClass.RETURNED, context.campaign, "supplier")
    stock = goods_account(AccountClass.STOCK, context.campaign, place)
    use = Use(use_id, line, pieces, lot.quantity, (Part(PartKind.RETURNED, lot.quantity, lot.quantity),))
    return [Transfer(gone, stock, str(lot.of), lot.quantity)], use


def _fold_return(books: Books, entry: Entry[Return, None]) -> None:
    session, facts = books.session, entry.facts
    add_row(
        session,
        ReturnRow,
        **paper_head(entry),
        direction=facts.direction,
        place=facts.place,
        organisation=facts.organisation,
        people=facts.people,
        reason=facts.reason,
        report=facts.report,
    )
    add_rows(session, ReturnLotRow, [{"entry": entry.seq, **lot} for lot in lot_columns(facts.lots)])


def _unfold_return(books: Books, entry: Entry[Return, None], seq: int) -> None:
    reverse_row(books.session, ReturnRow, entry.seq, seq)


def _post_recall(context: Context, facts: Recall) -> Posting[Held]:
    session, campaign, lot = context.books.session, context.campaign, Lot(facts.product, facts.lot)
    if lot.is_over or not lot_deliveries(session, campaign, lot):
        raise Refused.field("lot", "no such lot was received; name one that a receipt names")
    if recalled_by(session, campaign, lot) is not None:
        raise Conflict.field("lot", "{lot} is recalled already", lot=facts.lot)
    return Posting((), (), Held(holders=tuple(holders_of(context.books, campaign, lot))))


HOLDERS = (
    AccountClass.STOCK,
    AccountClass.TRANSIT,
    AccountClass.HANDED,
    AccountClass.DISTRIBUTED,
    AccountClass.DELIVERED,
    AccountClass.OVER,
)
"""Where pieces of a lot can be."""


def holders_of(books: Books, campaign: str, lot: Lot) -> list[tuple[AccountClass, str, int]]:
    """(class, place or organisation or waybill, pieces) of all who have pieces of a lot, surplus included."""
    assets = {str(lot), str(lot.over)}
    holders: dict[tuple[AccountClass, str], int] = {}
    for kind in HOLDERS:
        for balance in books.balances(kind, campaign):
            if balance.asset in assets and balance.net:
                place = (kind, balance.account.detail[-1])
                holders[place] = holders.get(place, 0) + balance.net
    return [(kind, place, units) for (kind, place), units in holders.items()]


def _fold_recall(books: Books, entry: Entry[Recall, Held]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        RecallRow,
        **paper_head(entry),
        product=facts.product,
        lot=facts.lot,
        reason=facts.reason,
        report=facts.report,
    )


def _unfold_recall(books: Books, entry: Entry[Recall, Held], seq: int) -> None:
    """A recall that is reversed was no recall: the lot can be used again."""
    reverse_row(books.session, RecallRow, entry.seq, seq)


def _post_differs(context: Context, facts: Differs) -> Posting[CalledBack]:
    session, lot = context.books.session, Lot(facts.product, facts.lot)
    if lot.is_over or not lot_deliveries(session, context.campaign, lot):
        raise Refused.field("lot", "no such lot was received; name one that a receipt names")
    elsewhere = recalls_of_lots(session, context.campaign, (lot,)).elsewhere.get(lot)
    if elsewhere is None or (elsewhere.campaign, elsewhere.number) != (facts.of, facts.recall):
        raise Refused.field(
            "recall",
            "is no recall of {lot} elsewhere that waits for a decision; see `lot trace`",
            lot=str(lot),
        )
    return Posting(notes=CalledBack(recall=elsewhere.entry))


def _fold_differs(books: Books, entry: Entry[Differs, CalledBack]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        OtherLotRow,
        **paper_head(entry),
        recall=entry.notes.recall,
        product=facts.product,
        lot=facts.lot,
        reason=facts.reason,
    )


def _unfold_differs(books: Books, entry: Entry[Differs, CalledBack], seq: int) -> None:
    """It may be the same lot: it is handed on no more until somebody decides again."""
    reverse_row(books.session, OtherLotRow, entry.seq, seq)


RETURN = Kind(
    name="return",
    noun="return",
    verb="add",
    facts=Return,
    doc="Record goods sent back to a supplier, or given back by an organisation.",
    roles=RECORDERS,
    key=numbered("return"),
    post=_post_return,
    fold=_fold_return,
    undoing=Undoing(_unfold_return),
)
RECALL = Kind(
    name="recall",
    noun="recall",
    verb="add",
    facts=Recall,
    notes=Held,
    doc="Call a lot back: it is not handed over or handed out any more, and who has it is recorded.",
    roles=APPROVERS,
    key=numbered("recall"),
    rests_on=lambda context, facts: first_delivery(context, Lot(facts.product, facts.lot)),
    post=_post_recall,
    fold=_fold_recall,
    everywhere=True,
    undoing=Undoing(_unfold_recall),
)
DIFFERS = Kind(
    name="recall.differs",
    noun="recall",
    verb="differs",
    facts=Differs,
    notes=CalledBack,
    doc="Say why a lot is another one than that of the same number which another campaign called back.",
    roles=APPROVERS,
    key=numbered("recall.differs"),
    rests_on=lambda context, facts: (
        require_recall(context.books.session, facts.of, facts.recall).entry,
        *first_delivery(context, Lot(facts.product, facts.lot)),
    ),
    post=_post_differs,
    fold=_fold_differs,
    undoing=Undoing(_unfold_differs),
)
KINDS = (RETURN, RECALL, DIFFERS)
