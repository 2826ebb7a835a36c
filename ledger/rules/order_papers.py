"""The papers of a campaign's orders, each kind read once and found by order: receipts, invoices, payments, notes.

For reading only, and only within one transaction: what changes afterwards is not seen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ledger.rules.books import Books


class OrderPapers:
    """Documents by the order that they name, so that a look at all orders reads each paper once."""

    def __init__(self, books: Books, campaign: str) -> None:
        self.books = books
        self.campaign = campaign
        self._kept: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of(self, kind: str, order: str) -> list[dict[str, Any]]:
        """Documents of a kind that name an order, in order of their numbers; reversed ones too."""
        if kind not in self._kept:
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for _, document in self.books.documents.all(kind, self.campaign):
                found[str(document["facts"].get("order", ""))].append(document)
            self._kept[kind] = found
        return self._kept[kind].get(order, [])
