"""What was told to a ledger, step by step, and what it answered: journals kept as gzipped JSON lines.

It lies between a recorder and a house: nothing here knows how a ledger is built. Amounts are whole minor units,
times Unix seconds, days ISO dates.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

FOLDER = Path(__file__).resolve().parent.parent.parent / "data" / "kept"
SUFFIX = ".jsonl.gz"

Value = int | str
"""A figure, or a status."""
Row = tuple[str, str, str, str, Value]
"""(noun, its name, field, asset or product, value): what a ledger says of one thing, in no shape of its own."""
EntryRow = tuple[int, str, str, str]
"""(number in the journal, kind, campaign, accounting date)."""
AddressTold = tuple[str, str, str, str, int, str, str | None]
"""(script in hex, address, campaign, branch, index, source, the need that it is for)."""
TxTold = tuple[str, int, bool, list[str], list[tuple[str, int]], list[str]]
"""(txid, position, coinbase, inputs as `txid:vout`, outputs as (script in hex, sats), Merkle branch in hex)."""
BlockTold = tuple[int, str, int, list[TxTold]]
"""(height, hash, time, what of it is ours)."""
SeenTold = tuple[str, list[str], list[tuple[str, int]]]
"""An unconfirmed transaction: (txid, inputs, outputs)."""


class Outcome:
    """How a ledger answers, beside the name of the type of a refusal."""

    RECORDED = "recorded"
    ALREADY = "already"
    WAITS = "waits"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person of the desk joins."""

    do: Literal["user"] = "user"
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses are watched from now on."""

    do: Literal["addresses"] = "addresses"
    rows: list[AddressTold]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A person tells facts of a kind at the desk; `outcome` is a word of Outcome or the type of the refusal."""

    do: Literal["tell"] = "tell"
    at: int
    by: str
    campaign: str
    kind: str
    facts: dict[str, Any]
    outcome: str
    entries: list[EntryRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look at the chain; `undone` newest first, `joined` oldest first, `mempool` the sources asked in full."""

    do: Literal["look"] = "look"
    at: int
    tip: tuple[int, str, int]
    undone: list[str]
    joined: list[BlockTold]
    late: list[BlockTold]
    seen: list[SeenTold]
    mempool: list[str]
    entries: list[EntryRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """The program values what waits for a rate or a conversion."""

    do: Literal["value"] = "value"
    at: int
    entries: list[EntryRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The other side of a delivery counts, by a link that a person makes: (product, lot, good, damaged)."""

    do: Literal["count"] = "count"
    at: int
    by: str
    campaign: str
    about: str
    paper: str
    counts: list[tuple[str, str, int, int]]
    outcome: str
    entries: list[EntryRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A named moment of the story, and the figures that the ledger told then."""

    do: Literal["figures"] = "figures"
    name: str
    at: int
    rows: list[Row]


Step = User | Addresses | Told | Looked | Valued | Counted | Moment
_STEP: TypeAdapter[Step] = TypeAdapter(Annotated[Step, Field(discriminator="do")])


def txids(steps: Iterable[Step]) -> list[str]:
    """Every transaction that looks told of, in blocks or not."""
    found: set[str] = set()
    for step in steps:
        if isinstance(step, Looked):
            found |= {tx[0] for block in (*step.joined, *step.late) for tx in block[3]}
            found |= {tx[0] for tx in step.seen}
    return sorted(found)


@dataclass(frozen=True)
class Journal:
    """One kept journal, read when it is asked for."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(SUFFIX)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        with gzip.open(self.path, "rt", encoding="utf-8") as lines:
            return tuple(_STEP.validate_python(json.loads(line)) for line in lines)

    def entries(self) -> Iterator[EntryRow]:
        """All entries that the ledger made, in order."""
        for step in self.steps:
            if not isinstance(step, User | Addresses | Moment):
                yield from step.entries


def journals() -> list[Journal]:
    """All that are kept, by name."""
    return [Journal(path) for path in sorted(FOLDER.glob(f"*{SUFFIX}"))]


def save(path: Path, steps: Iterable[Step]) -> None:
    """Write a journal; the same steps give the same bytes."""
    lines = (
        json.dumps(_STEP.dump_python(step, mode="json"), separators=(",", ":"), ensure_ascii=True) + "\n"
        for step in steps
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0))
