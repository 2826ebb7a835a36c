"""Addresses of campaigns: which are watched, and which was given to whom; each is given out once, ever.

It derives none and holds no key.
"""

# ruff: noqa: S608 (only names of columns of this file are formatted into SQL, never a value)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from ledger.core.errors import Conflict
from ledger.store.session import Session

_COLUMNS = "script, address, campaign, branch, idx, source, restriction"


@dataclass(frozen=True, slots=True)
class AddressRow:
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


class Addresses:
    """Reading addresses."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_script(self, script: bytes) -> AddressRow | None:
        return self._row("WHERE script = ?", bytes(script))

    def by_address(self, address: str) -> AddressRow | None:
        return self._row("WHERE address = ?", address)

    def by_claim(self, claim_hash: str) -> AddressRow | None:
        """The address that was given out with this claim code."""
        return self._row("WHERE claim = ?", claim_hash)

    def of_campaign(self, campaign: str) -> list[AddressRow]:
        """By branch and index."""
        return self._rows("WHERE campaign = ? ORDER BY branch, idx, script", campaign)

    def is_used(self, script: bytes) -> bool:
        """Did a coin ever come to it?"""
        return self._state(script, "used = 1")

    def is_given(self, script: bytes) -> bool:
        """Was it ever given to a donor?"""
        return self._state(script, "given_at IS NOT NULL")

    def _state(self, script: bytes, told: str) -> bool:
        return self._row(f"WHERE {told} AND script = ?", bytes(script)) is not None

    def fixed_of(self, campaign: str) -> AddressRow | None:
        """The one that everybody gets when no other is left."""
        return self._row("WHERE branch = 'fixed' AND campaign = ? ORDER BY idx, script LIMIT 1", campaign)

    def scripts(self) -> list[bytes]:
        """All watched scripts."""
        return [row[0] for row in self._session.all("SELECT script FROM addresses ORDER BY script")]

    def count(self) -> int:
        """How many are watched; they are only ever added."""
        return int(self._session.one("SELECT count(*) FROM addresses")[0])

    def given_since(self, at: str) -> list[AddressRow]:
        """Given out at or after `at` (RFC 3339), oldest first."""
        return self._rows("WHERE given_at >= ? ORDER BY given_at, idx, script", at)

    def highest_index(self, campaign: str, branch: str) -> int | None:
        """The highest index of a branch; None when it has no address."""
        row = self._session.one(
            "SELECT max(idx) FROM addresses WHERE campaign = ? AND branch = ?", (campaign, branch)
        )
        return None if row[0] is None else int(row[0])

    def _row(self, where: str, value: object) -> AddressRow | None:
        row = self._session.one(f"SELECT {_COLUMNS} FROM addresses {where}", (value,))
        return None if row is None else AddressRow(*row)

    def _rows(self, where: str, value: object) -> list[AddressRow]:
        return [
            AddressRow(*row)
            for row in self._session.all(f"SELECT {_COLUMNS} FROM addresses {where}", (value,))
        ]


class AddressesWriting(Addresses):
    """Adding addresses and giving them out."""

    def add(self, rows: Sequence[AddressRow]) -> None:
        """Watch addresses; the same again changes nothing, one that another campaign has raises Conflict."""
        fresh: dict[bytes, AddressRow] = {}
        for row in rows:
            there = fresh.get(row.script) or self.by_script(row.script)
            if there is None:
                fresh[row.script] = row
            elif (there.campaign, there.address) != (row.campaign, row.address):
                raise Conflict(
                    f"address: {row.address} belongs to campaign {there.campaign} already; each address has one"
                )
        if fresh:
            self._session.run_many(
                f"INSERT INTO addresses ({_COLUMNS}, given_at, claim, used)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, 0)",
                [
                    (r.script, r.address, r.campaign, r.branch, r.index, r.source, r.restriction)
                    for r in fresh.values()
                ],
            )

    def give_out(
        self,
        campaign: str,
        at: str,
        claim_hash: str | None,
        gaps: Mapping[str, int] | None = None,
        unread: AbstractSet[bytes] = frozenset(),
        *,
        restriction: str | None = None,
    ) -> AddressRow | None:
        """The lowest receive address that was never given and never used; None when there is none left.

        For a `restriction`: of those kept for that need, else one of no need, which is kept for it from now on.

        `gaps` names, for a source, how many unused addresses in a row it may have: a wallet that is restored looks
        no further. Addresses of `unread` may have been paid in blocks that are not read yet: they wait.
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
        gaps: Mapping[str, int],
        unread: AbstractSet[bytes],
        restriction: str | None,
        *,
        kept: str | None,
    ) -> AddressRow | None:
        passed: list[str] = []
        while (row := self._next_fresh(campaign, passed, kept)) is not None:
            gap = gaps.get(row.source)
            if row.script not in unread and (gap is None or self._unused_before(row, gap) < gap):
                self._session.run(
                    "UPDATE addresses SET given_at = ?, claim = ?, restriction = ? WHERE script = ?",
                    (at, claim_hash, restriction, row.script),
                )
                return replace(row, restriction=restriction)
            passed.append(row.source)
        return None

    def _next_fresh(self, campaign: str, passed: Sequence[str], kept: str | None) -> AddressRow | None:
        """The lowest one of the sources that were not passed over, kept for that need (None: for none)."""
        others = "".join(" AND source <> ?" for _ in passed)
        row = self._session.one(
            f"SELECT {_COLUMNS} FROM addresses WHERE campaign = ? AND branch = 'receive'"
            f" AND given_at IS NULL AND used = 0 AND coalesce(restriction, '') = ?{others}"
            " ORDER BY idx, script LIMIT 1",
            (campaign, kept or "", *passed),
        )
        return None if row is None else AddressRow(*row)

    def _unused_before(self, row: AddressRow, most: int) -> int:
        """How many addresses in a row just below this one, of its source, were never used; counts up to `most`."""
        below = [
            (index, used)
            for branch in ("receive", "fixed")
            for index, used in self._session.all(
                "SELECT idx, used FROM addresses WHERE campaign = ? AND branch = ? AND source = ? AND idx < ?"
                " ORDER BY idx DESC LIMIT ?",
                (row.campaign, branch, row.source, row.index, most),
            )
        ]
        unused = 0
        for _, used in sorted(below, reverse=True):
            if used:
                break
            unused += 1
        return unused

    def keep_for(self, script: bytes, restriction: str) -> None:
        """Keep an address of any end for a need from now on; one that was given or paid stays as it is."""
        self._session.run(
            "UPDATE addresses SET restriction = ?"
            " WHERE script = ? AND restriction IS NULL AND given_at IS NULL AND used = 0",
            (restriction, bytes(script)),
        )

    def mark_used(self, script: bytes) -> None:
        """A coin came to it: it is not given out any more."""
        self._session.run("UPDATE addresses SET used = 1 WHERE script = ? AND used = 0", (bytes(script),))
