"""Outstanding instruments: a cheque or a transfer that the books hold and no statement can show before a day.

Two people say it of an entry, with the instrument and the day until which it may take. It moves nothing; until that
day the entry is listed and does not undo `reconciled` (docs/rules.md, 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive
from ledger.model.bank import Instrument, OutstandingRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.rules.bank import movement_left, movement_of
from ledger.rules.books import Books
from ledger.rules.spec import Context
from ledger.rules.workflow import Decision, Workflow, proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """The money of `entry` at `bank` is under way by an instrument, and on a statement by the day `until`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    entry: Positive
    bank: Name
    currency: Currency
    instrument: Instrument
    until: Date
    date: Date


def outstanding_of(session: Session, campaign: str) -> Sequence[OutstandingRow]:
    """What stands as outstanding, by the day until which it may be, then by number."""
    return session.exec(
        select(OutstandingRow)
        .where(OutstandingRow.campaign == campaign, OutstandingRow.status == ProposalStatus.APPROVED)
        .order_by(col(OutstandingRow.until), col(OutstandingRow.number))
    ).all()


def _require_open(context: Context, entry: int, bank: str, currency: str) -> None:
    """NotFound where the entry moved no such money, Conflict where it is reversed or wholly on statements."""
    moved = movement_of(context.books.session, context.campaign, entry, bank, currency)
    if moved is None:
        raise NotFound.field(
            "entry",
            "entry {entry} moved no {currency} at {bank} in this campaign",
            entry=entry,
            currency=currency,
            bank=bank,
        )
    if moved.reversed_by is not None:
        raise Conflict.field("entry", "{entry} is reversed; nothing of it is outstanding", entry=entry)
    if not movement_left(moved):
        raise Conflict.field(
            "entry", "all that {entry} moved at {bank} is on statements", entry=entry, bank=bank
        )


def _hold(context: Context, facts: Outstanding) -> Posting[None]:
    _require_open(context, facts.entry, facts.bank, facts.currency)
    if facts.until < facts.date:
        raise Refused.field("until", "lies before the day on which this is said")
    said = select(OutstandingRow.number).where(
        OutstandingRow.campaign == context.campaign,
        OutstandingRow.of == facts.entry,
        OutstandingRow.bank == facts.bank,
        OutstandingRow.currency == facts.currency,
        col(OutstandingRow.status).in_(COUNTS),
        OutstandingRow.until >= facts.until,
    )
    number = context.books.session.exec(said).first()
    if number is not None:
        raise Conflict.field(
            "entry", "{number} says of it that it is outstanding until that day already", number=number
        )
    return Posting()


def _effect(context: Context, row: OutstandingRow, _decision: Decision) -> Posting[None]:
    _require_open(context, row.of, row.bank, row.currency)
    return Posting()


def _row(_books: Books, entry: Entry[Outstanding, None]) -> OutstandingRow:
    facts = entry.facts
    return OutstandingRow(
        **proposed(entry, facts.number, facts.date),
        of=facts.entry,
        bank=facts.bank,
        currency=facts.currency,
        instrument=facts.instrument,
        until=facts.until,
    )


def _about(session: Session, row: OutstandingRow) -> tuple[str, int | None]:
    moved = movement_of(session, row.campaign, row.of, row.bank, row.currency)
    return row.currency, None if moved is None else movement_left(moved)


OUTSTANDING = Workflow(
    noun="outstanding",
    proposed_by=("bank", "outstanding"),
    facts=Outstanding,
    row=OutstandingRow,
    doc=(
        "Say that an entry's money is under way by an instrument until a day; it waits for another person's approval "
        "(`outstanding approve`)."
    ),
    hold=_hold,
    keep=_row,
    effect=_effect,
    about=_about,
)
KINDS = OUTSTANDING.kinds()
