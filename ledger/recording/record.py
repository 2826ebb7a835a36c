"""Recording, the one way into the journal: check the rules, make the bytes, fold, append; all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.accounts import campaign_of
from ledger.core.entry import (
    GENESIS,
    Entry,
    OutOfOrder,
    Posting,
    entry_bytes,
    entry_from_bytes,
    entry_hash,
    same_facts,
)
from ledger.core.errors import Conflict, NotAllowed, Refused
from ledger.core.facts import Facts, facts_json
from ledger.core.money import MAX_AMOUNT
from ledger.core.names import noun_of_kind
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.model.corrections import Corrected
from ledger.recording.any_kind import AnyKind
from ledger.recording.bank_movements import note_movements
from ledger.recording.dating import accounting_date
from ledger.recording.kinds import BY_NAME
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.corrections import corrections_of
from ledger.rules.limits import require_within_limit
from ledger.rules.named import by_name
from ledger.rules.payee_screening import require_screened
from ledger.rules.questions import ANSWER, note_questions, require_answered
from ledger.rules.spec import Context
from ledger.rules.standing import STANDING, standing_beside
from ledger.store.journal import JournalRow, head_and_key
from ledger.store.transaction import Reading, Writing
from ledger.tracing.subjects import note_subjects

_BEGINNING = head_and_key(*STANDING)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry is in the journal now."""

    entry: Entry
    data: bytes


@dataclass(frozen=True, slots=True)
class AlreadyRecorded:
    """The same fact was recorded before; nothing changed."""

    entry: Entry
    data: bytes


def context_of(tx: Reading, books: Books, campaign: str, now: int, role: Role) -> Context:
    """What a rule may look at when it is asked now."""

    def entry(seq: int) -> Entry | None:
        row = tx.journal.by_seq(seq)
        return None if row is None else entry_from_bytes(row.data)

    def entries(after: int) -> Iterator[Entry]:
        return (entry_from_bytes(row.data) for row in tx.journal.rows(after))

    return Context(books, campaign, rfc3339(now), role, entry, entries)


def _recorded_otherwise(kind: AnyKind, facts: object, entry: Entry, is_reversed: bool) -> Conflict:
    """That something else stands, or stood, under the key of a fact, and what to number it by instead."""
    field, number, seq = kind.named, str(getattr(facts, kind.named)), entry.seq
    if hasattr(facts, "n") and is_reversed:
        return Conflict.field(
            field,
            "{number} was recorded already with other facts, as entry {entry}; that is reversed; use the next n",
            number=number,
            entry=seq,
        )
    if hasattr(facts, "n"):
        return Conflict.field(
            field,
            "{number} is recorded already with other facts, as entry {entry}; reverse that one, or use the next n",
            number=number,
            entry=seq,
        )
    if is_reversed:
        return Conflict.field(
            field,
            "{number} was recorded already with other facts, as entry {entry}; that is reversed; use another {field}",
            number=number,
            entry=seq,
            field=field,
        )
    return Conflict.field(
        field,
        "{number} is recorded already with other facts, as entry {entry}; reverse that one, or use another {field}",
        number=number,
        entry=seq,
        field=field,
    )


def record(
    tx: Writing,
    kind: AnyKind,
    campaign: str,
    facts: Any,
    *,
    now: int,
    role: Role,
    author: int | None = None,
    date: str | None = None,
    happened: str | None = None,
    out_of_order: OutOfOrder | None = None,
    waits: bool = True,
) -> Recorded | AlreadyRecorded:
    """Record one fact; raises Refused, NotFound, Conflict or NotAllowed and leaves the ledger as it was.

    `author` is kept beside the journal, never in it; who recorded a fact may not approve it. `date` is the
    accounting date where it is not the fact's own, `happened` the day on its paper, `out_of_order` why that is before
    the day of what the fact rests on. `waits` False: nobody is there who could give another date, so what may not be
    booked on its day is booked on the first day on which it may (docs/rules.md, 13 and 18).
    """
    facts = by_name(tx.session, kind.name, facts)
    written = facts_json(facts)
    books = Books(tx)
    key = kind.key_of(books, campaign, facts)
    begun = tx.journal.head_and(key, _BEGINNING, of_campaign=campaign)
    head, earlier = begun.head, begun.earlier
    if earlier is not None:
        entry = entry_from_bytes(earlier.data)
        beside = (entry.happened, entry.out_of_order) == (happened, out_of_order)
        if same_facts(entry, kind.name, campaign, written) and beside:
            return AlreadyRecorded(entry, earlier.data)
        raise _recorded_otherwise(kind, facts, entry, books.reversed_by(entry.seq) is not None)
    approved = kind.approves(books, campaign, facts)
    context = context_of(tx, books, campaign, now, role)
    context.know({campaign}, standing_beside(begun.also))
    if approved is not None and author is not None and tx.desk.author(approved) == author:
        first = context.entry(approved)
        noun = kind.noun if first is None else noun_of_kind(first.kind)
        raise NotAllowed.field(
            "approval",
            "who recorded this {noun} cannot {verb} it; another person has to",
            noun=noun,
            verb=kind.verb,
        )
    posting = kind.post(context, facts)
    if approved is not None:
        own = {} if author is None else tx.desk.limits(author)
        day = date or kind.date(facts) or context.today
        require_within_limit(context, kind, facts, own, day)
        require_screened(context, kind, facts, day)
        if kind is not ANSWER:
            require_answered(context, kind, facts, posting)
    booked = accounting_date(
        context,
        kind,
        facts,
        posting,
        date=date,
        waits=waits and role is not Role.SYSTEM,
        happened=happened,
        out_of_order=out_of_order,
    )
    seq, previous = (1, GENESIS) if head is None else (head[0] + 1, head[1])
    notes = posting.notes
    entry = Entry(
        seq=seq,
        previous=previous,
        key=key,
        kind=kind.name,
        campaign=campaign,
        at=context.at,
        date=booked,
        role=role,
        facts=written,
        notes={} if notes is None else notes if isinstance(notes, Mapping) else facts_json(notes),
        transfers=posting.transfers,
        operations=posting.operations,
        reverses=posting.reverses,
        happened=happened,
        out_of_order=out_of_order,
    )
    try:
        data = entry_bytes(entry)
    except ValueError:
        # Each amount was within the bound; what stands there already makes a sum of it that no line can hold.
        raise Refused.field(
            _largest(written),
            "makes a sum above {most}, which no line can hold; check the figure",
            most=MAX_AMOUNT,
        ) from None
    tx.journal.append(
        JournalRow(
            seq,
            key,
            kind.name,
            campaign,
            context.at,
            booked,
            entry.day,
            out_of_order,
            data,
            entry_hash(data),
            [(t.debit, t.credit, t.asset, t.amount) for t in entry.transfers],
        )
    )
    folded = fold(books, entry)
    # A loan moves money of two campaigns; a recall and a corrected label are of a maker's lot, whoever has it.
    accounts = [name for transfer in posting.transfers for name in (transfer.debit, transfer.credit)]
    all_of_them = campaign_slugs(tx.session) if _is_everywhere(tx, kind, posting) else ()
    tx.changes.note({campaign, *map(campaign_of, accounts), *all_of_them})
    if author is not None:
        tx.desk.note_author(seq, author)

    def record_next(following: AnyKind, facts_next: Facts) -> None:
        record(tx, following, campaign, facts_next, now=now, role=Role.SYSTEM, date=booked)

    for what in kind.follows(books, folded):
        what(record_next)
    return Recorded(entry, data)


def _is_everywhere(tx: Writing, kind: AnyKind, posting: Posting[Any]) -> bool:
    """Does an entry of this kind, or what it takes back, say something to every campaign?"""
    undone = None if posting.reverses is None else tx.journal.by_seq(posting.reverses)
    if undone is None:
        return kind.everywhere or kind.read_elsewhere
    # With a paper goes what it was corrected to say: no campaign is asked any more about a last day of use.
    corrected = any(row.field is Corrected.EXPIRY for row in corrections_of(tx.session, undone.seq))
    return corrected or any(one.everywhere or one.read_elsewhere for one in (kind, BY_NAME[undone.kind]))


def _largest(facts: dict[str, Any]) -> str:
    """The field of the largest whole number of some facts."""
    numbers = {name: value for name, value in facts.items() if type(value) is int}
    return max(numbers, key=lambda name: numbers[name], default="body")


def fold(books: Books, entry: Entry) -> Entry[Any, Any]:
    """Apply an entry to the model: the same when it is recorded and when all is rebuilt. The entry, as its kind reads
    it."""
    books.apply(entry)
    kind = BY_NAME[entry.kind]
    typed = kind.read(entry)
    kind.fold(books, typed)
    note_questions(books, kind, entry, typed)
    note_subjects(books.session, entry)
    note_movements(books, entry)
    books.session.flush()
    return typed
