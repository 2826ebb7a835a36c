"""The journal's rows: the exact bytes of entries under number and key, appended and read, never changed.

It does not know what an entry says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Integer,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    null,
    tuple_,
    union_all,
)
from sqlalchemy import select as select_columns
from sqlmodel import Session, select

from ledger.core.entry import OutOfOrder
from ledger.core.errors import Conflict
from ledger.model.columns import table_of
from ledger.model.journal import EntryRow, TransferRow

_PAGE = 500
_ENTRIES = table_of(EntryRow).c
_TRANSFERS = table_of(TransferRow).c
_ROW = select_columns(
    _ENTRIES.seq,
    _ENTRIES.key,
    _ENTRIES.kind,
    _ENTRIES.campaign,
    _ENTRIES.recorded_at,
    _ENTRIES.date,
    _ENTRIES.day,
    _ENTRIES.out_of_order,
    _ENTRIES.data,
    _ENTRIES.hash,
)
_COLUMNS = len(_ROW.selected_columns)
_BY_KEY = _ROW.where(_ENTRIES.key == bindparam("wanted"))
_BY_SEQ = _ROW.where(_ENTRIES.seq == bindparam("wanted"))
_SIDES = union_all(
    select_columns(
        _TRANSFERS.debit.label("account"), _TRANSFERS.asset, _TRANSFERS.seq, _TRANSFERS.amount.label("units")
    ),
    select_columns(_TRANSFERS.credit, _TRANSFERS.asset, _TRANSFERS.seq, -_TRANSFERS.amount),
).subquery()
_HEAD = select_columns(_ENTRIES.seq, _ENTRIES.hash).order_by(_ENTRIES.seq.desc()).limit(1)
_TRANSFERS_PAGE = (
    select_columns(
        _TRANSFERS.seq, _TRANSFERS.n, _TRANSFERS.debit, _TRANSFERS.credit, _TRANSFERS.asset, _TRANSFERS.amount
    )
    .where(
        tuple_(_TRANSFERS.seq, _TRANSFERS.n)
        > tuple_(bindparam("after", type_=BigInteger), bindparam("after_n", type_=BigInteger))
    )
    .order_by(_TRANSFERS.seq, _TRANSFERS.n)
    .limit(_PAGE)
)
_place = (_SIDES.c.account, _SIDES.c.asset)
_NET = select_columns(*_place, func.sum(_SIDES.c.units)).group_by(*_place).order_by(*_place)
_ADD = insert(table_of(EntryRow))
_ADD_TRANSFER = insert(table_of(TransferRow))


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An entry as stored: `date`, `day` and `out_of_order` as in `EntryRow`.

    `hash` is SHA-256 of `data`, hex; `transfers` are (debit, credit, asset, amount) in minor units, and are left empty
    on reading because `data` has them.
    """

    seq: int
    key: str
    kind: str
    campaign: str
    recorded_at: str
    date: str
    day: str | None
    out_of_order: OutOfOrder | None
    data: bytes
    hash: str
    transfers: Sequence[tuple[str, str, str, int]] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry moved at an account, whole units of the asset, above zero where it came in."""

    account: str
    asset: str
    entry: int
    units: int


def head_and_key(*also: ScalarSelect[str]) -> CompoundSelect[Any]:
    """What `Journal.head_and` asks; `also`: what is asked beside the head, in the same question.

    Two questions in one, not an "or": each goes by its index, whatever a database believes of the table's size.
    """
    newest = _ENTRIES.seq == select_columns(_HEAD.subquery().c.seq).scalar_subquery()
    nothing = [cast(null(), Text) for _ in also]
    return union_all(
        _ROW.add_columns(literal_column("1"), *also).where(newest),
        _BY_KEY.add_columns(literal_column("0"), *nothing),
    )


@dataclass(frozen=True, slots=True)
class Beginning:
    """What recording begins with: number and hash of the newest entry, the entry with the key, what was asked beside.

    Of an empty journal all of it is None, and nothing was asked beside.
    """

    head: tuple[int, str] | None
    earlier: JournalRow | None
    also: Sequence[str | None]


@cache
def _pages(names: tuple[str, ...]) -> Select[Any]:
    """The next entries whose columns are as asked, in order."""
    wanted = [_ENTRIES[name] == bindparam(f"of_{name}") for name in names]
    after = _ENTRIES.seq > bindparam("after", type_=BigInteger)
    return _ROW.where(*wanted, after).order_by(_ENTRIES.seq).limit(bindparam("most", type_=Integer))


class Journal:
    """Reading the journal."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connection = session.connection()

    def head(self) -> tuple[int, str] | None:
        """Number and hash of the newest entry; None for an empty journal."""
        row = self._connection.execute(_HEAD).first()
        return None if row is None else (row.seq, row.hash)

    def head_and(self, key: str, question: CompoundSelect[Any], **asked: str) -> Beginning:
        """The head as `head` gives it, and the entry with a key as `by_key` does, by one question of `head_and_key`."""
        head, earlier, also = None, None, tuple[str | None, ...]()
        for row in self._connection.execute(question, {"wanted": key, **asked}):
            beginning, (is_head, *beside) = JournalRow(*row[:_COLUMNS]), row[_COLUMNS:]
            if is_head:
                head, also = (beginning.seq, beginning.hash), tuple(beside)
            else:
                earlier = beginning
        return Beginning(head, earlier, also)

    def by_key(self, key: str) -> JournalRow | None:
        row = self._connection.execute(_BY_KEY, {"wanted": key}).first()
        return None if row is None else JournalRow(*row)

    def by_seq(self, seq: int) -> JournalRow | None:
        row = self._connection.execute(_BY_SEQ, {"wanted": seq}).first()
        return None if row is None else JournalRow(*row)

    def rows(
        self, after: int = 0, limit: int | None = None, campaign: str | None = None, kind: str | None = None
    ) -> Iterator[JournalRow]:
        """Entries numbered above `after`, in order; read in pages, so writing in between is safe."""
        given = {"campaign": campaign, "kind": kind}
        wanted = {name: value for name, value in given.items() if value is not None}
        query, asked = _pages(tuple(wanted)), {f"of_{name}": value for name, value in wanted.items()}
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._connection.execute(query, {**asked, "after": after, "most": size}).all()
            for row in page:
                yield JournalRow(*row)
            if len(page) < size:
                return
            after = page[-1].seq
            left = None if left is None else left - size

    def transfers(self) -> Iterator[tuple[int, int, tuple[str, str, str, int]]]:
        """(entry, place in it, (debit, credit, asset, amount)) of the table of transfers, in order; read in pages."""
        seq, n = -1, -1
        while page := self._connection.execute(_TRANSFERS_PAGE, {"after": seq, "after_n": n}).all():
            for row in page:
                seq, n = row.seq, row.n
                yield seq, n, (row.debit, row.credit, row.asset, row.amount)

    def moved(self, accounts: Collection[str], asset: str | None = None) -> list[Moved]:
        """What each entry moved at the accounts, of one asset or of all, by account, asset and entry."""
        sides = _SIDES.c
        key = (sides.account, sides.asset, sides.seq)
        query = (
            select_columns(*key, func.sum(sides.units))
            .where(sides.account.in_(accounts))
            .group_by(*key)
            .order_by(*key)
        )
        if asset is not None:
            query = query.where(sides.asset == asset)
        rows = self._connection.execute(query)
        return [Moved(account, of, seq, int(units)) for account, of, seq, units in rows if units]

    def net(self) -> Iterator[tuple[str, str, int]]:
        """(account, asset, debits less credits) of every account by all transfers there are."""
        for account, asset, units in self._connection.execute(_NET):
            yield account, asset, int(units)

    def count(self) -> int:
        """How many entries there are (numbers have no gaps)."""
        return int(self._session.exec(select(func.coalesce(func.max(EntryRow.seq), 0))).one())


class JournalWriting(Journal):
    """Appending to the journal, by Core alone."""

    def append(self, row: JournalRow) -> None:
        """Append the next entry; raises Conflict when number or key is not new, or hash is not of data."""
        if hashlib.sha256(row.data).hexdigest() != row.hash:
            raise Conflict.field(
                "hash",
                "it is not the SHA-256 of the {n} byte of entry {entry}",
                many="it is not the SHA-256 of the {n} bytes of entry {entry}",
                n=len(row.data),
                entry=row.seq,
            )
        self._connection.execute(_ADD, _columns(row))
        moved = [
            {"seq": row.seq, "n": n, "debit": debit, "credit": credit, "asset": asset, "amount": amount}
            for n, (debit, credit, asset, amount) in enumerate(row.transfers, 1)
        ]
        if moved:
            self._connection.execute(_ADD_TRANSFER, moved)

    def copy(self, rows: Sequence[JournalRow]) -> None:
        """Entries as another journal gives them, without their transfers."""
        self._connection.execute(_ADD, [_columns(row) for row in rows])


def _columns(row: JournalRow) -> dict[str, str | int | bytes | None]:
    return {
        "seq": row.seq,
        "key": row.key,
        "kind": row.kind,
        "campaign": row.campaign,
        "recorded_at": row.recorded_at,
        "date": row.date,
        "day": row.day,
        "out_of_order": row.out_of_order,
        "data": row.data,
        "hash": row.hash,
        "transfers": len(row.transfers),
    }
