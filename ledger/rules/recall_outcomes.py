"""How a recall ends, piece by piece: sent back, destroyed, used, or not found (docs/rules.md, 25).

Returns are in `returns`. What was used or is not found stays where donors were told that it went; what was destroyed on
the spot is no more, and the supplier can refund it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import Lot, UseCause, UseName
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY
from ledger.model.goods import (
    Cause,
    RecalledAt,
    RecallOutcome,
    RecallOutcomeRow,
    RecallRow,
    ReturnDirection,
    ReturnLotRow,
    ReturnRow,
)
from ledger.rules.books import Books
from ledger.rules.goods import goods_account, goods_line
from ledger.rules.returns import require_recall
from ledger.rules.rows import add_row, paper_head, reverse_row
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered

_CLASSES = {
    RecalledAt.STOCK: AccountClass.STOCK,
    RecalledAt.ORGANISATION: AccountClass.HANDED,
    RecalledAt.PEOPLE: AccountClass.DISTRIBUTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of pieces of a recalled lot, of its surplus too, where they were.

    `place` is a place of stock, an organisation, or where people got them, as `at` says. Pieces in stock are sent back
    or destroyed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    recall: Number
    at: RecalledAt
    place: Name
    became: RecallOutcome
    quantity: Positive
    reason: Text
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledLot:
    """What the ledger adds: the lot that was recalled."""

    product: str
    lot: str

    @property
    def of(self) -> Lot:
        return Lot(self.product, self.lot)


@dataclass(frozen=True, slots=True)
class RecallHolder:
    """Pieces of a recalled lot that somebody has, and of which nobody has told yet what became of them."""

    at: RecalledAt
    place: str
    open: int


@dataclass(frozen=True, slots=True)
class RecallState:
    """How far a recall has come, in pieces: `returned` to the supplier since, and who has what is open."""

    returned: int
    destroyed: int
    used: int
    not_found: int
    in_transit: int
    holders: tuple[RecallHolder, ...]

    @property
    def open(self) -> int:
        return self.in_transit + sum(holder.open for holder in self.holders)


def recall_destruction_use(campaign: str, number: str) -> str:
    """The use by which recalled pieces were destroyed."""
    return str(UseName(UseCause.RECALL, campaign, number))


_RECALLS = (
    select(RecallRow)
    .where(col(RecallRow.campaign) == OF_CAMPAIGN, col(RecallRow.reversed_by).is_(None))
    .order_by(col(RecallRow.entry))
)
_OUTCOMES = (
    select(
        RecallOutcomeRow.at,
        RecallOutcomeRow.place,
        RecallOutcomeRow.became,
        func.sum(RecallOutcomeRow.quantity),
    )
    .where(col(RecallOutcomeRow.recall) == OF_ENTRY, col(RecallOutcomeRow.reversed_by).is_(None))
    .group_by(col(RecallOutcomeRow.at), col(RecallOutcomeRow.place), col(RecallOutcomeRow.became))
)


def recalls_of(session: Session, campaign: str) -> list[RecallRow]:
    """The recalls that stand, first recorded first."""
    return list(session.exec(_RECALLS, params={"of_campaign": campaign}).all())


def _outcomes(session: Session, recall: int) -> dict[tuple[RecalledAt, str, RecallOutcome], int]:
    """Pieces of a recalled lot by who had them and what became of them."""
    rows = session.exec(_OUTCOMES, params={"of_entry": recall})
    return {(RecalledAt(at), place, RecallOutcome(became)): int(n) for at, place, became, n in rows}


def _returned(session: Session, recall: RecallRow) -> int:
    """Pieces of the lot that went back to the supplier since it was recalled."""
    query = (
        select(func.coalesce(func.sum(ReturnLotRow.quantity), 0))
        .join(ReturnRow, col(ReturnRow.entry) == ReturnLotRow.entry)
        .where(
            ReturnRow.campaign == recall.campaign,
            ReturnRow.direction == ReturnDirection.TO_SUPPLIER,
            col(ReturnRow.reversed_by).is_(None),
            ReturnRow.entry > recall.entry,
            ReturnLotRow.product == recall.product,
            col(ReturnLotRow.lot).in_([recall.lot, Lot(recall.product, recall.lot).over.number]),
        )
    )
    return int(session.exec(query).one())


def recall_state(books: Books, recall: RecallRow) -> RecallState:
    """How far a recall has come: what is told of its pieces, and who has the rest."""
    lot, campaign = Lot(recall.product, recall.lot), recall.campaign
    outcomes = _outcomes(books.session, recall.entry)
    ended: dict[RecallOutcome, int] = defaultdict(int)
    gone: dict[tuple[RecalledAt, str], int] = defaultdict(int)
    for (at, place, became), pieces in outcomes.items():
        ended[became] += pieces
        if became is not RecallOutcome.DESTROYED:
            gone[at, place] += pieces
    there: dict[tuple[RecalledAt, str], int] = defaultdict(int)
    for at, kind in _CLASSES.items():
        for balance in books.balances(kind, campaign):
            if balance.asset in {str(lot), str(lot.over)}:
                there[at, balance.account.detail[-1]] += balance.net
    in_transit = sum(
        balance.net
        for balance in books.balances(AccountClass.TRANSIT, campaign)
        if balance.asset in {str(lot), str(lot.over)}
    )
    holders = [RecallHolder(at, place, n - gone[at, place]) for (at, place), n in sorted(there.items())]
    return RecallState(
        returned=_returned(books.session, recall),
        destroyed=ended[RecallOutcome.DESTROYED],
        used=ended[RecallOutcome.USED],
        not_found=ended[RecallOutcome.NOT_FOUND],
        in_transit=in_transit,
        holders=tuple(holder for holder in holders if holder.open > 0),
    )


def _post(context: Context, facts: Ended) -> Posting[RecalledLot]:
    session, campaign, lines = context.books.session, context.campaign, context.books.lines
    recall = require_recall(session, campaign, facts.recall)
    if recall.reversed_by is not None:
        raise Conflict.field(
            "recall", "{recall} was reversed; the lot is not called back by it", recall=facts.recall
        )
    if facts.at is RecalledAt.STOCK and facts.became is not RecallOutcome.DESTROYED:
        raise Refused.field(
            "became",
            "is for pieces that others have; what is in stock is destroyed, sent back, or lost (`loss add`)",
        )
    lot = Lot(recall.product, recall.lot)
    holders = recall_state(context.books, recall).holders
    left = sum(row.open for row in holders if (row.at, row.place) == (facts.at, facts.place))
    if facts.quantity > left:
        raise Refused.field(
            "quantity",
            "{quantity} are told and {left} of {lot} are open at {place}; tell of those that are",
            quantity=facts.quantity,
            left=left,
            lot=str(lot),
            place=facts.place,
        )
    notes = RecalledLot(product=lot.product, lot=lot.number)
    if facts.became is not RecallOutcome.DESTROYED:
        return Posting((), (), notes)
    kind = _CLASSES[facts.at]
    line = goods_line(campaign, kind, facts.place, lot)
    free = lines.free_units(line)
    if facts.quantity > free:
        raise Refused.field(
            "quantity",
            "{quantity} are told and {free} of {lot} are at {place}",
            quantity=facts.quantity,
            free=free,
            lot=str(lot),
            place=facts.place,
        )
    pieces = lines.lowest_free(line, facts.quantity)
    part = Part(PartKind.LOST, facts.quantity, facts.quantity)
    gone = account(AccountClass.LOST, campaign, Cause.RECALLED.value)
    transfer = Transfer(gone, goods_account(kind, campaign, facts.place), str(lot), facts.quantity)
    use = Use(recall_destruction_use(campaign, facts.number), line, pieces, facts.quantity, (part,))
    return Posting((transfer,), (use,), notes)


def _fold(books: Books, entry: Entry[Ended, RecalledLot]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        RecallOutcomeRow,
        **paper_head(entry),
        recall=require_recall(books.session, entry.campaign, facts.recall).entry,
        at=facts.at,
        place=facts.place,
        became=facts.became,
        quantity=facts.quantity,
        reason=facts.reason,
        report=facts.report,
    )


def _unfold(books: Books, entry: Entry[Ended, RecalledLot], seq: int) -> None:
    """What became of the pieces is open again."""
    reverse_row(books.session, RecallOutcomeRow, entry.seq, seq)


END = Kind(
    name="recall.ended",
    noun="recall",
    verb="end",
    facts=Ended,
    notes=RecalledLot,
    doc="Record what became of pieces of a recalled lot that nobody sends back: destroyed, used, not found.",
    roles=RECORDERS,
    key=numbered("recall.ended"),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (END,)
