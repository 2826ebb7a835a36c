"""Where projections lie: ordered rows of bytes in named spaces, on disk or in memory, with one interface.

A projection is written only by folding entries and observations, so a rebuild compares byte for byte.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ledger.core.errors import Conflict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How the rows of a space are read and written. Values are never changed in place, and are not bytes."""

    space: str
    write: Callable[[T], bytes]
    read: Callable[[bytes], T]
    once: bool = False
    """Are its rows written once, and never changed or removed?"""


JUST_ABOVE = "\x01"
"""A key with this at its end is the next one above it: keys hold no control characters, and PostgreSQL no NUL."""


class Shelf(Protocol):
    """Rows are `(space, key) -> value`; keys of a space are ordered by their UTF-8 bytes."""

    hints: dict[Any, Any]
    """What a reader of this state may remember between questions; lost whenever the state may be another."""

    def load(self, space: str, key: str) -> bytes | None: ...

    def save(self, space: str, key: str, value: bytes | None) -> None:
        """Set a row; `None` removes it."""

    def rows(
        self,
        space: str,
        low: str = "",
        high: str | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        """Rows with `low <= key < high` in order (backwards with `reverse`); the answer is a stable copy."""

    def expect(self, space: str, keys: Sequence[str]) -> None:
        """These rows will be loaded next: read them in one question."""

    def value(self, form: Form[T], key: str) -> T | None:
        """`load`, read: not read again while it is remembered."""

    def put(self, form: Form[T], key: str, value: T | None) -> None:
        """`save` of a value, whose bytes are made when they are needed.

        Raises Conflict where a form that writes its rows once has written it; on disk that may come with the commit,
        so that nobody has to ask first.
        """


class _Ordered:
    """Keys in order; those that came since the last question wait unsorted."""

    __slots__ = ("_keys", "_new")

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._new: list[str] = []

    def add(self, key: str) -> None:
        self._new.append(key)

    def keys(self) -> list[str]:
        new, keys = self._new, self._keys
        if len(new) > 8 or len(keys) < 8:
            keys += new
            keys.sort()
            new.clear()
        elif new:
            for key in new:
                insort(keys, key)
            new.clear()
        return keys


class _Rows:
    """The rows of one space. Keys that share all but their last segment lie together, so a line is a short list."""

    __slots__ = ("_all", "_deeper", "_groups", "form", "fresh", "values")

    def __init__(self) -> None:
        self.form: Form[Any] | None = None
        """How values that are no bytes are written."""
        self.values: dict[str, Any] = {}
        """None for a key that was removed: it keeps its place in the order."""
        self.fresh: list[str] = []
        """Keys that came since the last question about an order."""
        self._groups: dict[str, _Ordered] = {}
        self._deeper: set[str] = set()
        self._all: _Ordered | None = None

    def put(self, key: str, value: Any) -> None:
        if key in self.values:
            self.values[key] = value
        elif value is not None:
            self.values[key] = value
            self.fresh.append(key)

    def as_bytes(self, value: Any) -> bytes | None:
        return value if value is None or type(value) is bytes or self.form is None else self.form.write(value)

    def _arrange(self) -> None:
        for key in self.fresh:
            group = key[: key.rfind("|") + 1]
            ordered = self._groups.get(group)
            if ordered is None:
                ordered = self._groups[group] = _Ordered()
                at = group.find("|")
                while 0 <= at < len(group) - 1:
                    self._deeper.add(group[: at + 1])
                    at = group.find("|", at + 1)
            ordered.add(key)
            if self._all is not None:
                self._all.add(key)
        self.fresh.clear()

    def between(self, low: str, high: str | None) -> tuple[list[str], int, int]:
        """Keys in order, and from where to where those lie from low to below high, removed ones among them."""
        if self.fresh:
            self._arrange()
        group = low[: low.rfind("|") + 1]
        if group and high is not None and group not in self._deeper and self._within(group, high):
            ordered = self._groups.get(group)
            if ordered is None:
                return [], 0, 0
        else:
            if self._all is None:
                self._all = _Ordered()
                for key in self.values:
                    self._all.add(key)
            ordered = self._all
        keys = ordered.keys()
        stop = len(keys) if high is None else bisect_left(keys, high)
        return keys, bisect_left(keys, low), stop

    @staticmethod
    def _within(group: str, high: str) -> bool:
        """Does all below `high`, from the group on, begin with the group?"""
        return high.startswith(group) or high == group[:-1] + "}"


class MemoryShelf:
    """A shelf in memory: for rebuilding beside the stored one, and for tests."""

    def __init__(self) -> None:
        self.hints: dict[Any, Any] = {}
        self._spaces: dict[str, _Rows] = {}

    def load(self, space: str, key: str) -> bytes | None:
        rows = self._spaces.get(space)
        return None if rows is None else rows.as_bytes(rows.values.get(key))

    def save(self, space: str, key: str, value: bytes | None) -> None:
        self._rows(space).put(key, value)

    def rows(
        self,
        space: str,
        low: str = "",
        high: str | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        rows = self._spaces.get(space)
        if rows is None:
            return iter(())
        keys, start, stop = rows.between(low, high)
        found: list[tuple[str, bytes]] = []
        for index in range(stop - 1, start - 1, -1) if reverse else range(start, stop):
            if limit is not None and len(found) >= limit:
                break
            key = keys[index]
            value = rows.as_bytes(rows.values[key])
            if value is not None:
                found.append((key, value))
        return iter(found)

    def expect(self, space: str, keys: Sequence[str]) -> None:
        """They are in memory already."""

    def value(self, form: Form[T], key: str) -> T | None:
        rows = self._spaces.get(form.space)
        value: Any = None if rows is None else rows.values.get(key)
        return form.read(value) if type(value) is bytes else value

    def put(self, form: Form[T], key: str, value: T | None) -> None:
        rows = self._spaces.get(form.space)
        if rows is None:
            rows = self._rows(form.space)
        rows.form = form
        values = rows.values
        if key in values:
            if form.once:
                raise Conflict(f"{form.space}: {key} is recorded already")
            values[key] = value
        elif value is not None:
            values[key] = value
            rows.fresh.append(key)

    def spaces(self) -> list[str]:
        return sorted(
            space
            for space, rows in self._spaces.items()
            if any(value is not None for value in rows.values.values())
        )

    def _rows(self, space: str) -> _Rows:
        rows = self._spaces.get(space)
        if rows is None:
            rows = self._spaces[space] = _Rows()
        return rows
