"""The state of all lines: which units are free, held, used or void, where they came from, and the uses of them.

It asks the tables of ledger/model/lines.py and changes nothing (ledger/tracing/changing.py does). What is asked of
many lines or uses at once is one question.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import NamedTuple, TypeVar, TypeVarTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Executable,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy import Table as SqlTable
from sqlmodel import Session

from ledger.core.accounts import AccountClass
from ledger.core.errors import Conflict
from ledger.core.lines import Part, Piece, Source, Span, UnitState, Use, lowest, units_in
from ledger.core.names import ExchangeLine, GoodsLine, LineKind, MoneyLine, SpentLine, UseCause, line_named
from ledger.model.columns import table_of
from ledger.model.journal import EntryRow
from ledger.model.keys import OfKeys, by_size
from ledger.model.lines import LineRow, SourceRow, SpanRow, UsePartRow, UsePieceRow, UseRow

T = TypeVar("T", Span, Source)
Ts = TypeVarTuple("Ts")
Run = tuple[str, int, int]
"""Units `start..end` of a line."""


class LineState(NamedTuple):
    """A line's own row: `filled` is how far payments have reached on an order's line, elsewhere its length."""

    asset: str
    kind: LineKind
    length: int
    filled: int


class Came(NamedTuple):
    """Units of a line that are free still, and the entry that brought them, with its accounting day."""

    line: str
    entry: int
    date: str
    units: int


class Undone(NamedTuple):
    """A use that a later entry took back: the use's name, and the number of that entry."""

    use: str
    by: int


LINES, SPANS, SOURCES = table_of(LineRow), table_of(SpanRow), table_of(SourceRow)
USES, PIECES, PARTS = table_of(UseRow), table_of(UsePieceRow), table_of(UsePartRow)

_NAMES = 500
"""So many lines or uses are asked for in one question."""

_line = bindparam("line", type_=Text)
_LINE = select(LINES.c.asset, LINES.c.kind, LINES.c.length, LINES.c.filled).where(LINES.c.name == _line)
_ALL_LINES = select(LINES.c.name).order_by(LINES.c.name)
_WHOLE = (
    select(SPANS.c.start, SPANS.c.stop, SPANS.c.state, SPANS.c.ref)
    .where(SPANS.c.line == _line)
    .order_by(SPANS.c.start)
)
_FREE_UNITS = select(func.coalesce(func.sum(SPANS.c.stop - SPANS.c.start), 0)).where(
    SPANS.c.line == _line, SPANS.c.state == UnitState.FREE
)
_FREE = (
    select(SPANS.c.start, SPANS.c.stop)
    .where(
        SPANS.c.line == _line,
        SPANS.c.state == UnitState.FREE,
        SPANS.c.stop > bindparam("low", type_=BigInteger),
    )
    .order_by(SPANS.c.stop)
)
_names: BindParameter[str] = bindparam("names", type_=Text, expanding=True)
_ON = table_of(EntryRow)
_FREE_SINCE = (
    select(
        SPANS.c.line,
        SPANS.c.start,
        SPANS.c.stop,
        SOURCES.c.start.label("first"),
        SOURCES.c.stop.label("last"),
    )
    .add_columns(SOURCES.c.entry, _ON.c.date)
    .join(
        SOURCES,
        and_(SOURCES.c.line == SPANS.c.line, SOURCES.c.start < SPANS.c.stop, SOURCES.c.stop > SPANS.c.start),
    )
    .join(_ON, _ON.c.seq == SOURCES.c.entry)
    .where(
        SPANS.c.line.in_(_names),
        SPANS.c.state == UnitState.FREE,
        _ON.c.day.is_not(None),
        _ON.c.date > bindparam("since", type_=Text),
    )
)
_USES = select(USES.c.name, USES.c.line, USES.c.scale).where(USES.c.name.in_(_names))
_PIECES = (
    select(PIECES.c.use, PIECES.c.start, PIECES.c.stop)
    .where(PIECES.c.use.in_(_names))
    .order_by(PIECES.c.use, PIECES.c.n)
)
_PARTS = (
    select(PARTS.c.use, PARTS.c.kind, PARTS.c.share, PARTS.c.out, PARTS.c.line, PARTS.c.start)
    .where(PARTS.c.use.in_(_names))
    .order_by(PARTS.c.use, PARTS.c.n)
)
_RESUMED = select(LINES.c.ended_use, LINES.c.ended_part, LINES.c.name).where(LINES.c.ended_use.in_(_names))
_RECORDED = select(USES.c.entry).where(USES.c.name == bindparam("use", type_=Text))
_ENTRIES = select(USES.c.name, USES.c.entry).where(USES.c.name.in_(_names))
_STATES = OfKeys(
    select(LINES.c.name, LINES.c.asset, LINES.c.kind, LINES.c.length, LINES.c.filled).where, LINES.c.name
)
_LENGTHS = OfKeys(select(LINES.c.name, LINES.c.length).where, LINES.c.name)
_WHOLE_OF = (
    select(SPANS.c.line, SPANS.c.start, SPANS.c.stop, SPANS.c.state, SPANS.c.ref)
    .where(SPANS.c.line.in_(_names))
    .order_by(SPANS.c.line, SPANS.c.start)
)
_IN_STATE = (
    select(SPANS.c.line, SPANS.c.start, SPANS.c.stop)
    .where(SPANS.c.line.in_(_names), SPANS.c.state == bindparam("state", type_=Text))
    .order_by(SPANS.c.line, SPANS.c.stop)
)
_TAKEN_BY = (
    select(USES.c.line, PIECES.c.start, PIECES.c.stop, USES.c.cause)
    .join(USES, USES.c.name == PIECES.c.use)
    .where(
        USES.c.line.in_(_names),
        USES.c.undone_by.is_(None),
        USES.c.cause.in_(bindparam("causes", type_=Text, expanding=True)),
    )
    .order_by(USES.c.line, PIECES.c.start)
)
_USED_FROM = (
    select(PARTS.c.line, PARTS.c.start, PARTS.c.out, PARTS.c.use)
    .join(USES, USES.c.name == PARTS.c.use)
    .where(PARTS.c.line.in_(_names), PARTS.c.out > 0, USES.c.undone_by.is_(None))
    .order_by(PARTS.c.line, PARTS.c.start)
)
_RETURNING = (
    select(USES.c.name)
    .join(PARTS, PARTS.c.use == USES.c.name)
    .outerjoin(LINES, (LINES.c.ended_use == PARTS.c.use) & (LINES.c.ended_part == PARTS.c.n))
    .where(
        USES.c.line.in_(_names),
        USES.c.undone_by.is_(None),
        (PARTS.c.line == USES.c.line) | LINES.c.name.is_not(None),
    )
    .distinct()
    .order_by(USES.c.name)
)
_UNDONE = (
    select(USES.c.name, USES.c.undone_by)
    .where(USES.c.line == _line, USES.c.undone_by.is_not(None))
    .order_by(USES.c.name)
)


@cache
def _between(table: SqlTable, size: int) -> Executable:
    """The rows of spans or sources that touch each of `size` runs, with the number of the run before them.

    Rows of a line do not overlap, so the first one is the last that begins at the run's start or before.
    """

    columns = [column for column in table.columns if column.name != "line"]
    each = [
        select(literal_column(str(number)), *columns).where(_touch(table, number)) for number in range(size)
    ]
    return each[0] if size == 1 else union_all(*each)


def _touch(table: SqlTable, number: int) -> ColumnElement[bool]:
    """Does a row of spans or sources touch the run of a number, or is it the one before it?"""
    line = bindparam(f"line{number}", type_=Text)
    start = bindparam(f"start{number}", type_=BigInteger)
    stop = bindparam(f"stop{number}", type_=BigInteger)
    earlier = table.alias()
    # Ordered, not `max`: as long as PostgreSQL counts few rows, it reads all before the run to find the greatest.
    first = (
        select(earlier.c.start)
        .where(earlier.c.line == line, earlier.c.start <= start)
        .order_by(earlier.c.start.desc())
        .limit(literal_column("1"))
    )
    return and_(
        table.c.line == line,
        table.c.start >= func.coalesce(first.scalar_subquery(), literal_column("0")),
        table.c.start < stop,
    )


def brought(number: int) -> ColumnElement[bool]:
    """Did a row of sources bring units of the run of a number? `run_parameters` says which run that is."""
    return and_(_touch(SOURCES, number), SOURCES.c.stop > bindparam(f"start{number}", type_=BigInteger))


_FIRST = 4
"""So many free spans of each of several lines are asked for at once; who wants more asks for that line alone."""


@cache
def _first_free(size: int, ends: int) -> CompoundSelect[int, int, int] | Select[int, int, int]:
    """The first free spans of each of `size` lines, with the number of the line before them; then, numbered on, the
    units that each of `ends` lines has in all."""

    def one(number: int) -> Select[int, int, int]:
        some = (
            select(SPANS.c.start, SPANS.c.stop)
            .where(
                SPANS.c.line == bindparam(f"line{number}", type_=Text),
                SPANS.c.state == bindparam("state", type_=Text),
            )
            .order_by(SPANS.c.stop)
            .limit(literal_column(str(_FIRST)))
            .subquery()
        )
        return select(literal_column(str(number)), some.c.start, some.c.stop)

    def end(number: int) -> Select[int, int, int]:
        name = bindparam(f"end{number}", type_=Text)
        return select(literal_column(str(size + number)), literal_column("0"), LINES.c.length).where(
            LINES.c.name == name
        )

    asked = [*map(one, range(size)), *map(end, range(ends))]
    return asked[0] if len(asked) == 1 else union_all(*asked)


@cache
def _of_columns(names: tuple[str, ...]) -> Select[str]:
    """The names of the lines whose columns are as asked, in order."""
    wanted = [LINES.c[name] == bindparam(f"of_{name}") for name in names]
    return select(LINES.c.name).where(*wanted).order_by(LINES.c.name)


def run_parameters(runs: Sequence[Run], size: int) -> dict[str, str | int]:
    """The parameters of a statement over `size` runs."""
    asked: dict[str, str | int] = {}
    for number in range(size):
        line, start, stop = runs[number] if number < len(runs) else ("", 0, 0)
        asked |= {f"line{number}": line, f"start{number}": start, f"stop{number}": stop}
    return asked


class Lines:
    """All lines of a ledger, read."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    @property
    def connection(self) -> Connection:
        """What all questions go through."""
        return self._connection

    # lines

    def names(self) -> list[str]:
        """The names of all lines, in order."""
        return list(self.connection.scalars(_ALL_LINES))

    def money(
        self, campaign: str | None = None, *, restriction: str | None = None, asset: str | None = None
    ) -> list[MoneyLine]:
        """The money lines of a campaign or of all, by name; of one restriction or asset where one is given."""
        wanted = {"campaign": campaign, "restriction": restriction, "asset": asset}
        names = map(line_named, self._kind(LineKind.MONEY, wanted))
        return [line for line in names if isinstance(line, MoneyLine)]

    def goods(
        self,
        campaign: str | None = None,
        at: AccountClass | None = None,
        *,
        place: str | None = None,
        product: str | None = None,
    ) -> list[GoodsLine]:
        """The lines of goods of a campaign or of all, by name; of a class of places, a place, a product where given."""
        wanted = {"campaign": campaign, "at": at, "place": place, "product": product}
        names = map(line_named, self._kind(LineKind.GOODS, wanted))
        return [line for line in names if isinstance(line, GoodsLine)]

    def spent(self, spend: str) -> list[SpentLine]:
        """The lines of what a spend carried away, by name."""
        names = map(line_named, self._kind(LineKind.SPENT, {"number": spend}))
        return [line for line in names if isinstance(line, SpentLine)]

    def at_exchanges(self, campaign: str, exchange: str | None = None) -> list[ExchangeLine]:
        """The lines of what a campaign's coins lie on at exchanges, or at one, by name."""
        names = map(line_named, self._kind(LineKind.EXCHANGE, {"campaign": campaign, "place": exchange}))
        return [line for line in names if isinstance(line, ExchangeLine)]

    def _kind(self, kind: LineKind, wanted: dict[str, str | None]) -> Iterator[str]:
        given = {"kind": kind} | {column: value for column, value in wanted.items() if value is not None}
        asked = {f"of_{column}": value for column, value in given.items()}
        return iter(self.connection.scalars(_of_columns(tuple(given)), asked).all())

    def state(self, line: str) -> LineState | None:
        row = self.connection.execute(_LINE, {"line": line}).first()
        return None if row is None else LineState(*row)

    def require(self, line: str) -> LineState:
        """The state of a line; raises Conflict where there is none."""
        row = self.state(line)
        if row is None:
            raise Conflict.field("line", "there is no line {line}", line=line)
        return row

    def exists(self, line: str) -> bool:
        return self.state(line) is not None

    def _states(self, lines: Iterable[str]) -> dict[str, LineState]:
        """The states of several lines as they are written; those that there are."""
        rows = _STATES.ask(self._connection, [(line,) for line in lines])
        return {name: LineState(*state) for name, *state in rows}

    def asset(self, line: str) -> str:
        return self.require(line).asset

    def length(self, line: str) -> int:
        """Units that the line has in all, 0 where there is no such line."""
        row = self.state(line)
        return 0 if row is None else row.length

    def filled(self, line: str) -> int:
        """How far payments have reached on an order's line; elsewhere the length."""
        row = self.state(line)
        return 0 if row is None else row.filled

    # units

    def spans(self, line: str, start: int = 0, end: int | None = None) -> list[Span]:
        """The states of `start..end` (else of all units), cut to it, in order."""
        if end is None and not start:
            return [Span(*row) for row in self.connection.execute(_WHOLE, {"line": line})]
        run = line, start, self.length(line) if end is None else end
        return self.spans_of((run,))[run]

    def spans_of(self, runs: Iterable[Run]) -> dict[Run, list[Span]]:
        """The states of several runs, each cut to it, in order."""
        by_run = self._touching(SPANS, Span, runs)
        for (_, start, stop), spans in by_run.items():
            if spans and spans[0].start < start:
                spans[0] = spans[0]._replace(start=start)
            if spans and spans[-1].end > stop:
                spans[-1] = spans[-1]._replace(end=stop)
        return by_run

    def sources(self, line: str, start: int = 0, end: int | None = None) -> list[Source]:
        """Where `start..end` came from, whole rows (not cut), in order; unfilled positions have none."""
        run = line, start, self.length(line) if end is None else end
        return self.sources_of((run,))[run]

    def sources_of(self, runs: Iterable[Run]) -> dict[Run, list[Source]]:
        """Where the units of several runs came from, whole rows (not cut), in order."""
        return self._touching(SOURCES, Source, runs)

    def brought_by_uses(self, lines: Iterable[str]) -> dict[str, list[tuple[int, int, str]]]:
        """(start, end, use) of those units of several lines that standing uses brought: a row a use."""
        brought_units: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for row in self._of_lines(_USED_FROM, lines):
            brought_units[row.line].append((row.start, row.start + row.out, row.use))
        return brought_units

    def _touching(self, table: SqlTable, made: type[T], runs: Iterable[Run]) -> dict[Run, list[T]]:
        """The rows of a table that touch each run, in order: asked once a line, from its first run to its last."""
        by_line: dict[str, list[Run]] = defaultdict(list)
        for run in dict.fromkeys(runs):
            by_line[run[0]].append(run)
        whole = [
            (line, min(start for _, start, _ in mine), max(stop for _, _, stop in mine))
            for line, mine in by_line.items()
        ]
        touching: dict[Run, list[T]] = {}
        for (line, _, _), rows in zip(whole, self._between(table, made, whole), strict=True):
            starts = [row.start for row in rows]
            for run in by_line[line]:
                first = max(0, bisect_right(starts, run[1]) - 1)
                mine = rows[first : bisect_left(starts, run[2])]
                touching[run] = mine[1:] if mine and mine[0].end <= run[1] else mine
        return touching

    def _between(self, table: SqlTable, made: type[T], runs: Sequence[Run]) -> list[list[T]]:
        """The rows of a table that touch each run, in order, and the one before where none does at its start."""
        by_run: list[list[T]] = [[] for _ in runs]
        at = 0
        for size, part in by_size(runs):
            for row in self.connection.execute(_between(table, size), run_parameters(part, size)):
                by_run[at + row[0]].append(made(*row[1:]))
            at += size
        for rows in by_run:
            rows.sort()
        return by_run

    def around(self, pieces: Mapping[str, Iterable[Piece]]) -> dict[str, list[Span]]:
        """By line, the spans that touch some of its pieces or adjoin them, whole, in order."""
        runs: list[Run] = []
        for line, of_line in pieces.items():
            for start, end in sorted(of_line):
                if runs and runs[-1][0] == line and start <= runs[-1][2]:
                    runs[-1] = line, runs[-1][1], max(runs[-1][2], end + 1)
                else:
                    runs.append((line, start - 1, end + 1))
        spans_by_line: dict[str, list[Span]] = {line: [] for line in pieces}
        for (line, _, _), spans in zip(runs, self._between(SPANS, Span, runs), strict=True):
            known = spans_by_line[line]
            # Two runs may have the span between them in common.
            known += spans[1:] if known and spans and spans[0].start <= known[-1].start else spans
        return spans_by_line

    def whole_of(self, lines: Iterable[str]) -> dict[str, list[Span]]:
        """The states of all units of several lines, each in order."""
        spans: dict[str, list[Span]] = defaultdict(list)
        for row in self._of_lines(_WHOLE_OF, lines):
            spans[row.line].append(Span(row.start, row.stop, row.state, row.ref))
        return spans

    def lengths(self, lines: Iterable[str]) -> dict[str, int]:
        """Units that each of several lines has in all; those that there are."""
        return dict(map(tuple, _LENGTHS.ask(self.connection, [(line,) for line in lines])))

    def in_state(self, lines: Iterable[str], state: UnitState) -> dict[str, list[Piece]]:
        """The units of several lines that are in a state, each in order."""
        return _by_line(self._of_lines(_IN_STATE, lines, state=state))

    def taken_by(
        self, lines: Iterable[str], causes: Iterable[UseCause]
    ) -> dict[str, list[tuple[int, int, UseCause]]]:
        """(start, end, cause) of the units of several lines that standing uses of some causes took, each in order."""
        taken: dict[str, list[tuple[int, int, UseCause]]] = defaultdict(list)
        for row in self._of_lines(_TAKEN_BY, lines, causes=[cause.value for cause in causes]):
            taken[row.line].append((row.start, row.stop, UseCause(row.cause)))
        return taken

    def _of_lines(
        self, statement: Select[*Ts], lines: Iterable[str], **more: str | list[str]
    ) -> Iterator[Row[*Ts]]:
        wanted = list(dict.fromkeys(lines))
        for at in range(0, len(wanted), _NAMES):
            yield from self.connection.execute(statement, {"names": wanted[at : at + _NAMES], **more})

    def free_units(self, line: str) -> int:
        """All free units of a line."""
        return int(self.connection.scalar(_FREE_UNITS, {"line": line}) or 0)

    def free_since(self, lines: Iterable[str], since: str) -> list[Came]:
        """What of several lines is free and was brought by entries that are booked after a day."""
        return [
            Came(row.line, row.entry, row.date, min(row.stop, row.last) - max(row.start, row.first))
            for row in self._of_lines(_FREE_SINCE, lines, since=since)
        ]

    def lowest_free(self, line: str, units: int, *, within: Piece | None = None) -> tuple[Piece, ...]:
        """The lowest `units` free units, or fewer where there are not so many (rule 3)."""
        if units <= 0:
            return ()
        taken: list[Piece] = []
        low, high = within or (0, None)
        with self.connection.execute(_FREE, {"line": line, "low": low}) as rows:
            for row in rows:
                if high is not None and row.start >= high:
                    break
                start, end = max(row.start, low), row.stop if high is None else min(row.stop, high)
                taken.append((start, min(end, start + units)))
                units -= taken[-1][1] - start
                if units <= 0:
                    break
        return tuple(taken)

    def to_move(
        self, wanted: Mapping[str, int], onto: Collection[str]
    ) -> tuple[dict[str, tuple[Piece, ...]], dict[str, int]]:
        """What a move from some lines onto others has to know, in one question: the lowest free units of each line,
        so many as are wanted, or fewer where there are not; and how many units each of the others has in all, where
        there is such a line."""
        pieces: dict[str, tuple[Piece, ...]] = {}
        lengths: dict[str, int] = {}
        nothing: tuple[int, Sequence[str]] = (0, ())
        for (size, lines), (ends, others) in zip_longest(
            by_size(list(wanted)), by_size(list(onto)), fillvalue=nothing
        ):
            spans: list[list[Piece]] = [[] for _ in range(size)]
            asked = {f"line{n}": lines[n] if n < len(lines) else "" for n in range(size)}
            asked |= {f"end{n}": others[n] if n < len(others) else "" for n in range(ends)}
            if size:
                asked["state"] = UnitState.FREE
            for number, start, stop in self.connection.execute(_first_free(size, ends), asked):
                if number < size:
                    spans[number].append((start, stop))
                else:
                    lengths[others[number - size]] = stop
            for line, first in zip(lines, spans, strict=False):
                units = wanted[line]
                enough = len(first) < _FIRST or units_in(first) >= units
                taken, _ = lowest(tuple(sorted(first)), units)
                pieces[line] = taken if enough else self.lowest_free(line, units)
        return pieces, lengths

    # uses

    def use(self, name: str) -> Use:
        """A use by its name; raises Conflict where there is none."""
        return self.uses((name,))[name]

    def uses(self, names: Iterable[str]) -> dict[str, Use]:
        """Several uses by their names; raises Conflict where there is none of one."""
        uses_by_name: dict[str, Use] = {}
        wanted = list(dict.fromkeys(names))
        for at in range(0, len(wanted), _NAMES):
            asked = {"names": wanted[at : at + _NAMES]}
            pieces: dict[str, list[Piece]] = defaultdict(list)
            parts: dict[str, list[Part]] = defaultdict(list)
            for use, start, stop in self.connection.execute(_PIECES, asked):
                pieces[use].append((start, stop))
            for use, *part in self.connection.execute(_PARTS, asked):
                parts[use].append(Part(*part))
            for name, line, scale in self.connection.execute(_USES, asked):
                uses_by_name[name] = Use(name, line, tuple(pieces[name]), scale, tuple(parts[name]))
        for name in wanted:
            if name not in uses_by_name:
                raise Conflict.field("use", "there is no use {name}", name=name)
        return uses_by_name

    def uses_in(self, spans: Iterable[Span]) -> dict[str, Use]:
        """The uses that took units of some spans, by name."""
        return self.uses(span.ref for span in spans if span.state is UnitState.USED)

    def has_use(self, name: str) -> bool:
        return self.connection.scalar(_RECORDED, {"use": name}) is not None

    def recorded_by(self, names: Iterable[str]) -> dict[str, int]:
        """The numbers of the entries that recorded some uses."""
        entries: dict[str, int] = {}
        wanted = list(dict.fromkeys(names))
        for at in range(0, len(wanted), _NAMES):
            rows = self.connection.execute(_ENTRIES, {"names": wanted[at : at + _NAMES]})
            entries |= {row.name: row.entry for row in rows}
        return entries

    def returning(self, lines: Iterable[str]) -> dict[str, Use]:
        """The standing uses of several lines that appended to their own line, or of which an end went on after all."""
        return self.uses(row.name for row in self._of_lines(_RETURNING, lines))

    def undone(self, line: str) -> list[Undone]:
        """The uses of a line that were taken back, each with the entry that did."""
        return [Undone(*row) for row in self.connection.execute(_UNDONE, {"line": line})]

    def resumed(self, uses: Iterable[str]) -> dict[tuple[str, int], str]:
        """The lines of what ended in some uses and went on after all, by use and index of its part."""
        lines: dict[tuple[str, int], str] = {}
        wanted = list(dict.fromkeys(uses))
        for at in range(0, len(wanted), _NAMES):
            for use, part, line in self.connection.execute(_RESUMED, {"names": wanted[at : at + _NAMES]}):
                lines[use, part] = line
        return lines


def _by_line(rows: Iterable[Row[str, int, int]]) -> dict[str, list[Piece]]:
    pieces: dict[str, list[Piece]] = defaultdict(list)
    for row in rows:
        pieces[row.line].append((row.start, row.stop))
    return pieces
