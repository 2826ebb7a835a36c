"""Corrections of what a paper says wrong: by two people, whatever stands on it; the paper keeps its bytes.

The correction names entry, field, the old value and the new one, and why. What moves nothing is written; what moves
something moves by the approval, with all that stands on it. What a consignee counted stays (docs/rules.md, 32).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, LedgerError, NotFound, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Operation
from ledger.core.money import MAX_AMOUNT
from ledger.core.names import Lot
from ledger.model.columns import OF_ENTRY, Table, table_of
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.deliveries import ArrivalRow, ShipmentRow
from ledger.model.gifts import ContributionRow
from ledger.model.goods import FindRow, LossRow, LotDeliveryRow, RecallRow, ReceiptRow, ReturnRow
from ledger.model.orders import OrderRow
from ledger.model.proposals import ProposalStatus
from ledger.model.screening import PayeeKind
from ledger.rules.asked import Asked, Party
from ledger.rules.books import Books
from ledger.rules.contributions import likeness_of_reference
from ledger.rules.corrected_contributions import corrected_amount, says_amount, write_amount
from ledger.rules.corrected_counts import COUNTED, CountedField, corrected_count, says_count, write_count
from ledger.rules.corrected_places import PLACED, corrected_place, says_place, write_place
from ledger.rules.corrected_prices import corrected_price, covered_price, says_price, write_price
from ledger.rules.corrected_suppliers import require_free_numbers, write_supplier
from ledger.rules.orders import order_value, require_order
from ledger.rules.rows import change_row, recorded_row
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed
from ledger.store.journal import Journal

_TEXTS = (Corrected.REPORT, Corrected.REASON)
_ROWS: Mapping[str, tuple[type[Table], tuple[Corrected, ...]]] = {
    "receipt": (LotDeliveryRow, (Corrected.EXPIRY,)),
    "in-kind": (LotDeliveryRow, (Corrected.EXPIRY,)),
    "opening.approved": (LotDeliveryRow, (Corrected.EXPIRY,)),
    "shipment": (ShipmentRow, (Corrected.AIR_WAYBILL, Corrected.EXPECTED, Corrected.CARRIER)),
    "arrival": (ArrivalRow, _TEXTS),
    "loss": (LossRow, _TEXTS),
    "loss.found": (FindRow, _TEXTS),
    "return": (ReturnRow, _TEXTS),
    "recall": (RecallRow, _TEXTS),
    "purchase": (OrderRow, (Corrected.EXPECTED, Corrected.SUPPLIER)),
    "contribution": (ContributionRow, (Corrected.ORGANISATION, Corrected.REFERENCE, Corrected.HAPPENED)),
}
"""By kind of entry: the table that it leaves a row in, and what of it can be put right."""
_BY_ORM = (ShipmentRow, ArrivalRow, OrderRow, ContributionRow)
_OF_MONEY = frozenset({Corrected.VALUE, Corrected.AMOUNT})
"""What is in minor units."""
MOVING = frozenset({*_OF_MONEY, *(field for fields in COUNTED.values() for field in fields)})
"""What moves something when it is put right."""
_NEVER_EMPTY = frozenset({Corrected.REASON, Corrected.SUPPLIER, Corrected.HAPPENED, Corrected.PLACE})
_Pieces = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,15})$")]
_Price = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,15}$")]
_SHAPES: Mapping[Corrected, TypeAdapter[str]] = {
    Corrected.EXPIRY: TypeAdapter(Date),
    Corrected.AIR_WAYBILL: TypeAdapter(Number),
    Corrected.EXPECTED: TypeAdapter(Date),
    Corrected.REPORT: TypeAdapter(Number),
    Corrected.REASON: TypeAdapter(Text),
    **{field: TypeAdapter(_Pieces) for field in MOVING},
    **{field: TypeAdapter(_Price) for field in _OF_MONEY},
    Corrected.SUPPLIER: TypeAdapter(Name),
    Corrected.CARRIER: TypeAdapter(Name),
    Corrected.PLACE: TypeAdapter(Name),
    Corrected.ORGANISATION: TypeAdapter(Name),
    Corrected.REFERENCE: TypeAdapter(Number),
    Corrected.HAPPENED: TypeAdapter(Date),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the fact of an `entry` says wrong in a `field`: the `old` value, and the `new` one.

    `lot` says of which lot, where a paper has several (`PRODUCT#LOT` where two products have one of that number);
    `place`, of which recipient; `item`, of which item of an order. A value that is not there is left out; a count and
    a price in minor units are whole numbers.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    entry: Positive
    field: Corrected
    lot: Annotated[Text, Field(max_length=81)] | None = None
    place: Name | None = None
    item: Number | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Text
    date: Date


_STANDING = select(CorrectionRow).where(CorrectionRow.status == ProposalStatus.APPROVED)
_OF_PAPER = _STANDING.where(col(CorrectionRow.corrected) == OF_ENTRY).order_by(col(CorrectionRow.decided_by))
_ANY_PLACE = _STANDING.where(CorrectionRow.field == Corrected.PLACE).limit(1)


def corrections_of(session: Session, entry: int) -> Sequence[CorrectionRow]:
    """What of an entry's fact was corrected and stands, in the order of the approvals."""
    return session.exec(_OF_PAPER, params={"of_entry": entry}).all()


def any_place_corrected(session: Session) -> bool:
    """Was a place put right, of whatever paper?"""
    return session.exec(_ANY_PLACE).first() is not None


def _fields_of(kind: str) -> tuple[Corrected, ...]:
    """What of an entry of a kind can be corrected."""
    _, texts = _ROWS.get(kind, (None, ()))
    sums = {"purchase": (Corrected.VALUE,), "contribution": (Corrected.AMOUNT,)}
    places = (Corrected.PLACE,) if kind in PLACED else ()
    return (*texts, *COUNTED.get(kind, ()), *sums.get(kind, ()), *places)


def _require_correctable(context: Context, facts: Correction) -> str:
    """The kind of what is corrected; raises NotFound, Conflict or Refused."""
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound.field(
            "entry",
            "there is no entry {entry} in campaign {campaign}",
            entry=facts.entry,
            campaign=context.campaign,
        )
    if context.books.reversed_by(facts.entry) is not None:
        raise Conflict.field(
            "entry", "{entry} is reversed; correct the one that stands for it", entry=facts.entry
        )
    fields = _fields_of(entry.kind)
    if facts.field not in fields:
        if not fields:
            raise Refused.field(
                "field",
                "nothing of this kind, {kind}, is corrected; reverse it and tell it anew",
                kind=entry.kind,
            )
        raise Refused.field(
            "field",
            "of this kind, {kind}, these are corrected: {fields}; the rest is reversed and told anew",
            kind=entry.kind,
            fields=list(fields),
        )
    if facts.item is not None and facts.field is not Corrected.VALUE:
        raise Refused.field("item", "says of which item of an order a price is; leave it out")
    of_lot = facts.field is Corrected.EXPIRY or facts.field in MOVING - _OF_MONEY
    if facts.lot is not None and not of_lot:
        raise Refused.field("lot", "says of which lot an expiry or a count is; leave it out")
    if facts.place is not None and entry.kind != "distribution":
        raise Refused.field("place", "says of which recipient of a distribution a count is; leave it out")
    return entry.kind


def _delivery(session: Session, entry: int, lot: str | None) -> LotDeliveryRow:
    """What a paper brought of a lot, to the first place that it names: of the only one, where none is named."""
    query = select(LotDeliveryRow).where(LotDeliveryRow.entry == entry)
    rows = [row for row in session.exec(query) if not Lot(row.product, row.lot).is_over]
    rows = [row for row in rows if lot in {None, row.lot, str(Lot(row.product, row.lot))}]
    if len({(row.product, row.lot) for row in rows}) != 1:
        raise Refused.field("lot", "name the lot of the paper that is meant")
    return rows[0]


def _says(context: Context, facts: Correction, kind: str) -> str | None:
    """What a field says today."""
    session = context.books.session
    if facts.field is Corrected.PLACE:
        return says_place(session, kind, facts.entry, facts.old)
    if facts.field is Corrected.VALUE:
        return str(says_price(session, facts.entry, facts.item))
    if facts.field is Corrected.AMOUNT:
        return str(says_amount(session, facts.entry))
    if facts.field in MOVING:
        return str(says_count(context, _counted(context.campaign, kind, facts)))
    table, _ = _ROWS[kind]
    if table is LotDeliveryRow:
        return _delivery(session, facts.entry, facts.lot).expiry
    value: str | None = session.connection().scalar(
        select(table_of(table).c[facts.field.value]).where(table_of(table).c.entry == facts.entry)
    )
    return value


def _counted(campaign: str, kind: str, of: Correction) -> CountedField:
    return CountedField(campaign, kind, of.entry, of.field, of.lot, of.place)


def _require_right(context: Context, facts: Correction) -> Posting[None]:
    """What a correction moves; refused where the old value is not what stands there, or the new one is none."""
    kind = _require_correctable(context, facts)
    says = _says(context, facts, kind)
    if facts.old != says:
        if not says:
            raise Refused.field("old", "is not what stands there, which is nothing")
        raise Refused.field("old", "is not what stands there, which is {stands}", stands=str(says))
    if facts.new == says:
        raise Refused.field("new", "is what stands there already")
    if facts.new is None and (facts.field in MOVING or facts.field in _NEVER_EMPTY):
        raise Refused.field("new", "is missing; write what is right of the {field}", field=facts.field.value)
    try:
        _SHAPES[facts.field].validate_python(facts.new) if facts.new is not None else None
    except ValidationError:
        raise Refused.field(
            "new", "is no {field}; write it as its paper does", field=facts.field.value
        ) from None
    if facts.field is Corrected.SUPPLIER and facts.new is not None:
        require_free_numbers(context.books.session, facts.entry, facts.new)
    if facts.field is Corrected.HAPPENED and facts.new is not None and facts.new > context.today:
        raise Refused.field("new", "is still to come; money has a day that has been")
    if facts.field is Corrected.PLACE and facts.old is not None and facts.new is not None:
        return corrected_place(context, kind, facts.entry, facts.old, facts.new)
    if facts.field not in MOVING or facts.new is None:
        return Posting()
    if int(facts.new) > MAX_AMOUNT:
        raise Refused.field(
            "new", "is above {most}, which no line can hold; check the figure", most=MAX_AMOUNT
        )
    if facts.field is Corrected.VALUE:
        return corrected_price(context, facts.entry, facts.item, int(facts.new), facts.date)
    if facts.field is Corrected.AMOUNT:
        return corrected_amount(context, facts.entry, int(facts.new))
    return corrected_count(context, _counted(context.campaign, kind, facts), int(facts.new))


def _hold(context: Context, facts: Correction) -> Posting[None]:
    """A correction that waits holds nothing: what it would move is tried, and moves by the approval."""
    _require_right(context, facts)
    return Posting()


def _row(_books: Books, entry: Entry[Correction, None]) -> CorrectionRow:
    facts = entry.facts
    return CorrectionRow(
        **proposed(entry, facts.number, facts.date),
        corrected=facts.entry,
        field=facts.field,
        lot=facts.lot,
        place=facts.place,
        item=facts.item,
        old=facts.old,
        new=facts.new,
        reason=facts.reason,
    )


def _facts_of(row: CorrectionRow) -> Correction:
    """The facts of a row."""
    return Correction(
        number=row.number,
        entry=row.corrected,
        field=row.field,
        lot=row.lot,
        place=row.place,
        item=row.item,
        old=row.old,
        new=row.new,
        reason=row.reason,
        date=row.document_date,
    )


def _effect(context: Context, row: CorrectionRow, _decision: Decision) -> Posting[None]:
    return _require_right(context, _facts_of(row))


def _covered(context: Context, row: CorrectionRow, _decision: Decision, since: str) -> set[int]:
    return covered_price(context, row, since) if row.field is Corrected.VALUE else set()


def _write(session: Session, row: CorrectionRow, value: str | None) -> None:
    """The field says `value` from now on."""
    for table in _BY_ORM:
        row_corrected = session.get(table, row.corrected)
        if row_corrected is not None:
            setattr(row_corrected, row.field.value, value)
            session.add(row_corrected)
            if isinstance(row_corrected, OrderRow) and row.field is Corrected.SUPPLIER:
                write_supplier(session, row_corrected)
            if isinstance(row_corrected, ContributionRow) and row.field is Corrected.REFERENCE:
                row_corrected.reference_likeness = likeness_of_reference(value)
            return
    if row.field is Corrected.EXPIRY:
        made, delivery = table_of(LotDeliveryRow), _delivery(session, row.corrected, row.lot)
        of_lot = (
            made.c.entry == delivery.entry,
            made.c.product == delivery.product,
            made.c.lot == delivery.lot,
        )
        session.flush()
        session.connection().execute(update(made).where(*of_lot).values(expiry=value))
        session.expire_all()
        return
    for core in (LossRow, FindRow, ReturnRow, RecallRow):
        if session.get(core, row.corrected) is not None:
            change_row(session, core, row.corrected, **{row.field.value: value})


def _approved(books: Books, row: CorrectionRow, entry: Entry[Decision, None]) -> None:
    _say(books, row, row.old, row.new, entry.operations)


def _taken_back(books: Books, row: CorrectionRow, _entry: Entry[Decision, None]) -> None:
    _say(books, row, row.new, row.old, ())


def _say(
    books: Books, row: CorrectionRow, before: str | None, after: str | None, operations: Sequence[Operation]
) -> None:
    """The paper says `after` from now on; `operations` gave it other units."""
    if row.field is Corrected.PLACE and before is not None and after is not None:
        kind = _kind_of(books, row)
        write_place(books.session, kind, row.corrected, before, after, operations)
        return
    if row.field not in MOVING:
        _write(books.session, recorded_row(books.session, CorrectionRow, row.entry), after)
        return
    kind = _kind_of(books, row)
    if before is None or after is None:
        raise LedgerError(
            "correction {number}: entry {entry} has no such count",
            number=row.number,
            entry=row.corrected,
        )
    if row.field is Corrected.AMOUNT:
        write_amount(books, row.corrected, int(after) - int(before), operations)
    elif row.field is Corrected.VALUE:
        write_price(books.session, row.corrected, row.item, int(after) - int(before))
    else:
        write_count(books, _counted(row.campaign, kind, _facts_of(row)), int(after) - int(before))


def _kind_of(books: Books, row: CorrectionRow) -> str:
    recorded = Journal(books.session).by_seq(row.corrected)
    if recorded is None:
        raise LedgerError(
            "correction {number}: there is no entry {entry}", number=row.number, entry=row.corrected
        )
    return recorded.kind


def _as_before(
    context: Context, row: CorrectionRow, _entry: Entry[Decision, None]
) -> tuple[Operation, ...] | None:
    """What makes a count that was put right again as it was, with all that stands on it by now."""
    if row.field not in MOVING:
        return None
    _require_not_closed_since(context, row)
    back = replace(_facts_of(row), old=row.new, new=row.old)
    return _require_right(context, back).operations


def _require_not_closed_since(context: Context, row: CorrectionRow) -> None:
    """Conflict where an order was closed by what its receipt said after the correction."""
    session = context.books.session
    receipt = session.get(ReceiptRow, row.corrected)
    order = None if receipt is None else require_order(session, row.campaign, receipt.order_number)
    if order is not None and order.closed_by is not None and order.closed_by > (row.decided_by or 0):
        raise Conflict.field(
            "entry", "{order} was closed since; reverse its closing first", order=order.number
        )


def _require_last(context: Context, row: CorrectionRow, _entry: Entry[Decision, None]) -> None:
    """Conflict where the field was corrected again since, or is a place, which another correction puts right."""
    if row.field is Corrected.PLACE:
        raise Conflict.field(
            "entry", "moved goods, which went on since or may; put the place right by another correction"
        )
    same = [
        other
        for other in corrections_of(context.books.session, row.corrected)
        if (other.field, other.lot, other.place, other.item) == (row.field, row.lot, row.place, row.item)
    ]
    if same and same[-1].entry != row.entry:
        raise Conflict.field(
            "entry", "correction {number} corrected it again; reverse that first", number=same[-1].number
        )


def _asks(session: Session, row: CorrectionRow) -> Asked | None:
    """What an order costs more lets money go to its supplier, as the order does; so does another supplier."""
    if row.field is Corrected.SUPPLIER and row.new is not None:
        order = session.get_one(OrderRow, row.corrected)
        party = Party(PayeeKind.SUPPLIER, row.new)
        return Asked(order.currency, order_value(session, order), row.new, party=party)
    if row.field is not Corrected.VALUE or row.old is None or row.new is None:
        return None
    order = session.get_one(OrderRow, row.corrected)
    more = int(row.new) - int(row.old)
    return Asked(order.currency, more, order.supplier) if more > 0 else None


CORRECTIONS = Workflow(
    noun="correction",
    facts=Correction,
    row=CorrectionRow,
    doc="Put right what a paper says wrong, whatever stands on it: a count, a quantity, a price, a day, a text.",
    hold=_hold,
    keep=_row,
    effect=_effect,
    approval_covered=_covered,
    approved=_approved,
    reversed=_taken_back,
    require=_require_last,
    instead=_as_before,
    asks=_asks,
    read_elsewhere=True,
)
KINDS = CORRECTIONS.kinds()
