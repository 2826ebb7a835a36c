"""Questions about several keys at once: beside the columns, for all floors that ask tables.

SQLAlchemy's expanding parameters write the text of a statement anew each time that it is asked, which takes longer
than most of the answers. Here a statement is made once for each of a few numbers of keys, and what is left of them
repeats the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, or_

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""A statement is made for so many keys."""

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


def by_size(items: Sequence[T]) -> Iterator[tuple[int, Sequence[T]]]:
    """Items in parts as large as one statement takes them, each with the size of that statement."""
    for at in range(0, len(items), SIZES[-1]):
        part = items[at : at + SIZES[-1]]
        yield next(size for size in SIZES if size >= len(part)), part


class OfKeys(Generic[*Ts]):
    """A question whose rows are those of some keys; a key is a value of each of the columns, in their order."""

    def __init__(
        self,
        made: Callable[[ColumnElement[bool]], Select[*Ts]],
        *columns: ColumnElement[str] | ColumnElement[int],
    ) -> None:
        """`made` gives the statement for the condition that a row is of one of the keys."""
        self._made = made
        self._columns = columns
        self._statements: dict[int, Select[*Ts]] = {}

    def ask(
        self, connection: Connection, keys: Iterable[Sequence[str | int]], **others: str | int
    ) -> Iterator[Row[*Ts]]:
        """The rows of the keys, each once, in the order of the statement for each part of the keys.

        `others`: the statement's other parameters.
        """
        for size, part in by_size(list(dict.fromkeys(map(tuple, keys)))):
            padded = (*part, *[part[-1]] * (size - len(part)))
            asked = {f"key{n}_{at}": value for n, key in enumerate(padded) for at, value in enumerate(key)}
            yield from connection.execute(self._sized(size), asked | others)

    def _sized(self, size: int) -> Select[*Ts]:
        if size not in self._statements:
            one_of = [
                and_(*[column == bindparam(f"key{n}_{at}") for at, column in enumerate(self._columns)])
                for n in range(size)
            ]
            self._statements[size] = self._made(or_(*one_of))
        return self._statements[size]
