"""What a fact rests on: the earlier entries that its accounting day may not be before (docs/rules.md, 18).

Whatever kind it is: the papers that its facts name, the fact that it decides or takes back, and where the units that
it takes came from. A kind whose papers are named by other fields says so by `Kind.rests_on`. It refuses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple, Protocol

from sqlalchemy import CompoundSelect, Select, bindparam, or_, select, union_all
from sqlmodel import Session, col

from ledger.core.entry import Entry, OutOfOrder, Posting, days_between
from ledger.core.facts import Facts, number_of, text_of
from ledger.core.lines import Change, Use
from ledger.core.names import EndedLine, GiftKind, GiftName, gift_named, line_named
from ledger.core.roles import Role
from ledger.core.wording import Wording
from ledger.model.bank_money import ChargeBackRow
from ledger.model.columns import table_of
from ledger.model.deliveries import ShipmentRow
from ledger.model.gifts import GiftBlockRow
from ledger.model.goods import InKindRow, RecallOutcomeRow, RecallRow, ReceiptRow, ReturnRow
from ledger.model.journal import EntryRow
from ledger.model.keys import by_size
from ledger.model.loans import LoanRow
from ledger.model.orders import ClaimRow, CreditNoteRow, InvoiceRow, Issued, OrderRow, RefundRow
from ledger.model.people import IndicatorRow
from ledger.model.pledges import PledgeRow
from ledger.model.proposals import Proposal
from ledger.model.spends import SpendRow
from ledger.rules.books import Books
from ledger.rules.gift_records import find_contribution, find_gift
from ledger.rules.spec import Context, F, Kind, N
from ledger.tracing.state import SOURCES, Run, brought, run_parameters


class Named(Protocol):
    """The row of a paper, of whatever noun."""

    entry: int
    campaign: str


NAMED: dict[str, tuple[type[Named], str]] = {
    "order": (OrderRow, "number"),
    "amends": (OrderRow, "number"),
    "invoice": (InvoiceRow, "number"),
    "credit_note": (CreditNoteRow, "number"),
    "receipt": (ReceiptRow, "number"),
    "in_kind": (InKindRow, "number"),
    "returned_by": (ReturnRow, "number"),
    "recall": (RecallRow, "number"),
    "destroyed_by": (RecallOutcomeRow, "number"),
    "claim": (ClaimRow, "number"),
    "rest_of": (RefundRow, "number"),
    "waybill": (ShipmentRow, "waybill"),
    "block": (GiftBlockRow, "number"),
    "pledge": (PledgeRow, "number"),
    "indicator": (IndicatorRow, "number"),
    "loan": (LoanRow, "number"),
    "charge_back": (ChargeBackRow, "number"),
}
"""Fields of facts that name a paper of the campaign, and the rows that they name; a loan is its lender's."""

SPENDS = frozenset({"spend", "restore.spend"})
"""Kinds of entry by which coins left: what explains them may have been sent on a day before."""


class Days(NamedTuple):
    """The days of an entry: the accounting day, and the one on which it happened as it was told."""

    seq: int
    kind: str
    date: str
    day: str


_ENTRIES = table_of(EntryRow)
_E = _ENTRIES.c


@cache
def _days(entries: int, runs: int) -> CompoundSelect[int, str, str, str] | Select[int, str, str, str]:
    """The days of so many entries by their numbers, and of those that brought the units of so many runs."""
    days = select(_E.seq, _E.kind, _E.date, _E.day).where(_E.day.is_not(None))
    asked = [days.where(or_(*[_E.seq == bindparam(f"entry{n}") for n in range(entries)]))] if entries else []
    asked += [days.join(SOURCES, SOURCES.c.entry == _E.seq).where(brought(n)) for n in range(runs)]
    return asked[0] if len(asked) == 1 else union_all(*asked)


def days_of(session: Session, numbers: Collection[int], runs: Collection[Run] = ()) -> list[Days]:
    """The days of entries, and of those that brought the units of some runs of lines, in order."""
    days: set[Days] = set()
    no_numbers: tuple[int, Sequence[int]] = (0, ())
    no_runs: tuple[int, Sequence[Run]] = (0, ())
    for of_numbers, of_runs in zip_longest(by_size(sorted(numbers)), by_size(list(dict.fromkeys(runs)))):
        (entries, some), (size, part) = of_numbers or no_numbers, of_runs or no_runs
        asked: dict[str, str | int] = run_parameters(part, size)
        asked |= {f"entry{n}": some[min(n, len(some) - 1)] for n in range(entries)}
        days.update(Days(*row) for row in session.connection().execute(_days(entries, size), asked))
    return sorted(days)


def spend_of(session: Session, campaign: str, facts: Facts) -> SpendRow | None:
    """The settled spend that facts explain, if they name one."""
    ref = text_of(facts, "txid")
    if ref is None or text_of(facts, "wallet") is not None:
        return None
    asked = select(SpendRow).where(col(SpendRow.campaign) == campaign, col(SpendRow.ref) == ref)
    return session.scalars(asked).first()


def rests_on(context: Context, kind: Kind[F, N], facts: F, posting: Posting[N]) -> set[int]:
    """The numbers of the entries that a fact rests on, with what decided them where that is recorded."""
    return _named_or_decided(context, kind, facts, posting) | behind(context.books, posting)


def days_before(
    context: Context, kind: Kind[F, N], facts: F, posting: Posting[N], also: Iterable[int]
) -> list[Days]:
    """The days of the entries that a fact rests on, and of some more, in order: of all that tell one."""
    numbers, runs = _taken(context.books, posting)
    numbers |= _named_or_decided(context, kind, facts, posting)
    return days_of(context.books.session, numbers.union(also), runs)


def _named_or_decided(context: Context, kind: Kind[F, N], facts: F, posting: Posting[N]) -> set[int]:
    """The entries that a fact, or what it decides, names."""
    books, campaign = context.books, context.campaign
    numbers = set(kind.rests_on(context, facts))
    if context.role is not Role.SYSTEM:
        numbers |= set(_named(books.session, campaign, facts))
    decided = kind.approves(books, campaign, facts)
    if decided is not None:
        numbers.add(decided)
        numbers |= set(_of_proposal(context, decided))
    if posting.reverses is not None:
        numbers.add(posting.reverses)
    return numbers


def _of_proposal(context: Context, number: int) -> Iterator[int]:
    """What the facts of a proposal name by now: an order may be approved after its payment was recorded."""
    entry = context.entry(number)
    if entry is not None:
        session = context.books.session
        for field, value in entry.facts.items():
            if field in NAMED and isinstance(value, str):
                campaign = str(entry.facts.get("lender", context.campaign))
                order = entry.facts.get("order")
                yield from _entries(session, field, campaign, value, order)


def _named(session: Session, campaign: str, facts: Facts) -> Iterator[int]:
    """The entries of the papers that facts name."""
    entry = number_of(facts, "entry")
    if entry is not None:
        yield entry
    for field in ("gift", "outpoint", "coin"):
        value = text_of(facts, field)
        if value is not None:
            yield from _gift(session, campaign, value)
    spend = text_of(facts, "spend")
    if spend is not None:
        of_spend = (col(SpendRow.campaign) == campaign, col(SpendRow.ref) == spend)
        yield from session.scalars(select(col(SpendRow.entry)).where(*of_spend))
    for field in NAMED:
        value = text_of(facts, field)
        if value is not None:
            of_campaign = text_of(facts, "lender") or campaign
            yield from _entries(session, field, of_campaign, value, text_of(facts, "order"))


def _gift(session: Session, campaign: str, gift: str) -> Iterator[int]:
    """The entry of a gift that is recorded: by the name that its line has for it, or a gift at a bank by its number."""
    try:
        name = gift_named(gift)
    except ValueError:
        name = GiftName(GiftKind.CONTRIBUTION, gift)
    coins = find_gift(session, campaign, gift) if name.kind is GiftKind.COINS else None
    bank = find_contribution(session, campaign, name.number) if name.kind is GiftKind.CONTRIBUTION else None
    if coins is not None:
        yield coins.entry
    if bank is not None:
        yield bank.entry


def _entries(
    session: Session, field: str, campaign: str, value: str, order: str | None = None
) -> Iterator[int]:
    """The entries of what a field names; a supplier's paper is that of the `order`'s supplier."""
    table, name = NAMED[field]
    wanted = select(table).where(col(table.campaign) == campaign, col(getattr(table, name)) == value)
    if issubclass(table, Issued):
        of_order = (col(OrderRow.campaign) == campaign, col(OrderRow.number) == order)
        supplier = select(col(OrderRow.supplier)).where(*of_order).scalar_subquery()
        wanted = wanted.where(col(table.supplier) == supplier).order_by(
            col(table.reversed_by).is_not(None), col(table.entry).desc()
        )
    row = session.scalars(wanted).first()
    if row is not None:
        yield from entries_of(row)


def entries_of(row: Named) -> Iterator[int]:
    """The entry of a paper, and the one that decided it."""
    yield row.entry
    if isinstance(row, Proposal) and row.decided_by is not None:
        yield row.decided_by


def behind(books: Books, posting: Posting[N]) -> set[int]:
    """The entries that appended the units which an entry takes, holds or frees.

    Of what ended in a use and goes on after all, the entry of that use, and those behind what it took.
    """
    numbers, runs = _taken(books, posting)
    sources = books.lines.sources_of(runs).values() if runs else ()
    return numbers | {source.entry for of_run in sources for source in of_run}


def _taken(books: Books, posting: Posting[N]) -> tuple[set[int], list[Run]]:
    """The units that an entry takes, holds or frees, and what uses took of which some goes on; the entries of those."""
    numbers, taken, lines = set[int](), list[Run](), books.lines
    runs = [
        (operation.line, *piece)
        for operation in posting.operations
        if isinstance(operation, Use | Change)
        for piece in operation.pieces
    ]
    while runs:
        taken += runs
        names = (line_named(line) for line, _, _ in runs)
        ended = {name.use for name in names if isinstance(name, EndedLine)}
        numbers |= set(lines.recorded_by(ended).values())
        runs = [(use.line, *piece) for use in lines.uses(ended).values() for piece in use.pieces]
    return numbers, taken


def called(context: Context, number: int) -> Wording:
    """An entry as a person knows it: its noun, its number and its place in the journal."""
    entry = context.entry(number)
    return Wording("entry {entry}", {"entry": str(number)}) if entry is None else called_as(entry)


def called_as(entry: Entry) -> Wording:
    """An entry as a person knows it."""
    names = (entry.facts.get(name) for name in ("number", "waybill", "outpoint", "txid"))
    named = next((str(name) for name in names if name is not None), None)
    seq = str(entry.seq)
    if named is None:
        return Wording("{kind} (entry {entry})", {"kind": entry.kind, "entry": seq})
    return Wording("{kind} {number} (entry {entry})", {"kind": entry.kind, "number": named, "entry": seq})


def out_of_order(session: Session, number: int) -> OutOfOrder | None:
    """Why an entry happened before the day of what it rests on; None where it did not."""
    return session.scalar(select(col(EntryRow.out_of_order)).where(col(EntryRow.seq) == number))


def excuses(reason: OutOfOrder | None, day: str, before: str) -> bool:
    """May a paper of that day rest on one of the day `before`, which is later?"""
    if reason is OutOfOrder.OTHER_DAY_THERE:
        return days_between(day, before) <= 1
    return reason is not None
