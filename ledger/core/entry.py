"""An entry: one fact in the journal, as transfers and line operations, with its canonical bytes.

Bytes are made once (RFC 8785) and never made again from a parsed entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.core.canonical import canonical, canonical_of_checked, fits, plain
from ledger.core.errors import LedgerError
from ledger.core.lines import (
    Append,
    Open,
    Operation,
    Undo,
    Use,
    Withdraw,
    operation_from_json,
    operation_json,
)
from ledger.core.money import MAX_AMOUNT

VERSION = 1
_load = json.JSONDecoder().decode


class _Transfer(NamedTuple):
    debit: str
    credit: str
    asset: str
    amount: int


class Transfer(_Transfer):
    """`amount` minor units of `asset` move from the credited to the debited account."""

    __slots__ = ()

    def __new__(cls, debit: str, credit: str, asset: str, amount: int) -> Transfer:
        """Raises ValueError for an amount that is none, or one account on both sides."""
        if not 1 <= amount <= MAX_AMOUNT:
            raise ValueError(f"amount: {amount} is outside 1 to {MAX_AMOUNT}")
        if debit == credit:
            raise ValueError(f"account: {debit} is debited and credited by one transfer")
        return tuple.__new__(cls, (debit, credit, asset, amount))


@dataclass(frozen=True, slots=True)
class Posting:
    """What a fact does to the books: transfers and line operations, in order."""

    transfers: tuple[Transfer, ...] = ()
    operations: tuple[Operation, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Facts that the ledger adds to those given, such as the valuation of a gift."""


class Entry(NamedTuple):
    """One row of the journal. `date` is the accounting date, `at` the time of recording (RFC 3339, UTC)."""

    seq: int
    previous: str  # hash of the entry before, 64 zeros for the first
    key: str
    kind: str
    campaign: str
    at: str
    date: str
    role: str
    facts: Mapping[str, Any]
    notes: Mapping[str, Any]
    transfers: tuple[Transfer, ...]
    operations: tuple[Operation, ...]
    reverses: int | None

    def canonical(self) -> bytes:
        """RFC 8785 bytes, the published form. Raises ValueError for what JSON cannot hold exactly."""
        body: dict[str, Any] = {
            "v": VERSION,
            "seq": self.seq,
            "previous": self.previous,
            "key": self.key,
            "kind": self.kind,
            "campaign": self.campaign,
            "at": self.at,
            "date": self.date,
            "role": self.role,
            "facts": dict(self.facts),
            "notes": dict(self.notes),
            "transfers": [[t.debit, t.credit, t.asset, t.amount] for t in self.transfers],
            "operations": [operation_json(op) for op in self.operations],
        }
        if self.reverses is not None:
            body["reverses"] = self.reverses
        # Of what the ledger made itself, only the size of numbers has to be looked at.
        told = (self.key, self.campaign, self.facts, self.notes)
        sure = plain(told) and all(map(_numbers_fit, self.operations))
        return canonical_of_checked(body) if sure else canonical(body)


def _numbers_fit(operation: Operation) -> bool:
    match operation:
        case Use():
            ends = [piece[1] for piece in operation.pieces]
            ends += [part.start + part.out + part.share for part in operation.parts]
            return all(map(fits, ends)) and fits(operation.scale)
        case Open() | Append() | Withdraw():
            return fits(operation.units)
        case Undo():
            return True
    return all(fits(piece[1]) for piece in operation.pieces)


GENESIS = "0" * 64


def entry_hash(data: bytes) -> str:
    """SHA-256 of the stored bytes, hex."""
    return hashlib.sha256(data).hexdigest()


def entry_from_bytes(data: bytes) -> Entry:
    """Read stored bytes; raises LedgerError where they are no entry, as in a database that was meddled with."""
    try:
        return _entry(_load(data.decode()))
    except (AttributeError, KeyError, TypeError, ValueError) as failure:
        what = failure if isinstance(failure, ValueError) else f"its bytes lack something ({failure})"
        raise LedgerError(f"entry: what is stored cannot be read: {what}; restore a backup") from failure


def _entry(body: Any) -> Entry:
    if body["v"] != VERSION:
        raise ValueError(f"version {body['v']} is not known to this program; a newer one wrote it")
    return Entry(
        seq=body["seq"],
        previous=body["previous"],
        key=body["key"],
        kind=body["kind"],
        campaign=body["campaign"],
        at=body["at"],
        date=body["date"],
        role=body["role"],
        facts=body["facts"],
        notes=body["notes"],
        transfers=tuple([Transfer(*transfer) for transfer in body["transfers"]]),
        operations=tuple([operation_from_json(op) for op in body["operations"]]),
        reverses=body.get("reverses"),
    )


def same_facts(entry: Entry, kind: str, campaign: str, facts: Mapping[str, Any]) -> bool:
    """Is the same fact told again? Compares what happened, not when or by whom it was recorded."""
    told = canonical(dict(facts))
    return entry.kind == kind and entry.campaign == campaign and canonical(dict(entry.facts)) == told


def transfers_reversed(transfers: Sequence[Transfer]) -> tuple[Transfer, ...]:
    return tuple(Transfer(t.credit, t.debit, t.asset, t.amount) for t in reversed(transfers))
