"""Facts that explain a spend: they wait with it, explain it when approved, and leave it open when that is undone.

What the coins were for is told by each kind; nothing here moves them.
"""

from __future__ import annotations

from ledger.books import Books
from ledger.entry import Entry
from ledger.kinds.spec import Unfold, reversed_as
from ledger.kinds.spends import mark_spend


def unexplained_again(noun: str) -> Unfold:
    """An unfolding of an approval: its transaction, where it names one, waits for another explanation."""

    def unfold(books: Books, entry: Entry, seq: int) -> None:
        reversed_as(noun, status="reversed")(books, entry, seq)
        facts = books.documents.require(noun, entry.campaign, str(entry.facts["number"]))["facts"]
        if "txid" in facts:
            mark_spend(books, entry.campaign, facts["txid"], explained=None, explained_at=None, pending=None)

    return unfold
