"""The stored shelf: projections that have no table of their own yet, as rows of one table.

What it holds is what `MemoryShelf` would hold; it never decides what a projection says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session

from ledger.core.errors import Conflict
from ledger.model.columns import table_of, upsert
from ledger.model.shelf import ShelfRow
from ledger.store.shelf import Form

T = TypeVar("T")

_ROWS = table_of(ShelfRow)
_LOAD = select(_ROWS.c.value).where(_ROWS.c.space == bindparam("s"), _ROWS.c.key == bindparam("k"))
_REMOVE = delete(_ROWS).where(_ROWS.c.space == bindparam("s"), _ROWS.c.key == bindparam("k"))


class StoredShelf:
    """A `ledger.store.shelf.Shelf` within one transaction."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._save = upsert(session, ShelfRow)
        self.hints: dict[Any, Any] = {}
        self._read: dict[tuple[str, str], bytes | None] = {}
        """What this transaction read or wrote; nobody else can change it meanwhile."""

    def load(self, space: str, key: str) -> bytes | None:
        place = (space, key)
        if place not in self._read:
            found = self._connection.execute(_LOAD, {"s": space, "k": key}).scalar()
            self._read[place] = None if found is None else bytes(found)
        return self._read[place]

    def value(self, form: Form[T], key: str) -> T | None:
        data = self.load(form.space, key)
        return None if data is None else form.read(data)

    def expect(self, space: str, keys: Sequence[str]) -> None:
        """Nothing is remembered."""

    def save(self, space: str, key: str, value: bytes | None) -> None:
        """Set a row, or remove it with None."""
        self._read[space, key] = value
        if value is None:
            self._connection.execute(_REMOVE, {"s": space, "k": key})
        else:
            self._connection.execute(self._save, {"space": space, "key": key, "value": value})

    def put(self, form: Form[T], key: str, value: T | None) -> None:
        """`save` of a value."""
        if form.once and value is not None and self.load(form.space, key) is not None:
            raise Conflict(f"{form.space}: {key} is recorded already")
        self.save(form.space, key, None if value is None else form.write(value))

    def rows(
        self,
        space: str,
        low: str = "",
        high: str | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        """Rows with `low <= key < high` in order; the answer is a stable copy."""
        query = select(_ROWS.c.key, _ROWS.c.value).where(_ROWS.c.space == space, _ROWS.c.key >= low)
        if high is not None:
            query = query.where(_ROWS.c.key < high)
        query = query.order_by(_ROWS.c.key.desc() if reverse else _ROWS.c.key)
        if limit is not None:
            query = query.limit(max(limit, 0))
        return iter([(key, bytes(value)) for key, value in self._connection.execute(query)])

    def spaces(self) -> list[str]:
        """Spaces that hold a row, sorted."""
        return sorted(self._connection.execute(select(_ROWS.c.space).distinct()).scalars())

    def clear(self) -> None:
        """Remove every row of every space; the journal can be folded again afterwards."""
        self._connection.execute(delete(_ROWS))
        self.hints.clear()
        self._read.clear()
