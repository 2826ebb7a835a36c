"""The books: the rows of the model that entries leave, with the balances and lines among them.

Applying an entry is mechanical: all decisions are in the entry already. Nothing here reads a clock or a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Text, bindparam
from sqlmodel import and_, col, func, or_, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry
from ledger.model.columns import OF_ENTRY
from ledger.model.journal import EntryRow
from ledger.model.named import NameOf
from ledger.model.reversals import ReversalRow
from ledger.rules import balances
from ledger.rules.balances import Balance, Moved
from ledger.store.transaction import Reading
from ledger.tracing.changing import LinesWriting

_REVERSED_BY = select(ReversalRow.entry).where(col(ReversalRow.reversed_entry) == OF_ENTRY)
_TIMES_REVERSED = (
    select(func.count())
    .select_from(EntryRow)
    .join(ReversalRow, col(ReversalRow.reversed_entry) == EntryRow.seq)
    .where(
        or_(
            col(EntryRow.key) == bindparam("of_key", type_=Text),
            # `KEY:1` and so on: what begins so lies before `KEY;`.
            and_(
                col(EntryRow.key) > bindparam("first", type_=Text),
                col(EntryRow.key) < bindparam("last", type_=Text),
            ),
        )
    )
)
_REVERSALS = select(ReversalRow.reversed_entry, ReversalRow.entry)


class Books:
    """The rows, balances and lines of one ledger."""

    def __init__(self, tx: Reading) -> None:
        self.session = tx.session
        self.lines = LinesWriting(tx.session)
        self._batched = False
        self._moved: list[Moved] = []
        self.known_names: set[tuple[NameOf, str]] = set()
        """Names of which an entry that was folded here found that they are recorded; no name is ever forgotten."""

    @contextmanager
    def batched(self) -> Iterator[None]:
        """What many entries change of lines and balances is written together, or as soon as somebody asks here.

        Nobody else may ask the tables of lines and balances meanwhile.
        """
        self._batched = True
        try:
            with self.lines.batched():
                yield
            self._write_moved()
        finally:
            self._batched = False

    def _write_moved(self) -> None:
        moved, self._moved = self._moved, []
        balances.apply_transfers(self.session, moved)

    def reversed_by(self, seq: int) -> int | None:
        """The entry that reversed an entry; None while it stands."""
        return self.session.exec(_REVERSED_BY, params={"of_entry": seq}).first()

    def times_reversed(self, key: str) -> int:
        """How many entries of a key, and of what was told again after it, were reversed."""
        asked = {"of_key": key, "first": f"{key}:", "last": f"{key};"}
        return self.session.exec(_TIMES_REVERSED, params=asked).one()

    def reversals(self) -> dict[int, int]:
        """All entries that were reversed, each with the one that did it."""
        return dict(self.session.exec(_REVERSALS).all())

    def net(self, account: str, asset: str) -> int:
        """Debits minus credits, minor units."""
        self._write_moved()
        return balances.net(self.session, account, asset)

    def balances(
        self,
        kind: AccountClass | None = None,
        campaign: str | None = None,
        *,
        place: str | None = None,
        asset: str | None = None,
    ) -> list[Balance]:
        """The balances of a class, a campaign, a place, an asset, or of all, in order of account and asset."""
        self._write_moved()
        return balances.balances(self.session, kind, campaign, place=place, asset=asset)

    def apply(self, entry: Entry) -> None:
        """Fold one entry: line operations, then transfers. Conflict if an account would go below zero."""
        self.lines.apply_all(entry.operations, entry.seq)
        self._moved.append((entry.date, entry.transfers))
        if not self._batched:
            self._write_moved()
