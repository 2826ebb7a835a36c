"""Last days of use that other campaigns corrected of a maker's lot that this one has too (docs/rules.md, 32).

A label has one day, whichever campaign reads it: where another one put it right and this one says another day, somebody
decides whether it is corrected here as well or the lot is another one. Reads corrections and deliveries of all
campaigns; it changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlalchemy import bindparam
from sqlmodel import Session, and_, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Number, Slug, Text
from ledger.core.likeness import likeness_of_name
from ledger.core.names import Lot
from ledger.model.campaigns import ProductRow
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.goods import LotDeliveryRow, OtherExpiryRow, OtherLotRow, RecallRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.goods import expiries_of, first_delivery, likenesses_of, lot_deliveries
from ledger.rules.rows import add_row, paper_head, reverse_row
from ledger.rules.spec import APPROVERS, Context, Kind, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherExpiry:
    """A lot here has the number of one whose expiry campaign `of` put right by `correction`; why it is another one."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    of: Slug
    correction: Number
    product: Number
    lot: Number
    reason: Text
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRight:
    """What the ledger adds: the entry that recorded the other campaign's correction."""

    correction: int


@dataclass(frozen=True, slots=True)
class ExpiryElsewhere:
    """What another campaign says by its newest correction: the last day of use, none where there is none.

    It says it of the lot `of` of its own, whose product has a name that is `spelled` so. `entry` recorded the
    correction, `decided_by` approved it, on the day `since`.
    """

    of: Lot
    spelled: str
    campaign: str
    number: str
    entry: int
    decided_by: int
    since: str
    expiry: str | None

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"


_STANDING = (
    col(CorrectionRow.campaign) != OF_CAMPAIGN,
    CorrectionRow.field == Corrected.EXPIRY,
    CorrectionRow.status == ProposalStatus.APPROVED,
)
_ANY = select(CorrectionRow.entry).where(*_STANDING).limit(1)
_CORRECTED = (
    select(CorrectionRow, LotDeliveryRow.product, LotDeliveryRow.lot, ProductRow.name)
    .join(LotDeliveryRow, col(LotDeliveryRow.entry) == CorrectionRow.corrected)
    .join(
        ProductRow,
        and_(
            col(ProductRow.campaign) == CorrectionRow.campaign,
            col(ProductRow.code) == LotDeliveryRow.product,
        ),
    )
    .where(
        *_STANDING,
        col(LotDeliveryRow.lot).in_(bindparam("of_numbers", expanding=True)),
        col(LotDeliveryRow.reversed_by).is_(None),
    )
    .order_by(col(CorrectionRow.decided_by))
)
_APART_BY_EXPIRY = (
    select(CorrectionRow.campaign, OtherExpiryRow.product, OtherExpiryRow.lot)
    .join(CorrectionRow, col(CorrectionRow.entry) == OtherExpiryRow.correction)
    .where(col(OtherExpiryRow.campaign) == OF_CAMPAIGN, col(OtherExpiryRow.reversed_by).is_(None))
)
_APART_BY_RECALL = (
    select(RecallRow.campaign, OtherLotRow.product, OtherLotRow.lot)
    .join(RecallRow, col(RecallRow.entry) == OtherLotRow.recall)
    .where(col(OtherLotRow.campaign) == OF_CAMPAIGN, col(OtherLotRow.reversed_by).is_(None))
)
_NUMBERS = 500
"""Numbers of lots that are asked for at once: within what a statement of either database takes."""


def expiry_corrected_elsewhere(session: Session, campaign: str) -> bool:
    """Does a correction of a last day of use stand in another campaign, of whatever lot?"""
    return session.exec(_ANY, params={"of_campaign": campaign}).first() is not None


def expiries_elsewhere(session: Session, campaign: str, lots: Iterable[Lot]) -> dict[Lot, ExpiryElsewhere]:
    """What of lots other campaigns corrected and this one says otherwise, and did not call another lot.

    The same maker's lot is told as for recalls (docs/rules.md, 21). Of several campaigns the one that corrected first.
    """
    of = {lot: Lot(lot.product, lot.ordered.number) for lot in lots}
    corrected = _corrected(session, campaign, {maker.number for maker in of.values()})
    if not corrected:
        return {}
    own, spelled = expiries_of(session, campaign, of), likenesses_of(session, campaign, of)
    apart = _said_apart(session, campaign)
    elsewhere: dict[Lot, ExpiryElsewhere] = {}
    for there in corrected:
        for lot, maker in of.items():
            alike = there.of.product == maker.product or spelled.get(maker.product) == there.spelled
            decided = (there.campaign, maker.product, maker.number) in apart
            if there.of.number == maker.number and alike and not decided and own.get(lot) != there.expiry:
                elsewhere.setdefault(lot, there)
    return elsewhere


def _corrected(session: Session, campaign: str, numbers: set[str]) -> list[ExpiryElsewhere]:
    """The newest correction by each other campaign of each lot of one of those numbers."""
    wanted = sorted(numbers)
    rows = [
        row
        for at in range(0, len(wanted), _NUMBERS)
        for row in session.exec(
            _CORRECTED, params={"of_campaign": campaign, "of_numbers": wanted[at : at + _NUMBERS]}
        )
    ]
    newest: dict[tuple[str, Lot], ExpiryElsewhere] = {}
    for row, product, number, name in sorted(rows, key=lambda elsewhere: elsewhere[0].decided_by or 0):
        lot = Lot(product, number)
        if row.lot not in {None, number, str(lot)}:
            continue
        newest[row.campaign, lot] = ExpiryElsewhere(
            of=lot,
            spelled=likeness_of_name(name),
            campaign=row.campaign,
            number=row.number,
            entry=row.entry,
            decided_by=row.decided_by or 0,
            since=row.decided_on or row.document_date,
            expiry=row.new,
        )
    return list(newest.values())


def _said_apart(session: Session, campaign: str) -> set[tuple[str, str, str]]:
    """(other campaign, product, lot): which own lots are none of that campaign's, whatever was asked about them."""
    asked = {"of_campaign": campaign}
    return {*session.exec(_APART_BY_EXPIRY, params=asked), *session.exec(_APART_BY_RECALL, params=asked)}


def _post(context: Context, facts: OtherExpiry) -> Posting[PutRight]:
    session, lot = context.books.session, Lot(facts.product, facts.lot)
    if lot.is_over or not lot_deliveries(session, context.campaign, lot):
        raise Refused.field("lot", "no such lot was received; name one that a receipt names")
    elsewhere = _of(context, facts)
    if elsewhere is None:
        raise Refused.field(
            "correction",
            "corrects no expiry of {lot} elsewhere that waits for a decision; see the inbox",
            lot=str(lot),
        )
    return Posting(notes=PutRight(correction=elsewhere.entry))


def _of(context: Context, facts: OtherExpiry) -> ExpiryElsewhere | None:
    """The correction that facts name, where it waits for a decision."""
    lot = Lot(facts.product, facts.lot)
    elsewhere = expiries_elsewhere(context.books.session, context.campaign, (lot,)).get(lot)
    named = elsewhere is not None and (elsewhere.campaign, elsewhere.number) == (facts.of, facts.correction)
    return elsewhere if named else None


def _fold(books: Books, entry: Entry[OtherExpiry, PutRight]) -> None:
    facts = entry.facts
    add_row(
        books.session,
        OtherExpiryRow,
        **paper_head(entry),
        correction=entry.notes.correction,
        product=facts.product,
        lot=facts.lot,
        reason=facts.reason,
    )


def _unfold(books: Books, entry: Entry[OtherExpiry, PutRight], seq: int) -> None:
    """It may be the same lot: it is asked again."""
    reverse_row(books.session, OtherExpiryRow, entry.seq, seq)


def _rests_on(context: Context, facts: OtherExpiry) -> Iterable[int]:
    elsewhere = _of(context, facts)
    yield from () if elsewhere is None else (elsewhere.entry, elsewhere.decided_by)
    yield from first_delivery(context, Lot(facts.product, facts.lot))


DIFFERS = Kind(
    name="correction.differs",
    noun="correction",
    verb="differs",
    facts=OtherExpiry,
    notes=PutRight,
    doc="Say why a lot is another one than that of the same number whose expiry another campaign corrected.",
    roles=APPROVERS,
    key=numbered("correction.differs"),
    rests_on=_rests_on,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (DIFFERS,)
