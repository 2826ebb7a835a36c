"""Observations: what was seen in the world, in order, appended and read, never changed.

It does not judge what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from ledger.model.columns import table_of
from ledger.model.journal import ObservationRow

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen: `at` is RFC 3339; `n` is given by the store, from 1, and is 0 before."""

    at: str
    source: str
    kind: str
    subject: str
    data: bytes
    n: int = 0


class Observations:
    """Reading observations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def head(self) -> int:
        """Number of the newest observation; 0 when there is none."""
        return int(self._session.exec(select(func.coalesce(func.max(ObservationRow.n), 0))).one())

    def rows(self, after: int = 0, limit: int | None = None) -> Iterator[Observation]:
        """Observations numbered above `after`, in order, read in pages."""
        row = ObservationRow
        query = select(row.at, row.source, row.kind, row.subject, row.data, row.n).order_by(col(row.n))  # type: ignore[call-overload]
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._session.exec(query.where(row.n > after).limit(size)).all()
            for row_read in page:
                yield Observation(*row_read)
            if len(page) < size:
                return
            after = page[-1][5]
            left = None if left is None else left - size

    def about(self, subject: str) -> list[Observation]:
        """Observations of a block or a transaction, in order."""
        query = (
            select(ObservationRow).where(ObservationRow.subject == subject).order_by(col(ObservationRow.n))
        )
        return [
            Observation(row.at, row.source, row.kind, row.subject, row.data, row.n)
            for row in self._session.exec(query)
        ]


class ObservationsWriting(Observations):
    """Appending observations."""

    def append(self, rows: Sequence[Observation]) -> None:
        """Append in the order given; the numbers of `rows` are ignored."""
        if not rows:
            return
        numbered = [
            {"n": n, "at": row.at, "source": row.source, "kind": row.kind}
            | {"subject": row.subject, "data": row.data}
            for n, row in enumerate(rows, self.head() + 1)
        ]
        self._session.connection().execute(insert(table_of(ObservationRow)), numbered)
