"""What later entries changed of what a donor had been told, and why: reversals, losses, voids, closings, recalls.

Found by the uses that touch the gift's units, standing and undone; what went on as a step tells is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.core.entry import Entry, entry_from_bytes
from ledger.core.frozen import Amount
from ledger.core.lines import UnitState, Use
from ledger.core.names import GoodsLine, OrderLine, UseCause, line_named, noun_of_kind, use_named
from ledger.core.times import rfc3339
from ledger.core.wording import WrongValue
from ledger.model.balances import SubjectKind
from ledger.rules.observing import Departure
from ledger.store.transaction import Reading
from ledger.tracing.state import Lines
from ledger.tracing.subjects import Subject, entries_about
from ledger.views.places import Left, PlaceNames
from ledger.views.trail import ChangeKind, Place, TrailChange

FOREVER = 2**62
_KINDS = {
    "reversal": ChangeKind.REVERSED,
    "void": ChangeKind.VOIDED,
    "restore": ChangeKind.RESTORED,
    "moved": ChangeKind.MOVED,
    "valuation": ChangeKind.VALUED,
    "loss": ChangeKind.LOST,
    "loss.found": ChangeKind.FOUND,
    "return": ChangeKind.RETURNED,
    "closing.approved": ChangeKind.CLOSED,
    "recall": ChangeKind.RECALLED,
    "recall.ended": ChangeKind.LOST,
    "move.approved": ChangeKind.FEE,
    "own-move": ChangeKind.FEE,
    "custody-fee.approved": ChangeKind.FEE,
    "bank-fee.approved": ChangeKind.CHARGED,
    "correction.approved": ChangeKind.CORRECTED,
    "gift-return.approved": ChangeKind.EXCHANGED,
    "cover.approved": ChangeKind.COVERED,
}


@dataclass(frozen=True, slots=True)
class GivenUnits:
    """A gift by the entry that recorded it: its line and its units there, if any; the height of its first block."""

    entry: int
    units: tuple[str, int, int] | None
    first_height: int | None = None


@dataclass
class _Both:
    """What an entry made of the gift's units: where they were and where they are."""

    said: list[Left] = field(default_factory=list)
    says: list[Left] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Run:
    """Units of a line that are the gift's from entry `born` until entry `died`."""

    line: str
    start: int
    end: int
    born: int
    died: int


class LaterChanges:
    """Finds the changes of gifts of one campaign; what lines were asked of once is kept for the next gift."""

    def __init__(
        self, tx: Reading, lines: Lines, campaign: str, names: PlaceNames, known_entries: frozenset[str]
    ) -> None:
        """`known_entries`: the kinds of uses that a trail tells as steps."""
        # A spend is told by the step that explains it.
        self._ordinary = known_entries | {UseCause.SPEND.value}
        self._tx, self._lines, self._campaign, self._names = tx, lines, campaign, names
        self._undone: dict[str, list[tuple[Use, int, int]]] = {}
        self._known: dict[str, Use] = {}
        self._recorded: dict[str, int] = {}
        self._about: dict[Subject, list[int]] = {}
        self._resumed: dict[str, dict[int, str]] = {}

    def of(self, gift: str, given: GivenUnits) -> tuple[TrailChange, ...]:
        """The changes of a gift, oldest first; `gift` is its name on the line."""
        by_entry: dict[int, _Both] = defaultdict(_Both)
        if given.units is not None:
            self._follow(_Run(*given.units, given.entry, FOREVER), by_entry)
        about = entries_about(self._tx.session, Subject(SubjectKind.GIFT, self._campaign, gift))
        changes = [self._about_gift(seq, gift, given) for seq in about]
        for seq, both in by_entry.items():
            entry = self._entry(seq)
            closes, opens = entry.kind == "closing.approved", _undone_kind(entry) == "closing.approved"
            said, says = self._names.of(both.said, claim=opens), self._names.of(both.says, claim=closes)
            if entry.kind != "recall":
                said, says = less(said, says), less(says, said)
            # Where all that bore on this gift came to nothing, nothing that was said has changed.
            if said or says:
                changes.append(_change_of(entry, said, says))
        return tuple(sorted(changes, key=lambda change: change.entry or 0))

    # the gift's units through all that ever took them

    def _follow(self, first: _Run, by_entry: dict[int, _Both]) -> None:
        work = [first]
        steps: dict[int, _Both] = defaultdict(_Both)
        while work:
            run = work.pop()
            for use, low, high, recorded, undone in self._uses(run):
                born, died = max(run.born, recorded), min(run.died, undone)
                if born >= died:
                    continue
                before = [Left(run.line, a, b) for a, b in use.pieces_between(low, high)]
                after = list(self._outs(use, low, high))
                if undone < FOREVER:
                    by_entry[undone].said.extend(after)
                    by_entry[undone].says.extend(before)
                # What reached this gift only later was never told of it otherwise.
                if run.born < recorded:
                    is_ordinary = use_named(use.id).cause in self._ordinary
                    (steps if is_ordinary else by_entry)[recorded].said.extend(before)
                    (steps if is_ordinary else by_entry)[recorded].says.extend(after)
                for index, left in zip(self._indexes(use, low, high), after, strict=True):
                    resumed = self._resumed_of(use).get(index)
                    if left.ended is None:
                        work.append(_Run(left.line, left.start, left.end, born, died))
                    elif resumed is not None:
                        work.append(_Run(resumed, left.start, left.end, born, died))
            self._meanwhile(run, by_entry)
        for seq in by_entry.keys() & steps.keys():
            # An entry that takes a use back and records it anew with other units changed only what differs.
            by_entry[seq].said.extend(steps[seq].said)
            by_entry[seq].says.extend(steps[seq].says)

    def _uses(self, run: _Run) -> Iterator[tuple[Use, int, int, int, int]]:
        """(use, counts from, to, entry that recorded it, entry that undid it) of all that took units of a run."""
        spans = self._lines.spans(run.line, run.start, run.end)
        names = dict.fromkeys(span.ref for span in spans if span.state is UnitState.USED)
        standing, recorded_by = self._uses_named(names), self._recorded_by(names)
        rows = [(standing[name], recorded_by[name], FOREVER) for name in names]
        for use, recorded, undone in [*rows, *self._undone_on(run.line)]:
            count = 0
            for start, end in use.pieces:
                low, high = max(run.start, start), min(run.end, end)
                if low < high:
                    yield use, count + low - start, count + high - start, recorded, undone
                count += end - start

    def _outs(self, use: Use, low: int, high: int) -> Iterator[Left]:
        below, above = use.outs_at(low), use.outs_at(high)
        for index in self._indexes(use, low, high):
            part = use.parts[index]
            if part.line is None:
                yield Left(use.line, below[index], above[index], (use, part))
            else:
                yield Left(part.line, part.start + below[index], part.start + above[index])

    @staticmethod
    def _indexes(use: Use, low: int, high: int) -> list[int]:
        """The parts that counts `low..high` yield units of."""
        outs = enumerate(zip(use.outs_at(low), use.outs_at(high), strict=True))
        return [index for index, (first, last) in outs if first < last]

    def _undone_on(self, line: str) -> list[tuple[Use, int, int]]:
        kept = self._undone.get(line)
        if kept is None:
            rows = self._lines.undone(line)
            names = [row.use for row in rows]
            uses, recorded_by = self._uses_named(names), self._recorded_by(names)
            kept = [(uses[row.use], recorded_by[row.use], row.by) for row in rows]
            self._undone[line] = kept
        return kept

    def _resumed_of(self, use: Use) -> dict[int, str]:
        """The lines of what ended in a use and went on after all, by index of its part."""
        if use.id not in self._resumed:
            ends = any(part.line is None for part in use.parts)
            resumed = self._lines.resumed((use.id,)) if ends else {}
            self._resumed[use.id] = {part: line for (_, part), line in resumed.items()}
        return self._resumed[use.id]

    def _uses_named(self, names: Iterable[str]) -> dict[str, Use]:
        self._known |= self._lines.uses(name for name in names if name not in self._known)
        return self._known

    def _recorded_by(self, names: Iterable[str]) -> dict[str, int]:
        self._recorded |= self._lines.recorded_by(name for name in names if name not in self._recorded)
        return self._recorded

    # what changes units without taking them: a closed order, a recalled lot

    def _meanwhile(self, run: _Run, by_entry: dict[int, _Both]) -> None:
        subject = _subject_of(run.line)
        if subject is None:
            return
        kept = self._about.get(subject)
        if kept is None:
            kept = self._about[subject] = entries_about(self._tx.session, subject)
        for seq in kept:
            if run.born < seq < run.died:
                here = [Left(run.line, a, b) for a, b in self._standing(run, seq)]
                if here:
                    by_entry[seq].said.extend(here)
                    by_entry[seq].says.extend(here)

    def _standing(self, run: _Run, seq: int) -> list[tuple[int, int]]:
        """The units of a run that no use had taken when entry `seq` came, nor took with it."""
        taken = sorted(
            piece
            for use, low, high, recorded, undone in self._uses(run)
            if recorded <= seq < undone
            for piece in use.pieces_between(low, high)
        )
        free, at = [], run.start
        for start, end in taken:
            if at < start:
                free.append((at, start))
            at = max(at, end)
        return [*free, (at, run.end)] if at < run.end else free

    # the gift itself

    def _about_gift(self, seq: int, gift: str, given: GivenUnits) -> TrailChange:
        entry = self._entry(seq)
        detail: list[tuple[str, str]] = []
        undone = entry.notes.get("reversed", {})
        valuation = undone.get("notes", {}).get("valuation")
        if valuation:
            detail.append(("value_said", f"{valuation['value']} {valuation['currency']}"))
        elif "valuation" in entry.notes:
            valuation = entry.notes["valuation"]
            detail.append(("value", f"{valuation['value']} {valuation['currency']}"))
        if entry.facts.get("height") is not None:
            detail.append(("block", str(entry.facts["height"])))
        if entry.kind in {"void", "moved"}:
            detail.append(("block_said", str(self._height_before(seq, gift, given))))
        if entry.notes.get("sats"):
            detail.append(("covered", f"{entry.notes['sats']} BTC"))
        if entry.notes.get("shortfall"):
            detail.append(("used_already", f"{entry.notes['shortfall']} BTC"))
        return _change_of(entry, (), (), tuple(detail))

    def _height_before(self, seq: int, gift: str, given: GivenUnits) -> int | None:
        """The block that a gift was in before an entry moved or voided it."""
        height = given.first_height
        for earlier in entries_about(self._tx.session, Subject(SubjectKind.GIFT, self._campaign, gift)):
            if earlier < seq:
                height_told = self._entry(earlier).facts.get("height")
                height = height if height_told is None else int(height_told)
        return height

    def _entry(self, seq: int) -> Entry:
        row = self._tx.journal.by_seq(seq)
        if row is None:
            raise WrongValue("touched: entry {seq} is named and not in the journal", seq=seq)
        return entry_from_bytes(row.data)


def left_block(departure: Departure) -> TrailChange:
    """A block that held a payment, not yet in the books, left the chain."""
    return TrailChange(
        kind=ChangeKind.LEFT,
        entry=None,
        at=departure.left_at,
        date=departure.left_at[:10],
        of=None,
        why="",
        said=(),
        says=(),
        detail={"block_said": str(departure.height), "block_time": rfc3339(departure.time)},
    )


def _undone_kind(entry: Entry) -> str:
    undone = entry.notes.get("reversed", {})
    return str(undone.get("kind", ""))


def _subject_of(line: str) -> Subject | None:
    match line_named(line):
        case OrderLine(campaign=campaign, order=number):
            return Subject(SubjectKind.ORDER, campaign, number)
        case GoodsLine(campaign=campaign, lot=lot):
            return Subject(SubjectKind.LOT, campaign, str(lot))
    return None


def less(places: tuple[Place, ...], others: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places without the units that the others have there too."""
    there = {_without_units(place): place.amount.minor for place in others}
    return tuple(
        place.model_copy(update={"amount": Amount.of(place.amount.asset, left)})
        for place in places
        if (left := place.amount.minor - there.get(_without_units(place), 0)) > 0
    )


def _without_units(place: Place) -> Place:
    return place.model_copy(update={"amount": Amount.of(place.amount.asset, 0)})


def _change_of(
    entry: Entry, said: tuple[Place, ...], says: tuple[Place, ...], detail: tuple[tuple[str, str], ...] = ()
) -> TrailChange:
    undone = entry.notes.get("reversed")
    if undone is not None:
        number = undone["facts"].get("number") or undone["facts"].get("waybill") or ""
        detail = (("undone", f"{noun_of_kind(undone['kind'])} {number}".strip()), *detail)
    else:
        named = {"closing.approved": entry.notes.get("order"), "recall": entry.facts.get("number")}
        number = named.get(entry.kind) or entry.facts.get("number")
        detail = (("number", str(number)), *detail) if number else detail
    return TrailChange(
        kind=_KINDS.get(entry.kind, ChangeKind.OTHER),
        entry=entry.seq,
        at=entry.at,
        date=entry.date,
        of=entry.reverses,
        why=str(entry.facts.get("reason") or entry.facts.get("cause") or ""),
        said=said,
        says=says,
        detail=dict(detail),
    )
