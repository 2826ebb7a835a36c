"""Leases: who leads, with an epoch that grows with each new leader, so that a late one is noticed.

It reads no clock; it is told the time.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from ledger.core.errors import Conflict
from ledger.model.operation import LeaseRow


class Lease:
    """Checking a lease."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(self, name: str, epoch: int) -> None:
        """Raises Conflict when another holder has taken the lease since, or it was released."""
        row = self._session.get(LeaseRow, name)
        if row is None or row.epoch != epoch or not row.holder:
            raise Conflict.field(
                "lease", "{name} was lost to another process; stop writing as its holder", name=name
            )


class LeaseWriting(Lease):
    """Taking and giving back a lease."""

    def acquire(
        self, name: str, holder: str, now: int, ttl: int, gone: Callable[[str], bool] = lambda _holder: False
    ) -> int | None:
        """Take or renew a lease for `ttl` seconds from `now`; its epoch, or None while another holds it.

        One whose holder is `gone` for certain is free, and so is one that ends later than a lease lasts: it was taken
        by a clock that was wrong, or the clock is wrong now.
        """
        if not holder:
            raise Conflict.field("lease", "the holder has no name; give it one")
        row = self._session.get(LeaseRow, name) or LeaseRow(name=name, holder="", epoch=0, until=0)
        if row.holder not in {"", holder} and now < row.until <= now + ttl and not gone(row.holder):
            return None
        if row.holder != holder:
            row.epoch += 1
        row.holder, row.until = holder, now + ttl
        self._session.add(row)
        self._session.flush()
        return row.epoch

    def release(self, name: str, epoch: int) -> None:
        """Give a lease back at once; nothing happens when it was lost before."""
        row = self._session.get(LeaseRow, name)
        if row is not None and row.epoch == epoch:
            row.holder, row.until = "", 0
            self._session.flush()
