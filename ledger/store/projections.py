"""The stored shelf: projections in one table, with a bounded cache of the rows that are read by key.

What it holds is what `MemoryShelf` would hold; it never decides what a projection says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from ledger.core.errors import Conflict, LedgerError
from ledger.store.session import Dialect, Session
from ledger.store.shelf import Form

T = TypeVar("T")

VERSION = "shelf"
"""The row of `meta` that counts commits which changed the shelf."""

MOST_CACHED = 50_000
MOST_PENDING = 10_000
MOST_EXPECTED = 200
MOST_OVERLAID = 32
"""So many waiting rows of a space are laid over what a range read finds; more are written first."""


_NOTHING: Any = object()

_SAVE = (
    "INSERT INTO shelf (space, key, value) VALUES (?, ?, ?)"
    " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value"
)
_ADD = "INSERT INTO shelf (space, key, value) VALUES (?, ?, ?)"
_SAVE_ALL = (
    "INSERT INTO shelf (space, key, value) SELECT * FROM unnest(?::text[], ?::text[], ?::bytea[])"
    " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value"
)
_ADD_ALL = "INSERT INTO shelf (space, key, value) SELECT * FROM unnest(?::text[], ?::text[], ?::bytea[])"
_REMOVE = "DELETE FROM shelf WHERE space = ? AND key = ?"
_REMOVE_ALL = (
    "DELETE FROM shelf USING unnest(?::text[], ?::text[]) AS gone (space, key)"
    " WHERE shelf.space = gone.space AND shelf.key = gone.key"
)


class ShelfCache:
    """Rows of one connection, true for one version of the shelf."""

    def __init__(self) -> None:
        self.version = -1
        self.rows: dict[tuple[str, str], Any] = {}
        """Bytes as stored, what a form read from them, or None for a row that is not there."""
        self.forms: dict[str, Form[Any]] = {}
        self.hints: dict[Any, Any] = {}

    def drop(self) -> None:
        self.forget(-1)

    def forget(self, version: int) -> None:
        """Begin again with what is there in this version."""
        self.version = version
        self.rows.clear()
        self.hints.clear()

    def as_bytes(self, space: str, value: Any) -> bytes:
        return value if type(value) is bytes else self.forms[space].write(value)


class StoredShelf:
    """A `ledger.store.shelf.Shelf` within one transaction; writes wait until they are many or the commit."""

    def __init__(self, session: Session, cache: ShelfCache, writing: bool) -> None:
        self._session = session
        self._cache = cache
        self._writing = writing
        self._pending: dict[str, dict[str, Any]] = {}
        self._waiting = 0
        self._changed = False
        self._part: dict[tuple[str, str], tuple[Any, Any]] | None = None
        self._version = int(session.first[0])
        if cache.version != self._version:
            cache.forget(self._version)
        self.hints = cache.hints

    def load(self, space: str, key: str) -> bytes | None:
        value = self._found((space, key))
        return None if value is None else self._cache.as_bytes(space, value)

    def value(self, form: Form[T], key: str) -> T | None:
        """`load`, read by the form, once for as long as it is remembered."""
        place = (form.space, key)
        kept: Any = self._found(place)
        if type(kept) is not bytes:
            value: T | None = kept
            return value
        self._cache.forms[form.space] = form
        value = self._cache.rows[place] = form.read(kept)
        return value

    def expect(self, space: str, keys: Sequence[str]) -> None:
        """Read the rows that are not remembered in one question."""
        unknown = [key for key in dict.fromkeys(keys) if (space, key) not in self._cache.rows]
        if len(unknown) < 2 or len(unknown) > MOST_EXPECTED:
            return
        marks = ", ".join("?" * len(unknown))
        sql = f"SELECT key, value FROM shelf WHERE space = ? AND key IN ({marks})"  # noqa: S608 - only marks
        found = dict(self._session.all(sql, (space, *unknown), beside=True))
        for key in unknown:
            value = found.get(key)
            self._remember((space, key), None if value is None else bytes(value))

    def _found(self, place: tuple[str, str]) -> Any:
        try:
            return self._cache.rows[place]
        except KeyError:
            pass
        row = self._session.one("SELECT value FROM shelf WHERE space = ? AND key = ?", place, beside=True)
        value = None if row is None else bytes(row[0])
        self._remember(place, value)
        return value

    def save(self, space: str, key: str, value: bytes | None) -> None:
        """Set a row, or remove it with None; raises LedgerError in a reading transaction."""
        self._set(space, key, value)

    def put(self, form: Form[T], key: str, value: T | None) -> None:
        """`save` of a value; its bytes are made once, when the row is written."""
        space = form.space
        self._cache.forms[space] = form
        if form.once and self._cache.rows.get((space, key)) is not None:
            raise Conflict(f"{space}: {key} is recorded already")
        self._set(space, key, value)

    def _set(self, space: str, key: str, value: Any) -> None:
        if not self._writing:
            raise LedgerError("shelf: a reading transaction cannot save; open one with write()")
        waiting = self._pending.get(space)
        if waiting is None:
            waiting = self._pending[space] = {}
        place = (space, key)
        rows = self._cache.rows
        if self._part is not None and place not in self._part:
            self._part[place] = (waiting.get(key, _NOTHING), rows.get(place, _NOTHING))
        if key not in waiting:
            self._waiting += 1
        waiting[key] = value
        if place in rows:
            rows[place] = value
        else:
            self._remember(place, value)
        if self._waiting >= MOST_PENDING:
            self.flush()

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
        waiting = self._pending.get(space, {})
        if len(waiting) > MOST_OVERLAID:
            self.flush()
            waiting = {}
        over = {
            k: v if v is None else self._cache.as_bytes(space, v)
            for k, v in waiting.items()
            if low <= k and (high is None or k < high)
        }
        sql = "SELECT key, value FROM shelf WHERE space = ? AND key >= ?"
        values: list[str | int] = [space, low]
        if high is not None:
            sql += " AND key < ?"
            values.append(high)
        sql += " ORDER BY key DESC" if reverse else " ORDER BY key"
        if limit is not None:
            sql += " LIMIT ?"
            # As many more as the waiting rows can take away.
            values.append(max(limit, 0) + len(over))
        found: list[tuple[str, bytes]] = self._session.all(sql, values, beside=True)
        if not over:
            return iter(found)
        laid = [(key, value) for key, value in (dict(found) | over).items() if value is not None]
        laid.sort(reverse=reverse)
        return iter(laid if limit is None else laid[: max(limit, 0)])

    def spaces(self) -> list[str]:
        """Spaces that hold a row, sorted."""
        self.flush()
        return sorted(row[0] for row in self._session.all("SELECT DISTINCT space FROM shelf"))

    def clear(self) -> None:
        """Remove every row of every space; the journal can be folded again afterwards."""
        if not self._writing:
            raise LedgerError("shelf: a reading transaction cannot clear; open one with write()")
        self._session.run("DELETE FROM shelf")
        self._pending.clear()
        self._waiting = 0
        self._cache.rows.clear()
        self.hints.clear()
        self._changed = True

    def flush(self) -> None:
        """Write what waits."""
        if not self._pending:
            return
        self._write(self._pending, self._session.run_many)
        self._pending.clear()
        self._waiting = 0

    def _write(self, pending: dict[str, dict[str, Any]], run: Callable[[str, list[Any]], None]) -> None:
        forms = self._cache.forms
        added: list[tuple[str, str, bytes]] = []
        saved: list[tuple[str, str, bytes]] = []
        removed: list[tuple[str, str]] = []
        for space, waiting in pending.items():
            form = forms.get(space)
            there = added if form is not None and form.once else saved
            for key, value in waiting.items():
                if value is None:
                    removed.append((space, key))
                elif type(value) is bytes:
                    there.append((space, key, value))
                else:
                    there.append((space, key, forms[space].write(value)))
        sqlite = self._session.dialect is Dialect.SQLITE
        for one, all_of_them, rows in (
            (_REMOVE, _REMOVE_ALL, removed),
            (_SAVE, _SAVE_ALL, saved),
            (_ADD, _ADD_ALL, added),
        ):
            if rows and sqlite:
                run(one, rows)
            elif rows:  # all rows in one statement: a column is a list
                run(all_of_them, [[list(column) for column in zip(*rows, strict=True)]])
        self._changed = True

    def begin_part(self) -> None:
        """From here on it can be undone to here."""
        self._part = {}

    def keep_part(self) -> None:
        self._part = None

    def undo_part(self, *, written: bool) -> None:
        """Be as at the beginning of the part; `written`: what waited then is in the database since."""
        part, self._part = self._part or {}, None
        self.hints.clear()
        if written:
            self._pending.clear()
            self._waiting = 0
            self._cache.forget(self._cache.version)
            return
        for place, (waiting, kept) in part.items():
            space, key = place
            if waiting is _NOTHING:
                del self._pending[space][key]
                self._waiting -= 1
            else:
                self._pending[space][key] = waiting
            if kept is _NOTHING:
                self._cache.rows.pop(place, None)
            else:
                self._cache.rows[place] = kept

    def write_before_part(self) -> None:
        """Write what waited when the part began; what came in it waits on."""
        part = self._part or {}
        before: dict[str, dict[str, Any]] = {}
        since: dict[str, dict[str, Any]] = {}
        for space, waiting in self._pending.items():
            for key, value in waiting.items():
                told = part.get((space, key))
                if told is not None:
                    since.setdefault(space, {})[key] = value
                    value = told[0]
                if value is not _NOTHING:
                    before.setdefault(space, {})[key] = value
        if before:
            self._write(before, partial(self._session.run_many, beside=True))
        self._pending = since
        self._waiting = sum(map(len, since.values()))

    def before_commit(self) -> None:
        """Write what waits and count the change, so that other connections drop what they remember."""
        if self._pending:
            self._write(self._pending, self._session.later)
            self._pending.clear()
            self._waiting = 0
        if self._changed:
            self._version += 1
            self._session.later("UPDATE meta SET value = ? WHERE name = ?", [(str(self._version), VERSION)])

    def after_commit(self) -> None:
        self._cache.version = self._version

    def _remember(self, place: tuple[str, str], value: Any) -> None:
        rows = self._cache.rows
        if len(rows) >= MOST_CACHED and place not in rows:
            for old in list(rows)[: MOST_CACHED // 2]:
                if old[1] not in self._pending.get(old[0], ()):
                    del rows[old]
        rows[place] = value
