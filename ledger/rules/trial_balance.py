"""Trial balances: what each account held of each asset at the end of a closed period, by accounting date.

The figures are those that the closing froze; nothing here closes a period or dates an entry.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.accounts import campaign_of
from ledger.core.entry import Entry
from ledger.core.money import MAX_AMOUNT
from ledger.rules.books import Books

Sums = dict[tuple[str, str], int]
"""(account, asset) -> debits less credits, minor units."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account in one asset, minor units; below zero it is a credit balance."""

    account: str
    asset: str
    opening: int
    closing: int

    @property
    def change(self) -> int:
        return self.closing - self.opening


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """A period that was closed: its days, both included, and its balances. `seq` is the entry that froze them, booked
    on `closed_on`, `through` the last entry that they count, `reopened` the reversal that opened the period again."""

    number: str
    first: str
    last: str
    closed_on: str
    seq: int
    through: int
    reopened: int | None
    rows: tuple[TrialRow, ...]

    def totals(self) -> dict[str, tuple[int, int]]:
        """Of each asset: the debit balances and the credit balances at the end, which are equal."""
        sums: dict[str, tuple[int, int]] = {}
        for row in self.rows:
            debit, credit = sums.get(row.asset, (0, 0))
            sums[row.asset] = debit + max(row.closing, 0), credit - min(row.closing, 0)
        return sums


def add_transfers(sums: Sums, campaign: str, entry: Entry) -> None:
    """Add what an entry moved on a campaign's accounts; a loan moves on those of two."""
    for transfer in entry.transfers:
        if campaign_of(transfer.debit) == campaign:
            sums[transfer.debit, transfer.asset] += transfer.amount
        if campaign_of(transfer.credit) == campaign:
            sums[transfer.credit, transfer.asset] -= transfer.amount


def touches(campaign: str, entry: Entry) -> bool:
    """Is an entry the campaign's own, or does it move anything on its accounts?"""
    return entry.campaign == campaign or any(
        campaign in {campaign_of(transfer.debit), campaign_of(transfer.credit)}
        for transfer in entry.transfers
    )


def empty_sums() -> Sums:
    return defaultdict(int)


def told_rows(opening: Sums, closing: Sums) -> list[list[Any]]:
    """Rows as an entry publishes them: [account, asset, opening, closing]; sums above 2^53-1 as strings."""
    keys = sorted(key for key in opening.keys() | closing.keys() if opening.get(key) or closing.get(key))
    return [
        [name, asset, _told(opening.get((name, asset), 0)), _told(closing.get((name, asset), 0))]
        for name, asset in keys
    ]


def _told(minor: int) -> int | str:
    return minor if abs(minor) <= MAX_AMOUNT else str(minor)


def closing_sums(rows: Iterable[list[Any]]) -> Sums:
    """What rows of an entry say of the end of their period."""
    sums = empty_sums()
    sums.update({(name, asset): int(closing) for name, asset, _, closing in rows})
    return sums


def trial_balance(document: Mapping[str, Any]) -> TrialBalance:
    """The trial balance of the document of a period that was closed."""
    froze = document["outcome"]
    return TrialBalance(
        number=document["facts"]["number"],
        first=froze["first"],
        last=froze["last"],
        closed_on=document["decided_on"],
        seq=document["decided"],
        through=froze["through"],
        reopened=document.get("reversed"),
        rows=tuple(
            TrialRow(name, asset, int(opening), int(closing))
            for name, asset, opening, closing in froze["balances"]
        ),
    )


def trial_balances(books: Books, campaign: str) -> tuple[TrialBalance, ...]:
    """Every period of a campaign that was ever closed, by its last day; raises NotFound for an unknown campaign."""
    books.documents.require("campaign", "", campaign)
    found = [
        trial_balance(document)
        for _, document in books.documents.all("period", campaign)
        if document["status"] in {"closed", "reopened"}
    ]
    return tuple(sorted(found, key=lambda period: (period.last, period.seq)))


def frozen_differs(books: Books, campaign: str, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """(number, sentence) of each closed period that is not what `entries`, the whole journal, say."""
    closed = [period for period in trial_balances(books, campaign) if period.reopened is None]
    if not closed:
        return
    lasts = [period.last for period in closed]
    before, within = empty_sums(), [empty_sums() for _ in closed]
    for entry in entries:
        at = bisect_left(lasts, entry.date)
        if at == len(closed) or not touches(campaign, entry):
            continue
        if entry.seq > closed[at].through:
            yield (
                closed[at].number,
                f"entry {entry.seq} is dated {entry.date}, in a period that was closed before",
            )
        early = entry.date < closed[0].first
        add_transfers(before if early else within[at], campaign, entry)
    sums = before
    for period, moved in zip(closed, within, strict=True):
        opening = dict(sums)
        for key, minor in moved.items():
            sums[key] += minor
        frozen = {(row.account, row.asset): (row.opening, row.closing) for row in period.rows}
        for key in sorted(frozen.keys() | opening.keys() | sums.keys()):
            told = frozen.get(key, (0, 0))
            are = opening.get(key, 0), sums.get(key, 0)
            if told != are:
                yield (
                    period.number,
                    f"{key[0]} was frozen at {told[1]} {key[1]} (from {told[0]}) and the entries give {are[1]} "
                    f"(from {are[0]})",
                )
