"""The books: balances, lines and documents, as the fold of the journal on a shelf.

Applying an entry is mechanical: all decisions are in the entry already. Nothing here reads a clock or a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from ledger.core.accounts import NEVER_NEGATIVE, class_of
from ledger.core.canonical import compact
from ledger.core.entry import Entry
from ledger.core.errors import Conflict, NotFound
from ledger.core.money import MAX_AMOUNT
from ledger.model.reversals import ReversalRow
from ledger.store.shelf import JUST_ABOVE, Form, Shelf
from ledger.store.transaction import Reading
from ledger.tracing.changing import LinesWriting

END = "\U0010ffff"
_written = compact(ascii_only=False)
_load = json.JSONDecoder().decode


def _sums_bytes(sums: tuple[int, int]) -> bytes:
    return b"[%d,%d]" % sums


def _sums_of(data: bytes) -> tuple[int, int]:
    debits, credited = _load(data.decode())
    return debits, credited


_BALANCE = Form("balance", _sums_bytes, _sums_of)


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of one account in one asset, minor units."""

    debits: int
    credits: int

    @property
    def net(self) -> int:
        return self.debits - self.credits


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
    """Balances (`balance`), lines and documents of one ledger."""

    def __init__(self, tx: Reading) -> None:
        self.session = tx.session
        self.shelf: Shelf = tx.shelf
        self.lines = LinesWriting(tx.session)
        self.documents = Documents(self.shelf)

    def reversed_by(self, seq: int) -> int | None:
        """The entry that reversed an entry; None while it stands."""
        query = select(ReversalRow.entry).where(ReversalRow.reversed_entry == seq)
        return self.session.exec(query).first()

    def balance(self, account: str, asset: str) -> Balance:
        sums = self.shelf.value(_BALANCE, f"{account}|{asset}")
        return Balance(0, 0) if sums is None else Balance(*sums)

    def net(self, account: str, asset: str) -> int:
        """Debits minus credits, minor units."""
        return self.balance(account, asset).net

    def balances(self, prefix: str = "") -> Iterator[tuple[str, str, Balance]]:
        """`(account, asset, balance)` of all accounts whose name begins with `prefix`."""
        for key, data in self.shelf.rows("balance", prefix, prefix + END if prefix else None):
            account, asset = key.rsplit("|", 1)
            yield account, asset, Balance(*_sums_of(data))

    def apply(self, entry: Entry) -> None:
        """Fold one entry: line operations, then transfers. Conflict if an account would go below zero."""
        for operation in entry.operations:
            self.lines.apply(operation, entry.seq)
        touched: dict[str, tuple[int, int]] = {}
        for transfer in entry.transfers:
            asset, amount = transfer.asset, transfer.amount
            for account, debit, credit in ((transfer.debit, amount, 0), (transfer.credit, 0, amount)):
                key = f"{account}|{asset}"
                debits, credited = touched.get(key) or self.shelf.value(_BALANCE, key) or (0, 0)
                touched[key] = (debits + debit, credited + credit)
        for key, (debits, credited) in touched.items():
            net = debits - credited
            if 0 <= net <= MAX_AMOUNT:
                continue
            account, asset = key.rsplit("|", 1)
            if net < 0 and class_of(account) in NEVER_NEGATIVE:
                raise Conflict(
                    f"amount: {account} would hold {net} {asset}; it cannot hold less than nothing"
                )
            if abs(net) > MAX_AMOUNT:
                raise Conflict(f"amount: {account} would hold more than {MAX_AMOUNT} minor units of {asset}")
        for key, sums in touched.items():
            self.shelf.put(_BALANCE, key, sums)
