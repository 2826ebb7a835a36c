"""Rebuilding: the model folded again from journal and observations, to compare it or to make it anew.

Journal and observations are never touched.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Executable,
    Table,
    delete,
    exists,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.types import NULLTYPE

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import LedgerError
from ledger.model.columns import table_of
from ledger.model.journal import EntryRow
from ledger.model.tables import model_tables
from ledger.recording.record import fold
from ledger.rules.books import Books
from ledger.rules.observing import Observed
from ledger.store.scratch import Scratch, scratch
from ledger.store.transaction import Reading, Writing

FOLDS = 12
"""Raised by whoever changes what a fold leaves: a model of another number is made anew when opened."""
_FOLDED_BY = "folds"
_PROGRESS_EVERY = 500
"""Rows folded between two words to who waits."""


def is_current(tx: Reading) -> bool:
    """Was the stored model folded as this program folds it?"""
    return tx.progress.load(_FOLDED_BY) == str(FOLDS)


def renew(tx: Writing, progress: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Make the model anew where another version folded it; the number of entries folded.

    `progress` is told how many of all entries and observations are folded, now and then.
    Raises LedgerError, with nothing changed, where an entry cannot be read.
    """
    if is_current(tx):
        return 0
    try:
        for table in reversed(model_tables()):
            tx.session.connection().execute(delete(table))
        tx.session.expunge_all()
        fold_all(tx, tx, progress)
    except (KeyError, ValueError) as failure:
        raise LedgerError.field(
            "database",
            "its entries cannot be folded ({failure}); restore a backup, or open it with the version that "
            "wrote it",
            failure=str(failure),
        ) from failure
    tx.progress.save(_FOLDED_BY, str(FOLDS))
    return tx.journal.count()


def fold_all(
    tx: Reading, into: Writing, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> None:
    """Fold the whole journal and all observations into empty tables."""
    books, observed = Books(into), Observed(into.session)
    entries = tx.journal.count()
    everything = entries + tx.observations.head()
    with _nothing_collected():
        rows, done = tx.journal.rows(), 0
        while page := list(islice(rows, _PROGRESS_EVERY)):
            if isinstance(into, Scratch):
                into.keep(page)
            with books.batched():
                for row in page:
                    fold(books, entry_from_bytes(row.data))
            done += len(page)
            if len(page) == _PROGRESS_EVERY:
                progress(done, everything)
        for done, seen in enumerate(tx.observations.rows(), start=entries + 1):
            observed.fold(seen.at, seen.source, seen.kind, seen.subject, seen.data)
            if done % _PROGRESS_EVERY == 0:
                progress(done, everything)
    if everything >= _PROGRESS_EVERY:
        progress(everything, everything)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Folding makes millions of rows that stay and no cycle: looking for cycles would be a third of the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of the model held against the journal: sentences that name what differs, and how many rows of all were.

    `whole`: every row was, in all that it says; else those that were drawn, in entry, campaign and number.
    """

    differences: tuple[str, ...]
    rows: int
    of: int
    whole: bool


def compared(tx: Reading, *, whole: bool) -> Compared:
    """The model held against what the journal gives: all of it where that is short, or if `whole`; else a sample.

    In a sample each row that an entry left has its entry, and drawn ones have its campaign and number.
    """
    if whole or tx.journal.count() + tx.observations.head() <= _SHORT:
        every = model_rows(tx)
        return Compared(tuple(rebuild(tx)), every, every, True)
    differences_found, rows = [], 0
    for table in model_tables():
        if table.c.keys()[:1] == ["entry"] and "campaign" in table.c:
            drawn = _drawn(tx, table)
            differences_found += [
                f"{table.name} {entry} differs from its entry" for entry, same in drawn if not same
            ]
            rows += len(drawn)
    return Compared(tuple(differences_found), rows, model_rows(tx), False)


def _drawn(tx: Reading, table: Table) -> list[tuple[int, bool]]:
    """(entry of a row, is the row of it?) of drawn rows, and of all whose entry is gone."""
    number = table.c["number"] if "number" in table.c else literal(None)
    asked = select(table.c.entry, table.c.campaign, number)
    connection = tx.session.connection()
    gone = asked.where(~exists().where(_ENTRIES.c.seq == table.c.entry))
    rows = {
        *connection.execute(gone).all(),
        *connection.execute(asked.order_by(func.random()).limit(_DRAWN)).all(),
    }
    return sorted((entry, _is_of(tx, entry, campaign, row)) for entry, campaign, row in rows)


def _is_of(tx: Reading, entry: int, campaign: str, number: str | None) -> bool:
    row = tx.journal.by_seq(entry)
    if row is None or row.campaign != campaign:
        return False
    facts = entry_from_bytes(row.data).facts
    return number is None or facts.get("number", number) == number


_SHORT = 5_000
"""Entries and observations that are folded again in about two seconds."""
_DRAWN = 100
"""Rows of a table that are drawn for a sample."""
_ENTRIES = table_of(EntryRow)


def rebuild(tx: Reading) -> list[str]:
    """Sentences that name each row of the model that is not what the journal and observations give."""
    with folded(tx) as made:
        return differences(tx, made)


@contextmanager
def folded(tx: Reading) -> Iterator[Scratch]:
    """What the journal and observations of a ledger give, in a database of its own, gone with the block."""
    with scratch() as made:
        fold_all(tx, made)
        yield made


def differences(tx: Reading, made: Scratch) -> list[str]:
    """Sentences that name each row of the model that is not what was folded again."""
    differing: list[str] = []
    stored, again = tx.session.connection(), made.session.connection()
    filled = {*stored.scalars(_filled()), *again.scalars(_filled())}
    for table in model_tables():
        if table.name in filled:
            differing += _differences(table, stored, again)
    return differing


@cache
def _filled() -> CompoundSelect[str]:
    """The names of those tables of the model that have rows."""
    return union_all(
        *(select(literal(table.name)).where(exists(select(1).select_from(table))) for table in model_tables())
    )


def model_rows(tx: Reading) -> int:
    """How many rows the model has."""
    return sum(tx.session.scalar(select(func.count()).select_from(table)) or 0 for table in model_tables())


def _differences(table: Table, stored: Connection, again: Connection) -> Iterator[str]:
    """The rows of a table that are not the same on both sides, by their primary keys."""
    query = _all_of(table)
    one, other = (side.execute(query).all() for side in (stored, again))
    if set(one) == set(other):
        return
    left, right = ({_key(table, row): row for row in rows} for rows in (one, other))
    for key in sorted(left.keys() | right.keys(), key=str):
        named = f"{table.name} {' '.join(map(str, key))}"
        if key not in left:
            yield f"{named} is missing"
        elif key not in right:
            yield f"{named} should not be"
        else:
            pairs = zip(table.columns.keys(), left[key], right[key], strict=True)
            wrong = [name for name, here, there in pairs if here != there]
            if wrong:
                yield f"{named} differs in {', '.join(wrong)}"


@cache
def _all_of(table: Table) -> Executable:
    """Values as the database has them: a word that no enum knows is a difference too, and no error."""
    return select(*(type_coerce(column, NULLTYPE).label(column.name) for column in table.columns))


def _key(table: Table, row: object) -> tuple[object, ...]:
    return tuple(getattr(row, column.name) for column in table.primary_key.columns)
