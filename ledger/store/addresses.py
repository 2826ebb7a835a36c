"""Addresses of campaigns: which are watched, and which was given to whom; each is given out once, ever.

It derives none and holds no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, LargeBinary, Text, bindparam, func, insert, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.core.errors import Conflict
from ledger.model.addresses import AddressRow
from ledger.model.columns import table_of

_A = AddressRow
_PAGE = 1000
"""Rows that are read at a time."""
_FIRST = select(_A).order_by(col(_A.idx), col(_A.script)).limit(1)
_BY_SCRIPT = _FIRST.where(col(_A.script) == bindparam("value", type_=LargeBinary))
_USED = _BY_SCRIPT.where(col(_A.used) == 1)
_GIVEN_OUT = _BY_SCRIPT.where(col(_A.given_at).is_not(None))
_BY_ADDRESS = _FIRST.where(col(_A.address) == bindparam("value", type_=Text))
_BY_CLAIM = _FIRST.where(col(_A.claim) == bindparam("value", type_=Text))


@dataclass(frozen=True, slots=True)
class Gap:
    """Which addresses of a wallet are given: from the index `first` on, and at most `limit` unused ones in a row.

    A wallet that is restored from its words looks no further than that; it knows those below `first` by itself.
    """

    limit: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """An address by its script. `branch` is receive, change or fixed; `source` a descriptor, or `list`.

    `restriction`: the need that all it receives is restricted to, by its number; None for any end. It is set once.
    """

    script: bytes
    address: str
    campaign: str
    branch: str
    index: int
    source: str
    restriction: str | None = None


def _address(row: AddressRow) -> Address:
    return Address(row.script, row.address, row.campaign, row.branch, row.idx, row.source, row.restriction)


class Addresses:
    """Reading addresses."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_script(self, script: bytes) -> Address | None:
        return self._named(_BY_SCRIPT, bytes(script))

    def by_address(self, address: str) -> Address | None:
        return self._named(_BY_ADDRESS, address)

    def by_claim(self, claim_hash: str) -> Address | None:
        """The address that was given out with this claim code."""
        return self._named(_BY_CLAIM, claim_hash)

    def of_campaign(self, campaign: str) -> list[Address]:
        """By branch and index."""
        query = (
            select(_A).where(_A.campaign == campaign).order_by(col(_A.branch), col(_A.idx), col(_A.script))
        )
        return [_address(row) for row in self._session.exec(query)]

    def is_used(self, script: bytes) -> bool:
        """Did a coin ever come to it?"""
        return self._named(_USED, bytes(script)) is not None

    def is_given(self, script: bytes) -> bool:
        """Was it ever given to a donor?"""
        return self._named(_GIVEN_OUT, bytes(script)) is not None

    def last_given(self, campaign: str) -> str | None:
        """When one was given out the last time, RFC 3339; None where nobody asked yet."""
        return self._session.exec(select(func.max(_A.given_at)).where(_A.campaign == campaign)).one()

    def fixed_of(self, campaign: str) -> Address | None:
        """The one that everybody gets when no other is left."""
        return self._first(col(_A.branch) == "fixed", col(_A.campaign) == campaign)

    def scripts(self) -> Iterator[bytes]:
        """All watched scripts, read a page at a time: there may be a million."""
        query = select(_A.script).order_by(col(_A.script))
        return map(bytes, self._session.exec(query).yield_per(_PAGE))

    def highest_indexes(self) -> dict[tuple[str, str], int]:
        """The highest index of each branch of each campaign."""
        query = select(_A.campaign, _A.branch, func.max(_A.idx)).group_by(_A.campaign, _A.branch)
        return {(campaign, branch): int(highest) for campaign, branch, highest in self._session.exec(query)}

    def scripts_above(self, campaign: str, branch: str, index: int) -> Iterator[bytes]:
        """The watched scripts of a branch whose index is higher, read a page at a time."""
        query = select(_A.script).where(_A.campaign == campaign, _A.branch == branch, _A.idx > index)
        return map(bytes, self._session.exec(query).yield_per(_PAGE))

    def count(self) -> int:
        """How many are watched; they are only ever added."""
        return int(self._session.exec(select(func.count()).select_from(_A)).one())

    def given_since(self, at: str) -> list[Address]:
        """Given out at or after `at` (RFC 3339), oldest first."""
        query = (
            select(_A).where(col(_A.given_at) >= at).order_by(col(_A.given_at), col(_A.idx), col(_A.script))
        )
        return [_address(row) for row in self._session.exec(query)]

    def highest_index(self, campaign: str, branch: str) -> int | None:
        """The highest index of a branch; None when it has no address."""
        query = select(func.max(_A.idx)).where(_A.campaign == campaign, _A.branch == branch)
        return self._session.exec(query).one()

    def _first(self, *where: ColumnElement[bool]) -> Address | None:
        row = self._session.exec(_FIRST.where(*where)).first()
        return None if row is None else _address(row)

    def _named(self, query: SelectOfScalar[AddressRow], value: str | bytes) -> Address | None:
        row = self._session.exec(query, params={"value": value}).first()
        return None if row is None else _address(row)

    def left(self, campaign: str, gaps: Mapping[str, Gap], unread: AbstractSet[bytes] = frozenset()) -> int:
        """How many donors can still have an address of their own: by what there is, and by the gaps of wallets."""
        count, passed = 0, list[str]()
        while (row := self._next_fresh(campaign, passed, None, gaps)) is not None:
            passed.append(row.source)
            if row.script in unread:
                continue
            gap = gaps.get(row.source)
            fresh = self._session.exec(
                select(func.count()).where(
                    _A.campaign == campaign,
                    _A.branch == "receive",
                    _A.source == row.source,
                    col(_A.given_at).is_(None),
                    _A.used == 0,
                    col(_A.restriction).is_(None),
                    _A.idx >= (0 if gap is None else gap.first),
                )
            ).one()
            count += fresh if gap is None else max(0, min(fresh, gap.limit - self._unused_before(row, gap)))
        return count

    def _next_fresh(
        self, campaign: str, passed: Sequence[str], kept: str | None, gaps: Mapping[str, Gap]
    ) -> Address | None:
        """The lowest one of the sources that were not passed over, kept for that need (None: for none).

        None of those that their wallet gave out before.
        """
        return self._first(
            col(_A.campaign) == campaign,
            col(_A.branch) == "receive",
            col(_A.given_at).is_(None),
            col(_A.used) == 0,
            func.coalesce(_A.restriction, "") == (kept or ""),
            col(_A.source).not_in(passed),
            *(
                or_(col(_A.source) != source, col(_A.idx) >= gap.first)
                for source, gap in gaps.items()
                if gap.first
            ),
        )

    def _unused_before(self, row: Address, gap: Gap) -> int:
        """How many addresses in a row just below this one, of its source, were never used; counts up to the limit."""
        below: list[tuple[int, int]] = []
        for branch in ("receive", "fixed"):
            query = (
                select(_A.idx, _A.used)
                .where(
                    _A.campaign == row.campaign,
                    _A.branch == branch,
                    _A.source == row.source,
                    _A.idx < row.index,
                    _A.idx >= gap.first,
                )
                .order_by(col(_A.idx).desc())
                .limit(gap.limit)
            )
            below += self._session.exec(query).all()
        unused = 0
        for _, used in sorted(below, reverse=True):
            if used:
                break
            unused += 1
        return unused


class AddressesWriting(Addresses):
    """Adding addresses and giving them out, by Core alone; what is read after a change is read anew."""

    def add(self, rows: Sequence[Address]) -> None:
        """Watch addresses; the same again changes nothing, one that another campaign has raises Conflict."""
        fresh: dict[bytes, Address] = {}
        for row in rows:
            there = fresh.get(row.script) or self.by_script(row.script)
            if there is None:
                fresh[row.script] = row
            elif (there.campaign, there.address) != (row.campaign, row.address):
                raise Conflict.field(
                    "address",
                    "{address} belongs to campaign {campaign} already; each address has one",
                    address=row.address,
                    campaign=there.campaign,
                )
        if fresh:
            self._session.connection().execute(
                insert(table_of(_A)),
                [
                    {
                        "script": row.script,
                        "address": row.address,
                        "campaign": row.campaign,
                        "branch": row.branch,
                        "idx": row.index,
                        "source": row.source,
                        "used": 0,
                        "restriction": row.restriction,
                    }
                    for row in fresh.values()
                ],
            )

    def give_out(
        self,
        campaign: str,
        at: str,
        claim_hash: str | None,
        gaps: Mapping[str, Gap] | None = None,
        unread: AbstractSet[bytes] = frozenset(),
        *,
        restriction: str | None = None,
    ) -> Address | None:
        """The lowest receive address that was never given and never used; None when there is none left.

        For a `restriction`: of those kept for that need, else one of no need, which is kept for it from now on.

        `gaps` names, for a source, which of its addresses are given. Those of `unread` may have been paid in blocks
        that are not read yet: they wait.
        """
        if restriction is not None:
            row = self._give_out(campaign, at, claim_hash, gaps or {}, unread, restriction, kept=restriction)
            if row is not None:
                return row
        return self._give_out(campaign, at, claim_hash, gaps or {}, unread, restriction, kept=None)

    def _give_out(
        self,
        campaign: str,
        at: str,
        claim_hash: str | None,
        gaps: Mapping[str, Gap],
        unread: AbstractSet[bytes],
        restriction: str | None,
        *,
        kept: str | None,
    ) -> Address | None:
        passed: list[str] = []
        while (row := self._next_fresh(campaign, passed, kept, gaps)) is not None:
            gap = gaps.get(row.source)
            if row.script not in unread and (gap is None or self._unused_before(row, gap) < gap.limit):
                self._change(
                    col(_A.script) == row.script, given_at=at, claim=claim_hash, restriction=restriction
                )
                return replace(row, restriction=restriction)
            passed.append(row.source)
        return None

    def keep_for(self, script: bytes, restriction: str) -> None:
        """Keep an address of any end for a need from now on; one that was given or paid stays as it is."""
        self._change(
            col(_A.script) == bytes(script),
            col(_A.restriction).is_(None),
            col(_A.given_at).is_(None),
            col(_A.used) == 0,
            restriction=restriction,
        )

    def mark_used(self, script: bytes) -> None:
        """A coin came to it: it is not given out any more."""
        self._change(col(_A.script) == bytes(script), col(_A.used) == 0, used=1)

    def _change(self, *where: ColumnElement[bool], **values: str | int | None) -> None:
        self._session.connection().execute(update(table_of(_A)).where(*where).values(**values))
        self._session.expire_all()
