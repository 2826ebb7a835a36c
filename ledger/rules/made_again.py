"""Uses that are made again in another shape, with all that stands on them: how what moves something is put right.

All is taken back, the last first, and made again in the order in which it was recorded: with the same pieces, as far
as these are there (docs/rules.md, 32). One entry holds both, so nothing in between is ever seen. Pure: it reads lines
and returns operations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.core.errors import Conflict, Refused
from ledger.core.lines import (
    Append,
    Change,
    Operation,
    Part,
    PartKind,
    Piece,
    Resize,
    Undo,
    UnitState,
    Use,
    common,
    joined,
    lowest,
    units_in,
    without,
)
from ledger.core.names import GoodsLine, LineKind, UseCause, line_named, use_named
from ledger.core.wording import Wording
from ledger.rules.spec import Context
from ledger.tracing.state import Lines

_COUNTS = frozenset({UseCause.ARRIVAL, UseCause.IN_KIND, UseCause.LOSS})
"""Causes of uses that take all that is free on a line, and leave there what they did not count."""
_OPENED = frozenset({LineKind.ORDER, LineKind.ENDED})


@dataclass(slots=True)
class _Moved:
    """Units of a line that are taken off it, and the ones of `line` that take their place; offsets count from 0."""

    start: int
    end: int
    line: str
    to: int
    units: int
    free: tuple[Piece, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.free = ((0, self.units),) if self.units else ()

    def offsets_of(self, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        inside = common(pieces, ((self.start, self.end),))
        return tuple((start - self.start, end - self.start) for start, end in inside)

    def take(self, offsets: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """The units at free offsets, which are free no more."""
        self.free = without(self.free, offsets)
        return tuple((self.to + start, self.to + end) for start, end in offsets)


@dataclass(frozen=True, slots=True)
class MovedGift:
    """A gift's units on a line of goods, how many they are from now on, and on which line."""

    line: str
    asset: str
    gift: str
    piece: Piece
    units: int
    to: str


class MadeAgain:
    """Some uses, or a gift, and what stands on them, in the order of the journal; `operations` makes it again.

    `renamed`: lines that the roots bring units to, and the ones that they bring them to from now on.
    """

    def __init__(
        self,
        context: Context,
        roots: Sequence[Use] = (),
        gift: MovedGift | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self._context = context
        self._lines: Lines = context.books.lines
        self._roots = {use.id: use for use in roots}
        self._shapes: dict[str, Use] = {}
        self._gift = gift
        self._was = {new: old for old, new in (renamed or {}).items()}
        self.left: list[tuple[str, int, int, str]] = []
        """Units of lines that lie on another one from now on: line, first, end, and that other line."""
        self._line_ends: dict[str, int] = {}
        self._moved: dict[str, list[_Moved]] = defaultdict(list)
        self._uses = self._in_order(self._standing())

    # what stands on them

    def _standing(self) -> dict[str, Use]:
        """All that has to be taken back, by name."""
        standing = dict(self._roots)
        runs = [] if self._gift is None else [(self._gift.line, *self._gift.piece)]
        runs += [run for use in standing.values() for run in _yielded(use)]
        while runs:
            spans = [span for of_run in self._lines.spans_of(runs).values() for span in of_run]
            if any(span.state is UnitState.HELD for span in spans):
                raise Conflict.field(
                    "entry", "some of it is held for what waits for a decision; decide that first"
                )
            later = {name: use for name, use in self._lines.uses_in(spans).items() if name not in standing}
            for use in later.values():
                self._require_goods(use)
            standing |= later
            runs = [run for use in later.values() for run in _yielded(use)]
        return standing

    def _require_goods(self, use: Use) -> None:
        """Conflict where pieces became something else than pieces elsewhere."""
        lines = [use.line, *(part.line for part in use.parts if part.line is not None)]
        if any(not isinstance(line_named(line), GoodsLine) for line in lines):
            name = use_named(use.id)
            raise Conflict.field(
                "entry",
                "{kind} {number} stands on it; reverse that first, and record it again after",
                kind=name.cause.value,
                number=name.number,
            )

    def _in_order(self, uses: dict[str, Use]) -> list[Use]:
        """As they were recorded, what fills orders first; uses of one entry in its order."""
        recorded = self._lines.recorded_by(uses)
        places: dict[str, tuple[bool, int, int]] = {}
        for name, seq in recorded.items():
            entry = self._context.entry(seq)
            names = [] if entry is None else [op.id for op in entry.operations if isinstance(op, Use)]
            fills = any(
                part.line is not None and line_named(part.line).kind is LineKind.ORDER
                for part in uses[name].parts
            )
            places[name] = not fills, _first_recorded(self._context, name, seq), names.index(name)
        return sorted(uses.values(), key=lambda use: places[use.id])

    # making them again

    def free(self, line: str, units: int) -> tuple[Piece, ...]:
        """The lowest free units of a line that do not stand on what is made again, or fewer where there are none."""
        back = [(start, end) for use in self._uses for name, start, end in _yielded(use) if name == line]
        free = self._lines.lowest_free(line, self._lines.length(line)) if units > 0 else ()
        return lowest(without(free, back), units)[0]

    @property
    def uses(self) -> Sequence[Use]:
        """What is made again, in its order, in the shapes that it has."""
        return self._uses

    def operations(self, *shapes: Use, resized: Sequence[Resize] = ()) -> tuple[Operation, ...]:
        """All that takes back and makes again, the uses that it began with in these shapes, on lines so `resized`.

        Raises Refused where fewer are left than went on.
        """
        self._shapes = {use.id: use for use in shapes}
        undone: list[Operation] = [Undo(use.id) for use in reversed(self._uses)]
        longer = [*resized, *(op for use in self._shapes.values() for op in self._ended_again(use))]
        if self._gift is not None:
            gift = self._gift
            start = self._append(gift.line, *gift.piece, gift.units, gift.to)
            undone.append(Change(gift.line, (gift.piece,), UnitState.FREE, UnitState.VOID, gift.gift))
            undone.append(Append(gift.to, gift.asset, start, gift.units, gift.gift))
        made = [self._again(index, use) for index, use in enumerate(self._uses)]
        return (*undone, *longer, *made)

    def _append(self, line: str, start: int, end: int, units: int, on: str | None = None) -> int:
        """Where units begin that take the place of others of a line, on the same or `on` another."""
        now = on or line
        to = self._line_ends.get(now, self._lines.length(now))
        self._line_ends[now] = to + units
        self._moved[line].append(_Moved(start, end, now, to, units))
        if now != line:
            self.left.append((line, start, end, now))
        return to

    def _again(self, index: int, old: Use) -> Use:
        """A use in its new shape, on the units that stand for those that it had."""
        shape = self._shapes.get(old.id)
        if shape is None:
            shape = self._on_what_is_left(index, old)
        before = {(part.kind, part.line): part for part in old.parts if part.line is not None}
        parts: list[Part] = []
        for part in shape.parts:
            if part.line is None or line_named(part.line).kind in _OPENED:
                parts.append(part)
                continue
            line = part.line if (part.kind, part.line) in before else self._was.get(part.line, part.line)
            was = before.pop((part.kind, line), None)
            start, end = (0, 0) if was is None else (was.start, was.start + was.out)
            parts.append(part._replace(start=self._append(line, start, end, part.out, part.line)))
        for (_, line), gone in before.items():
            if line_named(line).kind not in _OPENED:
                self._moved[line].append(_Moved(gone.start, gone.start + gone.out, line, 0, 0))
        return shape._replace(parts=tuple(parts))

    def _on_what_is_left(self, index: int, old: Use) -> Use:
        """A use with the units that it had, or others of the same where those are gone; a count has all of them."""
        counts = use_named(old.id).cause in _COUNTS
        moved = [one for one in self._moved.get(old.line, ()) if one.offsets_of(old.pieces)]
        pieces = list(without(old.pieces, [(one.start, one.end) for one in moved]))
        line = self._line_now(old, moved, stays=bool(pieces))
        missing: dict[int, int] = {}
        for at, one in enumerate(moved):
            offsets = one.offsets_of(old.pieces)
            same = common(offsets, one.free)
            if counts:
                same = joined((*same, *common(one.free, ((one.end - one.start, one.units),))))
            missing[at] = 0 if counts else units_in(offsets) - units_in(same)
            pieces += one.take(same)
        left_units = sum(part.share for part in old.parts if part.kind is not PartKind.STAYS)
        for at, one in enumerate(moved):
            wanted = left_units - units_in(pieces) if counts else missing[at]
            others = self._others(index, old, one, wanted)
            pieces += one.take(others)
            if units_in(others) < wanted and (not counts or at == len(moved) - 1):
                raise self._too_few(old.line, one)
        taken = joined(pieces)
        if not counts:
            return old._replace(line=line, pieces=taken)
        units = units_in(taken)
        return old._replace(
            line=line, pieces=taken, scale=units, parts=_counted(old, line, units, left_units)
        )

    def _line_now(self, old: Use, moved: Sequence[_Moved], *, stays: bool) -> str:
        """The line that a use takes from then: of one that some of its pieces left, where all of them did."""
        lines = {one.line for one in moved if one.units} | ({old.line} if stays else set())
        if len(lines) > 1:
            name = use_named(old.id)
            raise Conflict.field(
                "entry",
                "{kind} {number} took pieces of other papers there too; reverse that first, and record it again after",
                kind=name.cause.value,
                number=name.number,
            )
        return next(iter(lines), old.line)

    def _others(self, index: int, old: Use, moved: _Moved, wanted: int) -> tuple[Piece, ...]:
        """Other offsets for those that are gone, as many as there are: first such as nobody later has."""
        if wanted <= 0:
            return ()
        later = [
            use for use in self._uses[index + 1 :] if use.line == old.line and use.id not in self._shapes
        ]
        kept = [piece for use in later for piece in moved.offsets_of(use.pieces)]
        first, _ = lowest(without(moved.free, kept), wanted)
        rest, _ = lowest(without(moved.free, first), wanted - units_in(first))
        return (*first, *rest)

    def _too_few(self, line: str, moved: _Moved) -> Refused:
        """What is refused, and which papers count."""
        went, papers = 0, dict[str, None]()
        for use in self._uses:
            units = units_in(moved.offsets_of(use.pieces)) if use.line == line else 0
            stays = sum(part.share for part in use.parts if part.kind is PartKind.STAYS)
            if units:
                went += units - min(units, stays)
                papers[_called(use)] = None
        goods = line_named(line)
        return Refused.field(
            "new",
            "leaves {left} of {goods}, and {gone} of them went on ({papers}), which count; correct these first, or "
            "give a number that leaves enough",
            left=moved.units,
            goods=Wording("{lot} at {place}", {"lot": str(goods.lot), "place": goods.place})
            if isinstance(goods, GoodsLine)
            else line,
            gone=went,
            papers=list(papers),
        )

    def _ended_again(self, use: Use) -> Iterator[Resize]:
        """What ended in a use and went on after all has a line of its own, which is as long as that part."""
        for (_, index), line in sorted(self._lines.resumed((use.id,)).items()):
            out, length = use.parts[index].out, self._lines.length(line)
            if out < length and any(
                span.state is not UnitState.FREE for span in self._lines.spans(line, out, length)
            ):
                kind = use.parts[index].kind.value
                raise Refused.field(
                    "new",
                    "leaves {pieces} {kind}, and more of them were found, replaced or paid back since, which count",
                    pieces=out,
                    kind=kind,
                )
            if out != length:
                yield Resize(line, out)


def _yielded(use: Use) -> list[tuple[str, int, int]]:
    """What a use brought to lines that others take from, (line, first, end)."""
    return [(part.line, part.start, part.start + part.out) for part in use.parts if part.line and part.out]


def _first_recorded(context: Context, name: str, seq: int) -> int:
    """The entry of the paper of a use, which a correction may have made again since."""
    entry = context.entry(seq)
    undone = [] if entry is None else [op.id for op in entry.operations if isinstance(op, Undo)]
    if name not in undone:
        return seq
    use = context.books.lines.use(name)
    for part in use.parts:
        if part.line is not None and part.out:
            return context.books.lines.sources(part.line, part.start, part.start + part.out)[0].entry
    return seq


def _counted(old: Use, line: str, units: int, units_left: int) -> tuple[Part, ...]:
    """The parts of a count of which other units are there: what it found is the same, and the rest stays."""
    parts = [part for part in old.parts if part.kind not in {PartKind.STAYS, PartKind.ON}]
    if units > units_left:
        parts.append(Part(PartKind.STAYS, units - units_left, units - units_left, line))
    return (*parts, *(part for part in old.parts if part.kind is PartKind.ON))


def _called(use: Use) -> str:
    name = use_named(use.id)
    return f"{name.cause.value} {name.number}"
