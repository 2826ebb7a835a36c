"""Where projections lie: ordered rows of bytes in named spaces, on disk or in memory, with one interface.

A projection is written only by folding entries and observations, so a rebuild compares byte for byte.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Protocol


class Shelf(Protocol):
    """Rows are `(space, key) -> value`; keys of a space are ordered by their UTF-8 bytes."""

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


class MemoryShelf:
    """A shelf in memory: for rebuilding beside the stored one, and for tests."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, bytes]] = {}
        self._keys: dict[str, list[str]] = {}

    def load(self, space: str, key: str) -> bytes | None:
        return self._values.get(space, {}).get(key)

    def save(self, space: str, key: str, value: bytes | None) -> None:
        values = self._values.setdefault(space, {})
        keys = self._keys.setdefault(space, [])
        if value is None:
            if values.pop(key, None) is not None:
                del keys[bisect_left(keys, key)]
            return
        if key not in values:
            if keys and key > keys[-1]:
                keys.append(key)
            else:
                insort(keys, key)
        values[key] = value

    def rows(
        self,
        space: str,
        low: str = "",
        high: str | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        keys = self._keys.get(space, [])
        start = bisect_left(keys, low)
        stop = len(keys) if high is None else bisect_left(keys, high)
        chosen = keys[start:stop]
        if reverse:
            chosen.reverse()
        if limit is not None:
            chosen = chosen[:limit]
        values = self._values.get(space, {})
        return iter([(key, values[key]) for key in chosen])

    def spaces(self) -> list[str]:
        return sorted(space for space, keys in self._keys.items() if keys)
