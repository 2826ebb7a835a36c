"""Four eyes: what one person recorded takes effect when another approves it, or is released when rejected.

Recording holds the units; nothing moves before the approval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict
from ledger.core.lines import Change, Piece, UnitState
from ledger.rules.block_holds import blocked_intervals, held_again, overlap
from ledger.rules.books import Books
from ledger.rules.restrictions import Taking, restriction_of
from ledger.rules.spec import APPROVERS, RECORDERS, Context, Fold, Kind, Undoing, document_of
from ledger.rules.workflow import Decision


def held(line: str, pieces: tuple[Piece, ...], ref: str) -> Change:
    """What sets free units aside under a name."""
    return Change(line, pieces, UnitState.FREE, UnitState.HELD, ref)


def release_of(document: dict[str, Any], note: str = "hold") -> tuple[Change, ...]:
    """The changes that free what the recording held and noted as `note`, one a line."""
    return tuple(
        Change(taking.line, taking.pieces, UnitState.HELD, UnitState.FREE, "")
        for taking in held_takings(document, note)
    )


def held_takings(document: dict[str, Any], note: str = "hold") -> tuple[Taking, ...]:
    """What the recording held, line by line, in the order in which it will be taken."""
    hold = document["notes"].get(note) or ()
    # Older entries held units of one line only, and noted it alone.
    rows = [hold] if isinstance(hold, dict) else hold
    return tuple(
        Taking(restriction_of(row["line"]), row["line"], tuple((a, b) for a, b in row["pieces"]))
        for row in rows
        if row["pieces"]
    )


def holding(takings: Sequence[Taking], ref: str) -> Posting:
    """The posting of a fact that waits: it holds what it will take, and moves nothing."""
    return holding_by(tuple(held(taking.line, taking.pieces, ref) for taking in takings))


def holding_by(changes: tuple[Change, ...], note: str = "hold") -> Posting:
    """The posting of a fact that waits and holds by these changes; the note of them is for `release_of`."""
    rows = [{"line": change.line, "pieces": [list(piece) for piece in change.pieces]} for change in changes]
    return Posting((), changes, {note: rows} if rows else {})


def require_pending(context: Context, noun: str, number: str) -> dict[str, Any]:
    """The recorded fact that waits for a decision; raises NotFound or Conflict."""
    document = context.books.documents.require(noun, context.campaign, number)
    if document["status"] != "pending":
        raise Conflict(f"number: {noun} {number} is {document['status']}; only a pending one can be decided")
    return document


def fold_pending(noun: str) -> Fold:
    """A recorded fact waits for a decision."""

    def fold(books: Books, entry: Entry) -> None:
        document = document_of(entry, status="pending", decided=None)
        books.documents.save(noun, entry.campaign, str(entry.facts["number"]), document)

    return fold


def fold_decided(noun: str, status: str) -> Fold:
    """A fact that waited is decided: approved, rejected, or what its kind calls it."""

    def fold(books: Books, entry: Entry) -> None:
        number = str(entry.facts["number"])
        document = books.documents.require(noun, entry.campaign, number)
        document |= {
            "status": status,
            "decided": entry.seq,
            "decided_on": entry.date,
            "outcome": dict(entry.notes),
        }
        books.documents.save(noun, entry.campaign, number, document)

    return fold


def seq_of_pending(noun: str) -> Callable[[Books, str, Any], int | None]:
    def seq(books: Books, campaign: str, facts: Any) -> int | None:
        document = books.documents.find(noun, campaign, facts.number)
        return None if document is None else int(document["seq"])

    return seq


def _require_unblocked(context: Context, noun: str, number: str) -> None:
    """Conflict where what a fact holds is of a gift that was blocked since it was recorded."""
    document = context.books.documents.find(noun, context.campaign, number)
    held_now = held_takings(document) if document is not None and document.get("status") == "pending" else ()
    blocked = list(blocked_intervals(context.books, context.campaign)) if held_now else []
    for taking in held_now:
        for block, line, start, end in blocked:
            if taking.line == line and overlap(taking.pieces, start, end):
                raise Conflict(
                    f"number: {noun} {number} holds money of a gift that {block} has blocked since; release the "
                    "block first, or reject this and record it again with other money"
                )


def approval(
    noun: str,
    post: Callable[[Context, Any], Posting],
    fold: Fold,
    undoing: Undoing | None = None,
) -> Kind:
    """The kind that lets a recorded fact take effect; `undoing` says how a reversal takes the effect back."""

    def post_unblocked(context: Context, facts: Decision) -> Posting:
        _require_unblocked(context, noun, facts.number)
        return post(context, facts)

    return Kind(
        name=f"{noun}.approved",
        noun=noun,
        verb="approve",
        facts=Decision,
        doc=f"Approve a recorded {noun}; its recorder may not.",
        roles=APPROVERS,
        key=lambda campaign, facts: f"approval:{noun}:{campaign}:{facts.number}",
        post=post_unblocked,
        fold=fold,
        approves=seq_of_pending(noun),
        undoing=undoing,
    )


def rejection(noun: str, fold: Fold | None = None, note: str = "hold") -> Kind:
    """The kind that releases a recorded fact without effect, and what it held, as its `note` says."""

    def post(context: Context, facts: Decision) -> Posting:
        released = release_of(require_pending(context, noun, facts.number), note)
        freed = [(change.line, change.pieces) for change in released]
        return Posting((), (*released, *held_again(context.books, context.campaign, freed)))

    return Kind(
        name=f"{noun}.rejected",
        noun=noun,
        verb="reject",
        facts=Decision,
        doc=f"Reject a recorded {noun}; what it held is free again. Its recorder may withdraw it so.",
        roles=RECORDERS,
        key=lambda campaign, facts: f"rejection:{noun}:{campaign}:{facts.number}",
        post=post,
        fold=fold or fold_decided(noun, "rejected"),
    )
