"""An entry: one fact in the journal, as transfers and line operations, with its canonical bytes.

Bytes are made once (RFC 8785) and never made again from a parsed entry.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple

from typing_extensions import TypeVar

from ledger.core.canonical import canonical, canonical_of_checked, fits, plain
from ledger.core.errors import LedgerError
from ledger.core.lines import (
    Append,
    Open,
    Operation,
    Resize,
    Undo,
    Use,
    Withdraw,
    operation_from_json,
    operation_json,
)
from ledger.core.money import MAX_AMOUNT
from ledger.core.roles import Role
from ledger.core.wording import WrongValue

VERSION = 1
Loose = Mapping[str, Any]
F = TypeVar("F", default=Loose)
"""The facts of an entry: those of its kind, or JSON as it was read."""
N = TypeVar("N", default=Loose)
"""What the ledger added to the facts, typed likewise."""
_load = json.JSONDecoder().decode


class OutOfOrder(StrEnum):
    """Why the day on a paper is before the day of what it rests on (docs/rules.md, 18)."""

    RATIFIED = "ratified"  # an emergency, approved afterwards
    PROFORMA = "proforma"
    SIGNED_LATER = "signed_later"
    OTHER_DAY_THERE = "other_day_there"  # one day, where it was another day already


class _Transfer(NamedTuple):
    debit: str
    credit: str
    asset: str
    amount: int


class Transfer(_Transfer):
    """`amount` minor units of `asset` move from the credited to the debited account."""

    __slots__ = ()

    def __new__(cls, debit: str, credit: str, asset: str, amount: int) -> Transfer:
        """Raises WrongValue for an amount that is none, or one account on both sides."""
        if not 1 <= amount <= MAX_AMOUNT:
            raise WrongValue("amount: {amount} is outside 1 to {most}", amount=amount, most=MAX_AMOUNT)
        if debit == credit:
            raise WrongValue("account: {debit} is debited and credited by one transfer", debit=debit)
        return tuple.__new__(cls, (debit, credit, asset, amount))


@dataclass(frozen=True, slots=True)
class Posting(Generic[N]):
    """What a fact does to the books: transfers and line operations, in order."""

    transfers: tuple[Transfer, ...] = ()
    operations: tuple[Operation, ...] = ()
    notes: N | None = None
    """Facts that the ledger adds to those given, such as the valuation of a gift."""
    reverses: int | None = None
    """The entry that is undone by this one."""


class Entry(NamedTuple, Generic[F, N]):
    """One row of the journal. `date` is the accounting date, `at` the time of recording (RFC 3339, UTC).

    `happened` is the day on the paper where that is another one (docs/rules.md, 13), `out_of_order` why it is before
    the day of what the fact rests on (18).
    """

    seq: int
    previous: str  # hash of the entry before, 64 zeros for the first
    key: str
    kind: str
    campaign: str
    at: str
    date: str
    role: Role
    facts: F
    notes: N
    transfers: tuple[Transfer, ...]
    operations: tuple[Operation, ...]
    reverses: int | None
    happened: str | None = None
    out_of_order: OutOfOrder | None = None

    @property
    def day(self) -> str | None:
        """The day on which it happened as a person told it, ISO 8601; none where its facts tell no day.

        What no person told (the chain, a consignee) is of the day that it is booked on.
        """
        facts: Any = self.facts
        if self.role is Role.SYSTEM:
            return self.date
        return self.happened or (
            facts.get("date") if isinstance(facts, Mapping) else getattr(facts, "date", None)
        )


def with_facts(entry: Entry, facts: F, notes: N) -> Entry[F, N]:
    """An entry of the journal with facts and notes of their types in place of JSON."""
    return Entry(
        entry.seq,
        entry.previous,
        entry.key,
        entry.kind,
        entry.campaign,
        entry.at,
        entry.date,
        entry.role,
        facts,
        notes,
        entry.transfers,
        entry.operations,
        entry.reverses,
        entry.happened,
        entry.out_of_order,
    )


def days_between(day: str, later: str) -> int:
    """Whole days from one day to another, both ISO 8601."""
    return (dt.date.fromisoformat(later) - dt.date.fromisoformat(day)).days


def day_after(day: str, days: int) -> str:
    """The day so many days after another, both ISO 8601."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()


def entry_bytes(entry: Entry) -> bytes:
    """RFC 8785 bytes, the published form. Raises ValueError for what JSON cannot hold exactly."""
    body: dict[str, Any] = {
        "v": VERSION,
        "seq": entry.seq,
        "previous": entry.previous,
        "key": entry.key,
        "kind": entry.kind,
        "campaign": entry.campaign,
        "at": entry.at,
        "date": entry.date,
        "role": entry.role.value,
        "facts": dict(entry.facts),
        "notes": dict(entry.notes),
        "transfers": [[t.debit, t.credit, t.asset, t.amount] for t in entry.transfers],
        "operations": [operation_json(op) for op in entry.operations],
    }
    if entry.reverses is not None:
        body["reverses"] = entry.reverses
    if entry.happened is not None:
        body["happened"] = entry.happened
    if entry.out_of_order is not None:
        body["out_of_order"] = entry.out_of_order.value
    # Of what the ledger made itself, only the size of numbers has to be looked at.
    parts = (entry.key, entry.campaign, entry.facts, entry.notes)
    sure = plain(parts) and all(map(_numbers_fit, entry.operations))
    return canonical_of_checked(body) if sure else canonical(body)


def _numbers_fit(operation: Operation) -> bool:
    match operation:
        case Use():
            ends = [piece[1] for piece in operation.pieces]
            ends += [part.start + part.out + part.share for part in operation.parts]
            return all(map(fits, ends)) and fits(operation.scale)
        case Open() | Append() | Withdraw() | Resize():
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
        raise LedgerError.field(
            "entry", "what is stored cannot be read ({failure}); restore a backup", failure=str(failure)
        ) from failure


def _entry(body: Any) -> Entry:
    if body["v"] != VERSION:
        raise WrongValue(
            "version {version} is not known to this program; a newer one wrote it", version=str(body["v"])
        )
    return Entry(
        seq=body["seq"],
        previous=body["previous"],
        key=body["key"],
        kind=body["kind"],
        campaign=body["campaign"],
        at=body["at"],
        date=body["date"],
        role=Role(body["role"]),
        facts=body["facts"],
        notes=body["notes"],
        transfers=tuple([Transfer(*transfer) for transfer in body["transfers"]]),
        operations=tuple([operation_from_json(op) for op in body["operations"]]),
        reverses=body.get("reverses"),
        happened=body.get("happened"),
        out_of_order=None if "out_of_order" not in body else OutOfOrder(body["out_of_order"]),
    )


def same_facts(entry: Entry, kind: str, campaign: str, facts: Mapping[str, Any]) -> bool:
    """Is the same fact told again? Compares what happened, not when or by whom it was recorded."""
    canonical_facts = canonical(dict(facts))
    return (
        entry.kind == kind and entry.campaign == campaign and canonical(dict(entry.facts)) == canonical_facts
    )


def transfers_reversed(transfers: Sequence[Transfer]) -> tuple[Transfer, ...]:
    return tuple(Transfer(t.credit, t.debit, t.asset, t.amount) for t in reversed(transfers))
