"""The books: balances, lines and documents, as the fold of the journal on a shelf.

Applying an entry is mechanical: all decisions are in the entry already. Nothing here reads a clock or a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlmodel import select

from ledger.core.accounts import AccountClass
from ledger.core.canonical import compact
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.model.reversals import ReversalRow
from ledger.rules import balances
from ledger.rules.balances import Balance
from ledger.store.shelf import JUST_ABOVE, Shelf
from ledger.store.transaction import Reading
from ledger.tracing.changing import LinesWriting

END = "\U0010ffff"
_written = compact(ascii_only=False)
_load = json.JSONDecoder().decode


class Documents:
    """Facts by kind, campaign and number, as JSON objects: what forms, lists and pages read."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @staticmethod
    def _key(kind: str, campaign: str, number: str) -> str:
        return f"{kind}|{campaign}|{number}"

    def find(self, kind: str, campaign: str, number: str) -> dict[str, Any] | None:
        data = self._shelf.load("document", self._key(kind, campaign, number))
        if data is None:
            return None
        document: dict[str, Any] = _load(data.decode())
        return document

    def require(self, kind: str, campaign: str, number: str) -> dict[str, Any]:
        """The document; raises NotFound with a sentence."""
        document = self.find(kind, campaign, number)
        if document is None:
            where = f" in campaign {campaign}" if campaign else ""
            raise NotFound(f"{kind}: there is no {kind} {number}{where}")
        return document

    def save(self, kind: str, campaign: str, number: str, document: dict[str, Any]) -> None:
        data = _written(document).encode()
        self._shelf.save("document", self._key(kind, campaign, number), data)

    def remove(self, kind: str, campaign: str, number: str) -> None:
        self._shelf.save("document", self._key(kind, campaign, number), None)

    def all(self, kind: str, campaign: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """`(number, document)` of one kind, of one campaign or of all, in order of key."""
        prefix = f"{kind}|" if campaign is None else f"{kind}|{campaign}|"
        for key, data in self._shelf.rows("document", prefix, prefix + END):
            yield key.split("|", 2)[2], _load(data.decode())

    def some(
        self, kind: str, campaign: str, *, after: str = "", limit: int | None = None, reverse: bool = False
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """A page of `all`: numbers above `after` (below it, backwards)."""
        prefix = f"{kind}|{campaign}|"
        low = prefix + after + JUST_ABOVE if after and not reverse else prefix
        high = prefix + after if after and reverse else prefix + END
        for key, data in self._shelf.rows("document", low, high, limit=limit, reverse=reverse):
            yield key.split("|", 2)[2], _load(data.decode())


class Books:
    """Balances, lines and documents of one ledger."""

    def __init__(self, tx: Reading) -> None:
        self.session = tx.session
        self.shelf: Shelf = tx.shelf
        self.lines = LinesWriting(tx.session)
        self.documents = Documents(self.shelf)

    def reversed_by(self, seq: int) -> int | None:
        """The entry that reversed an entry; None while it stands."""
        query = select(ReversalRow.entry).where(ReversalRow.reversed_entry == seq)
        return self.session.exec(query).first()

    def net(self, account: str, asset: str) -> int:
        """Debits minus credits, minor units."""
        return balances.net(self.session, account, asset)

    def balances(
        self,
        kind: AccountClass | None = None,
        campaign: str | None = None,
        *,
        place: str | None = None,
        asset: str | None = None,
    ) -> list[Balance]:
        """The balances of a class, a campaign, a place, an asset, or of all, in order of account and asset."""
        return balances.balances(self.session, kind, campaign, place=place, asset=asset)

    def apply(self, entry: Entry) -> None:
        """Fold one entry: line operations, then transfers. Conflict if an account would go below zero."""
        self.lines.apply_all(entry.operations, entry.seq)
        balances.apply_transfers(self.session, entry.seq, entry.transfers)
