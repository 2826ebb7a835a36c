"""Reversals: an entry that undoes another and names it. The only way to correct; nothing is ever changed.

A use is taken back only when all that it yielded is free: later uses are reversed first (DESIGN, rule 8). What a
kind has of its own to take back is told by that kind; here is what all have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting, transfers_reversed
from ledger.core.errors import Conflict, NotFound, Refused, one
from ledger.core.facts import STRICT, Date, Positive, Text
from ledger.core.lines import Operation, Undo, Use
from ledger.rules.bank import require_unmatched
from ledger.rules.block_holds import freed_by, held_again
from ledger.rules.books import Books
from ledger.rules.spec import APPROVERS, Context, Kind, Undoing

Undoings = Mapping[str, Undoing]
"""How entries are taken back, by the name of their kind; what is not in it is never reversed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Which entry is undone, by its number, and why (the reason is public: no names of people)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    entry: Positive
    reason: Text
    date: Date


def _instead(undoings: Undoings, entry: Entry) -> str:
    """What puts right an entry that is not reversed."""
    if entry.kind in {"purchase", "purchase.approved"}:
        return "reject an order while it waits, and close it once it is approved (`purchase close`)"
    if f"{entry.kind}.approved" in undoings:
        return "reject it while it waits, and reverse its approval once it is approved"
    return "record the right fact beside it"


def _reversed_entry(undoings: Undoings, context: Context, facts: Reversal) -> Entry:
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound(f"entry: there is no entry {facts.entry} in campaign {context.campaign}")
    if entry.kind not in undoings:
        raise Refused.field(
            "entry", f"{facts.entry} is {one(entry.kind)}, which is not reversed; {_instead(undoings, entry)}"
        )
    if context.books.documents.find("reversal", "", str(facts.entry)) is not None:
        raise Conflict(f"entry: {facts.entry} is reversed already")
    return entry


def _post(undoings: Undoings, context: Context, facts: Reversal) -> Posting:
    entry = _reversed_entry(undoings, context, facts)
    undoing = undoings[entry.kind]
    undoing.require(context, entry)
    require_unmatched(context, entry)
    uses = [op for op in entry.operations if isinstance(op, Use)]
    again = undoing.retakes(context, entry)
    undone: tuple[Operation, ...] = (
        *(Undo(use.id) for use in reversed(uses)),
        *again,
        *held_again(context.books, context.campaign, freed_by(uses), freed_by(again)),
        *undoing.takes_off(context, entry),
    )
    notes: dict[str, Any] = {
        "reverses": entry.seq,
        "reversed": {"kind": entry.kind, "facts": dict(entry.facts)},
    }
    if entry.notes:
        notes["reversed"]["notes"] = dict(entry.notes)
    return Posting(transfers_reversed(entry.transfers), undone, notes)


def _fold(undoings: Undoings, books: Books, entry: Entry) -> None:
    told = entry.notes["reversed"]
    undone = Entry(
        seq=entry.facts["entry"],
        previous="",
        key="",
        kind=told["kind"],
        campaign=entry.campaign,
        at=entry.at,
        date=entry.date,
        role=entry.role,
        facts=told["facts"],
        notes=told.get("notes", {}),
        transfers=(),
        operations=(),
        reverses=None,
    )
    undoings[undone.kind].unfold(books, undone, entry.seq)
    books.documents.save("reversal", "", str(undone.seq), {"seq": entry.seq, "reason": entry.facts["reason"]})


def reversal(kinds: Iterable[Kind]) -> Kind:
    """The kind that undoes entries of those `kinds` that say how."""
    undoings = {kind.name: kind.undoing for kind in kinds if kind.undoing is not None}
    return Kind(
        name="reversal",
        noun="reversal",
        verb="add",
        facts=Reversal,
        doc="Undo an entry and name it; later entries that stand on it are reversed first.",
        roles=APPROVERS,
        key=lambda _campaign, facts: f"reversal:{facts.entry}",
        post=partial(_post, undoings),
        fold=partial(_fold, undoings),
    )
