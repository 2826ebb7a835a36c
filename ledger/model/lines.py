"""Lines of units as tables: the lines, the state of their units, where those came from, and the uses that took them.

Folded from the operations of entries (ledger/core/lines.py says what they mean); written by SQLAlchemy Core alone, in
ledger/tracing. Units are counted from 0 along a line; `start` is the first unit of an interval, `stop` the one after
its last. A line, a use and a hold are called as entries call them, so rows are read, joined and compared by name.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field, Index

from ledger.core.accounts import AccountClass
from ledger.core.lines import PartKind, UnitState
from ledger.core.names import LineKind, UseCause
from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, TEXT, Table, Word, one_of


class LineRow(Table, table=True):
    """A line, with what its name says in columns; those that its kind has no word for are empty.

    `number` is that of the order, the loan or the repayment; of what a spend carried away, the spend's txid. `length`
    is how many units the line has, `filled` how far payments have reached on an order's line (else the length).
    """

    __tablename__: ClassVar[Any] = "lines"
    __table_args__ = (
        one_of("kind", LineKind),
        one_of("at", AccountClass),
        Index("lines_kind", "kind", "campaign", "restriction", "asset"),
        Index("lines_number", "kind", "number"),
        Index("lines_ended", "ended_use", "ended_part"),
        KEYED,
    )
    name: str = Field(primary_key=True, sa_type=TEXT)
    kind: LineKind = Field(sa_type=Word(LineKind))
    campaign: str | None = Field(default=None, sa_type=TEXT)
    asset: str = Field(sa_type=TEXT)
    restriction: str | None = Field(default=None, sa_type=TEXT)
    number: str | None = Field(default=None, sa_type=TEXT)
    item: str | None = Field(default=None, sa_type=TEXT)
    at: AccountClass | None = Field(default=None, sa_type=Word(AccountClass))
    place: str | None = Field(default=None, sa_type=TEXT)
    product: str | None = Field(default=None, sa_type=TEXT)
    lot: str | None = Field(default=None, sa_type=TEXT)
    ended_use: str | None = Field(default=None, sa_type=TEXT)
    ended_part: int | None = Field(default=None, sa_type=LONG)
    length: int = Field(sa_type=LONG)
    filled: int = Field(sa_type=LONG)


class UseRow(Table, table=True):
    """A use: it took the pieces (`use_pieces`) of a line, counts them 0 to `scale` and parts them (`use_parts`).

    `undone_by` is the entry that took it back. Its name says what took the units, and the paper's campaign and number.
    """

    __tablename__: ClassVar[Any] = "uses"
    __table_args__ = (
        one_of("cause", UseCause),
        Index("uses_undone", "line", "undone_by"),
        Index("uses_paper", "campaign", "cause", "number"),
        KEYED,
    )
    name: str = Field(primary_key=True, sa_type=TEXT)
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
    cause: UseCause = Field(sa_type=Word(UseCause))
    campaign: str = Field(sa_type=TEXT)
    number: str = Field(sa_type=TEXT)
    line: str = Field(sa_type=TEXT, foreign_key="lines.name")
    scale: int = Field(sa_type=LONG)
    undone_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class UsePieceRow(Table, table=True):
    """Units of its line that a use took, in the order in which it counts them."""

    __tablename__: ClassVar[Any] = "use_pieces"
    __table_args__ = (KEYED,)
    use: str = Field(primary_key=True, sa_type=TEXT, foreign_key="uses.name")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    start: int = Field(sa_type=LONG)
    stop: int = Field(sa_type=LONG)


class UsePartRow(Table, table=True):
    """`share` counts of a use, which became `out` units of a line from `start` on; no line: they ended there."""

    __tablename__: ClassVar[Any] = "use_parts"
    __table_args__ = (one_of("kind", PartKind), Index("use_parts_line", "line", "start"), KEYED)
    use: str = Field(primary_key=True, sa_type=TEXT, foreign_key="uses.name")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    kind: PartKind = Field(sa_type=Word(PartKind))
    share: int = Field(sa_type=LONG)
    out: int = Field(sa_type=LONG)
    line: str | None = Field(default=None, sa_type=TEXT, foreign_key="lines.name")
    start: int = Field(sa_type=LONG)


class SpanRow(Table, table=True):
    """Units of a line that are in one state; the spans of a line tile it.

    `ref` says why: the use that took them, the hold that keeps them, or what made them void.
    """

    __tablename__: ClassVar[Any] = "line_spans"
    __table_args__ = (one_of("state", UnitState), Index("line_spans_state", "line", "state", "stop"), KEYED)
    line: str = Field(primary_key=True, sa_type=TEXT, foreign_key="lines.name")
    start: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    stop: int = Field(sa_type=LONG)
    state: UnitState = Field(sa_type=Word(UnitState))
    ref: str = Field(sa_type=TEXT)


class SourceRow(Table, table=True):
    """Where units of a line came from: a gift, or a part of a use; `entry` appended them."""

    __tablename__: ClassVar[Any] = "line_sources"
    __table_args__ = (KEYED,)
    line: str = Field(primary_key=True, sa_type=TEXT, foreign_key="lines.name")
    start: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    stop: int = Field(sa_type=LONG)
    gift: str | None = Field(default=None, sa_type=TEXT)
    use: str | None = Field(default=None, sa_type=TEXT, foreign_key="uses.name")
    part: int = Field(sa_type=LONG)
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
