"""Reversals: an entry that undoes another and names it. The only way to correct; nothing is ever changed.

A use is taken back only when all that it yielded is free: later uses are reversed first (docs/rules.md, T8). What a
kind has of its own to take back is told by that kind; here is what all have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting, Transfer, entry_from_bytes, transfers_reversed
from ledger.core.errors import Conflict, LedgerError, NotFound, Refused
from ledger.core.facts import STRICT, Date, Positive, Text
from ledger.core.lines import Operation, Undo, Use
from ledger.core.wording import Wording
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.reversals import ReversalRow
from ledger.recording.any_kind import AnyKind, AnyUndoing
from ledger.rules.bank import require_unmatched
from ledger.rules.block_holds import freed_by, held_again, let_go
from ledger.rules.books import Books
from ledger.rules.corrected_places import lie_now
from ledger.rules.corrections import any_place_corrected, corrections_of
from ledger.rules.spec import APPROVERS, Context, Kind
from ledger.store.journal import Journal

Undoings = Mapping[str, AnyUndoing]
"""How entries are taken back, by the name of their kind; what is not in it is never reversed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Which entry is undone, by its number, and why (the reason is public: no names of people)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    entry: Positive
    reason: Text
    date: Date


def _instead(undoings: Undoings, entry: Entry) -> Wording:
    """What puts right an entry that is not reversed."""
    if entry.kind in {"purchase", "purchase.approved"}:
        return Wording("reject an order while it waits, and close it once it is approved (`purchase close`)")
    if f"{entry.kind}.approved" in undoings:
        return Wording("reject it while it waits, and reverse its approval once it is approved")
    return Wording("record the right fact beside it")


def _reversed_entry(undoings: Undoings, context: Context, facts: Reversal) -> Entry:
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound.field(
            "entry",
            "there is no entry {entry} in campaign {campaign}",
            entry=facts.entry,
            campaign=context.campaign,
        )
    if entry.kind not in undoings:
        raise Refused.field(
            "entry",
            "{entry} is of the kind {kind}, which is not reversed; {remedy}",
            entry=facts.entry,
            kind=entry.kind,
            remedy=_instead(undoings, entry),
        )
    if context.books.reversed_by(facts.entry) is not None:
        raise Conflict.field("entry", "{entry} is reversed already", entry=facts.entry)
    return entry


def _post(
    kinds: Mapping[str, AnyKind], undoings: Undoings, context: Context, facts: Reversal
) -> Posting[Mapping[str, Any]]:
    entry = _reversed_entry(undoings, context, facts)
    undoing = undoings[entry.kind]
    typed = kinds[entry.kind].read(entry)
    undoing.require(context, typed)
    require_unmatched(context, entry)
    for _, corrected in _corrections(context, entry):
        require_unmatched(context, corrected)
    undone = undoing.instead(context, typed)
    if undone is None:
        undone = _taken_back(context, undoing, typed)
    what: dict[str, Any] = {"kind": entry.kind, "facts": dict(entry.facts)}
    if entry.notes:
        what["notes"] = dict(entry.notes)
    moved = _where_they_lie(
        context, entry, transfers_reversed([*entry.transfers, *_corrected(context, entry)])
    )
    return Posting(moved, undone, {"reversed": what}, reverses=entry.seq)


def _taken_back(context: Context, undoing: AnyUndoing, entry: Entry[Any, Any]) -> tuple[Operation, ...]:
    """What takes back each use of an entry, the last first."""
    uses = [op for op in entry.operations if isinstance(op, Use)]
    again = undoing.retakes(context, entry)
    return (
        *let_go(context.books, context.campaign, uses),
        *(Undo(use.id) for use in reversed(uses)),
        *again,
        *held_again(context.books, context.campaign, freed_by(uses), freed_by(again)),
        *undoing.voids(context, entry),
    )


def _where_they_lie(context: Context, entry: Entry, transfers: Iterable[Transfer]) -> tuple[Transfer, ...]:
    """The same transfers, of goods at the places where these lie since one was put right."""
    session = context.books.session
    lines = context.books.lines
    now = lie_now(session, lines, entry.seq, entry.operations) if any_place_corrected(session) else {}
    return tuple(
        Transfer(
            now.get((moved.debit, moved.asset), moved.debit),
            now.get((moved.credit, moved.asset), moved.credit),
            moved.asset,
            moved.amount,
        )
        for moved in transfers
    )


def _corrected(context: Context, entry: Entry) -> Iterator[Transfer]:
    """What corrections of an entry moved, which goes with it; of another place it is told where that is."""
    for row, approval in _corrections(context, entry):
        if row.field is not Corrected.PLACE:
            yield from approval.transfers


def _corrections(context: Context, entry: Entry) -> Iterator[tuple[CorrectionRow, Entry]]:
    """The corrections of an entry that stand, each with its approval."""
    for row in corrections_of(context.books.session, entry.seq):
        approval = None if row.decided_by is None else context.entry(row.decided_by)
        if approval is not None:
            yield row, approval


def _fold(kinds: Mapping[str, AnyKind], books: Books, entry: Entry[Reversal]) -> None:
    """Take back in the model what the reversed entry left there; it is read from the journal, as it was published."""
    number = entry.facts.entry
    row = Journal(books.session).by_seq(number)
    undone = None if row is None else entry_from_bytes(row.data)
    kind = None if undone is None else kinds.get(undone.kind)
    if undone is None or kind is None or kind.undoing is None:
        raise LedgerError(
            "entry {entry}: it reverses entry {number}, which is none that can be reversed",
            entry=entry.seq,
            number=number,
        )
    kind.undoing.unfold(books, kind.read(undone), entry.seq)
    books.session.add(ReversalRow(entry=entry.seq, reversed_entry=number, reason=entry.facts.reason))


def reversal(kinds: Iterable[AnyKind]) -> Kind[Reversal, Mapping[str, Any]]:
    """The kind that undoes entries of those `kinds` that say how."""
    named = {kind.name: kind for kind in kinds}
    undoings = {name: kind.undoing for name, kind in named.items() if kind.undoing is not None}
    return Kind(
        name="reversal",
        noun="reversal",
        verb="add",
        facts=Reversal,
        doc="Undo an entry and name it; later entries that stand on it are reversed first.",
        roles=APPROVERS,
        named="entry",
        key=lambda _campaign, facts: f"reversal:{facts.entry}",
        post=partial(_post, named, undoings),
        fold=partial(_fold, named),
    )
