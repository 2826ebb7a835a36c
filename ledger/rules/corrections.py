"""Corrections of what moves nothing: by two people, whatever stands on the paper, which keeps its bytes.

The correction names entry, field, the old value and the new one, and why; nothing is reversed, and what a consignee
counted stays (docs/rules.md, 32). What moves something is put right by a reversal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused, one
from ledger.core.facts import STRICT, Date, Number, Positive, Text
from ledger.core.names import Lot
from ledger.model.columns import Table, table_of
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.deliveries import ArrivalRow, ShipmentRow
from ledger.model.goods import FindRow, LossRow, LotDeliveryRow, RecallRow, ReturnRow
from ledger.model.proposals import ProposalStatus
from ledger.rules.books import Books
from ledger.rules.rows import change_row, recorded_row
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed

_TEXTS = (Corrected.REPORT, Corrected.REASON)
_ROWS: Mapping[str, tuple[type[Table], tuple[Corrected, ...]]] = {
    "receipt": (LotDeliveryRow, (Corrected.EXPIRY,)),
    "in-kind": (LotDeliveryRow, (Corrected.EXPIRY,)),
    "shipment": (ShipmentRow, (Corrected.AIR_WAYBILL, Corrected.EXPECTED)),
    "arrival": (ArrivalRow, _TEXTS),
    "loss": (LossRow, _TEXTS),
    "loss.found": (FindRow, _TEXTS),
    "return": (ReturnRow, _TEXTS),
    "recall": (RecallRow, _TEXTS),
}
"""By kind of entry: the table that it leaves a row in, and what of it can be put right."""
_BY_ORM = (ShipmentRow, ArrivalRow)
_SHAPES: Mapping[Corrected, TypeAdapter[str]] = {
    Corrected.EXPIRY: TypeAdapter(Date),
    Corrected.AIR_WAYBILL: TypeAdapter(Number),
    Corrected.EXPECTED: TypeAdapter(Date),
    Corrected.REPORT: TypeAdapter(Number),
    Corrected.REASON: TypeAdapter(Text),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the fact of an `entry` says wrong in a field that moves nothing: the `old` value, and the `new` one.

    `lot` says of which lot, where a paper brought several. A value that is not there is left out.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    entry: Positive
    field: Corrected
    lot: Number | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Text
    date: Date


def corrections_of(session: Session, entry: int) -> Sequence[CorrectionRow]:
    """What of an entry's fact was corrected and stands, in the order of the approvals."""
    query = select(CorrectionRow).where(
        CorrectionRow.corrected == entry, CorrectionRow.status == ProposalStatus.APPROVED
    )
    return session.exec(query.order_by(col(CorrectionRow.decided_by))).all()


def _require_correctable(context: Context, facts: Correction) -> type[Table]:
    """The table of what is corrected; raises NotFound, Conflict or Refused."""
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound(f"entry: there is no entry {facts.entry} in campaign {context.campaign}")
    if context.books.reversed_by(facts.entry) is not None:
        raise Conflict(f"entry: {facts.entry} is reversed; correct the one that stands for it")
    table, fields = _ROWS.get(entry.kind, (None, ()))
    if table is None or facts.field not in fields:
        can = ", ".join(fields) or "nothing"
        raise Refused.field(
            "field",
            f"of {one(entry.kind)} {can} can be corrected; what moves something is reversed and told anew",
        )
    return table


def _delivery(session: Session, entry: int, lot: str | None) -> LotDeliveryRow:
    """What a paper brought of a lot: of the only one, where none is named."""
    query = select(LotDeliveryRow).where(LotDeliveryRow.entry == entry)
    rows = [row for row in session.exec(query) if not Lot(row.product, row.lot).is_over]
    rows = [row for row in rows if lot in {None, row.lot}]
    if len(rows) != 1:
        raise Refused.field("lot", "name the lot of the paper that is meant")
    return rows[0]


def _says(session: Session, table: type[Table], entry: int, field: Corrected, lot: str | None) -> str | None:
    """What a field says today."""
    if table is LotDeliveryRow:
        return _delivery(session, entry, lot).expiry
    value: str | None = session.connection().scalar(
        select(table_of(table).c[field.value]).where(table_of(table).c.entry == entry)
    )
    return value


def _require_right(context: Context, facts: Correction) -> None:
    """Refused where the old value is not what stands there, or the new one is none of its shape."""
    session = context.books.session
    table = _require_correctable(context, facts)
    if facts.lot is not None and facts.field is not Corrected.EXPIRY:
        raise Refused.field("lot", "says of which lot an expiry is; leave it out")
    says = _says(session, table, facts.entry, facts.field, facts.lot)
    if facts.old != says:
        raise Refused.field("old", f"is not what stands there, which is {says or 'nothing'}")
    if facts.new == says:
        raise Refused.field("new", "is what stands there already")
    if facts.new is None and facts.field is Corrected.REASON:
        raise Refused.field("new", "is missing; a reason is told by another one")
    try:
        _SHAPES[facts.field].validate_python(facts.new) if facts.new is not None else None
    except ValidationError:
        raise Refused.field("new", f"is no {facts.field.value}; write it as its paper does") from None


def _hold(context: Context, facts: Correction) -> Posting[None]:
    _require_right(context, facts)
    return Posting()


def _row(_books: Books, entry: Entry[Correction, None]) -> CorrectionRow:
    facts = entry.facts
    return CorrectionRow(
        **proposed(entry, facts.number, facts.date),
        corrected=facts.entry,
        field=facts.field,
        lot=facts.lot,
        old=facts.old,
        new=facts.new,
        reason=facts.reason,
    )


def _effect(context: Context, row: CorrectionRow, _decision: Decision) -> Posting[None]:
    facts = Correction(
        number=row.number,
        entry=row.corrected,
        field=row.field,
        lot=row.lot,
        old=row.old,
        new=row.new,
        reason=row.reason,
        date=row.told_on,
    )
    _require_right(context, facts)
    return Posting()


def _write(session: Session, row: CorrectionRow, value: str | None) -> None:
    """The field says `value` from now on."""
    for table in _BY_ORM:
        found = session.get(table, row.corrected)
        if found is not None:
            setattr(found, row.field.value, value)
            session.add(found)
            return
    if row.field is Corrected.EXPIRY:
        made, delivery = table_of(LotDeliveryRow), _delivery(session, row.corrected, row.lot)
        of_lot = (made.c.entry == delivery.entry, made.c.n == delivery.n)
        session.flush()
        session.connection().execute(update(made).where(*of_lot).values(expiry=value))
        session.expire_all()
        return
    for core in (LossRow, FindRow, ReturnRow, RecallRow):
        if session.get(core, row.corrected) is not None:
            change_row(session, core, row.corrected, **{row.field.value: value})


def _approved(books: Books, row: CorrectionRow, _entry: Entry[Decision, None]) -> None:
    _write(books.session, row, row.new)


def _taken_back(books: Books, row: CorrectionRow, _entry: Entry[Decision, None]) -> None:
    _write(books.session, recorded_row(books.session, CorrectionRow, row.entry), row.old)


def _require_last(context: Context, row: CorrectionRow, _entry: Entry[Decision, None]) -> None:
    """Conflict where the field was corrected again since."""
    same = [
        other
        for other in corrections_of(context.books.session, row.corrected)
        if (other.field, other.lot) == (row.field, row.lot)
    ]
    if same and same[-1].entry != row.entry:
        raise Conflict(f"entry: correction {same[-1].number} corrected it again; reverse that first")


CORRECTIONS = Workflow(
    noun="correction",
    facts=Correction,
    row=CorrectionRow,
    doc="Put right what a paper says wrong and what moves nothing: an expiry, a number, a day, a text.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    approved=_approved,
    reversed=_taken_back,
    require=_require_last,
)
KINDS = CORRECTIONS.kinds()
