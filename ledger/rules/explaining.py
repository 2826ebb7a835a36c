"""Facts that explain a spend: they wait for it and with it, explain it when approved, and leave it open otherwise.

What the coins were for is told by each kind; nothing here moves them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sqlmodel import Session

from ledger.core.errors import Refused
from ledger.core.names import spend_named
from ledger.model.spends import ExplainedBy, SpendRow
from ledger.rules.books import Books
from ledger.rules.spec import Context
from ledger.rules.spends import (
    find_spend,
    lender_of,
    mark_explained,
    mark_open,
    mark_waiting,
    require_unexplained,
)


def is_unsettled(session: Session, campaign: str, txid: str) -> bool:
    """Has the spend not settled yet that an explanation names? Then that waits as a draft (docs/rules.md, C3)."""
    # A part is named once it is recorded; there is nothing to wait for.
    if spend_named(txid).part or lender_of(session, campaign, txid) is not None:
        return False
    return find_spend(session, campaign, txid) is None


def require_to_explain(context: Context, txid: str, total: int, field: str) -> SpendRow:
    """The spend that a new fact explains; raises as `require_unexplained`, and Refused where another one waits."""
    spend = require_unexplained(context, txid, total, field)
    if spend.waits_for is not None:
        raise Refused.field(
            "txid", "{waiting} already waits to explain this transaction", waiting=spend.waits_for
        )
    return spend


class NamesSpend(Protocol):
    """A proposal that may name the spend which it explains."""

    @property
    def txid(self) -> str | None: ...

    @property
    def campaign(self) -> str: ...

    @property
    def number(self) -> str: ...


class Booked(Protocol):
    """An entry, of whatever facts."""

    @property
    def at(self) -> str: ...


def waiting(cause: ExplainedBy) -> Callable[[Books, NamesSpend, Booked], None]:
    """The spend that a recorded proposal names waits with it."""

    def kept(books: Books, row: NamesSpend, _entry: Booked) -> None:
        if row.txid is not None:
            mark_waiting(books, row.campaign, row.txid, cause, row.number)

    return kept


def explained(cause: ExplainedBy) -> Callable[[Books, NamesSpend, Booked], None]:
    """An approved proposal explains the spend that it names."""

    def approved(books: Books, row: NamesSpend, entry: Booked) -> None:
        if row.txid is not None:
            mark_explained(books, row.campaign, row.txid, cause, row.number, entry.at)

    return approved


def left_open(books: Books, row: NamesSpend, _entry: Booked) -> None:
    """The spend that a rejected or reversed proposal names waits for another explanation."""
    if row.txid is not None:
        mark_open(books, row.campaign, row.txid)
