"""Checks of days: facts stand in order, and no place is below zero at the end of any (docs/rules.md, 18).

They ask the journal and what rows point to, not how a fact was let in. None of them mends anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, and_, func, or_, select, union
from sqlalchemy import Table as SqlTable

from ledger.checks.finding import Finding
from ledger.core.wording import Figure
from ledger.model.columns import table_of
from ledger.model.journal import EntryRow
from ledger.model.lines import LineRow, SourceRow, UsePieceRow, UseRow
from ledger.model.proposals import HoldRow
from ledger.model.tables import model_tables
from ledger.rules.balances import days_below_zero
from ledger.rules.rests_on import SPENDS, excuses
from ledger.store.transaction import Reading

_DECIDED = "decided_by"
_APART = "blocked_by"
"""Why a coin lies apart: the chain settles it, whenever the block was told."""
_ENTRIES = table_of(EntryRow)


def no_day_below_zero(tx: Reading) -> Iterator[Finding]:
    """No wallet, bank, stock or transit ends an accounting day with less than nothing."""
    for low in days_below_zero(tx.session):
        yield Finding.of(
            "no_day_below_zero",
            low.account,
            "{place} holds {held} at the end of {day}",
            place=low.account,
            held=Figure(low.asset, low.units),
            day=low.date,
        )


def days_in_order(tx: Reading) -> Iterator[Finding]:
    """No fact is booked before what it rests on, and none happened before it without a reason that is told.

    A fact rests on what its rows name by a foreign key, on what it decides, and on what brought the units it takes.
    """
    for later, earlier in tx.session.connection().execute(_disordered()):
        first, second = (tx.session.get_one(EntryRow, seq) for seq in (earlier, later))
        if second.date < first.date:
            yield Finding.of(
                "days_in_order",
                str(later),
                "entry {later} ({kind}) rests on entry {earlier} ({before}), and is booked on {day}, before {rests}",
                later=later,
                kind=second.kind,
                earlier=earlier,
                before=first.kind,
                day=second.date,
                rests=first.date,
            )
        elif second.day and first.day and not excuses(second.out_of_order, second.day, first.day):
            yield Finding.of(
                "days_in_order",
                str(later),
                "entry {later} ({kind}) rests on entry {earlier} ({before}), and happened on {day}, before {rests}, "
                "which no reason excuses",
                later=later,
                kind=second.kind,
                earlier=earlier,
                before=first.kind,
                day=second.day,
                rests=first.day,
            )


@cache
def _disordered() -> Select[Any]:
    """(later, earlier) of the journal where the later fact is of an earlier day than what it rests on."""
    pairs = _resting().subquery()
    later, earlier = _ENTRIES.alias("later"), _ENTRIES.alias("earlier")
    told_day = and_(later.c.day < earlier.c.day, earlier.c.kind.not_in(sorted(SPENDS)))
    return (
        select(pairs.c.later, pairs.c.earlier)
        .join(later, later.c.seq == pairs.c.later)
        .join(earlier, earlier.c.seq == pairs.c.earlier)
        .where(later.c.day.is_not(None), earlier.c.day.is_not(None))
        .where(or_(later.c.date < earlier.c.date, told_day))
        .order_by(pairs.c.later, pairs.c.earlier)
    )


@cache
def _resting() -> CompoundSelect[Any]:
    """All (later, earlier) of which one rests on the other, by entries."""
    return union(*_by_keys(), *_by_units())


def _entries_of(table: FromClause) -> list[Any]:
    """The columns of a table that hold the entry of its fact, and the one that decided it."""
    return [table.c[name] for name in ("entry", _DECIDED) if name in table.c]


def _has_entry(table: SqlTable) -> bool:
    return [column.name for column in table.primary_key.columns] == ["entry"]


def _by_keys() -> Iterator[Select[Any]]:
    """What rows of facts name by foreign keys; what they name and came later, they do not rest on."""
    for table in filter(_has_entry, model_tables()):
        for key in table.foreign_key_constraints:
            if _APART in key.column_keys:
                continue
            target = key.referred_table
            aliased = target.alias("named")
            joined = and_(*(e.parent == aliased.c[e.column.name] for e in key.elements))
            if target is _ENTRIES:
                pairs = [(one, aliased.c.seq) for one in _entries_of(table)]
            elif _has_entry(target):
                pairs = [(one, other) for one in _entries_of(table) for other in _entries_of(aliased)]
            else:
                continue
            for later, earlier in pairs:
                both = select(later.label("later"), earlier.label("earlier"))
                yield both.join(aliased, joined).where(later > earlier)


def _by_units() -> Iterator[Select[Any]]:
    """What brought the units that uses took and proposals held, or that they ended in, if it came before them."""
    sources, uses = table_of(SourceRow), table_of(UseRow)
    lines, ended = table_of(LineRow), uses.alias("ended")
    yield (
        select(uses.c.entry.label("later"), ended.c.entry.label("earlier"))
        .join(lines, lines.c.name == uses.c.line)
        .join(ended, ended.c.name == lines.c.ended_use)
        .where(uses.c.entry > ended.c.entry)
    )
    pieces, holds = table_of(UsePieceRow), table_of(HoldRow)
    for entry, line, start, stop, joined in (
        (
            uses.c.entry,
            uses.c.line,
            pieces.c.start,
            pieces.c.stop,
            pieces.join(uses, uses.c.name == pieces.c.use),
        ),
        (holds.c.entry, holds.c.line, holds.c.start, holds.c.stop, holds),
    ):
        earlier = sources.alias("earlier")
        # Sources of a line do not overlap: the first that touches a piece is the last that begins before it.
        first = select(func.max(earlier.c.start)).where(earlier.c.line == line, earlier.c.start <= start)
        yield (
            select(entry.label("later"), sources.c.entry.label("earlier"))
            .select_from(joined)
            .join(
                sources,
                and_(
                    sources.c.line == line,
                    sources.c.start >= func.coalesce(first.scalar_subquery(), 0),
                    sources.c.start < stop,
                    sources.c.stop > start,
                ),
            )
            .where(entry > sources.c.entry)
        )
