"""Lines: append-only axes of whole units, each unit free, held, used or void, and the operations on them.

The operations are part of an entry's published bytes, so anyone can apply them again; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from ledger.core.wording import WrongValue

Piece = tuple[int, int]
"""Half-open interval of units on a line."""


def units_in(pieces: Iterable[Piece]) -> int:
    """How many units some pieces are."""
    return sum(end - start for start, end in pieces)


def joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Pieces in order, those that adjoin or overlap as one; empty ones are none."""
    pieces_joined: list[Piece] = []
    for start, end in sorted(pieces):
        if pieces_joined and pieces_joined[-1][1] >= start:
            pieces_joined[-1] = pieces_joined[-1][0], max(end, pieces_joined[-1][1])
        elif start < end:
            pieces_joined.append((start, end))
    return tuple(pieces_joined)


def common(pieces: Iterable[Piece], others: Iterable[Piece]) -> tuple[Piece, ...]:
    """The units that are in both, in order; pieces of each do not overlap."""
    held = sorted(others)
    both = ((max(a, c), min(b, d)) for a, b in pieces for c, d in held)
    return joined((start, end) for start, end in both if start < end)


def without(pieces: Iterable[Piece], others: Iterable[Piece]) -> tuple[Piece, ...]:
    """The units of some pieces that are in no other, in order; the others may overlap."""
    gone, rest = sorted(others), list[Piece]()
    for start, end in sorted(pieces):
        at = start
        for first, last in gone:
            if first >= end:
                break
            if last > at:
                rest += [(at, first)] if at < first else []
                at = last
        rest += [(at, end)] if at < end else []
    return joined(rest)


def lowest(free: tuple[Piece, ...], units: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """(the lowest `units` of what is free, or all of it; the rest)."""
    taken: list[Piece] = []
    rest: list[Piece] = []
    for start, end in free:
        middle = min(end, start + units)
        units -= middle - start
        taken += [(start, middle)] if middle > start else []
        rest += [(middle, end)] if end > middle else []
    return tuple(taken), tuple(rest)


def turned(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The pieces counted from another unit: after five eighths of them, the rest first.

    So that floors of many small counts of the same units do not all fall on the same ones (docs/rules.md, T4).
    """
    before, after = lowest(pieces, units_in(pieces) * 5 // 8)
    return after + before


class UnitState(StrEnum):
    FREE = "free"
    HELD = "held"
    USED = "used"
    VOID = "void"


class PartKind(StrEnum):
    """The parts of a use, in the order in which they are split off; `on` is what goes on, and always last."""

    FEE = "fee"
    SHORT = "short"
    DAMAGED = "damaged"
    REJECTED = "rejected"
    LOST = "lost"
    CLAIMED = "claimed"  # failed, and not made good by a refund: its supplier owes it still
    CANCELLED = "cancelled"  # ordered and not coming, when an order is closed
    RETURNED = "returned"  # sent back to the supplier
    BEFORE = "before"  # gone on before an opening's day: where to is not in the books
    ITEM = "item"  # one item of an order, in a payment spread over several
    STAYS = "stays"  # where it was: what a count did not find yet, of units that all bear alike what it found
    ON = "on"


_PART_KINDS = {kind.value: kind for kind in PartKind}


class Part(NamedTuple):
    """`share` counts of a use, appended as `out` units to `line` from `start`; no line: they end here."""

    kind: PartKind
    share: int
    out: int
    line: str | None = None
    start: int = 0


class Use(NamedTuple):
    """Takes `pieces` of `line`, counts them 0…n, scales the count to `scale`, and parts it in proportion.

    docs/rules.md, T3 and T4: each part is the floor of what the parts before it left, so that every
    boundary is monotone and the parts of any interval sum to it exactly.
    """

    id: str
    line: str
    pieces: tuple[Piece, ...]
    scale: int
    parts: tuple[Part, ...]

    @property
    def units(self) -> int:
        if len(self.pieces) == 1:
            start, end = self.pieces[0]
            return end - start
        return units_in(self.pieces)

    def shares_at(self, count: int) -> list[int]:
        """How much of each part lies below `count` (0…units)."""
        units = self.units
        left = count * self.scale // units if units else 0
        total = self.scale
        below: list[int] = []
        for part in self.parts[:-1]:
            share = left * part.share // total if total else 0
            below.append(share)
            left -= share
            total -= part.share
        below.append(left)
        return below

    def outs_at(self, count: int) -> list[int]:
        """`shares_at` in the units that each part became."""
        parts = self.parts
        if not count:
            return [0] * len(parts)
        units = self.units
        if count == units:
            return [part.out if part.share else 0 for part in parts]
        left, total = count * self.scale // units, self.scale
        outs: list[int] = []
        for part in parts[:-1]:
            share = left * part.share // total if total else 0
            outs.append(share * part.out // part.share if part.share else 0)
            left -= share
            total -= part.share
        last = parts[-1]
        outs.append(left * last.out // last.share if last.share else 0)
        return outs

    def outs_between(self, low: int, high: int) -> Iterable[tuple[Part, int, int]]:
        """Each part, and from where to where its output is of the counts `low..high`."""
        if low == 0 and high == self.units:
            return [(part, 0, part.out if part.share else 0) for part in self.parts]
        return zip(self.parts, self.outs_at(low), self.outs_at(high), strict=True)

    def count_at(self, position: int) -> int:
        """The count of the unit at `position` of the line, which must lie in a piece (or be its end)."""
        count = 0
        for start, end in self.pieces:
            if start <= position <= end:
                return count + position - start
            count += end - start
        raise WrongValue("unit {position} is not in use {id}", position=position, id=self.id)

    def pieces_between(self, low: int, high: int) -> list[Piece]:
        """The units of the line that counts `low..high` are."""
        pieces: list[Piece] = []
        count = 0
        for start, end in self.pieces:
            first, last = max(low, count), min(high, count + end - start)
            if first < last:
                pieces.append((start + first - count, start + last - count))
            count += end - start
        return pieces

    def counts_behind(self, part: int, low: int, high: int) -> Piece:
        """The counts whose boundaries carry to units `low..high` of a part's output (the map backwards)."""

        def search(target: int, strictly: bool) -> int:
            first, last = 0, self.units
            while first < last:
                middle = (first + last + (0 if strictly else 1)) // 2
                out = self.outs_at(middle)[part]
                if strictly:
                    if out >= target:
                        last = middle
                    else:
                        first = middle + 1
                elif out <= target:
                    first = middle
                else:
                    last = middle - 1
            return first

        return search(low, strictly=False), search(high, strictly=True)


@dataclass(frozen=True, slots=True)
class Open:
    """A line that exists before anything flows into it: an order's item, `units` of its value, all free."""

    line: str
    asset: str
    units: int


@dataclass(frozen=True, slots=True)
class Append:
    """A gift becomes `start..start+units` of a line, for ever."""

    line: str
    asset: str
    start: int
    units: int
    gift: str


@dataclass(frozen=True, slots=True)
class Undo:
    """Takes back a use, when all that it yielded is still free."""

    id: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Takes back the last gift that filled an opened line: its units have no owner again, wherever they have gone."""

    line: str
    start: int
    units: int
    gift: str


@dataclass(frozen=True, slots=True)
class Change:
    """Sets the state of pieces: void and restore of a gift, hold and release of what waits for approval."""

    line: str
    pieces: tuple[Piece, ...]
    before: UnitState
    after: UnitState
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Resize:
    """An opened line has so many units from now on; those that are cut off were free."""

    line: str
    units: int


Operation = Open | Append | Use | Undo | Withdraw | Change | Resize


class Span(NamedTuple):
    """Units `start..end` of a line that are in one state."""

    start: int
    end: int
    state: UnitState
    ref: str  # the use, or the hold


class Source(NamedTuple):
    """Where units of a line came from: a gift, or a part of a use; `entry` appended them."""

    start: int
    end: int
    gift: str | None
    use: str | None
    part: int
    entry: int


# ── as JSON ──────────────────────────────────────────────────────────────────────────────────────────────


def operation_json(op: Operation) -> dict[str, Any]:
    match op:
        case Open():
            return {"op": "open", "line": op.line, "asset": op.asset, "units": op.units}
        case Append():
            return {
                "op": "append",
                "line": op.line,
                "asset": op.asset,
                "start": op.start,
                "units": op.units,
                "gift": op.gift,
            }
        case Use():
            return {"op": "use", **use_json(op)}
        case Undo():
            return {"op": "undo", "id": op.id}
        case Withdraw():
            return {
                "op": "withdraw",
                "line": op.line,
                "start": op.start,
                "units": op.units,
                "gift": op.gift,
            }
        case Resize():
            return {"op": "resize", "line": op.line, "units": op.units}
        case Change():
            return {
                "op": "change",
                "line": op.line,
                "pieces": [list(piece) for piece in op.pieces],
                "before": op.before.value,
                "after": op.after.value,
                "ref": op.ref,
            }


def use_json(use: Use) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for part in use.parts:
        row: dict[str, Any] = {"kind": part.kind.value, "share": part.share, "out": part.out}
        if part.line is not None:
            row |= {"line": part.line, "start": part.start}
        parts.append(row)
    return {
        "id": use.id,
        "line": use.line,
        "pieces": [list(piece) for piece in use.pieces],
        "scale": use.scale,
        "parts": parts,
    }


def use_from_json(data: Mapping[str, Any]) -> Use:
    return Use(
        data["id"],
        data["line"],
        tuple([(a, b) for a, b in data["pieces"]]),
        data["scale"],
        tuple(
            [
                Part(_PART_KINDS[p["kind"]], p["share"], p["out"], p.get("line"), p.get("start", 0))
                for p in data["parts"]
            ]
        ),
    )


def operation_from_json(data: Mapping[str, Any]) -> Operation:
    match data["op"]:
        case "open":
            return Open(data["line"], data["asset"], data["units"])
        case "append":
            return Append(data["line"], data["asset"], data["start"], data["units"], data["gift"])
        case "use":
            return use_from_json(data)
        case "undo":
            return Undo(data["id"])
        case "resize":
            return Resize(data["line"], data["units"])
        case "withdraw":
            return Withdraw(data["line"], data["start"], data["units"], data["gift"])
        case "change":
            return Change(
                data["line"],
                tuple((a, b) for a, b in data["pieces"]),
                UnitState(data["before"]),
                UnitState(data["after"]),
                data["ref"],
            )
    raise WrongValue("unknown operation {operation}", operation=str(data["op"]))
