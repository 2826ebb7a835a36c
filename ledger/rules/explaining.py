"""Facts that explain a spend: they wait for it and with it, explain it when approved, and leave it open otherwise.

What the coins were for is told by each kind; nothing here moves them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ledger.core.entry import Entry
from ledger.core.errors import Refused
from ledger.core.names import spend_named
from ledger.model.spends import ExplainedBy, SpendRow
from ledger.rules.approvals import fold_decided, fold_pending
from ledger.rules.books import Books
from ledger.rules.spec import Context, Fold, Unfold, reversed_as
from ledger.rules.spends import (
    find_spend,
    lender_of,
    mark_explained,
    mark_open,
    mark_waiting,
    require_unexplained,
)


class NamesTransaction(Protocol):
    """Facts that may name the spend which they explain."""

    @property
    def txid(self) -> str | None: ...


def waits_for_spend(books: Books, campaign: str, facts: NamesTransaction) -> str | None:
    """The txid, while its spend has not settled: the explanation waits as a draft (docs/rules.md, C3)."""
    txid = facts.txid
    # A part is named once it is recorded; there is nothing to wait for.
    if txid is None or spend_named(txid).part or lender_of(books.session, campaign, txid) is not None:
        return None
    return None if find_spend(books.session, campaign, txid) is not None else txid


def require_to_explain(context: Context, txid: str, total: int, field: str) -> SpendRow:
    """The spend that a new fact explains; raises as `require_unexplained`, and Refused where another one waits."""
    spend = require_unexplained(context, txid, total, field)
    if spend.waits_for is not None:
        raise Refused.field("txid", f"{spend.waits_for} already waits to explain this transaction")
    return spend


class NamesSpend(NamesTransaction, Protocol):
    """A proposal that may name the spend which it explains."""

    @property
    def campaign(self) -> str: ...

    @property
    def number(self) -> str: ...


class Booked(Protocol):
    """An entry, of whatever facts."""

    @property
    def at(self) -> str: ...


def waiting(cause: ExplainedBy) -> Callable[[Books, NamesSpend, object], None]:
    """The spend that a recorded proposal names waits with it."""

    def kept(books: Books, row: NamesSpend, _entry: object) -> None:
        if row.txid is not None:
            mark_waiting(books, row.campaign, row.txid, cause, row.number)

    return kept


def explained(cause: ExplainedBy) -> Callable[[Books, NamesSpend, Booked], None]:
    """An approved proposal explains the spend that it names."""

    def approved(books: Books, row: NamesSpend, entry: Booked) -> None:
        if row.txid is not None:
            mark_explained(books, row.campaign, row.txid, cause, row.number, entry.at)

    return approved


def left_open(books: Books, row: NamesSpend, _entry: object) -> None:
    """The spend that a rejected or reversed proposal names waits for another explanation."""
    if row.txid is not None:
        mark_open(books, row.campaign, row.txid)


def fold_waiting(noun: str) -> Fold:
    """A recorded fact waits for a decision, and its transaction, where it names one, with it."""

    def fold(books: Books, entry: Entry) -> None:
        fold_pending(noun)(books, entry)
        if "txid" in entry.facts:
            mark_waiting(
                books,
                entry.campaign,
                str(entry.facts["txid"]),
                ExplainedBy(noun),
                str(entry.facts["number"]),
            )

    return fold


def fold_explained(noun: str) -> Fold:
    """An approved fact explains its transaction, where it names one."""

    def fold(books: Books, entry: Entry) -> None:
        fold_decided(noun, "approved")(books, entry)
        ref = _spend_of(books, noun, entry)
        if ref is not None:
            number = str(entry.facts["number"])
            mark_explained(books, entry.campaign, ref, ExplainedBy(noun), number, entry.at)

    return fold


def fold_left_open(noun: str, status: str = "rejected") -> Fold:
    """A decided fact leaves its transaction as unexplained as it was; it waits for another one."""

    def fold(books: Books, entry: Entry) -> None:
        fold_decided(noun, status)(books, entry)
        _leave_open(books, noun, entry)

    return fold


def unexplained_again(noun: str) -> Unfold:
    """The undoing of `fold_explained`: the transaction waits for another explanation."""

    def unfold(books: Books, entry: Entry, seq: int) -> None:
        reversed_as(noun, status="reversed")(books, entry, seq)
        _leave_open(books, noun, entry)

    return unfold


def _leave_open(books: Books, noun: str, decision: Entry) -> None:
    ref = _spend_of(books, noun, decision)
    if ref is not None:
        mark_open(books, decision.campaign, ref)


def _spend_of(books: Books, noun: str, decision: Entry) -> str | None:
    """The spend that the decided fact names, if it names one."""
    facts = books.documents.require(noun, decision.campaign, str(decision.facts["number"]))["facts"]
    return str(facts["txid"]) if "txid" in facts else None
